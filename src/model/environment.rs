//! An environment, and what it is linked to.

use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::seen::Seen;
use crate::model::word::{Vocabulary, Word};
use jiff::Timestamp;

/// An environment as the Power Platform admin API describes it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Environment {
    /// The environment id: a GUID, or `Default-` and the tenant's.
    pub id: String,
    /// The name administrators see.
    pub display_name: String,
    /// Power Platform geography, such as `europe`, in lower case. The names are open: Microsoft
    /// adds regions.
    pub location: Known<String>,
    /// What kind of environment it is.
    pub sku: Word<Sku>,
    /// Is it the tenant's default environment? The service may leave it out: then its id tells it,
    /// which is `Default-` and the tenant's for that one alone (Power Platform admin API).
    pub is_default: Known<bool>,
    /// The tenant that owns it. The service may leave it out: then it is the tenant of the sign-in,
    /// because the admin API shows no other tenant's environments.
    pub tenant_id: Known<Option<String>>,
    /// Is it a Managed Environment?
    pub protection_level: Word<Governance>,
    /// Does anything go on?
    pub management_state: Word<Management>,
    /// May it be used?
    pub runtime_state: Word<Runtime>,
    /// The Dataverse organization.
    pub dataverse: Option<Dataverse>,
    /// The finance and operations side, where there is one.
    pub app: Known<Option<AppLink>>,
    /// The linked encryption policy.
    pub key_link: Seen<KeyLink>,
    /// The operation that runs now. The service leaves it out while none runs.
    pub ongoing: Option<String>,
    /// `Microsoft`, `Customer`, …; never decided upon alone. The service may leave it out, and
    /// then it is no witness.
    pub key_managed_by: Option<String>,
    /// Lifecycle operations the service allows and refuses now. The service may leave the lists
    /// out: then they are empty, and what it allows shows when it is asked.
    pub rules: Known<Rules>,
    /// The page of the tenant's list that it stood on, from 1.
    pub page: Option<usize>,
    /// When it was last modified.
    pub modified: Option<Timestamp>,
    /// The caller's permissions on the environment. The service may leave them out (only the
    /// admin read of one environment expands them, as the Terraform provider does): then the
    /// request itself tells, which is refused with 403 and names the permission.
    pub permissions: Known<Option<Vec<String>>>,
}

/// What kind of environment it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sku {
    /// `Production`
    Production,
    /// `Sandbox`, `Developer`, `Platform`, `Support`
    Other,
    /// `Trial`, `SubscriptionBasedTrial`, `Teams`, `Default`: these can't have a customer-managed
    /// key.
    Unsupported,
}

impl Vocabulary for Sku {
    const FIELD: &'static str = "environmentSku";

    fn of(word: &str) -> Option<Self> {
        match word {
            "production" => Some(Sku::Production),
            "sandbox" | "developer" | "platform" | "support" => Some(Sku::Other),
            "trial" | "subscriptionbasedtrial" | "teams" | "default" => Some(Sku::Unsupported),
            _ => None,
        }
    }
}

/// How an environment is governed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Governance {
    /// `Standard`: a Managed Environment.
    Managed,
    /// `Basic`
    Unmanaged,
}

impl Vocabulary for Governance {
    const FIELD: &'static str = "protectionLevel";

    fn of(word: &str) -> Option<Self> {
        match word {
            "standard" => Some(Governance::Managed),
            "basic" => Some(Governance::Unmanaged),
            _ => None,
        }
    }
}

/// The management state of an environment, or the state of its Dataverse instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Management {
    /// `Ready`
    Ready,
    /// `NotSpecified`: the state of the instance tells.
    Unspecified,
    /// Something goes on, or nothing may.
    Busy,
}

/// Management states in which something goes on, or nothing may, in lower case (the service
/// publishes no list: these are on record or named by its operations).
const BUSY: [&str; 22] = [
    "running",
    "notready",
    "creating",
    "provisioning",
    "preparing",
    "copying",
    "restoring",
    "recovering",
    "resetting",
    "deleting",
    "deleted",
    "softdeleted",
    "moving",
    "converting",
    "upgrading",
    "updating",
    "enabling",
    "disabling",
    "backingup",
    "linking",
    "unlinking",
    "disabled",
];

impl Vocabulary for Management {
    const FIELD: &'static str = "states.management.id";

