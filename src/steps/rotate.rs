//! A new version of a key: nothing goes offline, environments follow within a day, and the old
//! version must stay for four weeks.

use super::{Whose, finding, key, moment, unknown, who};
use crate::model::finding::Severity;
use crate::model::known::Known;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::seen::Seen;
use crate::model::target::Target;
use jiff::SignedDuration;

/// Environments follow a new version within this time.
pub const FOLLOWED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// What was made later than this from now was not made at that time. Clocks that are further apart
/// are said anyway.
const FUTURE: SignedDuration = SignedDuration::from_mins(15);

/// The whole command. A version that is younger than a day is the rotation that was wanted, unless
/// another one was asked for.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    // Key problems become warnings, because rotating may fix them; a key that is disabled, or may
    // be, is not rotated. Vault problems stay.
    let mut plan = Plan {
        findings: key::check(target, observed, Whose::Own),
        ..Plan::default()
    };
    let enabled = observed
        .key
        .present()
        .is_some_and(|key| key.validity.enabled == Known::Known(true));
    for finding in &mut plan.findings {
        if finding.code == "CMK016" && finding.severity == Severity::Block && enabled {
            finding.severity = Severity::Warn;
        }
    }
    if let Some(policy) = observed.policy.present()
        && let Some(version) = policy.key_reference().and_then(|key| key.version.as_ref())
    {
        plan.findings.push(finding(
            "CMK017",
            Severity::Warn,
            policy.id.to_string(),
            format!(
                "The policy `{}` is pinned to version {}: its environments do not follow.",
                policy.id.name,
                version.as_str()
            ),
            "Create a policy without a version and move the environments to it.",
            who::KEY_VAULT,
        ));
    }
    let (Seen::Present(vault), Seen::Present(key), Some(name)) =
        (&observed.vault, &observed.key, &target.key)
    else {
        return plan;
    };
    let what = format!("The latest version of the key `{name}`");
    match &key.validity.created {
        Known::Known(created) if created.duration_since(observed.at) > FUTURE => {
            let why = format!("it says that it was made on {}", moment(*created));
            plan.findings.push(unknown(
                "CMK016",
                name.as_str(),
                &what,
                &why,
                who::KEY_VAULT,
            ));
        }
        Known::Known(created)
            if observed.at.duration_since(*created) < FOLLOWED_WITHIN && !target.again =>
        {
            plan.already.push(format!(
                "The key `{name}` has a version of {}, less than a day old; environments follow \
                it until {}",
                moment(*created),
                created
                    .checked_add(FOLLOWED_WITHIN)
                    .map_or_else(|_| "tomorrow".to_owned(), moment)
            ));
            return plan;
        }
        Known::Known(_) => {}
        // It may have been rotated a moment ago.
        Known::Unknown(why) => {
            plan.findings
                .push(unknown("CMK016", name.as_str(), &what, why, who::KEY_VAULT))
        }
    }
    if key.version.is_none() {
        let why = format!("{} did not say which one it is", key.source);
        plan.findings.push(unknown(
            "CMK016",
            name.as_str(),
            &what,
            &why,
            who::KEY_VAULT,
        ));
    }
    plan.actions.push(Action::RotateKey {
        vault: vault.id.clone(),
        uri: vault.uri.clone(),
        key: name.clone(),
        from: key
            .version
            .as_ref()
            .map(|version| version.as_str().to_owned()),
    });
    plan
}
