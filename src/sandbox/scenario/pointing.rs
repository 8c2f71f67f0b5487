//! Finds the place of an error in a scenario. The JSON reader reports what is wrong, but not where.

use serde_json::Value;

/// The path of the smallest part of a patch that alone causes an error, such as
/// `settings.page_size` or `subscriptions[0].id`. Without that part, `read` succeeds or misses only
/// the part itself. `None` if no part alone is the cause.
pub(super) fn culprit(
    patch: &Value,
    error: &str,
    read: impl Fn(&Value) -> Result<(), String>,
) -> Option<String> {
    let mut path: Vec<Step> = Vec::new();
    while let Some(value) = at(patch, &path) {
        let result = |step: &Step| {
            let whole: Vec<Step> = path.iter().chain([step]).cloned().collect();
            read(&without(patch.clone(), &whole))
        };
        let mut all = steps(value);
        let cause = all.iter().position(|step| match (result(step), step) {
            (Ok(()), _) => true,
            (Err(other), Step::Name(name)) => {
                !error.starts_with(MISSING) && other.starts_with(&format!("{MISSING}{name}`"))
            }
            (Err(_), Step::Place(_)) => false,
        });
        match cause {
            Some(place) => path.push(all.swap_remove(place)),
            None => break,
        }
    }
    (!path.is_empty()).then(|| shown(&path))
}

/// The start of the JSON reader's message for a missing field.
const MISSING: &str = "missing field `";

/// A step in a path: a name in an object, or an index in a list.
#[derive(Debug, Clone)]
enum Step {
    Name(String),
    Place(usize),
}

fn steps(value: &Value) -> Vec<Step> {
    match value {
        Value::Object(map) => map.keys().cloned().map(Step::Name).collect(),
        Value::Array(list) => (0..list.len()).map(Step::Place).collect(),
        _ => Vec::new(),
    }
}

fn at<'a>(whole: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(whole, |value, step| match step {
        Step::Name(name) => value.get(name),
        Step::Place(place) => value.get(place),
    })
}

/// The patch without the part at `path`, which must exist.
fn without(mut patch: Value, path: &[Step]) -> Value {
    let Some((last, above)) = path.split_last() else {
        return patch;
    };
    let place = above.iter().try_fold(&mut patch, |value, step| match step {
        Step::Name(name) => value.get_mut(name),
        Step::Place(place) => value.get_mut(place),
    });
    match (place, last) {
        (Some(Value::Object(map)), Step::Name(name)) => {
            map.shift_remove(name);
        }
        (Some(Value::Array(list)), Step::Place(place)) if *place < list.len() => {
            list.remove(*place);
        }
        _ => {}
    }
    patch
}

fn shown(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Name(name) if text.is_empty() => text.push_str(name),
            Step::Name(name) => text.push_str(&format!(".{name}")),
            Step::Place(place) => text.push_str(&format!("[{place}]")),
        }
    }
    text
}

/// The JSON reader's message in terms of JSON instead of Rust types.
pub(super) fn in_words(error: &str) -> String {
    const WORDS: [(&str, &str); 9] = [
        ("expected usize", "expected a whole number from 0 on"),
        ("expected u64", "expected a whole number from 0 on"),
        ("expected u32", "expected a whole number from 0 on"),
        ("expected i64", "expected a whole number"),
        ("expected f64", "expected a number"),
        ("expected a sequence", "expected a list"),
        ("expected a map", "expected an object"),
        ("invalid type: sequence", "invalid type: list"),
        ("invalid type: map", "invalid type: object"),
    ];
    // The name of a Rust type follows these words.
    let error = match error.split_once("expected struct ") {
        Some((before, _)) => format!("{before}expected an object"),
        None => error.to_owned(),
    };
    WORDS.iter().fold(error, |text, (technical, word)| {
        text.replace(technical, word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_smallest_cause_is_named() {
        let read = |patch: &Value| match patch.to_string() {
            text if text.contains("odd") => Err("odd".to_owned()),
            text if text.contains("bare") => Err("missing field `needed`".to_owned()),
            _ => Ok(()),
        };
        for (patch, path) in [
            (json!({ "a": 1, "b": { "c": "odd" } }), Some("b.c")),
            (json!({ "a": [1, { "c": ["odd"] }] }), Some("a[1].c[0]")),
            (json!({ "odd": 1 }), Some("odd")),
            // Two causes, so no part alone is the cause.
            (json!({ "a": "odd", "b": "odd" }), None),
            (json!({ "a": { "b": "odd", "c": "odd" } }), Some("a")),
            // Without this part, the only error is that it is missing.
            (
                json!({ "bare": { "needed": "odd", "b": 1 } }),
                Some("bare.needed"),
            ),
            (json!({ "a": { "bare": 1 } }), Some("a.bare")),
        ] {
            let error = read(&patch).unwrap_err();
            assert_eq!(culprit(&patch, &error, read).as_deref(), path, "{patch}");
        }
    }
}
