//! `status --all`: the whole tenant, worst first.

use super::Context;
use super::filters::{self, Glance, vault_of};
use crate::cloud::Service;
use crate::error::{Error, Kind, Result};
use crate::model::estate::{Estate, Standing, State};
use crate::model::fleet::Named;
use crate::model::notice::Change;
use crate::observe::{Policies, observe_estate};
use crate::report::{self, Circumstances, Format, MAY_LACK, Out};
use crate::steps::calendar::events;
use crate::steps::danger::judge;
use crate::steps::metrics::metrics;
use jiff::SignedDuration;

/// What helps against a list that may lack environments.
pub(super) const WHOLE_TENANT: &str = "Run it as an account that administers the whole tenant.";

/// Every environment of the tenant.
///
/// # Errors
/// The list can't be read; `Kind::Pending` when something that `fail_on` names is there.
pub async fn status_all(context: &Context, glance: &Glance, out: &mut Out) -> Result<()> {
    let seen = observe_estate(&context.reader(), context.clock(), Policies::Linked).await;
    let estate = match seen {
        Ok(estate) => estate,
        Err(error) if glance.fail_on.is_empty() => return Err(error),
        Err(error) => return context.alarmed(Vec::new(), Err(error), out).await,
    };
    filters::fit(&estate, glance)?;
    let all = chosen(&estate, glance);
    filters::together(glance, all.len())?;
    match out.format() {
        Format::Prometheus => report::metrics(out, metrics(&estate, &all)),
        Format::Ics => report::calendar(out, &events(&estate, &all), estate.at),
        Format::Table
        | Format::Wide
        | Format::Json
        | Format::Jsonl
        | Format::Tsv
        | Format::Yaml
        | Format::None
        | Format::Sarif
        | Format::Html
        | Format::Markdown
        | Format::Csv => report::estate(out, &estate, &all),
    }
    report::estate_summary(out, &estate, &all);
    let result = failure(glance, &estate, &all).map_or(Ok(()), Err);
    let dangers = all.iter().flat_map(|one| dangers(glance, one)).collect();
    context.alarmed(dangers, result, out).await
}

/// What of an environment makes it fail.
fn dangers(glance: &Glance, one: &Standing<'_>) -> Vec<Change> {
    let wanted = |state: &&State| glance.fail_on.iter().any(|fail| fail.matches(**state));
    let danger = |state: &State| Change {
        over: false,
        state: state.word(),
        environment: Some(Named {
            id: one.environment.id.clone(),
            name: one.environment.display_name.clone(),
        }),
        why: one.dangers.join(", "),
    };
    one.states.iter().filter(wanted).map(danger).collect()
}

/// The evidence for auditors.
///
/// # Errors
/// The list can't be read; `Kind::Forbidden` when the report is written, and does not hold
/// everything.
pub async fn report_all(context: &Context, glance: &Glance, out: &mut Out) -> Result<()> {
    let session = &context.session;
    let estate = observe_estate(&context.reader(), context.clock(), Policies::Linked).await?;
    filters::fit(&estate, glance)?;
    let all = chosen(&estate, glance);
    filters::together(glance, all.len())?;
    let requests = session.wire().journal();
    let cloud = session.cloud();
    let identity = context.reader().identity(Service::Bap).await.ok();
    let by = identity.and_then(|identity| identity.name.or(identity.object_id));
    let change = context.ticket();
    let circumstances = Circumstances {
        cloud: &cloud.name,
        by: by.as_deref(),
        change: change.as_deref(),
        requests: &requests,
    };
    report::evidence(out, &estate, &all, &circumstances);
    out.written()?;
    let hidden = |one: &&Standing<'_>| one.states.contains(&State::NotVisible);
    whole(all.iter().filter(hidden).count(), "environment")?;
    let Some(why) = estate.partial() else {
        return Ok(());
    };
    let what = format!("The document is written. {MAY_LACK} ({why}). The document says so.");
    Err(Error::new(Kind::Forbidden, what).hint(WHOLE_TENANT))
}

/// A document that was written holds everything, unless so many things are missing in it.
///
/// # Errors
/// `Kind::Forbidden`: something is missing.
pub(super) fn whole(missing: usize, thing: &str) -> Result<()> {
    let what = match missing {
        0 => return Ok(()),
        1 => format!("One {thing} is"),
        count => format!("{count} {thing}s are"),
    };
    let what =
        format!("The document is written. {what} not visible in full. The document says which.");
    Err(Error::new(Kind::Forbidden, what)
        .hint("Run it as an account that may read policies, vaults and keys."))
}

/// The environments that were asked for, judged, worst first.
pub(super) fn chosen<'a>(estate: &'a Estate, glance: &Glance) -> Vec<Standing<'a>> {
    let within = glance
        .expiring_within
        .and_then(|within| SignedDuration::try_from(within).ok());
    let mut all = judge(estate, within);
    all.retain(|one| {
        filters::wants(glance, one.environment)
            && filters::names(glance.vault.as_deref(), vault_of(estate, one.environment))
            && (!glance.not_encrypted
                || one.states.contains(&State::NotEncrypted)
                || one.environment.key_link.unreadable().is_some())
    });
    all
}

/// What fails: a known fact decides; without one, what is not visible fails a watch that must see.
fn failure(glance: &Glance, estate: &Estate, all: &[Standing<'_>]) -> Option<Error> {
    let of = |state: State| all.iter().filter(|one| one.states.contains(&state)).count();
    let said = glance.fail_on.iter().filter_map(|fail| {
        let count = all
            .iter()
            .filter(|one| one.states.iter().any(|state| fail.matches(*state)))
            .count();
        (count > 0).then(|| format!("{count} {}", fail.word()))
    });
    let said: Vec<String> = said.collect();
    if !said.is_empty() {
        let what = format!("Environments that need attention: {}.", said.join(", "));
        return Some(Error::new(Kind::Pending, what));
    }
    if glance.fail_on.is_empty() || glance.allow_not_visible {
        return None;
    }
    const READ: &str = "The column WHAT names what is missing and why. Where it is a role, give \
        this account read access to the policies, vaults and keys.";
    let (unseen, fix) = match of(State::NotVisible) {
        0 => (format!("{MAY_LACK} ({})", estate.partial()?), WHOLE_TENANT),
        1 => ("One environment is not visible in full".to_owned(), READ),
        hidden => (
            format!("{hidden} environments are not visible in full"),
            READ,
        ),
    };
    let what = format!("{unseen}, so whether something is wrong is not known.");
    Some(
        Error::new(Kind::Forbidden, what)
            .hint(fix)
            .hint("Pass `--allow-not-visible` to accept it."),
    )
}
