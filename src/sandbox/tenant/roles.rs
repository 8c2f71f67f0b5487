//! Roles of Azure RBAC and of a managed HSM: what they allow, where, and to whom.

use super::world::World;

/// Key Vault Crypto Service Encryption User.
pub(in crate::sandbox) const ENCRYPTION_USER: &str = "e147488a-f6f5-4113-8e2d-b22465e65bf6";

/// Local roles of a managed HSM that the sandbox knows: encryption user, and administrator.
pub(in crate::sandbox) const HSM_ROLES: [&str; 2] = [
    "33413926-3206-4cdd-b39a-83574fe37a17",
    "a290e904-7015-4bba-90c8-60543313cdb4",
];

pub(in crate::sandbox) struct BuiltIn {
    pub(in crate::sandbox) name: &'static str,
    pub(in crate::sandbox) id: &'static str,
    pub(in crate::sandbox) actions: &'static [&'static str],
    pub(in crate::sandbox) not_actions: &'static [&'static str],
    pub(in crate::sandbox) data_actions: &'static [&'static str],
}

pub(in crate::sandbox) const ROLES: [BuiltIn; 6] = [
    BuiltIn {
        name: "Owner",
        id: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        actions: &["*"],
        not_actions: &[],
        data_actions: &[],
    },
    BuiltIn {
        name: "Contributor",
        id: "b24988ac-6180-42a0-ab88-20f7382dd24c",
        actions: &["*"],
        not_actions: &[
            "microsoft.authorization/*/delete",
            "microsoft.authorization/*/write",
        ],
        data_actions: &[],
    },
    BuiltIn {
        name: "Reader",
        id: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        actions: &["*/read"],
        not_actions: &[],
        data_actions: &[],
    },
    BuiltIn {
        name: "User Access Administrator",
        id: "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        actions: &["*/read", "microsoft.authorization/*"],
        not_actions: &[],
        data_actions: &[],
    },
    BuiltIn {
        name: "Key Vault Crypto Service Encryption User",
        id: ENCRYPTION_USER,
        actions: &[],
        not_actions: &[],
        data_actions: &[
            "microsoft.keyvault/vaults/keys/read",
            "microsoft.keyvault/vaults/keys/wrap/action",
            "microsoft.keyvault/vaults/keys/unwrap/action",
        ],
    },
    BuiltIn {
        name: "Key Vault Administrator",
        id: "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        actions: &["microsoft.keyvault/*/read"],
        not_actions: &[],
        data_actions: &["microsoft.keyvault/vaults/*"],
    },
];

/// The definition GUID of a built-in role by name; a GUID stays one.
pub(in crate::sandbox) fn role_id(name: &str) -> &str {
    ROLES
        .iter()
        .find(|role| role.name == name)
        .map_or(name, |role| role.id)
}

fn fits(pattern: &str, action: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == action,
        Some((head, tail)) => {
            action.len() >= head.len() + tail.len()
                && action.starts_with(head)
                && action.ends_with(tail)
        }
    }
}

pub(in crate::sandbox) fn covers(assigned: &str, scope: &str) -> bool {
    let (assigned, scope) = (assigned.to_ascii_lowercase(), scope.to_ascii_lowercase());
    let assigned = assigned.trim_end_matches('/');
    scope == assigned || scope.starts_with(&format!("{assigned}/"))
}

/// May this principal do `action` at `scope`? `data` asks for the data plane.
pub(in crate::sandbox) fn allowed(
    world: &World,
    principal: &str,
    action: &str,
    scope: &str,
    data: bool,
) -> bool {
    let action = action.to_ascii_lowercase();
    world
        .roles
        .iter()
        .filter(|role| role.principal == principal && covers(&role.scope, scope))
        .any(|role| {
            ROLES
                .iter()
                .filter(|built_in| built_in.id == role.role)
                .any(|built_in| {
                    let list = if data {
                        built_in.data_actions
                    } else {
                        built_in.actions
                    };
                    list.iter().any(|pattern| fits(pattern, &action))
                        && !built_in
                            .not_actions
                            .iter()
                            .any(|pattern| fits(pattern, &action))
                })
        })
}

/// Has this principal a role at this subscription, above it or somewhere in it?
pub(in crate::sandbox) fn sees_subscription(world: &World, principal: &str, id: &str) -> bool {
    let scope = format!("/subscriptions/{id}");
    world.roles.iter().any(|role| {
        role.principal == principal && (covers(&role.scope, &scope) || covers(&scope, &role.scope))
    })
}

/// Does this principal's wrap and unwrap reach the vault by RBAC, long enough to be effective?
pub(in crate::sandbox) fn wraps(world: &World, principal: &str, vault_id: &str) -> bool {
    world.roles.iter().any(|role| {
        role.principal == principal
            && role.role == ENCRYPTION_USER
            && covers(&role.scope, vault_id)
            && world.clock.since(role.since) >= world.settings.role_seconds
    })
}

/// Users always; a policy's identity only some time after its creation.
pub(in crate::sandbox) fn known_principal(world: &World, principal: &str) -> bool {
    let user = world.users.values().any(|user| user.object_id == principal);
    let identity = world
        .policies
        .values()
        .find(|policy| policy.principal() == principal);
    user || identity
        .is_some_and(|policy| world.clock.since(policy.created) >= world.settings.identity_seconds)
}
