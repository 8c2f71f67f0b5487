//! Host management.azure.com: refusals that more than one provider answers with.

use crate::sandbox::message::Reply;
use crate::sandbox::tenant::governance::ALLOWED_LOCATIONS;
use crate::sandbox::tenant::parts::User;
use crate::sandbox::tenant::roles::allowed;
use crate::sandbox::tenant::world::World;
use serde_json::{Value, json};

/// The well-known refusal, when the caller may not.
pub(super) fn refusal(world: &World, user: &User, action: &str, scope: &str) -> Option<Reply> {
    (!allowed(world, &user.object_id, action, scope, false))
        .then(|| unauthorized(user, action, scope))
}

/// The well-known refusal itself.
pub(super) fn unauthorized(user: &User, action: &str, scope: &str) -> Reply {
    let text = format!(
        "The client '{}' with object id '{}' does not have authorization to perform action \
        '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, \
        please refresh your credentials.",
        user.client_id, user.object_id
    );
    Reply::error(403, "AuthorizationFailed", text)
}

/// What the control plane of Key Vault says of a value that it does not take.
pub(super) fn invalid_value(field: &str) -> Reply {
    bad_request(format!("An invalid value was provided for '{field}'."))
}

/// The control plane of Key Vault does not take a request.
pub(super) fn bad_request(text: impl AsRef<str>) -> Reply {
    Reply::error(400, "BadRequest", text)
}

/// What the data plane of Key Vault says of a value that it does not take.
pub(super) fn invalid_parameter(field: &str) -> Reply {
    bad_parameter(format!("Property {field} has invalid value"))
}

/// The data plane of Key Vault does not take a request.
pub(super) fn bad_parameter(text: impl AsRef<str>) -> Reply {
    Reply::error(400, "BadParameter", text)
}

/// A method that nothing at this address has.
pub(super) fn no_method() -> Reply {
    Reply::error(
        405,
        "MethodNotAllowed",
        "The requested resource does not support this method.",
    )
}

/// What Resource Manager says to a body that it can't read: a field is missing, or holds what it
/// can't hold.
pub(super) fn malformed(field: &str, value: &Value) -> Reply {
    let text = format!(
        "The request content was invalid and could not be deserialized: the value '{value}' of \
        '{field}' is missing or can't be converted (inferred)."
    );
    Reply::error(400, "InvalidRequestContent", text)
}

/// The words of Azure Policy about a resource of this ARM id in this location, as they stand in a
/// refused request and, one level deeper, in a refused validation.
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

/// A refusal of Key Vault's data plane, which says why in an inner code.
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
