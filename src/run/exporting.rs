//! `export`: what exists, as code.

use super::Context;
use crate::error::{Error, Kind, Result};
use crate::model::estate::Estate;
use crate::model::ids::same_id;
use crate::model::known::Known;
use crate::observe::observe_estate;
use crate::report::{self, Blueprint, Out};

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
    let one = |protection: &crate::model::estate::Protection| {
        let policy = protection.policy.present()?;
        let key = policy.key_reference()?;
        let held = estate.environments.iter().filter(|environment| environment.policy() == Some(&policy.id));
        Some(Blueprint {
            policy: policy.id.clone(),
            location: policy.location.clone(),
            vault: key.vault.clone(),
            key: key.key.to_string(),
            version: key.version.as_ref().map(|version| version.as_str().to_owned()),
            rbac: protection.vault.present().is_none_or(|vault| vault.rbac != Known::Known(false)),
            grant: protection.grant.clone(),
            environments: held.map(|environment| (environment.display_name.clone(), environment.id.clone())).collect(),
        })
    };
    estate.protections.values().filter_map(one).collect()
}
