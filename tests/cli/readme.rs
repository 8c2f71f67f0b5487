//! README and topics show the binary's real output. Every `console` block is run and compared.
//! Generated tables are compared with the code.
//!
//! `UPDATE_README=1 cargo test readme` writes both again.

use crate::children::ended;
use crate::documents::{Document, documents, readme, root, topics};
use crate::tool::{FAST, command, until};
use cmkctl::config::VARIABLES;
use cmkctl::error::Kind;
use cmkctl::model::catalogue::CATALOGUE;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A process that stops with the test.
struct Background(Child);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_transcript_is_what_the_binary_prints() {
    let documents = documents();
    let commands = AtomicUsize::new(0);
    // Each document has its own folder and sandbox.
    std::thread::scope(|threads| {
        for document in &documents {
            threads.spawn(|| commands.fetch_add(is_true(document), Ordering::Relaxed));
        }
    });
    let commands = commands.into_inner();
    assert!(commands > 24, "{commands} commands are shown");
}

/// Compares a document with its newly generated text. Returns the number of shown commands.
fn is_true(document: &Document) -> usize {
    let mut text = document.text.clone();
    for (name, table) in generated() {
        text = with_table(&text, name, &table);
    }
    let (written, commands) = with_transcripts(&text);
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&document.file, &written).unwrap();
        return commands;
    }
    let mut lines = document.text.lines().zip(written.lines()).enumerate();
    let differs = lines.find(|(_, (shown, now))| without_ids(shown) != without_ids(now));
    if let Some((number, (shown, now))) = differs {
        panic!("{}:{}\n{shown}\n{now}", document.name, number + 1);
    }
    let (shown, now) = (document.text.lines().count(), written.lines().count());
    assert_eq!(shown, now, "lines of {}", document.name);
    commands
}

/// The tables between `<!-- name -->` and `<!-- /name -->`.
fn generated() -> [(&'static str, String); 3] {
    let mut codes = "| code | usually | what | who can help |\n|---|---|---|---|\n".to_owned();
    for entry in &CATALOGUE {
        let severity = entry.severity.word();
        codes.push_str(&format!(
            "| {} | {severity} | {} | {} |\n",
            entry.code, entry.title, entry.who
        ));
    }
    let mut exits =
        "| code | meaning |\n|---|---|\n| 0 | done, or already in the desired state |\n".to_owned();
    for kind in Kind::ALL {
        exits.push_str(&format!("| {} | {} |\n", kind.exit_code(), kind.meaning()));
    }
    let mut variables = "| variable | meaning |\n|---|---|\n".to_owned();
    for (name, what) in VARIABLES {
        variables.push_str(&format!("| `{name}` | {what} |\n"));
    }
    [
        ("codes", codes),
        ("exit-codes", exits),
        ("variables", variables),
    ]
}

fn with_table(text: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let Some((before, rest)) = text.split_once(&begin) else {
        return text.to_owned();
    };
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{begin}{table}{end}{after}")
}

#[test]
fn every_generated_table_has_its_place() {
    let all: String = documents().iter().map(|one| one.text.as_str()).collect();
    for (name, _) in generated() {
        let marks = all.matches(&format!("<!-- {name} -->\n")).count();
        assert_eq!(marks, 1, "{name}");
    }
}

/// The text with the current output of its commands, and the number of commands.
fn with_transcripts(text: &str) -> (String, usize) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("examples")).unwrap();
    let example = "examples/wanted.toml";
    fs::copy(root().join(example), folder.path().join(example)).unwrap();
    let mut background = Vec::new();
    let mut written = String::new();
    let mut lines = text.lines();
    let mut commands = 0;
    while let Some(line) = lines.next() {
        written.push_str(line);
        written.push('\n');
        if line != "```console" {
            continue;
        }
        for line in lines.by_ref() {
            if let Some(typed) = line.strip_prefix("$ ") {
                written.push_str(&format!(
                    "{line}\n{}",
                    transcript(typed, folder.path(), &mut background)
                ));
                commands += 1;
            } else if line == "```" {
                written.push_str("```\n");
                break;
            }
        }
    }
    (written, commands)
}

