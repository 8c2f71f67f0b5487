//! Signs in for later commands, and signs out.

use super::Context;
use crate::cloud::credential::memory::{How, Memory};
use crate::cloud::credential::{LogIn, Method, State};
use crate::error::{Error, Kind, Result};
use crate::report::{self, Out};
use std::path::PathBuf;

/// How a person signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// In a browser on this machine.
    Browser,
    /// With a device code.
    DeviceCode,
}

/// The options of `auth login`.
#[derive(Debug)]
pub struct Login {
    /// The flow, if the caller named one.
    pub flow: Option<Flow>,
    /// Certificate file of an application.
    pub certificate: Option<PathBuf>,
    /// The claims challenge of a service, in base64.
    pub challenge: Option<String>,
}

/// Signs in, and remembers the sign-in.
///
/// # Errors
/// No account signed in, the sign-in was refused, or it can't be remembered.
pub async fn auth_login(context: &Context, login: &Login, out: &mut Out) -> Result<()> {
    let sign_in = &context.settings.sign_in;
    if context.settings.cloud.sandbox.is_some() {
        return Err(Error::usage("A sandbox never uses real credentials.")
            .hint("Choose one of the sandbox's users with `--sandbox-user NAME`."));
    }
    if let Some(source) = &sign_in.remembering.off {
        return Err(Error::usage(format!(
            "`auth login` can't remember a sign-in, because the {source} turns remembering off."
        ))
        .hint(
            "To sign in for one command only, pass `--auth browser` or `--auth device-code` with \
            that command.",
        ));
    }
    if let Some(challenge) = &login.challenge
        && !LogIn::is_challenge(challenge)
    {
        return Err(Error::usage(
            "The value of `--claims-challenge` is not a claims challenge in base64.",
        )
        .hint("Copy the whole command that cmkctl printed."));
    }
    let how = match &login.certificate {
        Some(file) => certificate(context, file)?,
        None => by_person(context, login.flow, out)?,
    };
    let by = match &how {
        How::Browser => "browser",
        How::DeviceCode => "device-code",
        How::Certificate(_) => "certificate",
    };
    let wanted = LogIn {
        how,
        challenge: login.challenge.clone(),
    };
    let done = context.session.tokens().log_in(&wanted).await?;
    let lasts = match by {
        "certificate" => "until `cmkctl auth logout`, as long as the certificate is valid",
        _ => "until `cmkctl auth logout`, or 90 days without use",
    };
    report::logged_in(
        out,
        &report::LoggedIn {
            name: done.identity.name,
            object_id: done.identity.object_id,
            tenant: done.identity.tenant,
            client: done.client,
            by,
            file: done.file.display().to_string(),
            lasts,
        },
    );
    says_what_comes_first(context, out);
    Ok(())
}

/// Warns that environment variables of an application have priority over this sign-in.
fn says_what_comes_first(context: &Context, out: &mut Out) {
    let sources = context.session.tokens().sources();
    let earlier = sources.iter().find(|source| {
        let configured = matches!(source.method, Method::Environment | Method::Federated);
        configured && source.state == State::Ready
    });
    if let Some(earlier) = earlier {
        out.say(&format!(
            "Your environment variables set up the sign-in method `{}`, and cmkctl tries that \
            method first. To use this sign-in, pass `--auth login`, or remove the variables.",
            earlier.method.name()
        ));
    }
}

/// Signs in an application with this certificate file.
fn certificate(context: &Context, file: &PathBuf) -> Result<How> {
    let sign_in = &context.settings.sign_in;
    let client = sign_in.named_client.as_ref().or(sign_in.client_id.as_ref());
    let missing = match (&sign_in.tenant, client) {
        (Some(_), Some(_)) => None,
        (None, _) => Some("--tenant ID"),
        (_, None) => Some("--client-id ID"),
    };
    match missing {
        Some(flag) => Err(Error::usage(
            "To sign in with a certificate, cmkctl needs the tenant and the client id of the \
            application.",
        )
        .hint(format!("Pass `{flag}`."))),
        // Later commands may run in other folders, so keep the absolute path.
        None => Ok(How::Certificate(
            std::path::absolute(file).unwrap_or_else(|_| file.clone()),
        )),
    }
}

/// The flow that fits the person's terminal.
fn by_person(context: &Context, flow: Option<Flow>, out: &mut Out) -> Result<How> {
    let person = &context.settings.sign_in.person;
    let nobody = |how: &str| {
        Err(Error::new(
            Kind::SignIn,
            format!("cmkctl can't ask for a sign-in {how}: there is no terminal."),
        )
        .hint("At a terminal: `cmkctl auth login`.")
        .hint(
            "With a device code that you enter in any browser: `cmkctl auth login \
            --device-code`.",
        )
        .hint("In CI, sign in an application: `cmkctl auth status` lists the ways."))
    };
    match flow {
        Some(Flow::DeviceCode) => Ok(How::DeviceCode),
        Some(Flow::Browser) if person.can_browse() => Ok(How::Browser),
        Some(Flow::Browser) => nobody("with a browser"),
        None if person.display && person.can_browse() => Ok(How::Browser),
        None if person.at_terminal => {
            out.say("This machine can't show a browser, so you sign in with a device code.");
            Ok(How::DeviceCode)
        }
        None => nobody("here"),
    }
}

/// Removes every remembered sign-in and token.
///
/// # Errors
/// Something could not be removed.
pub fn auth_logout(context: &Context, out: &mut Out) -> Result<()> {
    let remembering = &context.settings.sign_in.remembering;
    // Opens what earlier commands have left, even if this command remembers nothing.
    let memory = match &remembering.folder {
        Some(folder) if context.settings.cloud.sandbox.is_none() => {
            Memory::open(folder.clone(), remembering.store)
        }
        _ => Memory::none(),
    };
    let file = memory.file().unwrap_or_default();
    let there = memory.is_there();
    let gone = memory.forget_all().map_err(|fault| {
        Error::new(
            Kind::Unexpected,
            "cmkctl can't remove the remembered sign-ins.",
        )
        .detail(fault.told(&file).to_string())
        .hint(format!("Delete the file yourself: `{}`.", file.display()))
    })?;
    report::logged_out(
        out,
        &report::LoggedOut {
            sign_ins: gone.logins,
            tokens: gone.tokens,
            file: there.then(|| file.display().to_string()),
        },
    );
    Ok(())
}
