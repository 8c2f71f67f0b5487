//! Profiles, and the source of each setting.

use crate::tool::{Ran, command, finish, run};
use serde_json::Value;
use std::path::PathBuf;

const FILE: &str = r#"
tenant = "11111111-1111-1111-1111-111111111111"
vault = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
[endpoints]
bap = "api.bap.example.com"
[profile.gov]
cloud = "gcc-high"
tenant = "22222222-2222-2222-2222-222222222222"
[profile.gov.endpoints]
arm = "management.example.us"
[profile.other]
key = "cmk"
"#;

fn settings_file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn shown_settings(arguments: &[&str], variables: &[(&str, &str)], config: &str) -> Ran {
    let (_folder, path) = settings_file(config);
    let mut asked = command(&["config", "show", "-o", "json"]);
    asked
        .args(arguments)
        .arg("--config")
        .arg(path)
        .envs(variables.iter().copied());
    finish(asked)
}

/// Value and source of a setting, without the file's path.
fn setting(document: &Value, name: &str) -> (String, String) {
    let found = document["settings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == name);
    let found = found.unwrap_or_else(|| panic!("{name}: {document:#}"));
    let source = found["source"]
        .as_str()
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    let named = found["source"].as_str().unwrap();
    let source = if source == "file" {
        source
    } else {
        named.to_owned()
    };
    (found["value"].as_str().unwrap_or("-").to_owned(), source)
}

#[test]
fn a_flag_beats_a_variable_beats_a_profile_beats_the_file() {
    let at = |arguments: &[&str], variables: &[(&str, &str)]| {
        let document = shown_settings(arguments, variables, FILE).exits(0).json();
        (setting(&document, "tenant"), setting(&document, "cloud"))
    };
    let pair = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    let (one, two) = (
        "11111111-1111-1111-1111-111111111111",
        "22222222-2222-2222-2222-222222222222",
    );
    assert_eq!(at(&[], &[]), (pair(one, "file"), pair("public", "default")));
    assert_eq!(
        at(&["--profile", "gov"], &[]),
        (pair(two, "profile gov"), pair("gcc-high", "profile gov"))
    );
    assert_eq!(
        at(&[], &[("CMKCTL_PROFILE", "gov")]).0,
        pair(two, "profile gov")
    );
    assert_eq!(
        at(&["--profile", "other"], &[("CMKCTL_PROFILE", "gov")]).0,
        pair(one, "file")
    );
    let variables = [("AZURE_TENANT_ID", "t"), ("CMKCTL_CLOUD", "dod")];
    let expected = (
        pair("t", "variable AZURE_TENANT_ID"),
        pair("dod", "variable CMKCTL_CLOUD"),
    );
    assert_eq!(at(&["--profile", "gov"], &variables), expected);
    let expected = (pair("f", "flag --tenant"), pair("china", "flag --cloud"));
    assert_eq!(
        at(
            &["--profile", "gov", "--tenant", "f", "--cloud", "china"],
            &variables
        ),
        expected
    );
}

#[test]
fn what_is_shown_is_what_is_used() {
    let document = shown_settings(&["--profile", "gov"], &[("CMKCTL_KEY", "k")], FILE)
        .exits(0)
        .json();
    assert_eq!(document["schema"], "cmkctl/config/v1");
    assert_eq!(setting(&document, "endpoints.bap").1, "file");
    assert_eq!(
        setting(&document, "endpoints.arm"),
        ("management.example.us".to_owned(), "profile gov".to_owned())
    );
    assert_eq!(
        setting(&document, "key"),
        ("k".to_owned(), "variable CMKCTL_KEY".to_owned())
    );
    assert_eq!(setting(&document, "vault").1, "file");
    assert_eq!(setting(&document, "environment").1, "default");
}

#[test]
fn no_secret_is_shown() {
    let variables = [
        ("AZURE_CLIENT_ID", "application"),
        ("AZURE_CLIENT_SECRET", "hunter2"),
        ("HTTPS_PROXY", "http://user:hunter2@proxy.example.com:8080"),
        ("SYSTEM_ACCESSTOKEN", "hunter2"),
    ];
    let ran = shown_settings(&[], &variables, FILE).exits(0);
    assert!(
        !ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"),
        "{}",
        ran.stdout
    );
    let document = ran.json();
    let pair = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    assert_eq!(
        setting(&document, "client-secret"),
        pair("set, not shown", "variable AZURE_CLIENT_SECRET")
    );
    assert_eq!(
        setting(&document, "proxy"),
        pair("proxy.example.com:8080", "variable HTTPS_PROXY")
    );
}

#[test]
fn a_sandbox_takes_its_target_from_itself() {
    let mut asked = command(&["config", "show", "--sandbox", "-o", "json"]);
    asked.envs([
        ("CMKCTL_ENVIRONMENT", "real"),
        ("CMKCTL_CLOUD", "gcc"),
        ("AZURE_TENANT_ID", "real"),
    ]);
    let document = finish(asked).exits(0).json();
    for name in [
        "cloud",
        "environment",
        "vault",
        "key",
        "policy",
        "sandbox-user",
    ] {
        assert_eq!(setting(&document, name).1, "sandbox", "{name}");
    }
    assert!(!document.to_string().contains("real"));
}

#[test]
fn a_profile_that_is_not_there_is_not_passed_over() {
    let ran = shown_settings(&["--profile", "gvo"], &[], FILE).exits(2);
    assert!(
        ran.stderr.contains("Did you mean `gov`?") && ran.stderr.contains("gov, other"),
        "{}",
        ran.stderr
    );
    let ran = shown_settings(&[], &[("CMKCTL_PROFILE", "x")], "tenant = \"t\"").exits(2);
    assert!(
        ran.stderr.contains("variable CMKCTL_PROFILE") && ran.stderr.contains("[profile.x]"),
        "{}",
        ran.stderr
    );
    assert!(
        run(&["config", "show", "--profile", "x"])
            .exits(2)
            .stderr
            .contains("no configuration file")
    );
    let ran = shown_settings(&[], &[], "[profile.a.profile.b]\nkey = \"k\"").exits(2);
    assert!(
        ran.stderr.contains("contains another profile"),
        "{}",
        ran.stderr
    );
    let ran = shown_settings(&[], &[], "[profile.a]\nsecret = \"k\"").exits(2);
    assert!(
        ran.stderr.contains("Line 2") && ran.stderr.contains("secret"),
        "{}",
        ran.stderr
    );
}

#[test]
fn numbered_lines_are_asked_for_by_flag_variable_or_file() {
    let at = |arguments: &[&str], variables: &[(&str, &str)], config: &str| {
        setting(
            &shown_settings(arguments, variables, config).exits(0).json(),
            "plain",
        )
    };
    let pair = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    assert_eq!(at(&[], &[], ""), pair("-", "default"));
    assert_eq!(at(&[], &[], "plain = true"), pair("true", "file"));
    let off = [("CMKCTL_PLAIN", "No")];
    let expected = pair("false", "variable CMKCTL_PLAIN");
    assert_eq!(at(&[], &off, "plain = true"), expected);
    assert_eq!(at(&["--plain"], &off, ""), pair("true", "flag --plain"));
    let ran = shown_settings(&[], &[("CMKCTL_PLAIN", "maybe")], "").exits(2);
    assert!(
        ran.stderr
            .contains("`CMKCTL_PLAIN` is `maybe`, which is not valid."),
        "{}",
        ran.stderr
    );
    // The file has the value without quotes.
    let (_folder, path) = settings_file("");
    let mut asked = command(&["config", "set", "plain", "true", "--config"]);
    asked.arg(&path);
    finish(asked).exits(0);
    assert_eq!(std::fs::read_to_string(path).unwrap(), "plain = true\n");
}
