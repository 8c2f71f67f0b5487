//! How long the pages of Resource Manager and of Key Vault are, and how they end.

use crate::sandbox::message::{Reply, Request};
use crate::sandbox::services::pages::{Link, page};
use crate::sandbox::tenant::world::World;
use serde_json::Value;

/// What Key Vault puts on a page at most, and where nothing else is asked for.
const KEY_VAULT_PAGE: usize = 25;

/// A list of Resource Manager.
pub(super) fn listed(world: &World, request: &Request, items: Vec<Value>) -> Reply {
    let size = world.settings.arm_page_size;
    page(world, request, size, items, Link::LeftOut)
}

/// A list of tenants or subscriptions, whose specification (2022-12-01) always has the link.
pub(super) fn listed_with_link(world: &World, request: &Request, items: Vec<Value>) -> Reply {
    let size = world.settings.arm_page_size;
    page(world, request, size, items, Link::Empty)
}

/// A list of Key Vault's data plane. `maxresults` asks for shorter pages.
pub(super) fn listed_keys(world: &World, request: &Request, items: Vec<Value>) -> Reply {
    let asked = request.query("maxresults");
    let most = match asked.parse::<usize>() {
        _ if asked.is_empty() => KEY_VAULT_PAGE,
        Ok(most) if (1..=KEY_VAULT_PAGE).contains(&most) => most,
        _ => {
            let text = format!("The maxresults '{asked}' is not a number from 1 to 25.");
            return Reply::error(400, "BadParameter", text);
        }
    };
    let size = world.settings.key_vault_page_size.min(most);
    page(world, request, size, items, Link::Null)
}
