//! The one road of every command: resolve, observe, plan, consent, apply, verify, report.

// A third answer is never "everything else".
#![deny(clippy::wildcard_enum_match_arm)]

mod activating;
mod applying;
mod asking;
mod calling;
mod changing;
mod checking;
pub mod commands;
mod ending;
mod estate;
mod exporting;
mod filters;
mod fixing;
mod guiding;
mod handing;
mod helping;
mod holding;
mod listing;
mod logging_in;
mod naming;
mod notifying;
mod planning;
mod proving;
mod reading;
mod recalling;
mod rechecking;
mod rotation;
mod serving;
mod staged;
mod starting;
mod waiting;
mod wanted;
mod watching;
mod waves;

pub use crate::model::who::Side;
pub use applying::apply_wanted;
pub use asking::Asked;
pub use checking::check;
pub use estate::{report_all, status_all};
pub use exporting::{Language, export};
pub use filters::{FailOn, Glance};
pub use helping::{
    Names, SANDBOX_USERS, clouds, config_init, config_set, config_show, doctor, names, scenarios,
    sign_ins, write_files,
};
pub use listing::{
    Listing, list_environments, list_keys, list_policies, list_subscriptions, list_vaults,
};
pub use logging_in::{Flow, Login, auth_login, auth_logout};
pub use planning::{Wishes, plan_file};
pub use reading::{auth_status, check_integration, environment_name, status};
pub use recalling::history;
pub use rotation::rotation_policy;
pub use serving::{Rehearsal, Served, scenario, serve};
pub use starting::change;
pub use waiting::status_after_wait;
pub use wanted::adopt;
pub use watching::{Watching, watch};

use calling::{Calling, line};

use crate::audit::Trail;
use crate::cloud::credential::{DevicePrompt, Tokens};
use crate::cloud::wire::Wire;
use crate::cloud::{Clock, Reader, Session};
use crate::config::{self, Flags, Settings, Typed};
use crate::error::{Error, Kind, Result};
use crate::model::plan::Plan;
use crate::model::target::Target;
use crate::observe::Looking;
use crate::report::Out;
use crate::sandbox::{self, Sandbox};
use std::sync::Arc;

/// What a command runs with.
#[derive(Debug)]
pub struct Context {
    /// Flags, environment and file.
    pub settings: Settings,
    /// The signed-in conversation.
    pub session: Session,
    sandbox: Option<Sandbox>,
    calling: Calling,
}

impl Context {
    /// Reads the configuration, starts the sandbox if one was asked for, and prepares the sign-in.
    /// Sends nothing.
    ///
    /// # Errors
    /// Configuration that can't be right; no port for the sandbox.
    pub async fn open(flags: &Flags, rehearsal: Option<&Rehearsal>, out: &mut Out) -> Result<Self> {
        let mut sandbox = None;
        if let Some(rehearsal) = rehearsal {
            if flags.cloud.is_some() {
                return Err(
                    Error::usage("`--sandbox` and `--cloud` exclude each other.").hint(
                        "Leave out `--cloud` to rehearse in a sandbox, or `--sandbox` to work \
                        in the cloud.",
                    ),
                );
            }
            let options = sandbox::Options {
                scenario: scenario(&rehearsal.scenario)?,
                speed: rehearsal.speed,
                latency: rehearsal.latency,
                port: 0,
                tls: false,
            };
            let started = Sandbox::start(options).await;
            sandbox = Some(started.map_err(|error| {
                Error::new(Kind::Unexpected, "The sandbox can't listen on 127.0.0.1.")
                    .detail(format!("{error}."))
            })?);
        }
        let mut settings = config::load(
            flags,
            sandbox
                .as_ref()
                .map(|sandbox| sandbox.cloud_file().to_string()),
        )?;
        if settings.cloud.sandbox.is_some() {
            out.say(
                "Rehearsal in a sandbox on this machine: no real environment, no real sign-in.",
            );
        }
        let wire = Arc::new(Wire::new(settings.cloud.clone(), &settings.network)?);
        settings.sign_in.person.at_terminal = out.can_ask();
        out.reads_lines(settings.plain);
        let style = settings.style.clone();
        let prompt = move |prompt: &DevicePrompt| Out::new(style.clone()).say(&prompt.message);
        let tokens = Arc::new(Tokens::new(
            wire.clone(),
            settings.sign_in.clone(),
            Arc::new(prompt),
        ));
        Ok(Self {
            session: Session::new(wire, tokens),
            calling: Calling::of(
                flags,
                settings.cloud_argument.as_deref(),
                rehearsal.map(|rehearsal| rehearsal.scenario.as_str()),
            ),
            settings,
            sandbox,
        })
    }

    /// Which environment was asked for: a command that is about nothing else looks up no name of a
    /// policy or a vault.
    ///
    /// # Errors
    /// Malformed ids and names.
    pub fn target_of_environment(&self, typed: Option<&String>) -> Result<Target> {
        Ok(self.settings.about(&Typed::of(typed, None))?.by_ids())
    }

