//! Writes the files of a hand-over.

use super::super::terminal::Out;
use super::super::written::{Existing, write_file};
use super::scripts::{File, HandOver, MARK, files};
use crate::error::{Error, Result};
use crate::model::shell::Shell;
use crate::model::system::System;
use crate::model::who::Side;
use std::path::{Path, PathBuf};

/// The name of the scripts if cmkctl prints them to stdout.
const NAMELESS: &str = "hand-over";

/// The byte order mark, which says that a text is UTF-8.
const MARK_OF_UTF_8: char = '\u{feff}';

/// Writes the scripts and templates: to files whose names begin with `to`, or to stdout for `-`.
///
/// # Errors
/// A file exists and no earlier hand-over wrote it, or a file can't be written.
pub fn hand_over(hand_over: &HandOver, to: &str, out: &mut Out) -> Result<()> {
    if to == "-" {
        let shell = System::HERE.shell();
        out.script(&joined(&files(hand_over, NAMELESS), shell));
        return out.written();
    }
    let (folder, stem) = place(to)?;
    let files: Vec<(PathBuf, File)> = files(hand_over, &stem)
        .into_iter()
        .map(|file| (folder.join(format!("{stem}{}", file.ending)), file))
        .collect();
    // Check all files before writing the first.
    for (path, _) in &files {
        ours(path)?;
    }
    for (path, file) in &files {
        write_file(path, content(file).as_bytes(), Existing::Replaced)?;
        if file.shell == Some(Shell::Sh) {
            runs(path)?;
        }
    }
    let paths = files.iter().map(|(path, _)| path.display());
    let paths: Vec<String> = paths.map(|path| format!("`{path}`")).collect();
    let whom = match hand_over.sides[..] {
        [Side::KeyVault] => "the Key Vault administrator",
        [Side::PowerPlatform] => "the Power Platform administrator",
        _ => "the two administrators",
    };
    out.say(&format!("Written for {whom}: {}", paths.join(", ")));
    Ok(())
}

/// The text as it is written to a file. Without a mark Windows PowerShell 5.1 reads a script in the
/// system's code page, in which a letter such as `Ñ` ends in a quotation mark.
fn content(file: &File) -> String {
    match file.shell {
        Some(Shell::PowerShell) => format!("{MARK_OF_UTF_8}{}", file.text),
        Some(Shell::Sh) | None => file.text.clone(),
    }
}

/// The script that this shell runs. The other files follow in it as comments.
fn joined(files: &[File], shell: Shell) -> String {
    let (runs, shown): (Vec<&File>, Vec<&File>) =
        files.iter().partition(|file| file.shell == Some(shell));
    let mut text: String = runs.iter().map(|file| file.text.as_str()).collect();
    for file in shown {
        text.push_str(&format!("\n# {NAMELESS}{}:\n", file.ending));
        for line in file.text.lines() {
            let line = format!("#   {line}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

/// The folder, and the start of the file names.
fn place(to: &str) -> Result<(PathBuf, String)> {
    let path = Path::new(to);
    let name = path.file_name().map(|name| name.to_string_lossy());
    let Some(name) = name.filter(|_| !to.ends_with(['/', '\\'])) else {
        return Err(
            Error::usage(format!("`--hand-over {to}` has no file name."))
                .hint("Pass a file name without extension, such as `handover`, or `-` for stdout."),
        );
    };
    let stem = [".sh", ".ps1"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(&name);
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    Ok((folder, stem.to_owned()))
}

/// May the file be written? Only a new file, or one of an earlier hand-over.
fn ours(path: &Path) -> Result<()> {
    let other = match std::fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let mut head = text.trim_start_matches(MARK_OF_UTF_8).lines().take(2);
            !head.any(|line| line.trim_start_matches(['#', '/', ' ']) == MARK)
        }
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    };
    if !other {
        return Ok(());
    }
    let what = format!(
        "The file `{}` exists, and no earlier hand-over wrote it.",
        path.display()
    );
    Err(Error::usage(what).hint("cmkctl never replaces such a file. Name another file."))
}

/// Makes the file executable for every user who may read it.
#[cfg(unix)]
fn runs(path: &Path) -> Result<()> {
    use crate::error::Kind;
    use std::os::unix::fs::PermissionsExt;
    let allow = || {
        let mut rights = path.metadata()?.permissions();
        rights.set_mode(rights.mode() | (rights.mode() & 0o444) >> 2);
        std::fs::set_permissions(path, rights)
    };
    allow().map_err(|error| {
        let what = format!("`{}` can't be made executable.", path.display());
        Error::new(Kind::Unexpected, what).detail(format!("{error}."))
    })
}

/// On other systems the file name decides which program runs the file.
#[cfg(not(unix))]
fn runs(_: &Path) -> Result<()> {
    Ok(())
}
