//! Asks a person a question.

use super::terminal::Out;
use super::written::unheard;
use crate::model::text::clean_lines;
use std::io::{IsTerminal, Write};

impl Out {
    /// Asks on stderr and reads one line; `None` without a terminal or an answer. A separate thread
    /// reads, so that the wait can be cancelled.
    pub async fn ask(&mut self, question: &str) -> Option<String> {
        self.stop();
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return None;
        }
        forget_what_was_typed();
        // Consent requires a visible plan, so print it even with `-q`.
        if let Some(text) = self.unshown.take() {
            self.line(clean_lines(&text).trim_end());
        }
        let question = self.guarded(&clean_lines(question));
        unheard(write!(std::io::stderr(), "{question} "));
        let reading = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            let read = std::io::stdin().read_line(&mut line);
            read.is_ok_and(|read| read > 0)
                .then(|| line.trim().to_owned())
        });
        reading.await.ok().flatten()
    }
}

/// Drops text that was typed before the question appeared, because it is no answer to it.
fn forget_what_was_typed() {
    #[cfg(unix)]
    {
        use rustix::termios::{QueueSelector, tcflush};
        tcflush(std::io::stdin(), QueueSelector::IFlush).ok();
    }
}
