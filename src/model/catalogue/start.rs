//! CMK001 to CMK024: what blocks the start of an encryption.

use super::entry::Entry;
use crate::model::finding::Severity::{Block, Warn};
use crate::model::{source, who};

pub(super) const START: [Entry; 24] = [
    Entry {
        code: "CMK001",
        severity: Block,
        title: "Finance and operations not integrated",
        cause: "The environment is not, or not completely, integrated with Power Platform. The key \
            covers finance and operations data only through that integration. Without it, the \
            data stays on the Microsoft key.",
        fix: "In Lifecycle Services, open the environment and run or resume the Power Platform \
            integration setup. Then check again: `cmkctl check-integration ENVIRONMENT`.",
        who: who::LCS,
        source: source::ARTICLE,
    },
    Entry {
        code: "CMK002",
        severity: Block,
        title: "Environment is ambiguous",
        cause: "The name matches several environments, or Power Platform and Dataverse show \
            different finance and operations environments. cmkctl could encrypt the wrong one.",
        fix: "Pass the environment's id, which `cmkctl environment-name ENVIRONMENT` prints. If \
            both sides differ, ask Microsoft support.",
        who: who::POWER_PLATFORM,
        source: source::ARTICLE,
    },
    Entry {
        code: "CMK003",
        severity: Block,
        title: "Initial environment without Dataverse",
        cause: "Lifecycle Services makes an initial Power Platform environment that shows the \
            finance and operations URL but has no Dataverse. It looks integrated, but it is not.",
        fix: "In Lifecycle Services, open the environment and run the Power Platform integration \
            setup.",
        who: who::LCS,
        source: source::INTEGRATION,
    },
    Entry {
        code: "CMK004",
        severity: Block,
        title: "Cloud-hosted environment",
        cause: "A cloud-hosted (one-box) environment runs in the customer's own subscription. \
            Customer-managed keys of Power Platform don't apply to it.",
        fix: "Choose an environment that Microsoft hosts. This one can't have a customer-managed \
            key.",
        who: who::POWER_PLATFORM,
        source: source::ARTICLE,
    },
    Entry {
        code: "CMK005",
        severity: Block,
        title: "Key before the integration",
        cause: "The environment has no finance and operations apps yet. Microsoft does not support \
            adding a key before the integration.",
        fix: "Integrate it first. If it has no finance and operations apps: `cmkctl \
            add-environment ENVIRONMENT --policy POLICY_ID --power-platform-only`.",
        who: who::LCS,
        source: source::ARTICLE,
    },
    Entry {
        code: "CMK006",
        severity: Block,
        title: "Not a Managed Environment",
        cause: "Only a Managed Environment can have a customer-managed key. Its users then need \
            premium licences.",
        fix: "Turn on Managed Environments in the admin center, or while \
            adding: `cmkctl add-environment \
            ENVIRONMENT --policy POLICY_ID --make-managed`.",
        who: who::POWER_PLATFORM,
        source: source::KEYS,
    },
    Entry {
        code: "CMK007",
        severity: Block,
        title: "Policy in another geography",
        cause: "A policy accepts only environments of its own geography.",
        fix: "Create a policy in the environment's geography: `cmkctl create-policy ENVIRONMENT \
            --vault VAULT_ID --key KEY --policy NAME`.",
        who: who::KEY_VAULT,
        source: source::KEYS,
    },
    Entry {
        code: "CMK008",
        severity: Block,
        title: "Location not supported by enterprise policies",
        cause: "A policy's location is a Power Platform geography, not an Azure region, and three \
            geographies have another name here: `uk`, `brazil` and `uae`. Italy and Poland have \
            environments and no location here. For other values, Azure Resource Manager answers \
            `LocationNotAvailableForResourceType`.",
        fix: "Let cmkctl use the environment's geography (`cmkctl create-policy ENVIRONMENT`), or \
            list the locations: `az provider show --namespace Microsoft.PowerPlatform --query \
            \"resourceTypes[?resourceType=='enterprisePolicies'].locations\"`.",
        who: who::KEY_VAULT,
        source: source::SCRIPTS,
    },
    Entry {
        code: "CMK009",
        severity: Warn,
        title: "Azure Policy denies the location",
        cause: "An Azure Policy such as \"allowed locations\" knows Azure regions only, and \
            denies a resource whose location is a Power Platform geography \
            (`RequestDisallowedByPolicy`).",
        fix: "Ask for an exemption for the type `Microsoft.PowerPlatform/enterprisePolicies`: `az \
            policy exemption create --name NAME --policy-assignment ASSIGNMENT_ID \
            --exemption-category Waiver --scope GROUP_ID`.",
        who: who::AZURE_POLICY,
        source: source::ARM,
    },
    Entry {
        code: "CMK010",
        severity: Block,
        title: "Provider not registered",
        cause: "The provider `Microsoft.PowerPlatform` is not registered in the subscription, so \
            no policy can be created there (`MissingSubscriptionRegistration`).",
        fix: "`cmkctl create-policy` registers it. By hand: `az provider register --namespace \
            Microsoft.PowerPlatform --wait`.",
        who: who::CONTRIBUTOR,
        source: source::KEYS,
    },
    Entry {
        code: "CMK011",
        severity: Block,
        title: "Soft delete or purge protection off",
        cause: "If the key is purged, the data is lost. The service therefore requires soft delete \
            and purge protection.",
        fix: "Turn purge protection on. You can't turn it off again: `az keyvault update --name \
            VAULT --enable-purge-protection true`.",
        who: who::KEY_VAULT,
        source: source::KEYS,
    },
    Entry {
        code: "CMK012",
        severity: Block,
        title: "Policy's identity can't use the key",
        cause: "The policy's identity requires the key permissions get, wrap key and unwrap key, \
            by a role or an access policy. Without them, or with a deny assignment, Key Vault \
            answers 403 and environments go offline.",
        fix: "`cmkctl create-policy` grants it. By hand: `az role assignment create \
            --assignee-object-id PRINCIPAL_ID --assignee-principal-type ServicePrincipal --role \
            \"Key Vault Crypto Service Encryption User\" --scope VAULT_ID`, or for access \
            policies `az keyvault set-policy --name VAULT --object-id PRINCIPAL_ID \
            --key-permissions get wrapKey unwrapKey`.",
        who: who::GIVES_KEY_ROLE,
        source: source::KEYS,
    },
    Entry {
        code: "CMK013",
        severity: Warn,
        title: "Grant not effective yet",
        cause: "A role assignment needs up to 5 minutes to take effect. At a management group it \
            can take hours for a key, and cmkctl waits 8 \
            hours. Until then, the service refuses requests as \
            if the role were missing.",
        fix: "Wait 5 minutes, or until the time in the message. `cmkctl create-policy` and `cmkctl \
            enable` wait by themselves. A role on the vault itself takes 5 minutes.",
        who: who::KEY_VAULT,
        source: "Microsoft Learn, Azure role-based access control, troubleshooting, seen 2026-11 \
            (inferred: the limits of 5 minutes and 8 hours)",
    },
    Entry {
        code: "CMK014",
        severity: Warn,
        title: "Policy or its identity not ready yet",
        cause: "The identity of a new policy appears in Microsoft Entra seconds to minutes after \
            the policy. Until then an assignment to it ends with `PrincipalNotFound`. A policy \
            with a `provisioningState` other than `Succeeded` is still being changed, or its last \
            change failed.",
        fix: "Wait some minutes, then run the same command again. `cmkctl create-policy` waits by \
            itself.",
        who: who::KEY_VAULT,
        source: source::ROLES,
    },
    Entry {
        code: "CMK015",
        severity: Block,
        title: "Key of the wrong type or size",
        cause: "Only RSA and RSA-HSM keys of 2048 or 3072 bits are listed for customer-managed \
            keys. Elliptic-curve and symmetric keys are refused. For 4096 bits Microsoft's pages \
            disagree. External keys of a managed HSM (preview) have no SLA and no backup: do not \
            use them here.",
        fix: "az keyvault key create --vault-name VAULT --name KEY --kty RSA --size 3072",
        who: who::KEY_VAULT,
        source: source::KEYS,
    },
    Entry {
        code: "CMK016",
        severity: Block,
        title: "Key expired, disabled or not valid yet",
        cause: "Every environment of the policy may go offline when the key expires, and goes \
            offline when it is disabled. A third party saw an expired key work for a while. Do not \
            rely on it.",
        fix: "Rotate it before it expires (`az keyvault key rotate --vault-name VAULT --name \
            KEY`), or enable it: `az keyvault key set-attributes --vault-name VAULT --name KEY \
            --enabled true`.",
        who: who::KEY_VAULT,
        source: source::LOCK,
    },
    Entry {
        code: "CMK017",
        severity: Warn,
        title: "Key version pinned",
        cause: "The policy pins one version of the key, so a rotation has no effect. That version \
            must exist as long as the policy.",
        fix: "Leave out `--key-version` when the policy is created: a policy without a version \
            follows rotations.",
        who: who::KEY_VAULT,
        source: "github.com/microsoft/PowerPlatform-EnterprisePolicies, 2026-05 (inferred: a \
            rotation has no effect)",
    },
    Entry {
        code: "CMK018",
        severity: Block,
        title: "Firewall without trusted services",
        cause: "The vault's firewall is closed, also for trusted Microsoft services. Power \
            Platform then can't reach the key, and every environment is locked.",
        fix: "az keyvault update --name VAULT --bypass AzureServices",
        who: who::KEY_VAULT,
        source: source::LOCK,
    },
    Entry {
        code: "CMK019",
        severity: Block,
        title: "No Reader on the policy",
        cause: "The administrator who adds an environment must be able to read the policy in \
            Azure. Without Reader the add fails.",
        fix: "`cmkctl create-policy --reader OBJECT_ID` grants it, or: `az role assignment create \
            --assignee OBJECT_ID --role Reader --scope POLICY_ID`.",
        who: who::KEY_VAULT,
        source: source::KEYS,
    },
    Entry {
        code: "CMK020",
        severity: Block,
        title: "Environment not found in the tenant",
        cause: "The id is wrong, it belongs to another tenant, or your account lacks the \
            administrator's role: the service gives the same 404 for all three.",
        fix: "`cmkctl auth status` shows who you are and in which tenant. Sign in to the \
            environment's tenant, or get the role.",
        who: who::POWER_PLATFORM,
        source: source::TERRAFORM,
    },
    Entry {
        code: "CMK021",
        severity: Block,
        title: "Administrator's role missing",
        cause: "Adding an environment requires the permission `ManageProtectionKeys`, which comes \
            with the role Power Platform Administrator or Dynamics 365 Administrator. It is not \
            known whether the newer role Environment Encryption Operator is enough.",
        fix: "If you are eligible for one of the two roles, activate it in Privileged Identity \
            Management. Else ask for one in Microsoft Entra. Then sign in again: `az login`.",
        who: "Privileged Role Administrator",
        source: source::KEYS,
    },
    Entry {
        code: "CMK022",
        severity: Block,
        title: "Service principal not registered",
        cause: "Power Platform accepts a service principal only after an administrator, a person, \
            has registered it once as a management application. It can't register itself.",
        fix: "New-PowerAppManagementApp -ApplicationId CLIENT_ID",
        who: who::POWER_PLATFORM,
        source: source::TERRAFORM,
    },
    Entry {
        code: "CMK023",
        severity: Block,
        title: "Another lifecycle operation runs",
        cause: "Only one lifecycle operation at a time runs on an environment, such as a backup or \
            a copy. Until it ends, no other one starts (409 `OperationNotStartable`).",
        fix: "Find the operation (`cmkctl status ENVIRONMENT`), wait until it ends, then run the \
            same command again.",
        who: who::POWER_PLATFORM,
        source: source::TERRAFORM,
    },
    Entry {
        code: "CMK024",
        severity: Block,
        title: "This kind of environment can't have a key",
        cause: "Trial, Teams and Default environments can't have a customer-managed key. For other \
            environments, the service may give a reason.",
        fix: "Choose another environment, or remove the reason that the service names: `cmkctl \
            add-environment ENVIRONMENT --dry-run` shows it.",
        who: who::POWER_PLATFORM,
        source: source::KEYS,
    },
];
