//! `cmkctl export`

use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, Language};
use clap::ValueEnum;
use std::path::PathBuf;

/// Print the policies that exist as Bicep or Terraform, with what they stand on
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads only. Terraform comes with import blocks. Links of environments are comments on purpose:
destroying or replacing one takes the environment offline.

Examples:
  cmkctl export bicep --out policies.bicep
  cmkctl export terraform --policy ep-cmk > policies.tf
  cmkctl export terraform --sandbox --scenario expiring")]
pub(super) struct Args {
    /// The language
    #[arg(value_enum)]
    language: Tongue,
    /// Only this policy, by its id or name
    #[arg(long, value_name = "ID|NAME")]
    policy: Option<String>,
    /// File to write, whole or not at all; one that is there is replaced [default: print it]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tongue {
    Bicep,
    Terraform,
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let language = match self.language {
            Tongue::Bicep => Language::Bicep,
            Tongue::Terraform => Language::Terraform,
        };
        out.goes_to(self.out.as_deref())?;
        run::export(context, language, self.policy.as_deref(), out).await
    }
}
