//! Renders a JSON document for scripts as JSON, JSON lines, TSV or YAML, and the result of a query
//! for people.

use super::fitted::grid;
use super::values::{Format, Sheet, json};
use crate::model::text::clean;
use serde_json::Value;

/// Documents that are a list with a few words around it: where a line each begins.
const LISTS: [(&str, &[&str]); 10] = [
    ("cmkctl/estate/v1", &["/environments"]),
    ("cmkctl/report/v1", &["/data/environments"]),
    ("cmkctl/check/v1", &["/findings"]),
    ("cmkctl/history/v1", &["/operations"]),
    ("cmkctl/explain/v1", &["/codes", "/service_codes"]),
    ("cmkctl/list-environments/v1", &["/environments"]),
    ("cmkctl/list-policies/v1", &["/policies"]),
    ("cmkctl/list-vaults/v1", &["/vaults"]),
    ("cmkctl/list-keys/v1", &["/keys"]),
    ("cmkctl/list-subscriptions/v1", &["/subscriptions"]),
];

/// The text of a document, or of a query's result.
pub(super) fn render(value: &Value, format: Format, width: Option<u16>) -> String {
    match format {
        Format::None => String::new(),
        Format::Jsonl => rows(value)
            .into_iter()
            .map(|row| format!("{row}\n"))
            .collect(),
        Format::Tsv => rows(value)
            .into_iter()
            .map(|row| {
                let cells: Vec<String> = cells(row).into_iter().map(no_formula).collect();
                cells.join("\t") + "\n"
            })
            .collect(),
        Format::Yaml => yaml(value),
        Format::Table | Format::Wide => table(value, width),
        Format::Json
        | Format::Sarif
        | Format::Html
        | Format::Markdown
        | Format::Csv
        | Format::Ics
        | Format::Prometheus => json(value),
    }
}

/// The rows of a value: the elements of a list or of a document's main list. Another value is one
/// row, and null is none.
fn rows(value: &Value) -> Vec<&Value> {
    let schema = value.get("schema").and_then(Value::as_str);
    let list = LISTS.iter().find(|(name, _)| Some(*name) == schema);
    match (value, list) {
        (_, Some((_, places))) => places
            .iter()
            .filter_map(|place| value.pointer(place)?.as_array())
            .flatten()
            .collect(),
        (Value::Array(items), None) => items.iter().collect(),
        (Value::Null, None) => Vec::new(),
        (_, None) => vec![value],
    }
}

/// The cells of a row, as in `az -o tsv`: an object's values in order. A list shows its number of
/// elements, an inner object nothing.
fn cells(row: &Value) -> Vec<String> {
    match row {
        Value::Object(map) => map.values().map(cell).collect(),
        Value::Array(items) => items.iter().map(cell).collect(),
        scalar => vec![cell(scalar)],
    }
}

/// Quotes a cell that a spreadsheet would read as a formula.
fn no_formula(cell: String) -> String {
    if cell.starts_with(['=', '@']) {
        return format!("'{cell}");
    }
    cell
}

/// A value as a cell, without tabs and line feeds.
fn cell(value: &Value) -> String {
    match value {
        Value::Null | Value::Object(_) => String::new(),
        Value::Array(items) => items.len().to_string(),
        Value::String(text) => clean(text),
        other => other.to_string(),
    }
}

/// YAML without folded lines, so that an id stays in one piece.
fn yaml(value: &Value) -> String {
    let mut options = serde_saphyr::SerializerOptions::default();
    options.prefer_block_scalars = false;
    // YAML can express every JSON value.
    serde_saphyr::to_string_with_options(value, options).unwrap_or_else(|_| json(value))
}

