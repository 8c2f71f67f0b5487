//! Why cmkctl can't store or use a sign-in. It reports each fault once and continues without the
//! store.

use std::fmt;
use std::path::Path;

/// Why the store can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The system has no key store, or the store refuses.
    NoStore(String),
    /// The store has no key for the file: a restart removed it, or the file is from another
    /// machine.
    KeyGone,
    /// A user signed in here, but the file no longer holds the sign-in.
    Gone,
    /// The key does not open the file.
    NotOpened,
    /// The file has another format.
    Damaged,
    /// Other users can read or write the file. Holds its mode.
    Mode(u32),
    /// Another user owns it.
    Owner,
    /// The path is a symbolic link.
    Link,
    /// The path is a folder or another kind that is not a file.
    NoFile,
    /// The system refuses to read the file.
    Unreadable(String),
    /// The file could not be written.
    NotKept(String),
    /// Another process holds the lock.
    Busy,
}

impl Fault {
    /// Is this fault common, so that it needs no warning?
    pub const fn is_usual(&self) -> bool {
        matches!(self, Fault::KeyGone | Fault::NoStore(_))
    }

    /// The fault in one or two sentences, for the file at `path`.
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
                "cmkctl can't remember sign-ins here: this system has no store for their key \
                ({why})."
            ),
            Fault::KeyGone => write!(
                f,
                "The remembered sign-ins in `{path}` can't be opened: this system no longer has \
                their key. On Linux, a restart removes the key."
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
                "The remembered sign-ins in `{path}` are not used: the path is not a file."
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
