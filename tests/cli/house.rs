//! The rooms and their one-way rule, checked in the source.

use crate::imports::Imports;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every room with the rooms it may use. A room may always use itself.
const ROOMS: [(&str, &[&str]); 16] = [
    ("build", &[]),
    ("main", &["cli", "interrupt"]),
    ("lib", &[]),
    (
        "cli",
        &["run", "apply", "config", "report", "interrupt", "error"],
    ),
    (
        "run",
        &[
            "observe",
            "apply",
            "steps",
            "config",
            "sandbox",
            "cloud",
            "audit",
            "report",
            "interrupt",
            "error",
            "model",
        ],
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
    ("error", &["model"]),
    ("model", &[]),
];

/// A source file.
pub(crate) struct Source {
    pub(crate) room: String,
    /// Path relative to the source folder.
    pub(crate) name: String,
    /// Module path from the crate's root.
    pub(crate) module: Vec<String>,
    pub(crate) text: String,
}

impl Source {
    /// The text, with paths from the root of `src`. The sandbox is a crate of its own, and here a
    /// room like the others.
    pub(crate) fn rooted(&self) -> String {
        if self.room == "sandbox" {
            self.text.replace("crate::", "crate::sandbox::")
        } else {
            self.text.clone()
        }
    }
}

fn files_below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

fn sources_of(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Vec::new();
    files_below(&root, &mut files);
    files.sort();
    assert!(files.len() > 30, "the sources were not found");
    let source = |path: PathBuf| {
        let inside = path.strip_prefix(&root).unwrap();
        let mut module: Vec<String> = inside
            .with_extension("")
            .iter()
            .map(|part| part.to_str().unwrap().to_owned())
            .collect();
        let room = module[0].clone();
        if ["mod", "lib"].contains(&module.last().unwrap().as_str()) {
            module.pop();
        }
        // Windows separates folders by another mark.
        let name = inside.to_str().unwrap().replace('\\', "/");
        Source {
            room,
            name,
            module,
            text: fs::read_to_string(path).unwrap(),
        }
    };
    files.into_iter().map(source).collect()
}

/// Every file below `src`.
pub(crate) fn sources() -> Vec<Source> {
    sources_of("src")
}

/// The rooms that a text names, as `crate::room` (in `use` lines, groups and paths) or as
/// `cmkctl::room`.
fn named(text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let sandboxes = code.matches("cmkctl_sandbox::");
    rooms.extend(sandboxes.map(|_| "sandbox".to_owned()));
    for marker in ["crate::", "cmkctl::"] {
        for (start, _) in code.match_indices(marker) {
            let rest = &code[start + marker.len()..];
            let list = rest
                .strip_prefix('{')
                .map_or(rest, |group| group.split('}').next().unwrap_or_default());
            let names = if rest.starts_with('{') {
                list.split(',').collect()
            } else {
                vec![list]
            };
            for name in names {
                let word: String = name
                    .trim()
                    .chars()
                    .take_while(|ch| ch.is_ascii_alphanumeric() || *ch == '_')
                    .collect();
                rooms.push(word);
            }
        }
    }
    rooms
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Source { room, name, .. } = &source;
        let (_, allowed) = ROOMS
            .iter()
            .find(|(own, _)| own == room)
            .unwrap_or_else(|| panic!("{name} is in no room of the house"));
        for other in named(&source.rooted()) {
            if other != *room && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{name}: {room} uses {other}"));
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
    assert_eq!(named("use cmkctl_sandbox::Sandbox;\n"), ["sandbox"]);
}

fn loops_of(sources: &[Source]) -> Vec<String> {
    Imports::of(sources)
        .loops()
        .iter()
        .map(|way| way.join(" > "))
        .collect()
}

#[test]
fn no_file_imports_itself_over_others() {
    let crate_files: Vec<Source> = sources()
        .into_iter()
        .filter(|source| source.room != "build")
        .collect();
    assert_eq!(loops_of(&crate_files), Vec::<String>::new());
}

/// Every way to name another file closes a loop here.
#[test]
fn the_loop_would_be_seen() {
    let file = |module: &str, text: &str| Source {
        room: "model".to_owned(),
        name: format!("{module}.rs"),
        module: module.split("::").map(str::to_owned).collect(),
        text: text.to_owned(),
    };
    let forth = file("model::a", "use super::b::B;\npub(crate) struct A(B);");
    let ways_back = [
        "use crate::model::a::A;\npub struct B(A);",
        "use super::{c::C, a::{A}};\npub struct B(A, C);",
        "use super::a;\npub struct B(a::A);",
        "use super::A as Other;\npub struct B(Other);",
        "pub struct B(crate::model::A);",
        "pub struct B;\nfn b() { println!(\"{:?}\", super::a::A) }",
        "pub use super::a::A;\npub struct B(A);",
        "use super::a::*;\npub struct B(A);",
    ];
    for back in ways_back {
        let files = [
            file("model", "mod a;\nmod b;\npub(crate) use a::A;"),
            file("model::a", &forth.text),
            file("model::b", back),
        ];
        assert_eq!(
            loops_of(&files),
            ["model::a > model::b > model::a"],
            "{back}"
        );
    }
    let no_way_back = [
        "pub struct B;",
        "pub(in crate::model::a) struct B;",
        "pub struct B;\n#[cfg(test)]\nmod tests { use super::super::a::A; }",
        "/// Like [`super::a::A`].\npub struct B;",
        "pub use super::a::A;\npub struct B;",
    ];
    for back in no_way_back {
        let files = [
            file("model", "mod a;\nmod b;"),
            file("model::a", &forth.text),
            file("model::b", back),
        ];
        assert_eq!(loops_of(&files), Vec::<String>::new(), "{back}");
    }
}

/// A file without a `mod` line is neither compiled nor tested, and no tool reports it.
#[test]
fn every_file_is_declared() {
    for folder in ["src", "tests/cli"] {
        let sources = sources_of(folder);
        let roots = ["main.rs", "lib.rs", "build.rs", "sandbox/lib.rs"];
        for source in sources
            .iter()
            .filter(|source| !roots.contains(&source.name.as_str()))
        {
            let (last, parent) = source.module.split_last().unwrap();
            let declared = sources
                .iter()
                .filter(|other| {
                    other.module == parent
                        || (parent.is_empty() && roots.contains(&other.name.as_str()))
                })
                .any(|other| {
                    other
                        .text
                        .lines()
                        .any(|line| line.trim().ends_with(&format!("mod {last};")))
                });
            assert!(declared, "{folder}/{} is declared nowhere", source.name);
        }
    }
}

#[test]
fn no_type_lives_in_main_or_lib() {
    for Source {
        room, name, text, ..
    } in sources()
    {
        if room == "main" || room == "lib" {
            for word in ["struct ", "enum ", "trait ", "type "] {
                let found = text
                    .lines()
                    .any(|line| !line.trim_start().starts_with("//") && line.contains(word));
                assert!(!found, "{} defines a {word}", name);
            }
        }
    }
}

#[test]
fn only_config_reads_the_environment_and_only_report_writes() {
    for Source {
        room, name, text, ..
    } in sources()
    {
        let uses = |word: &str| {
            text.lines()
                .any(|line| !line.trim_start().starts_with("//") && line.contains(word))
        };
        // A build script reads the build's environment.
        assert!(
            matches!(room.as_str(), "config" | "build") || !uses("env::var"),
            "{} reads the environment",
            name
        );
        assert!(
            room == "report" || !(uses("io::stdout") || uses("io::stderr")),
            "{} writes to the terminal",
            name
        );
    }
}

/// The width in `.rustfmt.toml`. The formatter does not break long texts, macros and comments.
const WIDTH: usize = 100;
/// A URL, an ARM id or a certificate is a single long word and may exceed the width.
const LONG_WORD: usize = 50;

#[test]
fn no_line_is_wider_than_the_formatter_makes_them() {
    let config = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".rustfmt.toml"));
    assert_eq!(config.unwrap(), format!("max_width = {WIDTH}\n"));
    let mut wide = Vec::new();
    for folder in ["src", "tests/cli"] {
        for Source { name, text, .. } in sources_of(folder) {
            for (number, line) in text.lines().enumerate() {
                let word = line
                    .split_whitespace()
                    .map(str::len)
                    .max()
                    .unwrap_or_default();
                if line.chars().count() > WIDTH && word < LONG_WORD {
                    wide.push(format!("{folder}/{name}:{}", number + 1));
                }
            }
        }
    }
    assert!(wide.is_empty(), "wider than {WIDTH} columns: {wide:#?}");
}

