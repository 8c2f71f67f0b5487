//! The flags that every subcommand accepts.

use crate::config::Flags;
use crate::error::{Error, Result};
use crate::report::{Format, Query};
use crate::run::{ConsentFlags, Rehearsal, Side};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line, and any of them may be given with any other"
)]
pub(super) struct Global {
    /// Cloud: public, gcc, gcc-high, dod, china, or a file [env: CMKCTL_CLOUD] [default: public]
    #[arg(long, global = true, value_name = "NAME|FILE")]
    cloud: Option<String>,
    /// Override one value of the cloud [env: CMKCTL_ENDPOINT_…]
    #[arg(long = "endpoint", global = true, value_name = "KEY=VALUE")]
    endpoints: Vec<String>,
    /// Tenant to sign in to [env: AZURE_TENANT_ID]
    #[arg(long, global = true, value_name = "ID")]
    tenant: Option<String>,
    /// Sign in this way only: environment, federated, managed-identity, login, azure-cli, azd,
    /// azure-powershell, browser, device-code
    /// [env: CMKCTL_AUTH]
    #[arg(long, global = true, value_name = "METHOD")]
    auth: Option<String>,
    /// Application for a sign-in with browser or device code [env: CMKCTL_DEVICE_CODE_CLIENT_ID]
    /// [default: the Azure CLI's]
    #[arg(long, global = true, value_name = "ID")]
    client_id: Option<String>,
    /// Rehearse in this process: no tenant, no sign-in
    #[arg(long, global = true)]
    pub(super) sandbox: bool,
    /// State of the sandbox: access-policy-vault, empty, estate, expiring, fresh,
    /// inherited-grants, locked, managed-hsm, many-subscriptions, messy, not-integrated, paged,
    /// ready, or a file [default: ready]
    #[arg(
        long,
        global = true,
        value_name = "NAME|FILE",
        default_value = "ready",
        hide_default_value = true
    )]
    pub(super) scenario: String,
    /// Sandbox seconds per real second
    #[arg(long, global = true, value_name = "FACTOR", default_value_t = 3600.0,
        value_parser = speed)]
    pub(super) speed: f64,
    /// Delay of every answer of the sandbox, such as 80ms
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        default_value = "0ms",
        value_parser = duration,
        allow_negative_numbers = true
    )]
    pub(super) latency: Duration,
    /// Sandbox user: admin, key-vault-admin, power-platform-admin, unregistered, observer [env:
    /// CMKCTL_SANDBOX_USER]
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) sandbox_user: Option<String>,
    /// Configuration file [env: CMKCTL_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Profile of the configuration file [env: CMKCTL_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// Additional certificate authorities, PEM or DER [env: CMKCTL_CA_BUNDLE]
    #[arg(long, global = true, value_name = "FILE")]
    ca_bundle: Option<PathBuf>,
    /// Append a line for every change to this file [env: CMKCTL_AUDIT_LOG]
    #[arg(long, global = true, value_name = "FILE")]
    audit_log: Option<PathBuf>,
    /// Id of a change ticket, for plan, audit log, report and user agent [env: CMKCTL_CHANGE]
    #[arg(long, global = true, value_name = "ID")]
    change: Option<String>,
    /// Post risks and results to this webhook (enable, apply, status, watch) [env: CMKCTL_NOTIFY]
    #[arg(long, global = true, value_name = "URL")]
    notify: Option<String>,
    /// Format of webhook messages: teams, slack, generic [env: CMKCTL_NOTIFY_FORMAT] [default: by
    /// host]
    #[arg(long, global = true, value_name = "FORMAT")]
    notify_format: Option<String>,
    /// Format of the result
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        ignore_case = true,
        value_name = "FORMAT"
    )]
    output: Option<Format>,
    /// Apply a JMESPath expression, such as `environments[].id`
    #[arg(long, global = true, value_name = "JMESPATH")]
    query: Option<String>,
    /// Write nothing for the CI service [env: CMKCTL_CI]
    #[arg(long, global = true)]
    no_ci: bool,
    /// Use numbered lists, for screen readers [env: CMKCTL_PLAIN]
    #[arg(long, global = true)]
    plain: bool,
    /// Remember no token for the next command [env: CMKCTL_REMEMBER=false]
    #[arg(long, global = true)]
    no_remember: bool,
    /// Print results and errors only
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Print more: -v decisions, -vv requests, -vvv fields of answers
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

