//! GitHub Actions: annotations are workflow commands, and outputs are lines of a file.

use super::guard::guard;
use super::notes::{Issue, Level};

/// Escapes the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// `::error title=CMK006::…`
pub(super) fn annotation(issue: &Issue) -> Option<String> {
    let word = match issue.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
        Level::Silent => return None,
    };
    let fix = issue.fix().map_or(String::new(), |fix| format!("\n{fix}"));
    let text = guard(&format!("{}{fix}", issue.message));
    Some(format!(
        "::{word} title={}::{}",
        property(&guard(&issue.code)),
        data(&text)
    ))
}

/// One line `name=value` for each output. Line breaks in a value become blanks.
pub(super) fn outputs(all: &[(&'static str, String)]) -> String {
    all.iter()
        .map(|(name, value)| format!("{name}={}\n", value.replace(['\r', '\n'], " ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        let issue = Issue {
            level: Level::Error,
            code: "a:b,c%\n::add-mask::x".to_owned(),
            message: "100 %\r\n::add-mask::x ##[error]y".to_owned(),
            remedy: "z".to_owned(),
            who: "w".to_owned(),
        };
        assert_eq!(
            annotation(&issue).unwrap(),
            "::error title=a%3Ab%2Cc%25%0A%3A %3Aadd-mask%3A%3Ax::100 %25%0D%0A: :add-mask::x # \
            #[error]y%0AFix: z (w)"
        );
        assert_eq!(
            annotation(&Issue {
                level: Level::Silent,
                ..issue
            }),
            None
        );
        assert_eq!(
            outputs(&[("a", "x\ny=z<<EOF".to_owned())]),
            "a=x y=z<<EOF\n"
        );
    }
}
