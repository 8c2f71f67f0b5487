//! `cmkctl report`

use super::estate::Filter;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};
use std::path::PathBuf;

/// Write the evidence for auditors
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Changes nothing. At a terminal, cmkctl prints a summary. --out writes the whole report with a hash
of its data: HTML for .html, Markdown for .md, otherwise JSON. -o selects another format.

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
    /// Write to this file (replaces an existing file)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        out.goes_to(self.out.as_deref())?;
        run::report_all(context, &self.filter.filter(self.policy.clone()), out).await
    }
}
