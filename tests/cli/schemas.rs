//! Every JSON document of the binary conforms to its schema under `examples/schemas/`, with every
//! field.

use crate::hook::{Hook, Says};
use crate::tool::{FAST, Ran, Served, finish, rehearse, run};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The file of a schema: `cmkctl/change/v1` is in `change-v1.json`.
fn schema_file(name: &str) -> PathBuf {
    let (name, version) = name
        .strip_prefix("cmkctl/")
        .unwrap()
        .split_once('/')
        .unwrap();
    root().join(format!("examples/schemas/{name}-{version}.json"))
}

fn schema(name: &str) -> Value {
    let file = schema_file(name);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!(
            "`{name}` is printed, and {} is not there: {error}",
            file.display()
        )
    });
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Every schema that the source names.
fn printed_schemas() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in crate::house::sources() {
        let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        for part in code.split("\"cmkctl/").skip(1) {
            let name = part.split('"').next().unwrap_or_default();
            let version = name
                .split_once("/v")
                .map(|(_, version)| version.parse::<u8>());
            if matches!(version, Some(Ok(_))) {
                names.insert(format!("cmkctl/{name}"));
            }
        }
    }
    names
}

/// Validates documents with the schema that each one names.
#[derive(Default)]
struct Documents {
    schemas: BTreeMap<String, jsonschema::Validator>,
    seen: BTreeSet<String>,
}

impl Documents {
    #[track_caller]
    fn fits(&mut self, document: &Value) {
        let name = document["schema"]
            .as_str()
            .unwrap_or_else(|| panic!("no schema: {document:#}"))
            .to_owned();
        let validator = self
            .schemas
            .entry(name.clone())
            .or_insert_with(|| jsonschema::validator_for(&schema(&name)).unwrap());
        let wrong: Vec<String> = validator
            .iter_errors(document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(
            wrong.is_empty(),
            "`{name}` has changed; change {} with it: {wrong:#?}\n{document:#}",
            schema_file(&name).display()
        );
        self.seen.insert(name);
    }

    #[track_caller]
    fn ran(&mut self, ran: &Ran) {
        self.fits(&ran.json());
    }
}

/// Validates the rows of `-o jsonl` with a definition of the schema.
#[track_caller]
fn rows_fit(name: &str, definitions: &[&str], ran: &Ran) {
    let whole = schema(name);
    let all: Vec<_> = definitions
        .iter()
        .map(|part| {
            let row = json!({ "$schema": whole["$schema"], "$ref": format!("#/$defs/{part}"),
                    "$defs": whole["$defs"] });
            jsonschema::validator_for(&row).unwrap()
        })
        .collect();
    assert!(ran.stdout.lines().count() > 1, "{}", ran.stdout);
    for line in ran.stdout.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        assert!(
            all.iter().any(|validator| validator.is_valid(&row)),
            "no {definitions:?}: {row:#}"
        );
    }
}

#[test]
fn every_schema_of_the_source_is_published_and_strict() {
    let names = printed_schemas();
    assert!(names.len() >= 12, "{names:?}");
    let missing: Vec<String> = names
        .iter()
        .filter(|name| !schema_file(name).is_file())
        .map(|name| format!("{name}: {}", schema_file(name).display()))
        .collect();
    assert!(
        missing.is_empty(),
        "printed without a published schema: {missing:#?}"
    );
    let mut findings = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("examples/schemas")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let schema: Value = serde_json::from_str(&text).unwrap();
        let title = schema["title"].as_str().unwrap();
        assert!(
            names.contains(title),
            "{} is of a document that nobody prints",
            path.display()
        );
        assert_eq!(
            schema["properties"]["schema"]["const"],
            *title,
            "{}",
            path.display()
        );
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(schema["additionalProperties"], false, "{}", path.display());
        assert!(jsonschema::meta::is_valid(&schema), "{}", path.display());
        if schema["$defs"]["finding"].is_object() {
            findings.insert(schema["$defs"]["finding"].to_string());
        }
    }
    assert_eq!(findings.len(), 1, "a finding looks the same everywhere");
}

