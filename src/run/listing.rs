//! `list`: everything visible of one kind, and which items fit.

use super::Context;
use super::estate::WHOLE_TENANT;
use super::filters::{self, StatusFilter};
use crate::config::Typed;
use crate::error::{Error, Kind, Result};
use crate::model::environment::Environment;
use crate::model::fit::Fit;
use crate::model::known::{Known, Verdict};
use crate::model::protection::Policy;
use crate::observe::{self, Visible, resolve};
use crate::report::{
    EnvironmentRow, KeyRow, List, Out, PolicyRow, Row, SubscriptionRow, VaultRow, list,
};
use crate::steps::fit;
use futures::join;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// List only items that fit.
    pub fits: bool,
    /// The environment to judge for, as typed.
    pub environment: Option<String>,
    /// Only keys of this vault or managed HSM, as typed.
    pub vault: Option<String>,
    /// Only policies for environments of this geography.
    pub geography: Option<String>,
}

impl Listing {
    /// The names to look up. Neither the configuration nor a sandbox adds to them.
    fn typed(&self) -> Typed {
        Typed {
            environment: self.environment.clone(),
            vault: self.vault.clone(),
            alone: true,
            ..Typed::default()
        }
    }
}

/// The items with their judgments.
struct Judged<T> {
    all: Vec<(T, Fit)>,
    gaps: Vec<String>,
    /// Who can see more, each a sentence.
    hints: &'static [&'static str],
}

impl<T> Judged<T> {
    /// Sorts items and gaps, because parallel reads return them in any order.
    fn new<K: Ord>(seen: Visible<T>, key: impl Fn(&T) -> K, judge: impl Fn(&T) -> Fit) -> Self {
        let Visible { mut all, mut gaps } = seen;
        all.sort_by_cached_key(&key);
        gaps.sort();
        gaps.dedup();
        let judged = all.into_iter().map(|candidate| {
            let fit = judge(&candidate);
            (candidate, fit)
        });
        Self {
            all: judged.collect(),
            gaps,
            hints: &[
                "To see resources, you need Reader on the subscription. To see keys, you need Key \
                Vault Reader.",
                "Check that you use the right account and tenant: `cmkctl auth status`.",
            ],
        }
    }
}

/// Lists the tenant's environments.
///
/// # Errors
/// A sign-in is refused. `Kind::Forbidden` if the list is missing or incomplete. Usage if a filter
/// matches nothing.
pub async fn list_environments(
    context: &Context,
    filter: &StatusFilter,
    asked: &Listing,
    out: &mut Out,
) -> Result<()> {
    let (seen, failed) = observe::environments_listed(&context.reader()).await?;
    let empty = seen.all.is_empty();
    if !empty {
        filters::fit_environments(&seen.all, filter)?;
    }
    let key = |environment: &Environment| {
        (
            environment.display_name.to_lowercase(),
            environment.id.clone(),
        )
    };
    let mut judged = Judged::new(seen, key, fit::listed);
    judged.hints = if empty {
        &[
            "To see environments, you need the role Power Platform Administrator or Dynamics 365 \
            Administrator.",
            "Check that you use the right account and tenant: `cmkctl auth status`.",
        ]
    } else {
        &[WHOLE_TENANT]
    };
    judged.all.retain(|(environment, _)| {
        filters::wants(filter, environment)
            && !(filter.not_encrypted && environment.policy().is_some())
    });
    if !empty {
        filters::together(filter, judged.all.len())?;
    }
    let ended = shown(context, out, &judged, asked, EnvironmentRow::of);
    let Some(error) = failed else {
        return ended.map_err(|error| {
            if empty {
                error.finding("CMK020")
            } else {
                error
            }
        });
    };
    Err(Error {
        kind: Kind::Forbidden,
        ..error
    })
}

/// Lists the encryption policies.
///
/// # Errors
/// A sign-in is refused, or the environment can't be read. `Kind::Forbidden` if the list is
/// incomplete.
pub async fn list_policies(context: &Context, asked: &Listing, out: &mut Out) -> Result<()> {
    let reader = context.reader();
    let (environment, seen) = join!(
        environment_of(context, asked, out),
        observe::visible_policies(&reader)
    );
    let (environment, mut seen) = (environment?, seen?);
    if let Some(geography) = &asked.geography {
        // A policy in an unknown location may fit, so it stays.
        let elsewhere = |policy: &Policy| fit::is_in(policy, geography) == Verdict::No;
        seen.all.retain(|policy| !elsewhere(policy));
    }
    let geography = asked.geography.clone().map(Known::Known);
    let place = environment
        .map(|environment| environment.location)
        .or(geography);
    let judge = |policy: &Policy| fit::ready_policy(policy, place.as_ref());
    let judged = Judged::new(seen, |policy| policy.id.clone(), judge);
    shown(context, out, &judged, asked, PolicyRow::of)
}

