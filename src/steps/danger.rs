//! What threatens an encrypted environment now or soon, and how badly; for one or for ten thousand.

use super::add::{ADD, SWAP};
use super::key::EXPIRY_WARNING;
use super::remove::REMOVE;
use crate::model::estate::{Estate, Protection, Standing, State};
use crate::model::observed::{Environment, Key, Seen, Vault};
use jiff::{SignedDuration, Timestamp};

/// A locked sandbox is deleted this long after it was locked.
const SANDBOX_DELETED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A locked production environment is deleted this long after it was locked.
const PRODUCTION_DELETED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Every environment, worst first, then by name.
pub fn judge(estate: &Estate, expiring_within: Option<SignedDuration>) -> Vec<Standing<'_>> {
    let within = expiring_within.unwrap_or(EXPIRY_WARNING);
    let mut all: Vec<Standing<'_>> =
        estate.environments.iter().map(|environment| standing(estate, environment, within)).collect();
    all.sort_by(|left, right| {
        let key = |one: &Standing<'_>| (one.state, one.deleted_on.is_none(), one.deleted_on);
        key(left)
            .cmp(&key(right))
            .then_with(|| left.environment.display_name.cmp(&right.environment.display_name))
            .then_with(|| left.environment.id.cmp(&right.environment.id))
    });
    all
}

fn standing<'a>(estate: &Estate, environment: &'a Environment, within: SignedDuration) -> Standing<'a> {
    let made = |state, dangers| Standing { environment, state, dangers, deleted_on: None };
    let link = match &environment.key_link {
        Seen::Present(link) => link,
        Seen::Unreadable(why) => return made(State::NotVisible, vec![why.why.clone()]),
        Seen::Absent | Seen::NotAsked => return made(State::NotEncrypted, Vec::new()),
    };
    let status = link.status.as_deref().unwrap_or_default();
    let running = environment.ongoing.as_deref();
    if running.is_some_and(|kind| [ADD, SWAP, REMOVE].contains(&kind)) {
        return made(State::Changing, vec![format!("{} runs", running.unwrap_or_default())]);
    }
    if !["linked", "failed"].iter().any(|known| status.eq_ignore_ascii_case(known)) {
        return made(State::Changing, vec![format!("the link says `{status}`")]);
    }
    let Some(protection) = estate.protection(environment) else {
        return made(State::NotVisible, vec!["its policy was not read".to_owned()]);
    };
    let (threats, unseen) = threats(protection, estate.at);
    // Offline with a policy, and no operation that would explain it: the key can't be reached (inferred; the service has no word for it here).
    let offline = environment.runtime_state.as_deref() == Some("Disabled") && running.is_none();
    if offline {
        let mut dangers = vec!["offline, and no operation runs: the key can't be reached".to_owned()];
        dangers.extend(threats);
        let deleted_on = deleted(environment, protection.key.present(), estate.at);
        if deleted_on.is_none() {
            dangers.push("since when is not known: it may be deleted any day".to_owned());
        }
        return Standing { environment, state: State::Locked, dangers, deleted_on };
    }
    if !threats.is_empty() {
        return made(State::Endangered, threats);
    }
    if status.eq_ignore_ascii_case("failed") {
        return made(State::Failed, vec!["the link says `Failed`: run the same add again, do not remove".to_owned()]);
    }
    if let Some(expires) = protection.key.present().and_then(|key| key.expires)
        && expires.duration_since(estate.at) < within
    {
        let days = expires.duration_since(estate.at).as_hours() / 24;
        return made(State::Expiring, vec![format!("the key expires in {days} days")]);
    }
    if !unseen.is_empty() {
        return made(State::NotVisible, unseen);
    }
    made(State::Encrypted, Vec::new())
}

/// What will lock the environments of a policy, and what this caller can't see of it.
fn threats(protection: &Protection, now: Timestamp) -> (Vec<String>, Vec<String>) {
    let (mut threats, mut unseen) = (Vec::new(), Vec::new());
    let mut see = |what: &str, why: Option<String>, absent: bool, threats: &mut Vec<String>| {
        if absent {
            threats.push(format!("the {what} is gone"));
        } else if let Some(why) = why {
            unseen.push(format!("the {what} is not visible to you: {why}"));
        }
    };
    let why = |seen: Option<&crate::model::observed::Unreadable>| seen.map(|why| why.why.clone());
    see("policy", why(protection.policy.unreadable()), protection.policy.is_absent(), &mut threats);
    see("vault", why(protection.vault.unreadable()), protection.vault.is_absent(), &mut threats);
    see("key", why(protection.key.unreadable()), protection.key.is_absent(), &mut threats);
    match &protection.granted {
        Seen::Absent => threats.push("the policy's identity may not use the key".to_owned()),
        Seen::Unreadable(why) => unseen.push(format!("the grant on the key is not visible to you: {}", why.why)),
        Seen::Present(()) | Seen::NotAsked => {}
    }
    if let Some(vault) = protection.vault.present() {
        threats.extend(of_vault(vault));
    }
    if let Some(key) = protection.key.present() {
        threats.extend(of_key(key, now));
    }
    (threats, unseen)
}

fn of_vault(vault: &Vault) -> Vec<String> {
    let mut threats = Vec::new();
    if (!vault.public_access || vault.default_deny) && !vault.bypass_azure {
        threats.push("the vault's firewall does not let trusted services pass".to_owned());
    }
    if !vault.purge_protection {
        threats.push("the vault has no purge protection".to_owned());
    }
    threats
}

fn of_key(key: &Key, now: Timestamp) -> Vec<String> {
    let mut threats = Vec::new();
    if key.enabled == Some(false) {
        threats.push("the key is disabled".to_owned());
    }
    if let Some(expired) = key.expires.filter(|expires| *expires <= now) {
        threats.push(format!("the key expired on {}", expired.strftime("%Y-%m-%d")));
    }
    if let Some(start) = key.not_before.filter(|start| *start > now) {
        threats.push(format!("the key is not valid before {}", start.strftime("%Y-%m-%d")));
    }
    threats
}

/// When a locked environment is deleted, at the earliest; `None` when that can't be told. The service gives no date of the lock: it can't be earlier than the end of the key, or
/// else than the environment's last modification (inferred).
pub(super) fn deleted(environment: &Environment, key: Option<&Key>, now: Timestamp) -> Option<Timestamp> {
    let expired = key.and_then(|key| key.expires).filter(|expires| *expires <= now);
    let since = expired.or(environment.modified)?;
    let span = if environment.sku == "Production" { PRODUCTION_DELETED } else { SANDBOX_DELETED };
    since.checked_add(span).ok().filter(|date| *date > now)
}
