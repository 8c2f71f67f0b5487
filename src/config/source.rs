//! Where each value comes from. Everything that is looked up is looked up here, so that what is
//! shown is what is used.

use super::reading::variable;
use crate::error::{Error, Result};
use std::fmt;
use std::path::PathBuf;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag, such as `--cloud`.
    Flag(&'static str),
    /// An environment variable.
    Variable(String),
    /// A profile of the configuration file.
    Profile(String),
    /// The configuration file itself.
    File(PathBuf),
    /// The sandbox.
    Sandbox,
    /// Nobody said anything.
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

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
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

    /// An environment variable.
    pub(super) fn variable(name: &str) -> Option<Self> {
        variable(name).map(|value| Self {
            value: value.into(),
            source: Source::Variable(name.to_owned()),
        })
    }
}

impl Setting<bool> {
    /// A variable that says yes or no.
    pub(super) fn switch(name: &str) -> Result<Option<Self>> {
        let Some(set) = Setting::<String>::variable(name) else {
            return Ok(None);
        };
        let value = match set.value.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" => true,
            "0" | "false" | "no" => false,
            other => {
                let what = format!("`{name}` is `{}`.", other.escape_debug());
                return Err(Error::usage(what).hint("It must be `true` or `false`."));
            }
        };
        let source = set.source;
        Ok(Some(Setting { value, source }))
    }
}

/// One line of `config show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What the configuration file calls it, where it can stand there.
    pub name: String,
    /// Never a secret's own text.
    pub value: Option<String>,
    /// Where it comes from.
    pub source: Source,
}

impl Shown {
    /// A value that may be missing.
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
