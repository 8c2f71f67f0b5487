//! Reads the output of `az` and `azd`. The output contains the cause, and often a command that
//! helps, among warnings, colours and tracebacks.

use azure_identity::{Executor, new_executor};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Output;
use std::sync::{Arc, Mutex, PoisonError};

/// Runs a program for the Azure crate, and keeps its suggested command.
#[derive(Debug)]
pub(super) struct Listening {
    inner: Arc<dyn Executor>,
    helps: Mutex<Option<String>>,
}

impl Default for Listening {
    fn default() -> Self {
        Self {
            inner: new_executor(),
            helps: Mutex::default(),
        }
    }
}

impl Listening {
    /// The command that the program suggests, or the command whose answer is unusable.
    pub(super) fn helps(&self) -> Option<String> {
        self.helps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, command: Option<String>) {
        *self.helps.lock().unwrap_or_else(PoisonError::into_inner) = command;
    }
}

#[async_trait::async_trait]
impl Executor for Listening {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let mut output = self.inner.run(program, args).await?;
        if let Some(shorter) = without_tenant(&output, args) {
            let shorter: Vec<&OsStr> = shorter.iter().map(OsString::as_os_str).collect();
            output = self.inner.run(program, &shorter).await?;
        }
        if output.status.success() {
            let text = plain(&output.stdout);
            // The caller reads this only if the crate can't use the answer.
            self.note(typed(args));
            if let Some(json) = object(&text) {
                output.stdout = json.as_bytes().to_vec();
            }
        } else {
            let text = unwrapped(&plain(&output.stderr));
            self.note(suggested(&text));
            output.stderr = with_id(cause(&text), &text).into_bytes();
        }
        Ok(output)
    }
}

/// The arguments without `--tenant`. Cloud Shell has one tenant and refuses any `--tenant`, even
/// its own.
fn without_tenant(output: &Output, args: &[&OsStr]) -> Option<Vec<OsString>> {
    let stderr = plain(&output.stderr).to_ascii_lowercase();
    if output.status.success() || !stderr.contains("tenant shouldn't be specified") {
        return None;
    }
    let (command, before) = args.split_last()?;
    let command = command.to_str()?;
    let (head, rest) = command.split_once(" --tenant ")?;
    let tail = rest.split_once(' ').map_or("", |(_, tail)| tail);
    let mut all: Vec<OsString> = before.iter().map(|&arg| arg.to_owned()).collect();
    all.push(format!("{head} {tail}").trim_end().into());
    Some(all)
}

/// Removes the escape sequences for colours, links and titles.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        out.push_str(before);
        // ECMA-48: OSC ends with BEL or ST, every other sequence with a letter.
        rest = match after.strip_prefix(']') {
            Some(after) => {
                let ends = ["\u{7}", "\u{1b}\\"].iter();
                let ends = ends.filter_map(|end| Some(after.find(end)? + end.len()));
                ends.min().and_then(|end| after.get(end..)).unwrap_or(after)
            }
            None => {
                let after = after.strip_prefix('[').unwrap_or(after);
                let end = after.find(|ch: char| ch.is_ascii_alphabetic());
                end.and_then(|end| after.get(end + 1..)).unwrap_or_default()
            }
        };
    }
    out + rest
}

/// `azd` writes each message as a line of JSON.
fn unwrapped(text: &str) -> String {
    let message = |line: &str| {
        let value: Value = serde_json::from_str(line).ok()?;
        value.pointer("/data/message")?.as_str().map(str::to_owned)
    };
    let lines: Vec<String> = text
        .lines()
        .map(|line| message(line).unwrap_or_else(|| line.to_owned()))
        .collect();
    lines.join("\n")
}

/// The JSON object that holds a token, wherever it is in the text; otherwise the first object.
fn object(text: &str) -> Option<&str> {
    let all: Vec<(Value, &str)> = text
        .match_indices('{')
        .filter_map(|(at, _)| {
            let rest = text.get(at..)?;
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            let value = values.next()?.ok().filter(Value::is_object)?;
            Some((value, rest.get(..values.byte_offset())?))
        })
        .collect();
    let has_token = |(value, _): &&(Value, &str)| {
        ["accessToken", "token"]
            .iter()
            .any(|name| value[name].is_string())
    };
    all.iter()
        .find(has_token)
        .or(all.first())
        .map(|(_, text)| *text)
}

