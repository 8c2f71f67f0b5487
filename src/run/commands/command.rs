//! What a changing command is made of. It has no default: a new one says all of it.

use crate::error::{Error, Result};
use crate::model::action::Named;
use crate::model::day::day;
use crate::model::environment::Environment;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::target::Target;
use crate::observe::{Look, Looking};
use crate::steps::evidence::{PurgeEvidence, take};

/// A changing command.
#[derive(Debug)]
pub struct Command {
    /// The subcommand's name.
    pub name: &'static str,
    /// What it must be told.
    pub(super) needs: &'static [Need],
    /// What it looks at.
    pub(super) look: for<'a> fn(Looking<'a>) -> Look<'a>,
    /// What it looks at directly before it takes an environment offline, once the first look has
    /// been judged: everything that the outage relies on.
    pub(super) look_again: for<'a> fn(Looking<'a>, &'a Observed) -> Look<'a>,
    /// Does what was seen have what was named? An error ends the command before its plan.
    pub(super) fits: fn(&Target, &Observed) -> Result<()>,
    /// What there is to do.
    pub(super) plan: fn(&Target, &Observed) -> Plan,
    /// What `--fix` may do for it beside the harmless part of its plan.
    pub(super) mends: fn(&Observed) -> Vec<Action>,
    /// What the other administrator needs at its end, and what to keep in mind.
    pub(super) next: fn(&Ended<'_>) -> Vec<String>,
    /// The subcommand that goes on waiting for what it started on an environment.
    pub(super) resume: &'static str,
}

/// What a command must be told, in the order in which it is missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// One environment is its subject: it must be given and seen.
    Environment,
    /// The policy.
    Policy,
    /// One of both.
    PolicyOrEnvironment,
    /// The vault, which is its business.
    Vault,
    /// The key, likewise.
    Key,
    /// Where the policy shall be: said, or taken from an environment.
    Location,
}

/// How a command ended, for what is said then.
pub(in crate::run) struct Ended<'a> {
    /// How this program is called again.
    pub(in crate::run) program: String,
    /// What was asked for.
    pub(in crate::run) target: &'a Target,
    /// The last look.
    pub(in crate::run) observed: &'a Observed,
    /// Was anything done?
    pub(in crate::run) changed: bool,
}

impl Need {
    fn met(self, target: &Target) -> Result<()> {
        let (given, what, flag) = match self {
            Need::Environment => return super::super::environment_wanted(target).map(|_| ()),
            Need::Policy => (target.policy.is_some(), "The enterprise policy", "--policy"),
            Need::PolicyOrEnvironment => (
                target.policy.is_some() || target.environment.is_some(),
                "Neither an environment nor a policy",
                "--policy",
            ),
            Need::Vault => (
                target.vault.is_some(),
                "The key vault or managed HSM",
                "--vault",
            ),
            Need::Key => (target.key.is_some(), "The key", "--key"),
            Need::Location => (
                target.location.is_some() || target.environment.is_some(),
                "The policy's location",
                "--location",
            ),
        };
        if given {
            return Ok(());
        }
        let error = Error::usage(format!("{what} was not given."))
            .hint(format!("Pass `{flag}`, or try it without: `--sandbox`."));
        Err(if self == Need::Location {
            error.hint(
                "With an environment its geography is taken: `cmkctl create-policy ENVIRONMENT …`.",
            )
        } else {
            error
        })
    }
}

impl Command {
    /// Is everything given that it needs?
    ///
    /// # Errors
    /// Usage: what is missing, and the flag for it.
    pub(in crate::run) fn require(&self, target: &Target) -> Result<()> {
        self.needs.iter().try_for_each(|need| need.met(target))
    }

    /// Is one environment its subject?
    pub(in crate::run) fn of_environment(&self) -> bool {
        self.needs.contains(&Need::Environment)
    }

