//! Codes of Key Vault and of managed HSMs.

use super::code::ServiceCode;
use crate::model::cause::Cause;
use crate::model::{source, who};

const VAULT: &str = "Azure Key Vault";
const VAULT_TOO: &str = "Azure Key Vault and other services";

pub(super) const CODES: &[ServiceCode] = &[
    ServiceCode {
        code: "ForbiddenByFirewall",
        service: VAULT,
        means: Some(Cause::Network),
        cause: "The vault's firewall blocks your address (403). The access of Power Platform \
            depends only on the bypass for trusted services.",
        fix: "Run cmkctl from an allowed network, or allow your address: `az keyvault network-rule \
            add --name VAULT --ip-address ADDRESS`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK018"),
        source: source::VAULT,
    },
    ServiceCode {
        code: "ForbiddenByRbac",
        service: VAULT,
        means: None,
        cause: "The vault uses Azure roles, and no role of your account allows this action (403). \
            This answer does not show whether the policy's identity can use the key.",
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
        cause: "The vault uses access policies, and no access policy allows this action for your \
            account (403). This answer does not show whether the policy's identity can use the \
            key.",
        fix: "az keyvault set-policy --name VAULT --object-id OBJECT_ID --key-permissions get list",
        who: who::KEY_VAULT,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "Forbidden",
        service: VAULT_TOO,
        means: None,
        cause: "The service refuses the request (403). For a vault, the reason is the firewall, a \
            missing role or a missing access policy. The inner error code names the reason.",
        fix: "Check your roles on the vault and the firewall of the vault. To show the firewall: \
            `az keyvault show --name VAULT --query properties.networkAcls`.",
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
        cause: "The vault has no key with this name or version. The name or version is mistyped, \
            or the key was deleted and can be recovered.",
        fix: "List deleted keys with `az keyvault key list-deleted --vault-name VAULT`. To recover \
            the key: `az keyvault key recover --vault-name VAULT --name KEY`.",
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
        fix: "Run cmkctl inside the vault's network, or ask for approval of your private endpoint. \
            To list the endpoints: `az keyvault show --name VAULT --query \
            properties.privateEndpointConnections`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK018"),
        source: source::VAULT,
    },
    ServiceCode {
        code: "Conflict",
        service: VAULT_TOO,
        means: Some(Cause::Conflict),
        cause: "Another change happened at the same time, or a deleted resource still uses the \
            name (409).",
        fix: "Wait a minute, then run the same command again.",
        who: who::CALLER,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "ConflictError",
        service: VAULT,
        means: Some(Cause::Conflict),
        cause: "Two clients changed the access policies of the vault at the same time (409). This \
            request changed nothing.",
        fix: "Wait a minute, then run the same command again.",
        who: who::CALLER,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "ObjectIsDeletedButRecoverable",
        service: VAULT,
        means: Some(Cause::Conflict),
        cause: "The vault still keeps a deleted key with this name, so the name is not available \
            (409).",
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
        cause: "The key version is disabled.",
        fix: "az keyvault key set-attributes --vault-name VAULT --name KEY --enabled true",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK016"),
        source: source::VAULT,
    },
    ServiceCode {
        code: "VaultAlreadyExists",
        service: VAULT,
        means: Some(Cause::State),
        cause: "The name of the vault is taken. Names of vaults must be unique in the whole cloud.",
        fix: "Choose another name. To check whether a name is available: `az keyvault check-name \
            --name VAULT`.",
        who: who::KEY_VAULT,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "AccessDenied",
        service: "Azure Managed HSM",
        means: None,
        cause: "Your account lacks a local role of the managed HSM on this scope (403).",
        fix: "az keyvault role assignment create --hsm-name HSM --role \"Managed HSM Crypto \
            Officer\" --assignee OBJECT_ID --scope /keys",
        who: who::KEY_VAULT,
        belongs_to: None,
        source: source::VAULT,
    },
];
