//! `Microsoft.KeyVault` in Azure Resource Manager: vaults, managed HSMs, key properties without the
//! data plane, access policies, deleted vaults.

use crate::cloud::arm::Written;
use crate::cloud::arm::of_the_same_name;
use crate::cloud::clouds::{Cloud, Service};
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::json::{
    as_count, as_date, as_flag, as_text, as_texts, clean, look, maybe, must, text, word,
};
use crate::cloud::key_state::validity;
use crate::cloud::rotation::in_arm;
use crate::cloud::session::{Reader, Writer};
use crate::cloud::versions;
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::known::Known;
use crate::model::preconditions::Deleted;
use crate::model::protection::{AccessPolicy, Key, Network, Vault};
use crate::model::whole::Whole;
use reqwest::Method;
use serde_json::{Value, json};

impl Reader {
    /// A key vault or managed HSM.
    ///
    /// # Errors
    /// The service's refusal; 404 if the vault does not exist.
    pub async fn vault(&self, id: &ArmId) -> Reply<Vault> {
        let url = self.session.arm(&id.to_string(), versions::VAULTS);
        let answer = self.session.read(Service::Arm, &url).await?;
        let shape = |why: String| Fault::shape(Service::Arm, &answer, why);
        let value = super::exchange::parse(Service::Arm, &answer)?;
        own_vault(id, &value, self.session.cloud()).map_err(shape)
    }

    /// Key properties without the data plane. Works for vaults only.
    ///
    /// # Errors
    /// The service's refusal; 404 if the key does not exist.
    pub async fn key_in_arm(
        &self,
        vault: &ArmId,
        key: &KeyName,
        asked: Option<&KeyVersion>,
    ) -> Reply<Key> {
        let version = asked.map_or(String::new(), |version| {
            format!("/versions/{}", version.as_str())
        });
        let url = self
            .session
            .arm(&format!("{vault}/keys/{key}{version}"), versions::VAULTS);
        let answer = self.session.read(Service::Arm, &url).await?;
        let value = super::exchange::parse(Service::Arm, &answer)?;
        let of_another = |key: &Key| asked.is_some_and(|asked| key.version.known() != Some(asked));
        let named = text(&value, "name").filter(|_| asked.is_none());
        let found = self::key(key, &value);
        if named.is_some_and(|name| !name.eq_ignore_ascii_case(key.as_str())) || of_another(&found)
        {
            return Err(Fault::shape(
                Service::Arm,
                &answer,
                "the answer describes another key, or another version".to_owned(),
            ));
        }
        Ok(found)
    }

    /// The deleted vaults (or managed HSMs) of a subscription, whose names are still taken.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn deleted_vaults(&self, like: &ArmId) -> Reply<Whole<Deleted>> {
        let kind = if like.kind == ResourceKind::ManagedHsm {
            "deletedManagedHSMs"
        } else {
            "deletedVaults"
        };
        let path = format!(
            "{}/providers/Microsoft.KeyVault/{kind}",
            like.subscription_scope()
        );
        let deleted = |value: &Value| {
            Ok(Deleted {
                name: must(value, "name", as_text).required()?,
                purged: maybe(value, "properties.scheduledPurgeDate", as_date),
            })
        };
        self.session
            .pages(
                Service::Arm,
                &self.session.arm(&path, versions::VAULTS),
                deleted,
            )
            .await
    }
}

impl Writer {
    /// Adds an access policy to a vault, and keeps the others.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn add_access_policy(
        &self,
        vault: &ArmId,
        tenant: &str,
        principal: &str,
    ) -> Reply<Written> {
        let body = json!({ "properties": { "accessPolicies": [
            { "tenantId": tenant, "objectId": principal, "permissions": { "keys": ["get",
                "wrapKey", "unwrapKey"] } }
        ] } });
        let url = self
            .session
            .arm(&format!("{vault}/accessPolicies/add"), versions::VAULTS);
        self.arm_change(Method::PUT, &url, Some(&body)).await
    }

    /// Turns purge protection on. It can never be turned off again.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn protect_from_purge(&self, vault: &ArmId) -> Reply<Written> {
        let body = json!({ "properties": { "enablePurgeProtection": true } });
        let url = self.session.arm(&vault.to_string(), versions::VAULTS);
        self.arm_change(Method::PATCH, &url, Some(&body)).await
    }
}

