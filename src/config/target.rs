//! What a command is about.

use super::flags::Typed;
use super::reading::usage;
use super::settings::Settings;
use super::source::Setting;
use crate::error::{Error, Result};
use crate::model::ids::{ArmId, ResourceKind, parse_guid};
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::target::Target;

impl Settings {
    /// What was asked for, out of flags, environment variables and file; in a sandbox, out of flags
    /// and the sandbox's own defaults.
    ///
    /// # Errors
    /// Malformed ids and names are usage errors.
    pub fn target(&self, typed: &Typed) -> Result<Target> {
        let text = |setting: Option<Setting<String>>| setting.map(|setting| setting.value);
        let environment = text(self.environment(&typed.environment));
        let vault = text(self.vault(&typed.vault));
        let policy = text(self.policy(&typed.policy));
        let key = text(self.key(&typed.key));
        let vault = vault
            .map(|id| ArmId::parse(&id, &[ResourceKind::Vault, ResourceKind::ManagedHsm]))
            .transpose()
            .map_err(usage)?;
        let policy = policy
            .map(|id| policy_id(&id, vault.as_ref()))
            .transpose()?;
        Ok(Target {
            environment,
            policy,
            vault,
            key: key
                .map(|name| KeyName::parse(&name))
                .transpose()
                .map_err(usage)?,
            key_version: typed
                .key_version
                .as_deref()
                .map(KeyVersion::parse)
                .transpose()
                .map_err(usage)?,
            location: typed.location.as_deref().map(location).transpose()?,
            readers: typed
                .readers
                .iter()
                .map(|id| object_id(id))
                .collect::<Result<_>>()?,
            ..Target::default()
        })
    }
}

/// A bare name means: beside the vault, in its subscription and resource group.
fn policy_id(text: &str, vault: Option<&ArmId>) -> Result<ArmId> {
    if text.trim().is_empty() {
        return Err(Error::usage("The policy is empty.")
            .hint("Give its id, or its name alone next to `--vault`."));
    }
    match vault {
        Some(vault) if !text.contains('/') => ArmId::new(
            &vault.subscription,
            &vault.group,
            ResourceKind::EnterprisePolicy,
            text,
        )
        .map_err(usage),
        _ => ArmId::parse(text, &[ResourceKind::EnterprisePolicy]).map_err(usage),
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
            .hint("Locations are geographies such as `europe` or `unitedstates`."),
    )
}

fn object_id(text: &str) -> Result<String> {
    parse_guid(text).ok_or_else(|| {
        Error::usage(format!("`{}` is not an object id.", text.escape_debug())).hint(
            "Give the GUID of the user, group or service principal: `az ad signed-in-user \
                show --query id`.",
        )
    })
}
