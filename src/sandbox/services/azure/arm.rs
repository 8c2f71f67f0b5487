//! Host management.azure.com: who asks, and which provider of Azure Resource Manager answers.
//! Imitated after the public specification.

use super::{authorization, inventory, policies, policy_operations, vaults, versions};
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::services::caller::caller;
use crate::sandbox::tenant::ids::GROUP;
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
    if let Some(at) = route
        .windows(2)
        .rposition(authorization)
        .filter(|at| route.len() > at + 2)
    {
        let scope = format!("/{}", request.path[..at].join("/"));
        return authorization::respond(world, request, user, &scope, &route[at + 2..]);
    }
    match &segments[..] {
        ["tenants"] => inventory::tenants(world),
        ["subscriptions"] => inventory::subscriptions(world),
        ["subscriptions", id, rest @ ..] if *id == world.subscription => {
            in_subscription(world, request, user, rest)
        }
        ["subscriptions", id, ..] => {
            let text = format!("The subscription '{id}' could not be found.");
            Reply::error(404, "SubscriptionNotFound", text)
        }
        _ => inventory::respond(world, request, user),
    }
}

/// What stands in the path behind the subscription.
fn in_subscription(world: &mut World, request: &Request, user: &User, rest: &[&str]) -> Reply {
    match rest {
        [] => Reply::json(200, &inventory::subscription(world)),
        ["resourcegroups", group, ..] if *group != GROUP => {
            let text = format!("Resource group '{group}' could not be found.");
            Reply::error(404, "ResourceGroupNotFound", text)
        }
        ["resourcegroups", _, rest @ ..] => in_group(world, request, user, rest),
        ["providers", PROVIDER] => policies::provider(world, request, user),
        ["providers", PROVIDER, "register"] if request.method == "POST" => {
            policies::register(world, user)
        }
        ["providers", PROVIDER, "enterprisepolicies"] => policies::list(world, user),
        ["providers", PROVIDER, "operations", id] if request.method == "GET" => {
            policy_operations::operation(world, request, id)
        }
        ["providers", PROVIDER, "operationresults", id] if request.method == "GET" => {
            policy_operations::result(world, id)
        }
        ["providers", "microsoft.keyvault", _, ..] => vaults::respond(world, request, user),
        _ => inventory::respond(world, request, user),
    }
}

/// What stands in the path behind the resource group.
fn in_group(world: &mut World, request: &Request, user: &User, rest: &[&str]) -> Reply {
    match rest {
        [] => Reply::json(200, &inventory::group(world)),
        ["providers", PROVIDER, "enterprisepolicies"] => policies::list(world, user),
        ["providers", PROVIDER, "enterprisepolicies", _] => {
            let name = request.path.last().map_or("", String::as_str);
            policies::policy(world, request, user, name)
        }
        [
            "providers",
            "microsoft.resources",
            "deployments",
            _,
            "validate",
        ] => inventory::validate(world, request, user),
        ["providers", "microsoft.keyvault", ..] => vaults::respond(world, request, user),
        _ => inventory::respond(world, request, user),
    }
}
