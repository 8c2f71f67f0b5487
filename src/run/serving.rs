//! The sandbox, inside this process or served for several.

use crate::config;
use crate::error::{Error, Kind, Result};
use crate::interrupt::stopped;
use crate::model::near::did_you_mean;
use crate::report::{self, Existing, Out};
use crate::sandbox::{self, Sandbox};
use serde_json::Value;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The options of a sandbox inside this process.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// Name of a built-in scenario, or path of a file.
    pub scenario: String,
    /// Sandbox seconds per real second.
    pub speed: f64,
    /// Delay that is added to every answer.
    pub latency: Duration,
}

/// A scenario by its built-in name, or from a file.
///
/// # Errors
/// Usage: neither exists; lists the built-in ones.
pub fn scenario(name: &str) -> Result<sandbox::Scenario> {
    if let Some(scenario) = sandbox::Scenario::built_in(name) {
        return Ok(scenario);
    }
    let known = sandbox::Scenario::names().join(", ");
    let text = config::text(Path::new(name)).map_err(|error| {
        let mut usage = Error::usage(format!(
            "`{name}` is neither a built-in scenario nor a file that can be read."
        ))
        .detail(format!("{error}."));
        usage
            .hints
            .extend(did_you_mean(name, sandbox::Scenario::names()));
        usage.hint(format!("Built-in scenarios: {known}."))
    })?;
    sandbox::Scenario::parse(&text).map_err(|why| {
        Error::usage(format!("The scenario file `{name}` is not valid."))
            .detail(format!("{why}."))
            .hint(format!(
                "A scenario file is JSON with changes to the base tenant. Built-in scenarios: {}.",
                sandbox::Scenario::names().join(", ")
            ))
    })
}

/// The options of a served sandbox.
#[derive(Debug, Clone)]
pub struct Served {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// File for the description of its cloud.
    pub cloud_file: Option<PathBuf>,
    /// File for its CA certificate, if it uses HTTPS.
    pub ca_file: Option<PathBuf>,
    /// The user who signs in with a browser or a device code, if one was named.
    pub person: Option<String>,
}

/// Serves a sandbox until it is stopped, and writes its files.
///
/// # Errors
/// The port is taken, or a file can't be written.
pub async fn serve(rehearsal: &Rehearsal, served: &Served, out: &mut Out) -> Result<()> {
    if let Some(file) = &served.cloud_file {
        unused(file).await?;
    }
    let options = sandbox::Options {
        scenario: scenario(&rehearsal.scenario)?,
        speed: rehearsal.speed,
        latency: rehearsal.latency,
        port: served.port,
        tls: served.ca_file.is_some(),
    };
    let sandbox = Sandbox::start(options).await.map_err(|error| {
        Error::new(
            Kind::Unexpected,
            format!(
                "The sandbox can't listen on 127.0.0.1, port {}.",
                served.port
            ),
        )
        .detail(format!("{error}."))
        .hint("Leave out `--port` to use any free port.")
    })?;
    if let Some(name) = served.person.as_ref().filter(|name| !sandbox.seats(name)) {
        return Err(Error::usage(format!(
            "The simulated tenant of the sandbox has no user `{name}`."
        ))
        .hint("`cmkctl sandbox --help` lists its users."));
    }
    let cloud = sandbox.cloud_file();
    let mut written = Written::default();
    if let Some((file, certificate)) = served.ca_file.as_deref().zip(sandbox.certificate()) {
        ours(file)?;
        written.write(file, certificate)?;
    }
    if let Some(file) = &served.cloud_file {
        written.write(file, &format!("{cloud:#}\n"))?;
    }
    let shown = served
        .cloud_file
        .as_ref()
        .map_or("FILE".to_owned(), |file| file.display().to_string());
    report::served(
        out,
        sandbox.url(),
        &rehearsal.scenario,
        &shown,
        served.ca_file.as_deref(),
    );
    if served.ca_file.is_some() {
        out.say(&how_to_sign_in(&cloud));
    }
    out.say("Stop it with Ctrl-C.");
    stopped().await;
    drop(written);
    out.say("The sandbox has stopped.");
    Ok(())
}