/// Reads a vault from JSON, and checks that its data plane address is its own.
///
/// # Errors
/// As [`vault`], or the address is not the vault's own.
pub(super) fn own_vault(id: &ArmId, value: &Value, cloud: &Cloud) -> Result<Vault, String> {
    let found = vault(id, value)?;
    has_own_address(&found, cloud)?;
    Ok(found)
}

/// Checks a vault's data plane address, because cmkctl sends tokens to it. It must be
/// `https://{name}.{suffix of the cloud}/`, without path and query. The trailing slash is optional,
/// because examples of the public specification for managed HSMs omit it.
fn has_own_address(vault: &Vault, cloud: &Cloud) -> Result<(), String> {
    let suffix = match vault.id.kind {
        ResourceKind::ManagedHsm => "hsm-suffix",
        _ => "vault-suffix",
    };
    let expected = format!("https://{}.{}", vault.id.name, cloud.get(suffix));
    let address = vault.uri.strip_suffix('/').unwrap_or(&vault.uri);
    if address.eq_ignore_ascii_case(&expected) {
        Ok(())
    } else {
        Err(format!(
            "{} is not the address of `{}`",
            vault.uri, vault.id.name
        ))
    }
}

/// Reads key properties from JSON. A missing property becomes unknown.
pub fn key(name: &KeyName, value: &Value) -> Key {
    let version = |uri: &Value| KeyVersion::of_url(uri.as_str()?).ok();
    Key {
        name: name.to_string(),
        kty: word(value, "properties.kty"),
        bits: must(value, "properties.keySize", as_count),
        version: must(value, "properties.keyUriWithVersion", version),
        validity: validity(value, "properties.attributes"),
        rotation: in_arm(value),
        source: "Azure Resource Manager",
    }
}

/// Days that a deleted key is kept if the vault does not say (default of the public specification).
const RETENTION_DAYS: u32 = 90;

/// Reads a vault from JSON. Missing properties get their documented defaults: purge protection off,
/// soft delete on, access policies instead of RBAC, public access. An unreadable property becomes
/// unknown.
///
/// # Errors
/// A clause: the JSON describes another vault, or the vault has no address.
pub fn vault(id: &ArmId, value: &Value) -> Result<Vault, String> {
    of_the_same_name(id, value)?;
    let hsm = id.kind == ResourceKind::ManagedHsm;
    let flag_or = |path: &str, default: bool| {
        maybe(value, &format!("properties.{path}"), as_flag).map(|flag| flag.unwrap_or(default))
    };
    let address = must(
        value,
        if hsm {
            "properties.hsmUri"
        } else {
            "properties.vaultUri"
        },
        as_text,
    );
    Ok(Vault {
        id: id.clone(),
        region: must(value, "location", as_text).map(|name| name.to_ascii_lowercase()),
        uri: address
            .required()
            .map_err(|why| format!("the vault has no address: {why}"))?,
        tenant_id: must(value, "properties.tenantId", as_text),
        rbac: if hsm {
            Known::Known(true)
        } else {
            flag_or("enableRbacAuthorization", false)
        },
        soft_delete: flag_or("enableSoftDelete", true),
        retention_days: maybe(value, "properties.softDeleteRetentionInDays", as_count)
            .map(|days| days.unwrap_or(RETENTION_DAYS)),
        purge_protection: flag_or("enablePurgeProtection", false),
        network: network(value),
        access_policies: access_policies(value),
    })
}

