//! `cmkctl report`

use super::estate::Filter;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context};
use std::path::PathBuf;

/// Write the evidence for auditors: the whole tenant, each fact with the request it was read from
#[derive(Debug, clap::Args)]
#[command(after_help = "\
One page that needs nothing else (`-o html`), Markdown, or JSON; with a hash over the data.
Reads only.

Examples:
  cmkctl report -o html --out keys.html
  cmkctl report -o markdown --sku Production
  cmkctl report --sandbox --scenario estate -o html > estate.html")]
pub(super) struct Args {
    /// Only environments of this policy, by its ARM id or name
    #[arg(long, value_name = "ID|NAME")]
    policy: Option<String>,
    #[command(flatten)]
    filter: Filter,
    /// File to write, whole or not at all; one that is there is replaced [default: print it]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        out.goes_to(self.out.as_deref())?;
        run::report_all(context, &self.filter.glance(self.policy.clone()), out).await
    }
}
