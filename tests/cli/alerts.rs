//! Alerts as Bicep and Terraform: a parser of the language accepts them, and every property has
//! the name that the published types give it.

use crate::tenants::{linked_uat, uat_named};
use crate::tool::{FAST, Served, rehearse};
use hcl::{Expression, ObjectKey};
use std::collections::{BTreeMap, BTreeSet};

/// The properties of each type: Azure/bicep-types-az, `generated/monitor/microsoft.insights` and
/// `generated/eventgrid/microsoft.eventgrid`, file `types.md` of the version. Only those that an
/// alert could have: a list and what is in it have the same name.
const TYPES: [(&str, &str); 5] = [
    (
        "Microsoft.Insights/actionGroups@2023-01-01",
        "groupShortName enabled emailReceivers emailReceivers.name emailReceivers.emailAddress \
        emailReceivers.useCommonAlertSchema armRoleReceivers smsReceivers webhookReceivers",
    ),
    (
        "Microsoft.Insights/activityLogAlerts@2020-10-01",
        "actions actions.actionGroups actions.actionGroups.actionGroupId condition \
        condition.allOf condition.allOf.anyOf condition.allOf.containsAny condition.allOf.equals \
        condition.allOf.field description enabled scopes",
    ),
    (
        "Microsoft.Insights/diagnosticSettings@2021-05-01-preview",
        "workspaceId logAnalyticsDestinationType logs logs.category logs.categoryGroup \
        logs.enabled storageAccountId metrics",
    ),
    (
        "Microsoft.Insights/scheduledQueryRules@2023-12-01",
        "description displayName enabled severity evaluationFrequency windowSize scopes criteria \
        criteria.allOf criteria.allOf.query criteria.allOf.timeAggregation \
        criteria.allOf.operator criteria.allOf.threshold criteria.allOf.failingPeriods actions \
        actions.actionGroups autoMitigate skipQueryValidation",
    ),
    (
        "Microsoft.EventGrid/eventSubscriptions@2025-02-15",
        "eventDeliverySchema filter filter.includedEventTypes destination \
        destination.endpointType destination.properties destination.properties.severity \
        destination.properties.description destination.properties.actionGroups",
    ),
];

/// What each type requires, by the same source.
const REQUIRED: [(&str, &str); 3] = [
    (
        "Microsoft.Insights/actionGroups@2023-01-01",
        "groupShortName enabled emailReceivers.name emailReceivers.emailAddress",
    ),
    (
        "Microsoft.Insights/activityLogAlerts@2020-10-01",
        "actions condition condition.allOf scopes actions.actionGroups.actionGroupId",
    ),
    (
        "Microsoft.Insights/diagnosticSettings@2021-05-01-preview",
        "logs.enabled",
    ),
];

/// The paths of a resource's properties.
type Paths = BTreeSet<String>;

/// The resources of a file: type and paths by symbol.
type Resources = BTreeMap<String, (String, Paths)>;

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn paths(value: &Expression, path: &str, into: &mut Paths) {
    match value {
        Expression::Object(object) => {
            for (key, value) in object {
                let ObjectKey::Identifier(name) = key else {
                    panic!("{key:?}")
                };
                let path = below(path, name.as_str());
                into.insert(path.clone());
                paths(value, &path, into);
            }
        }
        Expression::Array(all) => all.iter().for_each(|one| paths(one, path, into)),
        Expression::ForExpr(each) => paths(&each.value_expr, path, into),
        _ => {}
    }
}

fn in_terraform(text: &str) -> Resources {
    let body: hcl::Body = hcl::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut all = Resources::new();
    for block in body.blocks().filter(|block| {
        let label = block.labels.first().map(|label| label.as_str());
        block.identifier.as_str() == "resource" && label == Some("azapi_resource")
    }) {
        let attribute = |name: &str| {
            let mut all = block.body.attributes();
            all.find(|one| one.key.as_str() == name)
                .map(|one| one.expr.clone())
        };
        let Some(Expression::String(kind)) = attribute("type") else {
            panic!("{block:?}")
        };
        let Some(Expression::Object(body)) = attribute("body") else {
            panic!("{block:?}")
        };
        let mut found = Paths::new();
        paths(&Expression::Object(body), "", &mut found);
        let below = |path: &String| path.strip_prefix("properties.").map(str::to_owned);
        let found: Paths = found.iter().filter_map(below).collect();
        all.insert(block.labels[1].as_str().to_owned(), (kind, found));
    }
    all
}

