//! Earlier states of resources. Resource Graph's index shows them for some time after a change.

use super::parts::Policy;
use super::vaults::Vault;
use jiff::{SignedDuration, Timestamp};

/// The delay of the index. It is documented as near real time, and was seen to be seconds to a
/// minute (inferred).
pub(super) const LAG: SignedDuration = SignedDuration::from_secs(30);

/// An earlier state that the index still shows.
#[derive(Debug)]
pub(crate) struct Earlier {
    pub(super) until: Timestamp,
    pub(super) what: Before,
}

/// The earlier state; `None` if the resource did not exist.
#[derive(Debug)]
pub(super) enum Before {
    /// By ARM id in lower case.
    Policy(String, Option<Box<Policy>>),
    /// By name.
    Vault(String, Option<Box<Vault>>),
}
