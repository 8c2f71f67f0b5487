//! The program in a shell, as manual pages, and for users who look for help.

use crate::documents::topics;
use crate::house::Source;
use crate::tool::{Ran, command, finish, run};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// The completions of the last word.
pub(crate) fn completed(shell: &str, words: &[&str], cache: Option<&Path>) -> Vec<String> {
    let mut asked = command(&["--", "cmkctl"]);
    asked
        .args(words)
        .env("CMKCTL_COMPLETE", shell)
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    asked.env("_CLAP_IFS", "\n");
    if let Some(cache) = cache {
        asked.env("XDG_CACHE_HOME", cache);
    }
    let said = finish(asked).exits(0).stdout;
    said.lines()
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect()
}

pub(crate) fn has(shell: &str) -> bool {
    Command::new(shell).arg("--version").output().is_ok()
}

#[test]
fn every_shell_gets_a_script_that_it_accepts() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = run(&["completions", shell]).exits(0).stdout;
        assert!(
            script.contains("CMKCTL_COMPLETE") && script.contains("cmkctl"),
            "{shell}: {script}"
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &script).unwrap();
        if shell != "powershell" && has(shell) {
            let read = Command::new(shell)
                .arg("-n")
                .arg(file.path())
                .output()
                .unwrap();
            assert!(
                read.status.success(),
                "{shell}: {}",
                String::from_utf8_lossy(&read.stderr)
            );
        }
    }
    assert!(
        run(&["completions", "tcsh"])
            .exits(2)
            .stderr
            .contains("bash, zsh, fish, powershell")
    );
}

#[test]
fn commands_flags_and_values_are_completed() {
    for shell in ["bash", "fish", "zsh", "powershell"] {
        assert!(
            completed(shell, &["enab"], None)
                .iter()
                .any(|word| word.starts_with("enable")),
            "{shell}"
        );
    }
    assert!(completed("bash", &["status", "--al"], None).contains(&"--all".to_owned()));
    assert!(completed("bash", &["--cloud", "gcc"], None).contains(&"gcc-high".to_owned()));
    assert!(completed("bash", &["status", "--auth", "az"], None).contains(&"azure-cli".to_owned()));
    assert!(
        completed("bash", &["status", "--scenario", "mes"], None).contains(&"messy".to_owned())
    );
    let codes = completed("fish", &["explain", "cmk0"], None);
    assert!(codes.contains(&"CMK029".to_owned()), "{codes:?}");
    for code in &codes {
        run(&["explain", code]).exits(0);
    }
    assert!(completed("bash", &["explain", "Forb"], None).contains(&"Forbidden".to_owned()));
    assert_eq!(
        completed("bash", &["create-policy", "--location", "u"], None),
        ["uae", "uk", "unitedstates"]
    );
    let regions = completed("bash", &["create-key", "--azure-location", "uk"], None);
    assert_eq!(regions, ["uksouth"]);
    let users = completed("bash", &["status", "--sandbox-user", ""], None);
    for user in &users {
        // Every offered user exists.
        run(&["auth", "status", "--sandbox", "--sandbox-user", user]).exits(0);
    }
    assert!(users.len() >= 5, "{users:?}");
}

#[test]
fn bash_itself_completes_a_name_so_that_it_can_be_run() {
    if !has("bash") {
        return;
    }
    let cache = tempfile::tempdir().unwrap();
    remember_names(cache.path(), &["Contoso UAT", "Evil $(touch evil) `id`"]);
    let script = run(&["completions", "bash"]).exits(0).stdout;
    let folder = tempfile::tempdir().unwrap();
    let try_out = |typed: &str| {
        let ask = format!(
            "{script}\nCOMP_WORDS=(cmkctl status {typed}); COMP_CWORD=2; _clap_complete_cmkctl \
            cmkctl {typed} status\n\
             eval \"set -- ${{COMPREPLY[0]}}\"; printf '%s' \"$1\""
        );
        let path = Path::new(env!("CARGO_BIN_EXE_cmkctl")).parent().unwrap();
        let mut bash = Command::new("bash");
        bash.arg("-c")
            .arg(ask)
            .current_dir(folder.path())
            .env("XDG_CACHE_HOME", cache.path());
        let path = format!(
            "{}:{}",
            path.display(),
            std::env::var("PATH").unwrap_or_default()
        );
        String::from_utf8(bash.env("PATH", path).output().unwrap().stdout).unwrap()
    };
    assert_eq!(try_out("cont"), "Contoso UAT");
    assert_eq!(try_out("evil"), "Evil $(touch evil) `id`");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "a name was run"
    );
}

