//! Tests the judge with exchanges that have one mistake.

use super::judge::Figures;
use super::{figures, specs_or_said};
use crate::tool::{FAST, Served};
use serde_json::{Value, json};

const VAULT: (&str, &str) = ("GET", "/Microsoft.KeyVault/vaults/kv-contoso-cmk");
const POLICY: (&str, &str) = ("GET", "/enterprisePolicies/ep-contoso-cmk");
const NEW_POLICY: (&str, &str) = ("PUT", "/enterprisePolicies/ep-contoso-cmk");
const GRANT: (&str, &str) = ("PUT", "/providers/Microsoft.Authorization/roleAssignments/");
const KEY: (&str, &str) = ("GET", "/keys/cmk-contoso/");

/// The exchange, the place of the mistake, its value, and the expected message.
type Mutation = (
    (&'static str, &'static str),
    &'static str,
    Value,
    &'static str,
);

fn mutations() -> Vec<Mutation> {
    vec![
        (
            VAULT,
            "/answer/json/properties/softDeleteRetentionInDays",
            json!("ninety"),
            "/properties/softDeleteRetentionInDays: type:",
        ),
        (
            VAULT,
            "/answer/json/properties/colour",
            json!("red"),
            "Answer /properties: no schema names `colour`",
        ),
        (
            VAULT,
            "/answer/json/properties/createMode",
            json!("default"),
            "Answer /properties/createMode: is the other side's",
        ),
        (
            VAULT,
            "/answer/json/properties/sku/name",
            json!("gold"),
            "Answer /properties/sku/name: \"gold\" is no word of it",
        ),
        (
            VAULT,
            "/answer/json/properties/sku",
            Value::Null,
            "Answer /properties/sku: is null",
        ),
        (
            VAULT,
            "/answer/json/properties",
            json!({}),
            "Answer /properties: `sku` is missing",
        ),
        (
            VAULT,
            "/query",
            json!({}),
            "the parameter `api-version` is missing",
        ),
        (
            VAULT,
            "/query/colour",
            json!("red"),
            "no parameter is called `colour`",
        ),
        (
            POLICY,
            "/path",
            json!(format!(
                "/subscriptions/s/resourceGroups/{}/providers/Microsoft.PowerPlatform/\
                enterprisePolicies/p",
                "g".repeat(91)
            )),
            "Request parameter `resourceGroupName`: maxLength:",
        ),
        (VAULT, "/answer", json!({}), "Answer : is no JSON"),
        (VAULT, "/answer", json!({ "other": true }), "is no JSON"),
        (
            POLICY,
            "/answer/json/identity/colour",
            json!("red"),
            "Answer /identity: no schema names `colour`",
        ),
        (POLICY, "/status", json!(206), "has no entry: 206"),
        (
            NEW_POLICY,
            "/request/json/id",
            json!("/an/id"),
            "Request /id: is the other side's",
        ),
        (
            NEW_POLICY,
            "/request/json/kind",
            json!(7),
            "Request /kind: type:",
        ),
        (NEW_POLICY, "/request", json!({}), "Request : has no body"),
        (
            NEW_POLICY,
            "/request",
            json!({ "other": true }),
            "Request : is no JSON",
        ),
        (
            GRANT,
            "/request/json/properties",
            json!({ "roleDefinitionId": "r" }),
            "Request /properties: `principalId` is missing",
        ),
        (
            GRANT,
            "/answer/json/properties/createdOn",
            json!("yesterday"),
            "Answer /properties/createdOn: format:",
        ),
        (
            KEY,
            "/answer/json/attributes/created",
            json!("2026-01-01T00:00:00Z"),
            "Answer /attributes/created: type:",
        ),
        (
            KEY,
            "/answer/json/key/n",
            json!("a+b/c="),
            "Answer /key/n: format:",
        ),
        (
            KEY,
            "/answer/json/attributes/colour",
            json!("red"),
            "Answer /attributes: no schema names `colour`",
        ),
        (KEY, "/request", json!({ "json": {} }), ""),
        (
            KEY,
            "/request",
            json!({ "json": { "a": 1 } }),
            "Request : has a body",
        ),
        (
            POLICY,
            "/path",
            json!("/subscriptions/s/providers/Microsoft.Colour/reds"),
            "neither described nor listed",
        ),
    ]
}

/// The exchanges of creating a policy.
fn exchanges() -> Vec<Value> {
    let served = Served::start("fresh", FAST);
    served.run(&["create-policy", "--yes"]).exits(0);
    served.run(&["status"]).exits(0);
    served.exchanges().as_array().unwrap().clone()
}

