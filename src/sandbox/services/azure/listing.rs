//! Page lengths and last pages in lists of Resource Manager and Key Vault, and the OData options of
//! a list. An unsupported option is refused, because a client that relies on it would misread the
//! answer. Codes and texts of these refusals are inferred.

use crate::message::{Reply, Request};
use crate::services::pages::{Link, page};
use crate::tenant::world::World;
use serde_json::Value;

/// Largest and default page length of Key Vault.
const KEY_VAULT_PAGE: usize = 25;
/// The start of a page; every list accepts it.
const SKIP: &str = "$skiptoken";
const TOP: &str = "$top";

/// A list of Resource Manager. `options` holds the accepted options in lower case. `$top` shortens
/// pages, and the caller has handled all others.
pub(super) fn listed(
    world: &World,
    request: &Request,
    options: &[&str],
    items: Vec<Value>,
) -> Reply {
    listed_by(world, request, options, items, Link::LeftOut)
}

/// A list of tenants or subscriptions, which always has a next link (specification 2022-12-01).
pub(super) fn listed_with_link(world: &World, request: &Request, items: Vec<Value>) -> Reply {
    listed_by(world, request, &[], items, Link::Empty)
}

/// A list of Resource Manager without pages.
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

/// The refusal of an unsupported query.
pub(super) fn refused(text: String) -> Reply {
    Reply::error(400, "InvalidQueryParameter", text)
}

/// The refusal of an unsupported filter.
pub(super) fn invalid_filter(filter: &str) -> Reply {
    let text = format!("Invalid $filter '{filter}' specified in the query string.");
    Reply::error(400, "InvalidFilterInQueryString", text)
}

/// The first option of a request that is not in `options`.
fn unknown<'a>(request: &'a Request, options: &[&str]) -> Option<&'a str> {
    let names = request.query.keys().map(String::as_str);
    names
        .filter(|name| name.starts_with('$') && *name != SKIP && !options.contains(name))
        .min()
}

/// A list of Key Vault's data plane. `maxresults` shortens its pages.
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

/// A list of local roles of a managed HSM. The last page has no next link, as in recorded answers.
/// Its page length, that of Key Vault, is inferred.
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