/// The paths of the resources in Bicep, by its lines.
fn in_bicep(text: &str) -> Resources {
    let mut all = Resources::new();
    let mut open: Vec<String> = Vec::new();
    let mut now: Option<(String, (String, Paths))> = None;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("resource ") {
            let mut words = rest.split_whitespace();
            let (symbol, kind) = (words.next().unwrap(), words.next().unwrap());
            let kind = kind.trim_matches('\'').to_owned();
            now = Some((symbol.to_owned(), (kind, Paths::new())));
            open.clear();
        } else if let Some((name, value)) = line.split_once(": ")
            && let Some((_, (_, found))) = &mut now
        {
            let path = open.iter().filter(|name| !name.is_empty());
            let path: Vec<&str> = path.map(String::as_str).collect();
            if path.first() == Some(&"properties") {
                found.insert(below(&path[1..].join("."), name));
            }
            if value.ends_with('{') || value.ends_with('[') {
                open.push(name.to_owned());
            }
        } else if line == "{" {
            open.push(String::new());
        } else if ["}", "]", "}]"].contains(&line) && open.pop().is_none() {
            let done = now.take();
            all.extend(done.filter(|(symbol, _)| symbol.starts_with("alerts_")));
        }
    }
    all.retain(|_, (kind, _)| !kind.starts_with("Microsoft.KeyVault"));
    all
}

fn exported(served: &Served, language: &str) -> String {
    served
        .run(&["export", language, "--alerts"])
        .exits(0)
        .stdout
}

#[test]
fn the_names_are_those_of_the_published_types_in_both_languages() {
    let served = Served::start("expiring", FAST);
    let mut terraform = in_terraform(&exported(&served, "terraform"));
    terraform.retain(|symbol, _| symbol.starts_with("alerts_"));
    assert_eq!(terraform.len(), 10, "{terraform:#?}");
    assert_eq!(in_bicep(&exported(&served, "bicep")), terraform);
    for (symbol, (kind, found)) in &terraform {
        let all = |table: &[(&str, &str)]| {
            let of = table.iter().filter(|(own, _)| own == kind);
            of.flat_map(|(_, names)| names.split_whitespace())
                .map(str::to_owned)
                .collect::<Paths>()
        };
        let known = all(&TYPES);
        let unknown: Vec<&String> = found.difference(&known).collect();
        assert!(unknown.is_empty(), "{symbol} {kind}: {unknown:?}");
        let required = all(&REQUIRED);
        let missing: Vec<&String> = required.difference(found).collect();
        assert!(missing.is_empty(), "{symbol} {kind}: {missing:?}");
    }
    let kinds: BTreeSet<&str> = terraform.values().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, TYPES.iter().map(|(kind, _)| *kind).collect());
}

#[test]
fn the_file_says_first_that_its_alerts_were_never_deployed() {
    for language in ["bicep", "terraform"] {
        let ran = rehearse(&["export", language, "--alerts", "--scenario", "expiring"]).exits(0);
        let first = ran.stdout.lines().next().unwrap();
        assert!(
            first.ends_with("were never deployed by the cmkctl project."),
            "{first}"
        );
        let plain = rehearse(&["export", language, "--scenario", "expiring"]).exits(0);
        assert!(ran.stdout.contains(&plain.stdout));
        assert!(!plain.stdout.contains("Microsoft.Insights"));
    }
}

#[test]
fn names_of_the_tenant_stay_words_and_alerts_are_only_written() {
    let patch = linked_uat(uat_named("UAT\" }\nresource \"x\" \"y\" { ${evil}"));
    let served = Served::patched(&patch, FAST);
    let plain = in_terraform(&served.run(&["export", "terraform"]).exits(0).stdout);
    let all = in_terraform(&exported(&served, "terraform"));
    assert_eq!(plain.len() + 10, all.len());
    assert!(!all.contains_key("y"));
    assert_eq!(served.ledger()["writes"], 0);
}
