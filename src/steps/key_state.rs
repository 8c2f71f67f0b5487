//! The state of a key: does its type work, is it enabled, is it valid now, and for how long?

use super::{finding, moment, who};
use crate::model::day::away;
use crate::model::finding::{Finding, Severity};
use crate::model::known::{Known, Verdict};
use crate::model::protection::{Key, KeyType};
use crate::model::remedy::Remedy;
use crate::model::unknown::unknown as unknown_fact;
use jiff::{SignedDuration, Timestamp};

/// A key that expires within this time gets a warning.
pub const EXPIRY_WARNING: SignedDuration = SignedDuration::from_hours(60 * 24);

/// What the plan repairs about the key. Such a problem is then no finding, or only a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mends {
    /// Nothing.
    Nothing,
    /// A new version follows, so an expired or not yet valid key is only a warning.
    Dates,
    /// The plan enables a version again.
    Disabled,
    /// The plan recovers the deleted key. Its state is known only afterwards.
    Deleted,
}

/// Every finding about the key itself. `at_vault`: the vault, as `az keyvault key` takes it.
pub(super) fn check_key(key: &Key, at_vault: &str, now: Timestamp, mends: Mends) -> Vec<Finding> {
    let name = &key.name;
    let rotate = format!("Rotate the key: `az keyvault key rotate --name {name} {at_vault}`.");
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
    let ask = "Ask the Key Vault administrator to check the key.";
    say(key, code, Severity::Unknown, message, ask)
}

/// Does Power Platform support the key's type and size?
pub(super) fn works(key: &Key) -> Verdict {
    match kind(key, "").map(|found| (found.severity, found.message)) {
        None | Some((Severity::Acknowledge | Severity::NotVisible | Severity::Warn, _)) => {
            Verdict::Yes
        }
        Some((Severity::Block, _)) => Verdict::No,
        Some((Severity::Unknown, _)) => {
            Verdict::cant_tell("the type or size of the key is unknown")
        }
    }
}

