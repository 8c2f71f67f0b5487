//! Checks a scenario beyond its shape: names that must exist or be unique, known words, and page
//! sizes.

use super::rights::{RightsSetup, custom_id, subscription};
use super::setup::{PolicySetup, Setup};
use crate::tenant::rights::BUILT_IN;
use crate::tenant::subscriptions::Subscription;
use std::collections::BTreeSet;

/// The possible ends of a link operation in the settings of a tenant.
const LINK_ENDS: [&str; 9] = [
    "",
    "failed",
    "failed-silently",
    "failed-with-link",
    "early",
    "succeeded-without-link",
    "vanished",
    "vanished-without-link",
    "unknown",
];
/// Registration states of a provider.
const PROVIDER: [&str; 4] = [
    "NotRegistered",
    "Registering",
    "Registered",
    "Unregistering",
];
/// The possible kinds of earlier lifecycle operations.
const HISTORY: [&str; 7] = [
    "NewCustomerManagedKey",
    "RotateCustomerManagedKey",
    "RevertToMicrosoftKey",
    "EnableGovernanceConfiguration",
    "Backup",
    "Copy",
    "Restore",
];

/// Returns the first error, if any. Principals, roles and scopes are checked by `rights`.
pub(super) fn check(setup: &Setup, rights: &RightsSetup) -> Result<(), String> {
    check_settings(setup)?;
    check_subscriptions(setup)?;
    check_policies(setup)?;
    check_keys(setup)?;
    check_past(setup)?;
    check_workspaces(setup)?;
    for own in setup.alerts.values() {
        rights.check_scope(setup, &own.scope)?;
    }
    for lock in &setup.locks {
        rights.check_scope(setup, &lock.scope)?;
    }
    check_once(rights, &setup.subscriptions())
}

/// Is the word one of the known ones?
fn known(field: &str, word: &str, all: &[&str]) -> Result<(), String> {
    if all.contains(&word) {
        return Ok(());
    }
    let all: Vec<String> = all.iter().map(|allowed| format!("`{allowed}`")).collect();
    Err(format!(
        "`{field}` can't be `{word}`, only {}",
        all.join(", ")
    ))
}

fn check_settings(setup: &Setup) -> Result<(), String> {
    let settings = &setup.settings;
    for (name, size, most) in [
        ("page_size", settings.page_size, usize::MAX),
        ("arm_page_size", settings.arm_page_size, usize::MAX),
        ("key_vault_page_size", settings.key_vault_page_size, 25),
    ] {
        if size == 0 {
            return Err(format!(
                "`settings.{name}` is 0, but a page has at least one item"
            ));
        }
        if size > most {
            return Err(format!(
                "`settings.{name}` is {size}, but a page has at most {most} items"
            ));
        }
    }
    let told_by = &settings.policy_told_by;
    known("settings.policy_told_by", told_by, &["", "location"])?;
    known("settings.link_ends", &settings.link_ends, &LINK_ENDS)
}

fn check_subscriptions(setup: &Setup) -> Result<(), String> {
    known("provider", &setup.provider, &PROVIDER)?;
    for provider in setup
        .subscriptions
        .iter()
        .filter_map(|subscription| subscription.provider.as_ref())
    {
        known("subscriptions[].provider", provider, &PROVIDER)?;
    }
    let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for subscription in setup.subscriptions() {
        if !names.insert(subscription.name.clone()) {
            return Err(format!(
                "there are two subscriptions `{}`",
                subscription.name
            ));
        }
        if !ids.insert(subscription.id.clone()) {
            return Err(format!(
                "there are two subscriptions with the id `{}`",
                subscription.id
            ));
        }
    }
    for subscription in &setup.subscriptions {
        let mut groups = BTreeSet::new();
        for group in &subscription.groups {
            if group.is_empty() || group.contains('/') {
                return Err(format!("`{group}` can't be the name of a resource group"));
            }
            if !groups.insert(group.to_ascii_lowercase()) {
                return Err(format!(
                    "there are two resource groups `{group}` in `{}`",
                    subscription.name
                ));
            }
        }
    }
    Ok(())
}

