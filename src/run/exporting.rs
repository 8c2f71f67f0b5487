//! `export`: what exists, as code.

use super::Context;
use crate::error::{Error, Kind, Result};
use crate::model::estate::Estate;
use crate::model::ids::{ArmId, ResourceKind, same_id};
use crate::observe::observe_estate;
use crate::report::{self, Blueprint, Out};
use crate::steps::goal::linked;

/// The language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Azure's own.
    Bicep,
    /// With import blocks.
    Terraform,
}

/// Every policy that environments are linked to, or the one that was asked for.
///
/// # Errors
/// The environments can't be listed; no policy can be read.
pub async fn export(context: &Context, language: Language, policy: Option<&str>, out: &mut Out) -> Result<()> {
    let estate = observe_estate(&context.reader(), context.clock()).await?;
    let mut all = blueprints(&estate);
    all.retain(|one| {
        policy
            .is_none_or(|asked| same_id(asked, &one.policy.to_string()) || one.policy.name.eq_ignore_ascii_case(asked))
    });
    for (id, protection) in &estate.protections {
        if protection.policy.present().is_none() {
            out.say(&format!("Left out, because it is not visible to you: {id}"));
        }
    }
    if all.is_empty() {
        return Err(Error::new(
            Kind::Unexpected,
            "There is no policy that environments are linked to and that you may read.",
        )
        .hint("Name none, or one of those that `cmkctl status --all` shows."));
    }
    out.text(&match language {
        Language::Bicep => report::bicep(&all),
        Language::Terraform => report::terraform(&all),
    });
    Ok(())
}

fn blueprints(estate: &Estate) -> Vec<Blueprint> {
    let vault_kinds = [ResourceKind::Vault, ResourceKind::ManagedHsm];
    let one = |protection: &crate::model::estate::Protection| {
        let policy = protection.policy.present()?;
        let held = estate.environments.iter().filter(|environment| {
            linked(environment).is_some_and(|id| same_id(&id.to_string(), &policy.id.to_string()))
        });
        Some(Blueprint {
            policy: policy.id.clone(),
            location: policy.location.clone(),
            vault: ArmId::parse(policy.vault_id.as_deref()?, &vault_kinds).ok()?,
            key: policy.key_name.clone()?,
            version: policy.key_version.clone(),
            rbac: protection.vault.present().is_none_or(|vault| vault.rbac),
            grant: protection.grant.clone(),
            environments: held.map(|environment| (environment.display_name.clone(), environment.id.clone())).collect(),
        })
    };
    estate.protections.values().filter_map(one).collect()
}
