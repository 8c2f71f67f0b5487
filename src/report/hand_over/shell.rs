//! Commands as the two shells read them, whatever stands in a word.

use super::super::infra::comment;
use crate::model::text::{clean, quoted};

/// A shell that a script is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shell {
    /// Bash, and every other shell that quotes as POSIX says.
    Bash,
    /// PowerShell, Windows' own as well as the new one.
    PowerShell,
}

/// One word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// It is known.
    Given(String),
    /// It is not known here: whoever runs the script gives it.
    Asked(&'static Asked),
}

/// What whoever runs a script must give it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The script's name for it.
    pub(super) variable: &'static str,
    /// What it is, for people. Without quotation marks.
    pub(super) what: &'static str,
}

/// A script that is being written.
#[derive(Debug)]
pub(super) struct Script {
    shell: Shell,
    text: String,
}

impl Script {
    /// An empty script with this line as its first remark, that stops at the first command that
    /// fails.
    pub(super) fn new(shell: Shell, remark: &str) -> Self {
        let text = match shell {
            Shell::Bash => format!("#!/usr/bin/env bash\n# {remark}\nset -euo pipefail\n"),
            Shell::PowerShell => format!("# {remark}\n$ErrorActionPreference = 'Stop'\n"),
        };
        Self { shell, text }
    }

