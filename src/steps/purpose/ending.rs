//! What a reset, a deletion or a move from Lifecycle Services means for the key.

use crate::model::environment::Environment;
use crate::model::finding::{Finding, Severity};
use crate::model::observed::Observed;
use crate::model::seen::Seen;
use crate::steps::integration::{self, Verdict as Integrated};
use crate::steps::remove::{must_stay, needed_until};
use crate::steps::{estate, finding, quoted, who};

/// A reset deletes the encrypted data and its backups, and the environment returns to the Microsoft
/// key. `retire-key` still counts 30 days after it, because the text names no day (inferred).
pub(super) fn reset(observed: &Observed, environment: &Environment) -> Vec<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let mut found = estate::history(observed, environment, None);
    let Some(policy) = environment.policy() else {
        return found;
    };
    found.push(finding(
        "CMK054",
        Severity::Acknowledge,
        id,
        format!(
            "The reset deletes the data and the backups of `{name}`. After the reset, the \
                environment uses the Microsoft key and no longer has the policy `{}`.",
            policy.name
        ),
        format!(
            "After the reset, add the environment to the policy again, with an outage of up to 4 \
                days: `cmkctl add-environment {} --policy {}`.",
            quoted(id),
            quoted(&policy.to_string())
        ),
        who::POWER_PLATFORM,
    ));
    let why = format!("Microsoft's text does not say when `{name}` stops needing its key.");
    found.extend(kept(observed, environment, &why));
    found
}

/// A deleted environment can be recovered for 7 days (Microsoft Learn, Power Platform admin docs,
/// recover-environment, seen 2026-11), and needs its key then. Its backups need it for as long as
/// after a removal (inferred).
pub(super) fn delete(observed: &Observed, environment: &Environment) -> Vec<Finding> {
    let mut found = estate::history(observed, environment, None);
    let name = &environment.display_name;
    let why = format!(
        "You can recover `{name}` for 7 days after the deletion, and the recovered environment \
            needs its key."
    );
    found.extend(kept(observed, environment, &why));
    found
}

/// The note on what you must keep.
fn kept(observed: &Observed, environment: &Environment, why: &str) -> Option<Finding> {
    let policy = environment.policy()?;
    let message = format!(
        "{why} Keep the key, the vault and the access of the policy `{}` for 30 days (until {} if \
            you start today).",
        policy.name,
        needed_until(observed)
    );
    Some(must_stay(environment, message))
}

/// Microsoft's text on the move says nothing about keys, so this is never a yes. (Public preview
/// since 2026-09-22. That a moved environment shows `Internal` is inferred.)
pub(super) fn moved(observed: &Observed, environment: &Environment) -> Vec<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let nothing = |message: String| {
        let remedy = "You do not need to move the environment.";
        finding(
            "CMK055",
            Severity::Block,
            id,
            message,
            remedy,
            who::POWER_PLATFORM,
        )
    };
    let answer = observed.integration.as_ref();
    match integration::verdict(environment, answer) {
        Integrated::Unified => {
            let before = match &environment.key_link {
                Seen::Present(_) => {
                    " The environment has a key, so it was most likely moved before (inferred). \
                        Microsoft's text does not cover this case."
                }
                Seen::Absent | Seen::Unreadable(_) => "",
            };
            vec![nothing(format!(
                "`{name}` is already in the Power Platform admin center.{before}"
            ))]
        }
        Integrated::NotFinanceAndOperations => vec![nothing(format!(
            "`{name}` has no finance and operations apps, so it is not in Lifecycle Services."
        ))],
        Integrated::Integrated
        | Integrated::InitialEnvironmentOnly
        | Integrated::LinkIncomplete
        | Integrated::Mismatch
        | Integrated::CloudHosted => vec![silent(environment)],
        Integrated::Unknown => {
            let target = crate::model::target::Target {
                power_platform_only: true,
                ..crate::model::target::Target::default()
            };
            let mut found = integration::check(&target, environment, answer);
            found.push(silent(environment));
            found
        }
    }
}

/// The finding that Microsoft's text does not answer the question.
fn silent(environment: &Environment) -> Finding {
    let (id, name) = (&environment.id, &environment.display_name);
    let key = match &environment.key_link {
        Seen::Present(link) => format!(
            " `{name}` has the key of the policy `{}`.",
            link.policy.name
        ),
        Seen::Absent | Seen::Unreadable(_) => String::new(),
    };
    finding(
        "CMK053",
        Severity::Unknown,
        id,
        format!(
            "Microsoft's text on the move from Lifecycle Services says nothing about \
                customer-managed keys.{key} After the move, the service probably shows the link \
                type `Internal` (inferred)."
        ),
        format!(
            "Ask Microsoft support before the move, because you can't undo the move. After the \
                move, check the environment: `cmkctl status {id}`."
        ),
        who::POWER_PLATFORM,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::environment::{AppLink, Dataverse, Integration};
    use crate::model::known::Known;
    use crate::steps::samples::{codes, linked, list, on, operation, silent as mute, well};

    const URL: &str = "https://uat.operations.dynamics.com";

    fn every_code(found: &[Finding]) -> Vec<&'static str> {
        found.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn what_must_stay_is_a_note() {
        let (_, mut observed) = well();
        let of = |observed: &Observed| observed.environment.present().cloned().unwrap();
        let bare = of(&observed);
        assert!(reset(&observed, &bare).is_empty());
        assert!(delete(&observed, &bare).is_empty());
        linked(&mut observed, "ep", "Linked");
        let keyed = of(&observed);
        let found = reset(&observed, &keyed);
        assert_eq!(every_code(&found), ["CMK054", "CMK033"]);
        assert!(codes(&found).is_empty());
        let found = delete(&observed, &keyed);
        assert_eq!(every_code(&found), ["CMK033"]);
        assert!(found[0].message.contains("2026-04-01"), "{found:?}");
        let removal = operation("RevertToMicrosoftKey", "Succeeded", 3);
        list(&mut observed.operations, |all| all.push(removal));
        assert_eq!(codes(&delete(&observed, &bare)), ["CMK033 warn"]);
    }

    #[test]
    fn a_move_is_never_a_yes() {
        let told = |kind: Option<&str>, answer: Option<Seen<Integration>>, dataverse: bool| {
            let (_, mut observed) = well();
            linked(&mut observed, "ep", "Linked");
            on(&mut observed.environment, |e| {
                e.app = Known::Known(kind.map(|kind| AppLink {
                    id: None,
                    kind: Some(kind.to_owned()),
                    url: Some(URL.to_owned()),
                }));
                e.dataverse = dataverse.then(Dataverse::default);
            });
            observed.integration = answer;
            codes(&moved(&observed, observed.environment.present().unwrap()))
        };
        let yes = || {
            Some(Seen::Present(Integration::Integrated {
                id: None,
                url: Some(URL.to_owned()),
            }))
        };
        assert_eq!(told(Some("Linked"), yes(), true), ["CMK053 unknown"]);
        assert_eq!(told(Some("Linked"), None, false), ["CMK053 unknown"]);
        assert_eq!(told(Some("Internal"), yes(), true), ["CMK055 block"]);
        assert_eq!(told(None, None, true), ["CMK055 block"]);
        for answer in [Some(mute()), None, Some(Seen::Absent)] {
            let found = told(Some("Internal"), answer, true);
            assert_eq!(found, ["CMK001 unknown", "CMK053 unknown"]);
        }
    }
}
