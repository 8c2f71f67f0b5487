//! Host management.azure.com, provider `Microsoft.Resources`: the validation of deployments
//! (2021-04-01 to 2025-04-01; the shapes are the same). Imitated after the public REST reference.

use super::errors::{disallowed, refusal};
use super::scope::Scope;
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::parts::User;
use crate::sandbox::tenant::world::World;
use serde_json::json;

/// Deployments, validated only (2021-04-01): enough of them for one enterprise policy.
pub(super) fn validate(world: &World, request: &Request, user: &User, scope: &Scope) -> Reply {
    let action = "Microsoft.Resources/deployments/validate/action";
    if let Some(refusal) = refusal(world, user, action, &scope.id) {
        return refusal;
    }
    if request.method != "POST" {
        return Reply::error(
            405,
            "MethodNotAllowed",
            "The requested resource does not support this method.",
        );
    }
    let body = request.json();
    let resource = &body["properties"]["template"]["resources"][0];
    let (Some(name), Some(location)) = (resource["name"].as_str(), resource["location"].as_str())
    else {
        return Reply::error(
            400,
            "InvalidTemplate",
            "Deployment template validation failed: a resource has no name or location.",
        );
    };
    let inner = disallowed(world, name, scope).or_else(|| {
        let text = format!(
            "The provided location '{location}' is not available for resource type \
        'Microsoft.PowerPlatform/enterprisePolicies'."
        );
        let known = world.provider_locations.iter().any(|own| own == location);
        (!known).then(|| {
            json!({
                "code": "LocationNotAvailableForResourceType",
                "message": text,
            })
        })
    });
    match inner {
        None => Reply::json(
            200,
            &json!({ "properties": { "provisioningState": "Succeeded" } }),
        ),
        Some(inner) => Reply::json(
            400,
            &json!({
                "error": {
                    "code": "InvalidTemplateDeployment",
                    "message": "The template deployment failed because of policy violation. \
                    Please see details for more information.",
                    "details": [inner],
                },
            }),
        ),
    }
}
