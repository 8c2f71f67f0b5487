//! Lists the Azure resources that the caller can see.

use crate::cloud::arm::policy;
use crate::cloud::clouds::Service;
use crate::cloud::fault::Reply;
use crate::cloud::json::{as_text, must, text, word};
use crate::cloud::session::{NAMES, Reader};
use crate::cloud::vaults::own_vault;
use crate::cloud::versions;
use crate::model::alike::Alike;
use crate::model::ids::{ArmId, ResourceKind, parse_guid};
use crate::model::key_ids::KeyName;
use crate::model::protection::{Policy, Vault};
use crate::model::subscription::{Group, Region, Subscription};
use crate::model::whole::Whole;
use serde_json::Value;

impl Reader {
    /// The subscriptions in which the caller has any role. The service omits the others.
    ///
    /// # Errors
    /// The service's refusal, or an incomplete list.
    pub async fn subscriptions(&self) -> Reply<Whole<Subscription>> {
        let url = self.session.arm("subscriptions", versions::SUBSCRIPTIONS);
        let all = self.session.pages(Service::Arm, &url, subscription).await?;
        let alike = Alike::among(all.iter().map(|subscription| subscription.name.as_str()));
        let typed = all.iter().take(NAMES).map(|subscription| {
            let tells = !subscription.name.is_empty() && !alike.has(&subscription.name);
            if tells {
                &subscription.name
            } else {
                &subscription.id
            }
        });
        let typed = typed.cloned().collect();
        self.session.lists(|listed| listed.subscriptions = typed);
        Ok(all)
    }

    /// The resource groups of a subscription that the caller may read.
    ///
    /// # Errors
    /// The service's refusal, or an incomplete list.
    pub async fn groups_in(&self, subscription: &str) -> Reply<Whole<Group>> {
        let path = format!("subscriptions/{subscription}/resourcegroups");
        let url = self.session.arm(&path, versions::GROUPS);
        self.session.pages(Service::Arm, &url, group).await
    }

    /// The regions that a subscription may use.
    ///
    /// # Errors
    /// The service's refusal, or an incomplete list.
    pub async fn regions_of(&self, subscription: &str) -> Reply<Whole<Region>> {
        let path = format!("subscriptions/{subscription}/locations");
        let url = self.session.arm(&path, versions::SUBSCRIPTIONS);
        self.session.pages(Service::Arm, &url, region).await
    }

    /// The enterprise policies of a subscription, of any kind, that the caller may read. The
    /// service omits the others.
    ///
    /// # Errors
    /// The service's refusal, or an incomplete list.
    pub async fn policies_in(&self, subscription: &str) -> Reply<Whole<Policy>> {
        let kind = ResourceKind::EnterprisePolicy;
        let path = format!("subscriptions/{subscription}/providers/{}", kind.arm_type());
        let url = self.session.arm(&path, versions::POLICIES);
        let decode = |value: &Value| policy(&id_of(value, kind)?, value);
        self.session.pages(Service::Arm, &url, decode).await
    }

    /// The vaults, or the managed HSMs, of a subscription that the caller may read.
    ///
    /// # Errors
    /// The service's refusal, or an incomplete list.
    pub async fn vaults_in(&self, subscription: &str, kind: ResourceKind) -> Reply<Whole<Vault>> {
        let path = format!("subscriptions/{subscription}/providers/{}", kind.arm_type());
        let url = self.session.arm(&path, versions::VAULTS);
        let decode = |value: &Value| own_vault(&id_of(value, kind)?, value, self.session.cloud());
        self.session.pages(Service::Arm, &url, decode).await
    }

    /// The names of a vault's keys. Resource Manager's list has no key type and no size.
    ///
    /// # Errors
    /// The service's refusal, or an incomplete list.
    pub async fn keys_in(&self, vault: &ArmId) -> Reply<Whole<KeyName>> {
        let url = self.session.arm(&format!("{vault}/keys"), versions::VAULTS);
        let decode = |value: &Value| {
            let name = text(value, "name").ok_or("the key has no `name`")?;
            KeyName::parse(&name).map_err(|bad| bad.message)
        };
        self.session.pages(Service::Arm, &url, decode).await
    }
}

/// The ARM id of a listed resource.
fn id_of(value: &Value, kind: ResourceKind) -> Result<ArmId, String> {
    let id = text(value, "id").ok_or("the resource has no `id`")?;
    ArmId::parse(&id, &[kind]).map_err(|bad| bad.message)
}

/// Reads a subscription from JSON (`Microsoft.Resources` 2022-12-01).
///
/// # Errors
/// A clause: the subscription has no id.
pub fn subscription(value: &Value) -> Result<Subscription, String> {
    let id = text(value, "subscriptionId").ok_or("`subscriptionId` is missing")?;
    Ok(Subscription {
        id: parse_guid(&id)
            .ok_or_else(|| format!("`subscriptionId` is `{id}`, which is not a GUID"))?,
        name: text(value, "displayName").unwrap_or_default(),
        state: word(value, "state"),
        tenant: must(value, "tenantId", as_text),
        quota: text(value, "subscriptionPolicies.quotaId"),
    })
}

fn group(value: &Value) -> Result<Group, String> {
    Ok(Group {
        name: must(value, "name", as_text).required()?,
        region: must(value, "location", as_text).required()?,
    })
}

fn region(value: &Value) -> Result<Region, String> {
    let name = must(value, "name", as_text).required()?;
    Ok(Region {
        shown: text(value, "displayName").unwrap_or_else(|| name.clone()),
        name,
    })
}
