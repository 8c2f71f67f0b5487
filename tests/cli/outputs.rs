//! The whole tenant as metrics, as a spreadsheet and as a calendar: each says what the JSON
//! document says.

use crate::tool::{Served, run};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const ALL: [&str; 4] = ["status", "--all", "-q", "-o"];

fn text(served: &Served, user: &str, format: &str) -> String {
    let asked = [&ALL[..], &[format]].concat();
    served.run_as(user, &asked).exits(0).stdout
}

fn environments(served: &Served, user: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(&text(served, user, "json")).unwrap();
    document["environments"].as_array().unwrap().clone()
}

/// Samples of one metric, each as its labels and its value.
fn samples(text: &str, name: &str) -> Vec<(String, String)> {
    let begins = format!("{name}{{");
    text.lines()
        .filter_map(|line| line.strip_prefix(&begins)?.rsplit_once("} "))
        .map(|(labels, value)| (labels.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn metrics_say_what_the_document_says() {
    let served = Served::start("locked", "1");
    let told = text(&served, "admin", "prometheus");
    let all = environments(&served, "admin");
    let locked = samples(&told, "cmkctl_environment_locked");
    assert_eq!(locked.len(), all.len());
    for one in &all {
        let id = format!("environment_id=\"{}\"", one["id"].as_str().unwrap());
        let value = locked.iter().find(|(labels, _)| labels.contains(&id));
        let is = if one["state"] == "locked" { "1" } else { "0" };
        assert_eq!(value.unwrap().1, is, "{one}");
    }
    let deleted = samples(&told, "cmkctl_environment_deletion_timestamp_seconds");
    assert_eq!(deleted.len(), 2, "{told}");
    assert_eq!(
        samples(&told, "cmkctl_key_expiry_seconds").len(),
        1,
        "{told}"
    );
    assert!(
        told.contains("\ncmkctl_environments{state=\"locked\"} 2\n"),
        "{told}"
    );
    assert!(told.contains("\ncmkctl_list_complete 1\n"), "{told}");
    // Each metric has its two comments once.
    for line in told.lines().filter(|line| line.starts_with("# HELP")) {
        assert_eq!(told.matches(line).count(), 1, "{line}");
    }
}

#[test]
fn who_sees_half_gets_no_zero_for_the_other_half() {
    let served = Served::start("expiring", "1");
    let told = text(&served, "power-platform-admin", "prometheus");
    for name in ["cmkctl_policy_grant", "cmkctl_key_expiry_seconds"] {
        assert_eq!(samples(&told, name), [], "{name}");
        assert!(told.contains(&format!("# TYPE {name} gauge\n")), "{told}");
    }
    let hidden = samples(&told, "cmkctl_environment_not_visible");
    assert!(hidden.iter().any(|(_, value)| value == "1"), "{told}");
    let calendar = text(&served, "power-platform-admin", "ics");
    assert!(!calendar.contains("BEGIN:VEVENT"), "{calendar}");
}

#[test]
fn a_spreadsheet_has_a_line_for_each_environment() {
    let served = Served::start("locked", "1");
    let told = text(&served, "admin", "csv");
    let all = environments(&served, "admin");
    let body = told.strip_prefix('\u{feff}').unwrap();
    assert!(body.ends_with("\r\n") && !body.replace("\r\n", "").contains(['\r', '\n']));
    let lines: Vec<&str> = body.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), all.len() + 1);
    let columns: Vec<&str> = lines[0].split(',').collect();
    let fields: BTreeSet<&str> = all[0]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(columns.iter().copied().collect::<BTreeSet<_>>(), fields);
    for (line, one) in lines[1..].iter().zip(&all) {
        let id = one["id"].as_str().unwrap();
        assert!(
            line.ends_with(id) && line.starts_with(one["state"].as_str().unwrap()),
            "{line}"
        );
    }
}

/// The lines of a calendar, joined where they were folded, without what tells the time of the look.
fn dates(text: &str) -> Vec<String> {
    let unfolded = text.replace("\r\n ", "");
    let lines = unfolded.split_terminator("\r\n").map(str::to_owned);
    lines.filter(|line| !line.starts_with("DTSTAMP:")).collect()
}

#[test]
fn a_calendar_says_the_same_every_day() {
    let served = Served::start("locked", "3600");
    let (first, second) = (text(&served, "admin", "ics"), text(&served, "admin", "ics"));
    assert_eq!(dates(&first), dates(&second));
    let of = |begin: &str| -> Vec<String> {
        let own = dates(&first).into_iter();
        own.filter_map(|line| Some(line.strip_prefix(begin)?.to_owned()))
            .collect()
    };
    let uids = of("UID:");
    assert_eq!(uids.iter().collect::<BTreeSet<_>>().len(), uids.len());
    let mut expected: BTreeMap<String, usize> = BTreeMap::new();
    for one in environments(&served, "admin") {
        for field in ["key_expires", "deleted_on"] {
            if let Some(at) = one[field].as_str() {
                let digits: String = at.chars().filter(char::is_ascii_digit).take(14).collect();
                let at = format!("{}T{}Z", &digits[..8], &digits[8..14]);
                *expected.entry(at).or_default() += 1;
            }
        }
    }
    let starts = of("DTSTART:");
    for at in expected.keys() {
        assert!(starts.contains(at), "{at}: {first}");
    }
    // The key of two environments is one date; the version before it is another.
    assert_eq!(starts.len(), expected.len() + 1, "{first}");
}

#[test]
fn a_calendar_of_a_file_has_its_change_windows() {
    let served = Served::start("ready", "1");
    let wanted = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/wanted.toml");
    let told = served.run(&["plan", wanted, "-o", "ics"]).exits(0).stdout;
    assert!(told.ends_with("END:VCALENDAR\r\n"), "{told}");
    let lines = dates(&told);
    for line in [
        "RRULE:FREQ=WEEKLY",
        "SUMMARY:Change window for environments",
    ] {
        assert_eq!(lines.iter().filter(|told| *told == line).count(), 1);
    }
    // Saturday to Sunday.
    for (field, end) in [("DTSTART:", "T220000Z"), ("DTEND:", "T060000Z")] {
        let of = |line: &&String| line.starts_with(field) && line.ends_with(end);
        assert_eq!(lines.iter().filter(of).count(), 1, "{told}");
    }
}

#[test]
fn no_other_command_prints_them_and_no_query_asks_them() {
    for format in ["csv", "ics", "prometheus"] {
        run(&["status", "--sandbox", "-o", format])
            .exits(2)
            .says(&["Only `status --all`"]);
        run(&["check", "--sandbox", "-o", format]).exits(2);
        run(&[
            "status",
            "--all",
            "--sandbox",
            "-o",
            format,
            "--query",
            "counts",
        ])
        .exits(2)
        .says(&["`--query` works on the JSON document"]);
    }
    // What fails is no document, and the exit codes stay.
    let none = run(&[
        "status",
        "--all",
        "--sandbox",
        "--sandbox-user",
        "observer",
        "-o",
        "csv",
    ]);
    assert_eq!((none.code, none.stdout.as_str()), (5, ""));
    let fails = [
        "status",
        "--all",
        "--sandbox",
        "--scenario",
        "locked",
        "-o",
        "prometheus",
    ];
    let fails = run(&[&fails[..], &["--fail-on", "locked"]].concat()).exits(3);
    assert!(fails.stdout.starts_with("# HELP "), "{}", fails.stdout);
}
