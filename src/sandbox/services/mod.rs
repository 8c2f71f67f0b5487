//! The services that the sandbox plays. A service is given a request and the tenant, and nothing
//! else.

mod azure;
pub(in crate::sandbox) mod caller;
mod entra;
pub(in crate::sandbox) mod hosts;
mod pages;
mod power_platform;
mod runner;
mod tokens;

use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::world::World;
use azure::{arm, keyvault};
use power_platform::{api, bap, dataverse};

/// What the service of this name answers.
pub(in crate::sandbox) fn handle(world: &mut World, service: &str, request: &Request) -> Reply {
    match service {
        "entra" => entra::handle(world, request),
        "runner" => runner::handle(world, request),
        "arm" => arm::handle(world, request),
        "keyvault" => keyvault::handle(world, request),
        "bap" => bap::handle(world, request),
        "power_platform" => api::handle(world, request),
        _ => dataverse::handle(world, request),
    }
}
