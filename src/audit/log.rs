//! The file of the audit log: one line is written at a time, whole.

use crate::error::{Error, Kind, Result};
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The file. cmkctl only appends lines to it.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) lines: AtomicU64,
    /// True after a failed write. cmkctl then sends no further change.
    pub(super) torn: AtomicBool,
}

impl Log {
    /// Opens the file, and creates it with mode 0600 if it does not exist.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if let Some(other) = other_than_a_file(path) {
            return Err(no_file(path, other));
        }
        let mut options = OpenOptions::new();
        // The log is also read, to see whether its last line is complete.
        options.append(true).read(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| unsent(path, &error))?;
        #[cfg(unix)]
        warn_of_others(path, &file);
        Ok(Self {
            path: path.to_owned(),
            file,
            lines: AtomicU64::new(0),
            torn: AtomicBool::new(false),
        })
    }

    /// Writes the whole line in one call. With `O_APPEND`, the lines of several runs then never
    /// mix.
    pub(super) fn write(&self, line: &impl Serialize) -> io::Result<()> {
        let outcome = self.append(line);
        if outcome.is_err() {
            self.torn.store(true, Ordering::Relaxed);
        }
        outcome
    }

    fn append(&self, line: &impl Serialize) -> io::Result<()> {
        // Another run's line that is half written would look like the line of a killed process. A
        // file system without locks can leave an empty line, which a reader skips. A lock of
        // Windows would also stop who reads the log, and Windows appends a line in one piece.
        let locked = cfg!(unix) && self.file.lock().is_ok();
        let outcome = self.append_alone(line);
        if locked {
            self.file.unlock()?;
        }
        outcome?;
        let file = &self.file;
        file.sync_data()
    }

    fn append_alone(&self, line: &impl Serialize) -> io::Result<()> {
        let mut text = Vec::new();
        // A process that was killed while it wrote leaves a line without a line break.
        if !self.ends_with_a_line()? {
            text.push(b'\n');
        }
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
        let mut file = &self.file;
        if file.write(&text)? != text.len() {
            return Err(io::Error::new(
                io::ErrorKind::WriteZero,
                "only a part of the line could be written",
            ));
        }
        Ok(())
    }

    /// Is the file empty, or does it end with a line break?
    fn ends_with_a_line(&self) -> io::Result<bool> {
        let mut file = &self.file;
        if file.metadata()?.len() == 0 {
            return Ok(true);
        }
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        Ok(last == *b"\n")
    }
}

/// The kind of a path that exists and is not a regular file, for the error message.
fn other_than_a_file(path: &Path) -> Option<&'static str> {
    let kind = std::fs::metadata(path).ok()?.file_type();
    if kind.is_file() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    Some(if kind.is_dir() {
        "a folder"
    } else {
        "not a file"
    })
}

/// Warns if other accounts can read or change the file.
#[cfg(unix)]
fn warn_of_others(path: &Path, file: &File) {
    use std::os::unix::fs::PermissionsExt;
    let mode = file
        .metadata()
        .map_or(0, |found| found.permissions().mode() & 0o777);
    let may = match (mode & 0o044 != 0, mode & 0o077 != 0) {
        (true, _) => "other users can read it",
        (false, true) => "other users can change or run it",
        (false, false) => return,
    };
    tracing::warn!(
        "The audit log `{0}` has mode {mode:03o}, so {may}. Restrict its access: `chmod 600 {0}`",
        path.display()
    );
}

fn no_file(path: &Path, other: &str) -> Error {
    Error::usage(format!(
        "The audit log `{}` can't be written, so nothing is sent.",
        path.display()
    ))
    .detail(format!(
        "The path is {other}, but an audit log must be a regular file."
    ))
    .hint("Choose an existing file, or the path of a new file that cmkctl can create.")
}

/// The error for an intent that could not be written: its request is not sent.
pub(super) fn unsent(path: &Path, error: &io::Error) -> Error {
    Error::new(
        Kind::Unexpected,
        format!(
            "The audit log `{}` can't be written, so nothing is sent.",
            path.display()
        ),
    )
    .detail(format!("{error}."))
    .hint("Choose a file that cmkctl can write to, or leave out `--audit-log`.")
    .hint("Then run the same command again. It continues where it stopped.")
}
