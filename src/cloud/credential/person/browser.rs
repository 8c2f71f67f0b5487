//! Signs a user in with a browser: authorization code with PKCE over loopback, as Microsoft
//! describes it (learn.microsoft.com, `entra/identity-platform/v2-oauth2-auth-code-flow`).

use super::super::refusal::{Heard, refused};
use super::super::source::{DevicePrompt, Secret};
use super::endpoint::{Endpoint, Given};
use super::loopback::{Loopback, Visitor};
use super::page::{self, Back};
use super::user_sign_in::UserSignIn;
use super::{opener, pkce};
use crate::error::{Error, Kind, Result, Stop};
use crate::interrupt::unless_stopped;
use std::time::Duration;

/// Time limit for the user.
const LIMIT: Duration = Duration::from_secs(300);

/// Opens the browser, waits for its redirect, and redeems the authorization code.
pub(super) async fn sign_in(
    user_sign_in: &UserSignIn<'_>,
    scope: &str,
    claims: Option<&str>,
) -> Result<Given> {
    let endpoint = &user_sign_in.endpoint;
    let failed = |detail: &str| endpoint.failed(detail);
    let secrets = pkce::random().zip(pkce::random());
    let (state, verifier) = secrets.ok_or_else(|| {
        failed(
            "This system can't create random \
        numbers.",
        )
    })?;
    let loopback = Loopback::open().await.map_err(|error| {
        failed(&format!(
            "cmkctl can't open a port on this machine: {error}."
        ))
        .hint("Sign in with a device code: `cmkctl auth login --device-code`.")
    })?;
    let mut address = endpoint.url("authorize")?;
    address
        .query_pairs_mut()
        .append_pair("client_id", endpoint.client)
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", &loopback.address())
        .append_pair("response_mode", "query")
        .append_pair("scope", &format!("{scope} offline_access"))
        .append_pair("state", state.secret())
        .append_pair("code_challenge", &pkce::challenge(&verifier))
        .append_pair("code_challenge_method", "S256");
    // Without a known account, Entra lets the user choose one.
    let account = user_sign_in.account.map(|name| ("login_hint", name));
    let account = account.unwrap_or(("prompt", "select_account"));
    let claims = claims.map(|claims| ("claims", claims));
    let more = [Some(account), claims].into_iter().flatten();
    address.query_pairs_mut().extend_pairs(more);
    let say = |message: String| (user_sign_in.prompt)(&DevicePrompt { message });
    say(format!(
        "Sign in with your browser. If it does not open, open this address:\n{address}"
    ));
    let browser = user_sign_in.person.browser.as_deref();
    if let Err(why) = opener::open(browser, address.as_str()).await {
        say(format!("No browser could be opened ({why})."));
    }
    let visitor = arrived(user_sign_in, &loopback, &state).await?;
    let redirect = loopback.address();
    // The answer has arrived, so the listener closes.
    drop(loopback);
    let redeemed = redeemed(endpoint, scope, &visitor.back, (&verifier, &redirect)).await;
    let page = match &redeemed {
        Ok(_) => page::done(),
        Err(error) => {
            let detail = error.detail.as_deref();
            page::failed(detail.unwrap_or(&error.message))
        }
    };
    visitor.shown(&page).await;
    redeemed
}

/// Waits for the browser's redirect.
async fn arrived(
    user_sign_in: &UserSignIn<'_>,
    loopback: &Loopback,
    state: &Secret,
) -> Result<Visitor> {
    let waiting = tokio::time::timeout(LIMIT, loopback.visitor(state));
    match unless_stopped(waiting).await {
        Ok(Ok(visitor)) => Ok(visitor),
        Ok(Err(_)) => Err(user_sign_in
            .endpoint
            .failed(&format!(
                "The browser sign-in did not end within {} minutes.",
                LIMIT.as_secs() / 60
            ))
            .hint("Run the same command again, and sign in with the browser that it opens.")
            .hint("Without a browser on this machine: `cmkctl auth login --device-code`.")),
        Err(stop) => Err(stopped(stop)),
    }
}

fn stopped(stop: Stop) -> Error {
    Error::new(Kind::Interrupted(stop), "The sign-in was stopped.")
        .hint("Run the same command again to sign in.")
}

async fn redeemed(
    endpoint: &Endpoint<'_>,
    scope: &str,
    back: &Back,
    (verifier, redirect): (&Secret, &str),
) -> Result<Given> {
    let code = match back {
        Back::Code(code) => code,
        Back::Refused(refusal) => {
            return Err(refused(endpoint.way, refusal, &Heard::default()));
        }
        Back::Nothing => {
            let why = "The browser returned no sign-in code.";
            return Err(endpoint
                .failed(why)
                .hint("Sign in again: `cmkctl auth login`."));
        }
    };
    let wanted = format!("{scope} offline_access");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.secret()),
        ("redirect_uri", redirect),
        ("code_verifier", verifier.secret()),
        ("scope", wanted.as_str()),
    ];
    let value = endpoint.post("token", &form).await?;
    Endpoint::given(&value).ok_or_else(|| endpoint.refusal(&value, scope))
}
