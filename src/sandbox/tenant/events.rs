//! Events of a tenant during a run, such as a disabled key, a removed grant or a closed firewall.

use serde::Deserialize;

/// An event.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Event {
    /// Days after the start of the sandbox.
    pub(crate) after_days: f64,
    #[serde(flatten)]
    pub(crate) what: What,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(crate) enum What {
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
    /// Remove all roles and group memberships of the policy's identity.
    RevokeGrant {
        policy: String,
    },
    Grant {
        policy: String,
    },
    /// Deny by default, and allow no trusted service.
    CloseFirewall {
        vault: String,
    },
    OpenFirewall {
        vault: String,
    },
    /// An administrator unlinks an environment from its policy.
    Unlink {
        environment: String,
    },
    /// A service returns to the Microsoft-managed key, so the link has failed.
    Fail {
        environment: String,
    },
}

/// A change of the tenant after an answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Change {
    /// Sets whether the target environment is managed.
    pub(crate) managed: Option<bool>,
    /// Renames the target environment.
    pub(crate) name: Option<String>,
    /// Sets whether the target key is enabled.
    pub(crate) key_enabled: Option<bool>,
    /// Sets the retention of deleted keys in the target vault, in days.
    pub(crate) retention_days: Option<u32>,
}
