//! Quotes words so that a shell reads each word unchanged. The code is pure: it works for every
//! shell on every system.

/// A shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// Every shell with the quoting rules of POSIX, such as Bash and Zsh.
    Sh,
    /// PowerShell: Windows PowerShell 5.1, and PowerShell 7.
    PowerShell,
}

/// The characters that PowerShell accepts as a single quotation mark: the plain one, and four
/// characters that word processors use instead. Inside a string, each of them must be doubled.
const SINGLE: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

impl Shell {
    /// One word of a command line.
    ///
    /// If a word contains a quotation mark (`"`), no line is right for both versions of PowerShell.
    /// Version 5.1 passes the mark to a program without an escape, and version 7 with an escape.
    pub fn word(self, word: &str) -> String {
        match self {
            Shell::Sh if stands_alone(word, "-_./:@") => word.to_owned(),
            Shell::Sh => format!("'{}'", word.replace('\'', r"'\''")),
            Shell::PowerShell => power_shell(word),
        }
    }

    /// One word of a command line for a program that is a batch file on Windows, such as `az`. Both
    /// versions of PowerShell pass quotation marks in a word to the batch file unchanged. The
    /// program behind the batch file requires a backslash before each mark.
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

    /// The lines that set environment variables for the following commands.
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
            // Without quotation marks, PowerShell would run the value as a command.
            Shell::PowerShell => each(|name, value| format!("$env:{name} = {}", single(value))),
        }
    }
}

/// A word for Bash with a backslash before every special character. Bash completes names in the
/// same form, so that a person can continue to type.
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

/// A word for PowerShell. A word that needs quotation marks gets double marks if no character of
/// the word is special inside them, because such a line works in `cmd.exe` as well. Inside single
/// marks no character is special: no `$`, no backtick, no line break.
fn power_shell(word: &str) -> String {
    // PowerShell splits a word that begins with a dash at a dot or a colon.
    let signs = if word.starts_with('-') {
        "-"
    } else {
        r"-_./:\"
    };
    if stands_alone(word, signs) {
        return word.to_owned();
    }
    let harmless = |ch: char| ch.is_alphanumeric() || r"-_./:\ ()[]=,;&+#@?".contains(ch);
    // A backslash at the end would escape the closing mark for the program that reads the line.
    if !word.is_empty() && word.chars().all(harmless) && !word.ends_with('\\') {
        return format!("\"{word}\"");
    }
    single(word)
}

/// A PowerShell string in single quotation marks.
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

    /// Words that a service or one of its users may have written.
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

    /// The words of each line, as PowerShell reads them. PowerShell is not on every machine that
    /// builds cmkctl, so this function contains its rules:
    /// - A line break ends a command, but not inside a string.
    /// - `#` at the beginning of a word starts a comment until the end of the line.
    /// - A string in single marks begins with any of these marks, and ends with any mark that is
    ///   not doubled.
    /// - In a string in double marks, a dollar, a backtick and every double mark are special.
    /// - No other special character is allowed outside a string.
    ///
    /// This function checks only the quoting of words and comments, not what commands do.
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

    /// The words of a line at the prompt of `cmd.exe`, as Windows passes them to a program. Few
    /// rules are necessary, because the line contains no variables and no single marks.
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

    /// The words that a shell of this machine passes to a program; `None` without this shell.
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
            // Without single marks, `cmd.exe` must read the same words from the line.
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
