//! The system's key store. It holds only the key of the sealed file. Windows stores at most 2,560
//! bytes, and the kernel's keyring of an ordinary user 20,000 bytes in total.

use keyring_core::{Entry, Error};
use ring::digest::{SHA256, digest};
use std::path::Path;

/// Length of a key in bytes.
pub(super) const KEY_BYTES: usize = 32;

/// The key of the sealed file. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key(pub(super) [u8; KEY_BYTES]);

/// The place of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Store {
    /// The store of this system: the Linux kernel's keyring, Windows credentials, or the macOS
    /// keychain.
    #[default]
    System,
    /// No store, because the caller turned it off.
    None,
}

/// The key entry of one cache folder. Two folders never share a key, because each can be deleted
/// alone.
pub(super) struct Slot {
    entry: Entry,
}

impl Slot {
    /// The entry for `folder`. This stores nothing.
    pub(super) fn of(folder: &Path) -> Result<Self, String> {
        let name = digest(&SHA256, folder.as_os_str().as_encoded_bytes());
        let name: String =
            name.as_ref()
                .iter()
                .take(16)
                .fold(String::from("remembered-"), |mut name, byte| {
                    name.push_str(&format!("{byte:02x}"));
                    name
                });
        entry(&name).map(|entry| Self { entry })
    }

    /// The stored key, if any.
    pub(super) fn key(&self) -> Result<Option<Key>, String> {
        match self.entry.get_secret() {
            Ok(secret) => Ok(<[u8; KEY_BYTES]>::try_from(secret.as_slice()).ok().map(Key)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error_text(&error)),
        }
    }

    /// Stores a key and reads it back. A store that does not return the key is an error.
    pub(super) fn keep(&self, key: &Key) -> Result<(), String> {
        let stored = self.entry.set_secret(&key.0);
        stored.map_err(|error| error_text(&error))?;
        match self.key()? {
            Some(read) if read == *key => Ok(()),
            _ => Err("the store did not return the key that cmkctl stored".to_owned()),
        }
    }

    /// Removes the key. The sealed file can then no longer be read.
    pub(super) fn forget(&self) -> Result<(), String> {
        match self.entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error_text(&error)),
        }
    }
}

/// The error's text, without the bytes that some errors carry.
fn error_text(error: &Error) -> String {
    match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            "the entry in the store is damaged".to_owned()
        }
        error => error.to_string(),
    }
}

#[cfg(target_os = "linux")]
fn entry(name: &str) -> Result<Entry, String> {
    use keyring_core::api::CredentialStoreApi;
    use linux_keyutils::{KeyRing, KeyRingIdentifier};
    // Without a session keyring (cron, containers, `su`), a process may store a key that it can't
    // read back. So it joins a session keyring first, which owns its links.
    let session = KeyRing::from_special_id(KeyRingIdentifier::Session, true);
    session.map_err(|error| format!("the kernel provides no keyring: {error}"))?;
    // Only the persistent keyring outlives the process.
    let persistent = KeyRing::get_persistent(KeyRingIdentifier::Session);
    persistent.map_err(|error| {
        format!("the kernel provides no persistent keyring for this user: {error}")
    })?;
    let store = linux_keyutils_keyring_store::Store::new().map_err(|error| error_text(&error))?;
    let entry = store.build("cmkctl", name, None);
    entry.map_err(|error| error_text(&error))
}

#[cfg(windows)]
fn entry(name: &str) -> Result<Entry, String> {
    use keyring_core::api::CredentialStoreApi;
    let store = windows_native_keyring_store::Store::new().map_err(|error| error_text(&error))?;
    let entry = store.build("cmkctl", name, None);
    entry.map_err(|error| error_text(&error))
}

#[cfg(target_os = "macos")]
fn entry(name: &str) -> Result<Entry, String> {
    use keyring_core::api::CredentialStoreApi;
    let store = apple_native_keyring_store::keychain::Store::new();
    let entry = store.and_then(|store| store.build("cmkctl", name, None));
    entry.map_err(|error| error_text(&error))
}

#[cfg(not(any(target_os = "linux", windows, target_os = "macos")))]
fn entry(_: &str) -> Result<Entry, String> {
    Err("cmkctl supports no store of this system".to_owned())
}
