//! Host api.bap.microsoft.com: which operations an environment allows, and why not the others,
//! after recorded responses.

use crate::sandbox::tenant::parts::Environment;
use serde_json::{Value, json};

/// What the service allows now, with its reasons. An environment that is not managed may have
/// `NewCustomerManagedKey` all the same.
pub(super) fn enforcement(environment: &Environment) -> Value {
    let rule = |id: &str| json!({ "type": { "id": id } });
    let refused = |id: &str, reason: Value| {
        json!({
            "type": { "id": id },
            "reason": reason,
        })
    };
    let mut allowed: Vec<Value> = [
        "Backup",
        "Copy",
        "Delete",
        "Edit",
        "Reset",
        "Restore",
        "NewNetworkInjection",
        "Disable",
    ]
    .iter()
    .map(|id| rule(id))
    .collect();
    let mut disallowed = Vec::new();
    let sku = &environment.sku;
    let key_operations = [
        "NewCustomerManagedKey",
        "RotateCustomerManagedKey",
        "RevertToMicrosoftKey",
    ];
    for operation in key_operations {
        let first = operation == "NewCustomerManagedKey";
        if matches!(sku.as_str(), "Trial" | "Default" | "Teams") {
            let message = format!("{operation} cannot be performed on environment of type {sku}.");
            disallowed.push(refused(
                operation,
                json!({
                    "message": message,
                    "type": "EnvironmentSkuType",
                }),
            ));
        } else if let Some(reason) = environment.disallowed.as_ref().filter(|_| first) {
            disallowed.push(refused(operation, json!({ "type": reason })));
        } else if first == environment.link.is_none() {
            allowed.push(rule(operation));
        } else {
            disallowed.push(refused(
                operation,
                json!({ "type": "EnvironmentCmkLinked" }),
            ));
        }
    }
    let mut rules = json!({});
    rules["allowedOperations"] = Value::Array(allowed);
    rules["disallowedOperations"] = Value::Array(disallowed);
    rules
}
