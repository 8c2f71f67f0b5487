//! How time passes. That an environment is locked when its key can't be reached, and deleted after
//! 7 or 30 days, is documented; how soon it is locked is the scenario's to say.

use super::events::Event;
use super::world::World;
use jiff::{SignedDuration, Timestamp};

/// A locked sandbox is deleted after so many days, production after so many.
const DELETED_AFTER: [(&str, i64); 2] = [("Sandbox", 7), ("Production", 30)];

impl World {
    /// Lets time have its effect.
    pub(in crate::sandbox) fn advance(&mut self) {
        for subscription in &mut self.subscriptions {
            let since = subscription.provider_since;
            if since.is_some_and(|since| self.clock.since(since) >= self.settings.provider_seconds)
            {
                "Registered".clone_into(&mut subscription.provider);
                subscription.provider_since = None;
            }
        }
        self.advance_operations();
        self.advance_azure();
        self.advance_events();
        self.advance_locks();
    }

    pub(in crate::sandbox) fn advance_events(&mut self) {
        let passed = self.clock.since(self.clock.epoch) / 86_400.0;
        let (due, later): (Vec<Event>, Vec<Event>) = std::mem::take(&mut self.events)
            .into_iter()
            .partition(|event| event.after_days <= passed);
        self.events = later;
        for event in due {
            self.happen(&event.what);
        }
    }

    pub(in crate::sandbox) fn advance_locks(&mut self) {
        let Some(patience) = self.settings.locks_after_seconds else {
            return;
        };
        let now = self.clock.now();
        let keys: Vec<String> = self.environments.keys().cloned().collect();
        for key in keys {
            let (reached, running) = (self.reaches(&key), self.running(&key).is_some());
            let Some(environment) = self.environments.get_mut(&key) else {
                continue;
            };
            if reached {
                environment.unreached = None;
            }
            // An operation has the environment offline anyway, and what was locked before stays so.
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

    /// Since when an environment is locked, as far as its last modification tells.
    pub(in crate::sandbox) fn locked_since(&self, key: &str) -> Option<Timestamp> {
        let patience =
            SignedDuration::try_from_secs_f64(self.settings.locks_after_seconds?).ok()?;
        Some(self.environments.get(key)?.unreached? + patience)
            .filter(|since| *since <= self.clock.now())
    }
}
