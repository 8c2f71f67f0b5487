//! Looks up a name among everything that the caller sees, without guessing.

use super::reads::ask;
use super::visible::{Visible, visible_policies, visible_vaults};
use crate::cloud::Reader;
use crate::cloud::fault::Fault;
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ArmId, parse_guid};
use crate::model::near::did_you_mean;
use crate::model::seen::Seen;
use crate::model::subscription::Subscription;
use crate::model::unknown::unknown;
use std::collections::BTreeSet;

/// The maximum number of names that an error lists if no name fits.
const SHOWN: usize = 20;

/// The vault or managed HSM of this name. Names are unique in a cloud.
///
/// # Errors
/// Usage: none has this name; lists those that exist. `Kind::Forbidden` if a subscription could not
/// be listed.
pub async fn vault_named(reader: &Reader, name: &str) -> Result<ArmId> {
    let seen = Names::of(visible_vaults(reader).await?, |vault| vault.id);
    let fit = seen.named(name);
    match &fit[..] {
        [vault] => Ok((*vault).clone()),
        [] => Err(seen.none(("vault or managed HSM", "--vault"), name)),
        several => Err(ambiguous("--vault", name, several)),
    }
}

/// The visible vault or managed HSM of this name, if any. If a subscription could not be listed,
/// the vault may be hidden. cmkctl checks before a creation whether the name is taken.
///
/// # Errors
/// Usage: several have this name.
pub async fn vault_if_there(reader: &Reader, name: &str) -> Result<Option<ArmId>> {
    let seen = Names::of(visible_vaults(reader).await?, |vault| vault.id);
    let fit = seen.named(name);
    match &fit[..] {
        [] => Ok(None),
        [vault] => Ok(Some((*vault).clone())),
        several => Err(ambiguous("--vault", name, several)),
    }
}

/// The id of a subscription, by its id or name. Without either, the only visible one.
///
/// # Errors
/// Usage: none has this name, or several fit. `Kind::Forbidden` if they could not be listed.
pub async fn subscription_named(reader: &Reader, typed: Option<&str>) -> Result<String> {
    if let Some(id) = typed.and_then(parse_guid) {
        return Ok(id);
    }
    let all = match ask(reader.subscriptions().await)? {
        Seen::Present(all) => all.to_vec(),
        Seen::Absent => Vec::new(),
        Seen::Unreadable(why) => {
            let text = format!("The subscriptions can't be listed: {}.", why.why);
            return Err(Error::new(Kind::Forbidden, text)
                .hint("Pass the id of the subscription: `--subscription ID`."));
        }
    };
    let fits = |subscription: &&Subscription| {
        typed.is_none_or(|typed| subscription.name.eq_ignore_ascii_case(typed))
    };
    let fit: Vec<&Subscription> = all.iter().filter(fits).collect();
    if let [subscription] = fit[..] {
        return Ok(subscription.id.clone());
    }
    let what = match (typed, fit.len()) {
        (Some(typed), 0) => format!("No subscription with the name `{typed}` is visible to you."),
        (Some(typed), count) => format!("`--subscription {typed}` matches {count} subscriptions."),
        (None, 0) => "No subscription is visible to you.".to_owned(),
        (None, _) => {
            "Several subscriptions are visible to you. Choose one for the vault.".to_owned()
        }
    };
    let shown = if fit.is_empty() {
        all.iter().collect()
    } else {
        fit
    };
    let mut error = Error::usage(what);
    for subscription in shown.into_iter().take(SHOWN) {
        error = error.hint(format!("{} ({})", subscription.id, subscription.name));
    }
    Err(error.hint("Pass the id of the subscription that you mean: `--subscription ID`."))
}

