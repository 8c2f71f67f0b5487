//! Which kinds of environments an operation takes, and what the service itself allows.
//!
//! The kinds are those of Microsoft Learn, Power Platform admin docs, copy-environment,
//! backup-restore-environments, reset-environment and delete-environment, seen 2026-11.

use crate::model::environment::{Environment, Sku};
use crate::model::finding::{Finding, Severity};
use crate::model::known::Known;
use crate::model::lifecycle_rules::Listed;
use crate::model::purpose::Purpose;
use crate::steps::{finding, unknown, who};

/// The kinds that the rules tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Production,
    Resettable,
    Default,
    Trial,
    Other,
}

/// May this environment be copied, reset or deleted, by its kind and by the service's own lists?
pub(super) fn allowed(purpose: Purpose, environment: &Environment) -> Vec<Finding> {
    let forbidden = |kind: Kind| match (purpose, kind) {
        (Purpose::Copy, Kind::Default | Kind::Trial) => {
            Some("You can't copy from a default or trial environment")
        }
        (Purpose::Reset, Kind::Production | Kind::Default | Kind::Trial | Kind::Other) => {
            Some("You can reset only sandbox and developer environments")
        }
        (Purpose::Delete, Kind::Default) => Some("You can't delete the default environment"),
        (Purpose::Copy, Kind::Production | Kind::Resettable | Kind::Other)
        | (Purpose::Reset, Kind::Resettable)
        | (Purpose::Delete, Kind::Production | Kind::Resettable | Kind::Trial | Kind::Other)
        | (Purpose::Restore | Purpose::MoveFromLcs, _) => None,
    };
    let of_kind = by_kind(environment, forbidden);
    of_kind
        .into_iter()
        .chain(by_service(purpose, environment))
        .collect()
}

/// May this environment be overwritten?
pub(super) fn target(
    purpose: Purpose,
    source: &Environment,
    environment: &Environment,
) -> Vec<Finding> {
    let forbidden = |kind: Kind| match (purpose, kind) {
        (Purpose::Copy, Kind::Default | Kind::Trial) => {
            Some("You can't copy onto a default or trial environment")
        }
        (Purpose::Copy, Kind::Production) => Some("You can't copy onto a production environment"),
        (Purpose::Restore, Kind::Production) => {
            Some("You can't restore directly onto a production environment")
        }
        (Purpose::Restore, Kind::Default) => {
            Some("In the admin center, you can't restore onto the default environment")
        }
        (Purpose::Copy, Kind::Resettable | Kind::Other)
        | (Purpose::Restore, Kind::Resettable | Kind::Trial | Kind::Other)
        | (Purpose::Reset | Purpose::Delete | Purpose::MoveFromLcs, _) => None,
    };
    let of_kind = by_kind(environment, forbidden);
    of_kind
        .into_iter()
        .chain(region(source, environment))
        .collect()
}

fn by_kind(
    environment: &Environment,
    forbidden: impl Fn(Kind) -> Option<&'static str>,
) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let kind = match kind(environment) {
        Known::Known(kind) => kind,
        // If the operation is allowed for every kind, the kind does not matter.
        Known::Unknown(_) if ALL.into_iter().all(|kind| forbidden(kind).is_none()) => return None,
        Known::Unknown(why) => {
            let what = format!("What kind of environment `{name}` is");
            return Some(unknown("CMK056", id, &what, &why, who::POWER_PLATFORM));
        }
    };
    let rule = forbidden(kind)?;
    let (shown, remedy) = match kind {
        Kind::Default => ("Default", "Choose another environment."),
        Kind::Production => (
            environment.sku.shown(),
            "First change the environment's type to sandbox in the admin center. This change \
                shortens how long the environment's backups are kept.",
        ),
        Kind::Trial | Kind::Resettable | Kind::Other => {
            (environment.sku.shown(), "Choose another environment.")
        }
    };
    Some(finding(
        "CMK056",
        Severity::Block,
        id,
        format!("{rule}. The type of `{name}` is {shown}."),
        remedy,
        who::POWER_PLATFORM,
    ))
}

