//! The desired state of many environments, as written in a file.

use crate::model::bad_input::{BadInput, read};
use crate::model::ids::{ArmId, ResourceKind, parse_guid};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::wanted_key::WantedKey;
use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// Default limit of environments with a customer-managed key in a tenant.
pub const LIMIT: usize = 25;
/// cmkctl warns if the tenant can add fewer environments than this before the limit.
pub const NEAR: usize = 3;
/// Minutes of a day.
const DAY: u32 = 24 * 60;
/// Minutes of a week.
pub const WEEK: u32 = 7 * DAY;
/// Days of the week, from Monday.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The content of a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Wanted {
    /// How many environments go offline at a time, and when.
    #[serde(default)]
    pub waves: Waves,
    /// The policies with their environments. The field is required, so that a file emptied by
    /// mistake is refused.
    pub policies: Vec<WantedPolicy>,
}

/// How many environments at a time, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Waves {
    /// The maximum of environments of a ring that are offline at the same time.
    #[serde(default = "lowest")]
    pub at_most: u32,
    /// Windows in which an environment may be started; empty means at any time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// The tenant's limit of environments with a customer-managed key.
    #[serde(default = "limit")]
    pub limit: usize,
}

/// A weekly change window, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Minute of the week, from Monday, at which it opens.
    pub opens: u32,
    /// Minute of the week at which it closes. Before `opens` if the window crosses the end of the
    /// week.
    pub closes: u32,
}

/// A policy with its key, its grants and its environments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WantedPolicy {
    /// Its ARM id.
    #[serde(deserialize_with = "policy")]
    pub id: ArmId,
    /// Power Platform geography.
    #[serde(deserialize_with = "location")]
    pub location: String,
    /// Id of the vault or managed HSM.
    #[serde(deserialize_with = "vault")]
    pub vault: ArmId,
    /// Name of the key.
    pub key: KeyName,
    /// Pin this version instead of following rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_version: Option<KeyVersion>,
    /// Create the key, and its vault, if they do not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_key: Option<WantedKey>,
    /// Grant the policy's identity the right to use the key? With `false`, cmkctl does not grant.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub grant: bool,
    /// Object ids of the principals that get Reader on the policy.
    #[serde(
        default,
        deserialize_with = "object_ids",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub readers: Vec<String>,
    /// The environments that the policy must encrypt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<WantedEnvironment>,
}

/// An environment of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WantedEnvironment {
    /// Environment id: a GUID, or `Default-` and the tenant's.
    #[serde(deserialize_with = "environment")]
    pub id: String,
    /// Display name. cmkctl refuses the environment if the service's name differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Lower rings start first. A ring starts only after the previous ring has succeeded.
    #[serde(default = "lowest")]
    pub ring: u32,
    /// Make it a Managed Environment if it is not one.
    #[serde(default, skip_serializing_if = "is_no")]
    pub make_managed: bool,
    /// Accept that it has no finance and operations.
    #[serde(default, skip_serializing_if = "is_no")]
    pub power_platform_only: bool,
}

impl Default for Waves {
    fn default() -> Self {
        Self {
            at_most: 1,
            windows: Vec::new(),
            limit: LIMIT,
        }
    }
}

impl Wanted {
    /// Checks across lines: numbers out of range, and duplicates.
    ///
    /// # Errors
    /// What is wrong, and where in the file.
    pub fn check(&self) -> Result<(), BadInput> {
        let bad = |message: String, fix: &str| Err(BadInput::new(message, fix));
        if self.waves.at_most == 0 {
            return bad(
                "`at-most` of `waves` is 0, so cmkctl could not start any environment.".to_owned(),
                "Write 1 or more.",
            );
        }
        let mut policies = BTreeMap::new();
        let mut environments = BTreeMap::new();
        for (number, policy) in self.policies.iter().enumerate() {
            if let Some(first) = policies.insert(&policy.id, number) {
                let message = format!(
                    "The policies {} and {} have the same id: {}",
                    first + 1,
                    number + 1,
                    policy.id
                );
                return bad(
                    message,
                    "List each policy once, with all of its environments.",
                );
            }
            for (place, environment) in policy.environments.iter().enumerate() {
                let place = (number + 1, place + 1);
                if let Some(first) = environments.insert(environment.id.to_ascii_lowercase(), place)
                {
                    let message = format!(
                        "The environment {} is listed twice: as number {} of policy {} and as \
                        number {} of policy {}.",
                        environment.id, first.1, first.0, place.1, place.0
                    );
                    return bad(message, "List each environment only once.");
                }
            }
        }
        self.check_keys()
    }

    /// Checks that policies with the same key or vault give the same settings for it.
    fn check_keys(&self) -> Result<(), BadInput> {
        for (number, policy) in self.policies.iter().enumerate() {
            for (other, before) in self.policies.iter().enumerate().take(number) {
                let keys = (policy.create_key.as_ref(), before.create_key.as_ref());
                let same = WantedKey::agree(keys.0, keys.1, policy.key == before.key);
                if policy.vault == before.vault && !same {
                    let message = format!(
                        "The policies {} and {} use the same vault or key, but have different \
                        settings for it.",
                        other + 1,
                        number + 1
                    );
                    let fix = "Write the same `create-key` in both policies.";
                    return Err(BadInput::new(message, fix));
                }
            }
        }
        Ok(())
    }

    /// Sets the start from which periods count.
    pub fn begin(&mut self, now: Timestamp) {
        let keys = self.policies.iter_mut();
        keys.filter_map(|policy| policy.create_key.as_mut())
            .for_each(|key| key.since = now);
    }

