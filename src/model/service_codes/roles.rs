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
        cause: "Microsoft Entra can't find the object id. The identity of a new policy takes \
            seconds to minutes to appear. An application id is not an object id.",
        fix: "Wait a few minutes, then run the same command again. To find the object id of a \
            person: `az ad user show --id NAME --query id`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK014"),
        source: source::ROLES,
    },
    ServiceCode {
        code: "RoleAssignmentExists",
        service: MANAGER,
        means: Some(Cause::Conflict),
        cause: "The principal already has this role on this scope, by an assignment with another \
            name (409).",
        fix: "No action is required. The role is already assigned.",
        who: who::ASSIGNS_ROLES,
        belongs_to: None,
        source: source::ROLES,
    },
    ServiceCode {
        code: "RoleAssignmentUpdateNotPermitted",
        service: MANAGER,
        means: Some(Cause::State),
        cause: "A role assignment with this name exists, with another tenant, principal, role or \
            scope. Azure can't change these values.",
        fix: "List the role assignments, and delete the wrong assignment: `az role assignment list \
            --scope SCOPE_ID --output table`.",
        who: who::ASSIGNS_ROLES,
        belongs_to: None,
        source: source::ROLES,
    },
    ServiceCode {
        code: "RoleDefinitionDoesNotExist",
        service: MANAGER,
        means: Some(Cause::Request),
        cause: "The role does not exist in this subscription or cloud.",
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
        cause: "Your account lacks the permission for this action on this scope (403). Or the \
            permission is only minutes old and not effective yet.",
        fix: "Ask for the permission that the message names. If you got the permission recently, \
            wait 5 minutes, then sign in again: `az login`.",
        who: who::ASSIGNS_ROLES,
        belongs_to: Some("CMK045"),
        source: source::ROLES,
    },
    ServiceCode {
        code: "DenyAssignmentAuthorizationFailed",
        service: MANAGER,
        means: Some(Cause::AzurePolicy),
        cause: "A deny assignment blocks the change, even if your account has the required role \
            (403). Blueprints, managed applications and deployment stacks create deny assignments.",
        fix: "In the Azure portal, open Access control (IAM), Deny assignments of the scope. Ask \
            the owner of the managed application or deployment stack to exclude your account.",
        who: who::OWNER,
        belongs_to: None,
        source: source::ROLES,
    },
    ServiceCode {
        code: "LinkedAuthorizationFailed",
        service: MANAGER,
        means: Some(Cause::Role),
        cause: "Your account has the role on this resource, but not on another resource that the \
            request references, such as the vault.",
        fix: "Get the role on the referenced resource that the message names, or pass an id from \
            the correct subscription.",
        who: who::ASSIGNS_ROLES,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "RoleAssignmentLimitExceeded",
        service: MANAGER,
        means: Some(Cause::Quota),
        cause: "The subscription has reached the limit of 4,000 role assignments.",
        fix: "Delete unused role assignments: `az role assignment list --all --output table`.",
        who: who::ASSIGNS_ROLES,
        belongs_to: None,
        source: source::ROLES,
    },
    ServiceCode {
        code: "UnmatchedPrincipalType",
        service: MANAGER,
        means: Some(Cause::Request),
        cause: "The object id belongs to a different type of principal than the request says, such \
            as a group instead of a user.",
        fix: "Pass the object id of the correct principal. To check whether the object id in the \
            message belongs to a user: `az ad user show --id OBJECT_ID --query userPrincipalName`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ROLES,
    },
];
