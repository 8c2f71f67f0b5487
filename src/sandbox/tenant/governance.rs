//! Azure Policy: assignments of the only supported definition, *Allowed locations*, and their
//! exemptions.

use jiff::Timestamp;
use serde_json::Value;

/// Name of the built-in definition *Allowed locations*.
pub(crate) const ALLOWED_LOCATIONS: &str = "e56962a6-4747-49cd-b67b-bf8b01975c4c";
/// The name of its only parameter.
pub(crate) const LIST: &str = "listOfAllowedLocations";

/// The assignments and exemptions of Azure Policy.
#[derive(Debug, Default)]
pub(crate) struct Governance {
    pub(crate) assignments: Vec<Governing>,
    pub(crate) exemptions: Vec<Governing>,
}

/// An assignment or an exemption.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Governing {
    pub(crate) name: String,
    pub(crate) scope: String,
    /// The properties as they were written.
    pub(crate) properties: Value,
    pub(crate) since: Timestamp,
    /// Object id of the principal that wrote it; empty for the scenario's own.
    pub(crate) by: String,
}

impl Governing {
    /// The ARM id of an assignment.
    pub(crate) fn assignment_id(&self) -> String {
        format!(
            "{}/providers/Microsoft.Authorization/policyAssignments/{}",
            self.scope, self.name
        )
    }

    /// Its display name, or its name.
    pub(crate) fn shown(&self) -> &str {
        let shown = self.properties["displayName"].as_str();
        shown.filter(|name| !name.is_empty()).unwrap_or(&self.name)
    }
}
