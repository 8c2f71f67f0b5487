//! Writes commands for Bash and PowerShell, with every word quoted safely.

use super::super::infra::comment;
use crate::model::text::{clean, quoted};

/// The shell of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shell {
    /// Bash, and every other shell with POSIX quoting.
    Bash,
    /// Windows PowerShell and PowerShell 7.
    PowerShell,
}

/// One word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// A known word.
    Given(String),
    /// A parameter of the script.
    Asked(&'static Asked),
}

/// A value that the user must pass to a script.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
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
            Shell::Bash => format!("#!/usr/bin/env bash\n# {remark}\nset -euo pipefail\n"),
            Shell::PowerShell => format!("# {remark}\n$ErrorActionPreference = 'Stop'\n"),
        };
        Self { shell, text }
    }

    /// Reads these parameters in order, and leaves the other arguments to the commands.
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

    /// Adds a comment of one line.
    pub(super) fn remark(&mut self, text: &str) {
        self.text.push_str(&format!("# {}\n", comment(text)));
    }

    /// Adds an empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// Adds a command to run, with the script's other arguments.
    pub(super) fn run(&mut self, words: &[Word]) {
        let more = match self.shell {
            Shell::Bash => "\"$@\"",
            Shell::PowerShell => "@more",
        };
        let line = format!("{} {more}", self.line(words));
        self.end(&line);
    }

    /// Adds a command without these arguments, because it only reads.
    pub(super) fn prove(&mut self, words: &[Word]) {
        let line = self.line(words);
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
    pub(super) fn show(&mut self, words: &[Word]) {
        let line = self.line(words);
        self.remark(&format!("  {line}"));
    }

    /// The complete script.
    pub(super) fn text(self) -> String {
        self.text
    }

    fn line(&self, words: &[Word]) -> String {
        let words: Vec<String> = words.iter().map(|word| self.word(word)).collect();
        words.join(" ")
    }

    fn word(&self, word: &Word) -> String {
        match (word, self.shell) {
            // No argument of these commands has several lines, so clean each to one.
            (Word::Given(text), Shell::Bash) => quoted(&clean(text)),
            (Word::Given(text), Shell::PowerShell) => quoted_for_power_shell(&clean(text)),
            (Word::Asked(asked), Shell::Bash) => format!("\"${}\"", asked.variable),
            (Word::Asked(asked), Shell::PowerShell) => format!("${}", asked.variable),
        }
    }
}

/// The characters that PowerShell accepts as a single quotation mark: `'` and four typographic
/// ones. Inside a string, each must be doubled.
const SINGLE: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

/// Quotes a word for PowerShell. Inside single quotation marks `$`, backticks and line breaks have
/// no meaning.
fn quoted_for_power_shell(word: &str) -> String {
    let plain = |ch: char| ch.is_ascii_alphanumeric() || "-_./:".contains(ch);
    // PowerShell splits words that begin with a dash at a dot or a colon.
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

    /// Hostile words, as a service or a user of it may write them.
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

    /// The words of each command, as PowerShell parses them. Not every build machine has
    /// PowerShell, so its rules are here. A line break ends a command, except inside a string. `#`
    /// at the start of a word starts a comment to the end of the line. A string starts with any
    /// single quotation mark and ends with any that is not doubled. Other special characters must
    /// not be outside a string.
    ///
    /// This checks only the quoting of words and comments, not what the commands do.
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
