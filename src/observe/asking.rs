//! One read, or one for each of many, as an observation.

use crate::cloud::fault::{Fault, Reply, seen};
use crate::error::{Error, Result};
use crate::model::seen::Seen;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::collections::BTreeMap;
use std::future::Future;

/// Reads at the same time. Resource Manager's bucket holds 250 reads and refills with 25 a second;
/// a tenant with more policies than that waits for it by `Retry-After`, like everybody.
pub(super) const SIDE_BY_SIDE: usize = 64;

/// A reply as an observation. That nobody is signed in, or that a service does not accept the
/// sign-in, is never a fact about what was asked.
pub(super) fn ask<T>(reply: Reply<T>) -> Result<Seen<T>> {
    match reply {
        Err(fault) if fault.is_sign_in() => Err(refused_sign_in(fault)),
        reply => Ok(seen(reply)),
    }
}

fn refused_sign_in(fault: Fault) -> Error {
    let what = format!("The sign-in is refused by {}.", fault.service.name());
    fault.into_error(what)
}

/// A read of something that may be named by nothing.
pub(super) async fn maybe<T>(
    read: Option<impl Future<Output = Reply<T>>>,
) -> Result<Option<Seen<T>>> {
    match read {
        Some(read) => ask(read.await).map(Some),
        None => Ok(None),
    }
}

/// One read for each, so many at the same time.
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
