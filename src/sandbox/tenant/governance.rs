//! Azure Policy: assignments of the only supported definition, *Allowed locations*, and their
//! exemptions.

use jiff::Timestamp;
use serde_json::Value;

/// Name of the built-in definition *Allowed locations*.
pub(in crate::sandbox) const ALLOWED_LOCATIONS: &str = "e56962a6-4747-49cd-b67b-bf8b01975c4c";
/// The name of its only parameter.
pub(in crate::sandbox) const LIST: &str = "listOfAllowedLocations";

/// The assignments and exemptions of Azure Policy.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Governance {
    pub(in crate::sandbox) assignments: Vec<Governing>,
    pub(in crate::sandbox) exemptions: Vec<Governing>,
}

/// An assignment or an exemption.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Governing {
    pub(in crate::sandbox) name: String,
    pub(in crate::sandbox) scope: String,
    /// The properties as they were written.
    pub(in crate::sandbox) properties: Value,
    pub(in crate::sandbox) since: Timestamp,
    /// Object id of the principal that wrote it; empty for the scenario's own.
    pub(in crate::sandbox) by: String,
}

impl Governing {
    /// The ARM id of an assignment.
    pub(in crate::sandbox) fn assignment_id(&self) -> String {
        format!(
            "{}/providers/Microsoft.Authorization/policyAssignments/{}",
            self.scope, self.name
        )
    }

    /// Its display name, or its name.
    pub(in crate::sandbox) fn shown(&self) -> &str {
        let shown = self.properties["displayName"].as_str();
        shown.filter(|name| !name.is_empty()).unwrap_or(&self.name)
    }
}
