//! What a command needs to see.

/// What a command needs to see.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing to look at: the issue *Evidence as types* gives each command a \
              look of its own"
)]
pub struct Wants {
    /// The environment, its operations and its link.
    pub environment: bool,
    /// Go on when this caller may not see the environment.
    pub environment_optional: bool,
    /// Dataverse's word on the integration.
    pub integration: bool,
    /// The policy.
    pub policy: bool,
    /// When another policy is linked than was asked for, look at the linked one.
    pub linked_wins: bool,
    /// The provider of the policy's subscription.
    pub provider: bool,
    /// Vault, key and the grant on it.
    pub key: bool,
    /// Read the key from its data plane first; otherwise Resource Manager is asked first, which
    /// saves two round trips.
    pub data_plane: bool,
    /// Who may read the policy.
    pub readers: bool,
    /// The caller's rights, locks, Azure Policy and deleted names, in the half that is Azure's.
    pub rights: bool,
    /// The tenant's other environments.
    pub estate: bool,
    /// Whether vault or key are deleted and can be recovered, where the policy names them and they
    /// are not there.
    pub deleted: bool,
    /// Every version of the key.
    pub versions: bool,
    /// Who uses the key, and who left it not long ago: policies and histories of the tenant's
    /// environments.
    pub users: bool,
}
