//! Parses what people paste for a resource: its id, its address, a portal link, or its name.

use crate::model::bad_input::BadInput;
use crate::model::ids::{ArmId, ResourceKind, parse_guid};
use crate::model::key_ids::{KeyName, KeyVersion};

/// How the caller named a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// By its id, or by a link that contains it.
    Id(ArmId),
    /// By its name only, so it must be looked up.
    Name(String),
}

/// A key identifier, as Key Vault shows it: `https://VAULT.vault.azure.net/keys/KEY/VERSION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyIdentifier {
    /// Name of the vault or managed HSM.
    pub vault: String,
    /// The key.
    pub key: KeyName,
    /// The version; `None` if the identifier has none.
    pub version: Option<KeyVersion>,
}

/// The host suffixes of a cloud's data planes.
#[derive(Debug, Clone, Copy)]
pub struct Suffixes<'a> {
    /// Such as `vault.azure.net`.
    pub vault: &'a str,
    /// Such as `managedhsm.azure.net`.
    pub hsm: &'a str,
}

/// The kinds of resource that hold keys.
pub const HOLD_KEYS: [ResourceKind; 2] = [ResourceKind::Vault, ResourceKind::ManagedHsm];

/// A vault or managed HSM: its id, a portal link, its address, a key identifier in it, or its name.
///
/// # Errors
/// The text is none of these, or an address of another cloud.
pub fn vault(text: &str, suffixes: Suffixes<'_>) -> Result<Named, BadInput> {
    let text = text.trim();
    if let Some(id) = linked(text) {
        return ArmId::parse(&id, &HOLD_KEYS).map(Named::Id);
    }
    if let Some((host, _)) = address(text) {
        return label(&host, suffixes).map(Named::Name);
    }
    if text.is_empty() || text.contains('/') {
        return ArmId::parse(text, &HOLD_KEYS).map(Named::Id);
    }
    name(text).map(Named::Name)
}

/// A policy: its id, a portal link, or its name.
///
/// # Errors
/// The text is none of these.
pub fn policy(text: &str) -> Result<Named, BadInput> {
    let text = text.trim();
    if let Some(id) = linked(text) {
        return ArmId::parse(&id, &[ResourceKind::EnterprisePolicy]).map(Named::Id);
    }
    if text.contains('/') {
        return ArmId::parse(text, &[ResourceKind::EnterprisePolicy]).map(Named::Id);
    }
    if text.is_empty() {
        return Err(BadInput::new(
            "The policy is empty.",
            "Pass the id or the name of the policy.",
        ));
    }
    name(text).map(Named::Name)
}

/// A key identifier; `None` if the text is no address.
///
/// # Errors
/// The text is an address, but not of a key.
pub fn key(text: &str, suffixes: Suffixes<'_>) -> Result<Option<KeyIdentifier>, BadInput> {
    let Some((host, path)) = address(text.trim()) else {
        return Ok(None);
    };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (key, version) = match parts[..] {
        ["keys", key] => (key, None),
        ["keys", key, version] => (key, Some(version)),
        _ => {
            return Err(BadInput::new(
                format!("`{text}` is not the identifier of a key."),
                "An example is `https://VAULT.vault.azure.net/keys/KEY/VERSION`. With `--vault`, \
                the name of the key is enough.",
            ));
        }
    };
    Ok(Some(KeyIdentifier {
        vault: label(&host, suffixes)?,
        key: KeyName::parse(key)?,
        version: version.map(KeyVersion::parse).transpose()?,
    }))
}

/// The environment id in a link to it (admin center, maker portal). Any other text is returned as
/// it is.
pub fn environment(text: &str) -> String {
    let id = || {
        let (_, path) = address(text.trim())?;
        let mut parts = path.split('/');
        parts.find(|part| {
            ["environments", "environment"].contains(&part.to_ascii_lowercase().as_str())
        })?;
        parts.find_map(parse_guid)
    };
    id().unwrap_or_else(|| text.to_owned())
}

/// The resource id in a text: an id itself, or a link that contains one, URL-encoded or not.
fn linked(text: &str) -> Option<String> {
    const BEGINS: &str = "/subscriptions/";
    let decoded = text.replace("%2F", "/").replace("%2f", "/");
    let at = decoded.to_ascii_lowercase().find(BEGINS)?;
    let id = decoded.get(at..)?;
    if at == 0 {
        return Some(id.to_owned());
    }
    let parts: Vec<&str> = id.split(['/', '?', '#', '&']).take(9).collect();
    Some(parts.join("/"))
}

