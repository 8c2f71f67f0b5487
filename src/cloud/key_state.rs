//! Versions of a key and their state (Key Vault data plane): list, enable, disable, recover;
//! through our own client, which repeats no change.

use crate::cloud::clouds::Service;
use crate::cloud::fault::Reply;
use crate::cloud::json;
use crate::cloud::session::{Reader, Writer};
use crate::cloud::versions::KEYS;
use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::protection::{Validity, Vault};
use crate::model::surroundings::Version;
use crate::model::whole::Whole;
use reqwest::Method;
use serde_json::{Value, json};

impl Reader {
    /// Every version of a key (`GET /keys/{name}/versions`), in no order that anybody promises.
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
    /// Enables or disables one version of a key (`PATCH /keys/{name}/{version}`). Sent twice it
    /// does the same.
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
    /// The service's refusal; 404 when it is not deleted.
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

/// Where a key lives: everything of it has an address below this one.
pub(super) fn address_of(uri: &str, key: &str) -> String {
    format!("{}/keys/{key}/", uri.trim_end_matches('/'))
}

/// Is this the address of something of that key? Port and case do not count.
pub(super) fn is_below(base: &str, kid: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replacen(":443/", "/", 1);
    plain(kid).starts_with(&plain(base))
}

/// One entry of the list; its id is the last part of `kid`.
///
/// # Errors
/// A clause: `kid` is not the address of a version of this key.
fn version(base: &str, value: &Value) -> Result<Version, String> {
    let kid = json::must(value, "kid", json::as_text).required()?;
    if !is_below(base, &kid) {
        return Err(format!("`{kid}` is a version of another key"));
    }
    let id =
        KeyVersion::of_url(&kid).map_err(|_| format!("`{kid}` is not the address of a version"))?;
    Ok(Version {
        id,
        validity: validity(value, "attributes"),
    })
}

/// When a version may be used, by its attributes at `path`. Without attributes nothing is known;
/// with them, an end that is left out means that there is none (Key Vault REST reference,
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
