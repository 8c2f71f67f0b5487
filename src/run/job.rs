//! What each changing command is for: what it needs to be told, what it looks at, and how it plans
//! over what it saw.

use super::environment_wanted;
use crate::error::{Error, Result};
use crate::model::observed::Observed;
use crate::model::plan::Plan;
use crate::model::target::Target;
use crate::observe::Wants;
use crate::steps::{Whose, add, policy, remove, retire, rotate, swap, unlock};

/// A changing command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Step 3.
    CreatePolicy,
    /// Steps 1, 2 and 4.
    AddEnvironment,
    /// All four steps.
    Enable,
    /// Back to the Microsoft key.
    RemoveEnvironment,
    /// From one policy to another.
    SwapPolicy,
    /// A new version of the key, and nothing else.
    RotateKey,
    /// The original key back, and the locked environments with it.
    Unlock,
    /// Disable a key or a version that nobody needs any more.
    RetireKey,
}

impl Job {
    /// The subcommand's name.
    pub const fn command(self) -> &'static str {
        match self {
            Job::CreatePolicy => "create-policy",
            Job::AddEnvironment => "add-environment",
            Job::Enable => "enable",
            Job::RemoveEnvironment => "remove-environment",
            Job::SwapPolicy => "swap-policy",
            Job::RotateKey => "rotate-key",
            Job::Unlock => "unlock",
            Job::RetireKey => "retire-key",
        }
    }

    /// Does it make the policy?
    pub(super) const fn makes_policy(self) -> bool {
        matches!(self, Job::CreatePolicy | Job::Enable)
    }

    /// Does it add the environment to a policy?
    pub(super) const fn adds(self) -> bool {
        matches!(self, Job::AddEnvironment | Job::Enable | Job::SwapPolicy)
    }

    /// Is one environment its subject? Then it must be given and seen.
    pub(super) const fn of_environment(self) -> bool {
        matches!(
            self,
            Job::AddEnvironment | Job::Enable | Job::RemoveEnvironment | Job::SwapPolicy
        )
    }

    /// Are vault and key its business?
    pub(super) const fn of_key(self) -> bool {
        matches!(
            self,
            Job::CreatePolicy | Job::Enable | Job::RotateKey | Job::RetireKey
        )
    }

    const fn needs_policy(self) -> bool {
        matches!(
            self,
            Job::CreatePolicy | Job::AddEnvironment | Job::Enable | Job::SwapPolicy
        )
    }

    /// Is everything given that it needs?
    ///
    /// # Errors
    /// Usage: what is missing, and the flag for it.
    pub(super) fn require(self, target: &Target) -> Result<()> {
        if self.of_environment() {
            environment_wanted(target)?;
        }
        if target.policy.is_none() && self.needs_policy() {
            return Err(missing("--policy", "The enterprise policy"));
        }
        if self == Job::Unlock && target.policy.is_none() && target.environment.is_none() {
            return Err(missing("--policy", "Neither an environment nor a policy"));
        }
        if self.of_key() && target.vault.is_none() {
            return Err(missing("--vault", "The key vault or managed HSM"));
        }
        if self.of_key() && target.key.is_none() {
            return Err(missing("--key", "The key"));
        }
        if self.makes_policy() && target.location.is_none() && target.environment.is_none() {
            return Err(missing("--location", "The policy's location").hint(
                "With an environment its geography is taken: `cmkctl create-policy ENVIRONMENT …`.",
            ));
        }
        Ok(())
    }

    /// What it looks at.
    pub(super) fn wants(self, target: &Target) -> Wants {
        Wants {
            environment: true,
            environment_optional: !self.of_environment(),
            integration: self.adds(),
            policy: true,
            linked_wins: false,
            provider: self.makes_policy(),
            // What protects the environment is looked at by whoever may see it, before it is taken
            // offline.
            key: self.of_key() || self.of_environment() || self == Job::Unlock,
            data_plane: self.of_key(),
            readers: self.makes_policy() && !target.readers.is_empty(),
            rights: self.makes_policy(),
            estate: self.adds() || matches!(self, Job::Unlock | Job::RetireKey),
            deleted: self == Job::Unlock,
            versions: matches!(self, Job::RetireKey | Job::Unlock),
            users: self == Job::RetireKey,
        }
    }

    /// The part of the target that is its business: the other administrator's half is not this
    /// command's to read.
    pub(super) fn own(self, target: &Target) -> Target {
        Target {
            vault: target.vault.clone().filter(|_| self.of_key()),
            key: target.key.clone().filter(|_| self.of_key()),
            ..target.clone()
        }
    }

    /// What there is to do.
    pub(super) fn plan(self, target: &Target, observed: &Observed) -> Plan {
        match self {
            Job::CreatePolicy => policy::plan(target, observed, Whose::Own),
            Job::AddEnvironment => add::plan(target, observed, false),
            Job::Enable => {
                let mut plan = policy::plan(target, observed, policy::whose(observed));
                plan.join(add::plan(target, observed, true));
                plan
            }
            Job::RemoveEnvironment => remove::plan(target, observed),
            Job::SwapPolicy => swap::plan(target, observed),
            Job::RotateKey => rotate::plan(target, observed),
            Job::Unlock => unlock::plan(target, observed),
            Job::RetireKey => retire::plan(target, observed),
        }
    }

    /// The command that goes on waiting for what it started on an environment. What an `enable`
    /// started is an add, which needs no key.
    pub(super) fn resume(
        self,
        program: &str,
        target: &Target,
        environment: Option<&str>,
    ) -> String {
        let command = if self == Job::Enable {
            Job::AddEnvironment
        } else {
            self
        }
        .command();
        let policy = target
            .policy
            .as_ref()
            .map_or(String::new(), |policy| format!(" --policy {policy}"));
        let in_place = if target.in_place { " --in-place" } else { "" };
        format!(
            "{program} {command} {}{policy}{in_place}",
            environment.unwrap_or("ENVIRONMENT")
        )
    }
}

fn missing(flag: &str, what: &str) -> Error {
    Error::usage(format!("{what} was not given."))
        .hint(format!("Pass `{flag}`, or try it without: `--sandbox`."))
}
