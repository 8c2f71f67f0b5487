//! A table for spreadsheets, after RFC 4180. A cell that a spreadsheet would run as a formula
//! becomes text.

use crate::model::text::clean;

/// Excel reads a file without this mark in the code page of the machine.
const MARK: char = '\u{feff}';

/// The lines of a table, the header first. [`exact`] gives them their ends.
pub(super) fn lines(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = header.join(",") + "\n";
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| quoted(&harmless(cell))).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

/// The file: what marks it as UTF-8, and the line ends that the standard wants.
pub(super) fn exact(text: &str) -> String {
    let mut exact = String::with_capacity(text.len() + text.len() / 64 + 4);
    exact.push(MARK);
    exact + &text.replace('\n', "\r\n")
}

/// An apostrophe makes a spreadsheet read text. It may look behind blanks for the sign.
fn harmless(cell: &str) -> String {
    let cell = clean(cell);
    let sign = cell.trim_start().chars().next();
    if sign.is_some_and(|sign| "=+-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(sign)) {
        return format!("'{cell}");
    }
    cell
}

fn quoted(cell: &str) -> String {
    let plain = |ch: char| !matches!(ch, '"' | ',' | ';' | '\'' | ' ' | '\t' | '\r' | '\n');
    if cell.chars().all(plain) {
        return cell.to_owned();
    }
    format!("\"{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(cells: &[&str]) -> String {
        let row = cells.iter().map(|cell| (*cell).to_owned()).collect();
        let text = lines(&["a"], std::iter::once(row));
        text.strip_prefix("a\n").unwrap().to_owned()
    }

    #[test]
    fn a_cell_is_quoted_where_it_must_and_never_a_formula() {
        for (cells, expected) in [
            (&["x", ""][..], "x,\n"),
            (&["x,y", "a b"], "\"x,y\",\"a b\"\n"),
            (&["5\" disk"], "\"5\"\" disk\"\n"),
            (&["=cmd|' /C calc'!A0"], "\"'=cmd|' /C calc'!A0\"\n"),
            (&["+1", "-1", "@x"], "\"'+1\",\"'-1\",\"'@x\"\n"),
            (&[" =1"], "\"' =1\"\n"),
            (&["\t=1"], "\"' =1\"\n"),
            (&["\u{ff1d}1"], "\"'\u{ff1d}1\"\n"),
            (&["2026-03-02", "a=b"], "2026-03-02,a=b\n"),
        ] {
            assert_eq!(line(cells), expected, "{cells:?}");
        }
        assert_eq!(exact("a\nb\n"), "\u{feff}a\r\nb\r\n");
    }

    /// What a reader makes of one line.
    fn read(line: &str) -> Vec<String> {
        let (mut cells, mut cell, mut inside) = (Vec::new(), String::new(), false);
        let mut chars = line.trim_end_matches('\n').chars().peekable();
        while let Some(ch) = chars.next() {
            match ch {
                '"' if inside && chars.next_if_eq(&'"').is_some() => cell.push('"'),
                '"' => inside = !inside,
                ',' if !inside => cells.push(std::mem::take(&mut cell)),
                ch => cell.push(ch),
            }
        }
        cells.push(cell);
        cells
    }

    proptest! {
        #[test]
        fn every_cell_is_read_back_and_starts_no_formula(
            cells in proptest::collection::vec("\\PC*|[=+@,;\"' \t\r\n-]*", 2)
        ) {
            let text = line(&[&cells[0], &cells[1]]);
            let told = read(&text);
            prop_assert_eq!(told.len(), 2, "{}", text);
            for (told, cell) in told.iter().zip(&cells) {
                let bare = |text: &str| text.strip_prefix('\'').unwrap_or(text).to_owned();
                prop_assert_eq!(bare(told), bare(&clean(cell)));
                prop_assert!(!told.trim_start().starts_with(['=', '+', '-', '@']), "{}", told);
            }
        }
    }
}
