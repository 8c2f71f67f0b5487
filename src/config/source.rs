//! The source of each value. Every lookup is here, so that `config show` prints what commands use.

use super::reading::variable;
use crate::error::{Error, Result};
use std::fmt;
use std::path::PathBuf;

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag, such as `--cloud`.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// A profile of the configuration file, by its name.
    Profile(String),
    /// The configuration file itself.
    File(PathBuf),
    /// The default of the sandbox.
    Sandbox,
    /// The built-in default.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(name) => write!(f, "flag {name}"),
            Source::Variable(name) => write!(f, "variable {name}"),
            Source::Profile(name) => write!(f, "profile {name}"),
            Source::File(path) => write!(f, "file {}", path.display()),
            Source::Sandbox => f.write_str("sandbox"),
            Source::Default => f.write_str("default"),
        }
    }
}

/// A value with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value itself.
    pub value: T,
    /// Its source.
    pub source: Source,
}

impl<T: Clone + From<String>> Setting<T> {
    /// A flag, or else an environment variable.
    pub(super) fn of(flag: &'static str, typed: &Option<T>, name: &str) -> Option<Self> {
        let typed = typed.clone().map(|value| Self {
            value,
            source: Source::Flag(flag),
        });
        typed.or_else(|| Self::variable(name))
    }

    /// An environment variable, if it is set.
    pub(super) fn variable(name: &str) -> Option<Self> {
        variable(name).map(|value| Self {
            value: value.into(),
            source: Source::Variable(name.to_owned()),
        })
    }
}

impl Setting<bool> {
    /// A variable that is `true` or `false`.
    pub(super) fn switch(name: &str) -> Result<Option<Self>> {
        let Some(set) = Setting::<String>::variable(name) else {
            return Ok(None);
        };
        let value = match set.value.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" => true,
            "0" | "false" | "no" => false,
            other => {
                let what = format!(
                    "`{name}` is `{}`, which is not valid.",
                    other.escape_debug()
                );
                return Err(Error::usage(what).hint("Set the variable to `true` or `false`."));
            }
        };
        let source = set.source;
        Ok(Some(Setting { value, source }))
    }
}

/// One line of `config show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The name in the configuration file, if the file can have it.
    pub name: String,
    /// The value as text. For a secret, never the secret itself.
    pub value: Option<String>,
    /// Its source.
    pub source: Source,
}

impl Shown {
    /// A setting that may be missing.
    pub(super) fn of<T>(
        name: &str,
        setting: Option<&Setting<T>>,
        text: impl Fn(&T) -> String,
    ) -> Self {
        Self {
            name: name.to_owned(),
            value: setting.map(|setting| text(&setting.value)),
            source: setting.map_or(Source::Default, |setting| setting.source.clone()),
        }
    }
}
