//! The command line. Each subcommand has one file: its doc comment is the help, and its `run` calls
//! the rooms below.

mod add_environment;
mod adopt;
mod apply;
mod auth;
mod check;
mod check_integration;
mod completions;
mod config_command;
mod create_key;
mod create_policy;
mod doctor;
mod enable;
mod environment_name;
mod estate;
mod explain;
mod export;
mod global;
mod help;
mod history;
mod list;
mod man;
mod misuse;
mod plan;
mod remove_environment;
mod report_command;
mod retire_key;
mod rotate_key;
mod rotation_policy;
mod sandbox;
mod status;
mod swap_policy;
mod unlock;
mod watch;

use crate::config;
use crate::error::{Error, Kind, Result, Stop};
use crate::interrupt;
use crate::report::{self, Out};
use crate::run::Context;
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// Enable customer-managed keys for Dynamics 365 finance and operations and Power Platform
#[derive(Debug, Parser)]
#[command(name = "cmkctl", version = env!("CMKCTL_VERSION"), propagate_version = true,
    // On Windows the file has an ending that users do not type.
    bin_name = "cmkctl", disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: global::Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    CheckIntegration(check_integration::Args),
    EnvironmentName(environment_name::Args),
    CreateKey(create_key::Args),
    CreatePolicy(create_policy::Args),
    AddEnvironment(add_environment::Args),
    Enable(enable::Args),
    Status(status::Args),
    Watch(watch::Args),
    RemoveEnvironment(remove_environment::Args),
    SwapPolicy(swap_policy::Args),
    RotateKey(rotate_key::Args),
    RotationPolicy(rotation_policy::Args),
    Unlock(unlock::Args),
    RetireKey(retire_key::Args),
    History(history::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Adopt(adopt::Args),
    List(list::Args),
    Check(check::Args),
    Report(report_command::Args),
    Export(export::Args),
    Auth(auth::Args),
    Config(config_command::Args),
    Doctor(doctor::Args),
    Explain(explain::Args),
    Sandbox(sandbox::Args),
    Completions(completions::Args),
    Man(man::Args),
    Help(help::Args),
}

/// Runs the command line of this process and returns its exit code.
pub async fn main() -> u8 {
    report::guard_panics();
    report::guard_file_size();
    if let Some(shell) = config::completing(completions::ASKS) {
        // The words of the command line follow the first `--`.
        let words = std::env::args_os()
            .skip_while(|word| word != "--")
            .skip(1)
            .collect();
        return completions::answer(&shell, command(), words);
    }
    if says_version_alone(std::env::args_os().skip(1)) {
        return alone(report::verbatim(
            concat!("cmkctl ", env!("CMKCTL_VERSION"), "\n").as_bytes(),
        ));
    }
    if std::env::args_os().len() == 1 {
        return alone(report::verbatim(help::overview(&command()).as_bytes()));
    }
    let (cli, name) = match parse_arguments() {
        Ok(parsed) => parsed,
        Err(error) => return said_by_clap(&error),
    };
    let mut flags = cli.global.flags();
    flags.line = line(std::env::args_os());
    report::log_to_stderr(cli.global.verbose, cli.global.quiet);
    let mut out = Out::new(config::style(&flags));
    let result = match &cli.command {
        Command::Help(args) => args.run(&mut out, &command()),
        _ => {
            let ran = interrupt::unless_stopped_for_good(cli.run(&flags, &mut out)).await;
            ran.unwrap_or_else(|stop| Err(interrupted(stop)))
        }
    };
    out.finish(&name, result)
}

/// The command line as typed, without the flags for more or less output.
fn line(words: impl Iterator<Item = std::ffi::OsString>) -> String {
    let is_kept = |word: &String| {
        let more = word.strip_prefix('-').unwrap_or("-");
        !["--quiet", "-q", "--verbose"].contains(&word.as_str())
            && !more.bytes().all(|letter| letter == b'v')
    };
    let words = words
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned());
    words.filter(is_kept).collect::<Vec<_>>().join("\u{0}")
}

/// The error for a command that was stopped while it only read.
fn interrupted(stop: Stop) -> Error {
    Error::new(
        Kind::Interrupted(stop),
        "The command was stopped before it ended.",
    )
    .hint("Run the same command again. cmkctl sends nothing twice.")
}

/// Ends a run that has no command: prints the error, if any, and returns the exit code.
fn alone(result: Result<()>) -> u8 {
    Out::new(config::style(&config::Flags {
        no_ci: true,
        ..config::Flags::default()
    }))
    .finish("", result)
}

/// Does the command line ask only for the version? Scripts ask often, and building the tree of all
/// commands takes longer than the answer.
fn says_version_alone(mut words: impl Iterator<Item = std::ffi::OsString>) -> bool {
    words
        .next()
        .is_some_and(|word| word == "--version" || word == "-V")
        && words.next().is_none()
}

/// The arguments, and the name of the subcommand.
fn parse_arguments() -> std::result::Result<(Cli, String), clap::Error> {
    let matches = Cli::command().try_get_matches()?;
    let name = matches.subcommand_name().unwrap_or_default().to_owned();
    Ok((Cli::from_arg_matches(&matches)?, name))
}

