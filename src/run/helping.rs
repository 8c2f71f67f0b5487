//! Commands about cmkctl itself: the source of each setting, problems of the setup, names for
//! completion, manual pages.

use super::Context;
use crate::cloud::NAMES;
use crate::config;
use crate::error::{Error, Kind, Result};
use crate::model::checkup::{Area, Row, Verdict, worst};
use crate::model::who::{self, Side};
use crate::model::{catalogue, service_codes};
use crate::observe::examine;
use crate::report::{self, Existing, Out};
use crate::steps::location::{LOCATIONS, regions};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// Prints the source of each setting.
pub fn config_show(context: &Context, out: &mut Out) {
    let shown = context.settings.shown().into_iter();
    let values: Vec<report::Configured> = shown
        .map(|line| (line.name, line.value, line.source.to_string()))
        .collect();
    report::config(out, &values);
}

/// `config set`: changes one value and keeps the rest.
///
/// # Errors
/// The value does not exist, or the file can't be read, parsed or written.
pub fn config_set(flags: &config::Flags, value: (&str, &str), out: &mut Out) -> Result<()> {
    let path = config::file_to_write(flags)?;
    let text = config::with_value(&path, flags.profile.as_deref(), value.0, value.1)?;
    written(&path, &text, Existing::Replaced)?;
    out.say(&format!("`{}` is written to {}", value.0, path.display()));
    Ok(())
}

/// `config init`: writes a template to fill in.
///
/// # Errors
/// The file exists, or can't be written.
pub fn config_init(flags: &config::Flags, out: &mut Out) -> Result<()> {
    let path = config::file_to_write(flags)?;
    written(&path, config::TEMPLATE, Existing::Kept)?;
    out.say(&format!(
        "Fill in the values of the configuration file: {}",
        path.display()
    ));
    Ok(())
}

fn written(path: &Path, text: &str, existing: Existing) -> Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(|error| {
            let what = format!("cmkctl can't create the folder `{}`.", folder.display());
            Error::usage(what).detail(format!("{error}."))
        })?;
    }
    report::write_file(path, text.as_bytes(), existing)
}

/// Prints problems and who can solve them, for one administrator's part or for both.
///
/// # Errors
/// By the worst problem: sign-in, a role, or another.
pub async fn doctor(context: &Context, part: Option<Side>, out: &mut Out) -> Result<()> {
    let settings = &context.settings;
    // Names are not looked up, because `doctor` checks whether lookups are possible.
    let about = settings.about(&config::Typed::default());
    let target = about.map(config::AboutWhat::by_ids);
    let mut rows = vec![match &target {
        Ok(_) => Row::ok("configuration", format!("cloud {}", settings.cloud.name)),
        Err(error) => Row::ok("configuration", error.to_string()).but(
            Verdict::Fail,
            Area::Machine,
            "To see where each value comes from, run `cmkctl config show`.",
            who::CALLER,
        ),
    }];
    let proxy = settings
        .proxy
        .as_ref()
        .filter(|_| settings.cloud.sandbox.is_none());
    rows.push(match proxy {
        _ if settings.cloud.sandbox.is_some() => {
            Row::ok("proxy", "none: the sandbox is on this machine")
        }
        Some(proxy) => Row::ok("proxy", format!("{}, from {}", proxy.value, proxy.source)),
        None => Row::ok("proxy", "none"),
    });
    let proxy = proxy.map(|proxy| proxy.value.as_str());
    rows.extend(examine(&context.reader(), &target.unwrap_or_default(), proxy, part).await);
    report::doctor(out, &rows);
    let failed = |kind, message: &str| Err(Error::new(kind, message));
    match worst(&rows) {
        None => Ok(()),
        Some(Area::SignIn) => failed(Kind::SignIn, "The sign-in failed."),
        Some(Area::Role) => failed(Kind::Forbidden, "A role is missing."),
        Some(Area::Network) => failed(Kind::Forbidden, "cmkctl can't connect to a service."),
        Some(Area::Machine) => failed(Kind::Unexpected, "The setup of this machine has a problem."),
    }
}

