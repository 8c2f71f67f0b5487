//! What a command does meanwhile, on stderr.

use super::plan::plan_text;
use super::progress::{span, spinner};
use super::terminal::Out;
use super::values::wrap;
use crate::model::plan::Plan;
use crate::model::receipt::{Event, Tick};
use crate::model::text::{clean, clean_lines};
use anstyle::AnsiColor;
use std::time::{Duration, Instant};

/// Without a terminal, waiting says so this often (real time).
const PLAIN_EVERY: Duration = Duration::from_secs(60);

impl Out {
    /// One line to stderr, unless quiet.
    pub fn say(&mut self, text: &str) {
        if !self.style.quiet {
            self.line(&clean_lines(text));
        }
    }

    /// What is going on.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Doing(what) => self.mark("…", AnsiColor::Cyan, what),
            Event::Done(what) => {
                self.did = true;
                self.mark("✓", AnsiColor::Green, what);
            }
            Event::Note(what) => self.mark("!", AnsiColor::Yellow, what),
            Event::Waiting(tick) => self.tick(tick),
        }
    }

    fn mark(&mut self, mark: &str, color: AnsiColor, what: &str) {
        if !self.style.quiet {
            self.line(&format!("{} {}", self.paint(mark, color), clean(what)));
        }
    }

    fn tick(&mut self, tick: &Tick) {
        if self.style.quiet {
            return;
        }
        let words = clean(&tick.words);
        let text = format!(
            "{} since the start, {words}; next look in {}",
            span(tick.elapsed),
            span(tick.next)
        );
        if self.moving {
            let text = wrap(
                &format!("{text} (Ctrl-C leaves it running)"),
                self.style.width.map(|width| width - width.min(2)),
            );
            let bar = self.bar.get_or_insert_with(spinner);
            bar.set_message(text);
            bar.tick();
        } else if self.last_plain.elapsed() >= PLAIN_EVERY {
            self.last_plain = Instant::now();
            self.line(&format!("  {text}"));
        }
    }

    /// The plan, before consent: to stderr, or to stdout when it is the result itself.
    pub fn plan(&mut self, plan: &Plan, title: &str, to_stdout: bool) {
        self.passage(to_stdout, |width| plan_text(plan, title, width));
    }

    /// Many lines, before consent: to stderr, or to stdout when they are the result itself.
    pub(super) fn passage(&mut self, to_stdout: bool, text: impl FnOnce(Option<u16>) -> String) {
        let text = text(if to_stdout {
            self.columns()
        } else {
            self.width(self.moving)
        });
        if to_stdout {
            self.text(&text);
        } else if !self.style.quiet {
            self.line(clean_lines(&text).trim_end());
        }
    }
}