    fn of(word: &str) -> Option<Self> {
        match word {
            "ready" => Some(Management::Ready),
            "notspecified" => Some(Management::Unspecified),
            _ => BUSY.contains(&word).then_some(Management::Busy),
        }
    }
}

/// May an environment be used?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// `Enabled`
    Enabled,
    /// `AdminMode`: a steady state that administrators set by hand.
    AdminMode,
    /// `Disabled`
    Disabled,
}

impl Vocabulary for Runtime {
    const FIELD: &'static str = "states.runtime.id";

    fn of(word: &str) -> Option<Self> {
        match word {
            "enabled" => Some(Runtime::Enabled),
            "adminmode" => Some(Runtime::AdminMode),
            "disabled" => Some(Runtime::Disabled),
            _ => None,
        }
    }
}

impl Environment {
    /// Is it a Managed Environment?
    pub fn managed(&self) -> Verdict {
        match &self.protection_level.means {
            Known::Known(level) => Verdict::of(*level == Governance::Managed),
            Known::Unknown(why) => Verdict::cant_tell(why),
        }
    }

    /// Its management state; where that is `NotSpecified`, the instance's, as the service documents
    /// it.
    fn management(&self) -> Option<&Word<Management>> {
        match &self.management_state.means {
            Known::Known(Management::Unspecified) => {
                self.dataverse.as_ref().map(|own| &own.instance_state)
            }
            Known::Known(Management::Ready | Management::Busy) | Known::Unknown(_) => {
                Some(&self.management_state)
            }
        }
    }

    /// The word of its management state, for showing.
    pub fn state(&self) -> Option<&str> {
        self.management().and_then(Word::said)
    }

    /// Does a list leave open whether it has a policy? None is shown, and nothing says that
    /// Microsoft's key is in use. (One without Dataverse was seen to say nothing of its key.)
    pub fn link_in_doubt(&self) -> bool {
        match &self.key_link {
            Seen::Present(_) => false,
            Seen::Absent => self.key_managed_by.is_none() && self.dataverse.is_some(),
            Seen::Unreadable(_) => true,
        }
    }

    /// Is its management state `Ready`?
    pub fn is_ready(&self) -> Verdict {
        match self.management().map(|word| &word.means) {
            Some(Known::Known(Management::Ready)) => Verdict::Yes,
            Some(Known::Known(Management::Busy)) => Verdict::No,
            Some(Known::Unknown(why)) => Verdict::cant_tell(why),
            Some(Known::Known(Management::Unspecified)) | None => Verdict::cant_tell(
                "`states.management.id` is `NotSpecified`, and its Dataverse instance has no state \
                either",
            ),
        }
    }

    /// May it be used? Administration mode is a steady state that administrators set by hand, and
    /// counts as up.
    pub fn is_running(&self) -> Verdict {
        match &self.runtime_state.means {
            Known::Known(Runtime::Enabled | Runtime::AdminMode) => Verdict::Yes,
            Known::Known(Runtime::Disabled) => Verdict::No,
            Known::Unknown(why) => Verdict::cant_tell(why),
        }
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

    /// Is it linked to this policy?
    pub fn is_linked_to(&self, policy: &ArmId) -> Verdict {
        match &self.key_link {
            Seen::Present(link) => Verdict::of(link.policy == *policy),
            Seen::Absent => Verdict::No,
            Seen::Unreadable(why) => Verdict::CantTell(why.clone()),
        }
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
    /// The state of the instance.
    pub instance_state: Word<Management>,
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
    /// The policy's id inside Power Platform. The service may leave it out: then it is read from
    /// the policy.
    pub system_id: Option<String>,
    /// How far it is.
    pub status: Word<Stage>,
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

impl Vocabulary for Stage {
    const FIELD: &'static str = "linkStatus";

    fn of(word: &str) -> Option<Self> {
        match word {
            "linked" => Some(Stage::Linked),
            "failed" => Some(Stage::Failed),
            "linking" | "linkingonline" => Some(Stage::Linking),
            "unlinking" | "unlinkingonline" => Some(Stage::Unlinking),
            _ => None,
        }
    }
}

impl KeyLink {
    /// How far it is; a word that nobody knows tells nothing.
    pub const fn stage(&self) -> &Known<Stage> {
        &self.status.means
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
