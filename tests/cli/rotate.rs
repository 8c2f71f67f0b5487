//! A key gets exactly one new version, in spite of failures and repeated commands.

use crate::children::{ended, piped};
use crate::tool::{FAST, Served, run, until};
use serde_json::json;

const ROTATE: [&str; 2] = ["rotate-key", "--yes"];

fn new_versions(served: &Served) -> usize {
    served.times("key-version-created")
}

#[test]
fn twice_is_once_and_again_is_said() {
    let served = Served::start("ready", "1");
    served.run(&ROTATE).exits(0);
    served.run(&ROTATE).exits(0);
    assert_eq!(new_versions(&served), 1);
    served.run(&["rotate-key", "--again", "--yes"]).exits(0);
    assert_eq!(new_versions(&served), 2);
    assert_eq!(served.effects().len(), 2);
    served.run(&["rotate-key", "--again"]).exits(10);
    run(&["rotate-key", "--sandbox", "--key", "no-such-key", "--yes"]).exits(6);
}

#[test]
fn a_lost_answer_makes_no_second_version() {
    for (trouble, version) in [
        ("reset-after", 1),
        ("cut", 1),
        ("html-502", 0),
        ("reset-before", 0),
        ("429-seconds", 1),
    ] {
        let served = Served::start("ready", "300");
        served.faults(
            &json!([{ "match": { "method": "POST", "path": "/rotate" }, "do": trouble,
            "seconds": 1 }]),
        );
        let ran = served.run(&ROTATE);
        assert_eq!(
            (ran.code, new_versions(&served)),
            (if version == 1 { 0 } else { 9 }, version),
            "{trouble}: {}",
            ran.stderr
        );
        served.run(&ROTATE).exits(0);
        assert_eq!(new_versions(&served), 1, "{trouble}");
    }
}

#[test]
fn the_version_before_must_be_known() {
    for (trouble, code, words) in [
        ("403", 5, "key permission `list`"),
        ("500", 1, "so nothing was sent"),
    ] {
        let served = Served::start("ready", FAST);
        let path = "/keys/cmk-contoso/versions";
        served.faults(
            &json!([{ "match": { "method": "GET", "path": path }, "do": trouble, "times": 99 }]),
        );
        let ran = served.run(&ROTATE).exits(code);
        assert!(ran.stderr.contains(words), "{trouble}: {}", ran.stderr);
        assert_eq!(new_versions(&served), 0, "{trouble}");
        served.faults(&json!([]));
        served.run(&ROTATE).exits(0);
        assert_eq!(new_versions(&served), 1, "{trouble}");
    }
}

#[test]
fn more_new_versions_than_one_are_said() {
    // Another caller rotates the key while the answer of this rotation is delayed.
    let served = Served::start("ready", "300");
    let rotate = json!([{ "match": { "method": "POST", "path": "/rotate" }, "do": "silence-after",
        "seconds": 2 }]);
    served.faults(&rotate);
    let child = piped(served.command("admin", &ROTATE));
    let token = served.token("admin", "https://vault.azure.net");
    let url =
        "https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso/rotate?api-version=2025-07-01";
    until("a new version", || new_versions(&served) > 0);
    assert_eq!(served.ask(&token, "POST", url, "").status, 200);
    let output = ended(child);
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (output.status.code(), new_versions(&served)),
        (Some(9), 2),
        "{words}"
    );
    assert!(words.contains("2 new versions instead of one"), "{words}");
}
