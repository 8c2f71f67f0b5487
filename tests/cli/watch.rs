//! `watch`: each danger is told once, and once that it is over. `month` tries it for a month.

use crate::children::{ended, piped};
use crate::hook::{Hook, Says};
use crate::tool::{FAST, Served, run, until};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

pub(crate) const OK: &[Says] = &[Says::Status(200)];

/// A watch that runs.
pub(crate) struct Watch(Child);

impl Watch {
    pub(crate) fn start(served: &Served, user: &str, more: &[&str]) -> Self {
        Self(piped(served.command(user, &[&["watch"], more].concat())))
    }

    pub(crate) fn resident(&self) -> u64 {
        let file = format!("/proc/{}/statm", self.0.id());
        let text = std::fs::read_to_string(file).unwrap();
        text.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Ends it as a service manager does: its exit code, and what it printed.
    pub(crate) fn end(self) -> (Option<i32>, String, String) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
        let output = ended(self.0);
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }
}

/// `+locked name` and `-locked name`, each with how often it was told.
pub(crate) fn told(documents: &[Value]) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for change in documents
        .iter()
        .flat_map(|own| own["changes"].as_array().unwrap())
    {
        let sign = if change["change"] == "began" {
            '+'
        } else {
            '-'
        };
        let (state, name) = (&change["state"], &change["environment"]["name"]);
        let name = name.as_str().unwrap_or("the tenant");
        let line = format!("{sign}{} {name}", state.as_str().unwrap());
        *told.entry(line).or_default() += 1;
    }
    told
}

#[test]
fn what_is_dangerous_at_the_start_is_told_once() {
    let (served, hook) = (Served::start("locked", "600"), Hook::start(OK));
    let file = served.folder().join("cmkctl.prom");
    let file = file.to_str().unwrap();
    let asked = [
        "--every",
        "1m",
        "--textfile",
        file,
        "--notify",
        &hook.url,
        "-o",
        "jsonl",
    ];
    let watch = Watch::start(&served, "admin", &asked);
    let looks = || {
        let log = served.log();
        let lists = log.iter().filter(|one| {
            one["path"]
                .as_str()
                .unwrap()
                .ends_with("/scopes/admin/environments")
        });
        lists.count()
    };
    until("three looks", || looks() >= 3 && !hook.posted().is_empty());
    let (code, stdout, stderr) = watch.end();
    assert_eq!(code, Some(0), "{stderr}");
    let told = told(&hook.documents());
    let locked = told.keys().filter(|line| line.starts_with("+locked"));
    assert_eq!(locked.count(), 2, "{told:?}");
    assert_eq!(hook.posted().len(), 1, "{told:?}");
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    let line: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(line["changes"], hook.documents()[0]["changes"]);
    let metrics = std::fs::read_to_string(file).unwrap();
    assert!(
        metrics.contains("\ncmkctl_environments{state=\"locked\"} 2\n"),
        "{metrics}"
    );
    assert_eq!(served.ledger()["writes"], 0);
}

#[test]
fn what_would_never_come_right_ends_it_at_the_start() {
    let served = Served::start("locked", FAST);
    served.run_as("observer", &["watch"]).exits(5);
    served
        .run(&["watch", "--policy", "no-such-policy"])
        .exits(2);
    for wrong in [
        &["--every", "10s"][..],
        &["--fail-on", "rain"],
        &["--query", "x"],
    ] {
        run(&[&["watch", "--sandbox"], wrong].concat()).exits(2);
    }
    run(&["watch", "--sandbox", "-o", "csv"]).exits(2);
}

#[test]
fn a_file_that_can_not_be_written_ends_nothing() {
    let (served, hook) = (
        Served::start("locked", "600"),
        Hook::start(&[Says::Nothing]),
    );
    let file = served.folder().join("none/cmkctl.prom");
    let file = file.to_str().unwrap();
    let asked = ["--every", "1m", "--textfile", file, "--notify", &hook.url];
    let watch = Watch::start(&served, "admin", &asked);
    // A webhook that hangs delays no look.
    let began = Instant::now();
    until("ten looks", || served.log().len() > 40);
    assert!(began.elapsed() < Duration::from_secs(30));
    let (code, stdout, stderr) = watch.end();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("can't be written"), "{stderr}");
    assert!(stdout.contains("locked"), "{stdout}");
}

/// The command lines of the examples, each as its words.
fn lines_of_examples() -> Vec<(String, Vec<String>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/watch");
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let line = line.trim();
            let words = if let Some(rest) = line.strip_prefix("ExecStart=/usr/local/bin/cmkctl ") {
                rest.split(' ').map(str::to_owned).collect()
            } else if let Some(rest) = line.strip_prefix("-Argument '") {
                let rest = rest.trim_end_matches('\'');
                rest.split(' ').map(str::to_owned).collect()
            } else if let Some(rest) = line.strip_prefix("args: ") {
                serde_json::from_str::<Vec<String>>(rest).unwrap()
            } else {
                continue;
            };
            lines.push((name.clone(), words));
        }
    }
    lines
}

#[test]
fn every_command_of_the_examples_is_one() {
    let lines = lines_of_examples();
    assert_eq!(lines.len(), 5, "{lines:?}");
    for (name, words) in lines {
        let words: Vec<&str> = ["cmkctl"]
            .into_iter()
            .chain(words.iter().map(String::as_str))
            .collect();
        assert!(cmkctl::cli::parse(&words).is_ok(), "{name}: {words:?}");
    }
}

#[test]
fn every_metric_of_the_examples_is_one() {
    let served = Served::start("locked", FAST);
    let told = served
        .run(&["status", "--all", "-q", "-o", "prometheus"])
        .exits(0)
        .stdout;
    let mut named = 0;
    for file in ["prometheus-alerts.yml", "grafana-dashboard.json"] {
        let path = format!("{}/examples/watch/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        if file.ends_with(".json") {
            serde_json::from_str::<Value>(&text).unwrap();
        }
        for (at, _) in text.match_indices("cmkctl_") {
            let is_part = |ch: &char| ch.is_ascii_alphanumeric() || *ch == '_';
            let name: String = text[at..].chars().take_while(is_part).collect();
            assert!(
                told.contains(&format!("# TYPE {name} gauge\n")),
                "{file}: {name}"
            );
            named += 1;
        }
    }
    assert!(named > 15, "{named}");
}
