//! Rotates a key (`POST /keys/{name}/rotate`, Key Vault data plane). It uses cmkctl's own client,
//! because the crate's client retries the request.

use crate::cloud::clouds::Service;
use crate::cloud::fault::Reply;
use crate::cloud::json;
use crate::cloud::session::Writer;
use crate::cloud::versions::KEYS;
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyName;
use reqwest::Method;

impl Writer {
    /// Creates a new version of a key, by the vault's rotation policy. **Never send it twice**:
    /// each request creates another version.
    ///
    /// # Errors
    /// The service's refusal. An ambiguous fault may have created a version.
    pub async fn rotate_key(
        &self,
        vault: &ArmId,
        uri: &str,
        key: &KeyName,
    ) -> Reply<Option<String>> {
        let url = format!(
            "{}/keys/{key}/rotate?api-version={KEYS}",
            uri.trim_end_matches('/')
        );
        let answer = self
            .session
            .change(Service::of_keys(vault.kind), Method::POST, &url, None)
            .await?;
        Ok(answer.correlation().map(json::clean))
    }
}
