//! `export`: the existing resources as code.

use super::Context;
use super::estate::whole;
use super::filters::{self, is_named};
use crate::error::{Error, Kind, Result};
use crate::model::estate::Estate;
use crate::model::ids::ArmId;
use crate::model::known::Known;
use crate::model::seen::Seen;
use crate::observe::{Policies, observe_estate};
pub use crate::report::Language;
use crate::report::{self, Blueprint, Out};

/// What is exported.
#[derive(Debug, Clone, Copy)]
pub struct Export<'a> {
    /// The language of the code.
    pub language: Language,
    /// Only this policy.
    pub policy: Option<&'a str>,
    /// Add alerts for events that take environments offline?
    pub alerts: bool,
}

/// Exports every visible encryption policy, or the named one.
///
/// # Errors
/// The environments can't be listed. `Kind::Forbidden` if no policy can be read, or if the file is
/// written but leaves something out.
pub async fn export(context: &Context, export: Export<'_>, out: &mut Out) -> Result<()> {
    let Export {
        language,
        policy,
        alerts,
    } = export;
    let estate = observe_estate(&context.reader(), context.clock(), Policies::All).await?;
    let hidden = hidden(&estate, policy);
    if hidden.is_empty() {
        let there = estate.protections.keys();
        filters::among(
            there,
            "encryption policy with this name or id is visible to you",
            policy,
        )?;
    }
    let mut all = blueprints(&estate);
    all.retain(|blueprint| policy.is_none_or(|asked| is_named(asked, &blueprint.policy)));
    if all.is_empty() {
        let (kind, what) = if hidden.is_empty() {
            (Kind::Usage, "No encryption policy is visible to you.")
        } else {
            (
                Kind::Forbidden,
                "Nothing was written: no matching encryption policy is visible to you in full.",
            )
        };
        return Err(hidden.into_iter().fold(Error::new(kind, what), Error::hint));
    }
    let mut file = match language {
        Language::Bicep => report::bicep(&all, &hidden),
        Language::Terraform => report::terraform(&all, &hidden),
    };
    if alerts {
        file = report::with_alerts(language, &all, &file);
    }
    out.text(&file);
    out.written()?;
    whole(hidden.len(), "item")
}

/// What the file leaves out because it was not visible or not known, each a sentence.
fn hidden(estate: &Estate, policy: Option<&str>) -> Vec<String> {
    let asked = |id: &ArmId| policy.is_none_or(|asked| is_named(asked, id));
    let mut left_out = Vec::new();
    for (id, protection) in estate.protections.iter().filter(|(id, _)| asked(id)) {
        let why = match &protection.policy {
            Seen::Present(policy) => match (&policy.key, &policy.location) {
                (Known::Known(_), Known::Known(_)) => None,
                (Known::Unknown(why), _) | (_, Known::Unknown(why)) => Some(why.clone()),
            },
            Seen::Unreadable(why) => Some(why.why.clone()),
            Seen::Absent => Some("the policy no longer exists".to_owned()),
        };
        left_out
            .extend(why.map(|why| format!("The file does not describe the policy {id}: {why}.")));
        if let Some(Seen::Unreadable(why)) = &protection.vault {
            left_out.push(format!(
                "The file does not describe the vault of {id}: {}.",
                why.why
            ));
        }
    }
    for environment in &estate.environments {
        if let Seen::Unreadable(why) = &environment.key_link {
            let name = &environment.display_name;
            left_out.push(format!(
                "The file may lack the policy of the environment `{name}` ({}): {}.",
                environment.id, why.why
            ));
        }
    }
    for why in &estate.not_listed {
        left_out.push(format!(
            "The file may leave out policies without environments: {why}."
        ));
    }
    left_out
}

fn blueprints(estate: &Estate) -> Vec<Blueprint> {
    let blueprint = |protection: &crate::model::estate::Protection| {
        let policy = protection.policy.present()?;
        let key = policy.key_reference()?;
        let members = estate
            .environments
            .iter()
            .filter(|environment| environment.policy() == Some(&policy.id));
        Some(Blueprint {
            policy: policy.id.clone(),
            location: policy.location.known()?.clone(),
            vault: key.vault.clone(),
            key: key.key.to_string(),
            version: key
                .version
                .as_ref()
                .map(|version| version.as_str().to_owned()),
            rbac: protection
                .vault()
                .and_then(|vault| vault.rbac.known().copied()),
            grant: protection.grant.clone(),
            granted_by: protection.granted_by.clone(),
            environments: members
                .map(|environment| (environment.display_name.clone(), environment.id.clone()))
                .collect(),
        })
    };
    estate.protections.values().filter_map(blueprint).collect()
}
