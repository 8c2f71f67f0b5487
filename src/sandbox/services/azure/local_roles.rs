//! Hosts below managedhsm.azure.net, provider `Microsoft.Authorization`: local role assignments at
//! a key. Imitated after the public REST reference.

use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::parts::Role;
use crate::sandbox::tenant::roles::{HSM_ROLES, known_principal};
use crate::sandbox::tenant::world::World;
use serde_json::{Value, json};

pub(super) fn respond(
    world: &mut World,
    request: &Request,
    vault: &str,
    key: &str,
    rest: &[&str],
) -> Reply {
    let scope = format!("hsm:{vault}/keys/{key}");
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            let held = world.roles.iter().filter(|role| role.scope == scope);
            let value: Vec<Value> = held.map(|role| assignment(role, key)).collect();
            Reply::json(200, &json!({ "value": value }))
        }
        ("PUT", [name]) => assign(world, &request.json(), scope, key, name),
        _ => Reply::error(
            405,
            "MethodNotAllowed",
            "The requested resource does not support this method.",
        ),
    }
}

fn assignment(role: &Role, key: &str) -> Value {
    json!({
        "id": format!(
            "/keys/{key}/providers/Microsoft.Authorization/roleAssignments/{}",
            role.name
        ),
        "name": role.name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "scope": format!("/keys/{key}"),
            "principalId": role.principal,
            "roleDefinitionId": format!(
                "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{}",
                role.role
            ),
        },
    })
}

fn assign(world: &mut World, body: &Value, scope: String, key: &str, name: &str) -> Reply {
    let text = |field: &str| {
        body["properties"][field]
            .as_str()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let (definition, principal) = (text("roleDefinitionId"), text("principalId"));
    let role = definition.rsplit('/').next().unwrap_or_default().to_owned();
    if !HSM_ROLES.contains(&role.as_str()) {
        let text = format!("The role definition '{role}' was not found.");
        return Reply::error(400, "RoleDefinitionNotFound", text);
    }
    if !known_principal(world, &principal) {
        return Reply::error(
            400,
            "PrincipalNotFound",
            format!("Principal {principal} was not found."),
        );
    }
    let same =
        |held: &Role| held.scope == scope && held.principal == principal && held.role == role;
    if world.roles.iter().any(same) {
        return Reply::error(
            409,
            "RoleAssignmentExists",
            "The role assignment already exists.",
        );
    }
    let role = Role {
        name: name.to_owned(),
        scope,
        role,
        principal,
        since: world.clock.now(),
    };
    let answer = Reply::json(201, &assignment(&role, key));
    world.effect(
        "hsm-role-assigned",
        format!("{} {}", role.principal, role.scope),
    );
    world.roles.push(role);
    answer
}