/// The line that names the cause: the line with the Microsoft Entra code, the last line of a
/// traceback, or the first line that is not a warning.
fn cause(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim().trim_start_matches("ERROR:").trim())
        .filter(|line| !line.is_empty())
        .collect();
    let code = lines.iter().find(|line| line.contains("AADSTS"));
    let traceback = || {
        let is_one = lines.iter().any(|line| line.starts_with("Traceback"));
        // The last line of the form `PermissionError: …`. A footer may follow it.
        let names = |line: &&&str| {
            let (name, _) = line.split_once(": ").unwrap_or_default();
            name.ends_with("Error") || name.ends_with("Exception")
        };
        let named = lines.iter().rev().find(names).or(lines.last());
        named.filter(|_| is_one)
    };
    let first = || lines.iter().find(|line| !line.starts_with("WARNING"));
    let line = code.or_else(traceback).or_else(first).or(lines.first());
    line.map_or_else(
        || "it printed no message".to_owned(),
        |line| (*line).to_owned(),
    )
}

/// Appends the correlation id, which may be on a separate line.
fn with_id(line: String, text: &str) -> String {
    const LABEL: &str = "Correlation ID: ";
    let id = text.split_once(LABEL).filter(|_| !line.contains(LABEL));
    let id = id.and_then(|(_, rest)| rest.split_whitespace().next());
    id.map_or(line.clone(), |id| format!("{line} {LABEL}{id}"))
}

/// The command that the program suggests, on its own line or in quotes.
fn suggested(text: &str) -> Option<String> {
    let starts = ["az login ", "az account ", "azd auth login ", "azd config "];
    let is_one = |line: &str| starts.iter().any(|start| line.starts_with(start));
    let fits = |line: &str| {
        let plain = |ch: char| ch.is_ascii_alphanumeric() || " -_./:=\"+".contains(ch);
        line.chars().all(plain)
    };
    let lines = text.lines().map(str::trim);
    let quoted = text.split(['`', '\'']).map(str::trim);
    // Many tenants forbid device code.
    lines
        .chain(quoted)
        .find(|line| is_one(line) && fits(line) && !line.contains("device-code"))
        .map(str::to_owned)
}

/// The command that the crate ran, without the `cd` before it.
fn typed(args: &[&OsStr]) -> Option<String> {
    let command = args.last()?.to_str()?;
    let (_, command) = command.split_once(" && ")?;
    Some(command.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_and_the_command_are_found() {
        for (text, line, command) in [
            (
                "\u{1b}[31mERROR: AADSTS65001: No consent. Trace ID: a\u{1b}[0m\nPlease \
                run:\naz login --scope https://x/.default\n",
                "AADSTS65001: No consent. Trace ID: a",
                Some("az login --scope https://x/.default"),
            ),
            (
                "WARNING: old\nERROR: Please run 'az login' to setup account.",
                "Please run 'az login' to setup account.",
                None,
            ),
            (
                "Traceback (most recent call last):\n  File x\nOSError: no space\nTo open an \
                issue, please run: `az feedback`",
                "OSError: no space",
                None,
            ),
            (
                "{\"type\":\"consoleMessage\",\"data\":{\"message\":\"\\nERROR: not logged in, \
                run `azd auth login --scope https://x/.default` to login\\n\"}}",
                "not logged in, run `azd auth login --scope https://x/.default` to login",
                Some("azd auth login --scope https://x/.default"),
            ),
            ("WARNING: only this", "WARNING: only this", None),
            (
                "\u{1b}]0;az\u{7}ERROR: \u{1b}]8;;https://x\u{1b}\\no\u{1b}]8;;\u{1b}\\ token",
                "no token",
                None,
            ),
            ("", "it printed no message", None),
            ("ERROR: x\naz login --scope $(reboot)", "x", None),
        ] {
            let text = unwrapped(&plain(text.as_bytes()));
            assert_eq!(cause(&text), line);
            assert_eq!(suggested(&text).as_deref(), command, "{text}");
        }
    }

    #[test]
    fn json_is_found_among_warnings() {
        for (text, json) in [
            ("{\"a\": 1}", Some("{\"a\": 1}")),
            ("WARNING: {x}\n{\"a\": {}}\nbye {", Some("{\"a\": {}}")),
            (
                "WARNING: {\"old\": 1}\n{\"accessToken\": \"x\"}",
                Some("{\"accessToken\": \"x\"}"),
            ),
            ("[1]", None),
            ("nothing", None),
        ] {
            assert_eq!(object(text), json, "{text}");
        }
    }
}
