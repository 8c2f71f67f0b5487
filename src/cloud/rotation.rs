//! New versions of a key: one immediately (`POST /keys/{name}/rotate`), and the policy by which Key
//! Vault makes them (`GET` and `PUT /keys/{name}/rotationpolicy`). This file uses cmkctl's own
//! client, because the client of the Azure crate would repeat a change without a check.

use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json::{self, look, maybe, must};
use crate::cloud::session::{Reader, Writer};
use crate::cloud::versions::KEYS;
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyName;
use crate::model::known::Known;
use crate::model::new_key::Period;
use crate::model::protection::Vault;
use crate::model::rotation::{RotationPolicy, Trigger};
use reqwest::Method;
use serde_json::{Value, json};

impl Reader {
    /// The rotation policy of a key, from the data plane. If no policy was ever set, the service
    /// shows a policy that makes no new versions.
    ///
    /// # Errors
    /// The service's refusal, or a policy that can't be understood.
    pub async fn rotation_policy(&self, vault: &Vault, key: &KeyName) -> Reply<RotationPolicy> {
        let service = Service::of_keys(vault.id.kind);
        let url = address(&vault.uri, key, "rotationpolicy");
        let answer = self.session.read(service, &url).await?;
        let value = super::exchange::parse(service, &answer)?;
        let found = of_this_key(&value, key).and_then(|()| policy(&value));
        found
            .required()
            .map_err(|why| Fault::shape(service, &answer, why))
    }
}

impl Writer {
    /// Creates a new version of a key, by the vault's rotation policy. **Never send it twice**:
    /// each request creates another version.
    ///
    /// # Errors
    /// The service's refusal. An ambiguous fault may have created a version.
    pub async fn rotate_key(
        &self,
        vault: &ArmId,
        uri: &str,
        key: &KeyName,
    ) -> Reply<Option<String>> {
        let url = address(uri, key, "rotate");
        let answer = self
            .session
            .change(Service::of_keys(vault.kind), Method::POST, &url, None)
            .await?;
        Ok(answer.correlation().map(json::clean))
    }

    /// Sets the whole rotation policy of a key. A repeated request has the same effect.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn set_rotation_policy(
        &self,
        (vault, uri): (&ArmId, &str),
        key: &KeyName,
        policy: &RotationPolicy,
    ) -> Reply<Option<String>> {
        let url = address(uri, key, "rotationpolicy");
        let service = Service::of_keys(vault.kind);
        let body = body(policy);
        let answer = self
            .session
            .change(service, Method::PUT, &url, Some(&body))
            .await?;
        Ok(answer.correlation().map(json::clean))
    }
}

fn address(uri: &str, key: &KeyName, what: &str) -> String {
    let base = uri.trim_end_matches('/');
    format!("{base}/keys/{key}/{what}?api-version={KEYS}")
}

fn body(policy: &RotationPolicy) -> Value {
    let action =
        |trigger: Value, kind: &str| json!({ "trigger": trigger, "action": { "type": kind } });
    let rotates = policy.rotates.map(|trigger| match trigger {
        Trigger::AfterCreation(period) => json!({ "timeAfterCreate": period }),
        Trigger::BeforeExpiry(period) => json!({ "timeBeforeExpiry": period }),
    });
    let notifies = policy
        .notifies
        .map(|period| json!({ "timeBeforeExpiry": period }));
    let rotates = rotates.map(|trigger| action(trigger, "Rotate"));
    let notifies = notifies.map(|trigger| action(trigger, "Notify"));
    let mut attributes = json!({});
    if let Some(lasts) = policy.lasts {
        attributes["expiryTime"] = json!(lasts);
    }
    let actions: Vec<Value> = rotates.into_iter().chain(notifies).collect();
    json!({ "lifetimeActions": actions, "attributes": attributes })
}

/// Checks that the policy's id, if the service returns it, belongs to this key.
fn of_this_key(value: &Value, key: &KeyName) -> Known<()> {
    maybe(value, "id", json::as_text).and_then(|id| {
        let Some(id) = id else {
            return Known::Known(());
        };
        let suffix = format!("/keys/{key}/rotationpolicy").to_ascii_lowercase();
        if id.to_ascii_lowercase().ends_with(&suffix) {
            return Known::Known(());
        }
        Known::Unknown(format!(
            "the answer is the rotation policy of another key, `{id}`"
        ))
    })
}

/// Reads the rotation policy from Resource Manager's answer about a key. If the policy is missing
/// there, it is unknown: the reference does not say when Resource Manager omits the policy.
pub(super) fn in_arm(value: &Value) -> Known<RotationPolicy> {
    match look(value, "properties.rotationPolicy") {
        Ok(Some(shown)) => policy(shown),
        Ok(None) => {
            let why = "Azure Resource Manager does not show a rotation policy";
            Known::Unknown(why.to_owned())
        }
        Err(why) => Known::Unknown(why),
    }
}

