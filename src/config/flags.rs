//! What was typed.

use super::new_key::TypedKey;
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
    /// False with `--no-remember`.
    pub remember: Option<bool>,
    /// The whole line, for what is learned of it.
    pub line: String,
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
    /// The policy that an environment moves from.
    pub swap_from: Option<String>,
    /// Does a version in a key identifier count? Where it would pin the policy, it does not.
    pub pins: bool,
    /// Does only what was typed count, and nothing of the configuration or of a sandbox?
    pub alone: bool,
    /// May the key be made where it is not there? Then a vault that is not there may be named.
    pub new_key: Option<TypedKey>,
    /// Is the vault no business of the command? Then the one of the configuration is not looked up.
    pub without_vault: bool,
}

impl Typed {
    /// What is about an environment and its policy takes these two.
    pub fn of(environment: Option<&String>, policy: Option<&String>) -> Self {
        Self {
            environment: environment.cloned(),
            policy: policy.cloned(),
            without_vault: true,
            ..Self::default()
        }
    }
}
