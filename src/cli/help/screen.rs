//! Renders blocks as lines for a terminal. They contain no escapes, so a pipe gets the same text.

use super::markdown::{Block, Span};
use crate::report::wrap;

/// Replaces a space inside a short command, so that no line ends there.
const FIRM: char = '\u{a0}';
/// Longer code may be broken at a space. Otherwise it would leave lines half empty.
const SHORT: usize = 40;
/// The minimum width of a table's column.
const NARROW: usize = 8;
/// The number of spaces between two columns.
const GAP: usize = 2;

/// The text, in lines of `width` columns. Code is never wrapped.
pub(super) fn text(blocks: &[Block], width: u16) -> String {
    let mut out = String::new();
    let mut before = None;
    for block in blocks {
        let item = matches!(block, Block::Item(..));
        if before.is_some_and(|before| !(before && item)) {
            out.push('\n');
        }
        before = Some(item);
        out.push_str(&lines(block, usize::from(width)));
    }
    out
}

fn lines(block: &Block, width: usize) -> String {
    match block {
        Block::Heading(level, spans) => {
            let title = plain_text(spans);
            let sign = match level {
                1 => "=",
                2 => "-",
                _ => return format!("{title}:\n"),
            };
            let rule = sign.repeat(title.chars().count().min(width));
            format!("{}\n{rule}\n", hung(&title, width, 0))
        }
        Block::Paragraph(spans) => format!("{}\n", hung(&plain_text(spans), width, 0)),
        Block::Item(depth, mark, spans) => {
            let indent = depth + mark.chars().count() + 1;
            let text = hung(&plain_text(spans), width, indent);
            format!("{:depth$}{mark} {text}\n", "")
        }
        Block::Code(lines) => lines.iter().map(|line| format!("    {line}\n")).collect(),
        Block::Table(rows) => table(rows, width),
    }
}

/// Text with its backticks, short commands kept together.
fn plain_text(spans: &[Span]) -> String {
    let word = |span: &Span| {
        if !span.code {
            return span.text.clone();
        }
        let code = format!("`{}`", span.text);
        if code.chars().count() > SHORT {
            return code;
        }
        code.replace(' ', &FIRM.to_string())
    };
    spans.iter().map(word).collect()
}

/// Wraps a text. All lines after the first are indented to the beginning of the text.
fn hung(text: &str, width: usize, indent: usize) -> String {
    let room = u16::try_from(width.saturating_sub(indent)).unwrap_or(u16::MAX);
    let below = format!("\n{:indent$}", "");
    let lines = wrap(text, Some(room)).replace('\n', &below);
    lines.replace(FIRM, " ")
}

/// Prints columns beside each other. If they don't fit, each row becomes a list.
fn table(rows: &[Vec<Vec<Span>>], width: usize) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| plain_text(cell)).collect())
        .collect();
    match columns(&cells, width) {
        Some(widths) => {
            let rows: Vec<String> = cells.iter().map(|row| side_by_side(row, &widths)).collect();
            let lines: usize = rows.iter().map(|row| row.lines().count()).sum();
            // Without an empty line, rows of several lines are hard to tell apart.
            rows.join(if lines > 2 * rows.len() { "\n" } else { "" })
        }
        None => one_below_the_other(&cells, width),
    }
}

/// How wide each column becomes. `None`: a word would not fit.
fn columns(cells: &[Vec<String>], width: usize) -> Option<Vec<usize>> {
    let count = cells.iter().map(Vec::len).max()?;
    let longest = |of: &dyn Fn(&str) -> usize| -> Vec<usize> {
        let column = |at: usize| cells.iter().filter_map(move |row| row.get(at));
        let widest = |at: usize| column(at).map(|cell| of(cell)).max().unwrap_or_default();
        (0..count).map(widest).collect()
    };
    let mut widths = longest(&|cell| cell.chars().count());
    let least = longest(&|cell| {
        let lengths = cell.split(' ').map(|word| word.chars().count());
        lengths.max().unwrap_or_default().max(NARROW)
    });
    let room = width.checked_sub(GAP * (count - 1))?;
    while widths.iter().sum::<usize>() > room {
        let wide = (0..count).filter(|at| widths[*at] > least[*at]);
        let widest = wide.max_by_key(|at| widths[*at])?;
        widths[widest] -= 1;
    }
    Some(widths)
}

fn side_by_side(row: &[String], widths: &[usize]) -> String {
    let cells: Vec<Vec<String>> = row
        .iter()
        .zip(widths)
        .map(|(cell, width)| narrow(cell, *width))
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or_default();
    let line = |at: usize| {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(widths) {
            let part = cell.get(at).map(String::as_str).unwrap_or_default();
            line.push_str(&format!("{part:room$}", room = width + GAP));
        }
        format!("{}\n", line.trim_end())
    };
    (0..height).map(line).collect()
}

/// A cell's lines. `wrap` does not wrap at very small widths, but a column may be that narrow.
fn narrow(cell: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in cell.split(' ') {
        let Some(last) = lines.last_mut() else { break };
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            last.push_str(&format!(" {word}"));
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.iter().map(|line| line.replace(FIRM, " ")).collect()
}

/// The first cell as a heading. The other cells are below it, after the names of their columns.
fn one_below_the_other(cells: &[Vec<String>], width: usize) -> String {
    let Some((header, rows)) = cells.split_first() else {
        return String::new();
    };
    let mut out = String::new();
    for row in rows {
        let first = row.first().map(String::as_str).unwrap_or_default();
        out.push_str(&format!("{}\n", hung(first, width, 0)));
        for (name, cell) in header.iter().zip(row).skip(1) {
            let text = if name.is_empty() || header.len() == 2 {
                cell.clone()
            } else {
                format!("{name}: {cell}")
            };
            out.push_str(&format!("    {}\n", hung(&text, width, 4)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::markdown::blocks;
    use super::*;

    const TEXT: &str = "\
# Title

A paragraph that names `cmkctl help limits` in its middle.

- An item that is longer than one line of the terminal.
- Another.

```sh
cmkctl status --all --fail-on locked,drift,expiring --output json
```

| code | what |
|---|---|
| 0 | done, or already in the desired state, which is more than a line |
";
    const SHOWN: &str = "\
Title
=====

A paragraph that names
`cmkctl help limits` in its middle.

- An item that is longer than one line
  of the terminal.
- Another.

    cmkctl status --all --fail-on locked,drift,expiring --output json

code  what
0     done, or already in the desired
      state, which is more than a line
";

    #[test]
    fn prose_is_wrapped_and_code_is_not() {
        assert_eq!(text(&blocks(TEXT), 40), SHOWN);
    }

    #[test]
    fn a_table_without_room_is_a_list() {
        let table = "| a-long-name-of-something | what it means |\n|---|---|\n\
            | the-first-long-name | an-explanation-in-one-word |\n";
        assert_eq!(
            text(&blocks(table), 30),
            "the-first-long-name\n    an-explanation-in-one-word\n"
        );
    }
}
