//! Lists of many pages, as every service of the sandbox cuts them: how long a page is, how the link
//! to the next one is spelled, and what goes wrong with pages on bad days.

use crate::sandbox::message::{Reply, Request};
use crate::sandbox::tenant::settings::PageTroubles;
use crate::sandbox::tenant::world::World;
use serde_json::{Map, Value};
use std::ops::Range;

/// The parameter that says where a page begins. Its value is the service's own affair.
const SKIP: &str = "$skiptoken";

/// By what an item of a list is known: every service has one or more of these.
const IDENTITY: [&str; 4] = ["id", "name", "kid", "subscriptionId"];

/// How a service spells the link to the next page, and what it says on the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox::services) enum Link {
    /// `nextLink`, left out on the last page: Azure Resource Manager, and BAP.
    LeftOut,
    /// `nextLink`, and `null` on the last page: Key Vault's data plane (seen in a third party's
    /// record of a real list).
    Null,
    /// `nextLink`, and an empty text on the last page: lists whose specification requires the link,
    /// such as tenants and subscriptions of 2022-12-01 (inferred).
    Empty,
    /// `@odata.nextLink`, left out on the last page: Microsoft Graph.
    Odata,
    /// `@odata.nextlink`, in lower case, left out on the last page: the Power Platform API
    /// (`EnvironmentList` of the powerplatform-management SDK 2.0.3578.333).
    PowerPlatform,
}

impl Link {
    fn name(self) -> &'static str {
        match self {
            Link::LeftOut | Link::Null | Link::Empty => "nextLink",
            Link::Odata => "@odata.nextLink",
            Link::PowerPlatform => "@odata.nextlink",
        }
    }

    /// What stands in the place of the link on the last page, if anything does.
    fn end(self) -> Option<Value> {
        match self {
            Link::LeftOut | Link::Odata | Link::PowerPlatform => None,
            Link::Null => Some(Value::Null),
            Link::Empty => Some(Value::from("")),
        }
    }
}

/// Why there is no page: each service puts it into its own shape.
#[derive(Debug)]
pub(in crate::sandbox::services) struct NoPage {
    pub(in crate::sandbox::services) status: u16,
    pub(in crate::sandbox::services) code: &'static str,
    pub(in crate::sandbox::services) message: String,
}

/// Which part of a list a page holds.
#[derive(Debug)]
pub(in crate::sandbox::services) struct Cut {
    /// Positions in the whole list.
    pub(in crate::sandbox::services) range: Range<usize>,
    /// Name and value of the link; nothing where the service leaves it out.
    pub(in crate::sandbox::services) link: Option<(&'static str, Value)>,
    /// Must the items lose what they are known by?
    pub(in crate::sandbox::services) nameless: bool,
}

/// The part of a list of `total` items that a request asks for, `size` items at a time (0 counts
/// as 1). The next link is an address on the request's own host that keeps the other parameters.
///
/// # Errors
/// 400 for a skip token that this list did not give out; 503 where the setting wants it so.
pub(in crate::sandbox::services) fn cut(
    world: &World,
    request: &Request,
    size: usize,
    total: usize,
    link: Link,
) -> Result<Cut, NoPage> {
    let size = size.max(1);
    let token = request.query(SKIP);
    let begin: usize = match token {
        "" => 0,
        text => text
            .parse()
            .ok()
            .filter(|begin| *begin < total)
            .ok_or_else(|| NoPage {
                status: 400,
                code: "InvalidSkipToken",
                message: format!("The skip token '{token}' is not valid (inferred)."),
            })?,
    };
    let troubles = troubles(world, request);
    let number = begin / size + 1;
    if troubles.breaks_after.is_some_and(|good| number > good) {
        return Err(NoPage {
            status: 503,
            code: "ServiceUnavailable",
            message: "The service is not available: this page of the list can't be read."
                .to_owned(),
        });
    }
    let end = total.min(begin + size);
    let next = if troubles.repeats_link {
        Some(address(request, token))
    } else {
        (end < total).then(|| address(request, &end.to_string()))
    };
    Ok(Cut {
        range: begin..end,
        link: next
            .map(Value::from)
            .or_else(|| link.end())
            .map(|value| (link.name(), value)),
        nameless: troubles.items_without_id,
    })
}

/// The page of a list that a request asks for: 200 with `value` and the link, or the refusal of
/// [`cut`] in the documented shape of an error.
pub(in crate::sandbox::services) fn page(
    world: &World,
    request: &Request,
    size: usize,
    items: Vec<Value>,
    link: Link,
) -> Reply {
    match body(world, request, size, items, link) {
        Ok(body) => Reply::json(200, &body),
        Err(why) => Reply::error(why.status, why.code, why.message),
    }
}

/// The body of that page.
///
/// # Errors
/// As [`cut`] has it.
pub(in crate::sandbox::services) fn body(
    world: &World,
    request: &Request,
    size: usize,
    items: Vec<Value>,
    link: Link,
) -> Result<Value, NoPage> {
    let cut = cut(world, request, size, items.len(), link)?;
    let mut value: Vec<Value> = items
        .into_iter()
        .skip(cut.range.start)
        .take(cut.range.len())
        .collect();
    if cut.nameless {
        value.iter_mut().for_each(forget);
    }
    let mut body = Map::from_iter([("value".to_owned(), Value::Array(value))]);
    if let Some((name, link)) = cut.link {
        body.insert(name.to_owned(), link);
    }
    Ok(Value::Object(body))
}

/// Takes away what an item is known by.
pub(in crate::sandbox::services) fn forget(item: &mut Value) {
    if let Some(map) = item.as_object_mut() {
        for name in IDENTITY {
            map.shift_remove(name);
        }
    }
}

/// The troubles of this list: none, where they are another list's.
fn troubles(world: &World, request: &Request) -> PageTroubles {
    let troubles = &world.settings.page_troubles;
    let path = request.raw_path.to_ascii_lowercase();
    if path.contains(&troubles.path.to_ascii_lowercase()) {
        troubles.clone()
    } else {
        PageTroubles::default()
    }
}

/// The address of the page that begins at this token; an empty one is the first page's.
fn address(request: &Request, token: &str) -> String {
    let mut others: Vec<(&String, &String)> = request
        .query
        .iter()
        .filter(|(name, _)| *name != SKIP)
        .collect();
    others.sort();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(others);
    if !token.is_empty() {
        query.append_pair(SKIP, token);
    }
    format!(
        "https://{}{}?{}",
        request.host,
        request.raw_path,
        query.finish()
    )
}
