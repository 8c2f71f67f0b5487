//! Host api.bap.microsoft.com: lists of environments, and single environments by id, for
//! administrators (`scopes/admin`) and makers. A list omits `enterprisePolicies` unless it is
//! expanded. By default, a single environment always shows it: Microsoft's module
//! PowerPlatform-EnterprisePolicies and its Terraform provider rely on that.

use super::errors::{error, not_found, refusal};
use super::filter::{Filter, at};
use super::queries::{Refused, number};
use super::view::{self, Look, Policies};
use crate::message::{Reply, Request};
use crate::services::pages::{Cut, Link, cut, forget};
use crate::tenant::parts::{Standing, User};
use crate::tenant::settings::PolicyBlock;
use crate::tenant::world::World;
use serde::Serialize;

/// The filter fields of a list. One client is known to filter by SKU; the others are inferred.
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

/// Approximate size of an environment's JSON, to reserve memory for a page.
const USUAL: usize = 4 << 10;

/// The caller and the route.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) user: &'a User,
    /// Is the route below `scopes/admin`?
    pub(super) admin: bool,
}

/// A page of the list. A caller without a role gets an empty list, not a refusal. Inferred: makers
/// see the same environments as administrators. Each environment is written separately, because the
/// JSON tree of a whole page is slow for a large tenant.
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
    let page_keys: Vec<String> = match chosen {
        Some(keys) => keys.into_iter().skip(first).take(count).cloned().collect(),
        None => {
            let all = world.environments.keys();
            all.skip(first).take(count).cloned().collect()
        }
    };
    let look = look(world, request, asker, false);
    let mut body = Vec::with_capacity(page_keys.len() * USUAL);
    body.extend_from_slice(b"{\"value\":[");
    for (position, key) in page_keys.iter().enumerate() {
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

/// A single environment. A caller without the role also gets 404.
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

/// The keys of the environments in a filtered list; `None` if it holds all of them.
///
/// # Errors
/// The filter or a number is invalid.
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

/// The parts of an environment that a request shows. Parts of `$expand` that an environment lacks,
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

/// Appends JSON to the body.
fn write(body: &mut Vec<u8>, item: &impl Serialize) {
    // Neither these values nor writing to memory can fail.
    serde_json::to_writer(body, item).ok();
}
