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
Names of environments, policies and subscriptions come from the last list that cmkctl read. They
are in names.json below ~/.cache/cmkctl, on Windows below %LOCALAPPDATA%\\cmkctl. You can delete
that file.

  bash        echo 'source <(cmkctl completions bash)' >> ~/.bashrc
  zsh         echo 'source <(cmkctl completions zsh)' >> ~/.zshrc
  fish        echo 'cmkctl completions fish | source' >> ~/.config/fish/config.fish
  PowerShell  Add-Content $PROFILE 'cmkctl completions powershell | Out-String | Invoke-Expression'

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

    /// A name as it must stand on this shell's command line. Names are chosen by others: none may
    /// run anything. Where the shell's own script quotes what it inserts, nothing is added.
    fn quoted(self, name: &str) -> String {
        match self {
            Shell::Bash => run::shell::escaped(name),
            Shell::Powershell => run::shell::Shell::PowerShell.word(name),
            Shell::Zsh | Shell::Fish => name.to_owned(),
        }
    }
}

/// The variable by which a shell's script asks for an answer.
pub(super) const ASKS: &str = "CMKCTL_COMPLETE";

/// Zsh reads a file of its completion folders at the first Tab as the function of that name, which
/// must then answer. Where the script is sourced, there is no such function.
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
            Error::new(Kind::Unexpected, "The script can't be written.").detail(format!("{error}."))
        })?;
        if self.shell == Shell::Zsh {
            script.extend_from_slice(FIRST_TAB.as_bytes());
        }
        verbatim(&script)
    }
}

/// Answers a shell that completes a line, `words` being the line so far.
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

/// The command tree with names for its values, wherever an argument is called so.
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

/// What is known for an argument; looked up only when it is asked for.
fn known(argument: &str, real: bool) -> Option<fn() -> BTreeSet<String>> {
    match argument {
        "environment" | "confirm" | "to" if real => Some(|| run::names().environments),
        "policy" if real => Some(|| run::names().policies),
        "subscription" if real => Some(|| run::names().subscriptions),
        "location" => Some(run::policy_locations),
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

/// The names that begin as typed, in any case.
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
