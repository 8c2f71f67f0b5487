//! Host management.azure.com: providers and their registration in a subscription (2021-04-01 and
//! others). Imitated after the public REST reference. Only `Microsoft.PowerPlatform`, the provider
//! of enterprise policies, must be registered. The others always are.

use super::errors::{no_method, refusal};
use super::listing::listed;
use super::scope::Scope;
use super::shapes::provider_body;
use super::versions::{self, POWER_PLATFORM, Provider};
use crate::message::{Reply, Request};
use crate::tenant::parts::User;
use crate::tenant::world::World;
use serde_json::{Value, json};

/// Answers for `/subscriptions/{id}/providers…`, with the name of a provider and an action.
pub(super) fn respond(
    world: &mut World,
    (request, user): (&Request, &User),
    scope: &Scope,
    rest: &[&str],
) -> Reply {
    let (method, name) = (request.method.as_str(), rest.first().copied());
    let Some(name) = name else {
        return match method {
            "GET" => {
                may_read(world, user, scope).unwrap_or_else(|| providers(world, request, scope))
            }
            _ => no_method(),
        };
    };
    let Some(provider) = versions::provider(name) else {
        let shown = request.path.get(3).map_or("", String::as_str);
        let text = format!("The resource namespace '{shown}' is invalid.");
        return may_read(world, user, scope)
            .unwrap_or_else(|| Reply::error(404, "InvalidResourceNamespace", text));
    };
    match (method, rest.get(1).copied()) {
        ("GET", None) => may_read(world, user, scope)
            .unwrap_or_else(|| Reply::json(200, &shown(world, scope, provider))),
        ("POST", Some(verb @ ("register" | "unregister"))) => {
            let action = format!("{}/{verb}/action", provider.namespace);
            refusal(world, user, &action, &scope.id).unwrap_or_else(|| match verb {
                "register" => register(world, scope, provider),
                _ => unregister(world, scope, provider),
            })
        }
        _ => no_method(),
    }
}

fn may_read(world: &World, user: &User, scope: &Scope) -> Option<Reply> {
    let action = "Microsoft.Resources/subscriptions/providers/read";
    refusal(world, user, action, &scope.id)
}

fn shown(world: &World, scope: &Scope, provider: &Provider) -> Value {
    if provider.namespace == POWER_PLATFORM {
        return provider_body(world, scope);
    }
    let locations = ["West Europe", "North Europe", "UK South"];
    json!({
        "id": format!("{}/providers/{}", scope.id, provider.namespace),
        "namespace": provider.namespace,
        "registrationPolicy": policy(provider),
        "registrationState": "Registered",
        "resourceTypes": provider.types(&locations, world.clock.now()),
    })
}

/// Providers that belong to Resource Manager need no registration.
fn policy(provider: &Provider) -> &'static str {
    match provider.namespace {
        "Microsoft.Authorization" | "Microsoft.Resources" | "Microsoft.ResourceGraph" => {
            "RegistrationFree"
        }
        _ => "RegistrationRequired",
    }
}

fn providers(world: &World, request: &Request, scope: &Scope) -> Reply {
    let all = versions::PROVIDERS.iter();
    let all = all.map(|provider| shown(world, scope, provider));
    listed(world, request, &["$expand"], all.collect())
}

fn register(world: &mut World, scope: &Scope, provider: &Provider) -> Reply {
    let now = world.clock.now();
    if provider.namespace == POWER_PLATFORM
        && let Some(subscription) = world.subscription_mut(&scope.subscription)
        && !["Registered", "Registering"].contains(&subscription.provider.as_str())
    {
        "Registering".clone_into(&mut subscription.provider);
        subscription.provider_since = Some(now);
        world.effect("provider-registered", &scope.id);
    }
    Reply::json(200, &shown(world, scope, provider))
}

/// Unregisters a provider, unless the subscription uses it, as documented. Code and text are
/// inferred. Inferred too: providers of Resource Manager or of vaults can't be unregistered.
fn unregister(world: &mut World, scope: &Scope, provider: &Provider) -> Reply {
    let used = world
        .policies
        .values()
        .any(|policy| scope.holds(&policy.id));
    if provider.namespace != POWER_PLATFORM || used {
        let text = format!(
            "The resource provider '{}' can't be unregistered: the subscription uses it.",
            provider.namespace
        );
        return Reply::error(409, "ResourceProviderInUse", text);
    }
    let now = world.clock.now();
    if let Some(subscription) = world.subscription_mut(&scope.subscription)
        && ["Registered", "Registering"].contains(&subscription.provider.as_str())
    {
        "Unregistering".clone_into(&mut subscription.provider);
        subscription.provider_since = Some(now);
        world.effect("provider-unregistered", &scope.id);
    }
    Reply::json(200, &shown(world, scope, provider))
}
