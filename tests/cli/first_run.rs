//! The first minutes with the source: what the README's first two commands build and need.

#[cfg(unix)]
use crate::tool::{FAST, command, finish, limited};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The commands of the README's first two `sh` blocks.
fn commands() -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = readme.split("```sh\n").skip(1).take(2);
    blocks
        .map(|block| block.split("\n```").next().unwrap().to_owned())
        .collect()
}

/// The features of each library, with or without those of tests.
fn features(kinds: &str) -> BTreeMap<String, Vec<String>> {
    let mut tree = Command::new(env!("CARGO"));
    tree.args([
        "tree",
        "--locked",
        "--offline",
        "--prefix",
        "none",
        "-f",
        "{p}|{f}",
        "-e",
        kinds,
    ]);
    let output = tree.current_dir(root()).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let told = String::from_utf8(output.stdout).unwrap();
    // A blank line lies between the trees of the two crates.
    for line in told.lines().filter(|line| !line.is_empty()) {
        let (library, features) = line.trim_end_matches(" (*)").split_once('|').unwrap();
        let features = features.trim_end_matches(" (*)").to_owned();
        let of = all.entry(library.replace(" (proc-macro)", "")).or_default();
        if !of.contains(&features) {
            of.push(features);
            of.sort();
        }
    }
    all
}

/// Both commands use one profile and the same features, so the second one compiles no library
/// again.
#[test]
fn nothing_is_compiled_twice() {
    let [run, test] = &commands()[..] else {
        panic!("two commands")
    };
    assert!(run.starts_with("cargo run --locked -- "), "{run}");
    assert_eq!(test, "cargo test --locked");
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(
        !manifest.contains("[profile.test"),
        "tests have a profile of their own"
    );
    let with_tests = features("normal,build,dev");
    for (library, features) in features("normal,build") {
        assert_eq!(
            with_tests.get(&library),
            Some(&features),
            "{library} is built twice"
        );
    }
}

/// Some systems give the first thread of a process less than 8 MiB.
#[cfg(unix)]
#[test]
fn a_small_stack_is_enough() {
    let runs: [&[&str]; 5] = [
        &[
            "enable",
            "--sandbox",
            "--speed",
            FAST,
            "--yes",
            "--confirm",
            "Contoso UAT",
        ],
        &["check", "--sandbox"],
        &["status", "--all", "--sandbox"],
        &["help", "enable"],
        &["explain"],
    ];
    for arguments in runs {
        let ran = finish(limited("-s 1024", &command(arguments)));
        assert!(matches!(ran.code, 0 | 6), "{arguments:?}: {ran:?}");
    }
}
