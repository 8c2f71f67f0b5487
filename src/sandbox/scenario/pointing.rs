//! Where in a scenario an error is: texts of the JSON reader say what is wrong, and not where.

use serde_json::Value;

/// The path of the smallest part of a patch that is the only cause of an error, such as
/// `settings.page_size` or `subscriptions[0].id`: without it, `read` finds no fault any more, or
/// misses nothing but this part itself. `None` where no part is the only cause.
pub(super) fn culprit(
    patch: &Value,
    error: &str,
    read: impl Fn(&Value) -> Result<(), String>,
) -> Option<String> {
    let mut path: Vec<Step> = Vec::new();
    while let Some(here) = at(patch, &path) {
        let result = |step: &Step| {
            let whole: Vec<Step> = path.iter().chain([step]).cloned().collect();
            read(&without(patch.clone(), &whole))
        };
        let mut all = steps(here);
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

/// How the JSON reader begins to say that a field is not there.
const MISSING: &str = "missing field `";

/// One step down: a name in an object, or a place in a list.
#[derive(Debug, Clone)]
enum Step {
    Name(String),
    Place(usize),
}

fn steps(here: &Value) -> Vec<Step> {
    match here {
        Value::Object(map) => map.keys().cloned().map(Step::Name).collect(),
        Value::Array(list) => (0..list.len()).map(Step::Place).collect(),
        _ => Vec::new(),
    }
}

fn at<'a>(whole: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(whole, |here, step| match step {
        Step::Name(name) => here.get(name),
        Step::Place(place) => here.get(place),
    })
}

/// The patch without the part at a path that it has.
fn without(mut patch: Value, path: &[Step]) -> Value {
    let Some((last, above)) = path.split_last() else {
        return patch;
    };
    let place = above.iter().try_fold(&mut patch, |here, step| match step {
        Step::Name(name) => here.get_mut(name),
        Step::Place(place) => here.get_mut(place),
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

/// What the JSON reader says, in words of JSON instead of those of its own types.
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
    // Behind these words comes the name of a type.
    let error = match error.split_once("expected struct ") {
        Some((before, _)) => format!("{before}expected an object"),
        None => error.to_owned(),
    };
    WORDS
        .iter()
        .fold(error, |text, (own, word)| text.replace(own, word))
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
            // Two causes: no part alone is one.
            (json!({ "a": "odd", "b": "odd" }), None),
            (json!({ "a": { "b": "odd", "c": "odd" } }), Some("a")),
            // Without it, the only fault is that it is not there.
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
