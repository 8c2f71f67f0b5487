//! Host management.azure.com, provider `Microsoft.KeyVault`: checks the properties of a vault or
//! managed HSM, after the published types (2026-02-01). Inferred: read-only fields are ignored, and
//! unknown fields are refused.

use super::access_policies::checked;
use super::errors::{bad_request, invalid_value};
use super::fields::{Fields, Wrong};
use crate::message::Reply;
use serde_json::{Map, Value, json};
use std::net::Ipv4Addr;

/// Read-only properties, which clients send back as they read them.
const ITS_OWN: [&str; 9] = [
    "vaultUri",
    "hsmUri",
    "hsmPoolResourceId",
    "provisioningState",
    "privateEndpointConnections",
    "securityDomainProperties",
    "scheduledPurgeDate",
    "statusMessage",
    "initialAdminObjectIds",
];
const FLAGS: [&str; 6] = [
    "enabledForDeployment",
    "enabledForDiskEncryption",
    "enabledForTemplateDeployment",
    "enableSoftDelete",
    "enableRbacAuthorization",
    "enablePurgeProtection",
];
/// Properties that an HSM does not have.
const VAULT_ONLY: [&str; 6] = [
    "enabledForDeployment",
    "enabledForDiskEncryption",
    "enabledForTemplateDeployment",
    "enableRbacAuthorization",
    "sku",
    "accessPolicies",
];
const OTHERS: [&str; 6] = [
    "tenantId",
    "sku",
    "accessPolicies",
    "softDeleteRetentionInDays",
    "networkAcls",
    "publicNetworkAccess",
];

/// Facts about the vault whose properties are checked.
#[derive(Debug)]
pub(super) struct Whose {
    pub(super) hsm: bool,
    /// The vault's tenant.
    pub(super) tenant: String,
    /// Retention of deleted keys in days, if already set.
    pub(super) retention: Option<i64>,
}

/// The given properties in the form that is stored, in the service's spelling.
///
/// # Errors
/// The refusal of an invalid property, or of a change that can't be undone.
pub(super) fn properties(whose: &Whose, wanted: &Value) -> Result<Map<String, Value>, Reply> {
    let stored = read(whose, wanted).map_err(|Wrong(field)| invalid_value(&field))?;
    if stored.get("enablePurgeProtection") == Some(&json!(false)) {
        return Err(bad_request(
            "The property \"enablePurgeProtection\" cannot be set to false. Enabling the purge \
            protection for a vault is an irreversible action.",
        ));
    }
    if stored.get("enableSoftDelete") == Some(&json!(false)) {
        return Err(bad_request(
            "The property \"enableSoftDelete\" cannot be set to false. Enabling the 'soft delete' \
            functionality is an irreversible action.",
        ));
    }
    let days = stored.get("softDeleteRetentionInDays");
    if let (Some(days), Some(before)) = (days.and_then(Value::as_i64), whose.retention)
        && days != before
    {
        return Err(bad_request(
            "The property \"softDeleteRetentionInDays\" has been set already and it can't be \
            modified.",
        ));
    }
    Ok(stored)
}

fn read(whose: &Whose, wanted: &Value) -> Result<Map<String, Value>, Wrong> {
    let mut known: Vec<&str> = [&ITS_OWN[..], &FLAGS, &OTHERS, &["createMode"]].concat();
    known.retain(|name| !whose.hsm || !VAULT_ONLY.contains(name));
    let fields = Fields::of(wanted, "properties", &known)?;
    let mut stored = Map::new();
    for name in FLAGS {
        if let Some(flag) = fields.flag(name)? {
            stored.insert(name.to_owned(), json!(flag));
        }
    }
    let _ = fields.word("createMode", &["default", "recover"])?;
    if fields
        .text("tenantId")?
        .is_some_and(|tenant| !tenant.eq_ignore_ascii_case(&whose.tenant))
    {
        return Err(Wrong("tenantId".to_owned()));
    }
    if let Some(sku) = fields.get("sku") {
        stored.insert("sku".to_owned(), self::sku(sku)?);
    }
    if let Some(days) = fields.number("softDeleteRetentionInDays")? {
        if !(7..=90).contains(&days) {
            return Err(Wrong("softDeleteRetentionInDays".to_owned()));
        }
        stored.insert("softDeleteRetentionInDays".to_owned(), json!(days));
    }
    let access = fields.word("publicNetworkAccess", &["Enabled", "Disabled"])?;
    if let Some(access) = access {
        stored.insert("publicNetworkAccess".to_owned(), json!(access));
    }
    if let Some(list) = fields.list("accessPolicies")? {
        let list = checked(&whose.tenant, list)?;
        stored.insert("accessPolicies".to_owned(), json!(list));
    }
    if let Some(rules) = fields.get("networkAcls") {
        stored.insert("networkAcls".to_owned(), network_rules(rules, whose.hsm)?);
    }
    Ok(stored)
}

