//! Vaults, managed HSMs, keys and their versions.

use super::rotation::Rotation;
use super::subscriptions::Place;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A key vault or managed HSM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vault {
    #[serde(default)]
    pub(crate) hsm: bool,
    #[serde(default)]
    pub(crate) place: Place,
    #[serde(default = "west_europe")]
    pub(crate) location: String,
    /// Properties in Azure Resource Manager's form. An unset property is missing.
    pub(crate) properties: Value,
    pub(crate) keys: BTreeMap<String, Key>,
    /// Soft-deleted: its name is still taken.
    #[serde(default)]
    pub(crate) deleted: bool,
    /// Does the data plane's firewall block the client? A scenario sets it directly. A later change
    /// of the network rules sets it again.
    #[serde(default)]
    pub(crate) firewall: bool,
    #[serde(skip)]
    pub(crate) tags: Map<String, Value>,
    /// Deletion time, if after the start of the sandbox.
    #[serde(skip)]
    pub(crate) deleted_at: Option<Timestamp>,
}

impl Vault {
    /// A vault without keys and properties.
    pub(crate) fn new(place: Place, location: &str) -> Self {
        Self {
            hsm: false,
            place,
            location: location.to_owned(),
            properties: Value::Object(Map::new()),
            keys: BTreeMap::new(),
            deleted: false,
            firewall: false,
            tags: Map::new(),
            deleted_at: None,
        }
    }

    /// The name of its type in Azure Resource Manager.
    pub(crate) fn kind(&self) -> &'static str {
        if self.hsm { "managedHSMs" } else { "vaults" }
    }

    /// Retention of deleted keys in days.
    pub(crate) fn retention_days(&self) -> i64 {
        self.properties["softDeleteRetentionInDays"]
            .as_i64()
            .unwrap_or(90)
    }

    /// Is purge protection on?
    pub(crate) fn is_purge_protected(&self) -> bool {
        self.properties["enablePurgeProtection"] == true
    }

    /// The recovery level in the attributes of its keys.
    pub(crate) fn recovery_level(&self) -> &'static str {
        if self.is_purge_protected() {
            "Recoverable"
        } else {
            "Recoverable+Purgeable"
        }
    }

    /// A vault with the standard SKU has no hardware keys.
    pub(crate) fn is_standard(&self) -> bool {
        self.properties["sku"]["name"] == "standard"
    }
}

fn west_europe() -> String {
    "westeurope".to_owned()
}

/// A key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) kty: String,
    #[serde(default)]
    pub(crate) bits: u32,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    /// Days from the epoch.
    #[serde(default)]
    pub(crate) expires_in_days: Option<i64>,
    #[serde(default)]
    pub(crate) starts_in_days: Option<i64>,
    #[serde(default)]
    pub(crate) deleted: bool,
    #[serde(default = "single_version")]
    pub(crate) versions: u32,
    /// Age of each version at the start in days, first version first; 100 by default.
    #[serde(default)]
    pub(crate) made_days_ago: Vec<f64>,
    /// Earlier versions that are disabled.
    #[serde(default)]
    pub(crate) disabled: BTreeSet<u32>,
    /// Deletion time, if after the start of the sandbox.
    #[serde(skip)]
    pub(crate) deleted_at: Option<Timestamp>,
    /// The versions that were created or changed after the start, by number. The scenario describes
    /// the others.
    #[serde(skip)]
    pub(crate) written: BTreeMap<u32, Version>,
    /// Its rotation policy, if set.
    #[serde(skip)]
    pub(crate) rotation: Option<Rotation>,
}

/// A version of a key. The key knows whether it is enabled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Version {
    pub(crate) kty: String,
    /// Size of an RSA or symmetric key in bits; 0 for others.
    pub(crate) bits: u32,
    /// The curve of an elliptic key.
    pub(crate) curve: Option<String>,
    /// The allowed operations.
    pub(crate) operations: Vec<String>,
    pub(crate) tags: Map<String, Value>,
    /// Times in seconds since 1970.
    pub(crate) expires: Option<i64>,
    pub(crate) starts: Option<i64>,
    pub(crate) made: i64,
    pub(crate) updated: i64,
}

impl Version {
    /// Can the services behind Power Platform wrap and unwrap with it at this time?
    pub(crate) fn wraps_at(&self, now: i64) -> bool {
        let may = |operation: &&str| self.operations.iter().any(|listed| listed == operation);
        self.expires.is_none_or(|end| end > now)
            && self.starts.is_none_or(|start| start <= now)
            && ["wrapKey", "unwrapKey"].iter().all(may)
    }
}

impl Key {
    /// A key without any version.
    pub(crate) fn new(kty: &str, bits: u32) -> Self {
        Self {
            kty: kty.to_owned(),
            bits,
            enabled: true,
            expires_in_days: None,
            starts_in_days: None,
            deleted: false,
            versions: 0,
            made_days_ago: Vec::new(),
            disabled: BTreeSet::new(),
            deleted_at: None,
            written: BTreeMap::new(),
            rotation: None,
        }
    }

    /// Is this version enabled?
    pub(crate) fn is_enabled(&self, version: u32) -> bool {
        if version == self.versions {
            self.enabled
        } else {
            !self.disabled.contains(&version)
        }
    }

    pub(crate) fn enable(&mut self, version: u32, enabled: bool) {
        if version == self.versions {
            self.enabled = enabled;
        } else if enabled {
            self.disabled.remove(&version);
        } else {
            self.disabled.insert(version);
        }
    }

    /// Adds a version.
    pub(crate) fn add(&mut self, version: Version, enabled: bool) {
        if !self.enabled && self.versions > 0 {
            self.disabled.insert(self.versions);
        }
        self.versions += 1;
        self.enabled = enabled;
        self.written.insert(self.versions, version);
    }
}

/// The default operations of a key of this type.
pub(crate) fn usual_operations(kty: &str) -> Vec<String> {
    let all: &[&str] = if kty.starts_with("RSA") {
        &[
            "encrypt",
            "decrypt",
            "sign",
            "verify",
            "wrapKey",
            "unwrapKey",
        ]
    } else if kty.starts_with("EC") {
        &["sign", "verify"]
    } else {
        &["encrypt", "decrypt", "wrapKey", "unwrapKey"]
    };
    all.iter()
        .map(|operation| (*operation).to_owned())
        .collect()
}

fn yes() -> bool {
    true
}

fn single_version() -> u32 {
    1
}
