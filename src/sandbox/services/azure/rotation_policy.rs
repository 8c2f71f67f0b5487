//! Hosts below vault.azure.net and managedhsm.azure.net: the rotation policy of a key (7.3 to
//! 2025-07-01). Limits are those of Microsoft's article on automated rotation. Inferred: the
//! refusals' texts, and that a notification always exists.

use super::errors::{bad_parameter, invalid_parameter};
use super::fields::{Fields, Wrong};
use super::key_bundle::find;
use crate::message::{Reply, Request};
use crate::tenant::keys::uri;
use crate::tenant::rotation::{Period, Rotation, Trigger};
use crate::tenant::world::World;
use serde_json::{Value, json};

/// The default time of the notification before expiry.
const NOTICE: &str = "P30D";
/// A version lives at least `SHORTEST` days. Its rotation is at least `MARGIN` days from its start
/// and end.
const SHORTEST: i64 = 28;
const MARGIN: i64 = 7;

/// The JSON of a policy. `action_names` are the actions, whose case differs between data plane and
/// control plane.
pub(super) fn shown(policy: Option<&Rotation>, action_names: [&str; 2]) -> Value {
    let notice = policy.map_or(NOTICE, |rotation| rotation.notify.text.as_str());
    let mut actions = vec![json!({
        "trigger": { "timeBeforeExpiry": notice },
        "action": { "type": action_names[1] },
    })];
    let Some(policy) = policy else {
        return json!({ "lifetimeActions": actions, "attributes": {} });
    };
    if let Some(trigger) = &policy.rotate {
        let trigger = match trigger {
            Trigger::AfterCreate(period) => json!({ "timeAfterCreate": period.text }),
            Trigger::BeforeExpiry(period) => json!({ "timeBeforeExpiry": period.text }),
        };
        let rotate = json!({ "trigger": trigger, "action": { "type": action_names[0] } });
        actions.insert(0, rotate);
    }
    let mut attributes = json!({ "created": policy.created, "updated": policy.updated });
    if let Some(expiry) = &policy.expiry {
        attributes["expiryTime"] = json!(expiry.text);
    }
    json!({ "lifetimeActions": actions, "attributes": attributes })
}

/// The policy of a key, or the default policy.
pub(super) fn get(world: &World, vault: &str, name: &str) -> Reply {
    let key = match find(world, vault, name) {
        Ok(key) => key,
        Err(refusal) => return refusal,
    };
    let mut body = shown(key.rotation.as_ref(), ["Rotate", "Notify"]);
    let base = world
        .vaults
        .get(vault)
        .map(|stored_vault| uri(vault, stored_vault));
    let base = base.unwrap_or_default();
    body["id"] = json!(format!("{base}keys/{name}/rotationpolicy"));
    Reply::json(200, &body)
}

/// Replaces the policy.
pub(super) fn put(world: &mut World, request: &Request, vault: &str, name: &str) -> Reply {
    if let Err(refusal) = find(world, vault, name) {
        return refusal;
    }
    let body = request.json();
    let mut policy = match read(&body, world.clock.now().as_second()) {
        Ok(policy) => policy,
        Err(refusal) => return refusal,
    };
    let stored_vault = world.vaults.get_mut(vault);
    if let Some(key) = stored_vault.and_then(|stored_vault| stored_vault.keys.get_mut(name)) {
        let before = key.rotation.as_ref();
        policy.created = before.map_or(policy.created, |earlier| earlier.created);
        key.rotation = Some(policy);
        world.effect("rotation-policy-set", format!("{vault}/{name}"));
    }
    get(world, vault, name)
}

/// Reads a policy from a request.
///
/// # Errors
/// The 400 of an invalid policy.
pub(super) fn read(body: &Value, now: i64) -> Result<Rotation, Reply> {
    let policy = parsed(body, now).map_err(|Wrong(field)| invalid_parameter(&field))?;
    match fault(&policy) {
        Some(text) => Err(bad_parameter(text)),
        None => Ok(policy),
    }
}

