//! Alerts on the activity log (`Microsoft.Insights`, activityLogAlerts, 2020-10-01).

use crate::cloud::clouds::Service;
use crate::cloud::fault::Reply;
use crate::cloud::json::{maybe, must};
use crate::cloud::session::Reader;
use crate::cloud::versions;
use crate::model::alert::{Alert, Condition};
use crate::model::whole::Whole;
use serde_json::Value;

impl Reader {
    /// The activity log alerts of a subscription that the caller may read. The service omits the
    /// others.
    ///
    /// # Errors
    /// The service's refusal, or an incomplete list.
    pub async fn alerts(&self, subscription: &str) -> Reply<Whole<Alert>> {
        let path =
            format!("subscriptions/{subscription}/providers/Microsoft.Insights/activityLogAlerts");
        let url = self.session.arm(&path, versions::ALERTS);
        let decode = |value: &Value| Ok(alert(value));
        self.session.pages(Service::Arm, &url, decode).await
    }
}

fn alert(value: &Value) -> Alert {
    let enabled = maybe(value, "properties.enabled", Value::as_bool);
    Alert {
        enabled: enabled.map(|enabled| enabled.unwrap_or(true)),
        scopes: must(value, "properties.scopes", texts),
        conditions: must(value, "properties.condition.allOf", |all| {
            all.as_array()?.iter().map(condition).collect()
        }),
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |item: &Value| item.as_str().map(str::to_owned);
    value.as_array()?.iter().map(text).collect()
}

fn condition(value: &Value) -> Option<Condition> {
    match value.get("anyOf").filter(|any| !any.is_null()) {
        Some(any) => any.as_array()?.iter().map(leaf).collect::<Option<_>>(),
        None => leaf(value).map(|leaf| vec![leaf]),
    }
    .map(Condition)
}

/// A field with the value of `equals`, or those of `containsAny`.
fn leaf(value: &Value) -> Option<(String, Vec<String>)> {
    let field = value.get("field")?.as_str()?.to_owned();
    let values = match value.get("equals").filter(|equals| !equals.is_null()) {
        Some(equals) => vec![equals.as_str()?.to_owned()],
        None => texts(value.get("containsAny")?)?,
    };
    Some((field, values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::known::Known;
    use serde_json::json;

    #[test]
    fn what_can_not_be_read_is_not_known() {
        let read = alert(&json!({ "properties": {
            "scopes": ["subscriptions/x"],
            "condition": { "allOf": [
                { "field": "category", "equals": "Administrative" },
                { "anyOf": [{ "field": "operationName", "containsAny": ["a", "b"] }] },
            ] },
        } }));
        assert_eq!(read.enabled, Known::Known(true));
        let conditions = read.conditions.known().unwrap();
        assert_eq!(conditions[1].0[0].1, ["a", "b"]);
        let odd = alert(&json!({ "properties": { "enabled": "yes", "scopes": "x",
            "condition": { "allOf": [{ "equals": "x" }] } } }));
        assert!(odd.enabled.unknown().is_some());
        assert!(odd.scopes.unknown().is_some());
        assert!(odd.conditions.unknown().is_some());
    }
}
