//! Resources that assignments of Azure Policy forbid.

use super::clock::LONG_AGO;
use super::governance::{ALLOWED_LOCATIONS, Governing, LIST};
use super::ids::guid;
use super::scopes::applies;
use super::world::World;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Does this assignment forbid a resource with this ARM id in this location?
fn forbids(world: &World, assignment: &Governing, id: &str, location: &str) -> bool {
    let texts = |list: &Value| -> Vec<String> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(|text| text.as_str().map(plain)).collect()
    };
    let spared = |scope: &String| applies(world, scope, id);
    let allowed = texts(&assignment.properties["parameters"][LIST]["value"]);
    applies(world, &assignment.scope, id)
        && !texts(&assignment.properties["notScopes"])
            .iter()
            .any(spared)
        && assignment.properties["enforcementMode"] != "DoNotEnforce"
        && !allowed.contains(&plain(location))
        && plain(location) != "global"
}

/// A location in the short form.
fn plain(location: &str) -> String {
    location.to_ascii_lowercase().replace(' ', "")
}

impl World {
    /// The first assignment that forbids a resource with this ARM id in this location.
    pub(crate) fn forbidden(&self, id: &str, location: &str) -> Option<&Governing> {
        let mut assignments = self.governance.assignments.iter();
        assignments.find(|assignment| {
            forbids(self, assignment, id, location) && !self.exempt(assignment, id)
        })
    }

    fn exempt(&self, from: &Governing, id: &str) -> bool {
        let now = self.clock.now();
        let lasts = |exemption: &Governing| {
            let end = exemption.properties["expiresOn"].as_str();
            let end = end.and_then(|text| text.parse::<Timestamp>().ok());
            end.is_none_or(|end| end > now)
        };
        self.governance.exemptions.iter().any(|exemption| {
            let named = exemption.properties["policyAssignmentId"].as_str();
            named.is_some_and(|named| named.eq_ignore_ascii_case(&from.assignment_id()))
                && applies(self, &exemption.scope, id)
                && lasts(exemption)
        })
    }

    /// Gives every subscription a single assignment, which allows no location of enterprise
    /// policies.
    pub(crate) fn forbid_policies(&mut self, shown: &str) {
        let offered = &self.provider_locations;
        let usual = ["westeurope", "northeurope", "uksouth"];
        let allowed = usual
            .iter()
            .filter(|location| !offered.iter().any(|listed| listed == *location));
        let allowed: Vec<&&str> = allowed.collect();
        let assignments = self.subscriptions.iter().map(|subscription| Governing {
            name: guid("azure-policy"),
            scope: subscription.scope(),
            properties: json!({
                "displayName": shown,
                "policyDefinitionId": format!(
                    "/providers/Microsoft.Authorization/policyDefinitions/{ALLOWED_LOCATIONS}"
                ),
                "parameters": { LIST: { "value": allowed } },
                "enforcementMode": "Default",
                "notScopes": [],
            }),
            since: LONG_AGO,
            by: String::new(),
        });
        self.governance.assignments = assignments.collect();
    }
}