/// The vault's network rules. The defaults are public access, no rules, and trusted services
/// allowed (public specification). An unknown value makes the result unknown.
fn network(value: &Value) -> Known<Network> {
    let read = |path: &str, default: &str| {
        maybe(value, path, |word| word.as_str().map(clean)).map(|word| {
            word.filter(|word| !word.is_empty())
                .unwrap_or_else(|| default.to_owned())
        })
    };
    // If `networkAcls` is present, `defaultAction` decides for all other addresses. It has no
    // documented default.
    let rules = look(value, "properties.networkAcls").ok().flatten();
    let rules = rules.filter(|rules| rules.as_object().is_some_and(|all| !all.is_empty()));
    let unsaid = rules.is_some_and(|rules| text(rules, "defaultAction").is_none());
    read("properties.publicNetworkAccess", "Enabled").and_then(|access| {
        // If public access is disabled, no rule admits any address.
        if unsaid && !access.eq_ignore_ascii_case("Disabled") {
            return Known::Unknown("`networkAcls.defaultAction` is missing".to_owned());
        }
        read("properties.networkAcls.defaultAction", "Allow").and_then(|action| {
            read("properties.networkAcls.bypass", "AzureServices")
                .and_then(|bypass| reach(&access, &action, &bypass))
        })
    })
}

/// Combines the three values. Each must be known, whatever the others are.
fn reach(access: &str, action: &str, bypass: &str) -> Known<Network> {
    let odd = |name: &str, word: &str| {
        Known::Unknown(format!("`{name}` is `{word}`, which cmkctl does not know"))
    };
    // `bypass` may list several kinds, separated by commas.
    let mut trusted = false;
    for part in bypass.split(',').map(str::trim) {
        match part.to_ascii_lowercase().as_str() {
            "azureservices" => trusted = true,
            "none" | "" => {}
            _ => return odd("networkAcls.bypass", part),
        }
    }
    let deny = match action.to_ascii_lowercase().as_str() {
        "allow" => false,
        "deny" => true,
        _ => return odd("networkAcls.defaultAction", action),
    };
    let closed = match access.to_ascii_lowercase().as_str() {
        "securedbyperimeter" => return Known::Known(Network::Perimeter),
        "disabled" => true,
        "enabled" => deny,
        _ => return odd("publicNetworkAccess", access),
    };
    Known::Known(match (closed, trusted) {
        (false, _) => Network::Open,
        (true, true) => Network::TrustedServices,
        (true, false) => Network::Closed,
    })
}

/// The access policies that grant something to a principal alone. If one is unreadable, all are
/// unknown, because it may concern any principal.
fn access_policies(value: &Value) -> Known<Vec<AccessPolicy>> {
    let tenant = must(value, "properties.tenantId", as_text);
    let list = |tenant: &str, list: &Value| -> Option<Vec<AccessPolicy>> {
        let all = list
            .as_array()?
            .iter()
            .map(|part| access_policy(tenant, part));
        Some(
            all.collect::<Option<Vec<_>>>()?
                .into_iter()
                .flatten()
                .collect(),
        )
    };
    match look(value, "properties.accessPolicies") {
        Ok(None) => Known::Known(Vec::new()),
        Ok(Some(Value::Array(none))) if none.is_empty() => Known::Known(Vec::new()),
        Ok(Some(found)) => tenant.and_then(|tenant| {
            list(&tenant, found).map_or_else(
                || Known::Unknown("the vault's access policies can't be understood".to_owned()),
                Known::Known,
            )
        }),
        Err(why) => Known::Unknown(why),
    }
}

