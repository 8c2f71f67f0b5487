//! Step 3: the enterprise policy, what it needs before it and the grants after it.

use super::grant::{Comes, pinned};
use super::location::{location, policy_location};
use super::{Whose, around, estate, finding, grant, key, readers, unknown, unseen, who};
use crate::model::finding::{Finding, Severity};
use crate::model::known::Known;
use crate::model::near::did_you_mean;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::protection::{Policy, Registration};
use crate::model::seen::Seen;
use crate::model::target::Target;

/// The whole step. `whose`: is the key's side that of whoever runs this, or may another
/// administrator have done it before?
pub fn plan(target: &Target, observed: &Observed, whose: Whose) -> Plan {
    let mut plan = Plan {
        findings: key::check(target, observed, whose),
        ..Plan::default()
    };
    provider(target, observed, &mut plan);
    let policy_comes = policy(target, observed, &mut plan);
    grant::grant(target, observed, policy_comes, whose, &mut plan);
    readers::readers(target, observed, policy_comes, &mut plan);
    plan.findings
        .extend(around::check(target, observed, &plan.actions));
    plan
}

/// Whose the key's side is where the environment is added, too: a policy that is there may have
/// been made by the Key Vault administrator.
pub fn whose(observed: &Observed) -> Whose {
    if observed.policy.present().is_some() {
        Whose::Others
    } else {
        Whose::Own
    }
}

const PROVIDER: &str = "The registration of the provider `Microsoft.PowerPlatform`";

fn provider(target: &Target, observed: &Observed, plan: &mut Plan) {
    let Some(policy) = &target.policy else { return };
    let subscription = &policy.subscription;
    match &observed.provider {
        Seen::Present(provider) => match &provider.state {
            Known::Known(Registration::Registered) => plan.already.push(format!(
                "The provider `Microsoft.PowerPlatform` is registered in \
                    subscription {subscription}"
            )),
            Known::Known(Registration::Registering | Registration::NotRegistered) => {
                plan.actions.push(Action::RegisterProvider {
                    subscription: subscription.clone(),
                });
            }
            Known::Unknown(why) => plan.findings.push(unknown(
                "CMK010",
                subscription,
                PROVIDER,
                why,
                who::ASSIGNS_ROLES,
            )),
        },
        Seen::Absent => plan.findings.push(finding(
            "CMK037",
            Severity::Block,
            subscription,
            format!("The subscription {subscription} can't be found."),
            "Check the subscription in the policy's id, and that you are signed in to its tenant.",
            who::KEY_VAULT,
        )),
        Seen::Unreadable(why) => {
            plan.findings.push(unseen(
                "CMK010",
                subscription,
                PROVIDER,
                why,
                (who::ASSIGNS_ROLES, Whose::Others),
            ));
        }
    }
}

fn policy(target: &Target, observed: &Observed, plan: &mut Plan) -> Comes {
    let Some(wanted) = &target.policy else {
        return Comes::No;
    };
    match &observed.policy {
        Seen::Present(policy) => {
            let found = differences(target, observed, policy);
            // A policy of another kind, or one that may be for another key, gets no grant; one in
            // the wrong place may still hold environments.
            let other = found.iter().any(|finding| {
                ["CMK026", "CMK042"].contains(&finding.code)
                    && matches!(finding.severity, Severity::Block | Severity::Unknown)
            });
            if !other {
                plan.already.push(format!(
                    "The enterprise policy `{}` references the key",
                    policy.id.name
                ));
            }
            plan.findings.extend(found);
            plan.findings.extend(grant::identity(observed, policy));
            plan.effective_from = grant::effective_from(observed, policy);
            if other { Comes::No } else { Comes::There }
        }
        Seen::Absent => create(target, observed, plan),
        Seen::Unreadable(why) => {
            plan.findings.push(finding(
                "CMK019",
                Severity::Unknown,
                wanted.to_string(),
                format!(
                    "Whether the policy `{}` exists is not known: {}.",
                    wanted.name, why.why
                ),
                "Get Reader on its resource group, then run this again: nothing is created that \
                may be there already.",
                who::ASSIGNS_ROLES,
            ));
            Comes::No
        }
    }
}

