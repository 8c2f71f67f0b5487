//! The list that a person picks from, and what each key does. The terminal is in `picker`.

use super::fitted::cut;
use super::hanging::wrap;
use crate::model::text::clean;

/// Lines for the note of the entry under the cursor.
const TOLD: usize = 4;

/// One entry. Names may repeat, so the label contains what distinguishes them.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Name and id.
    pub label: String,
    /// A note about the entry, or why a person can't pick it.
    pub note: String,
    /// Can it be picked?
    pub does: bool,
    /// The sort order: lower ranks come first.
    pub rank: u8,
}

/// News for a list that is already shown.
#[derive(Debug)]
pub enum Feed {
    /// More entries.
    More(Vec<Entry>),
    /// Why more entries may exist, as a sentence.
    Gap(String),
}

/// The end of the picking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picked {
    /// The picked entry, by its index in the order of arrival.
    One(usize),
    /// Esc or Ctrl-D.
    Left,
    /// Ctrl-C.
    Interrupted,
}

/// A key that was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Press {
    Char(char),
    Rubout,
    /// Deletes the typed text.
    CtrlU,
    /// Deletes the last word.
    CtrlW,
    Up,
    Down,
    PageUp,
    PageDown,
    Enter,
    Esc,
    CtrlC,
    CtrlD,
    /// A key without a meaning here.
    Other,
}

/// The list, the typed text and the cursor.
#[derive(Debug, Default)]
pub(super) struct Choosing {
    entries: Vec<Entry>,
    /// The texts to search: label and note in lower case.
    texts: Vec<String>,
    typed: String,
    /// Indexes of the entries that match the typed text, best first.
    fits: Vec<usize>,
    /// Index of the entry under the cursor.
    at: Option<usize>,
    /// Did the person move the cursor?
    moved: bool,
    /// Why the last attempt to pick failed.
    refused: String,
    gap: String,
    /// Do more entries follow?
    pub(super) reading: bool,
}

impl Choosing {
    pub(super) fn new() -> Self {
        Self {
            reading: true,
            ..Self::default()
        }
    }

