//! `cmkctl explain`

use crate::error::Result;
use crate::report::{self, Out};

/// Explain a code of a finding or of a service: why it happens, what helps, who can do it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Offline, and needs no sign-in. Without a code it lists them all. A whole error text can be pasted:
quote it.

Examples:
  cmkctl explain
  cmkctl explain CMK006
  cmkctl explain 7
  cmkctl explain OperationNotStartable -o json
  cmkctl explain 'ERROR: (Forbidden) ... \"code\": \"ForbiddenByFirewall\" ...'")]
pub(super) struct Args {
    /// Code such as CMK006 (or 6), OperationNotStartable, AADSTS700024, in any case; or a text with
    /// codes in it
    code: Vec<String>,
}

impl Args {
    pub(super) fn run(&self, out: &mut Out) -> Result<()> {
        let typed = self.code.join(" ");
        report::explain(out, Some(typed.as_str()).filter(|typed| !typed.is_empty()))
    }
}
