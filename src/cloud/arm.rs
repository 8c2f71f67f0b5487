//! Azure Resource Manager: provider, enterprise policy, vault, key facts, role assignments.
//!
//! Versions and shapes are those of the public specifications and of Microsoft's own scripts for customer-managed keys.

use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json::{at, flag, list, number, text, unix_time};
use crate::cloud::session::{Reader, Session, Writer};
use crate::cloud::wire::Answer;
use crate::model::ids::{ArmId, KeyName, KeyVersion, ResourceKind, assignment_name, role_guid, same_id};
use crate::model::observed::{AccessPolicy, Key, Policy, Provider, RoleAssignment, Vault};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Key Vault Crypto Service Encryption User.
pub const ENCRYPTION_USER: &str = "e147488a-f6f5-4113-8e2d-b22465e65bf6";
/// Reader.
pub const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

const PROVIDER: &str = "Microsoft.PowerPlatform";
const PROVIDER_VERSION: &str = "2021-04-01";
/// The published specification knows only `2020-10-30-preview`; Microsoft's scripts use this one.
const POLICY_VERSION: &str = "2020-10-30";
const VAULT_VERSION: &str = "2023-07-01";
const ROLE_VERSION: &str = "2022-04-01";

impl Session {
    fn arm(&self, path: &str, version: &str) -> String {
        format!("{}/{}?api-version={version}", self.cloud().base(Service::Arm), path.trim_start_matches('/'))
    }
}

impl Reader {
    /// The resource provider's registration and locations in a subscription.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn provider(&self, subscription: &str) -> Reply<Provider> {
        let url = self.session.arm(&format!("subscriptions/{subscription}/providers/{PROVIDER}"), PROVIDER_VERSION);
        let value = self.session.json(Service::Arm, &url).await?;
        let types = list(&value, "resourceTypes");
        let policies = types.iter().find(|kind| {
            text(kind, "resourceType").is_some_and(|name| name.eq_ignore_ascii_case("enterprisePolicies"))
        });
        let locations = policies.map_or(&[][..], |kind| list(kind, "locations"));
        Ok(Provider {
            state: text(&value, "registrationState").unwrap_or_default(),
            locations: locations.iter().filter_map(Value::as_str).map(location_name).collect(),
        })
    }

    /// An enterprise policy.
    ///
    /// # Errors
    /// The service's refusal; 404 when it is not there.
    pub async fn policy(&self, id: &ArmId) -> Reply<Policy> {
        let url = self.session.arm(&id.to_string(), POLICY_VERSION);
        let answer = self.session.read(Service::Arm, &url).await?;
        policy(id, &answer)
    }

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
        let uri = text(&value, "properties.keyUriWithVersion").unwrap_or_default();
        Ok(Key {
            name: key.to_string(),
            kty: text(&value, "properties.kty").unwrap_or_default(),
            bits: number(&value, "properties.keySize").and_then(|bits| u32::try_from(bits).ok()),
            version: uri.rsplit('/').next().filter(|last| last.len() == 32).map(str::to_owned),
            enabled: flag(&value, "properties.attributes.enabled"),
            not_before: unix_time(&value, "properties.attributes.nbf"),
            expires: unix_time(&value, "properties.attributes.exp"),
            source: "Azure Resource Manager",
        })
    }

    /// What a principal is assigned at a scope or above it. The service also lists what lies below; that is left out.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn role_assignments(&self, scope: &str, principal: Option<&str>) -> Reply<Vec<RoleAssignment>> {
        let mut url =
            self.session.arm(&format!("{scope}/providers/Microsoft.Authorization/roleAssignments"), ROLE_VERSION);
        if let Some(principal) = principal {
            url.push_str(&format!("&$filter=principalId%20eq%20%27{principal}%27"));
        }
        let all = self.session.pages(Service::Arm, &url).await?;
        Ok(all.iter().filter_map(role_assignment).filter(|found| covers(&found.scope, scope)).collect())
    }
}

/// What a `PUT` or `POST` at Resource Manager answered.
#[derive(Debug, Clone)]
pub struct Written {
    /// Where a long operation can be asked for.
    pub operation: Option<String>,
    /// The pause the service asks for.
    pub pause: Option<Duration>,
    /// For a support ticket.
    pub correlation: Option<String>,
}