/// A policy may name a key that does not exist, as in real tenants.
fn check_policies(setup: &Setup) -> Result<(), String> {
    let mut places = BTreeSet::new();
    let all = setup.subscriptions();
    for (name, policy) in &setup.policies {
        let named = policy.granted_at.iter().chain([&policy.vault]);
        if let Some(vault) = named
            .into_iter()
            .find(|vault| !setup.vaults.contains_key(*vault))
        {
            return Err(format!(
                "there is no vault `{vault}` for the policy `{name}`"
            ));
        }
        let own_name = policy.name.as_ref().unwrap_or(name);
        if !places.insert((place(policy, &all), own_name.to_ascii_lowercase())) {
            return Err(format!(
                "there are two policies `{own_name}` in one resource group"
            ));
        }
    }
    let crowd = &setup.crowd;
    if crowd.size > 0 && !setup.policies.contains_key(&crowd.policy) {
        return Err(format!(
            "there is no policy `{}` for the crowd",
            crowd.policy
        ));
    }
    Ok(())
}

/// The subscription's id, and the group's name in lower case.
fn place(policy: &PolicySetup, all: &[Subscription]) -> (String, String) {
    let named = policy.place.subscription.as_ref();
    let found = named.map_or_else(|| all.first(), |name| subscription(all, name));
    let first = found.and_then(|subscription| subscription.groups.keys().next().cloned());
    let group = policy
        .place
        .group
        .as_ref()
        .map(|group| group.to_ascii_lowercase());
    (
        found
            .map(|subscription| subscription.id.clone())
            .unwrap_or_default(),
        group.or(first).unwrap_or_default(),
    )
}

fn check_keys(setup: &Setup) -> Result<(), String> {
    for (vault, vault_setup) in &setup.vaults {
        for (name, key) in &vault_setup.keys {
            if key.versions == 0 {
                return Err(format!("the key `{name}` in `{vault}` has no version"));
            }
            if let Some(number) = key
                .disabled
                .iter()
                .find(|number| !(1..=key.versions).contains(*number))
            {
                return Err(format!(
                    "the key `{name}` in `{vault}` has no version {number}"
                ));
            }
        }
    }
    Ok(())
}

fn check_past(setup: &Setup) -> Result<(), String> {
    let more = setup.crowd.size > 0 || setup.generate.is_some();
    for past in &setup.history {
        known("history[].kind", &past.kind, &HISTORY)?;
        if !more && !setup.environments.contains_key(&past.environment) {
            return Err(format!("there is no environment `{}`", past.environment));
        }
    }
    Ok(())
}

/// Checks the vaults and the tables of the workspaces.
fn check_workspaces(setup: &Setup) -> Result<(), String> {
    for workspace in setup.workspaces.values() {
        known(
            "workspaces.*.table",
            &workspace.table,
            &["AZKVAuditLogs", "AzureDiagnostics"],
        )?;
        for used in &workspace.uses {
            known(
                "workspaces.*.uses[].operation",
                &used.operation,
                &["KeyUnwrap", "KeyWrap"],
            )?;
        }
        let used = workspace.uses.iter().map(|used| &used.vault);
        for vault in workspace.vaults.iter().chain(used) {
            if !setup.vaults.contains_key(vault) {
                return Err(format!("there is no vault `{vault}`"));
            }
        }
    }
    Ok(())
}

