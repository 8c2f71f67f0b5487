//! `cmkctl help`

use crate::config::VARIABLES;
use crate::error::{Error, Kind, Result};
use crate::report::Out;

/// Explain a command, or one of the topics `exit-codes` and `environment`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Topics: exit-codes (what each means), environment (every variable that is read).

Examples:
  cmkctl help enable
  cmkctl help auth status
  cmkctl help exit-codes
  cmkctl help environment")]
pub(super) struct Args {
    /// Command, or topic
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

/// The names of the topics.
pub(super) const TOPICS: [&str; 2] = ["exit-codes", "environment"];

/// A topic's text.
pub(super) fn topic(name: &str) -> Option<String> {
    match name {
        "exit-codes" => Some(exit_codes()),
        "environment" => Some(environment()),
        _ => None,
    }
}

fn exit_codes() -> String {
    let mut text = String::from(
        "The exit code tells a script what came of it.\n\n   0  done, or already in the wanted \
        state\n",
    );
    for kind in Kind::ALL {
        text.push_str(&format!("{:4}  {}\n", kind.exit_code(), kind.meaning()));
    }
    text.push_str(
        "\nThe error itself is on stderr, and with `-o json` on stdout, with a `kind` that says \
        the same in a word.\n",
    );
    text
}

fn environment() -> String {
    let width = VARIABLES
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::from(
        "Variables that are read. A flag is stronger than a variable, and a variable than the \
        configuration file.\n\n",
    );
    for (name, what) in VARIABLES {
        text.push_str(&format!("  {name:width$}  {what}\n"));
    }
    text.push_str(
        "\nA sandbox takes none of them for a target or a sign-in. `cmkctl config show` \
        tells what is in force, and why.\n",
    );
    text
}

impl Args {
    /// Prints a topic. A command's words are for clap: `Err` holds what it prints.
    pub(super) fn run(
        &self,
        out: &mut Out,
        tree: clap::Command,
    ) -> Result<std::result::Result<(), clap::Error>> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        if let [name] = words[..] {
            let lower = name.to_ascii_lowercase();
            if let Some(text) = topic(&lower) {
                out.text(&text);
                return Ok(Ok(()));
            }
            let command = tree.find_subcommand(&lower).is_some();
            let near = TOPICS
                .iter()
                .find(|topic| topic.starts_with(&lower) || lower.starts_with(*topic));
            if let Some(near) = near.filter(|_| !command && lower.len() > 3) {
                return Err(
                    Error::usage(format!("There is no topic `{}`.", name.escape_debug()))
                        .hint(format!("Did you mean `cmkctl help {near}`?")),
                );
            }
        }
        let typed = ["cmkctl"].into_iter().chain(words).chain(["--help"]);
        Ok(tree.try_get_matches_from(typed).map(|_| ()))
    }
}
