//! The state of a key: is it of a type that works, is it enabled, and is it valid now and for long
//! enough?

use super::{finding, moment, who};
use crate::model::finding::{Finding, Severity};
use crate::model::known::Known;
use crate::model::protection::Key;
use crate::model::remedy::Remedy;
use jiff::{SignedDuration, Timestamp};

/// A key that expires sooner than this is worth a warning.
pub const EXPIRY_WARNING: SignedDuration = SignedDuration::from_hours(60 * 24);

/// What the plan itself mends about the key: that is no finding then, or a lesser one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mends {
    /// Nothing.
    Nothing,
    /// A new version follows: what has ended or not begun is a warning.
    Dates,
    /// A version is enabled again.
    Disabled,
    /// The deleted key is recovered; how it is then, nobody knows before.
    Deleted,
}

/// What is wrong with the key itself. `at_vault`: the vault, as `az keyvault key` takes it.
pub(super) fn check_key(key: &Key, at_vault: &str, now: Timestamp, mends: Mends) -> Vec<Finding> {
    let name = &key.name;
    let rotate = format!("Rotate it: `az keyvault key rotate --name {name} {at_vault}`.");
    let over = match mends {
        Mends::Dates => Severity::Warn,
        Mends::Nothing | Mends::Disabled | Mends::Deleted => Severity::Block,
    };
    let found = [
        kind(key, at_vault),
        enabled(key, at_vault, mends),
        end(key, &rotate, now, over),
        beginning(key, now, over),
    ];
    found
        .into_iter()
        .flatten()
        .map(Finding::of_changes)
        .collect()
}

fn say(
    key: &Key,
    code: &'static str,
    severity: Severity,
    message: String,
    remedy: impl Into<Remedy>,
) -> Finding {
    finding(code, severity, &key.name, message, remedy, who::KEY_VAULT)
}

fn not_known(key: &Key, code: &'static str, message: String) -> Finding {
    let ask = "Ask the Key Vault administrator.";
    say(key, code, Severity::Unknown, message, ask)
}

/// Its type, and its size.
fn kind(key: &Key, at_vault: &str) -> Option<Finding> {
    let name = &key.name;
    let create = format!(
        "Create an RSA key: `az keyvault key create --kty RSA --size 3072 --name NEW_NAME \
        {at_vault}`."
    );
    let block = |message| say(key, "CMK015", Severity::Block, message, create);
    let unknown = |message| not_known(key, "CMK015", message);
    let kty = match &key.kty {
        Known::Known(kty) => kty,
        Known::Unknown(why) => {
            return Some(unknown(format!(
                "The type of the key `{name}` is not known: {} said that {why}.",
                key.source
            )));
        }
    };
    if !["RSA", "RSA-HSM"]
        .iter()
        .any(|known| kty.eq_ignore_ascii_case(known))
    {
        return Some(block(format!(
            "The key `{name}` is of type `{kty}`; only RSA and RSA-HSM work."
        )));
    }
    match key.bits {
        Some(2048 | 3072) => None,
        Some(4096) => Some(say(
            key,
            "CMK015",
            Severity::Warn,
            format!(
                "The key `{name}` has 4096 bits; Microsoft's page for customer-managed keys lists \
                2048 and 3072 only."
            ),
            "Prefer 3072 bits.",
        )),
        Some(bits) => Some(block(format!(
            "The key `{name}` has {bits} bits; 2048 or 3072 are needed."
        ))),
        None => Some(unknown(format!(
            "The size of the key `{name}` is not known: {} did not say.",
            key.source
        ))),
    }
}

fn enabled(key: &Key, at_vault: &str, mends: Mends) -> Option<Finding> {
    let name = &key.name;
    match &key.validity.enabled {
        Known::Known(true) => None,
        Known::Known(false) if mends == Mends::Disabled => None,
        Known::Known(false) => Some(say(
            key,
            "CMK016",
            Severity::Block,
            format!("The key `{name}` is disabled."),
            format!("az keyvault key set-attributes --name {name} --enabled true {at_vault}"),
        )),
        Known::Unknown(why) => Some(not_known(
            key,
            "CMK016",
            format!("Whether the key `{name}` is enabled is not known: {why}."),
        )),
    }
}

