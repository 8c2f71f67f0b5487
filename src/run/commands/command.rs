//! The parts of a changing command. There are no defaults, so a new command must state them all.

use super::target_words::TargetWords;
use crate::error::{Error, Result};
use crate::model::action::Named;
use crate::model::day::day;
use crate::model::environment::Environment;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::system::quoted;
use crate::model::target::Target;
use crate::observe::{Look, Looking};
use crate::steps::evidence::{PurgeEvidence, take};

/// A changing command.
#[derive(Debug)]
pub struct Command {
    /// The subcommand's name.
    pub name: &'static str,
    /// The required parts of the target.
    pub(super) needs: &'static [Need],
    /// The environments that the dialog offers for it.
    pub(in crate::run) picks: Picks,
    /// The keys that the dialog offers for it.
    pub(in crate::run) keys: Keys,
    /// Takes its snapshot.
    pub(super) look: for<'a> fn(Looking<'a>) -> Look<'a>,
    /// Takes a second snapshot directly before an environment goes offline, after the first was
    /// judged. It reads everything that the outage depends on.
    pub(super) look_again: for<'a> fn(Looking<'a>, &'a Observed) -> Look<'a>,
    /// Does the snapshot contain what the target names? An error ends the command before its plan.
    pub(super) fits: fn(&Target, &Observed) -> Result<()>,
    /// Makes its plan.
    pub(super) plan: fn(&Target, &Observed) -> Plan,
    /// What `--fix` may do for it besides the steps of its plan that do no harm.
    pub(super) mends: fn(&Observed) -> Vec<Action>,
    /// The hints at its end: what the other administrator needs, and what to keep in mind.
    pub(super) next: fn(&Ended<'_>) -> Vec<String>,
    /// The subcommand that continues the wait for its operation.
    pub(super) resume: &'static str,
}

/// A required part of the target, in the order in which errors name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Need {
    /// The environment as its subject: it must be given and visible.
    Environment,
    /// The policy's id or name.
    Policy,
    /// The policy or the environment.
    PolicyOrEnvironment,
    /// The vault, which belongs to this command.
    Vault,
    /// The key, which belongs to this command.
    Key,
    /// The policy's location: given, or taken from an environment.
    Location,
}

/// The end of a command, for its hints.
pub(in crate::run) struct Ended<'a> {
    /// How the other administrator calls cmkctl.
    pub(in crate::run) program_of_others: String,
    /// What the caller asked for.
    pub(in crate::run) target: &'a Target,
    /// The last snapshot.
    pub(in crate::run) observed: &'a Observed,
    /// Was anything changed?
    pub(in crate::run) changed: bool,
}

/// The environments that the dialog offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Picks {
    /// Environments that can get a key.
    Free,
    /// Environments with a key.
    Keyed,
}

/// The keys that the dialog offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Keys {
    /// None, or every existing key.
    AsTheyAre,
    /// Keys that fit a policy, or a new one.
    FitOrNew,
    /// Only a new key.
    New,
}

impl Need {
    /// What is missing in a target, and the flag for it.
    fn missing(self, target: &Target) -> Option<&'static str> {
        let (given, what) = match self {
            Need::Environment => (
                target.environment.is_some(),
                "the environment (ENVIRONMENT)",
            ),
            Need::Policy => (
                target.policy.is_some(),
                "the enterprise policy (`--policy`)",
            ),
            Need::PolicyOrEnvironment => (
                target.policy.is_some() || target.environment.is_some(),
                "the environment (ENVIRONMENT) or the enterprise policy (`--policy`)",
            ),
            Need::Vault => (
                target.vault.is_some(),
                "the key vault or managed HSM (`--vault`)",
            ),
            Need::Key => (target.key.is_some(), "the key (`--key`)"),
            Need::Location => (
                target.location.is_some() || target.environment.is_some(),
                "the location (`--location`, or an ENVIRONMENT whose geography cmkctl uses)",
            ),
        };
        (!given).then_some(what)
    }
}

