//! `cmkctl explain`

use crate::error::Result;
use crate::report::{self, Out};

/// Explain a code of a finding or of a service: why it happens, what helps, who can do it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Offline, and needs no sign-in. Without a code it lists them all.

Examples:
  cmkctl explain
  cmkctl explain CMK006
  cmkctl explain 7
  cmkctl explain OperationNotStartable -o json")]
pub(super) struct Args {
    /// Code such as CMK006 (or 6), OperationNotStartable, AADSTS700024; in any case
    code: Option<String>,
}

impl Args {
    pub(super) fn run(&self, out: &mut Out) -> Result<()> {
        report::explain(out, self.code.as_deref())
    }
}
