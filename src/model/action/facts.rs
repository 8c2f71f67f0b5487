//! The facts that every action must state about itself.

use super::Named;
use crate::model::fingerprint::Fingerprint;
use crate::model::ids::ArmId;
use crate::model::who::Side;

/// The facts of one action.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts<'a> {
    /// Why this action is needed.
    pub why: &'static str,
    /// The administrator who is responsible for this action.
    pub side: Side,
    /// The resource that this action is about.
    pub subject: Subject<'a>,
    /// Its harm to people or data. Consent must repeat the name of what it harms.
    pub harm: Harm<'a>,
    /// Does it change anything at the service? If not, it only waits.
    pub changes: bool,
    /// Its effect on the environment's link to a policy.
    pub link: Link<'a>,
    /// What the procedure lacks without it.
    pub lack: Lack<'a>,
    /// May `--fix` do it, even if other findings block the plan?
    pub on_the_way: OnTheWay,
    /// The Azure right that it requires, if Azure tells the caller's rights beforehand.
    pub right: Option<AzureRight<'a>>,
    /// Does it fail if the policy's grant on the key is not effective yet?
    pub uses_grant: bool,
    /// If it fails, does cmkctl still try the actions after it?
    pub others_go_on: bool,
    /// The objections that the caller has overridden, as sentences.
    pub overridden: &'a [String],
    /// The evidence that allows it; `None` if it can be undone at once. cmkctl gathers it again
    /// directly before the request.
    pub evidence: Option<&'a Fingerprint>,
}

/// The resource that an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A subscription id.
    Subscription(&'a str),
    /// An enterprise policy, or a right of its identity.
    Policy(&'a ArmId),
    /// A vault or managed HSM.
    Vault(&'a ArmId),
    /// A key or a version of it, by vault or managed HSM and name.
    Key(&'a ArmId, &'a str),
    /// An environment.
    Environment(&'a Named),
}

impl<'a> Subject<'a> {
    /// The environment, if the subject is one.
    pub const fn environment(self) -> Option<&'a Named> {
        match self {
            Subject::Environment(named) => Some(named),
            Subject::Subscription(_)
            | Subject::Policy(_)
            | Subject::Vault(_)
            | Subject::Key(_, _) => None,
        }
    }
}

/// The effect on the link between an environment and a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link<'a> {
    /// The link does not change.
    Stays,
    /// The environment is linked to this policy.
    To {
        /// The policy that gets linked.
        policy: &'a ArmId,
        /// The linked policy that this replaces.
        over: Option<&'a ArmId>,
    },
    /// The environment is removed from this policy.
    Off(&'a ArmId),
    /// The environment is already being linked to this policy, by the operation with this id if
    /// known.
    Comes(&'a ArmId, Option<&'a str>),
    /// The environment is already being removed, by the operation with this id if known.
    Goes(Option<&'a str>),
}

/// The harm of an action to people or data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm<'a> {
    /// No outage, and it can be undone.
    None,
    /// This environment is offline until the action ends.
    Offline {
        /// Display name of the environment.
        name: &'a str,
        /// At most this many days.
        days: u8,
    },
    /// Purge protection of this vault can never be turned off again.
    Irreversible {
        /// Name of the vault.
        vault: &'a str,
    },
    /// Environments that still need this key go offline at once.
    CutsOff {
        /// Name of the key.
        key: &'a str,
    },
}

impl<'a> Harm<'a> {
    /// The name that consent must repeat, letter by letter.
    pub const fn typed_consent(self) -> Option<&'a str> {
        match self {
            Harm::None => None,
            Harm::Offline { name, .. } => Some(name),
            Harm::Irreversible { vault } => Some(vault),
            Harm::CutsOff { key } => Some(key),
        }
    }

    /// The display name of the environment that goes offline.
    pub const fn takes_offline(self) -> Option<&'a str> {
        match self {
            Harm::Offline { name, .. } => Some(name),
            Harm::None | Harm::Irreversible { .. } | Harm::CutsOff { .. } => None,
        }
    }

    /// The harm in one sentence; empty without harm. `twice`: the plan causes it twice.
    pub(in crate::model) fn sentence(self, twice: bool) -> String {
        match self {
            Harm::None => String::new(),
            Harm::Offline { name, days } if twice => {
                format!("`{name}` will be offline twice, for up to {days} days each time.")
            }
            Harm::Offline { name, days } => {
                format!("`{name}` will be offline for up to {days} days.")
            }
            Harm::Irreversible { vault } => {
                format!("Purge protection of `{vault}` can never be turned off again.")
            }
            Harm::CutsOff { key } => {
                format!("Everything that still uses the key `{key}` goes offline immediately.")
            }
        }
    }
}

/// What the procedure lacks without an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack<'a> {
    /// Nothing that a later step needs.
    Nothing,
    /// The key, or its future vault or resource group.
    Key,
    /// The registration of the resource provider in this subscription.
    Provider(&'a str),
    /// The enterprise policy.
    Policy,
    /// The right of the policy's identity to use the key.
    Grant(Grant<'a>),
    /// The right of this principal (object id) to read the policy.
    Reader(&'a ArmId, &'a str),
    /// The environment is not a Managed Environment yet.
    Managed,
}

/// How the policy's identity gets the right to use the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant<'a> {
    /// By an Azure role on the vault.
    Role {
        /// Id of the policy.
        policy: &'a ArmId,
        /// Id of the vault.
        vault: &'a ArmId,
    },
    /// By an access policy of the vault.
    AccessPolicy {
        /// Id of the policy.
        policy: &'a ArmId,
        /// Id of the vault.
        vault: &'a ArmId,
    },
    /// By a local role of a managed HSM.
    LocalRole {
        /// Id of the policy.
        policy: &'a ArmId,
        /// Id of the managed HSM.
        hsm: &'a ArmId,
        /// Name of the key.
        key: &'a str,
    },
}

/// May `--fix` do an action out of its order in the plan?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTheWay {
    /// Never: only in the plan's order.
    No,
    /// At any time: it harms nothing and depends on nothing.
    AtAnyTime,
    /// Once the policy exists: without it there is no identity to grant to.
    OncePolicyIsThere,
}

/// A right in Azure Resource Manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AzureRight<'a> {
    /// The scope at which the caller needs it.
    pub at: Scope<'a>,
    /// The operation, as Azure names it.
    pub operation: &'static str,
    /// The least privileged built-in role with this right.
    pub role: &'static str,
}

/// The scope at which a right is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// The subscription with this id.
    Subscription(&'a str),
    /// The resource group of this policy.
    GroupOf(&'a ArmId),
    /// This vault.
    Vault(&'a ArmId),
    /// The smallest existing scope of a new vault: the vault, its resource group or its
    /// subscription.
    There,
}
