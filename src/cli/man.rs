//! `cmkctl man`

use super::help::topic;
use crate::error::{Error, Kind, Result};
use crate::report::{Out, verbatim};
use crate::run;
use std::path::PathBuf;

/// Print the manual page, or write one for each command into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cmkctl man > cmkctl.1
  cmkctl man ~/.local/share/man/man1")]
pub(super) struct Args {
    /// Folder, made if it is not there
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(&self, out: &mut Out, mut command: clap::Command) -> Result<()> {
        command.build();
        let mut pages = Vec::new();
        gather(&command, "cmkctl", &mut pages).map_err(|error| {
            Error::new(Kind::Unexpected, "The manual can't be written.").detail(format!("{error}."))
        })?;
        match &self.folder {
            Some(folder) => run::write_files(folder, &pages, out),
            None => pages.first().map_or(Ok(()), |(_, page)| verbatim(page)),
        }
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
        for (title, topic) in [
            ("EXIT STATUS", topic("exit-codes")),
            ("ENVIRONMENT", topic("environment")),
        ] {
            page.extend(section(title, &topic.unwrap_or_default()).into_bytes());
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

/// Text as it stands, in the language of manual pages.
fn section(title: &str, text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        // A dot or a quote at the beginning would be a command.
        if line.starts_with(['.', '\'']) {
            format!("\\&{line}\n")
        } else {
            format!("{line}\n")
        }
    });
    format!(".SH \"{title}\"\n.nf\n{}.fi\n", lines.collect::<String>())
}
