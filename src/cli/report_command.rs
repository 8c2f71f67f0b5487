//! `cmkctl report`

use super::estate::Filter;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};
use std::path::PathBuf;

/// Write the evidence for auditors
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Changes nothing. At a terminal it prints a summary. --out writes everything: a page for .html,
Markdown for .md, else JSON, with a hash of the data. -o decides otherwise.

Examples:
  cmkctl report
  cmkctl report --out keys.html
  cmkctl report -o markdown --sku Production
  cmkctl report --sandbox --scenario estate -o html > estate.html")]
pub(super) struct Args {
    /// Only environments of this policy: name or id
    #[arg(long, value_name = "ID|NAME")]
    policy: Option<String>,
    #[command(flatten)]
    filter: Filter,
    /// Write to this file, or replace it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        out.goes_to(self.out.as_deref())?;
        run::report_all(context, &self.filter.filter(self.policy.clone()), out).await
    }
}
