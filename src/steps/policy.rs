//! Step 3: the enterprise policy, its requirements and its grants.

use super::grant::{PolicyAvailability, pinned};
use super::location::{location, misfit, not_told, policy_location};
use super::ungranted::left_alone;
use super::{Whose, estate, finding, grant, key, preconditions, readers, unknown, unseen, who};
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::known::Known;
use crate::model::near::did_you_mean;
use crate::model::observed::Observed;
use crate::model::plan::{Action, Plan};
use crate::model::protection::{Policy, Registration};
use crate::model::seen::Seen;
use crate::model::target::Target;

/// The whole step. `whose`: does the caller also run the key's side, or may another administrator
/// have done it before?
pub fn plan(target: &Target, observed: &Observed, whose: Whose) -> Plan {
    let all = observed.preconditions.estate.present();
    let holds = |environment: &&Environment| {
        target.policy.is_some() && environment.policy() == target.policy.as_ref()
    };
    let holds: Vec<&Environment> = all.into_iter().flatten().filter(holds).collect();
    step(target, observed, whose, &holds)
}

/// The step for a policy with these linked environments, as far as they were read.
pub(super) fn step(
    target: &Target,
    observed: &Observed,
    whose: Whose,
    holds: &[&Environment],
) -> Plan {
    let mut plan = Plan {
        findings: key::check(target, observed, whose),
        ..Plan::default()
    };
    provider(target, observed, &mut plan);
    if whose == Whose::Own {
        plan.findings.extend(unread_environment(target, observed));
    }
    let policy_comes = policy(target, observed, holds, &mut plan);
    grant::grant(target, observed, policy_comes, whose, &mut plan);
    if target.no_grant {
        left_alone(target, &mut plan);
    }
    readers::readers(target, observed, policy_comes, &mut plan);
    plan.findings
        .extend(preconditions::check(target, observed, &plan.actions));
    plan
}

/// The finding for a named environment that was not read: it decides the policy's location. If the
/// service hides it (403), it belongs to the other administrator. (If the environment is added in
/// the same plan, the add step reports it.)
fn unread_environment(target: &Target, observed: &Observed) -> Option<Finding> {
    let subject = target.environment.as_deref()?;
    let why = observed.environment.unreadable()?;
    (!why.forbidden).then(|| {
        let what = "In which geography the environment is";
        unknown("CMK007", subject, what, &why.why, who::POWER_PLATFORM)
    })
}

/// Whose side the key is, if the environment is added in the same plan. The Key Vault administrator
/// may have created an existing policy.
pub fn whose(observed: &Observed) -> Whose {
    if observed.policy.present().is_some() {
        Whose::Others
    } else {
        Whose::Own
    }
}

const PROVIDER: &str = "Whether the provider `Microsoft.PowerPlatform` is registered";

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
            "Check the subscription in the policy's id, and your sign-in: `cmkctl auth status`.",
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

fn policy(
    target: &Target,
    observed: &Observed,
    holds: &[&Environment],
    plan: &mut Plan,
) -> PolicyAvailability {
    let Some(wanted) = &target.policy else {
        return PolicyAvailability::No;
    };
    match &observed.policy {
        Seen::Present(policy) => {
            let Differences { findings, other } = differences((target, observed), policy, holds);
            if !other {
                plan.already.push(format!(
                    "The enterprise policy `{}` references the key",
                    policy.id.name
                ));
            }
            plan.findings.extend(findings);
            let identity = grant::identity(observed, policy).into_iter();
            plan.findings.extend(identity.map(Finding::of_changes));
            plan.effective_from = grant::effective_from(observed, policy);
            if other {
                PolicyAvailability::No
            } else {
                PolicyAvailability::There
            }
        }
        Seen::Absent => create(target, observed, plan),
        Seen::Unreadable(why) => {
            let what = format!("Whether the policy `{}` exists", wanted.name);
            let of = (who::ASSIGNS_ROLES, Whose::Own);
            let mut found = unseen("CMK019", wanted.to_string(), &what, why, of);
            if why.lacks_a_role() {
                found.remedy =
                    "Get Reader on the policy's resource group, then run the command again.".into();
            }
            plan.findings.push(found);
            PolicyAvailability::No
        }
    }
}