fn found(all: &[Value], (method, path): (&str, &str)) -> Value {
    let of = |one: &&Value| {
        let own = one["path"].as_str().unwrap();
        let there = own.ends_with(path) || (path.ends_with('/') && own.contains(path));
        one["method"] == method && there && one["status"].as_u64().unwrap() < 400
    };
    let found = all.iter().find(of);
    found
        .unwrap_or_else(|| panic!("no {method} {path}"))
        .clone()
}

/// The exchange with this value at this place. Missing parents are created.
fn with(mut exchange: Value, place: &str, value: Value) -> Value {
    let mut at = &mut exchange;
    for name in place.split('/').skip(1) {
        at = &mut at[name];
    }
    *at = value;
    exchange
}

#[test]
fn every_mutated_exchange_is_noticed() {
    let Some(specs) = specs_or_said() else { return };
    let all = exchanges();
    let judged = |one: Value| -> Figures { figures(specs, &Value::Array(vec![one])) };
    for (which, place, value, said) in mutations() {
        let whole = found(&all, which);
        assert!(judged(whole.clone()).deviations.is_empty(), "{which:?}");
        let mutated = with(whole.clone(), place, value);
        let deviations = judged(mutated.clone()).deviations;
        let noticed = deviations.iter().any(|one| one.contains(said));
        assert!(
            noticed || (said.is_empty() && deviations.is_empty()),
            "{which:?} {place}: {deviations:#?}"
        );
        // The sandbox is not judged for an answer that scripted trouble changed.
        let of_the_answer = place.starts_with("/answer") || place == "/status";
        let scripted = judged(with(mutated, "/scripted", json!(true)));
        let silent = scripted.deviations.is_empty();
        assert_eq!(
            silent,
            of_the_answer || said.is_empty(),
            "{which:?} {place}"
        );
    }
}

/// The folder's specification has no PUT of a vault. The newest Bicep types describe its body.
#[test]
fn what_is_put_into_a_vault_is_judged_by_the_newest_types() {
    let Some(specs) = specs_or_said() else { return };
    let read = found(&exchanges(), VAULT);
    let put = with(read.clone(), "/method", json!("PUT"));
    let mut body = read["answer"]["json"].clone();
    for name in ["id", "name", "type", "systemData"] {
        body.as_object_mut().unwrap().remove(name);
    }
    let put = with(put, "/request", json!({ "json": body }));
    let judged = |one: &Value| figures(specs, &json!([one]));
    let whole = judged(&put);
    assert_eq!((whole.judged, whole.deviations.len()), (1, 0), "{whole:?}");
    let wrong = judged(&with(put.clone(), "/request/json/colour", json!("red")));
    assert_eq!(wrong.deviations.len(), 1, "{wrong:?}");
    // A test may send what it read, like clients that change a single field.
    let own = with(put.clone(), "/request/json/id", json!("/an/id"));
    assert_eq!(judged(&own).deviations.len(), 1);
    let own = with(own, "/client_request_id", json!(""));
    assert!(judged(&own).deviations.is_empty());
    let older = judged(&with(put, "/query/api-version", json!("2023-07-01")));
    assert_eq!((older.judged, older.undescribed), (0, 1), "{older:?}");
}

#[test]
fn what_is_refused_may_be_wrong_and_the_refusal_not() {
    let Some(specs) = specs_or_said() else { return };
    let all = exchanges();
    let refusal = json!({ "json": { "error": { "code": "BadRequest", "message": "No." } } });
    let refused = with(found(&all, NEW_POLICY), "/request/json/location", json!(7));
    let refused = with(refused, "/status", json!(400));
    let refused = with(refused, "/answer", refusal);
    let judged = |one: &Value| figures(specs, &json!([one]));
    assert_eq!(judged(&refused).deviations.len(), 1, "the client's own");
    let by_a_test = with(refused, "/client_request_id", json!(""));
    assert!(judged(&by_a_test).deviations.is_empty());
    let odd = with(by_a_test, "/answer/json/error/colour", json!("red"));
    assert_eq!(judged(&odd).deviations.len(), 1);
    let nonsense = with(odd, "/path", json!("/nonsense"));
    let nonsense = judged(&nonsense);
    assert_eq!((nonsense.judged, nonsense.deviations.len()), (0, 0));
}

#[test]
fn a_new_word_of_an_open_enumeration_is_a_note() {
    let Some(specs) = specs_or_said() else { return };
    let grant = found(&exchanges(), GRANT);
    let place = "/answer/json/properties/principalType";
    let figures = figures(specs, &json!([with(grant, place, json!("Robot"))]));
    assert_eq!((figures.deviations.len(), figures.notes.len()), (0, 1));
}