fn sku(value: &Value) -> Result<Value, Wrong> {
    let wrong = || Wrong("sku".to_owned());
    let fields = Fields::of(value, "sku", &["family", "name"])?;
    let family = fields.word("family", &["A"])?.ok_or_else(wrong)?;
    let name = fields.word("name", &["standard", "premium"])?;
    Ok(json!({ "family": family, "name": name.ok_or_else(wrong)? }))
}

/// Reads the given network rules. Like the service, it adds the prefix length to addresses and
/// writes subnets in lower case.
fn network_rules(value: &Value, hsm: bool) -> Result<Value, Wrong> {
    let lists: &[&str] = if hsm {
        &["ipRules", "virtualNetworkRules", "serviceTags"]
    } else {
        &["ipRules", "virtualNetworkRules"]
    };
    let known = [&["bypass", "defaultAction"], lists].concat();
    let fields = Fields::of(value, "networkAcls", &known)?;
    let mut stored = Map::new();
    if let Some(bypass) = fields.word("bypass", &["AzureServices", "None"])? {
        stored.insert("bypass".to_owned(), json!(bypass));
    }
    if let Some(action) = fields.word("defaultAction", &["Allow", "Deny"])? {
        stored.insert("defaultAction".to_owned(), json!(action));
    }
    if let Some(list) = fields.list("ipRules")? {
        let rules: Result<Vec<Value>, Wrong> = list.iter().map(address).collect();
        stored.insert("ipRules".to_owned(), json!(rules?));
    }
    if let Some(list) = fields.list("virtualNetworkRules")? {
        let rules: Result<Vec<Value>, Wrong> = list.iter().map(subnet).collect();
        stored.insert("virtualNetworkRules".to_owned(), json!(rules?));
    }
    // The sandbox does not know the addresses of a service tag.
    if fields
        .list("serviceTags")?
        .is_some_and(|list| !list.is_empty())
    {
        return Err(Wrong("serviceTags".to_owned()));
    }
    Ok(Value::Object(stored))
}

fn address(rule: &Value) -> Result<Value, Wrong> {
    let wrong = || Wrong("ipRules".to_owned());
    let fields = Fields::of(rule, "ipRules", &["value"])?;
    let text = fields.text("value")?.ok_or_else(wrong)?;
    let (host, bits) = parsed(text).ok_or_else(wrong)?;
    Ok(json!({ "value": format!("{host}/{bits}") }))
}

fn parsed(text: &str) -> Option<(Ipv4Addr, u32)> {
    let (host, bits) = text.split_once('/').unwrap_or((text, "32"));
    let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 32)?;
    Some((host.parse().ok()?, bits))
}

fn subnet(rule: &Value) -> Result<Value, Wrong> {
    let known = ["id", "ignoreMissingVnetServiceEndpoint"];
    let fields = Fields::of(rule, "virtualNetworkRules", &known)?;
    let id = fields.text("id")?.unwrap_or_default().to_ascii_lowercase();
    let parts: Vec<&str> = id.split('/').collect();
    if !matches!(
        &parts[..],
        [
            "",
            "subscriptions",
            _,
            "resourcegroups",
            _,
            "providers",
            "microsoft.network",
            "virtualnetworks",
            _,
            "subnets",
            _
        ]
    ) {
        return Err(Wrong("virtualNetworkRules".to_owned()));
    }
    let mut stored = json!({ "id": id });
    if let Some(flag) = fields.flag("ignoreMissingVnetServiceEndpoint")? {
        stored["ignoreMissingVnetServiceEndpoint"] = json!(flag);
    }
    Ok(stored)
}

