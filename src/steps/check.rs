//! Every check at once, whatever step it belongs to: nothing is planned, and what a step would
//! repair is said as a finding.

use super::goal::Goal;
use super::grant::grant_command;
use super::lifecycle::ADD;
use super::link::{Standing, offline, standing, unknown_link};
use super::readers::reader_command;
use super::{
    Whose, acknowledge, estate, finding, grant, integration, key, not_visible, policy, ready, swap,
    who,
};
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::observed::Observed;
use crate::model::plan::Action;
use crate::model::seen::Seen;
use crate::model::target::Target;

/// All findings of a snapshot, worst first, and the changes that are still to be made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checked {
    /// Worst first.
    pub findings: Vec<Finding>,
    /// What `create-policy` and `add-environment` would do, in order.
    pub pending: Vec<Action>,
}

/// Everything that the snapshot shows.
pub fn check(target: &Target, observed: &Observed) -> Checked {
    let mut checked = Checked::default();
    let mut found = Vec::new();
    if target.policy.is_some() && target.vault.is_some() && target.key.is_some() {
        let plan = policy::plan(target, observed, Whose::Others);
        found.extend(plan.findings);
        found.extend(
            plan.actions
                .iter()
                .filter_map(|action| unmade(observed, action)),
        );
        checked.pending = plan.actions;
    } else {
        found.extend(
            observed
                .policy
                .present()
                .map(key::references)
                .unwrap_or_default(),
        );
        found.extend(key::check(target, observed, Whose::Others));
        found.extend(grant::in_use(observed, Whose::Others));
    }
    match &observed.environment {
        Seen::Present(environment) => found.extend(of_environment(
            target,
            observed,
            environment,
            &mut checked.pending,
        )),
        // None was named.
        Seen::Absent | Seen::Unreadable(_) if target.environment.is_none() => {}
        Seen::Unreadable(why) => found.push(unseen(target, why.finding, &why.why)),
        Seen::Absent => found.push(unseen(target, None, "the service does not know it")),
    }
    for finding in found {
        if !checked.findings.contains(&finding) {
            checked.findings.push(finding);
        }
    }
    checked
        .findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    checked
}

fn of_environment(
    target: &Target,
    observed: &Observed,
    environment: &Environment,
    pending: &mut Vec<Action>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let wanted = target.policy.as_ref();
    // Without a policy that was asked for, the linked one is the measure.
    let standing = wanted.map_or_else(
        || Goal::Linked.standing(environment),
        |policy| standing(environment, policy),
    );
    match &standing {
        Standing::Done | Standing::Under => {}
        Standing::Locked => found.push(offline(environment)),
        Standing::None | Standing::Failed | Standing::Unknown(_) => {
            if let Standing::Unknown(why) = &standing {
                found.push(unknown_link(environment, why));
            }
            found.extend(integration::check(
                target,
                environment,
                observed.integration.as_ref(),
            ));
            found.extend(ready::check(observed, environment, ADD));
            found.extend(ready::managed(environment));
            if let Some(policy) = wanted {
                // With vault and key, the policy has been looked at from the other side already.
                let comes = target.vault.is_some() && target.key.is_some();
                found.extend(ready::check_policy(observed, environment, policy, comes));
                pending.push(Action::AddEnvironment {
                    environment: environment.id.clone(),
                    name: environment.display_name.clone(),
                    policy: policy.clone(),
                });
            }
        }
        Standing::Other(other) => {
            found.extend(ready::managed(environment));
            if let Some(policy) = wanted {
                // With vault and key, the policy has been looked at from the other side already.
                let comes = target.vault.is_some() && target.key.is_some();
                found.extend(ready::check_policy(observed, environment, policy, comes));
            }
            found.extend(other_policy(target, observed, environment, other));
        }
    }
    found.extend(estate::check(target, &observed.around.estate, environment));
    found.extend(estate::history(observed, environment, wanted));
    found.extend(acknowledge::check(environment));
    found
}