/// Names from the last list, only for completion. No command decides anything by them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Names {
    /// Names of environments, and ids of those whose names are ambiguous.
    #[serde(default)]
    pub environments: BTreeSet<String>,
    /// ARM ids of policies.
    #[serde(default)]
    pub policies: BTreeSet<String>,
    /// Names of subscriptions, and ids of those that share theirs with another one.
    #[serde(default)]
    pub subscriptions: BTreeSet<String>,
}

/// The names that the last list left; empty if there are none.
pub fn names() -> Names {
    let text = config::names_file().and_then(|path| std::fs::read_to_string(path).ok());
    text.and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

impl Context {
    /// Saves the names of the last list for completion. Skips those of a sandbox, and ignores write
    /// errors.
    pub fn keep_names(&self) {
        let listed = self.session.listed();
        let none = listed.environments.is_empty() && listed.subscriptions.is_empty();
        if self.settings.cloud.sandbox.is_some() || none {
            return;
        }
        // A command that lists only one kind of names keeps the other kind of an earlier command.
        let mut names = names();
        let most = |all: BTreeSet<String>| all.into_iter().take(NAMES).collect();
        if !listed.environments.is_empty() {
            names.environments = most(listed.environments);
            names.policies = most(listed.policies);
        }
        if !listed.subscriptions.is_empty() {
            names.subscriptions = most(listed.subscriptions);
        }
        let Some((path, text)) = config::names_file().zip(serde_json::to_string(&names).ok())
        else {
            return;
        };
        if let Some(folder) = path.parent() {
            // If this fails, the write below fails, too.
            std::fs::create_dir_all(folder).ok();
        }
        // Write to a part file and rename, so that a reader never sees half of it.
        let half = path.with_extension(format!("{}.part", std::process::id()));
        if std::fs::write(&half, text).is_ok() && std::fs::rename(&half, &path).is_err() {
            std::fs::remove_file(&half).ok();
        }
    }
}

impl Context {
    /// Remembers which services this command line asked. If a tool must give the tokens, the next
    /// run requests all of them at the same time.
    pub fn learn(&self, ended_well: bool) {
        if ended_well {
            self.session.tokens().learn();
        }
    }
}

/// Writes files into a folder, and creates the folder if necessary.
///
/// # Errors
/// The error of the operating system.
pub fn write_files(folder: &Path, files: &[(String, Vec<u8>)], out: &mut Out) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Error::usage(format!(
            "cmkctl can't create the folder `{}`.",
            folder.display()
        ))
        .detail(format!("{error}."))
        .hint("Choose a folder that you can write to.")
    })?;
    for (name, content) in files {
        report::write_file(&folder.join(name), content, Existing::Replaced)?;
    }
    out.say(&format!(
        "{} files written to {}",
        files.len(),
        folder.display()
    ));
    Ok(())
}

/// The names of the built-in clouds.
pub fn clouds() -> Vec<&'static str> {
    crate::cloud::clouds::names()
}

/// The names of the sign-in methods.
pub fn sign_ins() -> Vec<&'static str> {
    crate::cloud::credential::Method::ALL
        .map(crate::cloud::credential::Method::name)
        .to_vec()
}

/// The codes that `explain` knows: those of findings, then those of the services.
pub fn codes() -> BTreeSet<String> {
    let finding_codes = catalogue::all().map(|entry| entry.code);
    let services = service_codes::all().map(|known| known.code);
    finding_codes.chain(services).map(str::to_owned).collect()
}

/// The locations of policies.
pub fn policy_locations() -> BTreeSet<String> {
    LOCATIONS.iter().map(|name| (*name).to_owned()).collect()
}

/// The Azure regions that cmkctl offers for a new vault. Any other region may be typed.
pub fn azure_regions() -> BTreeSet<String> {
    regions().map(str::to_owned).collect()
}

/// The built-in scenarios.
pub fn scenarios() -> BTreeSet<String> {
    crate::sandbox::Scenario::names()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// The users that every sandbox has.
pub const SANDBOX_USERS: [&str; 5] = [
    "admin",
    "key-vault-admin",
    "power-platform-admin",
    "unregistered",
    "observer",
];
