//! Words as shells read them, whatever stands in a word. Pure, and for every shell on every system.

/// A shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// Every shell that quotes as POSIX says, Bash and Zsh among them.
    Sh,
    /// PowerShell, Windows' own (5.1) as well as the new one (7).
    PowerShell,
}

/// What PowerShell takes for a single quotation mark: the plain one, and four that word processors
/// put in its place. Inside a string each stands for itself when it is doubled.
const SINGLE: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

impl Shell {
    /// One word of a command line.
    ///
    /// Windows PowerShell 5.1 hands a quotation mark (`"`) in a word to a program without what
    /// keeps it there, whatever the quoting, and PowerShell 7 with it: no line is right for both.
    pub fn word(self, word: &str) -> String {
        match self {
            Shell::Sh if stands_alone(word, "-_./:@") => word.to_owned(),
            Shell::Sh => format!("'{}'", word.replace('\'', r"'\''")),
            Shell::PowerShell => power_shell(word),
        }
    }

    /// One word of a command line for a program that Windows has as a batch file, as it has `az`.
    /// Both kinds of PowerShell hand it the marks in a word as they are, and the program behind it
    /// wants them with a backslash.
    pub fn batch_word(self, word: &str) -> String {
        match self {
            Shell::Sh => self.word(word),
            Shell::PowerShell => power_shell(&word.replace('"', "\\\"")),
        }
    }

    /// A command line.
    pub fn line<T: AsRef<str>>(self, words: &[T]) -> String {
        let words: Vec<String> = words.iter().map(|word| self.word(word.as_ref())).collect();
        words.join(" ")
    }

    /// The lines that set variables of the environment for the commands to come.
    pub fn setting(self, variables: &[(&str, &str)]) -> Vec<String> {
        let each = |line: fn(&str, &str) -> String| {
            let lines = variables.iter();
            lines.map(|(name, value)| line(name, value)).collect()
        };
        match self {
            Shell::Sh => {
                let all: Vec<String> =
                    each(|name, value| format!("{name}={}", Shell::Sh.word(value)));
                vec![format!("export {}", all.join(" "))]
            }
            // Without quotation marks it would be a command that is run.
            Shell::PowerShell => each(|name, value| format!("$env:{name} = {}", single(value))),
        }
    }
}

/// A word for Bash with a backslash before whatever may mean something, as Bash itself completes
/// names: a person types on behind it.
pub fn escaped(word: &str) -> String {
    let harmless = |ch: char| ch.is_alphanumeric() || "-_./@:+,".contains(ch);
    word.chars()
        .flat_map(|ch| (!harmless(ch)).then_some('\\').into_iter().chain([ch]))
        .collect()
}

fn stands_alone(word: &str, signs: &str) -> bool {
    let plain = |ch: char| ch.is_ascii_alphanumeric() || signs.contains(ch);
    !word.is_empty() && word.chars().all(plain)
}

/// A word for PowerShell. What needs quotation marks gets the double ones where nothing in it means
/// anything there, because the line can then be pasted into `cmd.exe` as well. In single ones
/// nothing at all means anything: no `$`, no backtick, no line break.
fn power_shell(word: &str) -> String {
    // It splits words that begin with a dash at a dot or a colon.
    let signs = if word.starts_with('-') {
        "-"
    } else {
        r"-_./:\"
    };
    if stands_alone(word, signs) {
        return word.to_owned();
    }
    let harmless = |ch: char| ch.is_alphanumeric() || r"-_./:\ ()[]=,;&+#@?".contains(ch);
    // A backslash at the end would keep the mark behind it, for the program that reads the line.
    if !word.is_empty() && word.chars().all(harmless) && !word.ends_with('\\') {
        return format!("\"{word}\"");
    }
    single(word)
}

