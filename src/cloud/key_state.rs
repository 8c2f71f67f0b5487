//! Key versions and their state (Key Vault data plane): list, enable, disable, recover. It uses
//! cmkctl's own client, which never repeats a change.

use crate::cloud::clouds::Service;
use crate::cloud::fault::Reply;
use crate::cloud::json;
use crate::cloud::session::{Reader, Writer};
use crate::cloud::versions::KEYS;
use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::preconditions::Version;
use crate::model::protection::{Validity, Vault};
use crate::model::whole::Whole;
use reqwest::Method;
use serde_json::{Value, json};

impl Reader {
    /// Every version of a key (`GET /keys/{name}/versions`). The order is not documented.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn key_versions(&self, vault: &Vault, key: &KeyName) -> Reply<Whole<Version>> {
        let url = address(&vault.uri, &format!("keys/{key}/versions"));
        let base = address_of(&vault.uri, key.as_str());
        self.session
            .pages(Service::of_keys(vault.id.kind), &url, |value| {
                version(&base, value)
            })
            .await
    }
}

impl Writer {
    /// Enables or disables a version of a key (`PATCH /keys/{name}/{version}`). A repeated request
    /// has the same effect.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn enable_key_version(
        &self,
        (vault, uri): (&ArmId, &str),
        key: &KeyName,
        version: &KeyVersion,
        enabled: bool,
    ) -> Reply<Option<String>> {
        let url = address(uri, &format!("keys/{key}/{}", version.as_str()));
        let body = json!({ "attributes": { "enabled": enabled } });
        let answer = self
            .session
            .change(
                Service::of_keys(vault.kind),
                Method::PATCH,
                &url,
                Some(&body),
            )
            .await?;
        Ok(answer.correlation().map(json::clean))
    }

    /// Recovers a deleted key (`POST /deletedkeys/{name}/recover`).
    ///
    /// # Errors
    /// The service's refusal; 404 if the key is not deleted.
    pub async fn recover_key(
        &self,
        vault: &ArmId,
        uri: &str,
        key: &KeyName,
    ) -> Reply<Option<String>> {
        let url = address(uri, &format!("deletedkeys/{key}/recover"));
        let answer = self
            .session
            .change(Service::of_keys(vault.kind), Method::POST, &url, None)
            .await?;
        Ok(answer.correlation().map(json::clean))
    }
}

fn address(uri: &str, path: &str) -> String {
    format!("{}/{path}?api-version={KEYS}", uri.trim_end_matches('/'))
}

/// The base address of a key's versions.
pub(super) fn address_of(uri: &str, key: &str) -> String {
    format!("{}/keys/{key}/", uri.trim_end_matches('/'))
}

/// Is this an address below that of the key? Port 443 and case are ignored.
pub(super) fn is_below(base: &str, kid: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replacen(":443/", "/", 1);
    plain(kid).starts_with(&plain(base))
}

/// Reads a version from the list. Its id is the last part of `kid`.
///
/// # Errors
/// A clause: `kid` is not the address of a version of this key.
fn version(base: &str, value: &Value) -> Result<Version, String> {
    let kid = json::must(value, "kid", json::as_text).required()?;
    if !is_below(base, &kid) {
        return Err(format!("`{kid}` is a version of another key"));
    }
    let id = KeyVersion::of_url(&kid)
        .map_err(|_| format!("`{kid}` is not the address of a key version"))?;
    Ok(Version {
        id,
        validity: validity(value, "attributes"),
    })
}

/// The validity of a version, from its attributes at `path`. Without attributes, all of it is
/// unknown. With attributes, a missing `exp` means no expiry (Key Vault REST reference,
/// `KeyAttributes`).
pub(super) fn validity(value: &Value, path: &str) -> Validity {
    if !json::at(value, path).is_some_and(Value::is_object) {
        return Validity::default();
    }
    let at = |name: &str| format!("{path}.{name}");
    Validity {
        enabled: json::must(value, &at("enabled"), json::as_flag),
        created: json::must(value, &at("created"), json::as_made),
        not_before: json::maybe(value, &at("nbf"), json::as_seconds),
        expires: json::maybe(value, &at("exp"), json::as_seconds),
    }
}
