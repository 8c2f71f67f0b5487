//! Admits only programs of this machine over plain http, and no page in a browser. A page can reach
//! every port of its machine. Its requests carry `Origin` or Fetch metadata. With DNS rebinding,
//! their `Host` is a foreign name.

use crate::message::Reply;
use hyper::HeaderMap;
use hyper::header::{HOST, ORIGIN};

/// The names of this machine.
const OURS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The refusal of this request, if any. `asked` is the host of an absolute request URL, as sent to
/// a proxy.
pub(super) fn refused(headers: &HeaderMap, asked: Option<&str>, port: u16) -> Option<Reply> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts
        .next()
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let ours = hosts.next().is_none()
        && is_ours(host, port)
        && asked.is_none_or(|asked| is_ours(asked, port));
    if !ours {
        let why = format!(
            "The sandbox accepts only the host 127.0.0.1:{port}. Name the host of a service in the \
            header `x-cmkctl-host`."
        );
        return Some(Reply::error(403, "ForeignHost", why));
    }
    // `none` means that a user typed the address into a browser.
    let page = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site.as_bytes() != b"none");
    if page || headers.contains_key(ORIGIN) {
        return Some(Reply::error(
            403,
            "ForeignPage",
            "The sandbox does not answer web pages in a browser.",
        ));
    }
    None
}

fn is_ours(host: &str, port: u16) -> bool {
    let bare_host = host
        .strip_suffix(&format!(":{port}"))
        .or((port == 80).then_some(host));
    bare_host.is_some_and(|bare_host| OURS.iter().any(|ours| bare_host.eq_ignore_ascii_case(ours)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_this_machine_are_let_in_and_pages_are_not() {
        let status = |lines: &[(&'static str, &str)], asked: Option<&str>| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, value.parse().unwrap());
            }
            refused(&headers, asked, 8080).map_or(200, |reply| reply.status)
        };
        for host in [
            "127.0.0.1:8080",
            "localhost:8080",
            "LocalHost:8080",
            "[::1]:8080",
        ] {
            assert_eq!(status(&[("host", host)], None), 200, "{host}");
            assert_eq!(status(&[("host", host)], Some(host)), 200, "{host}");
            assert_eq!(
                status(&[("host", host), ("sec-fetch-site", "none")], None),
                200,
                "{host}"
            );
            for (name, value) in [
                ("origin", "null"),
                ("origin", "http://localhost:8080"),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "same-site"),
                ("host", "evil.example"),
            ] {
                assert_eq!(
                    status(&[("host", host), (name, value)], None),
                    403,
                    "{host} {name} {value}"
                );
            }
            assert_eq!(
                status(&[("host", host)], Some("management.azure.com")),
                403,
                "{host}"
            );
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8080",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1.evil.example:8080",
            "localhost.evil.example:8080",
            "management.azure.com",
        ] {
            assert_eq!(status(&[("host", host)], None), 403, "{host}");
        }
        assert_eq!(status(&[], None), 403);
    }
}
