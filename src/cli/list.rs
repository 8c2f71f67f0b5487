//! `cmkctl list`

use super::estate::Listed;
use crate::error::Result;
use crate::report::Out;
use crate::run::{self, Context, Listing};

/// List environments, policies, vaults, keys, subscriptions
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Changes nothing. `fits` says whether you can use an item: yes, but (yes, with a warning), no, or
unknown. `why` is the reason. With -o tsv, the columns are in the order that the help of each list
shows. Later versions add columns only at the end. Exit code 5: cmkctl could not read everything."
)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List environments, and whether each can have a key
    #[command(after_help = "\
cmkctl reads only the list, and not each environment. A fact that the list does not show is
unknown. The plan of a command reads more facts.

Columns of -o tsv: name, id, type, state, managed, finance_and_operations, policy, link,
geography, fits, why.

Examples:
  cmkctl list environments --not-encrypted --fits
  cmkctl list environments --sku Production -o tsv
  cmkctl list environments --sandbox --scenario fresh")]
    Environments {
        /// Only environments of this policy: name or id
        #[arg(long, value_name = "ID|NAME")]
        policy: Option<String>,
        #[command(flatten)]
        listed: Listed,
        #[command(flatten)]
        fitting: Fitting,
    },
    /// List the enterprise policies for encryption
    #[command(after_help = "\
This list does not read a policy's key, its vault, or the policy's access to the key.
`cmkctl check` reads them.

Columns of -o tsv: name, id, subscription, group, location, vault, key, key_version, encrypts,
identity, fits, why. A key_version of `latest` means that the policy follows key rotations.

Examples:
  cmkctl list policies --geography europe
  cmkctl list policies --environment \"Contoso UAT\" --fits
  cmkctl list policies --sandbox --scenario locked")]
    Policies {
        /// Only policies of this geography, such as europe
        #[arg(long, value_name = "NAME", value_parser = geography)]
        geography: Option<String>,
        #[command(flatten)]
        beside: Beside,
    },
    /// List key vaults and managed HSMs
    #[command(after_help = "\
Columns of -o tsv: name, id, kind, subscription, group, region, authorization,
purge_protection, soft_delete, network, tenant, fits, why.

Examples:
  cmkctl list vaults --fits
  cmkctl list vaults --environment \"Contoso UAT\"
  cmkctl list vaults --sandbox --scenario managed-hsm")]
    Vaults {
        #[command(flatten)]
        beside: Beside,
    },
    /// List the keys of one vault, or of all
    #[command(after_help = "\
Columns of -o tsv: name, vault, vault_id, type, size, enabled, expires, identifier, fits, why.
The identifier has no version. `expires` is a time, `never` or `unknown`.

Examples:
  cmkctl list keys --fits
  cmkctl list keys --vault kv-contoso-cmk -o json
  cmkctl list keys --sandbox")]
    Keys {
        /// Only keys of this vault: name, id or URL
        #[arg(long, value_name = "ID|URL|NAME")]
        vault: Option<String>,
        #[command(flatten)]
        beside: Beside,
    },
    /// List your subscriptions and their registration
    #[command(after_help = "\
Columns of -o tsv: name, id, state, tenant, registered, quota, fits, why.

Examples:
  cmkctl list subscriptions
  cmkctl list subscriptions --fits -o tsv
  cmkctl list subscriptions --sandbox --scenario many-subscriptions")]
    Subscriptions {
        #[command(flatten)]
        fitting: Fitting,
    },
}

/// Which items the list shows.
#[derive(Debug, clap::Args)]
struct Fitting {
    /// Show only items that fit
    #[arg(long)]
    fits: bool,
}

/// The environment that the items must fit.
#[derive(Debug, clap::Args)]
struct Beside {
    /// Check the fit for this environment: id, URL or name
    #[arg(long, value_name = "ENVIRONMENT")]
    environment: Option<String>,
    #[command(flatten)]
    fitting: Fitting,
}

impl Beside {
    fn listing(&self) -> Listing {
        Listing {
            fits: self.fitting.fits,
            environment: self.environment.clone(),
            ..Listing::default()
        }
    }
}

/// The name of a geography, as the services write it.
fn geography(text: &str) -> std::result::Result<String, String> {
    let name = text.split_whitespace().collect::<String>();
    let known = |ch: char| ch.is_ascii_alphanumeric();
    if name.is_empty() || !name.chars().all(known) {
        return Err("it must be a name such as europe".to_owned());
    }
    Ok(name.to_ascii_lowercase())
}

impl Args {
    pub(super) async fn run(&self, context: &Context, out: &mut Out) -> Result<()> {
        let only = |fitting: &Fitting| Listing {
            fits: fitting.fits,
            ..Listing::default()
        };
        match &self.what {
            What::Environments {
                policy,
                listed,
                fitting,
            } => {
                let filter = listed.filter(policy.clone());
                run::list_environments(context, &filter, &only(fitting), out).await
            }
            What::Policies { geography, beside } => {
                let asked = Listing {
                    geography: geography.clone(),
                    ..beside.listing()
                };
                run::list_policies(context, &asked, out).await
            }
            What::Vaults { beside } => run::list_vaults(context, &beside.listing(), out).await,
            What::Keys { vault, beside } => {
                let asked = Listing {
                    vault: vault.clone(),
                    ..beside.listing()
                };
                run::list_keys(context, &asked, out).await
            }
            What::Subscriptions { fitting } => {
                run::list_subscriptions(context, &only(fitting), out).await
            }
        }
    }
}
