//! After a lock: the original key comes back first, then each environment, the one that is deleted soonest first.

use super::add::{ADD, SWAP};
use super::goal::linked;
use super::policy::Comes;
use super::remove::REMOVE;
use super::{danger, finding, grant, key, not_visible, who};
use crate::model::finding::Severity;
use crate::model::ids::{ArmId, KeyName, KeyVersion, ResourceKind, same_id};
use crate::model::observed::{Environment, Key, Observed, Seen};
use crate::model::plan::{Action, Plan};
use crate::model::target::Target;

/// The whole command. Each administrator does the half that is theirs: what can't be seen is said, and not in the way of the rest.
pub fn plan(_target: &Target, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    let Some(policy) = observed.policy.present() else {
        plan.findings.extend(no_policy(observed));
        plan.actions.extend(enabled_again(observed, observed.environment.present().and_then(linked).as_ref()));
        return plan;
    };
    let named = Target {
        policy: Some(policy.id.clone()),
        vault: policy
            .vault_id
            .as_deref()
            .and_then(|id| ArmId::parse(id, &[ResourceKind::Vault, ResourceKind::ManagedHsm]).ok()),
        key: policy.key_name.as_deref().and_then(|name| KeyName::parse(name).ok()),
        ..Target::default()
    };
    // What a rotation or a day more would mend is said; what can be brought back is an action, and no finding.
    plan.findings = key::check(&named, observed);
    restore(&named, observed, &mut plan);
    grant::grant(&named, observed, Comes::There, &mut plan);
    if observed.around.estate.present().is_none() {
        let why = observed.around.estate.unreadable().map_or("it was not asked for", |why| why.why.as_str());
        let what = format!("Which environments of `{}` are locked", policy.id.name);
        plan.findings.push(not_visible("CMK021", policy.id.to_string(), &what, why, who::POWER_PLATFORM));
    }
    let locked = enabled_again(observed, Some(&policy.id));
    if locked.is_empty() && plan.actions.is_empty() && observed.around.estate.present().is_some() {
        plan.already.push(format!("No environment of `{}` is locked", policy.id.name));
    }
    plan.actions.extend(locked);
    plan.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    plan
}

/// What brings the key back.
fn restore(named: &Target, observed: &Observed, plan: &mut Plan) {
    let (Seen::Present(vault), Some(name)) = (&observed.vault, &named.key) else { return };
    let (id, uri) = (vault.id.clone(), vault.uri.clone());
    if observed.key.is_absent() && observed.around.deleted_key.present().is_some() {
        plan.findings.retain(|finding| finding.code != "CMK046");
        plan.actions.push(Action::RecoverKey { vault: id, uri, key: name.clone() });
        return;
    }
    let found = observed.key.present().filter(|key| key.enabled == Some(false));
    if let Some(version) = found.and_then(|key| KeyVersion::parse(key.version.as_deref()?).ok()) {
        // What is wrong with the key besides that it is disabled.
        let enabled = observed.key.present().cloned().map(|key| Key { enabled: Some(true), ..key });
        plan.findings =
            key::check(named, &Observed { key: enabled.map_or(Seen::NotAsked, Seen::Present), ..observed.clone() });
        plan.actions.push(Action::EnableKeyVersion { vault: id, uri, key: name.clone(), version });
    }
}

fn no_policy(observed: &Observed) -> Option<crate::model::finding::Finding> {
    let (code, what) = ("CMK019", "The policy");
    match &observed.policy {
        Seen::Unreadable(why) => Some(not_visible(code, "policy", what, &why.why, who::KEY_VAULT)),
        Seen::Absent => Some(finding(
            "CMK046",
            Severity::Block,
            "policy",
            "The policy is gone: whether environments can come back without it is not documented.",
            "Ask Microsoft support; create no other policy meanwhile.",
            who::KEY_VAULT,
        )),
        Seen::NotAsked | Seen::Present(_) => None,
    }
}

/// The locked environments of a policy: offline with it, while no operation runs that would explain it (inferred; the service has no word for
/// a lock).
fn enabled_again(observed: &Observed, policy: Option<&ArmId>) -> Vec<Action> {
    let (Some(policy), Some(all)) = (policy, observed.around.estate.present()) else { return Vec::new() };
    let of_policy = |environment: &&Environment| {
        linked(environment).is_some_and(|own| same_id(&own.to_string(), &policy.to_string()))
    };
    let running = |environment: &Environment| {
        environment.ongoing.as_deref().is_some_and(|kind| [ADD, SWAP, REMOVE].contains(&kind))
    };
    let mut locked: Vec<_> = all
        .iter()
        .filter(of_policy)
        .filter(|environment| environment.runtime_state.as_deref() == Some("Disabled") && !running(environment))
        .map(|environment| (danger::deleted(environment, observed.key.present(), observed.at), environment))
        .collect();
    locked.sort_by(|(left, one), (right, other)| {
        (left.is_none(), left).cmp(&(right.is_none(), right)).then_with(|| one.display_name.cmp(&other.display_name))
    });
    let action = |(deleted_on, environment): (_, &Environment)| Action::EnableEnvironment {
        environment: environment.id.clone(),
        name: environment.display_name.clone(),
        deleted_on,
    };
    locked.into_iter().map(action).collect()
}