impl Command {
    /// Checks that the target is complete.
    ///
    /// # Errors
    /// Usage: everything that is missing, and the flags for it.
    pub(in crate::run) fn require(&self, target: &Target) -> Result<()> {
        let missing: Vec<&str> = self.missing(target).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let what = format!("`{}` needs more: {}.", self.name, missing.join(", "));
        let mut error = Error::usage(what);
        if self.keys == Keys::FitOrNew && target.key.is_none() {
            error = error.hint(
                "If you have no key, `cmkctl create-key` creates a key, and a vault if needed.",
            );
        }
        Err(error
            .hint("At a terminal, and without `--yes` and `-o`, cmkctl asks for what is missing.")
            .hint("To rehearse in a simulated tenant, add `--sandbox`."))
    }

    /// Everything that is missing, and the flags for it.
    pub(in crate::run) fn missing<'a>(
        &'a self,
        target: &'a Target,
    ) -> impl Iterator<Item = &'static str> + 'a {
        self.needs.iter().filter_map(|need| need.missing(target))
    }

    /// Does it require this part?
    pub(in crate::run) fn needs(&self, need: Need) -> bool {
        self.needs.contains(&need)
    }

    /// Is an environment its subject?
    pub(in crate::run) fn of_environment(&self) -> bool {
        self.needs.contains(&Need::Environment)
    }

    /// Does the vault belong to it?
    pub(in crate::run) fn of_vault(&self) -> bool {
        self.needs.contains(&Need::Vault)
    }

    /// Takes its snapshot.
    pub(in crate::run) fn look<'a>(&self, looking: Looking<'a>) -> Look<'a> {
        (self.look)(looking)
    }

    /// Takes the second snapshot directly before an outage. `before`: the snapshot that was judged.
    pub(in crate::run) fn look_again<'a>(
        &self,
        looking: Looking<'a>,
        before: &'a Observed,
    ) -> Look<'a> {
        (self.look_again)(looking, before)
    }

    /// Does the snapshot contain what the target names?
    ///
    /// # Errors
    /// Usage: what exists instead.
    pub(in crate::run) fn fits(&self, target: &Target, observed: &Observed) -> Result<()> {
        (self.fits)(target, observed)
    }

    /// Makes its plan.
    pub(in crate::run) fn plan(&self, target: &Target, observed: &Observed) -> Plan {
        (self.plan)(target, observed)
    }

    /// What `--fix` may do for it besides the steps of its plan that do no harm.
    pub(in crate::run) fn mends(&self, observed: &Observed) -> Vec<Action> {
        (self.mends)(observed)
    }

    /// The hints at its end: what the other administrator needs, and what to keep in mind.
    pub(in crate::run) fn next(&self, ended: &Ended<'_>) -> Vec<String> {
        (self.next)(ended)
    }

    /// The part of the target that belongs to it. It must not read the other administrator's part.
    pub(in crate::run) fn part_of(&self, target: &Target) -> Target {
        let needs = |need| self.needs.contains(&need);
        Target {
            vault: target.vault.clone().filter(|_| needs(Need::Vault)),
            key: target.key.clone().filter(|_| needs(Need::Key)),
            ..target.clone()
        }
    }

    /// The command that repeats it, complete enough to paste.
    pub(in crate::run) fn repeat_command(
        &self,
        program: &str,
        target: &Target,
        environment: Option<&str>,
    ) -> String {
        self.in_words(program, target, &TargetWords::of(target, environment))
    }

    /// The same, with these words for its target.
    pub(in crate::run) fn in_words(
        &self,
        program: &str,
        target: &Target,
        names: &TargetWords,
    ) -> String {
        let part = self.part_of(target);
        let mut command = format!("{program} {}", self.name);
        let environment = names.environment.as_ref();
        command.extend(environment.map(|named| format!(" {}", quoted(named))));
        let vault = names.vault.clone().filter(|_| part.vault.is_some());
        let flags = [
            ("--policy", names.policy.clone()),
            ("--vault", vault),
            ("--key", part.key.as_ref().map(ToString::to_string)),
        ];
        for (flag, value) in flags {
            command.extend(value.map(|value| format!(" {flag} {}", quoted(&value))));
        }
        // Without the version, the command would mean every version of the key. Without the
        // location, it could use another location.
        let version = part.key.as_ref().and(part.key_version.as_ref());
        command.extend(version.map(|version| format!(" --key-version {}", version.as_str())));
        let location = part.location.as_ref().filter(|_| part.vault.is_some());
        command.extend(location.map(|location| format!(" --location {}", quoted(location))));
        let readers = names.readers.iter();
        command.extend(readers.map(|named| format!(" --reader {}", quoted(named))));
        if let Some(new) = &part.new_key {
            // Only `create-key` creates a key without a flag.
            let asked = self.needs(Need::Policy).then_some(" --create-key");
            command.push_str(asked.unwrap_or_default());
            for (flag, value) in &names.place {
                command.push_str(&format!(" {flag} {}", quoted(value)));
            }
            command.push_str(&new.flags());
        }
        command.extend(part.rotation.map(|wish| wish.flags()));
        let switches = [
            (part.no_grant, "--no-grant"),
            (part.make_managed, "--make-managed"),
            (part.power_platform_only, "--power-platform-only"),
            (part.in_place, "--in-place"),
            (part.old_key_granted, "--old-key-granted"),
            (part.deleted_checked, "--deleted-environments-checked"),
            (part.override_dates, "--override-dates"),
            (part.even_if_young, "--again"),
        ];
        for (_, flag) in switches.iter().filter(|(is_set, _)| *is_set) {
            command.push_str(&format!(" {flag}"));
        }
        command.extend(part.limit.map(|limit| format!(" --limit {limit}")));
        command
    }

    /// The command that continues the wait for its operation.
    pub(in crate::run) fn resume(
        &self,
        program: &str,
        target: &Target,
        environment: Option<&str>,
    ) -> String {
        let policy = target.policy.as_ref().map_or(String::new(), |policy| {
            format!(" --policy {}", quoted(&policy.to_string()))
        });
        let in_place = if target.in_place { " --in-place" } else { "" };
        format!(
            "{program} {} {}{policy}{in_place}",
            self.resume,
            environment.map_or_else(|| "ENVIRONMENT".to_owned(), quoted)
        )
    }
}

