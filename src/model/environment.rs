//! An environment, and what it is linked to.

use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::seen::Seen;
use jiff::Timestamp;

/// An environment as the Power Platform admin API describes it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Environment {
    /// The environment id: a GUID, or `Default-` and the tenant's.
    pub id: String,
    /// The name administrators see.
    pub display_name: String,
    /// Power Platform geography, such as `europe`.
    pub location: String,
    /// `Production`, `Sandbox`, `Trial`, …
    pub sku: String,
    /// The tenant's default environment?
    pub is_default: bool,
    /// The tenant that owns it.
    pub tenant_id: Option<String>,
    /// `Standard` means Managed Environment, `Basic` means not.
    pub protection_level: Option<String>,
    /// `Ready`, `Running`, …
    pub management_state: Option<String>,
    /// `Enabled`, `AdminMode`, `Disabled`, …
    pub runtime_state: Option<String>,
    /// The Dataverse organization.
    pub dataverse: Option<Dataverse>,
    /// The finance and operations side, where there is one.
    pub app: Known<Option<AppLink>>,
    /// The linked encryption policy.
    pub key_link: Seen<KeyLink>,
    /// The operation that runs now.
    pub ongoing: Option<String>,
    /// `Microsoft`, `Customer`, …; never decided upon alone.
    pub key_managed_by: Option<String>,
    /// Lifecycle operations the service allows and refuses now; empty when it did not say.
    pub rules: Known<Rules>,
    /// The page of the tenant's list that it stood on, from 1.
    pub page: Option<usize>,
    /// When it was last modified.
    pub modified: Option<Timestamp>,
    /// The caller's permissions on the environment, when the service listed them.
    pub permissions: Option<Vec<String>>,
}

/// Management states in which something goes on, or nothing may (the service publishes no list:
/// these are on record or named by its operations).
const BUSY: [&str; 22] = [
    "Running",
    "NotReady",
    "Creating",
    "Provisioning",
    "Preparing",
    "Copying",
    "Restoring",
    "Recovering",
    "Resetting",
    "Deleting",
    "Deleted",
    "SoftDeleted",
    "Moving",
    "Converting",
    "Upgrading",
    "Updating",
    "Enabling",
    "Disabling",
    "BackingUp",
    "Linking",
    "Unlinking",
    "Disabled",
];

impl Environment {
    /// Managed Environment? `None` when the service did not say, or said a word that nobody knows:
    /// unknown is not "no".
    pub fn managed(&self) -> Option<bool> {
        match self
            .protection_level
            .as_deref()?
            .to_ascii_lowercase()
            .as_str()
        {
            "standard" => Some(true),
            "basic" => Some(false),
            _ => None,
        }
    }

    /// Management state with the instance's as fallback, as the service documents for
    /// `NotSpecified`.
    pub fn state(&self) -> Option<&str> {
        let unspecified = |state: &str| state.eq_ignore_ascii_case("NotSpecified");
        match self.management_state.as_deref() {
            Some(state) if unspecified(state) => self.dataverse.as_ref()?.instance_state.as_deref(),
            state => state,
        }
    }

    /// Is its management state `Ready`?
    pub fn is_ready(&self) -> Verdict {
        match self.state() {
            Some(state) if state.eq_ignore_ascii_case("Ready") => Verdict::Yes,
            Some(state) if BUSY.iter().any(|word| word.eq_ignore_ascii_case(state)) => Verdict::No,
            Some(state) => Verdict::cant_tell(format!("it is in the management state `{state}`")),
            None => Verdict::cant_tell("the service does not say in which management state it is"),
        }
    }

    /// May it be used? Administration mode is a steady state that administrators set by hand, and
    /// counts as up.
    pub fn is_running(&self) -> Verdict {
        let Some(state) = self.runtime_state.as_deref() else {
            return Verdict::cant_tell("the service does not say in which runtime state it is");
        };
        let is = |word: &str| state.eq_ignore_ascii_case(word);
        if is("Enabled") || is("AdminMode") {
            return Verdict::Yes;
        }
        if is("Disabled") {
            return Verdict::No;
        }
        Verdict::cant_tell(format!(
            "its runtime state is `{state}`, which cmkctl does not know"
        ))
    }

    /// Ready and running: usable, and nothing goes on.
    pub fn is_up(&self) -> Verdict {
        self.is_ready().and(|| self.is_running())
    }

    /// The finance and operations side, for showing.
    pub fn app(&self) -> Option<&AppLink> {
        self.app.known().and_then(Option::as_ref)
    }

    /// The policy that it is linked to, where the service names one.
    pub fn policy(&self) -> Option<&ArmId> {
        self.key_link.present().map(|link| &link.policy)
    }

    /// Does something other than Microsoft manage its key? A second witness for the link; never
    /// decided upon alone.
    pub fn has_customers_key(&self) -> bool {
        self.key_managed_by
            .as_deref()
            .is_some_and(|by| !by.eq_ignore_ascii_case("Microsoft"))
    }
}

/// What the service says about lifecycle operations on an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Allowed now.
    pub allowed: Vec<String>,
    /// Refused now, with the service's reason.
    pub disallowed: Vec<(String, Option<String>)>,
}

/// A Dataverse organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dataverse {
    /// Organization id.
    pub organization_id: Option<String>,
    /// `unq…`
    pub unique_name: Option<String>,
    /// First label of the URL.
    pub domain_name: Option<String>,
    /// `https://contoso.crm4.dynamics.com/`
    pub url: Option<String>,
    /// `Ready`, …
    pub instance_state: Option<String>,
}

/// The finance and operations side of an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppLink {
    /// LCS environment id, with or without dashes.
    pub id: Option<String>,
    /// `Linked` (LCS) or `Internal` (unified).
    pub kind: Option<String>,
    /// `https://contoso.operations.dynamics.com`
    pub url: Option<String>,
}

/// The encryption policy that an environment is linked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLink {
    /// The policy.
    pub policy: ArmId,
    /// The policy's id inside Power Platform.
    pub system_id: Option<String>,
    /// `Linking`, `Unlinking`, `Linked`, `Failed`, …; open.
    pub status: Option<String>,
}

/// How far the link to a policy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// At rest.
    Linked,
    /// The last add failed.
    Failed,
    /// The key is being applied.
    Linking,
    /// The key is being taken away.
    Unlinking,
}

impl KeyLink {
    /// How far it is; a word that nobody knows tells nothing.
    pub fn stage(&self) -> Known<Stage> {
        let Some(said) = self.status.as_deref() else {
            return Known::Unknown("the service does not say how far the link is".to_owned());
        };
        match said.to_ascii_lowercase().as_str() {
            "linked" => Known::Known(Stage::Linked),
            "failed" => Known::Known(Stage::Failed),
            "linking" | "linkingonline" => Known::Known(Stage::Linking),
            "unlinking" | "unlinkingonline" => Known::Known(Stage::Unlinking),
            _ => Known::Unknown(format!(
                "the link says `{said}`, which cmkctl does not know"
            )),
        }
    }
}

/// The answer of `RetrieveFinanceAndOperationsIntegrationDetails`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integration {
    /// 200.
    Integrated {
        /// The F&O environment's id.
        id: Option<String>,
        /// The F&O environment's URL.
        url: Option<String>,
    },
    /// 400 whose message says that the instance isn't integrated.
    NotIntegrated,
}
