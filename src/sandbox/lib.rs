//! The embedded cloud: an HTTP server on loopback with one tenant. It plays Entra, Microsoft Graph,
//! Azure Resource Manager, Key Vault, the Power Platform admin APIs, Dataverse, and GitHub's token
//! endpoint for jobs.
//!
//! It follows public documentation and recorded responses of the real services, and uses none of
//! the client's types or rooms. Otherwise the sandbox would share the client's mistakes and hide
//! them. Every handler names its source.

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

/// Settings of a sandbox.
#[derive(Debug)]
pub struct Options {
    /// The scenario that describes the tenant.
    pub scenario: Scenario,
    /// Sandbox seconds per real second.
    pub speed: f64,
    /// Delay of every answer of a played service except Entra.
    pub latency: Duration,
    /// Port on 127.0.0.1; 0 selects a free one.
    pub port: u16,
    /// Accept clients that use https with the public host names.
    pub tls: bool,
}

/// A sandbox that serves on the current runtime until it is dropped.
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
    /// The port is not free, or no certificate can be made.
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

    /// The cloud file for clients, as JSON.
    pub fn cloud_file(&self) -> Value {
        self.shared.cloud_file()
    }

    /// The certificate authority of the played hosts as PEM, if https is on. Its key never leaves
    /// this process.
    pub fn certificate(&self) -> Option<&str> {
        self.shared
            .authority
            .as_ref()
            .map(tls::Authority::certificate)
    }

    /// Is the text the certificate of a sandbox, this one or another?
    pub fn certified(text: &str) -> bool {
        text.starts_with(tls::MARK)
    }

    /// The address of a sandbox, if the text is a cloud file of one.
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

    /// Makes this user the default for browser and device code. Returns whether the user exists.
    pub fn seats(&self, name: &str) -> bool {
        self.shared.seats(name).is_ok()
    }

    /// The requests and their effects, as JSON.
    pub fn ledger(&self) -> Value {
        self.shared.ledger().document()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
