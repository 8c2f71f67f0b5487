//! Creates resource groups, vaults and keys through Azure Resource Manager.
//!
//! cmkctl creates a key at the control plane (`PUT {vault}/keys/{name}`), which needs only a right
//! of Resource Manager. In a vault with Azure RBAC, the creator has no role at the data plane. A
//! vault that admits only trusted services also accepts the key, because Resource Manager is one of
//! them (I).

use crate::cloud::arm::Written;
use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json::{as_flag, as_text, look, must, text};
use crate::cloud::rotation::in_arm;
use crate::cloud::session::{Reader, Writer};
use crate::cloud::vaults::key;
use crate::cloud::versions;
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::key_ids::KeyName;
use crate::model::known::Known;
use crate::model::making::NameCheck;
use crate::model::new_key::{Rotation, Shape, VAULT_KEEPS, VaultShape};
use crate::model::protection::Key;
use crate::model::rotation::Trigger;
use reqwest::Method;
use serde_json::{Value, json};

/// A key as Resource Manager describes it, with its rotation policy.
type KeyInArm = (Key, Known<Option<Rotation>>);

fn group_path(subscription: &str, group: &str) -> String {
    format!("subscriptions/{subscription}/resourceGroups/{group}")
}

impl Reader {
    /// The tenant of a subscription (`Microsoft.Resources` 2022-12-01).
    ///
    /// # Errors
    /// The service's refusal; 404 if the subscription does not exist.
    pub async fn tenant_of(&self, subscription: &str) -> Reply<String> {
        let path = format!("subscriptions/{subscription}");
        self.text_field(&path, versions::SUBSCRIPTIONS, "tenantId")
            .await
    }

    /// The region of a resource group.
    ///
    /// # Errors
    /// The service's refusal; 404 if the group does not exist.
    pub async fn region_of(&self, subscription: &str, group: &str) -> Reply<String> {
        let path = group_path(subscription, group);
        self.text_field(&path, versions::GROUPS, "location").await
    }

    /// Reads one required text field of a resource.
    async fn text_field(&self, path: &str, version: &str, field: &str) -> Reply<String> {
        let url = self.session.arm(path, version);
        let answer = self.session.read(Service::Arm, &url).await?;
        let value = super::exchange::parse(Service::Arm, &answer)?;
        must(&value, field, as_text)
            .required()
            .map_err(|why| Fault::shape(Service::Arm, &answer, why))
    }

    /// Is the name free for a new vault? Names are unique in the whole cloud, deleted vaults
    /// included.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn vault_name(&self, vault: &ArmId) -> Reply<NameCheck> {
        let path = format!(
            "{}/providers/Microsoft.KeyVault/checkNameAvailability",
            vault.subscription_scope()
        );
        let url = self.session.arm(&path, versions::VAULTS);
        let body = json!({ "name": vault.name, "type": vault.kind.arm_type() });
        let answer = self.session.question(Service::Arm, &url, &body).await?;
        let value = super::exchange::parse(Service::Arm, &answer)?;
        name_check(&value).map_err(|why| Fault::shape(Service::Arm, &answer, why))
    }

    /// A key and its rotation policy, read without the data plane. Works for vaults and managed
    /// HSMs.
    ///
    /// # Errors
    /// The service's refusal; 404 if the key does not exist.
    pub async fn key_with_rotation(&self, vault: &ArmId, name: &KeyName) -> Reply<KeyInArm> {
        let path = format!("{vault}/keys/{name}");
        let url = self.session.arm(&path, versions::VAULTS);
        let answer = self.session.read(Service::Arm, &url).await?;
        let value = super::exchange::parse(Service::Arm, &answer)?;
        match text(&value, "name") {
            Some(described) if !described.eq_ignore_ascii_case(name.as_str()) => {
                let why = format!("the answer describes another key, `{described}`");
                Err(Fault::shape(Service::Arm, &answer, why))
            }
            _ => Ok((key(name, &value), rotation(&value))),
        }
    }

    /// Does the vault have the premium SKU? A managed HSM always has hardware keys.
    ///
    /// # Errors
    /// The service's refusal; 404 if the vault does not exist.
    pub async fn is_premium(&self, vault: &ArmId) -> Reply<Known<bool>> {
        if vault.kind == ResourceKind::ManagedHsm {
            return Ok(Known::Known(true));
        }
        let url = self.session.arm(&vault.to_string(), versions::VAULTS);
        let value = self.session.json(Service::Arm, &url).await?;
        let sku = must(&value, "properties.sku.name", as_text);
        Ok(sku.and_then(|sku| match sku.to_ascii_lowercase().as_str() {
            "premium" => Known::Known(true),
            "standard" => Known::Known(false),
            _ => Known::Unknown(format!("`sku.name` is `{sku}`, which cmkctl does not know")),
        }))
    }
}

impl Writer {
    /// Creates a resource group.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn put_group(&self, subscription: &str, group: &str, region: &str) -> Reply<Written> {
        let path = group_path(subscription, group);
        let url = self.session.arm(&path, versions::GROUPS);
        let body = json!({ "location": region });
        self.arm_change(Method::PUT, &url, Some(&body)).await
    }

    /// Creates a vault. Its purge protection can never be turned off again.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn put_vault(&self, vault: &ArmId, shape: &VaultShape) -> Reply<Written> {
        let url = self.session.arm(&vault.to_string(), versions::VAULTS);
        let body = vault_body(shape);
        self.arm_change(Method::PUT, &url, Some(&body)).await
    }

    /// Creates a key. If the key exists, the service leaves it unchanged and returns it (public
    /// REST reference).
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn put_key(&self, vault: &ArmId, key: &KeyName, shape: &Shape) -> Reply<Written> {
        let path = format!("{vault}/keys/{key}");
        let url = self.session.arm(&path, versions::VAULTS);
        let body = key_body(shape);
        self.arm_change(Method::PUT, &url, Some(&body)).await
    }
}