const ALL: [Kind; 5] = [
    Kind::Production,
    Kind::Resettable,
    Kind::Default,
    Kind::Trial,
    Kind::Other,
];

fn kind(environment: &Environment) -> Known<Kind> {
    match &environment.is_default {
        Known::Known(true) => return Known::Known(Kind::Default),
        Known::Known(false) => {}
        Known::Unknown(why) => return Known::Unknown(why.clone()),
    }
    let is = |words: &[&str]| {
        let sku = environment.sku.shown();
        words.iter().any(|word| sku.eq_ignore_ascii_case(word))
    };
    environment.sku.means.clone().map(|sku| match sku {
        Sku::Production => Kind::Production,
        Sku::Other if is(&["Sandbox", "Developer"]) => Kind::Resettable,
        Sku::Unsupported if is(&["Default"]) => Kind::Default,
        Sku::Unsupported if is(&["Trial", "SubscriptionBasedTrial"]) => Kind::Trial,
        Sku::Other | Sku::Unsupported => Kind::Other,
    })
}

/// The service's own lists. An operation that is in neither list is only a warning: the lists of
/// some environments are short. (That the list of the source counts for a copy: inferred.)
fn by_service(purpose: Purpose, environment: &Environment) -> Option<Finding> {
    let (id, name) = (&environment.id, &environment.display_name);
    let wanted = purpose.operation()?;
    let rules = match &environment.rules {
        Known::Known(rules) => rules,
        Known::Unknown(why) => {
            let what = format!("Whether the service allows `{wanted}` on `{name}`");
            return Some(unknown("CMK056", id, &what, why, who::POWER_PLATFORM));
        }
    };
    let (severity, message, remedy) = match rules.of(wanted) {
        Listed::Refused(reason) => {
            let reason = reason.map_or_else(
                || "and gives no reason".to_owned(),
                |reason| format!("because: {}", reason.trim_end_matches('.')),
            );
            (
                Severity::Block,
                format!("The service does not allow `{wanted}` on `{name}`, {reason}."),
                "Resolve the problem that the service names, or choose another environment.",
            )
        }
        Listed::Missing => (
            Severity::Warn,
            format!("The service does not say whether it allows `{wanted}` on `{name}`."),
            "Check in the admin center whether you can start the operation. The service may refuse \
                it.",
        ),
        Listed::Allowed | Listed::Silent => return None,
    };
    Some(finding(
        "CMK056",
        severity,
        id,
        message,
        remedy,
        who::POWER_PLATFORM,
    ))
}

