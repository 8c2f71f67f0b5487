//! What one command leaves for the next: sign-ins and tokens, in a file that is sealed with a key
//! of the system's store. Whatever stands against it, the command goes on without.

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

/// A token with less than this left is not taken.
pub const ENDS_EARLY: SignedDuration = SignedDuration::from_mins(5);

/// After this time a machine is asked again whether it has an identity of its own.
const IDENTITY_LOOKED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// How much was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Sign-ins.
    pub logins: usize,
    /// Tokens.
    pub tokens: usize,
}

/// What is remembered from one process to the next.
pub struct Memory {
    place: Option<Place>,
    store: Store,
    /// Each fault is said once.
    said: Mutex<Vec<Fault>>,
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
    /// What is remembered in this folder. Nothing is looked at before it is needed.
    pub fn open(folder: PathBuf, store: Store) -> Self {
        Self {
            place: Some(Place::new(folder)),
            store,
            said: Mutex::default(),
        }
    }

    /// Remembers nothing.
    pub fn none() -> Self {
        Self {
            place: None,
            store: Store::None,
            said: Mutex::default(),
        }
    }

    /// Is anything remembered at all, if the system can?
    pub fn is_on(&self) -> bool {
        self.place.is_some() && self.store != Store::None
    }

    /// Has anything been left by an earlier command?
    pub fn is_there(&self) -> bool {
        let place = self.place.as_ref();
        place.is_some_and(|place| place.is_there() || place.is_marked())
    }

    /// The file that everything is sealed in.
    pub fn file(&self) -> Option<PathBuf> {
        self.place.as_ref().map(Place::file)
    }

    /// Every sign-in, where they can be read. That somebody has signed in here is known even where
    /// they can't: then nobody else's account is taken in silence.
    ///
    /// # Errors
    /// Somebody has signed in, and what is remembered of it can't be read.
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

    /// The sign-in of this key.
    pub fn login(&self, key: &LoginKey) -> Option<Login> {
        let logins = self.content()?.logins;
        logins.into_iter().find(|login| login.key == *key)
    }

    /// Every sign-in.
    pub fn logins(&self) -> Vec<Login> {
        self.content()
            .map(|content| content.logins)
            .unwrap_or_default()
    }

    /// Remembers a sign-in, in the place of an earlier one of the same key.
    ///
    /// # Errors
    /// Why it is not remembered.
    pub fn keep_login(&self, login: &Login) -> Result<(), Fault> {
        self.change(|content| {
            content.keep_login(login.clone());
            true
        })?;
        match &self.place {
            Some(place) => place.mark(),
            None => Ok(()),
        }
    }

    /// What gives new tokens was renewed. A sign-in that was forgotten meanwhile, or made anew,
    /// stays so.
    pub fn renew_login(&self, login: &Login, refresh: &Secret) {
        let renewed = self.change_what_is_there(|content| {
            let mut logins = content.logins.iter_mut();
            let own = logins.find(|own| own.key == login.key && own.when == login.when);
            let Some(own) = own.filter(|own| own.refresh.as_ref() != Some(refresh)) else {
                return false;
            };
            own.refresh = Some(refresh.clone());
            true
        });
        renewed.unwrap_or_else(|fault| self.say(&fault));
    }

    /// Forgets a sign-in; none is fine.
    ///
    /// # Errors
    /// Why it is remembered still.
    pub fn forget_login(&self, key: &LoginKey) -> Result<(), Fault> {
        self.change_what_is_there(|content| {
            let before = content.logins.len();
            content.logins.retain(|login| login.key != *key);
            content.logins.len() != before
        })
    }

    /// A token that is good for 5 more minutes.
    pub fn token(&self, key: &TokenKey) -> Option<(Secret, Timestamp)> {
        let tokens = self.content()?.tokens;
        let kept = tokens.into_iter().find(|kept| kept.key == *key)?;
        let left = kept.expires.duration_since(Timestamp::now());
        let (secret, expires) = (kept.secret?, kept.expires);
        (left > ENDS_EARLY).then_some((secret, expires))
    }

