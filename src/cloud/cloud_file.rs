//! A cloud file and its members. cmkctl refuses an unknown member. If cmkctl ignored the member, it
//! would send tokens to the hosts of the base cloud.

use super::clouds::{Cloud, KEYS, Loopback, OPTIONAL};
use crate::error::{Error, Result};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use url::Url;

/// A cloud file: a base and the values that differ from it. A sandbox also writes its address and
/// its content.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CloudFile {
    name: Option<String>,
    base: Option<String>,
    #[serde(default)]
    endpoints: BTreeMap<String, String>,
    sandbox: Option<SandboxPart>,
    tenant: Option<String>,
    users: Option<Vec<UserFacts>>,
    defaults: Option<DefaultFacts>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SandboxPart {
    url: Url,
    speed: f64,
    epoch: Timestamp,
    started_unix_ms: i64,
    #[serde(default, rename = "scenario")]
    _scenario: IgnoredAny,
}

/// The sandbox's part of a cloud file.
#[derive(Debug, Clone, Default)]
pub struct SandboxFacts {
    /// Tenant id.
    pub tenant: Option<String>,
    /// The users who can sign in. The first is the default.
    pub users: Vec<UserFacts>,
    /// The defaults for commands that name no resource.
    pub defaults: DefaultFacts,
}

/// A user of a sandbox.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserFacts {
    /// The name for `--sandbox-user`.
    pub name: String,
    /// The user's client id.
    pub client_id: String,
    /// The user's object id.
    pub object_id: String,
    #[serde(default, rename = "about")]
    _about: IgnoredAny,
}

/// The resources that a command uses in a sandbox if the caller names none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultFacts {
    /// Environment id.
    pub environment: Option<String>,
    /// Policy id.
    pub policy: Option<String>,
    /// Vault id.
    pub vault: Option<String>,
    /// Key name.
    pub key: Option<String>,
    #[serde(default, rename = "environment_name")]
    _environment_name: IgnoredAny,
}

impl Cloud {
    /// Reads a cloud from a JSON file with `base`, `endpoints` and, for a sandbox, `sandbox` and
    /// its content. A file without a base must give every value.
    ///
    /// # Errors
    /// Invalid text, unknown members, missing values, and a sandbox that is not on loopback are
    /// usage errors.
    pub fn from_json(text: &str, origin: &str) -> Result<(Self, Option<SandboxFacts>)> {
        let file: CloudFile = serde_json::from_str(text).map_err(|error| {
            let reason = error.to_string();
            let detail = if reason.contains("expected struct") {
                format!(
                    "The file is not a JSON object, or a value in it must be an object: line {}.",
                    error.line()
                )
            } else {
                format!("{reason}.")
            };
            Error::usage(format!("The cloud file `{origin}` can't be understood."))
                .detail(detail)
                .hint(
                    "A cloud file is JSON such as `{\"base\": \"public\", \"endpoints\": {\"bap\": \
                    \"HOST\"}}`.",
                )
        })?;
        let mut cloud = match &file.base {
            Some(base) => Self::named(base)?,
            None => Self::empty(origin),
        };
        if let Some(name) = file.name {
            cloud.name = name;
        }
        for (key, value) in &file.endpoints {
            cloud.set(key, value)?;
        }
        let needed = |key: &&&str| !OPTIONAL.contains(*key) && cloud.get(key).is_empty();
        if let Some(missing) = KEYS.iter().find(needed) {
            return Err(Error::usage(format!(
                "The cloud file `{origin}` has no `base` and no value for `{missing}`."
            ))
            .hint("Add `\"base\": \"public\"`, or add every value under `endpoints`."));
        }
        let Some(part) = file.sandbox else {
            let of_sandboxes = [
                ("tenant", file.tenant.is_some()),
                ("users", file.users.is_some()),
                ("defaults", file.defaults.is_some()),
            ];
            return match of_sandboxes.into_iter().find(|(_, given)| *given) {
                None => Ok((cloud, None)),
                Some((name, _)) => Err(Error::usage(format!(
                    "The cloud file `{origin}` has `{name}`, which only a sandbox's file may have."
                ))
                .hint(format!(
                    "Remove `{name}` from the file. Set tenant and target with flags or in the \
                    configuration file."
                ))),
            };
        };
        cloud.sandbox = Some(part.loopback(origin)?);
        let facts = SandboxFacts {
            tenant: file.tenant,
            users: file.users.unwrap_or_default(),
            defaults: file.defaults.unwrap_or_default(),
        };
        Ok((cloud, Some(facts)))
    }
}

