//! Finds the environment that the caller named, and says why it can't be read.

use crate::cloud::Reader;
use crate::cloud::fault::{Fault, Happened, Reply};
use crate::error::{Error, Kind, Result};
use crate::model::cause::Cause;
use crate::model::environment::Environment;
use crate::model::near::did_you_mean;
use crate::model::seen::{Reason, Seen, Told, Unreadable};
use crate::model::who;
use crate::steps::environment::{Resolution, direct_id, resolve as resolve_among};

/// The id of the named environment. A complete environment id is returned as it is; any other text
/// is looked up in the tenant's list.
///
/// # Errors
/// Usage: no environment fits, or several fit. The error lists those that exist. If the list can't
/// be read: the service's own error.
pub async fn resolve(reader: &Reader, typed: &str) -> Result<String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(Error::usage("The name or id of the environment is empty.")
            .hint("Pass an environment id, a URL or a name."));
    }
    if let Some(id) = direct_id(typed) {
        return Ok(id);
    }
    let all = reader.environments().await.map_err(|fault| {
        environment_error("The environments of the tenant can't be listed.", fault)
    })?;
    if all.is_empty() {
        return Err(no_role("No environment of the tenant is visible to you."));
    }
    match resolve_among(typed, &all) {
        Resolution::One(environment) => Ok(environment.id.clone()),
        Resolution::Several(several) => {
            let mut error = Error::usage(format!(
                "`{typed}` is the name of {} environments.",
                several.len()
            ))
            .finding("CMK002");
            for environment in several {
                error = error.hint(one_line(environment));
            }
            Err(error.hint("Pass the id of the environment that you mean."))
        }
        Resolution::None => {
            let mut error = Error::usage(format!(
                "No environment that you can see matches `{typed}`."
            ))
            .finding("CMK002");
            error
                .hints
                .extend(did_you_mean(typed, all.iter().flat_map(called)));
            for environment in all.iter().take(20) {
                error = error.hint(one_line(environment));
            }
            if all.len() > 20 {
                error = error.hint(format!("… and {} more.", all.len() - 20));
            }
            Err(error.hint(
                "Pass the name, id or URL of an environment that you can see. If yours is missing, \
                    get the role Power Platform Administrator or Dynamics 365 Administrator, and \
                    check the tenant: `cmkctl auth status`.",
            ))
        }
    }
}

/// Every name by which a caller can find an environment.
fn called(environment: &Environment) -> impl Iterator<Item = &str> {
    let url = environment.app().and_then(|app| app.url.as_deref());
    let host = url
        .and_then(|url| url.strip_prefix("https://"))
        .map(|host| host.trim_end_matches('/'));
    let dataverse = environment
        .dataverse
        .as_ref()
        .and_then(|dataverse| dataverse.unique_name.as_deref());
    [Some(environment.display_name.as_str()), host, dataverse]
        .into_iter()
        .flatten()
}

fn one_line(environment: &Environment) -> String {
    let url = environment.app().and_then(|app| app.url.as_deref());
    let url = url.or_else(|| {
        environment
            .dataverse
            .as_ref()
            .and_then(|dataverse| dataverse.url.as_deref())
    });
    format!(
        "{}  {}  {}",
        environment.id,
        environment.display_name,
        url.unwrap_or("-")
    )
}

pub(super) fn no_role(message: &str) -> Error {
    Error::new(Kind::Forbidden, message)
        .finding("CMK020")
        .hint(
            "Check that your account has the role Power Platform Administrator or Dynamics 365 \
            Administrator.",
        )
        .hint(
            "Check that your account belongs to the right tenant and cloud (`--tenant` and \
            `--cloud`): `cmkctl auth status`.",
        )
}

pub(super) fn environment_error(what: &str, fault: Fault) -> Error {
    let registered = !(fault.status() == Some(403)
        && fault
            .message
            .contains("does not have permission to access the path"));
    let status = fault.status();
    let passing =
        fault.is_ambiguous() || status == Some(429) || fault.happened == Happened::NotSent;
    let foreign = fault.happened == Happened::Foreign;
    let error = fault.into_error(what);
    if !registered {
        return error
            .finding("CMK022")
            .hint(
                "A human administrator must register the service principal once as a management \
                application: `New-PowerAppManagementApp -ApplicationId CLIENT_ID`.",
            )
            .hint("A service principal can't register itself.");
    }
    match status {
        Some(403) if error.cause == Some(Cause::Role) => error.finding("CMK021").of_role(
            "Your account requires the role Power Platform Administrator or Dynamics 365 \
                Administrator. If you are eligible for the role, activate it in Privileged \
                Identity Management.",
        ),
        _ if foreign => error.hint(
            "cmkctl sends no token to this host. If the host belongs to your cloud, pass \
                `--endpoint bap=HOST`.",
        ),
        _ if passing && !error.explained => error.hint(
            "This error is often temporary. Run the same command again in a few minutes. If the \
            error stays, check whether a proxy blocks the connection.",
        ),
        _ => error,
    }
}

