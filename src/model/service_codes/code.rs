//! One code of a service.

use crate::model::cause::Cause;
use serde::Serialize;

/// One code of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ServiceCode {
    /// As the service writes it, such as `OperationNotStartable`.
    pub code: &'static str,
    /// Who says it.
    pub service: &'static str,
    /// What kind of trouble it is. `None` for a code that says no more than the HTTP status: then
    /// what was asked for decides what helps.
    pub means: Option<Cause>,
    /// What happens and why.
    pub cause: &'static str,
    /// What helps: a command to paste where there is one.
    pub fix: &'static str,
    /// The role that can do it.
    pub who: &'static str,
    /// The code of the catalogue that it belongs to.
    pub belongs_to: Option<&'static str>,
    /// The public source with its date.
    pub source: &'static str,
}
