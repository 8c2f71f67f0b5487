//! `config show`: every setting with its source, by the same lookups that commands use.

use super::file::{File, Layers};
use super::flags::Flags;
use super::settings::Settings;
use super::source::{Setting, Shown, Source};
use crate::cloud::cloud_file::DefaultFacts;
use crate::cloud::clouds::Cloud;

/// The file, the profile and the cloud.
pub(super) fn origins(
    flags: &Flags,
    layers: &Layers,
    named: Option<&Setting<String>>,
    cloud: &Cloud,
) -> Vec<Shown> {
    let sandbox = Setting {
        value: cloud.name.clone(),
        source: Source::Sandbox,
    };
    // A sandbox of this process has no name from the caller.
    let started =
        (flags.cloud.is_none() && named.is_none() && cloud.sandbox.is_some()).then_some(&sandbox);
    let mut shown = vec![
        Shown::of("config", layers.file.as_ref(), |path| {
            path.display().to_string()
        }),
        Shown::of("profile", layers.profile.as_ref(), String::clone),
        Shown::of("cloud", named.or(started), String::clone),
    ];
    if let Some(cloud) = shown.last_mut() {
        cloud.value.get_or_insert_with(|| "public".to_owned());
    }
    shown
}

/// The HTTPS proxy, as the HTTP client finds it, without user and password.
pub(super) fn proxy() -> Option<Setting<String>> {
    let found = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .find_map(Setting::<String>::variable);
    found.map(|Setting { value, source }| {
        let value = match value.rsplit_once('@') {
            Some((_, host)) => host.to_owned(),
            None => value,
        };
        Setting { value, source }
    })
}

impl Settings {
    /// Every setting with its source.
    pub fn shown(&self) -> Vec<Shown> {
        let target = [
            ("environment", self.environment(&None)),
            ("policy", self.policy(&None)),
            ("vault", self.vault(&None)),
            ("key", self.key(&None)),
        ];
        let target = target
            .iter()
            .map(|(name, setting)| Shown::of(name, setting.as_ref(), String::clone));
        self.shown.iter().cloned().chain(target).collect()
    }

    pub(super) fn environment(&self, typed: &Option<String>) -> Option<Setting<String>> {
        self.target_value(
            ("ENVIRONMENT", "CMKCTL_ENVIRONMENT"),
            typed,
            |file| &file.environment,
            |defaults| &defaults.environment,
        )
    }

    pub(super) fn policy(&self, typed: &Option<String>) -> Option<Setting<String>> {
        self.target_value(
            ("--policy", "CMKCTL_POLICY"),
            typed,
            |file| &file.policy,
            |defaults| &defaults.policy,
        )
    }

    pub(super) fn vault(&self, typed: &Option<String>) -> Option<Setting<String>> {
        self.target_value(
            ("--vault", "CMKCTL_VAULT"),
            typed,
            |file| &file.vault,
            |defaults| &defaults.vault,
        )
    }

    pub(super) fn key(&self, typed: &Option<String>) -> Option<Setting<String>> {
        self.target_value(
            ("--key", "CMKCTL_KEY"),
            typed,
            |file| &file.key,
            |defaults| &defaults.key,
        )
    }

    /// In a sandbox, only flags and the sandbox's defaults count, and no value of a real tenant.
    fn target_value(
        &self,
        (flag, variable): (&'static str, &str),
        typed: &Option<String>,
        of_file: impl Fn(&File) -> &Option<String>,
        of_sandbox: impl Fn(&DefaultFacts) -> &Option<String>,
    ) -> Option<Setting<String>> {
        match &self.sandbox {
            None => Setting::of(flag, typed, variable).or_else(|| self.layers.find(of_file)),
            Some(facts) => {
                let typed = typed.clone().map(|value| Setting {
                    value,
                    source: Source::Flag(flag),
                });
                let sandbox_default = of_sandbox(&facts.defaults).clone();
                typed.or_else(|| {
                    sandbox_default.map(|value| Setting {
                        value,
                        source: Source::Sandbox,
                    })
                })
            }
        }
    }
}
