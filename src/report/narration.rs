//! Narration on stderr while a command runs.

use super::fitted::cut;
use super::hanging::hang;
use super::listener::Listener;
use super::plan::{limits_text, plan_text};
use super::progress::{Waiting, spinner};
use super::terminal::Out;
use crate::model::plan::Plan;
use crate::model::receipt::{Event, News, Tick};
use crate::model::text::{clean, clean_lines};
use anstyle::AnsiColor;
use jiff::Zoned;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Without a terminal, the interval between two progress lines (real time).
const PLAIN_EVERY: Duration = Duration::from_secs(60);

impl Out {
    /// Gives the news of environments to `listener`, too.
    pub fn tells(&mut self, listener: impl FnMut(&News) + 'static) {
        self.listener = Some(Listener(Box::new(listener)));
    }

    /// Ends what [`Out::tells`] began.
    pub fn tells_no_more(&mut self) {
        self.listener = None;
    }

    /// Prints a line to stderr, unless quiet.
    pub fn say(&mut self, text: &str) {
        if !self.style.quiet {
            let width = self.width(std::io::stderr().is_terminal());
            self.line(&hang(&clean_lines(text), width, 0));
        }
    }

    /// Prints an event of the run.
    pub fn event(&mut self, event: &Event) {
        match event {
            // The moving line shows it and disappears when done. Without a moving line, the plan
            // and the end show it.
            Event::Doing(what) => {
                if self.moving && !self.style.quiet {
                    self.spin(&clean(what));
                }
            }
            Event::Pause(what) => self.mark("…", AnsiColor::Cyan, what),
            Event::Done(what) => {
                self.did = true;
                self.mark("✓", AnsiColor::Green, what);
            }
            Event::Note(what) => self.mark("!", AnsiColor::Yellow, what),
            Event::Waiting(tick) => self.tick(tick),
            Event::News(news) => {
                if let Some(Listener(listens)) = &mut self.listener {
                    listens(news);
                }
            }
        }
    }

    fn mark(&mut self, mark: &str, color: AnsiColor, what: &str) {
        if !self.style.quiet {
            let width = self.width(std::io::stderr().is_terminal());
            let what = hang(&clean(what), width, 2);
            self.line(&format!("{} {what}", self.paint(mark, color)));
        }
    }

    fn tick(&mut self, tick: &Tick) {
        if self.style.quiet {
            return;
        }
        let waiting = Waiting::of(tick, &Zoned::now());
        if self.moving {
            let width = self.style.width.map(usize::from);
            self.spin(&waiting.fitting(width.map_or(usize::MAX, |width| width.saturating_sub(3))));
        } else if self.last_plain.elapsed() >= PLAIN_EVERY {
            self.last_plain = Instant::now();
            self.line(&format!("  {}", waiting.whole()));
        }
    }

    /// Shows a moving line. It must fit the width, because a wrapped line would stay on the screen.
    fn spin(&mut self, text: &str) {
        let room = self
            .style
            .width
            .map(|width| usize::from(width.saturating_sub(3)));
        let text = room.map_or_else(|| text.to_owned(), |room| cut(text, room));
        let bar = self.bar.get_or_insert_with(spinner);
        bar.set_message(text);
        bar.tick();
    }

    /// Prints the plan before consent: to stderr, or to stdout if it is the result.
    pub fn plan(&mut self, plan: &Plan, title: &str, to_stdout: bool) {
        self.passage(to_stdout, |width| plan_text(plan, title, width));
        self.has_shown(plan, to_stdout);
    }

    /// Remembers that the findings of this plan are on the screen.
    pub(super) fn has_shown(&mut self, plan: &Plan, to_stdout: bool) {
        if to_stdout || !self.style.quiet {
            self.findings
                .extend(plan.findings.iter().map(|finding| finding.code));
        }
    }

    /// Prints the known limits in full before a question for a name.
    pub fn limits(&mut self, plan: &Plan) {
        if self.can_ask() {
            let text = limits_text(plan, self.width(true));
            self.line(clean_lines(&text).trim_end());
        }
    }

    /// Prints many lines before consent: to stderr, or to stdout if they are the result.
    pub(super) fn passage(&mut self, to_stdout: bool, text: impl FnOnce(Option<u16>) -> String) {
        let text = text(if to_stdout {
            self.columns()
        } else {
            // The width is the terminal's, also without colours and moving lines.
            self.width(std::io::stderr().is_terminal())
        });
        if to_stdout {
            self.text(&text);
        } else if self.style.quiet {
            self.unshown = Some(text);
        } else {
            self.line(clean_lines(&text).trim_end());
        }
    }
}
