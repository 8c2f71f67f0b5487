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

/// If Chromium is installed: the page stays as wide as its window, narrow and wide, with 3 and with
/// 3,000 environments.
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
        for width in [500, 1400] {
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
