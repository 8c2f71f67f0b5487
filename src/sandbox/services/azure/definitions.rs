//! Host management.azure.com, provider `Microsoft.Authorization` (2022-04-01): role definitions,
//! the caller's permissions, and deny assignments. Imitated after the public REST reference.

use super::errors::refusal;
use super::listing::listed;
use super::odata;
use crate::message::{Reply, Request};
use crate::tenant::parts::{Role, User};
use crate::tenant::principals::principal_type;
use crate::tenant::rights::{Definition, Denial, EVERYONE, Permission};
use crate::tenant::roles::applying_roles;
use crate::tenant::scopes::applies;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// Answers reads at `{scope}/providers/Microsoft.Authorization/…`, except role assignments, locks
/// and Azure Policy.
pub(super) fn respond(
    world: &World,
    request: &Request,
    user: &User,
    scope: &str,
    rest: &[&str],
) -> Reply {
    let refused = |kind: &str| {
        let action = format!("Microsoft.Authorization/{kind}/read");
        refusal(world, user, &action, scope)
    };
    match rest {
        ["roledefinitions"] => {
            refused("roleDefinitions").unwrap_or_else(|| definitions(world, request, scope))
        }
        ["roledefinitions", id] => {
            refused("roleDefinitions").unwrap_or_else(|| match world.rights.definition(id) {
                Some(found) => Reply::json(200, &definition(scope, found)),
                None => missing(id),
            })
        }
        ["permissions"] => permissions(world, request, user, scope),
        ["roleeligibilityscheduleinstances"] => eligibilities(world, request, user, scope),
        ["denyassignments"] => {
            refused("denyAssignments").unwrap_or_else(|| denials(world, request, scope))
        }
        _ => Reply::error(
            404,
            "InvalidResourceType",
            format!(
                "The resource type could not be found for '{}'.",
                request.raw_path
            ),
        ),
    }
}

/// The caller's eligible roles at the scope and above it. `asTarget()` requires no right (Azure
/// REST reference, role eligibility schedule instances, 2020-10-01).
fn eligibilities(world: &World, request: &Request, user: &User, scope: &str) -> Reply {
    if !request
        .query("$filter")
        .trim()
        .eq_ignore_ascii_case("asTarget()")
    {
        let action = "Microsoft.Authorization/roleEligibilityScheduleInstances/read";
        if let Some(refused) = refusal(world, user, action, scope) {
            return refused;
        }
    }
    let eligible = world.rights.eligible.iter();
    let eligible = eligible
        .filter(|role| role.principal == user.object_id && applies(world, &role.scope, scope));
    let shown = |role: &Role| {
        let name = world
            .rights
            .definition(&role.role)
            .map(|definition| &definition.name);
        json!({
            "id": format!(
                "{}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/{}",
                role.scope, role.name
            ),
            "name": role.name,
            "type": "Microsoft.Authorization/roleEligibilityScheduleInstances",
            "properties": {
                "roleEligibilityScheduleId": format!(
                    "{}/providers/Microsoft.Authorization/roleEligibilitySchedules/{}",
                    role.scope, role.name
                ),
                "scope": role.scope,
                "roleDefinitionId": id(&role.scope, &role.role),
                "principalId": role.principal,
                "principalType": "User",
                "status": "Provisioned",
                "memberType": "Direct",
                "expandedProperties": {
                    "roleDefinition": { "displayName": name, "type": "BuiltInRole" },
                },
            },
        })
    };
    listed(world, request, &["$filter"], eligible.map(shown).collect())
}

/// The ARM id of a role definition at a scope, with the scope's subscription if it has one.
pub(super) fn id(scope: &str, role: &str) -> String {
    let subscription: Vec<&str> = scope.split('/').take(3).collect();
    let prefix = match subscription[..] {
        ["", word, _] if word.eq_ignore_ascii_case("subscriptions") => subscription.join("/"),
        _ => String::new(),
    };
    format!("{prefix}/providers/Microsoft.Authorization/roleDefinitions/{role}")
}

pub(super) fn missing(id: &str) -> Reply {
    Reply::error(
        404,
        "RoleDefinitionDoesNotExist",
        format!("The specified role definition with ID '{id}' does not exist."),
    )
}

/// `condition` is omitted if there is none.
fn shown(permission: &Permission, condition: Option<&String>) -> Value {
    let mut body = json!({
        "actions": permission.actions,
        "notActions": permission.not_actions,
        "dataActions": permission.data_actions,
        "notDataActions": permission.not_data_actions,
    });
    if let Some(condition) = condition {
        body["condition"] = json!(condition);
        body["conditionVersion"] = json!("2.0");
    }
    body
}

