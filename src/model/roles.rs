//! Roles and permissions by their ids: what the identity of a policy needs, and what lets somebody
//! see.

use jiff::SignedDuration;

/// Key Vault Crypto Service Encryption User: lets a policy's identity use the keys of a vault.
pub const ENCRYPTION_USER: &str = "e147488a-f6f5-4113-8e2d-b22465e65bf6";
/// Managed HSM Crypto Service Encryption User: the local role of the same purpose.
pub const HSM_ENCRYPTION_USER: &str = "33413926-3206-4cdd-b39a-83574fe37a17";
/// Reader.
pub const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
/// Contributor.
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
/// Owner.
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

/// Each may use the key.
pub const KEY_ROLES: [&str; 2] = [ENCRYPTION_USER, HSM_ENCRYPTION_USER];
/// Each may read the policy.
pub const READ_ROLES: [&str; 3] = [READER, CONTRIBUTOR, OWNER];
/// Roles of Microsoft Entra that administer every environment of a tenant: Global, Power Platform
/// and Dynamics 365 Administrator.
pub const TENANT_WIDE: [&str; 3] = [
    "62e90394-69f5-4237-9190-012177145e10",
    "11648597-926c-4cf3-9c36-bcebb0ba8dcc",
    "44367163-eba1-44c3-98af-f5787879f96a",
];

/// What an access policy must give for the key, as a vault writes it.
pub const KEY_PERMISSIONS: [&str; 3] = ["get", "wrapkey", "unwrapkey"];
/// A role assignment may take this long to be effective everywhere; a link that is sent earlier may
/// fail at the service.
pub const ROLE_SETTLES: SignedDuration = SignedDuration::from_mins(5);
