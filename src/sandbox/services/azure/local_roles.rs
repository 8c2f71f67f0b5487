//! Hosts below managedhsm.azure.net, provider `Microsoft.Authorization` (7.x and 2025-07-01): local
//! role assignments and role definitions at `/`, `/keys` and `/keys/{name}`. Imitated after the
//! public REST reference and recorded answers.

use super::listing::listed_local;
use crate::message::{Reply, Request};
use crate::tenant::local_roles::{local_scope, locally_allowed};
use crate::tenant::parts::{Role, RoleDetails, User};
use crate::tenant::principals::known_principal;
use crate::tenant::rights::{BUILT_IN, Definition};
use crate::tenant::scopes::covers;
use crate::tenant::world::World;
use serde_json::{Value, json};
use uuid::Uuid;

/// A managed HSM and a scope in it.
struct Place<'a> {
    hsm: &'a str,
    scope: &'a str,
}

impl Place<'_> {
    /// The scope in the form of the stored roles.
    fn kept(&self) -> String {
        local_scope(self.hsm, self.scope)
    }
}

/// Answers for `{scope}/providers/Microsoft.Authorization/…` of an HSM; `None` if the caller lacks
/// the right.
pub(super) fn respond(
    world: &mut World,
    request: &Request,
    user: &User,
    hsm: &str,
    route: &[&str],
) -> Option<Reply> {
    let at = route.iter().position(|part| *part == "providers")?;
    let scope = format!("/{}", route[..at].join("/"));
    let place = Place { hsm, scope: &scope };
    let rest = route.get(at + 2..).unwrap_or_default();
    let may = |world: &World, action: &str| {
        locally_allowed(world, &user.object_id, hsm, &scope, action).then_some(())
    };
    let reply = match (request.method.as_str(), rest) {
        ("GET", ["roleassignments"]) => {
            may(world, "roleAssignments/read/action")?;
            list(world, request, &place)
        }
        ("GET", ["roleassignments", name]) => {
            may(world, "roleAssignments/read/action")?;
            match find(world, &place, name) {
                Some(at) => Reply::json(200, &assignment(&world.roles[at])),
                None => no_assignment(),
            }
        }
        ("PUT", ["roleassignments", name]) => {
            may(world, "roleAssignments/write/action")?;
            assign(world, user, &request.json(), &place, name)
        }
        ("DELETE", ["roleassignments", name]) => {
            may(world, "roleAssignments/delete/action")?;
            unassign(world, &place, name)
        }
        ("GET", ["roledefinitions"]) => {
            may(world, "roleDefinitions/read/action")?;
            definitions(world, request)
        }
        ("GET", ["roledefinitions", id]) => {
            may(world, "roleDefinitions/read/action")?;
            let found = BUILT_IN.managed_hsm.iter().find(|known| known.id == *id);
            found.map_or_else(
                || no_definition(404, id),
                |known| Reply::json(200, &definition(known)),
            )
        }
        _ => Reply::error(
            405,
            "MethodNotAllowed",
            "The requested resource does not support this method.",
        ),
    };
    Some(reply)
}

fn no_assignment() -> Reply {
    let text = "Requested role assignment not found";
    Reply::error(404, "RoleAssignmentNotFound", text)
}

fn no_definition(status: u16, id: &str) -> Reply {
    let text = format!("The role definition '{id}' was not found.");
    Reply::error(status, "RoleDefinitionNotFound", text)
}

fn definition_id(role: &str) -> String {
    format!("Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{role}")
}

/// Every definition belongs to the HSM itself, so the scope filters omit none.
fn definitions(world: &World, request: &Request) -> Reply {
    let filter = request.query("$filter").trim().to_ascii_lowercase();
    if !["", "atscope()", "atscopeandbelow()"].contains(&filter.as_str()) {
        return Reply::error(400, "BadParameter", "The filter is not supported.");
    }
    let all = BUILT_IN.managed_hsm.iter().map(definition);
    listed_local(world, request, all.collect())
}

fn definition(definition: &Definition) -> Value {
    json!({
        "id": definition_id(&definition.id),
        "name": definition.id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": definition.name,
            "type": "AKVBuiltInRole",
            "description": "",
            "assignableScopes": ["/"],
            "permissions": [
                {
                    "actions": [],
                    "notActions": [],
                    "dataActions": definition.permission.data_actions,
                    "notDataActions": [],
                },
            ],
        },
    })
}

fn assignment(role: &Role) -> Value {
    let scope = role.scope.split_once('/').map_or("", |(_, path)| path);
    let scope = format!("/{scope}");
    json!({
        "id": format!(
            "{}/providers/Microsoft.Authorization/roleAssignments/{}",
            scope.trim_end_matches('/'),
            role.name
        ),
        "name": role.name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "scope": scope,
            "principalId": role.principal,
            "roleDefinitionId": definition_id(&role.role),
        },
    })
}

/// Lists at, above and below the scope. `atScope()` omits those below, and `principalId` those of
/// other principals.
fn list(world: &World, request: &Request, place: &Place<'_>) -> Reply {
    let filter = request.query("$filter").trim();
    let principal = filter
        .strip_prefix("principalId eq ")
        .map(|id| id.trim_matches('\'').to_ascii_lowercase());
    let at_scope = filter.eq_ignore_ascii_case("atScope()");
    if !filter.is_empty() && !at_scope && principal.is_none() {
        return Reply::error(400, "BadParameter", "The filter is not supported.");
    }
    let scope = place.kept();
    let value: Vec<Value> = world
        .roles
        .iter()
        .filter(|role| covers(&role.scope, &scope) || (!at_scope && covers(&scope, &role.scope)))
        .filter(|role| principal.as_ref().is_none_or(|id| role.principal == *id))
        .map(assignment)
        .collect();
    listed_local(world, request, value)
}

fn find(world: &World, place: &Place<'_>, name: &str) -> Option<usize> {
    let scope = place.kept();
    world
        .roles
        .iter()
        .position(|role| role.scope == scope && role.name.eq_ignore_ascii_case(name))
}

fn unassign(world: &mut World, place: &Place<'_>, name: &str) -> Reply {
    let Some(at) = find(world, place, name) else {
        return no_assignment();
    };
    let removed = world.roles.remove(at);
    world.effect("hsm-role-removed", removed.scope.clone());
    Reply::json(200, &assignment(&removed))
}

fn assign(world: &mut World, user: &User, body: &Value, place: &Place<'_>, name: &str) -> Reply {
    let text = |field: &str| {
        body["properties"][field]
            .as_str()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let (definition, principal) = (text("roleDefinitionId"), text("principalId"));
    let role = definition.rsplit('/').next().unwrap_or_default().to_owned();
    if Uuid::parse_str(name).is_err() {
        let text = format!("The role assignment name '{name}' is not a GUID.");
        return Reply::error(400, "BadParameter", text);
    }
    if !BUILT_IN.managed_hsm.iter().any(|known| known.id == role) {
        return no_definition(400, &role);
    }
    if !known_principal(world, &principal) {
        return Reply::error(
            400,
            "PrincipalNotFound",
            format!("Principal {principal} was not found."),
        );
    }
    let scope = place.kept();
    let same = |assigned: &Role| {
        assigned.scope == scope && assigned.principal == principal && assigned.role == role
    };
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
        more: RoleDetails {
            created_by: user.object_id.clone(),
            ..RoleDetails::default()
        },
    };
    let answer = Reply::json(201, &assignment(&role));
    world.effect(
        "hsm-role-assigned",
        format!("{} {}", role.principal, role.scope),
    );
    world.roles.push(role);
    answer
}
