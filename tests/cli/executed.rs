//! Shows every help page, and runs every example in help, README and topics. They run in a sandbox,
//! with its names instead of the reader's.

use crate::children::{ended, piped};
use crate::documents::{documents, readme};
use crate::help::{commands, each, examples, named, words};
use crate::tool::{FAST, Ran, Served, command, finish, until};
use serde_json::Value;
use std::process::Command;

/// The sandbox's value for a placeholder.
fn filled(word: &str, cloud: &Value, folder: &std::path::Path) -> String {
    let own = |name: &str| cloud["defaults"][name].as_str().unwrap().to_owned();
    let near = |name: &str| folder.join(name).display().to_string();
    match word {
        "VAULT_ID" => own("vault"),
        "VAULT" => own("vault").rsplit('/').next().unwrap().to_owned(),
        "POLICY_ID" | "POLICY" | "OLD_POLICY" | "ep-cmk" => own("policy"),
        // Another policy than the one that is linked; the sandbox has none of that name, which the
        // command says.
        "NEW_POLICY_ID" | "NEW_POLICY" => format!("{}-new", own("policy")),
        "ENVIRONMENT_ID" | "ENVIRONMENT" => own("environment"),
        "NAME" => "Contoso UAT".to_owned(),
        "GEOGRAPHY" => "europe".to_owned(),
        "KEY" | "cmk" | "cmk-2024" => own("key"),
        "OLD_POLICY_ID" => own("policy"),
        "WORKSPACE_ID" => "0fd3c1de-4b11-4a7f-9d59-0f1f6c5c7a2e".to_owned(),
        "OLD_VERSION" => "0123456789abcdef0123456789abcdef".to_owned(),
        "FILE" => near("file"),
        _ if word.starts_with("/subscriptions/…") && word.contains("/vaults/") => own("vault"),
        _ if word.starts_with("/subscriptions/…") => own("policy"),
        _ if word.starts_with("~/") => near("folder"),
        _ => word.to_owned(),
    }
}

/// Runs an example. It may end with any documented code except a usage error or an unexpected one.
fn executed(line: &str, path: &str) {
    let words = words(line);
    // `sandbox` runs until it is stopped. The tests of the README's transcripts run it.
    if words.iter().any(|word| word == "sandbox") {
        return;
    }
    let served = Served::start("ready", FAST);
    if words.get(1).is_some_and(|word| word == "export") {
        // `export` needs a linked environment.
        served
            .run(&["enable", "--yes", "--confirm", "Contoso UAT"])
            .exits(0);
    }
    let cloud = served.cloud();
    let folder = tempfile::tempdir().unwrap();
    let arguments: Vec<String> = words[1..]
        .iter()
        .map(|word| filled(word, &cloud, folder.path()))
        .collect();
    let config = folder.path().join(".config/cmkctl");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(
        config.join("config.toml"),
        "[profile.prod]\naudit-log = \"audit.jsonl\"\n",
    )
    .unwrap();
    if words
        .get(1)
        .is_some_and(|word| word == "plan" || word == "apply")
    {
        let wanted = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/wanted.toml");
        std::fs::copy(wanted, folder.path().join("wanted.toml")).unwrap();
        let saved = folder.path().join("plan.json");
        if words.iter().any(|word| word == "plan.json") && words[1] == "apply" {
            served.run(&["plan", wanted, "--out", saved.to_str().unwrap()]);
        }
    }
    // `init` never overwrites the file of an earlier example.
    let written = folder.path().join(".config/cmkctl/config.toml");
    if words.iter().any(|word| word == "init") {
        std::fs::remove_file(written).unwrap();
    }
    let mut run = command(&[]);
    run.current_dir(folder.path()).env("HOME", folder.path());
    let mut arguments = arguments.into_iter();
    let own_cloud = words.iter().any(|word| word == "--sandbox");
    while let Some(word) = arguments.next() {
        // The cloud is the sandbox here, and a sandbox takes no real sign-in.
        if ["--cloud", "--auth", "--notify"].contains(&word.as_str()) {
            arguments.next();
        } else {
            run.arg(word);
        }
    }
    if own_cloud {
        run.args(["--speed", FAST]);
    } else {
        run.arg("--cloud").arg(served.cloud_file());
    }
    let ran = if words.get(1).is_some_and(|word| word == "watch") {
        looked_once(run, &served)
    } else {
        finish(run)
    };
    let documented = [0, 3, 5, 6, 7, 8, 9, 10];
    // The reader's own environments and codes do not exist here.
    let unknown = ran.code == 2
        && [
            "CMK002",
            " is visible to you.",
            " matches nothing: ",
            "has no version",
            "There is no Log Analytics workspace",
            "works only at a terminal",
            "A sandbox never uses real credentials.",
        ]
        .iter()
        .any(|word| ran.stderr.contains(word));
    assert!(
        documented.contains(&ran.code) || unknown,
        "{path}: `{line}` exits {}\nstdout:\n{}\nstderr:\n{}",
        ran.code,
        ran.stdout,
        ran.stderr
    );
}

/// It watches until it is told to end, which is after its first look here.
fn looked_once(command: Command, served: &Served) -> Ran {
    let child = piped(command);
    let lists = || {
        let log = served.log();
        log.iter()
            .any(|one| one["path"].as_str().unwrap().ends_with("/environments"))
    };
    until("a look", lists);
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(sent.success());
    let output = ended(child);
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn every_help_page_is_shown_in_every_way() {
    let mut pages = 0;
    each(&cmkctl::cli::command(), "cmkctl", &mut |command, path| {
        let words: Vec<&str> = path.split(' ').skip(1).collect();
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        let begins = if words.is_empty() { "cmkctl " } else { &about };
        for arguments in [
            [words.as_slice(), &["--help"]].concat(),
            [words.as_slice(), &["-h"]].concat(),
            [&["help"], words.as_slice()].concat(),
        ] {
            let ran = crate::tool::run(&arguments).exits(0);
            assert!(
                ran.stdout.starts_with(begins) && ran.stdout.contains("Usage: "),
                "{arguments:?}: {}",
                ran.stdout
            );
            assert!(ran.stderr.is_empty(), "{arguments:?}: {}", ran.stderr);
        }
        pages += 1;
    });
    assert!(pages > 15, "{pages}");
}

#[test]
fn every_example_in_help_runs() {
    let mut all = Vec::new();
    each(&cmkctl::cli::command(), "cmkctl", &mut |command, path| {
        let examples = examples(command).into_iter();
        all.extend(examples.map(|line| (line, path.to_owned())));
    });
    assert!(all.len() > 30, "{}", all.len());
    for (line, path) in all {
        executed(&line, &path);
    }
}

#[test]
fn every_command_of_the_documents_runs() {
    let mut tried = 0;
    for document in documents() {
        for line in document.blocks("sh").into_iter().flat_map(commands) {
            executed(&line, &document.name);
            tried += 1;
        }
    }
    assert!(tried >= 12, "{tried}");
}

/// Runs the commands in the README's tables.
#[test]
fn every_command_in_a_table_of_the_readme_runs() {
    let text = readme().text;
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
    let lines = named(&rows.join("\n"));
    assert!(lines.len() > 20, "{lines:?}");
    for line in lines {
        executed(&line, "README");
    }
}
