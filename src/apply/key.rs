//! Makes exactly one new version of a key.

use super::applier::{Applier, Outcome};
use super::change::{After, Look, Sending};
use crate::cloud::Writer;
use crate::cloud::fault::Fault;
use crate::error::{Error, Kind, Result};
use crate::model::action::KeyPlace;
use crate::model::day::moment;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::preconditions::Version;
use crate::steps::lifecycle::KEPT_AFTER_ROTATION;
use crate::steps::rotate::FOLLOWED_WITHIN;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// A new version shows within this time, also after an ambiguous answer.
const VERSION_SHOWS: Duration = Duration::from_secs(120);

impl Applier<'_> {
    /// Makes a new version. The lists of versions before and after prove it, whatever the answer
    /// was. Each rotation makes another version. So cmkctl repeats the request only if the service
    /// said that it did not process the request, and the list shows no new version.
    pub(super) async fn rotate_key(
        &mut self,
        place: &KeyPlace,
        from: Option<&str>,
    ) -> Result<Outcome> {
        let KeyPlace { vault, uri, key } = place;
        let found = self.vault(vault).await?;
        let reader = self.reader.clone();
        let before = reader
            .key_versions(&found, key)
            .await
            .map_err(|fault| unlisted(key, fault))?;
        let old = latest(key, from, &before)?;
        let sending = rotation(key);
        let look = async || match reader.key_versions(&found, key).await {
            Ok(all) => match all
                .into_iter()
                .filter(|version| !knows(&before, version))
                .collect::<Vec<_>>()
            {
                none if none.is_empty() => {
                    Look::NotYet("the key has no new version yet".to_owned())
                }
                new => Look::Yes(new),
            },
            Err(fault) => Look::Unknown(fault),
        };
        let send = async |writer: &Writer| writer.rotate_key(vault, uri, key).await;
        let (new, correlation) = self.send_until_shown(&sending, send, look).await?;
        let [version] = &new[..] else {
            return Err(several(key, &new));
        };
        let now = self.clock.now();
        Ok(Outcome {
            what: format!(
                "The key `{key}` has the new version {}. Environments switch to it by {}, and \
                    version {} must stay enabled until {}",
                version.id.as_str(),
                after(now, FOLLOWED_WITHIN),
                old.as_str(),
                after(now, KEPT_AFTER_ROTATION)
            ),
            subject: vault.to_string(),
            correlation,
        })
    }
}

/// The sentences of a rotation.
fn rotation(key: &KeyName) -> Sending<'static> {
    Sending {
        sign: "the new version",
        what: format!("The key `{key}` has a new version"),
        failed: format!("The key `{key}` can't be rotated."),
        shows: VERSION_SHOWS,
        takes: VERSION_SHOWS,
        witness: "an account with the key permission `list`, or with the role Key Vault Crypto \
            Officer on the vault",
        after: after_rotation,
        advice: |error| {
            error.of_role(
                "This requires the key permission \
                `rotate`, or the role Key Vault Crypto Officer on \
                the vault.",
            )
        },
    }
}

/// The error for an unreadable list of versions: without it, a new version can't be proven.
fn unlisted(key: &KeyName, fault: Fault) -> Error {
    let what = format!("The versions of the key `{key}` can't be read, so nothing was sent.");
    fault.into_error(what).of_role(
        "This requires the key permission \
        `list`, or the role Key Vault Crypto Officer on the vault.",
    )
}

/// The error for several new versions: another rotation ran at the same time.
fn several(key: &KeyName, new: &[Version]) -> Error {
    let all: Vec<&str> = new.iter().map(|version| version.id.as_str()).collect();
    let what = format!(
        "The key `{key}` has {} new versions instead of one.",
        all.len()
    );
    Error::new(Kind::Unverified, what)
        .detail(format!(
            "Environments use the latest of these: {}",
            all.join(", ")
        ))
        .hint("Find out what else rotates this key, such as its rotation policy.")
        .hint("Keep every version enabled. Run the same command again to see the current state.")
}

/// The version that the plan rotates. It must be in the list, and no version may be newer.
fn latest(key: &KeyName, from: Option<&str>, before: &[Version]) -> Result<KeyVersion> {
    let stale = |what: String| {
        Err(Error::new(Kind::Refused, what)
            .hint("Nothing was sent. Run the same command again to make a new plan."))
    };
    let Some(from) = from else {
        return stale(format!(
            "The plan does not say which version of the key `{key}` is the latest one."
        ));
    };
    let Some(old) = before
        .iter()
        .find(|version| version.id.as_str().eq_ignore_ascii_case(from))
    else {
        return stale(format!(
            "The plan rotates version {from} of the key `{key}`, but the key has no such version."
        ));
    };
    if let Some(undated) = before
        .iter()
        .find(|version| version.validity.created.known().is_none())
    {
        let what = format!(
            "cmkctl can't tell when the version {} of the key `{key}` was created. This version \
                may be the latest one.",
            undated.id.as_str()
        );
        return Err(Error::new(Kind::Forbidden, what)
            .hint("Nothing was sent. Look at the key's versions in the Azure portal."));
    }
    let made = old.validity.created.known();
    let younger = |version: &&Version| {
        version
            .validity
            .created
            .known()
            .zip(made)
            .is_some_and(|(created, old)| created > old)
    };
    match before.iter().find(younger) {
        Some(younger) => stale(format!(
            "The key `{key}` has a newer version than the one in the plan: {}",
            younger.id.as_str()
        )),
        None => Ok(old.id.clone()),
    }
}

fn knows(before: &[Version], version: &Version) -> bool {
    before.iter().any(|known| known.id == version.id)
}

/// 401, 429 and 503 mean that the service did not process the request, and the list can confirm
/// that. After any other answer, a new version may be visible only later.
fn after_rotation(fault: &Fault) -> After {
    match After::of(fault) {
        // A named conflict changed nothing. Only an ambiguous answer may have made a version.
        After::Look if fault.is_ambiguous() && !fault.is_turned_away() => After::OnlyLook,
        after @ (After::Refused | After::Look | After::OnlyLook | After::Wait) => after,
    }
}

fn after(now: Timestamp, span: SignedDuration) -> String {
    moment(now.checked_add(span).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::known::Known;
    use crate::model::protection::Validity;

    #[test]
    fn the_version_before_must_be_known_and_the_latest() {
        let version = |digit: char, second: i64| Version {
            id: KeyVersion::parse(&digit.to_string().repeat(32)).unwrap(),
            validity: Validity {
                created: Timestamp::from_second(second)
                    .map_or_else(|_| Known::default(), Known::Known),
                ..Validity::default()
            },
        };
        let key: KeyName = KeyName::parse("cmk").unwrap();
        let (old, new) = ("A".repeat(32), "b".repeat(32));
        let all = [version('a', 100), version('b', 200)];
        assert_eq!(latest(&key, Some(&new), &all).unwrap().as_str(), new);
        // Versions compare without case.
        assert_eq!(
            latest(&key, Some(&old), &all[..1]).unwrap().as_str(),
            "a".repeat(32)
        );
        for (from, before, expected) in [
            (None, &all[..], "does not say"),
            (Some(new.as_str()), &all[..1], "no such version"),
            (Some(old.as_str()), &all[..], "newer"),
        ] {
            let error = latest(&key, from, before).unwrap_err();
            assert_eq!(error.kind, Kind::Refused);
            assert!(error.message.contains(expected), "{error}");
        }
    }
}
