//! The dialog of a command with missing parts, at a terminal. It lists what fits, the caller picks,
//! and the command then runs as usual.

mod environment;
mod key;
mod led;
mod names;
mod new_key;
mod others;
mod picking;
mod place;
mod policy;
mod script;
mod suggesting;

use super::changing::Gone;
use super::commands::{CREATE_POLICY, Command, ENABLE, Keys, Need, TargetWords};
use super::consent::ConsentFlags;
use super::{Context, handing};
use crate::cloud::Service;
use crate::cloud::credential::{Identity, State};
use crate::error::{Error, Kind, Result};
use crate::model::environment::Environment;
use crate::model::known::Known;
use crate::model::target::Target;
use crate::report::Out;
use crate::steps::location::policy_location;
use led::Led;
use suggesting::About;

/// Are parts missing, and can cmkctl ask for them?
///
/// # Errors
/// Usage: there is no terminal to ask at.
pub(super) fn leads(
    command: &Command,
    target: &Target,
    asked: &ConsentFlags,
    out: &Out,
) -> Result<bool> {
    let somebody = out.can_ask() && !out.is_for_scripts() && !asked.yes;
    if asked.ask && !somebody {
        return Err(
            Error::usage("`--ask` works only at a terminal, without `-o` and `--query`.").hint(
                "At a terminal, leave out `-o` and `--query`. In a script, pass the missing values \
                instead of `--ask`.",
            ),
        );
    }
    Ok(somebody && (asked.ask || command.missing(target).next().is_some()))
}

/// Is this a sandbox run without the dialog, at a terminal that could have it?
pub(super) fn could_lead(context: &Context, asked: &ConsentFlags, out: &Out) -> bool {
    let rehearsal = context.settings.cloud.sandbox.is_some();
    rehearsal && !asked.yes && out.can_ask() && !out.is_for_scripts()
}