/// The words on how a real client signs in to a sandbox.
fn how_to_sign_in(cloud: &Value) -> String {
    let admin = cloud["users"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|user| user["name"] == "admin");
    let client = admin
        .and_then(|user| user["client_id"].as_str())
        .unwrap_or("CLIENT_ID");
    format!(
        "Sign in with any user's client id and the secret `sandbox`:\n  az login \
        --service-principal --username {client} --password sandbox --tenant {}",
        cloud["tenant"].as_str().unwrap_or_default()
    )
}

/// How long cmkctl waits for a running sandbox to answer.
const ANSWERS: Duration = Duration::from_secs(2);

/// Refuses to overwrite a cloud file, unless a sandbox wrote it that no longer runs.
async fn unused(file: &Path) -> Result<()> {
    let shown = file.display();
    let another = "With `--cloud-file`, pass the path of a file that does not exist yet.";
    let kind = match std::fs::metadata(file) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound && file.symlink_metadata().is_err() => {
            return Ok(());
        }
        Err(error) => {
            return Err(
                Error::usage(format!("`{shown}` exists, but cmkctl can't read the file."))
                    .detail(format!("{error}."))
                    .hint(another),
            );
        }
    };
    let text = if kind.is_file() {
        std::fs::read_to_string(file).unwrap_or_default()
    } else {
        String::new()
    };
    let Some(url) = Sandbox::described(&text) else {
        return Err(Error::usage(format!(
            "cmkctl does not overwrite `{shown}`, because it is not the cloud file of a sandbox."
        ))
        .hint(another));
    };
    if answers(&url).await {
        return Err(Error::usage(format!(
            "The sandbox of the cloud file `{shown}` is still running at {url}"
        ))
        .hint("Use the running sandbox, or stop it first.")
        .hint(another));
    }
    Ok(())
}

/// Does a sandbox listen there? A server that accepts the connection and says nothing may be one.
async fn answers(url: &str) -> bool {
    let Some(address) = url
        .strip_prefix("http://")
        .map(|rest| rest.trim_end_matches('/'))
    else {
        return false;
    };
    // A cloud file may name any host, but sandboxes run only on this machine.
    if !["127.0.0.1:", "localhost:", "[::1]:"]
        .iter()
        .any(|loopback| address.starts_with(loopback))
    {
        return false;
    }
    let asked = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let question =
            format!("GET /_sandbox/cloud HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(question.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream
            .take(1 << 20)
            .read_to_string(&mut answer)
            .await
            .ok()?;
        Sandbox::described(answer.split_once("\r\n\r\n")?.1)
    };
    tokio::time::timeout(ANSWERS, asked)
        .await
        .map_or(true, |url| url.is_some())
}

/// Refuses to overwrite a file that no sandbox wrote.
fn ours(file: &Path) -> Result<()> {
    match std::fs::read(file) {
        Ok(text) if !Sandbox::certified(&String::from_utf8_lossy(&text)) => {
            Err(Error::usage(format!(
                "cmkctl does not overwrite `{}`, because it is not the certificate of a sandbox.",
                file.display()
            ))
            .hint("With `--ca-file`, pass the path of a file that does not exist yet."))
        }
        _ => Ok(()),
    }
}

/// Files that exist only as long as the sandbox runs.
#[derive(Debug, Default)]
struct Written(Vec<(PathBuf, String)>);

impl Written {
    /// Writes a file in one step, so that a reader never sees half of it.
    fn write(&mut self, file: &Path, text: &str) -> Result<()> {
        report::write_file(file, text.as_bytes(), Existing::Replaced)?;
        self.0.push((file.to_owned(), text.to_owned()));
        Ok(())
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        for (file, text) in &self.0 {
            // Another process may have replaced the file meanwhile.
            if std::fs::read_to_string(file).is_ok_and(|now| now == *text) {
                std::fs::remove_file(file).ok();
            }
        }
    }
}