/// The output of a command on both streams, as a terminal shows it.
fn transcript(typed: &str, folder: &Path, background: &mut Vec<Background>) -> String {
    let (typed, behind) = typed
        .strip_suffix(" &")
        .map_or((typed, false), |typed| (typed, true));
    let words = split(typed);
    assert_eq!(words[0], "cmkctl", "{typed}");
    let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    let shown = folder.join("shown");
    let out = fs::File::create(&shown).unwrap();
    let mut command: Command = command(&arguments);
    command
        .args(["--speed", FAST])
        .current_dir(folder)
        .stdout(out.try_clone().unwrap())
        .stderr(out);
    if behind {
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        background.push(Background(child));
        let file = folder.join(
            arguments[arguments
                .iter()
                .position(|word| *word == "--cloud-file")
                .unwrap()
                + 1],
        );
        until("its file", || file.exists());
        return String::new();
    }
    ended(command.spawn().unwrap());
    fs::read_to_string(&shown).unwrap()
}

/// Splits a line like a shell, with double quotes.
fn split(typed: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for ch in typed.chars() {
        match ch {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            ch => words.last_mut().unwrap().push(ch),
        }
    }
    words
}

/// A file that a document names exists; `*` stands for any part of a name.
#[test]
fn every_file_that_is_named_is_there() {
    let mut named = 0;
    for Document { name, text, .. } in documents() {
        for word in text.split(|ch: char| ch.is_whitespace() || "`()[],;".contains(ch)) {
            let word = word.trim_start_matches("./").trim_end_matches(['.', ':']);
            let ours = ["src/", "tests/", "examples/", ".ci/", ".github/"]
                .iter()
                .any(|folder| word.starts_with(folder));
            if !ours {
                continue;
            }
            named += 1;
            assert!(exists(word), "{name} names {word}");
        }
    }
    assert!(named > 30, "{named} files are named");
}

fn exists(word: &str) -> bool {
    let path = root().join(word);
    let Some((begin, _)) = word.rsplit_once('*') else {
        return path.exists();
    };
    let begin = root().join(begin);
    let mut files = fs::read_dir(begin.parent().unwrap()).unwrap();
    let name = begin.file_name().unwrap().to_str().unwrap();
    files.any(|file| {
        let file = file.unwrap().file_name();
        file.to_str().unwrap().starts_with(name)
    })
}

/// The targets of all links.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1);
    targets
        .map(|rest| rest.split(')').next().unwrap())
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut followed = 0;
    for document in documents() {
        for target in links(&document.text) {
            let file = target.split('#').next().unwrap();
            let path = document.file.with_file_name(file);
            let there = target.contains("://") || path.exists();
            assert!(there, "{} links to {target}", document.name);
            followed += 1;
        }
    }
    assert!(followed > 40, "{followed}");
}

#[test]
fn the_readme_is_short_and_begins_with_the_risk() {
    let text = readme().text;
    assert!(text.lines().count() < 280, "{}", text.lines().count());
    let first: Vec<&str> = text.lines().take(60).collect();
    let first = first.join("\n");
    for part in [
        "## The risk",
        "up to four days",
        "Never run against the live service",
        "## Install",
        "cargo install --path . --locked",
    ] {
        assert!(first.contains(part), "{part}");
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, rust) = manifest.split_once("rust-version = \"").unwrap();
    let rust = rust.split('"').next().unwrap();
    assert!(first.contains(&format!("Rust {rust} or newer")), "{rust}");
}

#[test]
fn the_readme_links_to_every_topic() {
    let text = readme().text;
    let targets = links(&text);
    for (name, document) in topics() {
        assert!(targets.contains(&document.name.as_str()), "{name}");
        let row = format!("| [{name}]({}) |", document.name);
        assert!(text.contains(&row), "{row}");
    }
}

/// Removes the ids for support tickets, which depend on the order of the requests.
fn without_ids(line: &str) -> String {
    const LABEL: &str = "(correlation id ";
    let Some((before, rest)) = line.split_once(LABEL) else {
        return line.to_owned();
    };
    let (_, behind) = rest.split_once(')').unwrap_or_default();
    format!("{before}{LABEL}[id]){behind}")
}
