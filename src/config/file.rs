//! The configuration file and its profiles.

use super::flags::Flags;
use super::reading::{line_of, read, variable};
use super::source::{Setting, Source};
use crate::error::{Error, Result};
use crate::model::near::did_you_mean;
use crate::model::system::System;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The configuration file (TOML).
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct File {
    pub(super) cloud: Option<String>,
    #[serde(default)]
    pub(super) endpoints: BTreeMap<String, String>,
    pub(super) tenant: Option<String>,
    pub(super) auth: Option<String>,
    pub(super) ca_bundle: Option<PathBuf>,
    pub(super) audit_log: Option<PathBuf>,
    pub(super) notify: Option<String>,
    pub(super) notify_format: Option<String>,
    pub(super) plain: Option<bool>,
    pub(super) remember: Option<bool>,
    pub(super) environment: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) vault: Option<String>,
    pub(super) key: Option<String>,
    /// Profiles by name. A profile has the same values, but no profiles of its own.
    #[serde(default)]
    profile: BTreeMap<String, File>,
}

/// The file and its chosen profile. The profile's values have priority over the file's.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) file: Option<Setting<PathBuf>>,
    pub(super) profile: Option<Setting<String>>,
    content: File,
}

impl Layers {
    /// Reads the named file, or else the default file if it exists.
    pub(super) fn read(flags: &Flags) -> Result<Self> {
        let named = Setting::of("--config", &flags.config, "CMKCTL_CONFIG");
        let usual = || {
            Some(Setting {
                value: default_file().filter(|path| path.is_file())?,
                source: Source::Default,
            })
        };
        let file = named.or_else(usual);
        let content = match &file {
            Some(file) => parse(&read(&file.value, "configuration file")?, &file.value)?,
            None => File::default(),
        };
        let profile = Setting::of("--profile", &flags.profile, "CMKCTL_PROFILE");
        if let Some(profile) = profile
            .as_ref()
            .filter(|profile| !content.profile.contains_key(&profile.value))
        {
            return Err(unknown(profile, file.as_ref(), &content));
        }
        Ok(Self {
            file,
            profile,
            content,
        })
    }

    /// A value of the profile, or else of the file.
    pub(super) fn find<T: Clone>(&self, pick: impl Fn(&File) -> &Option<T>) -> Option<Setting<T>> {
        let chosen = self
            .profile
            .as_ref()
            .and_then(|name| Some((name, self.content.profile.get(&name.value)?)));
        if let Some((name, Some(value))) = chosen.map(|(name, profile)| (name, pick(profile))) {
            return Some(Setting {
                value: value.clone(),
                source: Source::Profile(name.value.clone()),
            });
        }
        let path = self
            .file
            .as_ref()
            .map(|file| file.value.clone())
            .unwrap_or_default();
        pick(&self.content).clone().map(|value| Setting {
            value,
            source: Source::File(path),
        })
    }

    /// Every overridden value of the cloud, lowest priority first.
    pub(super) fn endpoints(&self) -> Vec<(&str, Setting<&str>)> {
        let path = self
            .file
            .as_ref()
            .map(|file| file.value.clone())
            .unwrap_or_default();
        let of_file = self
            .content
            .endpoints
            .iter()
            .map(|pair| (pair, Source::File(path.clone())));
        let chosen = self
            .profile
            .as_ref()
            .and_then(|name| Some((name, self.content.profile.get(&name.value)?)));
        let of_profile = chosen.into_iter().flat_map(|(name, profile)| {
            profile
                .endpoints
                .iter()
                .map(move |pair| (pair, Source::Profile(name.value.clone())))
        });
        let all = of_file.chain(of_profile);
        all.map(|((key, value), source)| {
            (
                key.as_str(),
                Setting {
                    value: value.as_str(),
                    source,
                },
            )
        })
        .collect()
    }
}

