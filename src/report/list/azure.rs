//! Policies, vaults and keys as rows. The order of their fields is the order of the columns of
//! `-o tsv`. It must not change.

use super::row::{Fits, Row, UNKNOWN, dash, flag};
use crate::model::day::day;
use crate::model::fit::Fit;
use crate::model::ids::ResourceKind;
use crate::model::known::Known;
use crate::model::protection::{Key, Network, Policy, Vault};
use crate::report::layout::{Column, may, must, named};
use jiff::Timestamp;
use serde::Serialize;

/// A policy.
#[derive(Debug, Serialize)]
pub struct PolicyRow<'a> {
    name: &'a str,
    id: String,
    subscription: &'a str,
    group: &'a str,
    location: &'a str,
    vault: Option<String>,
    key: Option<&'a str>,
    key_version: &'a str,
    encrypts: &'static str,
    identity: Option<&'a str>,
    #[serde(flatten)]
    fits: Fits<'a>,
}

impl<'a> PolicyRow<'a> {
    /// The row of a policy, with the verdict on it.
    pub fn of(policy: &'a Policy, fit: &'a Fit) -> Self {
        let key = policy.key_reference();
        let version = key.map(|key| key.version.as_ref());
        Self {
            name: &policy.id.name,
            id: policy.id.to_string(),
            subscription: &policy.id.subscription,
            group: &policy.id.group,
            location: policy.location.shown(),
            vault: key.map(|key| key.vault.to_string()),
            key: key.map(|key| key.key.as_str()),
            key_version: version.map_or(UNKNOWN, |version| {
                version.map_or("latest", |version| version.as_str())
            }),
            encrypts: flag(&policy.encrypts),
            identity: policy.principal_id.as_deref(),
            fits: Fits::of(fit),
        }
    }
}

impl Row for PolicyRow<'_> {
    const SCHEMA: &'static str = "cmkctl/list-policies/v1";
    const ITEMS: &'static str = "policies";
    const ONE: &'static str = "policy";
    const COLUMNS: &'static [Column] = &[
        named("NAME"),
        must("FITS"),
        must("LOCATION"),
        must("KEY"),
        may("ENCRYPTS"),
        may("GROUP"),
        may("SUBSCRIPTION"),
        may("IDENTITY"),
    ];

    fn cells(&self) -> Vec<String> {
        let vault = self.vault.as_deref().and_then(|id| id.rsplit('/').next());
        let key = vault.zip(self.key).map(|(vault, key)| {
            let pinned = if self.key_version == "latest" {
                ""
            } else {
                " (pinned)"
            };
            format!("{vault}/{key}{pinned}")
        });
        vec![
            self.name.to_owned(),
            self.fits.fits.to_owned(),
            self.location.to_owned(),
            key.unwrap_or_else(|| UNKNOWN.to_owned()),
            self.encrypts.to_owned(),
            self.group.to_owned(),
            self.subscription.to_owned(),
            dash(self.identity),
        ]
    }

    fn fit(&self) -> (&'static str, &str) {
        self.fits.told()
    }
}

/// A vault or managed HSM.
#[derive(Debug, Serialize)]
pub struct VaultRow<'a> {
    name: &'a str,
    id: String,
    kind: &'static str,
    subscription: &'a str,
    group: &'a str,
    region: &'a str,
    authorization: &'static str,
    purge_protection: &'static str,
    soft_delete: &'static str,
    network: &'static str,
    tenant: &'a str,
    #[serde(flatten)]
    fits: Fits<'a>,
}