/// Copies and restores stay in one region.
fn region(source: &Environment, target: &Environment) -> Option<Finding> {
    let (id, name) = (&target.id, &target.display_name);
    if source.id.eq_ignore_ascii_case(id) {
        return None;
    }
    match (&source.location, &target.location) {
        (Known::Known(from), Known::Known(to)) if from == to => None,
        (Known::Known(from), Known::Known(to)) => Some(finding(
            "CMK056",
            Severity::Block,
            id,
            format!(
                "`{name}` is in `{to}`, but `{}` is in `{from}`. You can copy or restore only \
                    within one geography.",
                source.display_name
            ),
            "Choose an environment in the same geography.",
            who::POWER_PLATFORM,
        )),
        (Known::Unknown(why), _) | (_, Known::Unknown(why)) => {
            let what =
                format!("Whether the target `{name}` is in the same geography as the source");
            Some(unknown("CMK056", id, &what, why, who::POWER_PLATFORM))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lifecycle_rules::Rules;
    use crate::model::word::Word;
    use crate::steps::samples::{codes, environment, odd};

    fn of(sku: &str) -> Environment {
        Environment {
            sku: sku.into(),
            ..environment("e")
        }
    }

    #[test]
    fn each_operation_takes_its_kinds() {
        const NO: &[&str] = &["CMK056 block"];
        const OPEN: &[&str] = &["CMK056 unknown"];
        type Expected = &'static [&'static str];
        // Copy from, reset, delete. Then copy onto, restore onto.
        let table: [(&str, [Expected; 5]); 8] = [
            ("Sandbox", [&[], &[], &[], &[], &[]]),
            ("Developer", [&[], &[], &[], &[], &[]]),
            ("Production", [&[], NO, &[], NO, NO]),
            ("Default", [NO, NO, NO, NO, NO]),
            ("Trial", [NO, NO, &[], NO, &[]]),
            ("Teams", [&[], NO, &[], &[], &[]]),
            ("Support", [&[], NO, &[], &[], &[]]),
            ("Wibble", [OPEN, OPEN, OPEN, OPEN, OPEN]),
        ];
        for (sku, [copied, reset, deleted, copied_onto, restored_onto]) in table {
            let it = of(sku);
            for (purpose, expected) in [
                (Purpose::Copy, copied),
                (Purpose::Reset, reset),
                (Purpose::Delete, deleted),
                (Purpose::Restore, &[][..]),
                (Purpose::MoveFromLcs, &[]),
            ] {
                assert_eq!(codes(&allowed(purpose, &it)), expected, "{sku} {purpose:?}");
            }
            for (purpose, expected) in [
                (Purpose::Copy, copied_onto),
                (Purpose::Restore, restored_onto),
            ] {
                let found = target(purpose, &it, &it);
                assert_eq!(codes(&found), expected, "{sku} {purpose:?}");
            }
        }
        let mut it = of("Sandbox");
        it.is_default = Known::Known(true);
        assert_eq!(codes(&allowed(Purpose::Delete, &it)), NO);
        it.is_default = odd();
        assert_eq!(codes(&allowed(Purpose::Delete, &it)), OPEN);
        it.sku = Word::default();
        assert_eq!(codes(&allowed(Purpose::Delete, &it)), OPEN);
    }

    #[test]
    fn the_service_itself_decides() {
        let rules = |allowed: &[&str], disallowed: &[(&str, Option<&str>)]| {
            let owned = |text: &&str| (*text).to_owned();
            Known::Known(Rules {
                allowed: allowed.iter().map(owned).collect(),
                disallowed: disallowed
                    .iter()
                    .map(|(name, why)| ((*name).to_owned(), why.map(str::to_owned)))
                    .collect(),
            })
        };
        for (rules, expected) in [
            (rules(&[], &[]), &[][..]),
            (rules(&["copy"], &[]), &[]),
            (rules(&["Reset"], &[]), &["CMK056 warn"]),
            (rules(&[], &[("Copy", None)]), &["CMK056 block"]),
            (
                rules(&[], &[("Copy", Some("It is locked."))]),
                &["CMK056 block"],
            ),
            (odd(), &["CMK056 unknown"]),
        ] {
            let it = Environment {
                rules,
                ..of("Sandbox")
            };
            assert_eq!(codes(&allowed(Purpose::Copy, &it)), expected, "{it:?}");
            assert!(allowed(Purpose::MoveFromLcs, &it).is_empty());
        }
    }

    #[test]
    fn a_copy_stays_in_its_region() {
        let (from, mut to) = (of("Sandbox"), environment("f"));
        assert!(target(Purpose::Copy, &from, &to).is_empty());
        to.location = "asia".into();
        assert_eq!(codes(&target(Purpose::Copy, &from, &to)), ["CMK056 block"]);
        to.location = odd();
        assert_eq!(
            codes(&target(Purpose::Restore, &from, &to)),
            ["CMK056 unknown"]
        );
        assert!(target(Purpose::Restore, &to, &to).is_empty());
    }
}
