//! Codes of Azure Resource Manager, of role assignments and of Key Vault.

use super::code::ServiceCode;
use crate::model::{source, who};

const MANAGER: &str = "Azure Resource Manager";
/// Not Microsoft's own words.
const PROJECTS: &str = "troubleshooting notes of public projects that use enterprise policies \
    (third party), seen 2026-11";
const VAULT: &str = "Azure Key Vault";
const VAULT_TOO: &str = "Azure Key Vault, and others";
const ANY: &str = "any service";

pub(super) const CODES: &[ServiceCode] = &[
    ServiceCode {
        code: "EnterprisePolicyUpdateNotAllowed",
        service: MANAGER,
        cause: "The policy has environments, and a linked policy refuses every update, even of a \
            tag.",
        fix: "Create a policy under another name: `cmkctl create-policy --policy NAME --vault \
            VAULT_ID --key KEY`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK026"),
        source: PROJECTS,
    },
    ServiceCode {
        code: "EnterprisePolicyDeleteNotAllowed",
        service: MANAGER,
        cause: "The policy has environments, and a linked policy can't be deleted: they would \
            lose their key.",
        fix: "Remove or move its environments first; each takes an outage of its own.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK026"),
        source: PROJECTS,
    },
    ServiceCode {
        code: "PrincipalNotFound",
        service: MANAGER,
        cause: "Microsoft Entra doesn't know the object id: the identity of a new policy takes \
            seconds to minutes to appear, and an application id is not an object id.",
        fix: "Wait some minutes and run the same command again; for a person: `az ad user show \
            --id NAME --query id`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK014"),
        source: source::ROLES,
    },
    ServiceCode {
        code: "RoleAssignmentExists",
        service: MANAGER,
        cause: "The same role on the same scope was given before, under another name (409).",
        fix: "There is nothing to do: it is as wanted.",
        who: who::ASSIGNS_ROLES,
        belongs_to: None,
        source: source::ROLES,
    },
    ServiceCode {
        code: "RoleAssignmentUpdateNotPermitted",
        service: MANAGER,
        cause: "An assignment of that name has another tenant, principal, role or scope, and \
            these can't be changed.",
        fix: "See what is assigned, and delete what is wrong: `az role assignment list --scope \
            SCOPE_ID --output table`.",
        who: who::ASSIGNS_ROLES,
        belongs_to: None,
        source: source::ROLES,
    },
    ServiceCode {
        code: "RoleDefinitionDoesNotExist",
        service: MANAGER,
        cause: "The role is not known in this subscription or cloud.",
        fix: "See whether it is there: `az role definition list --name \"Key Vault Crypto Service \
            Encryption User\"`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK012"),
        source: source::ROLES,
    },
    ServiceCode {
        code: "AuthorizationFailed",
        service: MANAGER,
        cause: "Your account lacks the right for this action on this scope, or it was given \
            minutes ago and is not effective yet (403).",
        fix: "Ask for the right that the text names; if it is new, wait 5 minutes and sign in \
            again: `az login`.",
        who: who::ASSIGNS_ROLES,
        belongs_to: Some("CMK045"),
        source: source::ROLES,
    },
    ServiceCode {
        code: "RequestDisallowedByPolicy",
        service: MANAGER,
        cause: "An Azure Policy denies the resource, often \"allowed locations\": a policy's \
            location is a Power Platform geography, not an Azure region.",
        fix: "Ask for an exemption for the type `Microsoft.PowerPlatform/enterprisePolicies`: `az \
            policy exemption create --name NAME --policy-assignment ASSIGNMENT_ID \
            --exemption-category Waiver --scope GROUP_ID`.",
        who: who::AZURE_POLICY,
        belongs_to: Some("CMK009"),
        source: source::ARM,
    },
    ServiceCode {
        code: "LocationNotAvailableForResourceType",
        service: MANAGER,
        cause: "The policy's location is not one of the provider's: a location here is a Power \
            Platform geography, and three have another name (`uk`, `brazil`, `uae`).",
        fix: "Leave out `--location` and pass the environment (`cmkctl create-policy \
            ENVIRONMENT`), or take one of `az provider show --namespace Microsoft.PowerPlatform \
            --query \"resourceTypes[?resourceType=='enterprisePolicies'].locations\"`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK008"),
        source: source::ARM,
    },
    ServiceCode {
        code: "MissingSubscriptionRegistration",
        service: MANAGER,
        cause: "The subscription doesn't know the provider of the resource.",
        fix: "`cmkctl create-policy` registers it, or: `az provider register --namespace \
            Microsoft.PowerPlatform --wait`.",
        who: who::CONTRIBUTOR,
        belongs_to: Some("CMK010"),
        source: source::ARM,
    },
    ServiceCode {
        code: "NoRegisteredProviderFound",
        service: MANAGER,
        cause: "The provider is not registered, or doesn't know the API version or the location \
            that was asked for.",
        fix: "Register it (`az provider register --namespace Microsoft.PowerPlatform --wait`); if \
            it is registered, this version of `cmkctl` asks for an API version that your cloud \
            lacks: report it.",
        who: who::CONTRIBUTOR,
        belongs_to: Some("CMK010"),
        source: source::ARM,
    },
    ServiceCode {
        code: "SubscriptionNotFound",
        service: MANAGER,
        cause: "The subscription doesn't exist, or your account is not of its tenant or sees \
            nothing in it.",
        fix: "az account list --all --output table",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK037"),
        source: source::ARM,
    },
    ServiceCode {
        code: "ResourceGroupNotFound",
        service: MANAGER,
        cause: "There is no such resource group in the subscription.",
        fix: "az group create --name GROUP --location REGION",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK037"),
        source: source::ARM,
    },
    ServiceCode {
        code: "ResourceNotFound",
        service: MANAGER,
        cause: "There is no resource of that id: a wrong name, another group, or deleted. A \
            deleted vault is kept for some time and must be recovered.",
        fix: "Check the id; for a vault look at `az keyvault list-deleted`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK046"),
        source: source::ARM,
    },
    ServiceCode {
        code: "InvalidResourceType",
        service: MANAGER,
        cause: "The provider knows no such type of resource: the id was mistyped, or the cloud \
            doesn't offer it.",
        fix: "Check the id, and the cloud that is asked: `cmkctl auth status`.",
        who: who::CALLER,
        belongs_to: Some("CMK042"),
        source: source::ARM,
    },
    ServiceCode {
        code: "ScopeLocked",
        service: MANAGER,
        cause: "A resource lock forbids the change or the deletion.",
        fix: "See it (`az lock list --resource-group GROUP --output table`), and remove it for \
            the time of the change: `az lock delete --ids LOCK_ID`.",
        who: who::OWNER,
        belongs_to: Some("CMK044"),
        source: source::ARM,
    },
    ServiceCode {
        code: "InvalidAuthenticationToken",
        service: ANY,
        cause: "The token is not for this service, has expired, or was cut (401).",
        fix: "Sign in again (`az login`); if it stays, check the cloud's audiences: `cmkctl auth \
            status`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "AuthenticationFailed",
        service: MANAGER,
        cause: "The request carried no token that the service accepts (401).",
        fix: "Sign in again (`az login`), then look: `cmkctl auth status`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "TooManyRequests",
        service: ANY,
        cause: "Too many requests were sent for this account (429); the service says how long to \
            wait, and `cmkctl` does.",
        fix: "Wait a few minutes, then run the same command again.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "ForbiddenByFirewall",
        service: VAULT,
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
        cause: "The service refuses the request (403). At a vault: its firewall, a missing role \
            or a missing access policy; an inner code tells which.",
        fix: "Ask the Key Vault administrator to check roles and firewall: `az keyvault show \
            --name VAULT --query properties.networkAcls`.",
        who: who::KEY_VAULT,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "Unauthorized",
        service: VAULT_TOO,
        cause: "The token is missing, has expired, or is for another service or tenant (401).",
        fix: "Sign in to the tenant of the vault or environment: `az login --tenant TENANT_ID`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::VAULT,
    },
    ServiceCode {
        code: "KeyNotFound",
        service: VAULT,
        cause: "The vault has no key of that name or version: mistyped, or deleted and kept for \
            recovery.",
        fix: "Look and recover: `az keyvault key list-deleted --vault-name VAULT`, `az keyvault \
            key recover --vault-name VAULT --name KEY`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK046"),
        source: source::VAULT,
    },
];
