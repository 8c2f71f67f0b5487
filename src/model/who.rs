//! Roles as people know them: who can do what a remedy asks for.

/// The two administrators who are kept apart on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Environments.
    PowerPlatform,
    /// Vault, key, policy, and what of Azure they need.
    KeyVault,
}

impl Side {
    /// Whose part it is what this role does. What both can do, or neither, is nobody's part.
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
/// Gives the encryption role on a vault; the least powerful first.
pub const GIVES_KEY_ROLE: &str = "Key Vault Data Access Administrator, Role Based Access Control \
    Administrator, User Access Administrator or Owner of the vault";
/// Gives any role; the least powerful first.
pub const ASSIGNS_ROLES: &str = "Role Based Access Control Administrator, User Access \
    Administrator or Owner of the subscription";
/// Registers providers.
pub const CONTRIBUTOR: &str = "Contributor or Owner of the subscription";
/// Removes locks and changes what Azure denies.
pub const OWNER: &str = "User Access Administrator or Owner of the subscription";
/// Works with Lifecycle Services.
pub const LCS: &str = "Lifecycle Services project owner";
/// Assigns Azure Policy and exempts from it.
pub const AZURE_POLICY: &str = "Resource Policy Contributor of the subscription";
/// Owns the flows.
pub const FLOWS: &str = "owners of the flows";
/// Decides what the network lets through.
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
pub const CALLER: &str = "you, who run the command";
