//! The flags as typed.

use super::new_key::TypedKey;
use crate::report::Format;
use std::path::PathBuf;

/// The flags that every command accepts.
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
    /// `--client-id`
    pub client_id: Option<String>,
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
    /// `--change`
    pub change: Option<String>,
    /// `--notify`
    pub notify: Option<String>,
    /// `--notify-format`
    pub notify_format: Option<String>,
    /// `--output`
    pub output: Option<Format>,
    /// `--plain`
    pub plain: bool,
    /// `Some(false)` with `--no-remember`.
    pub remember: Option<bool>,
    /// The command line, as the key of what cmkctl remembers about it.
    pub line: String,
    /// `--quiet`
    pub quiet: bool,
    /// `--no-ci`
    pub no_ci: bool,
}

/// The target of a command, as typed.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    /// Environment id, URL or name.
    pub environment: Option<String>,
    /// Policy id or name.
    pub policy: Option<String>,
    /// Id, URL or name of the vault or managed HSM.
    pub vault: Option<String>,
    /// Name or identifier of the key.
    pub key: Option<String>,
    /// Key version to pin.
    pub key_version: Option<String>,
    /// Power Platform geography.
    pub location: Option<String>,
    /// Readers of the policy: object ids or names.
    pub readers: Vec<String>,
    /// The policy that an environment leaves.
    pub swap_from: Option<String>,
    /// The workspace with the logs of the vault: its id or its ARM id.
    pub evidence: Option<String>,
    /// Use the version in a key identifier? No if it would pin the policy.
    pub pins: bool,
    /// Use only typed values, none of the configuration or of a sandbox?
    pub alone: bool,
    /// Wishes for a key to create. Then the vault need not exist.
    pub new_key: Option<TypedKey>,
    /// Does the command ignore vaults? Then the configured vault is not looked up.
    pub without_vault: bool,
}

impl Typed {
    /// The target of a command that takes only an environment and a policy.
    pub fn of(environment: Option<&String>, policy: Option<&String>) -> Self {
        Self {
            environment: environment.cloned(),
            policy: policy.cloned(),
            without_vault: true,
            ..Self::default()
        }
    }
}
