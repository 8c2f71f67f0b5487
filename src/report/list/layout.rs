//! A list for people: one line a row. At a terminal the line has the columns that fit, and nothing
//! is broken: what must be seen and does not fit stands below its row, and so does the reason.

use crate::report::fitted::grid;
use crate::report::hanging::wrap;
use unicode_width::UnicodeWidthStr;

/// A name that is longer than this has a line of its own where the terminal is narrow.
const NAME: usize = 24;
/// Between two columns.
const GAP: usize = 2;

/// A column of the table. The most important ones come first.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub(super) header: &'static str,
    /// Must it be seen, whatever the width?
    pub(super) must: bool,
}

/// A column that must be seen.
pub(super) const fn must(header: &'static str) -> Column {
    Column { header, must: true }
}

/// A column that is seen where it fits.
pub(super) const fn may(header: &'static str) -> Column {
    Column {
        header,
        must: false,
    }
}

/// The text for a terminal of `width` columns, or for a pipe, which gets everything in one line a
/// row. Each row comes with its reason.
pub(super) fn text(
    columns: &[Column],
    rows: Vec<(Vec<String>, &str)>,
    width: Option<u16>,
) -> String {
    match width {
        _ if rows.is_empty() => String::new(),
        None => piped(columns, rows),
        Some(width) => Fitted::new(columns, &rows, usize::from(width)).text(&rows),
    }
}

fn piped(columns: &[Column], rows: Vec<(Vec<String>, &str)>) -> String {
    let mut header: Vec<&str> = columns.iter().map(|column| column.header).collect();
    header.push("WHY");
    let whole = rows.into_iter().map(|(mut cells, why)| {
        let why = if why.is_empty() { "-" } else { why };
        cells.push(why.to_owned());
        cells
    });
    grid(&header, whole.collect(), None)
}

/// What fits beside each other.
struct Fitted<'a> {
    columns: &'a [Column],
    /// Which columns stand in the line, each with its width.
    line: Vec<(usize, usize)>,
    /// Which ones must be seen and stand below.
    below: Vec<usize>,
    room: usize,
}

impl<'a> Fitted<'a> {
    fn new(columns: &'a [Column], rows: &[(Vec<String>, &str)], width: usize) -> Self {
        let room = width;
        let widest = |at: usize| {
            let cells = rows.iter().filter_map(|(cells, _)| cells.get(at));
            let cells = cells.map(|cell| cell.width());
            if at == 0 {
                let longest = NAME.max(width / 3);
                return cells.filter(|own| *own <= longest).max();
            }
            cells.max()
        };
        let (mut line, mut below, mut used, mut full) = (Vec::new(), Vec::new(), 0, false);
        for (at, column) in columns.iter().enumerate() {
            let own = widest(at).unwrap_or(0).max(column.header.width());
            let gap = if at == 0 { 0 } else { GAP };
            if at == 0 || (!full && used + gap + own <= room) {
                line.push((at, own));
                used += gap + own;
            } else if column.must {
                below.push(at);
            } else {
                // What is less important does not take its place.
                full = true;
            }
        }
        Self {
            columns,
            line,
            below,
            room,
        }
    }

    fn text(&self, rows: &[(Vec<String>, &str)]) -> String {
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
            for line in wrap(why, width).lines() {
                text.push_str(&format!("  {line}\n"));
            }
        }
        text
    }

    fn row(&self, cells: &[String]) -> String {
        let mut text = String::new();
        for (at, width) in &self.line {
            let cell = cells.get(*at).map_or("", String::as_str);
            if *at > 0 {
                text.push_str(&" ".repeat(GAP));
            }
            let own = cell.width();
            text.push_str(cell);
            if own > *width {
                text.push('\n');
                text.push_str(&" ".repeat(*width));
            } else {
                text.push_str(&" ".repeat(width - own));
            }
        }
        format!("{}\n", text.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] = [must("NAME"), must("FITS"), must("ID"), may("TYPE")];

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
        assert_eq!(text(&COLUMNS, Vec::new(), Some(80)), "");
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
