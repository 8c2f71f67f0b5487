//! Findings as SARIF 2.1.0, for code-scanning pages and pipelines.

use crate::model::catalogue::{self, Entry};
use crate::model::finding::{Finding, Severity};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// The location of every result. Findings have no file, but code-scanning pages refuse a result
/// without one. The tool's name is used as a relative path, so that it contains no machine's path.
/// The resource itself is the logical location.
const STAND_IN: &str = "cmkctl";

/// The findings as one SARIF log, with the whole catalogue as the tool's rules.
pub fn sarif(findings: &[Finding]) -> Value {
    let mut seen = HashMap::new();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let subject = finding.subject.to_lowercase();
            // A second finding with the same code and subject is a separate result and gets a
            // number.
            let number = seen
                .entry((finding.code, subject.clone()))
                .and_modify(|count| *count += 1)
                .or_insert(1);
            result(finding, &fingerprint(finding.code, &subject, *number))
        })
        .collect();
    json!({
        "$schema": "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cmkctl",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": catalogue::all().map(rule).collect::<Vec<_>>(),
            } },
            "results": results,
        }],
    })
}

fn rule(entry: &Entry) -> Value {
    json!({
        "id": entry.code,
        "name": name(entry.title),
        "shortDescription": { "text": entry.title },
        "fullDescription": { "text": entry.cause },
        "help": { "text": format!("{}\nWho: {}\nSource: {}", entry.fix, entry.who, entry.source) },
        "defaultConfiguration": { "level": level(entry.severity) },
    })
}

fn result(finding: &Finding, fingerprint: &Uuid) -> Value {
    let mut result = Map::new();
    result.insert("ruleId".to_owned(), json!(finding.code));
    if let Some(index) = catalogue::all().position(|entry| entry.code == finding.code) {
        result.insert("ruleIndex".to_owned(), json!(index));
    }
    result.insert("level".to_owned(), json!(level(finding.severity)));
    let text = format!(
        "{}\nFix: {}\nWho: {}",
        finding.message, finding.remedy, finding.who
    );
    result.insert("message".to_owned(), json!({ "text": text }));
    let short = finding.subject.rsplit('/').next().unwrap_or_default();
    result.insert(
        "locations".to_owned(),
        json!([{
            "physicalLocation": { "artifactLocation": { "uri": STAND_IN },
                "region": { "startLine": 1 } },
            "logicalLocations": [{ "name": short, "fullyQualifiedName": finding.subject,
                "kind": "resource" }],
        }]),
    );
    result.insert(
        "partialFingerprints".to_owned(),
        json!({
            "codeAndSubject/v1": fingerprint.to_string(),
            // GitHub uses this fingerprint. Without it, GitHub computes one from the file's line,
            // which is the same for all results.
            "primaryLocationLineHash": format!("{}:1", fingerprint.simple()),
        }),
    );
    Value::Object(result)
}

/// The same for the same code and subject, whatever the message. So a changed day count is not a
/// new alert.
fn fingerprint(code: &str, subject: &str, number: u32) -> Uuid {
    Uuid::new_v5(
        &Uuid::NAMESPACE_OID,
        format!("cmkctl\n{code}\n{subject}\n{number}").as_bytes(),
    )
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Block | Severity::Unknown => "error",
        Severity::Warn => "warning",
        Severity::NotVisible | Severity::Acknowledge => "note",
    }
}

/// The title as one word, such as `NotAManagedEnvironment`.
fn name(title: &str) -> String {
    let mut name = String::new();
    for word in title
        .split(|ch: char| !ch.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        let (first, rest) = word.split_at(1);
        name.push_str(&first.to_ascii_uppercase());
        name.push_str(rest);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Blocks;

    fn finding(code: &'static str, subject: &str, message: &str) -> Finding {
        let (subject, message) = (subject.to_owned(), message.to_owned());
        Finding {
            code,
            severity: Severity::Warn,
            subject,
            message,
            remedy: "".into(),
            who: "",
            source: "",
            blocks: Blocks::default(),
        }
    }

    #[test]
    fn a_fingerprint_goes_by_code_and_subject_alone() {
        let prints = |findings: &[Finding]| -> Vec<String> {
            let log = sarif(findings);
            let results = log["runs"][0]["results"].as_array().unwrap().clone();
            results
                .iter()
                .map(|result| result["partialFingerprints"]["codeAndSubject/v1"].to_string())
                .collect()
        };
        let today = prints(&[
            finding("CMK016", "/A/key", "in 50 days"),
            finding("CMK017", "/A/key", "pinned"),
        ]);
        let later = prints(&[finding("CMK016", "/a/KEY", "in 49 days")]);
        assert_eq!(today[0], later[0]);
        assert_ne!(today[0], today[1]);
        let twice = prints(&[
            finding("CMK011", "v", "soft delete"),
            finding("CMK011", "v", "purge protection"),
        ]);
        assert_ne!(twice[0], twice[1]);
    }

    #[test]
    fn every_rule_has_a_name_of_its_own() {
        let names: std::collections::HashSet<String> =
            catalogue::all().map(|entry| name(entry.title)).collect();
        assert_eq!(names.len(), catalogue::CATALOGUE.len());
        assert_eq!(name("Not a Managed Environment"), "NotAManagedEnvironment");
    }
}
