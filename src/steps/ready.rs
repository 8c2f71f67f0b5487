//! Is the environment ready for an add: is it a Managed Environment, and can it use the policy?

use super::location::{Misfit, misfit, not_told};
pub(super) use super::readiness::check;
use super::{Whose, finding, unknown, unseen, who};
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::protection::Policy;
use crate::model::remedy::Setting;
use crate::model::seen::Seen;
use crate::model::unknown::unknown as unknown_fact;

/// The finding if the environment is not a Managed Environment. The service lists the operation for
/// unmanaged environments, too.
pub(super) fn managed(environment: &Environment) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    match environment.managed() {
        Verdict::Yes => None,
        Verdict::No => Some(finding(
            "CMK006",
            Severity::Block,
            id,
            format!("`{name}` is not a Managed Environment."),
            Setting::MakeManaged,
            who::POWER_PLATFORM,
        )),
        Verdict::CantTell(why) => {
            let what = format!("Whether the environment `{name}` is a Managed Environment");
            Some(unknown("CMK006", id, &what, &why.why, who::POWER_PLATFORM))
        }
    }
}

/// A new policy has no grant yet, and cmkctl plans no grant if it can't see the vault. An add would
/// take the environment offline and then fail, so this finding blocks.
fn ungranted(observed: &Observed, wanted: &ArmId) -> Option<Finding> {
    let why = match &observed.vault {
        _ if !observed.policy.is_absent() => return None,
        Some(Seen::Unreadable(why)) => why.why.as_str(),
        None => "the vault was not read",
        Some(Seen::Present(_) | Seen::Absent) => return None,
    };
    Some(finding(
        "CMK012",
        Severity::Unknown,
        wanted.to_string(),
        format!(
            "You can't see the vault ({}), so you can't grant the identity of the policy `{}` \
                access to the key.",
            why, wanted.name
        ),
        "Run the same command again when you can read the vault. Or ask the Key Vault \
            administrator to run `cmkctl create-policy`, then run `cmkctl add-environment`.",
        who::KEY_VAULT,
    ))
}

/// Can the environment be added to the policy, and may the caller read it? `policy_comes`: an
/// earlier step of the same plan creates the policy or its grants.
pub(super) fn check_policy(
    observed: &Observed,
    environment: &Environment,
    wanted: &ArmId,
    policy_comes: bool,
) -> Option<Finding> {
    let id = wanted.to_string();
    match &observed.policy {
        _ if policy_comes => ungranted(observed, wanted),
        Seen::Present(policy) if !policy.is_for_encryption() => Some(finding(
            "CMK042",
            Severity::Block,
            id,
            format!(
                "The policy `{}` is of kind `{}`, not `Encryption`.",
                wanted.name, policy.kind
            ),
            "Pass the id of an encryption policy.",
            who::POWER_PLATFORM,
        )),
        Seen::Present(policy) => misplaced(wanted, policy, environment),
        Seen::Absent => Some(finding(
            "CMK019",
            Severity::Block,
            id,
            format!("There is no policy `{}`, or you can't see it.", wanted.name),
            Setting::Reader,
            who::KEY_VAULT,
        )),
        Seen::Unreadable(why) => {
            let what = format!("The state of the policy `{}`", wanted.name);
            let of = (who::KEY_VAULT, Whose::Own);
            let mut found = unseen("CMK019", id, &what, why, of);
            if why.lacks_a_role() {
                found.remedy = Setting::Reader.into();
            }
            Some(found)
        }
    }
}

/// The finding if the policy is unfinished or has no identity.
pub(super) fn unusable(policy: &Policy) -> Option<Finding> {
    if let Some(why) = &policy.unfinished {
        return Some(finding(
            "CMK014",
            Severity::Unknown,
            policy.id.to_string(),
            unknown_fact(
                &format!("whether the policy `{}` can be used", policy.id.name),
                why,
            ),
            "Wait a few minutes, then run the same command again. If the state does not change, \
                ask Microsoft support.",
            who::KEY_VAULT,
        ));
    }
    policy.principal_id.is_none().then(|| {
        finding(
            "CMK014",
            Severity::Unknown,
            policy.id.to_string(),
            format!(
                "The policy `{}` has no identity yet, so it can't get a role.",
                policy.id.name
            ),
            "Wait a few minutes, then run the same command again.",
            who::KEY_VAULT,
        )
    })
}

/// The finding if environments of this geography can't use the policy's location.
fn misplaced(wanted: &ArmId, policy: &Policy, environment: &Environment) -> Option<Finding> {
    let name = &wanted.name;
    let misfit = match misfit(&policy.location, &environment.location) {
        Known::Known(misfit) => misfit?,
        Known::Unknown(why) => return Some(not_told(&wanted.to_string(), name, &why)),
    };
    let severity = misfit.severity();
    let Misfit { policy, needed } = misfit;
    Some(finding(
        "CMK007",
        severity,
        wanted.to_string(),
        format!(
            "The policy `{name}` is in `{policy}`, but the environment requires a policy in \
                `{needed}`."
        ),
        "Use a policy in that location.",
        who::KEY_VAULT,
    ))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{codes, hidden, linked, odd, on, rows, silent, well};
    use super::*;

    #[test]
    fn a_managed_environment_says_so() {
        for (word, expected) in [
            ("Standard", &[][..]),
            ("Basic", &["CMK006 block"]),
            ("Wibble", &["CMK006 unknown"]),
        ] {
            let (_, mut observed) = well();
            on(&mut observed.environment, |e| {
                e.protection_level = word.into()
            });
            let found = managed(observed.environment.present().unwrap());
            assert_eq!(codes(found.as_slice()), expected, "{word}");
        }
    }

    #[test]
    fn the_policy_is_one_that_it_can_be_added_to() {
        rows(
            &[
                ("well", |_, _| {}, &[]),
                (
                    "of another kind",
                    |_, o| on(&mut o.policy, |p| p.kind = "NetworkInjection".into()),
                    &["CMK042 block"],
                ),
                (
                    "elsewhere",
                    |_, o| on(&mut o.policy, |p| p.location = "asia".into()),
                    &["CMK007 block"],
                ),
                (
                    "in no known place",
                    |_, o| on(&mut o.policy, |p| p.location = odd()),
                    &["CMK007 unknown"],
                ),
                (
                    "not there",
                    |_, o| o.policy = Seen::Absent,
                    &["CMK019 block"],
                ),
                ("silent", |_, o| o.policy = silent(), &["CMK019 unknown"]),
                ("hidden", |_, o| o.policy = hidden(), &["CMK019 unknown"]),
                (
                    "not read",
                    |_, o| o.policy = Seen::default(),
                    &["CMK019 unknown"],
                ),
                ("linked already", |_, o| linked(o, "ep", "Linked"), &[]),
            ],
            |t, o| {
                let environment = o.environment.present().unwrap();
                let policy = t.policy.as_ref().unwrap();
                codes(check_policy(o, environment, policy, false).as_slice())
            },
        );
    }
}
