//! The dialog for vault and key.

use super::picking::pick as pick_one;
use crate::error::{Error, Kind, Result};
use crate::model::day::day;
use crate::model::environment::Environment;
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyName;
use crate::model::protection::Key;
use crate::observe::{Candidate, Shown, candidates};
use crate::report::{Entry, Out};
use crate::run::Context;
use crate::steps::fit::{self, Fit};
use jiff::Timestamp;
use std::cell::{Cell, RefCell};

/// What is known already.
pub(super) struct About<'a> {
    pub(super) vault: Option<&'a ArmId>,
    pub(super) key: Option<&'a KeyName>,
    pub(super) environment: Option<&'a Environment>,
    /// Accept any key, whether it fits a policy or not?
    pub(super) as_it_is: bool,
    /// How to call cmkctl again.
    pub(super) program: &'a str,
}

/// The result of the dialog.
pub(super) enum Found {
    /// This existing key of this vault.
    One(ArmId, KeyName),
    /// A new key.
    New,
    /// No vault is visible. Holds why some may exist.
    NoVault(Vec<String>),
}

/// Lets the caller pick a key.
///
/// # Errors
/// No key fits, or the caller stops.
pub(super) async fn pick(context: &Context, about: &About<'_>, out: &mut Out) -> Result<Found> {
    let reader = context.reader();
    let now = context.clock().now();
    let (gaps, reasons) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let some = Cell::new(false);
    let picked = pick_one(
        "Key:",
        async |shown| {
            let found = candidates(&reader, about.vault, |found| {
                let more = found.into_iter().filter(|candidate| about.names(candidate));
                let more = more.map(|candidate| {
                    let (entry, fit) = about.entry(&candidate, now);
                    some.set(some.get() || entry.does);
                    reasons
                        .borrow_mut()
                        .push(format!("{}: {}", entry.label, fit.note()));
                    (Some(candidate), entry)
                });
                shown.more(more.collect());
            });
            let found = found.await?;
            // If no vault is visible, there is nothing to pick from.
            if !about.as_it_is && !reasons.borrow().is_empty() {
                shown.more(vec![(None, new())]);
            }
            for gap in found {
                shown.gap(&format!("There may be more keys: {gap}."));
                gaps.borrow_mut().push(gap);
            }
            Ok(())
        },
        out,
    );
    match picked.await {
        Ok(Some(None)) => Ok(Found::New),
        Ok(Some(Some(Candidate {
            vault,
            shows: Shown::Key(key),
        }))) => {
            let key = KeyName::parse(&key.name).map_err(|bad| Error::usage(bad.message))?;
            Ok(Found::One(vault.id, key))
        }
        Ok(_) => Ok(Found::NoVault(gaps.into_inner())),
        Err(error) if error.kind == Kind::Refused && !some.get() => {
            Err(none_fits(about.program, &reasons.into_inner()))
        }
        Err(error) => Err(error),
    }
}

impl About<'_> {
    /// Does this candidate have the named key? Every candidate does if no key was named.
    fn names(&self, candidate: &Candidate) -> bool {
        let wanted = |key: &KeyName| {
            candidate
                .key()
                .is_none_or(|found_key| key.as_str() == found_key.name)
        };
        self.key.is_none_or(wanted)
    }

    fn entry(&self, candidate: &Candidate, now: Timestamp) -> (Entry, Fit) {
        let vault = &candidate.vault.id;
        let place = format!("{} in {}/{}", vault.name, vault.subscription, vault.group);
        let Some(key) = candidate.key() else {
            let fit = match fit::vault(&candidate.vault, self.environment) {
                Fit::Not(why) => Fit::Not(why),
                Fit::Well | Fit::But(_) | Fit::Unknown(_) => Fit::Not(candidate.why()),
            };
            let entry = Entry {
                label: format!("{} (no key)", vault.name),
                note: format!("{} {place}", fit.note()),
                does: false,
                rank: u8::MAX,
            };
            return (entry, fit);
        };
        let fit = if self.as_it_is {
            Fit::Well
        } else {
            fit::key(key, &candidate.vault, self.environment, now)
        };
        let best = if fit == Fit::Well && !self.as_it_is {
            "Fits. "
        } else {
            ""
        };
        let entry = Entry {
            label: format!("{} in {}", key.name, vault.name),
            note: format!("{best}{}{} {place}", facts(key), space(fit.note())),
            does: fit.does(),
            rank: fit::order(key, &fit),
        };
        (entry, fit)
    }
}

/// The entry for a new key.
fn new() -> Entry {
    Entry {
        label: "A new key…".to_owned(),
        note: "cmkctl creates the key, and also a vault if no vault is suitable.".to_owned(),
        does: true,
        rank: u8::MAX,
    }
}

fn space(note: &str) -> String {
    if note.is_empty() {
        String::new()
    } else {
        format!(" {note}")
    }
}

/// Type, size and expiry of a key.
fn facts(key: &Key) -> String {
    let bits = key
        .bits
        .known()
        .map_or(String::new(), |bits| format!(" {bits}"));
    let end = key.validity.end();
    let end = end.map_or(String::new(), |end| format!(", expires {}", day(end)));
    format!("{}{bits}{end}.", key.kty.shown())
}

/// The error that no vault is visible.
pub(super) fn none_seen(gaps: &[String]) -> Error {
    let mut error = Error::new(
        Kind::Forbidden,
        "Your account sees no key vault and no managed HSM.",
    );
    if let Some(gap) = gaps.first() {
        error = error.detail(format!("{gap}."));
    }
    error
        .hint("To see them, you need Reader on a vault and Key Vault Reader on its keys.")
        .hint("Check that you use the right account and tenant: `cmkctl auth status`.")
}

/// The error that this account can't create the new key.
pub(super) fn none_made(why: &str) -> Error {
    Error::new(Kind::Forbidden, format!("No changes were made. {why}"))
        .hint(
            "To create a vault and a key, you need Key Vault Contributor on a resource group, or \
            Contributor on the subscription.",
        )
        .hint("Check that you use the right account and tenant: `cmkctl auth status`.")
}

/// The error that keys are visible, but none fits.
fn none_fits(program: &str, reasons: &[String]) -> Error {
    let mut error = Error::new(
        Kind::Blocked,
        "No changes were made. None of the keys that you see is suitable.",
    );
    for reason in reasons.iter().take(10) {
        error = error.hint(reason);
    }
    error
        .hint("To create a new key, and also a vault if no vault is suitable, run:")
        .hint(format!("{program} create-key --ask"))
}