/// The sandbox's storeys from bottom to top. Each may use those before it.
const STOREYS: [&str; 6] = ["message", "tenant", "services", "scenario", "door", ""];

#[test]
fn the_storeys_of_the_sandbox_rest_on_each_other() {
    let storey = |module: &str| {
        let name = module
            .strip_prefix("sandbox")?
            .trim_start_matches("::")
            .split("::")
            .next()?;
        Some(
            STOREYS
                .iter()
                .position(|known| *known == name)
                .expect("a storey of the sandbox"),
        )
    };
    let imports = Imports::of(&sources());
    for (file, others) in imports.arrows().into_iter().enumerate() {
        let name = imports.name(file);
        let Some(own) = storey(&name) else { continue };
        for other in others {
            let other = imports.name(other);
            let below = storey(&other).is_some_and(|other| other <= own);
            assert!(below, "{name} uses {other}");
        }
    }
}

/// A service gets a request and the tenant, and nothing else.
#[test]
fn a_service_gets_request_and_tenant() {
    let mut handlers = 0;
    for Source { name, text, .. } in sources() {
        let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !name.starts_with("sandbox/services/") {
            continue;
        }
        for (at, _) in flat.match_indices("fn handle(") {
            let given = flat[at..].split(')').next().unwrap();
            let given = given.replace("service: &str, ", "");
            assert_eq!(
                given, "fn handle(world: &mut World, request: &Request",
                "{name}"
            );
            handlers += 1;
        }
        for word in [
            "\nstatic ",
            "Mutex",
            "thread_local",
            "env::",
            "fs::",
            "SystemTime",
            "Instant",
        ] {
            assert!(!text.contains(word), "{name} uses {word}");
        }
    }
    assert!(handlers > 6, "the scan found {handlers} services");
}