impl Global {
    pub(super) fn flags(&self) -> Flags {
        Flags {
            cloud: self.cloud.clone(),
            endpoints: self.endpoints.clone(),
            tenant: self.tenant.clone(),
            auth: self.auth.clone(),
            client_id: self.client_id.clone(),
            sandbox_user: self.sandbox_user.clone(),
            config: self.config.clone(),
            profile: self.profile.clone(),
            ca_bundle: self.ca_bundle.clone(),
            audit_log: self.audit_log.clone(),
            change: self.change.clone(),
            notify: self.notify.clone(),
            notify_format: self.notify_format.clone(),
            output: self.output,
            plain: self.plain,
            remember: self.no_remember.then_some(false),
            line: String::new(),
            quiet: self.quiet,
            no_ci: self.no_ci,
        }
    }

    /// `--query`, understood before anything is sent.
    pub(super) fn query(&self) -> Result<Option<Query>> {
        if self.query.is_some() && self.output.is_some_and(Format::is_page) {
            return Err(Error::usage(
                "`--query` works on the JSON document, and this output format is not JSON-based.",
            )
            .hint("Pass `-o json`, jsonl, tsv, yaml or table."));
        }
        self.query.as_deref().map(Query::parse).transpose()
    }

    pub(super) fn rehearsal(&self) -> Result<Option<Rehearsal>> {
        if !self.sandbox && self.scenario != "ready" {
            return Err(Error::usage("`--scenario` needs `--sandbox`.")
                .hint("Add `--sandbox`, or leave out `--scenario`."));
        }
        Ok(self.sandbox.then(|| Rehearsal {
            scenario: self.scenario.clone(),
            speed: self.speed,
            latency: self.latency,
        }))
    }
}

/// Consent and waiting, for commands that change something.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line, and any of them may be given with any other"
)]
pub(super) struct Changing {
    /// Ask for every value that you did not pass
    #[arg(long, conflicts_with = "yes")]
    pub(super) ask: bool,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: exit 3 if there are changes
    #[arg(long, requires = "dry_run")]
    detailed_exitcode: bool,
    /// First fix what is safe to fix, after you confirm
    #[arg(long)]
    fix: bool,
    /// With --fix: allow permanent purge protection
    #[arg(long, requires = "fix", value_name = "NAME")]
    protect_from_purge: Option<String>,
    /// Accept the plan, but an outage requires --confirm
    #[arg(short, long)]
    yes: bool,
}

/// Consent to an outage, and how long to wait for its end.
#[derive(Debug, Args)]
pub(super) struct Offline {
    /// Allow the outage of this environment, repeatable
    #[arg(long, value_name = "NAME")]
    confirm: Vec<String>,
    /// Start the operation and do not wait (exit 8)
    #[arg(long)]
    no_wait: bool,
    /// Stop waiting after this time: 90m, 6h, 4d (exit 8)
    #[arg(
        long,
        value_name = "TIME",
        value_parser = duration,
        allow_negative_numbers = true
    )]
    timeout: Option<Duration>,
}

/// The other administrator's part.
#[derive(Debug, Args)]
pub(super) struct Handing {
    /// Write the other administrator's part as a script: FILE.sh and FILE.ps1, or `-` to print it
    #[arg(long, value_name = "FILE|-")]
    hand_over: Option<String>,
}

impl Handing {
    /// The file, or `-`.
    pub(super) fn to(&self) -> Option<String> {
        self.hand_over.clone()
    }
}

impl Offline {
    /// Consent and waiting, and nothing else asked.
    pub(super) fn asked(&self) -> ConsentFlags {
        ConsentFlags {
            confirm: self.confirm.clone(),
            waiting: crate::apply::Waiting {
                no_wait: self.no_wait,
                timeout: self.timeout,
            },
            ..ConsentFlags::default()
        }
    }
}

