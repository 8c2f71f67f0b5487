//! How long the pages of Resource Manager and of Key Vault are, how they end, and which options of
//! OData a list takes. An option that it does not take is refused, because a client that believes
//! in an ignored one takes the answer for something that it is not. Codes and words of that are
//! (inferred).

use crate::sandbox::message::{Reply, Request};
use crate::sandbox::services::pages::{Link, page};
use crate::sandbox::tenant::world::World;
use serde_json::Value;

/// What Key Vault puts on a page at most, and where nothing else is asked for.
const KEY_VAULT_PAGE: usize = 25;
/// Where a page begins: every list takes it.
const SKIP: &str = "$skiptoken";
const TOP: &str = "$top";

/// A list of Resource Manager. `options` are those that it takes, in lower case: `$top` shortens
/// pages, every other one was looked at by the caller.
pub(super) fn listed(
    world: &World,
    request: &Request,
    options: &[&str],
    items: Vec<Value>,
) -> Reply {
    listed_by(world, request, options, items, Link::LeftOut)
}

/// A list of tenants or subscriptions, whose specification (2022-12-01) always has the link.
pub(super) fn listed_with_link(world: &World, request: &Request, items: Vec<Value>) -> Reply {
    listed_by(world, request, &[], items, Link::Empty)
}

/// A list of Resource Manager that has no pages.
pub(super) fn listed_whole(world: &World, request: &Request, items: Vec<Value>) -> Reply {
    unsupported(request, &[])
        .unwrap_or_else(|| page(world, request, items.len(), items, Link::LeftOut))
}

fn listed_by(
    world: &World,
    request: &Request,
    options: &[&str],
    items: Vec<Value>,
    link: Link,
) -> Reply {
    if let Some(refusal) = unsupported(request, options) {
        return refusal;
    }
    let size = world.settings.arm_page_size;
    let size = match request.query(TOP) {
        "" => size,
        text => match text.parse::<usize>() {
            Ok(top) if top > 0 => size.min(top),
            _ => {
                return refused(format!(
                    "The value '{text}' of '$top' is not a whole number from 1 on (inferred)."
                ));
            }
        },
    };
    page(world, request, size, items, link)
}

fn unsupported(request: &Request, options: &[&str]) -> Option<Reply> {
    let name = unknown(request, options)?;
    let text = format!("The query parameter '{name}' is not supported here (inferred).");
    Some(refused(text))
}

/// A query that a list of Resource Manager does not take.
pub(super) fn refused(text: String) -> Reply {
    Reply::error(400, "InvalidQueryParameter", text)
}

/// A filter that a list of Resource Manager's own does not take.
pub(super) fn invalid_filter(filter: &str) -> Reply {
    let text = format!("Invalid $filter '{filter}' specified in the query string.");
    Reply::error(400, "InvalidFilterInQueryString", text)
}

/// The first option of a request that is not among these.
fn unknown<'a>(request: &'a Request, options: &[&str]) -> Option<&'a str> {
    let names = request.query.keys().map(String::as_str);
    names
        .filter(|name| name.starts_with('$') && *name != SKIP && !options.contains(name))
        .min()
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
    listed_below(world, request, &[], (most, Link::Null), items)
}

/// A list of local roles of a managed HSM, whose link is left out on the last page, as recorded
/// answers have it. That it has pages of Key Vault's length is (inferred).
pub(super) fn listed_local(world: &World, request: &Request, items: Vec<Value>) -> Reply {
    let pages = (KEY_VAULT_PAGE, Link::LeftOut);
    listed_below(world, request, &["$filter"], pages, items)
}

fn listed_below(
    world: &World,
    request: &Request,
    options: &[&str],
    (most, link): (usize, Link),
    items: Vec<Value>,
) -> Reply {
    if let Some(name) = unknown(request, options) {
        let text = format!("The query parameter '{name}' is not supported here (inferred).");
        return Reply::error(400, "BadParameter", text);
    }
    let size = world.settings.key_vault_page_size.min(most);
    page(world, request, size, items, link)
}
