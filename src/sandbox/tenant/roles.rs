//! Azure RBAC: whether a principal may do something at a scope, by role assignments (its own and
//! those of its groups), role definitions and deny assignments.

use super::conditions::permits;
use super::parts::Role;
use super::principals::identities;
use super::rights::{Denial, EVERYONE};
use super::scopes::{applies, covers, is_above_subscriptions};
use super::world::World;

/// What a key needs of an identity that encrypts with it.
const KEY_USE: [&str; 3] = [
    "Microsoft.KeyVault/vaults/keys/read",
    "Microsoft.KeyVault/vaults/keys/wrap/action",
    "Microsoft.KeyVault/vaults/keys/unwrap/action",
];

/// A question for a right.
struct Asked<'a> {
    principal: &'a str,
    action: &'a str,
    scope: &'a str,
    /// Of the data plane?
    data: bool,
    /// GUID of the role that is assigned or removed.
    role: Option<&'a str>,
    /// Count only what has been assigned for long enough to be effective?
    settled: bool,
}

/// May this principal do `action` at `scope`? `data` asks for the data plane.
pub(in crate::sandbox) fn allowed(
    world: &World,
    principal: &str,
    action: &str,
    scope: &str,
    data: bool,
) -> bool {
    let asked = Asked {
        principal,
        action,
        scope,
        data,
        role: None,
        settled: false,
    };
    judge(world, &asked)
}

/// May this principal assign or remove the role of this GUID? `action` is the write or the delete
/// of a role assignment.
pub(in crate::sandbox) fn assigns(
    world: &World,
    principal: &str,
    action: &str,
    scope: &str,
    role: &str,
) -> bool {
    let asked = Asked {
        principal,
        action,
        scope,
        data: false,
        role: Some(role),
        settled: false,
    };
    judge(world, &asked)
}

/// Do this principal's roles let it read, wrap and unwrap with the key of this ARM id, and are they
/// effective already?
pub(in crate::sandbox) fn wraps(world: &World, principal: &str, key: &str) -> bool {
    let may = |action: &&str| {
        let asked = Asked {
            principal,
            action,
            scope: key,
            data: true,
            role: None,
            settled: true,
        };
        judge(world, &asked)
    };
    KEY_USE.iter().all(may)
}

/// Does this principal see the subscription: is it assigned anything at it, above it or below it?
pub(in crate::sandbox) fn sees_subscription(
    world: &World,
    principal: &str,
    subscription: &str,
) -> bool {
    let scope = format!("/subscriptions/{subscription}");
    let who = identities(world, principal);
    world.roles.iter().any(|role| {
        who.contains(&role.principal)
            && (applies(world, &role.scope, &scope) || covers(&scope, &role.scope))
    })
}

/// The assignments of a principal, its own and those of its groups, that apply at a scope.
pub(in crate::sandbox) fn held<'a>(
    world: &'a World,
    principal: &str,
    scope: &'a str,
) -> impl Iterator<Item = &'a Role> {
    let who = identities(world, principal);
    world
        .roles
        .iter()
        .filter(move |role| who.contains(&role.principal) && applies(world, &role.scope, scope))
}

fn judge(world: &World, asked: &Asked<'_>) -> bool {
    let gives = |role: &Role| {
        let definition = world.rights.definition(&role.role);
        definition.is_some_and(|definition| {
            definition.permission.names(asked.action, asked.data)
                && fulfilled(definition.condition.as_deref(), asked)
                && fulfilled(role.more.condition.as_deref(), asked)
        })
    };
    held(world, asked.principal, asked.scope)
        .filter(|role| !asked.settled || effective(world, role))
        .any(gives)
        && !denied(world, asked)
}

/// Simplified: a condition is never fulfilled on the data plane.
fn fulfilled(condition: Option<&str>, asked: &Asked<'_>) -> bool {
    condition.is_none_or(|condition| !asked.data && permits(condition, asked.action, asked.role))
}

/// A deny assignment wins over every role.
fn denied(world: &World, asked: &Asked<'_>) -> bool {
    let who = identities(world, asked.principal);
    let any = |list: &[String]| list.iter().any(|id| who.contains(id));
    let meant = |denial: &Denial| {
        let everyone = denial.principals.iter().any(|id| id == EVERYONE);
        (everyone || any(&denial.principals)) && !any(&denial.excluded)
    };
    world.rights.denials.iter().any(|denial| {
        denial.permission.names(asked.action, asked.data)
            && applies(world, &denial.scope, asked.scope)
            && meant(denial)
    })
}

/// Has the role been assigned for long enough? From a management group it takes longer.
pub(in crate::sandbox) fn effective(world: &World, role: &Role) -> bool {
    let settings = &world.settings;
    let usual = settings.role_seconds;
    let seconds = if is_above_subscriptions(&role.scope) {
        settings.inherited_role_seconds.unwrap_or(usual)
    } else {
        usual
    };
    world.clock.since(role.since) >= seconds
}