fn name_check(value: &Value) -> Result<NameCheck, String> {
    if must(value, "nameAvailable", as_flag).required()? {
        return Ok(NameCheck::Free);
    }
    Ok(NameCheck::Taken {
        reason: text(value, "reason").unwrap_or_default(),
        message: text(value, "message").unwrap_or_default(),
    })
}

fn vault_body(shape: &VaultShape) -> Value {
    let sku = if shape.premium { "premium" } else { "standard" };
    let action = if shape.closed { "Deny" } else { "Allow" };
    json!({
        "location": shape.region,
        "properties": {
            "tenantId": shape.tenant,
            "sku": { "family": "A", "name": sku },
            "enableRbacAuthorization": true,
            "enableSoftDelete": true,
            "softDeleteRetentionInDays": VAULT_KEEPS,
            "enablePurgeProtection": true,
            "publicNetworkAccess": "Enabled",
            "networkAcls": { "bypass": "AzureServices", "defaultAction": action },
            "accessPolicies": [],
        }
    })
}

fn key_body(shape: &Shape) -> Value {
    let mut attributes = json!({ "enabled": true });
    if let Some(end) = shape.expires {
        attributes["exp"] = json!(end.as_second());
    }
    let mut properties = json!({
        "kty": shape.kty(),
        "keySize": shape.bits,
        "attributes": attributes,
    });
    if let Some(rotation) = &shape.rotation {
        properties["rotationPolicy"] = rotation_body(rotation);
    }
    let mut body = json!({ "properties": properties });
    if !shape.tags.is_empty() {
        body["tags"] = json!(shape.tags);
    }
    body
}

fn rotation_body(rotation: &Rotation) -> Value {
    let action =
        |trigger: Value, kind: &str| json!({ "trigger": trigger, "action": { "type": kind } });
    let after = json!({ "timeAfterCreate": rotation.every });
    let mut actions = vec![action(after, "rotate")];
    if let Some(notify) = rotation.notify {
        actions.push(action(json!({ "timeBeforeExpiry": notify }), "notify"));
    }
    let mut body = json!({ "lifetimeActions": actions });
    if let Some(lasts) = rotation.lasts {
        body["attributes"] = json!({ "expiryTime": lasts });
    }
    body
}

/// The rotation policy of a key. `None` if it has none, or if it only sends notifications.
fn rotation(value: &Value) -> Known<Option<Rotation>> {
    if let Ok(None) = look(value, "properties.rotationPolicy") {
        return Known::Known(None);
    }
    in_arm(value).and_then(|policy| match policy.rotates {
        None => Known::Known(None),
        Some(Trigger::AfterCreation(every)) => Known::Known(Some(Rotation {
            every,
            lasts: policy.lasts,
            notify: policy.notifies,
        })),
        Some(Trigger::BeforeExpiry(_)) => {
            Known::Unknown("the key rotates before its expiry, not after its creation".to_owned())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::new_key::Period;

    fn period(text: &str) -> Period {
        Period::parse(text).unwrap()
    }

    #[test]
    fn a_rotation_policy_is_read_as_it_is_written() {
        let whole = Rotation {
            every: period("1y"),
            lasts: Some(period("2y")),
            notify: Some(period("30d")),
        };
        for written in [
            whole.clone(),
            Rotation {
                lasts: None,
                notify: None,
                ..whole
            },
        ] {
            let body = json!({ "properties": { "rotationPolicy": rotation_body(&written) } });
            assert_eq!(rotation(&body), Known::Known(Some(written)), "{body}");
        }
        assert_eq!(rotation(&json!({ "properties": {} })), Known::Known(None));
        let odd = json!({ "properties": { "rotationPolicy": { "lifetimeActions": [
            { "action": { "type": "Rotate" }, "trigger": { "timeBeforeExpiry": "P30D" } }
        ] } } });
        assert!(rotation(&odd).known().is_none());
        let rotates = |every: &str| {
            let trigger = json!({ "timeAfterCreate": every });
            json!({ "action": { "type": "Rotate" }, "trigger": trigger })
        };
        let notifies = json!([{ "action": { "type": "Notify" },
            "trigger": { "timeBeforeExpiry": "P30D" } }]);
        for (actions, known) in [
            (json!([]), true),
            (notifies, true),
            (json!([{ "action": { "type": "Notify" } }]), false),
            (json!(7), false),
            (json!("rotate"), false),
            (json!([7]), false),
            (json!([{}]), false),
            (json!([{ "action": { "type": 7 } }]), false),
            (json!([{ "action": { "type": "Wibble" } }]), false),
            (json!([rotates("P1Y")]), true),
            (json!([rotates("P1Y"), rotates("P2Y")]), false),
            (
                json!([{ "action": { "type": "notify" } }, { "action": { "type": "Notify" } }]),
                false,
            ),
        ] {
            let body =
                json!({ "properties": { "rotationPolicy": { "lifetimeActions": actions } } });
            assert_eq!(rotation(&body).known().is_some(), known, "{body}");
        }
    }

    #[test]
    fn a_name_is_free_only_where_the_service_says_so() {
        let free = json!({ "nameAvailable": true });
        assert_eq!(name_check(&free), Ok(NameCheck::Free));
        let taken = json!({ "nameAvailable": false, "reason": "AlreadyExists" });
        assert!(matches!(name_check(&taken), Ok(NameCheck::Taken { .. })));
        assert!(name_check(&json!({ "nameAvailable": "yes!" })).is_err());
        assert!(name_check(&json!({})).is_err());
    }
}
