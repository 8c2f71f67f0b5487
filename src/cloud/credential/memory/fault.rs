//! Why nothing can be remembered, or what was remembered can't be used. Each is said once, and the
//! command goes on without.

use std::fmt;
use std::path::Path;

/// What stands against remembering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The system has no store, or it refuses.
    NoStore(String),
    /// The store holds no key for the file: it was lost with a restart, or it is another machine's.
    KeyGone,
    /// Somebody has signed in here, and the file holds it no more.
    Gone,
    /// The key does not open the file.
    NotOpened,
    /// It is no such file.
    Damaged,
    /// Others than its owner can read or write it.
    Mode(u32),
    /// Another user owns it.
    Owner,
    /// It is a symbolic link.
    Link,
    /// It is a folder, or something else that is no file.
    NoFile,
    /// The system does not let it be read.
    Unreadable(String),
    /// It could not be written.
    NotKept(String),
    /// Another process holds the lock.
    Busy,
}

impl Fault {
    /// Is it what happens to everybody now and then, and no reason to warn?
    pub const fn is_usual(&self) -> bool {
        matches!(self, Fault::KeyGone | Fault::NoStore(_))
    }

    /// In one sentence or two, for the file at `path`.
    pub fn told<'a>(&'a self, path: &'a Path) -> impl fmt::Display + 'a {
        Told { fault: self, path }
    }
}

struct Told<'a> {
    fault: &'a Fault,
    path: &'a Path,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.fault {
            Fault::NoStore(why) => write!(
                f,
                "cmkctl remembers no sign-in here: this system has no store for its key ({why})."
            ),
            Fault::KeyGone => write!(
                f,
                "The remembered sign-ins in `{path}` can't be opened: this system no longer has \
                their key. A restart removes it on Linux."
            ),
            Fault::Gone => write!(
                f,
                "The remembered sign-in is no longer in `{path}`: the file was deleted or replaced."
            ),
            Fault::NotOpened => write!(
                f,
                "The remembered sign-ins in `{path}` can't be opened: the file is damaged, or it \
                is from another machine."
            ),
            Fault::Damaged => write!(
                f,
                "The remembered sign-ins in `{path}` are not used: the file is damaged."
            ),
            Fault::Mode(mode) => write!(
                f,
                "The remembered sign-ins in `{path}` are not used: other users may have access to \
                the file (mode {mode:03o}, expected 600)."
            ),
            Fault::Owner => write!(
                f,
                "The remembered sign-ins in `{path}` are not used: the file belongs to another \
                user."
            ),
            Fault::Link => write!(
                f,
                "The remembered sign-ins in `{path}` are not used: the file is a symbolic link."
            ),
            Fault::NoFile => write!(
                f,
                "The remembered sign-ins in `{path}` are not used: it is not a file."
            ),
            Fault::Unreadable(why) => write!(
                f,
                "The remembered sign-ins in `{path}` can't be read: {why}."
            ),
            Fault::NotKept(why) => {
                write!(f, "cmkctl can't remember the sign-in in `{path}`: {why}.")
            }
            Fault::Busy => write!(
                f,
                "cmkctl did not remember the sign-in in `{path}`: another process holds its lock."
            ),
        }
    }
}