/// A string of PowerShell.
fn single(word: &str) -> String {
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
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    #[cfg(unix)]
    use std::process::Command;

    /// Words that a service, or a user of it, may have written.
    pub(crate) fn hostile() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "'",
            "''",
            "\"",
            "$(whoami)",
            "$env:PATH",
            "`",
            "`n",
            ";",
            "&",
            "|",
            "#",
            "<#",
            "#>",
            "\\",
            " ",
            "\n",
            "\r\n",
            "\u{2028}",
            "\u{85}",
            "\u{2018}",
            "\u{2019}",
            "\u{201a}",
            "\u{201b}",
            "\u{201c}",
            "\u{201d}",
            "\u{201e}",
            "--%",
            "-a.b",
            "@",
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            "!",
            "*",
            "~",
            "%PATH%",
            "^",
            "=",
            ",",
            "x",
            "C:",
            "Größe",
            "1kb",
        ]);
        proptest::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
    }

    /// The words of each line that is run, as PowerShell reads them. PowerShell is not on every
    /// machine that builds this, so its rules stand here: a line break ends a command outside a
    /// string alone; `#` at the beginning of a word begins a remark up to the end of its line; a
    /// string in single marks begins with any of them and ends with any that is not doubled; in one
    /// in double marks a dollar, a backtick and every double mark means something. Everything else
    /// that means something must not stand outside a string.
    ///
    /// What is checked is the quoting of words and remarks, and nothing of what commands do.
    pub(crate) fn as_power_shell_reads(script: &str) -> Vec<Vec<String>> {
        let (mut lines, mut words) = (Vec::new(), Vec::new());
        let mut rest = script.chars().peekable();
        while let Some(ch) = rest.next() {
            let single = SINGLE.contains(&ch);
            match ch {
                '\n' | '\r' => lines.push(std::mem::take(&mut words)),
                ' ' => {}
                '#' => while rest.next_if(|ch| !matches!(ch, '\n' | '\r')).is_some() {},
                ch if single || ch == '"' => {
                    let mut word = String::new();
                    loop {
                        let ch = rest.next().expect("a string that ends");
                        if single && SINGLE.contains(&ch) {
                            if rest.next_if(|next| SINGLE.contains(next)).is_none() {
                                break;
                            }
                        } else if !single {
                            assert!(
                                !"$`\u{201c}\u{201d}\u{201e}".contains(ch),
                                "{ch} in {script}"
                            );
                            if ch == '"' {
                                break;
                            }
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
                    let plain = |ch: char| ch.is_ascii_alphanumeric() || r"-_./:\".contains(ch);
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

    /// The words of a line at the prompt of `cmd.exe`, as a program behind it gets them by the
    /// rules of Windows. Without marks and variables there is little to know.
    fn as_cmd_reads(line: &str) -> Vec<String> {
        assert!(!line.contains(['%', '\n', '\'', '!']), "{line}");
        let (mut words, mut word, mut marked) = (Vec::new(), None::<String>, false);
        for ch in line.chars() {
            match ch {
                '"' => {
                    let so_far = word.get_or_insert_default();
                    assert!(!so_far.ends_with('\\'), "{line}");
                    marked = !marked;
                }
                ' ' if !marked => words.extend(word.take()),
                ch => {
                    assert!(marked || !"&|<>^()@=,;".contains(ch), "{ch} in {line}");
                    word.get_or_insert_default().push(ch);
                }
            }
        }
        assert!(!marked, "{line}");
        words.extend(word);
        words
    }

    /// What a shell of this machine hands to a program, if that shell is there.
    #[cfg(unix)]
    fn as_read_by(shell: &str, line: &str) -> Option<String> {
        let script = format!("printf '%s\\0' {line}");
        let ran = Command::new(shell).arg("-c").arg(script).output().ok()?;
        assert!(ran.status.success() && ran.stderr.is_empty(), "{line}");
        Some(String::from_utf8(ran.stdout).unwrap())
    }

    proptest! {
        #[test]
        fn no_word_leaves_its_place_in_power_shell(
            all in proptest::collection::vec(hostile(), 1..4),
        ) {
            let line = Shell::PowerShell.line(&all);
            prop_assert_eq!(as_power_shell_reads(&line), [all.clone()]);
            // Where no single mark is needed, it is the same line to the other shell of Windows.
            if !line.contains(SINGLE) {
                prop_assert_eq!(as_cmd_reads(&line), all);
            }
        }
    }

    #[cfg(unix)]
    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn no_word_leaves_its_place_in_the_shells_of_this_machine(
            all in proptest::collection::vec(hostile(), 1..4),
        ) {
            let line = Shell::Sh.line(&all);
            let expected: String = all.iter().map(|word| format!("{word}\0")).collect();
            let read = as_read_by("bash", &line).or_else(|| as_read_by("sh", &line));
            prop_assert_eq!(read, Some(expected));
        }
    }

    #[test]
    fn words_for_each_shell() {
        for (word, sh, power_shell) in [
            ("create-policy", "create-policy", "create-policy"),
            (
                "/subscriptions/a/b",
                "/subscriptions/a/b",
                "/subscriptions/a/b",
            ),
            ("", "''", "''"),
            ("it's", r"'it'\''s'", "'it''s'"),
            ("it\u{2019}s", "'it\u{2019}s'", "'it\u{2019}\u{2019}s'"),
            ("$x `y", "'$x `y'", "'$x `y'"),
            ("-a.b", "-a.b", "\"-a.b\""),
            ("@x", "@x", "\"@x\""),
            ("bap=x", "'bap=x'", "\"bap=x\""),
            (r"C:\a\c.json", r"'C:\a\c.json'", r"C:\a\c.json"),
            (r"C:\a b\c.json", r"'C:\a b\c.json'", "\"C:\\a b\\c.json\""),
            (r"C:\a b\", r"'C:\a b\'", r"'C:\a b\'"),
        ] {
            assert_eq!(Shell::Sh.word(word), sh);
            assert_eq!(Shell::PowerShell.word(word), power_shell);
        }
        let json = r#"{"a":"b c"}"#;
        assert_eq!(Shell::Sh.batch_word(json), r#"'{"a":"b c"}'"#);
        assert_eq!(Shell::PowerShell.batch_word(json), r#"'{\"a\":\"b c\"}'"#);
    }

    #[test]
    fn a_variable_is_set_in_the_words_of_each_shell() {
        let all = [
            ("HTTPS_PROXY", "http://127.0.0.1:1"),
            ("FILE", "/a b/it's.pem"),
        ];
        assert_eq!(
            Shell::Sh.setting(&all),
            [r"export HTTPS_PROXY=http://127.0.0.1:1 FILE='/a b/it'\''s.pem'"]
        );
        assert_eq!(
            Shell::PowerShell.setting(&all),
            [
                "$env:HTTPS_PROXY = 'http://127.0.0.1:1'",
                "$env:FILE = '/a b/it''s.pem'",
            ]
        );
    }
}
