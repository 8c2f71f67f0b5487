//! Host management.azure.com, provider `Microsoft.KeyVault` (2026-02-01): creates, changes, deletes
//! and recovers vaults; managed HSMs can't be created. Imitated after the public REST reference.
//! Inferred: the change is complete when the answer arrives. The service may report
//! `RegisteringDns` for a while.

use super::errors::{bad_request, invalid_value, refusal};
use super::fields::{Fields, Wrong};
use super::scope::Scope;
use super::shapes::vault_body;
use super::vault_names::{in_use, invalid_name, is_name, recoverable};
use super::vault_rules::{Whose, properties, shut};
use crate::message::{Reply, Request};
use crate::tenant::keys::rbac;
use crate::tenant::parts::User;
use crate::tenant::roles::allowed;
use crate::tenant::subscriptions::Place;
use crate::tenant::vaults::Vault;
use crate::tenant::world::World;
use serde_json::{Map, Value, json};

/// The locations for new vaults.
const LOCATIONS: [&str; 3] = ["westeurope", "northeurope", "uksouth"];
/// From this version on, new vaults use Azure RBAC by default.
const RBAC_FROM: &str = "2026-02-01";
const ASSIGN: &str = "Microsoft.Authorization/roleAssignments/write";

/// Top-level fields that a client may send back as it read them.
const TOP: [&str; 11] = [
    "id",
    "name",
    "type",
    "etag",
    "systemData",
    "location",
    "tags",
    "sku",
    "properties",
    "zones",
    "resourceGroup",
];

/// A request that was read.
struct Wanted {
    location: Option<String>,
    tags: Option<Map<String, Value>>,
    properties: Map<String, Value>,
}

fn wanted(world: &World, request: &Request, name: &str, hsm: bool) -> Result<Wanted, Reply> {
    let body = request.json();
    let read = || {
        let fields = Fields::of(&body, "body", &TOP)?;
        let location = fields.text("location")?.map(plain);
        if !hsm && fields.get("sku").is_some() {
            return Err(Wrong("sku".to_owned()));
        }
        if let Some(sku) = fields.object("sku", &["family", "name"])? {
            let family = sku.word("family", &["B"])?;
            let name = sku.word("name", &["Standard_B1"])?;
            family.zip(name).ok_or_else(|| Wrong("sku".to_owned()))?;
        }
        Ok((location, fields.tags()?))
    };
    let (location, tags) = read().map_err(|Wrong(field)| invalid_value(&field))?;
    let before = world.vaults.get(name);
    let whose = Whose {
        hsm,
        tenant: world.tenant_of(name),
        retention: before.map(Vault::retention_days),
    };
    let asked = &body["properties"];
    let properties = if asked.is_null() {
        Map::new()
    } else {
        properties(&whose, asked)?
    };
    Ok(Wanted {
        location,
        tags,
        properties,
    })
}

/// Removes blanks and case, so that `West Europe` equals `westeurope`.
fn plain(location: &str) -> String {
    location.replace(' ', "").to_ascii_lowercase()
}

/// Changes only the given fields.
pub(super) fn patch(world: &mut World, (request, user): (&Request, &User), name: &str) -> Reply {
    let hsm = world.vaults.get(name).is_some_and(|vault| vault.hsm);
    let wanted = match wanted(world, request, name, hsm) {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal,
    };
    if let Some(location) = &wanted.location
        && let Some(refusal) = moved(world, name, location)
    {
        return refusal;
    }
    remodelled(world, user, name, &wanted).unwrap_or_else(|| {
        write(world, name, wanted);
        Reply::json(200, &vault_body(world, name))
    })
}

/// The refusal of a new location, because a vault can't move.
fn moved(world: &World, name: &str, location: &str) -> Option<Reply> {
    let vault = world.vaults.get(name)?;
    let current = &vault.location;
    let text = format!(
        "The resource '{name}' already exists in location '{current}'. A resource with the same \
        name cannot be created in location '{location}'. Please select a new resource name."
    );
    (plain(current) != location).then(|| Reply::error(409, "InvalidResourceLocation", text))
}

