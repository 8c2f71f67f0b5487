//! Host api.bap.microsoft.com: lists of environments and one environment by its id, for
//! administrators (`scopes/admin`) and for makers. A list leaves the block of policies out unless
//! it is expanded. One environment shows it without that: Microsoft's module
//! PowerPlatform-EnterprisePolicies and its Terraform provider rely on it.

use super::errors::{error, not_found, refusal};
use super::filter::{Filter, at};
use super::queries::{Refused, number};
use super::view::{self, Look, Policies};
use crate::sandbox::message::{Reply, Request};
use crate::sandbox::services::pages::{Cut, Link, cut, forget};
use crate::sandbox::tenant::parts::{Standing, User};
use crate::sandbox::tenant::settings::PolicyBlock;
use crate::sandbox::tenant::world::World;
use serde::Serialize;

/// The fields by which a list may be filtered. One client is known to filter by the SKU; the others
/// are inferred.
const FIELDS: [&str; 8] = [
    "name",
    "location",
    "properties/environmentSku",
    "properties/displayName",
    "properties/azureRegion",
    "properties/isDefault",
    "properties/databaseType",
    "properties/governanceConfiguration/protectionLevel",
];

/// Bytes of an environment as text, about; room is made for a page at once.
const USUAL: usize = 4 << 10;

/// Who asks, and on which of the two routes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) user: &'a User,
    /// Below `scopes/admin`?
    pub(super) admin: bool,
}

/// A page of the list. Whoever has no role sees an empty list, not a refusal. That makers see what
/// administrators see is inferred. A page is written environment by environment: the tree of a
/// whole page is what costs most in a large tenant.
pub(super) fn list(world: &mut World, request: &Request, asker: Asker<'_>) -> Reply {
    let chosen = match chosen(world, request, asker) {
        Ok(chosen) => chosen,
        Err(why) => return refusal(&why),
    };
    let total = chosen
        .as_ref()
        .map_or(world.environments.len(), |keys| keys.len());
    let size = world.settings.page_size;
    let Cut {
        range,
        link,
        nameless,
    } = match cut(world, request, size, total, Link::LeftOut) {
        Ok(cut) => cut,
        Err(why) => return error(why.status, why.code, &why.message),
    };
    let (first, count) = (range.start, range.len());
    let here: Vec<String> = match chosen {
        Some(keys) => keys.into_iter().skip(first).take(count).cloned().collect(),
        None => {
            let all = world.environments.keys();
            all.skip(first).take(count).cloned().collect()
        }
    };
    let look = look(world, request, asker, false);
    let mut body = Vec::with_capacity(here.len() * USUAL);
    body.extend_from_slice(b"{\"value\":[");
    for (position, key) in here.iter().enumerate() {
        let lagging = view::lags(world, key);
        let Some(shown) = view::environment(world, key, look, lagging) else {
            continue;
        };
        if position > 0 {
            body.push(b',');
        }
        if nameless {
            let mut item = shown.tree();
            forget(&mut item);
            write(&mut body, &item);
        } else {
            write(&mut body, &shown);
        }
    }
    body.push(b']');
    if let Some((name, link)) = link {
        body.extend_from_slice(format!(",\"{name}\":{link}").as_bytes());
    }
    body.push(b'}');
    Reply::bytes(200, body)
}

/// One environment. 404 is also what a caller without the role sees.
pub(super) fn single(world: &mut World, request: &Request, asker: Asker<'_>, id: &str) -> Reply {
    let Some(key) = world
        .environment_key(id)
        .filter(|_| asker.user.power_platform.sees_environments())
    else {
        return not_found(id);
    };
    let lagging = view::lags(world, &key);
    let look = look(world, request, asker, true);
    view::environment(world, &key, look, lagging)
        .map_or_else(|| not_found(id), |shown| Reply::json(200, &shown.tree()))
}

/// The keys of the environments that a list holds over all its pages; nothing where it holds them
/// all.
///
/// # Errors
/// A filter or a number that is not understood.
fn chosen<'a>(
    world: &'a World,
    request: &Request,
    asker: Asker<'_>,
) -> Result<Option<Vec<&'a String>>, Refused> {
    let filter = Filter::parse(request.query("$filter"), &FIELDS)?;
    let top = number(request, "$top")?;
    if !asker.user.power_platform.sees_environments() {
        return Ok(Some(Vec::new()));
    }
    if filter.is_empty() && top.is_none() {
        return Ok(None);
    }
    let plain = Look {
        admin: asker.admin,
        policies: Policies::Absent,
        permissions: false,
        manages_keys: false,
    };
    let fits = |key: &&String| {
        view::environment(world, key, plain, false).is_some_and(|shown| {
            let tree = shown.tree();
            filter.fits(|path| at(&tree, path))
        })
    };
    let all = world.environments.keys().filter(fits);
    Ok(Some(all.take(top.unwrap_or(usize::MAX)).collect()))
}

/// What a request shows of an environment. Parts of `$expand` that an environment does not have,
/// such as `properties/billingPolicy`, change nothing.
fn look(world: &World, request: &Request, asker: Asker<'_>, single: bool) -> Look {
    let parts: Vec<String> = request
        .query("$expand")
        .split(',')
        .map(|part| part.trim().to_ascii_lowercase())
        .collect();
    let has = |name: &str| parts.iter().any(|part| part == name);
    let block = world.settings.policy_block;
    let policies = if has("properties/enterprisepolicies") && block != PolicyBlock::Hidden {
        Policies::Shown
    } else if has("properties.enterprisepolicies") {
        Policies::Null
    } else if single && block == PolicyBlock::Shown {
        Policies::Shown
    } else {
        Policies::Absent
    };
    Look {
        admin: asker.admin,
        policies,
        permissions: has("permissions") || has("properties/permissions"),
        manages_keys: asker.user.power_platform == Standing::Admin,
    }
}

/// Writes JSON behind what is there.
fn write(body: &mut Vec<u8>, item: &impl Serialize) {
    // Neither these values nor the memory they go to can fail.
    serde_json::to_writer(body, item).ok();
}