/// For commands whose plan reports everything that is missing.
pub(super) fn always(_: &Target, _: &Observed) -> Result<()> {
    Ok(())
}

/// For commands without repairs besides the plan.
pub(super) fn nothing(_: &Observed) -> Vec<Action> {
    Vec::new()
}

/// For commands without hints at the end.
pub(super) fn no_more(_: &Ended<'_>) -> Vec<String> {
    Vec::new()
}

/// Makes the environment a Managed Environment, which an add requires.
pub(super) fn managed(observed: &Observed) -> Option<Action> {
    let unmanaged = |environment: &&Environment| environment.managed() == Verdict::No;
    let environment = observed.environment.present().filter(unmanaged)?;
    Some(Action::MakeManaged {
        named: Named::of(environment),
    })
}

/// Turns on purge protection, which a policy's vault requires, if the evidence allows it.
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

/// What an environment with a customer-managed key depends on from now on.
pub(super) fn keep(ended: &Ended<'_>) -> Vec<String> {
    let mut next = vec![
        "Do not delete or disable the key, its vault or the policy's access. The environment would \
            go offline immediately."
            .to_owned(),
    ];
    let key = ended.observed.key();
    next.extend(
        key.and_then(|key| key.validity.end())
            .map(|expires| format!("Rotate the key before it expires on {}.", day(expires))),
    );
    next
}
