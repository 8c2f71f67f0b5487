//! Host management.azure.com, provider `Microsoft.Authorization`: role assignments and definitions
//! (2022-04-01), permissions, locks (2020-05-01). Imitated after the public REST reference.

use super::errors::refusal;
use super::odata;
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::parts::{Lock, Role, User};
use crate::sandbox::tenant::roles::{BuiltIn, ROLES, covers, known_principal};
use crate::sandbox::tenant::world::World;
use serde_json::{Value, json};

/// `{scope}/providers/Microsoft.Authorization/…`
pub(super) fn respond(
    world: &mut World,
    request: &Request,
    user: &User,
    scope: &str,
    rest: &[String],
) -> Reply {
    let parts: Vec<&str> = rest.iter().map(String::as_str).collect();
    let read = |kind: &str| format!("Microsoft.Authorization/{kind}/read");
    match (request.method.as_str(), &parts[..]) {
        ("GET", ["roleassignments"]) => refusal(world, user, &read("roleAssignments"), scope)
            .unwrap_or_else(|| list(world, request, scope)),
        ("PUT", ["roleassignments", name]) => {
            let action = "Microsoft.Authorization/roleAssignments/write";
            refusal(world, user, action, scope)
                .unwrap_or_else(|| assign(world, &request.json(), scope, name))
        }
        ("GET", ["roleassignments", name]) => refusal(world, user, &read("roleAssignments"), scope)
            .unwrap_or_else(
                || match world.roles.iter().find(|role| role.name == *name) {
                    Some(role) => Reply::json(200, &assignment(role)),
                    None => Reply::error(
                        404,
                        "RoleAssignmentNotFound",
                        format!("The role assignment '{name}' is not found."),
                    ),
                },
            ),
        ("DELETE", ["roleassignments", name]) => {
            let action = "Microsoft.Authorization/roleAssignments/delete";
            refusal(world, user, action, scope).unwrap_or_else(|| unassign(world, scope, name))
        }
        ("GET", ["roledefinitions"]) => refusal(world, user, &read("roleDefinitions"), scope)
            .unwrap_or_else(|| definitions(world, request.query("$filter"))),
        ("GET", ["roledefinitions", id]) => refusal(world, user, &read("roleDefinitions"), scope)
            .unwrap_or_else(|| match ROLES.iter().find(|role| role.id == *id) {
                Some(role) => Reply::json(200, &definition(world, role)),
                None => no_definition(id),
            }),
        // Nothing is denied in this tenant.
        ("GET", ["denyassignments"]) => refusal(world, user, &read("denyAssignments"), scope)
            .unwrap_or_else(|| Reply::json(200, &json!({ "value": [] }))),
        ("GET", ["permissions"]) => permissions(world, user, scope),
        ("GET", ["locks"]) => {
            refusal(world, user, &read("locks"), scope).unwrap_or_else(|| locks(world, scope))
        }
        _ => Reply::error(
            405,
            "MethodNotAllowed",
            "The requested resource does not support this method.",
        ),
    }
}

/// At, above and below the scope.
fn locks(world: &World, scope: &str) -> Reply {
    let shown = |lock: &Lock| {
        json!({
            "id": format!(
                "{}/providers/Microsoft.Authorization/locks/{}",
                lock.scope,
                lock.name
            ),
            "name": lock.name,
            "type": "Microsoft.Authorization/locks",
            "properties": { "level": lock.level },
        })
    };
    let touching = world
        .locks
        .iter()
        .filter(|lock| covers(&lock.scope, scope) || covers(scope, &lock.scope));
    Reply::json(
        200,
        &json!({ "value": touching.map(shown).collect::<Vec<Value>>() }),
    )
}

fn assignment(role: &Role) -> Value {
    let subscription: Vec<&str> = role.scope.split('/').take(3).collect();
    json!({
        "id": format!(
            "{}/providers/Microsoft.Authorization/roleAssignments/{}",
            role.scope,
            role.name
        ),
        "type": "Microsoft.Authorization/roleAssignments",
        "name": role.name,
        "properties": {
            "roleDefinitionId": format!(
                "{}/providers/Microsoft.Authorization/roleDefinitions/{}",
                subscription.join("/"),
                role.role
            ),
            "principalId": role.principal,
            "principalType": "ServicePrincipal",
            "scope": role.scope,
            "createdOn": role.since.to_string(),
        },
    })
}

