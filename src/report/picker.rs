//! Picking one of many at a terminal, while the list is still being read; and the same by numbered
//! lines, for screen readers and terminals that can't move their cursor.

use super::choosing::{Choosing, Feed, Picked, Press};
use super::hanging::wrap;
use super::raw::Raw;
use super::terminal::Out;
use super::written::unheard;
use console::{Key, Term};
use std::io::{IsTerminal, Write};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// So many entries are shown at most; fewer where the terminal is small.
const ROWS: usize = 12;
/// What comes is drawn this often at most; what is typed, at once.
const AT_MOST_EVERY: Duration = Duration::from_millis(50);
/// So many numbered lines at once.
const NUMBERED: usize = 20;

impl Out {
    /// Can a person be asked here?
    pub fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Lets a person pick one of what comes. The first of it is awaited; from then on what is typed
    /// and what comes have their turns as they come. Nothing where nothing came.
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

    /// The list as numbered lines, once it is read.
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
            let ask = "Number, or words to filter by (an empty line stops):";
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
            0 => lines.push("Nothing has these words.".to_owned()),
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

/// A moving list. What was drawn is taken away in the end, whoever ends it.
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
    // One key at a time: after the last one nobody reads what is typed next.
    go.send(()).ok();
    // A large list comes in many pieces, and each is too little to draw everything again.
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
                // A line as wide as the terminal would leave the cursor nowhere.
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

/// Keys are read on a thread of their own, each when it is asked for: a read can't be given up.
fn keyboard() -> (std::sync::mpsc::Sender<()>, UnboundedReceiver<Press>) {
    let (go, asked) = std::sync::mpsc::channel::<()>();
    let (heard, keys) = unbounded_channel();
    // Without a thread the channel is closed, which ends the picking.
    std::thread::Builder::new()
        .name("keys".to_owned())
        .spawn(move || read_keys(&asked, &heard))
        .ok();
    (go, keys)
}

fn read_keys(asked: &std::sync::mpsc::Receiver<()>, heard: &UnboundedSender<Press>) {
    let term = Term::stderr();
    while asked.recv().is_ok() {
        // A terminal that is gone has no more keys.
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
