//! What the README shows is what the binary prints: every `console` block is run, and its output
//! compared.
//!
//! `UPDATE_README=1 cargo test readme` writes the output anew.

use crate::tool::{FAST, command};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Stopped with the test, however it ends.
struct Background(Child);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_transcript_is_what_the_binary_prints() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&file).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("examples")).unwrap();
    let example = "examples/wanted.toml";
    fs::copy(file.with_file_name(example), folder.path().join(example)).unwrap();
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
    assert!(commands > 8, "the README shows {commands} commands");
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&file, &written).unwrap();
    }
    for (number, (shown, printed)) in text.lines().zip(written.lines()).enumerate() {
        assert_eq!(shown, printed, "line {} of the README", number + 1);
    }
    assert_eq!(text, written);
}

/// What one typed command prints on both streams, as a terminal shows them.
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
        while !file.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        return String::new();
    }
    command.status().unwrap();
    fs::read_to_string(&shown).unwrap()
}

/// Words as a shell splits them, with double quotes.
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

/// A file that the README sends its reader to is there; `*` stands for any part of a name.
#[test]
fn every_file_that_is_named_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("README.md")).unwrap();
    let mut named = 0;
    for word in text.split(|ch: char| ch.is_whitespace() || "`()[],;".contains(ch)) {
        let word = word.trim_start_matches("./").trim_end_matches(['.', ':']);
        let ours = ["src/", "tests/", "examples/", ".ci/"]
            .iter()
            .any(|folder| word.starts_with(folder));
        if !ours {
            continue;
        }
        named += 1;
        let path = root.join(word);
        let there = match word.rsplit_once('*') {
            None => path.exists(),
            Some((begin, _)) => {
                let begin = root.join(begin);
                let mut files = fs::read_dir(begin.parent().unwrap()).unwrap();
                let name = begin.file_name().unwrap().to_str().unwrap();
                files.any(|file| {
                    file.unwrap()
                        .file_name()
                        .to_str()
                        .unwrap()
                        .starts_with(name)
                })
            }
        };
        assert!(there, "the README names {word}");
    }
    assert!(named > 30, "the README names {named} files");
}
