//! Lets a person pick one entry at a terminal while the list is still being read. For screen
//! readers and terminals without cursor control, uses numbered lines.

use super::choosing::{Choosing, Feed, Picked, Press};
use super::hanging::wrap;
use super::raw::Raw;
use super::terminal::Out;
use super::written::unheard;
use console::{Key, Term};
use std::io::{IsTerminal, Write};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The maximum number of visible entries; fewer on a small terminal.
const ROWS: usize = 12;
/// The shortest interval between redraws for new entries. Typed keys redraw at once.
const AT_MOST_EVERY: Duration = Duration::from_millis(50);
/// The maximum number of numbered lines at once.
const NUMBERED: usize = 20;

impl Out {
    /// Is there a person at a terminal to ask?
    pub fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Lets a person pick one of the entries in `feed`. Waits for the first entry, then handles
    /// keys and entries as they come. `None` if there are no entries.
    pub async fn pick(
        &mut self,
        question: &str,
        feed: &mut UnboundedReceiver<Feed>,
    ) -> Option<Picked> {
        self.stop();
        let mut choosing = Choosing::new();
        while choosing.is_empty() {
            match feed.recv().await {
                Some(more) => choosing.takes(more),
                None => return None,
            }
        }
        let picked = if self.style.plain {
            self.by_numbers(question, &mut choosing, feed).await
        } else {
            by_keys(question, &mut choosing, feed, self.style.width).await
        };
        if let Picked::One(at) = picked {
            let line = format!("{question} {}", choosing.label(at));
            self.line(&line);
        }
        Some(picked)
    }

    /// Shows the list as numbered lines, after the complete list was read.
    async fn by_numbers(
        &mut self,
        question: &str,
        choosing: &mut Choosing,
        feed: &mut UnboundedReceiver<Feed>,
    ) -> Picked {
        while let Some(more) = feed.recv().await {
            choosing.takes(more);
        }
        loop {
            let shown = self.numbered(question, choosing);
            let ask = "Enter a number or a filter text (an empty line cancels):";
            let Some(answer) = self.ask(ask).await.filter(|answer| !answer.is_empty()) else {
                return Picked::Left;
            };
            let number = answer.parse::<usize>().ok();
            match number.and_then(|number| shown.get(number.checked_sub(1)?)) {
                Some(at) => match choosing.pick(*at) {
                    Some(picked) => return picked,
                    None => self.line(choosing.refusal()),
                },
                None => choosing.types(&answer),
            }
        }
    }

    fn numbered(&mut self, question: &str, choosing: &Choosing) -> Vec<usize> {
        let mut lines = vec![question.to_owned()];
        let mut shown = Vec::new();
        for (at, entry) in choosing.fitting().take(NUMBERED) {
            shown.push(at);
            let barred = if entry.does { "" } else { " (can't be picked)" };
            let line = format!("{}. {}{barred} {}", shown.len(), entry.label, entry.note);
            lines.push(wrap(line.trim_end(), self.style.width));
        }
        match choosing.fitting().count() {
            0 => lines.push("No entry contains these words.".to_owned()),
            all if all > shown.len() => lines.push(format!("… and {} more.", all - shown.len())),
            _ => {}
        }
        if !choosing.gap().is_empty() {
            lines.push(wrap(choosing.gap(), self.style.width));
        }
        self.line(&lines.join("\n"));
        shown
    }
}

/// A moving list. It is always erased at the end of the picking.
struct Screen {
    term: Term,
    drawn: usize,
    _raw: Raw,
}

impl Screen {
    fn draw(&mut self, lines: &[String]) {
        self.wipe();
        unheard(write!(&self.term, "{}\r\n", lines.join("\r\n")));
        self.drawn = lines.len();
    }

    fn wipe(&mut self) {
        unheard(self.term.clear_last_lines(self.drawn));
        self.drawn = 0;
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.wipe();
    }
}

async fn by_keys(
    question: &str,
    choosing: &mut Choosing,
    feed: &mut UnboundedReceiver<Feed>,
    width: Option<u16>,
) -> Picked {
    let term = Term::stderr();
    let (height, columns) = term.size();
    let columns = usize::from(width.unwrap_or(columns).min(columns)).max(20);
    let rows = usize::from(height).saturating_sub(3).clamp(1, ROWS);
    let mut screen = Screen {
        term,
        drawn: 0,
        _raw: Raw::take(),
    };
    let (go, mut keys) = keyboard();
    // Request one key at a time: after the last one, the next key belongs to another reader.
    go.send(()).ok();
    // A large list arrives in many pieces. Redraw at an interval, not for each piece.
    let mut still = tokio::time::interval(AT_MOST_EVERY);
    let mut news = true;
    loop {
        tokio::select! {
            biased;
            key = keys.recv() => {
                let ended = key.map_or(Some(Picked::Left), |key| choosing.press(key, rows));
                if let Some(picked) = ended {
                    return picked;
                }
                go.send(()).ok();
                // A line of the full width would wrap the cursor.
                screen.draw(&choosing.lines(question, rows, columns - 1));
                news = false;
            }
            _ = still.tick(), if news => {
                screen.draw(&choosing.lines(question, rows, columns - 1));
                news = false;
            }
            more = feed.recv(), if choosing.reading => {
                match more {
                    Some(more) => choosing.takes(more),
                    None => choosing.reading = false,
                }
                news = true;
            }
        }
    }
}

/// Reads keys on a separate thread, one for each request, because a read can't be cancelled.
fn keyboard() -> (std::sync::mpsc::Sender<()>, UnboundedReceiver<Press>) {
    let (go, asked) = std::sync::mpsc::channel::<()>();
    let (heard, keys) = unbounded_channel();
    // If the thread can't start, the channel closes, which ends the picking.
    std::thread::Builder::new()
        .name("keys".to_owned())
        .spawn(move || read_keys(&asked, &heard))
        .ok();
    (go, keys)
}

fn read_keys(asked: &std::sync::mpsc::Receiver<()>, heard: &UnboundedSender<Press>) {
    let term = Term::stderr();
    while asked.recv().is_ok() {
        // The terminal is gone and sends no more keys.
        let Ok(key) = term.read_key_raw() else {
            return;
        };
        let press = match key {
            Key::Char('\u{4}') => Press::CtrlD,
            Key::Char('\u{3}') | Key::CtrlC => Press::CtrlC,
            Key::Char('\u{15}') => Press::CtrlU,
            Key::Char('\u{17}') => Press::CtrlW,
            Key::Char(ch) if !ch.is_control() => Press::Char(ch),
            Key::Backspace => Press::Rubout,
            Key::ArrowUp => Press::Up,
            Key::ArrowDown => Press::Down,
            Key::PageUp => Press::PageUp,
            Key::PageDown => Press::PageDown,
            Key::Enter => Press::Enter,
            Key::Escape => Press::Esc,
            _ => Press::Other,
        };
        if heard.send(press).is_err() {
            return;
        }
    }
}
