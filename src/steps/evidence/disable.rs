//! What allows cmkctl to disable a key version: no environment uses it, and none left it within the
//! days for which it must be kept.
//!
//! Disabling a key in use takes environments offline, and the key does not list its users. So the
//! whole tenant must have been read, and every sign of a user counts. Dates can be overridden;
//! users and unknown facts can't.

use super::{Evidence, Gap};
use crate::model::finding::{Finding, Severity};
use crate::model::fingerprint::Facts;
use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::{Known, Verdict};
use crate::model::observed::Observed;
use crate::model::preconditions::Version;
use crate::model::target::Target;
use crate::steps::key_logs::{self, Limit};
use crate::steps::key_users::{Tenant, User, needed};
use crate::steps::lifecycle::{KEPT_AFTER_REMOVAL, KEPT_AFTER_ROTATION};
use crate::steps::{Whose, day, finding, unknown, unseen, who};
use jiff::Timestamp;

/// Which environments need the versions to disable, and until when.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// Facts that are not known.
    pub open: Vec<Gap>,
    /// Environments that would go offline at once. No override covers these.
    pub users: Vec<Finding>,
    /// Environments that need the versions for some more days.
    pub days: Vec<Finding>,
    /// Other facts that the logs show. They decide nothing.
    pub notes: Vec<Finding>,
}

impl Needs {
    /// The needs of the whole tenant, if `disabled` of `versions` get disabled.
    pub fn of(
        target: &Target,
        observed: &Observed,
        versions: &[Version],
        disabled: &[&Version],
    ) -> Self {
        let tenant = Tenant { target, observed };
        let mut needs = Self {
            open: tenant.whole(),
            ..Self::default()
        };
        let users = tenant.users(&mut needs.open);
        for found in in_use(&users, versions, disabled, observed.at) {
            match found.severity {
                Severity::Block => needs.users.push(found),
                Severity::Acknowledge
                | Severity::NotVisible
                | Severity::Warn
                | Severity::Unknown => needs.open.push(found),
            }
        }
        needs.days = followed(&users, versions, disabled, observed.at, &mut needs.open);
        needs.days.extend(tenant.left_behind(&mut needs.open));
        let limits: Vec<Limit> = disabled
            .iter()
            .map(|version| (version.id.clone(), last_use(version, versions, observed.at)))
            .collect();
        let logs = key_logs::findings(target, observed, &limits);
        needs.open.extend(logs.open);
        needs.users.extend(logs.users);
        needs.notes = logs.notes;
        needs
    }
}

/// The known facts of disabling one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisableEvidence {
    vault: ArmId,
    key: KeyName,
    version: KeyVersion,
    /// The environments that would go offline, as sentences.
    users: Vec<String>,
    /// The needs for some more days, as sentences.
    days: Vec<String>,
    /// Did the caller override these days?
    overridden: bool,
}

impl DisableEvidence {
    /// The facts of disabling `version` of a key, or the gaps. `needs`: the needs for all versions
    /// that are disabled together.
    ///
    /// # Errors
    /// A required fact is not known.
    pub fn gather(
        target: &Target,
        (vault, key): (&ArmId, &KeyName),
        version: &Version,
        needs: &Needs,
    ) -> Result<Self, Vec<Gap>> {
        let mut gaps = needs.open.clone();
        if let Known::Unknown(why) = &version.validity.enabled {
            gaps.push(unknown_state(key, version, why));
        }
        if !gaps.is_empty() {
            return Err(gaps);
        }
        let sentences =
            |all: &[Finding]| all.iter().map(|finding| finding.message.clone()).collect();
        Ok(Self {
            vault: vault.clone(),
            key: key.clone(),
            version: version.id.clone(),
            users: sentences(&needs.users),
            days: sentences(&needs.days),
            overridden: target.override_dates,
        })
    }

    /// The overridden needs, as sentences.
    pub fn overridden(&self) -> Vec<String> {
        if self.overridden {
            self.days.clone()
        } else {
            Vec::new()
        }
    }
}

