//! Purges deleted vaults and keys at the end of their retention, as documented.

use super::vaults::Vault;
use super::world::World;
use jiff::{SignedDuration, Timestamp};

impl World {
    /// Purges everything whose retention is over. Deletions of the scenario count from the start.
    pub(crate) fn purge_due(&mut self) {
        let (now, epoch) = (self.clock.now(), self.clock.epoch);
        let over = |vault: &Vault, at: Option<Timestamp>| {
            let kept = SignedDuration::from_hours(24 * vault.retention_days());
            at.unwrap_or(epoch) + kept <= now
        };
        let mut gone = Vec::new();
        for (name, vault) in &self.vaults {
            if vault.deleted && over(vault, vault.deleted_at) {
                gone.push((name.clone(), None));
                continue;
            }
            let keys = vault.keys.iter().filter(|(_, key)| key.deleted);
            let keys = keys.filter(|(_, key)| over(vault, key.deleted_at));
            gone.extend(keys.map(|(key, _)| (name.clone(), Some(key.clone()))));
        }
        for (name, key) in gone {
            let Some(key) = key else {
                self.vaults.remove(&name);
                self.effect("vault-purged", name);
                continue;
            };
            if let Some(vault) = self.vaults.get_mut(&name) {
                vault.keys.remove(&key);
            }
            self.effect("key-purged", format!("{name}/{key}"));
        }
    }
}