    /// Remembers tokens; one that ends within 5 minutes is none. Is it remembered? What stands
    /// against it is said, once.
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
        let kept = self.change(|content| {
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

    /// The scopes that this command line needed the last time.
    pub fn needed(&self, line: &str) -> BTreeSet<String> {
        let needs = self.content().map(|content| content.needs);
        let known = needs.unwrap_or_default().into_iter();
        let mut own = known.filter(|need| need.line == line);
        own.next().map(|need| need.scopes).unwrap_or_default()
    }

    /// Had this machine no identity of its own a while ago?
    pub fn has_no_identity(&self) -> bool {
        let until = self.content().and_then(|content| content.no_identity_until);
        until.is_some_and(|until| until > Timestamp::now())
    }

    /// Remembers what a command line needed, and that this machine has no identity of its own,
    /// where anything else is remembered.
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

    /// A service refused this token: nobody gets it from here any more.
    pub fn forget_token(&self, refused: &Secret) {
        let gone = self.change_what_is_there(|content| {
            let before = content.tokens.len();
            let is_it = |kept: &Kept| kept.secret.as_ref() == Some(refused);
            content.tokens.retain(|kept| !is_it(kept));
            content.tokens.len() != before
        });
        gone.unwrap_or_else(|fault| self.say(&fault));
    }

    /// Forgets everything, and the key with it.
    ///
    /// # Errors
    /// Why something is remembered still.
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

    /// What stands against remembering here, as far as it can be known without writing.
    pub fn fault(&self) -> Option<Fault> {
        let place = self.place.as_ref().filter(|_| self.is_on())?;
        match self.slot(place) {
            Err(fault) => Some(fault),
            Ok(_) => self.looked(place).err(),
        }
    }

    /// Why this system holds no key, as far as it can be known without writing. A file that can't
    /// be used is no hindrance: the next one takes its place.
    pub fn store_fault(&self) -> Option<Fault> {
        let place = self.place.as_ref().filter(|_| self.is_on())?;
        let key = self
            .slot(place)
            .and_then(|slot| slot.key().map_err(Fault::NoStore));
        key.err()
    }

    /// What is remembered; what stands against it is said once.
    fn content(&self) -> Option<Content> {
        let place = self.place.as_ref().filter(|_| self.is_on())?;
        let content = self.looked(place);
        content.map_err(|fault| self.say(&fault)).ok()
    }

    /// Key and file are two things, and another process may be about to renew both: what does not
    /// fit is looked at again when nobody writes.
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
            Store::None => Err(Fault::NoStore("it was turned off".to_owned())),
        }
    }

    /// As [`Memory::change`], where without a file there is nothing to change.
    fn change_what_is_there(&self, with: impl FnOnce(&mut Content) -> bool) -> Result<(), Fault> {
        let there = self.place.as_ref().is_some_and(Place::is_there);
        if there && self.is_on() {
            self.change(with)
        } else {
            Ok(())
        }
    }

    /// Changes what is remembered, one process after the other. `with` says whether it changed
    /// anything. A file that can't be used is replaced.
    fn change(&self, with: impl FnOnce(&mut Content) -> bool) -> Result<(), Fault> {
        let Some(place) = self.place.as_ref() else {
            return Err(Fault::NoStore("it was turned off".to_owned()));
        };
        let slot = self.slot(place)?;
        let lock = place.lock()?;
        let mut content = match self.load(place) {
            Ok(content) => content,
            Err(fault @ Fault::NoStore(_)) => return Err(fault),
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

    /// Says what stands against remembering, once in a process. That a system has no store is a
    /// warning once in the life of a folder.
    fn say(&self, fault: &Fault) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = self.place.as_ref().filter(|_| !said.contains(fault)) else {
            return;
        };
        said.push(fault.clone());
        let file = place.file();
        let words = fault.told(&file);
        let first = matches!(fault, Fault::NoStore(_)) && place.first_without_store();
        if first || !fault.is_usual() {
            tracing::warn!("{words}");
        } else {
            tracing::info!("{words}");
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

    /// A memory in a folder of its own; none where the kernel keeps no keyring. Its key is taken
    /// away again.
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
        // Another account takes the place of the one before.
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
        // Alone it is not worth a file.
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
