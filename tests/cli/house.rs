//! The rooms of the house and their one-way rule, read from the source.

use std::fs;
use std::path::{Path, PathBuf};

/// Every room with the rooms it may use. A room may always use itself.
const ROOMS: [(&str, &[&str]); 16] = [
    ("build", &[]),
    ("main", &["cli", "interrupt"]),
    ("lib", &[]),
    ("cli", &["run", "apply", "config", "report", "interrupt", "error"]),
    (
        "run",
        &["observe", "apply", "steps", "config", "sandbox", "cloud", "audit", "report", "interrupt", "error", "model"],
    ),
    ("observe", &["steps", "cloud", "error", "model"]),
    ("apply", &["steps", "cloud", "interrupt", "error", "model"]),
    ("config", &["cloud", "report", "error", "model"]),
    ("steps", &["error", "model"]),
    ("cloud", &["audit", "interrupt", "error", "model"]),
    ("audit", &["error", "model"]),
    ("report", &["error", "model"]),
    ("sandbox", &[]),
    ("interrupt", &["error"]),
    ("error", &[]),
    ("model", &[]),
];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

pub(crate) fn all() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 30, "the sources were not found");
    let room = |path: &Path| {
        let first = path.strip_prefix(&root).unwrap().components().next().unwrap();
        Path::new(first.as_os_str()).file_stem().unwrap().to_str().unwrap().to_owned()
    };
    files.into_iter().map(|path| (room(&path), path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The rooms that a text names, by `crate::room` (in `use` lines, groups and paths alike) or `cmkctl::room`.
fn named(text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    for marker in ["crate::", "cmkctl::"] {
        for (start, _) in code.match_indices(marker) {
            let rest = &code[start + marker.len()..];
            let list = rest.strip_prefix('{').map_or(rest, |group| group.split('}').next().unwrap_or_default());
            let names = if rest.starts_with('{') { list.split(',').collect() } else { vec![list] };
            for name in names {
                let word: String =
                    name.trim().chars().take_while(|ch| ch.is_ascii_alphanumeric() || *ch == '_').collect();
                rooms.push(word);
            }
        }
    }
    rooms
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for (room, path, text) in all() {
        let (_, allowed) = ROOMS
            .iter()
            .find(|(name, _)| *name == room)
            .unwrap_or_else(|| panic!("{} is in no room of the house", path.display()));
        for other in named(&text) {
            if other != room && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{}: {room} uses {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_rule_would_notice() {
    assert_eq!(
        named("use crate::cloud::Wire;\n// crate::cli\nlet x = crate::{report, model::X};"),
        ["cloud", "report", "model"]
    );
}

#[test]
fn no_type_lives_in_main_or_lib() {
    for (room, path, text) in all() {
        if room == "main" || room == "lib" {
            for word in ["struct ", "enum ", "trait ", "type "] {
                let found = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word));
                assert!(!found, "{} defines a {word}", path.display());
            }
        }
    }
}

#[test]
fn only_config_reads_the_environment_and_only_report_writes() {
    for (room, path, text) in all() {
        let uses = |word: &str| text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word));
        // What a build script reads is the environment of a build.
        assert!(
            matches!(room.as_str(), "config" | "build") || !uses("env::var"),
            "{} reads the environment",
            path.display()
        );
        assert!(
            room == "report" || !(uses("io::stdout") || uses("io::stderr")),
            "{} writes to the terminal",
            path.display()
        );
    }
}

#[test]
fn files_can_be_read_in_one_sitting() {
    for (_, path, text) in all() {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().count();
        assert!(lines <= 400, "{} has {lines} lines before its tests", path.display());
    }
}

/// The README's picture has an arrow for each permission above, and no other.
#[test]
fn the_picture_of_the_rooms_is_the_rule() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let picture = readme.split("```mermaid\n").nth(1).unwrap().split("```").next().unwrap();
    // What everybody may use is said beside the picture.
    let drawn_apart = |room: &str| matches!(room, "model" | "error");
    let mut drawn = Vec::new();
    for (from, to) in picture.lines().filter_map(|line| line.split_once(" --> ")) {
        for from in from.split('&').map(str::trim) {
            let to = to.split('&').map(str::trim).filter(|to| !drawn_apart(to));
            drawn.extend(to.map(|to| (from.to_owned(), to.to_owned())));
        }
    }
    let ruled = ROOMS.iter().flat_map(|(from, allowed)| {
        allowed.iter().filter(|to| !drawn_apart(to)).map(|to| ((*from).to_owned(), (*to).to_owned()))
    });
    let mut ruled: Vec<_> = ruled.collect();
    drawn.sort();
    ruled.sort();
    assert_eq!(drawn, ruled);
}
