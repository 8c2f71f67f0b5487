//! The system's own store of secrets. It holds one key, and what is remembered lies in a file that
//! is sealed with it: Windows takes 2,560 bytes at most, and the kernel's keyring of an ordinary
//! user 20,000 in all.

use keyring_core::{Entry, Error};
use ring::digest::{SHA256, digest};
use std::path::Path;

/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;

/// The key, which is never printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key(pub(super) [u8; KEY_BYTES]);

/// Where the key lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Store {
    /// The store of this system: the Linux kernel's keyring, Windows' credentials, the keychain of
    /// macOS.
    #[default]
    System,
    /// None, because somebody said so.
    None,
}

/// The entry of one cache folder. Two folders never share a key: each has a life of its own.
pub(super) struct Slot {
    entry: Entry,
}

impl Slot {
    /// The entry for `folder`. Nothing is stored by it.
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

    /// The key that lies there, if one does.
    pub(super) fn key(&self) -> Result<Option<Key>, String> {
        match self.entry.get_secret() {
            Ok(secret) => Ok(<[u8; KEY_BYTES]>::try_from(secret.as_slice()).ok().map(Key)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(words(&error)),
        }
    }

    /// Lays a key there, and reads it back: a store that takes a key and does not give it again is
    /// none.
    pub(super) fn keep(&self, key: &Key) -> Result<(), String> {
        let stored = self.entry.set_secret(&key.0);
        stored.map_err(|error| words(&error))?;
        match self.key()? {
            Some(read) if read == *key => Ok(()),
            _ => Err("it did not give back what it was given".to_owned()),
        }
    }

    /// Takes the key away: what was sealed with it can't be read any more.
    pub(super) fn forget(&self) -> Result<(), String> {
        match self.entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(words(&error)),
        }
    }
}

/// Words without the bytes that some errors carry.
fn words(error: &Error) -> String {
    match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => "its entry is damaged".to_owned(),
        error => error.to_string(),
    }
}

#[cfg(target_os = "linux")]
fn entry(name: &str) -> Result<Entry, String> {
    use keyring_core::api::CredentialStoreApi;
    use linux_keyutils::{KeyRing, KeyRingIdentifier};
    // A process without a session keyring of its own (cron, containers, `su`) may store a key there
    // and never read it again. It gets a keyring first, with which it owns what it links.
    let session = KeyRing::from_special_id(KeyRingIdentifier::Session, true);
    session.map_err(|error| format!("the kernel gives no keyring: {error}"))?;
    // Only this one outlives the process.
    let persistent = KeyRing::get_persistent(KeyRingIdentifier::Session);
    persistent.map_err(|error| format!("the kernel keeps no keyring for this user: {error}"))?;
    let store = linux_keyutils_keyring_store::Store::new().map_err(|error| words(&error))?;
    let entry = store.build("cmkctl", name, None);
    entry.map_err(|error| words(&error))
}

#[cfg(windows)]
fn entry(name: &str) -> Result<Entry, String> {
    use keyring_core::api::CredentialStoreApi;
    let store = windows_native_keyring_store::Store::new().map_err(|error| words(&error))?;
    let entry = store.build("cmkctl", name, None);
    entry.map_err(|error| words(&error))
}

#[cfg(target_os = "macos")]
fn entry(name: &str) -> Result<Entry, String> {
    use keyring_core::api::CredentialStoreApi;
    let store = apple_native_keyring_store::keychain::Store::new();
    let entry = store.and_then(|store| store.build("cmkctl", name, None));
    entry.map_err(|error| words(&error))
}

#[cfg(not(any(target_os = "linux", windows, target_os = "macos")))]
fn entry(_: &str) -> Result<Entry, String> {
    Err("this system has no store that cmkctl knows".to_owned())
}