fn create(target: &Target, observed: &Observed, plan: &mut Plan) -> PolicyAvailability {
    let (Some(policy), Some(vault), Some(key)) = (&target.policy, &target.vault, &target.key)
    else {
        return PolicyAvailability::No;
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
            format!(
                "The location for the new policy is unknown ({}), and you did not pass a location.",
                nowhere(observed)
            ),
            "Pass the environment's geography, such as `--location europe`.",
            who::KEY_VAULT,
        ));
        return PolicyAvailability::No;
    };
    plan.findings.extend(location_findings(
        &location,
        geography.as_ref(),
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
    PolicyAvailability::Planned
}

/// Why the environment's geography can't decide the location.
fn nowhere(observed: &Observed) -> String {
    let location = observed
        .environment
        .present()
        .and_then(|environment| environment.location.unknown());
    location.map_or_else(
        || "you can't see the environment".to_owned(),
        |why| format!("the environment shows no geography: {why}"),
    )
}

fn location_findings(
    location: &str,
    geography: Option<&Known<String>>,
    observed: &Observed,
    name: &str,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let provider = observed.provider.present().map(|offer| &offer.locations);
    match provider {
        Some(Known::Known(known))
            if !known
                .iter()
                .any(|place| place.eq_ignore_ascii_case(location)) =>
        {
            let geography = geography.and_then(Known::known);
            let is_geography = geography
                .is_some_and(|geography| policy_location(geography).eq_ignore_ascii_case(location));
            found.push(not_offered(location, is_geography, known, name));
        }
        Some(Known::Unknown(why)) => {
            let what = format!("Whether enterprise policies can be in `{location}`");
            found.push(unknown("CMK008", name, &what, why, who::KEY_VAULT));
        }
        Some(Known::Known(_)) | None => {}
    }
    match geography.map(|geography| misfit(&Known::from(location), geography)) {
        Some(Known::Known(Some(misfit))) => found.push(finding(
            "CMK007",
            misfit.severity(),
            name,
            format!(
                "The policy would be in `{location}`, but the environment is in `{}`.",
                geography.map_or("unknown", Known::shown)
            ),
            format!("Use `--location {}`.", misfit.needed),
            who::KEY_VAULT,
        )),
        Some(Known::Unknown(why)) => found.push(not_told(name, name, &why)),
        Some(Known::Known(None)) | None => {}
    }
    found
}

/// The finding for a location that the provider does not offer. `is_geography`: it is the
/// environment's geography, so no other location would fit.
fn not_offered(location: &str, is_geography: bool, known: &[String], name: &str) -> Finding {
    let none = if is_geography {
        " This location is the environment's geography, so the environment can't have a \
        customer-managed key today."
    } else {
        ""
    };
    let offered = format!("Azure offers these locations: {}.", known.join(", "));
    finding(
        "CMK008",
        Severity::Block,
        name,
        format!("Azure does not offer enterprise policies in the location `{location}`.{none}"),
        match did_you_mean(location, known.iter().map(String::as_str)) {
            Some(meant) => format!("{meant} {offered}"),
            None => offered,
        },
        who::KEY_VAULT,
    )
}

/// How an existing policy differs from what was asked for.
struct Differences {
    findings: Vec<Finding>,
    /// Is the policy of another kind, or may it use another key? Then it gets no grant. A policy in
    /// the wrong location may still have environments, so it keeps its grant.
    other: bool,
}

/// The differences of an existing policy. cmkctl never rewrites it: the service refuses that while
/// any environment is linked to it.
fn differences(
    (target, observed): (&Target, &Observed),
    policy: &Policy,
    holds: &[&Environment],
) -> Differences {
    let name = &policy.id.name;
    if !policy.is_for_encryption() {
        let message = format!(
            "The policy `{name}` is of kind `{}`, not `Encryption`.",
            policy.kind
        );
        let another = "Choose another name for the policy.";
        return Differences {
            findings: vec![differs(policy, "CMK042", message, another)],
            other: true,
        };
    }
    let mut found = key::references(policy);
    found.extend(other_key(target, policy, holds));
    let stands =
        |finding: &Finding| matches!(finding.severity, Severity::Block | Severity::Unknown);
    let other = found.iter().any(stands);
    found.extend(needlessly_pinned(target, policy));
    let wanted = location(target, observed);
    match (wanted, &policy.location) {
        (Some(wanted), Known::Known(actual)) if !wanted.eq_ignore_ascii_case(actual) => {
            let message = format!(
                "The policy `{name}` is in `{actual}`, but it must be in \
                `{wanted}`."
            );
            found.push(differs(
                policy,
                "CMK007",
                message,
                "Create a policy in that location, under another name.",
            ));
        }
        (Some(_), Known::Unknown(why)) => {
            found.push(not_told(&policy.id.to_string(), name, why));
        }
        (None, _) => {
            let geography = observed
                .environment
                .present()
                .map(|environment| &environment.location);
            let why = geography.and_then(Known::unknown);
            found.extend(why.map(|why| not_told(&policy.id.to_string(), name, why)));
        }
        (Some(_), Known::Known(_)) => {}
    }
    Differences {
        findings: found,
        other,
    }
}

/// The finding for a policy with a key version that the caller did not ask for.
fn needlessly_pinned(target: &Target, policy: &Policy) -> Option<Finding> {
    target.vault.as_ref().zip(target.key.as_ref())?;
    let version = policy.key_reference()?.version.as_ref()?;
    target
        .key_version
        .is_none()
        .then(|| pinned(policy, version))
}

fn differs(policy: &Policy, code: &'static str, message: String, remedy: &str) -> Finding {
    let id = policy.id.to_string();
    finding(code, Severity::Block, id, message, remedy, who::KEY_VAULT)
}

/// The findings for a policy that references another key than the one asked for.
fn other_key(target: &Target, policy: &Policy, holds: &[&Environment]) -> Vec<Finding> {
    let (Some(reference), Some(vault), Some(key)) =
        (policy.key_reference(), &target.vault, &target.key)
    else {
        return Vec::new();
    };
    let name = &policy.id.name;
    let holders = estate::named(holds).map_or(String::new(), |names| {
        format!(". The policy can't be changed while it protects {names}")
    });
    let another = "cmkctl does not change existing policies. Create a policy with another name.";
    let other = |message: String| differs(policy, "CMK026", message, another);
    let mut found = Vec::new();
    if !reference.vault.is_same_vault(vault) {
        found.push(other(format!(
            "The policy `{name}` references another vault: `{}`{holders}.",
            reference.vault
        )));
    }
    if !reference.key.is(key) {
        found.push(other(format!(
            "The policy `{name}` references another key: `{}`{holders}.",
            reference.key
        )));
    }
    match (&reference.version, &target.key_version) {
        (Some(reference), Some(wanted)) if reference != wanted => found.push(other(format!(
            "The policy `{name}` is pinned to another key version: `{}`.",
            reference.as_str()
        ))),
        (None, Some(_)) => found.push(other(format!(
            "The policy `{name}` is not pinned to a key version, but you asked for a version."
        ))),
        (Some(_), Some(_) | None) | (None, None) => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Row, hidden, id, odd, on, rows, silent, told, version};
    use super::*;
    use crate::model::ids::ResourceKind;
    use crate::model::key_ids::KeyName;
    use crate::model::protection::KeyReference;
    use crate::model::rights::PrincipalRights;

    fn names(observed: &mut Observed, change: fn(KeyReference) -> KeyReference) {
        on(&mut observed.policy, |policy| {
            policy.key = policy.key.clone().map(change)
        });
    }

    #[test]
    fn a_policy_that_is_not_there_is_created_and_granted() {
        rows(
            &[
                ("all there", |_, _| {}, &["done", "done", "done"]),
                (
                    "no policy",
                    |_, o| o.policy = Seen::Absent,
                    &["> create-policy", "> grant-key-by-role", "done"],
                ),
                (
                    "not registered",
                    |_, o| {
                        on(&mut o.provider, |p| {
                            p.state = Known::Known(Registration::NotRegistered)
                        })
                    },
                    &["> register-provider", "done", "done"],
                ),
                (
                    "perhaps registered",
                    |_, o| on(&mut o.provider, |p| p.state = odd()),
                    &["CMK010 unknown", "done", "done"],
                ),
                (
                    "no subscription",
                    |_, o| o.provider = Seen::Absent,
                    &["CMK037 block", "done", "done"],
                ),
                (
                    "a hidden provider",
                    |_, o| o.provider = hidden(),
                    &["CMK010 not-visible", "done", "done"],
                ),
                (
                    "a silent provider",
                    |_, o| o.provider = silent(),
                    &["CMK010 unknown", "done", "done"],
                ),
                (
                    "a silent policy",
                    |_, o| o.policy = silent(),
                    &["CMK019 unknown", "done"],
                ),
                (
                    "a hidden policy",
                    |_, o| o.policy = hidden(),
                    &["CMK019 unknown", "done"],
                ),
                (
                    "no grant",
                    |_, o| o.key_rights = PrincipalRights::nothing(),
                    &["> grant-key-by-role", "done", "done"],
                ),
            ],
            |target, observed| told(&plan(target, observed, Whose::Own)),
        );
    }

    const WHERE_IT_GOES_MUST_BE_KNOWN: &[Row] = &[
        (
            "a place that the provider does not have",
            |t, o| {
                o.policy = Seen::Absent;
                (t.environment, o.environment) = (None, Seen::default());
                t.location = Some("asia".into());
            },
            &[
                "CMK008 block",
                "> create-policy",
                "> grant-key-by-role",
                "done",
            ],
        ),
        (
            "another place than the environment's",
            |t, o| {
                o.policy = Seen::Absent;
                on(&mut o.environment, |e| e.location = "asia".into());
                t.location = Some("europe".into());
            },
            &[
                "CMK007 block",
                "> create-policy",
                "> grant-key-by-role",
                "done",
            ],
        ),
        (
            "places that are not known",
            |_, o| {
                o.policy = Seen::Absent;
                on(&mut o.provider, |p| p.locations = odd());
            },
            &[
                "CMK008 unknown",
                "> create-policy",
                "> grant-key-by-role",
                "done",
            ],
        ),
        (
            "an environment of no known place",
            |_, o| {
                o.policy = Seen::Absent;
                on(&mut o.environment, |e| e.location = odd());
            },
            &["CMK008 unknown", "done"],
        ),
        (
            "an environment that is hidden",
            |t, o| {
                o.environment = hidden();
                t.location = Some("europe".into());
            },
            &["done", "done", "done"],
        ),
        (
            "an environment that is silent",
            |t, o| {
                o.environment = silent();
                t.location = Some("europe".into());
            },
            &["CMK007 unknown", "done", "done", "done"],
        ),
        (
            "a policy elsewhere",
            |_, o| on(&mut o.policy, |p| p.location = "asia".into()),
            &["CMK007 block", "done", "done", "done"],
        ),
        (
            "a policy of no known place",
            |_, o| on(&mut o.policy, |p| p.location = odd()),
            &["CMK007 unknown", "done", "done", "done"],
        ),
    ];

    #[test]
    fn where_it_goes_must_be_known() {
        rows(WHERE_IT_GOES_MUST_BE_KNOWN, |target, observed| {
            told(&plan(target, observed, Whose::Own))
        });
    }

    #[test]
    fn a_policy_for_something_else_gets_no_grant() {
        rows(
            &[
                (
                    "another kind",
                    |_, o| on(&mut o.policy, |p| p.kind = "Identity".into()),
                    &["CMK042 block", "done"],
                ),
                (
                    "another key",
                    |_, o| {
                        names(o, |key| KeyReference {
                            key: KeyName::parse("other").unwrap(),
                            ..key
                        });
                    },
                    &["CMK026 block", "done"],
                ),
                (
                    "another vault",
                    |_, o| {
                        names(o, |key| KeyReference {
                            vault: id(ResourceKind::Vault, "other"),
                            ..key
                        });
                    },
                    &["CMK026 block", "done"],
                ),
                (
                    "no known key",
                    |_, o| on(&mut o.policy, |p| p.key = odd()),
                    &["CMK026 unknown", "done"],
                ),
                (
                    "another version than was asked for",
                    |t, _| t.key_version = Some(version('a')),
                    &["CMK017 warn", "CMK026 block", "done"],
                ),
                (
                    "a version that was not asked for",
                    |_, o| {
                        names(o, |key| KeyReference {
                            version: Some(version('a')),
                            ..key
                        });
                    },
                    &["CMK017 warn", "done", "done", "done"],
                ),
            ],
            |target, observed| told(&plan(target, observed, Whose::Own)),
        );
    }
}
