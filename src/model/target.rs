//! The desired state that the administrator asks for.

use crate::model::ids::ArmId;
use crate::model::key_ids::{KeyName, KeyVersion};
use crate::model::logs::Workspace;
use crate::model::new_key::NewKey;
use crate::model::rotation::RotationWish;

/// The parts of the desired state that the caller gave. A command reports a missing part itself.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each field is a flag that the caller typed. The issue *Evidence as types* plans a \
              separate type for each command"
)]
pub struct Target {
    /// The environment as typed: an id, a URL or a name.
    pub environment: Option<String>,
    /// The enterprise policy to create or to add to.
    pub policy: Option<ArmId>,
    /// Id of the vault or managed HSM.
    pub vault: Option<ArmId>,
    /// Name of the key.
    pub key: Option<KeyName>,
    /// Pin this version instead of following rotation.
    pub key_version: Option<KeyVersion>,
    /// The policy's geography; `None` takes it from the environment.
    pub location: Option<String>,
    /// Object ids of the principals that get Reader on the policy.
    pub readers: Vec<String>,
    /// Do not grant the policy's identity any right.
    pub no_grant: bool,
    /// Make the environment a Managed Environment if it is not one.
    pub make_managed: bool,
    /// Accept that the environment has no finance and operations.
    pub power_platform_only: bool,
    /// Move the environment from its linked policy to `policy`.
    pub swap: bool,
    /// The policy that the environment leaves, for a caller that can't see the environment.
    pub from: Option<ArmId>,
    /// Swap by one link to the new policy, without removing the old policy first.
    pub in_place: bool,
    /// An administrator who sees the vault has checked that the new policy's identity may use the
    /// old key.
    pub old_key_granted: bool,
    /// Retire the key even if its retention time is not over or not known.
    pub override_dates: bool,
    /// The caller has checked that no deleted environment needs the key, because no list shows
    /// deleted environments.
    pub deleted_checked: bool,
    /// The workspace whose logs must not show a later use of the key.
    pub evidence: Option<Workspace>,
    /// The tenant's limit of environments with a customer-managed key, if it is not the default.
    pub limit: Option<usize>,
    /// Create the key, and its vault, if they do not exist.
    pub new_key: Option<NewKey>,
    /// The desired rotation policy of the key.
    pub rotation: Option<RotationWish>,
    /// Rotate the key although its latest version is younger than a day.
    pub even_if_young: bool,
}
