//! Runs with a known result. A mutated run may only do what the unmutated run does.

use crate::arena::{Arena, job};
use crate::tenants::{
    closed_firewall, key_is, plain, policy_is, policy_ready, power_platform_environment, rsa_key,
    short_waits, two_keys, uat_is, ungranted_policy, vault_is,
};
use crate::tool::overlaid;
use serde_json::{Value, json};

/// A command, its user and its tenant.
pub(super) struct Run {
    pub(super) name: &'static str,
    pub(super) user: &'static str,
    pub(super) arguments: Vec<String>,
    /// Files beside the cloud file, by name.
    pub(super) files: Vec<(&'static str, String)>,
    pub(super) scenario: Value,
    /// The exit code.
    pub(super) code: i32,
    /// Parts of the places that decide its result. All their mutations are tried.
    pub(super) decides: &'static [&'static str],
}

impl Run {
    const fn resting_on(mut self, decides: &'static [&'static str]) -> Self {
        self.decides = decides;
        self
    }
}

fn run(name: &'static str, arguments: &[&str], scenario: Value, code: i32) -> Run {
    Run {
        name,
        user: "admin",
        arguments: arguments.iter().map(|&one| one.to_owned()).collect(),
        files: Vec::new(),
        scenario,
        code,
        decides: &[],
    }
}

const ADD: &[&str] = &["add-environment", "--yes", "--confirm", "Contoso UAT"];
const RETIRE: &[&str] = &[
    "retire-key",
    "--deleted-environments-checked",
    "--confirm",
    "cmk-contoso",
];
const WATCH: &[&str] = &["status", "--all", "--fail-on", "locked,drift,expiring"];

/// The base tenant with a created and granted policy, which is linked to the environment.
fn linked(environment: Value) -> Value {
    let base = json!({ "settings": short_waits(),
        "environments": { "uat": { "policy": "ep-contoso-cmk" } } });
    policy_ready(overlaid(base, uat_is(environment)))
}

fn ready(patch: Value) -> Value {
    policy_ready(overlaid(json!({ "settings": short_waits() }), patch))
}

/// A command that takes the environment offline. If the end is never reported, it gives up after a
/// day.
fn offline(name: &'static str, more: &[&str], scenario: Value) -> Run {
    let consent = ["--yes", "--confirm", "Contoso UAT", "--timeout", "1d"];
    run(name, &[&[name], more, &consent].concat(), scenario, 0)
}

/// The runs that make a change.
pub(super) fn changes(arena: &Arena) -> Vec<Run> {
    let settings = || json!({ "settings": short_waits() });
    let create = &["create-policy", "--yes"];
    let create_key = job("create-key");
    let unmanaged = json!({
        "settings": short_waits(), "provider": "NotRegistered",
        "environments": { "uat": { "managed": false } },
    });
    vec![
        offline(
            "add-environment",
            &[],
            ready(key_is(json!({ "starts_in_days": -30 }))),
        ),
        run("create-policy", create, plain(settings()), 0),
        run(
            "access policies",
            create,
            job("access policies").scenario,
            0,
        ),
        run("create-key", create_key.arguments, create_key.scenario, 0),
        run("managed HSM", create, job("managed HSM").scenario, 0),
        offline("enable", &["--make-managed"], plain(unmanaged)),
        offline("swap-policy", &[], two_keys()),
        offline("remove-environment", &[], linked(json!({}))),
        run(
            "unlock",
            &["unlock", "--yes"],
            linked(json!({ "runtime": "Disabled" })),
            0,
        ),
        run("rotate-key", &["rotate-key", "--yes"], linked(json!({})), 0),
        of_a_file(arena, "apply", teams(json!({})), ""),
        of_a_plan(arena),
    ]
}

/// A tenant that is ready, with an environment without finance and operations.
fn teams(environment: Value) -> Value {
    let team = power_platform_environment("Team a", "Production", "team-a");
    ready(json!({ "environments": { "a": overlaid(team, environment) } }))
}

const WANTED: &str = "wanted.toml";

/// `apply` of a file that links the environment of `teams` to the policy.
fn of_a_file(arena: &Arena, name: &'static str, scenario: Value, waves: &str) -> Run {
    arena.begin(&scenario, &json!([]), 1.0);
    let served = &arena.served;
    let id = served.ids_by_name()["Team a"].clone();
    let file = format!(
        "[waves]\nat-most = 1\n{waves}\n{}\n[[policies.environments]]\nid = \"{id}\"\nname = \
        \"Team a\"\nring = 1\npower-platform-only = true\n",
        served.policy_block()
    );
    let arguments = [
        "apply",
        WANTED,
        "--yes",
        "--confirm",
        "Team a",
        "--timeout",
        "1d",
    ];
    Run {
        files: vec![(WANTED, file)],
        ..run(name, &arguments, scenario, 0)
    }
}

