//! Every check of every step at once. Nothing is started: a problem that a step would repair
//! becomes a finding.

use super::end_state::EndState;
use super::evidence::{First, PolicyAvailability};
use super::grant::grant_command;
use super::lifecycle::ADD;
use super::link::{LinkState, offline, standing, unknown_link};
use super::readers::reader_command;
use super::{
    Whose, acknowledge, add, alerts, estate, finding, grant, integration, key, policy, readiness,
    ready, swap, who,
};
use crate::model::action::facts::{Grant, Lack};
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan, Withheld};
use crate::model::seen::{Reason, Seen, Unreadable};
use crate::model::target::Target;

/// All findings of a snapshot, worst first, and the pending changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checked {
    /// Worst first.
    pub findings: Vec<Finding>,
    /// What `create-policy` and `add-environment` would do, in order.
    pub pending: Vec<Action>,
    /// Pending changes that their evidence does not allow.
    pub withheld: Vec<Withheld>,
}

/// All checks over this snapshot.
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
    if let (None, Some(from)) = (observed.environment.present(), &target.from) {
        found.extend(swap::old_key(observed, &from.to_string()));
    }
    match &observed.environment {
        Seen::Present(environment) => found.extend(of_environment(
            target,
            observed,
            environment,
            (&mut checked.pending, &mut checked.withheld),
        )),
        // The caller named no environment.
        Seen::Absent | Seen::Unreadable(_) if target.environment.is_none() => {}
        Seen::Unreadable(why) => found.push(unseen(target, why)),
        Seen::Absent => {
            let gone = Unreadable::because("the service does not know the environment");
            found.push(unseen(target, &gone));
        }
    }
    found.extend(alerts::check(observed));
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
    (pending, withheld): (&mut Vec<Action>, &mut Vec<Withheld>),
) -> Vec<Finding> {
    let mut found = Vec::new();
    let wanted = target.policy.as_ref();
    // If no policy was asked for, compare with the linked one.
    let standing = wanted.map_or_else(
        || EndState::Linked.standing(environment),
        |policy| standing(environment, policy),
    );
    match &standing {
        LinkState::Done | LinkState::Under => found.extend(unread(observed, environment)),
        LinkState::Locked => {
            found.extend(unread(observed, environment));
            found.push(offline(environment));
        }
        LinkState::None | LinkState::Failed | LinkState::Unknown(_) => {
            if let LinkState::Unknown(why) = &standing {
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
                // With vault and key, `policy::plan` has already checked the policy.
                let comes = target.vault.is_some() && target.key.is_some();
                found.extend(ready::check_policy(observed, environment, policy, comes));
                // If the standing is not known, offer no action.
                if !matches!(standing, LinkState::Unknown(_)) {
                    let comes = if comes {
                        PolicyAvailability::Policy
                    } else {
                        PolicyAvailability::Nothing
                    };
                    let mut step = Plan::default();
                    let to = (policy, comes, First::Nothing);
                    add::link(&mut step, (target, observed), environment, to);
                    pending.extend(step.actions);
                    withheld.extend(step.withheld);
                }
            }
        }
        LinkState::Other(other) => {
            found.extend(ready::managed(environment));
            if let Some(policy) = wanted {
                // With vault and key, `policy::plan` has already checked the policy.
                let comes = target.vault.is_some() && target.key.is_some();
                found.extend(ready::check_policy(observed, environment, policy, comes));
            }
            found.extend(other_policy(target, observed, environment, other));
        }
    }
    found.extend(estate::check(
        target,
        &observed.preconditions.estate,
        environment,
    ));
    found.extend(estate::history(observed, environment, wanted));
    found.extend(acknowledge::check(environment));
    found
}

/// The findings for a linked policy or a history that was not read. Without them the state of key,
/// vault, grant and running operations is not known.
fn unread(observed: &Observed, environment: &Environment) -> Vec<Finding> {
    let policy = key::linked_policy(observed, "The state of the policy");
    let history = readiness::unread_history(observed, environment);
    policy.into_iter().chain(history).collect()
}

/// Another policy is linked: either a mistake, or the swap that the caller asked for.
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
            format!("The environment `{name}` is already encrypted with another policy, {other}."),
            "cmkctl never replaces a policy when it adds an environment. To check a move to \
            another policy, run `cmkctl check --swap`.",
            who::POWER_PLATFORM,
        )];
    }
    let mut found = vec![finding(
        "CMK025",
        Severity::Acknowledge,
        id,
        format!(
            "A move from the policy {other} to another policy removes `{name}` from its policy and \
                adds it to the new policy. The environment goes offline twice, for up to 4 days \
                each."
        ),
        "Inform the users and choose a change window for each outage.",
        who::POWER_PLATFORM,
    )];
    found.extend(swap::old_key(observed, &environment.id));
    found
}

fn unseen(target: &Target, unread: &Unreadable) -> Finding {
    let subject = target.environment.clone().unwrap_or_default();
    let what = "cmkctl can't read the environment";
    let why = &unread.why;
    match unread.reason {
        Reason::NotRegistered => finding(
            "CMK022",
            Severity::Block,
            subject,
            format!("{what}: {why}."),
            "Let a human administrator register the service principal once: \
            `New-PowerAppManagementApp -ApplicationId CLIENT_ID`. A service principal can't \
            register itself.",
            who::POWER_PLATFORM,
        ),
        Reason::NoRole => finding(
            "CMK021",
            Severity::Block,
            subject,
            format!("{what}: {why}."),
            "Get the role Power Platform Administrator or Dynamics 365 Administrator. If you are \
            eligible for one of these roles, activate the role in Privileged Identity Management.",
            who::POWER_PLATFORM,
        ),
        Reason::Other | Reason::NotShown | Reason::KeyWithoutPolicy => super::unseen(
            "CMK020",
            subject,
            "The state of the environment",
            unread,
            (who::POWER_PLATFORM, Whose::Others),
        ),
    }
}

