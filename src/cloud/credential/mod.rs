//! Sign-in: chooses the credential, and caches its tokens.
//!
//! The Azure crate's credentials for `az` and `azd` do not cache. The crate has no credential
//! chain, no device code and no Azure PowerShell, and supports certificates only with OpenSSL.
//! cmkctl implements these parts and uses the crate for the rest.

mod assertion;
mod bound;
mod certificate;
mod for_keys;
mod listening;
mod logins;
mod machine;
pub mod memory;
mod person;
mod power_shell;
mod refusal;
mod remembered;
mod source;
mod stored;
mod token;
mod tools;
mod user_tokens;
mod ways;

pub use logins::{LogIn, LoggedIn};
pub use source::{
    Accounts, CertificateFile, DevicePrompt, Method, Person, Pipelines, Prompt, Remembering,
    Runner, SandboxUser, Secret, SignIn, Source, State,
};
pub use token::Identity;

use crate::audit::Who;
use crate::cloud::wire::Wire;
use crate::error::{Error, Kind, Result};
use futures::future::{Either, select};
use jiff::{SignedDuration, Timestamp};
use person::SignedIn;
use remembered::Remembered;
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use stored::Stored;
use token::{Token, Wanted};

/// A token that expires within this time is replaced.
const RENEWED_BEFORE_END: SignedDuration = SignedDuration::from_mins(5);

type Slot = Arc<tokio::sync::Mutex<Stored<Token>>>;

/// The tokens of this process: one cache for all credentials, with one entry for each scope.
/// Callers of the same scope share a request. Callers of different scopes do not wait for each
/// other.
pub struct Tokens {
    wire: Arc<Wire>,
    sign_in: SignIn,
    prompt: Prompt,
    slots: Mutex<HashMap<String, Slot>>,
    /// The way that gave the first token. cmkctl never mixes identities.
    chosen: tokio::sync::OnceCell<Method>,
    /// The user's sign-in in this process, which happens once.
    signed_in: SignedIn,
    /// The stored sign-in of `auth login`.
    login: OnceLock<Remembered>,
    /// Claims challenges that were already answered, with their scope.
    answered: Mutex<HashSet<(String, String)>>,
    /// The tools that give tokens, and their stored tokens.
    tools: Arc<tools::Tools>,
    /// The tool that is being tried before the choice is made. Callers that wait for the choice ask
    /// it at the same time.
    trying: tokio::sync::watch::Sender<Option<Method>>,
    /// Ways that refused their last attempt. They are not shown as ready.
    refused: Mutex<HashMap<Method, String>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("chosen", &self.chosen.get())
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// Makes the tokens of `sign_in` over `wire`. Sends nothing.
    pub fn new(wire: Arc<Wire>, sign_in: SignIn, prompt: Prompt) -> Self {
        let tools = Arc::new(tools::Tools::new(wire.clone(), sign_in.clone()));
        Self {
            wire,
            sign_in,
            prompt,
            slots: Mutex::default(),
            chosen: tokio::sync::OnceCell::new(),
            signed_in: SignedIn::default(),
            answered: Mutex::default(),
            login: OnceLock::new(),
            tools,
            trying: tokio::sync::watch::Sender::new(None),
            refused: Mutex::default(),
        }
    }

    /// A token for `scope`, from the cache if it is valid for 5 more minutes.
    ///
    /// # Errors
    /// `Kind::SignIn` with the answer of each way.
    pub async fn token(&self, scope: &str) -> Result<Secret> {
        Ok(self.entry(Wanted::now(scope), None).await?.secret)
    }

    /// A new token for `scope` after the service refused `refused` with 401. If another caller
    /// already has a newer token, it is reused. A claims challenge is answered if a user can sign
    /// in.
    ///
    /// # Errors
    /// As [`Tokens::token`].
    pub async fn renew(
        &self,
        scope: &str,
        refused: &Secret,
        challenge: Option<&str>,
    ) -> Result<Secret> {
        let claims = self.answerable(scope, challenge);
        let wanted = Wanted {
            claims: claims.as_deref(),
            ..Wanted::now(scope)
        };
        Ok(self.entry(wanted, Some(refused)).await?.secret)
    }

    /// Drops the token for `scope`, which the service refused, so that the next caller gets a new
    /// one. A claims challenge is answered immediately.
    ///
    /// # Errors
    /// As [`Tokens::token`].
    pub(crate) async fn answer(&self, scope: &str, challenge: Option<&str>) -> Result<()> {
        self.forget(scope).await;
        if let Some(claims) = self.answerable(scope, challenge) {
            let wanted = Wanted {
                claims: Some(&claims),
                ..Wanted::now(scope)
            };
            self.entry(wanted, None).await?;
        }
        Ok(())
    }

