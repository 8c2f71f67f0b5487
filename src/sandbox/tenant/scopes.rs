//! Scopes of Azure RBAC and their nesting, management groups included.

use super::world::World;

const MANAGEMENT_GROUP: &str = "/providers/microsoft.management/managementgroups/";

/// Is `scope` equal to `assigned`, or below it by its path? `/` covers everything.
pub(crate) fn covers(assigned: &str, scope: &str) -> bool {
    let (assigned, scope) = (assigned.to_ascii_lowercase(), scope.to_ascii_lowercase());
    let assigned = assigned.trim_end_matches('/');
    scope == assigned || scope.starts_with(&format!("{assigned}/"))
}

/// Does an assignment at `assigned` apply at `scope`? A management group covers the management
/// groups and subscriptions below it, and their content.
pub(crate) fn applies(world: &World, assigned: &str, scope: &str) -> bool {
    covers(assigned, scope)
        || management_group(assigned).is_some_and(|group| {
            above(world, scope)
                .iter()
                .any(|covered| covered.eq_ignore_ascii_case(&group))
        })
}

/// Is this scope above subscriptions, so that they inherit its roles?
pub(crate) fn is_above_subscriptions(scope: &str) -> bool {
    scope == "/" || management_group(scope).is_some()
}

/// The management group directly above a subscription; `None` is the root group.
pub(crate) fn management_group_of<'a>(world: &'a World, subscription: &str) -> Option<&'a str> {
    let groups = &world.rights.management_groups;
    let found = groups.iter().find(|group| {
        let mut subscriptions = group.subscriptions.iter();
        subscriptions.any(|id| id.eq_ignore_ascii_case(subscription))
    });
    found.map(|group| group.name.as_str())
}

/// The name in the ARM id of a management group.
fn management_group(scope: &str) -> Option<String> {
    let lower = scope.to_ascii_lowercase();
    let name = lower.strip_prefix(MANAGEMENT_GROUP)?.trim_end_matches('/');
    (!name.is_empty() && !name.contains('/')).then(|| name.to_owned())
}

/// The management groups above a scope, nearest first and root group last.
fn above<'a>(world: &'a World, scope: &str) -> Vec<&'a str> {
    let lower = scope.to_ascii_lowercase();
    let mut next = if let Some(rest) = lower.strip_prefix("/subscriptions/") {
        management_group_of(world, rest.split('/').next().unwrap_or_default())
    } else if let Some(name) = management_group(scope) {
        parent(world, &name)
    } else {
        return Vec::new();
    };
    let mut all = Vec::new();
    while let Some(name) = next.filter(|name| !all.contains(name)) {
        all.push(name);
        next = parent(world, name);
    }
    all.push(&world.tenant);
    all
}

fn parent<'a>(world: &'a World, name: &str) -> Option<&'a str> {
    let groups = &world.rights.management_groups;
    let found = groups
        .iter()
        .find(|group| group.name.eq_ignore_ascii_case(name));
    found?.parent.as_deref()
}
