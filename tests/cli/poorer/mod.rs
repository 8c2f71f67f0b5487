//! Incomplete or unusual answers: a proxy changes one part of an answer. Nothing may start or pass.
//! With unchanged answers, the same command succeeds.

mod keys;
mod outages;
mod watches;

use crate::between::Deed::{self, Body, Status};
use crate::between::{Between, Rule};
use crate::tenants::{closed_firewall, policy_ready, rsa_key, vault_is};
use crate::tool::{START_ADD, Served, overlaid};
use serde_json::{Value, json};

/// The base tenant with a created and granted policy, and an unused key.
fn with_free_key(patch: Value) -> Value {
    overlaid(
        policy_ready(vault_is(json!({ "keys": { "cmk-free": rsa_key() } }))),
        patch,
    )
}

fn linked_with_free_key() -> Value {
    with_free_key(json!({ "environments": { "uat": { "policy": "ep-contoso-cmk" } } }))
}

/// With each rule, the command ends with `code` and has no effect. Without a rule, it succeeds.
fn never(served: &Served, user: &str, arguments: &[&str], code: i32, rules: &[(&str, Rule)]) {
    for (what, rule) in rules {
        let ran = Between::new(served, vec![*rule]).run_as(user, arguments);
        assert_eq!(ran.code, code, "{what}\n{}\n{}", ran.stdout, ran.stderr);
        assert!(
            served.effects().is_empty(),
            "{what}: {:?}",
            served.effects()
        );
        assert!(
            !ran.stdout.contains("unchanged") && !ran.stdout.contains("Nothing to do"),
            "{what}: {}",
            ran.stdout
        );
    }
}

fn item(value: &mut Value, change: impl Fn(&mut Value)) {
    let uat = |item: &&mut Value| item["properties"]["displayName"] == "Contoso UAT";
    if let Some(item) = value["value"].as_array_mut().unwrap().iter_mut().find(uat) {
        change(item);
    }
}

const ENVIRONMENT: &str = "/scopes/admin/environments/";

const PLAIN: &str = "2016-11-01";

const LIST: &str = "/scopes/admin/environments?";

const HISTORY: &str = "/lifecycleOperations?";

const POLICY: &str = "/enterprisePolicies/ep-contoso-cmk?";

const VAULT: &str = "/vaults/kv-contoso-cmk?";

const KEY: &str = "/vaults/kv-contoso-cmk/keys/";

const ROLES: &str = "/vaults/kv-contoso-cmk/providers/Microsoft.Authorization/roleAssignments";