pub(super) async fn found(
    reader: &Reader,
    id: &str,
    reply: Reply<Environment>,
) -> Result<Environment> {
    let fault = match reply {
        Ok(environment) => return Ok(environment),
        Err(fault) => fault,
    };
    if fault.status() != Some(404) {
        return Err(environment_error(
            &format!("The environment {id} can't be read."),
            fault,
        ));
    }
    // The service answers 404 also to accounts without access. The list tells a wrong id from a
    // missing role, and from a stale replica.
    let all = reader.environments().await.map_err(|fault| {
        environment_error(
            &format!("cmkctl can't tell whether the environment {id} exists."),
            fault,
        )
    })?;
    if all
        .iter()
        .any(|environment| environment.id.eq_ignore_ascii_case(id))
    {
        let second_look = reader.environment(id).await;
        return second_look.map_err(|fault| {
            let what = format!("The environment {id} can't be read.");
            if fault.is_absence() {
                listed_and_hidden(&what, fault)
            } else {
                environment_error(&what, fault)
            }
        });
    }
    let sees_others = !all.is_empty();
    let correlation = fault.correlation.clone();
    let mut error = if sees_others {
        Error::usage(format!(
            "No environment with the id {id} is visible to you."
        ))
        .finding("CMK020")
        .hint("List the environments that you can see: `cmkctl list environments`.")
    } else {
        no_role(&format!(
            "You can't see the environment {id} or any other environment."
        ))
    };
    error.code = fault.code;
    error.correlation = correlation;
    error.detail = Some(fault.message);
    Err(error)
}

/// The error for an environment that is listed but can't be read alone. The administrator is not a
/// member of it (`C`: public reports of administrators).
fn listed_and_hidden(what: &str, fault: Fault) -> Error {
    let mut error = Error {
        kind: Kind::Forbidden,
        ..fault.into_error(what)
    };
    error.hints = vec![
        "Add yourself to the environment in the Power Platform admin center (self-elevate). Then \
        run the same command again."
            .to_owned(),
    ];
    error.explained = true;
    error.finding("CMK020")
}

/// Reads one environment alone.
///
/// # Errors
/// The environment can't be read.
pub async fn environment(reader: &Reader, id: &str) -> Result<Environment> {
    found(reader, id, reader.environment(id).await).await
}

/// The environment of a snapshot, if its id could not be looked up.
pub fn unseen(error: &Error) -> Seen<Environment> {
    Seen::Unreadable(unseen_environment(error))
}

/// The error of an unreadable environment, as a value in a snapshot.
pub(super) fn unseen_environment(error: &Error) -> Unreadable {
    let reason = Reason::of(error.finding);
    let told = error.explained && !error.is_hidden();
    if let Some(remedy) = error.hints.first().filter(|_| told) {
        let who = if error.cause == Some(Cause::Network) {
            who::NETWORK
        } else {
            who::CALLER
        };
        return Unreadable {
            told: Some(Box::new(Told {
                text: String::new(),
                remedy: Some((remedy.clone(), who)),
            })),
            ..Unreadable::because(error.to_string().trim_end_matches('.'))
        };
    }
    // The administrator is not a member of the environment.
    let hidden = error.explained;
    let why = match reason {
        Reason::NotRegistered => {
            "this service principal is not registered as a management application"
        }
        Reason::NoRole => {
            "your account lacks the role Power Platform Administrator or Dynamics \
            365 Administrator"
        }
        Reason::NotShown if hidden => {
            "the list shows the environment, but cmkctl can't \
            read its details"
        }
        Reason::NotShown | Reason::KeyWithoutPolicy | Reason::Other => {
            "your account can't administer the environments of the tenant"
        }
    };
    Unreadable {
        why: why.to_owned(),
        forbidden: true,
        reason,
        told: hidden.then(|| {
            let remedy = error.hints.first().cloned();
            Box::new(Told {
                text: String::new(),
                remedy: remedy.map(|remedy| (remedy, who::POWER_PLATFORM)),
            })
        }),
    }
}
