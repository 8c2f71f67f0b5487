//! `plan --split`: what each of the two administrators must run, as files to hand over.

use super::Context;
use super::wanted::Planned;
use crate::error::{Error, Result};
use crate::model::action::facts::{Lack, Subject};
use crate::model::plan::Action;
use crate::model::wanted::WantedPolicy;
use crate::report::{self, Blueprint, Existing, Out, Part};
use std::path::Path;

/// Writes the files into a folder, which is made if need be. What is there is never overwritten.
///
/// # Errors
/// The folder can't be made; one of the files is there already or can't be written.
pub fn split_plan(
    context: &Context,
    planned: &Planned,
    folder: &Path,
    out: &mut Out,
) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Error::usage(format!("The folder `{}` can't be made.", folder.display()))
            .detail(format!("{error}."))
            .hint("Name a folder that you may write to.")
    })?;
    let parts: Vec<Part> = planned
        .wanted
        .policies
        .iter()
        .map(|policy| part(planned, policy))
        .collect();
    for (name, text) in report::split(&context.program(), &parts) {
        let path = folder.join(name);
        report::write_file(&path, text.as_bytes(), Existing::Kept)?;
        out.say(&format!("Written: `{}`", path.display()));
    }
    Ok(())
}

fn part(planned: &Planned, policy: &WantedPolicy) -> Part {
    let fleet = &planned.fleet;
    let number = planned
        .wanted
        .policies
        .iter()
        .position(|own| own.id == policy.id);
    let seen = number.and_then(|number| planned.sight.policies.get(number));
    let own = |action: &Action| match action.facts().subject {
        Subject::Subscription(id) => id.eq_ignore_ascii_case(&policy.id.subscription),
        Subject::Policy(id) => *id == policy.id,
        Subject::Vault(_) | Subject::Key(_, _) | Subject::Environment(_) => false,
    };
    let members = fleet
        .members
        .iter()
        .filter(|member| member.policy == policy.id && !member.actions.is_empty());
    Part {
        blueprint: Blueprint {
            policy: policy.id.clone(),
            location: policy.location.clone(),
            vault: policy.vault.clone(),
            key: policy.key.to_string(),
            version: policy
                .key_version
                .as_ref()
                .map(|version| version.as_str().to_owned()),
            rbac: seen
                .and_then(|seen| seen.vault())
                .and_then(|vault| vault.rbac.known().copied()),
            grant: None,
            granted_by: None,
            environments: Vec::new(),
        },
        readers: policy.readers.clone(),
        azure: fleet.plan.actions.iter().take(fleet.first).any(own),
        environments: members
            .map(|member| {
                let managed = member
                    .actions
                    .iter()
                    .any(|action| action.facts().lack == Lack::Managed);
                (member.id.clone(), member.name.clone(), managed)
            })
            .collect(),
    }
}
