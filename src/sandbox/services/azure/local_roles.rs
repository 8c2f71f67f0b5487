//! Hosts below managedhsm.azure.net, provider `Microsoft.Authorization`: local role assignments at
//! a key. Imitated after the public REST reference.

use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::parts::Role;
use crate::sandbox::tenant::roles::{HSM_ROLES, known_principal};
use crate::sandbox::tenant::world::World;
use serde_json::{Value, json};

/// Local role assignments of a managed HSM at a key.
pub(in crate::sandbox) fn respond(
    world: &mut World,
    request: &Request,
    vault: &str,
    key: &str,
    rest: &[&str],
) -> Reply {
    let scope = format!("hsm:{vault}/keys/{key}");
    let shown = |role: &Role| {
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
    };
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            let value: Vec<Value> = world.roles.iter().filter(|role| role.scope == scope).map(shown).collect();
            Reply::json(200, &json!({ "value": value }))
        }
        ("PUT", [name]) => {
            let body = request.json();
            let text = |field: &str| body["properties"][field].as_str().unwrap_or_default().to_ascii_lowercase();
            let (definition, principal) = (text("roleDefinitionId"), text("principalId"));
            let role = definition.rsplit('/').next().unwrap_or_default().to_owned();
            if !HSM_ROLES.contains(&role.as_str()) {
                return Reply::error(
                    400,
                    "RoleDefinitionNotFound",
                    format!("The role definition '{role}' was not found."),
                );
            }
            if !known_principal(world, &principal) {
                return Reply::error(400, "PrincipalNotFound", format!("Principal {principal} was not found."));
            }
            if world.roles.iter().any(|own| own.scope == scope && own.principal == principal && own.role == role) {
                return Reply::error(409, "RoleAssignmentExists", "The role assignment already exists.");
            }
            let role = Role { name: (*name).to_owned(), scope, role, principal, since: world.clock.now() };
            let answer = Reply::json(201, &shown(&role));
            world.effect("hsm-role-assigned", format!("{} {}", role.principal, role.scope));
            world.roles.push(role);
            answer
        }
        _ => Reply::error(405, "MethodNotAllowed", "The requested resource does not support this method."),
    }
}