impl Writer {
    /// Starts the registration of the resource provider.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn register_provider(&self, subscription: &str) -> Reply<Written> {
        let path = format!("subscriptions/{subscription}/providers/{PROVIDER}/register");
        self.arm_change(Method::POST, &self.session.arm(&path, PROVIDER_VERSION), None).await
    }

    /// Creates or replaces an enterprise policy for encryption. Without a version the environments follow the key's rotation.
    ///
    /// # Errors
    /// A linked policy answers `EnterprisePolicyUpdateNotAllowed`.
    pub async fn put_policy(
        &self,
        id: &ArmId,
        location: &str,
        vault: &ArmId,
        key: &KeyName,
        version: Option<&KeyVersion>,
    ) -> Reply<Written> {
        let body = policy_body(location, vault, key, version);
        self.arm_change(Method::PUT, &self.session.arm(&id.to_string(), POLICY_VERSION), Some(&body)).await
    }

    /// Assigns a role under a name that follows from scope, principal and role, so that sending it again changes nothing.
    /// `RoleAssignmentExists` (the same assignment under another name) is what was wanted.
    ///
    /// # Errors
    /// `PrincipalNotFound` while a new identity is not yet known everywhere.
    pub async fn assign_role(
        &self,
        scope: &str,
        principal: &str,
        role: &str,
        principal_type: Option<&str>,
    ) -> Reply<Written> {
        let name = assignment_name(scope, principal, role);
        let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
        // The subscription part of the scope holds the definitions that apply there.
        let subscription: String = scope.split('/').take(3).collect::<Vec<_>>().join("/");
        let definition = format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}");
        let mut body = json!({ "properties": { "roleDefinitionId": definition, "principalId": principal } });
        if let Some(kind) = principal_type {
            body["properties"]["principalType"] = json!(kind);
        }
        let url = self.session.arm(&path, ROLE_VERSION);
        match self.arm_change(Method::PUT, &url, Some(&body)).await {
            Err(fault) if fault.is("RoleAssignmentExists") => {
                Ok(Written { operation: None, pause: None, correlation: fault.correlation })
            }
            reply => reply,
        }
    }

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

    async fn arm_change(&self, method: Method, url: &str, body: Option<&Value>) -> Reply<Written> {
        let answer = self.session.change(Service::Arm, method, url, body).await?;
        let header = |name: &str| answer.header(name).map(str::to_owned);
        let long = matches!(answer.status, 201 | 202);
        Ok(Written {
            operation: header("azure-asyncoperation").or_else(|| header("location").filter(|_| long)),
            pause: self.session.retry_after(&answer),
            correlation: answer.correlation().map(str::to_owned),
        })
    }
}

/// The body of a policy, as Microsoft's scripts send it.
fn policy_body(location: &str, vault: &ArmId, key: &KeyName, version: Option<&KeyVersion>) -> Value {
    let mut key = json!({ "name": key.as_str() });
    if let Some(version) = version {
        key["version"] = json!(version.as_str());
    }
    json!({
        "location": location,
        "kind": "Encryption",
        "identity": { "type": "SystemAssigned" },
        "properties": { "encryption": { "state": "Enabled", "keyVault": { "id": vault.to_string(), "key": key } } }
    })
}

fn policy(id: &ArmId, answer: &Answer) -> Reply<Policy> {
    let value = super::session::parse(Service::Arm, answer)?;
    let kind = text(&value, "kind").ok_or_else(|| Fault::shape(Service::Arm, answer, "it has no kind"))?;
    let key_vault = at(&value, "properties.encryption.keyVault").cloned().unwrap_or_default();
    Ok(Policy {
        id: id.clone(),
        location: location_name(&text(&value, "location").unwrap_or_default()),
        kind,
        principal_id: text(&value, "identity.principalId")
            .or_else(|| text(&value, "identity.systemAssignedIdentityPrincipalId")),
        system_id: text(&value, "properties.systemId"),
        vault_id: text(&key_vault, "id"),
        key_name: text(&key_vault, "key.name"),
        key_version: text(&key_vault, "key.version"),
        encryption_state: text(&value, "properties.encryption.state"),
    })
}

/// A vault with what is absent read as documented: purge protection off, soft delete on, access policies rather than RBAC, public.
fn vault(id: &ArmId, value: &Value) -> Option<Vault> {
    let hsm = id.kind == ResourceKind::ManagedHsm;
    let flag_or = |path: &str, default: bool| flag(value, &format!("properties.{path}")).unwrap_or(default);
    let equals = |path: &str, word: &str, default: bool| {
        text(value, &format!("properties.{path}")).map_or(default, |found| found.eq_ignore_ascii_case(word))
    };
    // `bypass` may name several kinds, separated by commas.
    let bypass = text(value, "properties.networkAcls.bypass").unwrap_or_else(|| "AzureServices".to_owned());
    let policies = list(value, "properties.accessPolicies").iter().map(|part| AccessPolicy {
        object_id: text(part, "objectId").unwrap_or_default(),
        keys: list(part, "permissions.keys").iter().filter_map(Value::as_str).map(str::to_ascii_lowercase).collect(),
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

fn role_assignment(value: &Value) -> Option<RoleAssignment> {
    Some(RoleAssignment {
        scope: text(value, "properties.scope")?,
        role: role_guid(&text(value, "properties.roleDefinitionId")?),
        principal_id: text(value, "properties.principalId")?,
    })
}

/// Does an assignment at `assigned` apply at `scope`?
fn covers(assigned: &str, scope: &str) -> bool {
    let (assigned, scope) =
        (assigned.trim_matches('/').to_ascii_lowercase(), scope.trim_matches('/').to_ascii_lowercase());
    assigned.is_empty() || same_id(&assigned, &scope) || scope.starts_with(&format!("{assigned}/"))
}

/// `United States` and `unitedstates` are one location.
fn location_name(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_ascii_lowercase()
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

    #[test]
    fn only_assignments_at_or_above_the_scope_count() {
        let scope = "/subscriptions/s/resourceGroups/g/providers/P/v/n";
        for (assigned, counts) in [
            ("/", true),
            ("/subscriptions/S", true),
            ("/subscriptions/s/resourcegroups/G", true),
            (scope, true),
            ("/subscriptions/s/resourceGroups/g/providers/P/v/n/keys/k", false),
            ("/subscriptions/s/resourceGroups/g2", false),
            ("/subscriptions/s/resourceGroups/g/providers/P/v/n2", false),
        ] {
            assert_eq!(covers(assigned, scope), counts, "{assigned}");
        }
    }
}
