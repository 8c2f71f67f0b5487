//! The roles that can apply a remedy, by the names that people know.

/// The two administrators, usually separate people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Administers environments.
    PowerPlatform,
    /// Administers vault, key and policy, and the Azure resources for them.
    KeyVault,
}

impl Side {
    /// Which administrator this role belongs to; `None` if both or neither can act.
    pub fn of(who: &str) -> Option<Self> {
        match who {
            POWER_PLATFORM | LCS => Some(Side::PowerPlatform),
            KEY_VAULT | GIVES_KEY_ROLE | ASSIGNS_ROLES | CONTRIBUTOR | OWNER | AZURE_POLICY => {
                Some(Side::KeyVault)
            }
            _ => None,
        }
    }
}

/// Administers environments.
pub const POWER_PLATFORM: &str = "Power Platform Administrator";
/// Administers the vault and the policy's subscription.
pub const KEY_VAULT: &str = "Key Vault administrator";
/// Assigns the encryption role on a vault. The least privileged role comes first.
pub const GIVES_KEY_ROLE: &str = "Key Vault Data Access Administrator, Role Based Access Control \
    Administrator, User Access Administrator or Owner of the vault";
/// Assigns any role. The least privileged role comes first.
pub const ASSIGNS_ROLES: &str = "Role Based Access Control Administrator, User Access \
    Administrator or Owner of the subscription";
/// Registers resource providers.
pub const CONTRIBUTOR: &str = "Contributor or Owner of the subscription";
/// Removes locks and changes what Azure denies.
pub const OWNER: &str = "User Access Administrator or Owner of the subscription";
/// Works with Lifecycle Services.
pub const LCS: &str = "Power Platform administrator, or the Lifecycle Services project owner";
/// Assigns Azure Policy and exempts from it.
pub const AZURE_POLICY: &str = "Resource Policy Contributor of the subscription";
/// Owns the flows.
pub const FLOWS: &str = "owners of the flows";
/// Administers the network.
pub const NETWORK: &str = "network administrator";
/// Buys and assigns licences.
pub const LICENCES: &str = "Microsoft 365 licence administrator";
/// Administers the finance and operations apps.
pub const APPS: &str = "finance and operations system administrator";
/// Administers applications in Entra.
pub const ENTRA: &str = "application owner in Microsoft Entra";
/// Administers Conditional Access.
pub const CONDITIONAL_ACCESS: &str = "Conditional Access administrator";
/// Runs the command.
pub const CALLER: &str = "you, the person who runs the command";
