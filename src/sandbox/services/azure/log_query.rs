//! The supported subset of the query language of Log Analytics (Kusto): `union`, `where`, `extend`
//! and `summarize` over the tables of Key Vault's audit log.

use super::log_words::{Expression, parse, parts};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The tables that can have rows, with the columns that cmkctl's sandbox fills.
const TABLES: [(&str, &[&str]); 2] = [
    (
        "AZKVAuditLogs",
        &[
            "TimeGenerated",
            "OperationName",
            "_ResourceId",
            "Id",
            "HttpStatusCode",
            "Identity",
        ],
    ),
    (
        "AzureDiagnostics",
        &[
            "TimeGenerated",
            "OperationName",
            "_ResourceId",
            "ResourceProvider",
            "id_s",
            "httpStatusCode_d",
            "identity_claim_oid_g",
        ],
    ),
];

/// The result: the columns, and the rows in their order.
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Map<String, Value>>,
}

/// Runs a query. `there`: the table of the workspace, with its rows.
///
/// # Errors
/// The part of the query that is not supported, or a name that is not known.
pub(super) fn answer(query: &str, there: (&str, Vec<Value>)) -> Result<Table, String> {
    let mut stages = parts(query, '|').into_iter();
    let mut table = source(stages.next().unwrap_or_default().trim(), there)?;
    for text in stages {
        let text = text.trim();
        let (verb, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match verb {
            "where" => {
                let condition = parse(rest)?;
                let mut kept = Vec::new();
                for row in table.rows {
                    if value(&condition, &row, &table.columns)? == Value::Bool(true) {
                        kept.push(row);
                    }
                }
                table.rows = kept;
            }
            "extend" => {
                for (name, expression) in named(rest)? {
                    for row in &mut table.rows {
                        let made = value(&expression, row, &table.columns)?;
                        row.insert(name.clone(), made);
                    }
                    table.columns.push(name);
                }
            }
            "summarize" => table = summarized(table, rest)?,
            other => return Err(format!("the operator '{other}' is not supported here")),
        }
    }
    Ok(table)
}

/// `union isfuzzy=true A, B`, or one table. Without `isfuzzy`, a missing table is an error.
fn source(text: &str, (there, rows): (&str, Vec<Value>)) -> Result<Table, String> {
    let (fuzzy, names) = match text.strip_prefix("union ") {
        Some(rest) => match rest.trim().strip_prefix("isfuzzy=true ") {
            Some(rest) => (true, rest),
            None => (false, rest),
        },
        None => (false, text),
    };
    let mut columns: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for name in names.split(',').map(str::trim) {
        let known = TABLES
            .iter()
            .find(|(table, _)| *table == name && *table == there);
        match known {
            Some((_, names)) => {
                columns.extend(names.iter().map(|name| (*name).to_owned()));
                found.clone_from(&rows);
            }
            None if fuzzy => {}
            None => return Err(unresolved(name)),
        }
    }
    if columns.is_empty() {
        return Err(unresolved(names.trim()));
    }
    let rows = found.into_iter().filter_map(|row| row.as_object().cloned());
    Ok(Table {
        columns,
        rows: rows.collect(),
    })
}

fn unresolved(name: &str) -> String {
    format!("Failed to resolve table or column expression named '{name}'")
}

/// Reads `name = expression` for each of a list.
fn named(text: &str) -> Result<Vec<(String, Expression)>, String> {
    let column = |text: &str| {
        let (name, rest) = text.split_once('=').ok_or("a column has no name")?;
        Ok((name.trim().to_owned(), parse(rest)?))
    };
    parts(text, ',').into_iter().map(column).collect()
}

/// `summarize N = min(e), … by K = e, …`: a row for each value of the keys.
fn summarized(table: Table, text: &str) -> Result<Table, String> {
    let (made, by) = text.split_once(" by ").ok_or("there is no `by`")?;
    let (made, by) = (named(made)?, named(by)?);
    let mut groups: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for row in &table.rows {
        let mut keys = Map::new();
        for (name, expression) in &by {
            keys.insert(name.clone(), value(expression, row, &table.columns)?);
        }
        let group = groups.entry(json!(keys).to_string()).or_insert(keys);
        for (name, expression) in &made {
            let Expression::Call(function, of) = expression else {
                return Err(format!("'{name}' is not an aggregation"));
            };
            let of = of.first().ok_or("the aggregation has no argument")?;
            let new = value(of, row, &table.columns)?;
            // The times have one form, so they compare as texts.
            let before = group.get(name).and_then(Value::as_str).map(str::to_owned);
            let later = before.as_deref() < new.as_str();
            match (function.as_str(), &before) {
                ("min" | "max", None) => drop(group.insert(name.clone(), new)),
                ("min", Some(_)) if !later => drop(group.insert(name.clone(), new)),
                ("max", Some(_)) if later => drop(group.insert(name.clone(), new)),
                ("min" | "max", Some(_)) => {}
                _ => {
                    return Err(format!(
                        "the aggregation '{function}' is not supported here"
                    ));
                }
            }
        }
    }
    let columns = by.iter().chain(&made).map(|(name, _)| name.clone());
    Ok(Table {
        columns: columns.collect(),
        rows: groups.into_values().collect(),
    })
}

/// The value of an expression in a row.
fn value(
    expression: &Expression,
    row: &Map<String, Value>,
    columns: &[String],
) -> Result<Value, String> {
    let of = |inner: &Expression| value(inner, row, columns);
    let text = |inner: &Expression| Ok::<_, String>(shown(&of(inner)?));
    let is = |name: &str| columns.iter().any(|column| column == name);
    Ok(match expression {
        Expression::Text(text) => json!(text),
        Expression::Null => Value::Null,
        Expression::Column(name) if is(name) => row.get(name).cloned().unwrap_or_default(),
        Expression::Column(name) => return Err(unresolved(name)),
        Expression::Member(inner, name) => of(inner)?[name.as_str()].clone(),
        Expression::And(left, right) => json!(of(left)? == true && of(right)? == true),
        Expression::Same(left, right) => json!(text(left)? == text(right)?),
        Expression::Alike(left, right) => json!(text(left)?.eq_ignore_ascii_case(&text(right)?)),
        Expression::Contains(whole, part) => {
            let (whole, part) = (text(whole)?.to_lowercase(), text(part)?.to_lowercase());
            json!(whole.contains(&part))
        }
        Expression::In(member, list) => {
            let member = text(member)?;
            let all: Vec<String> = list.iter().map(text).collect::<Result<_, _>>()?;
            json!(all.contains(&member))
        }
        Expression::Call(name, given) => match (name.as_str(), given.as_slice()) {
            ("tostring", [inner]) => json!(text(inner)?),
            ("dynamic", [inner]) => of(inner)?,
            ("column_ifexists", [name, other]) => {
                let name = text(name)?;
                if is(&name) {
                    row.get(&name).cloned().unwrap_or_default()
                } else {
                    of(other)?
                }
            }
            ("coalesce", all) => {
                let all: Vec<Value> = all.iter().map(of).collect::<Result<_, _>>()?;
                let full = all.iter().find(|value| !shown(value).is_empty());
                full.cloned().unwrap_or_else(|| json!(""))
            }
            ("iff", [condition, yes, no]) => of(if of(condition)? == true { yes } else { no })?,
            (other, _) => return Err(format!("the function '{other}' is not supported here")),
        },
    })
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(query: &str) -> Result<Vec<Value>, String> {
        let row = |at: &str, operation: &str, oid: &str| {
            json!({ "TimeGenerated": at, "OperationName": operation, "_ResourceId": "/v",
                "Id": "https://kv/keys/cmk/1", "Identity": { "claim": { "oid": oid } } })
        };
        let all = vec![
            row("2", "KeyUnwrap", "a"),
            row("1", "KeyUnwrap", "a"),
            row("3", "Get", ""),
        ];
        let table = answer(query, ("AZKVAuditLogs", all))?;
        Ok(table.rows.into_iter().map(Value::Object).collect())
    }

    #[test]
    fn what_is_understood_is_answered() {
        let both = "union isfuzzy=true AzureDiagnostics, AZKVAuditLogs";
        assert_eq!(rows(both).unwrap().len(), 3);
        let some = format!("{both} | where _ResourceId =~ '/V' and OperationName in ('Get', 'x')");
        assert_eq!(rows(&some).unwrap().len(), 1);
        let groups = "AZKVAuditLogs\n| extend C = column_ifexists('Identity', dynamic(null))\n\
            | extend Oid = coalesce(tostring(C.claim.oid), column_ifexists('no', '-'))\n\
            | summarize Last = max(TimeGenerated), First = min(TimeGenerated) by \
            Who = iff(OperationName == 'Get', '', Oid)";
        let groups = rows(groups).unwrap();
        assert_eq!(
            groups,
            [
                json!({ "Who": "", "Last": "3", "First": "3" }),
                json!({ "Who": "a", "Last": "2", "First": "1" }),
            ]
        );
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for query in [
            "",
            "AzureDiagnostics",
            "union AzureDiagnostics, AZKVAuditLogs",
            "AZKVAuditLogs | take 1",
            "AZKVAuditLogs | where Nothing == 'x'",
            "AZKVAuditLogs | where strlen(Id) == '1'",
            "AZKVAuditLogs | where Id ==",
            "AZKVAuditLogs | where Id == 'x",
            "AZKVAuditLogs | summarize count() by Id",
        ] {
            assert!(rows(query).is_err(), "{query}");
        }
    }
}
