//! A new version of a key (`POST /keys/{name}/rotate`, Key Vault data plane), through our own
//! client: the crate's would repeat it blindly.

use crate::cloud::clouds::Service;
use crate::cloud::fault::Reply;
use crate::cloud::json;
use crate::cloud::session::Writer;
use crate::cloud::versions::KEYS;
use crate::model::ids::ArmId;
use crate::model::key_ids::KeyName;
use reqwest::Method;

impl Writer {
    /// Makes a new version of a key, by the vault's rotation policy. **Never send it twice**: each
    /// time makes another version.
    ///
    /// # Errors
    /// The service's refusal; an ambiguous fault may have made one.
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
