//! Azure Pipelines: all output is logging commands. The summary is a file whose path a command
//! gives to the agent.

use super::guard::guard;
use super::notes::{Issue, Level};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Escapes the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%AZP25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(';', "%3B").replace(']', "%5D")
}

/// `##vso[task.logissue type=error;code=CMK006]…`. No level below warning exists.
pub(super) fn issue(issue: &Issue) -> Option<String> {
    let word = match issue.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice | Level::Silent => return None,
    };
    let fix = issue
        .fix()
        .map_or(String::new(), |fix| format!(" {}", fix.replace('\n', " ")));
    let text = guard(&format!("{}: {}{fix}", issue.code, issue.message));
    Some(format!(
        "##vso[task.logissue type={word};code={}]{}",
        property(&guard(&issue.code)),
        data(&text)
    ))
}

/// An output variable of the step. Variable names have no hyphens there: `exit-code` becomes
/// `exitCode`.
pub(super) fn variable(name: &str, value: &str) -> String {
    let mut parts = name.split('-');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        camel.extend(part.chars().take(1).map(|ch| ch.to_ascii_uppercase()));
        camel.push_str(part.get(1..).unwrap_or_default());
    }
    format!(
        "##vso[task.setvariable variable={camel};isOutput=true]{}",
        data(&guard(value))
    )
}

/// A file path that no other run uses.
pub(super) fn page(folder: &Path, command: &str) -> PathBuf {
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    folder.join(format!("cmkctl-{command}-{}-{time}.md", std::process::id()))
}

pub(super) fn upload(path: &Path) -> String {
    format!(
        "##vso[task.uploadsummary]{}",
        data(&path.display().to_string())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        let bad = Issue {
            level: Level::Warning,
            code: "a;b]c".to_owned(),
            message: "100 %\n##vso[task.complete result=Failed]".to_owned(),
            remedy: String::new(),
            who: String::new(),
        };
        assert_eq!(
            issue(&bad).unwrap(),
            "##vso[task.logissue type=warning;code=a%3Bb%5Dc]a;b]c: 100 %AZP25%0A# \
            #vso[task.complete result=Failed]"
        );
        assert_eq!(
            variable("environment-name", "##vso[x]\ny"),
            "##vso[task.setvariable variable=environmentName;isOutput=true]# #vso[x]%0Ay"
        );
    }
}