/// At, above and below the scope, as the service lists them; `atScope()` leaves out what is below.
/// Nobody is in a group here, so that `assignedTo` finds the same as `principalId`.
fn list(world: &World, request: &Request, scope: &str) -> Reply {
    let filter = request.query("$filter");
    let clauses: Vec<String> = filter
        .split(" and ")
        .map(|clause| clause.trim().to_ascii_lowercase())
        .collect();
    let at_scope = clauses.iter().any(|clause| clause == "atscope()");
    let by_id = odata::equal(filter, "principalId");
    let assigned = odata::called(filter, "assignedTo");
    let known = |clause: &String| {
        clause.is_empty()
            || clause == "atscope()"
            || clause.starts_with("principalid eq '")
            || clause.starts_with("assignedto('")
    };
    // The two can't be had together, as the Azure CLI's source notes.
    if !clauses.iter().all(known) || (at_scope && by_id.is_some()) {
        let text = format!(
            "The filter '{filter}' is not supported. Supported filters are either 'atScope()' or \
            'principalId eq '{{value}}' or assignedTo('{{value}}')'."
        );
        return Reply::error(400, "UnsupportedQuery", text);
    }
    let principal = by_id.or(assigned);
    let value: Vec<Value> = world
        .roles
        .iter()
        .filter(|role| covers(&role.scope, scope) || (!at_scope && covers(scope, &role.scope)))
        .filter(|role| {
            principal.is_none_or(|principal| role.principal.eq_ignore_ascii_case(principal))
        })
        .map(assignment)
        .collect();
    Reply::json(200, &json!({ "value": value }))
}

/// Answers with what was removed, or with nothing.
fn unassign(world: &mut World, scope: &str, name: &str) -> Reply {
    let Some(at) = world.roles.iter().position(|role| role.name == name) else {
        return Reply::empty(204);
    };
    let removed = world.roles.remove(at);
    world.effect("role-removed", scope);
    Reply::json(200, &assignment(&removed))
}

fn definition(world: &World, role: &BuiltIn) -> Value {
    json!({
        "id": format!(
            "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions/{}",
            world.subscription,
            role.id
        ),
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": role.id,
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.name,
            "assignableScopes": ["/"],
            "permissions": [
                {
                    "actions": role.actions,
                    "notActions": role.not_actions,
                    "dataActions": role.data_actions,
                    "notDataActions": [],
                },
            ],
        },
    })
}

fn definitions(world: &World, filter: &str) -> Reply {
    let name = odata::equal(filter, "roleName");
    let named = ROLES
        .iter()
        .filter(|role| name.is_none_or(|name| role.name.eq_ignore_ascii_case(name)));
    Reply::json(
        200,
        &json!({
            "value": named.map(|role| definition(world, role)).collect::<Vec<Value>>(),
        }),
    )
}

fn no_definition(id: &str) -> Reply {
    Reply::error(
        404,
        "RoleDefinitionDoesNotExist",
        format!("The specified role definition with ID '{id}' does not exist."),
    )
}

fn assign(world: &mut World, body: &Value, scope: &str, name: &str) -> Reply {
    let text = |field: &str| {
        body["properties"][field]
            .as_str()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let (principal, definition) = (text("principalId"), text("roleDefinitionId"));
    let role = definition.rsplit('/').next().unwrap_or_default().to_owned();
    if principal.is_empty() || role.is_empty() {
        return Reply::error(
            400,
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized.",
        );
    }
    if !ROLES.iter().any(|known| known.id == role) {
        return no_definition(&role);
    }
    if !known_principal(world, &principal) {
        let text = format!(
            "Principal {} does not exist in the directory {}.",
            principal.replace('-', ""),
            world.tenant
        );
        return Reply::error(400, "PrincipalNotFound", text);
    }
    let role = Role {
        name: name.to_owned(),
        scope: scope.to_owned(),
        role,
        principal,
        since: world.clock.now(),
    };
    if let Some(answer) = already(world, &role) {
        return answer;
    }
    let answer = Reply::json(201, &assignment(&role));
    world.effect(
        "role-assigned",
        format!("{} {} {}", role.role, role.principal, role.scope),
    );
    world.roles.push(role);
    answer
}

fn permissions(world: &World, user: &User, scope: &str) -> Reply {
    let held = world
        .roles
        .iter()
        .filter(|role| role.principal == user.object_id && covers(&role.scope, scope));
    let value: Vec<Value> = held
        .filter_map(|role| ROLES.iter().find(|built_in| built_in.id == role.role))
        .map(|role| {
            json!({
                "actions": role.actions,
                "notActions": role.not_actions,
                "dataActions": role.data_actions,
                "notDataActions": [],
            })
        })
        .collect();
    Reply::json(200, &json!({ "value": value }))
}

/// What is answered where the same assignment, or another one of the same name, is there already.
fn already(world: &World, wanted: &Role) -> Option<Reply> {
    let same = |held: &&Role| {
        held.principal == wanted.principal
            && held.role == wanted.role
            && held.scope.eq_ignore_ascii_case(&wanted.scope)
    };
    if let Some(existing) = world.roles.iter().find(same) {
        return Some(if existing.name.eq_ignore_ascii_case(&wanted.name) {
            Reply::json(200, &assignment(existing))
        } else {
            Reply::error(
                409,
                "RoleAssignmentExists",
                "The role assignment already exists.",
            )
        });
    }
    world
        .roles
        .iter()
        .any(|held| held.name.eq_ignore_ascii_case(&wanted.name))
        .then(|| {
            Reply::error(
                409,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        })
}
