//! The sandbox: inside this process, or served for several.

use crate::error::{Error, Kind, Result};
use crate::interrupt::stopped;
use crate::model::near::did_you_mean;
use crate::report::{self, Out};
use crate::sandbox::{self, Sandbox};
use std::path::{Path, PathBuf};
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
        let mut said = Error::usage(format!("`{name}` is neither a built-in scenario nor a file that can be read."))
            .detail(format!("{error}."));
        said.hints.extend(did_you_mean(name, sandbox::Scenario::names()));
        said.hint(format!("Built-in scenarios: {known}."))
    })?;
    sandbox::Scenario::parse(&text).map_err(|why| {
        Error::usage(format!("The scenario `{name}` can't be understood.")).detail(format!("{why}.")).hint(format!(
            "It is JSON that differs from the built-in ones, or one of these by name: {}.",
            sandbox::Scenario::names().join(", ")
        ))
    })
}

/// How a served sandbox is reached.
#[derive(Debug, Clone)]
pub struct Served {
    /// Port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// File for the description of its cloud.
    pub cloud_file: Option<PathBuf>,
    /// File for the certificate of its authority, where it speaks https.
    pub ca_file: Option<PathBuf>,
}

/// Serves a sandbox until it is stopped, and writes its files.
///
/// # Errors
/// The port is taken; a file can't be written.
pub async fn serve(rehearsal: &Rehearsal, served: &Served, out: &mut Out) -> Result<()> {
    let options = sandbox::Options {
        scenario: scenario(&rehearsal.scenario)?,
        speed: rehearsal.speed,
        latency: rehearsal.latency,
        port: served.port,
        tls: served.ca_file.is_some(),
    };
    let sandbox = Sandbox::start(options).await.map_err(|error| {
        Error::new(Kind::Unexpected, format!("The sandbox can't listen on 127.0.0.1, port {}.", served.port))
            .detail(format!("{error}."))
            .hint("Leave out `--port` and any free one is taken.")
    })?;
    let cloud = sandbox.cloud_file();
    let mut written = Written::default();
    if let Some((file, certificate)) = served.ca_file.as_deref().zip(sandbox.certificate()) {
        ours(file)?;
        written.write(file, certificate, "certificate")?;
    }
    if let Some(file) = &served.cloud_file {
        written.write(file, &format!("{cloud:#}\n"), "cloud file")?;
    }
    let shown = served.cloud_file.as_ref().map_or("FILE".to_owned(), |file| file.display().to_string());
    report::served(out, sandbox.url(), &rehearsal.scenario, &shown, served.ca_file.as_deref());
    if served.ca_file.is_some() {
        let admin = cloud["users"].as_array().into_iter().flatten().find(|user| user["name"] == "admin");
        let client = admin.and_then(|user| user["client_id"].as_str()).unwrap_or("CLIENT_ID");
        out.say(&format!(
            "Sign in with any user's client id and the secret `sandbox`: az login --service-principal --username {client} --password sandbox --tenant {}",
            cloud["tenant"].as_str().unwrap_or_default()
        ));
    }
    out.say("Stop it with Ctrl-C.");
    stopped().await;
    drop(written);
    out.say("The sandbox has stopped.");
    Ok(())
}

/// A file of somebody else's is neither written over nor removed at the end.
fn ours(file: &Path) -> Result<()> {
    match std::fs::read(file) {
        Ok(text) if !Sandbox::certified(&String::from_utf8_lossy(&text)) => {
            Err(Error::usage(format!("`{}` exists, and is not the certificate of a sandbox.", file.display()))
                .hint("Name a file that doesn't exist with `--ca-file`."))
        }
        _ => Ok(()),
    }
}

/// Files that are there as long as the sandbox is, however that ends.
#[derive(Debug, Default)]
struct Written(Vec<PathBuf>);

impl Written {
    fn write(&mut self, file: &Path, text: &str, what: &str) -> Result<()> {
        std::fs::write(file, text).map_err(|error| {
            Error::usage(format!("The {what} `{}` can't be written.", file.display())).detail(format!("{error}."))
        })?;
        self.0.push(file.to_owned());
        Ok(())
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        for file in &self.0 {
            let _ = std::fs::remove_file(file);
        }
    }
}