impl<'a> VaultRow<'a> {
    /// The row of a vault, with the verdict on it.
    pub fn of(vault: &'a Vault, fit: &'a Fit) -> Self {
        let hsm = vault.id.kind == ResourceKind::ManagedHsm;
        Self {
            name: &vault.id.name,
            id: vault.id.to_string(),
            kind: if hsm { "managed-hsm" } else { "vault" },
            subscription: &vault.id.subscription,
            group: &vault.id.group,
            region: vault.region.shown(),
            authorization: match &vault.rbac {
                Known::Known(true) if hsm => "local-rbac",
                Known::Known(true) => "rbac",
                Known::Known(false) => "access-policies",
                Known::Unknown(_) => UNKNOWN,
            },
            purge_protection: flag(&vault.purge_protection),
            soft_delete: flag(&vault.soft_delete),
            network: match &vault.network {
                Known::Known(Network::Open) => "open",
                Known::Known(Network::TrustedServices) => "trusted-services",
                Known::Known(Network::Closed) => "closed",
                Known::Known(Network::Perimeter) => "perimeter",
                Known::Unknown(_) => UNKNOWN,
            },
            tenant: vault.tenant_id.shown(),
            fits: Fits::of(fit),
        }
    }
}

impl Row for VaultRow<'_> {
    const SCHEMA: &'static str = "cmkctl/list-vaults/v1";
    const ITEMS: &'static str = "vaults";
    const ONE: &'static str = "vault or managed HSM";
    const COLUMNS: &'static [Column] = &[
        named("NAME"),
        must("FITS"),
        must("KIND"),
        must("REGION"),
        may("AUTHORIZATION"),
        may("NETWORK"),
        may("PURGE PROTECTION"),
        may("SOFT DELETE"),
        may("GROUP"),
        may("SUBSCRIPTION"),
        may("TENANT"),
    ];

    fn cells(&self) -> Vec<String> {
        [
            self.name,
            self.fits.fits,
            self.kind,
            self.region,
            self.authorization,
            self.network,
            self.purge_protection,
            self.soft_delete,
            self.group,
            self.subscription,
            self.tenant,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn fit(&self) -> (&'static str, &str) {
        self.fits.told()
    }
}

/// A key.
#[derive(Debug, Serialize)]
pub struct KeyRow<'a> {
    name: &'a str,
    vault: &'a str,
    vault_id: String,
    #[serde(rename = "type")]
    kty: &'a str,
    size: Option<u32>,
    enabled: &'static str,
    expires: String,
    identifier: String,
    #[serde(flatten)]
    fits: Fits<'a>,
    #[serde(skip)]
    end: Option<Timestamp>,
}

impl<'a> KeyRow<'a> {
    /// The row of a key and its vault, with the verdict on the key.
    pub fn of((key, vault): &'a (Key, Vault), fit: &'a Fit) -> Self {
        let address = vault.uri.trim_end_matches('/');
        Self {
            name: &key.name,
            vault: &vault.id.name,
            vault_id: vault.id.to_string(),
            kty: key.kty.shown(),
            size: key.bits.known().copied(),
            enabled: flag(&key.validity.enabled),
            expires: match &key.validity.expires {
                Known::Known(Some(end)) => end.to_string(),
                Known::Known(None) => "never".to_owned(),
                Known::Unknown(_) => UNKNOWN.to_owned(),
            },
            identifier: format!("{address}/keys/{}", key.name),
            fits: Fits::of(fit),
            end: key.validity.end(),
        }
    }
}

impl Row for KeyRow<'_> {
    const SCHEMA: &'static str = "cmkctl/list-keys/v1";
    const ITEMS: &'static str = "keys";
    const ONE: &'static str = "key";
    const COLUMNS: &'static [Column] = &[
        named("NAME"),
        must("VAULT"),
        must("FITS"),
        must("TYPE"),
        must("SIZE"),
        may("ENABLED"),
        may("EXPIRES"),
        may("IDENTIFIER"),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.to_owned(),
            self.vault.to_owned(),
            self.fits.fits.to_owned(),
            self.kty.to_owned(),
            self.size.map_or("-".to_owned(), |bits| bits.to_string()),
            self.enabled.to_owned(),
            self.end.map_or_else(|| self.expires.clone(), day),
            self.identifier.clone(),
        ]
    }

    fn fit(&self) -> (&'static str, &str) {
        self.fits.told()
    }
}
