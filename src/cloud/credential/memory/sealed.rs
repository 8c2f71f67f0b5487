//! The sealed file: its format, its folder, and its access rights.
//!
//! The file has a line that names the format, a random nonce, and the ChaCha20-Poly1305 ciphertext.
//! The line is associated data, so that a file of another format never opens as this one.

use super::fault::Fault;
use super::store::{KEY_BYTES, Key};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The first line, with the version of the format.
const FORMAT: &[u8] = b"cmkctl sealed 1\n";

/// The largest file that is read. Real content is far smaller.
const LIMIT: u64 = 4 << 20;

/// Longest wait for another process that holds the lock. Such a process needs milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// A new random key.
pub(super) fn new_key() -> Result<Key, Fault> {
    random().map(Key)
}

fn random<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Fault::NotKept("the system can't create random numbers".to_owned()))?;
    Ok(bytes)
}

fn cipher(key: &Key) -> Option<LessSafeKey> {
    const { assert!(KEY_BYTES == 32) }
    Some(LessSafeKey::new(
        UnboundKey::new(&CHACHA20_POLY1305, &key.0).ok()?,
    ))
}

/// Encrypts the content into the bytes of a file, with a new nonce each time.
fn seal(key: &Key, content: &[u8]) -> Result<Vec<u8>, Fault> {
    let nonce: [u8; NONCE_LEN] = random()?;
    let refused = || Fault::NotKept("the encryption failed".to_owned());
    let mut sealed = content.to_vec();
    let cipher = cipher(key).ok_or_else(refused)?;
    let nonce_of = Nonce::assume_unique_for_key(nonce);
    let done = cipher.seal_in_place_append_tag(nonce_of, Aad::from(FORMAT), &mut sealed);
    done.map_err(|_| refused())?;
    Ok([FORMAT, &nonce, &sealed].concat())
}

/// Decrypts the bytes of a file.
fn open(key: &Key, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let rest = bytes.strip_prefix(FORMAT).ok_or(Fault::Damaged)?;
    let (nonce, sealed) = rest
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(Fault::Damaged)?;
    if sealed.len() < CHACHA20_POLY1305.tag_len() {
        return Err(Fault::Damaged);
    }
    let cipher = cipher(key).ok_or(Fault::NotOpened)?;
    let mut content = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = cipher.open_in_place(nonce, Aad::from(FORMAT), &mut content);
    let length = opened.map_err(|_| Fault::NotOpened)?.len();
    content.truncate(length);
    Ok(content)
}

/// The sealed file of one folder.
#[derive(Debug, Clone)]
pub(super) struct Place {
    folder: PathBuf,
}

impl Place {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn file(&self) -> PathBuf {
        self.folder.join("remembered.sealed")
    }

    /// Does anything exist at the path, of any kind?
    pub(super) fn is_there(&self) -> bool {
        std::fs::symlink_metadata(self.file()).is_ok()
    }

