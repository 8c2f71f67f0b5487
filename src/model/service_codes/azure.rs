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
        cause: "The policy has environments. A linked policy can't be updated, not even its tags.",
        fix: "Create a policy under another name: `cmkctl create-policy --policy NAME --vault \
            VAULT_ID --key KEY`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK026"),
        source: PROJECTS,
    },
    ServiceCode {
        code: "EnterprisePolicyDeleteNotAllowed",
        service: MANAGER,
        means: Some(Cause::State),
        cause: "The policy has environments, and a linked policy can't be deleted: they would \
            lose their key.",
        fix: "First remove or move the policy's environments. Each one goes offline for that.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK026"),
        source: PROJECTS,
    },
    ServiceCode {
        code: "RequestDisallowedByPolicy",
        service: MANAGER,
        means: Some(Cause::AzurePolicy),
        cause: "An Azure Policy denies the resource, often \"allowed locations\": a policy's \
            location is a Power Platform geography, not an Azure region.",
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
        cause: "The provider does not offer the policy's location. A location here is a Power \
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
        means: Some(Cause::State),
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
        means: Some(Cause::State),
        cause: "The provider is not registered, or doesn't know the API version or the location \
            that was asked for.",
        fix: "Register it with `az provider register --namespace Microsoft.PowerPlatform --wait`. \
            If it is registered, your cloud lacks the API version of this cmkctl. Report it.",
        who: who::CONTRIBUTOR,
        belongs_to: Some("CMK010"),
        source: source::ARM,
    },
    ServiceCode {
        code: "RequestDisallowedByAzure",
        service: MANAGER,
        means: Some(Cause::AzurePolicy),
        cause: "Azure itself does not let this subscription deploy in this region (403).",
        fix: "Take another region, or ask Microsoft support for access to this one.",
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
        cause: "There is no such resource group in the subscription.",
        fix: "az group create --name GROUP --location REGION",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK037"),
        source: source::ARM,
    },
    ServiceCode {
        code: "ResourceNotFound",
        service: MANAGER,
        means: Some(Cause::Gone),
        cause: "No resource has that id: the name or group is wrong, or the resource was deleted. \
            Recover a deleted vault while soft delete keeps it.",
        fix: "Check the id. For a vault, look at `az keyvault list-deleted`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK046"),
        source: source::ARM,
    },
    ServiceCode {
        code: "InvalidResourceType",
        service: MANAGER,
        means: Some(Cause::Request),
        cause: "The provider knows no such type of resource: the id was mistyped, or the cloud \
            doesn't offer it.",
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
        fix: "List the locks (`az lock list --resource-group GROUP --output table`), and remove \
            the lock during the change: `az lock delete --ids LOCK_ID`.",
        who: who::OWNER,
        belongs_to: Some("CMK044"),
        source: source::ARM,
    },
    ServiceCode {
        code: "InvalidAuthenticationToken",
        service: ANY,
        means: Some(Cause::SignIn),
        cause: "The token is not for this service, has expired, or is incomplete (401).",
        fix: "Sign in again (`az login`). If that does not help, check the section Tokens of \
            `cmkctl auth status`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "AuthenticationFailed",
        service: MANAGER,
        means: Some(Cause::SignIn),
        cause: "The request carried no token that the service accepts (401).",
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
        cause: "The token belongs to another tenant than the subscription (401).",
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
        fix: "Pass the cloud that you signed in to: `--cloud`. Check the settings: `cmkctl auth \
            status`.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "InputValidationError",
        service: MANAGER,
        means: Some(Cause::Request),
        cause: "The provider of enterprise policies refuses the request. The details name the \
            field.",
        fix: "Read the details, and compare location, vault and key: `cmkctl create-policy \
            --dry-run`.",
        who: who::CALLER,
        belongs_to: None,
        source: PROJECTS,
    },
    ServiceCode {
        code: "InvalidTemplateDeployment",
        service: MANAGER,
        means: Some(Cause::Request),
        cause: "A deployment is refused before it starts. The cause is in the details.",
        fix: "Read the details of the error: each has a code of its own.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "DeploymentFailed",
        service: MANAGER,
        means: Some(Cause::Request),
        cause: "A deployment failed. The cause is in the details.",
        fix: "Read the details of the error: each has a code of its own.",
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
        cause: "A resource of that name exists in another location, and a location can't be \
            changed.",
        fix: "Choose another name for the policy: `cmkctl create-policy --policy NAME`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK007"),
        source: source::ARM,
    },
    ServiceCode {
        code: "ReadOnlyDisabledSubscription",
        service: MANAGER,
        means: Some(Cause::State),
        cause: "The subscription is disabled, so that nothing in it can be changed.",
        fix: "Ask the account administrator of the subscription to reactivate it, or pass ids of \
            another one.",
        who: who::OWNER,
        belongs_to: Some("CMK037"),
        source: source::ARM,
    },
    ServiceCode {
        code: "InvalidApiVersionParameter",
        service: ANY,
        means: Some(Cause::Request),
        cause: "The service no longer knows the API version that this version of cmkctl asks for.",
        fix: "Update cmkctl.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "MissingApiVersionParameter",
        service: ANY,
        means: Some(Cause::Request),
        cause: "The request has no API version. A proxy may have changed it, or cmkctl is too old.",
        fix: "Update cmkctl. If the error stays, look for a proxy that changes addresses.",
        who: who::CALLER,
        belongs_to: None,
        source: source::ARM,
    },
    ServiceCode {
        code: "ParentResourceNotFound",
        service: MANAGER,
        means: Some(Cause::Gone),
        cause: "The parent resource does not exist.",
        fix: "Check the id. If the parent resource does not exist, create it first.",
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
