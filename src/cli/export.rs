//! `cmkctl export`

use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, Export, Language};
use clap::ValueEnum;
use std::path::PathBuf;

/// Print existing policies as Bicep or Terraform
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Changes nothing. The Terraform code includes import blocks. Links of environments are only
comments, because destroying or replacing a link takes the environment offline.

Examples:
  cmkctl export bicep --out policies.bicep
  cmkctl export terraform --policy ep-cmk > policies.tf
  cmkctl export bicep --alerts --out policies.bicep
  cmkctl export terraform --sandbox --scenario expiring")]
pub(super) struct Args {
    /// The language
    #[arg(value_enum)]
    language: Tongue,
    /// Only this policy: name or id
    #[arg(long, value_name = "ID|NAME")]
    policy: Option<String>,
    /// Add alerts for outage risks (not tested in Azure)
    #[arg(long)]
    alerts: bool,
    /// Write to this file (replaces an existing file)
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
        let wish = Export {
            language,
            policy: self.policy.as_deref(),
            alerts: self.alerts,
        };
        run::export(context, wish, out).await
    }
}