/// Reads a rotation policy. An unknown action may rotate the key, so it makes the whole policy
/// unknown.
fn policy(value: &Value) -> Known<RotationPolicy> {
    let actions = maybe(value, "lifetimeActions", |list| list.as_array().cloned());
    let lasts = maybe(value, "attributes.expiryTime", end);
    lasts.and_then(|lasts| {
        actions.and_then(|actions| {
            let mut policy = RotationPolicy {
                lasts: lasts.flatten(),
                ..RotationPolicy::default()
            };
            for list in actions.unwrap_or_default() {
                if let Known::Unknown(why) = add(&mut policy, &list) {
                    return Known::Unknown(why);
                }
            }
            Known::Known(policy)
        })
    })
}

fn add(policy: &mut RotationPolicy, action: &Value) -> Known<()> {
    let kind = must(action, "action.type", |kind| {
        kind.as_str().map(str::to_ascii_lowercase)
    });
    let after = maybe(action, "trigger.timeAfterCreate", period);
    let before = maybe(action, "trigger.timeBeforeExpiry", period);
    kind.and_then(|kind| {
        after.and_then(|after| {
            before.and_then(|before| {
                match (kind.as_str(), after, before) {
                    ("rotate", Some(after), None) if policy.rotates.is_none() => {
                        policy.rotates = Some(Trigger::AfterCreation(after));
                    }
                    ("rotate", None, Some(before)) if policy.rotates.is_none() => {
                        policy.rotates = Some(Trigger::BeforeExpiry(before));
                    }
                    ("notify", None, Some(before)) if policy.notifies.is_none() => {
                        policy.notifies = Some(before);
                    }
                    (kind, _, _) => {
                        let why = format!(
                            "cmkctl does not understand the action `{kind}` in `lifetimeActions`"
                        );
                        return Known::Unknown(why);
                    }
                }
                Known::Known(())
            })
        })
    })
}

fn period(value: &Value) -> Option<Period> {
    value.as_str().and_then(Period::of_iso)
}

/// An empty text means that new versions do not expire.
fn end(value: &Value) -> Option<Option<Period>> {
    match value.as_str()? {
        "" => Some(None),
        text => Period::of_iso(text).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Period> {
        Some(Period::parse(text).unwrap())
    }

    #[test]
    fn a_rotation_policy_is_read_as_it_is_written() {
        for (rotates, lasts, notifies) in [
            (None, None, None),
            (
                parsed("1y").map(Trigger::AfterCreation),
                parsed("2y"),
                parsed("30d"),
            ),
            (
                parsed("30d").map(Trigger::BeforeExpiry),
                parsed("90d"),
                None,
            ),
        ] {
            let whole = RotationPolicy {
                rotates,
                lasts,
                notifies,
            };
            let value = body(&whole);
            assert_eq!(policy(&value), Known::Known(whole.clone()), "{value}");
            let in_arm_too = in_arm(&json!({ "properties": { "rotationPolicy": value } }));
            assert_eq!(in_arm_too, Known::Known(whole));
        }
        // Resource Manager writes its words in lower case.
        let lower = json!({ "lifetimeActions": [{ "trigger": { "timeAfterCreate": "P1Y" },
            "action": { "type": "rotate" } }], "attributes": { "expiryTime": "" } });
        let rotates = parsed("1y").map(Trigger::AfterCreation);
        assert_eq!(
            policy(&lower).known().map(|policy| policy.rotates),
            Some(rotates)
        );
    }

    #[test]
    fn what_can_not_be_understood_is_not_known() {
        let action = |kind: &str, trigger: Value| {
            let action = json!({ "trigger": trigger, "action": { "type": kind } });
            json!({ "lifetimeActions": [action] })
        };
        let year = json!({ "timeAfterCreate": "P1Y" });
        let mut twice = action("Rotate", year.clone());
        let same_action = twice["lifetimeActions"][0].clone();
        twice["lifetimeActions"]
            .as_array_mut()
            .unwrap()
            .push(same_action);
        for value in [
            action("Fly", year.clone()),
            action("Notify", year),
            action("Rotate", json!({})),
            action("Rotate", json!({ "timeAfterCreate": "P1Y2M" })),
            action(
                "Rotate",
                json!({ "timeAfterCreate": "P1Y", "timeBeforeExpiry": "P1Y" }),
            ),
            twice,
            json!({ "lifetimeActions": 1 }),
            json!({ "lifetimeActions": [{}] }),
            json!({ "attributes": { "expiryTime": "soon" } }),
        ] {
            assert!(policy(&value).known().is_none(), "{value}");
        }
        assert!(in_arm(&json!({ "properties": {} })).known().is_none());
        let key = KeyName::parse("cmk").unwrap();
        let named = |id: &str| of_this_key(&json!({ "id": id }), &key).known().is_some();
        assert!(named("https://kv.vault.azure.net/keys/CMK/rotationpolicy"));
        assert!(!named(
            "https://kv.vault.azure.net/keys/other/rotationpolicy"
        ));
    }
}
