//! Responses of the real service that others recorded and published. They are not part of this
//! project. If `CMKCTL_RECORDED` names their folder, every file in it must decode through the
//! client's types.

use cmkctl::cloud::environments::{environment, operation};
use cmkctl::model::known::Verdict;
use cmkctl::model::seen::Seen;
use serde_json::Value;
use std::fs;
use std::path::Path;

#[test]
fn every_recorded_response_decodes() {
    let Some(folder) = std::env::var_os("CMKCTL_RECORDED") else {
        return;
    };
    let mut decoded = 0;
    for entry in fs::read_dir(Path::new(&folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let value: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        decode(&name, &value);
        decoded += 1;
    }
    assert!(decoded >= 10, "only {decoded} recordings");
}

fn decode(name: &str, value: &Value) {
    let one = |value: &Value| environment(value).unwrap_or_else(|why| panic!("{name}: {why}"));
    match name {
        "environments.json" => {
            let all: Vec<_> = value["value"].as_array().unwrap().iter().map(one).collect();
            assert_eq!(all[0].display_name, "Example123");
            assert_eq!(all[0].managed(), Verdict::No);
        }
        "environment-linked.json" => {
            let found = one(value);
            let Seen::Present(link) = &found.key_link else {
                panic!("{name}: no link")
            };
            assert_eq!(link.status.text(), Some("Linked"));
            assert_eq!(link.policy.name, "bar");
            assert!(found.is_up().proven());
        }
        "environment-managed.json" => {
            let found = one(value);
            assert_eq!(found.managed(), Verdict::Yes);
            let rules = found.rules.known().unwrap();
            assert!(
                rules
                    .allowed
                    .iter()
                    .any(|operation| operation == "NewCustomerManagedKey")
            );
            assert!(
                rules
                    .disallowed
                    .iter()
                    .any(|(operation, _)| operation == "RevertToMicrosoftKey")
            );
        }
        "environment-no-dataverse.json" => assert!(one(value).dataverse.is_none()),
        "environment-not-managed.json" => assert_eq!(one(value).managed(), Verdict::No),
        name if name.starts_with("operation-") => {
            let found = operation(value);
            assert!(found.has_ended());
            assert_eq!(
                found.state.text() == Some("Succeeded"),
                name == "operation-succeeded.json"
            );
            assert_eq!(found.all_stages_succeeded, name != "operation-failed.json");
        }
        name if name.starts_with("error-") => assert!(value["error"]["code"].is_string()),
        _ => assert!(value.is_object()),
    }
}
