//! Host management.azure.com, provider `Microsoft.KeyVault`: adds, replaces and removes access
//! policies of a vault. Imitated after the public REST reference.

use super::errors::invalid_value;
use super::fields::{Fields, Wrong, word};
use crate::message::{Reply, Request};
use crate::tenant::keys::access_policies;
use crate::tenant::world::World;
use serde_json::{Map, Value, json};

const KEYS: [&str; 21] = [
    "all",
    "encrypt",
    "decrypt",
    "wrapKey",
    "unwrapKey",
    "sign",
    "verify",
    "get",
    "list",
    "create",
    "update",
    "import",
    "delete",
    "backup",
    "restore",
    "recover",
    "purge",
    "release",
    "rotate",
    "getrotationpolicy",
    "setrotationpolicy",
];
const SECRETS: [&str; 9] = [
    "all", "get", "list", "set", "delete", "backup", "restore", "recover", "purge",
];
const CERTIFICATES: [&str; 17] = [
    "all",
    "get",
    "list",
    "delete",
    "create",
    "import",
    "update",
    "managecontacts",
    "getissuers",
    "listissuers",
    "setissuers",
    "deleteissuers",
    "manageissuers",
    "recover",
    "purge",
    "backup",
    "restore",
];
const STORAGE: [&str; 15] = [
    "all",
    "get",
    "list",
    "delete",
    "set",
    "update",
    "regeneratekey",
    "recover",
    "purge",
    "backup",
    "restore",
    "setsas",
    "listsas",
    "getsas",
    "deletesas",
];
const KINDS: [(&str, &[&str]); 4] = [
    ("keys", &KEYS),
    ("secrets", &SECRETS),
    ("certificates", &CERTIFICATES),
    ("storage", &STORAGE),
];

/// Returns the entries as they are stored: of this tenant, with known permissions, in the
/// specification's spelling.
///
/// # Errors
/// The field with the wrong value.
pub(super) fn checked(tenant: &str, list: &[Value]) -> Result<Vec<Value>, Wrong> {
    let wrong = || Wrong("accessPolicies".to_owned());
    let entry = |entry: &Value| {
        let known = ["tenantId", "objectId", "applicationId", "permissions"];
        let fields = Fields::of(entry, "accessPolicies", &known)?;
        let guid = |name: &str| -> Result<Option<String>, Wrong> {
            let id_text = fields.text(name)?;
            let whole = id_text.is_none_or(|text| uuid::Uuid::try_parse(text).is_ok());
            whole.then(|| id_text.map(str::to_owned)).ok_or_else(wrong)
        };
        let tenant_id = guid("tenantId")?.ok_or_else(wrong)?;
        if !tenant_id.eq_ignore_ascii_case(tenant) {
            return Err(wrong());
        }
        let permissions = permissions(fields.get("permissions").ok_or_else(wrong)?)?;
        let mut stored = json!({
            "tenantId": tenant,
            "objectId": guid("objectId")?.ok_or_else(wrong)?,
            "permissions": permissions,
        });
        if let Some(application) = guid("applicationId")? {
            stored["applicationId"] = json!(application);
        }
        Ok(stored)
    };
    list.iter().map(entry).collect()
}

fn permissions(value: &Value) -> Result<Value, Wrong> {
    let names = KINDS.map(|(kind, _)| kind);
    let fields = Fields::of(value, "permissions", &names)?;
    let mut stored = Map::new();
    for (kind, allowed) in KINDS {
        let Some(list) = fields.list(kind)? else {
            continue;
        };
        let known = list.iter().map(|listed| word(listed, allowed));
        let known: Option<Vec<&str>> = known.collect();
        let known = known.ok_or_else(|| Wrong(kind.to_owned()))?;
        stored.insert(kind.to_owned(), json!(known));
    }
    Ok(Value::Object(stored))
}