/// A change of the permission model requires the right to assign roles.
fn remodelled(world: &World, user: &User, name: &str, wanted: &Wanted) -> Option<Reply> {
    let after = wanted.properties.get("enableRbacAuthorization")?;
    let id = world.vault_id(name);
    let before = world.vaults.get(name).is_some_and(rbac);
    if *after == before || allowed(world, &user.object_id, ASSIGN, &id, false) {
        return None;
    }
    let text = format!(
        "Caller is not allowed to change permission model. Details: oid={}; action={ASSIGN}; \
        resource={id}; decision=NotAllowed;",
        user.object_id
    );
    Some(Reply::error(403, "InsufficientPermissions", text))
}

/// Applies the change. Network rules that are not given stay (inferred).
fn write(world: &mut World, name: &str, wanted: Wanted) {
    let mut changed = Vec::new();
    let Some(vault) = world.vaults.get_mut(name) else {
        return;
    };
    let touches = ["networkAcls", "publicNetworkAccess"];
    let networked = touches
        .iter()
        .any(|field| wanted.properties.contains_key(*field));
    for (field, value) in wanted.properties {
        let value = match (field.as_str(), value) {
            ("networkAcls", value) => joined(&vault.properties["networkAcls"], &value),
            (_, value) => value,
        };
        if vault.properties[&field] != value {
            vault.properties[&field] = value;
            changed.push(field);
        }
    }
    if let Some(tags) = wanted.tags.filter(|tags| *tags != vault.tags) {
        vault.tags = tags;
        changed.push("tags".to_owned());
    }
    if networked {
        vault.firewall = shut(&vault.properties);
    }
    for field in changed {
        world.effect("vault-updated", format!("{name} {field}"));
    }
}

/// The given network rules over `before`, and over the defaults.
fn joined(before: &Value, named: &Value) -> Value {
    let mut all = json!({
        "bypass": "AzureServices",
        "defaultAction": "Allow",
        "ipRules": [],
        "virtualNetworkRules": [],
    });
    for rules in [before, named] {
        for (name, value) in rules.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
    }
    all
}

/// Creates, replaces or recovers a vault.
pub(super) fn put(
    world: &mut World,
    (request, user): (&Request, &User),
    (scope, name, hsm): (&Scope, &str, bool),
) -> Reply {
    let kind = if hsm { "managedHSMs" } else { "vaults" };
    let id = format!("{}/providers/Microsoft.KeyVault/{kind}/{name}", scope.id);
    if let Some(refusal) = refusal(
        world,
        user,
        &format!("Microsoft.KeyVault/{kind}/write"),
        &id,
    ) {
        return refusal;
    }
    if !is_name(name) {
        return invalid_name(name);
    }
    let mode = request.json()["properties"]["createMode"].clone();
    let recovers = mode
        .as_str()
        .is_some_and(|mode| mode.eq_ignore_ascii_case("recover"));
    let same_place = world.vault_id(name).eq_ignore_ascii_case(&id);
    let found = world
        .vaults
        .get(name)
        .filter(|vault| same_place && vault.hsm == hsm);
    let gone = found.map(|vault| vault.deleted);
    if recovers && gone != Some(false) {
        return match gone {
            Some(_) => recover(world, request, name),
            None => nothing_to_recover(name),
        };
    }
    // The name is checked before the properties (inferred).
    match gone {
        Some(true) => return recoverable(),
        None if world.vaults.contains_key(name) => return in_use(world, scope, name),
        _ => {}
    }
    let wanted = match wanted(world, request, name, hsm) {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal,
    };
    if gone.is_some() {
        return replace(world, (request, user), name, wanted);
    }
    if hsm {
        return bad_request(
            "The sandbox can't create a managed HSM, because that also requires a security \
            domain. Start the sandbox with a scenario that has a managed HSM.",
        );
    }
    create(world, request, (scope, name), wanted)
}

/// The refusal if a required field is missing.
fn lacking(request: &Request, wanted: &Wanted, rbac: bool, hsm: bool) -> Option<Reply> {
    let body = request.json();
    if wanted.location.is_none() {
        return Some(Reply::error(
            400,
            "LocationRequired",
            "The location property is required for this definition.",
        ));
    }
    let missing = |field: &str| {
        let text = format!("The parameter {field} is not specified.");
        Some(bad_request(text))
    };
    if body["properties"]["tenantId"].is_null() {
        return missing("tenantId");
    }
    if hsm {
        return None;
    }
    if !wanted.properties.contains_key("sku") {
        return missing("sku");
    }
    let policies = rbac || wanted.properties.contains_key("accessPolicies");
    if policies {
        None
    } else {
        missing("accessPolicies")
    }
}

