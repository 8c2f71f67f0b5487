//! The SARIF log, against the schema of OASIS (`data/`, in the copy of the crate serde-sarif
//! 0.8.0).

use cmkctl::model::catalogue::CATALOGUE;
use cmkctl::model::finding::Blocks;
use cmkctl::model::{Finding, Severity};
use cmkctl::report::sarif;
use serde_json::{Value, json};

fn sarif_schema() -> jsonschema::Validator {
    let text = include_str!("data/sarif-schema-2.1.0.json");
    // The published pattern for languages has an extra bracket, which this validator refuses. The
    // log names no language.
    let text = text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

/// A finding for every code in every severity.
fn every_finding() -> Vec<Finding> {
    let severities = [
        Severity::Acknowledge,
        Severity::NotVisible,
        Severity::Warn,
        Severity::Block,
    ];
    let all = CATALOGUE
        .iter()
        .flat_map(|entry| severities.map(|severity| (entry, severity)));
    all.map(|(entry, severity)| Finding {
        code: entry.code,
        severity,
        subject: "/subscriptions/x/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv \"ü\"\n"
            .to_owned(),
        message: "Seen: `x`.".to_owned(),
        remedy: entry.fix.into(),
        who: entry.who,
        source: entry.source,
        blocks: Blocks::default(),
    })
    .collect()
}

#[test]
fn the_log_is_what_the_schema_asks_for() {
    let schema = sarif_schema();
    for findings in [Vec::new(), every_finding()] {
        let log = sarif(&findings);
        let wrong: Vec<String> = schema
            .iter_errors(&log)
            .map(|error| error.to_string())
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(
            log["runs"][0]["results"].as_array().unwrap().len(),
            findings.len()
        );
    }
}

#[test]
fn the_schema_would_notice() {
    let schema = sarif_schema();
    let good = sarif(&every_finding()[..1]);
    let breaks: [(&str, Value); 7] = [
        ("/version", json!("2.0.0")),
        ("/runs", Value::Null),
        ("/runs/0/tool/driver/name", json!(1)),
        ("/runs/0/results/0/level", json!("fatal")),
        ("/runs/0/results/0/message", json!({})),
        (
            "/runs/0/results/0/locations/0/physicalLocation/region/startLine",
            json!(0),
        ),
        ("/runs/0/results/0/partialFingerprints", json!({ "x": 1 })),
    ];
    for (place, value) in breaks {
        let mut log = good.clone();
        *log.pointer_mut(place).unwrap() = value;
        assert!(!schema.is_valid(&log), "{place} may be anything");
    }
    let mut log = good;
    log["runs"][0]["results"][0]["severity"] = json!("high");
    assert!(!schema.is_valid(&log), "unknown properties pass");
}

#[test]
fn what_a_code_scanning_page_needs_is_there() {
    let log = sarif(&every_finding());
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), CATALOGUE.len());
    let mut prints = std::collections::HashSet::new();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let location = &result["locations"][0];
        assert_eq!(
            location["physicalLocation"]["artifactLocation"]["uri"],
            "cmkctl"
        );
        assert!(
            location["logicalLocations"][0]["fullyQualifiedName"]
                .as_str()
                .unwrap()
                .contains("vaults/kv")
        );
        assert!(
            prints.insert(result["partialFingerprints"].to_string()),
            "two results look alike: {result:#}"
        );
    }
    let levels: Vec<&str> = run["results"].as_array().unwrap()[..4]
        .iter()
        .map(|result| result["level"].as_str().unwrap())
        .collect();
    assert_eq!(levels, ["note", "note", "warning", "error"]);
}