fn definition(scope: &str, definition: &Definition) -> Value {
    let custom = !definition.assignable_scopes.is_empty();
    let scopes = if custom {
        json!(definition.assignable_scopes)
    } else {
        json!(["/"])
    };
    json!({
        "id": id(scope, &definition.id),
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": definition.id,
        "properties": {
            "roleName": definition.name,
            "type": if custom { "CustomRole" } else { "BuiltInRole" },
            "description": definition.name,
            "assignableScopes": scopes,
            "permissions": [shown(&definition.permission, definition.condition.as_ref())],
        },
    })
}

/// Lists the definitions that can be assigned at the scope. Without `atScope()`, it includes those
/// of scopes below (inferred).
fn definitions(world: &World, request: &Request, scope: &str) -> Reply {
    let filter = request.query("$filter");
    let mut clauses = filter.split(" and ").map(str::trim);
    let known = |clause: &str| {
        let clause = clause.to_ascii_lowercase();
        ["", "atscope()", "atscopeandbelow()"].contains(&clause.as_str())
            || clause.starts_with("rolename eq '")
            || clause.starts_with("type eq '")
    };
    if !clauses.all(known) {
        return unsupported(
            filter,
            "atScope(), roleName eq '{value}', type eq '{value}'",
        );
    }
    let at_scope = filter.to_ascii_lowercase().contains("atscope()");
    let name = odata::equal(filter, "roleName");
    let kind = odata::equal(filter, "type");
    let applies_here = |definition: &Definition| {
        let mut scopes = definition.assignable_scopes.iter();
        definition.assignable_scopes.is_empty()
            || scopes.any(|assignable| {
                applies(world, assignable, scope)
                    || (!at_scope && applies(world, scope, assignable))
            })
    };
    let value: Vec<Value> = world
        .rights
        .definitions()
        .filter(|role_definition| {
            applies_here(role_definition)
                && name.is_none_or(|name| role_definition.name.eq_ignore_ascii_case(name))
        })
        .map(|role_definition| definition(scope, role_definition))
        .filter(|body| {
            let shown_kind = body["properties"]["type"].as_str().unwrap_or_default();
            kind.is_none_or(|kind| shown_kind.eq_ignore_ascii_case(kind))
        })
        .collect();
    listed(world, request, &["$filter"], value)
}

fn unsupported(filter: &str, supported: &str) -> Reply {
    let text =
        format!("The filter '{filter}' is not supported. Supported filters are {supported}.");
    Reply::error(400, "UnsupportedQuery", text)
}

/// The caller's permissions at the scope and above it, directly or through groups.
fn permissions(world: &World, request: &Request, user: &User, scope: &str) -> Reply {
    let of = |role: &Role| {
        let definition = world.rights.definition(&role.role)?;
        let condition = role.more.condition.as_ref();
        Some(shown(
            &definition.permission,
            condition.or(definition.condition.as_ref()),
        ))
    };
    let value: Vec<Value> = applying_roles(world, &user.object_id, scope)
        .filter_map(of)
        .collect();
    listed(world, request, &[], value)
}

/// Lists deny assignments at, above and below the scope. `atScope()` omits those below.
fn denials(world: &World, request: &Request, scope: &str) -> Reply {
    let filter = request.query("$filter");
    let lower = filter.trim().to_ascii_lowercase();
    let by_id = odata::equal(filter, "principalId");
    if !lower.is_empty() && lower != "atscope()" && !lower.starts_with("principalid eq '") {
        return unsupported(filter, "atScope(), principalId eq '{value}'");
    }
    let at_scope = lower == "atscope()";
    let applies_here = |denial: &&Denial| {
        let touching = applies(world, &denial.scope, scope)
            || (!at_scope && applies(world, scope, &denial.scope));
        touching && by_id.is_none_or(|id| denial.principals.iter().any(|principal| principal == id))
    };
    let found = world.rights.denials.iter().filter(applies_here);
    let value: Vec<Value> = found.map(|stored| denial(world, stored)).collect();
    listed(world, request, &["$filter"], value)
}

fn denial(world: &World, denial: &Denial) -> Value {
    let principals = |ids: &[String]| {
        let kind = |id: &str| match id {
            EVERYONE => "SystemDefined",
            id => principal_type(world, id).unwrap_or("ServicePrincipal"),
        };
        ids.iter()
            .map(|id| json!({ "id": id, "type": kind(id) }))
            .collect::<Vec<Value>>()
    };
    json!({
        "id": format!(
            "{}/providers/Microsoft.Authorization/denyAssignments/{}",
            denial.scope.trim_end_matches('/'),
            denial.id
        ),
        "type": "Microsoft.Authorization/denyAssignments",
        "name": denial.id,
        "properties": {
            "denyAssignmentName": denial.name,
            "description": denial.name,
            "permissions": [shown(&denial.permission, None)],
            "scope": denial.scope,
            "doNotApplyToChildScopes": false,
            "principals": principals(&denial.principals),
            "excludePrincipals": principals(&denial.excluded),
            "isSystemProtected": true,
        },
    })
}
