//! The state that all connections share.

use super::ledger::Ledger;
use super::tls::Authority;
use super::trouble::Trouble;
use crate::scenario::Scenario;
use crate::tenant::world::World;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The state that all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) world: Mutex<World>,
    pub(crate) ledger: Mutex<Ledger>,
    pub(crate) trouble: Mutex<Trouble>,
    pub(crate) scenario: Mutex<Scenario>,
    /// Does a request hang in a scripted stall?
    pub(crate) stall: watch::Sender<bool>,
    /// Changes when the sandbox stops accepting connections for some time.
    pub(crate) door: watch::Sender<Duration>,
    pub(crate) latency: Duration,
    pub(crate) port: u16,
    pub(crate) url: String,
    /// The certificate authority of the played hosts, if https is on.
    pub(crate) authority: Option<Authority>,
}

impl Shared {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn scenario(&self) -> MutexGuard<'_, Scenario> {
        self.scenario.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes this user the default for sign-in.
    pub(crate) fn seats(&self, name: &str) -> Result<(), String> {
        let mut world = self.world();
        if !world.users.contains_key(name) {
            return Err(format!("there is no user `{name}`"));
        }
        world.sign_ins.person = Some(name.to_owned());
        Ok(())
    }

    pub(crate) fn cloud_file(&self) -> Value {
        let world = self.world();
        let users: Vec<Value> = world
            .users
            .iter()
            .map(|(name, user)| {
                json!({
                    "name": name,
                    "client_id": user.client_id,
                    "object_id": user.object_id,
                    "about": user.about,
                })
            })
            .collect();
        json!({
            "name": "sandbox",
            "base": "public",
            "sandbox": {
                "url": self.url,
                "speed": world.clock.speed,
                "epoch": world.clock.epoch.to_string(),
                "started_unix_ms": world.clock.started.as_millisecond(),
                "scenario": world.summary,
            },
            "tenant": world.tenant,
            "users": users,
            "defaults": world.defaults(),
        })
    }
}
