//! The supported subset of Resource Graph's query language (Kusto).

use serde_json::{Map, Value, json};
use std::cmp::Ordering;

/// Runs a query over the table.
///
/// # Errors
/// The part of the query that is not supported.
pub(super) fn answer(query: &str, table: Vec<Value>) -> Result<Vec<Value>, String> {
    let mut stages = query.split('|').map(str::trim);
    let first = stages.next().unwrap_or_default();
    if !first.eq_ignore_ascii_case("resources") {
        return Err(format!("the table '{first}' is not supported here"));
    }
    stages.try_fold(table, stage)
}

fn stage(mut rows: Vec<Value>, text: &str) -> Result<Vec<Value>, String> {
    let (verb, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    match verb.to_ascii_lowercase().as_str() {
        "where" => {
            let conditions = conditions(rest)?;
            rows.retain(|row| conditions.iter().all(|condition| condition.holds(row)));
        }
        "project" => {
            let fields: Vec<(&str, &str)> = rest.split(',').map(projected).collect();
            let shown = |row: Value| {
                let all = fields.iter();
                let all = all.map(|(name, path)| ((*name).to_owned(), at(&row, path).clone()));
                Value::Object(all.collect::<Map<String, Value>>())
            };
            rows = rows.into_iter().map(shown).collect();
        }
        "order" | "sort" => {
            let fields = rest.strip_prefix("by").unwrap_or(rest).trim();
            let (field, way) = fields.split_once(' ').unwrap_or((fields, "desc"));
            let rising = way.trim().eq_ignore_ascii_case("asc");
            if field.contains(',') {
                return Err("an order by several columns is not supported here".to_owned());
            }
            rows.sort_by(|left, right| {
                let order = compared(at(left, field), at(right, field));
                if rising { order } else { order.reverse() }
            });
        }
        "limit" | "take" => {
            let most = rest
                .parse()
                .map_err(|_| format!("'{rest}' is not a number"))?;
            rows.truncate(most);
        }
        "count" => rows = vec![json!({ "Count": rows.len() })],
        other => return Err(format!("the operator '{other}' is not supported here")),
    }
    Ok(rows)
}

/// Reads `column`, or `name = column`.
fn projected(text: &str) -> (&str, &str) {
    let (name, path) = text.split_once('=').unwrap_or((text, text));
    (name.trim(), path.trim())
}

fn compared(left: &Value, right: &Value) -> Ordering {
    left.as_str().cmp(&right.as_str())
}

/// The value at a dotted path. Names are compared without case.
fn at<'a>(row: &'a Value, path: &str) -> &'a Value {
    let step = |value: &'a Value, name: &str| {
        let mut all = value.as_object().into_iter().flatten();
        all.find(|(field, _)| field.eq_ignore_ascii_case(name.trim()))
            .map_or(&Value::Null, |(_, value)| value)
    };
    path.split('.').fold(row, step)
}

/// A comparison of a column with texts.
struct Condition<'a> {
    field: &'a str,
    values: Vec<&'a str>,
    cased: bool,
    wanted: bool,
}

impl Condition<'_> {
    fn holds(&self, row: &Value) -> bool {
        let cell = at(row, self.field).as_str().unwrap_or_default();
        let same = |value: &&str| {
            if self.cased {
                cell == *value
            } else {
                cell.eq_ignore_ascii_case(value)
            }
        };
        self.values.iter().any(same) == self.wanted
    }
}

/// Reads comparisons joined by `and`.
fn conditions(text: &str) -> Result<Vec<Condition<'_>>, String> {
    let text = text.trim();
    text.split(" and ").map(condition).collect()
}

fn condition(text: &str) -> Result<Condition<'_>, String> {
    let odd = || format!("the condition '{text}' is not supported here");
    let (field, rest) = text
        .trim()
        .split_once(char::is_whitespace)
        .ok_or_else(odd)?;
    let (operator, rest) = rest
        .trim()
        .split_once([' ', '(', '\'', '"'])
        .ok_or_else(odd)?;
    // The value starts directly after the operator.
    let value = text
        .get(text.len() - rest.len() - 1..)
        .unwrap_or_default()
        .trim();
    let (cased, wanted) = match operator {
        "=~" | "in~" => (false, true),
        "==" | "in" => (true, true),
        "!~" | "!in~" => (false, false),
        "!=" | "!in" => (true, false),
        _ => return Err(odd()),
    };
    let list = value
        .strip_prefix('(')
        .and_then(|list| list.strip_suffix(')'));
    let values = match list {
        Some(list) => list.split(',').map(quoted).collect::<Option<Vec<&str>>>(),
        None => quoted(value).map(|single| vec![single]),
    };
    Ok(Condition {
        field,
        values: values.ok_or_else(odd)?,
        cased,
        wanted,
    })
}

fn quoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let inside = |mark: char| text.strip_prefix(mark)?.strip_suffix(mark);
    let value = inside('\'').or_else(|| inside('"'))?;
    (!value.contains(['\'', '"'])).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(query: &str) -> Result<Vec<String>, String> {
        let table = vec![
            json!({ "name": "b", "type": "x/y", "properties": { "a": { "Of": "1" } } }),
            json!({ "name": "a", "type": "x/y", "properties": {} }),
            json!({ "name": "c", "type": "x/z" }),
        ];
        let rows = answer(query, table)?;
        Ok(rows
            .iter()
            .map(|row| row["name"].as_str().unwrap_or("-").to_owned())
            .collect())
    }

    #[test]
    fn what_is_understood_is_answered() {
        for (query, expected) in [
            ("Resources", "b a c"),
            ("resources | where type =~ 'X/Y' | order by name asc", "a b"),
            ("resources|where type == \"x/y\"|where name != 'a'", "b"),
            (
                "resources | where type in~ ('X/Z', 'n') and name =~'C'",
                "c",
            ),
            ("resources | where type !in ('x/y')", "c"),
            (
                "resources | where properties.A.of == '1' | project name",
                "b",
            ),
            ("resources | project n = name", "- - -"),
            ("resources | sort by name desc | take 2", "c b"),
            ("resources | count", "-"),
        ] {
            assert_eq!(names(query).unwrap().join(" "), expected, "{query}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for query in [
            "",
            "resourcecontainers",
            "resources | summarize count()",
            "resources | where type contains 'x'",
            "resources | where type =~ x",
            "resources | where type =~ 'x' or name =~ 'y'",
            "resources | where type",
            "resources | take all",
        ] {
            assert!(names(query).is_err(), "{query}");
        }
    }
}
