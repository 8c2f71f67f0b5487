//! Evidence for auditors: complete, traceable, and the same in every format.

use crate::tenants::{generated, uat_named};
use crate::tool::{Served, run};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

fn report(scenario: &str, format: &str) -> String {
    run(&["report", "--sandbox", "--scenario", scenario, "-o", format])
        .exits(0)
        .stdout
}

#[test]
fn every_fact_names_the_request_it_was_read_from() {
    let document: Value = serde_json::from_str(&report("locked", "json")).unwrap();
    let requests = document["data"]["requests"].as_array().unwrap();
    let url = |number: &Value| {
        let index = usize::try_from(number.as_u64().unwrap()).unwrap() - 1;
        requests[index]["url"].as_str().unwrap().to_owned()
    };
    for environment in document["data"]["environments"].as_array().unwrap() {
        assert!(
            url(&environment["read_from"]).contains("/scopes/admin/environments?"),
            "{environment}"
        );
    }
    let protection = &document["data"]["protections"][0];
    let from: Vec<String> = protection["read_from"]
        .as_array()
        .unwrap()
        .iter()
        .map(url)
        .collect();
    for part in [
        "enterprisePolicies/ep-contoso-cmk",
        "vaults/kv-contoso-cmk?",
        "keys/cmk-contoso",
        "roleAssignments",
    ] {
        assert!(
            from.iter().any(|url| url.contains(part)),
            "{part}: {from:?}"
        );
    }
    assert!(
        requests
            .iter()
            .all(|one| one["correlation"].is_string() && one["at"].is_string())
    );
}

#[test]
fn the_hash_is_over_the_data_and_would_notice_a_change() {
    let text = report("expiring", "json");
    let document: Value = serde_json::from_str(&text).unwrap();
    let digest = |data: &Value| {
        let bytes = serde_json::to_vec(data).unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
        digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    assert_eq!(document["sha256"], digest(&document["data"]));
    let mut forged = document["data"].clone();
    forged["environments"][0]["state"] = json!("encrypted");
    assert_ne!(document["sha256"], digest(&forged));
}

#[test]
fn the_page_needs_nothing_else() {
    let page = report("locked", "html");
    for word in ["<script", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(
        page.contains("Contoso UAT")
            && page.contains("prefers-color-scheme: dark")
            && page.contains("@media print")
    );
    let markdown = report("locked", "markdown");
    assert!(markdown.contains("| locked | 2 |"), "{markdown}");
    // Both show the hash of their content.
    assert!(page.contains("SHA-256") && markdown.contains("SHA-256"));
    run(&["status", "--sandbox", "-o", "html"]).exits(2);
}

#[test]
fn names_can_not_become_markup() {
    let patch = uat_named("<img src=x onerror=alert(1)>|`a`\u{1b}[31m");
    let served = Served::patched(&patch, "1");
    let page = served.run(&["report", "-o", "html"]).exits(0).stdout;
    assert!(!page.contains("<img") && page.contains("&lt;img src=x"));
    let markdown = served.run(&["report", "-o", "markdown"]).exits(0).stdout;
    assert!(
        !markdown.contains("<img") && markdown.contains("\\|`a`") && !markdown.contains('\u{1b}'),
        "{markdown}"
    );
}

/// What stands between two parts of the page.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let rest = page.split(from).nth(1).unwrap_or_else(|| panic!("{from}"));
    rest.split(to).next().unwrap()
}

/// The text of each element of this name.
fn elements<'a>(markup: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let all = markup.split(&open).skip(1);
    let all = all.filter(|rest| rest.starts_with(['>', ' ']));
    all.map(|rest| {
        rest.split_once('>')
            .unwrap()
            .1
            .split(&close)
            .next()
            .unwrap()
    })
    .collect()
}

