//! Flags, environment variables and the configuration file, in this order of priority. The only
//! room that reads the environment.

mod file;
mod flags;
mod new_key;
mod notifying;
mod reading;
mod remembering;
mod settings;
mod show;
mod sign_in;
mod source;
mod target;
mod terminal;
mod variables;
mod wanted;
mod writing;

pub use file::{File, completing, names_file, parse};
pub use flags::{Flags, Typed};
pub use new_key::{TypedKey, rotation};
pub use settings::Settings;
pub use source::{Setting, Shown, Source};
pub use target::{AboutWhat, reader as reader_named};
pub use terminal::{ci, columns, style};
pub use variables::VARIABLES;
pub use wanted::{Given, given, wanted};
pub use writing::{KEYS as VALUES, TEMPLATE, file_to_write, with_value};

use crate::cloud::cloud_file::SandboxFacts;
use crate::cloud::clouds::{Cloud, KEYS};
use crate::cloud::wire::Network;
use crate::error::{Error, Result};
use crate::model::change_id::ChangeId;
use file::Layers;
use notifying::notifying;
pub use reading::text;
use reading::{read, read_certificates};
use remembering::{accounts, remembering};
use sign_in::sign_in;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Loads the settings. `sandbox` is the description of a sandbox that this process has started.
///
/// # Errors
/// Usage: an invalid value, with the flag, variable or file that it came from.
pub fn load(flags: &Flags, sandbox: Option<String>) -> Result<Settings> {
    let layers = Layers::read(flags)?;
    let named = Setting::of("--cloud", &flags.cloud, "CMKCTL_CLOUD")
        .or_else(|| layers.find(|file| &file.cloud));
    let named = named.filter(|_| sandbox.is_none());
    let chosen = named.as_ref().map(|named| named.value.clone());
    let cloud_argument = chosen.clone();
    let (mut cloud, facts) = cloud(sandbox, chosen)?;
    let mut shown = show::origins(flags, &layers, named.as_ref(), &cloud);
    if cloud.sandbox.is_none() {
        for (key, endpoint) in endpoints(flags, &layers)? {
            cloud.set(&key, &endpoint.value)?;
            shown.push(Shown::of(
                &format!("endpoints.{key}"),
                Some(&endpoint),
                String::clone,
            ));
        }
    }
    let mut sign_in = sign_in(flags, &layers, facts.as_ref(), &mut shown)?;
    let bundle = Setting::of("--ca-bundle", &flags.ca_bundle, "CMKCTL_CA_BUNDLE");
    let bundle = bundle.or_else(|| layers.find(|file| &file.ca_bundle));
    let audit_log = Setting::of("--audit-log", &flags.audit_log, "CMKCTL_AUDIT_LOG");
    let audit_log = audit_log.or_else(|| layers.find(|file| &file.audit_log));
    let plain = plain(flags, &layers)?;
    let notify = notifying(flags, &layers, &cloud, &mut shown)?;
    sign_in.remembering = remembering(flags, &layers, &mut shown)?;
    sign_in.accounts = accounts();
    let proxy = show::proxy();
    let timeout = Setting::<String>::variable("CMKCTL_HTTP_TIMEOUT");
    let path = |path: &PathBuf| path.display().to_string();
    shown.push(Shown::of("ca-bundle", bundle.as_ref(), path));
    shown.push(Shown::of("audit-log", audit_log.as_ref(), path));
    shown.push(Shown::of("plain", plain.as_ref(), bool::to_string));
    shown.push(Shown::of("proxy", proxy.as_ref(), String::clone));
    shown.push(Shown::of("http-timeout", timeout.as_ref(), String::clone));
    let (bundle, audit_log) = (
        bundle.map(|path| path.value),
        audit_log.map(|path| path.value),
    );
    let ca_bundle = bundle
        .map(|path| read_certificates(&path, "CA bundle"))
        .transpose()?;
    let change = change(flags, &mut shown)?;
    let network = network(ca_bundle, timeout, change.as_ref())?;
    Ok(Settings {
        cloud,
        cloud_argument,
        sign_in,
        network,
        style: style(flags),
        plain: plain.is_some_and(|plain| plain.value),
        audit_log,
        ticket: change,
        notify,
        proxy,
        layers,
        shown,
        sandbox: facts,
    })
}

