//! The user's sign-in in one process: once by the user, then by the refresh token.

use super::super::source::Secret;
use super::super::stored::Stored;
use super::super::token::{Wanted, who};
use super::endpoint::{Demand, Given, Refreshed};
use super::user_sign_in::{Flow, UserSignIn, unanswered};
use super::{browser, device_code};
use crate::error::Result;
use std::collections::HashSet;

/// Lets the user sign in.
///
/// # Errors
/// The user did not sign in, or Entra ID refused.
pub(in crate::cloud::credential) async fn sign_in(
    user_sign_in: &UserSignIn<'_>,
    scope: &str,
    claims: Option<&str>,
) -> Result<Given> {
    match user_sign_in.flow {
        Flow::Browser => browser::sign_in(user_sign_in, scope, claims).await,
        Flow::DeviceCode => device_code::sign_in(user_sign_in, scope, claims).await,
    }
}

/// The user's sign-in in this process.
#[derive(Default)]
pub(in crate::cloud::credential) struct SignedIn {
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    refresh: Stored<Secret>,
    /// Object id of the user.
    account: Option<String>,
    /// Claims that the user already signed in for.
    answered: HashSet<String>,
}

impl SignedIn {
    /// Uses this refresh token of this account, unless there is one already.
    pub(in crate::cloud::credential) async fn begin(
        &self,
        refresh: &Secret,
        account: Option<&str>,
    ) {
        let mut state = self.state.lock().await;
        if state.refresh.value.is_none() {
            state.refresh.value = Some(refresh.clone());
            state.account = account.map(str::to_owned);
        }
    }

    /// A token from the refresh token. The user signs in if there is none, or if only the user can
    /// satisfy the demand.
    ///
    /// # Errors
    /// Entra ID refused the sign-in, or no user can be asked.
    pub(in crate::cloud::credential) async fn token(
        &self,
        user_sign_in: &UserSignIn<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Given> {
        let first = self.state.lock().await.refresh.value.clone();
        let mut asks = None;
        if let Some(refresh) = &first {
            match user_sign_in.endpoint.refreshed(refresh, wanted).await? {
                Refreshed::Given(given) => {
                    self.state.lock().await.keep(&given);
                    return Ok(given);
                }
                Refreshed::Demand(more) => asks = Some(more),
            }
        }
        // Only one caller at a time asks the user. The others then use its result.
        let mut state = self.state.lock().await;
        if let Some(error) = state.refresh.failed_since(wanted.waiting_since) {
            return Err(error);
        }
        let newer = state.refresh.value.clone();
        if let Some(refresh) = newer.filter(|refresh| first.as_ref() != Some(refresh)) {
            match user_sign_in.endpoint.refreshed(&refresh, wanted).await? {
                Refreshed::Given(given) => {
                    state.keep(&given);
                    return Ok(given);
                }
                Refreshed::Demand(more) => asks = Some(more),
            }
        }
        let outcome = state.by_person(user_sign_in, wanted, asks.as_ref()).await;
        state.refresh.note(&outcome);
        let given = outcome?;
        state.keep(&given);
        Ok(given)
    }
}

impl State {
    fn keep(&mut self, given: &Given) {
        if let Some(refresh) = &given.refresh {
            self.refresh.value = Some(refresh.clone());
        }
    }

    async fn by_person(
        &mut self,
        user_sign_in: &UserSignIn<'_>,
        wanted: Wanted<'_>,
        asks: Option<&Demand>,
    ) -> Result<Given> {
        let claims = asks.and_then(|asks| asks.claims.as_deref());
        let claims = claims.or(wanted.claims);
        let what = claims.unwrap_or(wanted.scope).to_owned();
        if let Some(asks) = asks
            && !self.answered.insert(what)
        {
            return Err(unanswered(user_sign_in, asks));
        }
        user_sign_in.may_ask(asks)?;
        let given = sign_in(user_sign_in, wanted.scope, claims).await?;
        let account = who(&given.token.secret).object_id;
        // A process acts for one account only.
        if self.account.is_some() && self.account != account {
            let why = "You signed in with another account than before.";
            return Err(user_sign_in
                .endpoint
                .failed(why)
                .hint("Run the same command again, and sign in with the same account."));
        }
        self.account = account;
        Ok(given)
    }
}