    /// Takes news.
    pub(super) fn takes(&mut self, feed: Feed) {
        match feed {
            Feed::Gap(why) => self.gap = clean(&why),
            Feed::More(more) => {
                let known = self.entries.len();
                for entry in more {
                    let (label, note) = (clean(&entry.label), clean(&entry.note));
                    self.texts.push(format!("{label} {note}").to_lowercase());
                    self.entries.push(Entry {
                        label,
                        note,
                        ..entry
                    });
                }
                self.filter(known);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn gap(&self) -> &str {
        &self.gap
    }

    /// The matching entries with their indexes, best first.
    pub(super) fn fitting(&self) -> impl Iterator<Item = (usize, &Entry)> {
        let entry = |at: &usize| self.entries.get(*at).map(|entry| (*at, entry));
        self.fits.iter().filter_map(entry)
    }

    /// The label of an entry.
    pub(super) fn label(&self, at: usize) -> &str {
        self.entries
            .get(at)
            .map_or("", |entry| entry.label.as_str())
    }

    /// Sets the typed text. An entry matches if it contains every word, in any case.
    pub(super) fn types(&mut self, text: &str) {
        text.clone_into(&mut self.typed);
        self.moved = false;
        self.fits.clear();
        self.filter(0);
    }

    /// Adds the matches among the entries from index `from`. A large list arrives in many pieces,
    /// and earlier ones need no second search.
    fn filter(&mut self, from: usize) {
        let typed = self.typed.to_lowercase();
        let words: Vec<&str> = typed.split_whitespace().collect();
        let texts = self.texts.iter().enumerate().skip(from);
        let fits = |(_, text): &(usize, &String)| words.iter().all(|word| text.contains(word));
        self.fits.extend(texts.filter(fits).map(|(at, _)| at));
        let entries = &self.entries;
        self.fits
            .sort_by_key(|at| entries.get(*at).map(|entry| (!entry.does, entry.rank)));
        // New entries must not move the cursor away from the entry that the person reads.
        let stays = self.at.filter(|at| self.moved && self.fits.contains(at));
        self.at = stays.or(self.fits.first().copied());
    }

    fn row(&self) -> usize {
        let is = |fit: &usize| Some(*fit) == self.at;
        self.fits.iter().position(is).unwrap_or_default()
    }

    fn moves(&mut self, row: usize) {
        let last = self.fits.len().saturating_sub(1);
        self.at = self.fits.get(row.min(last)).copied();
        self.moved = true;
    }

    /// Handles a key. `page`: the number of visible rows.
    pub(super) fn press(&mut self, press: Press, page: usize) -> Option<Picked> {
        self.refused.clear();
        let row = self.row();
        match press {
            Press::Esc | Press::CtrlD => return Some(Picked::Left),
            Press::CtrlC => return Some(Picked::Interrupted),
            Press::Enter => return self.picks(),
            Press::Up => self.moves(row.saturating_sub(1)),
            Press::Down => self.moves(row + 1),
            Press::PageUp => self.moves(row.saturating_sub(page)),
            Press::PageDown => self.moves(row + page),
            Press::Char(ch) => self.types(&format!("{}{ch}", self.typed)),
            Press::Rubout => {
                let mut typed = self.typed.clone();
                typed.pop();
                self.types(&typed);
            }
            Press::CtrlU => self.types(""),
            Press::CtrlW => {
                let trimmed = self.typed.trim_end();
                let end = trimmed.rfind(' ').map_or(0, |blank| blank + 1);
                let left = trimmed[..end].to_owned();
                self.types(&left);
            }
            Press::Other => {}
        }
        None
    }

    fn picks(&mut self) -> Option<Picked> {
        let at = self.at?;
        self.pick(at)
    }

    /// Picks this entry, if it can be picked.
    pub(super) fn pick(&mut self, at: usize) -> Option<Picked> {
        let entry = self.entries.get(at)?;
        if entry.does {
            return Some(Picked::One(at));
        }
        "You can't pick this entry.".clone_into(&mut self.refused);
        None
    }

    /// Why the last attempt to pick failed; empty if it did not.
    pub(super) fn refusal(&self) -> &str {
        &self.refused
    }

    /// The screen: the question with the typed text, `rows` entries, and the note below them.
    pub(super) fn lines(&self, question: &str, rows: usize, width: usize) -> Vec<String> {
        let mut lines = vec![cut(&format!("{question} {}", self.typed), width)];
        let row = self.row();
        let first = (row + 1).saturating_sub(rows);
        for (at, entry) in self.fitting().skip(first).take(rows) {
            let mark = if Some(at) == self.at { '>' } else { ' ' };
            let barred = if entry.does { ' ' } else { 'x' };
            let note = if entry.note.is_empty() {
                String::new()
            } else {
                format!("  {}", entry.note)
            };
            lines.push(cut(
                &format!("{mark} {barred} {}{note}", entry.label),
                width,
            ));
        }
        let told = wrap(&self.told(), u16::try_from(width).ok());
        lines.extend(told.lines().take(TOLD).map(|line| cut(line, width)));
        lines.push(cut(&self.counted(), width));
        lines
    }

    /// The full note of the entry under the cursor.
    fn told(&self) -> String {
        let at = self.at.and_then(|at| self.entries.get(at));
        let note = at.map_or("", |entry| entry.note.as_str());
        [self.refused.as_str(), note, self.gap.as_str()]
            .iter()
            .filter(|text| !text.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn counted(&self) -> String {
        let more = if self.reading { ", reading more" } else { "" };
        if self.fits.is_empty() && !self.typed.is_empty() {
            let all = self.entries.len();
            return format!("  No match among {all}{more}.  (Ctrl-U clears the text, Esc stops)");
        }
        format!(
            "  {} of {}{more}  (type to filter, arrows move, Enter picks, Esc stops)",
            self.fits.len(),
            self.entries.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    fn entry(label: &str, does: bool, rank: u8) -> Entry {
        Entry {
            label: label.to_owned(),
            note: if does {
                String::new()
            } else {
                "Trial".to_owned()
            },
            does,
            rank,
        }
    }

    fn types(choosing: &mut Choosing, text: &str) {
        for ch in text.chars() {
            assert_eq!(choosing.press(Press::Char(ch), 5), None);
        }
    }

    #[test]
    fn words_find_what_has_them_all_and_the_best_comes_first() {
        let mut choosing = Choosing::new();
        choosing.takes(Feed::More(vec![
            entry("Contoso Trial (1)", false, 0),
            entry("Contoso Dev (2)", true, 1),
            entry("Contoso UAT (3)", true, 0),
        ]));
        assert_eq!(
            choosing.fitting().map(|(at, _)| at).collect::<Vec<_>>(),
            [2, 1, 0]
        );
        assert_eq!(choosing.press(Press::Enter, 5), Some(Picked::One(2)));
        types(&mut choosing, "CON 2");
        assert_eq!(choosing.press(Press::Enter, 5), Some(Picked::One(1)));
        choosing.types("trial");
        assert_eq!(choosing.press(Press::Enter, 5), None);
        assert_eq!(choosing.refusal(), "You can't pick this entry.");
        choosing.types("nobody");
        assert_eq!(choosing.press(Press::Enter, 5), None);
        assert_eq!(choosing.press(Press::Rubout, 5), None);
        assert!(choosing.counted().contains(".  (Ctrl-U clears the text"));
        choosing.types("no such  ");
        assert_eq!(choosing.press(Press::CtrlW, 5), None);
        assert_eq!(choosing.typed, "no ");
        assert_eq!(choosing.press(Press::CtrlU, 5), None);
        assert_eq!(choosing.typed, "");
        for (press, ends) in [
            (Press::Esc, Picked::Left),
            (Press::CtrlD, Picked::Left),
            (Press::CtrlC, Picked::Interrupted),
        ] {
            assert_eq!(choosing.press(press, 5), Some(ends));
        }
    }

    #[test]
    fn what_comes_later_does_not_move_the_cursor() {
        let mut choosing = Choosing::new();
        choosing.takes(Feed::More(vec![entry("b", true, 1), entry("c", true, 1)]));
        choosing.press(Press::Down, 5);
        choosing.takes(Feed::More(vec![entry("a", true, 0)]));
        assert_eq!(choosing.press(Press::Enter, 5), Some(Picked::One(1)));
        choosing.press(Press::PageUp, 5);
        assert_eq!(choosing.press(Press::Enter, 5), Some(Picked::One(2)));
        choosing.press(Press::PageDown, 5);
        choosing.press(Press::Down, 5);
        assert_eq!(choosing.press(Press::Enter, 5), Some(Picked::One(1)));
        // If the cursor was not moved, it is on the best entry.
        let mut choosing = Choosing::new();
        choosing.takes(Feed::More(vec![entry("b", true, 1)]));
        choosing.takes(Feed::More(vec![entry("a", true, 0)]));
        assert_eq!(choosing.press(Press::Enter, 5), Some(Picked::One(1)));
    }

    #[test]
    fn every_line_fits_and_the_cursor_is_always_on_the_screen() {
        let mut choosing = Choosing::new();
        let wide = "環境".repeat(40);
        let many = (0..50).map(|number| entry(&format!("{number} {wide}"), true, 0));
        choosing.takes(Feed::More(many.collect()));
        for _ in 0..60 {
            choosing.press(Press::Down, 8);
            let lines = choosing.lines("Environment:", 8, 60);
            assert!(lines.len() <= 10 + TOLD, "{lines:?}");
            assert!(lines.iter().all(|line| line.width() <= 60), "{lines:?}");
            assert_eq!(lines.iter().filter(|line| line.starts_with('>')).count(), 1);
        }
        assert!(
            choosing
                .lines("?", 8, 60)
                .iter()
                .any(|line| line.starts_with(">   49 "))
        );
    }

    #[test]
    fn names_can_not_move_the_cursor() {
        let mut choosing = Choosing::new();
        choosing.takes(Feed::More(vec![entry("a\u{1b}[2J\nb\u{202e}", true, 0)]));
        let lines = choosing.lines("?", 8, 60).concat();
        assert!(!lines.contains(['\u{1b}', '\n', '\u{202e}']), "{lines:?}");
    }

    #[test]
    fn ten_thousand_are_filtered_at_once() {
        let mut choosing = Choosing::new();
        let name = |number: u32| format!("Contoso env-{number:05} (193e4dc2-2922-5505-aaa6)");
        let began = std::time::Instant::now();
        for piece in 0..1250 {
            let many = (0..8).map(|offset| entry(&name(piece * 8 + offset), offset % 3 > 0, 0));
            choosing.takes(Feed::More(many.collect()));
        }
        assert_eq!(choosing.fitting().count(), 10_000);
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
        let began = std::time::Instant::now();
        types(&mut choosing, "env 04242");
        assert_eq!(choosing.fitting().count(), 1);
        // Nine keys, in a build without optimization, on a busy machine.
        assert!(began.elapsed().as_millis() < 2000, "{:?}", began.elapsed());
    }
}
