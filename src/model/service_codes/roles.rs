//! Codes of role assignments, and of missing rights in Azure Resource Manager.

use super::code::ServiceCode;
use crate::model::cause::Cause;
use crate::model::{source, who};

const MANAGER: &str = "Azure Resource Manager";

pub(super) const CODES: &[ServiceCode] = &[
    ServiceCode {
        code: "PrincipalNotFound",
        service: MANAGER,
        means: Some(Cause::RoleNotEffective),
        cause: "Microsoft Entra doesn't know the object id: the identity of a new policy takes \
            seconds to minutes to appear, and an application id is not an object id.",
        fix: "Wait some minutes, then run the same command again. For a person, `az ad user show \
            --id NAME --query id` prints the object id.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK014"),
        source: source::ROLES,
    },
    ServiceCode {
        code: "RoleAssignmentExists",
        service: MANAGER,
        means: Some(Cause::Conflict),
        cause: "The same role on the same scope was given before, under another name (409).",
        fix: "No action is required. The role is already assigned.",
        who: who::ASSIGNS_ROLES,
        belongs_to: None,
        source: source::ROLES,
    },
    ServiceCode {
        code: "RoleAssignmentUpdateNotPermitted",
        service: MANAGER,
        means: Some(Cause::State),
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
        means: Some(Cause::Request),
        cause: "The role is not known in this subscription or cloud.",
        fix: "Check that the role \
            exists: `az role definition list --name \"Key Vault Crypto Service \
            Encryption User\"`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK012"),
        source: source::ROLES,
    },
    ServiceCode {
        code: "AuthorizationFailed",
        service: MANAGER,
        means: None,
        cause: "Your account lacks the right for this action on this scope, or it was given \
            minutes ago and is not effective yet (403).",
        fix: "Ask for the permission that the message names. If it is new, wait 5 minutes and sign \
            in again: `az login`.",
        who: who::ASSIGNS_ROLES,
        belongs_to: Some("CMK045"),
        source: source::ROLES,
    },
    ServiceCode {
        code: "DenyAssignmentAuthorizationFailed",
        service: MANAGER,
        means: Some(Cause::AzurePolicy),
        cause: "A deny assignment forbids the change, whatever roles the account has (403). \
            Blueprints, managed applications and deployment stacks create deny assignments.",
        fix: "In the Azure portal, open the scope's Access control (IAM), Deny assignments. A deny \
            assignment can exclude your account.",
        who: who::OWNER,
        belongs_to: None,
        source: source::ROLES,
    },
    ServiceCode {
        code: "LinkedAuthorizationFailed",
        service: MANAGER,
        means: Some(Cause::Role),
        cause: "Your account has the role on this resource, but not on a resource that it \
            references, such as the vault.",
        fix: "Get the role on the referenced resource that the message names, or pass an id of the \
            right subscription.",
        who: who::ASSIGNS_ROLES,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "RoleAssignmentLimitExceeded",
        service: MANAGER,
        means: Some(Cause::Quota),
        cause: "The subscription has as many role assignments as it may have (4,000).",
        fix: "Delete unused role assignments: `az role assignment list --all --output table`.",
        who: who::ASSIGNS_ROLES,
        belongs_to: None,
        source: source::ROLES,
    },
    ServiceCode {
        code: "UnmatchedPrincipalType",
        service: MANAGER,
        means: Some(Cause::Request),
        cause: "The object id belongs to another kind of principal than the request says, such as \
            a group in place of a user.",
        fix: "Find the user of the object id in the message: `az ad user show --id OBJECT_ID \
            --query userPrincipalName`. Then pass the object id of the right principal.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ROLES,
    },
];