#[test]
fn each_column_is_there_at_every_width_and_on_paper() {
    let page = report("locked", "html");
    let style = between(&page, "<style>", "</style>");
    let tables = [
        (
            "policies",
            "Policy, Environments, Vault, Key, Version, Expires, Enabled, Granted, Purge \
                protection, Not visible, Read from",
        ),
        (
            "environments",
            "State, Environment and id, Type, Policy, Key, Expires, Reason, Earliest deletion, \
                Read from",
        ),
        ("ids", "No., What, Id"),
        ("coverage", "App, Covered, Note, Code, Source"),
        ("requests", "#, At, Request, Status, Correlation id"),
    ];
    for (id, columns) in tables {
        let table = between(&page, &format!("<section id=\"{id}\">"), "</section>");
        let header = elements(table, "th");
        assert_eq!(header.join(", "), columns, "{id}");
        // On a narrow screen each cell has its header, by the style.
        for (number, name) in header.iter().enumerate() {
            let at = number + 1;
            let label = format!("#{id} td:nth-child({at})::before {{ content: \"{name}\"; }}");
            assert!(style.contains(&label), "{label}");
        }
        let rows = elements(between(table, "<tbody>", "</tbody>"), "tr");
        assert!(!rows.is_empty(), "{id}");
        for row in rows {
            assert_eq!(elements(row, "td").len(), header.len(), "{id}: {row}");
        }
    }
    // Nothing scrolls or is cut, and paper shows what the screen shows.
    for word in [
        "overflow-x",
        "overflow: auto",
        "overflow: scroll",
        "display: none",
    ] {
        assert!(!style.contains(word), "{word}");
    }
    let print = between(style, "@media print {", "\n}");
    for word in [
        "display: table-header-group",
        "break-inside: avoid",
        "--paper: #ffffff",
    ] {
        assert!(print.contains(word), "{word}: {print}");
    }
    assert!(style.contains("@page { size: A4 landscape;"));
    // The cards of a narrow screen are for screens: a sheet of paper is narrow, too.
    let conditions = style.split("@media ").skip(1);
    let conditions = conditions.map(|part| part.split('{').next().unwrap());
    for narrow in conditions.filter(|condition| condition.contains("max-width")) {
        assert!(narrow.starts_with("screen and "), "{narrow}");
    }
}

#[test]
fn the_page_says_first_which_tenant_and_what_needs_attention() {
    let served = Served::start("locked", "1");
    let page = served.run(&["report", "-o", "html"]).exits(0).stdout;
    let before_tables = page.split("<table>").next().unwrap();
    for part in [
        &served.tenant_id(),
        "Rehearsal.",
        "<dt>Domain</dt><dd>not visible</dd>",
        "<h2>2 of 10 environments need attention.</h2>",
        "Contoso Production",
        "Contoso UAT",
        "Earliest deletion: ",
        "cmkctl unlock",
    ] {
        assert!(before_tables.contains(part), "{part}: {before_tables}");
    }
    // Ids stand in the footnotes alone.
    let policy = served.default_of("policy");
    assert!(!before_tables.contains(&policy));
    let notes = between(&page, "<section id=\"ids\">", "</section>");
    assert!(notes.contains(&policy) && notes.contains(&served.default_of("vault")));
    let document = served.run(&["report", "-o", "json"]).exits(0).json();
    assert_eq!(document["tenant"]["id"], served.tenant_id());
    assert_eq!(document["tenant"]["domain"], Value::Null);
    assert_eq!(document["rehearsal"], true);
    // Who sees half is not told that the rest is well.
    let half = served.run_as("power-platform-admin", &["report", "-o", "html"]);
    let half = half.exits(5).stdout;
    assert!(
        half.contains("2 environments are not visible in full."),
        "{half}"
    );
}

#[test]
fn many_cases_are_all_told_and_the_worst_ones_first() {
    let served = Served::patched(&generated(600), "1");
    let page = served.run(&["report", "-o", "html"]).exits(0).stdout;
    let first = between(&page, "<section id=\"summary\"", "</section>");
    assert_eq!(elements(first, "article").len(), 10);
    let more = between(&page, "<section id=\"more\">", "</section>");
    let rows = elements(between(more, "<tbody>", "</tbody>"), "tr");
    assert!(!rows.is_empty());
    assert!(first.contains(&format!("And {} more below.", rows.len())));
    assert_eq!(elements(more, "th").len(), elements(rows[0], "td").len());
    // How many there are is what the cases add up to.
    let sizes = elements(first, "span").into_iter();
    let cells = rows.iter().map(|row| elements(row, "td")[1]);
    let numbers = sizes.chain(cells).filter_map(|text| {
        let (number, what) = text.split_once(' ')?;
        let number: usize = number.parse().ok()?;
        (what.starts_with("environment") || what.starts_with("production")).then_some(number)
    });
    let headline = between(first, "<h2>", " of 610 environments");
    assert_eq!(numbers.sum::<usize>().to_string(), headline);
}

