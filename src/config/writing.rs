//! Writes values into the configuration file and keeps the rest of it unchanged.

use super::file::{default_file, parse};
use super::flags::Flags;
use super::reading::{read, variable};
use crate::error::{Error, Result};
use crate::model::text::toml_string;
use std::path::{Path, PathBuf};

/// The settings that the file can contain.
pub const KEYS: [&str; 13] = [
    "cloud",
    "tenant",
    "auth",
    "ca-bundle",
    "audit-log",
    "notify",
    "notify-format",
    "plain",
    "remember",
    "environment",
    "policy",
    "vault",
    "key",
];

/// The content of a new file.
pub const TEMPLATE: &str = "\
# Configuration of cmkctl. Delete the `#` in front of each line that you need.
# Priority: flags first, then environment variables, then the profile, then these lines.

# tenant = \"00000000-0000-0000-0000-000000000000\"
# environment = \"Contoso UAT\"
# policy = \"ep-cmk\"
# vault = \"kv-contoso-cmk\"
# key = \"cmk\"
# audit-log = \"/var/log/cmkctl.jsonl\"
# notify = \"https://example.com/hook\"   # messages of enable, apply, status and watch
# plain = true              # numbered lines, for screen readers
# remember = false          # every command signs in again

# [profile.prod]            # cmkctl --profile prod ...
# environment = \"Contoso Production\"
";

/// The path of the file, which may not exist yet.
///
/// # Errors
/// No flag or variable names it, and the user has no configuration folder.
pub fn file_to_write(flags: &Flags) -> Result<PathBuf> {
    let named = flags.config.clone();
    let named = named.or_else(|| variable("CMKCTL_CONFIG").map(PathBuf::from));
    named.or_else(default_file).ok_or_else(|| {
        Error::usage("cmkctl can't find your folder for the configuration file.")
            .hint("Pass the path of the file: `--config FILE`.")
    })
}

/// The text of the file with this value.
///
/// # Errors
/// An unknown key, a file that can't be read or parsed, or an invalid value.
pub fn with_value(path: &Path, profile: Option<&str>, key: &str, value: &str) -> Result<String> {
    if !KEYS.contains(&key) {
        let what = format!(
            "`{}` is not a setting of the configuration file.",
            key.escape_debug()
        );
        return Err(Error::usage(what).hint(format!("Settings: {}.", KEYS.join(", "))));
    }
    let before = if path.exists() {
        read(path, "configuration file")?
    } else {
        String::new()
    };
    parse(&before, path)?;
    let text = edited(&before, profile, key, value);
    parse(&text, path)?;
    Ok(text)
}

/// Replaces the line, or adds it at the end of its section.
fn edited(before: &str, profile: Option<&str>, key: &str, value: &str) -> String {
    let value = match (key, value) {
        ("plain" | "remember", "true" | "false") => value.to_owned(),
        _ => toml_string(value),
    };
    let line = format!("{key} = {value}");
    let head = profile.map(|name| format!("[profile.{}]", named(name)));
    let mut lines: Vec<String> = before.lines().map(str::to_owned).collect();
    let begins = match &head {
        None => Some(0),
        Some(head) => lines
            .iter()
            .position(|existing_line| existing_line.trim() == head)
            .map(|at| at + 1),
    };
    let Some(begins) = begins else {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(head);
        lines.push(line);
        return lines.join("\n") + "\n";
    };
    let section = lines.iter().enumerate().skip(begins);
    let ends = section
        .clone()
        .find(|(_, existing_line)| existing_line.trim_start().starts_with('['))
        .map_or(lines.len(), |(at, _)| at);
    let is_key = |existing_line: &str| {
        existing_line
            .split_once('=')
            .is_some_and(|(name, _)| name.trim() == key)
    };
    let old = section
        .take_while(|(at, _)| *at < ends)
        .find(|(_, existing_line)| is_key(existing_line))
        .map(|(at, _)| at);
    match old.and_then(|at| lines.get_mut(at)) {
        Some(old) => *old = line,
        None => {
            // Insert before the blank lines in front of the next section.
            let filled = lines.iter().take(ends).skip(begins);
            let last = filled
                .clone()
                .rposition(|existing_line| !existing_line.trim().is_empty());
            lines.insert(last.map_or(begins, |at| begins + at + 1), line);
        }
    }
    lines.join("\n") + "\n"
}

/// A bare or quoted TOML key.
fn named(profile: &str) -> String {
    let bare = |ch: char| ch.is_ascii_alphanumeric() || ch == '-' || ch == '_';
    if !profile.is_empty() && profile.chars().all(bare) {
        profile.to_owned()
    } else {
        toml_string(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_replaced_or_added_and_the_others_stay() {
        let file = "# mine\ntenant = \"t\" # ours\n\n[profile.prod]\nkey = \"k\"\n";
        for (profile, key, value, expected) in [
            (
                None,
                "tenant",
                "u",
                "# mine\ntenant = \"u\"\n\n[profile.prod]\nkey = \"k\"\n",
            ),
            (
                None,
                "vault",
                "kv",
                "# mine\ntenant = \"t\" # ours\nvault = \"kv\"\n\n[profile.prod]\nkey = \"k\"\n",
            ),
            (Some("prod"), "key", "it's \"x\"", ""),
            (
                Some("test 1"),
                "key",
                "k",
                "# mine\ntenant = \"t\" # ours\n\n[profile.prod]\nkey = \"k\"\n\n\
                [profile.\"test 1\"]\nkey = \"k\"\n",
            ),
        ] {
            let text = edited(file, profile, key, value);
            if value.starts_with("it") {
                let read: toml::Table = text.parse().unwrap();
                assert_eq!(read["profile"]["prod"]["key"].as_str(), Some(value));
            } else {
                assert_eq!(text, expected);
            }
        }
        assert_eq!(edited("", None, "key", "k"), "key = \"k\"\n");
        assert!(parse(TEMPLATE, Path::new("x")).is_ok());
    }
}
