//! `cmkctl explain`

use crate::error::Result;
use crate::report::{self, Out};

/// Explain the code of a finding or of a service
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Works offline and without sign-in. Without a code, cmkctl lists all codes. You can paste the whole
text of an error in quotes.

Examples:
  cmkctl explain
  cmkctl explain CMK006
  cmkctl explain OperationNotStartable -o json
  cmkctl explain 'ERROR: (Forbidden) ... \"code\": \"ForbiddenByFirewall\" ...'")]
pub(super) struct Args {
    /// Code such as CMK006 or AADSTS700024, or a text with codes
    #[arg(allow_negative_numbers = true)]
    code: Vec<String>,
}

impl Args {
    pub(super) fn run(&self, out: &mut Out) -> Result<()> {
        let typed = self.code.join(" ");
        report::explain(out, Some(typed.as_str()).filter(|typed| !typed.is_empty()))
    }
}