    /// What it looks at.
    pub(in crate::run) fn look<'a>(&self, looking: Looking<'a>) -> Look<'a> {
        (self.look)(looking)
    }

    /// What it looks at directly before an outage; `before` is the look that was judged.
    pub(in crate::run) fn look_again<'a>(
        &self,
        looking: Looking<'a>,
        before: &'a Observed,
    ) -> Look<'a> {
        (self.look_again)(looking, before)
    }

    /// Does what was seen have what was named?
    ///
    /// # Errors
    /// Usage: what there is instead.
    pub(in crate::run) fn fits(&self, target: &Target, observed: &Observed) -> Result<()> {
        (self.fits)(target, observed)
    }

    /// What there is to do.
    pub(in crate::run) fn plan(&self, target: &Target, observed: &Observed) -> Plan {
        (self.plan)(target, observed)
    }

    /// What `--fix` may do for it beside the harmless part of its plan.
    pub(in crate::run) fn mends(&self, observed: &Observed) -> Vec<Action> {
        (self.mends)(observed)
    }

    /// What the other administrator needs, and what to keep in mind.
    pub(in crate::run) fn next(&self, ended: &Ended<'_>) -> Vec<String> {
        (self.next)(ended)
    }

    /// The part of the target that is its business: the other administrator's half is not this
    /// command's to read.
    pub(in crate::run) fn own(&self, target: &Target) -> Target {
        let needs = |need| self.needs.contains(&need);
        Target {
            vault: target.vault.clone().filter(|_| needs(Need::Vault)),
            key: target.key.clone().filter(|_| needs(Need::Key)),
            ..target.clone()
        }
    }

    /// The command that goes on, whole enough to be pasted.
    pub(in crate::run) fn again(
        &self,
        program: &str,
        target: &Target,
        environment: Option<&str>,
    ) -> String {
        let own = self.own(target);
        let mut command = format!("{program} {}", self.name);
        command.extend(environment.map(|id| format!(" {id}")));
        let flags = [
            ("--policy", own.policy.as_ref().map(ToString::to_string)),
            ("--vault", own.vault.as_ref().map(ToString::to_string)),
            ("--key", own.key.as_ref().map(ToString::to_string)),
        ];
        for (flag, value) in flags {
            command.extend(value.map(|value| format!(" {flag} {value}")));
        }
        // Without its version every version of a key would be meant, without its place another one.
        let version = own.key.as_ref().and(own.key_version.as_ref());
        command.extend(version.map(|version| format!(" --key-version {}", version.as_str())));
        let location = own.location.as_ref().filter(|_| own.vault.is_some());
        command.extend(location.map(|location| format!(" --location {location}")));
        command.extend(own.readers.iter().map(|id| format!(" --reader {id}")));
        let said = [
            (own.make_managed, "--make-managed"),
            (own.power_platform_only, "--power-platform-only"),
            (own.in_place, "--in-place"),
            (own.old_key_granted, "--old-key-granted"),
            (own.deleted_checked, "--deleted-environments-checked"),
        ];
        for (_, flag) in said.iter().filter(|(said, _)| *said) {
            command.push_str(&format!(" {flag}"));
        }
        command
    }

    /// The command that goes on waiting for what this one started on an environment.
    pub(in crate::run) fn resume(
        &self,
        program: &str,
        target: &Target,
        environment: Option<&str>,
    ) -> String {
        let policy = target
            .policy
            .as_ref()
            .map_or(String::new(), |policy| format!(" --policy {policy}"));
        let in_place = if target.in_place { " --in-place" } else { "" };
        format!(
            "{program} {} {}{policy}{in_place}",
            self.resume,
            environment.unwrap_or("ENVIRONMENT")
        )
    }
}

/// Nothing that was named can be missing in what was seen, or the plan says so.
pub(super) fn always(_: &Target, _: &Observed) -> Result<()> {
    Ok(())
}

/// Nothing beside its plan.
pub(super) fn nothing(_: &Observed) -> Vec<Action> {
    Vec::new()
}

/// Nothing more is to be said.
pub(super) fn no_more(_: &Ended<'_>) -> Vec<String> {
    Vec::new()
}

/// An environment that is added must be a Managed Environment.
pub(super) fn managed(observed: &Observed) -> Option<Action> {
    let unmanaged = |environment: &&Environment| environment.managed() == Verdict::No;
    let environment = observed.environment.present().filter(unmanaged)?;
    Some(Action::MakeManaged {
        named: Named::of(environment),
    })
}

/// A vault whose key a policy gets must be protected from purge, where its evidence allows it.
pub(in crate::run) fn protected(observed: &Observed) -> Option<Action> {
    let vault = observed.vault()?;
    let mut step = Plan::default();
    take(&mut step, PurgeEvidence::gather(observed), |evidence| {
        Action::ProtectFromPurge {
            vault: vault.id.clone(),
            evidence,
        }
    });
    step.actions.pop()
}

/// What an environment with a key of its own depends on from now on.
pub(super) fn keep(ended: &Ended<'_>) -> Vec<String> {
    let mut next = vec![
        "Keep the key, its vault and the policy's access: without them the environment goes \
        offline at once."
            .to_owned(),
    ];
    let key = ended.observed.key();
    next.extend(
        key.and_then(|key| key.validity.end())
            .map(|expires| format!("Rotate the key before it expires on {}.", day(expires))),
    );
    next
}
