//! The sandbox: inside this process, or served for several.

use crate::error::{Error, Kind, Result};
use crate::report::{self, Out};
use crate::sandbox::{self, Sandbox};
use std::path::Path;
use std::time::Duration;

/// A sandbox inside this process.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// A built-in scenario, or a file.
    pub scenario: String,
    /// Sandbox seconds per real second.
    pub speed: f64,
    /// Added to every answer.
    pub latency: Duration,
}

/// A scenario by its built-in name, or from a file.
///
/// # Errors
/// Neither: a usage error that lists the built-in ones.
pub fn scenario(name: &str) -> Result<sandbox::Scenario> {
    if let Some(scenario) = sandbox::Scenario::built_in(name) {
        return Ok(scenario);
    }
    let known = sandbox::Scenario::names().join(", ");
    let text = std::fs::read_to_string(name).map_err(|error| {
        Error::usage(format!("`{name}` is neither a built-in scenario nor a file that can be read."))
            .detail(format!("{error}."))
            .hint(format!("Built-in scenarios: {known}."))
    })?;
    sandbox::Scenario::parse(&text).map_err(|why| {
        Error::usage(format!("The scenario `{name}` can't be understood.")).detail(format!("{why}.")).hint(format!(
            "It is JSON that differs from the built-in ones, or one of these by name: {}.",
            sandbox::Scenario::names().join(", ")
        ))
    })
}

/// Serves a sandbox until it is stopped, and writes its cloud file.
///
/// # Errors
/// The port is taken; the file can't be written.
pub async fn serve(rehearsal: &Rehearsal, port: u16, file: Option<&Path>, out: &mut Out) -> Result<()> {
    let options = sandbox::Options {
        scenario: scenario(&rehearsal.scenario)?,
        speed: rehearsal.speed,
        latency: rehearsal.latency,
        port,
    };
    let sandbox = Sandbox::start(options).await.map_err(|error| {
        Error::new(Kind::Unexpected, format!("The sandbox can't listen on 127.0.0.1, port {port}."))
            .detail(format!("{error}."))
            .hint("Leave out `--port` and any free one is taken.")
    })?;
    if let Some(file) = file {
        let write = std::fs::write(file, format!("{:#}\n", sandbox.cloud_file()));
        write.map_err(|error| {
            Error::usage(format!("The cloud file `{}` can't be written.", file.display())).detail(format!("{error}."))
        })?;
    }
    let shown = file.map_or("FILE".to_owned(), |file| file.display().to_string());
    report::served(out, sandbox.url(), &rehearsal.scenario, &shown);
    stopped().await;
    if let Some(file) = file {
        let _ = std::fs::remove_file(file);
    }
    out.say("The sandbox has stopped.");
    Ok(())
}

/// Ctrl-C, or the signal that `kill` sends.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
