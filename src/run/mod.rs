//! The stages of every command: resolve, observe, plan, consent, apply, verify, report.

// Every match names each case, also those for unknown facts.
#![deny(clippy::wildcard_enum_match_arm)]

mod activating;
mod applying;
mod calling;
mod changing;
mod checking;
mod checking_for;
pub mod commands;
mod consent;
mod courier;
mod ending;
mod estate;
mod exporting;
mod filters;
mod fixing;
mod guiding;
mod handing;
mod helping;
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
mod unchanged_plan;
mod waiting;
mod wanted;
mod watching;
mod waves;

pub use crate::model::purpose::Purpose;
pub use crate::model::shell;
pub use crate::model::who::Side;
pub use applying::apply_wanted;
pub use checking::check;
pub use checking_for::{CheckFor, check_for};
pub use consent::ConsentFlags;
pub use estate::{report_all, status_all};
pub use exporting::{Export, Language, export};
pub use filters::{FailOn, StatusFilter};
pub use helping::{
    Names, SANDBOX_USERS, azure_regions, clouds, codes, config_init, config_set, config_show,
    doctor, names, policy_locations, scenarios, sign_ins, write_files,
};
pub use listing::{
    Listing, list_environments, list_keys, list_policies, list_subscriptions, list_vaults,
};
pub use logging_in::{Flow, Login, auth_login, auth_logout};
pub use planning::{Wishes, plan_file};
pub use reading::{StatusRequest, auth_status, check_integration, environment_name, status};
pub use recalling::history;
pub use rotation::rotation_policy;
pub use serving::{Rehearsal, Served, scenario, serve};
pub use starting::change;
pub use waiting::status_after_wait;
pub use wanted::adopt;
pub use watching::{Watching, watch};

use calling::Calling;

use crate::audit::Trail;
use crate::cloud::credential::{DevicePrompt, Tokens};
use crate::cloud::wire::Wire;
use crate::cloud::{Clock, Reader, Session};
use crate::config::{self, Flags, Settings, Typed};
use crate::error::{Error, Kind, Result};
use crate::model::count::counted;
use crate::model::plan::Plan;
use crate::model::system::System;
use crate::model::target::Target;
use crate::observe::Looking;
use crate::report::Out;
use crate::sandbox::{self, Sandbox};
use std::sync::Arc;

/// The settings and connections of a command.
#[derive(Debug)]
pub struct Context {
    /// Flags, environment variables and file.
    pub settings: Settings,
    /// The connection to the services.
    pub session: Session,
    sandbox: Option<Sandbox>,
    calling: Calling,
}

impl Context {
    /// Reads the configuration, starts a requested sandbox, and prepares the sign-in. Sends
    /// nothing.
    ///
    /// # Errors
    /// The configuration is invalid, or the sandbox gets no port.
    pub async fn open(flags: &Flags, rehearsal: Option<&Rehearsal>, out: &mut Out) -> Result<Self> {
        let mut sandbox = None;
        if let Some(rehearsal) = rehearsal {
            if flags.cloud.is_some() {
                return Err(
                    Error::usage("You can't use `--sandbox` and `--cloud` together.").hint(
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

    /// The target with only an environment. It looks up no name of a policy or a vault.
    ///
    /// # Errors
    /// Malformed ids and names.
    pub fn target_of_environment(&self, typed: Option<&String>) -> Result<Target> {
        Ok(self.settings.about(&Typed::of(typed, None))?.by_ids())
    }

    /// The target with only an environment, and a policy that it left.
    ///
    /// # Errors
    /// Malformed ids and names.
    pub fn target_of_leaving(
        &self,
        typed: Option<&String>,
        from: Option<&String>,
    ) -> Result<Target> {
        let typed = Typed {
            swap_from: from.cloned(),
            ..Typed::of(typed, None)
        };
        let target = self.settings.about(&typed)?.by_ids();
        Ok(Target {
            environment: target.environment,
            from: target.from,
            ..Target::default()
        })
    }

    /// The target with all names looked up. Prints how it understood each name.
    ///
    /// # Errors
    /// Malformed ids and names. A name that matches nothing, or several things.
    pub async fn target(&self, typed: &Typed, out: &mut Out) -> Result<Target> {
        let about = self.settings.about(typed)?;
        let named = naming::named(&self.reader(), &about, typed, out).await?;
        if let Some(version) = &about.unpinned {
            out.say(&format!(
                "The version {} in the key identifier is not pinned, so environments follow the \
                key's rotation. To pin this version, pass `--key-version`.",
                version.as_str()
            ));
        }
        let mut target = about.target(named.policy, named.vault, named.readers);
        if let Some(key) = &typed.new_key {
            target.new_key = Some(key.understood(self.clock().now())?);
        }
        Ok(target)
    }

    /// Requires an audit log for `flag`.
    ///
    /// # Errors
    /// No audit log is configured.
    pub fn must_be_audited(&self, flag: &str) -> Result<()> {
        if self.settings.audit_log.is_some() {
            return Ok(());
        }
        Err(Error::usage(format!(
            "`{flag}` requires an audit log, but no audit log is configured."
        ))
        .hint("Pass `--audit-log FILE`."))
    }

    /// Opens the audit trail of a plan.
    ///
    /// # Errors
    /// The audit log can't be written, or an earlier line failed. Then no change follows.
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

    /// The result of a command, checked against the audit log. A success with a lost line becomes a
    /// failure, and so does an operation that still runs. Any other failure stays.
    ///
    /// # Errors
    /// The command's own, or the log's.
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

    /// How this caller calls cmkctl again for the same cloud, for commands to paste.
    fn program(&self) -> String {
        self.calling.by_caller()
    }

    /// The same for another user, word by word.
    fn program_of_others(&self) -> Vec<String> {
        self.calling.by_others()
    }

    /// The same for another user, as part of a command line.
    fn line_of_others(&self) -> String {
        System::HERE.shell().line(&self.calling.by_others())
    }

    /// Says that the sandbox inside this process has ended. The printed commands work only while a
    /// sandbox is served.
    ///
    /// # Errors
    /// The command's own.
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

    /// The reader, clock and target for a snapshot.
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

    /// Logs the number of requests, if the sandbox runs in this process.
    pub fn cost(&self) {
        if let Some(sandbox) = &self.sandbox {
            let ledger = sandbox.ledger();
            let count = |what: &str, thing: &str| {
                let number = ledger[what].as_u64().unwrap_or_default();
                counted(usize::try_from(number).unwrap_or(usize::MAX), thing)
            };
            tracing::info!(
                "The sandbox counted {} ({}, {} in sequence) and {}.",
                count("requests", "request"),
                count("writes", "change"),
                ledger["chain"],
                count("sign_ins", "sign-in")
            );
        }
    }
}

fn environment_wanted(target: &Target) -> Result<&str> {
    target.environment.as_deref().ok_or_else(|| {
        Error::usage("No environment was given.")
            .hint("Pass its id, its URL or its name, or set `CMKCTL_ENVIRONMENT`.")
            .hint("To rehearse in a simulated tenant, add `--sandbox`.")
    })
}

/// A failure whose words are already on stdout.
fn quiet(kind: Kind, message: &str) -> Error {
    Error::new(kind, message)
}
