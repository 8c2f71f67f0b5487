//! Host api.bap.microsoft.com: the operations that an environment allows, and the reasons for the
//! others, after recorded responses.

use super::shape::{Allowed, Disallowed, Enforcement, Id, Reason};
use crate::tenant::parts::Environment;

/// The operations that every environment allows.
const ALWAYS: [&str; 8] = [
    "Backup",
    "Copy",
    "Delete",
    "Edit",
    "Reset",
    "Restore",
    "NewNetworkInjection",
    "Disable",
];

/// The operations on an environment's key. The first one adds a key.
const OF_KEYS: [&str; 3] = [
    "NewCustomerManagedKey",
    "RotateCustomerManagedKey",
    "RevertToMicrosoftKey",
];

/// The currently allowed operations, and the reasons for the others. An unmanaged environment
/// without a key also allows `NewCustomerManagedKey`.
pub(super) fn enforcement(environment: &Environment) -> Enforcement<'_> {
    let allow = |id: &'static str| Allowed { kind: Id { id } };
    let mut allowed: Vec<Allowed> = ALWAYS.into_iter().map(allow).collect();
    let mut disallowed = Vec::new();
    let sku = &environment.sku;
    for operation in OF_KEYS {
        let first = operation == OF_KEYS[0];
        let mut refuse = |message: Option<String>, kind| {
            disallowed.push(Disallowed {
                kind: Id { id: operation },
                reason: Reason { message, kind },
            });
        };
        if matches!(sku.as_str(), "Trial" | "Default" | "Teams") {
            let message = format!("{operation} cannot be performed on environment of type {sku}.");
            refuse(Some(message), "EnvironmentSkuType");
        } else if let Some(reason) = environment.disallowed.as_ref().filter(|_| first) {
            refuse(None, reason.as_str());
        } else if first == environment.link.is_none() {
            allowed.push(allow(operation));
        } else {
            refuse(None, "EnvironmentCmkLinked");
        }
    }
    Enforcement {
        allowed_operations: allowed,
        disallowed_operations: disallowed,
    }
}
