//! `--query`: JMESPath over the JSON document, parsed before anything is sent.

use crate::error::{Error, Result};
use crate::model::count::counted;
use jmespath::ast::Ast;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The maximum length of an expression; no useful one is longer.
const LONGEST: usize = 2000;
/// The library recurses as deep as the expression, so limit the depth to protect the stack.
const DEEPEST: usize = 200;

/// The functions of the JMESPath specification with their number of arguments. `None` means one or
/// more.
const FUNCTIONS: [(&str, Option<usize>); 26] = [
    ("abs", Some(1)),
    ("avg", Some(1)),
    ("ceil", Some(1)),
    ("contains", Some(2)),
    ("ends_with", Some(2)),
    ("floor", Some(1)),
    ("join", Some(2)),
    ("keys", Some(1)),
    ("length", Some(1)),
    ("map", Some(2)),
    ("max", Some(1)),
    ("max_by", Some(2)),
    ("merge", None),
    ("min", Some(1)),
    ("min_by", Some(2)),
    ("not_null", None),
    ("reverse", Some(1)),
    ("sort", Some(1)),
    ("sort_by", Some(2)),
    ("starts_with", Some(2)),
    ("sum", Some(1)),
    ("to_array", Some(1)),
    ("to_number", Some(1)),
    ("to_string", Some(1)),
    ("type", Some(1)),
    ("values", Some(1)),
];

/// A parsed expression.
#[derive(Debug, Clone)]
pub struct Query {
    expression: jmespath::Expression<'static>,
    /// The keys of every object that the expression creates, in the order written.
    made: Vec<Vec<String>>,
}

impl Query {
    /// Parses an expression.
    ///
    /// # Errors
    /// Usage: where the expression is wrong, or which function is unknown.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > LONGEST {
            return Err(
                Error::usage(format!("The query has more than {LONGEST} characters.")).hint(HELP),
            );
        }
        if text.matches(|ch: char| "([{!&.|<>=*".contains(ch)).count() > DEEPEST {
            return Err(Error::usage(format!(
                "The query has more than {DEEPEST} brackets and operators."
            ))
            .hint(HELP));
        }
        let expression = jmespath::compile(text).map_err(|error| {
            let reason = error.reason.to_string();
            let reason = reason.trim().trim_end_matches('.');
            wrong(text).detail(format!("At character {}: {reason}.", error.offset + 1))
        })?;
        let mut made = Vec::new();
        let mut open = vec![expression.as_ast()];
        while let Some(part) = open.pop() {
            match part {
                Ast::Function { name, args, .. } => function(text, name, args.len())?,
                Ast::MultiHash { elements, .. } => {
                    made.push(elements.iter().map(|element| element.key.clone()).collect())
                }
                _ => {}
            }
            open.extend(parts(part));
        }
        Ok(Self { expression, made })
    }

    /// The result of the expression on a document. The library sorts object keys, so this restores
    /// the order of the expression or the document.
    ///
    /// # Errors
    /// The expression does not fit the document, as in `length(…)` of a number.
    pub fn ask(&self, document: &Value) -> Result<Value> {
        let misfit = |error: String| {
            wrong(self.expression.as_str()).detail(format!(
                "The query does not fit the result: {}.",
                error.trim_end_matches('.')
            ))
        };
        let found = self
            .expression
            .search(document)
            .map_err(|error| misfit(error.reason.to_string()))?;
        let found = serde_json::to_value(&*found).map_err(|error| misfit(error.to_string()))?;
        let mut orders = HashMap::new();
        learn(document, &mut orders);
        for keys in &self.made {
            orders.insert(sorted(keys.iter().cloned()), keys.clone());
        }
        Ok(ordered(found, &orders))
    }
}

const HELP: &str = "Write a JMESPath query for the output of `-o json`, such as \
    `environments[?state=='locked'].id`: https://jmespath.org";

fn wrong(text: &str) -> Error {
    let shown: String = text.chars().take(120).collect();
    Error::usage(format!(
        "cmkctl can't run the query `{}`.",
        shown.escape_debug()
    ))
    .hint(HELP)
}

fn function(text: &str, name: &str, given: usize) -> Result<()> {
    match FUNCTIONS.iter().find(|(known, _)| *known == name) {
        None => {
            let known = FUNCTIONS.map(|(name, _)| name).join(", ");
            Err(wrong(text).detail(format!(
                "There is no function `{name}`. Functions: {known}."
            )))
        }
        Some((_, Some(wanted))) if *wanted != given => {
            let wanted = counted(*wanted, "argument");
            Err(wrong(text).detail(format!("`{name}` requires {wanted}, not {given}.")))
        }
        Some((_, None)) if given == 0 => {
            Err(wrong(text).detail(format!("`{name}` requires at least one argument.")))
        }
        Some(_) => Ok(()),
    }
}

