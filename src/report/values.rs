//! The shape of what is printed: a sheet of labelled values for people, JSON for scripts.

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// How data is printed. The lines are the help of `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// For scripts: one document with a `schema`
    Json,
    /// For scripts: one line an environment, a finding or a code; else one line
    Jsonl,
    /// For shells: tabs between values, no header, best with --query
    Tsv,
    /// The document of JSON as YAML
    Yaml,
    /// Nothing: the exit code says it
    None,
    /// For code-scanning pages; `check` only
    Sarif,
    /// One page for auditors; `report` only
    Html,
    /// For tickets; `report` only
    Markdown,
}

/// Sections of labelled values.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    sections: Vec<(String, Vec<(String, String)>)>,
    tail: Vec<String>,
}

impl Sheet {
    /// Starts a section; without a title for the first one.
    #[must_use]
    pub fn section(mut self, title: &str) -> Self {
        self.sections.push((title.to_owned(), Vec::new()));
        self
    }

    /// A row of the last section.
    #[must_use]
    pub fn row(mut self, label: &str, value: impl Into<String>) -> Self {
        if self.sections.is_empty() {
            self.sections.push((String::new(), Vec::new()));
        }
        if let Some((_, rows)) = self.sections.last_mut() {
            rows.push((label.to_owned(), value.into()));
        }
        self
    }

    /// A row, when there is a value.
    #[must_use]
    pub fn row_if(self, label: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.row(label, value),
            None => self,
        }
    }

    /// A line under everything.
    #[must_use]
    pub fn line(mut self, text: impl Into<String>) -> Self {
        self.tail.push(text.into());
        self
    }

    /// The text for a terminal of `width` columns; long values wrap, ids are never cut.
    pub fn text(&self, width: Option<u16>) -> String {
        let label_width = self
            .sections
            .iter()
            .flat_map(|(_, rows)| rows)
            .map(|(label, _)| label.chars().count())
            .max()
            .unwrap_or(0);
        let mut out = String::new();
        for (title, rows) in &self.sections {
            if !out.is_empty() {
                out.push('\n');
            }
            if !title.is_empty() {
                out.push_str(title);
                out.push('\n');
            }
            for (label, value) in rows {
                let mut lines = value.lines();
                out.push_str(&format!(
                    "{label:label_width$}  {}\n",
                    lines.next().unwrap_or_default()
                ));
                for line in lines {
                    out.push_str(&format!("{:label_width$}  {line}\n", ""));
                }
            }
        }
        if !self.tail.is_empty() {
            out.push('\n');
            for line in &self.tail {
                out.push_str(&wrap(line, width));
                out.push('\n');
            }
        }
        out
    }
}

/// A table without frames, as wide as the terminal; unbounded when there is none, so that a pipe
/// gets one line a row.
pub(super) fn grid(header: &[&str], rows: Vec<Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header);
    if let Some(width) = width {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
    }
    table.add_rows(rows);
    table
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

/// Breaks a sentence at blanks; a word that is longer than the line stays whole.
pub(super) fn wrap(text: &str, width: Option<u16>) -> String {
    let Some(width) = width.map(usize::from).filter(|width| *width >= 20) else {
        return text.to_owned();
    };
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// A document as JSON.
pub(super) fn value_of(value: &impl Serialize) -> serde_json::Value {
    // Our own structs hold nothing that JSON can't.
    serde_json::to_value(value).unwrap_or_default()
}

/// One JSON document, pretty, with a line feed.
pub(super) fn json(value: &impl Serialize) -> String {
    // Our own structs hold nothing that JSON can't.
    serde_json::to_string_pretty(value)
        .unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"))
        + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_line_up_and_long_values_stay_whole() {
        let sheet = Sheet::default()
            .row("a", "1")
            .row("long", "x\ny")
            .section("Two")
            .row("b", "2")
            .line("end");
        assert_eq!(
            sheet.text(None),
            "a     1\nlong  x\n      y\n\nTwo\nb     2\n\nend\n"
        );
    }

    #[test]
    fn wrapping_breaks_at_blanks_only() {
        let id = "x".repeat(40);
        assert_eq!(
            wrap(&format!("one two {id} three"), Some(20)),
            format!("one two\n{id}\nthree")
        );
        assert_eq!(wrap("one two", None), "one two");
    }
}
