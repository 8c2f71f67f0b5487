//! Tells whether the services behind Power Platform can reach a policy's key.

use super::keys::{access_policies, is_for, rbac, version, version_id};
use super::local_roles::locally_wraps;
use super::parts::Policy;
use super::roles::wraps;
use super::vaults::Key;
use super::world::World;

/// Can the policy's identity wrap and unwrap with the key now? The services behind Power Platform
/// check this when they apply a key.
pub(crate) fn reaches(world: &World, policy: &Policy) -> bool {
    let (principal, vault_id, key) = (&policy.principal(), &policy.vault_id, &policy.key);
    let Some((name, vault)) = world
        .vaults
        .iter()
        .find(|(name, _)| world.vault_id(name).eq_ignore_ascii_case(vault_id))
    else {
        return false;
    };
    // A firewall admits the services only as trusted ones.
    let closed = vault.properties["networkAcls"]["defaultAction"] == "Deny"
        || vault.properties["publicNetworkAccess"] == "Disabled";
    if vault.deleted || (closed && vault.properties["networkAcls"]["bypass"] == "None") {
        return false;
    }
    let now = world.clock.now().as_second();
    let number = |key_name: &str, key: &Key| match &policy.version {
        Some(version) => {
            (1..=key.versions).find(|number| version_id(name, key_name, *number) == *version)
        }
        None => Some(key.versions),
    };
    let usable = vault
        .keys
        .get(&key.to_ascii_lowercase())
        .is_some_and(|stored_key| {
            number(&key.to_ascii_lowercase(), stored_key).is_some_and(|number| {
                stored_key.is_enabled(number) && version(world, stored_key, number).wraps_at(now)
            }) && !stored_key.deleted
        });
    let granted = if vault.hsm {
        locally_wraps(world, principal, name, key)
    } else if rbac(vault) {
        wraps(world, principal, &format!("{vault_id}/keys/{key}"))
    } else {
        access_policies(world, name).iter().any(|entry| {
            let permitted = |need: &str| {
                entry["permissions"]["keys"].as_array().is_some_and(|list| {
                    list.iter().any(|listed| {
                        listed
                            .as_str()
                            .is_some_and(|listed| listed.eq_ignore_ascii_case(need))
                    })
                })
            };
            is_for(entry, principal) && ["get", "wrapKey", "unwrapKey"].into_iter().all(permitted)
        })
    };
    usable && granted
}

impl World {
    /// Can the key of an environment's policy be reached now? True without a policy.
    pub(crate) fn reaches(&self, environment: &str) -> bool {
        let link = self
            .environments
            .get(environment)
            .and_then(|found| found.link.as_ref());
        link.is_none_or(|(policy, _)| self.reaches_by(policy))
    }

    /// Can the key of this policy be reached now?
    pub(crate) fn reaches_by(&self, policy: &str) -> bool {
        self.policies
            .get(&policy.to_ascii_lowercase())
            .is_some_and(|policy| reaches(self, policy))
    }
}