/// `apply` of a saved plan.
fn of_a_plan(arena: &Arena) -> Run {
    const PLAN: &str = "plan.json";
    let mut run = of_a_file(arena, "apply of a plan", teams(json!({})), "");
    let (name, text) = &run.files[0];
    arena.served.write(name, text);
    arena.run(&["plan", WANTED, "--out", PLAN]).exits(0);
    let plan = std::fs::read_to_string(arena.served.folder().join(PLAN)).unwrap();
    run.arguments[1] = PLAN.to_owned();
    run.files = vec![(PLAN, plan)];
    run
}

/// An operation of this type that has run for an hour and continues for weeks.
fn running(kind: &str) -> Value {
    json!({ "settings": short_waits(), "history": [
        { "environment": "uat", "kind": kind, "days_ago": 0.04, "days_left": 30.0 },
    ] })
}

fn retire_free() -> Vec<&'static str> {
    [&RETIRE[..3], &["cmk-free", "--key", "cmk-free"]].concat()
}

/// The policy's vault with a second, unused key.
fn with_free_key(patch: Value) -> Value {
    let free = vault_is(json!({ "keys": { "cmk-free": rsa_key() } }));
    policy_ready(overlaid(free, patch))
}

/// The runs that refuse or report a finding.
pub(super) fn refusals(arena: &Arena) -> Vec<Run> {
    let mut runs = of_keys(arena);
    runs.extend(of_environments());
    runs.extend(of_purposes());
    runs.push(Run {
        code: 6,
        ..of_a_file(
            arena,
            "blocked file",
            teams(json!({ "managed": false })),
            "",
        )
    });
    runs.push(closed_window(arena));
    runs.extend(watches());
    runs
}

/// Runs that must not disable a key which may still be needed.
fn of_keys(arena: &Arena) -> Vec<Run> {
    let left = json!({ "settings": short_waits(), "history": [
        { "environment": "uat", "kind": "NewCustomerManagedKey", "days_ago": 90 },
        { "environment": "uat", "kind": "RevertToMicrosoftKey", "days_ago": 10 },
    ] });
    let restoring = with_free_key(running("Restore"));
    vec![
        run("key in use", RETIRE, linked(json!({})), 6).resting_on(&["enterprisePolicies"]),
        run("key in use, on pages", RETIRE, json!("paged"), 6).resting_on(&["nextLink"]),
        run("key left days ago", RETIRE, policy_ready(left), 6).resting_on(&["DateTime", "type"]),
        last_version(arena, "last usable version", (1, 2)),
        last_version(arena, "an older version, the only one that works", (2, 1)),
        run("restore running", &retire_free(), restoring, 5).resting_on(&["ongoingOperation"]),
    ]
}

/// Runs that must not start anything on an environment which is not ready.
fn of_environments() -> Vec<Run> {
    let add = |name, scenario: Value, code| run(name, ADD, scenario, code);
    let ungranted = json!({ "settings": short_waits(),
        "policies": { "ep-contoso-cmk": ungranted_policy() } });
    let unmanaged = uat_is(json!({ "managed": false }));
    let closed = vault_is(json!({ "properties": closed_firewall() }));
    let private = vault_is(json!({ "properties": { "publicNetworkAccess": "Disabled",
        "networkAcls": { "defaultAction": "Allow", "bypass": "None" } } }));
    let disabled = key_is(json!({ "enabled": false }));
    let not_ready = uat_is(json!({ "management": "NotReady" }));
    let enable = &["enable", "--yes", "--confirm", "Contoso UAT"];
    vec![
        add(
            "another operation running",
            policy_ready(running("Backup")),
            7,
        )
        .resting_on(&["ongoingOperation", "state/id"]),
        add("no grant", plain(ungranted), 6).resting_on(&["roleDefinitionId", "principalId"]),
        add("another policy", two_keys(), 6).resting_on(&["enterprisePolicies"]),
        add("unmanaged", ready(unmanaged), 6).resting_on(&["protectionLevel"]),
        add("not ready", ready(not_ready), 7).resting_on(&["management"]),
        add("closed firewall", ready(closed), 6).resting_on(&["networkAcls"]),
        add("closed to the public", ready(private), 6)
            .resting_on(&["publicNetworkAccess", "networkAcls"]),
        add("disabled key", ready(disabled), 6).resting_on(&["/attributes"]),
        run("blocked plan", enable, json!("not-integrated"), 6).resting_on(&["linkedAppMetadata"]),
    ]
}

