//! A list that is read while a person picks from it.

use crate::error::{Error, Kind, Result, Stop};
use crate::interrupt::unless_stopped;
use crate::report::{Entry, Feed, Out, Picked};
use crate::run::asking::{question, unchanged};
use std::cell::RefCell;
use std::pin::pin;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// What is shown so far.
pub(super) struct Shown<T> {
    to: RefCell<Option<UnboundedSender<Feed>>>,
    all: RefCell<Vec<T>>,
}

impl<T> Shown<T> {
    /// Shows more.
    pub(super) fn more(&self, more: Vec<(T, Entry)>) {
        let (items, entries): (Vec<T>, Vec<Entry>) = more.into_iter().unzip();
        self.all.borrow_mut().extend(items);
        self.sends(Feed::More(entries));
    }

    /// Says why there may be more than is shown.
    pub(super) fn gap(&self, why: &str) {
        self.sends(Feed::Gap(why.to_owned()));
    }

    fn sends(&self, feed: Feed) {
        if let Some(to) = &*self.to.borrow() {
            // Whoever has picked already wants to see no more.
            to.send(feed).ok();
        }
    }
}

/// Reads, shows, and lets a person pick; nothing where nothing was shown.
///
/// # Errors
/// Nothing could be read; somebody stopped.
pub(super) async fn pick<T: Clone>(
    words: &str,
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
        // That nothing more comes is seen by the end of the channel.
        shown.to.take();
        done
    };
    let (mut reading, mut failed, mut read) = (pin!(reading), None, false);
    let mut picking = pin!(unless_stopped(out.pick(words, &mut feed)));
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

/// Lets a person pick one of what is known already.
///
/// # Errors
/// Somebody stopped.
pub(super) async fn choose<T: Clone>(
    words: &str,
    all: Vec<(T, Entry)>,
    out: &mut Out,
) -> Result<T> {
    let picked = pick(
        words,
        async |shown| {
            shown.more(all);
            Ok(())
        },
        out,
    );
    picked.await?.ok_or_else(left)
}

/// A word that somebody types, asked for until it is understood. Enter takes the default.
///
/// # Errors
/// Somebody stopped.
pub(super) async fn word<T>(
    words: &str,
    default: Option<&str>,
    read: impl AsyncFn(&str) -> Result<T>,
    out: &mut Out,
) -> Result<T> {
    let offer = default.map_or(String::new(), |default| format!(" (Enter: `{default}`)"));
    loop {
        let typed = line(&format!("{words}{offer}:"), out).await?;
        let typed = typed.ok_or_else(left)?;
        let typed = if typed.is_empty() {
            default.unwrap_or_default()
        } else {
            &typed
        };
        match read(typed).await {
            Ok(read) => return Ok(read),
            Err(error) if error.kind == Kind::Usage => again(&error, out),
            Err(error) => return Err(error),
        }
    }
}

/// Why an answer does not do, before the question is asked again.
pub(super) fn again(error: &Error, out: &mut Out) {
    out.say(&error.message);
    for hint in &error.hints {
        out.say(&format!("  {hint}"));
    }
}

/// Somebody had enough of it.
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

/// A line that somebody types; nothing where the terminal has ended.
///
/// # Errors
/// Somebody stopped.
pub(super) async fn line(words: &str, out: &mut Out) -> Result<Option<String>> {
    question(words, unchanged(false), out).await
}
