//! The target of a command.

use super::flags::Typed;
use super::reading::usage;
use super::settings::Settings;
use super::source::{Setting, Source};
use crate::error::{Error, Result};
use crate::model::at_hand::{self, Named, Suffixes};
use crate::model::ids::{ArmId, ResourceKind, parse_guid};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::logs::Workspace;
use crate::model::target::Target;

/// The target, as far as it is known without a request: vault and policy may be names to look up.
#[derive(Debug, Clone, Default)]
pub struct AboutWhat {
    /// Id or name of the policy.
    pub policy: Option<Named>,
    /// Id or name of the vault or managed HSM.
    pub vault: Option<Named>,
    /// Readers of the policy: object ids, user principal names and application names.
    pub readers: Vec<String>,
    /// The version in a key identifier that is ignored, because the policy must not be pinned.
    pub unpinned: Option<KeyVersion>,
    /// The rest of the target.
    rest: Target,
}

impl AboutWhat {
    /// The target without resources that are given by name only.
    pub fn by_ids(self) -> Target {
        let id = |named: &Option<Named>| match named {
            Some(Named::Id(id)) => Some(id.clone()),
            Some(Named::Name(_)) | None => None,
        };
        let (policy, vault) = (id(&self.policy), id(&self.vault));
        self.target(policy, vault, Vec::new())
    }

    /// The target with the looked up ids.
    pub fn target(
        self,
        policy: Option<ArmId>,
        vault: Option<ArmId>,
        readers: Vec<String>,
    ) -> Target {
        Target {
            policy,
            vault,
            readers,
            ..self.rest
        }
    }
}

impl Settings {
    /// The target from flags, environment variables and file. In a sandbox, from flags and the
    /// sandbox's defaults.
    ///
    /// # Errors
    /// Usage: malformed ids and names.
    pub fn about(&self, typed: &Typed) -> Result<AboutWhat> {
        let text = |setting: Option<Setting<String>>| {
            let counts = |setting: &Setting<String>| {
                !typed.alone || matches!(setting.source, Source::Flag(_))
            };
            setting.filter(counts).map(|setting| setting.value)
        };
        let suffixes = Suffixes {
            vault: self.cloud.get("vault-suffix"),
            hsm: self.cloud.get("hsm-suffix"),
        };
        let environment = text(self.environment(&typed.environment));
        let vault = text(self.vault(&typed.vault));
        let vault = vault.map(|text| at_hand::vault(&text, suffixes));
        let policy = text(self.policy(&typed.policy)).map(|text| at_hand::policy(&text));
        let key = text(self.key(&typed.key));
        let from = typed.swap_from.as_deref();
        let from = from.map(|id| ArmId::parse(id, &[ResourceKind::EnterprisePolicy]));
        let version = typed.key_version.as_deref().map(KeyVersion::parse);
        let evidence = typed.evidence.as_deref().map(Workspace::parse);
        let mut about = AboutWhat {
            policy: policy.transpose().map_err(usage)?,
            vault: vault.transpose().map_err(usage)?,
            readers: typed
                .readers
                .iter()
                .map(|text| reader(text))
                .collect::<Result<_>>()?,
            unpinned: None,
            rest: Target {
                environment: environment.map(|text| at_hand::environment(&text)),
                key_version: version.transpose().map_err(usage)?,
                evidence: evidence.transpose().map_err(usage)?,
                from: from.transpose().map_err(usage)?,
                location: typed.location.as_deref().map(location).transpose()?,
                ..Target::default()
            },
        };
        if let Some(text) = key {
            about.takes_key(&text, suffixes, typed.pins)?;
        }
        Ok(about)
    }
}

impl AboutWhat {
    /// Takes a key by its name, or by its identifier, which also names the vault.
    fn takes_key(&mut self, text: &str, suffixes: Suffixes<'_>, pins: bool) -> Result<()> {
        let Some(identifier) = at_hand::key(text, suffixes).map_err(usage)? else {
            self.rest.key = Some(KeyName::parse(text).map_err(usage)?);
            return Ok(());
        };
        let other = match &self.vault {
            None => None,
            Some(Named::Id(id)) => Some(id.name.clone()),
            Some(Named::Name(name)) => Some(name.clone()),
        };
        match other {
            Some(other) if !other.eq_ignore_ascii_case(&identifier.vault) => {
                let what = format!(
                    "The key identifier names the vault `{}`, but `--vault` names `{other}`.",
                    identifier.vault
                );
                return Err(Error::usage(what).hint(
                    "Leave out `--vault`, or pass the vault that the key identifier names.",
                ));
            }
            Some(_) => {}
            None => self.vault = Some(Named::Name(identifier.vault)),
        }
        self.rest.key = Some(identifier.key);
        match (identifier.version, &self.rest.key_version) {
            (None, _) => {}
            (Some(version), None) if pins => self.rest.key_version = Some(version),
            (Some(version), None) => self.unpinned = Some(version),
            (Some(version), Some(other)) if version != *other => {
                let what = "The key identifier and `--key-version` name different versions.";
                return Err(Error::usage(what)
                    .hint("Leave out `--key-version`, or the version in the key identifier."));
            }
            (Some(_), Some(_)) => {}
        }
        Ok(())
    }
}

fn location(text: &str) -> Result<String> {
    let name: String = text
        .split_whitespace()
        .collect::<String>()
        .to_ascii_lowercase();
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(name);
    }
    Err(
        Error::usage(format!("`{}` is not a location.", text.escape_debug()))
            .hint("Pass a Power Platform geography, such as `europe` or `unitedstates`."),
    )
}

/// An object id, or a name to look up. A text shaped like an id must be one.
///
/// # Errors
/// Usage: the text is neither.
pub fn reader(text: &str) -> Result<String> {
    if let Some(id) = parse_guid(text) {
        return Ok(id);
    }
    let text = text.trim();
    let shaped = text.starts_with('{') || text.contains('/');
    if !text.is_empty() && !shaped && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let what = format!("`{}` is not an object id or a name.", text.escape_debug());
    Err(Error::usage(what).hint(
        "Pass an object id, a user principal name, or the name of an application. This command \
        shows your own object id: `az ad signed-in-user show --query id`.",
    ))
}
