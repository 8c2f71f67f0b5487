//! Scripted malice: answers that redirect elsewhere, never end or are deeply nested, and a tenant
//! that changes between two reads.

use crate::message::{Reply, Request};
use crate::scenario::rules::Mischief;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::io::Write as _;

/// A host that resembles a host of the cloud.
pub(super) const ELSEWHERE: &str = "https://api.bap.microsoft.com.elsewhere.example/next";

pub(super) fn reply(
    kind: Mischief,
    to: Option<&str>,
    (request, number): (&Request, u64),
    act: impl FnOnce() -> Reply,
) -> Reply {
    let to = to.unwrap_or(ELSEWHERE);
    let ok = |headers: Vec<(&'static str, String)>, body: Vec<u8>| {
        let mut all = vec![("content-type", "application/json".to_owned())];
        all.extend(headers);
        Reply {
            status: 200,
            headers: all,
            body,
        }
    };
    match kind {
        Mischief::Redirect(status) => Reply::empty(status).header("location", to),
        Mischief::Huge => {
            let mut body = b"{\"value\":[".to_vec();
            body.resize(70 << 20, b' ');
            body.extend_from_slice(b"]}");
            ok(Vec::new(), body)
        }
        Mischief::HugeGzip => ok(vec![("content-encoding", "gzip".to_owned())], bomb(1 << 30)),
        Mischief::Deep => ok(Vec::new(), deep(100_000)),
        Mischief::Challenge => {
            let challenge = format!("Bearer authorization=\"{to}\", resource=\"{to}\"");
            Reply::json(
                401,
                &json!({
                    "error": { "code": "Unauthorized", "message": "Scripted." },
                }),
            )
            .header("www-authenticate", challenge)
        }
        Mischief::Echo => {
            let token = request.bearer.clone().unwrap_or_default();
            Reply::error(
                403,
                "Forbidden",
                format!("The token `{token}` (Bearer {token}) may not do this."),
            )
        }
        Mischief::Words => Reply::error(403, to, to),
        Mischief::Endless => {
            let next = format!(
                "https://{}{}?api-version=2023-06-01&page={number}",
                request.host, request.raw_path
            );
            ok(
                Vec::new(),
                json!({
                    "value": [],
                    "nextLink": next,
                })
                .to_string()
                .into_bytes(),
            )
        }
        Mischief::GzipParts => in_parts(act()),
        Mischief::Meanwhile => act(),
    }
}

/// JSON that is nested to this depth.
fn deep(levels: usize) -> Vec<u8> {
    let mut body = b"{\"error\":".repeat(levels);
    body.extend_from_slice(b"null");
    body.extend(std::iter::repeat_n(b'}', levels));
    body
}

/// The same answer, compressed in two gzip members.
fn in_parts(reply: Reply) -> Reply {
    let (first, second) = reply.body.split_at(reply.body.len() / 2);
    Reply {
        body: [gzip(first), gzip(second)].concat(),
        ..reply
    }
    .header("content-encoding", "gzip")
}

/// `size` bytes of blanks as gzip (RFC 1952), in members of one mebibyte.
fn bomb(size: usize) -> Vec<u8> {
    // Built at run time, because a constant would add a megabyte to the program.
    gzip(" ".repeat(1 << 20).as_bytes()).repeat(size >> 20)
}

/// One gzip member. Writing to memory can't fail.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).ok();
    encoder.finish().unwrap_or_default()
}