/// The result of a query for people: objects as a table, other values as lines.
fn table(value: &Value, width: Option<u16>) -> String {
    match value {
        Value::Object(map) => map
            .iter()
            .fold(Sheet::default(), |sheet, (key, item)| {
                sheet.row(&clean(key), cell(item))
            })
            .text(width),
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object) => {
            let mut header: Vec<&String> = Vec::new();
            for key in items
                .iter()
                .filter_map(Value::as_object)
                .flat_map(|map| map.keys())
            {
                if !header.contains(&key) {
                    header.push(key);
                }
            }
            let line = |item: &Value| {
                header
                    .iter()
                    .map(|key| item.get(key).map_or(String::new(), cell))
                    .collect()
            };
            let names: Vec<String> = header.iter().map(|key| clean(key)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            grid(&names, items.iter().map(line).collect(), width)
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_array) => {
            let columns = items
                .iter()
                .map(|item| cells(item).len())
                .max()
                .unwrap_or(0);
            let names: Vec<String> = (1..=columns)
                .map(|number| format!("Column{number}"))
                .collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let full = |item: &Value| {
                let mut row = cells(item);
                row.resize(columns, String::new());
                row
            };
            grid(&names, items.iter().map(full).collect(), width)
        }
        other => rows(other)
            .into_iter()
            .map(|row| cells(row).join("  ") + "\n")
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_and_tabs_are_what_az_prints() {
        let list = json!([{ "b": "x", "a": 1 }, { "b": null, "a": true }, { "b": [1, 2],
            "a": { "c": 1 } }]);
        assert_eq!(render(&list, Format::Tsv, None), "x\t1\n\ttrue\n2\t\n");
        assert_eq!(
            render(&json!(["x\ty\nz", 2]), Format::Tsv, None),
            "x y z\n2\n"
        );
        assert_eq!(render(&json!("one"), Format::Tsv, None), "one\n");
        assert_eq!(
            render(&json!([["a", "b"], ["c"]]), Format::Tsv, None),
            "a\tb\nc\n"
        );
        assert_eq!(render(&Value::Null, Format::Tsv, None), "");
        assert_eq!(render(&list, Format::Jsonl, None).lines().count(), 3);
        let estate =
            json!({ "schema": "cmkctl/estate/v1", "environments": [{ "id": 1 }, { "id": 2 }] });
        assert_eq!(
            render(&estate, Format::Jsonl, None),
            "{\"id\":1}\n{\"id\":2}\n"
        );
        assert_eq!(
            render(&json!({ "schema": "cmkctl/other/v1" }), Format::Jsonl, None)
                .lines()
                .count(),
            1
        );
        assert_eq!(render(&list, Format::None, None), "");
    }

    #[test]
    fn no_cell_is_a_formula() {
        let list = json!([{ "name": "=HYPERLINK(1)", "other": "@x", "plain": "a=b", "count": -1 }]);
        assert_eq!(
            render(&list, Format::Tsv, None),
            "'=HYPERLINK(1)\t'@x\ta=b\t-1\n"
        );
    }

    #[test]
    fn an_answer_is_a_table_when_it_is_one() {
        let table = render(
            &json!([{ "name": "x", "id": 1 }, { "name": "longer", "id": 2 }]),
            Format::Table,
            None,
        );
        assert_eq!(table, "name    id\nx       1\nlonger  2\n");
        assert_eq!(
            render(&json!({ "name": "x", "identity": 1 }), Format::Table, None),
            "name      x\nidentity  1\n"
        );
        assert_eq!(render(&json!(["x", "y"]), Format::Table, None), "x\ny\n");
        assert_eq!(
            render(&json!([["x", 1], ["y"]]), Format::Table, None),
            "Column1  Column2\nx        1\ny\n"
        );
        assert_eq!(render(&json!([]), Format::Table, None), "");
    }

    /// Words that YAML misreads without quotes.
    const NASTY: [&str; 44] = [
        "",
        " ",
        "yes",
        "no",
        "on",
        "null",
        "~",
        "1",
        "1.0",
        "0x1f",
        "1e3",
        "2026-03-02",
        "a: b",
        "- a",
        "#a",
        "a #b",
        "'",
        "\"",
        "\\",
        "a\nb",
        "a\n",
        "\ta",
        "{a}",
        "[a]",
        "!a",
        "&a",
        "*a",
        "%a",
        "@a",
        "`a`",
        "| a",
        "> a",
        "?",
        "---",
        "...",
        "ö",
        "\u{85}",
        "\u{2028}",
        "a\u{0}b",
        "12:30:00",
        ".inf",
        "=",
        "<<",
        "true ",
    ];

    #[test]
    fn yaml_comes_back_as_it_was() {
        let long = "word ".repeat(60);
        let value = json!({
            "list": NASTY.to_vec(), "deep": [[{ "a": [{ "b": {} }, []] }], null, true, -1, 1.5,
                u64::MAX],
            "long": long, "a key: with": { "yes": { "1": 2 } },
        });
        let text = render(&value, Format::Yaml, None);
        assert_eq!(
            serde_norway::from_str::<Value>(&text).unwrap(),
            value,
            "{text}"
        );
        assert!(
            text.lines().any(|line| line.contains(long.trim())),
            "{text}"
        );
    }
}
