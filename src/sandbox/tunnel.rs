//! The way in for clients that speak https to the public host names: a proxy (RFC 9110, 9.3.6) whose every tunnel ends in this process. What is
//! not played is refused, so nothing ever leaves loopback.

use crate::sandbox::message::Reply;
use crate::sandbox::services::hosts::service;
use crate::sandbox::{Shared, http};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::pin::Pin;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// Opens the tunnel that a `CONNECT` asks for, or says why not.
pub(super) fn open(shared: &Arc<Shared>, request: hyper::Request<Incoming>) -> Option<Reply> {
    let asked = request.uri().authority().map(|own| (own.host().to_ascii_lowercase(), own.port_u16()));
    let (host, port) = asked.unwrap_or_default();
    let Some(authority) = &shared.authority else {
        return Some(refusal(405, "The sandbox speaks https only when it is started with `--tls`."));
    };
    if service(&host).is_none() || port != Some(443) {
        shared.ledger().foreign(&host);
        let why = format!("The sandbox does not play `{host}`, and lets nothing out of this machine.");
        return Some(refusal(403, &why));
    }
    let Ok(server) = authority.server(&host) else {
        return Some(refusal(502, "The sandbox can't make a certificate for this host."));
    };
    tokio::task::spawn(inside(shared.clone(), request, TlsAcceptor::from(server), host.into()));
    None
}

fn refusal(status: u16, why: &str) -> Reply {
    Reply {
        status,
        headers: vec![("content-type", "text/plain; charset=utf-8".to_owned())],
        body: format!("{why}\n").into_bytes(),
    }
}

/// A type of its own, for what is inside a tunnel may ask for another one.
type Inside = Pin<Box<dyn Future<Output = ()> + Send>>;

fn inside(shared: Arc<Shared>, request: hyper::Request<Incoming>, tls: TlsAcceptor, host: Arc<str>) -> Inside {
    Box::pin(async move {
        // Whoever leaves, or doesn't trust the certificate, has nothing to be told.
        let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
        let Ok(stream) = tls.accept(TokioIo::new(upgraded)).await else { return };
        http::connection(stream, shared, Some(host)).await;
    })
}