/// An id or version in two places would be changed in only one of them.
#[test]
fn an_id_or_a_version_stands_in_one_place() {
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Source {
        room, name, text, ..
    } in sources()
    {
        if room == "sandbox" {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in code.split('"').skip(1).step_by(2) {
            let digits = |ch: char| ch.is_ascii_hexdigit() || ch == '-';
            let guid = word.len() == 36 && word.chars().all(digits);
            let version = word.len() == 10 && word.starts_with("20") && word.chars().all(digits);
            // Other rooms may repeat a version. Exported files use the version known to Bicep and
            // Terraform.
            if guid || (version && room == "cloud") {
                places
                    .entry(word.to_owned())
                    .or_default()
                    .insert(name.clone());
            }
        }
    }
    assert!(places.len() > 10, "the scan found {places:?}");
    let twice: Vec<_> = places.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn files_can_be_read_in_one_sitting() {
    for Source { name, text, .. } in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().count();
        assert!(lines <= 400, "{} has {lines} lines before its tests", name);
    }
}

/// The code before the tests, without comments.
fn code_of(source: &Source) -> impl Iterator<Item = &str> {
    let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

/// A finding's code is for people, so no decision may depend on it.
fn decides_by_a_code(line: &str) -> bool {
    let tight = line.replace(' ', "");
    let compared = [
        "==\"CMK",
        "!=\"CMK",
        "==Some(\"CMK",
        "!=Some(\"CMK",
        ".contains(&",
    ];
    compared[..4].iter().any(|sign| tight.contains(sign))
        || (tight.contains(compared[4]) && tight.contains(".code)"))
        || (tight.contains("\"CMK0") && tight.contains("\")=>"))
}

/// Decisions about an action must use its facts.
fn decides_by_an_action(line: &str) -> bool {
    let name = |text: &str| text.contains("Action::") && !text.contains("clap::");
    (name(line) && line.contains("matches!"))
        || line
            .split_once("=>")
            .is_some_and(|(pattern, _)| name(pattern))
}

#[test]
fn nothing_is_decided_by_a_code_or_by_the_kind_of_an_action() {
    // The three matches over all actions, which the compiler checks.
    let of_actions = [
        "model/action/answers.rs",
        "model/action/sentences.rs",
        "apply/mod.rs",
    ];
    for source in sources() {
        if source.room == "sandbox" {
            continue;
        }
        let by_code: Vec<_> = code_of(&source)
            .filter(|line| decides_by_a_code(line))
            .collect();
        assert!(by_code.is_empty(), "{}: {by_code:?}", source.name);
        let by_action: Vec<_> = code_of(&source)
            .filter(|line| decides_by_an_action(line))
            .collect();
        let asked = of_actions.contains(&source.name.as_str());
        assert_eq!(
            !by_action.is_empty(),
            asked,
            "{}: {by_action:?}",
            source.name
        );
    }
}

/// Complete lists, evidence and proof each have one maker. Any other maker would bypass the checks.
#[test]
fn what_counts_as_proof_has_one_maker() {
    let makers: [(&str, &[&str]); 3] = [
        (
            "Whole::read_to_end(",
            // The other two are for tests.
            &["cloud/pages.rs", "model/rights.rs", "steps/samples.rs"],
        ),
        ("Fingerprint::of_facts(", &["steps/evidence/mod.rs"]),
        ("Proof::of(", &["report/fleet.rs", "run/proving.rs"]),
    ];
    for (call, allowed) in makers {
        let calls = |source: &Source| {
            source.room != "sandbox" && code_of(source).any(|line| line.contains(call))
        };
        let mut by: Vec<String> = sources()
            .into_iter()
            .filter(calls)
            .map(|source| source.name)
            .collect();
        by.sort();
        assert_eq!(by, allowed, "{call}");
    }
}

/// Each action has a row in the table of answers. Each command has a subcommand and a place in the
/// tests. Only the code that gathers evidence sends requests.
#[test]
fn nothing_of_a_new_command_is_left_out() {
    let all = sources();
    let text = |name: &str| {
        let found = all.iter().find(|source| source.name == name);
        found.unwrap_or_else(|| panic!("{name}")).text.clone()
    };
    let action = text("model/action.rs");
    let kinds = action
        .split_once("pub enum Action {")
        .and_then(|(_, rest)| rest.split_once("\n}\n"))
        .map(|(body, _)| {
            body.lines()
                .filter(|line| line.starts_with("    ") && line.ends_with(" {"))
        })
        .unwrap()
        .count();
    let answers = text("model/action/answers.rs");
    assert!(
        answers.contains(&format!("const ROWS: [(&str, &str, &str); {kinds}]")),
        "{kinds}"
    );
    let commands = all
        .iter()
        .filter(|source| source.name.starts_with("run/commands/"))
        .flat_map(code_of)
        .filter_map(|line| line.strip_prefix("pub const ")?.split_once(": Command"))
        .map(|(name, _)| name.to_owned())
        .collect::<Vec<_>>();
    assert!(commands.len() >= 8, "{commands:?}");
    let listed = text("run/commands/mod.rs");
    for name in &commands {
        assert!(listed.contains(&format!("&{name},")), "{name} in ALL");
        let used = |source: &&Source| source.room == "cli" && source.text.contains(name.as_str());
        assert!(
            all.iter().any(|source| used(&source)),
            "{name} in the command line"
        );
    }
    let senders = |source: &&Source| {
        source.room == "apply" && code_of(source).any(|line| line.contains("self.writer."))
    };
    let senders: Vec<&str> = all
        .iter()
        .filter(senders)
        .map(|source| source.name.as_str())
        .collect();
    assert_eq!(senders, ["apply/environment.rs", "apply/following.rs"]);
    let unfounded =
        |source: &&Source| code_of(source).any(|line| line.contains("Fingerprint::default()"));
    let unfounded: Vec<&str> = all
        .iter()
        .filter(unfounded)
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(unfounded, ["steps/evidence/mod.rs"]);
}

#[test]
fn a_decision_by_a_code_or_a_kind_would_be_noticed() {
    for line in [
        "if finding.code == \"CMK023\" {",
        "found.retain(|finding| finding.code != \"CMK035\");",
        "why.finding == Some(\"CMK041\")",
        "DANGERS.contains(&finding.code)",
        "Some(\"CMK022\") => finding(",
    ] {
        assert!(decides_by_a_code(line), "{line}");
    }
    assert!(decides_by_an_action(
        "matches!(action, Action::MakeManaged { .. })"
    ));
    assert!(decides_by_an_action("Action::RotateKey { .. } => true,"));
    assert!(!decides_by_an_action(
        "plan.actions.push(Action::RotateKey {"
    ));
}

/// The crate's table of rooms goes from top to bottom.
#[test]
fn the_table_of_the_rooms_is_the_rule() {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("//! | [`"))
        .map(|line| {
            line.split("[`")
                .skip(1)
                .map(|part| part.split('`').next().unwrap())
                .collect()
        })
        .collect();
    let row = |room: &str| rows.iter().position(|row| row.contains(&room));
    let rooms = ROOMS
        .iter()
        .filter(|(room, _)| !["build", "main", "lib"].contains(room));
    for (room, allowed) in rooms.clone() {
        let own = row(room).unwrap_or_else(|| panic!("{room} is not in the table"));
        for other in *allowed {
            assert!(
                row(other).is_some_and(|other| other > own),
                "{other} is not below {room}"
            );
        }
    }
    assert_eq!(rows.iter().map(Vec::len).sum::<usize>(), rooms.count());
}

/// The diagram for contributors has an arrow for each permission in `ROOMS`, and no other.
#[test]
fn the_picture_of_the_rooms_is_the_rule() {
    let page = crate::documents::contributing();
    let picture = page.blocks("mermaid")[0];
    // The text beside the diagram names the rooms that every room may use.
    let drawn_apart = |room: &str| matches!(room, "model" | "error");
    let mut drawn = Vec::new();
    for (from, to) in picture.lines().filter_map(|line| line.split_once(" --> ")) {
        for from in from.split('&').map(str::trim) {
            let to = to.split('&').map(str::trim).filter(|to| !drawn_apart(to));
            drawn.extend(to.map(|to| (from.to_owned(), to.to_owned())));
        }
    }
    let ruled = ROOMS.iter().flat_map(|(from, allowed)| {
        allowed
            .iter()
            .filter(|to| !drawn_apart(to))
            .map(|to| ((*from).to_owned(), (*to).to_owned()))
    });
    let mut ruled: Vec<_> = ruled.collect();
    drawn.sort();
    ruled.sort();
    assert_eq!(drawn, ruled);
}

#[test]
fn nothing_else_lies_at_the_top_level() {
    const FILES: [&str; 4] = ["Cargo.lock", "Cargo.toml", "LICENSE", "README.md"];
    let others: Vec<String> = fs::read_dir(env!("CARGO_MANIFEST_DIR"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && !FILES.contains(&name.as_str()))
        .collect();
    assert_eq!(others, [""; 0]);
}
