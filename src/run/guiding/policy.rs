//! The dialog for the policy and its location.

use super::picking::{left, line, pick as pick_one};
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ArmId, ResourceKind};
use crate::model::known::Known;
use crate::model::protection::Policy;
use crate::model::target::Target;
use crate::observe::{locations, policies};
use crate::report::{Entry, Out};
use crate::run::Context;
use crate::run::commands::{Command, Need};
use crate::steps::fit::{self, Fit};

/// Does the command require a policy that was not given?
pub(super) fn is_missing(command: &Command, target: &Target) -> bool {
    let either = command.needs(Need::PolicyOrEnvironment) && target.environment.is_none();
    target.policy.is_none() && (command.needs(Need::Policy) || either)
}

/// Lets the caller pick a policy, or a new one beside the vault if the command creates it.
///
/// # Errors
/// No policy fits, or the caller stops.
pub(super) async fn pick(
    context: &Context,
    (command, target): (&Command, &Target),
    place: &Known<String>,
    out: &mut Out,
) -> Result<ArmId> {
    let reader = context.reader();
    let key = target.vault.as_ref().zip(target.key.as_ref());
    let key = key.filter(|_| command.needs(Need::Key));
    let any = command.needs(Need::PolicyOrEnvironment);
    let picked = pick_one(
        "Policy:",
        async |shown| {
            let (all, gaps) = policies(&reader).await?;
            let judged = all.iter().map(|policy| match key {
                _ if any => (policy, Fit::Well),
                Some((vault, key)) => (policy, fit::policy(policy, vault, key, place)),
                None => (policy, fit::in_place(policy, place)),
            });
            let listed = judged.map(|(policy, fit)| (policy.id.clone(), entry(policy, &fit)));
            let mut listed: Vec<(ArmId, Entry)> = listed.collect();
            if let Some((vault, key)) = key {
                let taken = |id: &ArmId| all.iter().any(|policy| policy.id == *id);
                listed.extend(new(vault, &fit::policy_name(key.as_str()), taken));
            }
            shown.more(listed);
            for gap in gaps {
                shown.gap(&format!("There may be more policies: {gap}."));
            }
            Ok(())
        },
        out,
    );
    picked.await?.ok_or_else(|| {
        Error::new(Kind::Forbidden, "Your account sees no enterprise policy.")
            .finding("CMK019")
            .hint(
                "Ask the creator of the policy to grant you the role `Reader`. The creator runs: \
                    `cmkctl create-policy --policy POLICY --vault VAULT --key KEY --location \
                    GEOGRAPHY --reader YOUR-OBJECT-ID`.",
            )
    })
}

fn entry(policy: &Policy, fit: &Fit) -> Entry {
    let place = policy.location.shown();
    let key = policy.key_reference().map_or(String::new(), |reference| {
        format!(", key {} in {}", reference.key, reference.vault.name)
    });
    Entry {
        label: policy.id.name.clone(),
        note: format!("{place}{key}. {} {}", fit.note(), policy.id).replace("  ", " "),
        does: fit.does(),
        rank: u8::from(*fit != Fit::Well),
    }
}

/// The entry for a new policy, with a free name.
fn new(vault: &ArmId, name: &str, taken: impl Fn(&ArmId) -> bool) -> Option<(ArmId, Entry)> {
    let names = std::iter::once(name.to_owned()).chain((2..100).map(|n| format!("{name}-{n}")));
    let kind = ResourceKind::EnterprisePolicy;
    let ids =
        names.filter_map(|name| ArmId::new(&vault.subscription, &vault.group, kind, &name).ok());
    let id = { ids }.find(|id| !taken(id))?;
    let entry = Entry {
        label: format!("{} (new)", id.name),
        note: format!(
            "cmkctl creates the policy in the resource group of the vault, {}.",
            id.group
        ),
        does: true,
        rank: 2,
    };
    Some((id, entry))
}

/// Asks for the policy's location if this account does not see the environment.
///
/// # Errors
/// The caller stops.
pub(super) async fn location_of(
    context: &Context,
    target: &mut Target,
    out: &mut Out,
) -> Result<()> {
    if target.location.is_some() {
        return Ok(());
    }
    let reader = context.reader();
    let subscription = target
        .vault
        .as_ref()
        .map(|vault| vault.subscription.clone());
    let picked = pick_one(
        "Geography of the environment:",
        async |shown| {
            let all = locations(&reader, &subscription.unwrap_or_default()).await?;
            let entry = |location: String| {
                let entry = Entry {
                    label: location.clone(),
                    does: true,
                    ..Entry::default()
                };
                (location, entry)
            };
            shown.more(all.into_iter().map(entry).collect());
            Ok(())
        },
        out,
    );
    target.location = match picked.await? {
        Some(location) => Some(location),
        None => {
            let question =
                "Geography of the environment, such as `europe` (or press Enter to stop):";
            let typed = line(question, out).await?.filter(|typed| !typed.is_empty());
            Some(typed.ok_or_else(left)?.to_ascii_lowercase())
        }
    };
    Ok(())
}
