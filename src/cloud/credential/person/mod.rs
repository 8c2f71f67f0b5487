//! Sign-in of a person by cmkctl itself: in a browser or by a device code, once for all services.
//! Further tokens come from the refresh token, and claims that a service asks for are answered.

mod asking;
mod browser;
mod device_code;
mod endpoint;
mod loopback;
mod opener;
mod page;
mod pkce;
mod signed_in;

pub(super) use asking::{Asking, Flow};
pub(super) use endpoint::{ANY_TENANT, AZURE_CLI, Endpoint};
pub(super) use signed_in::{SignedIn, sign_in};
