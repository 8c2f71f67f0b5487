//! `auth login`: the user signs in once, for all later commands.

use super::memory::{How, Login, LoginKey};
use super::person::{ANY_TENANT, AZURE_CLI, Endpoint, Flow, UserSignIn, sign_in};
use super::remembered::Remembered;
use super::source::{CertificateFile, Method, Secret, SignIn, Source};
use super::token::{self, Identity, Token, Wanted};
use super::user_tokens::claims_in;
use super::{Tokens, ways};
use crate::error::{Error, Kind, Result};
use crate::model::cause::Cause;
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// The arguments of `auth login`.
#[derive(Debug)]
pub struct LogIn {
    /// The way of signing in.
    pub how: How,
    /// A service's claims challenge, in base64.
    pub challenge: Option<String>,
}

impl LogIn {
    /// Is the text a claims challenge?
    pub fn is_challenge(text: &str) -> bool {
        claims_in(text).is_some()
    }
}

/// The result of `auth login`.
#[derive(Debug)]
pub struct LoggedIn {
    /// The signed-in identity.
    pub identity: Identity,
    /// Client id of the application that the user signed in to.
    pub client: String,
    /// The file that stores the sign-in.
    pub file: PathBuf,
}

impl Tokens {
    fn login(&self) -> &Remembered {
        self.login.get_or_init(|| {
            let authority = self.wire.cloud().get("login");
            Remembered::of(self.memory(), authority, &self.sign_in)
        })
    }

    /// The sign-in of `auth login`, as a source of tokens.
    pub(super) fn login_source(&self) -> Source {
        self.login().source()
    }

    /// A token from the stored sign-in.
    pub(super) async fn by_login(&self, wanted: Wanted<'_>) -> Result<Token> {
        let login = match self.login() {
            Remembered::Somebody(login) => login,
            Remembered::Nobody(why) => {
                let what = format!("Sign-in with `login` is not set up: {why}.");
                return Err(Error::new(Kind::SignIn, what));
            }
            Remembered::Lost(why) => return Err(void(failed(why))),
        };
        let outcome = match &login.how {
            How::Certificate(file) => self.by_file(login, file, wanted.scope).await,
            How::Browser => self.by_refresh(login, Flow::Browser, wanted).await,
            How::DeviceCode => self.by_refresh(login, Flow::DeviceCode, wanted).await,
        };
        outcome.map_err(|error| match error.cause {
            Some(Cause::SignIn) => void(error),
            _ => error,
        })
    }

    async fn by_refresh(&self, login: &Login, flow: Flow, wanted: Wanted<'_>) -> Result<Token> {
        let tenant = self.sign_in.tenant.as_deref();
        let login_tenant = login.tenant_id.as_deref().or(login.key.tenant.as_deref());
        let user_sign_in = UserSignIn {
            endpoint: Endpoint {
                wire: &self.wire,
                way: Method::Login,
                tenant: tenant.or(login_tenant).unwrap_or(ANY_TENANT),
                client: &login.key.client,
            },
            flow,
            person: &self.sign_in.person,
            prompt: &self.prompt,
            account: login.name.as_deref(),
        };
        if let Some(refresh) = &login.refresh {
            let account = login.object_id.as_deref();
            self.signed_in.begin(refresh, account).await;
        }
        let given = self.signed_in.token(&user_sign_in, wanted).await?;
        if let Some(refresh) = &given.refresh {
            self.memory().renew_login(login, refresh);
        }
        Ok(given.token)
    }

    /// A token from the certificate file, which is read again each time.
    async fn by_file(&self, login: &Login, file: &Path, scope: &str) -> Result<Token> {
        let certificate_sign_in = SignIn {
            method: None,
            tenant: login.key.tenant.clone(),
            client_id: Some(login.key.client.clone()),
            client_secret: None,
            certificate: Some(CertificateFile {
                path: file.to_owned(),
                password: self.sign_in.certificate_password.clone(),
                with_chain: false,
            }),
            ..self.sign_in.clone()
        };
        let token = ways::token(&self.wire, &certificate_sign_in, Method::Environment, scope).await;
        token.map_err(|mut error| {
            error.message = "Sign-in with `login` failed.".to_owned();
            for hint in &mut error.hints {
                *hint = hint.replace("set AZURE_CLIENT_CERTIFICATE_PATH to", "sign in with");
                *hint = hint.replace("AZURE_CLIENT_CERTIFICATE_PATH", "`--certificate`");
            }
            error
        })
    }

