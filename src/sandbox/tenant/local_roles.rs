//! Local RBAC of a managed HSM: its roles at its scopes. A principal that may write the HSM in
//! Resource Manager counts as local administrator too (simplified: Azure sets the first
//! administrators on creation).

use super::parts::Role;
use super::principals::identities;
use super::rights::BUILT_IN;
use super::roles::{allowed, effective};
use super::scopes::covers;
use super::world::World;

/// The actions that an identity needs to encrypt with a key.
const KEY_USE: [&str; 3] = ["keys/read/action", "keys/wrap/action", "keys/unwrap/action"];

/// The stored form of a local scope (`/`, `/keys`, `/keys/{name}`).
pub(crate) fn local_scope(hsm: &str, scope: &str) -> String {
    format!("hsm:{hsm}{}", scope.trim_end_matches('/')).to_ascii_lowercase()
}

/// May this principal perform an action such as `keys/read/action` at a scope of the HSM?
pub(crate) fn locally_allowed(
    world: &World,
    principal: &str,
    hsm: &str,
    scope: &str,
    action: &str,
) -> bool {
    let owner = "Microsoft.KeyVault/managedHSMs/write";
    allowed(world, principal, owner, &world.vault_id(hsm), false)
        || local_assignments(world, principal, &local_scope(hsm, scope))
            .any(|role| gives(role, action))
}

/// Do this principal's local roles allow it to read, wrap and unwrap with the key, and are they
/// already effective?
pub(crate) fn locally_wraps(world: &World, principal: &str, hsm: &str, key: &str) -> bool {
    let scope = local_scope(hsm, &format!("/keys/{key}"));
    let may = |action: &&str| {
        local_assignments(world, principal, &scope)
            .any(|role| gives(role, action) && effective(world, role))
    };
    KEY_USE.iter().all(may)
}

fn local_assignments<'a>(
    world: &'a World,
    principal: &str,
    scope: &'a str,
) -> impl Iterator<Item = &'a Role> {
    let who = identities(world, principal);
    world
        .roles
        .iter()
        .filter(move |role| who.contains(&role.principal) && covers(&role.scope, scope))
}

fn gives(role: &Role, action: &str) -> bool {
    let action = format!("Microsoft.KeyVault/managedHsm/{action}");
    BUILT_IN
        .managed_hsm
        .iter()
        .any(|definition| definition.id == role.role && definition.permission.names(&action, true))
}
