//! Paged lists of all services: the page length, the next link, and scripted trouble of pages.

use crate::message::{Reply, Request};
use crate::tenant::settings::PageTroubles;
use crate::tenant::world::World;
use serde_json::{Map, Value};
use std::ops::Range;

/// The parameter with the start of a page. Each service has its own values.
const SKIP: &str = "$skiptoken";

/// The fields that identify an item. Every service uses one or more of them.
const IDENTITY: [&str; 4] = ["id", "name", "kid", "subscriptionId"];

/// The name of a service's next link, and its value on the last page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::services) enum Link {
    /// `nextLink`, omitted on the last page: Azure Resource Manager and BAP.
    LeftOut,
    /// `nextLink`, `null` on the last page: Key Vault's data plane (seen in a third party's record
    /// of a real list).
    Null,
    /// `nextLink`, empty on the last page: lists whose specification requires the link, such as
    /// tenants and subscriptions of 2022-12-01 (inferred).
    Empty,
    /// `@odata.nextLink`, omitted on the last page: Microsoft Graph.
    Odata,
    /// `@odata.nextlink` in lower case, omitted on the last page: the Power Platform API
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

    /// The value of the link on the last page, if any.
    fn end(self) -> Option<Value> {
        match self {
            Link::LeftOut | Link::Odata | Link::PowerPlatform => None,
            Link::Null => Some(Value::Null),
            Link::Empty => Some(Value::from("")),
        }
    }
}

/// Why there is no page. Each service writes it in its own shape.
#[derive(Debug)]
pub(in crate::services) struct NoPage {
    pub(in crate::services) status: u16,
    pub(in crate::services) code: &'static str,
    pub(in crate::services) message: String,
}

/// The part of a list that a page holds.
#[derive(Debug)]
pub(in crate::services) struct Cut {
    /// Positions in the whole list.
    pub(in crate::services) range: Range<usize>,
    /// Name and value of the link; `None` if the service omits it.
    pub(in crate::services) link: Option<(&'static str, Value)>,
    /// Must the items lose their identifying fields?
    pub(in crate::services) nameless: bool,
}

/// The requested part of a list of `total` items, `size` at a time (0 counts as 1). The next link
/// is on the request's host and keeps the other parameters.
///
/// # Errors
/// 400 for an unknown skip token; 503 if the scenario says so.
pub(in crate::services) fn cut(
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

/// The requested page: 200 with `value` and the link, or the refusal of [`cut`] as an error in the
/// documented shape.
pub(in crate::services) fn page(
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
/// The refusal of [`cut`].
pub(in crate::services) fn body(
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

/// Removes the identifying fields of an item.
pub(in crate::services) fn forget(item: &mut Value) {
    if let Some(map) = item.as_object_mut() {
        for name in IDENTITY {
            map.shift_remove(name);
        }
    }
}

/// The troubles of this list; none if they are for another list.
fn troubles(world: &World, request: &Request) -> PageTroubles {
    let troubles = &world.settings.page_troubles;
    let path = request.raw_path.to_ascii_lowercase();
    if path.contains(&troubles.path.to_ascii_lowercase()) {
        troubles.clone()
    } else {
        PageTroubles::default()
    }
}

/// The URL of the page that starts at this token. An empty token means the first page.
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
