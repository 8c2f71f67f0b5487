//! Fuzzes every parser of foreign input.
//!
//! `cargo test` runs a few hundred cases of each. `PROPTEST_CASES=1000000 cargo test --release
//! --locked --test cli fuzz` runs for hours.

mod decoders;
mod fence;
mod files;
mod ids;
mod waiting;

use proptest::prelude::*;
use serde_json::{Map, Value};

/// Characters that control a terminal or are invisible. The list is repeated here on purpose.
fn misleads(ch: char) -> bool {
    ch < ' '
        || ('\u{7f}'..='\u{9f}').contains(&ch)
        || ['\u{ad}', '\u{61c}', '\u{feff}', '\u{2028}', '\u{2029}'].contains(&ch)
        || ('\u{200b}'..='\u{200f}').contains(&ch)
        || ('\u{202a}'..='\u{202e}').contains(&ch)
        || ('\u{2060}'..='\u{206f}').contains(&ch)
        || ('\u{e0000}'..='\u{e007f}').contains(&ch)
}

/// The debug form of a value, if its texts hold misleading characters.
fn misleading(value: &impl std::fmt::Debug) -> Option<String> {
    let text = format!("{value:?}");
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once('\\') {
        if after.starts_with(['n', 'r', 't', '0']) {
            return Some(text);
        }
        let code = after
            .strip_prefix("u{")
            .and_then(|after| after.split_once('}'))
            .map(|(code, _)| code);
        let escaped = code
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32);
        if escaped.is_some_and(misleads) {
            return Some(text);
        }
        rest = after
            .get(1..)
            .unwrap_or_else(|| after.trim_start_matches(|ch: char| !ch.is_ascii()));
    }
    text.chars().find(|ch| misleads(*ch)).map(|_| text.clone())
}

/// Text from services, users and attackers.
fn wild() -> BoxedStrategy<String> {
    prop_oneof![
        4 => "[a-zA-Z0-9 ._/:@-]{0,20}",
        2 => any::<String>(),
        2 => "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{ad}\u{61c}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{e0041}a\u{1b}\\[]{0,12}",
        1 => "(eyJ[A-Za-z0-9_-]{0,40}[ .]?){1,3}",
        1 => proptest::sample::select(vec![
            "Succeeded", "failed", "Standard", "Basic", "Linked", "true", "2026-03-02T08:00:00Z",
            "9999-12-31T23:59:59Z", "-1",
            "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v",
            "/providers/Microsoft.Authorization/locks/",
            "İ/providers/microsoft.authorization/locks/x", "https://v.vault.azure.net/",
            "11111111-2222-3333-4444-555555555555", "../..", "%2e%2e", "\u{130}\u{1e9e}\u{fb03}",
        ]).prop_map(str::to_owned),
    ]
    .boxed()
}

/// Any JSON value.
fn json_value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| serde_json::json!(number)),
        wild().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = prop_oneof![
            proptest::sample::select(vec![
                "id",
                "name",
                "properties",
                "error",
                "innererror",
                "code",
                "message",
                "details",
                "value",
                "state"
            ])
            .prop_map(str::to_owned),
            wild(),
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name, inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
    .boxed()
}

/// A change of one place in a document.
#[derive(Debug, Clone)]
enum Blow {
    Put(Value),
    Drop,
    OddCase,
    Twice,
}

fn blow() -> BoxedStrategy<Blow> {
    prop_oneof![3 => json_value().prop_map(Blow::Put), 1 => Just(Blow::Drop),
        1 => Just(Blow::OddCase), 1 => Just(Blow::Twice)]
    .boxed()
}

/// One of these documents, with a few places changed.
fn struck(samples: &[&str]) -> BoxedStrategy<Value> {
    let samples: Vec<Value> = samples
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    (
        proptest::sample::select(samples),
        proptest::collection::vec((any::<u16>(), blow()), 0..4),
    )
        .prop_map(|(mut value, blows)| {
            for (place, blow) in blows {
                let count = places(&value).max(1);
                strike(&mut value, &mut (usize::from(place) % count), &blow);
            }
            value
        })
        .boxed()
}

fn places(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.values().map(|inner| 1 + places(inner)).sum(),
        Value::Array(list) => list.iter().map(|inner| 1 + places(inner)).sum(),
        _ => 0,
    }
}

/// Changes the place with this number, counted from the root. Returns whether it exists.
fn strike(value: &mut Value, number: &mut usize, blow: &Blow) -> bool {
    match value {
        Value::Object(map) => {
            let names: Vec<String> = map.keys().cloned().collect();
            for name in names {
                if *number == 0 {
                    match blow {
                        Blow::Put(new) => drop(map.insert(name, new.clone())),
                        Blow::Drop => drop(map.shift_remove(&name)),
                        Blow::OddCase | Blow::Twice => {
                            let inner = map.get(&name).cloned().unwrap_or_default();
                            if matches!(blow, Blow::OddCase) {
                                map.shift_remove(&name);
                            }
                            map.insert(name.to_uppercase(), inner);
                        }
                    }
                    return true;
                }
                *number -= 1;
                if map
                    .get_mut(&name)
                    .is_some_and(|inner| strike(inner, number, blow))
                {
                    return true;
                }
            }
            false
        }
        Value::Array(list) => {
            for index in 0..list.len() {
                if *number == 0 {
                    match blow {
                        Blow::Put(new) => list[index] = new.clone(),
                        Blow::Drop => drop(list.remove(index)),
                        Blow::OddCase | Blow::Twice => list.push(list[index].clone()),
                    }
                    return true;
                }
                *number -= 1;
                if strike(&mut list[index], number, blow) {
                    return true;
                }
            }
            false
        }
        _ => false,
    }
}

#[test]
fn the_eye_would_notice() {
    assert!(
        misleading(&"a\u{1b}b").is_some()
            && misleading(&"a\nb").is_some()
            && misleading(&Some("\u{202e}")).is_some()
    );
    assert!(misleading(&"a\\nb \\u{1b} ä").is_none());
}
