//! Times and behaviour of the services, and the default resources of commands.

use super::azure_operations::Failing;
use serde::Deserialize;

/// Times in sandbox seconds, and behaviour of the services.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) identity_seconds: f64,
    pub(crate) role_seconds: f64,
    /// Time until a role from a management group is effective, which may take hours; that of any
    /// other role by default.
    #[serde(default)]
    pub(crate) inherited_role_seconds: Option<f64>,
    pub(crate) provider_seconds: f64,
    pub(crate) governance_seconds: f64,
    pub(crate) link_seconds: f64,
    /// Time to enable an environment; documented as about 5 minutes.
    #[serde(default = "five_minutes")]
    pub(crate) enable_seconds: f64,
    /// If set, an environment is locked if its key can't be reached for this time. It is deleted if
    /// it stays locked.
    #[serde(default)]
    pub(crate) locks_after_seconds: Option<f64>,
    /// Number of reads that still show the old state after an operation has ended.
    pub(crate) read_lag: u32,
    /// Page length of lists.
    pub(crate) page_size: usize,
    /// Page length of lists in Azure Resource Manager.
    #[serde(default = "hundred")]
    pub(crate) arm_page_size: usize,
    /// Page length of lists in Key Vault; 25 at most, as in the service.
    #[serde(default = "twenty_five")]
    pub(crate) key_vault_page_size: usize,
    #[serde(default)]
    pub(crate) page_troubles: PageTroubles,
    #[serde(default)]
    pub(crate) policy_block: PolicyBlock,
    /// Write `CustomerManagedKeys` instead of `customerManagedKeys`.
    pub(crate) odd_case: bool,
    /// Does a 409 have a body?
    pub(crate) conflict_body: bool,
    /// Policies change through 202 and an operation.
    pub(crate) policy_async: bool,
    /// Duration of such an operation.
    #[serde(default = "half_a_minute")]
    pub(crate) policy_seconds: f64,
    /// Header of such an operation: empty for `Azure-AsyncOperation` with `Location`, `location`
    /// for `Location` alone.
    #[serde(default)]
    pub(crate) policy_told_by: String,
    /// If set, such operations fail with this code and message.
    #[serde(default)]
    pub(crate) policy_fails: Option<Failing>,
    /// If set, services refuse tokens that are older, in sandbox seconds.
    #[serde(default)]
    pub(crate) token_seconds: Option<f64>,
    /// How link operations end. Empty: without trouble. `failed`, `failed-silently` (every stage
    /// succeeded), `failed-with-link`; `early` (the environment is back before the end);
    /// `succeeded-without-link`; `vanished` and `vanished-without-link` (the service no longer
    /// knows the operation); `unknown` (an unknown state).
    #[serde(default)]
    pub(crate) link_ends: String,
}

/// Which reads show the block `enterprisePolicies` of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PolicyBlock {
    /// Reads of a single environment, and lists that expand it, as Microsoft's own clients expect.
    #[default]
    Shown,
    /// Only reads that expand it.
    HiddenUnlessExpanded,
    /// No read: one source saw it missing although a policy was linked.
    Hidden,
}

/// Scripted trouble of list pages; none by default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PageTroubles {
    /// Part of the path of the affected lists, in any case; every list by default.
    pub(crate) path: String,
    /// Number of pages that are answered. Later pages get 503.
    pub(crate) breaks_after: Option<usize>,
    /// The next link repeats the page itself, on the last page too.
    pub(crate) repeats_link: bool,
    /// Items lack their identifying fields.
    pub(crate) items_without_id: bool,
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

/// The default resources of commands.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) environment: String,
    pub(crate) vault: String,
    pub(crate) key: String,
    pub(crate) policy: String,
}