/// Lists the vaults and managed HSMs.
///
/// # Errors
/// As [`list_policies`].
pub async fn list_vaults(context: &Context, asked: &Listing, out: &mut Out) -> Result<()> {
    let reader = context.reader();
    let (environment, seen) = join!(
        environment_of(context, asked, out),
        observe::visible_vaults(&reader)
    );
    let (environment, seen) = (environment?, seen?);
    let judge = |vault: &_| fit::vault(vault, environment.as_ref());
    let judged = Judged::new(seen, |vault| vault.id.clone(), judge);
    shown(context, out, &judged, asked, VaultRow::of)
}

/// Lists the keys.
///
/// # Errors
/// As [`list_policies`]. Usage if the vault does not exist.
pub async fn list_keys(context: &Context, asked: &Listing, out: &mut Out) -> Result<()> {
    let reader = context.reader();
    let target = context.target(&asked.typed(), out).await?;
    let (environment, seen) = join!(
        environment_of(context, asked, out),
        observe::keys_listed(&reader, target.vault.as_ref())
    );
    let (environment, seen) = (environment?, seen?);
    let now = context.clock().now();
    let judged = Judged::new(
        seen,
        |(key, vault)| (vault.id.clone(), key.name.clone()),
        |(key, vault)| fit::key(key, vault, environment.as_ref(), now),
    );
    shown(context, out, &judged, asked, KeyRow::of)
}

/// Lists the subscriptions.
///
/// # Errors
/// A sign-in is refused. `Kind::Forbidden` if the list is incomplete.
pub async fn list_subscriptions(context: &Context, asked: &Listing, out: &mut Out) -> Result<()> {
    let seen = observe::subscriptions_listed(&context.reader()).await?;
    let judged = Judged::new(
        seen,
        |(subscription, _)| (subscription.name.to_lowercase(), subscription.id.clone()),
        |(subscription, provider)| fit::subscription(subscription, provider),
    );
    shown(context, out, &judged, asked, SubscriptionRow::of)
}

/// The environment to judge for, if the caller named one.
async fn environment_of(
    context: &Context,
    asked: &Listing,
    out: &mut Out,
) -> Result<Option<Environment>> {
    let about = Typed {
        vault: None,
        ..asked.typed()
    };
    let Some(typed) = context.target(&about, out).await?.environment else {
        return Ok(None);
    };
    let reader = context.reader();
    let id = resolve(&reader, &typed).await?;
    observe::environment(&reader, &id).await.map(Some)
}

/// Prints the list, and fails if it is incomplete.
fn shown<'a, T, R: Row>(
    context: &Context,
    out: &mut Out,
    judged: &'a Judged<T>,
    asked: &Listing,
    row: impl Fn(&'a T, &'a Fit) -> R,
) -> Result<()> {
    let chosen = judged
        .all
        .iter()
        .filter(|(_, fit)| !asked.fits || fit.does());
    let open = |fit: &Fit| asked.fits && matches!(fit, Fit::Unknown(_));
    let place = asked.geography.as_ref();
    let place = place.map_or(String::new(), |name| format!(" in `{name}`"));
    let wanted = if asked.fits { " that fits" } else { "" };
    let listed = List {
        at: context.clock().now(),
        rows: chosen.map(|(candidate, fit)| row(candidate, fit)).collect(),
        gaps: &judged.gaps,
        wanted: format!("{place}{wanted}"),
        open: judged.all.iter().filter(|(_, fit)| open(fit)).count(),
    };
    list(out, &listed);
    if judged.gaps.is_empty() {
        return Ok(());
    }
    let error = Error::new(
        Kind::Forbidden,
        "The list is incomplete, because cmkctl could not read everything.",
    );
    Err(judged
        .hints
        .iter()
        .fold(error, |error, hint| error.hint(*hint)))
}
