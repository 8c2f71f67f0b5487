//! Lists of many pages: the next page is asked for as soon as this one names it, and decoded while that one is on its way.

use crate::cloud::clouds::Service;
use crate::cloud::fault::{Fault, Reply};
use crate::cloud::session::Session;
use crate::cloud::wire::Answer;
use bytes::Bytes;
use futures::join;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{HashMap, HashSet};

/// The most that is read of one list, over all its pages: a list that never ends must not be read for ever. Each page is dropped after it was
/// decoded, so this is no measure of memory.
const LIST_LIMIT: usize = 1 << 30;
/// A page counts as so much at least: two thousand pages without an end are enough.
const SMALLEST_PAGE: usize = 512 << 10;
/// So many items are decoded before the network has its turn.
const AT_A_TIME: usize = 8;

/// A page, taken apart but not decoded.
#[derive(Debug)]
struct Page {
    answer: Answer,
    /// The text of each item, inside the answer's body.
    items: Vec<Bytes>,
    next: Option<String>,
    /// Counted from 1.
    number: usize,
}

impl Session {
    /// All pages of a list; the position in a page does not matter.
    pub(crate) async fn pages<T>(
        &self,
        service: Service,
        first: &str,
        mut decode: impl FnMut(&Value) -> Option<T>,
    ) -> Reply<Vec<T>> {
        self.numbered_pages(service, first, |value, _| decode(value)).await
    }

    /// All pages of a list, each decoded while the next is on its way and dropped then: a large tenant's answers are never held together. A next
    /// link must stay with the service, and the list must end. Pages are numbered from 1.
    pub(crate) async fn numbered_pages<T>(
        &self,
        service: Service,
        first: &str,
        mut decode: impl FnMut(&Value, usize) -> Option<T>,
    ) -> Reply<Vec<T>> {
        let (mut all, mut size) = (Vec::new(), 0);
        let mut visited = HashSet::from([first.to_owned()]);
        let mut page = Some(self.page(service, first, 1).await?);
        while let Some(mut here) = page {
            size += here.answer.body.len().max(SMALLEST_PAGE);
            if size > LIST_LIMIT {
                return Err(Fault::shape(service, &here.answer, "the list has no end"));
            }
            let number = here.number + 1;
            let next = here.next.take().filter(|url| visited.insert(url.clone()));
            let asked = async {
                match next {
                    Some(url) => Some(self.page(service, &url, number).await),
                    None => None,
                }
            };
            let (asked, decoded) = join!(asked, decode_all(service, here, &mut decode, &mut all));
            decoded?;
            page = asked.transpose()?;
        }
        Ok(all)
    }

    async fn page(&self, service: Service, url: &str, number: usize) -> Reply<Page> {
        let answer = self.read(service, url).await?;
        let (items, next) = apart(&answer.body).map_err(|error| {
            // That it is JSON was made sure before.
            let why = if error.is_data() { "it is not a JSON object".to_owned() } else { error.to_string() };
            Fault::shape(service, &answer, why)
        })?;
        Ok(Page { answer, items, next, number })
    }
}

/// The text of each item of a page, and the next link. `value` counts in any case; if it is no list, the page is empty.
fn apart(body: &Bytes) -> serde_json::Result<(Vec<Bytes>, Option<String>)> {
    let parts: HashMap<String, &RawValue> = serde_json::from_slice(body)?;
    let value = parts
        .get("value")
        .or_else(|| parts.iter().find(|(name, _)| name.eq_ignore_ascii_case("value")).map(|(_, value)| value));
    let items: Vec<&RawValue> = value.and_then(|value| serde_json::from_str(value.get()).ok()).unwrap_or_default();
    let next = ["nextLink", "@odata.nextLink"].iter().find_map(|name| {
        let link: Option<String> = serde_json::from_str(parts.get(*name)?.get()).ok();
        link.filter(|link| !link.is_empty())
    });
    Ok((items.iter().map(|item| body.slice_ref(item.get().as_bytes())).collect(), next))
}

/// Decodes a page into `all`. The first turn is the network's, so that the next request leaves before the work begins.
async fn decode_all<T>(
    service: Service,
    page: Page,
    decode: &mut impl FnMut(&Value, usize) -> Option<T>,
    all: &mut Vec<T>,
) -> Reply<()> {
    for some in page.items.chunks(AT_A_TIME) {
        tokio::task::yield_now().await;
        for item in some {
            let value =
                serde_json::from_slice(item).map_err(|error| Fault::shape(service, &page.answer, error.to_string()))?;
            all.extend(decode(&value, page.number));
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
        (items.iter().map(|item| String::from_utf8(item.to_vec()).unwrap()).collect(), next)
    }

    #[test]
    fn a_page_is_taken_apart_in_whatever_form_it_comes() {
        let (items, next) =
            taken(r#"{"@odata.nextLink":"b","value":[{"a": 1}, 2 ,"x"],"nextLink":"a","more":{"value":[]}}"#);
        assert_eq!((items.join("|"), next.as_deref()), (r#"{"a": 1}|2|"x""#.to_owned(), Some("a")));
        assert_eq!(taken(r#"{"Value":[1],"nextLink":""}"#), (vec!["1".to_owned()], None));
        assert_eq!(taken(r#"{"VALUE":[2],"value":[1]}"#).0, ["1"]);
        for empty in [r#"{}"#, r#"{"value":null,"nextLink":null}"#, r#"{"value":{},"nextLink":7}"#] {
            assert_eq!(taken(empty), (Vec::new(), None), "{empty}");
        }
        assert_eq!(taken(r#"{"@odata.nextLink":"b"}"#).1.as_deref(), Some("b"));
        for none in ["[]", "7", "null", "\"x\""] {
            assert!(apart(&Bytes::copy_from_slice(none.as_bytes())).unwrap_err().is_data(), "{none}");
        }
    }
}
