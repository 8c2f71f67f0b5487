//! Gives tokens to the Key Vault client of the Azure crate.

use super::Tokens;
use super::token::Wanted;
use crate::cloud::answer::Broken;
use crate::cloud::sdk::sdk_broken;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};

#[async_trait::async_trait]
impl TokenCredential for Tokens {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let failed = |message: String| {
            azure_core::Error::with_message(azure_core::error::ErrorKind::Credential, message)
        };
        let [scope] = scopes else {
            return Err(failed("exactly one scope is needed".to_owned()));
        };
        // The scope comes from the service's challenge, so cmkctl accepts only scopes of Key Vault
        // and Managed HSM.
        if !self.wire.cloud().is_for_keys(scope) {
            let why = format!(
                "the challenge asks for a token for {}",
                crate::cloud::json::clean(scope)
            );
            return Err(sdk_broken(Broken::Foreign(why)));
        }
        let token = self
            .entry(Wanted::now(scope), None)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let expires =
            azure_core::time::OffsetDateTime::from_unix_timestamp(token.expires.as_second());
        Ok(AccessToken::new(
            token.secret,
            expires.map_err(|error| failed(error.to_string()))?,
        ))
    }
}
