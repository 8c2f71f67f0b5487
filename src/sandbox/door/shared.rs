//! The state that all connections share.

use super::ledger::Ledger;
use super::tls::Authority;
use super::trouble::Trouble;
use crate::sandbox::scenario::Scenario;
use crate::sandbox::tenant::world::World;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The state that all connections share.
#[derive(Debug)]
pub(in crate::sandbox) struct Shared {
    pub(in crate::sandbox) world: Mutex<World>,
    pub(in crate::sandbox) ledger: Mutex<Ledger>,
    pub(in crate::sandbox) trouble: Mutex<Trouble>,
    pub(in crate::sandbox) scenario: Mutex<Scenario>,
    /// Does a request hang in a scripted stall?
    pub(in crate::sandbox) stall: watch::Sender<bool>,
    /// Changes when the sandbox stops accepting connections for some time.
    pub(in crate::sandbox) door: watch::Sender<Duration>,
    pub(in crate::sandbox) latency: Duration,
    pub(in crate::sandbox) port: u16,
    pub(in crate::sandbox) url: String,
    /// The certificate authority of the played hosts, if https is on.
    pub(in crate::sandbox) authority: Option<Authority>,
}

impl Shared {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::sandbox) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn scenario(&self) -> MutexGuard<'_, Scenario> {
        self.scenario.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes this user the default for sign-in.
    pub(in crate::sandbox) fn seats(&self, name: &str) -> Result<(), String> {
        let mut world = self.world();
        if !world.users.contains_key(name) {
            return Err(format!("there is no user `{name}`"));
        }
        world.sign_ins.person = Some(name.to_owned());
        Ok(())
    }

    pub(in crate::sandbox) fn cloud_file(&self) -> Value {
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
