//! Filters of a tenant. A name that matches nothing is a typing error, so cmkctl refuses the name
//! instead of showing an empty list.

use crate::error::{Error, Result};
use crate::model::environment::Environment;
use crate::model::estate::{Estate, JudgedEnvironment, State};
use crate::model::ids::{ArmId, same_id};
use crate::model::known::Known;
use crate::model::near::did_you_mean;
use crate::model::seen::Seen;
use std::collections::BTreeSet;
use std::time::Duration;

/// What makes `status --all` fail (exit 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// The key, vault or grant will lock environments, or some data does not use the key.
    Drift,
    /// A key expires soon.
    Expiring,
    /// An environment is locked.
    Locked,
    /// An environment uses the Microsoft key and may have a customer-managed one.
    Unencrypted,
}

impl FailOn {
    pub(super) fn matches(self, judged: &JudgedEnvironment<'_>, state: State) -> bool {
        match self {
            FailOn::Drift => matches!(state, State::Endangered | State::Failed),
            FailOn::Expiring => state == State::Expiring,
            FailOn::Locked => state == State::Locked,
            FailOn::Unencrypted => {
                state == State::NotEncrypted && judged.environment.supports_key()
            }
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            FailOn::Drift => "drift",
            FailOn::Expiring => "expiring",
            FailOn::Locked => "locked",
            FailOn::Unencrypted => "unencrypted",
        }
    }
}

/// The filters of a tenant, and the conditions that make the command fail.
#[derive(Debug, Clone, Default)]
pub struct StatusFilter {
    /// Only environments of this policy, by id or name.
    pub policy: Option<String>,
    /// Only environments whose key is in this vault, by id or name.
    pub vault: Option<String>,
    /// Only environments of this type.
    pub sku: Option<String>,
    /// Only environments without a customer-managed key.
    pub not_encrypted: bool,
    /// A key that expires within this time is expiring.
    pub expiring_within: Option<Duration>,
    /// The conditions that make the command fail.
    pub fail_on: Vec<FailOn>,
    /// With `fail_on`: accept environments with facts that are not visible.
    pub allow_not_visible: bool,
}

impl StatusFilter {
    /// Does this state of an environment make the command fail?
    pub(super) fn fails(&self, judged: &JudgedEnvironment<'_>, state: State) -> bool {
        self.fail_on.iter().any(|fail| fail.matches(judged, state))
    }
}

/// Does each filter alone match something in the tenant? An unknown value counts as a match.
///
/// # Errors
/// Usage: the name that fits nothing, and what exists.
pub(super) fn fit(estate: &Estate, filter: &StatusFilter) -> Result<()> {
    fit_environments(&estate.environments, filter)?;
    if let Some(asked) = &filter.vault {
        let vaults = estate
            .environments
            .iter()
            .map(|environment| vault_of(estate, environment));
        resource(
            asked,
            "--vault",
            "environment has its key in a vault with this name or id",
            vaults,
        )?;
    }
    Ok(())
}

/// The same for the filters that need only the list of environments.
///
/// # Errors
/// As above.
pub(super) fn fit_environments(all: &[Environment], filter: &StatusFilter) -> Result<()> {
    policy(all, filter.policy.as_deref())?;
    if let Some(asked) = &filter.sku {
        let known: BTreeSet<&str> = all
            .iter()
            .map(|environment| environment.sku.text().unwrap_or_default())
            .collect();
        if !known
            .iter()
            .any(|sku| sku.is_empty() || sku.eq_ignore_ascii_case(asked))
        {
            return Err(fits_nothing(
                asked,
                "--sku",
                "environment has this type",
                &known,
            ));
        }
    }
    Ok(())
}

/// Do the filters keep this environment, by its list? An unknown value may fit, so the environment
/// stays.
pub(super) fn wants(filter: &StatusFilter, environment: &Environment) -> bool {
    let of_sku = |asked: &String| {
        let sku = environment.sku.text();
        sku.is_none_or(|sku| sku.eq_ignore_ascii_case(asked))
    };
    names(filter.policy.as_deref(), policy_of(environment))
        && filter.sku.as_ref().is_none_or(of_sku)
}

