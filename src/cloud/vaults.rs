//! `Microsoft.KeyVault` in Azure Resource Manager: vaults, managed HSMs, key facts without the data plane, access policies, deleted vaults.

use crate::cloud::arm::Written;
use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json::{flag, list, number, text, texts, unix_time};
use crate::cloud::session::{Reader, Writer};
use crate::model::ids::{ArmId, KeyName, KeyVersion, ResourceKind};
use crate::model::observed::{AccessPolicy, Key, Vault};
use crate::model::surroundings::Deleted;
use reqwest::Method;
use serde_json::{Value, json};

const VAULT_VERSION: &str = "2023-07-01";

impl Reader {
    /// A key vault or managed HSM.
    ///
    /// # Errors
    /// The service's refusal; 404 when it is not there.
    pub async fn vault(&self, id: &ArmId) -> Reply<Vault> {
        let url = self.session.arm(&id.to_string(), VAULT_VERSION);
        let answer = self.session.read(Service::Arm, &url).await?;
        vault(id, &super::session::parse(Service::Arm, &answer)?)
            .ok_or_else(|| Fault::shape(Service::Arm, &answer, "it has no address of the vault"))
    }

    /// Key facts without the data plane; vaults only.
    ///
    /// # Errors
    /// The service's refusal; 404 when it is not there.
    pub async fn key_in_arm(&self, vault: &ArmId, key: &KeyName, version: Option<&KeyVersion>) -> Reply<Key> {
        let version = version.map_or(String::new(), |version| format!("/versions/{}", version.as_str()));
        let url = self.session.arm(&format!("{vault}/keys/{key}{version}"), VAULT_VERSION);
        let value = self.session.json(Service::Arm, &url).await?;
        Ok(self::key(key, &value))
    }

    /// The deleted vaults (or managed HSMs) of a subscription that still hold their names.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn deleted_vaults(&self, like: &ArmId) -> Reply<Vec<Deleted>> {
        let kind = if like.kind == ResourceKind::ManagedHsm { "deletedManagedHSMs" } else { "deletedVaults" };
        let path = format!("{}/providers/Microsoft.KeyVault/{kind}", like.subscription_scope());
        let deleted = |value: &Value| {
            let purged = text(value, "properties.scheduledPurgeDate").and_then(|date| date.parse().ok());
            Some(Deleted { name: text(value, "name")?, purged })
        };
        self.session.pages(Service::Arm, &self.session.arm(&path, VAULT_VERSION), deleted).await
    }
}

impl Writer {
    /// Adds one access policy to a vault; the others stay.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn add_access_policy(&self, vault: &ArmId, tenant: &str, principal: &str) -> Reply<Written> {
        let body = json!({ "properties": { "accessPolicies": [
            { "tenantId": tenant, "objectId": principal, "permissions": { "keys": ["get", "wrapKey", "unwrapKey"] } }
        ] } });
        let url = self.session.arm(&format!("{vault}/accessPolicies/add"), VAULT_VERSION);
        self.arm_change(Method::PUT, &url, Some(&body)).await
    }

    /// Turns purge protection on. It can never be turned off again.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn protect_from_purge(&self, vault: &ArmId) -> Reply<Written> {
        let body = json!({ "properties": { "enablePurgeProtection": true } });
        let url = self.session.arm(&vault.to_string(), VAULT_VERSION);
        self.arm_change(Method::PATCH, &url, Some(&body)).await
    }
}

/// Key facts out of JSON; everything may be missing.
pub fn key(name: &KeyName, value: &Value) -> Key {
    let uri = text(value, "properties.keyUriWithVersion").unwrap_or_default();
    Key {
        name: name.to_string(),
        kty: text(value, "properties.kty").unwrap_or_default(),
        bits: number(value, "properties.keySize").and_then(|bits| u32::try_from(bits).ok()),
        version: uri.rsplit('/').next().filter(|last| last.len() == 32).map(str::to_owned),
        enabled: flag(value, "properties.attributes.enabled"),
        created: unix_time(value, "properties.attributes.created"),
        not_before: unix_time(value, "properties.attributes.nbf"),
        expires: unix_time(value, "properties.attributes.exp"),
        source: "Azure Resource Manager",
    }
}

/// A vault with what is absent read as documented: purge protection off, soft delete on, access policies rather than RBAC, public.
pub fn vault(id: &ArmId, value: &Value) -> Option<Vault> {
    let hsm = id.kind == ResourceKind::ManagedHsm;
    let flag_or = |path: &str, default: bool| flag(value, &format!("properties.{path}")).unwrap_or(default);
    let equals = |path: &str, word: &str, default: bool| {
        text(value, &format!("properties.{path}")).map_or(default, |found| found.eq_ignore_ascii_case(word))
    };
    // `bypass` may name several kinds, separated by commas.
    let bypass = text(value, "properties.networkAcls.bypass").unwrap_or_else(|| "AzureServices".to_owned());
    let policies = list(value, "properties.accessPolicies").iter().map(|part| AccessPolicy {
        object_id: text(part, "objectId").unwrap_or_default(),
        keys: texts(part, "permissions.keys").iter().map(|word| word.to_ascii_lowercase()).collect(),
    });
    Some(Vault {
        id: id.clone(),
        uri: text(value, if hsm { "properties.hsmUri" } else { "properties.vaultUri" })?,
        tenant_id: text(value, "properties.tenantId"),
        rbac: hsm || flag_or("enableRbacAuthorization", false),
        soft_delete: flag_or("enableSoftDelete", true),
        retention_days: number(value, "properties.softDeleteRetentionInDays").and_then(|days| u32::try_from(days).ok()),
        purge_protection: flag_or("enablePurgeProtection", false),
        public_access: equals("publicNetworkAccess", "Enabled", true),
        default_deny: equals("networkAcls.defaultAction", "Deny", false),
        bypass_azure: bypass.split(',').any(|part| part.trim().eq_ignore_ascii_case("AzureServices")),
        access_policies: policies.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_values_of_a_vault_are_read_as_documented() {
        let id = ArmId::new("11111111-2222-3333-4444-555555555555", "g", ResourceKind::Vault, "v").unwrap();
        let bare = vault(&id, &json!({"properties": {"vaultUri": "https://v.vault.azure.net/"}})).unwrap();
        assert!(bare.soft_delete && bare.public_access && bare.bypass_azure);
        assert!(!bare.purge_protection && !bare.rbac && !bare.default_deny);
        let closed = json!({"properties": {"vaultUri": "u", "publicNetworkAccess": "disabled", "networkAcls": {"defaultAction": "deny", "bypass": "None"}}});
        let closed = vault(&id, &closed).unwrap();
        assert!(!closed.public_access && closed.default_deny && !closed.bypass_azure);
        assert!(vault(&id, &json!({"properties": {}})).is_none());
    }
}
