//! A table for people with one line for each row. At a terminal, the line has the columns that fit.
//! Required columns that do not fit are below the row, and so is the reason. No cell is split.

use crate::report::fitted::grid;
use crate::report::hanging::wrap;
use unicode_width::UnicodeWidthStr;

/// A name that is longer than this gets its own line on a narrow terminal.
const NAME: usize = 24;
/// The number of blanks between two columns.
const GAP: usize = 2;

/// A column of the table. The most important ones come first.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    header: &'static str,
    shown: Shown,
}

/// When a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// In each row. After a name that is too long for its column, the row continues in a new line.
    Named,
    /// At every width: in the row, or below the row.
    Always,
    /// Only if it fits.
    Fitting,
}

/// A column of names from the tenant, which can be long.
pub(super) const fn named(header: &'static str) -> Column {
    Column {
        header,
        shown: Shown::Named,
    }
}

/// A column that is always shown.
pub(super) const fn must(header: &'static str) -> Column {
    Column {
        header,
        shown: Shown::Always,
    }
}

/// A column that is shown only if it fits.
pub(super) const fn may(header: &'static str) -> Column {
    Column {
        header,
        shown: Shown::Fitting,
    }
}

/// The text for a terminal of `width` columns. Without a width it is for a pipe and has all columns
/// in one line for each row. Each row comes with its reason.
pub(super) fn text<W: AsRef<str>>(
    columns: &[Column],
    rows: Vec<(Vec<String>, W)>,
    width: Option<u16>,
) -> String {
    match width {
        _ if rows.is_empty() => String::new(),
        None => piped(columns, rows),
        Some(width) => Fitted::new(columns, &rows, usize::from(width)).text(&rows),
    }
}

fn piped<W: AsRef<str>>(columns: &[Column], rows: Vec<(Vec<String>, W)>) -> String {
    let mut header: Vec<&str> = columns.iter().map(|column| column.header).collect();
    header.push("WHY");
    let whole = rows.into_iter().map(|(mut cells, why)| {
        let why = why.as_ref();
        let why = if why.is_empty() { "-" } else { why };
        cells.push(why.to_owned());
        cells
    });
    grid(&header, whole.collect(), None)
}

/// The columns in the line, below the row, and left out.
struct Fitted<'a> {
    columns: &'a [Column],
    /// The columns in the line, each with its width.
    line: Vec<(usize, usize)>,
    /// The required columns below the row.
    below: Vec<usize>,
    /// The columns that are left out.
    gone: Vec<&'static str>,
    room: usize,
}

