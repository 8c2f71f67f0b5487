//! Files that people write: scenarios, clouds, configuration; and the command line.

use super::{json_value, struck, wild};
use cmkctl::cloud::clouds::KEYS;
use cmkctl::cloud::{Clock, Cloud};
use cmkctl::sandbox::{Options, Sandbox, Scenario};
use proptest::prelude::*;
use std::path::Path;
use std::time::Duration;

const SCENARIO: [&str; 3] = [
    include_str!("../../../src/sandbox/scenarios/base.json"),
    include_str!("../../../src/sandbox/scenarios/messy.json"),
    r#"{"faults":[{"match":{"host":"bap","nth":2},"do":"429-date","times":3,"seconds":1.5,"to":"x","change":{"managed":true}}],
        "history":[{"environment":"uat","kind":"RevertToMicrosoftKey","days_ago":1.0}],
        "policies":{"p":{"vault":"kv-contoso-cmk","key":"k","location":"europe","granted":true,"granted_seconds_ago":5}},"crowd":{"size":2,"policy":"p"}}"#,
];
const CLOUD: [&str; 2] = [
    r#"{"name":"x","base":"public","endpoints":{"bap":"api.bap.example","arm-audience":"https://a.example"}}"#,
    r#"{"base":"public","sandbox":{"url":"http://127.0.0.1:4000","speed":600.0,"epoch":"2026-03-02T08:00:00Z","started_unix_ms":1}}"#,
];
const CONFIG: &str = "cloud = \"gcc\"\ntenant = \"t\"\nca-bundle = \"/x\"\naudit-log = \
    \"/y\"\nvault = \"v\"\n[endpoints]\nbap = \"h\"\n";

/// Tests that start a server or build a whole command line are slow, so they run fewer cases.
fn fewer() -> ProptestConfig {
    let all = ProptestConfig::default();
    ProptestConfig {
        cases: (all.cases / 16).max(64),
        ..all
    }
}

proptest! {
    #![proptest_config(fewer())]

    #[test]
    fn a_scenario_is_refused_or_can_be_played(value in prop_oneof![8 => struck(&SCENARIO),
        1 => json_value()], speed in prop_oneof![Just(0.001), Just(600.0), Just(1e7)]) {
        // A crowd of millions is slow, but valid.
        prop_assume!(value["crowd"]["size"].as_u64().is_none_or(|size| size < 50));
        if let Ok(scenario) = Scenario::parse(&value.to_string()) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let options = Options { scenario, speed, latency: Duration::ZERO, port: 0, tls: false };
            let sandbox = runtime.block_on(Sandbox::start(options)).unwrap();
            let file = sandbox.cloud_file().to_string();
            prop_assert!(Cloud::from_json(&file, "x").is_ok(), "{}", file);
        }
    }

    #[test]
    fn no_command_line_panics(words in proptest::collection::vec(prop_oneof![
        4 => proptest::sample::select(vec![
            "enable", "status", "check", "create-policy", "add-environment", "--yes", "--confirm",
            "--timeout", "--speed", "--latency", "-vv", "-o", "json",
            "--audit-log", "--cloud", "5s", "1e308d", "NaN", "-1", "--", "=", "--endpoint=a=b",
            "99999999999999999999d", "0.0000001ms",
        ]).prop_map(str::to_owned),
        1 => wild(),
    ], 0..8)) {
        let mut arguments = vec!["cmkctl"];
        arguments.extend(words.iter().map(String::as_str));
        let _ = cmkctl::cli::parse(&arguments);
    }
}

proptest! {
    #[test]
    fn text_that_is_no_scenario_is_refused(text in wild()) {
        let _ = Scenario::parse(&text);
    }

    #[test]
    fn a_cloud_file_is_refused_or_whole(value in prop_oneof![8 => struck(&CLOUD),
        1 => json_value()]) {
        if let Ok((cloud, _)) = Cloud::from_json(&value.to_string(), "x.json") {
            for key in KEYS {
                prop_assert!(!cloud.get(key).is_empty(), "{}", key);
            }
            if let Some(sandbox) = &cloud.sandbox {
                let url = sandbox.url.as_str();
                let local = ["http://127.0.0.1", "http://localhost",
                    "http://[::1]"].iter().any(|start| {
                    url.strip_prefix(start).is_some_and(|rest| rest.starts_with([':', '/']))
                });
                prop_assert!(local, "{}", url);
                prop_assert!(sandbox.speed > 0.0);
            }
            let clock = Clock::of(&cloud);
            let _ = (clock.now(), clock.real(Duration::MAX), clock.real(Duration::from_secs(5)));
        }
    }

    #[test]
    fn a_configuration_says_in_which_line_it_is_wrong(cut in any::<u8>(), put in wild(),
        text in prop_oneof![3 => Just(CONFIG.to_owned()), 1 => wild()]) {
        let mut places = (0..=usize::from(cut) % (text.len() + 1)).rev();
        let at = places.find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let text = format!("{}{put}{}", &text[..at], &text[at..]);
        if let Err(error) = cmkctl::config::parse(&text, Path::new("x.toml")) {
            let detail = error.detail.unwrap_or_default();
            let line: usize = detail.strip_prefix("Line ").unwrap().split(':').next().unwrap().parse().unwrap();
            prop_assert!((1..=text.matches('\n').count() + 1).contains(&line), "{}", detail);
        }
    }
}
