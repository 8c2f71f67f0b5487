//! A list that fills while the caller picks from it.

use crate::error::{Error, Kind, Result, Stop};
use crate::interrupt::unless_stopped;
use crate::report::{Entry, Feed, Out, Picked};
use crate::run::consent::{question, unchanged};
use std::cell::RefCell;
use std::pin::pin;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// The entries shown so far.
pub(super) struct Shown<T> {
    to: RefCell<Option<UnboundedSender<Feed>>>,
    all: RefCell<Vec<T>>,
}

impl<T> Shown<T> {
    /// Adds entries to the list.
    pub(super) fn more(&self, more: Vec<(T, Entry)>) {
        let (items, entries): (Vec<T>, Vec<Entry>) = more.into_iter().unzip();
        self.all.borrow_mut().extend(items);
        self.sends(Feed::More(entries));
    }

    /// Says why more entries may exist.
    pub(super) fn gap(&self, why: &str) {
        self.sends(Feed::Gap(why.to_owned()));
    }

    fn sends(&self, feed: Feed) {
        if let Some(to) = &*self.to.borrow() {
            // Fails only if the caller has already picked.
            to.send(feed).ok();
        }
    }
}

/// Reads and shows entries, and lets the caller pick. `None` if there are no entries.
///
/// # Errors
/// Nothing could be read, or the caller stops.
pub(super) async fn pick<T: Clone>(
    prompt: &str,
    read: impl AsyncFnOnce(&Shown<T>) -> Result<()>,
    out: &mut Out,
) -> Result<Option<T>> {
    let (to, mut feed) = unbounded_channel();
    let shown = Shown {
        to: RefCell::new(Some(to)),
        all: RefCell::default(),
    };
    let reading = async {
        let done = read(&shown).await;
        if let Err(error) = &done {
            shown.gap(&error.message);
        }
        // Closing the channel tells the list that it is complete.
        shown.to.take();
        done
    };
    let (mut reading, mut failed, mut read) = (pin!(reading), None, false);
    let mut picking = pin!(unless_stopped(out.pick(prompt, &mut feed)));
    let picked = loop {
        tokio::select! {
            biased;
            picked = &mut picking => break picked,
            done = &mut reading, if !read => (read, failed) = (true, done.err()),
        }
    };
    match picked {
        Err(stop) => Err(stopped(stop)),
        Ok(Some(Picked::Interrupted)) => Err(stopped(Stop::CtrlC)),
        Ok(Some(Picked::Left)) => Err(left()),
        Ok(Some(Picked::One(at))) => Ok(shown.all.borrow().get(at).cloned()),
        Ok(None) => failed.map_or(Ok(None), Err),
    }
}

/// Lets the caller pick from known entries.
///
/// # Errors
/// The caller stops.
pub(super) async fn choose<T: Clone>(
    prompt: &str,
    all: Vec<(T, Entry)>,
    out: &mut Out,
) -> Result<T> {
    let picked = pick(
        prompt,
        async |shown| {
            shown.more(all);
            Ok(())
        },
        out,
    );
    picked.await?.ok_or_else(left)
}

/// Asks for a word until `read` accepts it. Enter takes the default.
///
/// # Errors
/// The caller stops.
pub(super) async fn word<T>(
    prompt: &str,
    default: Option<&str>,
    read: impl AsyncFn(&str) -> Result<T>,
    out: &mut Out,
) -> Result<T> {
    let offer = default.map_or(String::new(), |default| format!(" (Enter: `{default}`)"));
    loop {
        let typed = line(&format!("{prompt}{offer}:"), out).await?;
        let typed = typed.ok_or_else(left)?;
        let typed = if typed.is_empty() {
            default.unwrap_or_default()
        } else {
            &typed
        };
        match read(typed).await {
            Ok(read) => return Ok(read),
            Err(error) if error.kind == Kind::Usage => refuse(&error, out),
            Err(error) => return Err(error),
        }
    }
}

/// Says why an answer is refused, before the question is repeated.
pub(super) fn refuse(error: &Error, out: &mut Out) {
    out.say(&error.message);
    for hint in &error.hints {
        out.say(&format!("  {hint}"));
    }
}

/// The error that the caller left the dialog.
pub(super) fn left() -> Error {
    Error::new(Kind::Refused, "No changes were made.")
        .hint("Run the same command again to start over.")
}

fn stopped(stop: Stop) -> Error {
    Error {
        kind: Kind::Interrupted(stop),
        ..left()
    }
}

/// Asks for a line. `None` at the end of the input.
///
/// # Errors
/// The caller stops.
pub(super) async fn line(prompt: &str, out: &mut Out) -> Result<Option<String>> {
    question(prompt, unchanged(false), out).await
}