/// A package puts the script into a folder that zsh reads at the first Tab, as a function.
#[test]
fn zsh_completes_at_the_first_tab_from_a_file() {
    if !has("zsh") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = run(&["completions", "zsh"]).exits(0).stdout;
    std::fs::write(folder.path().join("_cmkctl"), script).unwrap();
    let path = Path::new(env!("CARGO_BIN_EXE_cmkctl")).parent().unwrap();
    let ask = "fpath=(. $fpath); compdef() { :; }; _describe() { print -l -- ${(P)@[-1]}; }
        autoload -U _cmkctl; CURRENT=2; words=(cmkctl enab); _cmkctl";
    let mut zsh = Command::new("zsh");
    zsh.args(["-f", "-c", ask])
        .current_dir(folder.path())
        .env("PATH", format!("{}:/usr/bin:/bin", path.display()));
    let said = zsh.output().unwrap();
    let words = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(words.starts_with("enable"), "{said:?}");
    // Where it is sourced, nothing is asked yet.
    let mut zsh = Command::new("zsh");
    zsh.args(["-f", "-c", "compdef() { :; }; source ./_cmkctl"]);
    let said = zsh.current_dir(folder.path()).output().unwrap();
    assert!(said.stdout.is_empty() && said.stderr.is_empty(), "{said:?}");
}

fn remember_names(cache: &Path, environments: &[&str]) {
    std::fs::create_dir_all(cache.join("cmkctl")).unwrap();
    let text = serde_json::json!({ "environments": environments,
        "policies": ["/subscriptions/s/ep-cmk"], "subscriptions": ["Contoso Platform"] });
    std::fs::write(cache.join("cmkctl/names.json"), text.to_string()).unwrap();
}