/// Is this the named resource? Without a name, every resource is.
pub(super) fn names(wanted: Option<&str>, id: Known<Option<&ArmId>>) -> bool {
    match (wanted, id) {
        (None, _) | (Some(_), Known::Unknown(_)) => true,
        (Some(wanted), Known::Known(id)) => id.is_some_and(|id| is_named(wanted, id)),
    }
}

/// Refuses filters that fit alone but not together. Otherwise a check of nothing would succeed.
///
/// # Errors
/// Usage: nothing is left.
pub(super) fn together(filter: &StatusFilter, left: usize) -> Result<()> {
    let names = [&filter.policy, &filter.vault, &filter.sku]
        .into_iter()
        .flatten()
        .count();
    let several = names > 1 || (names == 1 && filter.not_encrypted);
    if left > 0 || !several {
        return Ok(());
    }
    Err(Error::usage("No environment matches all of the filters.").hint("Leave out one filter."))
}

/// Does `--policy` fit one of these?
///
/// # Errors
/// Usage: the name that fits nothing, and what exists.
pub(super) fn among<'a>(
    there: impl Iterator<Item = &'a ArmId>,
    what: &str,
    asked: Option<&str>,
) -> Result<()> {
    let Some(asked) = asked else { return Ok(()) };
    resource(
        asked,
        "--policy",
        what,
        there.map(|id| Known::Known(Some(id))),
    )
}

/// Does `--policy` fit an environment's policy?
///
/// # Errors
/// As above.
fn policy(all: &[Environment], asked: Option<&str>) -> Result<()> {
    let Some(asked) = asked else { return Ok(()) };
    resource(
        asked,
        "--policy",
        "environment is linked to a policy with this name or id",
        all.iter().map(policy_of),
    )
}

fn resource<'a>(
    asked: &str,
    flag: &str,
    what: &str,
    all: impl Iterator<Item = Known<Option<&'a ArmId>>>,
) -> Result<()> {
    let mut names = BTreeSet::new();
    for resource_id in all {
        match resource_id {
            Known::Known(None) => {}
            Known::Known(Some(id)) if !is_named(asked, id) => {
                names.insert(id.name.as_str());
            }
            // It fits, or it may fit.
            Known::Known(Some(_)) | Known::Unknown(_) => return Ok(()),
        }
    }
    Err(fits_nothing(asked, flag, what, &names))
}

fn fits_nothing(asked: &str, flag: &str, what: &str, known: &BTreeSet<&str>) -> Error {
    let asked = asked.escape_debug().to_string();
    let mut error = Error::usage(format!("`{flag} {asked}` matches nothing: no {what}."));
    error
        .hints
        .extend(did_you_mean(&asked, known.iter().copied()));
    let shown: Vec<&str> = known.iter().copied().take(20).collect();
    if shown.is_empty() {
        error.hint("Visible to you: none.")
    } else {
        error.hint(format!("Visible to you: {}.", shown.join(", ")))
    }
}

/// Is this the id or the name of the resource?
pub(super) fn is_named(wanted: &str, id: &ArmId) -> bool {
    same_id(wanted, &id.to_string()) || id.name.eq_ignore_ascii_case(wanted)
}

/// The policy of an environment, if it is known.
pub(super) fn policy_of(environment: &Environment) -> Known<Option<&ArmId>> {
    match &environment.key_link {
        Seen::Present(link) => Known::Known(Some(&link.policy)),
        Seen::Absent => Known::Known(None),
        Seen::Unreadable(why) => Known::Unknown(why.why.clone()),
    }
}

/// The vault of an environment's policy, if it is known.
pub(super) fn vault_of<'a>(
    estate: &'a Estate,
    environment: &'a Environment,
) -> Known<Option<&'a ArmId>> {
    policy_of(environment).and_then(|policy| {
        match policy.and_then(|id| estate.protections.get(id)) {
            None => Known::Known(None),
            Some(protection) => match protection.policy.present().map(|policy| &policy.key) {
                Some(Known::Known(key)) => Known::Known(Some(&key.vault)),
                Some(Known::Unknown(why)) => Known::Unknown(why.clone()),
                None => Known::default(),
            },
        }
    })
}
