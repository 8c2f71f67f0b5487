//! An error as a document for scripts.

use super::pointer::pointer;
use crate::error::Error;
use serde::Serialize;

/// Version 1 of the error document.
#[derive(Serialize)]
pub(super) struct ErrorDocument<'a> {
    schema: &'static str,
    kind: &'static str,
    exit_code: u8,
    message: &'a str,
    code: Option<&'a str>,
    finding: Option<&'static str>,
    detail: Option<&'a str>,
    hints: &'a [String],
    correlation_id: Option<&'a str>,
    client_request_id: Option<&'a str>,
    explain: Option<String>,
}

/// The codes of an error, the service's first.
pub(super) fn codes(error: &Error) -> Vec<&str> {
    [error.code.as_deref(), error.finding]
        .into_iter()
        .flatten()
        .collect()
}

impl<'a> From<&'a Error> for ErrorDocument<'a> {
    fn from(error: &'a Error) -> Self {
        Self {
            schema: "cmkctl/error/v1",
            kind: error.kind.word(),
            exit_code: error.kind.exit_code(),
            message: &error.message,
            code: error.code.as_deref(),
            finding: error.finding,
            detail: error.detail.as_deref(),
            hints: &error.hints,
            correlation_id: error.correlation.as_deref(),
            client_request_id: error.client_request.as_deref(),
            explain: codes(error).into_iter().find_map(pointer),
        }
    }
}