/// The policy of this name. If no visible policy has it, the command may create one: the inner
/// error is for commands that don't.
///
/// # Errors
/// Usage: several have this name. `Kind::Forbidden` if a subscription could not be listed.
pub async fn policy_named(reader: &Reader, name: &str) -> Result<Result<ArmId>> {
    let seen = Names::of(visible_policies(reader).await?, |policy| policy.id);
    let fit = seen.named(name);
    match &fit[..] {
        [] | [_] if !seen.gaps.is_empty() => Err(seen.none(("policy", "--policy"), name)),
        [] => Ok(Err(seen.none(("policy", "--policy"), name))),
        [policy] => Ok(Ok((*policy).clone())),
        several => Err(ambiguous("--policy", name, several)),
    }
}

/// The object id and display name of the user or application of this name.
///
/// # Errors
/// Usage: no principal has this name, or several have it. The service's
/// own error if Microsoft Graph does not answer.
pub async fn principal_named(reader: &Reader, typed: &str) -> Result<(String, String)> {
    let unread = |fault: Fault| {
        let what = format!("cmkctl can't look up `--reader {typed}` in Microsoft Entra ID.");
        fault.into_error(what).hint(
            "Pass the object id: `az ad signed-in-user show --query id`, or `az ad sp show --id \
            CLIENT_ID --query id`.",
        )
    };
    let nobody = || {
        Error::usage(format!(
            "No user principal name or application in this tenant matches `{typed}`."
        ))
        .hint(
            "Pass the user principal name, the application's display name, or an object id. For a \
            group, pass its object id.",
        )
    };
    if typed.contains('@') {
        return match reader.user(typed).await {
            Ok(user) => Ok((user.id, user.name)),
            Err(fault) if fault.is_absence() => Err(nobody()),
            Err(fault) => Err(unread(fault)),
        };
    }
    let all = reader.service_principals(typed).await.map_err(unread)?;
    match &all[..] {
        [] => Err(nobody()),
        [application] => Ok((application.id.clone(), application.name.clone())),
        several => {
            let text = format!(
                "`--reader {typed}` is the name of {} applications.",
                several.len()
            );
            let error =
                several
                    .iter()
                    .take(SHOWN)
                    .fold(Error::usage(text), |error, application| {
                        error.hint(format!("{}  {}", application.id, application.name))
                    });
            Err(error.hint("Pass the object id of the application that you mean."))
        }
    }
}

/// The visible ids, for lookup by name.
struct Names {
    ids: BTreeSet<ArmId>,
    gaps: Vec<String>,
}

impl Names {
    fn of<T>(Visible { all, gaps }: Visible<T>, id: impl Fn(T) -> ArmId) -> Self {
        let ids = all.into_iter().map(id).collect();
        Self { ids, gaps }
    }

    fn named(&self, name: &str) -> Vec<&ArmId> {
        let fits = |id: &&ArmId| id.name.eq_ignore_ascii_case(name);
        self.ids.iter().filter(fits).collect()
    }

    fn none(&self, (what, flag): (&str, &str), name: &str) -> Error {
        if let Some(gap) = self.gaps.first() {
            let text = unknown(&format!("which {what} `{flag} {name}` means"), gap);
            return Error::new(Kind::Forbidden, text)
                .hint(format!("Pass its id: `{flag} /subscriptions/…`."));
        }
        let names: Vec<&str> = self.ids.iter().map(|id| id.name.as_str()).collect();
        let text = format!("No {what} with the name `{name}` is visible to you.");
        let mut error = Error::usage(text);
        error
            .hints
            .extend(did_you_mean(name, names.iter().copied()));
        if !names.is_empty() {
            let shown: Vec<&str> = names.iter().copied().take(SHOWN).collect();
            error = error.hint(format!("Visible to you: {}.", shown.join(", ")));
        }
        error.hint("Check that you use the right tenant and account: `cmkctl auth status`.")
    }
}

fn ambiguous(flag: &str, name: &str, several: &[&ArmId]) -> Error {
    let mut error = Error::usage(format!(
        "`{flag} {name}` matches {} resources.",
        several.len()
    ));
    for id in several.iter().take(SHOWN) {
        error = error.hint(id.to_string());
    }
    error.hint("Pass the id of the resource that you mean.")
}
