//! Host management.azure.com, provider `Microsoft.Authorization`: role assignments (2022-04-01).
//! Imitated after the public REST reference.

use super::errors::{malformed, no_method, refusal, unauthorized};
use super::listing::listed;
use super::scope::{exists, missing_at};
use super::{definitions, governance, locks, odata};
use crate::message::{Reply, Request};
use crate::tenant::parts::{Role, RoleDetails, User};
use crate::tenant::principals::{identities, known_principal, principal_type};
use crate::tenant::roles::assigns;
use crate::tenant::scopes::applies;
use crate::tenant::world::World;
use serde_json::{Value, json};
use uuid::Uuid;

/// Text fields of an assignment, and whether they are required.
const TEXTS: [(&str, bool); 6] = [
    ("principalId", true),
    ("roleDefinitionId", true),
    ("principalType", false),
    ("condition", false),
    ("conditionVersion", false),
    ("description", false),
];
/// Types of principals (specification 2022-04-01).
const KINDS: [&str; 5] = [
    "User",
    "Group",
    "ServicePrincipal",
    "ForeignGroup",
    "Device",
];

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
        ("GET", ["roleassignments", name]) => refusal(world, user, &read("roleAssignments"), scope)
            .unwrap_or_else(|| match find(world, scope, name) {
                Some(at) => Reply::json(200, &assignment(world, &world.roles[at])),
                None => Reply::error(
                    404,
                    "RoleAssignmentNotFound",
                    format!("The role assignment '{name}' is not found."),
                ),
            }),
        ("PUT", ["roleassignments", name]) => assign(world, user, &request.json(), scope, name),
        ("DELETE", ["roleassignments", name]) => unassign(world, user, scope, name),
        (_, ["locks"]) => locks::respond(world, (request, user), scope, None),
        (_, ["locks", name]) => locks::respond(world, (request, user), scope, Some(name)),
        (
            _,
            [
                "policyassignments" | "policyexemptions" | "policydefinitions",
                ..,
            ],
        ) => governance::respond(world, (request, user), scope, &parts),
        ("GET", other) => definitions::respond(world, request, user, scope, other),
        _ => no_method(),
    }
}

/// An unset field is `null`. An assignment above the subscriptions names a role definition without
/// one.
fn assignment(world: &World, role: &Role) -> Value {
    // The request's type was checked on creation. A sandbox user is an application too.
    let stated = role.more.principal_type.as_deref();
    let kind = stated
        .or(principal_type(world, &role.principal))
        // Only the identity of a deleted policy has no known type.
        .unwrap_or("ServicePrincipal");
    let since = role.since.to_string();
    json!({
        "id": format!(
            "{}/providers/Microsoft.Authorization/roleAssignments/{}",
            role.scope.trim_end_matches('/'),
            role.name
        ),
        "type": "Microsoft.Authorization/roleAssignments",
        "name": role.name,
        "properties": {
            "roleDefinitionId": definitions::id(&role.scope, &role.role),
            "principalId": role.principal,
            "principalType": kind,
            "scope": role.scope,
            "condition": role.more.condition,
            "conditionVersion": role.more.condition_version,
            "description": role.more.description,
            "createdOn": since,
            "updatedOn": since,
            "createdBy": role.more.created_by,
            "updatedBy": role.more.created_by,
            "delegatedManagedIdentityResourceId": null,
        },
    })
}

/// Lists assignments at, above and below the scope, also for a management group (inferred).
/// `atScope()` omits those below. `assignedTo` follows groups, `principalId` does not.
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
    // The two can't be combined, according to the Azure CLI's source.
    if !clauses.iter().all(known) || (by_id.is_some() && clauses.len() > 1) {
        let text = format!(
            "The filter '{filter}' is not supported. Supported filters are either 'atScope()' or \
            'principalId eq '{{value}}' or assignedTo('{{value}}')'."
        );
        return Reply::error(400, "UnsupportedQuery", text);
    }
    let who = by_id
        .map(|id| vec![id.to_ascii_lowercase()])
        .or_else(|| assigned.map(|id| identities(world, id)));
    let value: Vec<Value> = world
        .roles
        .iter()
        .filter(|role| {
            applies(world, &role.scope, scope) || (!at_scope && applies(world, scope, &role.scope))
        })
        .filter(|role| who.as_ref().is_none_or(|who| who.contains(&role.principal)))
        .map(|role| assignment(world, role))
        .collect();
    listed(world, request, &["$filter"], value)
}

/// The index of the assignment with this name at this scope.
fn find(world: &World, scope: &str, name: &str) -> Option<usize> {
    world.roles.iter().position(|role| {
        role.name.eq_ignore_ascii_case(name) && role.scope.eq_ignore_ascii_case(scope)
    })
}

/// Answers with the removed assignment, or 204.
fn unassign(world: &mut World, user: &User, scope: &str, name: &str) -> Reply {
    let action = "Microsoft.Authorization/roleAssignments/delete";
    let at = find(world, scope, name);
    let role = at.map_or("", |at| &world.roles[at].role);
    if !assigns(world, &user.object_id, action, scope, role) {
        return unauthorized(user, action, scope);
    }
    let Some(at) = at else {
        return Reply::empty(204);
    };
    let removed = world.roles.remove(at);
    world.effect("role-removed", scope);
    Reply::json(200, &assignment(world, &removed))
}

