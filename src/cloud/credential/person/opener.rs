//! Opens a browser: a program from `BROWSER`, or the system's default.

use std::ffi::OsString;
use std::process::{Command, Stdio};

/// Opens `address`. The terminal already shows the address, so a failure is only reported.
///
/// # Errors
/// Why no browser opened.
pub(super) async fn open(browser: Option<&str>, address: &str) -> Result<(), String> {
    if let Some(list) = browser {
        return by_variable(list, address);
    }
    let address = address.to_owned();
    let opened = tokio::task::spawn_blocking(move || open::that_detached(address)).await;
    match opened {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the browser could not be started".to_owned()),
    }
}

/// `BROWSER` is a list of programs. The address replaces `%s`, or is appended.
fn by_variable(list: &str, address: &str) -> Result<(), String> {
    let mut why = "`BROWSER` names no program".to_owned();
    for browser in std::env::split_paths(list) {
        let words = words(&browser.to_string_lossy(), address);
        let Some((program, arguments)) = words.split_first() else {
            continue;
        };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        // A browser's own output is not about the sign-in.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        match command.spawn() {
            Ok(mut child) => {
                // On Unix, a browser that ends stays a zombie until it is waited for.
                std::thread::spawn(move || child.wait());
                return Ok(());
            }
            Err(error) => why = format!("{}: {error}", program.to_string_lossy()),
        }
    }
    Err(why)
}

fn words(command: &str, address: &str) -> Vec<OsString> {
    // The path of a Windows program may contain blanks.
    if std::path::Path::new(command).is_file() {
        return vec![command.into(), address.into()];
    }
    let mut words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    let named = words.iter().any(|word| word.contains("%s"));
    for word in &mut words {
        *word = word.replace("%s", address);
    }
    if !named && !words.is_empty() {
        words.push(address.to_owned());
    }
    words.into_iter().map(OsString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_stands_where_it_is_wanted() {
        for (command, expected) in [
            ("firefox", &["firefox", "http://x"][..]),
            ("firefox -P work", &["firefox", "-P", "work", "http://x"]),
            ("w --url=%s -n", &["w", "--url=http://x", "-n"]),
            (" ", &[]),
        ] {
            assert_eq!(words(command, "http://x"), expected, "{command}");
        }
        assert!(by_variable("", "http://x").is_err());
        assert!(by_variable("/nonexistent/browser", "http://x").is_err());
    }
}
