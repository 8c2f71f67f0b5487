//! Times and habits of the services, and what commands take without arguments.

use super::azure_operations::Failing;
use serde::Deserialize;

/// Times in sandbox seconds, and habits of the services.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Settings {
    pub(in crate::sandbox) identity_seconds: f64,
    pub(in crate::sandbox) role_seconds: f64,
    /// The same for a role that is inherited from a management group, which may take hours; as long
    /// as any other role where nothing is said.
    #[serde(default)]
    pub(in crate::sandbox) inherited_role_seconds: Option<f64>,
    pub(in crate::sandbox) provider_seconds: f64,
    pub(in crate::sandbox) governance_seconds: f64,
    pub(in crate::sandbox) link_seconds: f64,
    /// How long it takes to enable an environment; documented as about 5 minutes.
    #[serde(default = "five_minutes")]
    pub(in crate::sandbox) enable_seconds: f64,
    /// When set, an environment whose key can't be reached for so long is locked, and deleted when
    /// it stays so.
    #[serde(default)]
    pub(in crate::sandbox) locks_after_seconds: Option<f64>,
    /// Reads of an environment that still show the old state after an operation has ended.
    pub(in crate::sandbox) read_lag: u32,
    /// Items on a page of a list.
    pub(in crate::sandbox) page_size: usize,
    /// Items on a page of a list of Azure Resource Manager.
    #[serde(default = "hundred")]
    pub(in crate::sandbox) arm_page_size: usize,
    /// Items on a page of a list of Key Vault; 25 at most, as there.
    #[serde(default = "twenty_five")]
    pub(in crate::sandbox) key_vault_page_size: usize,
    #[serde(default)]
    pub(in crate::sandbox) page_troubles: PageTroubles,
    #[serde(default)]
    pub(in crate::sandbox) policy_block: PolicyBlock,
    /// `CustomerManagedKeys` instead of `customerManagedKeys`.
    pub(in crate::sandbox) odd_case: bool,
    /// Does a 409 say why?
    pub(in crate::sandbox) conflict_body: bool,
    /// Policies are changed with 202 and an operation.
    pub(in crate::sandbox) policy_async: bool,
    /// How long such an operation takes.
    #[serde(default = "half_a_minute")]
    pub(in crate::sandbox) policy_seconds: f64,
    /// It is told by `Location` alone, without `Azure-AsyncOperation`.
    #[serde(default)]
    pub(in crate::sandbox) policy_location: bool,
    /// When set, such operations fail, with this code and message.
    #[serde(default)]
    pub(in crate::sandbox) policy_fails: Option<Failing>,
    /// When set, services refuse tokens that are older than this many sandbox seconds.
    #[serde(default)]
    pub(in crate::sandbox) token_seconds: Option<f64>,
    /// How link operations end: empty for "as they should"; `failed`, `failed-silently` (every
    /// stage succeeded), `failed-with-link`; `early` (the environment is back before);
    /// `succeeded-without-link`; `vanished` and `vanished-without-link` (nobody knows the operation
    /// any more); `unknown` (in a state that nobody knows).
    #[serde(default)]
    pub(in crate::sandbox) link_ends: String,
}

/// Where the block `enterprisePolicies` of an environment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::sandbox) enum PolicyBlock {
    /// On reads of one environment, and on lists that expand it: so Microsoft's own clients read
    /// it.
    #[default]
    Shown,
    /// Where it is expanded, and on no other read of one environment.
    HiddenUnlessExpanded,
    /// Nowhere: one source saw it missing although a policy was linked.
    Hidden,
}

/// What goes wrong with the pages of lists; nothing, where nothing is said.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::sandbox) struct PageTroubles {
    /// Part of the path of the lists that are meant, in any case; every list, where nothing is
    /// said.
    pub(in crate::sandbox) path: String,
    /// So many pages are answered; those after them with 503.
    pub(in crate::sandbox) breaks_after: Option<usize>,
    /// The link to the next page names the page itself, on the last page too.
    pub(in crate::sandbox) repeats_link: bool,
    /// Items come without what they are known by.
    pub(in crate::sandbox) items_without_id: bool,
}

fn hundred() -> usize {
    100
}

fn twenty_five() -> usize {
    25
}

fn five_minutes() -> f64 {
    300.0
}

fn half_a_minute() -> f64 {
    30.0
}

/// What commands take without arguments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Target {
    pub(in crate::sandbox) environment: String,
    pub(in crate::sandbox) vault: String,
    pub(in crate::sandbox) key: String,
    pub(in crate::sandbox) policy: String,
}
