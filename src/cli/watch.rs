//! `cmkctl watch`

use super::estate::Watched;
use super::global::interval;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, Watching};
use std::path::PathBuf;
use std::time::Duration;

/// Watch all environments, and report what changes
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Changes nothing and keeps no state. cmkctl reports each danger twice: when it begins, and
when it is over. It reports a missing role at once, and a service that does not answer after one
hour. On SIGTERM, cmkctl ends with exit code 0. Exit codes 4 and 5 are possible only at the first
check. See `cmkctl help day-two`.

Examples:
  cmkctl watch --every 15m --textfile /var/lib/node_exporter/cmkctl.prom
  cmkctl watch --every 1h --notify https://example.com/hook
  cmkctl watch --every 15m --fail-on locked,drift --policy ep-cmk")]
pub(super) struct Args {
    /// Time between two checks: 15m, 1h
    #[arg(long, value_name = "TIME", value_parser = interval, default_value = "15m",
        allow_negative_numbers = true)]
    every: Duration,
    /// Write the metrics of -o prometheus to this file
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,
    #[command(flatten)]
    watched: Watched,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let watching = Watching {
            filter: self.watched.filter(),
            every: self.every,
            textfile: self.textfile.clone(),
        };
        run::watch(context, &watching, out).await
    }
}
