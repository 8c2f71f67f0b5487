//! What holds keys: vaults, managed HSMs, keys and their versions.

use super::rotation::Rotation;
use super::subscriptions::Place;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A key vault or managed HSM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Vault {
    #[serde(default)]
    pub(in crate::sandbox) hsm: bool,
    #[serde(default)]
    pub(in crate::sandbox) place: Place,
    #[serde(default = "west_europe")]
    pub(in crate::sandbox) location: String,
    /// Properties as Azure Resource Manager shows them; what is absent is absent.
    pub(in crate::sandbox) properties: Value,
    pub(in crate::sandbox) keys: BTreeMap<String, Key>,
    /// Soft-deleted: gone, but its name is held.
    #[serde(default)]
    pub(in crate::sandbox) deleted: bool,
    /// Is the data plane's firewall closed to the client? A scenario says it for itself; whoever
    /// writes network rules later decides it anew.
    #[serde(default)]
    pub(in crate::sandbox) firewall: bool,
    #[serde(skip)]
    pub(in crate::sandbox) tags: Map<String, Value>,
    /// When it was deleted, where that was after the sandbox began.
    #[serde(skip)]
    pub(in crate::sandbox) deleted_at: Option<Timestamp>,
}

impl Vault {
    /// A vault without keys and properties.
    pub(in crate::sandbox) fn new(place: Place, location: &str) -> Self {
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

    /// What Azure Resource Manager calls its type.
    pub(in crate::sandbox) fn kind(&self) -> &'static str {
        if self.hsm { "managedHSMs" } else { "vaults" }
    }

    /// How many days a deleted key is kept.
    pub(in crate::sandbox) fn retention_days(&self) -> i64 {
        self.properties["softDeleteRetentionInDays"]
            .as_i64()
            .unwrap_or(90)
    }

    /// Is what was deleted kept from being purged?
    pub(in crate::sandbox) fn is_purge_protected(&self) -> bool {
        self.properties["enablePurgeProtection"] == true
    }

    /// How keys in it say that.
    pub(in crate::sandbox) fn recovery_level(&self) -> &'static str {
        if self.is_purge_protected() {
            "Recoverable"
        } else {
            "Recoverable+Purgeable"
        }
    }

    /// A vault of the standard SKU keeps no keys in hardware.
    pub(in crate::sandbox) fn is_standard(&self) -> bool {
        self.properties["sku"]["name"] == "standard"
    }
}

fn west_europe() -> String {
    "westeurope".to_owned()
}

/// A key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Key {
    pub(in crate::sandbox) kty: String,
    #[serde(default)]
    pub(in crate::sandbox) bits: u32,
    #[serde(default = "yes")]
    pub(in crate::sandbox) enabled: bool,
    /// Days from the epoch.
    #[serde(default)]
    pub(in crate::sandbox) expires_in_days: Option<i64>,
    #[serde(default)]
    pub(in crate::sandbox) starts_in_days: Option<i64>,
    #[serde(default)]
    pub(in crate::sandbox) deleted: bool,
    #[serde(default = "one")]
    pub(in crate::sandbox) versions: u32,
    /// How many days before the sandbox began each version was made, from the first one on; long
    /// before, where nothing is said.
    #[serde(default)]
    pub(in crate::sandbox) made_days_ago: Vec<f64>,
    /// Versions before the latest one that are disabled.
    #[serde(default)]
    pub(in crate::sandbox) disabled: BTreeSet<u32>,
    /// When it was deleted, where that was after the sandbox began.
    #[serde(skip)]
    pub(in crate::sandbox) deleted_at: Option<Timestamp>,
    /// The versions that were made or changed after the sandbox began, by number. Of the others,
    /// all is as the scenario says.
    #[serde(skip)]
    pub(in crate::sandbox) written: BTreeMap<u32, Version>,
    /// Its rotation policy, where somebody has set one.
    #[serde(skip)]
    pub(in crate::sandbox) rotation: Option<Rotation>,
}

/// A version of a key. Whether it is enabled is the key's to say.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Version {
    pub(in crate::sandbox) kty: String,
    /// Bits of an RSA or symmetric key; 0 for any other.
    pub(in crate::sandbox) bits: u32,
    /// The curve of an elliptic one.
    pub(in crate::sandbox) curve: Option<String>,
    /// What may be done with it.
    pub(in crate::sandbox) operations: Vec<String>,
    pub(in crate::sandbox) tags: Map<String, Value>,
    /// Times in seconds since 1970.
    pub(in crate::sandbox) expires: Option<i64>,
    pub(in crate::sandbox) starts: Option<i64>,
    pub(in crate::sandbox) made: i64,
    pub(in crate::sandbox) updated: i64,
}

impl Version {
    /// May the services behind Power Platform wrap and unwrap with it at this time?
    pub(in crate::sandbox) fn wraps_at(&self, now: i64) -> bool {
        let may = |operation: &&str| self.operations.iter().any(|own| own == operation);
        self.expires.is_none_or(|end| end > now)
            && self.starts.is_none_or(|start| start <= now)
            && ["wrapKey", "unwrapKey"].iter().all(may)
    }
}

impl Key {
    /// A key that has no version yet.
    pub(in crate::sandbox) fn new(kty: &str, bits: u32) -> Self {
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
    pub(in crate::sandbox) fn is_enabled(&self, version: u32) -> bool {
        if version == self.versions {
            self.enabled
        } else {
            !self.disabled.contains(&version)
        }
    }

    pub(in crate::sandbox) fn enable(&mut self, version: u32, enabled: bool) {
        if version == self.versions {
            self.enabled = enabled;
        } else if enabled {
            self.disabled.remove(&version);
        } else {
            self.disabled.insert(version);
        }
    }

    /// One version more.
    pub(in crate::sandbox) fn add(&mut self, version: Version, enabled: bool) {
        if !self.enabled && self.versions > 0 {
            self.disabled.insert(self.versions);
        }
        self.versions += 1;
        self.enabled = enabled;
        self.written.insert(self.versions, version);
    }
}

/// What a key of this type may be used for where its maker says nothing.
pub(in crate::sandbox) fn usual_operations(kty: &str) -> Vec<String> {
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
    all.iter().map(|own| (*own).to_owned()).collect()
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}
