//! Does an activity log alert report a deletion of the vault? Without such an alert, the first sign
//! is an environment that goes offline. The finding is only a note, because an alert protects
//! nothing by itself.

use super::{finding, who};
use crate::model::alert::{Alert, Condition};
use crate::model::finding::{Finding, Severity};
use crate::model::ids::ArmId;
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::seen::Seen;
use crate::model::unknown::{hidden, unknown};

/// A note if no alert is visible, or if cmkctl can't tell.
pub(super) fn check(observed: &Observed) -> Option<Finding> {
    let (Some(vault), Some(alerts)) = (observed.vault(), &observed.preconditions.alerts) else {
        return None;
    };
    let what = format!(
        "Whether an alert reports a deletion of the vault `{}`",
        vault.id.name
    );
    let sentence = match alerts {
        Seen::Present(all) => match Verdict::any(all.iter().map(|alert| tells(alert, &vault.id))) {
            Verdict::Yes => return None,
            Verdict::No => format!(
                "No activity log alert that you can see reports a deletion of the vault `{}`.",
                vault.id.name
            ),
            Verdict::CantTell(why) => unknown(&what, &why.why),
        },
        Seen::Absent => unknown(&what, "the service does not support this query"),
        Seen::Unreadable(why) if why.forbidden => hidden(&what, &why.why),
        Seen::Unreadable(why) => unknown(&what, &why.why),
    };
    Some(finding(
        "CMK057",
        Severity::Acknowledge,
        vault.id.to_string(),
        sentence,
        "Deploy alerts for the vault and the policy: `cmkctl export bicep --alerts` writes them.",
        who::KEY_VAULT,
    ))
}

/// Does the alert report a deletion of the vault?
fn tells(alert: &Alert, vault: &ArmId) -> Verdict {
    let enabled = fact(&alert.enabled, |enabled| Verdict::of(*enabled));
    let scopes = fact(&alert.scopes, |scopes| {
        Verdict::of(scopes.iter().any(|scope| holds(scope, vault)))
    });
    let conditions = fact(&alert.conditions, |all| {
        let every = all.iter().map(|condition| meets(condition, vault));
        every.fold(Verdict::Yes, |before, met| before.and(|| met))
    });
    enabled.and(|| scopes).and(|| conditions)
}

fn fact<T>(known: &Known<T>, judge: impl FnOnce(&T) -> Verdict) -> Verdict {
    match known {
        Known::Known(value) => judge(value),
        Known::Unknown(why) => Verdict::cant_tell(format!("for one alert, {why}")),
    }
}

/// Is the vault at this scope, or below it? The service shows scopes with and without the first
/// slash.
fn holds(scope: &str, vault: &ArmId) -> bool {
    let scope = scope.trim_matches('/').to_ascii_lowercase();
    let vault = vault.to_string().to_ascii_lowercase();
    let rest = vault.trim_matches('/').strip_prefix(scope.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Does the event of the deletion meet the condition? cmkctl can't judge a field of the event that
/// it can't foresee, such as the caller.
fn meets(condition: &Condition, vault: &ArmId) -> Verdict {
    let deletion = format!("{}/delete", vault.kind.arm_type());
    let has = |(field, values): &(String, Vec<String>)| {
        let is =
            |event: &str| Verdict::of(values.iter().any(|value| value.eq_ignore_ascii_case(event)));
        match field.to_ascii_lowercase().as_str() {
            "category" => is("Administrative"),
            "operationname" => is(&deletion),
            "resourceprovider" => is("Microsoft.KeyVault"),
            "resourcetype" => is(vault.kind.arm_type()),
            "resourceid" => is(&vault.to_string()),
            "resourcegroup" => is(&vault.group),
            // The service writes each of these for a deletion.
            "status" => Verdict::any(["Succeeded", "Started", "Accepted"].map(is)),
            _ => Verdict::cant_tell(format!("an alert has a condition on the field `{field}`")),
        }
    };
    Verdict::any(condition.0.iter().map(has))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Row, all, hidden as refused, odd, rows, silent};
    use super::*;
    use crate::model::target::Target;

    const GROUP: &str = "subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/RG";

    fn alert(conditions: &[(&str, &str)]) -> Alert {
        let condition = |(field, value): &(&str, &str)| {
            Condition(vec![((*field).to_owned(), vec![(*value).to_owned()])])
        };
        Alert {
            enabled: Known::Known(true),
            scopes: Known::Known(vec![GROUP.to_owned()]),
            conditions: Known::Known(conditions.iter().map(condition).collect()),
        }
    }

    fn deletion() -> Alert {
        alert(&[
            ("category", "Administrative"),
            ("operationName", "microsoft.keyvault/vaults/DELETE"),
        ])
    }

    fn has(observed: &mut Observed, alerts: Vec<Alert>) {
        observed.preconditions.alerts = Some(all(alerts));
    }

    const NONE: &[&str] =
        &["No activity log alert that you can see reports a deletion of the vault `kv`."];

    const WHO_IS_TOLD: &[Row] = &[
        ("not read", |_, _| {}, &[]),
        (
            "one",
            |_, o| has(o, vec![alert(&[("level", "Error")]), deletion()]),
            &[],
        ),
        ("none", |_, o| has(o, Vec::new()), NONE),
        (
            "every operation",
            |_, o| has(o, vec![alert(&[("category", "Administrative")])]),
            &[],
        ),
        (
            "another operation",
            |_, o| {
                has(
                    o,
                    vec![alert(&[(
                        "operationName",
                        "Microsoft.KeyVault/vaults/write",
                    )])],
                )
            },
            NONE,
        ),
        (
            "off",
            |_, o| {
                let enabled = Known::Known(false);
                has(
                    o,
                    vec![Alert {
                        enabled,
                        ..deletion()
                    }],
                );
            },
            NONE,
        ),
        (
            "another group with the same start",
            |_, o| {
                let scopes = Known::Known(vec![GROUP.trim_end_matches('G').to_owned()]);
                has(
                    o,
                    vec![Alert {
                        scopes,
                        ..deletion()
                    }],
                );
            },
            NONE,
        ),
        (
            "a field that nothing tells",
            |_, o| has(o, vec![alert(&[("caller", "me")])]),
            &[
                "cmkctl can't tell whether an alert reports a deletion of the vault `kv`: an \
                alert has a condition on the field `caller`.",
            ],
        ),
        (
            "odd",
            |_, o| {
                let conditions = odd();
                has(
                    o,
                    vec![Alert {
                        conditions,
                        ..deletion()
                    }],
                );
            },
            &[
                "cmkctl can't tell whether an alert reports a deletion of the vault `kv`: for one \
                alert, it says something else.",
            ],
        ),
        (
            "silent",
            |_, o| o.preconditions.alerts = Some(silent()),
            &[
                "cmkctl can't tell whether an alert reports a deletion of the vault `kv`: it did \
                not answer.",
            ],
        ),
        (
            "refused",
            |_, o| o.preconditions.alerts = Some(refused()),
            &[
                "You can't see whether an alert reports a deletion of the vault `kv`: it answered \
                403.",
            ],
        ),
    ];

    #[test]
    fn a_note_says_that_no_alert_is_visible_and_never_that_there_is_none() {
        rows(WHO_IS_TOLD, |_: &Target, observed| {
            check(observed)
                .into_iter()
                .map(|found| found.message)
                .collect()
        });
    }
}
