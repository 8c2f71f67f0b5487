//! Tokens of the Azure CLI, azd and Azure PowerShell. A stored token is used while the same account
//! is signed in; otherwise the tool gives a new one. Each start of a tool takes seconds.

use super::bound::binding;
use super::machine;
use super::memory::{ENDS_EARLY, Memory, TokenKey};
use super::power_shell::PowerShell;
use super::source::{Method, Remembering, Secret, SignIn};
use super::token::Token;
use super::ways;
use crate::cloud::wire::Wire;
use crate::error::Result;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A result that was fetched ahead is used within this time. An old failure proves nothing.
const FRESH: Duration = Duration::from_secs(60);

/// State of a scope that is fetched ahead.
#[derive(Default)]
enum Ahead {
    /// Not fetched.
    #[default]
    Nothing,
    /// Fetched at this time, and not taken yet.
    Came(Instant, Result<Token>),
    /// A caller has already asked.
    Asked,
}

/// A caller that asks during the fetch waits for the lock.
type Attempt = Arc<tokio::sync::Mutex<Ahead>>;

/// The tools, and their stored tokens.
pub(super) struct Tools {
    wire: Arc<Wire>,
    sign_in: SignIn,
    memory: Memory,
    power_shell: PowerShell,
    /// Expiry times of the stored tokens, by scope.
    until: Mutex<HashMap<String, Timestamp>>,
    /// The fetches ahead, by tool and scope.
    attempts: Mutex<HashMap<(Method, String), Attempt>>,
    /// The scopes that this command needed.
    used: Mutex<BTreeSet<String>>,
    /// Did the metadata service not answer?
    no_identity: AtomicBool,
}

/// The store for these settings. A sandbox has no store.
fn memory(wire: &Wire, remembering: &Remembering) -> Memory {
    match &remembering.folder {
        Some(folder) if remembering.off.is_none() && wire.cloud().sandbox.is_none() => {
            Memory::open(folder.clone(), remembering.store)
        }
        _ => Memory::none(),
    }
}

