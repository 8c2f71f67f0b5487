//! Keeps answers during one observation, so that each address is requested once.

use crate::cloud::answer::Answer;
use crate::cloud::fault::Reply;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// The answers by address, for one observation.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<HashMap<String, Arc<OnceCell<Reply<Answer>>>>>);

impl Memo {
    /// The answer of `url`. The first caller runs `ask`, and the others wait for its answer.
    pub(super) async fn once(
        &self,
        url: &str,
        ask: impl Future<Output = Reply<Answer>>,
    ) -> Reply<Answer> {
        let cell = self.cell(url);
        cell.get_or_init(|| ask).await.clone()
    }

    /// Like `once`, for facts that stay the same during a session. It keeps only a success. After a
    /// failure, the next caller asks again.
    pub(super) async fn once_known(
        &self,
        name: &str,
        ask: impl Future<Output = Reply<Answer>>,
    ) -> Reply<Answer> {
        let cell = self.cell(name);
        cell.get_or_try_init(|| async { ask.await.map(Ok) })
            .await?
            .clone()
    }

    fn cell(&self, name: &str) -> Arc<OnceCell<Reply<Answer>>> {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cells.entry(name.to_owned()).or_default().clone()
    }
}