#[test]
fn names_come_from_the_last_list_and_never_from_or_for_a_sandbox() {
    let cache = tempfile::tempdir().unwrap();
    let with_cache = |arguments: &[&str]| {
        let mut asked = command(arguments);
        asked.env("XDG_CACHE_HOME", cache.path());
        finish(asked).exits(0)
    };
    with_cache(&["status", "--all", "--sandbox"]);
    assert!(
        !cache.path().join("cmkctl").exists(),
        "a sandbox left its names"
    );
    assert_eq!(
        completed("fish", &["status", "Cont"], Some(cache.path())),
        [""; 0]
    );
    remember_names(cache.path(), &["Contoso UAT", "Contoso Dev", "Fabrikam"]);
    assert_eq!(
        completed("fish", &["status", "cont"], Some(cache.path())),
        ["Contoso Dev", "Contoso UAT"]
    );
    let copy = ["check", "Fabrikam", "--for", "copy", "--to", "cont"];
    assert_eq!(
        completed("fish", &copy, Some(cache.path())),
        ["Contoso Dev", "Contoso UAT"]
    );
    assert_eq!(
        completed("bash", &["enable", "cont"], Some(cache.path())),
        ["Contoso\\ Dev", "Contoso\\ UAT"]
    );
    assert_eq!(
        completed("fish", &["enable", "--policy", "/sub"], Some(cache.path())),
        ["/subscriptions/s/ep-cmk"]
    );
    let subscription = ["create-key", "--subscription", "con"];
    assert_eq!(
        completed("fish", &subscription, Some(cache.path())),
        ["Contoso Platform"]
    );
    assert_eq!(
        completed("fish", &["--sandbox", "status", "cont"], Some(cache.path())),
        [""; 0]
    );
    // With an invalid file, completion continues without it.
    std::fs::write(
        cache.path().join("cmkctl/names.json"),
        "{\"environments\": 7",
    )
    .unwrap();
    assert_eq!(
        completed("fish", &["status", "cont"], Some(cache.path())),
        [""; 0]
    );
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let page = run(&["man"]).exits(0).stdout;
    for part in [
        ".TH CMKCTL 1",
        "EXIT STATUS",
        "ENVIRONMENT",
        "CMKCTL_PROFILE",
        "another operation runs",
    ] {
        assert!(
            page.contains(part) || page.contains(&part.replace('-', "\\-")),
            "{part}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&["man", folder.path().join("new").to_str().unwrap()]).exits(0);
    assert!(ran.stdout.is_empty());
    let mut expected = BTreeSet::new();
    fn walk(command: &clap::Command, name: &str, into: &mut BTreeSet<String>) {
        into.insert(format!("{name}.1"));
        for inner in command
            .get_subcommands()
            .filter(|inner| inner.get_name() != "help" && !inner.is_hide_set())
        {
            walk(inner, &format!("{name}-{}", inner.get_name()), into);
        }
    }
    walk(&cmkctl::cli::command(), "cmkctl", &mut expected);
    expected.insert("cmkctl-options.7".to_owned());
    expected.extend(topics().iter().map(|(name, _)| format!("cmkctl-{name}.7")));
    let written = std::fs::read_dir(folder.path().join("new")).unwrap();
    let written: BTreeSet<String> = written
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(written, expected);
    if has("mandoc") {
        let mut lint = Command::new("mandoc");
        lint.args(["-T", "lint", "-W", "error"])
            .arg(folder.path().join("new/cmkctl.1"));
        let lint = lint.output().unwrap();
        assert!(
            lint.status.success(),
            "{}",
            String::from_utf8_lossy(&lint.stdout)
        );
    }
    run(&["man", "/proc/nowhere"]).exits(2);
}

/// `man` looks for section 7 beside the folder of section 1.
#[test]
fn topics_are_found_where_man_looks_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("man1");
    run(&["man", first.to_str().unwrap()]).exits(0);
    for (name, _) in topics() {
        let page = format!("cmkctl-{name}.7");
        assert!(folder.path().join("man7").join(&page).exists(), "{page}");
        assert!(!first.join(&page).exists(), "{page}");
    }
    assert!(first.join("cmkctl-enable.1").exists());
}

#[test]
fn help_knows_its_topics() {
    let codes = run(&["help", "exit-codes"]).exits(0).stdout;
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for kind in cmkctl::error::Kind::ALL {
        let line = format!("{} {}", kind.exit_code(), kind.meaning());
        assert!(words(&codes).contains(&words(&line)), "{line}");
    }
    assert!(
        run(&["help", "exit-code"])
            .exits(2)
            .stderr
            .contains("cmkctl help exit-codes")
    );
    assert!(
        run(&["help", "auth", "status"])
            .exits(0)
            .stdout
            .contains("Usage: cmkctl auth status")
    );
    assert!(
        run(&["help", "enabel"])
            .exits(2)
            .stderr
            .contains("`cmkctl help enable`")
    );
    assert_eq!(
        run(&["help", "enable"]).stdout,
        run(&["enable", "--help"]).stdout
    );
    let shown = run(&["help", "environment"]).exits(0).stdout;
    assert_eq!(shown, run(&["help", "configuration"]).stdout);
    for (name, _) in cmkctl::config::VARIABLES {
        assert!(shown.contains(name), "{name}");
    }
}

/// The variables that the code reads are exactly the listed ones.
#[test]
fn every_variable_that_is_read_is_explained() {
    let listed: BTreeSet<&str> = cmkctl::config::VARIABLES
        .iter()
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(
        listed.len(),
        cmkctl::config::VARIABLES.len(),
        "a name is listed twice"
    );
    let mut read = BTreeSet::new();
    for Source {
        room, name, text, ..
    } in crate::house::sources()
    {
        if room != "config" || name.ends_with("variables.rs") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in code.split('"').skip(1).step_by(2) {
            let shouts = |ch: char| ch.is_ascii_uppercase() || ch.is_ascii_digit() || ch == '_';
            if word.len() > 1
                && word.chars().all(shouts)
                && word.starts_with(|ch: char| ch.is_ascii_uppercase())
            {
                read.insert(word.to_owned());
            }
        }
    }
    let explained: String = cmkctl::config::VARIABLES
        .iter()
        .map(|(name, what)| format!("{name} {what} "))
        .collect();
    let words: BTreeSet<&str> = explained
        .split(|ch: char| !ch.is_ascii_alphanumeric() && ch != '_')
        .collect();
    // This is the name of an argument, not of a variable.
    let unexplained: Vec<_> = read
        .iter()
        .filter(|name| *name != "ENVIRONMENT" && !words.contains(name.as_str()))
        .collect();
    assert!(
        unexplained.is_empty(),
        "read, and not in `cmkctl help configuration`: {unexplained:?}"
    );
    let unread: Vec<_> = listed
        .iter()
        .filter(|name| !name.contains('…') && **name != "CMKCTL_COMPLETE" && !read.contains(**name))
        .collect();
    let unread: Vec<_> = unread
        .into_iter()
        .filter(|name| **name != "NO_PROXY")
        .collect();
    assert!(
        unread.is_empty(),
        "in `cmkctl help configuration`, and read nowhere: {unread:?}"
    );
}

#[test]
fn what_was_meant_is_said() {
    let says = |ran: Ran, words: &str| ran.says_on_stderr(&[words]);
    says(
        run(&["environment-name", "Contoso UTA", "--sandbox"]).exits(2),
        "Did you mean `Contoso UAT`?",
    );
    says(
        run(&["auth", "status", "--cloud", "gcc-hihg"]).exits(2),
        "Did you mean `gcc-high`?",
    );
    says(
        run(&["auth", "status", "--auth", "azure-cil"]).exits(2),
        "Did you mean `azure-cli`?",
    );
    says(
        run(&["status", "--sandbox", "--scenario", "mesy"]).exits(2),
        "Did you mean `messy`?",
    );
    says(
        run(&["status", "--sandbox", "--sandbox-user", "amdin"]).exits(2),
        "Did you mean `admin`?",
    );
    let plan = run(&[
        "create-policy",
        "--sandbox",
        "--location",
        "euorpe",
        "--dry-run",
    ])
    .exits(6);
    plan.says(&["Did you mean `europe`?"]);
}
