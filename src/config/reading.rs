//! Reads variables and files as text, and turns failures into errors.

use crate::error::{Error, Result};
use crate::model::bad_input::BadInput;
use std::path::Path;

pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.trim().is_empty())
}

/// The text of a file; `-` is standard input.
pub(super) fn read(path: &Path, what: &str) -> Result<String> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| {
        Error::usage(format!("The {what} `{}` can't be read.", path.display()))
            .detail(format!("{error}."))
            .hint("Name an existing text file that you may read.")
    })
}

pub(super) fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> usize {
    span.and_then(|span| text.get(..span.start))
        .map_or(1, |before| before.matches('\n').count() + 1)
}

pub(super) fn usage(bad: BadInput) -> Error {
    Error::usage(bad.message).hint(bad.fix)
}
