//! Hosts api.bap.microsoft.com and api.powerplatform.com: checks the query of a request. It must
//! name a version of the API, and an unknown option is refused. The services' texts are not on
//! record. Codes and texts are those of Azure Resource Manager, which BAP resembles (inferred).

use crate::message::Request;
use std::str::FromStr;

/// The versions and options of a route.
#[derive(Debug, Clone, Copy)]
pub(super) struct Accepts {
    /// Versions of the API that known clients use for this route.
    pub(super) versions: &'static [&'static str],
    /// OData options such as `$expand`, in lower case. Other parameters are ignored.
    pub(super) options: &'static [&'static str],
}

/// The reason for a 400. Each service writes it in its own shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refused {
    /// An option is not supported, or its value is invalid.
    pub(super) fn query(message: String) -> Self {
        Self {
            code: "InvalidQueryParameter",
            message,
        }
    }
}

impl Accepts {
    /// Checks that the route supports this query.
    ///
    /// # Errors
    /// The version is missing or unknown, or the route does not have an option.
    pub(super) fn check(&self, request: &Request) -> Result<(), Refused> {
        let version = request.query("api-version");
        if version.is_empty() {
            return Err(Refused {
                code: "MissingApiVersionParameter",
                message: "The api-version query parameter (?api-version=) is required for all \
                    requests (inferred)."
                    .to_owned(),
            });
        }
        if !self
            .versions
            .iter()
            .any(|known| known.eq_ignore_ascii_case(version))
        {
            return Err(Refused {
                code: "InvalidApiVersionParameter",
                message: format!(
                    "The api-version '{version}' is invalid. The supported versions are '{}' \
                    (inferred).",
                    self.versions.join(",")
                ),
            });
        }
        let unknown = request
            .query
            .keys()
            .filter(|name| name.starts_with('$') && !self.options.contains(&name.as_str()));
        match unknown.min() {
            None => Ok(()),
            Some(name) => Err(Refused::query(format!(
                "The query parameter '{name}' is not supported here (inferred)."
            ))),
        }
    }
}

/// The number in an option such as `$top`; `None` if it is missing.
///
/// # Errors
/// The value is not a whole number of at least 0.
pub(super) fn number(request: &Request, name: &str) -> Result<Option<usize>, Refused> {
    match request.query(name) {
        "" => Ok(None),
        text => usize::from_str(text).map(Some).map_err(|_| {
            Refused::query(format!(
                "The value '{text}' of '{name}' is not a whole number (inferred)."
            ))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::collections::HashMap;

    fn request(query: &[(&str, &str)]) -> Request {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Request {
            method: "GET".to_owned(),
            host: "api.bap.microsoft.com".to_owned(),
            path: Vec::new(),
            raw_path: "/".to_owned(),
            query: query.iter().map(pair).collect::<HashMap<_, _>>(),
            bearer: None,
            content_type: String::new(),
            client_request: Default::default(),
            body: Bytes::new(),
        }
    }

    #[test]
    fn what_a_route_does_not_take_is_refused() {
        let route = Accepts {
            versions: &["2019-10-01", "2020-06-01-preview"],
            options: &["$top"],
        };
        let known = ("api-version", "2019-10-01");
        for (query, code) in [
            (vec![], Some("MissingApiVersionParameter")),
            (
                vec![("api-version", "")],
                Some("MissingApiVersionParameter"),
            ),
            (
                vec![("api-version", "2019-10-02")],
                Some("InvalidApiVersionParameter"),
            ),
            (
                vec![known, ("$filter", "a eq 'b'")],
                Some("InvalidQueryParameter"),
            ),
            (vec![known, ("$top", "1"), ("id", "x")], None),
            (vec![("api-version", "2020-06-01-PREVIEW")], None),
        ] {
            let refused = route.check(&request(&query)).err();
            assert_eq!(refused.map(|why| why.code), code, "{query:?}");
        }
        let unknown = route.check(&request(&[("api-version", "1")])).unwrap_err();
        assert!(
            unknown.message.contains("2019-10-01,2020-06-01-preview"),
            "{}",
            unknown.message
        );
    }

    #[test]
    fn a_number_is_a_number_or_a_refusal() {
        for (text, expected) in [
            ("", Some(None)),
            ("0", Some(Some(0))),
            ("12", Some(Some(12))),
        ] {
            assert_eq!(number(&request(&[("$top", text)]), "$top").ok(), expected);
        }
        for odd in ["-1", "1.5", "all", "1 "] {
            assert!(number(&request(&[("$top", odd)]), "$top").is_err(), "{odd}");
        }
    }
}
