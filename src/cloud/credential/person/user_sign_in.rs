//! Decides whether and how a user can be asked to sign in, and the error if not.

use super::super::source::{IN_CI, Method, Person, Prompt};
use super::endpoint::{ANY_TENANT, Demand, Endpoint};
use crate::error::{Error, Kind, Result};
use crate::model::system::quoted;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The ways in which a user signs in through cmkctl itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cloud::credential) enum Flow {
    /// In a browser on this machine.
    Browser,
    /// With a code, in a browser on any machine.
    DeviceCode,
}

/// A sign-in of a user: the endpoint, the way, and the prompt.
pub(in crate::cloud::credential) struct UserSignIn<'a> {
    pub(in crate::cloud::credential) endpoint: Endpoint<'a>,
    pub(in crate::cloud::credential) flow: Flow,
    pub(in crate::cloud::credential) person: &'a Person,
    pub(in crate::cloud::credential) prompt: &'a Prompt,
    /// User principal name of the expected account.
    pub(in crate::cloud::credential) account: Option<&'a str>,
}

impl UserSignIn<'_> {
    /// Can the user sign in here, first or again for `asks`?
    pub(super) fn may_ask(&self, asks: Option<&Demand>) -> Result<()> {
        let way = self.endpoint.way;
        let there = match (way, self.flow) {
            // A command with a stored sign-in opens no page unless it runs at a terminal.
            (Method::Login, _) => self.person.at_terminal,
            (_, Flow::Browser) => self.person.can_browse(),
            // The code can be typed on any machine, so a log with the message is enough.
            (_, Flow::DeviceCode) => true,
        };
        match asks {
            _ if there => Ok(()),
            None => Err(nobody(way)),
            Some(asks) => Err(unanswered(self, asks)),
        }
    }
}

/// The error if only the user can satisfy `asks`, and no user is present.
pub(in crate::cloud::credential) fn unanswered(
    user_sign_in: &UserSignIn<'_>,
    asks: &Demand,
) -> Error {
    let mut error = asks.error.clone();
    error.hints.clear();
    let tenant = match user_sign_in.endpoint.tenant {
        ANY_TENANT => String::new(),
        tenant => format!(" --tenant {}", quoted(tenant)),
    };
    let claims = asks.claims.as_ref().map_or_else(String::new, |claims| {
        format!(" --claims-challenge \"{}\"", STANDARD.encode(claims))
    });
    error
        .hint("Sign in again at a terminal:")
        .hint(format!("cmkctl auth login{tenant}{claims}"))
}

/// The error if no user is present to sign in.
pub(in crate::cloud::credential) fn nobody(method: Method) -> Error {
    // A stored sign-in is renewed only at a terminal, whatever `BROWSER` is.
    let lacks = match method {
        Method::Login => "There is no terminal.",
        Method::Environment
        | Method::Federated
        | Method::ManagedIdentity
        | Method::AzureCli
        | Method::AzureDeveloperCli
        | Method::AzurePowerShell
        | Method::Browser
        | Method::DeviceCode => "There is no terminal, and `BROWSER` is not set.",
    };
    Error::new(
        Kind::SignIn,
        format!(
            "Sign-in with `{}` is interactive and requires a user.",
            method.name()
        ),
    )
    .detail(lacks)
    .hint("At a terminal: `cmkctl auth login`.")
    .hint(IN_CI)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_only_where_it_would_help() {
        let lacks = |method| nobody(method).detail.unwrap();
        assert_eq!(lacks(Method::Login), "There is no terminal.");
        assert!(lacks(Method::Browser).contains("`BROWSER`"));
    }
}