fn create(
    world: &mut World,
    request: &Request,
    (scope, name): (&Scope, &str),
    mut wanted: Wanted,
) -> Reply {
    let stated = wanted.properties.get("enableRbacAuthorization");
    let usual = json!(request.query("api-version") >= RBAC_FROM);
    let model = stated.unwrap_or(&usual).clone();
    if let Some(refusal) = lacking(request, &wanted, model == true, false) {
        return refusal;
    }
    let location = wanted.location.take().unwrap_or_default();
    if !LOCATIONS.contains(&location.as_str()) {
        let text = format!(
            "The provided location '{location}' is not available for resource type \
            'Microsoft.KeyVault/vaults'. List of available regions for the resource type is '{}'.",
            LOCATIONS.join(",")
        );
        return Reply::error(400, "LocationNotAvailableForResourceType", text);
    }
    let place = Place {
        subscription: world
            .subscription(&scope.subscription)
            .map(|subscription| subscription.name.clone()),
        group: scope.group.clone(),
    };
    let mut vault = Vault::new(place, &location);
    vault.properties = json!({
        "accessPolicies": [],
        "enabledForDeployment": false,
        "enableSoftDelete": true,
        "softDeleteRetentionInDays": 90,
        "enableRbacAuthorization": model,
        "publicNetworkAccess": "Enabled",
    });
    world.vaults.insert(name.to_owned(), vault);
    world.effect("vault-created", name);
    let before = world.effects.len();
    write(world, name, wanted);
    // The creation itself has its own effect, so its settings are not counted as changes.
    world.effects.truncate(before);
    Reply::json(201, &vault_body(world, name))
}

/// Replaces a vault. A missing property gets its default, except for settings that can't be undone
/// and the permission model (both inferred).
fn replace(
    world: &mut World,
    (request, user): (&Request, &User),
    name: &str,
    mut wanted: Wanted,
) -> Reply {
    let Some(vault) = world.vaults.get(name) else {
        return invalid_value("name");
    };
    let model = wanted.properties.get("enableRbacAuthorization");
    let rbac = model.map_or_else(|| rbac(vault), |value| *value == true);
    let refusal = lacking(request, &wanted, rbac, vault.hsm)
        .or_else(|| moved(world, name, wanted.location.as_deref()?))
        .or_else(|| remodelled(world, user, name, &wanted));
    if let Some(refusal) = refusal {
        return refusal;
    }
    let all = &mut wanted.properties;
    let usual = |field: &str| match field {
        "accessPolicies" => Some(json!([])),
        "publicNetworkAccess" => Some(json!("Enabled")),
        "enabledForDeployment" | "enabledForDiskEncryption" | "enabledForTemplateDeployment" => {
            Some(json!(false))
        }
        _ => None,
    };
    for field in vault.properties.as_object().into_iter().flat_map(Map::keys) {
        if let Some(usual) = usual(field) {
            all.entry(field.clone()).or_insert(usual);
        }
    }
    // Given rules replace the existing ones, and so do missing rules.
    let had = !vault.properties["networkAcls"].is_null();
    if had || all.contains_key("networkAcls") {
        let named = all.get("networkAcls").cloned().unwrap_or_default();
        all.insert("networkAcls".to_owned(), joined(&Value::Null, &named));
    }
    wanted.tags = Some(wanted.tags.unwrap_or_default());
    write(world, name, wanted);
    Reply::json(200, &vault_body(world, name))
}

fn nothing_to_recover(name: &str) -> Reply {
    let text = format!("The vault '{name}' is not in the deleted state.");
    Reply::error(404, "DeletedVaultNotFound", text)
}

/// Recovers a vault in its state before the deletion, whatever else the request says (inferred).
/// The location must be the same.
fn recover(world: &mut World, request: &Request, name: &str) -> Reply {
    let body = request.json();
    let Some(location) = body["location"].as_str().map(plain) else {
        return invalid_value("location");
    };
    if let Some(refusal) = moved(world, name, &location) {
        return refusal;
    }
    let tenant = body["properties"]["tenantId"].as_str();
    if tenant.is_none_or(|stated| !stated.eq_ignore_ascii_case(&world.tenant_of(name))) {
        return invalid_value("tenantId");
    }
    if let Some(vault) = world.vaults.get_mut(name) {
        vault.deleted = false;
        vault.deleted_at = None;
    }
    world.effect("vault-recovered", name);
    Reply::json(200, &vault_body(world, name))
}
