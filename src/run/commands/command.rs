//! What a changing command is made of. It has no default: a new one says all of it.

use super::words::Words;
use crate::error::{Error, Result};
use crate::model::action::Named;
use crate::model::day::day;
use crate::model::environment::Environment;
use crate::model::known::Verdict;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::target::Target;
use crate::model::text::quoted;
use crate::observe::{Look, Looking};
use crate::steps::evidence::{PurgeEvidence, take};

/// A changing command.
#[derive(Debug)]
pub struct Command {
    /// The subcommand's name.
    pub name: &'static str,
    /// What it must be told.
    pub(super) needs: &'static [Need],
    /// Which environments a person may pick for it.
    pub(in crate::run) picks: Picks,
    /// Which keys a person may pick for it.
    pub(in crate::run) keys: Keys,
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
pub(in crate::run) enum Need {
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
    /// How the other administrator calls this program.
    pub(in crate::run) program_of_others: String,
    /// What was asked for.
    pub(in crate::run) target: &'a Target,
    /// The last look.
    pub(in crate::run) observed: &'a Observed,
    /// Was anything done?
    pub(in crate::run) changed: bool,
}

/// Which environments may be its subject, where a person picks one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Picks {
    /// Those that can take a key.
    Free,
    /// Those that have one.
    Keyed,
}

/// Which keys may be its subject, where a person picks one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Keys {
    /// None, or any that is there, as it is.
    AsTheyAre,
    /// One that does for a policy, or a new one.
    FitOrNew,
    /// A new one.
    New,
}

impl Need {
    /// What is missing in a target, and how it is given.
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
                "the location (`--location`, or an ENVIRONMENT, whose geography is taken)",
            ),
        };
        (!given).then_some(what)
    }
}

impl Command {
    /// Is everything given that it needs?
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
            error = error.hint("No key yet: `cmkctl create-key` makes one, and a vault for it.");
        }
        Err(error
            .hint("At a terminal, and without `--yes` and `-o`, cmkctl asks for what is missing.")
            .hint("Try it without: `--sandbox`."))
    }

    /// What is missing, and how it is given.
    pub(in crate::run) fn missing<'a>(
        &'a self,
        target: &'a Target,
    ) -> impl Iterator<Item = &'static str> + 'a {
        self.needs.iter().filter_map(|need| need.missing(target))
    }

    /// Does it need this?
    pub(in crate::run) fn needs(&self, need: Need) -> bool {
        self.needs.contains(&need)
    }

    /// Is one environment its subject?
    pub(in crate::run) fn of_environment(&self) -> bool {
        self.needs.contains(&Need::Environment)
    }

    /// Is the vault its business, too?
    pub(in crate::run) fn of_vault(&self) -> bool {
        self.needs.contains(&Need::Vault)
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
        self.in_words(program, target, &Words::of(target, environment))
    }

    /// The same, with these words for what it is about.
    pub(in crate::run) fn in_words(&self, program: &str, target: &Target, words: &Words) -> String {
        let own = self.own(target);
        let mut command = format!("{program} {}", self.name);
        let environment = words.environment.as_ref();
        command.extend(environment.map(|named| format!(" {}", quoted(named))));
        let vault = words.vault.clone().filter(|_| own.vault.is_some());
        let flags = [
            ("--policy", words.policy.clone()),
            ("--vault", vault),
            ("--key", own.key.as_ref().map(ToString::to_string)),
        ];
        for (flag, value) in flags {
            command.extend(value.map(|value| format!(" {flag} {}", quoted(&value))));
        }
        // Without its version every version of a key would be meant, without its place another one.
        let version = own.key.as_ref().and(own.key_version.as_ref());
        command.extend(version.map(|version| format!(" --key-version {}", version.as_str())));
        let location = own.location.as_ref().filter(|_| own.vault.is_some());
        command.extend(location.map(|location| format!(" --location {location}")));
        let readers = words.readers.iter();
        command.extend(readers.map(|named| format!(" --reader {}", quoted(named))));
        if let Some(new) = &own.new_key {
            // To make a key is what `create-key` is for.
            let asked = self.needs(Need::Policy).then_some(" --create-key");
            command.push_str(asked.unwrap_or_default());
            for (flag, value) in &words.place {
                command.push_str(&format!(" {flag} {}", quoted(value)));
            }
            command.push_str(&new.flags());
        }
        command.extend(own.rotation.map(|wish| wish.flags()));
        let said = [
            (own.no_grant, "--no-grant"),
            (own.make_managed, "--make-managed"),
            (own.power_platform_only, "--power-platform-only"),
            (own.in_place, "--in-place"),
            (own.old_key_granted, "--old-key-granted"),
            (own.deleted_checked, "--deleted-environments-checked"),
            (own.override_dates, "--override-dates"),
            (own.again, "--again"),
        ];
        for (_, flag) in said.iter().filter(|(said, _)| *said) {
            command.push_str(&format!(" {flag}"));
        }
        command.extend(own.limit.map(|limit| format!(" --limit {limit}")));
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