/// Reads an access policy; `None` if it is unreadable. It grants nothing to its principal alone,
/// `Some(None)`, in two cases. With an `applicationId`, it is for a compound identity: that
/// principal signed in through that application. With another `tenantId` than the vault's, the
/// vault takes no token of its principal.
fn access_policy(own_tenant: &str, part: &Value) -> Option<Option<AccessPolicy>> {
    look(part, "permissions").ok().flatten()?;
    let keys = maybe(part, "permissions.keys", as_texts).required().ok()?;
    let keys = keys.unwrap_or_default();
    let application = maybe(part, "applicationId", as_text).required().ok()?;
    let tenant = must(part, "tenantId", as_text).required().ok()?;
    let policy = AccessPolicy {
        object_id: text(part, "objectId")?,
        keys: keys.iter().map(|word| word.to_ascii_lowercase()).collect(),
    };
    let counts = application.is_none() && tenant.eq_ignore_ascii_case(own_tenant);
    Some(counts.then_some(policy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(properties: &Value) -> Vault {
        let id = ArmId::new(
            "11111111-2222-3333-4444-555555555555",
            "g",
            ResourceKind::Vault,
            "v",
        )
        .unwrap();
        let mut body = json!({ "properties": { "vaultUri": "https://v.vault.azure.net/" } });
        for (name, value) in properties.as_object().unwrap() {
            body["properties"][name] = value.clone();
        }
        vault(&id, &body).unwrap()
    }

    #[test]
    fn absent_values_of_a_vault_are_read_as_documented() {
        let bare = read(&json!({}));
        assert_eq!(
            (bare.soft_delete, bare.purge_protection),
            (Known::Known(true), Known::Known(false))
        );
        assert_eq!(
            (bare.rbac, bare.network),
            (Known::Known(false), Known::Known(Network::Open))
        );
        assert_eq!(bare.access_policies, Known::Known(Vec::new()));
        let id = ArmId::new(
            "11111111-2222-3333-4444-555555555555",
            "g",
            ResourceKind::Vault,
            "v",
        )
        .unwrap();
        for odd in [
            json!({"properties": {}}),
            json!({"properties": null}),
            json!({"properties": {"vaultUri": 1}}),
        ] {
            assert!(vault(&id, &odd).is_err(), "{odd}");
        }
        let another =
            json!({"id": id.to_string().replace("/v", "/w"), "properties": {"vaultUri": "u"}});
        assert!(
            vault(&id, &another)
                .unwrap_err()
                .contains("another resource")
        );
    }

    /// Is this address accepted as that of a vault or managed HSM with this name?
    fn owns(kind: ResourceKind, name: &str, cloud: &str, uri: &str) -> bool {
        let id = ArmId::new("11111111-2222-3333-4444-555555555555", "g", kind, name).unwrap();
        let found = json!({ "properties": { "vaultUri": uri, "hsmUri": uri } });
        let found = vault(&id, &found).unwrap();
        has_own_address(&found, &Cloud::named(cloud).unwrap()).is_ok()
    }

    #[test]
    fn only_its_own_address_is_the_address_of_a_vault() {
        let (vault, hsm) = (ResourceKind::Vault, ResourceKind::ManagedHsm);
        for (kind, cloud, uri) in [
            (vault, "public", "https://v.vault.azure.net/"),
            (vault, "public", "https://v.vault.azure.net"),
            (vault, "public", "https://V.Vault.Azure.NET/"),
            (vault, "china", "https://v.vault.azure.cn/"),
            (vault, "gcc-high", "https://v.vault.usgovcloudapi.net/"),
            (hsm, "public", "https://v.managedhsm.azure.net/"),
            (hsm, "public", "https://v.managedhsm.azure.net"),
        ] {
            assert!(owns(kind, "v", cloud, uri), "{uri}");
            assert!(owns(kind, "V", cloud, uri), "{uri}");
            assert!(!owns(kind, "w", cloud, uri), "{uri}");
        }
        for uri in [
            "http://v.SUFFIX/",
            "https://v.SUFFIX:443/",
            "https://u@v.SUFFIX/",
            "https://w.SUFFIX/",
            "https://v.w.SUFFIX/",
            "https://SUFFIX/",
            "https://v.SUFFIX./",
            "https://v.SUFFIX.evil.example/",
            "https://v.SUFFIX//",
            "https://v.SUFFIX/keys/",
            "https://v.SUFFIX/?a=b",
            "https://v.SUFFIX/#a",
            "v.SUFFIX",
        ] {
            for (kind, suffix, other) in [
                (vault, "vault.azure.net", "managedhsm.azure.net"),
                (hsm, "managedhsm.azure.net", "vault.azure.net"),
            ] {
                let (uri, plain) = (uri.replace("SUFFIX", suffix), format!("https://v.{other}/"));
                assert!(!owns(kind, "v", "public", &uri), "{uri}");
                assert!(!owns(kind, "v", "public", &plain), "{plain}");
                assert!(
                    !owns(kind, "v", "china", &format!("https://v.{suffix}/")),
                    "{suffix}"
                );
            }
        }
    }

    #[test]
    fn what_a_vault_says_and_nobody_understands_is_not_known() {
        for name in [
            "enableRbacAuthorization",
            "enableSoftDelete",
            "enablePurgeProtection",
        ] {
            for odd in [json!("Enabled"), json!(1), json!({})] {
                let found = read(&json!({ name: odd }));
                let fact = [&found.rbac, &found.soft_delete, &found.purge_protection];
                assert_eq!(
                    fact.iter().filter(|fact| fact.unknown().is_some()).count(),
                    1,
                    "{name}"
                );
            }
        }
        for odd in [
            json!({}),
            json!([{}]),
            json!([{"objectId": "o", "permissions": {"keys": "all"}}]),
            json!("x"),
        ] {
            assert!(
                read(&json!({"accessPolicies": odd}))
                    .access_policies
                    .unknown()
                    .is_some(),
                "{odd}"
            );
        }
    }

    #[test]
    fn an_access_policy_counts_only_for_the_principal_alone_in_the_vaults_tenant() {
        const APPLICATION: &str = "99999999-2222-3333-4444-555555555555";
        let entry = |more: Value| {
            let mut entry = json!({ "tenantId": "t", "objectId": "o",
                "permissions": { "keys": ["Get"] } });
            for (name, value) in more.as_object().unwrap() {
                entry[name] = value.clone();
            }
            json!({ "tenantId": "T", "accessPolicies": [entry] })
        };
        let read = |properties: &Value| read(properties).access_policies;
        let plain = AccessPolicy {
            object_id: "o".to_owned(),
            keys: vec!["get".to_owned()],
        };
        for (more, expected) in [
            (json!({}), Some(vec![plain.clone()])),
            (json!({ "applicationId": null }), Some(vec![plain])),
            // A compound identity: the principal may use the key only through this application.
            (json!({ "applicationId": APPLICATION }), Some(Vec::new())),
            (json!({ "tenantId": "other" }), Some(Vec::new())),
            (json!({ "applicationId": 7 }), None),
            (json!({ "applicationId": "" }), None),
            (json!({ "tenantId": null }), None),
            (json!({ "tenantId": [] }), None),
        ] {
            let found = read(&entry(more.clone()));
            assert_eq!(found.known(), expected.as_ref(), "{more}: {found:?}");
        }
        let mut without = entry(json!({}));
        without["tenantId"] = Value::Null;
        let found = read(&without);
        assert_eq!(found.unknown(), Some("`tenantId` is missing"));
    }

    #[test]
    fn the_network_lets_services_pass_only_where_it_says_so() {
        for (properties, expected) in [
            (
                json!({"publicNetworkAccess": "Enabled"}),
                Some(Network::Open),
            ),
            (json!({"publicNetworkAccess": ""}), Some(Network::Open)),
            (
                json!({"publicNetworkAccess": "disabled"}),
                Some(Network::TrustedServices),
            ),
            (
                json!({"publicNetworkAccess": "Disabled", "networkAcls": {"bypass": "None"}}),
                Some(Network::Closed),
            ),
            (
                json!({"networkAcls": {"defaultAction": "deny"}}),
                Some(Network::TrustedServices),
            ),
            (
                json!({"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}),
                Some(Network::Closed),
            ),
            (
                json!({"networkAcls": {"defaultAction": "Deny", "bypass": "None, azureservices"}}),
                Some(Network::TrustedServices),
            ),
            (
                json!({"networkAcls": {"defaultAction": "Allow", "bypass": "None"}}),
                Some(Network::Open),
            ),
            (
                json!({"publicNetworkAccess": "SecuredByPerimeter"}),
                Some(Network::Perimeter),
            ),
            (json!({"publicNetworkAccess": "Wibble"}), None),
            (json!({"publicNetworkAccess": true}), None),
            (json!({"networkAcls": "x"}), None),
            (json!({"networkAcls": {"defaultAction": "Wibble"}}), None),
            (
                json!({"networkAcls": {"defaultAction": "Deny", "bypass": "Wibble"}}),
                None,
            ),
        ] {
            assert_eq!(
                read(&properties).network.known().copied(),
                expected,
                "{properties}"
            );
        }
    }
}