impl SandboxPart {
    fn loopback(self, origin: &str) -> Result<Loopback> {
        let local = self.url.scheme() == "http"
            && matches!(
                self.url.host_str(),
                Some("127.0.0.1" | "[::1]" | "localhost")
            );
        let started = Timestamp::from_millisecond(self.started_unix_ms).ok();
        match started {
            Some(started) if local && self.speed.is_finite() && self.speed > 0.0 => Ok(Loopback {
                url: self.url,
                speed: self.speed,
                epoch: self.epoch,
                started,
            }),
            _ => Err(Error::usage(format!(
                "The sandbox in `{origin}` needs the URL `http://127.0.0.1:PORT`, and a speed \
                above 0."
            ))
            .hint("Create the file again with `cmkctl sandbox --cloud-file FILE`.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_file_is_complete_or_has_a_base_and_a_sandbox_is_on_loopback() {
        assert!(Cloud::from_json("{}", "x.json").is_err());
        assert!(Cloud::from_json("<html>", "x.json").is_err());
        let (air_gapped, _) = Cloud::from_json(
            r#"{"name":"eagle","base":"public","endpoints":{"bap":"api.bap.eagle.example"}}"#,
            "x.json",
        )
        .unwrap();
        assert_eq!(
            (air_gapped.name.as_str(), air_gapped.get("bap")),
            ("eagle", "api.bap.eagle.example")
        );
        let whole = include_str!("../../examples/air-gapped-cloud.json");
        assert_eq!(
            Cloud::from_json(whole, "x.json").unwrap().0.get("arm"),
            "management.cloud.example"
        );
        let sandbox = |url: &str| {
            let text = format!(
                r#"{{"base":"public","sandbox":{{"url":"{url}","speed":600,"epoch":"2026-03-02T08:00:00Z","started_unix_ms":1}}}}"#
            );
            Cloud::from_json(&text, "x.json")
        };
        assert!(sandbox("http://127.0.0.1:4000").is_ok());
        for url in [
            "http://10.0.0.1:4000",
            "https://127.0.0.1",
            "http://127.0.0.1.evil.example",
            "http://evil.example",
        ] {
            assert!(sandbox(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_member_that_is_not_known_is_refused_at_every_level_by_its_name() {
        let good = serde_json::json!({
            "name": "sandbox", "base": "public", "endpoints": {},
            "sandbox": { "url": "http://127.0.0.1:1", "speed": 1, "epoch": "2026-03-02T08:00:00Z",
                "started_unix_ms": 1, "scenario": "ready" },
            "tenant": "t", "users": [{ "name": "admin", "client_id": "c", "object_id": "o",
                "about": "all" }],
            "defaults": { "environment": "e", "environment_name": null, "policy": "p",
                "vault": "v", "key": "k" },
        });
        let (_, facts) = Cloud::from_json(&good.to_string(), "x.json").unwrap();
        assert_eq!(facts.unwrap().users[0].name, "admin");
        for (place, name) in [
            ("", "endpoint"),
            ("/sandbox", "host"),
            ("/users/0", "client"),
            ("/defaults", "vaults"),
            ("", "audience"),
        ] {
            let mut file = good.clone();
            file.pointer_mut(place).unwrap()[name] = serde_json::json!({ "bap": "x.example" });
            let error = Cloud::from_json(&file.to_string(), "x.json").unwrap_err();
            let detail = error.detail.unwrap();
            assert!(detail.contains(&format!("`{name}`")), "{place}: {detail}");
        }
        for name in ["tenant", "users", "defaults"] {
            let mut file = good.clone();
            for other in ["sandbox", "tenant", "users", "defaults"]
                .iter()
                .filter(|other| **other != name)
            {
                file.as_object_mut().unwrap().remove(*other);
            }
            let error = Cloud::from_json(&file.to_string(), "x.json").unwrap_err();
            assert!(error.message.contains(&format!("`{name}`")), "{error}");
        }
    }
}
