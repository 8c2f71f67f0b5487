//! The flags of the commands for a whole tenant: `status --all`, `report` and `list`.

use super::global::duration;
use crate::run::{FailOn, StatusFilter};
use clap::ValueEnum;
use std::time::Duration;

/// Which environments, by facts that the environment list contains.
#[derive(Debug, clap::Args)]
pub(super) struct Listed {
    /// Only environments of this type, such as Production
    #[arg(long, value_name = "TYPE")]
    sku: Option<String>,
    /// Only environments without a customer-managed key
    #[arg(long)]
    not_encrypted: bool,
}

impl Listed {
    /// What was asked for; `policy` is the command's own flag.
    pub(super) fn filter(&self, policy: Option<String>) -> StatusFilter {
        StatusFilter {
            policy,
            sku: self.sku.clone(),
            not_encrypted: self.not_encrypted,
            ..StatusFilter::default()
        }
    }
}

/// Which environments of the tenant.
#[derive(Debug, clap::Args)]
pub(super) struct Filter {
    /// Only environments with a key in this vault
    #[arg(long, value_name = "ID|NAME")]
    vault: Option<String>,
    #[command(flatten)]
    listed: Listed,
    /// Warn about keys that expire within this time
    #[arg(
        long,
        value_name = "TIME",
        value_parser = duration,
        allow_negative_numbers = true,
        default_value = "60d"
    )]
    expiring_within: Duration,
}

impl Filter {
    /// What was asked for; `policy` is the command's own flag.
    pub(super) fn filter(&self, policy: Option<String>) -> StatusFilter {
        StatusFilter {
            vault: self.vault.clone(),
            expiring_within: Some(self.expiring_within),
            ..self.listed.filter(policy)
        }
    }
}

/// What to show of the whole tenant.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "With --all")]
pub(super) struct Estate {
    /// Show all environments of the tenant, worst first
    #[arg(long, conflicts_with = "environment")]
    pub(super) all: bool,
    #[command(flatten)]
    filter: Filter,
    /// Exit 3 for these states, 5 if something is not visible. `unencrypted` leaves out types that
    /// can't have a key
    #[arg(
        long,
        requires = "all",
        value_enum,
        value_delimiter = ',',
        value_name = "WHAT"
    )]
    fail_on: Vec<Fail>,
    /// Do not fail on what this account can't see
    #[arg(long, requires = "fail_on")]
    allow_not_visible: bool,
}

/// What is watched.
#[derive(Debug, clap::Args)]
pub(super) struct Watched {
    /// Only environments of this policy
    #[arg(long, value_name = "ID|NAME")]
    policy: Option<String>,
    #[command(flatten)]
    filter: Filter,
    /// What counts as a danger. `unencrypted` leaves out types that can't have a key
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "WHAT",
        default_value = "locked,drift,expiring"
    )]
    fail_on: Vec<Fail>,
    /// Do not report what this account can't see
    #[arg(long)]
    allow_not_visible: bool,
}

impl Watched {
    /// What was asked for.
    pub(super) fn filter(&self) -> StatusFilter {
        StatusFilter {
            fail_on: self.fail_on.iter().map(Fail::on).collect(),
            allow_not_visible: self.allow_not_visible,
            ..self.filter.filter(self.policy.clone())
        }
    }
}

/// The states that `--fail-on` can name.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Fail {
    Drift,
    Expiring,
    Locked,
    Unencrypted,
}

impl Fail {
    fn on(&self) -> FailOn {
        match self {
            Fail::Drift => FailOn::Drift,
            Fail::Expiring => FailOn::Expiring,
            Fail::Locked => FailOn::Locked,
            Fail::Unencrypted => FailOn::Unencrypted,
        }
    }
}

impl Estate {
    /// What was asked for; `policy` is the command's own flag.
    pub(super) fn filter(&self, policy: Option<String>) -> StatusFilter {
        StatusFilter {
            fail_on: self.fail_on.iter().map(Fail::on).collect(),
            allow_not_visible: self.allow_not_visible,
            ..self.filter.filter(policy)
        }
    }
}