/// The address of every client as a vault sees it (reserved for documentation).
pub(super) const CLIENT: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);

/// Do these properties block the client from the data plane?
pub(super) fn shut(properties: &Value) -> bool {
    let rules = &properties["networkAcls"];
    let covers = |rule: &Value| {
        let parsed = rule["value"].as_str().and_then(parsed);
        parsed.is_some_and(|(host, bits)| {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            host.to_bits() & mask == CLIENT.to_bits() & mask
        })
    };
    let let_in = rules["ipRules"]
        .as_array()
        .is_some_and(|list| list.iter().any(covers));
    properties["publicNetworkAccess"] == "Disabled" || (rules["defaultAction"] == "Deny" && !let_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_lets_in_the_addresses_that_it_covers() {
        for (rule, expected) in [
            ("203.0.113.7/32", false),
            ("203.0.113.0/24", false),
            ("0.0.0.0/0", false),
            ("203.0.114.0/24", true),
            ("198.51.100.1/32", true),
        ] {
            let rules = json!({ "defaultAction": "Deny", "ipRules": [{ "value": rule }] });
            assert_eq!(shut(&json!({ "networkAcls": rules })), expected, "{rule}");
        }
        assert!(!shut(
            &json!({ "networkAcls": { "defaultAction": "Allow" } })
        ));
        assert!(shut(&json!({ "publicNetworkAccess": "Disabled" })));
    }

    #[test]
    fn what_no_vault_takes_is_named() {
        let whose = |hsm| Whose {
            hsm,
            tenant: "00000000-0000-0000-0000-000000000001".to_owned(),
            retention: Some(90),
        };
        for (hsm, wanted) in [
            (false, json!({ "enablePurgeProtection": "yes" })),
            (false, json!({ "enablePurgeProtection": false })),
            (false, json!({ "enableSoftDelete": false })),
            (false, json!({ "softDeleteRetentionInDays": 30 })),
            (false, json!({ "softDeleteRetentionInDays": 6 })),
            (false, json!({ "softDeleteRetentionInDays": "90" })),
            (false, json!({ "sku": { "family": "A", "name": "gold" } })),
            (false, json!({ "sku": { "name": "standard" } })),
            (
                false,
                json!({ "tenantId": "00000000-0000-0000-0000-000000000002" }),
            ),
            (false, json!({ "createMode": "anew" })),
            (false, json!({ "publicNetworkAccess": "Maybe" })),
            (false, json!({ "networkAcls": [] })),
            (
                false,
                json!({ "networkAcls": { "bypass": "AzureServices, None" } }),
            ),
            (
                false,
                json!({ "networkAcls": { "defaultAction": "Refuse" } }),
            ),
            (
                false,
                json!({ "networkAcls": { "ipRules": [{ "value": "here" }] } }),
            ),
            (
                false,
                json!({ "networkAcls": { "ipRules": [{ "value": "1.2.3.4/33" }] } }),
            ),
            (
                false,
                json!({ "networkAcls": { "virtualNetworkRules": [{ "id": "/x" }] } }),
            ),
            (false, json!({ "networkAcls": { "serviceTags": [] } })),
            (false, json!({ "accessPolicies": [{}] })),
            (false, json!({ "accessPolicies": {} })),
            (false, json!({ "colour": "red" })),
            (false, json!([])),
            (true, json!({ "accessPolicies": [] })),
            (true, json!({ "enableRbacAuthorization": true })),
        ] {
            let refusal = properties(&whose(hsm), &wanted).err();
            assert_eq!(refusal.map(|reply| reply.status), Some(400), "{wanted}");
        }
        let same = json!({ "softDeleteRetentionInDays": 90, "enablePurgeProtection": true });
        assert_eq!(
            properties(&whose(false), &same).ok().map(Value::Object),
            Some(same)
        );
    }
}
