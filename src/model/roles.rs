//! Roles by their ids: the relevant operations of each, and how long a grant takes.

use crate::model::rights::{Operation, matches};
use jiff::SignedDuration;

/// Key Vault Crypto Service Encryption User. cmkctl gives it to a policy's identity on a vault.
pub const ENCRYPTION_USER: &str = "e147488a-f6f5-4113-8e2d-b22465e65bf6";
/// Managed HSM Crypto Service Encryption User, the local role for the same purpose.
pub const HSM_ENCRYPTION_USER: &str = "33413926-3206-4cdd-b39a-83574fe37a17";
/// Reader. cmkctl gives it on a policy.
pub const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

/// A built-in role, which cmkctl judges without reading its definition. It lists only the
/// operations that matter here: those of Key Vault, and those on an enterprise policy.
#[derive(Debug)]
pub struct BuiltIn {
    /// The GUID of its definition, lower case.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    actions: &'static [&'static str],
    data_actions: &'static [&'static str],
}

impl BuiltIn {
    /// Does it allow the operation?
    pub fn allows(&self, operation: Operation<'_>) -> bool {
        let (listed, name) = match operation {
            Operation::Control(name) => (self.actions, name),
            Operation::Data(name) => (self.data_actions, name),
        };
        listed.iter().any(|pattern| matches(pattern, name))
    }
}

/// The Azure role with this GUID, if it is in the table.
pub fn of_azure(id: &str) -> Option<&'static BuiltIn> {
    AZURE.iter().find(|role| role.id == id)
}

/// The local role of managed HSMs with this GUID, if it is in the table.
pub fn of_hsm(id: &str) -> Option<&'static BuiltIn> {
    HSM.iter().find(|role| role.id == id)
}

const READS_ALL: &[&str] = &["*/read"];
const NONE: &[&str] = &[];

const fn role(
    id: &'static str,
    name: &'static str,
    actions: &'static [&'static str],
    data_actions: &'static [&'static str],
) -> BuiltIn {
    BuiltIn {
        id,
        name,
        actions,
        data_actions,
    }
}

/// Microsoft Learn, *Azure built-in roles*, seen 2026-11. Contributor excepts writing of roles,
/// which cmkctl never checks here.
static AZURE: [BuiltIn; 20] = [
    role(
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "Owner",
        &["*"],
        NONE,
    ),
    role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        &["*"],
        NONE,
    ),
    role(READER, "Reader", READS_ALL, NONE),
    role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        READS_ALL,
        NONE,
    ),
    role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        READS_ALL,
        NONE,
    ),
    role(
        "8b54135c-b56d-4d72-a534-26097cfdc8d8",
        "Key Vault Data Access Administrator",
        &["Microsoft.KeyVault/vaults/*/read"],
        NONE,
    ),
    role(
        "36243c78-bf99-498c-9df9-86d9f8d28608",
        "Resource Policy Contributor",
        READS_ALL,
        NONE,
    ),
    role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        &["Microsoft.KeyVault/vaults/*/read"],
        &["Microsoft.KeyVault/vaults/*"],
    ),
    role(
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        "Key Vault Contributor",
        &["Microsoft.KeyVault/*"],
        NONE,
    ),
    role(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        &["Microsoft.KeyVault/vaults/*/read"],
        &[
            "Microsoft.KeyVault/vaults/*/read",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ],
    ),
    role(
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        "Key Vault Crypto Officer",
        &["Microsoft.KeyVault/vaults/*/read"],
        &[
            "Microsoft.KeyVault/vaults/keys/*",
            "Microsoft.KeyVault/vaults/keyrotationpolicies/*",
        ],
    ),
    role(
        "12338af0-0e69-4776-bea7-57ae8d297424",
        "Key Vault Crypto User",
        NONE,
        &[
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/update/action",
            "Microsoft.KeyVault/vaults/keys/backup/action",
            "Microsoft.KeyVault/vaults/keys/encrypt/action",
            "Microsoft.KeyVault/vaults/keys/decrypt/action",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
            "Microsoft.KeyVault/vaults/keys/sign/action",
            "Microsoft.KeyVault/vaults/keys/verify/action",
        ],
    ),
    role(
        ENCRYPTION_USER,
        "Key Vault Crypto Service Encryption User",
        NONE,
        &[
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
        ],
    ),
    role(
        "08bbd89e-9f13-488c-ac41-acfcb10c90ab",
        "Key Vault Crypto Service Release User",
        NONE,
        &["Microsoft.KeyVault/vaults/keys/release/action"],
    ),
    role(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        &["Microsoft.KeyVault/vaults/*/read"],
        &["Microsoft.KeyVault/vaults/secrets/*"],
    ),
    role(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        NONE,
        &[
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ],
    ),
    role(
        "a4417e6f-fecd-4de8-b567-7b0420556985",
        "Key Vault Certificates Officer",
        &["Microsoft.KeyVault/vaults/*/read"],
        &[
            "Microsoft.KeyVault/vaults/certificatecas/*",
            "Microsoft.KeyVault/vaults/certificates/*",
        ],
    ),
    role(
        "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba",
        "Key Vault Certificate User",
        NONE,
        &[
            "Microsoft.KeyVault/vaults/certificates/read",
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ],
    ),
    role(
        "a68e7c17-0ab2-4c09-9a58-125dae29748c",
        "Key Vault Purge Operator",
        NONE,
        NONE,
    ),
    role(
        "18500a29-7fe2-46b2-a342-b16a415e101d",
        "Managed HSM contributor",
        &["Microsoft.KeyVault/managedHSMs/*"],
        NONE,
    ),
];

