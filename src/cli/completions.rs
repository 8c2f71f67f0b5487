//! `cmkctl completions`, and the answers to the shells' completion scripts.

use crate::error::{Error, Kind, Result};
use crate::report::verbatim;
use crate::run;
use clap::ValueEnum;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

/// Print the completion script for your shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The script completes names of environments, policies and subscriptions from the last list that
cmkctl read. cmkctl stores them in names.json in ~/.cache/cmkctl, on Windows in
%LOCALAPPDATA%\\cmkctl. You can delete that file.

  bash        echo 'source <(cmkctl completions bash)' >> ~/.bashrc
  zsh         echo 'source <(cmkctl completions zsh)' >> ~/.zshrc
  fish        echo 'cmkctl completions fish | source' >> ~/.config/fish/config.fish
  PowerShell  New-Item -ItemType Directory -Force (Split-Path $PROFILE)
              Add-Content $PROFILE 'cmkctl completions powershell | Out-String | Invoke-Expression'

Examples:
  cmkctl completions bash
  cmkctl completions powershell")]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// A shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl Shell {
    fn adapter(self) -> &'static dyn EnvCompleter {
        match self {
            Shell::Bash => &Bash,
            Shell::Zsh => &Zsh,
            Shell::Fish => &Fish,
            Shell::Powershell => &Powershell,
        }
    }

    /// A name, quoted for this shell's command line. Other people choose names, so no name may act
    /// as a command. The scripts of zsh and fish quote what they insert, so cmkctl adds nothing.
    fn quoted(self, name: &str) -> String {
        match self {
            Shell::Bash => run::shell::escaped(name),
            Shell::Powershell => run::shell::Shell::PowerShell.word(name),
            Shell::Zsh | Shell::Fish => name.to_owned(),
        }
    }
}

/// The variable with which a shell's script asks for completions.
pub(super) const ASKS: &str = "CMKCTL_COMPLETE";

/// At the first Tab, zsh loads a file of its completion folders as a function with the name of the
/// file. That function must answer. A sourced script runs outside of such a function.
const FIRST_TAB: &str = "
if [[ \"${funcstack[1]}\" == _cmkctl ]]
then
    _clap_dynamic_completer_cmkctl \"$@\"
fi
";

impl Args {
    pub(super) fn run(&self) -> Result<()> {
        let mut script = Vec::new();
        let written = self.shell.adapter().write_registration(
            ASKS,
            "cmkctl",
            "cmkctl",
            "cmkctl",
            &mut script,
        );
        written.map_err(|error| {
            Error::new(Kind::Unexpected, "The completion script can't be written.")
                .detail(format!("{error}."))
        })?;
        if self.shell == Shell::Zsh {
            script.extend_from_slice(FIRST_TAB.as_bytes());
        }
        verbatim(&script)
    }
}

/// Answers a shell that completes a line. `words` is the line so far.
pub(super) fn answer(shell: &str, tree: clap::Command, words: Vec<OsString>) -> u8 {
    let Ok(shell) = Shell::from_str(shell, true) else {
        return 2;
    };
    let real = !words.iter().any(|word| word == "--sandbox");
    let mut answers = Vec::new();
    let folder = std::env::current_dir().ok();
    let subjects = super::help::subjects(&tree);
    let about =
        ArgValueCompleter::new(move |typed: &OsStr| matching(shell, subjects.clone(), typed));
    let tree = tree.mut_subcommand("help", |help| {
        help.mut_arg("help_about", |argument| argument.add(about))
    });
    let answered = shell.adapter().write_complete(
        &mut with_names(tree, shell, real),
        words,
        folder.as_deref(),
        &mut answers,
    );
    u8::from(verbatim(&answers).is_err() || answered.is_err())
}

/// The command tree, with completions for every argument that has known names.
fn with_names(command: clap::Command, shell: Shell, real: bool) -> clap::Command {
    let command = command.mut_args(|argument| match known(argument.get_id().as_str(), real) {
        Some(known) => argument.add(ArgValueCompleter::new(move |typed: &OsStr| {
            matching(shell, known(), typed)
        })),
        None => argument,
    });
    let inner: Vec<String> = command
        .get_subcommands()
        .map(|inner| inner.get_name().to_owned())
        .collect();
    inner.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |inner| with_names(inner, shell, real))
    })
}

/// The known names for an argument. They are read only when the shell asks for them.
fn known(argument: &str, real: bool) -> Option<fn() -> BTreeSet<String>> {
    match argument {
        "environment" | "confirm" | "to" if real => Some(|| run::names().environments),
        "policy" if real => Some(|| run::names().policies),
        "subscription" if real => Some(|| run::names().subscriptions),
        "location" => Some(run::policy_locations),
        "azure_location" => Some(run::azure_regions),
        "code" => Some(run::codes),
        "cloud" => Some(|| run::clouds().into_iter().map(str::to_owned).collect()),
        "auth" => Some(|| run::sign_ins().into_iter().map(str::to_owned).collect()),
        "scenario" => Some(run::scenarios),
        "sandbox_user" => Some(|| {
            run::SANDBOX_USERS
                .iter()
                .map(|name| (*name).to_owned())
                .collect()
        }),
        _ => None,
    }
}

/// The names that begin with the typed text. Upper and lower case are equal.
fn matching(shell: Shell, names: BTreeSet<String>, typed: &OsStr) -> Vec<CompletionCandidate> {
    let bare = |text: &str| text.replace(['\\', '\'', '"'], "").to_lowercase();
    let begun = bare(&typed.to_string_lossy());
    let fitting = names.iter().filter(|name| bare(name).starts_with(&begun));
    fitting
        .map(|name| CompletionCandidate::new(shell.quoted(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_runs_nothing_in_any_shell() {
        assert_eq!(
            Shell::Bash.quoted("a $(id) `b`;*"),
            "a\\ \\$\\(id\\)\\ \\`b\\`\\;\\*"
        );
        assert_eq!(Shell::Powershell.quoted("it's $(id)"), "'it''s $(id)'");
        assert_eq!(
            Shell::Powershell.quoted("it\u{2019}s"),
            "'it\u{2019}\u{2019}s'"
        );
        assert_eq!(Shell::Powershell.quoted("plain-1"), "plain-1");
    }
}