impl Changing {
    /// Does the command change nothing?
    pub(super) const fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    pub(super) fn asked(&self, offline: Option<&Offline>) -> ConsentFlags {
        ConsentFlags {
            ask: self.ask,
            led: false,
            dry_run: self.dry_run,
            yes: self.yes,
            fix: self.fix,
            protect: self.protect_from_purge.clone(),
            confirm: offline
                .map(|offline| offline.confirm.clone())
                .unwrap_or_default(),
            detailed_exitcode: self.detailed_exitcode,
            hand_over: None,
            waiting: offline
                .map(|offline| crate::apply::Waiting {
                    no_wait: offline.no_wait,
                    timeout: offline.timeout,
                })
                .unwrap_or_default(),
        }
    }
}

fn speed(text: &str) -> std::result::Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    if (0.001..=10_000_000.0).contains(&speed) {
        Ok(speed)
    } else {
        Err("it must be from 0.001 to 10000000".to_owned())
    }
}

/// A time such as `80ms`, `30s`, `90m`, `6h`, `4d`. A number without a unit is an error, because
/// its unit is not clear.
pub(super) fn duration(text: &str) -> std::result::Result<Duration, String> {
    let split = text
        .find(|ch: char| !ch.is_ascii_digit() && ch != '.')
        .ok_or("give a unit: ms, s, m, h or d")?;
    let (number, unit) = text.split_at(split);
    if text.starts_with('-') {
        return Err("it must not be negative".to_owned());
    }
    let number: f64 = number
        .parse()
        .map_err(|_| "it does not begin with a number".to_owned())?;
    let seconds = match unit.trim() {
        "ms" => number / 1000.0,
        "s" => number,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        "d" => number * 86_400.0,
        _ => return Err("the unit must be ms, s, m, h or d".to_owned()),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| "it is too long".to_owned())
}

/// The time between two checks.
pub(super) fn interval(text: &str) -> std::result::Result<Duration, String> {
    let every = duration(text)?;
    if every < Duration::from_secs(60) {
        return Err("it must be 1m or more".to_owned());
    }
    Ok(every)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        for (text, expected) in [
            ("80ms", 0.08),
            ("30s", 30.0),
            ("1.5h", 5400.0),
            ("90m", 5400.0),
            ("4d", 345_600.0),
        ] {
            assert_eq!(duration(text).unwrap().as_secs_f64(), expected, "{text}");
        }
        for text in [
            "",
            "5",
            "h",
            "-5s",
            "5 weeks",
            "1e99d",
            "99999999999999999999d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}

/// The environment, at its place or by a flag.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// Name, id, LCS id, URL or link (or --environment)
    environment: Option<String>,
    /// The environment, as an option
    #[arg(
        long = "environment",
        hide_short_help = true,
        value_name = "ENVIRONMENT",
        conflicts_with = "environment"
    )]
    by_flag: Option<String>,
}

impl Which {
    /// What was typed.
    pub(super) fn typed(&self) -> Option<&String> {
        self.environment.as_ref().or(self.by_flag.as_ref())
    }
}

/// A count, for clap: its own words are those of the standard library.
pub(super) fn whole(text: &str) -> std::result::Result<usize, String> {
    text.parse()
        .map_err(|_| "it must be a whole number, such as 25".to_owned())
}

/// A port, likewise.
pub(super) fn port(text: &str) -> std::result::Result<u16, String> {
    text.parse()
        .map_err(|_| "it must be a number from 0 to 65535".to_owned())
}

/// Whose part is looked at.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Part {
    /// Vault, key, grant and policy
    KeyVault,
    /// The environment
    PowerPlatform,
    /// Both
    All,
}

impl Part {
    /// The administrator whose part it is. `None` where both can act.
    pub(super) const fn side(self) -> Option<Side> {
        match self {
            Part::KeyVault => Some(Side::KeyVault),
            Part::PowerPlatform => Some(Side::PowerPlatform),
            Part::All => None,
        }
    }
}