/// Checks uniqueness: a subscription is in one management group, and an id belongs to one role.
fn check_once(rights: &RightsSetup, all: &[Subscription]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let groups = rights.management_groups.values();
    for named in groups.flat_map(|group| &group.subscriptions) {
        let id = subscription(all, named).map(|subscription| &subscription.id);
        if !seen.insert(id) {
            return Err(format!(
                "the subscription `{named}` is in two management groups"
            ));
        }
    }
    let mut ids: BTreeSet<String> = BUILT_IN
        .azure
        .iter()
        .map(|definition| definition.id.clone())
        .collect();
    for (name, definition) in &rights.role_definitions {
        if !ids.insert(custom_id(name, definition)) {
            return Err(format!("the role `{name}` has the id of another role"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::Scenario;
    use serde_json::{Value, json};

    #[track_caller]
    fn refused(cases: &[(Value, &str)]) {
        for (text, why) in cases {
            let error = Scenario::parse(&text.to_string()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn settings_have_words_and_sizes_that_the_services_know() {
        let settings = |value: Value| json!({ "settings": value });
        refused(&[
            (
                settings(json!({ "page_size": 0 })),
                "`settings.page_size` is 0",
            ),
            (
                settings(json!({ "arm_page_size": 0 })),
                "`settings.arm_page_size` is 0",
            ),
            (
                settings(json!({ "key_vault_page_size": 0 })),
                "`settings.key_vault_page_size` is 0",
            ),
            (
                settings(json!({ "key_vault_page_size": 26 })),
                "at most 25 items",
            ),
            (
                settings(json!({ "policy_told_by": "pigeon" })),
                "`settings.policy_told_by`",
            ),
            (
                settings(json!({ "link_ends": "well" })),
                "`settings.link_ends` can't be `well`",
            ),
            (
                settings(json!({ "inherited_role_seconds": -5 })),
                "`settings.inherited_role_seconds`",
            ),
            (
                settings(json!({ "policy_seconds": 1e300 })),
                "`settings.policy_seconds`",
            ),
        ]);
    }

    #[test]
    fn what_is_in_the_tenant_is_there_once() {
        let id = "5ec00000-0000-4000-8000-000000000002";
        let policy =
            json!({ "vault": "kv-contoso-cmk", "key": "k", "location": "europe", "name": "ep" });
        refused(&[
            (
                json!({ "subscriptions": [{ "name": "a" }, { "name": "a" }] }),
                "two subscriptions `a`",
            ),
            (
                json!({ "subscriptions": [{ "name": "a", "id": id }, { "name": "b", "id": id }] }),
                "with the id `5ec0",
            ),
            (
                json!({ "subscriptions": [{ "name": "a", "groups": ["g", "G"] }] }),
                "two resource groups `G`",
            ),
            (
                json!({ "subscriptions": [{ "name": "a", "groups": ["a/b"] }] }),
                "`a/b` can't be",
            ),
            (
                json!({ "subscriptions": [{ "name": "a", "groups": [""] }] }),
                "`` can't be",
            ),
            (
                json!({ "subscriptions": [{ "name": "a", "provider": "On" }] }),
                "`subscriptions[].provider` can't be `On`",
            ),
            (json!({ "provider": "On" }), "`provider` can't be `On`"),
            (
                json!({ "policies": { "a": policy, "b": policy } }),
                "two policies `ep`",
            ),
            (
                json!({ "management_groups": {
                    "a": { "subscriptions": ["Contoso"] }, "b": { "subscriptions": ["Contoso"] },
                } }),
                "in two management groups",
            ),
            (
                json!({ "role_definitions": { "A": { "id": id }, "B": { "id": id } } }),
                "role `B` has the id of another role",
            ),
            (
                json!({ "role_definitions": {
                    "A": { "id": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635" },
                } }),
                "role `A` has the id of another role",
            ),
        ]);
    }

    #[test]
    fn what_is_named_is_there() {
        let policy = |more: Value| {
            let mut policy = json!({ "vault": "kv-contoso-cmk", "key": "k", "location": "europe" });
            policy
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            json!({ "policies": { "p": policy } })
        };
        let key = |key: Value| json!({ "vaults": { "kv-contoso-cmk": { "keys": { "k": key } } } });
        let assigned = |scope: &str| {
            let assignment = json!({ "who": "admin", "role": "Reader", "scope": scope });
            json!({ "assignments": [assignment] })
        };
        let past = |environment: &str, kind: &str| {
            let record = json!({ "environment": environment, "kind": kind, "days_ago": 1 });
            json!({ "history": [record] })
        };
        let lock =
            |scope: &str| json!({ "locks": [{ "scope": scope, "level": "x", "name": "l" }] });
        let subscription = "/subscriptions/f12af0aa-edba-5769-a6c9-3997acdbd110";
        refused(&[
            (
                policy(json!({ "vault": "zz" })),
                "no vault `zz` for the policy `p`",
            ),
            (
                policy(json!({ "granted_at": ["zz"] })),
                "no vault `zz` for the policy `p`",
            ),
            (
                json!({ "crowd": { "size": 1, "policy": "zz" } }),
                "no policy `zz`",
            ),
            (
                key(json!({ "kty": "RSA", "versions": 0 })),
                "`k` in `kv-contoso-cmk` has no version",
            ),
            (
                key(json!({ "kty": "RSA", "disabled": [9] })),
                "has no version 9",
            ),
            (past("zz", "NewCustomerManagedKey"), "no environment `zz`"),
            (past("uat", "zz"), "`history[].kind` can't be `zz`"),
            (lock("zz"), "`zz` is not a scope"),
            (lock("@vault:zz"), "no vault `zz`"),
            (assigned("/subscriptions/zz"), "no subscription `zz`"),
            (
                assigned(&format!("{subscription}/resourceGroups/zz")),
                "no resource group `zz`",
            ),
        ]);
        for scope in [
            "/",
            subscription,
            &format!("{subscription}/resourceGroups/RG-contoso-cmk/providers/A.B/c/d"),
        ] {
            Scenario::parse(&assigned(scope).to_string()).unwrap();
        }
    }

    #[test]
    fn a_wrong_type_is_named_with_its_place() {
        refused(&[
            (
                json!({ "settings": { "arm_page_size": "x" } }),
                "`settings.arm_page_size`",
            ),
            (
                json!({ "settings": { "arm_page_size": -1 } }),
                "a whole number from 0 on",
            ),
            (
                json!({ "settings": { "page_troubles": { "repeats_link": "yes" } } }),
                "`settings.page_troubles.repeats_link`",
            ),
            (
                json!({ "settings": { "policy_block": "gone" } }),
                "`settings.policy_block`",
            ),
            (
                json!({ "subscriptions": [{ "name": "a", "id": "x" }] }),
                "`subscriptions[0].id`",
            ),
            (
                json!({ "subscriptions": [{ "name": "a" }, {}] }),
                "`subscriptions[1]`",
            ),
            (
                json!({ "vaults": { "kv-contoso-cmk": { "place": { "subscription": 1 } } } }),
                "`vaults.kv-contoso-cmk.place.subscription`",
            ),
            (
                json!({ "management_groups": { "a": { "parent": 1 } } }),
                "`management_groups.a.parent`",
            ),
            (
                json!({ "groups": { "g": { "members": "x" } } }),
                "`groups.g.members`",
            ),
            (
                json!({ "assignments": [
                    { "who": "admin", "role": "Reader", "scope": "/", "condition": 1 },
                ] }),
                "`assignments[0].condition`",
            ),
            (
                json!({ "role_definitions": { "A": { "actions": "x" } } }),
                "`role_definitions.A.actions`",
            ),
            (
                json!({ "denials": [{ "name": "d", "who": "x", "scope": "/" }] }),
                "`denials[0].who`",
            ),
        ]);
    }

    #[test]
    fn a_wrong_type_outside_of_settings_and_rights_is_named_too() {
        refused(&[
            (json!({ "epoch": "yesterday" }), "`epoch`"),
            (
                json!({ "faults": [{ "do": "cut", "times": "x" }] }),
                "`faults[0].times`",
            ),
            (json!({ "vaults": null }), "`vaults`: missing field"),
            (
                json!({ "target": "uat" }),
                "`target`: invalid type: string \"uat\", expected an object",
            ),
            (
                json!({ "subscriptions": {} }),
                "`subscriptions`: invalid type: object, expected a list",
            ),
        ]);
    }
}
