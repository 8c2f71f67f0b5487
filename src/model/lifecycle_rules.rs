//! Which lifecycle operations the service allows on an environment.

/// The service's lists of lifecycle operations for an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Operation types that are allowed now.
    pub allowed: Vec<String>,
    /// Operation types that are refused now, with the service's reason.
    pub disallowed: Vec<(String, Option<String>)>,
}

/// What these lists say about an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed<'a> {
    /// It is refused, with the service's reason.
    Refused(Option<&'a str>),
    /// It is allowed.
    Allowed,
    /// Other operations are listed.
    Missing,
    /// No operation is listed.
    Silent,
}

impl Rules {
    /// What the lists say about this operation. A refusal counts before anything else.
    pub fn of(&self, operation: &str) -> Listed<'_> {
        let is = |listed: &str| listed.eq_ignore_ascii_case(operation);
        if let Some((_, reason)) = self.disallowed.iter().find(|(listed, _)| is(listed)) {
            Listed::Refused(reason.as_deref())
        } else if self.allowed.iter().any(|listed| is(listed)) {
            Listed::Allowed
        } else if self.allowed.is_empty() && self.disallowed.is_empty() {
            Listed::Silent
        } else {
            Listed::Missing
        }
    }
}
