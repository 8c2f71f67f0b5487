//! The other administrator's part, as one complete command.

use super::led::Led;
use super::picking::{left, line, refuse};
use crate::cloud::credential::Identity;
use crate::config::reader_named;
use crate::error::{Error, Kind, Result};
use crate::model::environment::Environment;
use crate::model::system::{System, quoted};
use crate::model::target::Target;
use crate::report::Out;
use crate::run::Context;
use crate::run::commands::{ADD_ENVIRONMENT, CREATE_POLICY};
use crate::run::consent::ConsentFlags;
use crate::run::naming::reader_id;
use crate::steps::location::policy_location;

/// How another person calls cmkctl. In a sandbox, as `user`.
pub(super) fn program(context: &Context, user: &str) -> String {
    let mut words = context.program_of_others();
    if context.settings.cloud.sandbox.is_some() {
        words.extend(["--sandbox-user".to_owned(), user.to_owned()]);
    }
    System::HERE.shell().line(&words)
}

/// The error that the Key Vault administrator must create the policy first, because this account
/// can't tell which key.
pub(super) fn key_vault_first(
    program: &str,
    (led, why): (&Led, &str),
    (environment, name): (&Environment, &str),
    identity: &Identity,
) -> Error {
    let location = environment.location.known();
    let location = location.map_or(String::new(), |location| {
        format!(" --location {}", quoted(&policy_location(location)))
    });
    let reader = identity.object_id.as_ref();
    let reader = reader.map_or(String::new(), |id| format!(" --reader {}", quoted(id)));
    let first = format!(
        "{program} {} {}{location}{reader} --ask",
        CREATE_POLICY.name,
        quoted(name)
    );
    let managed = if led.target.make_managed {
        " Add `--make-managed` to your command."
    } else {
        ""
    };
    Error::new(
        Kind::Forbidden,
        format!(
            "No changes were made. {why}. The Key Vault administrator must create the policy first."
        ),
    )
    .hint("The Key Vault administrator runs:")
    .hint(first)
    .hint(format!(
        "At the end, this command prints the next command for you.{managed}"
    ))
}

/// Adds the hint that the other administrator's part is available as a script.
pub(super) fn as_a_file(error: Error, asked: &ConsentFlags) -> Error {
    match asked.hand_over {
        Some(_) => error,
        None => error.hint(
            "To write a script for the other administrator, run the same command again with \
            `--hand-over FILE`.",
        ),
    }
}

/// The error that the Power Platform administrator must add the environment, because this account
/// sees none.
pub(super) fn power_platform_next(program: &str, target: &Target) -> Error {
    let policy = target
        .policy
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let environment = target.environment.as_ref();
    let environment = environment.map_or(String::new(), |id| format!(" {}", quoted(id)));
    let next = format!(
        "{program} {}{environment} --policy {} --ask",
        ADD_ENVIRONMENT.name,
        quoted(&policy)
    );
    Error::new(
        Kind::Forbidden,
        "Your part is done. The environment is not encrypted yet. The Power Platform administrator \
        must add the environment to the policy.",
    )
    .hint("The Power Platform administrator runs:")
    .hint(next)
}

/// Asks for the account that adds the environment, because it must be able to read the policy.
/// Takes the same text as `--reader`.
pub(super) async fn readers(context: &Context, led: &mut Led, out: &mut Out) -> Result<()> {
    if !led.target.readers.is_empty() {
        return Ok(());
    }
    out.say(
        "The account that adds the environment must be able to read the policy. Type the user \
        principal name of a user, the name of an application, or an object id.",
    );
    loop {
        let question = "Reader of the policy (press Enter if no grant is needed):";
        let typed = line(question, out).await?.ok_or_else(left)?;
        if typed.is_empty() {
            return Ok(());
        }
        match meant(context, &typed, out).await {
            Ok(id) => {
                led.target.readers.push(id.clone());
                led.readers.push((id, typed));
                return Ok(());
            }
            Err(error) if error.kind.is_interruption() => return Err(error),
            Err(error) => refuse(&error, out),
        }
    }
}

/// The object id of the account that the typed text means.
async fn meant(context: &Context, typed: &str, out: &mut Out) -> Result<String> {
    let named = reader_named(typed)?;
    reader_id(&context.reader(), &named, out).await
}
