//! What Resource Graph still shows as it was: its index follows a change only some time later.

use super::parts::Policy;
use super::vaults::Vault;
use jiff::{SignedDuration, Timestamp};

/// How long the index takes. Documented as near real time, seen to take from seconds to a minute
/// (inferred).
pub(super) const LAG: SignedDuration = SignedDuration::from_secs(30);

/// A state that is over, and is shown until the index has caught up.
#[derive(Debug)]
pub(in crate::sandbox) struct Earlier {
    pub(super) until: Timestamp,
    pub(super) what: Before,
}

/// How it was; `None` where nothing was there.
#[derive(Debug)]
pub(super) enum Before {
    /// By ARM id in lower case.
    Policy(String, Option<Box<Policy>>),
    /// By name.
    Vault(String, Option<Box<Vault>>),
}
