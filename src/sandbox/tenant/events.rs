//! What may happen to a tenant while nobody looks: a key disappears, a grant, a firewall's bypass.

use serde::Deserialize;

/// Something that happens.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::sandbox) struct Event {
    /// So many days after the sandbox began.
    pub(in crate::sandbox) after_days: f64,
    #[serde(flatten)]
    pub(in crate::sandbox) what: What,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(in crate::sandbox) enum What {
    /// Disable the latest version of a key.
    DisableKey {
        vault: String,
        key: String,
    },
    EnableKey {
        vault: String,
        key: String,
    },
    DeleteKey {
        vault: String,
        key: String,
    },
    /// Take the policy's identity off its vault.
    RevokeGrant {
        policy: String,
    },
    Grant {
        policy: String,
    },
    /// Deny by default, and let no trusted service pass.
    CloseFirewall {
        vault: String,
    },
    OpenFirewall {
        vault: String,
    },
    /// Somebody takes an environment off its policy.
    Unlink {
        environment: String,
    },
    /// A service falls back to the Microsoft key.
    Fail {
        environment: String,
    },
}

/// What changes in the tenant after an answer was given.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::sandbox) struct Change {
    /// The target environment is, or is not, managed.
    pub(in crate::sandbox) managed: Option<bool>,
    /// The target environment has another name.
    pub(in crate::sandbox) name: Option<String>,
    /// The target key is, or is not, enabled.
    pub(in crate::sandbox) key_enabled: Option<bool>,
    /// Deleted keys of the target vault are kept so many days.
    pub(in crate::sandbox) retention_days: Option<u32>,
}