/// Host and path of an `https` address.
fn address(text: &str) -> Option<(String, String)> {
    let begins = text
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("https://"));
    let rest = text.get(8..).filter(|_| begins)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    Some((host.to_ascii_lowercase(), path.to_owned()))
}

/// The name of the vault or managed HSM with this host.
fn label(host: &str, suffixes: Suffixes<'_>) -> Result<String, BadInput> {
    let host = host.trim_end_matches(":443");
    let name = [suffixes.vault, suffixes.hsm].iter().find_map(|suffix| {
        let label = host.strip_suffix(suffix)?.strip_suffix('.')?;
        (!label.is_empty() && !label.contains('.')).then(|| label.to_owned())
    });
    name.ok_or_else(|| {
        BadInput::new(
            format!("`{host}` is not the host of a vault or managed HSM in this cloud."),
            format!(
                "Hosts of vaults end with `{}`, and hosts of managed HSMs with `{}`. For another \
                cloud, pass `--cloud`.",
                suffixes.vault, suffixes.hsm
            ),
        )
    })
}

/// The text as a name. Ids and addresses are refused.
fn name(text: &str) -> Result<String, BadInput> {
    let fits = |ch: char| ch.is_alphanumeric() || "-_.()".contains(ch);
    if text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err(BadInput::new(
        format!("`{text}` is neither a name, an id nor a link."),
        "Pass the name, the id, or the address from the Azure portal.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: Suffixes<'_> = Suffixes {
        vault: "vault.azure.net",
        hsm: "managedhsm.azure.net",
    };
    const ID: &str = "/subscriptions/f12af0aa-edba-5769-a6c9-3997acdbd110/resourceGroups/g/providers/\
        Microsoft.KeyVault/vaults/kv";

    #[test]
    fn a_vault_is_named_in_every_way_that_people_have_it() {
        let id = || Named::Id(ArmId::parse(ID, &HOLD_KEYS).unwrap());
        let name = |text: &str| Named::Name(text.to_owned());
        let encoded = ID.replace('/', "%2F");
        for (text, expected) in [
            (ID.to_owned(), id()),
            (format!("{ID}/"), id()),
            (
                format!("https://portal.azure.com/#@contoso.example/resource{ID}/overview"),
                id(),
            ),
            (
                format!("https://portal.azure.com/#view/x/resourceId/{encoded}/tab~/keys"),
                id(),
            ),
            ("https://kv.vault.azure.net/".to_owned(), name("kv")),
            ("HTTPS://KV.vault.azure.net".to_owned(), name("kv")),
            ("https://kv.vault.azure.net/keys/cmk".to_owned(), name("kv")),
            ("https://h.managedhsm.azure.net/".to_owned(), name("h")),
            (" kv ".to_owned(), name("kv")),
        ] {
            assert_eq!(vault(&text, PUBLIC), Ok(expected), "{text}");
        }
        for text in [
            "",
            "https://kv.vault.azure.cn/",
            "https://vault.azure.net/",
            "https://a.b.vault.azure.net/",
            "a b",
            "/subscriptions/x",
            "kv/keys",
        ] {
            assert!(vault(text, PUBLIC).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_is_named_by_its_identifier() {
        let version = "0123456789abcdef0123456789abcdef";
        let found = key(
            &format!("https://kv.vault.azure.net/keys/cmk/{version}"),
            PUBLIC,
        );
        let found = found.unwrap().unwrap();
        assert_eq!((found.vault.as_str(), found.key.as_str()), ("kv", "cmk"));
        assert_eq!(found.version.unwrap().as_str(), version);
        let found = key("https://kv.vault.azure.net/keys/cmk", PUBLIC)
            .unwrap()
            .unwrap();
        assert!(found.version.is_none());
        assert_eq!(key("cmk", PUBLIC), Ok(None));
        for text in [
            "https://kv.vault.azure.net/",
            "https://kv.vault.azure.net/secrets/a",
        ] {
            assert!(key(text, PUBLIC).is_err(), "{text}");
        }
    }

    #[test]
    fn an_environment_is_named_by_a_link() {
        let id = "193e4dc2-2922-5505-aaa6-80f4c40dd75d";
        for link in [
            format!(
                "https://admin.powerplatform.microsoft.com/manage/environments/environment/{id}/hub"
            ),
            format!("https://admin.powerplatform.microsoft.com/environments/{id}/hub"),
            format!("https://make.powerapps.com/environments/{id}/home"),
        ] {
            assert_eq!(environment(&link), id, "{link}");
        }
        for text in ["Contoso UAT", "https://contoso.crm4.dynamics.com/"] {
            assert_eq!(environment(text), text);
        }
    }
}
