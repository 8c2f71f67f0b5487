//! The flags of whatever looks at the whole tenant: `status --all` and `report`.

use super::global::duration;
use crate::run::{FailOn, Glance};
use clap::ValueEnum;
use std::time::Duration;

/// Which environments of the tenant.
#[derive(Debug, clap::Args)]
pub(super) struct Filter {
    /// Only environments whose key is in this vault, by its id or name
    #[arg(long, value_name = "ID|NAME")]
    vault: Option<String>,
    /// Only environments of this type, such as Production
    #[arg(long, value_name = "TYPE")]
    sku: Option<String>,
    /// Only environments without a customer-managed key
    #[arg(long)]
    not_encrypted: bool,
    /// A key that expires sooner than this is worth a word, such as 60d
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60d")]
    expiring_within: Duration,
}

impl Filter {
    /// What was asked for; `policy` is the command's own flag.
    pub(super) fn glance(&self, policy: Option<String>) -> Glance {
        Glance {
            policy,
            vault: self.vault.clone(),
            sku: self.sku.clone(),
            not_encrypted: self.not_encrypted,
            expiring_within: Some(self.expiring_within),
            ..Glance::default()
        }
    }
}

/// What to show of the whole tenant.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "With --all")]
pub(super) struct Estate {
    /// Show every environment of the tenant, worst first
    #[arg(long, conflicts_with = "environment")]
    pub(super) all: bool,
    #[command(flatten)]
    filter: Filter,
    /// Exit 3 when there is such an environment, and 5 when that is not visible
    #[arg(
        long,
        requires = "all",
        value_enum,
        value_delimiter = ',',
        value_name = "WHAT"
    )]
    fail_on: Vec<Fail>,
    /// With --fail-on: do not fail when something is not visible to this account
    #[arg(long, requires = "fail_on")]
    allow_not_visible: bool,
}

/// What makes it fail.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Fail {
    Drift,
    Expiring,
    Locked,
    Unencrypted,
}

impl Estate {
    /// What was asked for; `policy` is the command's own flag.
    pub(super) fn glance(&self, policy: Option<String>) -> Glance {
        Glance {
            fail_on: self
                .fail_on
                .iter()
                .map(|fail| match fail {
                    Fail::Drift => FailOn::Drift,
                    Fail::Expiring => FailOn::Expiring,
                    Fail::Locked => FailOn::Locked,
                    Fail::Unencrypted => FailOn::Unencrypted,
                })
                .collect(),
            allow_not_visible: self.allow_not_visible,
            ..self.filter.glance(policy)
        }
    }
}
