//! The files of `apply` and `plan`: the desired state of many environments, and saved plans.

use super::reading::{line_of, read, usage};
use crate::error::{Error, Result};
use crate::model::fleet::Saved;
use crate::model::wanted::Wanted;
use std::path::Path;

/// The content of the file given to `apply`.
#[derive(Debug)]
pub enum Given {
    /// A desired state.
    Wanted(Wanted),
    /// A saved plan.
    Saved(Box<Saved>),
}

/// Reads a file with a desired state or with a saved plan.
///
/// # Errors
/// The file can't be read, or it has an invalid value. The error names the line or the place.
pub fn given(path: &Path) -> Result<Given> {
    let text = read(path, "file")?;
    if text.trim_start().starts_with('{') {
        return saved(&text, path).map(|saved| Given::Saved(Box::new(saved)));
    }
    wanted(&text, path).map(Given::Wanted)
}

/// Parses a desired state (TOML).
///
/// # Errors
/// What is wrong, and in which line.
pub fn wanted(text: &str, path: &Path) -> Result<Wanted> {
    let wanted: Wanted = toml::from_str(text).map_err(|error| {
        let line = line_of(text, error.span());
        Error::usage(format!(
            "The file `{}` can't be understood.",
            path.display()
        ))
        .detail(format!("Line {line}: {}", sentence(error.message())))
        .hint("The file needs `[[policies]]`, each with `id`, `location`, `vault` and `key`.")
        .hint("`cmkctl adopt` writes such a file from the current state.")
    })?;
    wanted.check().map_err(usage)?;
    Ok(wanted)
}

/// Parses a plan that `plan --out` wrote (JSON).
fn saved(text: &str, path: &Path) -> Result<Saved> {
    let advice = "Create a new plan: `cmkctl plan FILE --out PLAN`.";
    let saved: Saved = serde_json::from_str(text).map_err(|error| {
        Error::usage(format!(
            "The plan `{}` can't be understood.",
            path.display()
        ))
        .detail(sentence(&error.to_string()))
        .hint(advice)
    })?;
    if saved.schema != Saved::SCHEMA {
        let what = format!(
            "The plan `{}` has the schema `{}`, but this version of cmkctl requires `{}`.",
            path.display(),
            saved.schema,
            Saved::SCHEMA
        );
        return Err(Error::usage(what).hint(advice));
    }
    saved.wanted.check().map_err(usage)?;
    Ok(saved)
}

/// The text with exactly one full stop at its end.
fn sentence(text: &str) -> String {
    format!("{}.", text.trim().trim_end_matches('.'))
}
