//! The embedded cloud: one HTTP server on loopback that plays Entra, Azure Resource Manager, Key Vault, the Power Platform admin API and
//! Dataverse, with one tenant in it.
//!
//! It is built from public documentation and from responses recorded from the real services, never from the client's types, and uses nothing of
//! the other rooms: a client and a fake that share a mistake would agree. Every handler names what it imitates.

mod control;
mod generate;
mod http;
mod ledger;
mod message;
mod mischief;
mod scenario;
mod services;
mod setup;
mod tenant;
mod tls;
mod trouble;
mod tunnel;
mod visitor;

pub use scenario::Scenario;

use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How a sandbox is run.
#[derive(Debug)]
pub struct Options {
    /// What it holds.
    pub scenario: Scenario,
    /// Sandbox seconds per real second.
    pub speed: f64,
    /// Added to every answer of a played service.
    pub latency: Duration,
    /// Port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// Does the port let clients in that speak https to the public host names?
    pub tls: bool,
}

/// A sandbox that runs on the current runtime until it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    url: String,
    shared: Arc<Shared>,
    accepting: tokio::task::JoinHandle<()>,
}

/// What the connections share.
#[derive(Debug)]
pub(in crate::sandbox) struct Shared {
    world: Mutex<tenant::world::World>,
    ledger: Mutex<ledger::Ledger>,
    trouble: Mutex<trouble::Trouble>,
    scenario: Mutex<Scenario>,
    /// Does a request hang in a scripted stall?
    stall: watch::Sender<bool>,
    /// Changed when nobody can connect for some time.
    door: watch::Sender<Duration>,
    latency: Duration,
    port: u16,
    url: String,
    /// Who vouches for the played hosts, where https is spoken.
    authority: Option<tls::Authority>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, tenant::world::World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ledger(&self) -> MutexGuard<'_, ledger::Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trouble(&self) -> MutexGuard<'_, trouble::Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn scenario(&self) -> MutexGuard<'_, Scenario> {
        self.scenario.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cloud_file(&self) -> Value {
        let world = self.world();
        let users: Vec<Value> = world
            .users
            .iter()
            .map(|(name, user)| json!({ "name": name, "client_id": user.client_id, "object_id": user.object_id, "about": user.about }))
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

impl Sandbox {
    /// Listens on 127.0.0.1 and serves on the current runtime.
    ///
    /// # Errors
    /// The port can't be had; no certificate can be made.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.port)).await?;
        let address = listener.local_addr()?;
        let url = format!("http://{address}");
        let faults = options.scenario.faults();
        let shared = Arc::new(Shared {
            world: Mutex::new(tenant::world::World::new(&options.scenario, options.speed)),
            ledger: Mutex::default(),
            trouble: Mutex::new(trouble::Trouble::new(faults)),
            scenario: Mutex::new(options.scenario),
            stall: watch::Sender::new(false),
            door: watch::Sender::new(Duration::ZERO),
            latency: options.latency,
            port: address.port(),
            url: url.clone(),
            authority: options.tls.then(tls::Authority::new).transpose()?,
        });
        let accepting = tokio::task::spawn(http::serve(listener, shared.clone()));
        Ok(Self { url, shared, accepting })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The description that a client needs, as JSON.
    pub fn cloud_file(&self) -> Value {
        self.shared.cloud_file()
    }

    /// The certificate of the authority that vouches for the played hosts, as PEM, where https is spoken. Its key never leaves this process.
    pub fn certificate(&self) -> Option<&str> {
        self.shared.authority.as_ref().map(tls::Authority::certificate)
    }

    /// Is this the text of such a certificate, of this sandbox or another?
    pub fn certified(text: &str) -> bool {
        text.starts_with(tls::MARK)
    }

    /// Where the sandbox listens that this text describes, if it is the text of a cloud file of a sandbox, of this one or another.
    pub fn described(text: &str) -> Option<String> {
        let file: Value = serde_json::from_str(text).ok()?;
        let part = &file["sandbox"];
        let whole = part["started_unix_ms"].is_i64() && part["speed"].is_number() && part["epoch"].is_string();
        whole.then(|| part["url"].as_str().map(str::to_owned)).flatten()
    }

    /// What was asked for and what took effect, as JSON.
    pub fn ledger(&self) -> Value {
        self.shared.ledger().document()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
