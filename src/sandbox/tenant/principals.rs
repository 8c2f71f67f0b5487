//! Principals of Microsoft Entra: users, identities of policies, and groups.

use super::world::World;

/// The object ids of a principal's roles: its own, and those of its direct and nested groups.
pub(crate) fn identities(world: &World, principal: &str) -> Vec<String> {
    let mut all = vec![principal.to_ascii_lowercase()];
    let mut next = 0;
    while let Some(member) = all.get(next).cloned() {
        next += 1;
        for group in &world.rights.groups {
            if group.members.contains(&member) && !all.contains(&group.object_id) {
                all.push(group.object_id.clone());
            }
        }
    }
    all
}

/// The type of a principal in role assignments; `None` for an unknown one.
pub(crate) fn principal_type(world: &World, principal: &str) -> Option<&'static str> {
    let user = |user: &super::parts::User| user.object_id == principal;
    if world.users.values().any(user) {
        return Some("User");
    }
    if world
        .rights
        .groups
        .iter()
        .any(|group| group.object_id == principal)
    {
        return Some("Group");
    }
    let mut policies = world.policies.values();
    policies
        .any(|policy| policy.principal() == principal)
        .then_some("ServicePrincipal")
}

/// Is the principal in the directory? A policy's identity appears some time after its creation.
pub(crate) fn known_principal(world: &World, principal: &str) -> bool {
    let identity = world
        .policies
        .values()
        .find(|policy| policy.principal() == principal);
    match identity {
        Some(policy) => world.clock.since(policy.created) >= world.settings.identity_seconds,
        None => principal_type(world, principal).is_some(),
    }
}
