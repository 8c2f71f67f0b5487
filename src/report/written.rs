//! Writes output and detects failed writes. A reader that closed the pipe is fine; every other
//! failure loses data and is reported.

use crate::error::{Error, Kind, Result};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What to do with an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Keep it, and write nothing.
    Kept,
    /// Replace it in one step with the complete content.
    Replaced,
}

/// Writes to stdout and flushes. A closed pipe is fine, because its reader has seen enough.
pub(super) fn to_stdout(bytes: &[u8]) -> Result<()> {
    printed(std::io::stdout().lock().write_all(bytes))
}

/// Flushes stdout after a write.
///
/// # Errors
/// The write failed.
fn printed(written: std::io::Result<()>) -> Result<()> {
    unless_closed(written.and_then(|()| std::io::stdout().lock().flush())).map_err(|error| {
        Error::new(
            Kind::Unexpected,
            "The result can't be written to standard output.",
        )
        .detail(format!("{error}."))
        .hint(
            "The output is incomplete. Do not use it. Free disk space, then run the command again.",
        )
    })
}

/// Writes to stderr, for another program.
pub(super) fn to_stderr(bytes: &[u8]) -> Result<()> {
    let mut stderr = std::io::stderr().lock();
    unless_closed(stderr.write_all(bytes)).map_err(|error| {
        Error::new(
            Kind::Unexpected,
            "cmkctl can't write its messages for the CI service to standard error.",
        )
        .detail(format!("{error}."))
    })
}

/// The result of appending to a file of the CI service.
pub(super) fn appended(path: &Path, written: std::io::Result<()>) -> Result<()> {
    written.map_err(|error| {
        let what = format!(
            "The summary or the outputs for the CI service can't be written to `{}`.",
            path.display()
        );
        Error::new(Kind::Unexpected, what).detail(format!("{error}."))
    })
}

/// Ignores a failed write to stderr for people, because there is no other place to report it.
pub(super) fn unheard(_written: std::io::Result<()>) {}

fn unless_closed(written: std::io::Result<()>) -> std::io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes a file completely or not at all: writes the content to a temporary file in the same
/// folder, then renames that file. After a failure, an existing file is unchanged. If the path is
/// no regular file, such as a pipe or a device, cmkctl writes to it directly.
///
/// # Errors
/// Usage if the folder is missing, the file may not be written, or it exists and must be kept.
/// Unexpected if the system loses the content, such as on a full disk.
pub fn write_file(path: &Path, bytes: &[u8], existing: Existing) -> Result<()> {
    whole(path, bytes, existing).map_err(|error| {
        let (kind, hint) = match error.kind() {
            ErrorKind::AlreadyExists => (
                Kind::Usage,
                "cmkctl never overwrites this file. Name another file.",
            ),
            ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::IsADirectory
            | ErrorKind::NotADirectory
            | ErrorKind::InvalidFilename
            | ErrorKind::InvalidInput
            | ErrorKind::ReadOnlyFilesystem => (
                Kind::Usage,
                "Check the path. Name a file and a folder that you have permission to write to.",
            ),
            _ => (
                Kind::Unexpected,
                "Free disk space, then run the command again.",
            ),
        };
        Error::new(
            kind,
            format!("The file `{}` can't be written.", path.display()),
        )
        .detail(format!("{error}."))
        .hint(hint)
    })
}

fn whole(path: &Path, bytes: &[u8], existing: Existing) -> std::io::Result<()> {
    if existing == Existing::Kept && path.symlink_metadata().is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    // A link stays a link: write the file that it points to.
    let path = target(path)?;
    let before = path.metadata().ok();
    if before.as_ref().is_some_and(std::fs::Metadata::is_dir) {
        return Err(ErrorKind::IsADirectory.into());
    }
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        let mut open = File::options().write(true).open(&path)?;
        return open.write_all(bytes).and_then(|()| open.flush());
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut half = builder().tempfile_in(&folder)?;
    half.write_all(bytes)?;
    if let Some(before) = before {
        half.as_file().set_permissions(before.permissions())?;
    }
    half.as_file().sync_all()?;
    match existing {
        Existing::Kept => half.persist_noclobber(&path),
        Existing::Replaced => half.persist(&path),
    }?;
    // Make the new name durable, too. Not every system supports this for a folder.
    if let Ok(folder) = File::open(folder) {
        folder.sync_all().ok();
    }
    Ok(())
}

/// The file that a path points to, link by link. It may not exist: a dangling link means a new file
/// at its end.
fn target(path: &Path) -> std::io::Result<PathBuf> {
    /// More links than this count as a loop, as for the system.
    const LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        if let Ok(whole) = path.canonicalize() {
            return Ok(whole);
        }
        if !path.is_symlink() {
            return Ok(path);
        }
        // A relative link starts at its own folder.
        let next = path.read_link()?;
        path = path
            .parent()
            .map_or_else(|| next.clone(), |folder| folder.join(&next));
    }
    Err(std::io::Error::new(
        ErrorKind::InvalidInput,
        "the symbolic links form a loop",
    ))
}

/// A temporary file with the permissions of any other new file.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cmkctl-").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

/// Makes a file over the user's size limit a failed write, instead of a signal that ends the
/// process. The signal's number is the same on every supported system.
pub fn guard_file_size() {
    #[cfg(unix)]
    {
        const SIGXFSZ: i32 = 25;
        // The handler stays registered afterwards. If this fails, the system ends the process with
        // its own message.
        let too_large = tokio::signal::unix::SignalKind::from_raw(SIGXFSZ);
        tokio::signal::unix::signal(too_large).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = folder
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_file(&path, b"one", Existing::Kept).unwrap();
        let error = write_file(&path, b"two", Existing::Kept).unwrap_err();
        assert_eq!(
            (error.kind, std::fs::read(&path).unwrap()),
            (Kind::Usage, b"one".to_vec())
        );
        write_file(&path, b"two", Existing::Replaced).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["a.txt"]);
        for wrong in [
            folder.path().to_owned(),
            folder.path().join("none/a.txt"),
            path.join("a.txt"),
        ] {
            assert_eq!(
                write_file(&wrong, b"x", Existing::Replaced)
                    .unwrap_err()
                    .kind,
                Kind::Usage,
                "{wrong:?}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_file_keeps_its_rights() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.txt"), folder.path().join("link"));
        std::fs::write(&path, "one").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        symlink(&path, &link).unwrap();
        write_file(&link, b"two", Existing::Replaced).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        // A link to a missing file, through another link, creates the file at its end.
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        symlink("second", &first).unwrap();
        symlink("sub/b.txt", &second).unwrap();
        write_file(&first, b"three", Existing::Replaced).unwrap();
        assert!(first.is_symlink() && second.is_symlink());
        assert_eq!(
            std::fs::read(folder.path().join("sub/b.txt")).unwrap(),
            b"three"
        );
        // With a missing folder or a cycle nothing is written, and the links stay.
        let (nowhere, circle) = (folder.path().join("nowhere"), folder.path().join("circle"));
        symlink("none/c.txt", &nowhere).unwrap();
        symlink("circle", &circle).unwrap();
        for link in [nowhere, circle] {
            assert_eq!(
                write_file(&link, b"four", Existing::Replaced)
                    .unwrap_err()
                    .kind,
                Kind::Usage
            );
            assert!(link.is_symlink());
        }
    }
}