fn assign(world: &mut World, user: &User, body: &Value, scope: &str, name: &str) -> Reply {
    let wanted = wanted(world, user, body, scope, name);
    let action = "Microsoft.Authorization/roleAssignments/write";
    if !assigns(world, &user.object_id, action, scope, &wanted.role) {
        return unauthorized(user, action, scope);
    }
    if let Some(refusal) = unacceptable(world, body, &wanted) {
        return refusal;
    }
    if let Some(answer) = already(world, &wanted) {
        return answer;
    }
    let answer = Reply::json(201, &assignment(world, &wanted));
    world.effect(
        "role-assigned",
        format!("{} {} {}", wanted.role, wanted.principal, wanted.scope),
    );
    world.roles.push(wanted);
    answer
}

/// The requested assignment. A missing field is empty.
fn wanted(world: &World, user: &User, body: &Value, scope: &str, name: &str) -> Role {
    let given = |field: &str| body["properties"][field].as_str().map(str::to_owned);
    let lower = |field: &str| given(field).unwrap_or_default().to_ascii_lowercase();
    let definition = lower("roleDefinitionId");
    let condition = given("condition");
    Role {
        name: name.to_owned(),
        scope: scope.to_owned(),
        role: definition.rsplit('/').next().unwrap_or_default().to_owned(),
        principal: lower("principalId"),
        since: world.clock.now(),
        more: RoleDetails {
            condition_version: given("conditionVersion")
                .or_else(|| condition.as_ref().map(|_| "2.0".to_owned())),
            condition,
            description: given("description"),
            principal_type: given("principalType"),
            created_by: user.object_id.clone(),
        },
    }
}

/// The refusal of an invalid assignment, if any.
fn unacceptable(world: &World, body: &Value, wanted: &Role) -> Option<Reply> {
    if Uuid::parse_str(&wanted.name).is_err() {
        let text = format!(
            "The role assignment ID '{}' is not valid. The role assignment ID must be a GUID.",
            wanted.name
        );
        return Some(Reply::error(400, "InvalidRoleAssignmentId", text));
    }
    let properties = &body["properties"];
    for (field, needed) in TEXTS {
        if !(properties[field].is_string() || (properties[field].is_null() && !needed)) {
            return Some(malformed(
                &format!("properties.{field}"),
                &properties[field],
            ));
        }
    }
    if let Some(kind) = properties["principalType"].as_str()
        && !KINDS.iter().any(|known| known.eq_ignore_ascii_case(kind))
    {
        return Some(malformed(
            "properties.principalType",
            &properties["principalType"],
        ));
    }
    if Uuid::parse_str(&wanted.principal).is_err() {
        let text = "A valid principal ID must be provided for role assignment.";
        return Some(Reply::error(400, "InvalidPrincipalId", text));
    }
    let Some(definition) = world.rights.definition(&wanted.role) else {
        return Some(definitions::missing(&wanted.role));
    };
    let scopes = &definition.assignable_scopes;
    if !scopes.is_empty()
        && !scopes
            .iter()
            .any(|assignable| applies(world, assignable, &wanted.scope))
    {
        let text = format!(
            "The role assignment scope '{}' is not assignable to the role definition '{}'.",
            wanted.scope, wanted.role
        );
        let code = "RoleAssignmentScopeNotAssignableToRoleDefinition";
        return Some(Reply::error(400, code, text));
    }
    if !exists(world, &wanted.scope) {
        return Some(missing_at(&wanted.scope));
    }
    unknown_principal(world, properties, wanted)
}

/// The refusal of an unknown or mistyped principal, if any.
fn unknown_principal(world: &World, body: &Value, wanted: &Role) -> Option<Reply> {
    let known = known_principal(world, &wanted.principal);
    // Every sandbox user is both a user and an application.
    if let (Some(stated), Some(actual), true) = (
        body["principalType"].as_str(),
        principal_type(world, &wanted.principal),
        known,
    ) && !stated.eq_ignore_ascii_case(actual)
        && !(actual == "User" && stated.eq_ignore_ascii_case("ServicePrincipal"))
    {
        let text = format!(
            "The PrincipalId '{}' has type '{actual}' , which is different from specified \
            PrinciaplType '{stated}'.",
            wanted.principal.replace('-', "")
        );
        return Some(Reply::error(400, "UnmatchedPrincipalType", text));
    }
    // With `principalType` in the request, the service does not look the principal up. It then
    // accepts a new identity that the directory does not show yet.
    (!body["principalType"].is_string() && !known).then(|| {
        let text = format!(
            "Principal {} does not exist in the directory {}.",
            wanted.principal.replace('-', ""),
            world.tenant
        );
        Reply::error(400, "PrincipalNotFound", text)
    })
}

/// The answer if this assignment, or another one with this name, already exists. Condition and
/// description may change.
fn already(world: &mut World, wanted: &Role) -> Option<Reply> {
    let same = |role: &Role| {
        role.principal == wanted.principal
            && role.role == wanted.role
            && role.scope.eq_ignore_ascii_case(&wanted.scope)
    };
    if let Some(at) = world.roles.iter().position(same) {
        if !world.roles[at].name.eq_ignore_ascii_case(&wanted.name) {
            return Some(Reply::error(
                409,
                "RoleAssignmentExists",
                "The role assignment already exists.",
            ));
        }
        let details = &mut world.roles[at].more;
        details.condition.clone_from(&wanted.more.condition);
        details
            .condition_version
            .clone_from(&wanted.more.condition_version);
        details.description.clone_from(&wanted.more.description);
        return Some(Reply::json(200, &assignment(world, &world.roles[at])));
    }
    world
        .roles
        .iter()
        .any(|role| role.name.eq_ignore_ascii_case(&wanted.name))
        .then(|| {
            Reply::error(
                409,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        })
}
