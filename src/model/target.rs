//! What the administrator asked for.

use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::new_key::NewKey;
use crate::model::rotation::RotationWish;

/// The wanted state, as far as it was said. Commands that need a part say so themselves.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that was typed: the issue *Evidence as types* gives each command a \
              look of its own"
)]
pub struct Target {
    /// What was typed for the environment: an id, a URL or a name.
    pub environment: Option<String>,
    /// The enterprise policy to create or to add to.
    pub policy: Option<ArmId>,
    /// The key vault or managed HSM.
    pub vault: Option<ArmId>,
    /// The key in it.
    pub key: Option<KeyName>,
    /// Pin this version instead of following rotation.
    pub key_version: Option<KeyVersion>,
    /// The policy's geography; from the environment when absent.
    pub location: Option<String>,
    /// Object ids that get Reader on the policy.
    pub readers: Vec<String>,
    /// Leave the grants of the policy's identity alone.
    pub no_grant: bool,
    /// Make the environment a Managed Environment if it is not one.
    pub make_managed: bool,
    /// The environment has no finance and operations and is meant to stay so.
    pub power_platform_only: bool,
    /// The environment is to move from the policy that is linked now to this one.
    pub swap: bool,
    /// The policy that it moves from, for whoever can't see the environment.
    pub from: Option<ArmId>,
    /// Swap by one link over the old policy.
    pub in_place: bool,
    /// Somebody who sees the vault has checked that the new policy's identity may use the old key.
    pub old_key_granted: bool,
    /// Retire the key although the days for which it must be kept are not over, or can't be told.
    pub override_dates: bool,
    /// Somebody has checked that no deleted environment needs the key: none is in any list.
    pub deleted_checked: bool,
    /// Environments with a customer-managed key that the tenant may have, where it is not the
    /// default.
    pub limit: Option<usize>,
    /// The key shall be made where it is not there, and its vault.
    pub new_key: Option<NewKey>,
    /// The rotation policy that the key shall have.
    pub rotation: Option<RotationWish>,
    /// Rotate the key although its latest version is younger than a day.
    pub again: bool,
}
