//! Tokens of a user who signs in through cmkctl itself.

use super::Tokens;
use super::person::{ANY_TENANT, AZURE_CLI, Endpoint, Flow, UserSignIn};
use super::source::Method;
use super::token::{Token, Wanted};
use crate::error::Result;
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::sync::PoisonError;

impl Tokens {
    /// A token of the user, who signs in now or has signed in during this process.
    pub(super) async fn by_person(&self, method: Method, wanted: Wanted<'_>) -> Result<Token> {
        let flow = match method {
            Method::Browser => Flow::Browser,
            _ => Flow::DeviceCode,
        };
        let user_sign_in = self.user_sign_in(method, flow);
        Ok(self.signed_in.token(&user_sign_in, wanted).await?.token)
    }

    /// The challenge's claims as JSON, if a user can satisfy them and was not asked before. If a
    /// service repeats the same challenge, the caller fails.
    pub(super) fn answerable(&self, scope: &str, challenge: Option<&str>) -> Option<String> {
        if !self.chosen().is_some_and(Method::is_own) {
            return None;
        }
        let claims = claims_in(challenge?)?;
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let new = answered.insert((scope.to_owned(), claims.clone()));
        new.then_some(claims)
    }

    pub(super) fn user_sign_in(&self, way: Method, flow: Flow) -> UserSignIn<'_> {
        let sign_in = &self.sign_in;
        UserSignIn {
            endpoint: Endpoint {
                wire: &self.wire,
                way,
                tenant: sign_in.tenant.as_deref().unwrap_or(ANY_TENANT),
                client: sign_in.device_code_client.as_deref().unwrap_or(AZURE_CLI),
            },
            flow,
            person: &sign_in.person,
            prompt: &self.prompt,
            account: None,
        }
    }
}

/// Decodes a challenge's claims: JSON in base64, in either alphabet, with or without padding.
pub(super) fn claims_in(challenge: &str) -> Option<String> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = match challenge.contains(['-', '_']) {
        true => &URL_SAFE,
        false => &STANDARD,
    };
    let bytes = GeneralPurpose::new(alphabet, config).decode(challenge);
    let text = String::from_utf8(bytes.ok()?).ok()?;
    let read = serde_json::from_str::<serde_json::Value>(&text);
    read.is_ok_and(|claims| claims.is_object()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_json_in_either_alphabet() {
        let claims = r#"{"access_token":{"nbf":{"value":"?>~"}}}"#;
        for config in [
            GeneralPurposeConfig::new(),
            GeneralPurposeConfig::new().with_encode_padding(false),
        ] {
            for alphabet in [&STANDARD, &URL_SAFE] {
                let text = GeneralPurpose::new(alphabet, config).encode(claims);
                assert_eq!(claims_in(&text).as_deref(), Some(claims), "{text}");
            }
        }
        for odd in ["", "!", "e30", "WzFd", "bm90IGpzb24="] {
            assert_eq!(claims_in(odd).is_some(), odd == "e30", "{odd}");
        }
    }
}