    /// Signs the user in, and stores the sign-in.
    ///
    /// # Errors
    /// The user did not sign in, Entra ID refused, or the sign-in can't be stored.
    pub async fn log_in(&self, wanted: &LogIn) -> Result<LoggedIn> {
        let file = self.can_remember()?;
        let scope = self.wire.cloud().scopes().into_iter().next();
        let scope = scope.unwrap_or_default();
        let (token, refresh, client) = match &wanted.how {
            How::Browser => self.person(Flow::Browser, wanted, &scope).await?,
            How::DeviceCode => self.person(Flow::DeviceCode, wanted, &scope).await?,
            How::Certificate(path) => {
                let client = self.sign_in.named_client.as_ref();
                let client = client.or(self.sign_in.client_id.as_ref());
                let client = client.cloned().unwrap_or_default();
                let login = self.new_login(&wanted.how, client.clone());
                (self.by_file(&login, path, &scope).await?, None, client)
            }
        };
        let identity = token::identity(&token, Method::Login);
        let login = Login {
            tenant_id: identity.tenant.clone(),
            refresh,
            name: identity.name.clone(),
            object_id: identity.object_id.clone(),
            ..self.new_login(&wanted.how, client.clone())
        };
        let kept = self.memory().keep_login(&login);
        kept.map_err(|fault| unremembered(&fault.told(&file).to_string()))?;
        Ok(LoggedIn {
            identity,
            client,
            file,
        })
    }

    async fn person(
        &self,
        flow: Flow,
        wanted: &LogIn,
        scope: &str,
    ) -> Result<(Token, Option<Secret>, String)> {
        let way = match flow {
            Flow::Browser => Method::Browser,
            Flow::DeviceCode => Method::DeviceCode,
        };
        let client = self.sign_in.device_code_client.as_deref();
        let client = client.unwrap_or(AZURE_CLI);
        let claims = wanted.challenge.as_deref();
        let claims = claims.and_then(claims_in);
        let user_sign_in = self.user_sign_in(way, flow);
        let given = sign_in(&user_sign_in, scope, claims.as_deref()).await?;
        if given.refresh.is_none() {
            return Err(user_sign_in
                .endpoint
                .failed(
                    "The sign-in service gave no refresh token, so cmkctl can't remember the \
                    sign-in.",
                )
                .hint("Sign in for each command: `--auth device-code`."));
        }
        Ok((given.token, given.refresh, client.to_owned()))
    }

    fn new_login(&self, how: &How, client: String) -> Login {
        Login {
            key: LoginKey {
                authority: self.wire.cloud().get("login").to_owned(),
                tenant: self.sign_in.tenant.clone(),
                client,
            },
            tenant_id: None,
            refresh: None,
            name: None,
            object_id: None,
            how: how.clone(),
            when: Timestamp::now(),
        }
    }

    /// The file that would store a sign-in.
    fn can_remember(&self) -> Result<PathBuf> {
        let memory = self.memory();
        let Some(file) = memory.file() else {
            let why = "cmkctl has no folder to store the sign-in: `HOME` is not set.";
            return Err(unremembered(why));
        };
        if !memory.is_on() {
            return Err(unremembered("`CMKCTL_CREDENTIAL_STORE` is `none`."));
        }
        match memory.store_fault() {
            Some(fault) => Err(unremembered(&fault.told(&file).to_string())),
            None => Ok(file),
        }
    }
}

fn failed(detail: &str) -> Error {
    let mut error = Error::new(Kind::SignIn, "Sign-in with `login` failed.");
    error.cause = Some(Cause::SignIn);
    error
        .detail(detail.to_owned())
        .hint("Sign in again: `cmkctl auth login`.")
}

/// The stored sign-in is no longer valid. cmkctl does not silently switch to another account.
fn void(error: Error) -> Error {
    error.hint("To use another way to sign in, remove this sign-in: `cmkctl auth logout`.")
}

fn unremembered(why: &str) -> Error {
    Error::new(Kind::SignIn, "The sign-in can't be remembered.")
        .detail(why.to_owned())
        .hint("Sign in for each command: `--auth browser` or `--auth device-code`.")
        .hint("Or sign in with another tool: `az login`, `azd auth login` or `Connect-AzAccount`.")
}