    /// The content; `None` if the file does not exist.
    pub(super) fn read(&self, key: &Key) -> Result<Option<Vec<u8>>, Fault> {
        let Some(bytes) = self.bytes()? else {
            return Ok(None);
        };
        open(key, &bytes).map(Some)
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, Fault> {
        let path = self.file();
        let unreadable = |error: std::io::Error| Fault::Unreadable(error.kind().to_string());
        match std::fs::symlink_metadata(&path) {
            Ok(entry) if entry.is_symlink() => return Err(Fault::Link),
            Ok(entry) if !entry.is_file() => return Err(Fault::NoFile),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        }
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        // Checks the opened file, because the name may meanwhile point to another file.
        private(&file.metadata().map_err(unreadable)?)?;
        let mut bytes = Vec::new();
        let read = file.take(LIMIT + 1).read_to_end(&mut bytes);
        read.map_err(unreadable)?;
        if bytes.len() as u64 > LIMIT {
            return Err(Fault::Damaged);
        }
        Ok(Some(bytes))
    }

    /// Replaces the file. A concurrent reader gets the old or the new file, never a part.
    pub(super) fn write(&self, key: &Key, content: &[u8], _: &Lock) -> Result<(), Fault> {
        let failed = |error: std::io::Error| Fault::NotKept(format!("{error}"));
        let sealed = seal(key, content)?;
        let mut beside = tempfile::Builder::new();
        let beside = beside.prefix(".remembered").tempfile_in(&self.folder);
        let mut beside = beside.map_err(failed)?;
        beside.write_all(&sealed).map_err(failed)?;
        beside.flush().map_err(failed)?;
        let moved = beside.persist(self.file());
        moved.map(drop).map_err(|error| failed(error.error))
    }

    /// Removes the file.
    pub(super) fn remove(&self, _: &Lock) -> Result<(), Fault> {
        match std::fs::remove_file(self.file()) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Fault::NotKept(format!("{error}")))
            }
            _ => Ok(()),
        }
    }

    /// Has a user signed in here, and not signed out?
    pub(super) fn is_marked(&self) -> bool {
        std::fs::symlink_metadata(self.marker()).is_ok()
    }

    /// Creates the mark that a user signed in here. It holds nothing else.
    pub(super) fn mark(&self) -> Result<(), Fault> {
        let made = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.marker());
        made.map(drop)
            .map_err(|error| Fault::NotKept(error.to_string()))
    }

    /// Removes the mark.
    pub(super) fn unmark(&self) -> Result<(), Fault> {
        match std::fs::remove_file(self.marker()) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Fault::NotKept(error.to_string()))
            }
            _ => Ok(()),
        }
    }

    fn marker(&self) -> PathBuf {
        self.folder.join("signed-in")
    }

    /// Waits for the lock on the file. It creates the folder and at most one parent.
    pub(super) fn lock(&self) -> Result<Lock, Fault> {
        let failed = |error: std::io::Error| Fault::NotKept(format!("{error}"));
        self.make_folder().map_err(failed)?;
        let path = self.folder.join("remembered.lock");
        if std::fs::symlink_metadata(&path).is_ok_and(|entry| !entry.is_file()) {
            return Err(Fault::NotKept(
                "the path of its lock is not a file".to_owned(),
            ));
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(failed)?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(std::fs::TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(std::fs::TryLockError::WouldBlock) => return Err(Fault::Busy),
                Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }

    /// Is this the first time that the system has no key store? The answer is kept in a mark.
    pub(super) fn first_without_store(&self) -> bool {
        let mark = self.folder.join("no-store");
        let mut options = OpenOptions::new();
        let made = self.make_folder();
        made.is_ok() && options.write(true).create_new(true).open(mark).is_ok()
    }

    fn make_folder(&self) -> std::io::Result<()> {
        if self.folder.is_dir() {
            return Ok(());
        }
        let builder = builder();
        // Creates `.cache` and `cmkctl` in it, but never a home folder.
        let parents = self.folder.parent().filter(|parent| !parent.is_dir());
        for folder in parents.into_iter().chain([self.folder.as_path()]) {
            match builder.create(folder) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The lock on the file, held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Creates folders that only their owner can open.
#[cfg(unix)]
fn builder() -> std::fs::DirBuilder {
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(not(unix))]
fn builder() -> std::fs::DirBuilder {
    std::fs::DirBuilder::new()
}

/// Refuses a file that other users can read, or that another user owns.
#[cfg(unix)]
fn private(file: &std::fs::Metadata) -> Result<(), Fault> {
    use std::os::unix::fs::MetadataExt;
    if file.uid() != rustix::process::geteuid().as_raw() {
        return Err(Fault::Owner);
    }
    match file.mode() & 0o777 {
        mode if mode & 0o077 != 0 => Err(Fault::Mode(mode)),
        _ => Ok(()),
    }
}

/// On other systems, the rights of the user's folder protect the file.
#[cfg(not(unix))]
fn private(_: &std::fs::Metadata) -> Result<(), Fault> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_alone() {
        let (key, other) = (new_key().unwrap(), new_key().unwrap());
        let sealed = seal(&key, b"hunter2").unwrap();
        assert_eq!(open(&key, &sealed).unwrap(), b"hunter2");
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        // The same content gives different bytes each time.
        assert_ne!(seal(&key, b"hunter2").unwrap(), sealed);
        assert!(matches!(open(&other, &sealed), Err(Fault::NotOpened)));
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(open(&key, &damaged).is_err(), "byte {at}");
            assert!(open(&key, &sealed[..at]).is_err(), "length {at}");
        }
    }

    #[test]
    fn nonsense_is_damage() {
        let key = new_key().unwrap();
        for bytes in [&b""[..], b"{}", b"cmkctl sealed 2\n", FORMAT] {
            assert!(matches!(open(&key, bytes), Err(Fault::Damaged)));
        }
    }
}
