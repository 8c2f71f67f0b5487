//! Accepts connections, and finds the service of each request. Clients that use https with the
//! public host names connect through a proxy (RFC 9110, 9.3.6), whose tunnels all end in this
//! process. Other hosts are refused, so nothing ever leaves loopback.

use super::ledger::Answered;
use super::play::play;
use super::shared::Shared;
use super::wire::{Body, PLAYED, Reset, cut, read, whole};
use super::{control, visitor};
use crate::message::{Reply, Request};
use crate::services::caller::user_of;
use crate::services::hosts::service;
use crate::tenant::ids::guid;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;

pub(crate) async fn serve(mut listener: TcpListener, shared: Arc<Shared>) {
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
                    Some(reopened) => listener = reopened,
                    None => return,
                }
            }
        }
    }
}

/// Serves one connection. If the door closes, it finishes the current answer. Inside a tunnel,
/// every request is for the tunnel's host.
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    shared: Arc<Shared>,
    tunnel: Option<Arc<str>>,
) {
    let mut door = shared.door.subscribe();
    let service = service_fn(move |request| answer(shared.clone(), request, tunnel.clone()));
    let stream = TokioIo::new(stream);
    let mut served = pin!(
        hyper::server::conn::http1::Builder::new()
            .serve_connection(stream, service)
            .with_upgrades()
    );
    tokio::select! {
        _ = &mut served => return,
        _ = door.changed() => served.as_mut().graceful_shutdown(),
    }
    // An error after the last answer does not matter.
    served.await.ok();
}

/// Refuses connections for some (real) time: the port is bound, but nothing listens.
async fn closed(listener: TcpListener, time: Duration) -> Option<TcpListener> {
    let address = listener.local_addr().ok()?;
    drop(listener);
    let until = tokio::time::Instant::now() + time;
    loop {
        // Another process may take the port for a moment.
        let bound = TcpSocket::new_v4()
            .ok()
            .filter(|socket| socket.set_reuseaddr(true).is_ok());
        if let Some(socket) = bound.filter(|socket| socket.bind(address).is_ok()) {
            tokio::time::sleep_until(until).await;
            return socket.listen(1024).ok();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: hyper::Request<Incoming>,
    tunnel: Option<Arc<str>>,
) -> Result<hyper::Response<Body>, Reset> {
    if request.method() == hyper::Method::CONNECT {
        return match open(&shared, request) {
            Some(refusal) => whole(refusal),
            // The tunnel starts after this answer, which has neither body nor `content-length`.
            None => Ok(hyper::Response::default()),
        };
    }
    let asked = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
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
        return whole(Reply::html(502, "The sandbox does not simulate this host"));
    };
    let number = shared.ledger().begin(service);
    let began = Instant::now();
    let outcome = play(&shared, service, number, &request).await;
    let status = outcome.as_ref().map_or(0, |played| played.reply.status);
    let user = user_of(&shared.world(), &request);
    // An answer to `HEAD` is sent without its body.
    let keeps = shared.ledger().keeps_answers() && request.method != "HEAD";
    let body = outcome.as_ref().ok().filter(|_| keeps);
    let body = body.map_or(Bytes::new(), |played| {
        Bytes::copy_from_slice(&played.reply.body)
    });
    shared.ledger().end(
        &request,
        Answered {
            number,
            service,
            status,
            user,
            began,
            body,
            scripted: outcome.as_ref().is_ok_and(|played| played.scripted),
        },
    );
    let played = outcome?;
    let reply = signed(&shared, service, (number, &request), played.reply);
    if played.cut { cut(reply) } else { whole(reply) }
}

/// Adds the ids and the date that every service sends.
fn signed(
    shared: &Shared,
    service: &str,
    (number, request): (u64, &Request),
    reply: Reply,
) -> Reply {
    let (correlation, now) = {
        let world = shared.world();
        (guid(&format!("request/{number}")), world.clock.http_date())
    };
    let mut reply = reply
        .header("date", now)
        .header("x-ms-request-id", correlation.clone());
    reply = reply.header("x-ms-correlation-request-id", correlation.clone());
    if service == "bap" {
        reply = reply
            .header("x-ms-correlation-id", correlation.clone())
            .header("x-ms-service-request-id", correlation);
    }
    // Resource Manager returns the client's request id on request, Key Vault always.
    let (client_request, wanted) = &request.client_request;
    let repeats_id = service == "keyvault" || (service == "arm" && *wanted);
    if repeats_id && !client_request.is_empty() {
        reply = reply.header("x-ms-client-request-id", client_request.clone());
    }
    if request.method == "HEAD" {
        // The answer to `HEAD` never has a body (RFC 9110, 9.3.2).
        reply.body.clear();
    }
    reply
}

/// Opens the tunnel for a `CONNECT`, or returns the reason why not.
fn open(shared: &Arc<Shared>, request: hyper::Request<Incoming>) -> Option<Reply> {
    let asked = request
        .uri()
        .authority()
        .map(|authority| (authority.host().to_ascii_lowercase(), authority.port_u16()));
    let (host, port) = asked.unwrap_or_default();
    let Some(authority) = &shared.authority else {
        return Some(refusal(
            405,
            "The sandbox uses https only if you start it with `--tls`.",
        ));
    };
    if service(&host).is_none() || port != Some(443) {
        shared.ledger().foreign(&host);
        let why =
            format!("The sandbox does not simulate `{host}`, and sends nothing to other machines.");
        return Some(refusal(403, &why));
    }
    let Ok(server) = authority.server(&host) else {
        return Some(refusal(
            502,
            "The sandbox can't make a certificate for this host.",
        ));
    };
    tokio::task::spawn(inside(
        shared.clone(),
        request,
        TlsAcceptor::from(server),
        host.into(),
    ));
    None
}

fn refusal(status: u16, why: &str) -> Reply {
    Reply {
        status,
        headers: vec![("content-type", "text/plain; charset=utf-8".to_owned())],
        body: format!("{why}\n").into_bytes(),
    }
}

/// A boxed future, because a tunnel may contain another `CONNECT`.
type Inside = Pin<Box<dyn Future<Output = ()> + Send>>;

fn inside(
    shared: Arc<Shared>,
    request: hyper::Request<Incoming>,
    tls: TlsAcceptor,
    host: Arc<str>,
) -> Inside {
    Box::pin(async move {
        // Ignores a client that leaves or does not trust the certificate.
        let Ok(upgraded) = hyper::upgrade::on(request).await else {
            return;
        };
        let Ok(stream) = tls.accept(TokioIo::new(upgraded)).await else {
            return;
        };
        connection(stream, shared, Some(host)).await;
    })
}
