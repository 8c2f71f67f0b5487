//! An environment, its link to a policy, and its finance and operations app.

use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::lifecycle_rules::Rules;
use crate::model::seen::Seen;
use crate::model::word::{Vocabulary, Word};
use jiff::Timestamp;

/// An environment as the Power Platform admin API describes it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Environment {
    /// Environment id: a GUID, or `Default-` and the tenant's.
    pub id: String,
    /// The name that administrators see.
    pub display_name: String,
    /// Power Platform geography, such as `europe`, in lower case. The set is open: Microsoft adds
    /// regions.
    pub location: Known<String>,
    /// The kind of environment (`environmentSku`).
    pub sku: Word<Sku>,
    /// Is it the tenant's default environment? The service may leave it out. Then the id tells:
    /// only the default environment's is `Default-` and the tenant's (Power Platform admin API).
    pub is_default: Known<bool>,
    /// Id of the owning tenant. The service may leave it out. Then it is the sign-in's tenant,
    /// because the admin API shows only that tenant's environments.
    pub tenant_id: Known<Option<String>>,
    /// Is it a Managed Environment? `Standard` or `Basic`.
    pub protection_level: Word<Governance>,
    /// Does an operation run on it?
    pub management_state: Word<Management>,
    /// Can people use it?
    pub runtime_state: Word<Runtime>,
    /// The Dataverse organization, if it has one.
    pub dataverse: Option<Dataverse>,
    /// The finance and operations app, if it has one.
    pub app: Known<Option<AppLink>>,
    /// The linked encryption policy.
    pub key_link: Seen<KeyLink>,
    /// The type of the operation that runs now. The service leaves it out if none runs.
    pub ongoing: Option<String>,
    /// `Microsoft`, `Customer`, …; cmkctl never decides by this alone. If the service leaves it
    /// out, it is no evidence.
    pub key_managed_by: Known<Option<String>>,
    /// Lifecycle operations that the service allows and refuses now. If the service leaves the
    /// lists out, they are empty, and only the request itself tells what is allowed.
    pub rules: Known<Rules>,
    /// The page of the tenant's list on which the service returned the environment, from 1.
    pub page: Option<usize>,
    /// When it was last modified.
    pub modified: Option<Timestamp>,
    /// The caller's permissions on the environment. The service may leave them out: only the admin
    /// read of one environment expands them, as the Terraform provider does. Then the request
    /// itself tells: the service refuses it with 403 and names the permission.
    pub permissions: Known<Option<Vec<String>>>,
}

/// The kind of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sku {
    /// `Production`
    Production,
    /// `Sandbox`, `Developer`, `Platform`, `Support`
    Other,
    /// `Trial`, `SubscriptionBasedTrial`, `Teams`, `Default`. These can't have a customer-managed
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

/// The governance of an environment.
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
    /// `NotSpecified`: the state of the Dataverse instance decides.
    Unspecified,
    /// An operation runs, or the state allows none.
    Busy,
}

/// Management states in which an operation runs or none is allowed, in lower case. The service
/// publishes no list. These states were seen in answers, or follow from names of operations.
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

