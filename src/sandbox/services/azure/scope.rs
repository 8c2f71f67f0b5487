//! The place in Azure Resource Manager that a request names, and whether it exists.

use crate::message::Reply;
use crate::tenant::scopes::covers;
use crate::tenant::subscriptions::{Group, Subscription};
use crate::tenant::vaults::Vault;
use crate::tenant::world::World;

/// A subscription or a resource group.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// GUID of the subscription.
    pub(super) subscription: String,
    /// The group's name as it was created.
    pub(super) group: Option<String>,
    /// ARM id of the group or, without a group, of the subscription.
    pub(super) id: String,
}

impl Scope {
    /// The subscription and group of a path, or the refusal if one is missing. Checked in Resource
    /// Manager's order.
    ///
    /// `None` if the path names no subscription.
    pub(super) fn of(world: &World, segments: &[&str]) -> Option<Result<Self, Reply>> {
        let ["subscriptions", id, rest @ ..] = segments else {
            return None;
        };
        let Some(subscription) = world.subscription(id) else {
            let text = format!("The subscription '{id}' could not be found.");
            return Some(Err(Reply::error(404, "SubscriptionNotFound", text)));
        };
        let ["resourcegroups", name, ..] = rest else {
            return Some(Ok(Self::subscription(subscription)));
        };
        Some(match subscription.group(name) {
            Some(group) => Ok(Self::group(subscription, group)),
            None => {
                let text = format!("Resource group '{name}' could not be found.");
                Err(Reply::error(404, "ResourceGroupNotFound", text))
            }
        })
    }

    fn subscription(subscription: &Subscription) -> Self {
        Self {
            subscription: subscription.id.clone(),
            group: None,
            id: subscription.scope(),
        }
    }

    fn group(subscription: &Subscription, group: &Group) -> Self {
        Self {
            subscription: subscription.id.clone(),
            group: Some(group.name.clone()),
            id: group.id.clone(),
        }
    }

    /// `/subscriptions/{id}`
    pub(super) fn subscription_id(&self) -> String {
        format!("/subscriptions/{}", self.subscription)
    }

    /// Is the resource with this ARM id in this scope?
    pub(super) fn holds(&self, id: &str) -> bool {
        covers(&self.id, id)
    }

    /// Resource Manager's 404 for a missing resource.
    pub(super) fn missing(&self, kind: &str, name: &str) -> Reply {
        let group = self.group.as_deref().unwrap_or_default();
        let text = format!(
            "The Resource '{kind}/{name}' under resource group '{group}' was not found. For more \
            details please go to https://aka.ms/ARMResourceNotFoundFix"
        );
        Reply::error(404, "ResourceNotFound", text)
    }
}

/// Does the resource with this ARM id exist? A scope that can't be missing counts as existing.
/// Anything below a vault, such as a key, counts as existing if the vault exists.
pub(super) fn exists(world: &World, id: &str) -> bool {
    let Some((group, resource)) = split(id) else {
        return true;
    };
    let lower = id.to_ascii_lowercase();
    let vault = |(name, vault): (&String, &Vault)| {
        !vault.deleted && covers(&world.vault_id(name), id) && !group.is_empty()
    };
    match resource.first().map(String::as_str) {
        Some("microsoft.powerplatform") => world.policies.contains_key(&lower),
        Some("microsoft.keyvault") => world.vaults.iter().any(vault),
        _ => false,
    }
}

/// Resource Manager's 404 if [`exists`] is false.
pub(super) fn missing_at(id: &str) -> Reply {
    let (group, resource) = split(id).unwrap_or_default();
    let text = format!(
        "The Resource '{}' under resource group '{group}' was not found. For more details please \
        go to https://aka.ms/ARMResourceNotFoundFix",
        resource.join("/")
    );
    Reply::error(404, "ResourceNotFound", text)
}

/// The group of a resource's ARM id and the part after `providers`, both in lower case.
fn split(id: &str) -> Option<(String, Vec<String>)> {
    let parts: Vec<String> = id.split('/').skip(1).map(str::to_ascii_lowercase).collect();
    match &parts[..] {
        [subscriptions, _, groups, group, providers, rest @ ..]
            if subscriptions == "subscriptions"
                && groups == "resourcegroups"
                && providers == "providers" =>
        {
            Some((group.clone(), rest.to_vec()))
        }
        _ => None,
    }
}
