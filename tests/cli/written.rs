//! Output: a lost result is never a success, and a file is either complete or unchanged.

use crate::tool::{FAST, Served};
use std::path::Path;

fn files_in(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[cfg(target_os = "linux")]
mod a_full_disk {
    use super::*;
    use crate::children::ended;
    use crate::tool::{Ran, command, finish, limited};
    use std::fs::File;
    use std::process::{Command, Stdio};

    const SANDBOX: [&str; 5] = ["--sandbox", "--speed", FAST, "--scenario", "expiring"];

    fn expiring(arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.args(SANDBOX);
        command
    }

    fn onto_a_full_disk(command: Command) -> Ran {
        onto(
            File::options().write(true).open("/dev/full").unwrap(),
            command,
        )
    }

    /// Runs it with this file as standard output.
    fn onto(file: File, mut command: Command) -> Ran {
        command.stdout(file).stderr(Stdio::piped());
        let output = ended(command.spawn().unwrap());
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::new(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[test]
    fn is_no_success_for_any_command() {
        for arguments in [
            &["status", "--all"][..],
            &["status", "--all", "-o", "json"],
            &[
                "status",
                "--all",
                "-o",
                "tsv",
                "--query",
                "environments[].id",
            ],
            &["status", "--all", "--fail-on", "expiring"],
            &["status", "Contoso UAT"],
            &["report", "-o", "html"],
            &["export", "bicep"],
            &["check", "-o", "sarif"],
            &["check"],
            &["adopt"],
            &["doctor"],
            &["auth", "status"],
            &["config", "show"],
        ] {
            let ran = onto_a_full_disk(expiring(arguments)).exits(1);
            ran.says_on_stderr(&[
                "The result can't be written to standard output.",
                "No space left on device",
            ]);
        }
        for arguments in [
            &["--version"][..],
            &["--help"],
            &["help", "exit-codes"],
            &["help", "status"],
            &["completions", "bash"],
            &["man"],
            &["explain"],
        ] {
            onto_a_full_disk(command(arguments))
                .exits(1)
                .says_on_stderr(&["can't be written to standard output"]);
            finish(command(arguments)).exits(0);
        }
    }

    #[test]
    fn does_not_hide_that_a_change_is_done() {
        let served = Served::start("ready", FAST);
        let change = ["enable", "--yes", "--confirm", "Contoso UAT"];
        let ran = onto_a_full_disk(served.command("admin", &change)).exits(1);
        ran.says_on_stderr(&["can't be written to standard output. cmkctl made the change."]);
        served
            .run(&["status", "--query", "state", "-o", "tsv"])
            .exits(0);
        // Nothing is left to do, so the message does not mention a change.
        let ran = onto_a_full_disk(served.command("admin", &change)).exits(1);
        assert!(!ran.stderr.contains("change itself"), "{}", ran.stderr);
        served.run(&change).exits(0);
    }

    #[test]
    fn leaves_the_old_file_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let file = path.to_str().unwrap();
        for arguments in [
            &["report", "--out", file][..],
            &["export", "terraform", "--out", file],
            &["check", "-o", "sarif", "--out", file],
        ] {
            std::fs::write(&path, "before").unwrap();
            let ran = finish(limited("-f 1", &expiring(arguments))).exits(1);
            ran.says_on_stderr(&[
                &format!("The file `{file}` can't be written."),
                "File too large",
            ]);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
            assert_eq!(files_in(folder.path()), ["report.json"]);
        }
        std::fs::remove_file(&path).unwrap();
        finish(limited("-f 1", &expiring(&["adopt", "--out", file]))).exits(1);
        assert!(files_in(folder.path()).is_empty());
        // On stdout it is a loss too.
        let report = limited("-f 1", &expiring(&["report"]));
        onto(File::create(&path).unwrap(), report).exits(1);
        // A device is written to directly.
        finish(expiring(&["report", "--out", "/dev/full"]))
            .exits(1)
            .says_on_stderr(&["No space left on device"]);
        finish(expiring(&["report", "--out", "/dev/null"])).exits(0);
    }
}

#[test]
fn the_file_of_out_holds_what_would_be_printed() {
    let served = Served::start("expiring", FAST);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let file = path.to_str().unwrap();
    for (arguments, code) in [
        (&["export", "bicep"][..], 0),
        (&["export", "terraform"], 0),
        (&["check", "-o", "sarif"], served.run(&["check"]).code),
        (&["check"], served.run(&["check"]).code),
        (&["report", "-o", "markdown"], 0),
    ] {
        // An existing file is replaced.
        std::fs::write(&path, "before").unwrap();
        let ran = served
            .run(&[arguments, &["--out", file]].concat())
            .exits(code);
        assert_eq!(ran.stdout, "", "{arguments:?}");
        ran.says_on_stderr(&[&format!("Written: `{file}`")]);
        let text = std::fs::read_to_string(&path).unwrap();
        let printed = served.run(arguments).exits(code).stdout;
        if arguments[0] == "report" {
            // This format holds its creation time.
            assert_eq!(text.lines().count(), printed.lines().count());
        } else {
            assert_eq!(text, printed, "{arguments:?}");
        }
        assert_eq!(files_in(folder.path()), ["out"]);
    }
    for wrong in [folder.path().join("none/x"), folder.path().to_owned()] {
        let ran = served
            .run(&["report", "--out", wrong.to_str().unwrap()])
            .exits(2);
        ran.says_on_stderr(&["can't be written", "fix:"]);
    }
    served
        .run(&["report", "-o", "none", "--out", file])
        .exits(2)
        .says_on_stderr(&["`-o none` writes no result"]);
    // A failed command leaves the file unchanged.
    std::fs::write(&path, "before").unwrap();
    served
        .run(&["export", "bicep", "--policy", "nowhere", "--out", file])
        .exits(2);
    served
        .run(&["check", "nowhere", "-o", "json", "--out", file])
        .exits(2);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
}

#[test]
fn a_plan_is_not_saved_over_what_it_is_made_of() {
    let served = Served::start("ready", FAST);
    let folder = tempfile::tempdir().unwrap();
    let wanted = served.policy_block();
    let path = folder.path().join("wanted.toml");
    std::fs::write(&path, &wanted).unwrap();
    let file = path.to_str().unwrap();
    let longer = folder.path().join(".").join("wanted.toml");
    let mut others = vec![file.to_owned(), longer.to_str().unwrap().to_owned()];
    if cfg!(unix) {
        let link = folder.path().join("link.toml");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&path, &link).unwrap();
        others.push(link.to_str().unwrap().to_owned());
    }
    for other in &others {
        served
            .run(&["plan", file, "--out", other])
            .exits(2)
            .says_on_stderr(&["`--out` names the input file"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), wanted);
    }
    let plan = folder.path().join("plan.json");
    for _ in 0..2 {
        served
            .run(&["plan", file, "--out", plan.to_str().unwrap()])
            .exits(0);
    }
    served
        .run(&["apply", plan.to_str().unwrap(), "--dry-run"])
        .exits(0);
}

#[test]
fn a_file_without_a_policy_wants_nothing_and_is_refused() {
    let served = Served::start("ready", FAST);
    let path = served.folder().join("empty.toml");
    for text in ["", "# nothing\n", "[waves]\nat-most = 2\n"] {
        std::fs::write(&path, text).unwrap();
        for command in ["plan", "apply"] {
            let ran = served.run(&[command, path.to_str().unwrap()]).exits(2);
            ran.says_on_stderr(&[
                "missing field `policies`",
                "[[policies]]",
                "`id`, `location`, `vault` and `key`",
            ]);
        }
    }
    assert_eq!(served.ledger()["requests"], 0);
    // The counterpart: a file may state that there are no policies.
    std::fs::write(&path, "policies = []\n").unwrap();
    served.run(&["plan", path.to_str().unwrap()]).exits(0);
}
