//! `status --all`: the whole tenant, worst first.

use super::Context;
use super::filters::{self, StatusFilter, vault_of};
use crate::cloud::Service;
use crate::error::{Error, Kind, Result};
use crate::model::estate::{Estate, JudgedEnvironment, State};
use crate::model::notice::Change;
use crate::observe::{Policies, observe_estate};
use crate::report::{self, Circumstances, Format, MAY_LACK, Out, Told};
use crate::steps::calendar::events;
use crate::steps::danger::judge;
use crate::steps::metrics::metrics;
use jiff::SignedDuration;

/// The remedy for a list that may lack environments.
pub(super) const WHOLE_TENANT: &str = "Use an account that administers the whole tenant.";

/// Prints every environment of the tenant.
///
/// # Errors
/// The list can't be read. `Kind::Pending` if a condition of `fail_on` holds.
pub async fn status_all(context: &Context, filter: &StatusFilter, out: &mut Out) -> Result<()> {
    let seen = observe_estate(&context.reader(), context.clock(), Policies::Linked).await;
    let estate = match seen {
        Ok(estate) => estate,
        Err(error) if filter.fail_on.is_empty() => return Err(error),
        Err(error) => return context.alarmed(Vec::new(), Err(error), out).await,
    };
    filters::fit(&estate, filter)?;
    let all = chosen(&estate, filter);
    filters::together(filter, all.len())?;
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
    let result = failure(filter, &estate, &all).map_or(Ok(()), Err);
    let dangers = all
        .iter()
        .flat_map(|judged| dangers(filter, judged))
        .collect();
    context.alarmed(dangers, result, out).await
}

/// The states of an environment that make `--fail-on` fail.
fn dangers(filter: &StatusFilter, judged: &JudgedEnvironment<'_>) -> Vec<Change> {
    let wanted = |state: &&State| filter.fails(judged, **state);
    let danger = |state: &State| Change::danger(judged, *state);
    judged.states.iter().filter(wanted).map(danger).collect()
}

/// Prints the evidence for auditors.
///
/// # Errors
/// The list can't be read. `Kind::Forbidden` if the report is written but incomplete.
pub async fn report_all(context: &Context, filter: &StatusFilter, out: &mut Out) -> Result<()> {
    let session = &context.session;
    let estate = observe_estate(&context.reader(), context.clock(), Policies::Linked).await?;
    filters::fit(&estate, filter)?;
    let all = chosen(&estate, filter);
    filters::together(filter, all.len())?;
    let requests = session.wire().journal();
    let cloud = session.cloud();
    let identity = context.reader().identity(Service::Bap).await.ok();
    let (tenant, by) = identity.map_or((None, None), |identity| {
        (identity.tenant, identity.name.or(identity.object_id))
    });
    // A sign-in takes the tenant by its id or by one of its domains.
    let domain = context.settings.sign_in.tenant.as_deref();
    let program = context.program();
    let change = context.ticket();
    let circumstances = Circumstances {
        cloud: &cloud.name,
        tenant: tenant.as_deref(),
        domain: domain.filter(|domain| domain.contains('.')),
        rehearsal: cloud.sandbox.is_some(),
        program: &program,
        by: by.as_deref(),
        change: change.as_deref(),
        requests: &requests,
    };
    let told = report::evidence(out, &estate, &all, &circumstances);
    out.written()?;
    let hidden = |judged: &&JudgedEnvironment<'_>| judged.states.contains(&State::NotVisible);
    let hidden = all.iter().filter(hidden).count();
    if told == Told::Summary && hidden > 0 {
        return Err(in_part("Some environments are not visible in full."));
    }
    whole(hidden, "environment")?;
    let Some(why) = estate.partial() else {
        return Ok(());
    };
    let lacks = format!("{MAY_LACK} ({why}).");
    let what = match told {
        Told::Summary => lacks,
        Told::Document => format!("cmkctl wrote the document. {lacks} The document says so, too."),
    };
    Err(Error::new(Kind::Forbidden, what).hint(WHOLE_TENANT))
}

/// Checks that a written document is complete. `missing`: the number of missing items.
///
/// # Errors
/// `Kind::Forbidden`: the document is incomplete.
pub(super) fn whole(missing: usize, thing: &str) -> Result<()> {
    let what = match missing {
        0 => return Ok(()),
        1 => format!("One {thing} is"),
        count => format!("{count} {thing}s are"),
    };
    let what =
        format!("The document is written. {what} not visible in full. The document says which.");
    Err(in_part(&what))
}

fn in_part(what: &str) -> Error {
    Error::new(Kind::Forbidden, what)
        .hint("Use an account that can read policies, vaults and keys.")
}

/// The environments that the filters keep, judged, worst first.
pub(super) fn chosen<'a>(estate: &'a Estate, filter: &StatusFilter) -> Vec<JudgedEnvironment<'a>> {
    let within = filter
        .expiring_within
        .and_then(|within| SignedDuration::try_from(within).ok());
    let mut all = judge(estate, within);
    all.retain(|judged| {
        filters::wants(filter, judged.environment)
            && filters::names(
                filter.vault.as_deref(),
                vault_of(estate, judged.environment),
            )
            && (!filter.not_encrypted
                || judged.states.contains(&State::NotEncrypted)
                || judged.environment.key_link.unreadable().is_some())
    });
    all
}

/// The failure of `--fail-on`. A known fact decides. Otherwise an environment that is not visible
/// fails the check, because it must see everything.
fn failure(filter: &StatusFilter, estate: &Estate, all: &[JudgedEnvironment<'_>]) -> Option<Error> {
    let of = |state: State| {
        all.iter()
            .filter(|judged| judged.states.contains(&state))
            .count()
    };
    let counts = filter.fail_on.iter().filter_map(|fail| {
        let count = all
            .iter()
            .filter(|judged| {
                judged
                    .states
                    .iter()
                    .any(|state| fail.matches(judged, *state))
            })
            .count();
        (count > 0).then(|| format!("{count} {}", fail.word()))
    });
    let counts: Vec<String> = counts.collect();
    if !counts.is_empty() {
        let what = format!("Environments that need attention: {}.", counts.join(", "));
        return Some(Error::new(Kind::Pending, what));
    }
    if filter.fail_on.is_empty() || filter.allow_not_visible {
        return None;
    }
    const READ: &str = "The column WHAT shows what is not visible, and why. If a role is missing, \
        give this account read access to the policies, vaults and keys.";
    let (unseen, fix) = match of(State::NotVisible) {
        0 => (format!("{MAY_LACK} ({})", estate.partial()?), WHOLE_TENANT),
        1 => ("One environment is not visible in full".to_owned(), READ),
        hidden => (
            format!("{hidden} environments are not visible in full"),
            READ,
        ),
    };
    let what = format!("{unseen}, so cmkctl can't tell whether any environment needs attention.");
    Some(
        Error::new(Kind::Forbidden, what)
            .hint(fix)
            .hint("To accept facts that are not visible, pass `--allow-not-visible`."),
    )
}
