//! The dialog for the environment.

use super::picking::{left, line, pick as pick_one};
use crate::error::{Error, Kind, Result};
use crate::model::environment::Environment;
use crate::model::known::Verdict;
use crate::model::target::Target;
use crate::observe::{environment as read_one, environments_shown, resolve};
use crate::report::{Entry, Out};
use crate::run::Context;
use crate::run::commands::{Command, Picks};
use crate::steps::fit::{self, Fit};

/// The word to type, because a Managed Environment changes which licences its users need.
const MANAGED: &str = "managed";

/// Lets the caller pick an environment. `None` if this account sees none.
pub(super) async fn pick(
    context: &Context,
    command: &Command,
    out: &mut Out,
) -> Result<Option<Environment>> {
    let judge = match command.picks {
        Picks::Free => fit::environment,
        Picks::Keyed => fit::linked,
    };
    let reader = context.reader();
    let found = pick_one(
        "Environment:",
        async |shown| {
            let show = |environment: &Environment| {
                let entry = entry(environment, judge(environment));
                shown.more(vec![(environment.clone(), entry)]);
            };
            environments_shown(&reader, show).await.map(|_| ())
        },
        out,
    );
    match found.await {
        Err(error) if error.is_hidden() => Ok(None),
        found => found,
    }
}

fn entry(environment: &Environment, fit: Fit) -> Entry {
    let kind = environment.sku.shown();
    let place = environment.location.shown();
    let state = environment.state().unwrap_or("state unknown");
    Entry {
        label: format!("{} ({})", environment.display_name, environment.id),
        note: format!("{kind}, {place}, {state}. {}", fit.note()),
        does: fit.does(),
        rank: u8::from(fit != Fit::Well),
    }
}

/// Reads the typed environment. `None` if this account does not see it.
pub(super) async fn read(context: &Context, typed: &str) -> Result<Option<Environment>> {
    let reader = context.reader();
    let found = async { read_one(&reader, &resolve(&reader, typed).await?).await };
    match found.await {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_hidden() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Asks whether to make an unmanaged environment a Managed Environment.
pub(super) async fn may_be_managed(
    target: &mut Target,
    environment: &Environment,
    out: &mut Out,
) -> Result<()> {
    let unmanaged = environment.managed() == Verdict::No && environment.key_link.is_absent();
    if !unmanaged || target.make_managed {
        return Ok(());
    }
    out.say(&format!(
        "A customer-managed key requires a Managed Environment, but `{}` is not managed. cmkctl \
        can make this environment a Managed Environment. Every active user then needs a premium \
        licence, or capacity for each app or flow.",
        environment.display_name
    ));
    let question =
        format!("Type `{MANAGED}` to make it a Managed Environment, or anything else to stop:");
    let answer = line(&question, out).await?.unwrap_or_default();
    if !answer.eq_ignore_ascii_case(MANAGED) {
        return Err(left());
    }
    target.make_managed = true;
    Ok(())
}

/// The error that no environment is visible, but one is required.
pub(super) fn none_seen() -> Error {
    Error::new(Kind::Forbidden, "Your account sees no environment.")
        .finding("CMK020")
        .hint(
            "To see environments, you need the role Power Platform Administrator or Dynamics 365 \
            Administrator.",
        )
        .hint("Check that you use the right account and tenant: `cmkctl auth status`.")
}
