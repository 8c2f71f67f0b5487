//! Prose in lines: what does not fit goes on below, under its own beginning.

/// `text`, whose first line begins at column `indent`, in lines of `width` columns. Each line of
/// the text is one paragraph; the lines after the first begin at `indent`, too. Without a width
/// nothing is broken.
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

/// Breaks a sentence at blanks; a word that is longer than the line stays whole.
pub fn wrap(text: &str, width: Option<u16>) -> String {
    let Some(width) = width.map(usize::from).filter(|width| *width >= 20) else {
        return text.to_owned();
    };
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
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

/// What a line begins with that is to be pasted: a line end in it would break it.
const PROGRAMS: [&str; 8] = [
    "cmkctl ", "az ", "azd ", "openssl ", "sudo ", "curl ", "export ", "$env:",
];

/// Is this line a command to copy? A sentence about cmkctl begins with its name, too, and ends as
/// no command does.
fn is_command(line: &str) -> bool {
    let line = line.trim();
    let begins = PROGRAMS.iter().any(|program| line.starts_with(program));
    begins && !line.ends_with(['.', ':'])
}

/// A sentence that ends with a command to copy, as prose and command: the command stands on a line
/// of its own, without its quotes and with nothing after it.
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

/// Prose that begins at column `indent`, with its command below it, two columns further.
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
        // A sentence that begins with the name is prose.
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
    }
}