/// Has it expired, or will it soon?
fn end(key: &Key, rotate: &str, now: Timestamp, over: Severity) -> Option<Finding> {
    let name = &key.name;
    match &key.validity.expires {
        Known::Known(Some(expires)) if *expires <= now => {
            let message = format!("The key `{name}` expired on {}.", moment(*expires));
            Some(say(key, "CMK016", over, message, rotate))
        }
        Known::Known(Some(expires)) if expires.duration_since(now) < EXPIRY_WARNING => {
            let days = expires.duration_since(now).as_hours() / 24;
            let message = format!(
                "The key `{name}` expires on {}, in {days} days; then every environment of the \
                policy goes offline.",
                moment(*expires)
            );
            Some(say(key, "CMK016", Severity::Warn, message, rotate))
        }
        Known::Known(_) => None,
        Known::Unknown(why) => Some(not_known(
            key,
            "CMK016",
            format!("Until when the key `{name}` is valid is not known: {why}."),
        )),
    }
}

/// Has its time begun?
fn beginning(key: &Key, now: Timestamp, over: Severity) -> Option<Finding> {
    let name = &key.name;
    match &key.validity.not_before {
        Known::Known(Some(start)) if *start > now => Some(say(
            key,
            "CMK016",
            over,
            format!("The key `{name}` is not valid before {}.", moment(*start)),
            "Wait, or move its activation date.",
        )),
        Known::Known(_) => None,
        Known::Unknown(why) => Some(not_known(
            key,
            "CMK016",
            format!("Since when the key `{name}` is valid is not known: {why}."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Blocks;
    use crate::model::protection::Validity;

    /// What is found of a key, by its severities.
    fn found(validity: Validity, mends: Mends) -> Vec<Severity> {
        let key = Key {
            name: "cmk".to_owned(),
            kty: Known::Known("RSA".to_owned()),
            bits: Some(3072),
            version: None,
            validity,
            source: "Key Vault",
        };
        let found = check_key(&key, "--vault-name kv", Timestamp::UNIX_EPOCH, mends);
        assert!(found.iter().all(|one| one.blocks == Blocks::Changes));
        found.into_iter().map(|one| one.severity).collect()
    }

    fn validity(enabled: Known<bool>, hours: i64) -> Validity {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        Validity {
            enabled,
            created: Known::Known(at),
            not_before: Known::Known(None),
            expires: Known::Known(Some(at)),
        }
    }

    #[test]
    fn what_a_plan_mends_of_a_key_and_nothing_else_is_no_blocker() {
        use Severity::{Block, Unknown, Warn};
        let (on, off) = (|| Known::Known(true), || Known::Known(false));
        let over = |enabled| validity(enabled, -1);
        let later = |enabled| Validity {
            not_before: Known::Known(Some(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1))),
            ..validity(enabled, 24 * 365)
        };
        let table = [
            (over(on()), Mends::Nothing, vec![Block]),
            (over(on()), Mends::Dates, vec![Warn]),
            (over(on()), Mends::Disabled, vec![Block]),
            (later(on()), Mends::Nothing, vec![Block]),
            (later(on()), Mends::Dates, vec![Warn]),
            (over(off()), Mends::Nothing, vec![Block, Block]),
            (over(off()), Mends::Dates, vec![Block, Warn]),
            (over(off()), Mends::Disabled, vec![Block]),
            (
                over(Known::default()),
                Mends::Disabled,
                vec![Unknown, Block],
            ),
            (validity(on(), 24 * 365), Mends::Nothing, vec![]),
            (validity(on(), 24 * 30), Mends::Dates, vec![Warn]),
        ];
        for (validity, mends, expected) in table {
            assert_eq!(
                found(validity.clone(), mends),
                expected,
                "{validity:?} {mends:?}"
            );
        }
    }
}
