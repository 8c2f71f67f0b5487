//! Sign-in: which credential is taken, and one cache of tokens over all of them.
//!
//! The credentials of the Azure crate that start a program (`az`, `azd`) do not cache, and the
//! crate has neither a chain nor device code; the chain, the cache and device code are therefore
//! here, everything else is the crate's.

mod assertion;
mod device_code;
mod listening;
mod source;
mod token;
mod ways;

pub use source::{
    DevicePrompt, Method, Pipelines, Prompt, Runner, SandboxUser, Secret, SignIn, Source, State,
};
pub use token::Identity;

use crate::audit::Who;
use crate::cloud::clock::Clock;
use crate::cloud::wire::Wire;
use crate::error::{Error, Kind, Result};
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use token::Token;

/// A token with less than this left is replaced.
const RENEWED_BEFORE_END: SignedDuration = SignedDuration::from_mins(5);

type Slot = Arc<tokio::sync::Mutex<Held<Token>>>;

/// What callers share one after the other: the last success, and the last failure with its time.
/// Who waited while an attempt failed is told of that failure instead of repeating it: a person
/// would be asked again and again, an unreachable service waited for again and again. Who comes
/// later tries anew.
struct Held<T> {
    value: Option<T>,
    failed: Option<(Instant, Error)>,
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self {
            value: None,
            failed: None,
        }
    }
}

impl<T> Held<T> {
    /// The failure of an attempt that ended after `came`.
    fn failed_since(&self, came: Instant) -> Option<Error> {
        self.failed
            .as_ref()
            .filter(|(at, _)| *at >= came)
            .map(|(_, error)| error.clone())
    }

    /// Remembers how an attempt ended.
    fn note<U>(&mut self, outcome: &Result<U>) {
        self.failed = outcome
            .as_ref()
            .err()
            .map(|error| (Instant::now(), error.clone()));
    }
}