/// The operation on the entries of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
    /// Adds permissions to the existing ones.
    Add,
    /// Replaces the entry of the same principal, or adds one.
    Replace,
    /// Removes permissions. An entry without any permission is removed.
    Remove,
}

impl Operation {
    /// Reads the operation from the path, in lower case.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "add" => Some(Self::Add),
            "replace" => Some(Self::Replace),
            "remove" => Some(Self::Remove),
            _ => None,
        }
    }

    fn effect(self) -> &'static str {
        match self {
            Self::Add => "access-policy-added",
            Self::Replace => "access-policy-replaced",
            Self::Remove => "access-policy-removed",
        }
    }
}

pub(super) fn change(
    world: &mut World,
    request: &Request,
    name: &str,
    operation: Operation,
) -> Reply {
    let body = request.json();
    let entries = body["properties"]["accessPolicies"].as_array();
    let tenant = world.tenant_of(name);
    let wanted = match entries.map(|list| checked(&tenant, list)) {
        Some(Ok(wanted)) if !wanted.is_empty() => wanted,
        Some(Err(Wrong(field))) => return invalid_value(&field),
        _ => return invalid_value("accessPolicies"),
    };
    let mut all = access_policies(world, name);
    for entry in &wanted {
        let at = all.iter().position(|stored| is_of(stored, entry));
        match (operation, at.and_then(|at| all.get_mut(at))) {
            (Operation::Add, Some(stored)) => {
                join(&mut stored["permissions"], &entry["permissions"])
            }
            (Operation::Replace, Some(stored)) => *stored = entry.clone(),
            (Operation::Add | Operation::Replace, None) => all.push(entry.clone()),
            (Operation::Remove, Some(stored)) => {
                part(&mut stored["permissions"], &entry["permissions"])
            }
            (Operation::Remove, None) => continue,
        }
        let whom = entry["objectId"].as_str().unwrap_or_default();
        world.effect(operation.effect(), whom);
    }
    if let Operation::Remove = operation {
        all.retain(|stored| !is_empty(&stored["permissions"]));
    }
    if let Some(vault) = world.vaults.get_mut(name) {
        vault.properties["accessPolicies"] = Value::Array(all.clone());
    }
    let body = json!({
        "id": format!("{}/accessPolicies/", world.vault_id(name)),
        "type": "Microsoft.KeyVault/vaults/accessPolicies",
        "properties": { "accessPolicies": all },
    });
    Reply::json(200, &body)
}

/// Do two entries have the same principal and application?
fn is_of(stored: &Value, other: &Value) -> bool {
    let same = |name: &str| {
        let text = |entry: &Value| entry[name].as_str().map(str::to_ascii_lowercase);
        text(stored) == text(other)
    };
    same("objectId") && same("applicationId")
}

fn is_empty(permissions: &Value) -> bool {
    let mut lists = KINDS.iter().map(|(kind, _)| &permissions[*kind]);
    lists.all(|list| list.as_array().is_none_or(Vec::is_empty))
}

/// Adds the permissions of `added`.
fn join(stored: &mut Value, added: &Value) {
    for (kind, allowed) in KINDS {
        let Some(added) = added[kind].as_array() else {
            continue;
        };
        let mut all = stored[kind].as_array().cloned().unwrap_or_default();
        for permission in added {
            let same = |listed: &Value| word(listed, allowed) == word(permission, allowed);
            if !all.iter().any(same) {
                all.push(permission.clone());
            }
        }
        stored[kind] = Value::Array(all);
    }
}

/// Removes the permissions of `taken`.
fn part(stored: &mut Value, taken: &Value) {
    for (kind, allowed) in KINDS {
        let Some(taken) = taken[kind].as_array() else {
            continue;
        };
        if let Some(all) = stored[kind].as_array_mut() {
            let same =
                |listed: &Value, other: &Value| word(listed, allowed) == word(other, allowed);
            all.retain(|listed| !taken.iter().any(|other| same(listed, other)));
        }
    }
}