/// The gap: whether a version is enabled is not known.
pub(in crate::steps) fn unknown_state(key: &KeyName, version: &Version, why: &str) -> Gap {
    let what = format!("Whether the version {} is enabled", version.id.as_str());
    unknown("CMK033", key.as_str(), &what, why, who::KEY_VAULT)
}

impl Evidence for DisableEvidence {
    const KIND: &'static str = "disable-key-version";
    const CODE: (&'static str, &'static str) = ("CMK033", who::KEY_VAULT);

    fn invariant(&self) -> Vec<(&'static str, bool)> {
        vec![
            ("no environment uses the version", self.users.is_empty()),
            (
                "no environment still needs the version",
                self.days.is_empty() || self.overridden,
            ),
        ]
    }

    fn facts(&self) -> Facts {
        let mut all = vec![
            ("the vault", self.vault.to_string().to_ascii_lowercase()),
            ("the key", self.key.as_str().to_ascii_lowercase()),
            ("the version", self.version.as_str().to_owned()),
        ];
        let days = self.overridden();
        all.push(("what is overridden", days.join(" ")));
        all
    }
}

/// The environments that use a disabled version now: no override covers them. An environment that
/// follows the rotation uses the latest version, so an enabled, begun and unexpired one must
/// remain.
fn in_use(
    users: &[User<'_>],
    versions: &[Version],
    disabled: &[&Version],
    at: Timestamp,
) -> Vec<Finding> {
    let goes = |version: &KeyVersion| disabled.iter().any(|gone| gone.id == *version);
    let followed = stays_latest(versions, &goes).and(|| {
        Verdict::any(
            versions
                .iter()
                .filter(|version| !goes(&version.id))
                .map(|left| left.validity.usable(at)),
        )
    });
    let mut found = Vec::new();
    for (environment, policy) in users {
        let (id, name) = (&environment.id, &environment.display_name);
        let pinned = policy.key_reference().and_then(|key| key.version.as_ref());
        let which = pinned.map_or(String::new(), |version| {
            format!(" (pinned to {})", version.as_str())
        });
        match pinned.map_or_else(|| followed.clone(), |pinned| Verdict::of(!goes(pinned))) {
            Verdict::Yes => {}
            Verdict::No => found.push(finding(
                "CMK033",
                Severity::Block,
                id,
                format!(
                    "`{name}` uses the key through the policy `{}`{which}. The environment would \
                        go offline immediately.",
                    policy.id.name
                ),
                "First move the environment to a policy with another key: `cmkctl swap-policy`. To \
                retire only one version, you can rotate the key instead if the policy pins no \
                version: `cmkctl rotate-key`.",
                who::POWER_PLATFORM,
            )),
            Verdict::CantTell(why) => {
                let what = format!("Whether the environment `{name}` still has a usable version");
                found.push(unseen(
                    "CMK033",
                    id,
                    &what,
                    &why,
                    (who::KEY_VAULT, Whose::Own),
                ));
            }
        }
    }
    found
}

/// Does the latest version stay enabled?
fn stays_latest(versions: &[Version], goes: &impl Fn(&KeyVersion) -> bool) -> Verdict {
    if versions.iter().all(|version| goes(&version.id)) {
        return Verdict::No;
    }
    let undated = |version: &Version| version.validity.created.unknown().map(str::to_owned);
    if let Some(why) = versions.iter().find_map(undated) {
        return Verdict::cant_tell(format!("the latest version is unknown ({why})"));
    }
    let made = |version: &Version| version.validity.created.known().copied();
    let last = versions.iter().filter_map(made).max();
    let mut latest = versions
        .iter()
        .filter(|version| made(version) == last)
        .map(|version| goes(&version.id));
    let first = latest.next().unwrap_or(true);
    if latest.any(|other| other != first) {
        return Verdict::cant_tell(
            "the latest version is unknown, because two versions were created at the same time",
        );
    }
    Verdict::of(!first)
}

/// Environments follow a new version within a day, but the previous one must stay for 28 days.
fn followed(
    users: &[User<'_>],
    versions: &[Version],
    disabled: &[&Version],
    at: Timestamp,
    open: &mut Vec<Finding>,
) -> Vec<Finding> {
    let mut until: Option<Timestamp> = None;
    let mut dates = Vec::new();
    for version in disabled {
        match succeeded(version, versions, at) {
            Known::Known(date) => until = until.max(date),
            Known::Unknown(why) => dates.push(why),
        }
    }
    let mut days = Vec::new();
    for (environment, _) in users.iter().filter(|(_, policy)| {
        policy
            .key_reference()
            .is_some_and(|key| key.version.is_none())
    }) {
        let (id, name) = (&environment.id, &environment.display_name);
        let what = format!("Until when `{name}` may still use the version");
        open.extend(
            dates
                .iter()
                .map(|why| unknown("CMK033", id, &what, why, who::KEY_VAULT)),
        );
        if let Some(until) = until.filter(|until| *until > at) {
            days.push(needed(
                id,
                format!(
                    "`{name}` used this version before the rotation. Keep the version until {}",
                    day(until)
                ),
            ));
        }
    }
    days
}

/// Until when a version may be used: 28 days after a successor began. For a version without a
/// successor, no service tells which environment left last. So nothing may have used it within the
/// days for which a key is kept after a removal.
fn last_use(version: &Version, all: &[Version], at: Timestamp) -> Known<Timestamp> {
    let quiet = at.checked_sub(KEPT_AFTER_REMOVAL).unwrap_or(at);
    succeeded(version, all, at).map(|until| match until {
        Some(until) if until <= at => until,
        Some(_) => at,
        None => quiet,
    })
}

/// Until when a version must stay: 28 days after the first usable later version began. `None` for
/// the latest version, which is in use.
pub(in crate::steps) fn succeeded(
    version: &Version,
    all: &[Version],
    at: Timestamp,
) -> Known<Option<Timestamp>> {
    let made = match &version.validity.created {
        Known::Known(made) => *made,
        Known::Unknown(why) => return Known::Unknown(why.clone()),
    };
    let mut first: Option<Timestamp> = None;
    for other in all.iter().filter(|other| other.id != version.id) {
        let begun = match (&other.validity.created, &other.validity.not_before) {
            (Known::Known(created), _) if *created <= made => continue,
            (Known::Known(created), Known::Known(start)) => start.unwrap_or(*created).max(*created),
            (Known::Unknown(why), _) | (_, Known::Unknown(why)) => {
                return Known::Unknown(why.clone());
            }
        };
        if other.validity.usable(at) != Verdict::No {
            first = Some(first.map_or(begun, |first| first.min(begun)));
        }
    }
    match first
        .map(|begun| begun.checked_add(KEPT_AFTER_ROTATION))
        .transpose()
    {
        Ok(until) => Known::Known(until),
        Err(error) => Known::Unknown(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_stays_for_four_weeks_after_its_successor() {
        use crate::steps::samples::{days, now, odd, validity, version};
        let made = |letter, days_ago: i64| Version {
            id: version(letter),
            validity: validity(days_ago),
        };
        let all = [made('a', 200), made('b', 10)];
        let until = days(-10).checked_add(KEPT_AFTER_ROTATION).unwrap();
        assert_eq!(succeeded(&all[0], &all, now()), Known::Known(Some(until)));
        assert_eq!(succeeded(&all[1], &all, now()), Known::Known(None));
        let mut undated = all.clone();
        undated[1].validity.created = odd();
        assert!(succeeded(&undated[0], &undated, now()).unknown().is_some());
        // A version that can't be used is no successor.
        let mut unusable = all.clone();
        unusable[1].validity.enabled = Known::Known(false);
        assert_eq!(
            succeeded(&unusable[0], &unusable, now()),
            Known::Known(None)
        );
    }
}
