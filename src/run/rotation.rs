//! `rotation-policy show`.

use super::{Context, quiet};
use crate::error::{Error, Kind, Result};
use crate::model::observed::Observed;
use crate::model::protection::Policy;
use crate::model::seen::Seen;
use crate::model::target::Target;
use crate::observe::rotating_itself;
use crate::report::{self, Out, RotationFacts};
use crate::steps::lifecycle::KEPT_AFTER_ROTATION;
use crate::steps::rotate::pin_hidden;
use crate::steps::rotation::check;

/// Shows when Key Vault creates new versions of the key.
///
/// # Errors
/// Usage without a vault or a key. The key does not exist, or its rotation policy is not visible.
pub async fn rotation_policy(context: &Context, target: &Target, out: &mut Out) -> Result<()> {
    let (Some(_), Some(name)) = (&target.vault, &target.key) else {
        return Err(
            Error::usage("`rotation-policy show` needs the key and its vault.")
                .hint("Pass `--vault` and `--key`.")
                .hint("To rehearse in a simulated tenant, add `--sandbox`."),
        );
    };
    let reader = context.reader();
    let observed = rotating_itself(context.looking(&reader, target, None)).await?;
    let (Some(vault), Some(key)) = (observed.vault(), observed.key()) else {
        return Err(missing(&observed, name.as_str()));
    };
    let reference = observed.policy.present().and_then(Policy::key_reference);
    let mut findings = check(key, &observed.preconditions.rotation, reference);
    findings.extend(pin_hidden(target, &observed));
    let created = key.validity.created.known();
    let facts = RotationFacts {
        at: observed.at,
        vault: vault.id.to_string(),
        key,
        rotation: observed.preconditions.rotation.present(),
        old_versions_until: created.and_then(|made| made.checked_add(KEPT_AFTER_ROTATION).ok()),
        findings: &findings,
    };
    report::rotation_policy(out, &facts);
    match observed.preconditions.rotation {
        Seen::Present(_) => Ok(()),
        Seen::Absent | Seen::Unreadable(_) => Err(quiet(
            Kind::Forbidden,
            "The rotation policy of the key is not visible.",
        )),
    }
}

/// Why there is no key to show.
fn missing(observed: &Observed, name: &str) -> Error {
    let hidden = observed.vault.as_ref().and_then(Seen::unreadable);
    let hidden = hidden.or_else(|| observed.key.as_ref().and_then(Seen::unreadable));
    match hidden {
        Some(why) => {
            let what = format!("The key `{name}` or its vault can't be read: {}.", why.why);
            Error::new(Kind::Forbidden, what)
        }
        None => Error::new(
            Kind::Blocked,
            format!("There is no key `{name}` in the vault."),
        ),
    }
}
