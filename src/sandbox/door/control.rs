//! The sandbox's own routes below `/_sandbox`, for tests and users: the ledger, the state, and a
//! restart.

use super::ledger::Ledger;
use super::shared::Shared;
use super::trouble::Trouble;
use crate::message::{Reply, Request};
use crate::scenario::Scenario;
use crate::scenario::rules::parse;
use crate::services::assertions::certificates;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a request for the stall state stays open, in real time.
const STALL_SHOWS: Duration = Duration::from_millis(500);

/// Step size of a time jump, in sandbox seconds.
const ADVANCE_STEP: f64 = 3600.0;

/// The longest time jump, in sandbox seconds.
const LONGEST_ADVANCE: f64 = 366.0 * 86_400.0;

pub(super) async fn handle(shared: &Shared, request: &Request) -> Reply {
    match (request.method.as_str(), request.raw_path.as_str()) {
        ("GET", "/_sandbox/ledger") => {
            let mut document = shared.ledger().document();
            document["hits"] = json!(shared.trouble().hits());
            Reply::json(200, &document)
        }
        ("GET", "/_sandbox/exchanges") => Reply::json(200, &shared.ledger().exchanges()),
        ("GET", "/_sandbox/world") => Reply::json(200, &shared.world().document()),
        ("GET", "/_sandbox/planted") => Reply::json(200, &json!(shared.world().planted)),
        ("GET", "/_sandbox/cloud") => Reply::json(200, &shared.cloud_file()),
        ("GET", "/_sandbox/stall") => stalled(shared).await,
        ("POST", "/_sandbox/reset") => {
            shared.ledger().reset(request.json()["answers"] == true);
            Reply::empty(204)
        }
        ("POST", "/_sandbox/begin") => match begin(shared, &request.json()) {
            Ok(()) => Reply::json(200, &shared.cloud_file()),
            Err(why) => Reply::error(400, "BadBeginning", why),
        },
        ("POST", "/_sandbox/advance") => match advance(shared, &request.json()) {
            Ok(()) => Reply::json(200, &shared.cloud_file()),
            Err(why) => Reply::error(400, "BadAdvance", why),
        },
        ("POST", "/_sandbox/certificates") => match register(shared, &request.json()) {
            Ok(()) => Reply::empty(204),
            Err(why) => Reply::error(400, "BadCertificate", why),
        },
        ("POST", "/_sandbox/sign-ins") => match sign_ins(shared, &request.json()) {
            Ok(()) => Reply::empty(204),
            Err(why) => Reply::error(400, "BadSignIns", why),
        },
        ("POST", "/_sandbox/faults") => match parse(&request.json()) {
            Ok(rules) => {
                *shared.trouble() = Trouble::new(rules);
                Reply::empty(204)
            }
            Err(why) => Reply::error(400, "BadFaults", why),
        },
        ("GET", "/healthz") => Reply::json(200, &json!({ "status": "ok" })),
        _ => Reply::error(
            404,
            "NotFound",
            "To call a service, name its host in the header `x-cmkctl-host`. The sandbox's own \
            addresses begin with `/_sandbox/`.",
        ),
    }
}

/// Answers as soon as a request hangs in a scripted stall, or with `false` after `STALL_SHOWS`.
async fn stalled(shared: &Shared) -> Reply {
    let mut stall = shared.stall.subscribe();
    let shown = tokio::time::timeout(STALL_SHOWS, stall.wait_for(|stalled| *stalled)).await;
    Reply::json(200, &json!({ "stalled": matches!(shown, Ok(Ok(_))) }))
}

/// Registers the certificates of a PEM text with the application of a `user`. They replace the
/// earlier ones.
fn register(shared: &Shared, wanted: &Value) -> Result<(), String> {
    let text = |name: &str| wanted[name].as_str().ok_or(format!("`{name}` is missing"));
    let (name, pem) = (text("user")?, text("certificate")?);
    let ders = certificates(pem)?;
    let mut world = shared.world();
    let user = world.users.get_mut(name);
    user.ok_or(format!("there is no user `{name}`"))?
        .certificates = ders;
    Ok(())
}

/// Sets who signs in, what the sign-in page answers, which sign-ins have ended, and which claims
/// services require.
fn sign_ins(shared: &Shared, wanted: &Value) -> Result<(), String> {
    if let Some(name) = wanted["person"].as_str() {
        shared.seats(name)?;
    }
    shared.world().sign_ins.change(wanted)
}

/// Lets `seconds` pass at once. It goes in steps, so that events happen in order and at their time.
/// The answer is the new cloud file, with which a client uses the same clock.
fn advance(shared: &Shared, wanted: &Value) -> Result<(), String> {
    let seconds = wanted["seconds"]
        .as_f64()
        .filter(|seconds| (0.0..=LONGEST_ADVANCE).contains(seconds));
    let mut left = seconds.ok_or("`seconds` must be a number from 0 to 31622400 (366 days)")?;
    let mut world = shared.world();
    while left > 0.0 {
        let step = left.min(ADVANCE_STEP);
        world.clock.skip(step);
        world.advance();
        left -= step;
    }
    Ok(())
}

/// Starts again as a fresh process: tenant, clock, ledger and scripted trouble. Takes `scenario` (a
/// patch, or the name of a built-in one), `speed`, `faults`, and `answers` to keep bodies. By
/// default, the scenario and the speed stay, the trouble is the scenario's, and no bodies are kept.
fn begin(shared: &Shared, wanted: &Value) -> Result<(), String> {
    let scenario = match &wanted["scenario"] {
        Value::Null => shared.scenario().clone(),
        Value::String(name) => Scenario::built_in(name)
            .ok_or_else(|| format!("there is no built-in scenario `{name}`"))?,
        patch => Scenario::parse(&patch.to_string())?,
    };
    let rules = match &wanted["faults"] {
        Value::Null => scenario.faults(),
        rules => parse(rules)?,
    };
    let speed = wanted["speed"]
        .as_f64()
        .unwrap_or_else(|| shared.world().clock.speed);
    if !(speed.is_finite() && speed > 0.0) {
        return Err("the speed must be above 0".to_owned());
    }
    *shared.world() = scenario.world(speed);
    *shared.scenario() = scenario;
    *shared.ledger() = Ledger::new(wanted["answers"] == true);
    *shared.trouble() = Trouble::new(rules);
    shared.stall.send_replace(false);
    if let Some(closed) = shared.trouble().closes_after(0) {
        shared.door.send_replace(closed);
    }
    Ok(())
}
