//! Is the environment ready to be added: is it a Managed Environment, and can it use the policy?

use super::location::policy_location;
pub(super) use super::readiness::check;
use super::{finding, unknown, who};
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::observed::Observed;
use crate::model::remedy::Setting;
use crate::model::seen::Seen;

/// Is it a Managed Environment? The service lists the operation for unmanaged ones, too.
pub(super) fn managed(environment: &Environment) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    match environment.managed() {
        Some(true) => None,
        Some(false) => Some(finding(
            "CMK006",
            Severity::Block,
            id,
            format!("`{name}` is not a Managed Environment."),
            Setting::MakeManaged,
            who::POWER_PLATFORM,
        )),
        None => {
            let what = format!("Whether `{name}` is a Managed Environment");
            let why = environment
                .protection_level
                .as_ref()
                .map_or("the service did not say".to_owned(), |level| {
                    format!("its protection level is `{level}`, which cmkctl does not know")
                });
            Some(unknown("CMK006", id, &what, &why, who::POWER_PLATFORM))
        }
    }
}

/// The identity of a policy that is new holds no grant, and who can't see the vault plans none: an
/// environment that is added all the same goes offline for nothing.
fn ungranted(observed: &Observed, wanted: &ArmId) -> Option<Finding> {
    let why = observed
        .vault
        .unreadable()
        .filter(|_| observed.policy.is_absent())?;
    Some(finding(
        "CMK012",
        Severity::Unknown,
        wanted.to_string(),
        format!(
            "The vault is not visible to you ({}), so the identity of `{}` can't be let use the \
            key.",
            why.why, wanted.name
        ),
        "Run it again when the vault can be read; or leave the policy to the Key Vault \
        administrator (`cmkctl create-policy`) and run `cmkctl add-environment`.",
        who::KEY_VAULT,
    ))
}

/// Is the policy one that this environment can be added to, and may the caller read it?
/// `policy_comes`: an earlier step of the same plan makes it so.
pub(super) fn check_policy(
    observed: &Observed,
    environment: &Environment,
    wanted: &ArmId,
    policy_comes: bool,
) -> Option<Finding> {
    let id = wanted.to_string();
    match &observed.policy {
        _ if policy_comes => ungranted(observed, wanted),
        Seen::Present(policy) if !policy.kind.eq_ignore_ascii_case("Encryption") => Some(finding(
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
        Seen::Present(policy) => misplaced(wanted, &policy.location, environment),
        Seen::Absent => Some(finding(
            "CMK019",
            Severity::Block,
            id,
            format!(
                "There is no policy `{}`, or it is not visible to you.",
                wanted.name
            ),
            Setting::Reader,
            who::KEY_VAULT,
        )),
        Seen::Unreadable(why) => Some(finding(
            "CMK019",
            Severity::Unknown,
            id,
            format!(
                "You can't read the policy `{}`: {}; without that, adding an environment fails.",
                wanted.name, why.why
            ),
            Setting::Reader,
            who::KEY_VAULT,
        )),
        Seen::NotAsked => Some(unknown(
            "CMK019",
            id,
            "The policy",
            "it was not read",
            who::KEY_VAULT,
        )),
    }
}

/// The policy is where environments of this geography can't use it.
fn misplaced(policy: &ArmId, location: &str, environment: &Environment) -> Option<Finding> {
    let needed = policy_location(&environment.location);
    let message = format!(
        "The policy `{}` is in `{location}`, but the environment needs one in `{needed}`.",
        policy.name
    );
    (!needed.eq_ignore_ascii_case(location)).then(|| {
        finding(
            "CMK007",
            Severity::Block,
            policy.to_string(),
            message,
            "Use a policy in that location.",
            who::KEY_VAULT,
        )
    })
}