/// The cloud: the sandbox of this process, a file, or a built-in cloud by name.
fn cloud(sandbox: Option<String>, chosen: Option<String>) -> Result<(Cloud, Option<SandboxFacts>)> {
    Ok(match (sandbox, chosen) {
        (Some(text), _) => Cloud::from_json(&text, "the sandbox")?,
        (None, Some(name)) if is_a_file(&name) => {
            Cloud::from_json(&read(Path::new(&name), "cloud file")?, &name)?
        }
        (None, Some(name)) => (Cloud::named(&name)?, None),
        (None, None) => (Cloud::named("public")?, None),
    })
}

/// Does cmkctl show lists as numbered lines, and which source says so?
fn plain(flags: &Flags, layers: &Layers) -> Result<Option<Setting<bool>>> {
    let typed = flags.plain.then_some(Setting {
        value: true,
        source: Source::Flag("--plain"),
    });
    if typed.is_some() {
        return Ok(typed);
    }
    Ok(Setting::switch("CMKCTL_PLAIN")?.or_else(|| layers.find(|file| &file.plain)))
}

/// The change ticket of this run. It differs for each run, so the configuration file has no value.
fn change(flags: &Flags, shown: &mut Vec<Shown>) -> Result<Option<ChangeId>> {
    let named = Setting::of("--change", &flags.change, "CMKCTL_CHANGE");
    shown.push(Shown::of("change", named.as_ref(), String::clone));
    named
        .map(|named| ChangeId::parse(&named.value).map_err(reading::usage))
        .transpose()
}

/// The network settings.
fn network(
    ca_bundle: Option<Vec<u8>>,
    timeout: Option<Setting<String>>,
    change: Option<&ChangeId>,
) -> Result<Network> {
    let mut network = Network {
        ca_bundle,
        change: change.cloned(),
        ..Network::default()
    };
    if let Some(Setting { value: seconds, .. }) = timeout {
        let seconds: f64 = seconds
            .parse()
            .ok()
            .filter(|seconds: &f64| *seconds > 0.0 && *seconds < 3600.0)
            .ok_or_else(|| {
                Error::usage(format!(
                    "`CMKCTL_HTTP_TIMEOUT` is `{}`, which is not valid.",
                    seconds.escape_debug()
                ))
                .hint("Set the variable to a number of seconds between 0 and 3600, such as 60.")
            })?;
        network.answer_timeout = Duration::from_secs_f64(seconds);
    }
    Ok(network)
}

/// Overridden values of the cloud, lowest priority first.
fn endpoints(flags: &Flags, layers: &Layers) -> Result<Vec<(String, Setting<String>)>> {
    let endpoints = layers.endpoints().into_iter();
    let endpoints = endpoints.map(|(key, Setting { value, source })| {
        (
            key.to_owned(),
            Setting {
                value: value.to_owned(),
                source,
            },
        )
    });
    let mut all: Vec<_> = endpoints.collect();
    for key in KEYS {
        let name = format!(
            "CMKCTL_ENDPOINT_{}",
            key.to_ascii_uppercase().replace('-', "_")
        );
        all.extend(Setting::variable(&name).map(|setting| (key.to_owned(), setting)));
    }
    for pair in &flags.endpoints {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Error::usage(format!("`--endpoint {pair}` has no `=`."))
                .hint("Pass a name and a value: `--endpoint bap=api.bap.microsoft.com`.")
        })?;
        all.push((
            key.to_owned(),
            Setting {
                value: value.to_owned(),
                source: Source::Flag("--endpoint"),
            },
        ));
    }
    Ok(all)
}

/// Is this a path? A bare name never means a file, because a file in the current folder would then
/// decide where secrets go.
fn is_a_file(cloud: &str) -> bool {
    cloud.contains(['/', '\\']) || cloud.to_ascii_lowercase().ends_with(".json")
}
