//! Stores sign-ins and tokens for later commands, in a file that is sealed with a key from the
//! system's store. If the store fails, the command continues without it.

mod content;
mod fault;
mod sealed;
mod store;

pub use content::{How, Login, LoginKey, TokenKey};
pub use fault::Fault;
pub use store::Store;

use azure_core::credentials::Secret;
use content::{Content, Kept, Need};
use jiff::{SignedDuration, Timestamp};
use sealed::{Lock, Place};
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use store::Slot;

/// A token that expires within this time is not used.
pub const ENDS_EARLY: SignedDuration = SignedDuration::from_mins(5);

/// Time until cmkctl looks for a managed identity again.
const IDENTITY_LOOKED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// The number of removed entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Sign-ins.
    pub logins: usize,
    /// Tokens.
    pub tokens: usize,
}

/// What a change does to a file that is unreadable or has no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unusable {
    /// The file is replaced, because the user signs in again.
    Replaced,
    /// The file is replaced only if no user signed in here. Otherwise it may contain a sign-in, and
    /// the fault may be temporary: a wrong mode, a file of another machine, a disk error.
    KeptForItsLogins,
}

/// The store that outlives a process.
pub struct Memory {
    place: Option<Place>,
    store: Store,
    /// The faults that were already reported.
    reported: Mutex<Vec<Fault>>,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.place.as_ref().map(Place::folder);
        f.debug_struct("Memory")
            .field("folder", &folder)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl Memory {
    /// The store in this folder. Nothing is read before it is needed.
    pub fn open(folder: PathBuf, store: Store) -> Self {
        Self {
            place: Some(Place::new(folder)),
            store,
            reported: Mutex::default(),
        }
    }

    /// A store that keeps nothing.
    pub fn none() -> Self {
        Self {
            place: None,
            store: Store::None,
            reported: Mutex::default(),
        }
    }

    /// Is the store turned on?
    pub fn is_on(&self) -> bool {
        self.place.is_some() && self.store != Store::None
    }

    /// Did an earlier command leave a file or a mark?
    pub fn is_there(&self) -> bool {
        let place = self.place.as_ref();
        place.is_some_and(|place| place.is_there() || place.is_marked())
    }

    /// The sealed file.
    pub fn file(&self) -> Option<PathBuf> {
        self.place.as_ref().map(Place::file)
    }

    /// Every stored sign-in. The mark tells that a user signed in here, even if the file is
    /// unreadable. cmkctl then does not silently switch to another account.
    ///
    /// # Errors
    /// A user signed in here, and the stored sign-in is unreadable.
    pub fn logins_if_readable(&self) -> Result<Vec<Login>, Fault> {
        let Some(place) = self.place.as_ref().filter(|_| self.is_on()) else {
            return Ok(Vec::new());
        };
        match self.looked(place) {
            Ok(content) if content.logins.is_empty() && place.is_marked() => Err(Fault::Gone),
            Ok(content) => Ok(content.logins),
            Err(fault) if place.is_marked() => Err(fault),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// The stored sign-in of this key.
    pub fn login(&self, key: &LoginKey) -> Option<Login> {
        let logins = self.content()?.logins;
        logins.into_iter().find(|login| login.key == *key)
    }

    /// Every stored sign-in.
    pub fn logins(&self) -> Vec<Login> {
        self.content()
            .map(|content| content.logins)
            .unwrap_or_default()
    }

    /// Stores a sign-in, and replaces the earlier one of the same key.
    ///
    /// # Errors
    /// Why the sign-in was not stored.
    pub fn keep_login(&self, login: &Login) -> Result<(), Fault> {
        self.change(Unusable::Replaced, |content| {
            content.keep_login(login.clone());
            true
        })?;
        match &self.place {
            Some(place) => place.mark(),
            None => Ok(()),
        }
    }

    /// Stores a renewed refresh token. A sign-in that was removed or replaced meanwhile stays as it
    /// is.
    pub fn renew_login(&self, login: &Login, refresh: &Secret) {
        let renewed = self.change_what_is_there(|content| {
            let mut logins = content.logins.iter_mut();
            let stored = logins.find(|stored| stored.key == login.key && stored.when == login.when);
            let Some(stored) = stored.filter(|stored| stored.refresh.as_ref() != Some(refresh))
            else {
                return false;
            };
            stored.refresh = Some(refresh.clone());
            true
        });
        renewed.unwrap_or_else(|fault| self.say(&fault));
    }

    /// A stored token that is valid for 5 more minutes.
    pub fn token(&self, key: &TokenKey) -> Option<(Secret, Timestamp)> {
        let tokens = self.content()?.tokens;
        let kept = tokens.into_iter().find(|kept| kept.key == *key)?;
        let left = kept.expires.duration_since(Timestamp::now());
        let (secret, expires) = (kept.secret?, kept.expires);
        (left > ENDS_EARLY).then_some((secret, expires))
    }

    /// Stores the tokens that are valid for 5 more minutes. Returns whether they are stored, and
    /// reports a fault once. An unusable file that may hold a sign-in is kept instead.
    pub fn keep_tokens(&self, tokens: &[(TokenKey, Secret, Timestamp)]) -> bool {
        if !self.is_on() {
            return false;
        }
        let now = Timestamp::now();
        let lasting = tokens.iter();
        let lasting: Vec<_> = lasting
            .filter(|(.., expires)| expires.duration_since(now) > ENDS_EARLY)
            .collect();
        if lasting.is_empty() {
            return false;
        }
        let kept = self.change(Unusable::KeptForItsLogins, |content| {
            for (key, secret, expires) in lasting {
                content.keep_token(Kept {
                    key: key.clone(),
                    secret: Some(secret.clone()),
                    expires: *expires,
                });
            }
            true
        });
        kept.map_err(|fault| self.say(&fault)).is_ok()
    }

    /// The scopes that this command line needed last time.
    pub fn needed(&self, line: &str) -> BTreeSet<String> {
        let needs = self.content().map(|content| content.needs);
        let known = needs.unwrap_or_default().into_iter();
        let mut of_line = known.filter(|need| need.line == line);
        of_line.next().map(|need| need.scopes).unwrap_or_default()
    }

    /// Did cmkctl recently find that this machine has no managed identity?
    pub fn has_no_identity(&self) -> bool {
        let until = self.content().and_then(|content| content.no_identity_until);
        until.is_some_and(|until| until > Timestamp::now())
    }

    /// Stores the scopes of a command line, and that this machine has no managed identity. It does
    /// nothing if there is no file yet.
    pub fn learn(&self, line: &str, scopes: BTreeSet<String>, no_identity: bool) {
        let line = line.to_owned();
        let until = Timestamp::now() + IDENTITY_LOOKED_FOR;
        let kept = self.change_what_is_there(|content| {
            if no_identity {
                content.no_identity_until = Some(until);
            }
            content.keep_need(Need { line, scopes }) || no_identity
        });
        kept.unwrap_or_else(|fault| self.say(&fault));
    }

    /// Removes a token that a service refused, so that no later command uses it.
    pub fn forget_token(&self, refused: &Secret) {
        let gone = self.change_what_is_there(|content| {
            let before = content.tokens.len();
            let is_it = |kept: &Kept| kept.secret.as_ref() == Some(refused);
            content.tokens.retain(|kept| !is_it(kept));
            content.tokens.len() != before
        });
        gone.unwrap_or_else(|fault| self.say(&fault));
    }

    /// Removes everything, the key included.
    ///
    /// # Errors
    /// Why something is still stored.
    pub fn forget_all(&self) -> Result<Forgotten, Fault> {
        let Some(place) = self.place.as_ref() else {
            return Ok(Forgotten::default());
        };
        let mut gone = Forgotten::default();
        if place.is_there() {
            let lock = place.lock()?;
            let content = self.load(place).unwrap_or_default();
            place.remove(&lock)?;
            gone.logins = content.logins.len();
            gone.tokens = content.tokens.len();
        }
        place.unmark()?;
        if let Ok(slot) = self.slot(place) {
            slot.forget().map_err(Fault::NotKept)?;
        }
        Ok(gone)
    }

    /// Why the store can't be used here, as far as cmkctl can tell without writing.
    pub fn fault(&self) -> Option<Fault> {
        let place = self.place.as_ref().filter(|_| self.is_on())?;
        match self.slot(place) {
            Err(fault) => Some(fault),
            Ok(_) => self.looked(place).err(),
        }
    }

    /// Why the system can't hold a key, as far as cmkctl can tell without writing. An unusable file
    /// does not matter, because the next write replaces it.
    pub fn store_fault(&self) -> Option<Fault> {
        let place = self.place.as_ref().filter(|_| self.is_on())?;
        let key = self
            .slot(place)
            .and_then(|slot| slot.key().map_err(Fault::NoStore));
        key.err()
    }

    /// The stored content. A fault is reported once.
    fn content(&self) -> Option<Content> {
        let place = self.place.as_ref().filter(|_| self.is_on())?;
        let content = self.looked(place);
        content.map_err(|fault| self.say(&fault)).ok()
    }

    /// Key and file are separate, and another process may be replacing both. If they do not match,
    /// read again under the lock.
    fn looked(&self, place: &Place) -> Result<Content, Fault> {
        match self.load(place) {
            Err(Fault::NotOpened | Fault::KeyGone) => {
                let _lock = place.lock()?;
                self.load(place)
            }
            other => other,
        }
    }

    fn load(&self, place: &Place) -> Result<Content, Fault> {
        if !place.is_there() {
            return Ok(Content::default());
        }
        let key = self.slot(place)?.key().map_err(Fault::NoStore)?;
        let Some(key) = key else {
            return Err(Fault::KeyGone);
        };
        match place.read(&key)? {
            None => Ok(Content::default()),
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| Fault::Damaged),
        }
    }

    fn slot(&self, place: &Place) -> Result<Slot, Fault> {
        match self.store {
            Store::System => Slot::of(place.folder()).map_err(Fault::NoStore),
            Store::None => Err(Fault::NoStore("the store is turned off".to_owned())),
        }
    }

    /// Like [`Memory::change`], but does nothing without a file.
    fn change_what_is_there(&self, with: impl FnOnce(&mut Content) -> bool) -> Result<(), Fault> {
        let there = self.place.as_ref().is_some_and(Place::is_there);
        if there && self.is_on() {
            self.change(Unusable::KeptForItsLogins, with)
        } else {
            Ok(())
        }
    }

    /// Changes the content under the lock. `with` returns whether it changed anything.
    fn change(
        &self,
        unusable: Unusable,
        with: impl FnOnce(&mut Content) -> bool,
    ) -> Result<(), Fault> {
        let Some(place) = self.place.as_ref() else {
            return Err(Fault::NoStore("the store is turned off".to_owned()));
        };
        let slot = self.slot(place)?;
        let lock = place.lock()?;
        let mut content = match self.load(place) {
            Ok(content) => content,
            Err(fault @ Fault::NoStore(_)) => return Err(fault),
            Err(fault) if unusable == Unusable::KeptForItsLogins && place.is_marked() => {
                return Err(fault);
            }
            Err(fault) => {
                self.say(&fault);
                Content::default()
            }
        };
        if !with(&mut content) {
            return Ok(());
        }
        content.without_ended(Timestamp::now());
        self.write(place, &slot, &content, &lock)
    }

    fn write(
        &self,
        place: &Place,
        slot: &Slot,
        content: &Content,
        lock: &Lock,
    ) -> Result<(), Fault> {
        let key = match slot.key().map_err(Fault::NoStore)? {
            Some(key) => key,
            None => {
                let key = sealed::new_key()?;
                slot.keep(&key).map_err(Fault::NoStore)?;
                key
            }
        };
        let bytes = serde_json::to_vec(content);
        let bytes = bytes.map_err(|error| Fault::NotKept(error.to_string()))?;
        place.write(&key, &bytes, lock)
    }

    /// Reports a fault, once in a process. A system without a key store gives one warning in the
    /// lifetime of a folder.
    fn say(&self, fault: &Fault) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = self.place.as_ref().filter(|_| !reported.contains(fault)) else {
            return;
        };
        reported.push(fault.clone());
        let file = place.file();
        let text = fault.told(&file);
        let first = matches!(fault, Fault::NoStore(_)) && place.first_without_store();
        if first || !fault.is_usual() {
            tracing::warn!("{text}");
        } else {
            tracing::info!("{text}");
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn key(binding: &str) -> TokenKey {
        TokenKey {
            authority: "login.example".to_owned(),
            tenant: None,
            method: "azure-cli".to_owned(),
            scope: "https://x.example/.default".to_owned(),
            binding: binding.to_owned(),
        }
    }

    fn token(binding: &str, secret: &str, minutes: i64) -> [(TokenKey, Secret, Timestamp); 1] {
        let expires = Timestamp::now() + SignedDuration::from_mins(minutes);
        [(key(binding), Secret::new(secret.to_owned()), expires)]
    }

    fn login(client: &str) -> Login {
        Login {
            key: LoginKey {
                authority: "login.example".to_owned(),
                tenant: Some("t".to_owned()),
                client: client.to_owned(),
            },
            tenant_id: None,
            refresh: Some(Secret::new("hunter2".to_owned())),
            name: Some("a@x.example".to_owned()),
            object_id: None,
            how: How::Browser,
            when: Timestamp::now(),
        }
    }

    /// A store in a temporary folder; `None` if the kernel has no keyring. Its key is removed at
    /// the end.
    struct Tried(tempfile::TempDir);

    impl Tried {
        fn new() -> Option<Self> {
            let folder = tempfile::tempdir().unwrap();
            Slot::of(folder.path()).ok()?;
            Some(Self(folder))
        }

        fn memory(&self) -> Memory {
            Memory::open(self.0.path().join("cache").join("cmkctl"), Store::System)
        }
    }

    impl Drop for Tried {
        fn drop(&mut self) {
            if let Ok(slot) = Slot::of(&self.0.path().join("cache").join("cmkctl")) {
                slot.forget().ok();
            }
        }
    }

    #[test]
    fn the_next_process_remembers_and_nobody_reads_it() {
        let Some(tried) = Tried::new() else { return };
        assert!(tried.memory().token(&key("a")).is_none());
        assert!(tried.memory().keep_tokens(&token("a", "hunter2", 60)));
        tried.memory().keep_login(&login("c")).unwrap();
        let read = tried.memory().token(&key("a")).unwrap();
        assert_eq!(read.0.secret(), "hunter2");
        let remembered = tried.memory().login(&login("c").key).unwrap();
        assert_eq!(remembered.refresh.unwrap().secret(), "hunter2");
        assert!(tried.memory().token(&key("b")).is_none());
        let file = tried.memory().file().unwrap();
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(7).any(|part| part == b"hunter2"));
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // A token of another account replaces the earlier one.
        assert!(tried.memory().keep_tokens(&token("b", "other", 60)));
        assert!(tried.memory().token(&key("a")).is_none());
        tried
            .memory()
            .forget_token(&Secret::new("other".to_owned()));
        assert!(tried.memory().token(&key("b")).is_none());
        let gone = tried.memory().forget_all().unwrap();
        assert_eq!((gone.logins, gone.tokens), (1, 0));
        assert!(!file.exists());
        assert_eq!(tried.memory().forget_all(), Ok(Forgotten::default()));
    }

    #[test]
    fn an_unusable_file_with_a_sign_in_is_replaced_by_a_sign_in_alone() {
        let Some(tried) = Tried::new() else { return };
        tried.memory().keep_login(&login("c")).unwrap();
        let file = tried.memory().file().unwrap();
        let mode = |bits| std::fs::set_permissions(&file, PermissionsExt::from_mode(bits)).unwrap();
        mode(0o640);
        assert!(!tried.memory().keep_tokens(&token("a", "x", 60)));
        tried.memory().learn("status", BTreeSet::new(), true);
        tried
            .memory()
            .renew_login(&login("c"), &Secret::new("new".to_owned()));
        assert_eq!(
            tried.memory().logins_if_readable().unwrap_err(),
            Fault::Mode(0o640)
        );
        mode(0o600);
        assert_eq!(tried.memory().logins().len(), 1);
        mode(0o640);
        tried.memory().keep_login(&login("d")).unwrap();
        assert!(tried.memory().login(&login("d").key).is_some());
    }

    #[test]
    fn a_token_that_ends_soon_is_not_taken() {
        let Some(tried) = Tried::new() else { return };
        assert!(!tried.memory().keep_tokens(&token("a", "x", 4)));
        assert!(tried.memory().token(&key("a")).is_none());
        assert!(tried.memory().keep_tokens(&token("a", "x", 6)));
        assert!(tried.memory().token(&key("a")).is_some());
    }

    #[test]
    fn what_can_not_be_trusted_is_not_read_and_is_replaced() {
        let Some(tried) = Tried::new() else { return };
        let kept = || tried.memory().keep_tokens(&token("a", "x", 60));
        assert!(kept());
        let file = tried.memory().file().unwrap();
        let whole = std::fs::read(&file).unwrap();
        let aside = tried.0.path().join("aside");
        type Harm<'a> = (&'a dyn Fn(), Fault);
        let mode = |bits| std::fs::set_permissions(&file, PermissionsExt::from_mode(bits)).unwrap();
        let harms: [Harm<'_>; 7] = [
            (&|| std::fs::write(&file, b"{}").unwrap(), Fault::Damaged),
            (
                &|| std::fs::write(&file, &whole[..60]).unwrap(),
                Fault::NotOpened,
            ),
            (&|| mode(0o640), Fault::Mode(0o640)),
            (&|| mode(0o606), Fault::Mode(0o606)),
            (
                &|| {
                    std::fs::rename(&file, &aside).unwrap();
                    std::os::unix::fs::symlink(&aside, &file).unwrap();
                },
                Fault::Link,
            ),
            (
                &|| Slot::of(file.parent().unwrap()).unwrap().forget().unwrap(),
                Fault::KeyGone,
            ),
            (
                &|| {
                    let slot = Slot::of(file.parent().unwrap()).unwrap();
                    slot.keep(&sealed::new_key().unwrap()).unwrap();
                },
                Fault::NotOpened,
            ),
        ];
        for (harm, fault) in harms {
            harm();
            assert_eq!(tried.memory().fault(), Some(fault.clone()));
            assert!(tried.memory().token(&key("a")).is_none(), "{fault:?}");
            assert!(kept(), "{fault:?}");
            assert!(tried.memory().token(&key("a")).is_some(), "{fault:?}");
            assert!(!std::fs::symlink_metadata(&file).unwrap().is_symlink());
        }
    }

    #[test]
    fn what_a_line_needed_is_known_where_anything_is_remembered() {
        let Some(tried) = Tried::new() else { return };
        let scopes = |names: &[&str]| -> BTreeSet<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        // Learned scopes alone do not create a file.
        tried.memory().learn("status", scopes(&["a"]), true);
        assert!(!tried.memory().file().unwrap().exists());
        assert!(tried.memory().keep_tokens(&token("a", "x", 60)));
        assert!(!tried.memory().has_no_identity());
        tried.memory().learn("status", scopes(&["a", "b"]), false);
        assert!(!tried.memory().has_no_identity());
        tried.memory().learn("list", scopes(&["a"]), true);
        assert!(tried.memory().has_no_identity());
        assert_eq!(tried.memory().needed("status"), scopes(&["a", "b"]));
        assert_eq!(tried.memory().needed("other"), scopes(&[]));
        tried.memory().learn("status", scopes(&["b"]), false);
        assert_eq!(tried.memory().needed("status"), scopes(&["b"]));
        for number in 0..150 {
            let line = number.to_string();
            tried.memory().learn(&line, scopes(&["a"]), false);
        }
        assert_eq!(tried.memory().needed("status"), scopes(&[]));
        assert_eq!(tried.memory().needed("149"), scopes(&["a"]));
    }

    #[test]
    fn a_system_without_a_store_is_told_once_for_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let place = || Place::new(folder.path().join("cmkctl"));
        assert!(place().first_without_store());
        assert!(!place().first_without_store());
    }

    #[test]
    fn nothing_is_lost_between_many_writers() {
        let Some(tried) = Tried::new() else { return };
        std::thread::scope(|scope| {
            for number in 0..20 {
                let memory = tried.memory();
                scope.spawn(move || {
                    memory.keep_login(&login(&format!("c{number}"))).unwrap();
                    assert!(memory.login(&login(&format!("c{number}")).key).is_some());
                });
            }
        });
        assert_eq!(tried.memory().logins().len(), 20);
    }

    #[test]
    fn without_a_store_or_a_home_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        for memory in [
            Memory::open(folder.path().join("x"), Store::None),
            Memory::none(),
        ] {
            assert!(!memory.keep_tokens(&token("a", "x", 60)));
            assert!(memory.keep_login(&login("c")).is_err());
            assert!(memory.token(&key("a")).is_none());
        }
        let memory = Memory::open(home.join(".cache").join("cmkctl"), Store::System);
        assert!(!memory.keep_tokens(&token("a", "x", 60)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
