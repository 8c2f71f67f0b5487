//! A question to a person.

use super::terminal::Out;
use super::written::unheard;
use crate::model::text::clean_lines;
use std::io::{IsTerminal, Write};

impl Out {
    /// Asks a question on stderr and reads one line; `None` when nobody can answer. The answer is
    /// read on another thread, so that the wait for it can be given up.
    pub async fn ask(&mut self, question: &str) -> Option<String> {
        self.stop();
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return None;
        }
        forget_what_was_typed();
        // Nobody can say yes to what is not shown, with `-q` either.
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

/// What was typed before the question was shown answers something else.
fn forget_what_was_typed() {
    #[cfg(unix)]
    {
        use rustix::termios::{QueueSelector, tcflush};
        tcflush(std::io::stdin(), QueueSelector::IFlush).ok();
    }
}
