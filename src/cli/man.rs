//! `cmkctl man`

use super::help::{exit_codes, manuals, terms, variables};
use crate::error::{Error, Kind, Result};
use crate::report::{Out, verbatim};
use crate::run;
use std::path::{Path, PathBuf};

/// Print the manual page, or write all pages into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The help topics are manual pages of section 7, such as cmkctl-permissions.7. If the folder
is named man1, cmkctl writes them into the folder man7 beside it.

Examples:
  cmkctl man > cmkctl.1
  cmkctl man ~/.local/share/man/man1")]
pub(super) struct Args {
    /// Folder, created if missing
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(&self, out: &mut Out, mut command: clap::Command) -> Result<()> {
        command.build();
        let mut pages = Vec::new();
        gather(&command, "cmkctl", &mut pages).map_err(|error| {
            Error::new(Kind::Unexpected, "The manual pages can't be written.")
                .detail(format!("{error}."))
        })?;
        match &self.folder {
            Some(folder) => {
                let topics = manuals(&command);
                let section = section_7(folder);
                if section == *folder {
                    pages.extend(topics);
                    return run::write_files(folder, &pages, out);
                }
                run::write_files(folder, &pages, out)?;
                run::write_files(&section, &topics, out)
            }
            None => pages.first().map_or(Ok(()), |(_, page)| verbatim(page)),
        }
    }
}

/// Where the pages of the topics belong: `man` looks for them in `man7`, beside `man1`.
fn section_7(folder: &Path) -> PathBuf {
    if folder.file_name().is_some_and(|name| name == "man1") {
        folder.with_file_name("man7")
    } else {
        folder.to_owned()
    }
}

/// The page of a command, then those of its subcommands.
fn gather(
    command: &clap::Command,
    name: &str,
    pages: &mut Vec<(String, Vec<u8>)>,
) -> std::io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .title(name.to_uppercase())
        .render(&mut page)?;
    if pages.is_empty() {
        for (title, rows) in [("EXIT STATUS", exit_codes()), ("ENVIRONMENT", variables())] {
            page.extend(terms(title, &rows).into_bytes());
        }
    }
    pages.push((format!("{name}.1"), page));
    for inner in command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
    {
        gather(inner, &format!("{name}-{}", inner.get_name()), pages)?;
    }
    Ok(())
}