/// The finding for a change that a step would make.
fn unmade(observed: &Observed, action: &Action) -> Option<Finding> {
    let principal = observed
        .policy
        .present()
        .and_then(|policy| policy.principal_id.as_deref());
    match action.facts().lack {
        Lack::Provider(subscription) => Some(unregistered(subscription)),
        Lack::Grant(Grant::Role { policy, vault }) => {
            let message = format!(
                "The identity of the policy `{}` has no role on the vault `{}`. Without a role, \
                the identity can't use the key.",
                policy.name, vault.name
            );
            let remedy = grant_command(&vault.to_string(), "", principal?);
            Some(missing_grant(vault, message, remedy, who::GIVES_KEY_ROLE))
        }
        Lack::Grant(Grant::AccessPolicy { policy, vault }) => {
            let message = format!(
                "The vault `{}` has no access policy (get, wrapKey, unwrapKey) for the identity \
                of the policy `{}`.",
                vault.name, policy.name
            );
            let remedy = format!(
                "az keyvault set-policy --name {} --subscription {} --object-id {} \
                --key-permissions get wrapKey unwrapKey",
                vault.name, vault.subscription, principal?
            );
            Some(missing_grant(vault, message, remedy, who::KEY_VAULT))
        }
        Lack::Grant(Grant::LocalRole { policy, hsm, key }) => {
            let message = format!(
                "The identity of the policy `{}` has no local role on the key `{key}` of the \
                managed HSM `{}`.",
                policy.name, hsm.name
            );
            let remedy = grant_command(&hsm.to_string(), key, principal?);
            Some(missing_grant(hsm, message, remedy, who::KEY_VAULT))
        }
        Lack::Reader(policy, principal) => Some(unreadable(policy, principal)),
        // The steps for policy and environment report these themselves.
        Lack::Key | Lack::Policy | Lack::Managed | Lack::Nothing => None,
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

/// The finding for a principal that must be able to read the policy, but can't.
fn unreadable(policy: &ArmId, principal: &str) -> Finding {
    finding(
        "CMK019",
        Severity::Block,
        policy.to_string(),
        format!(
            "The principal {principal} has no role that can read the policy `{}`.",
            policy.name
        ),
        reader_command(policy, principal),
        who::ASSIGNS_ROLES,
    )
}

/// The finding for a missing grant. `who`: the role that can give it.
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

#[cfg(test)]
mod tests {
    use super::super::samples::{Row, hidden, linked, odd, on, rows, silent, told};
    use super::*;
    use crate::model::rights::PrincipalRights;

    fn checked(target: &Target, observed: &Observed) -> Vec<String> {
        let Checked {
            findings,
            pending,
            withheld,
        } = check(target, observed);
        told(&Plan {
            findings,
            actions: pending,
            withheld,
            ..Plan::default()
        })
    }

    const EVERYTHING_IS_SAID_AND_WHAT_IS_OPEN_IS_NOT_PENDING: &[Row] = &[
        ("to be added", |_, _| {}, &["> add-environment"]),
        ("added", |_, o| linked(o, "ep", "Linked"), &[]),
        (
            "added, and a policy that does not answer",
            |t, o| {
                linked(o, "ep", "Linked");
                (t.vault, t.key, o.vault, o.key) = (None, None, None, None);
                o.policy = silent();
            },
            &["CMK019 unknown"],
        ),
        (
            "added, and a policy that is gone",
            |t, o| {
                linked(o, "ep", "Linked");
                (t.vault, t.key, o.vault, o.key) = (None, None, None, None);
                o.policy = Seen::Absent;
            },
            &["CMK019 unknown"],
        ),
        (
            "added, and a history that does not answer",
            |_, o| {
                linked(o, "ep", "Linked");
                o.operations = silent();
            },
            &["CMK023 unknown"],
        ),
        (
            "no grant",
            |_, o| o.key_rights = PrincipalRights::nothing(),
            &["CMK012 block", "> grant-key-by-role", "> add-environment"],
        ),
        (
            "in another policy",
            |_, o| linked(o, "old", "Linked"),
            &["CMK025 block"],
        ),
        (
            "to be moved from another policy",
            |t, o| {
                linked(o, "old", "Linked");
                t.swap = true;
            },
            &[],
        ),
        (
            "locked",
            |_, o| {
                linked(o, "ep", "Linked");
                on(&mut o.environment, |e| e.runtime_state = "Disabled".into());
            },
            &["CMK035 block"],
        ),
        (
            "a silent link",
            |_, o| on(&mut o.environment, |e| e.key_link = silent()),
            &["CMK025 unknown"],
        ),
        (
            "a link in a new way",
            |_, o| linked(o, "ep", "Wibble"),
            &["CMK025 unknown"],
        ),
        (
            "a silent environment",
            |_, o| o.environment = silent(),
            &["CMK020 unknown"],
        ),
        (
            "a hidden environment",
            |_, o| o.environment = hidden(),
            &["CMK020 not-visible"],
        ),
        (
            "a hidden vault",
            |_, o| o.vault = Some(hidden()),
            &["CMK011 not-visible", "> add-environment"],
        ),
        (
            "without the names of vault and key",
            |t, o| {
                (t.vault, t.key) = (None, None);
                on(&mut o.policy, |p| p.encrypts = odd());
            },
            &["CMK026 unknown", "withheld"],
        ),
    ];

    #[test]
    fn everything_is_said_and_what_is_open_is_not_pending() {
        rows(EVERYTHING_IS_SAID_AND_WHAT_IS_OPEN_IS_NOT_PENDING, checked);
    }
}
