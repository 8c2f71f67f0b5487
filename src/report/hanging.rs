//! Wraps prose into lines with a hanging indent.

/// Wraps `text` to lines of `width` columns. Its first line begins at column `indent`, and so do
/// the next ones. Each line of the text is a paragraph. Without a width nothing is wrapped.
pub fn hang(text: &str, width: Option<u16>, indent: usize) -> String {
    let taken = u16::try_from(indent).unwrap_or(u16::MAX);
    let room = width.map(|width| width.saturating_sub(taken));
    let below = format!("\n{}", " ".repeat(indent));
    let paragraphs = text.lines().map(|line| {
        if is_command(line) {
            line.to_owned()
        } else {
            wrap(line, room).replace('\n', &below)
        }
    });
    paragraphs.collect::<Vec<_>>().join(&below)
}

/// Breaks a sentence at blanks; a word that is longer than the line stays whole, and so does what
/// stands in backticks, where it fits in a line.
pub fn wrap(text: &str, width: Option<u16>) -> String {
    let Some(width) = width.map(usize::from).filter(|width| *width >= 20) else {
        return text.to_owned();
    };
    let mut out = String::new();
    let mut column = 0;
    for word in words(text, width) {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// The words of a sentence. A name or a command in backticks is one word, unless it is longer than
/// the line.
fn words(text: &str, width: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some((word, more)) = next_word(rest, width) {
        words.push(word);
        let Some(more) = more else { break };
        rest = more;
    }
    words
}

/// The next word, and what comes after its blank.
fn next_word(text: &str, width: usize) -> Option<(&str, Option<&str>)> {
    let is_closed = |text: &str| text.matches('`').count().is_multiple_of(2);
    let blank = |from: usize| text.get(from..)?.find(' ').map(|at| from + at);
    let mut end = blank(0);
    while let Some(at) = end {
        let word = text.get(..at)?;
        if is_closed(word) {
            return Some((word, text.get(at + 1..)));
        }
        if word.chars().count() >= width {
            break;
        }
        end = blank(at + 1);
    }
    let closed = is_closed(text) && text.chars().count() <= width;
    match blank(0) {
        Some(at) if !closed => Some((text.get(..at)?, text.get(at + 1..))),
        Some(_) | None => Some((text, None)),
    }
}

/// What a line begins with that is to be pasted: a line end in it would break it.
const PROGRAMS: [&str; 8] = [
    "cmkctl ", "az ", "azd ", "openssl ", "sudo ", "curl ", "export ", "$env:",
];

/// Is this line a command to copy? A sentence may also begin with `cmkctl`, but ends with a full
/// stop or colon.
fn is_command(line: &str) -> bool {
    let line = line.trim();
    let begins = PROGRAMS.iter().any(|program| line.starts_with(program));
    begins && !line.ends_with(['.', ':'])
}

/// Splits a sentence that ends with a command into prose and command. The command stands alone on a
/// line, without quotes and with nothing after it.
fn apart(text: &str) -> (&str, Option<&str>) {
    let Some((prose, rest)) = text.rsplit_once(": `") else {
        return (text, None);
    };
    let command = rest.trim_end_matches('.').strip_suffix('`');
    match command.filter(|command| is_command(command) && !command.contains('`')) {
        Some(command) => (&text[..=prose.len()], Some(command)),
        None => (text, None),
    }
}

/// Prose from column `indent`, with its command below, two columns further.
pub(super) fn told(text: &str, width: Option<u16>, indent: usize) -> String {
    let (prose, command) = apart(text);
    let prose = hang(prose, width, indent);
    match command {
        Some(command) => format!("{prose}\n{}{command}", " ".repeat(indent + 2)),
        None => prose,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_goes_on_under_its_beginning() {
        let text = "one two three four five six seven\neight";
        assert_eq!(
            hang(text, Some(26), 4),
            "one two three four\n    five six seven\n    eight"
        );
        assert_eq!(hang("one two", None, 4), "one two");
    }

    #[test]
    fn a_command_is_never_broken_and_stands_alone() {
        let command = "cmkctl enable 'Contoso UAT' --yes";
        assert_eq!(hang(command, Some(20), 0), command);
        // A sentence that starts with the name is prose.
        assert_eq!(
            hang("cmkctl skips what is done. Continue with:", Some(24), 2),
            "cmkctl skips what is\n  done. Continue with:"
        );
        assert_eq!(
            told(&format!("Run this again: `{command}`."), Some(20), 4),
            format!("Run this again:\n      {command}")
        );
        for whole in [
            "Run `cmkctl auth status` first.",
            "Names: `a`.",
            "It is so: `cmkctl a` or `cmkctl b`.",
        ] {
            assert_eq!(apart(whole), (whole, None));
        }
    }

    #[test]
    fn wrapping_breaks_at_blanks_only() {
        let id = "x".repeat(40);
        assert_eq!(
            wrap(&format!("one two {id} three"), Some(20)),
            format!("one two\n{id}\nthree")
        );
        assert_eq!(wrap("one two", None), "one two");
        assert_eq!(wrap("", Some(20)), "");
        assert_eq!(wrap("a  b", Some(20)), "a  b");
    }

    #[test]
    fn what_stands_in_backticks_stays_in_a_line() {
        for (text, lines) in [
            (
                "run this: `cmkctl status` now",
                "run this:\n`cmkctl status` now",
            ),
            ("it is called `Contoso UAT`", "it is called\n`Contoso UAT`"),
            ("now `Contoso UAT`. Then", "now `Contoso UAT`.\nThen"),
            // What fits in no line is broken, and what is not closed is no name.
            (
                "`a name that is longer than a line` x",
                "`a name that is\nlonger than a line`\nx",
            ),
            ("a ` b and some more words", "a ` b and some more\nwords"),
        ] {
            assert_eq!(wrap(text, Some(20)), lines);
        }
    }
}
