//! The embedded cloud: one HTTP server on loopback that plays Entra, Azure Resource Manager, Key
//! Vault, the Power Platform admin API and Dataverse, with one tenant in it.
//!
//! It is built from public documentation and from responses recorded from the real services, never
//! from the client's types, and uses nothing of the other rooms: a client and a fake that share a
//! mistake would agree. Every handler names what it imitates.

mod door;
mod message;
mod scenario;
mod services;
mod tenant;

pub use scenario::Scenario;

use door::shared::Shared;
use door::trouble::Trouble;
use door::{http, tls};
use serde_json::Value;
use std::sync::{Arc, Mutex};
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
            world: Mutex::new(options.scenario.world(options.speed)),
            ledger: Mutex::default(),
            trouble: Mutex::new(Trouble::new(faults)),
            scenario: Mutex::new(options.scenario),
            stall: watch::Sender::new(false),
            door: watch::Sender::new(Duration::ZERO),
            latency: options.latency,
            port: address.port(),
            url: url.clone(),
            authority: options.tls.then(tls::Authority::new).transpose()?,
        });
        let accepting = tokio::task::spawn(http::serve(listener, shared.clone()));
        Ok(Self {
            url,
            shared,
            accepting,
        })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The description that a client needs, as JSON.
    pub fn cloud_file(&self) -> Value {
        self.shared.cloud_file()
    }

    /// The certificate of the authority that vouches for the played hosts, as PEM, where https is
    /// spoken. Its key never leaves this process.
    pub fn certificate(&self) -> Option<&str> {
        self.shared
            .authority
            .as_ref()
            .map(tls::Authority::certificate)
    }

    /// Is this the text of such a certificate, of this sandbox or another?
    pub fn certified(text: &str) -> bool {
        text.starts_with(tls::MARK)
    }

    /// Where the sandbox listens that this text describes, if it is the text of a cloud file of a
    /// sandbox, of this one or another.
    pub fn described(text: &str) -> Option<String> {
        let file: Value = serde_json::from_str(text).ok()?;
        let part = &file["sandbox"];
        let whole = part["started_unix_ms"].is_i64()
            && part["speed"].is_number()
            && part["epoch"].is_string();
        whole
            .then(|| part["url"].as_str().map(str::to_owned))
            .flatten()
    }

    /// From now on this user signs in with a browser or a device code. Is there such a user?
    pub fn seats(&self, name: &str) -> bool {
        self.shared.seats(name).is_ok()
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
