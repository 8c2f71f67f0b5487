//! What was typed.

use crate::report::Format;
use std::path::PathBuf;

/// What every command takes.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--cloud`
    pub cloud: Option<String>,
    /// `--endpoint KEY=VALUE`
    pub endpoints: Vec<String>,
    /// `--tenant`
    pub tenant: Option<String>,
    /// `--auth`
    pub auth: Option<String>,
    /// `--sandbox-user`
    pub sandbox_user: Option<String>,
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--profile`
    pub profile: Option<String>,
    /// `--ca-bundle`
    pub ca_bundle: Option<PathBuf>,
    /// `--audit-log`
    pub audit_log: Option<PathBuf>,
    /// `--output`
    pub output: Option<Format>,
    /// `--quiet`
    pub quiet: bool,
    /// `--no-ci`
    pub no_ci: bool,
}

/// What a command takes for its target, as typed.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Environment id, URL or name.
    pub environment: Option<String>,
    /// Policy id, or its name alone.
    pub policy: Option<String>,
    /// Vault or managed HSM.
    pub vault: Option<String>,
    /// Key.
    pub key: Option<String>,
    /// Pinned version.
    pub key_version: Option<String>,
    /// Geography.
    pub location: Option<String>,
    /// Readers of the policy.
    pub readers: Vec<String>,
}

impl Typed {
    /// What is about an environment and its policy takes these two.
    pub fn of(environment: Option<&String>, policy: Option<&String>) -> Self {
        Self {
            environment: environment.cloned(),
            policy: policy.cloned(),
            ..Self::default()
        }
    }
}
