//! Lists with many pages. cmkctl requests the next page as soon as it knows the link, and decodes
//! the current page meanwhile.

use crate::cloud::answer::Answer;
use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::session::Session;
use crate::model::whole::Whole;
use bytes::Bytes;
use futures::join;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;

/// Limit of a list in bytes, over all pages, so that an endless list ends. Each page is dropped
/// after decoding, so this does not limit memory.
const LIST_LIMIT: usize = 1 << 30;
/// The minimum size for which a page counts, so that an endless list ends after 2,048 pages.
const SMALLEST_PAGE: usize = 512 << 10;
/// Number of items to decode before the task yields to the network.
const AT_A_TIME: usize = 8;

/// A page, split into items that are not decoded yet.
#[derive(Debug)]
struct Page {
    answer: Answer,
    /// The JSON of each item, as slices of the body.
    items: Vec<Bytes>,
    next: Option<String>,
    /// Page number, from 1.
    number: usize,
}

impl Session {
    /// Reads all pages of a list. The list is complete, or the result is a fault. Every page must
    /// have its items, every item must decode, and no next link may repeat. An incomplete list is
    /// never returned.
    ///
    /// # Errors
    /// The fault of the failed page. A 404 of a list never proves that it is empty: see
    /// [`Fault::is_absence`].
    pub(crate) async fn pages<T>(
        &self,
        service: Service,
        first: &str,
        mut decode: impl FnMut(&Value) -> Result<T, String>,
    ) -> Reply<Whole<T>> {
        self.numbered_pages(service, first, |value, _| decode(value))
            .await
    }

    /// Like `pages`, with each item's page number, from 1. Each page is dropped after decoding, so
    /// that a large tenant's pages are never in memory together. A next link must stay on the
    /// service's host, and the list must end.
    pub(crate) async fn numbered_pages<T>(
        &self,
        service: Service,
        first: &str,
        mut decode: impl FnMut(&Value, usize) -> Result<T, String>,
    ) -> Reply<Whole<T>> {
        let (mut all, mut size) = (Vec::new(), 0);
        let mut visited = HashSet::from([first.to_owned()]);
        let mut page = Some(self.page(service, first, 1).await?);
        while let Some(current) = page {
            size += current.answer.body.len().max(SMALLEST_PAGE);
            if size > LIST_LIMIT {
                return Err(Fault::shape(
                    service,
                    &current.answer,
                    "the list does not end",
                ));
            }
            if let Some(url) = &current.next
                && !visited.insert(url.clone())
            {
                return Err(Fault::shape(
                    service,
                    &current.answer,
                    "the list links to a page that cmkctl has already read",
                ));
            }
            let (number, next) = (current.number + 1, current.next.clone());
            let asked = async {
                match next {
                    Some(url) => Some(self.page(service, &url, number).await),
                    None => None,
                }
            };
            let (asked, decoded) =
                join!(asked, decode_all(service, current, &mut decode, &mut all));
            decoded?;
            page = asked.transpose()?;
        }
        Ok(Whole::read_to_end(all))
    }

    async fn page(&self, service: Service, url: &str, number: usize) -> Reply<Page> {
        let answer = self.read_as_is(service, url).await;
        let answer = answer.map_err(Fault::of_list)?;
        let (items, next) =
            apart(&answer.body).map_err(|why| Fault::shape(service, &answer, why))?;
        Ok(Page {
            answer,
            items,
            next,
            number,
        })
    }
}

/// The recorded names of next links, in lower case.
const NEXT: [&str; 3] = ["nextlink", "@odata.nextlink", "odata.nextlink"];

