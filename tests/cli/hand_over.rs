//! The other administrator's part: one administrator writes it, and the other runs it unchanged.

use crate::hints::words;
use crate::tenants::{policy_is, two_keys, uat_named};
use crate::tool::{FAST, Ran, Served, command, create_policy_read_by, finish, overlaid};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A hand-over's path prefix, also as text.
fn place(served: &Served) -> (PathBuf, String) {
    let path = served.folder().join("half");
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}

fn text(path: &Path, ending: &str) -> String {
    let name = format!("{}{ending}", path.display());
    std::fs::read_to_string(&name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Runs the script as its intended user. It is started by its name, so it must be executable.
fn hand(path: &Path, ending: &str, user: &str, arguments: &[&str]) -> Ran {
    finish(handing(path, ending, user, arguments))
}

fn handing(path: &Path, ending: &str, user: &str, arguments: &[&str]) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_cmkctl")).parent().unwrap();
    let mut command = Command::new(format!("{}{ending}", path.display()));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PATH", format!("{}:/usr/bin:/bin", binary.display()))
        .env("CMKCTL_SANDBOX_USER", user)
        .stdin(std::process::Stdio::null());
    command
}

/// The words of each cmkctl command in a script, also in comments.
fn commands(script: &str) -> Vec<Vec<String>> {
    let lines = script
        .lines()
        .map(|line| line.trim_start_matches(['#', ' ']));
    let ours = lines.filter(|line| line.starts_with("cmkctl "));
    ours.map(|line| {
        let line = line.trim_end_matches(" \"$@\"").trim_end_matches(" @more");
        words(line)
    })
    .collect()
}

/// Checks that both scripts have the same commands, and that these parse.
#[track_caller]
fn same_in_both_shells(path: &Path, of: &str) -> Vec<Vec<String>> {
    let bash = commands(&text(path, &format!("{of}.sh")));
    let power_shell = text(path, &format!("{of}.ps1"));
    assert!(power_shell.starts_with('\u{feff}'), "5.1 reads it as UTF-8");
    assert_eq!(bash, commands(&power_shell));
    for line in &bash {
        let words: Vec<&str> = line.iter().map(String::as_str).collect();
        assert!(cmkctl::cli::parse(&words).is_ok(), "{line:?}");
    }
    bash
}

const OFFLINE: [&str; 3] = ["--yes", "--confirm", "Contoso UAT"];

#[test]
fn a_file_is_handed_over_to_both() {
    let patch =
        json!({ "provider": "NotRegistered", "environments": { "uat": { "managed": false } } });
    let served = Served::patched(&patch, FAST);
    let reader = served.object_id("power-platform-admin");
    let wanted = format!(
        "waves.limit = 30\n\n{}readers = [\"{reader}\"]\n\n[[policies.environments]]\nid = \
        \"{}\"\nname = \"Contoso UAT\"\nmake-managed = true\npower-platform-only = true\n",
        served.policy_block(),
        served.default_of("environment")
    );
    let file = served.write("wanted.toml", &wanted);
    let (path, to) = place(&served);
    let ran = served.run(&["plan", &file, "--hand-over", &to]).exits(0);
    ran.says_on_stderr(&["half-key-vault.sh`", "half-power-platform.ps1`"]);
    assert!(text(&path, "-ep-contoso-cmk.bicep").contains("kind: 'Encryption'"));
    same_in_both_shells(&path, "-key-vault");
    let joining = same_in_both_shells(&path, "-power-platform");
    let flags = joining[0].join(" ");
    assert!(
        flags.ends_with(" --make-managed --power-platform-only --limit 30"),
        "{flags}"
    );
    hand(&path, "-key-vault.sh", "key-vault-admin", &["--yes"]).exits(0);
    // The script's command for verifying works.
    let verifies = commands(&text(&path, "-key-vault.sh"));
    let words: Vec<&str> = verifies
        .last()
        .unwrap()
        .iter()
        .map(String::as_str)
        .collect();
    let check = words.iter().position(|word| *word == "check").unwrap();
    served.run_as("key-vault-admin", &words[check..]).exits(0);
    hand(
        &path,
        "-power-platform.sh",
        "power-platform-admin",
        &OFFLINE,
    )
    .exits(0);
    served.run(&["plan", &file, "--detailed-exitcode"]).exits(0);
    assert_eq!(served.times("link-started"), 1);
    // Nothing is left to do, and the earlier script is replaced.
    served.run(&["apply", &file, "--hand-over", &to]).exits(0);
    for of in ["-key-vault", "-power-platform"] {
        let script = text(&path, &format!("{of}.sh"));
        assert!(script.contains("# Nothing is left to do."), "{script}");
        hand(&path, &format!("{of}.sh"), "admin", &[]).exits(0);
    }
}

#[test]
fn a_grant_that_a_file_leaves_alone_is_left_alone_by_the_script() {
    let served = Served::start("fresh", FAST);
    let file = served.write(
        "wanted.toml",
        &format!("{}grant = false\n", served.policy_block()),
    );
    let (path, to) = place(&served);
    served.run(&["plan", &file, "--hand-over", &to]).exits(0);
    assert!(!text(&path, "-ep-contoso-cmk.bicep").contains("roleAssignments"));
    let create = same_in_both_shells(&path, "-key-vault")[0].join(" ");
    assert!(create.ends_with(" --no-grant"), "{create}");
    hand(&path, "-key-vault.sh", "key-vault-admin", &["--yes"]).exits(0);
    assert_eq!(
        (
            served.times("policy-created"),
            served.times("role-assigned")
        ),
        (1, 0)
    );
    // The step that takes an environment offline finds that the grant is missing.
    let joining = format!(
        "{}grant = false\n[[policies.environments]]\nid = \"{}\"\nmake-managed = true\n",
        served.policy_block(),
        served.default_of("environment")
    );
    let file = served.write("wanted.toml", &joining);
    served.run(&["plan", &file]).exits(6).says(&["CMK012"]);
    let apply = [&["apply", &file][..], &OFFLINE].concat();
    served.run(&apply).exits(6);
    assert_eq!(served.times("role-assigned"), 0);
    // A policy that does not exist can't have a grant.
    let fresh = Served::start("fresh", FAST);
    let file = fresh.write("wanted.toml", &joining);
    let apply = [&["apply", &file][..], &OFFLINE].concat();
    assert_ne!(fresh.run(&apply).code, 0);
    assert!(fresh.effects().is_empty(), "{:?}", fresh.effects());
}

#[cfg(target_os = "linux")]
#[test]
fn rings_of_a_file_are_those_of_the_script() {
    let team = |name: &str| crate::tenants::power_platform_environment(name, "Production", name);
    let tenant = json!({ "environments": { "a": team("team-a"), "b": team("team-b") } });
    let served = Served::patched(&crate::tenants::policy_ready(tenant), FAST);
    let ids = served.ids_by_name();
    let environment = |name: &str, ring: u32| {
        format!(
            "\n[[policies.environments]]\nid = \"{}\"\nname = \"{name}\"\nring = \
            {ring}\npower-platform-only = true\n",
            ids[name]
        )
    };
    let file = served.write(
        "wanted.toml",
        &format!(
            "[waves]\nwindows = [\"mon 00:00-sun 23:00\"]\n\n{}readers = [\"{}\"]\n{}{}",
            served.policy_block(),
            served.object_id("power-platform-admin"),
            environment("team-a", 2),
            environment("team-b", 1)
        ),
    );
    let (path, to) = place(&served);
    served.run(&["plan", &file, "--hand-over", &to]).exits(0);
    hand(&path, "-key-vault.sh", "key-vault-admin", &["--yes"]).exits(0);
    let script = text(&path, "-power-platform.sh");
    for words in [
        "change window (UTC): mon 00:00-sun 23:00.",
        "# Ring 1:",
        "# Ring 2:",
    ] {
        assert!(script.contains(words), "{words}: {script}");
    }
    let started = || -> Vec<String> {
        let effects = served.ledger()["effects"].clone();
        let all = effects.as_array().unwrap().iter();
        let links = all.filter(|one| one["what"] == "link-started");
        links
            .map(|one| one["subject"].as_str().unwrap().to_owned())
            .collect()
    };
    // Ring 2 does not start, because ring 1 failed.
    let consent = ["--yes", "--confirm", "team-a"];
    let ran = hand(
        &path,
        "-power-platform.sh",
        "power-platform-admin",
        &consent,
    );
    assert_eq!((ran.code, started().len()), (2, 0), "{}", ran.stderr);
    // With the consent for the first ring, this ring runs. The second ring then requires its own.
    let consent = ["--yes", "--confirm", "team-b"];
    hand(
        &path,
        "-power-platform.sh",
        "power-platform-admin",
        &consent,
    )
    .exits(2);
    assert_eq!(started().len(), 1);
    // At a terminal, each name is typed at its prompt.
    let mut typing = crate::terminal::Typing::at(handing(
        &path,
        "-power-platform.sh",
        "power-platform-admin",
        &[],
    ));
    typing.sees("Type the name to continue (`team-a`)");
    typing.types("team-a");
    let ran = typing.ends();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(started(), ["b", "a"]);
}

#[test]
fn whoever_sees_one_half_of_a_file_hands_over_the_other_one() {
    let served = Served::start("fresh", FAST);
    let reader = served.object_id("power-platform-admin");
    let wanted = format!(
        "{}readers = [\"{reader}\"]\n\n[[policies.environments]]\nid = \"{}\"\nname = \"Contoso \
        UAT\"\nmake-managed = true\n",
        served.policy_block(),
        served.default_of("environment")
    );
    let file = served.write("wanted.toml", &wanted);
    let (path, to) = place(&served);
    served
        .run_as(
            "key-vault-admin",
            &["apply", &file, "--yes", "--hand-over", &to],
        )
        .exits(5);
    hand(&path, ".sh", "power-platform-admin", &OFFLINE).exits(0);
    served.run(&["plan", &file, "--detailed-exitcode"]).exits(0);
}

#[test]
fn the_key_vault_administrator_hands_over_the_environment() {
    let served = Served::start("fresh", FAST);
    let reader = served.object_id("power-platform-admin");
    let (path, to) = place(&served);
    let mut create = create_policy_read_by(&reader).to_vec();
    create.extend(["--hand-over", &to]);
    let ran = served.run_as("key-vault-admin", &create).exits(0);
    ran.says_on_stderr(&[
        "Written for the Power Platform administrator: `",
        "half.sh`",
    ]);
    same_in_both_shells(&path, "");
    let mut more = OFFLINE.to_vec();
    more.push("--make-managed");
    hand(&path, ".sh", "power-platform-admin", &more).exits(0);
    assert_eq!(served.times("link-started"), 1);
    // `enable` by a user who sees no environment writes the same script, with the given arguments.
    let (id, enable) = (
        served.default_of("environment"),
        ["enable", "--make-managed"],
    );
    let mut enable = enable.to_vec();
    enable.extend([id.as_str(), "--power-platform-only", "--hand-over", &to]);
    served.run_as("key-vault-admin", &enable).exits(5);
    let said = same_in_both_shells(&path, "")[0].join(" ");
    assert!(
        said.contains(&format!(" add-environment {id} --policy /")),
        "{said}"
    );
    assert!(
        said.ends_with(" --make-managed --power-platform-only"),
        "{said}"
    );
}

#[test]
fn the_power_platform_administrator_hands_over_the_policy() {
    let served = Served::start("fresh", FAST);
    let (path, to) = place(&served);
    let add = ["add-environment", "--make-managed", "--hand-over", &to];
    let mut add = add.to_vec();
    add.extend(OFFLINE);
    let refused = served.run_as("power-platform-admin", &add);
    assert_ne!(refused.code, 0);
    refused.says_on_stderr(&["Written for the Key Vault administrator: `"]);
    let script = text(&path, ".sh");
    let reader = served.object_id("power-platform-admin");
    assert!(script.contains(&format!(" --reader {reader} ")), "{script}");
    hand(&path, ".sh", "key-vault-admin", &[]).exits(10);
    hand(&path, ".sh", "key-vault-admin", &["--yes"]).exits(0);
    served.run_as("power-platform-admin", &add).exits(0);
    // `enable` with a known vault leaves no placeholder.
    let served = Served::start("fresh", FAST);
    let mut enable = vec!["enable", "--make-managed", "--hand-over", &to];
    enable.extend(OFFLINE);
    assert_ne!(served.run_as("power-platform-admin", &enable).code, 0);
    hand(&path, ".sh", "key-vault-admin", &["--yes"]).exits(0);
    served.run_as("power-platform-admin", &add).exits(0);
}

#[test]
fn what_nobody_here_knows_is_asked_for() {
    let served = Served::start("fresh", FAST);
    let (path, to) = place(&served);
    let (mut cloud, defaults) = (served.cloud(), served.cloud()["defaults"].clone());
    for unknown in ["vault", "key"] {
        cloud["defaults"].as_object_mut().unwrap().remove(unknown);
    }
    let bare = served.write("bare.json", &cloud.to_string());
    let add = ["add-environment", "--hand-over", &to, "--cloud", &bare];
    let mut add = command(&add);
    add.args(["--sandbox-user", "power-platform-admin"]);
    assert_ne!(finish(add).code, 0);
    let ps1 = text(&path, ".ps1");
    assert!(
        ps1.contains("--vault $vault --key $key") && ps1.contains("$key = $args[1]"),
        "{ps1}"
    );
    let ran = hand(&path, ".sh", "key-vault-admin", &[]).exits(1);
    ran.says_on_stderr(&["Give the key vault or managed HSM"]);
    let key = defaults["key"].as_str().unwrap();
    let given = ["kv-contoso-cmk", key, "--yes"];
    hand(&path, ".sh", "key-vault-admin", &given).exits(0);
}

#[test]
fn the_old_key_is_checked_by_whom_the_remedy_names() {
    for (granted, code) in [(true, 0), (false, 6)] {
        let patch = if granted {
            two_keys()
        } else {
            overlaid(two_keys(), policy_is(json!({ "granted_at": [] })))
        };
        let served = Served::patched(&patch, FAST);
        let (path, to) = place(&served);
        let swap = ["swap-policy", "--hand-over", &to, "--dry-run"];
        let ran = served.run_as("power-platform-admin", &swap).exits(5);
        // The remedy is a command that works for the named administrator.
        let all = ran.stdout.clone() + &ran.stderr;
        let mut parts = all.split(['`', '\n']).map(str::trim);
        let remedy = parts.find(|part| part.starts_with("cmkctl check --policy"));
        let words: Vec<&str> = remedy.unwrap().split(' ').skip(1).collect();
        let checked = served.run_as("key-vault-admin", &words).exits(code);
        assert_eq!(
            checked.stdout.contains("CMK034"),
            !granted,
            "{}",
            checked.stdout
        );
        // The hand-over finds the same.
        let checked = hand(&path, ".sh", "key-vault-admin", &["--yes"]).exits(code);
        if !granted {
            checked.says(&["CMK034", "az role assignment create"]);
        }
    }
}

// On Windows it is the other script.
#[cfg(unix)]
#[test]
fn stdout_is_the_script_and_nothing_else() {
    let served = Served::start("fresh", FAST);
    let ran = served
        .run_as("key-vault-admin", &["enable", "--hand-over", "-"])
        .exits(5);
    assert!(
        ran.stdout.starts_with("#!/usr/bin/env bash\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("\n# hand-over.ps1:\n#   # "),
        "{}",
        ran.stdout
    );
    for line in ran.stdout.lines().filter(|line| !line.starts_with('#')) {
        let known = ["", "set -euo pipefail"].contains(&line);
        assert!(known || line.starts_with("cmkctl "), "{line}");
    }
    let file = format!(
        "{}\n[[policies.environments]]\nid = \"{}\"\nmake-managed = \
        true\n",
        served.policy_block(),
        served.default_of("environment")
    );
    let file = served.write("wanted.toml", &file);
    let plan = ["plan", &file, "--hand-over", "-"];
    let ran = served.run(&plan).exits(0);
    assert!(ran.stdout.starts_with("#!"), "{}", ran.stdout);
    assert!(ran.stderr.contains("Plan of "), "{}", ran.stderr);
    let mut json = plan.to_vec();
    json.extend(["-o", "json"]);
    served.run(&json).exits(2);
}

#[test]
fn what_somebody_else_wrote_is_never_replaced() {
    let served = Served::start("fresh", FAST);
    let (path, to) = place(&served);
    let create = ["create-policy", "--dry-run", "--hand-over", &to];
    let mine = served.write("half.ps1", "# mine\n");
    let ran = served.run(&create).exits(2);
    ran.says_on_stderr(&["no earlier hand-over", "never replaces"]);
    assert_eq!(std::fs::read_to_string(&mine).unwrap(), "# mine\n");
    assert!(!path.with_extension("sh").exists(), "all of them or none");
    std::fs::remove_file(&mine).unwrap();
    served.run(&create).exits(0);
    served.run(&create).exits(0);
    // The name of one of the files has the same effect.
    let script = format!("{to}.sh");
    served
        .run(&["create-policy", "--dry-run", "--hand-over", &script])
        .exits(0);
    assert!(!path.with_extension("sh.sh").exists());
    served
        .run(&["create-policy", "--dry-run", "--hand-over", "/"])
        .exits(2);
}

#[test]
fn a_name_stays_in_its_remark() {
    let name = "UAT'\"; touch pwned #`n$(touch pwned)\u{2019} <# x";
    let served = Served::patched(&uat_named(name), FAST);
    let (path, to) = place(&served);
    served
        .run(&["enable", "--dry-run", "--hand-over", &to])
        .exits(0);
    let script = text(&path, "-power-platform.sh");
    assert!(script.contains(&format!("\n# {name}\n")), "{script}");
    same_in_both_shells(&path, "-power-platform");
}

#[test]
fn a_key_that_is_to_be_is_made_by_whom_it_is_for() {
    let served = Served::start("empty", FAST);
    let (path, to) = place(&served);
    let enable = [
        "enable",
        "--create-key",
        "--azure-location",
        "westeurope",
        "--dry-run",
    ];
    served
        .run(&[&enable[..], &["--hand-over", &to]].concat())
        .exits(0);
    same_in_both_shells(&path, "-key-vault");
    let consent = ["--yes", "--confirm", "kv-contoso-cmk"];
    hand(&path, "-key-vault.sh", "key-vault-admin", &consent).exits(0);
    hand(&path, "-power-platform.sh", "admin", &OFFLINE).exits(0);
    assert_eq!(served.times("vault-created"), 1);
    assert_eq!(served.times("link-started"), 1);
}
