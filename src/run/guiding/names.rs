//! Names for a script that mean the same as the ids. They are looked up by the rules of the script
//! itself. An ambiguous name stays an id.

use super::led::Led;
use crate::cloud::Reader;
use crate::model::at_hand::{self, Named};
use crate::model::environment::Environment;
use crate::model::ids::ArmId;
use crate::model::target::Target;
use crate::model::text::clean;
use crate::observe::{
    policy_named, resolve, subscription_named, subscriptions_shown, vault_if_there,
};
use crate::run::commands::{Need, TargetWords};
use futures::join;

/// The words for the dialog's target.
pub(super) async fn of(reader: &Reader, led: &Led) -> TargetWords {
    let mut names = TargetWords::of(&led.target, led.target.environment.as_deref());
    let part = led.command.part_of(&led.target);
    let (environment, policy, vault) = join!(
        async {
            match &led.environment {
                Some(environment) => Some(self::environment(reader, environment).await),
                None => None,
            }
        },
        policy(reader, &led.target, led.command.needs(Need::Vault)),
        vault(reader, &part),
    );
    names.environment = environment.or(names.environment);
    names.policy = policy.or(names.policy);
    if let Some((name, place)) = vault {
        (names.vault, names.place) = (Some(name), place);
    }
    for (id, typed) in &led.readers {
        let all = names.readers.iter_mut();
        for word in all.filter(|word| *word == id) {
            word.clone_from(typed);
        }
    }
    names
}

/// The name of an environment, or its id.
pub(super) async fn environment(reader: &Reader, environment: &Environment) -> String {
    let name = &environment.display_name;
    // This name looks like a flag, or differs from how it is displayed.
    let odd = name.starts_with('-') || clean(name) != *name || name.trim() != name;
    let means = async |name: &str| resolve(reader, &at_hand::environment(name)).await;
    if !odd && means(name).await.is_ok_and(|id| id == environment.id) {
        return name.clone();
    }
    environment.id.clone()
}

/// The name of the policy. The name of a new policy must mean a place beside its vault.
async fn policy(reader: &Reader, target: &Target, beside_vault: bool) -> Option<String> {
    let id = target.policy.as_ref()?;
    if at_hand::policy(&id.name) != Ok(Named::Name(id.name.clone())) {
        return None;
    }
    let vault = target.vault.as_ref().filter(|_| beside_vault);
    let beside = |vault: &ArmId| vault.group_scope().eq_ignore_ascii_case(&id.group_scope());
    let same = match policy_named(reader, &id.name).await {
        Ok(Ok(found)) => found == *id,
        Ok(Err(_)) => vault.is_some_and(beside),
        Err(_) => false,
    };
    same.then(|| id.name.clone())
}

/// The name of the vault, and flags for its place if it is new.
async fn vault(reader: &Reader, part: &Target) -> Option<(String, Vec<(&'static str, String)>)> {
    let id = part.vault.as_ref()?;
    match vault_if_there(reader, &id.name).await.ok()? {
        Some(found) => (found == *id).then(|| (id.name.clone(), Vec::new())),
        None => {
            part.new_key.as_ref()?;
            let mut place = vec![("--resource-group", id.group.clone())];
            let subscription = subscription(reader, &id.subscription).await;
            place.extend(subscription.map(|word| ("--subscription", word)));
            Some((id.name.clone(), place))
        }
    }
}

/// The name of a subscription. Empty if there is only one.
async fn subscription(reader: &Reader, id: &str) -> Option<String> {
    let means = async |name: Option<&str>| {
        let found = subscription_named(reader, name).await;
        found.is_ok_and(|found| found == id)
    };
    if means(None).await {
        return None;
    }
    let (all, _) = subscriptions_shown(reader).await.unwrap_or_default();
    let name = all
        .iter()
        .find(|subscription| subscription.id == id)
        .map(|subscription| &subscription.name);
    match name {
        Some(name) if !name.starts_with('-') && means(Some(name)).await => Some(name.clone()),
        Some(_) | None => Some(id.to_owned()),
    }
}
