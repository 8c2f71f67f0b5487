//! Everything but the target.

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

/// Everything but the target.
#[derive(Debug)]
pub struct Settings {
    /// The cloud.
    pub cloud: Cloud,
    /// The cloud as it was named, when it was.
    pub cloud_argument: Option<String>,
    /// How to sign in.
    pub sign_in: SignIn,
    /// How to reach the network.
    pub network: Network,
    /// How to write.
    pub style: Style,
    /// The change ticket that this run belongs to.
    pub ticket: Option<ChangeId>,
    /// Where messages go.
    pub notify: Option<Webhook>,
    /// Numbered lines instead of lists that move.
    pub plain: bool,
    /// Where changes are written down.
    pub audit_log: Option<PathBuf>,
    /// The proxy that https goes through, without its password.
    pub proxy: Option<Setting<String>>,
    pub(super) layers: Layers,
    /// Everything but the target, for `config show`.
    pub(super) shown: Vec<Shown>,
    pub(super) sandbox: Option<SandboxFacts>,
}