impl Tools {
    pub(super) fn new(wire: Arc<Wire>, sign_in: SignIn) -> Self {
        let memory = memory(&wire, &sign_in.remembering);
        Self {
            wire,
            sign_in,
            memory,
            power_shell: PowerShell::default(),
            until: Mutex::default(),
            attempts: Mutex::default(),
            used: Mutex::default(),
            no_identity: AtomicBool::new(false),
        }
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Expiry time of the stored token of this scope, if there is one.
    pub(super) fn until(&self, scope: &str) -> Option<Timestamp> {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(scope).copied()
    }

    /// Removes a token that a service refused, so that the next one comes from the tool.
    pub(super) fn refused(&self, refused: &Secret) {
        self.memory.forget_token(refused);
    }

    /// A token from a tool, or the result that was fetched ahead. Such a result is used only once,
    /// because a caller that asks again wants a new token.
    pub(super) async fn ask(&self, method: Method, scope: &str) -> Result<Token> {
        self.used().insert(scope.to_owned());
        let attempt = self.attempt(method, scope);
        let mut state = attempt.lock().await;
        match std::mem::replace(&mut *state, Ahead::Asked) {
            Ahead::Came(at, outcome) if at.elapsed() < FRESH => outcome,
            Ahead::Came(..) | Ahead::Nothing | Ahead::Asked => self.token(method, scope).await,
        }
    }

    /// Fetches a token ahead, unless a caller has already asked.
    pub(super) async fn ask_ahead(&self, method: Method, scope: &str) {
        let attempt = self.attempt(method, scope);
        let mut state = attempt.lock().await;
        if matches!(*state, Ahead::Nothing) {
            let outcome = self.token(method, scope).await;
            *state = Ahead::Came(Instant::now(), outcome);
        }
    }

    /// Asks for the tokens that this command line needed last time, each in its own process. For a
    /// new command line, it asks only for the tokens that almost every command needs. On a machine
    /// with two cores, one more process would delay the others.
    pub(super) fn ask_all_ahead(self: &Arc<Self>, method: Method) {
        let mut scopes = self.memory.needed(&self.sign_in.remembering.line);
        if scopes.is_empty() && self.memory.is_on() {
            scopes.extend(self.wire.cloud().usual_scopes());
        }
        for scope in scopes {
            let tools = Arc::clone(self);
            tokio::spawn(async move { tools.ask_ahead(method, &scope).await });
        }
    }

    /// Stores the scopes that this command needed.
    pub(super) fn learn(&self) {
        let used = std::mem::take(&mut *self.used());
        if !used.is_empty() {
            let (line, no_identity) = (&self.sign_in.remembering.line, &self.no_identity);
            self.memory
                .learn(line, used, no_identity.load(Ordering::Relaxed));
        }
    }

    /// A token of the machine's managed identity. A failed search for the metadata service is
    /// remembered, because it takes almost half a second.
    pub(super) async fn of_machine(&self, scope: &str, explicit: bool) -> Result<Token> {
        if !self.sign_in.identity_endpoint {
            if !explicit && self.memory.has_no_identity() {
                return Err(machine::no_identity());
            }
            if !machine::probe(explicit).await {
                self.no_identity.store(true, Ordering::Relaxed);
                return Err(machine::no_identity());
            }
        }
        ways::token(&self.wire, &self.sign_in, Method::ManagedIdentity, scope).await
    }

    fn used(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempt(&self, method: Method, scope: &str) -> Attempt {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = attempts.entry((method, scope.to_owned()));
        entry.or_default().clone()
    }

    async fn token(&self, method: Method, scope: &str) -> Result<Token> {
        // A token that came with another one is newer than the stored token.
        let beside = match method {
            Method::AzurePowerShell => self.power_shell.untaken(scope).await,
            _ => None,
        };
        if let Some(outcome) = beside {
            return outcome;
        }
        let account = self.account(method);
        if let Some(token) = self.remembered(method, scope, account.as_deref()) {
            return Ok(token);
        }
        let token = match method {
            Method::AzurePowerShell => {
                let others = self.wire.cloud().scopes();
                self.power_shell.token(&self.sign_in, scope, &others).await
            }
            _ => ways::token(&self.wire, &self.sign_in, method, scope).await,
        }?;
        // If the account changed while the tool ran, the token's account is unknown. So the token
        // is not stored.
        if let Some(account) =
            account.filter(|candidate| self.account(method).as_ref() == Some(candidate))
        {
            let mut given = vec![(scope.to_owned(), token.clone())];
            if method == Method::AzurePowerShell {
                given.extend(self.power_shell.given().await);
            }
            self.keep(method, &account, &given);
        }
        Ok(token)
    }

    /// The digest of a tool's account; `None` if the store is off.
    fn account(&self, method: Method) -> Option<String> {
        self.memory
            .is_on()
            .then(|| binding(&self.sign_in, method))?
    }

    fn key(&self, method: Method, scope: &str, account: &str) -> TokenKey {
        TokenKey {
            authority: self.wire.cloud().get("login").to_owned(),
            tenant: self.sign_in.tenant.clone(),
            method: method.name().to_owned(),
            scope: scope.to_owned(),
            binding: account.to_owned(),
        }
    }

    fn remembered(&self, method: Method, scope: &str, account: Option<&str>) -> Option<Token> {
        let key = self.key(method, scope, account?);
        let (secret, expires) = self.memory.token(&key)?;
        tracing::info!(
            "The token for {scope} was remembered, so cmkctl does not start `{}`.",
            method.name()
        );
        self.note(scope, expires);
        Some(Token { secret, expires })
    }

    fn keep(&self, method: Method, account: &str, given: &[(String, Token)]) {
        let all: Vec<_> = given
            .iter()
            .map(|(scope, token)| {
                let key = self.key(method, scope, account);
                (key, token.secret.clone(), token.expires)
            })
            .collect();
        if self.memory.keep_tokens(&all) {
            for (scope, token) in given {
                self.note(scope, token.expires);
            }
        }
    }

    fn note(&self, scope: &str, expires: Timestamp) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.insert(scope.to_owned(), expires - ENDS_EARLY);
    }
}
