//! Signs a user in through cmkctl itself, with a browser or a device code, once for all services.
//! The refresh token gives further tokens. Claims challenges lead to another sign-in.

mod browser;
mod device_code;
mod endpoint;
mod loopback;
mod opener;
mod page;
mod pkce;
mod signed_in;
mod user_sign_in;

pub(super) use endpoint::{ANY_TENANT, AZURE_CLI, Endpoint};
pub(super) use signed_in::{SignedIn, sign_in};
pub(super) use user_sign_in::{Flow, UserSignIn};
