//! At home on every system: what Windows' own programs write is read, and what is shown can be
//! pasted where a folder has a blank in its name.

use crate::children::{ended, piped};
use crate::documents::documents;
use crate::hints::words;
use crate::tool::{FAST, Ran, Served, command, finish, run, spaced};
use base64::Engine;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// A text as editors and shells save it. Windows PowerShell 5.1 writes UTF-16 with `>` and
/// `Out-File`, and UTF-8 with a mark with `Set-Content -Encoding utf8`.
fn encodings(text: &str) -> [(&'static str, Vec<u8>); 4] {
    let units = || std::iter::once(0xfeff).chain(text.encode_utf16());
    [
        ("UTF-8", text.as_bytes().to_vec()),
        (
            "UTF-8 with a mark",
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        ),
        ("UTF-16LE", units().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", units().flat_map(u16::to_be_bytes).collect()),
    ]
}

/// Every encoding of a text has the same effect, and one that is cut off is refused.
fn every_encoding(what: &str, text: &str, ran: impl Fn(&Path) -> Ran) {
    let folder = spaced();
    let file = folder.path().join("file.json");
    let mut first = None;
    for (encoding, mut bytes) in encodings(text) {
        std::fs::write(&file, &bytes).unwrap();
        let outcome = ran(&file);
        assert!(
            matches!(outcome.code, 0 | 3 | 6),
            "{what} in {encoding}: {outcome:?}"
        );
        let first = first.get_or_insert_with(|| outcome.shown());
        assert_eq!(outcome.shown(), *first, "{what} in {encoding}");
        if encoding.starts_with("UTF-16") {
            bytes.pop();
            std::fs::write(&file, &bytes).unwrap();
            let cut = ran(&file).exits(2);
            cut.says_on_stderr(&["marked as UTF-16", "fix:"]);
        }
    }
}

#[test]
fn every_file_is_read_as_windows_writes_it() {
    let served = Served::start("ready", "1");
    let own = |file: &Path, arguments: &[&str]| {
        let mut command = served.command("admin", arguments);
        command.arg(file);
        finish(command)
    };
    every_encoding(
        "a configuration",
        "environment = \"Contoso UAT\" # Prüfung\n",
        |file| {
            let mut command = served.command("admin", &["check-integration", "-o", "json"]);
            finish({
                command.arg("--config").arg(file);
                command
            })
        },
    );
    let wanted = format!("# Größe 😀\n{}", served.policy_block());
    every_encoding("what is wanted", &wanted, |file| {
        own(file, &["plan", "-o", "json"])
    });
    let saved = served.folder().join("plan.json");
    let file = served.write("wanted.toml", &wanted);
    served
        .run(&["plan", &file, "--out", saved.to_str().unwrap()])
        .exits(0);
    let plan = std::fs::read_to_string(&saved).unwrap();
    every_encoding("a plan", &plan, |file| {
        own(file, &["apply", "--dry-run", "-o", "json"])
    });
    let cloud = std::fs::read_to_string(served.cloud_file()).unwrap();
    every_encoding("a cloud", &cloud, |file| {
        let mut command = command(&["check-integration", "--cloud"]);
        finish({
            command.arg(file);
            command
        })
    });
    let scenario = r#"{ "summary": "x.", "environments": { "uat": { "managed": false } } }"#;
    every_encoding("a scenario", scenario, |file| {
        let mut command = command(&["environment-name", "--sandbox", "--scenario"]);
        finish({
            command.arg(file);
            command
        })
    });
}

#[test]
fn standard_input_is_read_as_windows_pipes_it() {
    let served = Served::start("ready", FAST);
    for (encoding, bytes) in encodings(&served.policy_block()) {
        let mut plan = served.command("admin", &["plan", "-"]);
        plan.stdin(Stdio::piped());
        let mut child = piped(plan);
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let output = ended(child);
        assert_eq!(output.status.code(), Some(0), "{encoding}: {output:?}");
    }
}

#[test]
fn certificate_authorities_are_read_as_windows_exports_them() {
    let key = rcgen::KeyPair::generate().unwrap();
    let made = rcgen::CertificateParams::new(Vec::new()).unwrap();
    let made = made.self_signed(&key).unwrap();
    let folder = spaced();
    let file = folder.path().join("ca.cer");
    let ran = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        run(&[
            "check-integration",
            "--sandbox",
            "--ca-bundle",
            file.to_str().unwrap(),
        ])
    };
    let letters = base64::engine::general_purpose::STANDARD.encode(made.der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{letters}\n-----END CERTIFICATE-----\n");
    for (_, bytes) in encodings(&pem) {
        ran(&bytes).exits(0);
    }
    ran(made.der()).exits(0);
    let half = &made.der()[..made.der().len() / 2];
    ran(half)
        .exits(2)
        .says_on_stderr(&["contains no certificate", "DER"]);
}

#[test]
fn every_command_with_the_cloud_quotes_its_path() {
    let served = Served::start("ready", FAST);
    let path = served.cloud_file().display().to_string();
    assert!(path.contains(' '));
    let mut shown = 0;
    for arguments in [
        &["status"][..],
        &["enable"],
        &["enable", "--dry-run"],
        &["create-policy"],
        &["check"],
        &[
            "add-environment",
            "--no-wait",
            "--yes",
            "--confirm",
            "Contoso UAT",
        ],
        &["enable", "--hand-over", "-"],
        &["status", "--all"],
        &["doctor"],
    ] {
        let ran = served.run(arguments);
        for line in ran.stdout.lines().chain(ran.stderr.lines()) {
            let Some((_, behind)) = line.split_once("--cloud ") else {
                continue;
            };
            assert_eq!(words(behind)[0], path, "{arguments:?}: {line}");
            shown += 1;
        }
    }
    assert!(shown > 4, "{shown}");
}

/// What a sandbox says when it begins is pasted in another terminal.
#[cfg(unix)]
#[test]
fn what_a_sandbox_says_can_be_pasted() {
    let folder = spaced();
    let [cloud, ca] = ["cloud.json", "ca.pem"].map(|name| folder.path().join(name));
    let mut sandbox = command(&["sandbox", "--tls", "--cloud-file"]);
    sandbox.arg(&cloud).arg("--ca-file").arg(&ca);
    let child = piped(sandbox);
    crate::tool::until("its files", || cloud.exists());
    std::thread::sleep(std::time::Duration::from_millis(200));
    crate::tool::interrupt(&child);
    let output = ended(child);
    let said = String::from_utf8(output.stderr).unwrap();
    let pasted = |begins: &str| {
        let line = said.lines().map(str::trim);
        let line = line.clone().find(|line| line.starts_with(begins));
        words(line.unwrap_or_else(|| panic!("{begins}: {said}")))
    };
    assert_eq!(pasted("cmkctl ")[2], cloud.display().to_string());
    let bundle = format!("REQUESTS_CA_BUNDLE={}", ca.display());
    assert!(pasted("export ").contains(&bundle), "{said}");
    assert!(!cloud.exists() && !ca.exists());
}

/// On Windows the file of the program has an ending, which nobody types.
#[cfg(unix)]
#[test]
fn usage_names_the_program_without_an_ending() {
    let folder = spaced();
    let named = folder.path().join("cmkctl.exe");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_cmkctl"), &named).unwrap();
    for arguments in [
        &["--help"][..],
        &["status", "--help"],
        &["stats"],
        &["status", "--x"],
    ] {
        let output = std::process::Command::new(&named)
            .args(arguments)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("cmkctl") && !said.contains(".exe"), "{said}");
    }
}

/// Nobody runs PowerShell here, so its blocks are read: every command of ours in them is one.
#[test]
fn every_command_for_power_shell_can_be_typed() {
    let mut tried = 0;
    for document in documents() {
        for block in document.blocks("powershell") {
            for line in block.lines() {
                let line = line.split_once(" = ").map_or(line, |(_, command)| command);
                let line = line.split(" | ").next().unwrap();
                let Some(behind) = line.trim().strip_prefix("cmkctl ") else {
                    continue;
                };
                let words = words(behind);
                let words = words.iter().map(String::as_str);
                let all: Vec<&str> = std::iter::once("cmkctl").chain(words).collect();
                assert!(cmkctl::cli::parse(&all).is_ok(), "{line}");
                tried += 1;
            }
        }
    }
    assert!(tried > 2, "{tried}");
}
