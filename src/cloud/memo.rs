//! One look that asks each address once: whoever asks for it again, now or later, gets the same
//! answer.

use crate::cloud::answer::Answer;
use crate::cloud::fault::Reply;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// What was asked, and what came; for the time of one look.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<HashMap<String, Arc<OnceCell<Reply<Answer>>>>>);

impl Memo {
    /// The answer of `url`; `ask` is run by the first one, and the others wait for it.
    pub(super) async fn once(
        &self,
        url: &str,
        ask: impl Future<Output = Reply<Answer>>,
    ) -> Reply<Answer> {
        let cell = self.cell(url);
        cell.get_or_init(|| ask).await.clone()
    }

    /// The same for what does not change while a session lasts: only an answer is kept, and after a
    /// refusal the next one asks again.
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
