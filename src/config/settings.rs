//! All settings except the target.

use super::file::Layers;
use super::source::{Setting, Shown};
use crate::cloud::cloud_file::SandboxFacts;
use crate::cloud::clouds::Cloud;
use crate::cloud::credential::SignIn;
use crate::cloud::notify::Webhook;
use crate::cloud::wire::Network;
use crate::model::change_id::ChangeId;
use crate::report::Style;
use std::path::PathBuf;

/// All settings except the target.
#[derive(Debug)]
pub struct Settings {
    /// The cloud with its endpoints.
    pub cloud: Cloud,
    /// The cloud as the caller named it, if any.
    pub cloud_argument: Option<String>,
    /// Settings for the sign-in.
    pub sign_in: SignIn,
    /// Settings for network access.
    pub network: Network,
    /// Settings for the output.
    pub style: Style,
    /// The change ticket that this run belongs to.
    pub ticket: Option<ChangeId>,
    /// Where messages go.
    pub notify: Option<Webhook>,
    /// Numbered lines instead of lists that move.
    pub plain: bool,
    /// File for the audit log.
    pub audit_log: Option<PathBuf>,
    /// The HTTPS proxy, without its user and password.
    pub proxy: Option<Setting<String>>,
    pub(super) layers: Layers,
    /// All settings except the target, for `config show`.
    pub(super) shown: Vec<Shown>,
    pub(super) sandbox: Option<SandboxFacts>,
}
