//! The services of the sandbox. A service gets a request and the tenant, and nothing else.

pub(crate) mod assertions;
mod azure;
pub(crate) mod caller;
mod demands;
mod entra;
mod grants;
mod graph;
pub(crate) mod hosts;
mod issuing;
mod pages;
mod persons;
mod power_platform;
mod runner;
mod sign_in_page;
mod tokens;

use crate::message::{Reply, Request};
use crate::tenant::world::World;
use azure::{arm, keyvault, log_analytics};
use power_platform::{api, bap, dataverse};

/// The answer of the service with this name.
pub(crate) fn handle(world: &mut World, service: &str, request: &Request) -> Reply {
    if let Some(challenge) = demands::challenge(world, service, request) {
        return challenge;
    }
    match service {
        "entra" => entra::handle(world, request),
        "runner" => runner::handle(world, request),
        "graph" => graph::handle(world, request),
        "arm" => arm::handle(world, request),
        "log_analytics" => log_analytics::handle(world, request),
        "keyvault" => keyvault::handle(world, request),
        "bap" => bap::handle(world, request),
        "power_platform" => api::handle(world, request),
        _ => dataverse::handle(world, request),
    }
}
