//! The state of a key: is it of a type that works, is it enabled, and is it valid now and for long
//! enough?

use super::{finding, moment, who};
use crate::model::finding::{Finding, Severity};
use crate::model::known::{Known, Verdict};
use crate::model::protection::{Key, KeyType};
use jiff::{SignedDuration, Timestamp};

/// A key that expires sooner than this is worth a warning.
pub const EXPIRY_WARNING: SignedDuration = SignedDuration::from_hours(60 * 24);

/// What is wrong with the key itself. `at_vault`: the vault, as `az keyvault key` takes it.
pub(super) fn check_key(key: &Key, at_vault: &str, now: Timestamp) -> Vec<Finding> {
    let name = &key.name;
    let rotate = format!("Rotate it: `az keyvault key rotate --name {name} {at_vault}`.");
    let found = [
        kind(key, at_vault),
        enabled(key, at_vault),
        end(key, &rotate, now),
        beginning(key, now),
    ];
    found.into_iter().flatten().collect()
}

fn say(
    key: &Key,
    code: &'static str,
    severity: Severity,
    message: String,
    remedy: impl Into<String>,
) -> Finding {
    finding(code, severity, &key.name, message, remedy, who::KEY_VAULT)
}

fn not_known(key: &Key, code: &'static str, message: String) -> Finding {
    let ask = "Ask the Key Vault administrator.";
    say(key, code, Severity::Unknown, message, ask)
}

/// Is it of a type and a size that work?
pub(super) fn works(key: &Key) -> Verdict {
    match kind(key, "").map(|found| (found.severity, found.message)) {
        None | Some((Severity::Acknowledge | Severity::NotVisible | Severity::Warn, _)) => {
            Verdict::Yes
        }
        Some((Severity::Block, _)) => Verdict::No,
        Some((Severity::Unknown, _)) => Verdict::cant_tell("its type or its size is not known"),
    }
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
    match &key.kty.means {
        Known::Known(KeyType::Rsa) => {}
        Known::Known(KeyType::Other) => {
            return Some(block(format!(
                "The key `{name}` is of type `{}`; only RSA and RSA-HSM work.",
                key.kty.shown()
            )));
        }
        Known::Unknown(why) => {
            return Some(unknown(format!(
                "The type of the key `{name}` is not known: {why}."
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
                "The key `{name}` has 4096 bits; Microsoft's page for customer-managed keys lists \
                2048 and 3072 only."
            ),
            "Prefer 3072 bits.",
        )),
        Known::Known(bits) => Some(block(format!(
            "The key `{name}` has {bits} bits; 2048 or 3072 are needed."
        ))),
        Known::Unknown(why) => Some(unknown(format!(
            "The size of the key `{name}` is not known: {why}."
        ))),
    }
}

fn enabled(key: &Key, at_vault: &str) -> Option<Finding> {
    let name = &key.name;
    match &key.validity.enabled {
        Known::Known(true) => None,
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
fn end(key: &Key, rotate: &str, now: Timestamp) -> Option<Finding> {
    let name = &key.name;
    match &key.validity.expires {
        Known::Known(Some(expires)) if *expires <= now => {
            let message = format!("The key `{name}` expired on {}.", moment(*expires));
            Some(say(key, "CMK016", Severity::Block, message, rotate))
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
fn beginning(key: &Key, now: Timestamp) -> Option<Finding> {
    let name = &key.name;
    match &key.validity.not_before {
        Known::Known(Some(start)) if *start > now => Some(say(
            key,
            "CMK016",
            Severity::Block,
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
