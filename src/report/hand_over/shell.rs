//! Writes commands for Bash and PowerShell, with every word quoted safely.

use super::super::infra::comment;
use crate::model::shell::Shell;
use crate::model::text::clean;

/// One word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// A known word.
    Given(String),
    /// A parameter of the script.
    Parameter(&'static Parameter),
}

/// A value that the user must pass to a script.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    /// Its variable in the script.
    pub(super) variable: &'static str,
    /// Its description for people. It must not contain quotation marks.
    pub(super) what: &'static str,
}

/// A script under construction.
#[derive(Debug)]
pub(super) struct Script {
    shell: Shell,
    text: String,
}

impl Script {
    /// A script that starts with this comment and stops at the first failed command.
    pub(super) fn new(shell: Shell, remark: &str) -> Self {
        let text = match shell {
            Shell::Sh => format!("#!/usr/bin/env bash\n# {remark}\nset -euo pipefail\n"),
            Shell::PowerShell => format!("# {remark}\n$ErrorActionPreference = 'Stop'\n"),
        };
        Self { shell, text }
    }

    /// Reads these parameters in order, and leaves the other arguments to the commands.
    pub(super) fn takes(&mut self, all: &[&Parameter]) {
        for (place, Parameter { variable, what }) in all.iter().enumerate() {
            let line = match self.shell {
                Shell::Sh => format!("{variable}=${{1:?Give {what}.}}\nshift\n"),
                Shell::PowerShell => format!(
                    "${variable} = $args[{place}]\nif (-not ${variable}) {{ throw 'Give {what}.' \
                    }}\n"
                ),
            };
            self.text.push_str(&line);
        }
        if self.shell == Shell::PowerShell {
            let rest = format!("$more = @($args | Select-Object -Skip {})\n", all.len());
            self.text.push_str(&rest);
        }
    }

    /// Adds a comment of one line.
    pub(super) fn remark(&mut self, text: &str) {
        self.text.push_str(&format!("# {}\n", comment(text)));
    }

    /// Adds an empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// Adds a command to run, with the script's other arguments.
    pub(super) fn run(&mut self, command: &[Word]) {
        let more = match self.shell {
            Shell::Sh => "\"$@\"",
            Shell::PowerShell => "@more",
        };
        let line = format!("{} {more}", self.line(command));
        self.end(&line);
    }

    /// Adds a command without the script's other arguments, because the command only reads.
    pub(super) fn prove(&mut self, command: &[Word]) {
        let line = self.line(command);
        self.end(&line);
    }

    /// PowerShell continues after a failed program, so check its exit code.
    fn end(&mut self, line: &str) {
        self.text.push_str(&format!("{line}\n"));
        if self.shell == Shell::PowerShell {
            self.text
                .push_str("if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }\n");
        }
    }

    /// Adds a command as a comment.
    pub(super) fn show(&mut self, command: &[Word]) {
        let line = self.line(command);
        self.remark(&format!("  {line}"));
    }

    /// The complete script.
    pub(super) fn text(self) -> String {
        self.text
    }

    fn line(&self, command: &[Word]) -> String {
        let command: Vec<String> = command.iter().map(|word| self.word(word)).collect();
        command.join(" ")
    }

    fn word(&self, word: &Word) -> String {
        match (word, self.shell) {
            // Each word is one line, because no argument of cmkctl has several lines.
            (Word::Given(text), shell) => shell.word(&clean(text)),
            (Word::Parameter(asked), Shell::Sh) => format!("\"${}\"", asked.variable),
            (Word::Parameter(asked), Shell::PowerShell) => format!("${}", asked.variable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::shell::tests::{as_power_shell_reads, hostile};
    use proptest::prelude::*;

    fn given(all: &[String]) -> Vec<Word> {
        all.iter().cloned().map(Word::Given).collect()
    }

    proptest! {
        #[test]
        fn no_word_leaves_its_place_in_power_shell(
            all in proptest::collection::vec(hostile(), 1..4),
        ) {
            let mut script = Script { shell: Shell::PowerShell, text: String::new() };
            script.remark(&all.concat());
            script.show(&given(&all));
            let line = script.line(&given(&all));
            script.text.push_str(&line);
            let expected: Vec<String> = all.iter().map(|word| clean(word)).collect();
            prop_assert_eq!(as_power_shell_reads(&script.text), [expected]);
        }
    }

    #[cfg(unix)]
    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn no_word_leaves_its_place_in_bash(
            all in proptest::collection::vec(hostile(), 1..4),
        ) {
            let mut script = Script::new(Shell::Sh, "A test.");
            script.remark(&all.concat());
            script.show(&given(&all));
            let printf = ["printf", "%s\\0"].map(|word| Word::Given(word.to_owned()));
            let mut command = printf.to_vec();
            command.extend(given(&all));
            script.run(&command);
            let ran = std::process::Command::new("bash").arg("-c").arg(script.text()).output();
            let ran = ran.unwrap();
            prop_assert!(ran.status.success() && ran.stderr.is_empty());
            let expected: String = all.iter().map(|word| clean(word) + "\0").collect();
            prop_assert_eq!(String::from_utf8(ran.stdout).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_not_known_is_asked_for() {
        let vault = Parameter {
            variable: "vault",
            what: "the vault",
        };
        let vault: &'static Parameter = Box::leak(Box::new(vault));
        let command = [Word::Given("cmkctl".into()), Word::Parameter(vault)];
        let text = |shell| {
            let mut script = Script::new(shell, "A test.");
            script.takes(&[vault]);
            script.run(&command);
            script.text()
        };
        assert_eq!(
            text(Shell::Sh),
            "#!/usr/bin/env bash\n# A test.\nset -euo pipefail\nvault=${1:?Give the vault.}\n\
            shift\ncmkctl \"$vault\" \"$@\"\n"
        );
        assert_eq!(
            text(Shell::PowerShell),
            "# A test.\n$ErrorActionPreference = 'Stop'\n$vault = $args[0]\nif (-not $vault) { \
            throw 'Give the vault.' }\n$more = @($args | Select-Object -Skip 1)\ncmkctl $vault \
            @more\nif ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }\n"
        );
    }
}
