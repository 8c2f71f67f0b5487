//! Host management.azure.com: identifies the caller, and selects the provider of Azure Resource
//! Manager. Imitated after the public specification.

use super::scope::Scope;
use super::{
    alerts, authorization, deployments, endpoints, groups, guard, inventory, policies,
    policy_operations, providers, resource_graph, tags, vaults, versions,
};
use crate::message::{Reply, Request};
use crate::services::caller::caller;
use crate::tenant::parts::User;
use crate::tenant::world::World;

const PROVIDER: &str = "microsoft.powerplatform";

pub(in crate::services) fn handle(world: &mut World, request: &Request) -> Reply {
    if endpoints::meant(request) {
        return endpoints::respond(request);
    }
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

/// The remaining quota. Each kind of request has its own, per subscription or per tenant. Limits
/// and headers are as documented. The sandbox never uses them up.
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

/// Answers `HEAD` like `GET`, without a body. Groups and deployments give 204. Existing resources
/// of providers refuse the method, as reported in bugs about `checkExistenceById`. Missing
/// resources give the same answer as to `GET`.
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
    let deployment = matches!(&route[..], [.., kind, _] if kind == "deployments");
    let mut reply = dispatch(world, &asked, user);
    reply.status = match (reply.status, group || deployment) {
        (200, true) => 204,
        (200, false) => 405,
        (status, _) => status,
    };
    reply
}

fn dispatch(world: &mut World, request: &Request, user: &User) -> Reply {
    let route = request.route();
    let segments: Vec<&str> = route.iter().map(String::as_str).collect();
    let scope = match Scope::of(world, &segments) {
        // A `PUT` creates a missing group.
        Some(Err(missing)) => {
            return new_group(world, (request, user), &segments).unwrap_or(missing);
        }
        Some(Ok(scope)) => Some(scope),
        None => None,
    };
    if let Some(refused) = guard::refusal(world, request, user) {
        return refused;
    }
    if let Some(at) = extends(&route, "microsoft.authorization", "") {
        let scope = format!("/{}", request.path[..at].join("/"));
        return authorization::respond(world, request, user, &scope, &route[at + 2..]);
    }
    if let Some(at) = extends(&route, "microsoft.resources", "tags") {
        let scope = format!("/{}", request.path[..at].join("/"));
        return tags::respond(world, (request, user), &scope, &route[at + 3..]);
    }
    match (scope, &segments[..]) {
        (_, ["tenants"]) => inventory::tenants(world, request),
        (_, ["subscriptions"]) => inventory::subscriptions(world, request, user),
        (_, ["providers", "microsoft.resourcegraph", "resources"]) => {
            resource_graph::respond(world, request, user)
        }
        (Some(scope), [_, _, "resourcegroups", _, rest @ ..]) => {
            in_group(world, (request, user), &scope, rest)
        }
        (Some(scope), [_, _, rest @ ..]) => in_subscription(world, (request, user), &scope, rest),
        _ => inventory::nothing(request),
    }
}

/// The index of an extension provider in a path. `.../providers/Microsoft.Authorization/<type>` is
/// a resource of it. Without `<type>`, the path is the provider itself.
fn extends(route: &[String], provider: &str, kind: &str) -> Option<usize> {
    let at = route
        .windows(2)
        .rposition(|pair| pair[0] == "providers" && pair[1] == provider)?;
    let next = route.get(at + 2)?;
    let registers = ["register", "unregister"].contains(&next.as_str());
    (!registers && (kind.is_empty() || next == kind)).then_some(at)
}

/// The answer to a `PUT` of a missing group.
fn new_group(
    world: &mut World,
    (request, user): (&Request, &User),
    segments: &[&str],
) -> Option<Reply> {
    let ["subscriptions", _, "resourcegroups", _] = segments else {
        return None;
    };
    let above = Scope::of(world, segments.get(..2)?)?.ok()?;
    (request.method == "PUT").then(|| {
        guard::refusal(world, request, user)
            .unwrap_or_else(|| groups::put(world, (request, user), &above))
    })
}

/// Answers for the part of the path after the subscription.
fn in_subscription(
    world: &mut World,
    (request, user): (&Request, &User),
    scope: &Scope,
    rest: &[&str],
) -> Reply {
    match rest {
        ["providers", rest @ ..] if rest.len() < 2 || ends_in_registration(rest) => {
            providers::respond(world, (request, user), scope, rest)
        }
        ["operationresults", id] if request.method == "GET" => {
            groups::result(world, request, scope, id)
        }
        ["providers", PROVIDER, "enterprisepolicies"] => {
            policies::list(world, request, user, scope)
        }
        ["providers", "microsoft.insights", "activitylogalerts"] => {
            alerts::list(world, request, user, scope)
        }
        ["providers", PROVIDER, "operations", id] if request.method == "GET" => {
            policy_operations::operation(world, request, scope, id)
        }
        ["providers", PROVIDER, "operationresults", id] if request.method == "GET" => {
            policy_operations::result(world, scope, id)
        }
        ["providers", "microsoft.keyvault", rest @ ..] if !rest.is_empty() => {
            vaults::respond(world, (request, user), scope, rest)
        }
        _ => inventory::respond(world, (request, user), scope, rest),
    }
}

fn ends_in_registration(rest: &[&str]) -> bool {
    matches!(rest, [_, "register" | "unregister"])
}

/// Answers for the part of the path after the resource group.
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
        [] if request.method == "PUT" => groups::put(world, (request, user), scope),
        [] if request.method == "PATCH" => groups::patch(world, (request, user), scope),
        [] if request.method == "DELETE" => groups::delete(world, (request, user), scope),
        ["providers", "microsoft.resources", "deployments", rest @ ..]
        // The Azure CLI uses this route for the operations of a deployment.
        | ["deployments", rest @ ..] => {
            deployments::respond(world, (request, user), scope, rest)
        }
        ["providers", "microsoft.keyvault", rest @ ..] => {
            vaults::respond(world, (request, user), scope, rest)
        }
        _ => inventory::respond(world, (request, user), scope, rest),
    }
}
