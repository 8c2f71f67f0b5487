//! Escapes foreign text in a log that a CI runner reads, so that it can't act as a command.
//!
//! GitHub's runner accepts `::name` at the start of a line, also after blanks, and its older
//! `##[name]` anywhere. The agent of Azure Pipelines accepts `##vso[name]` anywhere in a line. Both
//! read stdout and stderr (`ActionCommand.cs` of actions/runner, `Command.cs` of
//! azure-pipelines-agent).

/// Characters that the runner ignores when it compares.
fn ignorable(ch: char) -> bool {
    matches!(ch, '\u{34f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Where a runner would find a command: the index after the first `#` of each.
fn starts(text: &str) -> Vec<usize> {
    let begins = |rest: &str| {
        rest.starts_with('[')
            || rest
                .get(..4)
                .is_some_and(|head| head.eq_ignore_ascii_case("vso["))
    };
    text.match_indices('#')
        .filter(|(at, _)| {
            text.get(at + 1..)
                .and_then(|rest| rest.strip_prefix('#'))
                .is_some_and(begins)
        })
        .map(|(at, _)| at + 1)
        .collect()
}

fn broken(text: &str, with: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut from = 0;
    for at in starts(text) {
        out.push_str(text.get(from..at).unwrap_or_default());
        out.push_str(&with(text.get(at..=at).unwrap_or_default()));
        from = at + 1;
    }
    out + text.get(from..).unwrap_or_default()
}

/// Text in which no runner finds a command: a blank breaks each look-alike.
pub(in crate::report) fn guard(text: &str) -> String {
    if !text.contains("##") && !text.contains("::") && !text.contains(ignorable) {
        return text.to_owned();
    }
    let text: String = text.chars().filter(|ch| !ignorable(*ch)).collect();
    let text = broken(&text, |mark| format!(" {mark}"));
    let line = |line: &str| match line.trim_start().strip_prefix("::") {
        Some(rest) => format!(
            "{}: :{rest}",
            line.get(..line.len() - line.trim_start().len())
                .unwrap_or_default()
        ),
        None => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The same for JSON, without loss: the character is escaped and keeps its meaning. Its lines never
/// begin with a colon.
pub(in crate::report) fn guard_json(text: &str) -> String {
    broken(text, |_| "\\u0023".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_is_left_and_nothing_else_is_touched() {
        assert_eq!(
            guard("a ##vso[x]y ##VSO[z ##[error]e"),
            "a # #vso[x]y # #VSO[z # #[error]e"
        );
        assert_eq!(
            guard("::error::x\n \u{3000}::set-output name=a::b\na::b ###[x"),
            ": :error::x\n \u{3000}: :set-output name=a::b\na::b ## #[x"
        );
        assert_eq!(
            guard("#\u{fe0f}#\u{34f}vs\u{fe00}o[x]\n:\u{fe0f}:a"),
            "# #vso[x]\n: :a"
        );
        for same in ["", "## Title", "a:b", "# [x]", "##", "ö##", "a::b"] {
            assert_eq!(guard(same), same);
        }
        let json = r####"{"name":"a ##vso[x] ##[y]"}"####;
        assert!(!guard_json(json).contains("##"), "{}", guard_json(json));
        let (before, after): (serde_json::Value, serde_json::Value) = (
            serde_json::from_str(json).unwrap(),
            serde_json::from_str(&guard_json(json)).unwrap(),
        );
        assert_eq!(before, after);
    }
}
