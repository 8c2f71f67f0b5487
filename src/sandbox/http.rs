//! Connections, dispatch by host, latency and scripted trouble.

use crate::sandbox::message::{Reply, Request};
use crate::sandbox::services::caller::user_of;
use crate::sandbox::services::hosts::service;
use crate::sandbox::tenant::ids::guid;
use crate::sandbox::{Shared, control, mischief, services, trouble, tunnel, visitor};
use bytes::Bytes;
use futures::StreamExt;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket};

/// The header that says which host a request over plain http is for; without it, the request is for the sandbox itself.
const PLAYED: &str = "x-cmkctl-host";

pub(super) async fn serve(mut listener: TcpListener, shared: Arc<Shared>) {
    let mut door = shared.door.subscribe();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                tokio::task::spawn(connection(stream, shared.clone(), None));
            }
            Ok(()) = door.changed() => {
                let time = *door.borrow_and_update();
                match closed(listener, time).await {
                    Some(again) => listener = again,
                    None => return,
                }
            }
        }
    }
}

/// One connection; when the door closes, its answer is the last. Inside a tunnel, every request is for the host that the tunnel leads to.
pub(super) async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    shared: Arc<Shared>,
    tunnel: Option<Arc<str>>,
) {
    let mut door = shared.door.subscribe();
    let service = service_fn(move |request| answer(shared.clone(), request, tunnel.clone()));
    let stream = hyper_util::rt::TokioIo::new(stream);
    let mut served = pin!(hyper::server::conn::http1::Builder::new().serve_connection(stream, service).with_upgrades());
    tokio::select! {
        _ = &mut served => return,
        _ = door.changed() => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

/// For some (real) time nobody can connect: the port is held, and nobody listens on it.
async fn closed(listener: TcpListener, time: Duration) -> Option<TcpListener> {
    let address = listener.local_addr().ok()?;
    drop(listener);
    let until = tokio::time::Instant::now() + time;
    loop {
        // Somebody else may have the port for a moment.
        let bound = TcpSocket::new_v4().ok().filter(|socket| socket.set_reuseaddr(true).is_ok());
        if let Some(socket) = bound.filter(|socket| socket.bind(address).is_ok()) {
            tokio::time::sleep_until(until).await;
            return socket.listen(1024).ok();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

type Body = http_body_util::combinators::BoxBody<Bytes, std::io::Error>;

/// The connection is closed without another word.
#[derive(Debug)]
struct Reset;

impl std::fmt::Display for Reset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("reset on purpose")
    }
}

impl std::error::Error for Reset {}

async fn answer(
    shared: Arc<Shared>,
    request: hyper::Request<Incoming>,
    tunnel: Option<Arc<str>>,
) -> Result<hyper::Response<Body>, Reset> {
    if request.method() == hyper::Method::CONNECT {
        return match tunnel::open(&shared, request) {
            Some(refusal) => whole(refusal),
            // The tunnel begins where this answer ends: it has no body, and no length of one.
            None => Ok(hyper::Response::default()),
        };
    }
    let asked = request.uri().authority().map(|own| own.as_str());
    if tunnel.is_none()
        && let Some(refusal) = visitor::refused(request.headers(), asked, shared.port)
    {
        return whole(refusal);
    }
    let played = tunnel.is_some() || request.headers().contains_key(PLAYED);
    let mut request = read(request).await.ok_or(Reset)?;
    if let Some(host) = tunnel {
        if request.host.strip_suffix(":443").unwrap_or(&request.host) != &*host {
            return whole(Reply::html(421, "This connection is to another host"));
        }
        host.as_ref().clone_into(&mut request.host);
    } else if !played {
        return whole(control::handle(&shared, &request).await);
    }
    let Some(service) = service(&request.host) else {
        shared.ledger().foreign(&request.host);
        return whole(Reply::html(502, "The sandbox does not play this host"));
    };
    let number = shared.ledger().begin(service);
    let began = Instant::now();
    let outcome = play(&shared, service, number, &request).await;
    let status = outcome.as_ref().map_or(0, |played| played.reply.status);
    let user = user_of(&shared.world(), &request);
    shared.ledger().end(number, service, &request, status, &user, began);
    let played = outcome?;
    let (correlation, now) = {
        let world = shared.world();
        (guid(&format!("request/{number}")), world.clock.http_date())
    };
    let mut reply = played.reply.header("date", now).header("x-ms-request-id", correlation.clone());
    reply = reply.header("x-ms-correlation-request-id", correlation.clone());
    if service == "bap" {
        reply = reply.header("x-ms-correlation-id", correlation.clone()).header("x-ms-service-request-id", correlation);
    }
    if played.cut { cut(reply) } else { whole(reply) }
}

struct Played {
    reply: Reply,
    cut: bool,
}

async fn play(shared: &Shared, service: &'static str, number: u64, request: &Request) -> Result<Played, Reset> {
    let passed = {
        let world = shared.world();
        world.clock.since(world.clock.epoch)
    };
    let rule = shared.trouble().next(request, number, passed);
    let closes = shared.trouble().closes_after(number);
    if let Some(time) = closes {
        shared.door.send_replace(time);
    }
    if service != "entra" {
        tokio::time::sleep(shared.latency).await;
    }
    let act = || {
        let mut world = shared.world();
        world.advance();
        let reply = services::handle(&mut world, service, request);
        let effects = std::mem::take(&mut world.effects);
        let at = world.clock.now().to_string();
        let user = user_of(&world, request);
        drop(world);
        shared.ledger().effects(number, &at, &user, effects);
        reply
    };
    let Some(rule) = rule else { return Ok(Played { reply: act(), cut: false }) };
    match rule.kind {
        trouble::Kind::ResetBefore => Err(Reset),
        trouble::Kind::ResetAfter => {
            act();
            Err(Reset)
        }
        trouble::Kind::Silence { acts } => {
            if acts {
                act();
            }
            tokio::time::sleep(Duration::from_secs_f64(rule.seconds)).await;
            Err(Reset)
        }
        trouble::Kind::Stall { acts } => {
            if acts {
                act();
            }
            shared.stall.send_replace(true);
            tokio::time::sleep(Duration::from_secs_f64(rule.seconds)).await;
            Err(Reset)
        }
        trouble::Kind::Cut => Ok(Played { reply: act(), cut: true }),
        trouble::Kind::UnknownEnum => Ok(Played { reply: trouble::wibble(act(), rule.to.as_deref()), cut: false }),
        trouble::Kind::ForeignLink => Ok(Played { reply: trouble::lead_away(act(), rule.to.as_deref()), cut: false }),
        trouble::Kind::Mischief(kind) => {
            let reply = mischief::reply(kind, rule.to.as_deref(), (request, number), act);
            shared.world().meanwhile(&rule.change);
            Ok(Played { reply, cut: false })
        }
        trouble::Kind::Answer { status, form, acts } => {
            if acts {
                act();
            }
            let now = shared.world().clock.now();
            Ok(Played { reply: trouble::reply(status, form, now, rule.seconds), cut: false })
        }
    }
}

async fn read(request: hyper::Request<Incoming>) -> Option<Request> {
    let (parts, body) = request.into_parts();
    let header =
        |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let forwarded = header(PLAYED);
    let host = if forwarded.is_empty() { header("host") } else { forwarded };
    let raw_path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default();
    Some(Request {
        method: parts.method.to_string(),
        host: host.to_ascii_lowercase(),
        path: raw_path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned()))
            .collect(),
        raw_path,
        bearer: header("authorization").strip_prefix("Bearer ").map(str::to_owned),
        content_type: header("content-type").to_ascii_lowercase(),
        body: body.collect().await.ok()?.to_bytes(),
    })
}

fn decode(segment: &str) -> String {
    // A plus sign is a plus sign in a path.
    let escaped = format!("x={}", segment.replace('+', "%2B"));
    url::form_urlencoded::parse(escaped.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn whole(mut reply: Reply) -> Result<hyper::Response<Body>, Reset> {
    let bytes = std::mem::take(&mut reply.body);
    let length = bytes.len();
    let body = http_body_util::Full::new(Bytes::from(bytes)).map_err(|never: Infallible| match never {});
    build(&reply, length, body.boxed())
}

/// Promises the whole body, sends half, and closes.
fn cut(reply: Reply) -> Result<hyper::Response<Body>, Reset> {
    let half = Bytes::copy_from_slice(reply.body.get(..reply.body.len() / 2).unwrap_or_default());
    let length = reply.body.len().max(2);
    // The end comes a moment later: at once, it would overtake the half, and nothing at all would be sent.
    let end = async {
        tokio::task::yield_now().await;
        Err(std::io::Error::other("cut on purpose"))
    };
    let frames = futures::stream::iter([Ok(Frame::data(half))]).chain(futures::stream::once(end));
    let body: Pin<Box<_>> = Box::pin(StreamBody::new(frames));
    build(&reply, length, BodyExt::boxed(body))
}

fn build(reply: &Reply, length: usize, body: Body) -> Result<hyper::Response<Body>, Reset> {
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    if reply.status != 204 {
        response = response.header("content-length", length);
    }
    response.body(body).map_err(|_| Reset)
}
