//! A table for people that fits the terminal, with one line for each row. If the table is too wide,
//! it first leaves out columns of ids, the last one first. Then it shortens text. Then it leaves
//! out other columns, the last one first. The first two columns always stay.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The number of blanks between two columns.
const GAP: usize = 2;
/// The minimum width of shortened text.
const LEAST: usize = 18;
/// The number of columns that always stay.
const STAY: usize = 2;

/// A table as wide as the terminal. Without a terminal nothing is left out, so that a pipe gets
/// everything, one line a row.
pub(super) fn grid(header: &[&str], rows: Vec<Vec<String>>, width: Option<u16>) -> String {
    let room = width.map_or(usize::MAX, usize::from);
    let columns = Columns::fitting(header, &rows, room);
    let mut text = columns.line(header.iter().copied());
    for row in &rows {
        text.push_str(&columns.line(row.iter().map(String::as_str)));
    }
    let gone: Vec<&str> = header
        .iter()
        .enumerate()
        .filter(|(at, _)| !columns.shown.iter().any(|(shown, _)| shown == at))
        .map(|(_, name)| *name)
        .collect();
    if !gone.is_empty() {
        text.push_str(&format!(
            "Columns left out: {}. `-o wide` shows all columns.\n",
            gone.join(", ")
        ));
    }
    text
}

/// Which columns are shown, each with its width.
struct Columns {
    shown: Vec<(usize, usize)>,
}

impl Columns {
    fn fitting(header: &[&str], rows: &[Vec<String>], room: usize) -> Self {
        let widest = |at: usize| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            let cells = cells.map(|cell| cell.width());
            cells
                .chain([header.get(at).map_or(0, |name| name.width())])
                .max()
                .unwrap_or(0)
        };
        let is_id = |at: usize| {
            let mut cells = rows.iter().filter_map(|row| row.get(at));
            cells.any(|cell| cell.width() > 30 && !cell.contains(' '))
        };
        let mut shown: Vec<(usize, usize)> = (0..header.len()).map(|at| (at, widest(at))).collect();
        let text: Vec<bool> = (0..header.len()).map(|at| !is_id(at)).collect();
        while total(&shown) > room {
            let ids = shown
                .iter()
                .rposition(|(at, _)| !text[*at])
                .filter(|at| *at >= STAY);
            let fits_short = |shown: &[(usize, usize)]| {
                let least = shown.iter().map(|(at, width)| {
                    if text[*at] {
                        (*width).min(LEAST)
                    } else {
                        *width
                    }
                });
                least.sum::<usize>() + GAP * shown.len().saturating_sub(1) <= room
            };
            if let Some(at) = ids {
                shown.remove(at);
            } else if shown.len() <= STAY || fits_short(&shown) {
                shorten(&mut shown, room);
                break;
            } else {
                shown.pop();
            }
        }
        Self { shown }
    }

    fn line<'a>(&self, cells: impl Iterator<Item = &'a str>) -> String {
        let cells: Vec<&str> = cells.collect();
        let mut line = String::new();
        for (number, (at, width)) in self.shown.iter().enumerate() {
            if number > 0 {
                line.push_str(&" ".repeat(GAP));
            }
            let cell = cut(cells.get(*at).copied().unwrap_or_default(), *width);
            let rest = width.saturating_sub(cell.width());
            line.push_str(&cell);
            line.push_str(&" ".repeat(rest));
        }
        line.trim_end().to_owned() + "\n"
    }
}

fn total(shown: &[(usize, usize)]) -> usize {
    shown.iter().map(|(_, width)| width).sum::<usize>() + GAP * shown.len().saturating_sub(1)
}

/// Makes the widest column narrower, one character at a time, until the table fits.
fn shorten(shown: &mut [(usize, usize)], room: usize) {
    while total(shown) > room {
        let Some((_, widest)) = shown.iter_mut().max_by_key(|(_, width)| *width) else {
            return;
        };
        if *widest <= 1 {
            return;
        }
        *widest -= 1;
    }
}

/// A text that is no wider than this, with `…` for what is left out.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut kept, mut used) = (String::new(), 1);
    for ch in text.chars() {
        used += ch.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(ch);
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "193e4dc2-2922-5505-aaa6-80f4c40dd75d";

    fn shown(width: Option<u16>) -> String {
        let rows = [
            [
                "encrypted",
                "Contoso UAT",
                "Sandbox",
                "It expires in twelve days from now",
                ID,
            ],
            ["locked", "日本 for a test of names", "Sandbox", "-", ID],
        ];
        let rows = rows.iter().map(|row| row.map(str::to_owned).to_vec());
        grid(
            &["STATE", "NAME", "TYPE", "WHAT", "ID"],
            rows.collect(),
            width,
        )
    }

    #[test]
    fn ids_go_first_then_text_is_shortened_then_columns_go() {
        insta::assert_snapshot!(
            [
                None,
                Some(120),
                Some(100),
                Some(80),
                Some(60),
                Some(40),
                Some(20)
            ]
            .map(shown)
            .join("\n")
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 8..140 {
            for line in shown(Some(width))
                .lines()
                .filter(|line| !line.starts_with("Columns left out"))
            {
                assert!(line.width() <= usize::from(width), "{width}: {line}");
            }
        }
    }
}