    /// Drops the token for `scope`, which a service refused. No caller gets it again.
    pub(crate) async fn forget(&self, scope: &str) {
        let slot = self.slot(scope);
        if let Some(token) = slot.lock().await.value.take() {
            self.tools.refused(&token.secret);
        }
    }

    /// Drops a token that a service refused although it was new. No caller gets it again.
    pub(crate) async fn void(&self, scope: &str, refused: &Secret) {
        self.tools.refused(refused);
        let slot = self.slot(scope);
        let mut cached = slot.lock().await;
        cached.value = cached.value.take().filter(|token| token.secret != *refused);
    }

    fn slot(&self, scope: &str) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(scope.to_owned()).or_default().clone()
    }

    /// Expiry time of the stored token for `scope`, if one is stored.
    pub fn remembered_until(&self, scope: &str) -> Option<Timestamp> {
        self.tools.until(scope)
    }

    /// Stores the scopes that this command needed, for the next time.
    pub fn learn(&self) {
        self.tools.learn();
    }

    /// The store that outlives a process.
    pub fn memory(&self) -> &memory::Memory {
        self.tools.memory()
    }

    /// The identity in the token for `scope`. For display only: the token is not verified.
    ///
    /// # Errors
    /// As [`Tokens::token`].
    pub async fn identity(&self, scope: &str) -> Result<Identity> {
        let entry = self.entry(Wanted::now(scope), None).await?;
        Ok(token::identity(
            &entry,
            self.chosen.get().copied().unwrap_or(Method::Environment),
        ))
    }

    /// The way that gave the first token, if there is one already.
    pub(crate) fn chosen(&self) -> Option<Method> {
        self.chosen.get().copied()
    }

    /// The identity in a token, for the audit trail and for hints about a refusal.
    pub(crate) fn who(&self, secret: &Secret) -> Who {
        token::who(secret)
    }

    /// The ways in their order, each with what it lacks or why it was refused. Reads files and
    /// `PATH`, sends nothing.
    pub fn sources(&self) -> Vec<Source> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        self.untried(&refused)
    }

    fn untried(&self, refused: &HashMap<Method, String>) -> Vec<Source> {
        ways::all(
            &self.sign_in,
            self.wire.cloud().sandbox.is_some(),
            self.chosen.get().copied(),
            refused,
            || self.login_source(),
        )
    }

    async fn entry(&self, wanted: Wanted<'_>, refused: Option<&Secret>) -> Result<Token> {
        let slot = self.slot(wanted.scope);
        let mut cached = slot.lock().await;
        let good = cached.value.as_ref().filter(|token| {
            token.expires.duration_since(Timestamp::now()) > RENEWED_BEFORE_END
                && refused.is_none_or(|refused| *refused != token.secret)
        });
        if let Some(token) = good {
            return Ok(token.clone());
        }
        if let Some(error) = cached.failed_since(wanted.waiting_since) {
            return Err(error);
        }
        if let Some(refused) = refused {
            self.tools.refused(refused);
        }
        let outcome = self.acquire(wanted).await;
        cached.note(&outcome);
        let token = outcome?;
        cached.value = Some(token.clone());
        Ok(token)
    }

    /// Asks the chosen way, or the first way that answers. Credentials are built again each time.
    /// So only this cache counts, and every federated assertion is new.
    async fn acquire(&self, wanted: Wanted<'_>) -> Result<Token> {
        if let Some(method) = self.chosen.get() {
            return self.ask(*method, wanted, true).await;
        }
        let chooses = AtomicBool::new(false);
        let main = std::pin::pin!(self.acquire_first(wanted, &chooses));
        let beside = std::pin::pin!(self.ask_what_is_tried(wanted.scope, &chooses));
        match select(main, beside).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((never, _)) => match never {},
        }
    }

    /// Callers of different scopes run at the same time. All but the first wait for its choice.
    async fn acquire_first(&self, wanted: Wanted<'_>, chooses: &AtomicBool) -> Result<Token> {
        let mut first = None;
        let method = self
            .chosen
            .get_or_try_init(|| async {
                chooses.store(true, Ordering::Relaxed);
                let (method, token) = self.choose(wanted).await?;
                tracing::info!("Signed in with `{}`.", method.name());
                first = Some(token);
                Ok::<Method, Error>(method)
            })
            .await?;
        match first {
            Some(token) => Ok(token),
            None => self.ask(*method, wanted, true).await,
        }
    }

    /// Asks each tool that `choose` is trying. If that tool is chosen, its token is then already
    /// here.
    async fn ask_what_is_tried(&self, scope: &str, chooses: &AtomicBool) -> Infallible {
        let mut trying = self.trying.subscribe();
        let mut asked = None;
        loop {
            let other = trying.wait_for(|tried| tried.is_some() && *tried != asked);
            asked = other.await.ok().and_then(|tried| *tried);
            match asked {
                Some(tool) if !chooses.load(Ordering::Relaxed) => {
                    self.tools.ask_ahead(tool, scope).await;
                }
                _ => return std::future::pending().await,
            }
        }
    }

    async fn choose(&self, wanted: Wanted<'_>) -> Result<(Method, Token)> {
        if self.wire.cloud().sandbox.is_some() {
            return match self.sign_in.method {
                None => Ok((
                    Method::Environment,
                    self.ask(Method::Environment, wanted, true).await?,
                )),
                Some(method @ (Method::DeviceCode | Method::Federated)) => {
                    Ok((method, self.ask(method, wanted, true).await?))
                }
                Some(_) => Err(Error::usage("A sandbox never uses real credentials.").hint(
                    "Leave out `--auth`. Choose a user of the sandbox with `--sandbox-user NAME`.",
                )),
            };
        }
        if let Some(method) = self.sign_in.method {
            return Ok((method, self.ask(method, wanted, true).await?));
        }
        let (mut failures, mut told) = (Vec::new(), None);
        for source in self.untried(&HashMap::new()) {
            if source.method == Method::Login && matches!(source.state, State::Refused(_)) {
                // A user has signed in, but the stored sign-in is unreadable.
                self.by_login(wanted).await?;
            }
            match source.state {
                State::NotConfigured(why) | State::OnlyWhenAsked(why) | State::Refused(why) => {
                    failures.push(format!("{}: {why}", source.method.name()));
                    continue;
                }
                State::Ready | State::NotInASandbox => {}
            }
            match self.ask(source.method, wanted, false).await {
                Ok(token) => return Ok((source.method, token)),
                Err(error) if source.method.is_meant() => {
                    return Err(error);
                }
                Err(error) => {
                    failures.push(format!("{}: {error}", source.method.name()));
                    told = told.or(Some(error).filter(|error| error.code.is_some()));
                }
            }
        }
        let mut error = Error::new(Kind::SignIn, "No sign-in method worked.");
        error = match told {
            // Microsoft Entra's refusal of an account comes first. A hint about another flow is
            // left out, because the tenant may forbid that flow.
            Some(told) => {
                error.code = told.code;
                told.hints.into_iter().fold(error, Error::hint)
            }
            None => error
                .hint("At a terminal: `cmkctl auth login`, `az login` or `Connect-AzAccount`.")
                .hint(source::IN_CI),
        };
        for failure in failures {
            error = error.hint(failure);
        }
        Err(error)
    }

    async fn ask(&self, method: Method, wanted: Wanted<'_>, explicit: bool) -> Result<Token> {
        // Azure PowerShell asks for all scopes in one process anyway.
        let tool = matches!(method, Method::AzureCli | Method::AzureDeveloperCli);
        if tool && self.chosen.get().is_none() {
            self.trying.send_replace(Some(method));
            self.tools.ask_all_ahead(method);
        }
        let outcome = self.ask_now(method, wanted, explicit).await;
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match &outcome {
            Ok(_) => refused.remove(&method),
            Err(error) => refused.insert(
                method,
                error
                    .detail
                    .clone()
                    .unwrap_or_else(|| error.message.clone()),
            ),
        };
        outcome
    }

    async fn ask_now(&self, method: Method, wanted: Wanted<'_>, explicit: bool) -> Result<Token> {
        let scope = wanted.scope;
        match method {
            Method::Login => self.by_login(wanted).await,
            Method::Browser | Method::DeviceCode => self.by_person(method, wanted).await,
            Method::AzureCli | Method::AzureDeveloperCli | Method::AzurePowerShell => {
                self.tools.ask(method, scope).await
            }
            Method::ManagedIdentity => self.tools.of_machine(scope, explicit).await,
            method => ways::token(&self.wire, &self.sign_in, method, scope).await,
        }
    }
}