    /// What was asked for, names looked up; how a name was understood is said.
    ///
    /// # Errors
    /// Malformed ids and names; a name that fits nothing, or several.
    pub async fn target(&self, typed: &Typed, out: &mut Out) -> Result<Target> {
        let about = self.settings.about(typed)?;
        let named = naming::named(&self.reader(), &about, typed, out).await?;
        if let Some(version) = &about.unpinned {
            out.say(&format!(
                "The version {} in the key identifier is not pinned: environments follow the \
                key's rotation. To pin it, pass `--key-version`.",
                version.as_str()
            ));
        }
        let mut target = about.target(named.policy, named.vault, named.readers);
        if let Some(key) = &typed.new_key {
            target.new_key = Some(key.understood(self.clock().now())?);
        }
        Ok(target)
    }

    /// What `flag` does must be written down.
    ///
    /// # Errors
    /// No audit log was given.
    pub fn must_be_audited(&self, flag: &str) -> Result<()> {
        if self.settings.audit_log.is_some() {
            return Ok(());
        }
        Err(Error::usage(format!(
            "`{flag}` is written to the audit log, and none was given."
        ))
        .hint("Pass `--audit-log FILE`."))
    }

    /// The audit trail of a plan.
    ///
    /// # Errors
    /// Its file can't be written, or could not be before: no other change follows then.
    fn trail(&self, command: &'static str, plan: &Plan) -> Result<Trail> {
        self.session.unwritten().map_or(Ok(()), Err)?;
        Trail::open(
            self.settings.audit_log.as_deref(),
            &self.session.cloud().name,
            command,
            plan.fingerprint(),
        )
        .map(|trail| trail.overriding(plan.overridden()).of_change(self.ticket()))
    }

    /// The change ticket of this run, for documents.
    fn ticket(&self) -> Option<String> {
        self.settings.ticket.as_ref().map(ToString::to_string)
    }

    /// How a command ended, given what is missing in the audit log: with a line that is lost
    /// nothing is a success. What runs on at the service is none either; any other failure says
    /// more than the log does, and stays.
    ///
    /// # Errors
    /// That of the command, or of the log.
    pub fn audited(&self, result: Result<()>, out: &mut Out) -> Result<()> {
        let Some(lost) = self.session.unwritten() else {
            return result;
        };
        match result {
            Ok(()) => Err(lost),
            Err(error) if error == lost => Err(error),
            Err(error) if error.kind == Kind::StillRunning => {
                out.error_in_passing(&error);
                Err(lost)
            }
            Err(error) => {
                out.error_in_passing(&lost);
                Err(error)
            }
        }
    }

    /// How this program is called again for the same cloud: commands that are shown can be pasted.
    fn program(&self) -> String {
        self.calling.again()
    }

    /// The same, word by word, for somebody else.
    fn program_of_others(&self) -> Vec<String> {
        self.calling.by_others()
    }

    /// The same, as one piece of a command line.
    fn line_of_others(&self) -> String {
        line(&self.calling.by_others())
    }

    /// Says that a rehearsal inside this process has ended: what is shown of it can't be followed
    /// as long as nobody serves a sandbox.
    ///
    /// # Errors
    /// That of the command.
    pub fn ended(&self, result: Result<()>, out: &mut Out) -> Result<()> {
        let Some(ended) = self.calling.ended() else {
            return result;
        };
        if result.is_ok() {
            out.say(&ended);
            out.say(
                "For a real environment, run `cmkctl enable`. It says how to sign in, and asks for \
                    what it needs.",
            );
        }
        result.map_err(|error| error.hint(ended))
    }

    fn reader(&self) -> Reader {
        self.session.reader()
    }

    /// Looks at what was asked for.
    fn looking<'a>(
        &'a self,
        reader: &'a Reader,
        target: &'a Target,
        environment: Option<&'a str>,
    ) -> Looking<'a> {
        Looking {
            reader,
            clock: self.clock(),
            target,
            environment,
        }
    }

    fn clock(&self) -> &Clock {
        self.session.clock()
    }

    /// Says what it cost, when the sandbox runs in this process.
    pub fn cost(&self) {
        if let Some(sandbox) = &self.sandbox {
            let ledger = sandbox.ledger();
            tracing::info!(
                "The sandbox counted {} requests, {} of them changes, {} one after the other, and \
                    {} sign-ins.",
                ledger["requests"],
                ledger["writes"],
                ledger["chain"],
                ledger["sign_ins"]
            );
        }
    }
}

fn environment_wanted(target: &Target) -> Result<&str> {
    target.environment.as_deref().ok_or_else(|| {
        Error::usage("No environment was given.")
            .hint("Pass its id, its URL or its name, or set `CMKCTL_ENVIRONMENT`.")
            .hint("Try it without one: `--sandbox`.")
    })
}

/// A failure whose words are on stdout already.
fn quiet(kind: Kind, message: &str) -> Error {
    Error::new(kind, message)
}
