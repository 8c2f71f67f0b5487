//! The stored content: sign-ins, and tokens of tools that are slow to return one.

use azure_core::credentials::Secret;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Number of command lines that are stored.
const LINES: usize = 100;

/// Identifies a stored sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginKey {
    /// Host of the sign-in service.
    pub authority: String,
    /// Tenant as the caller named it.
    pub tenant: Option<String>,
    /// Client id of the application.
    pub client: String,
}

/// The way the user signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// In a browser.
    Browser,
    /// With a device code.
    DeviceCode,
    /// With the certificate in this file.
    Certificate(PathBuf),
}

/// A stored sign-in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Login {
    /// Its key.
    pub key: LoginKey,
    /// Tenant id.
    #[serde(default)]
    pub tenant_id: Option<String>,
    /// The refresh token; `None` for a sign-in by certificate.
    #[serde(with = "hidden")]
    pub refresh: Option<Secret>,
    /// User principal name.
    pub name: Option<String>,
    /// Object id.
    pub object_id: Option<String>,
    /// The way of signing in.
    pub how: How,
    /// Time of the sign-in.
    pub when: Timestamp,
}

/// Identifies a stored token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenKey {
    /// Host of the sign-in service.
    pub authority: String,
    /// Tenant as the caller named it.
    pub tenant: Option<String>,
    /// Name of the way of signing in.
    pub method: String,
    /// OAuth scope.
    pub scope: String,
    /// Digest of the tool's files, which identifies its account.
    pub binding: String,
}

impl TokenKey {
    /// Do the keys differ only in the account?
    fn succeeds(&self, other: &Self) -> bool {
        let without_binding = (&self.authority, &self.tenant, &self.method, &self.scope);
        without_binding == (&other.authority, &other.tenant, &other.method, &other.scope)
    }
}

/// A stored token with its expiry time.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) key: TokenKey,
    #[serde(with = "hidden")]
    pub(super) secret: Option<Secret>,
    pub(super) expires: Timestamp,
}

/// The scopes that a command line needed last time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Need {
    /// The words of the command line.
    pub(super) line: String,
    pub(super) scopes: BTreeSet<String>,
}

/// The whole content of the sealed file.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Content {
    #[serde(default)]
    pub(super) needs: Vec<Need>,
    /// Until this time, cmkctl does not look for a managed identity again.
    #[serde(default)]
    pub(super) no_identity_until: Option<Timestamp>,
    #[serde(default)]
    pub(super) logins: Vec<Login>,
    #[serde(default)]
    pub(super) tokens: Vec<Kept>,
}

impl Content {
    /// Stores a token. It replaces the token of the same key, also if that belongs to another
    /// account.
    pub(super) fn keep_token(&mut self, kept: Kept) {
        self.tokens.retain(|old| !kept.key.succeeds(&old.key));
        self.tokens.push(kept);
    }

    /// Stores the scopes of a command line, and drops the oldest lines over the limit. Returns
    /// whether the content changed.
    pub(super) fn keep_need(&mut self, need: Need) -> bool {
        if self.needs.contains(&need) {
            return false;
        }
        self.needs.retain(|old| old.line != need.line);
        self.needs.push(need);
        let over = self.needs.len().saturating_sub(LINES);
        self.needs.drain(..over);
        true
    }

    pub(super) fn keep_login(&mut self, login: Login) {
        self.logins.retain(|old| old.key != login.key);
        self.logins.push(login);
    }

    /// Drops expired tokens.
    pub(super) fn without_ended(&mut self, now: Timestamp) {
        self.tokens.retain(|token| token.expires > now);
    }
}

/// Writes a secret as text. The file around it is sealed.
mod hidden {
    use super::Secret;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        secret: &Option<Secret>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = secret.as_ref().map(Secret::secret);
        text.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Secret>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.map(Secret::new))
    }
}
