//! Filters of a tenant: a name that fits nothing in it is a slip, and no reason to show an empty tenant.

use super::Glance;
use super::estate::{is_named, policy_of, vault_of};
use crate::error::{Error, Result};
use crate::model::estate::Estate;
use crate::model::ids::ArmId;
use crate::model::known::Known;
use crate::model::near::did_you_mean;
use std::collections::BTreeSet;

/// Does each filter by itself fit something in the whole tenant, or something that is not known?
///
/// # Errors
/// Usage: the name that fits nothing, and what there is.
pub(super) fn fit(estate: &Estate, glance: &Glance) -> Result<()> {
    policy(estate, glance.policy.as_deref())?;
    if let Some(asked) = &glance.vault {
        let vaults = estate.environments.iter().map(|environment| vault_of(estate, environment));
        resource(asked, "--vault", "key of an environment is in a vault", vaults)?;
    }
    if let Some(asked) = &glance.sku {
        let known: BTreeSet<&str> = estate.environments.iter().map(|environment| environment.sku.as_str()).collect();
        if !known.iter().any(|sku| sku.is_empty() || sku.eq_ignore_ascii_case(asked)) {
            return Err(fits_nothing(asked, "--sku", "environment is of a type", &known));
        }
    }
    Ok(())
}

/// Names that fit by themselves may fit nothing together, and a watch that watches nothing must not be green.
///
/// # Errors
/// Usage: nothing is left.
pub(super) fn together(glance: &Glance, left: usize) -> Result<()> {
    let names = [&glance.policy, &glance.vault, &glance.sku].into_iter().flatten().count();
    let several = names > 1 || (names == 1 && glance.not_encrypted);
    if left > 0 || !several {
        return Ok(());
    }
    Err(Error::usage("The filters fit nothing together.").hint("Leave one of them out."))
}

/// The same for `--policy` alone.
///
/// # Errors
/// As above.
pub(super) fn policy(estate: &Estate, asked: Option<&str>) -> Result<()> {
    let Some(asked) = asked else { return Ok(()) };
    resource(asked, "--policy", "environment is linked to a policy", estate.environments.iter().map(policy_of))
}

fn resource<'a>(
    asked: &str,
    flag: &str,
    what: &str,
    all: impl Iterator<Item = Known<Option<&'a ArmId>>>,
) -> Result<()> {
    let mut names = BTreeSet::new();
    for one in all {
        match one {
            Known::Known(None) => {}
            Known::Known(Some(id)) if !is_named(asked, id) => {
                names.insert(id.name.as_str());
            }
            // It fits, or it may.
            Known::Known(Some(_)) | Known::Unknown(_) => return Ok(()),
        }
    }
    Err(fits_nothing(asked, flag, what, &names))
}

fn fits_nothing(asked: &str, flag: &str, what: &str, known: &BTreeSet<&str>) -> Error {
    let asked = asked.escape_debug().to_string();
    let mut error = Error::usage(format!("`{flag} {asked}` fits nothing: no {what} that is called so."));
    error.hints.extend(did_you_mean(&asked, known.iter().copied()));
    let shown: Vec<&str> = known.iter().copied().take(20).collect();
    if shown.is_empty() {
        error.hint("The tenant has none.")
    } else {
        error.hint(format!("There is: {}.", shown.join(", ")))
    }
}
