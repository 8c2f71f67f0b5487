//! Host api.bap.microsoft.com: starts lifecycle operations, which link or unlink a policy or make a
//! Managed Environment. Texts are those of recorded responses. Comments mark what is inferred.

use super::errors::{error, not_found};
use crate::message::{Reply, Request};
use crate::tenant::operations::Kind;
use crate::tenant::parts::{Environment, Policy, Standing, User};
use crate::tenant::roles::allowed;
use crate::tenant::world::World;

pub(super) fn link(
    world: &mut World,
    request: &Request,
    user: &User,
    id: &str,
    action: &str,
) -> Reply {
    if let Some(refusal) = unwelcome(request, user, id) {
        return refusal;
    }
    let Some(key) = world.environment_key(id) else {
        return not_found(id);
    };
    if world.running(&key).is_some() {
        return busy(world, id);
    }
    let body = request.json();
    let Some(system_id) = body["SystemId"]
        .as_str()
        .or_else(|| body["systemId"].as_str())
    else {
        return error(
            400,
            "InvalidRequestContent",
            "The request content is not valid: 'SystemId' is missing.",
        );
    };
    let Some(environment) = world.environments.get(&key) else {
        return not_found(id);
    };
    match change(world, user, environment, system_id, action) {
        Ok(kind) => {
            let operation = world.start(&key, kind, &user.object_id);
            accepted(world, &key, &operation)
        }
        Err(refusal) => refusal,
    }
}

/// Refusals that depend on neither environment nor policy.
fn unwelcome(request: &Request, user: &User, id: &str) -> Option<Reply> {
    if user.power_platform != Standing::Admin {
        let text = format!(
            "The user with object id '{}' does not have the required permission \
            'ManageProtectionKeys' on environment '{id}'.",
            user.object_id
        );
        return Some(error(403, "UserMissingRequiredPermission", &text));
    }
    if !request.content_type.starts_with("application/json") {
        let text = "The request entity's media type is not supported for this resource.";
        return Some(error(415, "UnsupportedMediaType", text));
    }
    None
}

fn invalid(text: &str) -> Reply {
    error(400, "InvalidLifecycleOperationRequest", text)
}

/// The operation that a link or unlink starts, or its refusal.
fn change(
    world: &World,
    user: &User,
    environment: &Environment,
    system_id: &str,
    action: &str,
) -> Result<Kind, Reply> {
    let operation = if action == "link" {
        "NewCustomerManagedKey"
    } else {
        "RevertToMicrosoftKey"
    };
    let cannot = |why: &str| Err(invalid(&format!("{operation} cannot be performed {why}")));
    if matches!(environment.sku.as_str(), "Trial" | "Default" | "Teams") {
        return cannot(&format!("on environment of type {}.", environment.sku));
    }
    if !environment.managed {
        return cannot("on Power Platform environment because of the governance configuration.");
    }
    let policy = usable_policy(world, user, environment, system_id)?
        .id
        .clone();
    match (action, &environment.link) {
        // The answer is not on record if no policy, or another policy, is linked (inferred).
        ("unlink", None) => cannot("on an environment without a key."),
        ("unlink", Some((linked, _))) if !linked.eq_ignore_ascii_case(&policy) => {
            cannot("with a policy that is not linked.")
        }
        ("unlink", _) => Ok(Kind::Unlink),
        (_, Some((linked, status)))
            if status == "Linked" && !linked.eq_ignore_ascii_case(&policy) =>
        {
            Ok(Kind::Swap(policy))
        }
        _ => Ok(Kind::Link(policy)),
    }
}

/// The policy with this system id, if the caller may read it and its geography matches.
fn usable_policy<'a>(
    world: &'a World,
    user: &User,
    environment: &Environment,
    system_id: &str,
) -> Result<&'a Policy, Reply> {
    let found = world
        .policies
        .values()
        .find(|policy| policy.system_id().eq_ignore_ascii_case(system_id));
    let Some(policy) = found else {
        let text = format!("The enterprise policy '{system_id}' could not be found (inferred).");
        return Err(error(404, "EnterprisePolicyNotFound", &text));
    };
    let action = "Microsoft.PowerPlatform/enterprisePolicies/read";
    if !allowed(world, &user.object_id, action, &policy.id, false) {
        // The documentation says that adding fails without Reader on the policy. The answer is not
        // on record (inferred).
        let text = "The caller does not have access to the enterprise policy.";
        return Err(error(403, "EnvironmentAccess", text));
    }
    let geography = match environment.location.as_str() {
        "unitedkingdom" => "uk",
        "southamerica" => "brazil",
        "unitedarabemirates" => "uae",
        other => other,
    };
    if policy.location != geography {
        // The rule is documented. The answer is not on record (inferred).
        return Err(invalid(&format!(
            "The enterprise policy is in '{}', the environment in '{}'.",
            policy.location, environment.location
        )));
    }
    Ok(policy)
}

pub(super) fn govern(world: &mut World, request: &Request, user: &User, id: &str) -> Reply {
    if user.power_platform != Standing::Admin {
        return error(
            403,
            "EnvironmentAccess",
            &format!("The user does not have permission to update the environment '{id}'."),
        );
    }
    let Some(key) = world.environment_key(id) else {
        return not_found(id);
    };
    if request.json()["protectionLevel"] != "Standard" {
        return error(
            400,
            "InvalidRequestContent",
            "The protection level is not valid.",
        );
    }
    let Some(environment) = world.environments.get(&key) else {
        return not_found(id);
    };
    if environment.domain.is_none() {
        return error(
            400,
            "InvalidLifecycleOperationRequest",
            "EnableGovernanceConfiguration cannot be performed because there is no linked CDS \
            instance or the CDS instance version is not supported.",
        );
    }
    if environment.managed {
        return Reply::empty(204);
    }
    if world.running(&key).is_some() {
        return busy(world, id);
    }
    let operation = world.start(&key, Kind::Govern, &user.object_id);
    accepted(world, &key, &operation)
}

/// The 409 of a busy environment, with the recorded text or an empty body.
fn busy(world: &World, id: &str) -> Reply {
    if !world.settings.conflict_body {
        return Reply::empty(409);
    }
    let text = format!(
        "This operation cannot be performed because there is an active lifecycle operation on the \
        environment {id}."
    );
    error(409, "OperationNotStartable", &text)
}

fn accepted(world: &World, key: &str, operation: &str) -> Reply {
    let region = world
        .environments
        .get(key)
        .map_or("europe", |environment| environment.location.as_str());
    let url = format!(
        "https://{region}.api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/\
        lifecycleOperations/{operation}?api-version=2019-10-01"
    );
    Reply::empty(202)
        .header("operation-location", url)
        .header("retry-after", "5")
}
