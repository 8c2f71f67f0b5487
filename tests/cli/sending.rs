//! Every change with every ambiguous answer, once after the service has acted and once before. The
//! change takes effect exactly once, or the run reports what is unknown.

use crate::arena::{Arena, job, jobs, spread};
use crate::tenants::{key_is, linked_uat, rsa_key, two_keys, uat_is};
use crate::tool::{RETIRE_FREE, overlaid};
use serde_json::{Value, json};

const SPEED: f64 = 40_000.0;

/// A change: its command, its tenant, and the request.
struct Case {
    name: &'static str,
    arguments: &'static [&'static str],
    scenario: Value,
    method: &'static str,
    /// A part of the request's path, in the wire's spelling.
    path: &'static str,
}

/// The environment is linked to the policy. `environment` and `key` patch their state.
fn linked_as(environment: Value, key: Value) -> Value {
    let settings = json!({ "settings": { "link_seconds": 120 } });
    linked_uat(overlaid(
        settings,
        overlaid(uat_is(environment), key_is(key)),
    ))
}

fn cases() -> Vec<Case> {
    let scenario = |name: &str| {
        jobs()
            .into_iter()
            .find(|job| job.name == name)
            .unwrap()
            .scenario
    };
    let built_in = |name: &str| {
        let text = std::fs::read_to_string(format!("src/sandbox/scenarios/{name}.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let case = |name, arguments, scenario, method, path| Case {
        name,
        arguments,
        scenario,
        method,
        path,
    };
    const CREATE: &[&str] = &["create-policy", "--yes"];
    const ENABLE: &[&str] = &[
        "enable",
        "--make-managed",
        "--yes",
        "--confirm",
        "Contoso UAT",
    ];
    const SWAP: &[&str] = &["swap-policy", "--yes", "--confirm", "Contoso UAT"];
    const UNLOCK: &[&str] = &["unlock", "Contoso UAT", "--yes"];
    const PROTECT: &[&str] = &[
        "create-policy",
        "--fix",
        "--yes",
        "--protect-from-purge",
        "kv-contoso-cmk",
    ];
    let locked = json!({ "runtime": "Disabled" });
    let mut unprotected = scenario("create-policy");
    unprotected["vaults"]["kv-contoso-cmk"]["properties"]["enablePurgeProtection"] = Value::Null;
    let mut free = linked_as(json!({}), json!({}));
    free["vaults"]["kv-contoso-cmk"]["keys"]["cmk-free"] = rsa_key();
    vec![
        case(
            "link",
            &["add-environment", "--yes", "--confirm", "Contoso UAT"],
            scenario("add-environment"),
            "POST",
            "/Encryption/link",
        ),
        case(
            "unlink",
            &["remove-environment", "--yes", "--confirm", "Contoso UAT"],
            linked_as(json!({}), json!({})),
            "POST",
            "/Encryption/unlink",
        ),
        case("move", SWAP, two_keys(), "POST", "/Encryption/link"),
        case(
            "rotate",
            &["rotate-key", "--yes"],
            scenario("create-policy"),
            "POST",
            "/rotate",
        ),
        case(
            "rotation policy",
            job("rotation-policy").arguments,
            scenario("rotation-policy"),
            "PUT",
            "/rotationpolicy",
        ),
        case(
            "policy",
            CREATE,
            scenario("create-policy"),
            "PUT",
            "/enterprisePolicies/ep-contoso-cmk",
        ),
        case(
            "key",
            job("create-key").arguments,
            scenario("create-key"),
            "PUT",
            "/keys/cmk-contoso",
        ),
        case(
            "role",
            CREATE,
            scenario("create-policy"),
            "PUT",
            "/roleAssignments/",
        ),
        case(
            "access policy",
            CREATE,
            built_in("access-policy-vault"),
            "PUT",
            "/accessPolicies/add",
        ),
        case(
            "local role",
            CREATE,
            built_in("managed-hsm"),
            "PUT",
            "/keys/cmk-contoso/providers/",
        ),
        case(
            "register",
            ENABLE,
            scenario("enable"),
            "POST",
            "/Microsoft.PowerPlatform/register",
        ),
        case(
            "managed",
            ENABLE,
            scenario("enable"),
            "POST",
            "/governanceConfiguration",
        ),
        case(
            "purge protection",
            PROTECT,
            unprotected,
            "PATCH",
            "/vaults/kv-contoso-cmk",
        ),
        case(
            "recover",
            UNLOCK,
            linked_as(locked.clone(), json!({ "deleted": true })),
            "POST",
            "/recover",
        ),
        case(
            "enable version",
            UNLOCK,
            linked_as(locked.clone(), json!({ "enabled": false })),
            "PATCH",
            "/keys/",
        ),
        case(
            "enable environment",
            UNLOCK,
            linked_as(locked, json!({})),
            "POST",
            "/Enable",
        ),
        case("disable version", &RETIRE_FREE, free, "PATCH", "/keys/"),
    ]
}

/// Ambiguous answers, each with its name before and after the service has acted.
const ANSWERS: [(&str, &str); 8] = [
    ("401", "401-after"),
    ("429-seconds", "429-seconds-after"),
    ("429-date", "429-date-after"),
    ("503-seconds", "503-seconds-after"),
    ("303", "303-after"),
    ("500", "500-after"),
    ("reset-before", "reset-after"),
    ("garbage", "cut"),
];

/// The number of times that the case's request was sent.
fn sent(arena: &Arena, case: &Case) -> usize {
    let ledger = arena.ledger();
    let log = ledger["log"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_ascii_lowercase();
    let ours = |entry: &&Value| {
        entry["method"] == case.method
            && text(&entry["path"]).contains(&case.path.to_ascii_lowercase())
    };
    log.filter(ours).count()
}

fn once(
    arena: &Arena,
    case: &Case,
    clean: &[String],
    answer: &str,
    acts: bool,
) -> Result<(), String> {
    let rule = json!([{ "match": { "method": case.method, "path": case.path }, "do": answer,
        "seconds": 20 }]);
    arena.begin(&case.scenario, &rule, SPEED);
    let ran = arena.run(case.arguments);
    let (sent, effects) = (sent(arena, case), arena.end().effects);
    let told = |why: &str| {
        Err(format!(
            "{} {answer}: {why}: sent {sent}, {effects:?}\nexit {}\n{}",
            case.name, ran.code, ran.stderr
        ))
    };
    if arena.hits() != 1 {
        return told("the trouble did not come");
    }
    // A rotation is sent again only after a refusal that the list of versions confirms.
    let unknown = case.name == "rotate"
        && !acts
        && !["401", "429", "503"]
            .iter()
            .any(|code| answer.contains(code));
    if unknown {
        return match (ran.code, sent, &effects[..]) {
            (9, 1, []) if ran.stderr.contains("can't tell whether the change will") => Ok(()),
            _ => told("it is not said that nothing is known"),
        };
    }
    if ran.code != 0 || effects != clean {
        return told("it did not take exactly once");
    }
    if sent != if acts { 1 } else { 2 } {
        return told("it was sent too often, or not often enough");
    }
    Ok(())
}

#[test]
fn no_change_is_sent_twice_without_a_look() {
    let cases = cases();
    let arena = Arena::open();
    let clean: Vec<Vec<String>> = cases
        .iter()
        .map(|case| {
            arena.begin(&case.scenario, &json!([]), SPEED);
            arena.run(case.arguments).exits(0);
            assert_eq!(sent(&arena, case), 1, "{}", case.name);
            arena.end().effects
        })
        .collect();
    let table: Vec<(usize, &str, bool)> = (0..cases.len())
        .flat_map(|case| {
            ANSWERS
                .iter()
                .flat_map(move |(before, after)| [(case, *before, false), (case, *after, true)])
        })
        .collect();
    let outcomes = spread(&table, |arena, (case, answer, acts)| {
        once(arena, &cases[*case], &clean[*case], answer, *acts)
    });
    let failures: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        table.len(),
        failures.join("\n\n")
    );
}

#[test]
fn a_second_401_ends_as_sign_in_and_trouble_that_stays_is_given_up() {
    let cases = cases();
    spread(&cases, |arena, case| {
        for (answer, most, codes) in [
            ("401", 2, &[4][..]),
            ("429-seconds", 3, &[1, 9][..]),
            ("303", 3, &[1, 9][..]),
        ] {
            let rule = json!([{
                "match": { "method": case.method, "path": case.path }, "do": answer,
                "seconds": 20, "times": 99,
            }]);
            arena.begin(&case.scenario, &rule, SPEED);
            let ran = arena.run(case.arguments);
            let sent = sent(arena, case);
            let most = if case.name == "rotate" && answer == "303" {
                1
            } else {
                most
            };
            // A failed repair does not stop the plan, which does not need it.
            let fits = codes.contains(&ran.code) || case.name == "purge protection";
            let told = answer != "401" || ran.stderr.contains("cmkctl auth status");
            assert!(
                fits && told && sent == most,
                "{} {answer}: sent {sent}, exit {}\n{}",
                case.name,
                ran.code,
                ran.stderr
            );
        }
    });
}

/// Reads of this path are refused after the change was sent. The plan had its facts, but the result
/// is not visible.
fn hidden_after(arena: &Arena, case: &Case, path: &str) -> Value {
    let ledger = arena.ledger();
    let log = ledger["log"].as_array().unwrap();
    let of = |entry: &&Value, method: &str, path: &str| {
        entry["method"] == method && entry["path"].as_str().unwrap().contains(path)
    };
    let change = log
        .iter()
        .find(|entry| of(entry, case.method, case.path))
        .unwrap()["n"]
        .as_u64()
        .unwrap();
    let before = log
        .iter()
        .filter(|entry| of(entry, "GET", path) && entry["n"].as_u64().unwrap() < change)
        .count();
    json!([{ "match": { "method": "GET", "path": path, "nth": before + 1 }, "do": "403",
        "times": 999 }])
}

#[test]
fn what_was_sent_and_can_not_be_re_read_is_not_verified_and_nothing_follows() {
    let link = "/Encryption/link";
    for (name, path, sign, witness) in [
        (
            "role",
            "/vaults/kv-contoso-cmk/providers/Microsoft.Authorization/roleAssignments",
            "has the role `Key Vault Crypto",
            "Reader",
        ),
        (
            "access policy",
            "/vaults/kv-contoso-cmk",
            "has an access policy",
            "Reader",
        ),
        (
            "local role",
            "/keys/cmk-contoso/providers/",
            "has the role `Managed HSM",
            "Managed HSM Admin",
        ),
    ] {
        let case = cases().into_iter().find(|case| case.name == name).unwrap();
        let arena = Arena::open();
        let arguments = [
            "enable",
            "--make-managed",
            "--yes",
            "--confirm",
            "Contoso UAT",
        ];
        // With everything visible, the same command continues to its end.
        arena.begin(&case.scenario, &json!([]), SPEED);
        arena.run(&arguments).exits(0);
        let rules = hidden_after(&arena, &case, path);
        arena.begin(&case.scenario, &rules, SPEED);
        let ran = arena.run(&arguments).exits(9);
        for words in [
            "sent, but cmkctl can't verify it",
            sign,
            "Who can verify the change",
            witness,
            "403",
        ] {
            assert!(
                ran.stderr.contains(words),
                "{name}: {words}: {}",
                ran.stderr
            );
        }
        assert!(
            !ran.stderr.contains("✓ The identity") && !ran.stderr.contains("✓ The vault"),
            "{}",
            ran.stderr
        );
        assert_eq!(sent(&arena, &case), 1, "{name}: {}", ran.stderr);
        let asked = arena.ledger()["log"].to_string();
        assert!(!asked.contains(link), "{name} went on: {}", ran.stderr);
    }
}

#[test]
fn a_registration_that_is_on_its_way_is_waited_for() {
    let case = cases()
        .into_iter()
        .find(|case| case.name == "register")
        .unwrap();
    let arena = Arena::open();
    arena.begin(&case.scenario, &json!([]), SPEED);
    arena.run(case.arguments).exits(0);
    assert_eq!(sent(&arena, &case), 1);
    // The answer is lost. The registration is not sent again, and does not count as failed.
    let rules = json!([{ "match": { "method": "POST", "path": case.path }, "do": "reset-after" }]);
    let mut slow = case.scenario.clone();
    slow["settings"]["provider_seconds"] = json!(1200);
    arena.begin(&slow, &rules, SPEED);
    arena.run(case.arguments).exits(0);
    assert_eq!(sent(&arena, &case), 1);
}

#[test]
fn operations_that_can_not_be_read_are_not_taken_for_none() {
    let case = cases()
        .into_iter()
        .find(|case| case.name == "managed")
        .unwrap();
    let arena = Arena::open();
    let rules = json!([
        { "match": { "method": "POST", "path": case.path }, "do": "500-after" },
        { "match": { "method": "GET", "path": "/lifecycleOperations", "nth": 2 }, "do": "403",
            "times": 999 },
    ]);
    arena.begin(&case.scenario, &rules, SPEED);
    let ran = arena.run(case.arguments).exits(9);
    assert!(
        ran.stderr
            .contains("can't verify it: `Contoso UAT` is a Managed Environment"),
        "{}",
        ran.stderr
    );
    assert_eq!(sent(&arena, &case), 1);
    arena.begin(&case.scenario, &json!([rules[0]]), SPEED);
    arena.run(case.arguments).exits(0);
    assert_eq!(sent(&arena, &case), 1);
}
