//! Codes of Azure Resource Manager.

use super::code::ServiceCode;
use crate::model::cause::Cause;
use crate::model::{source, who};

const MANAGER: &str = "Azure Resource Manager";
/// Third-party notes, not Microsoft's own words.
const PROJECTS: &str = "troubleshooting notes of public projects that use enterprise policies \
    (third party), seen 2026-11";
const ANY: &str = "any service";

pub(super) const CODES: &[ServiceCode] = &[
    ServiceCode {
        code: "EnterprisePolicyUpdateNotAllowed",
        service: MANAGER,
        means: Some(Cause::State),
        cause: "The policy has linked environments. Azure does not accept changes to a linked \
            policy, not even to its tags.",
        fix: "Create another policy with a new name: `cmkctl create-policy --policy NAME --vault \
            VAULT_ID --key KEY`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK026"),
        source: PROJECTS,
    },
    ServiceCode {
        code: "EnterprisePolicyDeleteNotAllowed",
        service: MANAGER,
        means: Some(Cause::State),
        cause: "The policy has linked environments, so Azure does not delete the policy. The \
            environments would lose their key.",
        fix: "First remove the policy's environments, or move them to another policy. Each \
            environment goes offline during this change.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK026"),
        source: PROJECTS,
    },
    ServiceCode {
        code: "RequestDisallowedByPolicy",
        service: MANAGER,
        means: Some(Cause::AzurePolicy),
        cause: "An Azure Policy denies the resource. Often, the cause is \"allowed locations\", \
            because the location of an enterprise policy is a Power Platform geography, not an \
            Azure region.",
        fix: "Ask for an exemption: `az policy exemption create --name cmkctl \
            --policy-assignment ASSIGNMENT_ID --exemption-category Waiver --scope GROUP_ID`.",
        who: who::AZURE_POLICY,
        belongs_to: Some("CMK009"),
        source: source::ARM,
    },
    ServiceCode {
        code: "LocationNotAvailableForResourceType",
        service: MANAGER,
        means: Some(Cause::Request),
        cause: "The provider does not support the policy's location. A policy's location is a \
            Power Platform geography. Three geographies have a different name as a policy \
            location: `uk`, `brazil` and `uae`.",
        fix: "Leave out `--location` and pass the environment (`cmkctl create-policy \
            ENVIRONMENT`), or choose a supported location from this list: `az provider show \
            --namespace Microsoft.PowerPlatform --query \
            \"resourceTypes[?resourceType=='enterprisePolicies'].locations\"`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK008"),
        source: source::ARM,
    },
    ServiceCode {
        code: "MissingSubscriptionRegistration",
        service: MANAGER,
        means: Some(Cause::State),
        cause: "The provider of the resource is not registered in the subscription.",
        fix: "`cmkctl create-policy` registers the provider. To register it without cmkctl: `az \
            provider register --namespace Microsoft.PowerPlatform --wait`.",
        who: who::CONTRIBUTOR,
        belongs_to: Some("CMK010"),
        source: source::ARM,
    },
    ServiceCode {
        code: "NoRegisteredProviderFound",
        service: MANAGER,
        means: Some(Cause::State),
        cause: "The provider is not registered, or it does not support the requested API version \
            or location.",
        fix: "Register the provider with `az provider register --namespace Microsoft.PowerPlatform \
            --wait`. If the provider is registered, your cloud does not support the API version \
            that cmkctl uses. Report this problem to the cmkctl project.",
        who: who::CONTRIBUTOR,
        belongs_to: Some("CMK010"),
        source: source::ARM,
    },
    ServiceCode {
        code: "RequestDisallowedByAzure",
        service: MANAGER,
        means: Some(Cause::AzurePolicy),
        cause: "Azure does not allow this subscription to deploy resources in this region (403).",
        fix: "Choose another region, or ask Microsoft support for access to this region.",
        who: who::OWNER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "SubscriptionNotFound",
        service: MANAGER,
        means: Some(Cause::Gone),
        cause: "The subscription doesn't exist, belongs to another tenant, or your account has no \
            access to it.",
        fix: "az account list --all --output table",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK037"),
        source: source::ARM,
    },
    ServiceCode {
        code: "ResourceGroupNotFound",
        service: MANAGER,
        means: Some(Cause::Gone),
        cause: "The resource group does not exist in the subscription.",
        fix: "az group create --name GROUP --location REGION",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK037"),
        source: source::ARM,
    },
    ServiceCode {
        code: "ResourceNotFound",
        service: MANAGER,
        means: Some(Cause::Gone),
        cause: "The resource does not exist: the name or group is wrong, or the resource was \
            deleted. You can recover a deleted vault as long as soft delete keeps it.",
        fix: "Check the id. To list deleted vaults: `az keyvault list-deleted`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK046"),
        source: source::ARM,
    },
    ServiceCode {
        code: "InvalidResourceType",
        service: MANAGER,
        means: Some(Cause::Request),
        cause: "The provider does not support this type of resource. The id is mistyped, or the \
            cloud does not offer the type.",
        fix: "Check the id and the current cloud: `cmkctl auth status`.",
        who: who::CALLER,
        belongs_to: Some("CMK042"),
        source: source::ARM,
    },
    ServiceCode {
        code: "ScopeLocked",
        service: MANAGER,
        means: Some(Cause::State),
        cause: "A resource lock forbids the change or the deletion.",
        fix: "List the locks (`az lock list --resource-group GROUP --output table`). After the \
            change, create the lock again. To delete the lock before the change: `az lock delete \
            --ids LOCK_ID`.",
        who: who::OWNER,
        belongs_to: Some("CMK044"),
        source: source::ARM,
    },
    ServiceCode {
        code: "InvalidAuthenticationToken",
        service: ANY,
        means: Some(Cause::SignIn),
        cause: "The token is not for this service, has expired, or is incomplete (401).",
        fix: "Sign in again (`az login`). If that does not help, check the section Tokens in the \
            output of `cmkctl auth status`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "AuthenticationFailed",
        service: MANAGER,
        means: Some(Cause::SignIn),
        cause: "The request had no token that the service accepts (401).",
        fix: "Sign in again (`az login`), then check: `cmkctl auth status`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "TooManyRequests",
        service: ANY,
        means: Some(Cause::Service),
        cause: "Too many requests were sent for this account (429). cmkctl waits for the time that \
            the service names.",
        fix: "Wait a few minutes, then run the same command again.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "InvalidAuthenticationTokenTenant",
        service: MANAGER,
        means: Some(Cause::WrongTenant),
        cause: "The token and the subscription belong to different tenants (401).",
        fix: "az login --tenant TENANT_ID",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "InvalidAuthenticationTokenAudience",
        service: MANAGER,
        means: Some(Cause::WrongTenant),
        cause: "The token is for another service or another cloud (401).",
        fix: "Pass `--cloud` with the cloud that you signed in to. Check the settings: `cmkctl \
            auth status`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "InputValidationError",
        service: MANAGER,
        means: Some(Cause::Request),
        cause: "The provider of enterprise policies refuses the request. The error details name \
            the wrong field.",
        fix: "Find the wrong field in the error details. Then compare location, vault and key with \
            the plan: `cmkctl create-policy --dry-run`.",
        who: who::CALLER,
        belongs_to: None,
        source: PROJECTS,
    },
    ServiceCode {
        code: "InvalidTemplateDeployment",
        service: MANAGER,
        means: Some(Cause::Request),
        cause: "Azure Resource Manager refused a deployment before it started. The error details \
            contain the cause.",
        fix: "Read the error details. Each detail has its own code. To explain a code: `cmkctl \
            explain CODE`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "DeploymentFailed",
        service: MANAGER,
        means: Some(Cause::Request),
        cause: "A deployment failed. The error details contain the cause.",
        fix: "Read the error details. Each detail has its own code. To explain a code: `cmkctl \
            explain CODE`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "AmbiguousPolicyEvaluationPaths",
        service: MANAGER,
        means: Some(Cause::AzurePolicy),
        cause: "An Azure Policy reads a field of the resource that it can't evaluate in this \
            request.",
        fix: "Ask for an exemption for the type `Microsoft.PowerPlatform/enterprisePolicies`, or \
            update cmkctl.",
        who: who::AZURE_POLICY,
        belongs_to: Some("CMK009"),
        source: source::ARM,
    },
    ServiceCode {
        code: "InvalidResourceLocation",
        service: MANAGER,
        means: Some(Cause::State),
        cause: "A resource with this name exists in another location, and Azure can't change the \
            location of a resource.",
        fix: "Choose another name for the policy: `cmkctl create-policy --policy NAME`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK007"),
        source: source::ARM,
    },
    ServiceCode {
        code: "ReadOnlyDisabledSubscription",
        service: MANAGER,
        means: Some(Cause::State),
        cause: "The subscription is disabled, so you can't change any resource in it.",
        fix: "Ask the account administrator of the subscription to reactivate it, or use resources \
            in another subscription.",
        who: who::OWNER,
        belongs_to: Some("CMK037"),
        source: source::ARM,
    },
    ServiceCode {
        code: "InvalidApiVersionParameter",
        service: ANY,
        means: Some(Cause::Request),
        cause: "The service no longer supports the API version that this version of cmkctl uses.",
        fix: "Update cmkctl.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "MissingApiVersionParameter",
        service: ANY,
        means: Some(Cause::Request),
        cause: "The request has no API version. A proxy may have changed the request, or cmkctl is \
            too old.",
        fix: "Update cmkctl. If the error remains, check whether a proxy changes the URLs of \
            requests.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "ParentResourceNotFound",
        service: MANAGER,
        means: Some(Cause::Gone),
        cause: "The parent resource does not exist.",
        fix: "Check the id. If the id is correct, create the parent resource first.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK046"),
        source: source::ARM,
    },
    ServiceCode {
        code: "InsufficientClaims",
        service: ANY,
        means: Some(Cause::Claims),
        cause: "The service requires a sign-in that satisfies a Conditional Access policy (401).",
        fix: "Sign in again with the claims that the service asks for: `az login \
            --claims-challenge CLAIMS`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::CLAIMS,
    },
];
