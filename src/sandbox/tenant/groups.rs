//! The deletion of a resource group and its resources.

use super::azure_operations::{Blocked, Failing};
use super::ids::guid;
use super::scopes::covers;
use super::world::World;

impl World {
    /// Is an environment linked to the policy with this ARM id?
    pub(crate) fn is_linked(&self, id: &str) -> bool {
        let environments = self.environments.values();
        let mut links = environments.filter_map(|environment| environment.link.as_ref());
        links.any(|(policy, _)| policy.eq_ignore_ascii_case(id))
    }

    /// Deletes the resources in a group, then the group if it is empty. Vaults are soft-deleted. A
    /// policy with environments stays, and the group stays with it.
    pub(crate) fn delete_group(&mut self, id: &str) -> Option<Failing> {
        let inside: Vec<(String, String)> = self
            .policies
            .values()
            .filter(|policy| covers(id, &policy.id))
            .map(|policy| (policy.id.clone(), policy.name.clone()))
            .collect();
        let (kept, free): (Vec<_>, Vec<_>) = inside
            .into_iter()
            .partition(|(policy, _)| self.is_linked(policy));
        for (policy, _) in free {
            self.policy_changes(&policy);
            self.policies.remove(&policy.to_ascii_lowercase());
            self.effect("policy-deleted", policy);
        }
        self.delete_vaults_in(id);
        if !kept.is_empty() {
            return Some(blocked(id, &kept));
        }
        self.forget_group(id);
        None
    }

    fn delete_vaults_in(&mut self, id: &str) {
        let names: Vec<String> = self
            .vaults
            .iter()
            .filter(|(name, vault)| !vault.deleted && covers(id, &self.vault_id(name)))
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            self.delete_vault(&name);
        }
    }

    /// Removes the group with its role assignments, deployments, and assignments and exemptions of
    /// Azure Policy.
    fn forget_group(&mut self, id: &str) {
        let (subscription, name) = group_of(id);
        if let Some(subscription) = self.subscription_mut(&subscription)
            && let Some(group) = subscription.groups.remove(&name)
        {
            subscription.gone.insert(name, group);
        }
        self.roles.retain(|role| !covers(id, &role.scope));
        self.deployments
            .retain(|deployment, _| !covers(id, deployment));
        let governance = &mut self.governance;
        governance
            .assignments
            .retain(|assignment| !covers(id, &assignment.scope));
        governance
            .exemptions
            .retain(|exemption| !covers(id, &exemption.scope));
        self.effect("group-deleted", id);
    }
}

/// The subscription's id, and the group's name in lower case, from a group's ARM id.
fn group_of(id: &str) -> (String, String) {
    let mut parts = id.split('/');
    let subscription = parts.nth(2).unwrap_or_default().to_owned();
    let name = parts.nth(1).unwrap_or_default().to_ascii_lowercase();
    (subscription, name)
}

/// Resource Manager's error for a group that keeps resources, on record in bug reports.
fn blocked(id: &str, kept: &[(String, String)]) -> Failing {
    let names: Vec<String> = kept
        .iter()
        .map(|(_, name)| format!("Microsoft.PowerPlatform/enterprisePolicies/{name}"))
        .collect();
    let message = format!(
        "Deletion of resource group '{}' failed as resources with identifiers '{}' could not be \
        deleted. The provisioning state of the resource group will be rolled back. The tracking \
        Id is '{}'. Please check audit logs for more details.",
        id.rsplit('/').next().unwrap_or_default(),
        names.join(","),
        guid(&format!("tracking{id}"))
    );
    let details = kept.iter().map(|(policy, name)| Blocked {
        target: policy.clone(),
        code: "EnterprisePolicyDeleteNotAllowed".to_owned(),
        message: format!(
            "The enterprise policy '{name}' is linked to environments and can't be deleted."
        ),
    });
    Failing {
        code: "ResourceGroupDeletionBlocked".to_owned(),
        message,
        details: details.collect(),
    }
}
