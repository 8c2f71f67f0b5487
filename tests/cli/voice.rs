//! Checks the product's sentences, in string literals and in comments: they are short and plain.

use crate::help::each;
use crate::house::sources;

/// Words and phrases that are vague or hard to read.
const NEVER: [&str; 14] = [
    "whoever",
    "nobody",
    "somebody",
    "one that",
    "re-read",
    "worth a word",
    "to know before",
    "in the way",
    "goes to the policy",
    "the version of now",
    "what is done is",
    "what runs is",
    "wanted state",
    "anew",
];

/// Files with scripts, templates and patterns of other languages.
const OTHER_LANGUAGES: [&str; 3] = [
    "cloud/credential/power_shell.rs",
    "report/infra.rs",
    "config/writing.rs",
];

/// The string literals of a source without its tests. Lines that end with a backslash are joined.
fn literals(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]").next().unwrap();
    let (mut all, mut rest) = (Vec::new(), String::new());
    for line in text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        rest.push_str(line);
        rest.push('\n');
    }
    let mut chars = rest.chars().peekable();
    while let Some(ch) = chars.next() {
        match ch {
            // A character, such as '"'.
            '\'' if chars.peek() == Some(&'"') => {
                chars.next();
            }
            '\\' => {
                chars.next();
            }
            '"' => all.push(literal(&mut chars)),
            _ => {}
        }
    }
    all
}

fn literal(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(ch) = chars.next() {
        match ch {
            '"' => break,
            '\\' => match chars.next() {
                Some('\n') => while chars.next_if(|ch| ch.is_whitespace()).is_some() {},
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
                None => break,
            },
            ch => text.push(ch),
        }
    }
    text
}

/// The sentences of a text. Text in backticks counts as one word, because it is a command.
fn sentences(text: &str) -> Vec<String> {
    let mut plain = String::new();
    for (number, part) in text.split('`').enumerate() {
        plain.push_str(if number % 2 == 0 { part } else { "X" });
    }
    let ends = |text: &str| text.ends_with(['.', ':', '?', '!']);
    let mut all = vec![String::new()];
    for line in plain.lines() {
        for word in line.split_whitespace() {
            let last = all.last_mut().unwrap();
            last.push_str(word);
            last.push(' ');
            if ends(word) {
                all.push(String::new());
            }
        }
        all.push(String::new());
    }
    all.retain(|sentence| sentence.split_whitespace().count() > 3);
    all
}

/// The mistake in a sentence, if any.
fn fault(sentence: &str) -> Option<String> {
    let lower = format!(" {} ", sentence.to_lowercase());
    let words = sentence.split_whitespace().count();
    match NEVER
        .iter()
        .find(|word| lower.contains(&format!(" {word}")))
    {
        Some(phrase) => Some(format!("`{phrase}`")),
        None if sentence.contains("; ") => Some("a semicolon".to_owned()),
        None if words > 25 => Some(format!("{words} words")),
        None => None,
    }
}

#[test]
fn every_sentence_is_short_and_plain() {
    let (mut read, mut odd) = (0, Vec::new());
    for source in sources() {
        if source.name.starts_with("sandbox/") || OTHER_LANGUAGES.contains(&&*source.name) {
            continue;
        }
        for text in literals(&source.text) {
            for sentence in sentences(&text) {
                read += 1;
                if let Some(why) = fault(&sentence) {
                    odd.push(format!("{}: {why}: {sentence}", source.name));
                }
            }
        }
    }
    each(&cmkctl::cli::command(), "cmkctl", &mut |command, path| {
        let arguments = command.get_arguments().filter_map(|own| own.get_help());
        let own = command.get_about().into_iter().chain(arguments);
        for text in own.map(ToString::to_string) {
            for sentence in sentences(&text) {
                read += 1;
                if let Some(why) = fault(&sentence) {
                    odd.push(format!("{path}: {why}: {sentence}"));
                }
            }
        }
    });
    assert!(read > 1500, "{read}");
    assert!(odd.is_empty(), "{}\n{}", odd.len(), odd.join("\n"));
}

#[test]
fn every_sentence_of_the_documents_is_short_and_plain() {
    let (mut read, mut odd) = (0, Vec::new());
    for document in crate::documents::documents() {
        for sentence in sentences(&document.prose()) {
            read += 1;
            if let Some(why) = fault(&sentence) {
                odd.push(format!("{}: {why}: {sentence}", document.name));
            }
        }
    }
    assert!(read > 500, "{read}");
    assert!(odd.is_empty(), "{}\n{}", odd.len(), odd.join("\n"));
}

/// The comments of a source, each block as one text.
fn comments(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for line in text.lines().map(str::trim_start) {
        match line.strip_prefix("//") {
            Some(words) => {
                let block = all.last_mut().unwrap();
                block.push_str(words.trim_start_matches(['/', '!']));
            }
            None => all.push(String::new()),
        }
    }
    all.retain(|block| !block.is_empty());
    all
}

#[test]
fn every_comment_says_who_it_speaks_of() {
    const VAGUE: [&str; 4] = ["whoever", "nobody", "somebody", "one that"];
    let (mut read, mut odd) = (0, Vec::new());
    for source in sources() {
        for comment in comments(&source.text) {
            read += 1;
            let lower = comment.to_lowercase();
            if let Some(word) = VAGUE.iter().find(|word| lower.contains(*word)) {
                odd.push(format!("{}: `{word}`:{comment}", source.name));
            }
        }
    }
    assert!(read > 3000, "{read}");
    assert!(odd.is_empty(), "{}\n{}", odd.len(), odd.join("\n"));
}

#[test]
fn the_lint_sees_what_it_is_for() {
    let source = r#"
        // "nobody" in a comment
        let a = "It goes on; \
            it does.";
        let b = ["Run `az a b c; d` now.", 'x', "{}: \"quoted\""];
        #[cfg(test)] "nobody"
    "#;
    assert_eq!(
        literals(source),
        [
            "It goes on; it does.",
            "Run `az a b c; d` now.",
            "{}: \"quoted\""
        ]
    );
    assert_eq!(comments("  /// A\n  // b\nlet c;\n//! d"), [" A b", " d"]);
    assert_eq!(
        sentences("Run `az a b c; d` right now. Short."),
        ["Run X right now. "]
    );
}
