//! Scripted malice, and the world behind one's back: answers that lead away, that never end, that
//! are as deep as a well, and a tenant that changes between two looks.

use crate::sandbox::message::{Reply, Request};
use crate::sandbox::scenario::rules::Mischief;
use serde_json::json;

/// Looks like a host of the cloud, and is not.
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
            let words = format!("Bearer authorization=\"{to}\", resource=\"{to}\"");
            Reply::json(
                401,
                &json!({
                    "error": { "code": "Unauthorized", "message": "Scripted." },
                }),
            )
            .header("www-authenticate", words)
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
        Mischief::Meanwhile => act(),
    }
}

/// JSON in so many levels of JSON.
fn deep(levels: usize) -> Vec<u8> {
    let mut body = b"{\"error\":".repeat(levels);
    body.extend_from_slice(b"null");
    body.extend(std::iter::repeat_n(b'}', levels));
    body
}

/// At least so many blanks as gzip (RFC 1952): one block with fixed codes (RFC 1951, 3.2.6), a
/// blank and then "258 times what was there before".
fn bomb(size: usize) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let (mut held, mut count) = (0_u32, 0_u32);
    let mut push = |bits: u32, width: u32| {
        held |= bits << count;
        count += width;
        while count >= 8 {
            bytes.push(held.to_le_bytes()[0]);
            held >>= 8;
            count -= 8;
        }
    };
    // The last block, fixed codes: 1, then 01. Codes are written from their highest bit on, so they
    // stand here reversed.
    push(0b011, 3);
    // The blank: literal 32 is 0x30 + 32 in eight bits.
    push(u32::from((0x30_u8 + 32).reverse_bits()), 8);
    for _ in 0..size / 258 {
        // Length 258 is code 285, 0b1100_0101 without extra bits; distance 1 is code 0 in five
        // bits.
        push(u32::from(0b1100_0101_u8.reverse_bits()), 8);
        push(0, 5);
    }
    // The end of the block is code 256, seven zero bits; the checksum never comes.
    push(0, 7);
    push(0, 7);
    bytes
}
