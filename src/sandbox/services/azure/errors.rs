//! Host management.azure.com: refusals that several providers use.

use crate::message::Reply;
use crate::tenant::governance::ALLOWED_LOCATIONS;
use crate::tenant::parts::User;
use crate::tenant::roles::allowed;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// The known refusal, if the caller lacks the right.
pub(super) fn refusal(world: &World, user: &User, action: &str, scope: &str) -> Option<Reply> {
    (!allowed(world, &user.object_id, action, scope, false))
        .then(|| unauthorized(user, action, scope))
}

/// The known refusal.
pub(super) fn unauthorized(user: &User, action: &str, scope: &str) -> Reply {
    let text = format!(
        "The client '{}' with object id '{}' does not have authorization to perform action \
        '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, \
        please refresh your credentials.",
        user.client_id, user.object_id
    );
    Reply::error(403, "AuthorizationFailed", text)
}

/// Key Vault's control plane refuses a value.
pub(super) fn invalid_value(field: &str) -> Reply {
    bad_request(format!("An invalid value was provided for '{field}'."))
}

/// Key Vault's control plane refuses a request.
pub(super) fn bad_request(text: impl AsRef<str>) -> Reply {
    Reply::error(400, "BadRequest", text)
}

/// Key Vault's data plane refuses a value.
pub(super) fn invalid_parameter(field: &str) -> Reply {
    bad_parameter(format!("Property {field} has invalid value"))
}

/// Key Vault's data plane refuses a request.
pub(super) fn bad_parameter(text: impl AsRef<str>) -> Reply {
    Reply::error(400, "BadParameter", text)
}

/// No resource at this address has the method.
pub(super) fn no_method() -> Reply {
    Reply::error(
        405,
        "MethodNotAllowed",
        "The requested resource does not support this method.",
    )
}

/// Resource Manager refuses an unreadable body: a field is missing or has an invalid value.
pub(super) fn malformed(field: &str, value: &Value) -> Reply {
    let text = format!(
        "The request content was invalid and could not be deserialized: the value '{value}' of \
        '{field}' is missing or can't be converted (inferred)."
    );
    Reply::error(400, "InvalidRequestContent", text)
}

/// Azure Policy's error for a resource with this ARM id in this location. A refused request has it
/// at the top, a refused validation one level deeper.
pub(super) fn disallowed(world: &World, id: &str, location: &str) -> Option<Value> {
    let assignment = world.forbidden(id, location)?;
    let (shown, name) = (
        assignment.shown(),
        id.rsplit('/').next().unwrap_or_default(),
    );
    Some(json!({
        "code": "RequestDisallowedByPolicy",
        "target": name,
        "message": format!(
            "Resource '{name}' was disallowed by policy. Policy identifiers: \
            '[{{\"policyAssignment\":{{\"name\":\"{shown}\"}}}}]'."
        ),
        "additionalInfo": [
            {
                "type": "PolicyViolation",
                "info": {
                    "policyDefinitionDisplayName": "Allowed locations",
                    "policyDefinitionId": assignment.properties["policyDefinitionId"],
                    "policyDefinitionName": ALLOWED_LOCATIONS,
                    "policyDefinitionEffect": "deny",
                    "policyAssignmentDisplayName": shown,
                    "policyAssignmentId": assignment.assignment_id(),
                    "policyAssignmentName": assignment.name,
                    "policyAssignmentScope": assignment.scope,
                },
            },
        ],
    }))
}

/// A refusal of Key Vault's data plane, with the reason as inner code.
pub(super) fn forbidden(inner: &str, message: &str) -> Reply {
    Reply::json(
        403,
        &json!({
            "error": {
                "code": "Forbidden",
                "message": message,
                "innererror": { "code": inner },
            },
        }),
    )
}
