//! The user's sign-in in one process: once by the user, then by the refresh token.

use super::super::held::Held;
use super::super::source::Secret;
use super::super::token::{Wanted, who};
use super::asking::{Asking, Flow, unanswered};
use super::endpoint::{Asks, Given, Refreshed};
use super::{browser, device_code};
use crate::error::Result;
use std::collections::HashSet;

/// Lets the user sign in.
///
/// # Errors
/// The user did not sign in, or Entra ID refused.
pub(in crate::cloud::credential) async fn sign_in(
    asking: &Asking<'_>,
    scope: &str,
    claims: Option<&str>,
) -> Result<Given> {
    match asking.flow {
        Flow::Browser => browser::sign_in(asking, scope, claims).await,
        Flow::DeviceCode => device_code::sign_in(asking, scope, claims).await,
    }
}

/// The user's sign-in in this process.
#[derive(Default)]
pub(in crate::cloud::credential) struct SignedIn {
    state: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Held<Secret>,
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
        if state.held.value.is_none() {
            state.held.value = Some(refresh.clone());
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
        asking: &Asking<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Given> {
        let first = self.state.lock().await.held.value.clone();
        let mut asks = None;
        if let Some(refresh) = &first {
            match asking.endpoint.refreshed(refresh, wanted).await? {
                Refreshed::Given(given) => {
                    self.state.lock().await.keep(&given);
                    return Ok(given);
                }
                Refreshed::Asks(more) => asks = Some(more),
            }
        }
        // Only one caller at a time asks the user. The others then use its result.
        let mut state = self.state.lock().await;
        if let Some(error) = state.held.failed_since(wanted.came) {
            return Err(error);
        }
        let newer = state.held.value.clone();
        if let Some(refresh) = newer.filter(|own| first.as_ref() != Some(own)) {
            match asking.endpoint.refreshed(&refresh, wanted).await? {
                Refreshed::Given(given) => {
                    state.keep(&given);
                    return Ok(given);
                }
                Refreshed::Asks(more) => asks = Some(more),
            }
        }
        let outcome = state.by_person(asking, wanted, asks.as_ref()).await;
        state.held.note(&outcome);
        let given = outcome?;
        state.keep(&given);
        Ok(given)
    }
}

impl State {
    fn keep(&mut self, given: &Given) {
        if let Some(refresh) = &given.refresh {
            self.held.value = Some(refresh.clone());
        }
    }

    async fn by_person(
        &mut self,
        asking: &Asking<'_>,
        wanted: Wanted<'_>,
        asks: Option<&Asks>,
    ) -> Result<Given> {
        let claims = asks.and_then(|asks| asks.claims.as_deref());
        let claims = claims.or(wanted.claims);
        let what = claims.unwrap_or(wanted.scope).to_owned();
        if let Some(asks) = asks
            && !self.answered.insert(what)
        {
            return Err(unanswered(asking, asks));
        }
        asking.may_ask(asks)?;
        let given = sign_in(asking, wanted.scope, claims).await?;
        let account = who(&given.token.secret).object_id;
        // A process acts for one account only.
        if self.account.is_some() && self.account != account {
            let words = "Another account signed in than before.";
            return Err(asking
                .endpoint
                .failed(words)
                .hint("Run the same command again, and sign in with the same account."));
        }
        self.account = account;
        Ok(given)
    }
}