/// The finding about the key's type or size.
fn kind(key: &Key, at_vault: &str) -> Option<Finding> {
    let name = &key.name;
    let create = format!(
        "Create an RSA key: `az keyvault key create --kty RSA --size 3072 --name NEW_NAME \
        {at_vault}`."
    );
    let block = |message| say(key, "CMK015", Severity::Block, message, create);
    let unknown = |message| not_known(key, "CMK015", message);
    match &key.kty.means {
        Known::Known(KeyType::Rsa) => {}
        Known::Known(KeyType::Other) => {
            return Some(block(format!(
                "The key `{name}` is of type `{}`. Power Platform supports only RSA and RSA-HSM \
                    keys.",
                key.kty.shown()
            )));
        }
        Known::Unknown(why) => {
            return Some(unknown(unknown_fact(
                &format!("the type of the key `{name}`"),
                why,
            )));
        }
    }
    match &key.bits {
        Known::Known(2048 | 3072) => None,
        Known::Known(4096) => Some(say(
            key,
            "CMK015",
            Severity::Warn,
            format!(
                "The key `{name}` has 4096 bits. Microsoft's page for customer-managed keys lists \
                    only 2048 and 3072 bits."
            ),
            "Use a key with 3072 bits.",
        )),
        Known::Known(bits) => Some(block(format!(
            "The key `{name}` has {bits} bits. It must have 2048 or 3072 bits."
        ))),
        Known::Unknown(why) => Some(unknown(unknown_fact(
            &format!("the size of the key `{name}`"),
            why,
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
            unknown_fact(&format!("whether the key `{name}` is enabled"), why),
        )),
    }
}

/// The finding if the key has expired or expires soon.
fn end(key: &Key, rotate: &str, now: Timestamp, over: Severity) -> Option<Finding> {
    let name = &key.name;
    match &key.validity.expires {
        Known::Known(Some(expires)) if *expires <= now => {
            let message = format!("The key `{name}` expired on {}.", moment(*expires));
            Some(say(key, "CMK016", over, message, rotate))
        }
        Known::Known(Some(expires)) if expires.duration_since(now) < EXPIRY_WARNING => {
            let message = format!(
                "The key `{name}` expires on {}, {}. Every environment of the policy then goes \
                    offline.",
                moment(*expires),
                away(*expires, now)
            );
            Some(say(key, "CMK016", Severity::Warn, message, rotate))
        }
        Known::Known(_) => None,
        Known::Unknown(why) => Some(not_known(
            key,
            "CMK016",
            unknown_fact(&format!("when the key `{name}` expires"), why),
        )),
    }
}

/// The finding if the key is not valid yet.
fn beginning(key: &Key, now: Timestamp, over: Severity) -> Option<Finding> {
    let name = &key.name;
    match &key.validity.not_before {
        Known::Known(Some(start)) if *start > now => Some(say(
            key,
            "CMK016",
            over,
            format!("The key `{name}` is not valid before {}.", moment(*start)),
            "Wait until then, or change the key's activation date.",
        )),
        Known::Known(_) => None,
        Known::Unknown(why) => Some(not_known(
            key,
            "CMK016",
            unknown_fact(&format!("when the key `{name}` becomes valid"), why),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{codes, days, key, now, odd};
    use super::*;
    use crate::model::finding::Blocks;
    use crate::model::protection::Validity;
    use crate::model::word::Word;

    type Row = (&'static str, fn(&mut Key), &'static [&'static str]);

    const KEYS: &[Row] = &[
        ("as it should be", |_| {}, &[]),
        ("in an HSM", |k| k.kty = "RSA-HSM".into(), &[]),
        ("elliptic", |k| k.kty = "EC".into(), &["CMK015 block"]),
        (
            "of a new type",
            |k| k.kty = "Wibble".into(),
            &["CMK015 unknown"],
        ),
        (
            "of no type",
            |k| k.kty = Word::default(),
            &["CMK015 unknown"],
        ),
        ("large", |k| k.bits = Known::Known(4096), &["CMK015 warn"]),
        ("small", |k| k.bits = Known::Known(1024), &["CMK015 block"]),
        ("of no size", |k| k.bits = odd(), &["CMK015 unknown"]),
        (
            "disabled",
            |k| k.validity.enabled = Known::Known(false),
            &["CMK016 block"],
        ),
        (
            "perhaps disabled",
            |k| k.validity.enabled = odd(),
            &["CMK016 unknown"],
        ),
        (
            "expired",
            |k| k.validity.expires = Known::Known(Some(now())),
            &["CMK016 block"],
        ),
        (
            "expiring",
            |k| k.validity.expires = Known::Known(Some(days(59))),
            &["CMK016 warn"],
        ),
        (
            "lasting",
            |k| k.validity.expires = Known::Known(Some(days(60))),
            &[],
        ),
        ("endless", |k| k.validity.expires = Known::Known(None), &[]),
        (
            "of no known end",
            |k| k.validity.expires = odd(),
            &["CMK016 unknown"],
        ),
        (
            "to begin",
            |k| k.validity.not_before = Known::Known(Some(days(1))),
            &["CMK016 block"],
        ),
        (
            "begun",
            |k| k.validity.not_before = Known::Known(Some(now())),
            &[],
        ),
        (
            "of no known beginning",
            |k| k.validity.not_before = odd(),
            &["CMK016 unknown"],
        ),
        (
            "wrong in two ways",
            |k| {
                k.kty = "EC".into();
                k.validity.enabled = Known::Known(false);
            },
            &["CMK015 block", "CMK016 block"],
        ),
    ];

    #[test]
    fn a_key_is_of_a_type_and_size_that_work_and_valid_long_enough() {
        for &(what, change, expected) in KEYS {
            let mut candidate = key();
            change(&mut candidate);
            assert_eq!(
                codes(&check_key(
                    &candidate,
                    "--vault-name kv",
                    now(),
                    Mends::Nothing
                )),
                expected,
                "{what}"
            );
        }
    }

    /// The severities of what is found for a key.
    fn found(validity: Validity, mends: Mends) -> Vec<Severity> {
        let key = Key {
            name: "cmk".to_owned(),
            kty: "RSA".into(),
            bits: Known::Known(3072),
            version: Known::default(),
            validity,
            rotation: Known::default(),
            source: "Key Vault",
        };
        let found = check_key(&key, "--vault-name kv", Timestamp::UNIX_EPOCH, mends);
        assert!(
            found
                .iter()
                .all(|finding| finding.blocks == Blocks::Changes)
        );
        found.into_iter().map(|finding| finding.severity).collect()
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