fn unknown(profile: &Setting<String>, file: Option<&Setting<PathBuf>>, content: &File) -> Error {
    let Setting {
        value: name,
        source,
    } = profile;
    let Some(file) = file else {
        return Error::usage(format!(
            "cmkctl can't find the profile `{}`, because no configuration file exists.",
            name.escape_debug()
        ))
        .detail(format!("The name of the profile comes from {source}."))
        .hint(format!(
            "Pass a configuration file with `--config FILE`, or create `{}`.",
            System::HERE.configuration_file()
        ));
    };
    let path = file.value.display();
    let mut error = Error::usage(format!(
        "The configuration file `{path}` has no profile `{}`.",
        name.escape_debug()
    ))
    .detail(format!("The name of the profile comes from {source}."));
    error.hints.extend(did_you_mean(
        name,
        content.profile.keys().map(String::as_str),
    ));
    let known = content
        .profile
        .keys()
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    error.hint(if known.is_empty() {
        format!(
            "A profile is a table such as `[profile.{}]` with `tenant = \"…\"` and `cloud = \
            \"…\"`.",
            name.escape_debug()
        )
    } else {
        format!("Its profiles: {known}.")
    })
}

/// Parses the text of a configuration file.
///
/// # Errors
/// What is wrong, and in which line.
pub fn parse(text: &str, path: &Path) -> Result<File> {
    let wrong = || {
        Error::usage(format!(
            "The configuration file `{}` can't be understood.",
            path.display()
        ))
    };
    let file: File = toml::from_str(text).map_err(|error| {
        let line = line_of(text, error.span());
        wrong()
            .detail(format!("Line {line}: {}.", error.message().trim_end()))
            .hint(
                "A configuration file is TOML with lines such \
                as `tenant = \"…\"` or `vault = \"/subscriptions/…\"`.",
            )
    })?;
    match file
        .profile
        .iter()
        .find(|(_, profile)| !profile.profile.is_empty())
    {
        None => Ok(file),
        Some((name, _)) => Err(wrong()
            .detail(format!(
                "The profile `{}` contains another profile.",
                name.escape_debug()
            ))
            .hint("Profiles can't be nested. Write each profile as `[profile.NAME]`.")),
    }
}

pub(super) fn default_file() -> Option<PathBuf> {
    Some(
        folder("XDG_CONFIG_HOME", "APPDATA", ".config")?
            .join("cmkctl")
            .join("config.toml"),
    )
}

/// The file with names for completion.
pub fn names_file() -> Option<PathBuf> {
    Some(cache_folder()?.join("names.json"))
}

/// The folder for data that the next run may use.
pub(super) fn cache_folder() -> Option<PathBuf> {
    Some(folder("XDG_CACHE_HOME", "LOCALAPPDATA", ".cache")?.join("cmkctl"))
}

/// The user's home folder, if its path is absolute.
pub(super) fn home() -> Option<PathBuf> {
    let name = match System::HERE {
        System::Unix => "HOME",
        System::Windows => "USERPROFILE",
    };
    let home = variable(name).map(PathBuf::from);
    home.filter(|home| home.is_absolute())
}

/// A folder of the user: by the XDG Base Directory Specification, or by Windows. A relative path
/// counts as not set. It would mean another folder in each working directory, and these files
/// decide where secrets go.
fn folder(xdg: &str, windows: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = variable(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    folder_on(System::HERE, (xdg, windows, below_home), absolute)
}

fn folder_on(
    system: System,
    (xdg, windows, below_home): (&str, &str, &str),
    absolute: impl Fn(&str) -> Option<PathBuf>,
) -> Option<PathBuf> {
    let of_system = match system {
        System::Unix => None,
        System::Windows => absolute(windows),
    };
    absolute(xdg)
        .or(of_system)
        .or_else(|| absolute("HOME").map(|home| home.join(below_home)))
}

/// The shell that requests completions through this variable.
pub fn completing(name: &str) -> Option<String> {
    variable(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_has_a_folder_of_its_own() {
        let names = ("XDG_CONFIG_HOME", "APPDATA", ".config");
        let folder = |system, set: &[(&str, &str)]| {
            folder_on(system, names, |name| {
                let variable = set.iter().find(|(variable, _)| *variable == name);
                variable.map(|(_, value)| PathBuf::from(value))
            })
        };
        let (unix, windows) = (System::Unix, System::Windows);
        let both = [("APPDATA", "/roaming"), ("HOME", "/home")];
        assert_eq!(folder(windows, &both), Some("/roaming".into()));
        assert_eq!(folder(unix, &both), Some("/home/.config".into()));
        let named = [both[0], both[1], ("XDG_CONFIG_HOME", "/xdg")];
        assert_eq!(folder(windows, &named), Some("/xdg".into()));
        assert_eq!(folder(unix, &named), Some("/xdg".into()));
        assert_eq!(folder(windows, &[]), None);
    }
}
