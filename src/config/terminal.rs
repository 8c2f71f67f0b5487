//! What the environment says about how to write: terminal, colour, and the CI service.

use super::flags::Flags;
use super::reading::variable;
use crate::error::{Error, Result};
use crate::report::{Ci, Style};
use std::path::PathBuf;

/// How to write, before anything else is known: errors in the configuration must be written, too.
pub fn style(flags: &Flags) -> Style {
    let no_color = variable("NO_COLOR").is_some();
    let set = |name: &str| variable(name).filter(|value| value != "0").is_some();
    let plain = no_color
        || variable("CLICOLOR").is_some_and(|value| value == "0")
        || set("CI")
        || set("TF_BUILD")
        || variable("TERM").is_some_and(|term| term == "dumb");
    Style {
        format: flags.output.unwrap_or_default(),
        quiet: flags.quiet,
        lively: !plain,
        colored: !no_color && set("CLICOLOR_FORCE"),
        width: variable("COLUMNS")
            .and_then(|columns| columns.parse().ok())
            .or_else(terminal_width),
        ci: ci(flags).ok().flatten(),
        log_is_read: log_is_read(),
    }
}

fn terminal_width() -> Option<u16> {
    terminal_size::terminal_size().map(|(width, _)| width.0)
}

fn on_github() -> bool {
    variable("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

fn on_azure_pipelines() -> bool {
    variable("TF_BUILD").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Does a CI service read the log? It obeys what it finds there, whether this run wants to talk to
/// it or not.
pub fn log_is_read() -> bool {
    on_github() || on_azure_pipelines() || variable("CMKCTL_CI").is_some()
}

/// The CI service to talk to: the one that says so, unless `--no-ci` or `CMKCTL_CI` says otherwise.
///
/// # Errors
/// `CMKCTL_CI` names none.
pub fn ci(flags: &Flags) -> Result<Option<Ci>> {
    let path = |name: &str| variable(name).map(PathBuf::from);
    let github = || Ci::GitHub {
        summary: path("GITHUB_STEP_SUMMARY"),
        output: path("GITHUB_OUTPUT"),
    };
    let azure_pipelines = || Ci::AzurePipelines {
        folder: path("AGENT_TEMPDIRECTORY"),
    };
    if flags.no_ci {
        return Ok(None);
    }
    match variable("CMKCTL_CI").as_deref() {
        Some("off") => Ok(None),
        Some("github") => Ok(Some(github())),
        Some("azure-pipelines") => Ok(Some(azure_pipelines())),
        Some(other) => Err(
            Error::usage(format!("`CMKCTL_CI` is `{}`.", other.escape_debug())).hint(
                "It must be off, github or azure-pipelines; without it the CI service is detected.",
            ),
        ),
        None if on_github() => Ok(Some(github())),
        None if on_azure_pipelines() => Ok(Some(azure_pipelines())),
        None => Ok(None),
    }
}