const HSM_USES: &[&str] = &[
    "Microsoft.KeyVault/managedHsm/keys/read/action",
    "Microsoft.KeyVault/managedHsm/keys/wrap/action",
    "Microsoft.KeyVault/managedHsm/keys/unwrap/action",
];

/// Microsoft Learn, *Local RBAC built-in roles for Managed HSM*, seen 2026-11. Only reading,
/// wrapping and unwrapping are listed.
static HSM: [BuiltIn; 9] = [
    role(
        "21dbd100-6940-42c2-9190-5d6cb909625b",
        "Managed HSM Crypto User",
        NONE,
        HSM_USES,
    ),
    role(
        HSM_ENCRYPTION_USER,
        "Managed HSM Crypto Service Encryption User",
        NONE,
        HSM_USES,
    ),
    role(
        "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3",
        "Managed HSM Crypto Auditor",
        NONE,
        &["Microsoft.KeyVault/managedHsm/keys/read/action"],
    ),
    role(
        "a290e904-7015-4bba-90c8-60543313cdb4",
        "Managed HSM Administrator",
        NONE,
        NONE,
    ),
    role(
        "515eb02d-2335-4d2d-92f2-b1cbdf9c3778",
        "Managed HSM Crypto Officer",
        NONE,
        NONE,
    ),
    role(
        "4bd23610-cdcf-4971-bdee-bdc562cc28e4",
        "Managed HSM Policy Administrator",
        NONE,
        NONE,
    ),
    role(
        "7b127d3c-77bd-4e3e-bbe0-dbb8971fa7f8",
        "Managed HSM Backup",
        NONE,
        NONE,
    ),
    role(
        "6efe6056-5259-49d2-8b3d-d3d73544b20b",
        "Managed HSM Restore",
        NONE,
        NONE,
    ),
    role(
        "21dbd100-6940-42c2-9190-5d6cb909625c",
        "Managed HSM Crypto Service Release User",
        NONE,
        NONE,
    ),
];

/// Microsoft Entra roles that administer every environment of a tenant: Global, Power Platform and
/// Dynamics 365 Administrator.
pub const TENANT_WIDE: [&str; 3] = [
    "62e90394-69f5-4237-9190-012177145e10",
    "11648597-926c-4cf3-9c36-bcebb0ba8dcc",
    "44367163-eba1-44c3-98af-f5787879f96a",
];

/// The key permissions that an access policy must give, as a vault writes them.
pub const KEY_PERMISSIONS: [&str; 3] = ["get", "wrapkey", "unwrapkey"];
/// The longest time until a role assignment is effective everywhere. A link that starts earlier may
/// fail.
pub const ROLE_SETTLES: SignedDuration = SignedDuration::from_mins(5);
/// A data plane role at a management group may take "several hours" to become effective (Microsoft
/// Learn, *Troubleshoot Azure RBAC*). That eight hours are enough is inferred.
pub const INHERITED_ROLE_SETTLES: SignedDuration = SignedDuration::from_hours(8);
