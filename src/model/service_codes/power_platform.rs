//! Codes of the Power Platform admin API, and its reasons for disallowed operations.

use super::code::ServiceCode;
use crate::model::cause::Cause;
use crate::model::{source, who};

const ADMIN_API: &str = "Power Platform admin API";
const REASON: &str = "Power Platform admin API, reason why an operation is not allowed";

pub(super) const CODES: &[ServiceCode] = &[
    ServiceCode {
        code: "OperationNotStartable",
        service: ADMIN_API,
        means: Some(Cause::Busy),
        cause: "Nothing was started, because another lifecycle operation is running on the \
            environment (409). Another administrator may have started that operation.",
        fix: "Find the operation (`cmkctl status ENVIRONMENT`), wait until it ends, then run the \
            same command again.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK023"),
        source: source::TERRAFORM,
    },
    ServiceCode {
        code: "InvalidLifecycleOperationRequest",
        service: ADMIN_API,
        means: Some(Cause::State),
        cause: "The environment does not allow the operation (400). \"because of the governance \
            configuration\" means that the environment is not a Managed Environment. \"of type\" \
            means that this type of environment is not supported.",
        fix: "`cmkctl add-environment ENVIRONMENT --dry-run` shows the reason. `--make-managed` \
            makes the environment a Managed Environment.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK006"),
        source: source::TERRAFORM,
    },
    ServiceCode {
        code: "EnvironmentAccess",
        service: ADMIN_API,
        means: Some(Cause::Role),
        cause: "Your account lacks a permission on the environment (403). The message names the \
            permission. For a key, it is usually `ManageProtectionKeys`.",
        fix: "Get the role Power Platform Administrator or Dynamics 365 Administrator, then sign \
            in again: `az login`.",
        who: "Privileged Role Administrator",
        belongs_to: Some("CMK021"),
        source: "published logs of calls to the Power Platform admin API (third party), 2026-05",
    },
    ServiceCode {
        code: "UserMissingRequiredPermission",
        service: ADMIN_API,
        means: Some(Cause::Role),
        cause: "Your account lacks a permission on the environment (403). Adding a key requires \
            `ManageProtectionKeys`.",
        fix: "Get the role Power Platform Administrator or Dynamics 365 Administrator, then sign \
            in again: `az login`.",
        who: "Privileged Role Administrator",
        belongs_to: Some("CMK021"),
        source: "published logs of calls to the Power Platform admin API (third party), 2026-05",
    },
    ServiceCode {
        code: "EnvironmentNotFound",
        service: ADMIN_API,
        means: Some(Cause::Gone),
        cause: "Your account can't find the environment (404). The id is wrong, the environment \
            belongs to another tenant, or your account lacks the administrator's role.",
        fix: "Check the id of the environment. To check your account and its tenant: `cmkctl auth \
            status`.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK020"),
        source: source::TERRAFORM,
    },
    ServiceCode {
        code: "OperationNotFound",
        service: ADMIN_API,
        means: Some(Cause::Gone),
        cause: "The service no longer knows the lifecycle operation (404). This answer means \
            neither success nor failure.",
        fix: "Check the environment's state: `cmkctl status ENVIRONMENT`.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK028"),
        source: "github.com/microsoft/terraform-provider-power-platform, 2026-08 (inferred: \
            the environment decides)",
    },
    ServiceCode {
        code: "InvalidApplicationId",
        service: ADMIN_API,
        means: Some(Cause::Request),
        cause: "The application is not registered as a management application (400). Or its object \
            id was passed instead of its client id.",
        fix: "New-PowerAppManagementApp -ApplicationId CLIENT_ID",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK022"),
        source: source::TERRAFORM,
    },
    ServiceCode {
        code: "EnterprisePolicyNotFound",
        service: ADMIN_API,
        means: Some(Cause::Role),
        cause: "The policy does not exist in the environment's geography, or your account can't \
            read it (404).",
        fix: "Check that the policy is in the environment's geography. Ask the Key Vault \
            administrator for the role Reader on the policy: `cmkctl create-policy --reader \
            OBJECT_ID`.",
        who: who::KEY_VAULT,
        belongs_to: Some("CMK019"),
        source: source::SCRIPTS,
    },
    ServiceCode {
        code: "CdsLink",
        service: REASON,
        means: Some(Cause::State),
        cause: "The environment has no Dataverse, or its Dataverse version is not supported.",
        fix: "Add Dataverse first. For finance and operations, run the integration setup in \
            Lifecycle Services.",
        who: who::LCS,
        belongs_to: Some("CMK003"),
        source: source::TERRAFORM,
    },
    ServiceCode {
        code: "EnvironmentCmkLinked",
        service: REASON,
        means: Some(Cause::State),
        cause: "The operation probably does not match the current state of the key. Changing or \
            removing a key requires a customer-managed key. Adding a first key requires an \
            environment without a customer-managed key.",
        fix: "Check whether a policy is linked: `cmkctl status ENVIRONMENT`.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK025"),
        source: "github.com/microsoft/terraform-provider-power-platform, 2026-08 (the meaning: \
            inferred)",
    },
    ServiceCode {
        code: "EnvironmentDisabled",
        service: REASON,
        means: Some(Cause::State),
        cause: "The environment is disabled. An administrator or another operation probably \
            disabled it, or it expired.",
        fix: "Enable the environment, or wait until the other operation has ended. Check the \
            current state: `cmkctl status ENVIRONMENT`.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK035"),
        source: "github.com/microsoft/terraform-provider-power-platform, 2026-08 (the meaning: \
            inferred)",
    },
    ServiceCode {
        code: "EnvironmentSkuType",
        service: REASON,
        means: Some(Cause::State),
        cause: "This operation is not possible for this type of environment. Trial, Teams and \
            Default environments can't have a customer-managed key.",
        fix: "Choose another environment.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK024"),
        source: source::TERRAFORM,
    },
    ServiceCode {
        code: "GovernanceConfig",
        service: REASON,
        means: Some(Cause::State),
        cause: "The operation does not match the governance of the environment. The environment \
            must be a Managed Environment first, or it already is a Managed Environment.",
        fix: "If the environment is not a Managed Environment yet: `cmkctl add-environment \
            ENVIRONMENT --policy POLICY_ID --make-managed`.",
        who: who::POWER_PLATFORM,
        belongs_to: Some("CMK006"),
        source: source::TERRAFORM,
    },
];