/// The relevant members of a page, read in a single pass, because the next request waits for the
/// link.
#[derive(Default)]
struct Members<'a> {
    /// Every `value` member, in any case.
    lists: Vec<Vec<&'a RawValue>>,
    /// Every next link, with its name.
    links: Vec<(String, &'a RawValue)>,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Members::default();
                while let Some(name) = map.next_key::<String>()? {
                    if name.eq_ignore_ascii_case("value") {
                        all.lists.push(map.next_value()?);
                    } else if NEXT.iter().any(|next| name.eq_ignore_ascii_case(next)) {
                        all.links.push((name, map.next_value()?));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(all)
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// Splits a page into its items and its next link. Names are compared without case.
///
/// # Errors
/// A clause: the body is not JSON, it has no list or several, or its next links are not text or
/// differ.
fn apart(body: &Bytes) -> Result<(Vec<Bytes>, Option<String>), String> {
    let Members { lists, links } = serde_json::from_slice(body).map_err(|error| {
        // Other members are skipped unread, so only these shapes fail.
        match (error.is_data(), body.trim_ascii_start().first()) {
            (true, Some(b'{')) => "the answer is not a list: `value` is not an array".to_owned(),
            (true, _) => "the answer is not a JSON object".to_owned(),
            (false, _) => error.to_string(),
        }
    })?;
    let mut lists = lists.into_iter();
    let (Some(items), None) = (lists.next(), lists.next()) else {
        return Err("the answer is not a list: it does not have exactly one `value`".to_owned());
    };
    let mut next: Option<String> = None;
    for (name, link) in &links {
        // `null` or an empty text means that this is the last page.
        let link: Option<String> =
            serde_json::from_str(link.get()).map_err(|_| format!("`{name}` is not a text"))?;
        let Some(link) = link.filter(|link| !link.is_empty()) else {
            continue;
        };
        if next.as_ref().is_some_and(|other| *other != link) {
            return Err("the answer names two different next pages".to_owned());
        }
        next = Some(link);
    }
    Ok((
        items
            .iter()
            .map(|item| body.slice_ref(item.get().as_bytes()))
            .collect(),
        next,
    ))
}

/// Decodes a page into `all`. It yields first, so that the next request leaves before the decoding
/// starts.
async fn decode_all<T>(
    service: Service,
    page: Page,
    decode: &mut impl FnMut(&Value, usize) -> Result<T, String>,
    all: &mut Vec<T>,
) -> Reply<()> {
    for some in page.items.chunks(AT_A_TIME) {
        tokio::task::yield_now().await;
        for item in some {
            let value = serde_json::from_slice(item)
                .map_err(|error| Fault::shape(service, &page.answer, error.to_string()))?;
            let item = decode(&value, page.number);
            all.push(item.map_err(|why| {
                Fault::shape(
                    service,
                    &page.answer,
                    format!("one item of the list can't be read: {why}"),
                )
            })?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> (Vec<String>, Option<String>) {
        let body = Bytes::copy_from_slice(text.as_bytes());
        let (items, next) = apart(&body).unwrap();
        (
            items
                .iter()
                .map(|item| String::from_utf8(item.to_vec()).unwrap())
                .collect(),
            next,
        )
    }

    #[test]
    fn a_page_is_taken_apart_in_whatever_case_its_names_come() {
        let (items, next) =
            taken(r#"{"value":[{"a": 1}, 2 ,"x"],"nextLink":"a","more":{"value":[]}}"#);
        assert_eq!(
            (items.join("|"), next.as_deref()),
            (r#"{"a": 1}|2|"x""#.to_owned(), Some("a"))
        );
        for name in [
            "nextLink",
            "NextLink",
            "@odata.nextLink",
            "odata.nextLink",
            "@Odata.NextLink",
        ] {
            let page = format!(r#"{{"Value":[1],"{name}":"b"}}"#);
            assert_eq!(
                taken(&page),
                (vec!["1".to_owned()], Some("b".to_owned())),
                "{name}"
            );
        }
        for end in [r#""""#, "null"] {
            assert_eq!(
                taken(&format!(r#"{{"VALUE":[],"nextLink":{end}}}"#)),
                (Vec::new(), None),
                "{end}"
            );
        }
        assert_eq!(
            taken(r#"{"value":[],"nextLink":"a","@odata.nextLink":"a"}"#)
                .1
                .as_deref(),
            Some("a")
        );
    }

    #[test]
    fn what_is_no_whole_page_is_a_fault() {
        for none in [
            "[]",
            "7",
            "null",
            "\"x\"",
            "{}",
            r#"{"value":null}"#,
            r#"{"value":{}}"#,
            r#"{"value":"[]"}"#,
            r#"{"values":[]}"#,
            r#"{"value":[],"Value":[1]}"#,
            r#"{"value":[1],"value":[]}"#,
            r#"{"value":[],"nextLink":7}"#,
            r#"{"value":[],"nextLink":["a"]}"#,
            r#"{"value":[],"NextLink":{}}"#,
            r#"{"value":[],"nextLink":"a","@odata.nextLink":"b"}"#,
            r#"{"error":{"code":"x"}}"#,
            r#"{"value":[],"#,
            r#"{"value":[],"odd":[1,}"#,
            r#"{"value":[]} {}"#,
            "<html></html>",
            "",
        ] {
            assert!(
                apart(&Bytes::copy_from_slice(none.as_bytes())).is_err(),
                "{none}"
            );
        }
        for (body, why) in [
            (" [1]", "the answer is not a JSON object"),
            (
                r#" {"value":{}}"#,
                "the answer is not a list: `value` is not an array",
            ),
            (
                "{}",
                "the answer is not a list: it does not have exactly one `value`",
            ),
        ] {
            let body = Bytes::copy_from_slice(body.as_bytes());
            assert_eq!(apart(&body).unwrap_err(), why);
        }
    }
}
