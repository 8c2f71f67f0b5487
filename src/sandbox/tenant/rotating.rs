//! Rotates keys, on request and by their rotation policy.

use super::keys::version;
use super::rotation::Trigger;
use super::vaults::{Key, Version};
use super::world::World;

/// The version that a rotation at this moment adds: like the latest one, with the policy's expiry.
/// Inferred: it keeps operations and tags.
fn next(world: &World, key: &Key, moment: i64) -> Version {
    let expiry = key
        .rotation
        .as_ref()
        .and_then(|rotation| rotation.expiry.as_ref());
    Version {
        expires: expiry.and_then(|period| period.after(moment)),
        starts: None,
        made: moment,
        updated: moment,
        ..version(world, key, key.versions)
    }
}

impl World {
    /// Adds a version to a key, created at this moment.
    pub(crate) fn rotate(&mut self, vault: &str, key: &str, moment: i64) {
        let stored_key = self
            .vaults
            .get(vault)
            .and_then(|stored_vault| stored_vault.keys.get(key));
        let Some(added) = stored_key.map(|stored_key| next(self, stored_key, moment)) else {
            return;
        };
        if let Some(stored_key) = self
            .vaults
            .get_mut(vault)
            .and_then(|stored_vault| stored_vault.keys.get_mut(key))
        {
            stored_key.add(added, true);
        }
        self.effect("key-version-created", format!("{vault}/{key}"));
    }

    /// Rotates every key that is due. Inferred: a disabled key is skipped.
    pub(crate) fn rotate_due(&mut self) {
        let now = self.clock.now().as_second();
        while let Some((vault, key, moment)) = self.next_due(now) {
            self.rotate(&vault, &key, moment);
        }
    }

    fn next_due(&self, now: i64) -> Option<(String, String, i64)> {
        let vaults = self.vaults.iter().filter(|(_, vault)| !vault.deleted);
        let mut all =
            vaults.flat_map(|(name, vault)| vault.keys.iter().map(move |key| (name, key)));
        all.find_map(|(vault, (name, key))| {
            let due = self.due(key).filter(|due| *due <= now)?;
            Some((vault.clone(), name.clone(), due))
        })
    }

    fn due(&self, key: &Key) -> Option<i64> {
        let policy = key.rotation.as_ref()?;
        if key.deleted || !key.enabled {
            return None;
        }
        let latest = version(self, key, key.versions);
        // A rotation that was due before the policy existed is due when the policy is set.
        let due = match policy.rotate.as_ref()? {
            Trigger::AfterCreate(period) => period.after(latest.made)?,
            Trigger::BeforeExpiry(period) => period.before(latest.expires?)?,
        };
        Some(due.max(policy.updated))
    }
}
