//! Host management.azure.com: who asks, and which provider of Azure Resource Manager answers.
//! Imitated after the public specification.

use super::scope::Scope;
use super::{authorization, deployments, inventory, policies, policy_operations, vaults, versions};
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::services::caller::caller;
use crate::sandbox::tenant::parts::User;
use crate::sandbox::tenant::world::World;

const PROVIDER: &str = "microsoft.powerplatform";

pub(in crate::sandbox::services) fn handle(world: &mut World, request: &Request) -> Reply {
    let Some(user) = caller(
        world,
        request,
        &[
            "https://management.azure.com",
            "https://management.core.windows.net",
        ],
    ) else {
        let challenge = format!(
            "Bearer authorization_uri=\"https://login.microsoftonline.com/{}\", \
            error=\"invalid_token\", error_description=\"The access token is missing or \
            invalid.\"",
            world.tenant
        );
        let code = if request.bearer.is_some() {
            "InvalidAuthenticationToken"
        } else {
            "AuthenticationFailed"
        };
        return Reply::error(
            401,
            code,
            "The access token is missing, has expired or is for another audience.",
        )
        .header("www-authenticate", challenge);
    };
    let refusal = versions::refusal(request, &world.provider_locations, world.clock.now());
    let reply = refusal.unwrap_or_else(|| answered(world, request, &user));
    let (name, left) = quota(request);
    reply.header(name, left)
}

/// What is left of the caller's quota: each kind of request has its own, per subscription or else
/// per tenant (limits and headers as documented; nothing is used up here).
fn quota(request: &Request) -> (&'static str, &'static str) {
    let of_subscription =
        request.path.len() > 1 && request.path[0].eq_ignore_ascii_case("subscriptions");
    match (request.method.as_str(), of_subscription) {
        ("GET" | "HEAD", true) => ("x-ms-ratelimit-remaining-subscription-reads", "249"),
        ("GET" | "HEAD", false) => ("x-ms-ratelimit-remaining-tenant-reads", "249"),
        ("DELETE", true) => ("x-ms-ratelimit-remaining-subscription-deletes", "199"),
        ("DELETE", false) => ("x-ms-ratelimit-remaining-tenant-deletes", "199"),
        (_, true) => ("x-ms-ratelimit-remaining-subscription-writes", "199"),
        (_, false) => ("x-ms-ratelimit-remaining-tenant-writes", "199"),
    }
}

/// `HEAD` asks what `GET` would, and is answered without a body. Only a resource group says 204:
/// resources of providers that exist refuse the method (on record in bug reports about
/// `checkExistenceById`), and those that do not are as missing as for `GET`.
fn answered(world: &mut World, request: &Request, user: &User) -> Reply {
    if request.method != "HEAD" {
        return dispatch(world, request, user);
    }
    let asked = Request {
        method: "GET".to_owned(),
        ..request.clone()
    };
    let route = request.route();
    let group = matches!(&route[..], [_, _, kind, _] if kind == "resourcegroups");
    let mut reply = dispatch(world, &asked, user);
    reply.status = match (reply.status, group) {
        (200, true) => 204,
        (200, false) => 405,
        (status, _) => status,
    };
    reply
}

fn dispatch(world: &mut World, request: &Request, user: &User) -> Reply {
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    // What it is a provider of stands behind its name; the name alone is the provider itself.
    let authorization =
        |pair: &[String]| pair[0] == "providers" && pair[1] == "microsoft.authorization";
    let at = route
        .windows(2)
        .rposition(authorization)
        .filter(|at| route.len() > at + 2);
    let scope = match Scope::of(world, &segments) {
        Some(Err(missing)) => return missing,
        Some(Ok(scope)) => Some(scope),
        None => None,
    };
    if let Some(at) = at {
        let scope = format!("/{}", request.path[..at].join("/"));
        return authorization::respond(world, request, user, &scope, &route[at + 2..]);
    }
    match (scope, &segments[..]) {
        (_, ["tenants"]) => inventory::tenants(world, request),
        (_, ["subscriptions"]) => inventory::subscriptions(world, request, user),
        (Some(scope), [_, _, "resourcegroups", _, rest @ ..]) => {
            in_group(world, (request, user), &scope, rest)
        }
        (Some(scope), [_, _, rest @ ..]) => in_subscription(world, (request, user), &scope, rest),
        _ => inventory::nothing(request),
    }
}

/// What stands in the path behind the subscription.
fn in_subscription(
    world: &mut World,
    (request, user): (&Request, &User),
    scope: &Scope,
    rest: &[&str],
) -> Reply {
    match rest {
        ["providers", PROVIDER] => policies::provider(world, request, user, scope),
        ["providers", PROVIDER, "register"] if request.method == "POST" => {
            policies::register(world, user, scope)
        }
        ["providers", PROVIDER, "enterprisepolicies"] => {
            policies::list(world, request, user, scope)
        }
        ["providers", PROVIDER, "operations", id] if request.method == "GET" => {
            policy_operations::operation(world, request, id)
        }
        ["providers", PROVIDER, "operationresults", id] if request.method == "GET" => {
            policy_operations::result(world, id)
        }
        ["providers", "microsoft.keyvault", rest @ ..] if !rest.is_empty() => {
            vaults::respond(world, (request, user), scope, rest)
        }
        _ => inventory::respond(world, (request, user), scope, rest),
    }
}

/// What stands in the path behind the resource group.
fn in_group(
    world: &mut World,
    (request, user): (&Request, &User),
    scope: &Scope,
    rest: &[&str],
) -> Reply {
    match rest {
        ["providers", PROVIDER, "enterprisepolicies"] => {
            policies::list(world, request, user, scope)
        }
        ["providers", PROVIDER, "enterprisepolicies", _] => {
            policies::policy(world, request, user, scope)
        }
        [
            "providers",
            "microsoft.resources",
            "deployments",
            _,
            "validate",
        ] => deployments::validate(world, request, user, scope),
        ["providers", "microsoft.keyvault", rest @ ..] => {
            vaults::respond(world, (request, user), scope, rest)
        }
        _ => inventory::respond(world, (request, user), scope, rest),
    }
}