#[test]
fn what_the_binary_prints_is_what_the_schemas_say() {
    let mut all = Documents::default();
    let consent = ["--yes", "--confirm", "Contoso UAT"];
    for scenario in [
        "ready",
        "fresh",
        "access-policy-vault",
        "managed-hsm",
        "not-integrated",
        "messy",
        "locked",
        "expiring",
    ] {
        let on = |arguments: &[&str]| {
            rehearse(&[arguments, &["-o", "json", "--scenario", scenario]].concat())
        };
        for arguments in [
            &["status"][..],
            &["check"],
            &["check-integration"],
            &["environment-name"],
            &["auth", "status"],
            &["config", "show"],
            &["doctor"],
            &["status", "--all"],
            &["list", "environments"],
            &["list", "policies"],
            &["list", "vaults"],
            &["list", "keys"],
            &["list", "subscriptions"],
            &["report"],
            &["enable", "--dry-run"],
            &["enable"],
            &["create-policy", "--location", "europe", "--dry-run"],
            &["add-environment", "--dry-run"],
            &["rotate-key", "--dry-run"],
            &["rotation-policy", "show"],
            &["history"],
            &[
                "rotation-policy",
                "set",
                "--rotate-every",
                "1y",
                "--dry-run",
            ],
            &[
                "rotation-policy",
                "set",
                "--rotate-every",
                "1y",
                "--expires-after",
                "2y",
                "--yes",
            ],
            &["rotate-key", "--yes"],
            &["unlock", "--dry-run"],
            &["retire-key", "--dry-run"],
        ] {
            all.ran(&on(arguments));
        }
        all.ran(&on(&[&["enable", "--make-managed"][..], &consent].concat()));
    }
    let create = ["create-key", "--azure-location", "westeurope", "-o", "json"];
    let rotates = [
        "--rotate-every",
        "1y",
        "--notify-before",
        "30d",
        "--tag",
        "a=b",
    ];
    for consent in [
        &["--dry-run"][..],
        &["--yes", "--confirm", "kv-contoso-cmk"],
    ] {
        let empty = ["--scenario", "empty"];
        all.ran(&rehearse(
            &[&create[..], &rotates, &empty, consent].concat(),
        ));
    }
    for (scenario, how) in [("ready", "--no-wait"), ("messy", "--fix")] {
        all.ran(&rehearse(
            &[
                &["enable", how, "-o", "json", "--scenario", scenario][..],
                &consent,
            ]
            .concat(),
        ));
    }
    for arguments in [
        &["explain"][..],
        &["explain", "CMK006"],
        &["explain", "OperationNotStartable"],
        &["explain", "nothing"],
    ] {
        all.ran(&run(&[arguments, &["-o", "json"]].concat()));
    }

    // Removal, and swap to another policy.
    let served = Served::start("ready", FAST);
    all.ran(
        &served
            .run(&[&["enable", "-o", "json"][..], &consent].concat())
            .exits(0),
    );
    let old = served.run(&["status", "-o", "json"]).json()["policy"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let new = old.replace("ep-contoso-cmk", "ep-new");
    all.ran(&served.run(&[
        "create-policy",
        "--policy",
        &new,
        "--location",
        "europe",
        "--yes",
        "-o",
        "json",
    ]));
    for flag in [&[][..], &["--in-place"]] {
        let swap = [
            &["swap-policy", "--policy", &new, "--dry-run", "-o", "json"][..],
            flag,
        ]
        .concat();
        all.ran(&served.run(&swap));
    }
    let remove = ["remove-environment", "--no-wait", "-o", "json"];
    all.ran(&served.run(&[&remove[..], &consent].concat()).exits(8));
    all.ran(&served.run(&["status", "-o", "json"]).exits(0));
    all.ran(
        &served
            .run(&["remove-environment", "--dry-run", "-o", "json"])
            .exits(0),
    );

    let served = Served::start("fresh", FAST);
    let log = served.folder().join("audit.jsonl");
    let reader = served.object_id("power-platform-admin");
    let mut create = served.command(
        "key-vault-admin",
        &[
            "create-policy",
            "--location",
            "europe",
            "--yes",
            "-o",
            "json",
        ],
    );
    create.args(["--reader", &reader, "--audit-log"]).arg(&log);
    all.ran(&finish(create).exits(0));
    all.ran(&served.run_as("power-platform-admin", &["status", "-o", "json"]));
    all.ran(&served.run_as("key-vault-admin", &["status", "-o", "json"]));
    all.ran(&served.run_as("key-vault-admin", &["report", "-o", "json"]));
    let add = [
        "add-environment",
        "--make-managed",
        "--no-wait",
        "-o",
        "json",
    ];
    all.ran(&served.run(&[&add[..], &consent].concat()).exits(8));
    all.ran(&served.run(&["status", "-o", "json"]).exits(0));
    all.ran(&served.run(&["status", "--wait", "-o", "json"]).exits(0));
    all.ran(
        &served
            .run(&[&["add-environment", "-o", "json"][..], &consent].concat())
            .exits(0),
    );
    all.ran(
        &served
            .run(&[
                "status",
                "--wait",
                "--timeout",
                "1s",
                "-o",
                "json",
                "nobody",
            ])
            .exits(2),
    );
    let lines = std::fs::read_to_string(&log).unwrap();
    assert!(lines.lines().count() >= 6, "{lines}");
    lines
        .lines()
        .for_each(|line| all.fits(&serde_json::from_str(line).unwrap()));
    served.faults(&json!([{ "match": { "host": "bap" }, "do": "403", "times": 1000 }]));
    all.ran(&served.run(&["environment-name", "-o", "json"]).exits(5));

    // A key that is retired early: plan and audit trail name the overridden findings.
    let retiring = Served::patched(&crate::retire::old_keys(12.0), FAST);
    let log = retiring.folder().join("audit.jsonl");
    let retire = [
        "retire-key",
        "--deleted-environments-checked",
        "--key",
        "cmk-free",
        "--override-dates",
        "--confirm",
        "cmk-free",
        "-o",
        "json",
    ];
    let mut command = retiring.command("admin", &retire);
    command.arg("--audit-log").arg(&log);
    let ran = finish(command).exits(0);
    assert!(
        ran.json()["plan"]["actions"][0]["overridden"].is_array(),
        "{}",
        ran.stdout
    );
    all.ran(&ran);
    let lines = std::fs::read_to_string(&log).unwrap();
    assert!(lines.contains("overridden"), "{lines}");
    lines
        .lines()
        .for_each(|line| all.fits(&serde_json::from_str(line).unwrap()));

    crate::wanted::documents(&mut |document| all.fits(document));

    let (cloud, authority) = (
        served.folder().join("second.json"),
        served.folder().join("ca.pem"),
    );
    let mut command = crate::tool::command(&["sandbox", "-o", "json", "--tls", "--ca-file"]);
    let mut child = command
        .arg(&authority)
        .arg("--cloud-file")
        .arg(&cloud)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let text = std::io::BufReader::new(child.stdout.take().unwrap());
    let first = serde_json::Deserializer::from_reader(text)
        .into_iter::<Value>()
        .next()
        .unwrap();
    let _ = child.kill();
    let _ = child.wait();
    all.fits(&first.unwrap());

    // What a webhook gets.
    let (served, hook) = (
        Served::start("locked", FAST),
        Hook::start(&[Says::Status(200)]),
    );
    let asked = [
        "status",
        "--all",
        "--fail-on",
        "locked",
        "--notify",
        &hook.url,
    ];
    served.run(&asked).exits(3);
    served.run(&["unlock", "Contoso UAT", "--yes"]).exits(0);
    served
        .run(&["enable", "--yes", "--notify", &hook.url])
        .exits(0);
    let documents = hook.documents();
    assert_eq!(documents.len(), 2);
    documents.iter().for_each(|document| all.fits(document));

    all.ran(&run(&["auth", "logout", "-o", "json"]).exits(0));
    #[cfg(target_os = "linux")]
    let logged_in = crate::logging_in::documents(&mut |document| all.fits(document));
    #[cfg(not(target_os = "linux"))]
    let logged_in = false;
    let unseen: Vec<String> = printed_schemas()
        .into_iter()
        .filter(|name| !all.seen.contains(name))
        .filter(|name| logged_in || !name.contains("auth-login"))
        .collect();
    assert!(
        unseen.is_empty(),
        "no command of this test prints {unseen:?}: add one that does"
    );
}

#[test]
fn lines_are_what_the_schemas_define() {
    rows_fit(
        "cmkctl/estate/v1",
        &["environment"],
        &rehearse(&["status", "--all", "-o", "jsonl"]).exits(0),
    );
    for (kind, one) in [
        ("environments", "environment"),
        ("subscriptions", "subscription"),
    ] {
        let many = ["--scenario", "many-subscriptions", "-o", "jsonl"];
        rows_fit(
            &format!("cmkctl/list-{kind}/v1"),
            &[one],
            &rehearse(&[&["list", kind][..], &many].concat()).exits(0),
        );
    }
    rows_fit(
        "cmkctl/report/v1",
        &["environment"],
        &rehearse(&["report", "-o", "jsonl"]).exits(0),
    );
    rows_fit(
        "cmkctl/check/v1",
        &["finding"],
        &rehearse(&["check", "-o", "jsonl", "--scenario", "messy"]).exits(6),
    );
    rows_fit(
        "cmkctl/explain/v1",
        &["code", "service-code"],
        &run(&["explain", "-o", "jsonl"]).exits(0),
    );
}