impl<'a> Fitted<'a> {
    fn new<W>(columns: &'a [Column], rows: &[(Vec<String>, W)], width: usize) -> Self {
        let room = width;
        let widest = |at: usize, shown: Shown| {
            let cells = rows.iter().filter_map(|(cells, _)| cells.get(at));
            let cells = cells.map(|cell| cell.width());
            match shown {
                Shown::Named => cells
                    .filter(|cell_width| *cell_width <= NAME.max(width / 3))
                    .max(),
                Shown::Always | Shown::Fitting => cells.max(),
            }
        };
        let (mut line, mut below, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        let (mut used, mut full) = (0, false);
        for (at, column) in columns.iter().enumerate() {
            let needed = widest(at, column.shown).unwrap_or(0);
            let needed = needed.max(column.header.width());
            let gap = if at == 0 { 0 } else { GAP };
            let fits = !full && used + gap + needed <= room;
            match column.shown {
                Shown::Always | Shown::Fitting if fits => line.push((at, needed)),
                Shown::Named => line.push((at, needed)),
                Shown::Always => {
                    below.push(at);
                    continue;
                }
                Shown::Fitting => {
                    // A less important column must not take its place.
                    full = true;
                    gone.push(column.header);
                    continue;
                }
            }
            used += gap + needed;
        }
        Self {
            columns,
            line,
            below,
            gone,
            room,
        }
    }

    fn text<W: AsRef<str>>(&self, rows: &[(Vec<String>, W)]) -> String {
        let headers = self.columns.iter().map(|column| column.header.to_owned());
        let mut text = self.row(&headers.collect::<Vec<_>>());
        for (cells, why) in rows {
            text.push_str(&self.row(cells));
            for at in &self.below {
                let label = self.columns.get(*at).map_or("", |column| column.header);
                let cell = cells.get(*at).map_or("", String::as_str);
                text.push_str(&format!("  {} {cell}\n", label.to_lowercase()));
            }
            let width = u16::try_from(self.room.saturating_sub(2)).ok();
            for line in wrap(why.as_ref(), width).lines() {
                text.push_str(&format!("  {line}\n"));
            }
        }
        if !self.gone.is_empty() {
            let all = self.gone.join(", ");
            let left = format!("Columns left out: {all}. `-o wide` shows all columns.");
            let width = u16::try_from(self.room).ok();
            text.push_str(&format!("{}\n", wrap(&left, width)));
        }
        text
    }

    fn row(&self, cells: &[String]) -> String {
        let (mut text, mut end) = (String::new(), 0);
        for (number, (at, width)) in self.line.iter().enumerate() {
            let cell = cells.get(*at).map_or("", String::as_str);
            if number > 0 {
                text.push_str(&" ".repeat(GAP));
                end += GAP;
            }
            end += width;
            let length = cell.width();
            text.push_str(cell);
            if length > *width {
                text.push('\n');
                text.push_str(&" ".repeat(end));
            } else {
                text.push_str(&" ".repeat(width - length));
            }
        }
        format!("{}\n", text.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [named("NAME"), must("FITS"), must("ID"), may("TYPE")];

    fn shown(width: Option<u16>) -> String {
        let id = "193e4dc2-2922-5505-aaa6-80f4c40dd75d";
        let row = |name: &str, fits: &str| [name, fits, id, "Sandbox"].map(str::to_owned).to_vec();
        let rows = vec![
            (
                row("Contoso UAT", "but"),
                "It is not a Managed Environment yet, and this is long.",
            ),
            (row("日本", "yes"), ""),
            (row("A name that is longer than all others", "no"), "No."),
        ];
        text(&COLUMNS, rows, width)
    }

    #[test]
    fn what_fits_is_beside_each_other_and_nothing_is_broken() {
        let id = "193e4dc2-2922-5505-aaa6-80f4c40dd75d";
        let wide = [
            "NAME         FITS  ID                                    TYPE",
            "Contoso UAT  but   {id}  Sandbox",
            "  It is not a Managed Environment yet, and this is long.",
            "日本         yes   {id}  Sandbox",
            "A name that is longer than all others",
            "             no    {id}  Sandbox",
            "  No.",
        ];
        let narrow = [
            "NAME         FITS  TYPE",
            "Contoso UAT  but   Sandbox",
            "  id {id}",
            "  It is not a Managed Environment yet, and this",
            "  is long.",
            "日本         yes   Sandbox",
            "  id {id}",
            "A name that is longer than all others",
            "             no    Sandbox",
            "  id {id}",
            "  No.",
        ];
        for (width, lines) in [(80, &wide[..]), (48, &narrow)] {
            let expected = lines.join("\n").replace("{id}", id);
            assert_eq!(shown(Some(width)).trim_end_matches('\n'), expected);
        }
        let piped = shown(None);
        assert_eq!(piped.lines().count(), 4, "{piped}");
        assert!(piped.lines().next().unwrap().ends_with("  WHY"), "{piped}");
        assert_eq!(text::<&str>(&COLUMNS, Vec::new(), Some(80)), "");
        // Below that nothing is wrapped.
        for width in 23..200 {
            let text = shown(Some(width));
            assert_eq!(text.matches(id).count(), 3, "{text}");
            // A word that is longer than the line stays whole.
            let longest = text.lines().map(UnicodeWidthStr::width).max();
            assert!(
                longest <= Some(usize::from(width.max(42))),
                "{width}:\n{text}"
            );
        }
    }
}
