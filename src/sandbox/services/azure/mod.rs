//! Azure: Resource Manager with its providers, and the data plane of Key Vault.

pub(super) mod arm;
mod authorization;
mod definitions;
mod deleted_vaults;
mod deployments;
mod errors;
mod inventory;
mod key_bundle;
mod keys;
pub(super) mod keyvault;
mod listing;
mod local_roles;
mod odata;
mod policies;
mod policy_operations;
mod scope;
mod shapes;
mod vaults;
mod versions;
