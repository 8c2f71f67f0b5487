//! Effects of time. Documented: an environment whose key can't be reached is locked, and deleted
//! after 7 or 30 days. The scenario sets how soon it is locked.

use super::events::Event;
use super::world::World;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Days until a locked environment is deleted, by SKU.
const DELETED_AFTER: [(&str, i64); 2] = [("Sandbox", 7), ("Production", 30)];

impl World {
    /// Applies the effects of time.
    pub(crate) fn advance(&mut self) {
        for subscription in &mut self.subscriptions {
            let since = subscription.provider_since;
            if since.is_some_and(|since| self.clock.since(since) >= self.settings.provider_seconds)
            {
                let after = match subscription.provider.as_str() {
                    "Unregistering" => "Unregistered",
                    _ => "Registered",
                };
                after.clone_into(&mut subscription.provider);
                subscription.provider_since = None;
            }
        }
        self.advance_operations();
        self.advance_azure();
        self.advance_events();
        self.rotate_due();
        self.purge_due();
        self.advance_locks();
    }

    pub(crate) fn advance_events(&mut self) {
        let passed = self.clock.since(self.clock.epoch) / 86_400.0;
        let (due, later): (Vec<Event>, Vec<Event>) = std::mem::take(&mut self.events)
            .into_iter()
            .partition(|event| event.after_days <= passed);
        self.events = later;
        for event in due {
            self.happen(&event.what);
        }
    }

    pub(crate) fn advance_locks(&mut self) {
        let Some(patience) = self.settings.locks_after_seconds else {
            return;
        };
        let now = self.clock.now();
        for (key, reached) in self.cut_off() {
            let running = self.running(&key).is_some();
            let Some(environment) = self.environments.get_mut(&key) else {
                continue;
            };
            if reached {
                environment.unreached = None;
            }
            // An operation takes the environment offline anyway, and a locked environment stays
            // locked.
            if reached || running {
                continue;
            }
            let since = *environment.unreached.get_or_insert(now);
            let locked =
                since + SignedDuration::try_from_secs_f64(patience).unwrap_or(SignedDuration::ZERO);
            if now < locked {
                continue;
            }
            "Disabled".clone_into(&mut environment.runtime);
            let days = DELETED_AFTER
                .iter()
                .find(|(sku, _)| *sku == environment.sku)
                .map_or(30, |(_, days)| *days);
            if now.duration_since(locked) >= SignedDuration::from_hours(days * 24) {
                self.environments.remove(&key);
                self.effect("environment-deleted", key);
            }
        }
    }

    /// The environments whose key can't be reached now, or could not at the last check, and whether
    /// it can now. Each policy is checked once.
    fn cut_off(&self) -> Vec<(String, bool)> {
        let mut by_policy: BTreeMap<&str, bool> = BTreeMap::new();
        let mut found = Vec::new();
        for (key, environment) in &self.environments {
            let reached = environment.link.as_ref().is_none_or(|(policy, _)| {
                *by_policy
                    .entry(policy)
                    .or_insert_with(|| self.reaches_by(policy))
            });
            if !reached || environment.unreached.is_some() {
                found.push((key.clone(), reached));
            }
        }
        found
    }

    /// The time since which an environment is locked, for its last modification.
    pub(crate) fn locked_since(&self, key: &str) -> Option<Timestamp> {
        let patience =
            SignedDuration::try_from_secs_f64(self.settings.locks_after_seconds?).ok()?;
        Some(self.environments.get(key)?.unreached? + patience)
            .filter(|since| *since <= self.clock.now())
    }
}