fn create(target: &Target, observed: &Observed, plan: &mut Plan) -> Comes {
    let (Some(policy), Some(vault), Some(key)) = (&target.policy, &target.vault, &target.key)
    else {
        return Comes::No;
    };
    let geography = observed
        .environment
        .present()
        .map(|environment| environment.location.clone());
    let Some(location) = location(target, observed) else {
        plan.findings.push(finding(
            "CMK008",
            Severity::Unknown,
            policy.to_string(),
            "The policy's location is not known: the environment is not visible to you, and none \
            was given.",
            "Pass `--location`, the environment's geography, such as `--location europe`.",
            who::KEY_VAULT,
        ));
        return Comes::No;
    };
    plan.findings.extend(location_findings(
        &location,
        geography.as_deref(),
        observed,
        &policy.name,
    ));
    plan.actions.push(Action::CreatePolicy {
        policy: policy.clone(),
        location,
        vault: vault.clone(),
        key: key.clone(),
        version: target.key_version.clone(),
    });
    Comes::Planned
}

fn location_findings(
    location: &str,
    geography: Option<&str>,
    observed: &Observed,
    name: &str,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let known = observed
        .provider
        .present()
        .map(|provider| provider.locations.as_slice())
        .unwrap_or_default();
    if !known.is_empty() && !known.iter().any(|own| own.eq_ignore_ascii_case(location)) {
        found.push(finding(
            "CMK008",
            Severity::Block,
            name,
            format!("Enterprise policies can't be in `{location}`."),
            match did_you_mean(location, known.iter().map(String::as_str)) {
                Some(meant) => format!("{meant} Locations of the provider: {}.", known.join(", ")),
                None => format!("Locations of the provider: {}.", known.join(", ")),
            },
            who::KEY_VAULT,
        ));
    }
    if let Some(geography) =
        geography.filter(|geography| !policy_location(geography).eq_ignore_ascii_case(location))
    {
        found.push(finding(
            "CMK007",
            Severity::Block,
            name,
            format!(
                "The policy would be in `{location}`, but the environment is in `{geography}`."
            ),
            format!("Use `--location {}`.", policy_location(geography)),
            who::KEY_VAULT,
        ));
    }
    found
}

/// Where an existing policy is not what was asked for. It is never rewritten: the service refuses
/// that while any environment is linked to it.
fn differences(target: &Target, observed: &Observed, policy: &Policy) -> Vec<Finding> {
    let name = &policy.id.name;
    if !policy.kind.eq_ignore_ascii_case("Encryption") {
        return vec![differs(
            policy,
            "CMK042",
            format!(
                "The policy `{name}` is of kind `{}`, not `Encryption`.",
                policy.kind
            ),
            "Choose another name for the policy.",
        )];
    }
    let mut found = Vec::new();
    found.extend(key::references(policy));
    found.extend(other_key(target, observed, policy));
    let wanted = location(target, observed);
    if let Some(wanted) = wanted.filter(|wanted| !wanted.eq_ignore_ascii_case(&policy.location)) {
        let message = format!(
            "The policy `{name}` is in `{}`; `{wanted}` is needed.",
            policy.location
        );
        found.push(differs(
            policy,
            "CMK007",
            message,
            "Create a policy in that location, under another name.",
        ));
    }
    found
}

fn differs(policy: &Policy, code: &'static str, message: String, remedy: &str) -> Finding {
    let id = policy.id.to_string();
    finding(code, Severity::Block, id, message, remedy, who::KEY_VAULT)
}

/// Where the key that the policy references is not the one that was asked for.
fn other_key(target: &Target, observed: &Observed, policy: &Policy) -> Vec<Finding> {
    let (Some(own), Some(vault), Some(key)) = (policy.key_reference(), &target.vault, &target.key)
    else {
        return Vec::new();
    };
    let name = &policy.id.name;
    let holders = estate::holders(observed, &policy.id).map_or(String::new(), |names| {
        format!(" and holds {names}: it can't be changed while it does")
    });
    let another = "Create a policy under another name; a policy in use keeps its key for good.";
    let other = |message: String| differs(policy, "CMK026", message, another);
    let mut found = Vec::new();
    if !own.vault.is_same_vault(vault) {
        found.push(other(format!(
            "The policy `{name}` references the vault `{}`{holders}.",
            own.vault
        )));
    }
    if !own.key.is(key) {
        found.push(other(format!(
            "The policy `{name}` references the key `{}`{holders}.",
            own.key
        )));
    }
    match (&own.version, &target.key_version) {
        (Some(own), Some(wanted)) if own != wanted => found.push(other(format!(
            "The policy `{name}` is pinned to version {}.",
            own.as_str()
        ))),
        (None, Some(_)) => found.push(other(format!(
            "The policy `{name}` is not pinned to a version."
        ))),
        (Some(own), None) => found.push(pinned(policy, own)),
        (Some(_), Some(_)) | (None, None) => {}
    }
    found
}