/// Another policy is linked: a mistake, or the swap that was asked for.
fn other_policy(
    target: &Target,
    observed: &Observed,
    environment: &Environment,
    other: &ArmId,
) -> Vec<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    if !target.swap {
        return vec![finding(
            "CMK025",
            Severity::Block,
            id,
            format!("The environment `{name}` is encrypted with another policy, {other} already."),
            "Adding never replaces a policy. Check a move to another one with `cmkctl check \
            --swap`.",
            who::POWER_PLATFORM,
        )];
    }
    let mut found = vec![finding(
        "CMK025",
        Severity::Acknowledge,
        id,
        format!(
            "`{name}` moves from the policy {other} to another one: by the documentation, removed \
            and added, which is two outages of up to 4 days each."
        ),
        "Choose the time for both.",
        who::POWER_PLATFORM,
    )];
    found.extend(swap::old_key(observed, environment));
    found
}

fn unseen(target: &Target, code: Option<&'static str>, why: &str) -> Finding {
    let subject = target.environment.clone().unwrap_or_default();
    let what = "The environment can't be read";
    match code {
        Some("CMK022") => finding(
            "CMK022",
            Severity::Block,
            subject,
            format!("{what}: {why}."),
            "Let a human administrator register it once: `New-PowerAppManagementApp \
            -ApplicationId CLIENT_ID`. It can't register itself.",
            who::POWER_PLATFORM,
        ),
        Some("CMK021") => finding(
            "CMK021",
            Severity::Block,
            subject,
            format!("{what}: {why}."),
            "Get the role Power Platform Administrator or Dynamics 365 Administrator.",
            who::POWER_PLATFORM,
        ),
        _ => not_visible(
            "CMK020",
            subject,
            "The environment",
            why,
            who::POWER_PLATFORM,
        ),
    }
}

/// A change that a step would make, as the finding of its absence.
fn unmade(observed: &Observed, action: &Action) -> Option<Finding> {
    let principal = observed
        .policy
        .present()
        .and_then(|policy| policy.principal_id.as_deref());
    match action {
        Action::RegisterProvider { subscription } => Some(unregistered(subscription)),
        Action::GrantKeyByRole { policy, vault } => {
            let message = format!(
                "The identity of the policy `{}` has no role that lets it use the key of `{}`.",
                policy.name, vault.name
            );
            let remedy = grant_command(&vault.to_string(), "", principal?);
            Some(missing_grant(vault, message, remedy, who::GIVES_KEY_ROLE))
        }
        Action::GrantKeyByAccessPolicy { policy, vault, .. } => {
            let message = format!(
                "The vault `{}` has no access policy (get, wrapKey, unwrapKey) for the identity \
                of the policy `{}`.",
                vault.name, policy.name
            );
            let remedy = format!(
                "az keyvault set-policy --name {} --object-id {} --key-permissions get wrapKey \
                unwrapKey",
                vault.name, principal?
            );
            Some(missing_grant(vault, message, remedy, who::KEY_VAULT))
        }
        Action::GrantKeyByHsmRole {
            policy, hsm, key, ..
        } => {
            let message = format!(
                "The identity of the policy `{}` has no local role on the key `{key}` of `{}`.",
                policy.name, hsm.name
            );
            let remedy = grant_command(&hsm.to_string(), key.as_str(), principal?);
            Some(missing_grant(hsm, message, remedy, who::KEY_VAULT))
        }
        Action::GrantReader { policy, principal } => Some(unreadable(policy, principal)),
        _ => None,
    }
}

fn unregistered(subscription: &str) -> Finding {
    finding(
        "CMK010",
        Severity::Block,
        subscription,
        format!(
            "The provider `Microsoft.PowerPlatform` is not registered in subscription \
            {subscription}"
        ),
        format!(
            "az provider register --namespace Microsoft.PowerPlatform --subscription \
            {subscription}"
        ),
        who::CONTRIBUTOR,
    )
}

/// Who shall read the policy can't.
fn unreadable(policy: &ArmId, principal: &str) -> Finding {
    finding(
        "CMK019",
        Severity::Block,
        policy.to_string(),
        format!(
            "{principal} has no role that reads the policy `{}`.",
            policy.name
        ),
        reader_command(policy, principal),
        who::ASSIGNS_ROLES,
    )
}

/// `who`: the role that can give it.
fn missing_grant(vault: &ArmId, message: String, remedy: String, who: &'static str) -> Finding {
    finding(
        "CMK012",
        Severity::Block,
        vault.to_string(),
        message,
        remedy,
        who,
    )
}
