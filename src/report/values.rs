//! The forms of data: a sheet of labelled values for people, JSON for scripts.

use super::hanging::hang;
use serde::Serialize;

/// How data is printed. These doc comments are the help of `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// For people, with every column and without wrapped lines
    Wide,
    /// For scripts: one document with a `schema`
    Json,
    /// For scripts: one line for each item (environment, finding, code), or one line in all
    Jsonl,
    /// For shells: tabs between values, no header, best with --query
    Tsv,
    /// The JSON document as YAML
    #[value(alias = "yml")]
    Yaml,
    /// No result, only the exit code
    None,
    /// For code-scanning pages; `check` only
    Sarif,
    /// One page for auditors; `report` only
    Html,
    /// For tickets; `report` only
    Markdown,
    /// For spreadsheets; `status --all` only
    Csv,
    /// For calendars; `status --all` only
    Ics,
    /// For monitoring; `status --all` only
    Prometheus,
}

impl Format {
    /// Does the format have its own structure, so that `--query` can't apply?
    pub const fn is_page(self) -> bool {
        match self {
            Format::Sarif
            | Format::Html
            | Format::Markdown
            | Format::Csv
            | Format::Ics
            | Format::Prometheus => true,
            Format::Table
            | Format::Wide
            | Format::Json
            | Format::Jsonl
            | Format::Tsv
            | Format::Yaml
            | Format::None => false,
        }
    }
}

/// Sections of labelled values.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    sections: Vec<(String, Vec<(String, String)>)>,
    tail: Vec<String>,
}

impl Sheet {
    /// Starts a section. The first section may have an empty title.
    #[must_use]
    pub fn section(mut self, title: &str) -> Self {
        self.sections.push((title.to_owned(), Vec::new()));
        self
    }

    /// Adds a row to the last section.
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

    /// Adds a row, if there is a value.
    #[must_use]
    pub fn row_if(self, label: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.row(label, value),
            None => self,
        }
    }

    /// Adds a line after all sections.
    #[must_use]
    pub fn line(mut self, text: impl Into<String>) -> Self {
        self.tail.push(text.into());
        self
    }

    /// The text for a terminal of `width` columns. Long values wrap, and ids are never cut.
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
                let value = hang(value, width, label_width + 2);
                out.push_str(&format!("{label:label_width$}  {value}\n"));
            }
        }
        if !self.tail.is_empty() {
            out.push('\n');
            for line in &self.tail {
                out.push_str(&hang(line, width, 0));
                out.push('\n');
            }
        }
        out
    }
}

/// A document as JSON.
pub(super) fn value_of(value: &impl Serialize) -> serde_json::Value {
    // Our structs contain only values that JSON supports.
    serde_json::to_value(value).unwrap_or_default()
}

/// One indented JSON document with a line feed.
pub(super) fn json(value: &impl Serialize) -> String {
    // Our structs contain only values that JSON supports.
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
}
