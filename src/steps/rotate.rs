//! A new version of a key: nothing goes offline, environments follow within a day, and the old version must stay for four weeks.

use super::{finding, key, who};
use crate::model::finding::Severity;
use crate::model::observed::{Observed, Seen};
use crate::model::plan::{Action, Plan};
use crate::model::target::Target;
use jiff::{SignedDuration, Timestamp};

/// Environments follow a new version within this time.
pub const FOLLOWED_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// The version before must stay enabled at least this long.
pub const OLD_VERSION_STAYS: SignedDuration = SignedDuration::from_hours(28 * 24);

/// The whole command. A version that is younger than a day is the rotation that was wanted, unless another one was asked for.
pub fn plan(target: &Target, observed: &Observed) -> Plan {
    // What is wrong with the key is what rotating may mend; what is wrong with the vault is not, and is said.
    let mut plan = Plan { findings: key::check(target, observed), ..Plan::default() };
    for finding in &mut plan.findings {
        if finding.code == "CMK016" && observed.key.present().is_some_and(|key| key.enabled != Some(false)) {
            finding.severity = Severity::Warn;
        }
    }
    if let Some(policy) = observed.policy.present()
        && let Some(version) = &policy.key_version
    {
        plan.findings.push(finding(
            "CMK017",
            Severity::Warn,
            policy.id.to_string(),
            format!("The policy `{}` is pinned to version {version}: its environments do not follow.", policy.id.name),
            "Create a policy without a version and move the environments to it.",
            who::KEY_VAULT,
        ));
    }
    let (Seen::Present(vault), Seen::Present(key), Some(name)) = (&observed.vault, &observed.key, &target.key) else {
        return plan;
    };
    let young = key.created.filter(|created| observed.at.duration_since(*created) < FOLLOWED_WITHIN);
    if let Some(created) = young.filter(|_| !target.again) {
        plan.already.push(format!(
            "The key `{name}` has a version of {}, less than a day old; environments follow it until {}",
            moment(created),
            created.checked_add(FOLLOWED_WITHIN).map_or_else(|_| "tomorrow".to_owned(), moment)
        ));
        return plan;
    }
    plan.actions.push(Action::RotateKey {
        vault: vault.id.clone(),
        uri: vault.uri.clone(),
        key: name.clone(),
        from: key.version.clone(),
    });
    plan
}

fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
