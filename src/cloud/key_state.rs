//! Versions of a key and their state (Key Vault data plane): list, enable, disable, recover; through our own client, which repeats no change.

use crate::cloud::fault::Reply;
use crate::cloud::json;
use crate::cloud::keyvault::service_of;
use crate::cloud::session::{Reader, Writer};
use crate::model::ids::{ArmId, KeyName, KeyVersion};
use crate::model::observed::Vault;
use crate::model::surroundings::Version;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

const KEY_VERSION: &str = "2025-07-01";

impl Reader {
    /// Every version of a key (`GET /keys/{name}/versions`), in no order that anybody promises.
    ///
    /// # Errors
    /// The service's refusal.
    pub async fn key_versions(&self, vault: &Vault, key: &KeyName) -> Reply<Vec<Version>> {
        let url = address(&vault.uri, &format!("keys/{key}/versions"));
        self.session.pages(service_of(vault.id.kind), &url, version).await
    }
}

impl Writer {
    /// Enables or disables one version of a key (`PATCH /keys/{name}/{version}`). Sent twice it does the same.
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
        let answer = self.session.change(service_of(vault.kind), Method::PATCH, &url, Some(&body)).await?;
        Ok(answer.correlation().map(json::clean))
    }

    /// Recovers a deleted key (`POST /deletedkeys/{name}/recover`).
    ///
    /// # Errors
    /// The service's refusal; 404 when it is not deleted.
    pub async fn recover_key(&self, vault: &ArmId, uri: &str, key: &KeyName) -> Reply<Option<String>> {
        let url = address(uri, &format!("deletedkeys/{key}/recover"));
        let answer = self.session.change(service_of(vault.kind), Method::POST, &url, None).await?;
        Ok(answer.correlation().map(json::clean))
    }
}

fn address(uri: &str, path: &str) -> String {
    format!("{}/{path}?api-version={KEY_VERSION}", uri.trim_end_matches('/'))
}

/// One entry of the list; its id is the last part of `kid`.
fn version(value: &Value) -> Option<Version> {
    let kid = json::text(value, "kid")?;
    let id = kid.rsplit('/').next().filter(|last| last.len() == 32)?.to_owned();
    let created = json::number(value, "attributes.created").and_then(|seconds| Timestamp::from_second(seconds).ok());
    Some(Version { id, enabled: json::flag(value, "attributes.enabled"), created })
}