/// Can people use an environment?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// `Enabled`
    Enabled,
    /// `AdminMode`: administrators set it by hand, and it stays.
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
    /// May an environment of this kind have a customer-managed key? A kind that is not known may.
    pub fn supports_key(&self) -> bool {
        self.is_default != Known::Known(true) && self.sku.means != Known::Known(Sku::Unsupported)
    }

    /// The kind, for display. The service reports a default environment also by a field of its own.
    pub fn kind(&self) -> &str {
        if self.is_default == Known::Known(true) {
            "Default"
        } else {
            self.sku.shown()
        }
    }

    /// Is it a Managed Environment?
    pub fn managed(&self) -> Verdict {
        match &self.protection_level.means {
            Known::Known(level) => Verdict::of(*level == Governance::Managed),
            Known::Unknown(why) => Verdict::cant_tell(why),
        }
    }

    /// The management state. If it is `NotSpecified`, the state of the Dataverse instance, as the
    /// service documents.
    fn management(&self) -> Option<&Word<Management>> {
        match &self.management_state.means {
            Known::Known(Management::Unspecified) => self
                .dataverse
                .as_ref()
                .map(|dataverse| &dataverse.instance_state),
            Known::Known(Management::Ready | Management::Busy) | Known::Unknown(_) => {
                Some(&self.management_state)
            }
        }
    }

    /// The management state, for display.
    pub fn state(&self) -> Option<&str> {
        self.management().and_then(Word::text)
    }

    /// Does a list leave open whether the environment has a policy? It shows none, and does not say
    /// that Microsoft manages the key. (One environment without Dataverse showed no key manager.)
    pub fn link_in_doubt(&self) -> bool {
        match &self.key_link {
            Seen::Present(_) => false,
            Seen::Absent => match &self.key_managed_by {
                Known::Known(Some(_)) => false,
                Known::Known(None) => self.dataverse.is_some(),
                Known::Unknown(_) => true,
            },
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
                "`states.management.id` is `NotSpecified`, and the environment's Dataverse \
                instance has no state either",
            ),
        }
    }

    /// Can people use it? Administration mode counts as running, because administrators set it by
    /// hand and it stays.
    pub fn is_running(&self) -> Verdict {
        match &self.runtime_state.means {
            Known::Known(Runtime::Enabled | Runtime::AdminMode) => Verdict::Yes,
            Known::Known(Runtime::Disabled) => Verdict::No,
            Known::Unknown(why) => Verdict::cant_tell(why),
        }
    }

    /// Ready and running: people can use it, and no operation runs.
    pub fn is_up(&self) -> Verdict {
        self.is_ready().and(|| self.is_running())
    }

    /// The finance and operations app, for display.
    pub fn app(&self) -> Option<&AppLink> {
        self.app.known().and_then(Option::as_ref)
    }

    /// The linked policy, if the service names one.
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

    /// Why an answer without a policy can't be trusted: it names another manager of the key than
    /// Microsoft, or the manager can't be read. A clause; `None` if nothing speaks against it.
    pub fn key_without_policy(&self) -> Option<String> {
        self.manager_against("no policy", |by| !is_microsoft(by))
    }

    /// Why an answer with a policy can't be trusted: it says that Microsoft manages the key, or the
    /// manager can't be read. A clause; `None` if nothing speaks against it.
    pub fn policy_without_key(&self) -> Option<String> {
        self.manager_against("a policy", is_microsoft)
    }

    fn manager_against(&self, shown: &str, contradicts: fn(&str) -> bool) -> Option<String> {
        match &self.key_managed_by {
            Known::Known(by) => by.as_deref().filter(|by| contradicts(by)).map(|by| {
                format!(
                    "the service shows {shown}, but says that the environment's key is managed by \
                        `{by}`"
                )
            }),
            Known::Unknown(why) => Some(format!("the service shows {shown}, but {why}")),
        }
    }
}

fn is_microsoft(manager: &str) -> bool {
    manager.eq_ignore_ascii_case("Microsoft")
}

/// A Dataverse organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dataverse {
    /// Organization id, a GUID.
    pub organization_id: Option<String>,
    /// `unq…`
    pub unique_name: Option<String>,
    /// First label of the URL's host.
    pub domain_name: Option<String>,
    /// `https://contoso.crm4.dynamics.com/`
    pub url: Option<String>,
    /// State of the instance.
    pub instance_state: Word<Management>,
}

/// The finance and operations app of an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppLink {
    /// LCS environment id, with or without dashes.
    pub id: Option<String>,
    /// `Linked` (LCS) or `Internal` (unified).
    pub kind: Option<String>,
    /// `https://contoso.operations.dynamics.com`
    pub url: Option<String>,
}

/// The link of an environment to its encryption policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLink {
    /// Id of the linked policy.
    pub policy: ArmId,
    /// The policy's id inside Power Platform. If the service leaves it out, cmkctl reads it from
    /// the policy.
    pub system_id: Option<String>,
    /// The stage of the link (`linkStatus`).
    pub status: Word<Stage>,
}

/// The stage of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Settled.
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
    /// The stage. An unfamiliar word is `Unknown`.
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
    /// 400 with a message that the instance isn't integrated.
    NotIntegrated,
}
