//! Turns one read, or many at a time, into observations.

use crate::cloud::fault::{Fault, Reply, seen};
use crate::error::{Error, Result};
use crate::model::seen::Seen;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeMap;
use std::future::Future;

/// The number of reads at the same time. Resource Manager's bucket holds 250 reads and refills with
/// 25 a second. A tenant with more policies waits by `Retry-After`.
pub(super) const SIDE_BY_SIDE: usize = 64;

/// A reply as an observation. A missing or refused sign-in is an error, because it says nothing
/// about the resource.
pub(super) fn ask<T>(reply: Reply<T>) -> Result<Seen<T>> {
    match reply {
        Err(fault) if fault.is_sign_in() => Err(refused_sign_in(fault)),
        reply => Ok(seen(reply)),
    }
}

fn refused_sign_in(fault: Fault) -> Error {
    let what = format!("The sign-in to {} failed.", fault.service.name());
    fault.into_error(what)
}

/// Reads a resource, if there is one to read.
pub(super) async fn maybe<T>(
    read: Option<impl Future<Output = Reply<T>>>,
) -> Result<Option<Seen<T>>> {
    match read {
        Some(read) => ask(read.await).map(Some),
        None => Ok(None),
    }
}

/// Reads each of these, at most [`SIDE_BY_SIDE`] at a time.
pub(super) async fn each<K: Ord + Clone, V, F: Future<Output = Result<V>>>(
    all: impl IntoIterator<Item = K>,
    read: impl Fn(K) -> F,
) -> Result<BTreeMap<K, V>> {
    let reads = all.into_iter().map(|key| {
        let value = read(key.clone());
        async move { Ok((key, value.await?)) }
    });
    stream::iter(reads)
        .buffer_unordered(SIDE_BY_SIDE)
        .try_collect()
        .await
}
