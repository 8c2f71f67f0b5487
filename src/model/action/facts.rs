//! What every action must answer about itself.

use super::Named;
use crate::model::fingerprint::Fingerprint;
use crate::model::ids::ArmId;
use crate::model::who::Side;

/// The answers of one action.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts<'a> {
    /// Why it is done, in one sentence.
    pub why: &'static str,
    /// Whose part of the work it is.
    pub side: Side,
    /// What it is about.
    pub subject: Subject<'a>,
    /// What it does to people or to data. Consent must repeat the name of what is harmed.
    pub harm: Harm<'a>,
    /// Does it change something at the service? If not, it only waits.
    pub changes: bool,
    /// What becomes of the environment's link to a policy.
    pub link: Link<'a>,
    /// What the procedure lacks as long as this is not done.
    pub lack: Lack<'a>,
    /// May `--fix` do it by itself, whatever else stands in the way?
    pub on_the_way: OnTheWay,
    /// The right of Azure that it takes, where Azure tells the caller beforehand.
    pub right: Option<AzureRight<'a>>,
    /// Does it fail where the policy's grant on the key is not effective yet?
    pub uses_grant: bool,
    /// If it fails, are the actions behind it tried all the same?
    pub others_go_on: bool,
    /// What stood against it and was overridden, as sentences.
    pub overridden: &'a [String],
    /// What allows it, if it is one that can't be undone at once. It is gathered again directly
    /// before the request.
    pub evidence: Option<&'a Fingerprint>,
}

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A subscription, by its id.
    Subscription(&'a str),
    /// An enterprise policy, or what its identity may do.
    Policy(&'a ArmId),
    /// A vault or managed HSM.
    Vault(&'a ArmId),
    /// A key of a vault or managed HSM, or a version of it.
    Key(&'a ArmId, &'a str),
    /// An environment.
    Environment(&'a Named),
}

impl<'a> Subject<'a> {
    /// The environment, if it is one.
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

/// What becomes of the link between an environment and a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link<'a> {
    /// It stays as it is.
    Stays,
    /// The environment is linked to this policy.
    To {
        /// The policy.
        policy: &'a ArmId,
        /// The policy that is linked now and replaced.
        over: Option<&'a ArmId>,
    },
    /// It is taken off this policy.
    Off(&'a ArmId),
    /// It is being linked to this policy already, by this operation if that is known.
    Comes(&'a ArmId, Option<&'a str>),
    /// It is being taken off already, by this operation if that is known.
    Goes(Option<&'a str>),
}

/// What an action does to people or to data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm<'a> {
    /// Everybody goes on working, and it can be undone.
    None,
    /// The environment of this name is offline meanwhile.
    Offline {
        /// Display name of the environment.
        name: &'a str,
        /// For so many days at most.
        days: u8,
    },
    /// Purge protection of the vault of this name can never be turned off again.
    Irreversible {
        /// Name of the vault.
        vault: &'a str,
    },
    /// What still needs the key of this name goes offline at once.
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

    /// The name of the environment that goes offline.
    pub const fn takes_offline(self) -> Option<&'a str> {
        match self {
            Harm::Offline { name, .. } => Some(name),
            Harm::None | Harm::Irreversible { .. } | Harm::CutsOff { .. } => None,
        }
    }

    /// What happens, in one sentence; empty without harm. `twice`: the plan does it twice.
    pub(in crate::model) fn sentence(self, twice: bool) -> String {
        match self {
            Harm::None => String::new(),
            Harm::Offline { name, days } if twice => {
                format!("This takes `{name}` offline twice, for up to {days} days each time.")
            }
            Harm::Offline { name, days } => {
                format!("This takes `{name}` offline for up to {days} days.")
            }
            Harm::Irreversible { vault } => {
                format!("Purge protection of `{vault}` can never be turned off again.")
            }
            Harm::CutsOff { key } => {
                format!("Whatever still needs the key `{key}` goes offline at once.")
            }
        }
    }
}

/// What the procedure lacks as long as an action is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack<'a> {
    /// Nothing that a later step rests on.
    Nothing,
    /// The key, or the vault or resource group that it is to be in.
    Key,
    /// The registration of the provider in this subscription.
    Provider(&'a str),
    /// The enterprise policy.
    Policy,
    /// The right of the policy's identity to use the key.
    Grant(Grant<'a>),
    /// The right of a principal, by its object id, to read the policy.
    Reader(&'a ArmId, &'a str),
    /// That the environment is a Managed Environment.
    Managed,
}

/// How the identity of a policy gets the right to use the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant<'a> {
    /// By an Azure role at the vault.
    Role {
        /// The policy.
        policy: &'a ArmId,
        /// The vault.
        vault: &'a ArmId,
    },
    /// By an access policy of the vault.
    AccessPolicy {
        /// The policy.
        policy: &'a ArmId,
        /// The vault.
        vault: &'a ArmId,
    },
    /// By a local role of a managed HSM.
    LocalRole {
        /// The policy.
        policy: &'a ArmId,
        /// The managed HSM.
        hsm: &'a ArmId,
        /// Name of the key.
        key: &'a str,
    },
}

/// May a repair be done by itself?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTheWay {
    /// Only in its place in the plan.
    No,
    /// At any time: it harms nobody, and nothing need be there before it.
    AtAnyTime,
    /// As soon as the policy is there: without one there is nothing to grant.
    OncePolicyIsThere,
}

/// A right of Azure Resource Manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AzureRight<'a> {
    /// Where it must be held.
    pub at: Scope<'a>,
    /// Its operation, as Azure names it.
    pub operation: &'static str,
    /// Of the built-in roles that have it, the one that may do least.
    pub role: &'static str,
}

/// Where a right must be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// On the subscription with this id.
    Subscription(&'a str),
    /// On the resource group of this policy.
    GroupOf(&'a ArmId),
    /// On this vault.
    Vault(&'a ArmId),
    /// On what there is already of a vault, its resource group and its subscription.
    There,
}
