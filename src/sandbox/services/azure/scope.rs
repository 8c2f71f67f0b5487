//! Where in Azure Resource Manager a request points, and that what its path names is there.

use crate::sandbox::message::Reply;
use crate::sandbox::tenant::scopes::covers;
use crate::sandbox::tenant::subscriptions::{Group, Subscription};
use crate::sandbox::tenant::world::World;

/// A subscription, or a resource group of one.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// GUID of the subscription.
    pub(super) subscription: String,
    /// The group's name, as it was created.
    pub(super) group: Option<String>,
    /// ARM id of the group or, without one, of the subscription.
    pub(super) id: String,
}

impl Scope {
    /// The subscription and the group that a path names, or that there is none of this name: in the
    /// order in which Resource Manager looks.
    ///
    /// `None`: the path names no subscription.
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

    /// Is the resource of this ARM id in it?
    pub(super) fn holds(&self, id: &str) -> bool {
        covers(&self.id, id)
    }

    /// What Resource Manager says of a resource that is not there.
    pub(super) fn missing(&self, kind: &str, name: &str) -> Reply {
        let group = self.group.as_deref().unwrap_or_default();
        let text = format!(
            "The Resource '{kind}/{name}' under resource group '{group}' was not found. For more \
            details please go to https://aka.ms/ARMResourceNotFoundFix"
        );
        Reply::error(404, "ResourceNotFound", text)
    }
}
