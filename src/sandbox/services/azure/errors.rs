//! Host management.azure.com: refusals that more than one provider answers with.

use super::scope::Scope;
use crate::sandbox::message::Reply;
use crate::sandbox::tenant::ids::guid;
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

/// The words of Azure Policy, as they stand in a refused request and, one level deeper, in a
/// refused validation.
pub(super) fn disallowed(world: &World, name: &str, scope: &Scope) -> Option<Value> {
    let assignment = world.azure_policy.as_ref()?;
    let id = guid("azure-policy");
    Some(json!({
        "code": "RequestDisallowedByPolicy",
        "target": name,
        "message": format!(
            "Resource '{name}' was disallowed by policy. Policy identifiers: \
            '[{{\"policyAssignment\":{{\"name\":\"{assignment}\"}}}}]'."
        ),
        "additionalInfo": [
            {
                "type": "PolicyViolation",
                "info": {
                    "policyDefinitionDisplayName": "Allowed locations",
                    "policyDefinitionEffect": "deny",
                    "policyAssignmentDisplayName": assignment,
                    "policyAssignmentName": id,
                    "policyAssignmentScope": scope.id,
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