fn parts(ast: &Ast) -> Vec<&Ast> {
    match ast {
        Ast::Comparison { lhs, rhs, .. }
        | Ast::Projection { lhs, rhs, .. }
        | Ast::And { lhs, rhs, .. }
        | Ast::Or { lhs, rhs, .. }
        | Ast::Subexpr { lhs, rhs, .. } => vec![lhs, rhs],
        Ast::Condition {
            predicate, then, ..
        } => vec![predicate, then],
        Ast::Expref { ast, .. } => vec![ast],
        Ast::Flatten { node, .. } | Ast::Not { node, .. } | Ast::ObjectValues { node, .. } => {
            vec![node]
        }
        Ast::Function { args, .. } => args.iter().collect(),
        Ast::MultiList { elements, .. } => elements.iter().collect(),
        Ast::MultiHash { elements, .. } => elements.iter().map(|element| &element.value).collect(),
        Ast::Identity { .. }
        | Ast::Field { .. }
        | Ast::Index { .. }
        | Ast::Literal { .. }
        | Ast::Slice { .. } => Vec::new(),
    }
}

type Orders = HashMap<Vec<String>, Vec<String>>;

fn sorted(keys: impl Iterator<Item = String>) -> Vec<String> {
    let mut keys: Vec<String> = keys.collect();
    keys.sort();
    keys.dedup();
    keys
}

/// Learns the key order of every object in the document. The first object with the same keys
/// decides.
fn learn(value: &Value, orders: &mut Orders) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| learn(item, orders)),
        Value::Object(map) => {
            orders
                .entry(sorted(map.keys().cloned()))
                .or_insert_with(|| map.keys().cloned().collect());
            map.values().for_each(|item| learn(item, orders));
        }
        _ => {}
    }
}

fn ordered(value: Value, orders: &Orders) -> Value {
    match value {
        Value::Array(items) => items
            .into_iter()
            .map(|item| ordered(item, orders))
            .collect(),
        Value::Object(mut map) => {
            let keys = sorted(map.keys().cloned());
            let order = orders.get(&keys).unwrap_or(&keys);
            let all = order.iter().filter_map(|key| map.remove_entry(key));
            Value::Object(
                all.map(|(key, item)| (key, ordered(item, orders)))
                    .collect::<Map<_, _>>(),
            )
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(query: &str, document: &Value) -> String {
        Query::parse(query)
            .unwrap()
            .ask(document)
            .unwrap()
            .to_string()
    }

    #[test]
    fn keys_keep_the_order_in_which_they_were_written() {
        let document = json!({ "z": [{ "name": "n", "id": 1, "at": null }], "a": 2 });
        assert_eq!(
            ask("z[].{name: name, at: at, id: id}", &document),
            r#"[{"name":"n","at":null,"id":1}]"#
        );
        assert_eq!(ask("z[0]", &document), r#"{"name":"n","id":1,"at":null}"#);
        assert_eq!(ask("@", &document), document.to_string());
        assert_eq!(ask("nothing.here", &document), "null");
        // An object that merges others has no known order, so its keys stay sorted.
        assert_eq!(
            ask("merge(z[0], {b: a})", &document),
            r#"{"at":null,"b":2,"id":1,"name":"n"}"#
        );
    }

    #[test]
    fn what_can_not_be_right_is_told_before_it_is_asked() {
        for text in [
            "",
            "a.",
            "a[",
            "[99999999999]",
            "foo(",
            "a.b || nothing(@)",
            "length(a, b)",
            "merge()",
            "ö",
        ] {
            let error = Query::parse(text).unwrap_err();
            assert_eq!(error.kind.exit_code(), 2, "{text}");
            assert!(
                error.detail.is_some() && !error.hints.is_empty(),
                "{error:?}"
            );
        }
        assert!(Query::parse(&"a".repeat(LONGEST + 1)).is_err());
        for text in ["(", "[", "!", "{a:", "a[?", "&", "[*]"] {
            assert!(
                Query::parse(&text.repeat(LONGEST / text.len())).is_err(),
                "{text}"
            );
        }
        let deepest = format!("{}a{}", "(".repeat(DEEPEST), ")".repeat(DEEPEST));
        assert_eq!(ask(&deepest, &json!({ "a": 1 })), "1");
        for (nesting, last) in [
            ("a.", "a"),
            ("a|", "a"),
            ("a||", "a"),
            ("a>", "a"),
            ("*.", "a"),
        ] {
            let long = format!(
                "{}{last}",
                nesting.repeat(DEEPEST / nesting.matches(|ch: char| !ch.is_alphanumeric()).count())
            );
            assert!(
                Query::parse(&long).unwrap().ask(&json!({ "a": 1 })).is_ok(),
                "{nesting}"
            );
        }
        let error = Query::parse("length(a)")
            .unwrap()
            .ask(&json!({ "a": 1 }))
            .unwrap_err();
        assert!(error.detail.unwrap().contains("does not fit"));
    }
}