/// Checks whose answer is not yes.
fn of_purposes() -> Vec<Run> {
    let team = |own: Value| {
        let base = power_platform_environment("Team a", "Sandbox", "team-a");
        json!({ "environments": { "a": overlaid(base, own) } })
    };
    let both = |patch: Value| {
        let keyed = team(json!({ "policy": "ep-contoso-cmk" }));
        overlaid(linked(json!({})), overlaid(keyed, patch))
    };
    let swapped = json!({ "history": [
        { "environment": "uat", "kind": "RotateCustomerManagedKey", "days_ago": 7 },
    ] });
    let copy = &["check", "Contoso UAT", "--for", "copy", "--to", "Team a"];
    let restore = &["check", "Contoso UAT", "--for", "restore"];
    let reset = &["check", "Contoso Production", "--for", "reset"];
    let unkeyed = overlaid(linked(json!({})), team(json!({})));
    vec![
        run("copy onto no key", copy, unkeyed, 6).resting_on(&["enterprisePolicies"]),
        run("copy while another runs", copy, both(running("Backup")), 6)
            .resting_on(&["ongoingOperation", "state/id"]),
        run("restore after a swap", restore, both(swapped), 5).resting_on(&["DateTime", "type"]),
        run("reset of a production", reset, linked(json!({})), 6).resting_on(&["environmentSku"]),
    ]
}

/// Runs of a watch, which does not pass if it can't see a fact.
fn watches() -> Vec<Run> {
    let ungranted = overlaid(linked(json!({})), policy_is(json!({ "granted": false })));
    let mut runs = vec![
        run("expiring key", WATCH, json!("expiring"), 3).resting_on(&["/attributes"]),
        run("drift", WATCH, ungranted, 3).resting_on(&["principalId", "roleDefinitionId"]),
    ];
    for (name, user, code) in [
        ("locked", "admin", 3),
        (
            "locked, seen by who has the environments",
            "power-platform-admin",
            3,
        ),
        ("locked, seen by who has the keys", "key-vault-admin", 5),
        ("locked, seen by an application", "unregistered", 5),
        ("locked, seen without a role", "observer", 5),
    ] {
        let locked = linked(json!({ "runtime": "Disabled" }));
        let watch = run(name, WATCH, locked, code).resting_on(&["states/runtime"]);
        runs.push(Run { user, ..watch });
    }
    runs
}

/// The only enabled version of a key that an environment uses. `disabled` is the other version, and
/// `kept` counts from 1 like Azure.
fn last_version(arena: &Arena, name: &'static str, (disabled, kept): (u32, usize)) -> Run {
    let scenario = overlaid(
        linked(json!({})),
        key_is(
            json!({ "versions": 2, "made_days_ago": [300, 200], "disabled": [disabled],
            "enabled": disabled != 2 }),
        ),
    );
    arena.begin(&scenario, &json!([]), 1.0);
    let served = &arena.served;
    let token = served.token("admin", "https://vault.azure.net");
    let url = "https://kv-contoso-cmk.vault.azure.net/keys/cmk-contoso/versions?api-version=\
        2025-07-01";
    let mut all = served.ask(&token, "GET", url, "").json()["value"]
        .as_array()
        .unwrap()
        .clone();
    all.sort_by_key(|one| one["attributes"]["created"].as_i64());
    let kid = all[kept - 1]["kid"].as_str().unwrap().to_owned();
    let (_, version) = kid.rsplit_once('/').unwrap();
    let retire = [RETIRE, &["--key-version", version]].concat();
    run(name, &retire, scenario, 6).resting_on(&["enabled", "kid"])
}

/// The change window opens in twelve hours, because the sandbox starts on a Monday at 08:00.
fn closed_window(arena: &Arena) -> Run {
    let windows = "windows = [\"mon 20:00-mon 21:00\"]\n";
    let mut run = of_a_file(arena, "closed window", teams(json!({})), windows);
    run.arguments.push("--no-wait".to_owned());
    Run { code: 8, ..run }
}