    /// Takes what is not known from whoever runs it, in this order, and leaves the rest to the
    /// commands.
    pub(super) fn takes(&mut self, all: &[&Asked]) {
        for (place, Asked { variable, what }) in all.iter().enumerate() {
            let line = match self.shell {
                Shell::Bash => format!("{variable}=${{1:?Give {what}.}}\nshift\n"),
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

    /// A remark, on one line whatever stands in it.
    pub(super) fn remark(&mut self, text: &str) {
        self.text.push_str(&format!("# {}\n", comment(text)));
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A command that is run, with what the script itself was given besides.
    pub(super) fn run(&mut self, words: &[Word]) {
        let more = match self.shell {
            Shell::Bash => "\"$@\"",
            Shell::PowerShell => "@more",
        };
        let line = format!("{} {more}", self.line(words));
        self.end(&line);
    }

    /// A command that is run as it is: it only looks.
    pub(super) fn prove(&mut self, words: &[Word]) {
        let line = self.line(words);
        self.end(&line);
    }

    /// PowerShell goes on after a program that failed, unless it is told to stop.
    fn end(&mut self, line: &str) {
        self.text.push_str(&format!("{line}\n"));
        if self.shell == Shell::PowerShell {
            self.text
                .push_str("if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }\n");
        }
    }

    /// A command that is shown, and not run.
    pub(super) fn show(&mut self, words: &[Word]) {
        let line = self.line(words);
        self.remark(&format!("  {line}"));
    }

    /// The whole script.
    pub(super) fn text(self) -> String {
        self.text
    }

    fn line(&self, words: &[Word]) -> String {
        let words: Vec<String> = words.iter().map(|word| self.word(word)).collect();
        words.join(" ")
    }

    fn word(&self, word: &Word) -> String {
        match (word, self.shell) {
            // One line each: nothing that a command of ours takes has several.
            (Word::Given(text), Shell::Bash) => quoted(&clean(text)),
            (Word::Given(text), Shell::PowerShell) => quoted_for_power_shell(&clean(text)),
            (Word::Asked(asked), Shell::Bash) => format!("\"${}\"", asked.variable),
            (Word::Asked(asked), Shell::PowerShell) => format!("${}", asked.variable),
        }
    }
}

/// What PowerShell takes for a single quotation mark: the plain one, and four that word processors
/// put in its place. Inside a string each stands for itself when it is doubled.
const SINGLE: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

/// A word for PowerShell. In single quotation marks nothing else means anything: no `$`, no
/// backtick, no line break.
fn quoted_for_power_shell(word: &str) -> String {
    let plain = |ch: char| ch.is_ascii_alphanumeric() || "-_./:".contains(ch);
    // It splits words that begin with a dash at a dot or a colon.
    let flag = |ch: char| ch.is_ascii_alphanumeric() || ch == '-';
    let fits = if word.starts_with('-') {
        word.chars().all(flag)
    } else {
        word.chars().all(plain)
    };
    if fits && !word.is_empty() {
        return word.to_owned();
    }
    let mut text = String::from("'");
    for ch in word.chars() {
        text.push(ch);
        if SINGLE.contains(&ch) {
            text.push(ch);
        }
    }
    text + "'"
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Words as a service, or somebody who names things in one, may write them.
    fn hostile() -> impl Strategy<Value = String> {
        let pieces = prop_oneof![
            Just("'"),
            Just("''"),
            Just("\""),
            Just("$(whoami)"),
            Just("$env:PATH"),
            Just("`"),
            Just("`n"),
            Just(";"),
            Just("&"),
            Just("|"),
            Just("#"),
            Just("<#"),
            Just("#>"),
            Just("\\"),
            Just(" "),
            Just("\n"),
            Just("\r\n"),
            Just("\u{2028}"),
            Just("\u{85}"),
            Just("\u{2018}"),
            Just("\u{2019}"),
            Just("\u{201a}"),
            Just("\u{201b}"),
            Just("--%"),
            Just("-a.b"),
            Just("@"),
            Just("{"),
            Just("}"),
            Just("("),
            Just("!"),
            Just("*"),
            Just("~"),
            Just("%PATH%"),
            Just("x"),
            Just("Größe"),
        ];
        proptest::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
    }

    /// The words of each line that is run, as PowerShell reads them. PowerShell is not on every
    /// machine that builds this, so its rules stand here: a line break ends a command outside a
    /// string alone; `#` at the beginning of a word begins a remark up to the end of its line; a
    /// string begins with any of the single quotation marks and ends with any of them that is not
    /// doubled; everything else that means something to it must not stand outside a string.
    ///
    /// What is checked is the quoting of words and remarks, and nothing of what commands do.
    fn read(script: &str) -> Vec<Vec<String>> {
        let (mut lines, mut words) = (Vec::new(), Vec::new());
        let mut rest = script.chars().peekable();
        while let Some(ch) = rest.next() {
            match ch {
                '\n' | '\r' => lines.push(std::mem::take(&mut words)),
                ' ' => {}
                '#' => while rest.next_if(|ch| !matches!(ch, '\n' | '\r')).is_some() {},
                ch if SINGLE.contains(&ch) => {
                    let mut word = String::new();
                    loop {
                        let ch = rest.next().expect("a string that ends");
                        if SINGLE.contains(&ch)
                            && rest.next_if(|next| SINGLE.contains(next)).is_none()
                        {
                            break;
                        }
                        word.push(ch);
                    }
                    let behind = rest.peek().copied().unwrap_or('\n');
                    assert!(matches!(behind, ' ' | '\n'), "{behind:?} behind a string");
                    words.push(word);
                }
                ch => {
                    let mut word = ch.to_string();
                    while let Some(ch) = rest.next_if(|ch| !ch.is_whitespace()) {
                        word.push(ch);
                    }
                    let plain = |ch: char| ch.is_ascii_alphanumeric() || "-_./:".contains(ch);
                    assert!(word.chars().all(plain), "`{word}` stands outside a string");
                    assert!(!word.starts_with("--%") && !word.starts_with("-a."));
                    words.push(word);
                }
            }
        }
        lines.push(words);
        lines.retain(|words| !words.is_empty());
        lines
    }

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
            prop_assert_eq!(read(&script.text), [expected]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn no_word_leaves_its_place_in_bash(
            all in proptest::collection::vec(hostile(), 1..4),
        ) {
            let mut script = Script::new(Shell::Bash, "A test.");
            script.remark(&all.concat());
            script.show(&given(&all));
            let mut words = vec![Word::Given("printf".to_owned()), Word::Given("%s\\0".to_owned())];
            words.extend(given(&all));
            script.run(&words);
            let ran = std::process::Command::new("bash").arg("-c").arg(script.text()).output();
            let ran = ran.unwrap();
            prop_assert!(ran.status.success() && ran.stderr.is_empty());
            let expected: String = all.iter().map(|word| clean(word) + "\0").collect();
            prop_assert_eq!(String::from_utf8(ran.stdout).unwrap(), expected);
        }
    }

    #[test]
    fn words_for_power_shell() {
        for (word, expected) in [
            ("create-policy", "create-policy"),
            ("--policy", "--policy"),
            ("/subscriptions/a/b", "/subscriptions/a/b"),
            ("", "''"),
            ("it's", "'it''s'"),
            ("it\u{2019}s", "'it\u{2019}\u{2019}s'"),
            ("$x `y", "'$x `y'"),
            ("-a.b", "'-a.b'"),
            ("@x", "'@x'"),
        ] {
            assert_eq!(quoted_for_power_shell(word), expected);
        }
    }

    #[test]
    fn what_is_not_known_is_asked_for() {
        let vault = Asked {
            variable: "vault",
            what: "the vault",
        };
        let vault: &'static Asked = Box::leak(Box::new(vault));
        let words = [Word::Given("cmkctl".into()), Word::Asked(vault)];
        let text = |shell| {
            let mut script = Script::new(shell, "A test.");
            script.takes(&[vault]);
            script.run(&words);
            script.text()
        };
        assert_eq!(
            text(Shell::Bash),
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
