//! Reads variables and files as text, and turns failures into errors.

use crate::error::{Error, Result};
use crate::model::bad_input::BadInput;
use crate::model::encoding::{NoText, decoded};
use std::io::{ErrorKind, Read};
use std::path::Path;

pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.trim().is_empty())
}

/// The text of a file, in any encoding that its first bytes show; `-` is standard input.
///
/// # Errors
/// The system's refusal, or [`ErrorKind::InvalidData`] if the file is not text.
pub fn text(path: &Path) -> std::io::Result<String> {
    let no_text = |why: NoText| std::io::Error::new(ErrorKind::InvalidData, why);
    bytes(path).and_then(|bytes| decoded(bytes).map_err(no_text))
}

fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return std::fs::read(path);
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Like [`text`], with an error that says what kind of file it is.
pub(super) fn read(path: &Path, what: &str) -> Result<String> {
    text(path).map_err(|error| unread(path, what, &error))
}

/// Reads certificates: PEM as UTF-8 text, and other bytes (DER) unchanged.
pub(super) fn read_certificates(path: &Path, what: &str) -> Result<Vec<u8>> {
    let bytes = bytes(path).map_err(|error| unread(path, what, &error))?;
    Ok(match decoded(bytes.clone()) {
        Ok(text) => text.into_bytes(),
        Err(_) => bytes,
    })
}

fn unread(path: &Path, what: &str, error: &std::io::Error) -> Error {
    let message = format!("The {what} `{}` can't be read.", path.display());
    let hint = match error.kind() {
        ErrorKind::InvalidData => "Save the file again as UTF-8 or UTF-16 with a byte order mark.",
        _ => "Check that the file exists and that you have permission to read it.",
    };
    Error::usage(message).detail(format!("{error}.")).hint(hint)
}

pub(super) fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> usize {
    span.and_then(|span| text.get(..span.start))
        .map_or(1, |before| before.matches('\n').count() + 1)
}

pub(super) fn usage(bad: BadInput) -> Error {
    Error::usage(bad.message).hint(bad.fix)
}