fn parsed(body: &Value, now: i64) -> Result<Rotation, Wrong> {
    let fields = Fields::of(body, "body", &["id", "lifetimeActions", "attributes"])?;
    let known = ["expiryTime", "created", "updated"];
    let attributes = fields.object("attributes", &known)?;
    let mut policy = Rotation {
        expiry: match attributes {
            Some(attributes) => period(attributes, "expiryTime")?,
            None => None,
        },
        rotate: None,
        notify: Period::parse(NOTICE).ok_or_else(|| Wrong(NOTICE.to_owned()))?,
        created: now,
        updated: now,
    };
    let mut told = false;
    for action in fields.list("lifetimeActions")?.into_iter().flatten() {
        let (kind, trigger) = lifetime_action(action)?;
        let twice = || Wrong("lifetimeActions".to_owned());
        match (kind, trigger) {
            ("Rotate", trigger) if policy.rotate.is_none() => policy.rotate = Some(trigger),
            ("Notify", Trigger::BeforeExpiry(period)) if !told => {
                (policy.notify, told) = (period, true);
            }
            _ => return Err(twice()),
        }
    }
    Ok(policy)
}

fn lifetime_action(value: &Value) -> Result<(&'static str, Trigger), Wrong> {
    let wrong = |name: &str| Wrong(name.to_owned());
    let fields = Fields::of(value, "lifetimeActions", &["trigger", "action"])?;
    let action = fields.object("action", &["type"])?;
    let kind = match action {
        Some(action) => action.word("type", &["Rotate", "Notify"])?,
        None => None,
    };
    let known = ["timeAfterCreate", "timeBeforeExpiry"];
    let trigger = fields.object("trigger", &known)?;
    let trigger = trigger.ok_or_else(|| wrong("trigger"))?;
    let after = period(trigger, "timeAfterCreate")?;
    let before = period(trigger, "timeBeforeExpiry")?;
    let trigger = match (after, before) {
        (Some(period), None) => Trigger::AfterCreate(period),
        (None, Some(period)) => Trigger::BeforeExpiry(period),
        _ => return Err(wrong("trigger")),
    };
    Ok((kind.ok_or_else(|| wrong("action"))?, trigger))
}

fn period(fields: Fields<'_>, name: &str) -> Result<Option<Period>, Wrong> {
    let stated = fields.text(name)?.filter(|text| !text.is_empty());
    let read = |text| Period::parse(text).ok_or_else(|| Wrong(name.to_owned()));
    stated.map(read).transpose()
}

/// The refusal of a policy whose fields are valid but contradict each other.
fn fault(policy: &Rotation) -> Option<&'static str> {
    let expiry = policy.expiry.as_ref().map(Period::days);
    if expiry.is_some_and(|days| days < SHORTEST) {
        return Some("The expiryTime of a rotation policy must be at least 28 days.");
    }
    let rotate = policy.rotate.as_ref();
    let Some(Trigger::AfterCreate(period) | Trigger::BeforeExpiry(period)) = rotate else {
        return None;
    };
    let days = period.days();
    if days < MARGIN || expiry.is_some_and(|end| days > end - MARGIN) {
        return Some(
            "A key must be rotated at least 7 days after its creation and at least 7 days before \
            its expiry.",
        );
    }
    let before = matches!(rotate, Some(Trigger::BeforeExpiry(_)));
    (before && expiry.is_none())
        .then_some("A rotation before the expiry needs an expiryTime in the policy.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(kind: &str, trigger: &str, period: &str) -> Value {
        json!({ "trigger": { trigger: period }, "action": { "type": kind } })
    }

    #[test]
    fn a_policy_keeps_its_distances() {
        let (after, before) = ("timeAfterCreate", "timeBeforeExpiry");
        for (expiry, actions, good) in [
            ("P90D", json!([action("Rotate", after, "P60D")]), true),
            ("P90D", json!([action("rotate", before, "P30D")]), true),
            ("", json!([action("Rotate", after, "P60D")]), true),
            ("", json!([action("Rotate", before, "P60D")]), false),
            ("P27D", json!([]), false),
            ("28 days", json!([]), false),
            ("P90D", json!([action("Rotate", after, "P6D")]), false),
            ("P90D", json!([action("Rotate", after, "P84D")]), false),
            ("P90D", json!([action("Rotate", before, "P84D")]), false),
            ("P90D", json!([action("Notify", after, "P30D")]), false),
            ("P90D", json!([action("Fly", after, "P30D")]), false),
            ("P90D", json!([{ "action": { "type": "Rotate" } }]), false),
            ("P90D", json!({}), false),
            (
                "P90D",
                json!([
                    action("Notify", before, "P30D"),
                    action("Notify", before, "P9D")
                ]),
                false,
            ),
        ] {
            let body =
                json!({ "lifetimeActions": actions, "attributes": { "expiryTime": expiry } });
            assert_eq!(read(&body, 1).is_ok(), good, "{body}");
        }
    }
}