    /// The start from which periods count; `None` if the file creates no key.
    pub fn since(&self) -> Option<Timestamp> {
        let mut keys = self.policies.iter();
        keys.find_map(|policy| policy.create_key.as_ref())
            .map(|key| key.since)
    }

    /// The same file without environments.
    pub fn of_policies(&self) -> Self {
        let policies = self.policies.iter().map(|policy| WantedPolicy {
            environments: Vec::new(),
            ..policy.clone()
        });
        Self {
            waves: self.waves.clone(),
            policies: policies.collect(),
        }
    }

    /// The same file with only this environment of this policy.
    pub fn only(&self, policy: &ArmId, environment: &str) -> Option<Self> {
        let policy = self.policies.iter().find(|listed| listed.id == *policy)?;
        let wanted_environment = policy
            .environments
            .iter()
            .find(|listed| listed.id.eq_ignore_ascii_case(environment))?
            .clone();
        let policies = vec![WantedPolicy {
            environments: vec![wanted_environment],
            ..policy.clone()
        }];
        Some(Self {
            waves: self.waves.clone(),
            policies,
        })
    }

    /// The number of environments in the file.
    pub fn size(&self) -> usize {
        self.policies
            .iter()
            .map(|policy| policy.environments.len())
            .sum()
    }
}

impl Window {
    /// Parses `sat 22:00-sun 06:00`.
    ///
    /// # Errors
    /// Any other text, and a window that opens and closes at the same time.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        let fix = "Write a change window like `sat 22:00-sun 06:00`. Days are mon, tue, wed, thu, \
            fri, sat and sun. Times are in UTC.";
        let bad = || {
            BadInput::new(
                format!("`{}` is not a change window.", text.escape_debug()),
                fix,
            )
        };
        let (opens, closes) = text.split_once('-').ok_or_else(bad)?;
        let (opens, closes) = (
            minute(opens).ok_or_else(bad)?,
            minute(closes).ok_or_else(bad)?,
        );
        if opens == closes {
            Err(bad())
        } else {
            Ok(Self { opens, closes })
        }
    }
}

/// Parses `sat 22:00` as a minute of the week.
fn minute(text: &str) -> Option<u32> {
    let (day, time) = text.trim().split_once(' ')?;
    let day = DAYS
        .iter()
        .zip(0..)
        .find(|(name, _)| name.eq_ignore_ascii_case(day.trim()))?
        .1;
    let (hours, minutes) = time.trim().split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(day * DAY + hours * 60 + minutes)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |minute: u32| DAYS.get((minute / DAY) as usize).copied().unwrap_or("mon");
        let time = |minute: u32| format!("{:02}:{:02}", minute % DAY / 60, minute % 60);
        write!(
            f,
            "{} {}-{} {}",
            day(self.opens),
            time(self.opens),
            day(self.closes),
            time(self.closes)
        )
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer, Self::parse)
    }
}

fn policy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ArmId, D::Error> {
    read(deserializer, |text| {
        ArmId::parse(text, &[ResourceKind::EnterprisePolicy])
    })
}

fn vault<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ArmId, D::Error> {
    read(deserializer, |text| {
        ArmId::parse(text, &[ResourceKind::Vault, ResourceKind::ManagedHsm])
    })
}

fn location<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    read(deserializer, |text| {
        let name = text.to_ascii_lowercase();
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(name);
        }
        let message = format!("`{}` is not a location.", text.escape_debug());
        Err(BadInput::new(
            message,
            "Write a Power Platform geography, such as `europe` or `unitedstates`.",
        ))
    })
}

/// Accepts only an environment id, because names can change while the file is in use.
fn environment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    read(deserializer, |text| {
        let head = text
            .get(..8)
            .filter(|head| head.eq_ignore_ascii_case("Default-"));
        let id = match head {
            Some(_) => text
                .get(8..)
                .and_then(parse_guid)
                .map(|guid| format!("Default-{guid}")),
            None => parse_guid(text).filter(|_| text.contains('-')),
        };
        id.ok_or_else(|| {
            BadInput::new(
                format!("`{}` is not the id of an environment.", text.escape_debug()),
                "Write the environment's GUID, which `cmkctl environment-name` prints. Write its \
                name into `name`.",
            )
        })
    })
}

fn object_ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let all = Vec::<String>::deserialize(deserializer)?;
    all.iter()
        .map(|text| {
            let bad = format!(
                "`{}` is not an object id. Write the GUID of a user or group.",
                text.escape_debug()
            );
            parse_guid(text).ok_or_else(|| D::Error::custom(bad))
        })
        .collect()
}

const fn lowest() -> u32 {
    1
}

const fn limit() -> usize {
    LIMIT
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_yes(flag: &bool) -> bool {
    *flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_no(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read_and_written() {
        for (text, opens, closes) in [
            ("sat 22:00-sun 06:00", 5 * DAY + 22 * 60, 6 * DAY + 6 * 60),
            ("mon 00:00-mon 00:01", 0, 1),
            ("sun 23:00-mon 04:30", 6 * DAY + 23 * 60, 4 * 60 + 30),
        ] {
            let window = Window::parse(text).unwrap();
            assert_eq!((window.opens, window.closes), (opens, closes), "{text}");
            assert_eq!(window.to_string(), text);
        }
        assert_eq!(
            Window::parse(" SAT  22:00 - Sun 06:00 ")
                .unwrap()
                .to_string(),
            "sat 22:00-sun 06:00"
        );
        for text in [
            "",
            "sat",
            "sat 22:00",
            "sat 22:00-sat 22:00",
            "sat 24:00-sun 06:00",
            "sat 22-sun 6",
            "xxx 22:00-sun 06:00",
            "sat +2:00-sun 06:00",
        ] {
            assert!(Window::parse(text).is_err(), "{text}");
        }
    }
}