/// The tokens of this process: one cache over all credentials, one entry a scope. Callers of one
/// scope share one request; callers of different scopes do not wait for each other.
pub struct Tokens {
    wire: Arc<Wire>,
    clock: Clock,
    sign_in: SignIn,
    prompt: Prompt,
    slots: Mutex<HashMap<String, Slot>>,
    /// The way that gave the first token: identities are never mixed.
    chosen: tokio::sync::OnceCell<Method>,
    /// Device code's refresh token, so that a person signs in once.
    refresh: tokio::sync::Mutex<Held<Secret>>,
    /// The ways that were tried last and refused, for display: they are not "ready".
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
    /// Tokens of `sign_in` over `wire`. Sends nothing.
    pub fn new(wire: Arc<Wire>, sign_in: SignIn, prompt: Prompt) -> Self {
        let clock = wire.clock().clone();
        Self {
            wire,
            clock,
            sign_in,
            prompt,
            slots: Mutex::default(),
            chosen: tokio::sync::OnceCell::new(),
            refresh: tokio::sync::Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// A token for `scope`, from the cache when it is good for 5 more minutes.
    ///
    /// # Errors
    /// `Kind::SignIn` with what each way said.
    pub async fn token(&self, scope: &str) -> Result<Secret> {
        Ok(self.entry(scope, None).await?.secret)
    }

    /// A new token for `scope` after the service refused `refused` with 401; another caller's newer
    /// one when there is one already.
    ///
    /// # Errors
    /// As [`Tokens::token`].
    pub async fn renew(&self, scope: &str, refused: &Secret) -> Result<Secret> {
        Ok(self.entry(scope, Some(refused)).await?.secret)
    }

    /// The service refused the token for `scope`: the next caller gets a new one.
    pub(crate) async fn forget(&self, scope: &str) {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry(scope.to_owned()).or_default().clone()
        };
        slot.lock().await.value = None;
    }

    /// Who the token for `scope` says it is. For display: the token is not verified here.
    ///
    /// # Errors
    /// As [`Tokens::token`].
    pub async fn identity(&self, scope: &str) -> Result<Identity> {
        let entry = self.entry(scope, None).await?;
        Ok(token::identity(
            &entry,
            self.chosen.get().copied().unwrap_or(Method::Environment),
        ))
    }

    /// The way that gave the first token, once one did.
    pub(crate) fn chosen(&self) -> Option<Method> {
        self.chosen.get().copied()
    }

    /// Who a token says it is, for the audit trail and for what helps against a refusal.
    pub(crate) fn who(&self, secret: &Secret) -> Who {
        token::who(secret)
    }

    /// The ways in their order, with what each lacks, or why it was refused when it was tried.
    /// Looks at files and `PATH`, sends nothing.
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
        )
    }

    async fn entry(&self, scope: &str, refused: Option<&Secret>) -> Result<Token> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry(scope.to_owned()).or_default().clone()
        };
        let came = Instant::now();
        let mut held = slot.lock().await;
        let good = held.value.as_ref().filter(|token| {
            token.expires.duration_since(Timestamp::now()) > RENEWED_BEFORE_END
                && refused.is_none_or(|refused| *refused != token.secret)
        });
        if let Some(token) = good {
            return Ok(token.clone());
        }
        if let Some(error) = held.failed_since(came) {
            return Err(error);
        }
        let outcome = self.acquire(scope, came).await;
        held.note(&outcome);
        let token = outcome?;
        held.value = Some(token.clone());
        Ok(token)
    }

    /// Asks the chosen way, or the first that answers. Credentials are built anew each time, so
    /// that no cache but ours decides, and every federated assertion is fresh.
    async fn acquire(&self, scope: &str, came: Instant) -> Result<Token> {
        if let Some(method) = self.chosen.get() {
            return self.ask(*method, scope, true, came).await;
        }
        // Different scopes ask at the same time; all but the first wait for its choice.
        let mut first = None;
        let method = self
            .chosen
            .get_or_try_init(|| async {
                let (method, token) = self.choose(scope, came).await?;
                tracing::info!("Signed in by way of `{}`.", method.name());
                first = Some(token);
                Ok::<Method, Error>(method)
            })
            .await?;
        match first {
            Some(token) => Ok(token),
            None => self.ask(*method, scope, true, came).await,
        }
    }

    async fn choose(&self, scope: &str, came: Instant) -> Result<(Method, Token)> {
        if self.wire.cloud().sandbox.is_some() {
            return match self.sign_in.method {
                None => Ok((
                    Method::Environment,
                    self.ask(Method::Environment, scope, true, came).await?,
                )),
                Some(method @ (Method::DeviceCode | Method::Federated)) => {
                    Ok((method, self.ask(method, scope, true, came).await?))
                }
                Some(_) => Err(Error::usage("A sandbox never uses real credentials.").hint(
                    "Leave out `--auth`; choose one of the sandbox's users with \
                        `--sandbox-user NAME`.",
                )),
            };
        }
        if let Some(method) = self.sign_in.method {
            return Ok((method, self.ask(method, scope, true, came).await?));
        }
        let (mut failures, mut told) = (Vec::new(), None);
        for source in self.untried(&HashMap::new()) {
            match source.state {
                State::NotConfigured(why) | State::OnlyWhenAsked(why) | State::Refused(why) => {
                    failures.push(format!("{}: {why}", source.method.name()));
                    continue;
                }
                State::Ready | State::NotInASandbox => {}
            }
            match self.ask(source.method, scope, false, came).await {
                Ok(token) => return Ok((source.method, token)),
                // Somebody meant this identity: falling through to another one would act in the
                // wrong name.
                Err(error) if matches!(source.method, Method::Environment | Method::Federated) => {
                    return Err(error);
                }
                Err(error) => {
                    failures.push(format!("{}: {error}", source.method.name()));
                    told = told.or(Some(error).filter(|error| error.code.is_some()));
                }
            }
        }
        let mut error = Error::new(Kind::SignIn, "No way to sign in worked.");
        error = match told {
            // What Microsoft Entra said of an account comes first, and another flow may be what is
            // forbidden.
            Some(told) => {
                error.code = told.code;
                told.hints.into_iter().fold(error, Error::hint)
            }
            None => error
                .hint("At a terminal: `az login`, or `--auth device-code`.")
                .hint(
                    "In CI: set `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and a federated token (or \
                    `AZURE_CLIENT_SECRET`).",
                ),
        };
        for failure in failures {
            error = error.hint(failure);
        }
        Err(error)
    }

    async fn ask(
        &self,
        method: Method,
        scope: &str,
        explicit: bool,
        came: Instant,
    ) -> Result<Token> {
        let outcome = self.ask_now(method, scope, explicit, came).await;
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

    async fn ask_now(
        &self,
        method: Method,
        scope: &str,
        explicit: bool,
        came: Instant,
    ) -> Result<Token> {
        match method {
            Method::DeviceCode => {
                let mut refresh = self.refresh.lock().await;
                if let Some(error) = refresh.failed_since(came) {
                    return Err(error);
                }
                let asked = device_code::Asked {
                    wire: &self.wire,
                    clock: &self.clock,
                    tenant: self.sign_in.tenant.as_deref().unwrap_or("organizations"),
                    client: self.sign_in.device_code_client.as_deref(),
                    prompt: &self.prompt,
                };
                let outcome = device_code::token(&asked, scope, &mut refresh.value).await;
                refresh.note(&outcome);
                outcome
            }
            method => ways::token(&self.wire, &self.sign_in, method, scope, explicit).await,
        }
    }
}

/// The Key Vault client asks here, too.
#[async_trait::async_trait]
impl TokenCredential for Tokens {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let failed = |words: String| {
            azure_core::Error::with_message(azure_core::error::ErrorKind::Credential, words)
        };
        let [scope] = scopes else {
            return Err(failed("exactly one scope is needed".to_owned()));
        };
        // The scope is the service's own word, out of its challenge: no token is asked for that is
        // not for keys.
        if !self.wire.cloud().is_for_keys(scope) {
            let words = format!(
                "the challenge asks for a token for {}",
                crate::cloud::json::clean(scope)
            );
            return Err(azure_core::Error::with_message(
                azure_core::error::ErrorKind::Other,
                words,
            ));
        }
        let token = self
            .entry(scope, None)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let expires =
            azure_core::time::OffsetDateTime::from_unix_timestamp(token.expires.as_second());
        Ok(AccessToken::new(
            token.secret,
            expires.map_err(|error| failed(error.to_string()))?,
        ))
    }
}