/// Prints help, the version or a usage error for a line that runs no command. Help and version go
/// to stdout. A closed pipe is no error.
fn said_by_clap(error: &clap::Error) -> u8 {
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    match error.kind() {
        ErrorKind::DisplayHelp => alone(report::verbatim(help::of(&words, &command()).as_bytes())),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let style = config::style(&config::Flags::default());
            Out::new(style).say(help::of(&words, &command()).trim_end());
            Kind::Usage.exit_code()
        }
        ErrorKind::DisplayVersion => alone(report::verbatim(error.render().to_string().as_bytes())),
        _ => {
            let flags = config::Flags {
                output: misuse::format(&words),
                no_ci: words.iter().any(|word| word == "--no-ci"),
                ..config::Flags::default()
            };
            let told = misuse::told(error, &words, &command());
            Out::new(config::style(&flags)).finish("", Err(told))
        }
    }
}

impl Cli {
    /// Refuses a format that the command does not have.
    fn printable(&self, format: report::Format) -> Result<()> {
        match (format, &self.command) {
            (report::Format::Sarif, Command::Check(_))
            | (report::Format::Html | report::Format::Markdown, Command::Report(_)) => Ok(()),
            (
                report::Format::Csv | report::Format::Ics | report::Format::Prometheus,
                Command::Status(args),
            ) if args.is_of_all() => Ok(()),
            (report::Format::Ics, Command::Plan(_)) => Ok(()),
            (report::Format::Csv | report::Format::Ics | report::Format::Prometheus, _) => {
                let what = "Only `status --all` prints CSV, calendars and metrics. Only `plan` \
                    prints a calendar of change windows (`-o ics`).";
                Err(Error::usage(what).hint("Pass `-o json`."))
            }
            (report::Format::Sarif, _) => {
                Err(Error::usage("Only `check` prints SARIF.").hint("Pass `-o json`."))
            }
            (report::Format::Html | report::Format::Markdown, _) => {
                Err(Error::usage("Only `report` prints HTML and Markdown.").hint("Pass `-o json`."))
            }
            _ => Ok(()),
        }
    }

    /// Refuses notification flags for a command that sends no notifications.
    fn can_notify(&self, flags: &config::Flags) -> Result<()> {
        let tells = matches!(
            self.command,
            Command::Enable(_) | Command::Apply(_) | Command::Status(_) | Command::Watch(_)
        );
        if tells || (flags.notify.is_none() && flags.notify_format.is_none()) {
            return Ok(());
        }
        let what = "Only `enable`, `apply`, `status` and `watch` send notifications.";
        Err(Error::usage(what).hint("Leave out `--notify` and `--notify-format`."))
    }

    async fn run(&self, flags: &config::Flags, out: &mut Out) -> Result<()> {
        config::ci(flags)?;
        let query = self.global.query()?;
        if query.is_some() && matches!(self.command, Command::Export(_) | Command::Watch(_)) {
            return Err(
                Error::usage("`--query` does not work with `export` and `watch`.")
                    .hint("Use `cmkctl report` or `cmkctl status --all` instead."),
            );
        }
        self.can_notify(flags)?;
        out.asks(query);
        match &self.command {
            Command::Sandbox(args) => return args.run(&self.global, out).await,
            Command::Explain(args) => return args.run(out),
            Command::Completions(args) => return args.run(),
            Command::Man(args) => return args.run(out, command()),
            Command::Config(args) => {
                if let Some(written) = args.written(flags, out) {
                    return written;
                }
            }
            _ => {}
        }
        self.printable(out.format())?;
        let context = Context::open(flags, self.global.rehearsal()?.as_ref(), out).await?;
        let result = self.dispatch(&context, out).await;
        let result = context.with_activation(result).await;
        context.cost();
        context.keep_names();
        context.learn(result.is_ok());
        context.ended(context.audited(result, out), out)
    }

    /// Runs a command that needs a cloud.
    async fn dispatch(&self, context: &Context, out: &mut Out) -> Result<()> {
        match &self.command {
            Command::CheckIntegration(args) => args.run(context, out).await,
            Command::EnvironmentName(args) => args.run(context, out).await,
            Command::CreateKey(args) => args.run(context, out).await,
            Command::CreatePolicy(args) => args.run(context, out).await,
            Command::AddEnvironment(args) => args.run(context, out).await,
            Command::Enable(args) => args.run(context, out).await,
            Command::Status(args) => args.run(context, out).await,
            Command::Watch(args) => args.run(context, out).await,
            Command::RemoveEnvironment(args) => args.run(context, out).await,
            Command::SwapPolicy(args) => args.run(context, out).await,
            Command::Unlock(args) => args.run(context, out).await,
            Command::RetireKey(args) => args.run(context, out).await,
            Command::History(args) => args.run(context, out).await,
            Command::RotateKey(args) => args.run(context, out).await,
            Command::RotationPolicy(args) => args.run(context, out).await,
            Command::Plan(args) => args.run(context, out).await,
            Command::Apply(args) => args.run(context, out).await,
            Command::Adopt(args) => args.run(context, out).await,
            Command::List(args) => args.run(context, out).await,
            Command::Check(args) => args.run(context, out).await,
            Command::Report(args) => args.run(context, out).await,
            Command::Export(args) => args.run(context, out).await,
            Command::Auth(args) => args.run(context, out).await,
            Command::Config(args) => args.run(context, out),
            Command::Doctor(args) => args.run(context, out).await,
            Command::Sandbox(_)
            | Command::Explain(_)
            | Command::Completions(_)
            | Command::Man(_)
            | Command::Help(_) => Err(Error::usage("This command needs no cloud.")),
        }
    }
}

/// The whole command tree, for documentation and tests.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses arguments without running anything: `Err` holds what clap would print.
///
/// # Errors
/// Usage errors, and help or version when asked for.
pub fn parse(arguments: &[&str]) -> std::result::Result<(), clap::Error> {
    Cli::from_arg_matches(&Cli::command().try_get_matches_from(arguments)?).map(|_| ())
}
