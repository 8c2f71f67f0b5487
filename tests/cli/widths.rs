//! The main tables at a terminal of four widths: no line is broken by the terminal, no id is cut.

use crate::help::words;
use crate::tenants::generated;
use crate::terminal::shown_at;
use crate::tool::{Served, command, steady};

const WIDTHS: [u16; 4] = [60, 80, 120, 200];

/// May a line be wider than the terminal? Only where it is a command to copy, or one word.
fn may_be_wide(line: &str, width: usize) -> bool {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let begins = [
        "cmkctl ",
        "az ",
        "fix: cmkctl ",
        "fix: az ",
        "What a key covers ",
    ];
    let longest = text.split(' ').map(|word| word.chars().count()).max();
    begins.iter().any(|start| text.starts_with(start))
        || longest.is_some_and(|longest| longest + indent.max(24) + 2 > width)
}

fn at_each_width(served: &Served, name: &str, typed: &str) {
    served.write("wanted.toml", &wanted(served));
    let mut all = String::new();
    for width in WIDTHS {
        let words = words(typed);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut asked = command(&words);
        asked.args(["--cloud", "./cloud.json", "--sandbox-user", "admin"]);
        asked.env("NO_COLOR", "1").current_dir(served.folder());
        let text = shown_at(asked, width);
        assert!(!text.is_empty(), "{typed}");
        for line in text.lines() {
            assert!(
                line.chars().count() <= usize::from(width) || may_be_wide(line, width.into()),
                "{typed} at {width}: {line}"
            );
        }
        all.push_str(&format!("--- {width} columns ---\n{}", steady(&text)));
    }
    insta::assert_snapshot!(format!("widths_{name}"), all, typed);
}

fn wanted(served: &Served) -> String {
    let environment = served.default_of("environment");
    format!(
        "{}\n[[policies.environments]]\nid = \"{environment}\"\nname = \"Contoso UAT\"\n",
        served.policy_block()
    )
}

#[test]
fn what_one_environment_shows_fits() {
    let served = Served::start("locked", "1");
    at_each_width(&served, "status", "status");
    at_each_width(&served, "status_coverage", "status --coverage");
    at_each_width(&served, "auth_status", "auth status");
    let copy = "check \"Contoso UAT\" --for copy --to \"Contoso Unified\"";
    at_each_width(&served, "check_for", copy);
    let served = Served::start("messy", "1");
    at_each_width(&served, "check", "check");
}

#[test]
fn what_a_tenant_shows_fits() {
    let served = Served::patched(&generated(24), "1");
    at_each_width(&served, "status_all", "status --all");
    at_each_width(&served, "report", "report");
    at_each_width(&served, "plan", "plan wanted.toml");
}