/// At a terminal a person gets a summary, a script gets what it asked for.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_a_summary_and_a_file_what_its_name_says() {
    use crate::terminal::shown_at;
    let served = Served::start("locked", "1");
    let shown = shown_at(served.command("admin", &["report"]), 80);
    for part in [
        "2 of 10 environments need attention.\n",
        "LOCKED: 2 environments, 1 for production\n",
        "Contoso Production, Contoso UAT\n",
        "report --out keys.html\n",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let json = shown_at(served.command("admin", &["report", "-o", "json"]), 80);
    assert!(json.starts_with('{'), "{json}");
    let piped = served.run(&["report"]).exits(0);
    assert_eq!(piped.json()["schema"], "cmkctl/report/v1");
    for (name, begins) in [
        ("keys.html", "<!doctype html>"),
        ("keys.md", "# Customer-managed keys"),
        ("keys.json", "{"),
        ("keys.txt", "{"),
    ] {
        let file = served.folder().join(name);
        let ran = served.run(&["report", "--out", file.to_str().unwrap()]);
        let ran = ran.exits(0);
        assert_eq!(ran.stdout, "");
        assert!(
            ran.stderr.contains("2 of 10 environments need attention."),
            "{}",
            ran.stderr
        );
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with(begins), "{name}: {text}");
    }
    let file = served.folder().join("named.html");
    let named = ["report", "-o", "json", "--out", file.to_str().unwrap()];
    served.run(&named).exits(0);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with('{'));
}

/// Where Chromium is: does the page stay as wide as its window, narrow and wide, with 3 and with
/// 3,000 environments?
#[test]
fn a_browser_shows_it_narrow_and_wide() {
    let chromium = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ]
    .into_iter()
    .find(|path| Path::new(path).exists());
    let Some(chromium) = chromium else { return };
    let folder = tempfile::tempdir().unwrap();
    let many = generated(3000);
    let large = Served::patched(&many, "1")
        .run(&["report", "-o", "html"])
        .exits(0)
        .stdout;
    for (name, page) in [("small", report("locked", "html")), ("large", large)] {
        // The page has no script. The test adds a script to report the layout.
        let probe = "<script>addEventListener('load',()=>{const \
            d=document.documentElement;document.title=`width ${d.scrollWidth} of \
            ${d.clientWidth}, rows ${document.querySelectorAll('#environments tbody \
            tr').length}`})</script></body>";
        let file = folder.path().join(format!("{name}.html"));
        std::fs::write(&file, page.replace("</body>", probe)).unwrap();
        for width in [380, 1400, 1900] {
            let output = Command::new(chromium)
                .args([
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                ])
                .args([
                    "--disable-component-update",
                    "--disable-sync",
                    "--virtual-time-budget=2000",
                    "--dump-dom",
                ])
                .arg(format!(
                    "--user-data-dir={}",
                    folder.path().join("profile").display()
                ))
                .arg(format!("--window-size={width},900"))
                .arg(format!("file://{}", file.display()))
                .output()
                .unwrap();
            let dom = String::from_utf8_lossy(&output.stdout);
            let title = dom
                .split("<title>")
                .nth(1)
                .and_then(|rest| rest.split("</title>").next())
                .unwrap_or_default()
                .to_owned();
            let numbers: Vec<u32> = title
                .split(|ch: char| !ch.is_ascii_digit())
                .filter_map(|word| word.parse().ok())
                .collect();
            let [scrolls, window, rows] = numbers[..] else {
                panic!("{name} at {width}: `{title}`")
            };
            assert!(scrolls <= window, "{name} at {width}: {title}");
            assert_eq!(rows, if name == "small" { 10 } else { 3010 });
        }
    }
}