/// Asks for everything that is missing. Changes nothing.
///
/// # Errors
/// The caller stops, nothing fits, or the rest belongs to the other administrator.
pub(super) async fn lead(
    (context, command): (&Context, &'static Command),
    target: &Target,
    asked: &ConsentFlags,
    out: &mut Out,
) -> Result<Led> {
    let identity = signed_in(context).await?;
    let mut led = Led {
        command,
        target: target.clone(),
        half: false,
        environment: None,
        readers: Vec::new(),
        names: TargetWords::default(),
    };
    led.environment = environment_of(context, &mut led, out).await?;
    if led.command.needs(Need::Key)
        && let Some(lack) = key_of(context, &mut led, out).await?
    {
        return Err(nobody_here(context, (&led, asked), (lack, &identity), out).await?);
    }
    if led.command.needs(Need::Location) && led.target.environment.is_none() {
        policy::location_of(context, &mut led.target, out).await?;
    }
    if policy::is_missing(led.command, &led.target) {
        let place = place(&led.target, led.environment.as_ref());
        led.target.policy =
            Some(policy::pick(context, (led.command, &led.target), &place, out).await?);
    }
    if led.half {
        others::readers(context, &mut led, out).await?;
    }
    led.names = names::of(&context.reader(), &led).await;
    Ok(led)
}

/// The account that is signed in.
///
/// # Errors
/// No account is signed in; lists the sign-ins of this machine.
async fn signed_in(context: &Context) -> Result<Identity> {
    let reader = context.reader();
    let failed = match reader.identity(Service::Arm).await {
        Ok(identity) => return Ok(identity),
        Err(failed) => failed,
    };
    if let Ok(identity) = reader.identity(Service::Bap).await {
        return Ok(identity);
    }
    let ways = context.session.tokens().sources();
    let tried = ways
        .iter()
        .find(|way| matches!(way.state, State::Refused(_)));
    Err(match tried {
        Some(way) => failed.hint(format!("Tried first: {}, {}", way.method.name(), way.state)),
        None => failed.hint("Sign in once, with a browser or a device code: `cmkctl auth login`."),
    })
}

/// The command's environment: picked, or read for its location.
async fn environment_of(
    context: &Context,
    led: &mut Led,
    out: &mut Out,
) -> Result<Option<Environment>> {
    let typed = led.target.environment.clone();
    let needs = |need| led.command.needs(need);
    let wanted = needs(Need::Environment)
        || (needs(Need::PolicyOrEnvironment) && led.target.policy.is_none())
        || (needs(Need::Location) && led.target.location.is_none());
    let found = match typed {
        Some(typed) => environment::read(context, &typed).await?,
        None if wanted => environment::pick(context, led.command, out).await?,
        None => return Ok(None),
    };
    match found {
        Some(found) => {
            led.target.environment = Some(found.id.clone());
            if led.command.of_environment() {
                environment::may_be_managed(&mut led.target, &found, out).await?;
            }
            Ok(Some(found))
        }
        None if led.target.environment.is_some() || !led.command.of_environment() => Ok(None),
        None if led.command.name == ENABLE.name => {
            out.say(
                "Your account sees no environment. cmkctl now does the Key Vault administrator's \
                part: it creates the policy and grants its identity access to the key.",
            );
            (led.command, led.half) = (&CREATE_POLICY, true);
            Ok(None)
        }
        None => Err(environment::none_seen()),
    }
}

/// Why this account can't pick or create a key.
struct Lack {
    /// No vault is visible. Holds why some may exist.
    unseen: Option<Vec<String>>,
    /// Why it may not create a key.
    why: String,
}

/// Asks for vault and key if one of them is missing: an existing key, or a new one.
async fn key_of(context: &Context, led: &mut Led, out: &mut Out) -> Result<Option<Lack>> {
    let Target { vault, key, .. } = &led.target;
    if vault.is_some() && key.is_some() {
        return Ok(None);
    }
    let keys = led.command.keys;
    let found = if keys == Keys::New || led.target.new_key.is_some() {
        key::Found::New
    } else {
        let about = key::About {
            vault: vault.as_ref(),
            key: key.as_ref(),
            environment: led.environment.as_ref(),
            // A key to rotate or retire need not fit a new policy.
            as_it_is: keys == Keys::AsTheyAre,
            program: &context.program(),
        };
        key::pick(context, &about, out).await?
    };
    let unseen = match found {
        key::Found::One(vault, key) => {
            (led.target.vault, led.target.key) = (Some(vault), Some(key));
            return Ok(None);
        }
        key::Found::NoVault(gaps) if keys == Keys::AsTheyAre || vault.is_some() => {
            let why = String::new();
            return Ok(Some(Lack {
                unseen: Some(gaps),
                why,
            }));
        }
        key::Found::NoVault(gaps) => Some(gaps),
        key::Found::New => None,
    };
    let about = About {
        context,
        environment: led.environment.as_ref(),
        location: place(&led.target, led.environment.as_ref()),
    };
    let lack = new_key::ask(&about, &mut led.target, out).await?;
    Ok(lack.map(|why| Lack { unseen, why }))
}

/// The error that the other administrator must create the key, with the command for them if it is
/// known.
async fn nobody_here(
    context: &Context,
    (led, asked): (&Led, &ConsentFlags),
    (lack, identity): (Lack, &Identity),
    out: &mut Out,
) -> Result<Error> {
    let environment = led.environment.as_ref();
    let Some(environment) = environment.filter(|_| led.command.of_environment()) else {
        return Ok(match lack.unseen {
            Some(gaps) => key::none_seen(&gaps),
            None => key::none_made(&lack.why),
        });
    };
    handing::of_first(context, (led.command, &led.target), environment, asked, out).await?;
    let why = match lack.unseen {
        Some(_) => "Your account sees no key vault",
        None => lack.why.trim_end_matches('.'),
    };
    let name = names::environment(&context.reader(), environment).await;
    let program = others::program(context, "key-vault-admin");
    let error = others::key_vault_first(&program, (led, why), (environment, &name), identity);
    Ok(others::as_a_file(error, asked))
}

/// The location that the policy must have.
fn place(target: &Target, environment: Option<&Environment>) -> Known<String> {
    if let Some(location) = &target.location {
        return Known::Known(location.clone());
    }
    environment.map_or_else(Known::default, |environment| {
        environment
            .location
            .clone()
            .map(|location| policy_location(&location))
    })
}

/// At the end: prints the whole as one command, and who continues.
///
/// # Errors
/// The command's own, or that the rest belongs to the other administrator.
pub(super) fn told(
    context: &Context,
    led: &Led,
    (asked, gone): (&ConsentFlags, Gone),
    out: &mut Out,
) -> Result<()> {
    let refused = |error: &Error| error.kind == Kind::Usage;
    if !gone.result.as_ref().is_err_and(refused) {
        out.say("To do the same without questions, for example in a script:");
        out.say(&script::whole(context, led, asked, &gone.names));
    }
    gone.result?;
    if led.half && !asked.dry_run {
        let program = others::program(context, "power-platform-admin");
        let next = others::power_platform_next(&program, &led.target);
        return Err(others::as_a_file(next, asked));
    }
    Ok(())
}
