//! Codes of Key Vault and of managed HSMs.

use super::code::ServiceCode;
use crate::model::cause::Cause;
use crate::model::{source, who};

const VAULT: &str = "Azure Key Vault";
const VAULT_TOO: &str = "Azure Key Vault, and others";

pub(super) const CODES: &[ServiceCode] = &[
    ServiceCode {
        code: "ForbiddenByFirewall",
        service: VAULT,
        means: Some(Cause::Network),
        cause: "The vault's firewall refuses your address (403). Whether Power Platform passes \
            depends on the bypass for trusted services alone.",
        fix: "Ask from an allowed network, or allow your address: `az keyvault network-rule add \
            --name VAULT --ip-address ADDRESS`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK018"),
        source: source::VAULT,
    },
    ServiceCode {
        code: "ForbiddenByRbac",
        service: VAULT,
        means: None,
        cause: "The vault goes by roles, and your account has none that allows this (403). \
            Whether the policy's identity may use the key is another question.",
        fix: "az role assignment create --assignee OBJECT_ID --role \"Key Vault Reader\" --scope \
            VAULT_ID",
        who: who::KEY_VAULT,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "ForbiddenByPolicy",
        service: VAULT,
        means: None,
        cause: "The vault goes by access policies, and none allows this to your account (403). \
            Whether the policy's identity may use the key is another question.",
        fix: "az keyvault set-policy --name VAULT --object-id OBJECT_ID --key-permissions get list",
        who: who::KEY_VAULT,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "Forbidden",
        service: VAULT_TOO,
        means: None,
        cause: "The service refuses the request (403). At a vault the reason is its firewall, a \
            missing role or a missing access policy. An inner code tells which.",
        fix: "Check the roles at the vault and its firewall. This shows the firewall: `az keyvault \
            show --name VAULT --query properties.networkAcls`.",
        who: who::KEY_VAULT,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "Unauthorized",
        service: VAULT_TOO,
        means: Some(Cause::SignIn),
        cause: "The token is missing, has expired, or is for another service or tenant (401).",
        fix: "Sign in to the tenant of the vault or environment: `az login --tenant TENANT_ID`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "KeyNotFound",
        service: VAULT,
        means: Some(Cause::Gone),
        cause: "The vault has no key of that name or version: mistyped, or deleted and kept for \
            recovery.",
        fix: "Look and recover: `az keyvault key list-deleted --vault-name VAULT`, `az keyvault \
            key recover --vault-name VAULT --name KEY`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK046"),
        source: source::VAULT,
    },
    ServiceCode {
        code: "ForbiddenByConnection",
        service: VAULT,
        means: Some(Cause::Network),
        cause: "The vault is closed to public networks, and the request did not come through an \
            approved private endpoint.",
        fix: "Run cmkctl inside the vault's network, or have a private endpoint approved: `az \
            keyvault show --name VAULT --query properties.privateEndpointConnections`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK018"),
        source: source::VAULT,
    },
    ServiceCode {
        code: "Conflict",
        service: VAULT_TOO,
        means: Some(Cause::Conflict),
        cause: "Two changes met, or something deleted still holds the name (409).",
        fix: "Wait a minute, then run the same command again.",
        who: who::CALLER,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "ConflictError",
        service: VAULT,
        means: Some(Cause::Conflict),
        cause: "Two clients changed the access policies of the vault at the same time (409). \
            Nothing was changed by this one.",
        fix: "Wait a minute, then run the same command again.",
        who: who::CALLER,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "ObjectIsDeletedButRecoverable",
        service: VAULT,
        means: Some(Cause::Conflict),
        cause: "A deleted key of that name is kept, and holds the name (409).",
        fix: "az keyvault key recover --vault-name VAULT --name KEY",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK046"),
        source: source::VAULT,
    },
    ServiceCode {
        code: "ObjectIsBeingRecovered",
        service: VAULT,
        means: Some(Cause::Conflict),
        cause: "The key is being recovered and can't be used yet (409).",
        fix: "Wait a minute, then run the same command again.",
        who: who::CALLER,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "KeyDisabled",
        service: VAULT,
        means: Some(Cause::State),
        cause: "The version of the key is disabled.",
        fix: "az keyvault key set-attributes --vault-name VAULT --name KEY --enabled true",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK016"),
        source: source::VAULT,
    },
    ServiceCode {
        code: "VaultAlreadyExists",
        service: VAULT,
        means: Some(Cause::State),
        cause: "The name of the vault is taken. Names of vaults are unique in the whole cloud.",
        fix: "Choose another name: `az keyvault check-name --name VAULT`.",
        who: who::KEY_VAULT,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "AccessDenied",
        service: "Azure Managed HSM",
        means: None,
        cause: "Your account lacks a local role of the managed HSM at this scope (403).",
        fix: "az keyvault role assignment create --hsm-name HSM --role \"Managed HSM Crypto \
            Officer\" --assignee OBJECT_ID --scope /keys",
        who: who::KEY_VAULT,
        belongs_to: None,
        source: source::VAULT,
    },
];
