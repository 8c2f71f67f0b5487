//! What is remembered: sign-ins, and tokens of the tools that take long to give one.

use azure_core::credentials::Secret;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// So many command lines are known.
const LINES: usize = 100;

/// Which sign-in is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginKey {
    /// Host that signs in.
    pub authority: String,
    /// Tenant as it was asked for.
    pub tenant: Option<String>,
    /// The application that is signed in to.
    pub client: String,
}

/// How somebody signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// In a browser.
    Browser,
    /// By a code.
    DeviceCode,
    /// By the certificate in this file.
    Certificate(PathBuf),
}

/// A sign-in that lasts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Login {
    /// Which it is.
    pub key: LoginKey,
    /// Tenant id.
    #[serde(default)]
    pub tenant_id: Option<String>,
    /// What gives new tokens; none where a certificate does.
    #[serde(with = "hidden")]
    pub refresh: Option<Secret>,
    /// User principal name.
    pub name: Option<String>,
    /// Object id.
    pub object_id: Option<String>,
    /// By which way.
    pub how: How,
    /// When.
    pub when: Timestamp,
}

/// Which token is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenKey {
    /// Host that signs in.
    pub authority: String,
    /// Tenant as it was asked for.
    pub tenant: Option<String>,
    /// Name of the way.
    pub method: String,
    /// What the token is for.
    pub scope: String,
    /// Digest of all that says who the tool is signed in as.
    pub binding: String,
}

impl TokenKey {
    /// The same but for who is signed in.
    fn succeeds(&self, other: &Self) -> bool {
        let own = (&self.authority, &self.tenant, &self.method, &self.scope);
        own == (&other.authority, &other.tenant, &other.method, &other.scope)
    }
}

/// A token and its end.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) key: TokenKey,
    #[serde(with = "hidden")]
    pub(super) secret: Option<Secret>,
    pub(super) expires: Timestamp,
}

/// The scopes that a command line needed the last time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Need {
    /// The line, word by word.
    pub(super) line: String,
    pub(super) scopes: BTreeSet<String>,
}

/// All of it, as it lies in the sealed file.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Content {
    #[serde(default)]
    pub(super) needs: Vec<Need>,
    /// Until then this machine counts as one without an identity of its own.
    #[serde(default)]
    pub(super) no_identity_until: Option<Timestamp>,
    #[serde(default)]
    pub(super) logins: Vec<Login>,
    #[serde(default)]
    pub(super) tokens: Vec<Kept>,
}

impl Content {
    /// A token takes the place of its predecessor, and of one of another account.
    pub(super) fn keep_token(&mut self, kept: Kept) {
        self.tokens.retain(|old| !kept.key.succeeds(&old.key));
        self.tokens.push(kept);
    }

    /// The oldest of too many lines is dropped. Did it change anything?
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

    /// Without what has ended.
    pub(super) fn without_ended(&mut self, now: Timestamp) {
        self.tokens.retain(|token| token.expires > now);
    }
}

/// A text that can't be printed, written where everything is sealed.
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
