//! Host management.azure.com, provider `Microsoft.Insights` (2020-10-01): the list of activity log
//! alerts of a subscription. Imitated after the public specification and its example (Activity Log
//! Alerts - List By Subscription Id).

use super::errors::no_method;
use super::listing::listed;
use super::scope::Scope;
use crate::message::{Reply, Request};
use crate::tenant::parts::User;
use crate::tenant::roles::allowed;
use crate::tenant::subscriptions::Place;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// Lists the alerts that the caller may read. They are in the first resource group.
pub(super) fn list(world: &World, request: &Request, user: &User, scope: &Scope) -> Reply {
    if request.method != "GET" {
        return no_method();
    }
    let group = world.group_id(&Place::default());
    let id = |name: &str| format!("{group}/providers/microsoft.insights/activityLogAlerts/{name}");
    let action = "Microsoft.Insights/activityLogAlerts/read";
    let shown = |name: &String| {
        let id = id(name);
        scope.holds(&id) && allowed(world, &user.object_id, action, &id, false)
    };
    let alerts = world.alerts.iter().filter(|(name, _)| shown(name));
    let value: Vec<Value> = alerts
        .map(|(name, alert)| {
            let any: Vec<Value> = alert
                .operations
                .iter()
                .map(|operation| json!({ "field": "operationName", "equals": operation }))
                .collect();
            json!({
                "id": id(name),
                "type": "Microsoft.Insights/ActivityLogAlerts",
                "name": name,
                "location": "Global",
                "tags": {},
                "properties": {
                    "description": "",
                    "enabled": alert.enabled,
                    // The example shows them without the first slash.
                    "scopes": [alert.scope.trim_start_matches('/')],
                    "condition": { "allOf": [
                        { "field": "category", "equals": "Administrative" },
                        { "anyOf": any },
                    ] },
                    "actions": { "actionGroups": [] },
                },
            })
        })
        .collect();
    listed(world, request, &[], value)
}
