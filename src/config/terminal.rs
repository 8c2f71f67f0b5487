//! Output settings from the environment: terminal, colour and the CI service.

use super::flags::Flags;
use super::reading::variable;
use crate::error::{Error, Result};
use crate::report::{Ci, Color, Format, Style};
use std::path::PathBuf;

/// The output style. It is needed first, because errors in the configuration use it, too.
pub fn style(flags: &Flags) -> Style {
    let no_color = variable("NO_COLOR").is_some();
    let set = |name: &str| variable(name).filter(|value| value != "0").is_some();
    let dumb = variable("TERM").is_some_and(|term| term == "dumb");
    let still = set("CI") || set("TF_BUILD") || dumb;
    let no_color = no_color || variable("CLICOLOR").is_some_and(|value| value == "0");
    let color = match () {
        () if no_color => Color::Never,
        () if set("CLICOLOR_FORCE") => Color::Always,
        () if still => Color::Never,
        () => Color::Terminal,
    };
    Style {
        format: match flags.output {
            None | Some(Format::Wide) => Format::Table,
            Some(format) => format,
        },
        quiet: flags.quiet,
        lively: !still,
        color,
        ascii: is_ascii(),
        plain: flags.plain || dumb,
        width: columns().filter(|_| flags.output != Some(Format::Wide)),
        ci: ci(flags).ok().flatten(),
        log_is_read: log_is_read(),
    }
}

/// Does the locale name another character set than UTF-8? Without a locale the answer is no, as on
/// Windows and in most containers.
fn is_ascii() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(variable);
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    })
}

/// The width of the terminal in columns, if there is one.
pub fn columns() -> Option<u16> {
    variable("COLUMNS")
        .and_then(|columns| columns.parse().ok())
        .or_else(|| terminal_size::terminal_size().map(|(width, _)| width.0))
}

fn on_github() -> bool {
    variable("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

fn on_azure_pipelines() -> bool {
    variable("TF_BUILD").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Does a CI service read the log? It runs commands that it finds there, even with `--no-ci`.
fn log_is_read() -> bool {
    on_github() || on_azure_pipelines() || variable("CMKCTL_CI").is_some()
}

/// The CI service of this run: the detected one, unless `--no-ci` or `CMKCTL_CI` says otherwise.
///
/// # Errors
/// `CMKCTL_CI` names no known service.
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
        Some(other) => Err(Error::usage(format!(
            "`CMKCTL_CI` is `{}`, which is not valid.",
            other.escape_debug()
        ))
        .hint(
            "Set the variable to `off`, `github` or `azure-pipelines`. Without the variable, \
                    cmkctl detects the CI service.",
        )),
        None if on_github() => Ok(Some(github())),
        None if on_azure_pipelines() => Ok(Some(azure_pipelines())),
        None => Ok(None),
    }
}
