//! CMK001 to CMK024: what blocks the start of an encryption.

use super::entry::Entry;
use crate::model::finding::Severity::{Block, Warn};
use crate::model::{source, who};

pub(super) const START: [Entry; 24] = [
    Entry {
        code: "CMK001",
        severity: Block,
        title: "Finance and operations not integrated",
        cause: "The environment is not integrated with Power Platform, or the integration is not \
            complete. A customer-managed key covers finance and operations data only after the \
            integration. Until then, the data stays on the Microsoft key.",
        fix: "Open the environment in the Power Platform admin center, or in Lifecycle Services if \
            it is still there. Run or resume the integration setup. Then check again: `cmkctl \
            check-integration ENVIRONMENT`.",
        who: who::LCS,
        source: source::ARTICLE,
    },
    Entry {
        code: "CMK002",
        severity: Block,
        title: "Environment is ambiguous",
        cause: "The name matches several environments, or Power Platform and Dataverse show \
            different finance and operations environments. cmkctl could encrypt the wrong \
            environment.",
        fix: "Pass the environment's id. To find the id, run `cmkctl environment-name \
            ENVIRONMENT`. If Power Platform and Dataverse show different environments, ask \
            Microsoft support.",
        who: who::POWER_PLATFORM,
        source: source::ARTICLE,
    },
    Entry {
        code: "CMK003",
        severity: Block,
        title: "Initial environment without Dataverse",
        cause: "Lifecycle Services creates an initial Power Platform environment that shows the \
            finance and operations URL but has no Dataverse. This environment looks integrated, \
            but it is not.",
        fix: "Open the environment in the Power Platform admin center, or in Lifecycle Services if \
            it is still there. Run the integration setup.",
        who: who::LCS,
        source: source::INTEGRATION,
    },
    Entry {
        code: "CMK004",
        severity: Block,
        title: "Cloud-hosted environment",
        cause: "A cloud-hosted (one-box) environment runs in the customer's own Azure \
            subscription. Customer-managed keys of Power Platform don't apply to it.",
        fix: "Choose an environment that Microsoft hosts.",
        who: who::POWER_PLATFORM,
        source: source::ARTICLE,
    },
    Entry {
        code: "CMK005",
        severity: Block,
        title: "Integration must come before the key",
        cause: "The environment has no finance and operations apps yet. Microsoft does not support \
            adding a key before the integration.",
        fix: "Integrate the environment with finance and operations first. If the environment will \
            never have finance and operations apps: `cmkctl add-environment ENVIRONMENT --policy \
            POLICY_ID --power-platform-only`.",
        who: who::LCS,
        source: source::ARTICLE,
    },
    Entry {
        code: "CMK006",
        severity: Block,
        title: "Not a Managed Environment",
        cause: "Only a Managed Environment can have a customer-managed key. The users of a Managed \
            Environment need premium licences.",
        fix: "Make the environment a Managed Environment in the Power Platform admin center, or \
            let cmkctl make this change: `cmkctl add-environment ENVIRONMENT --policy POLICY_ID \
            --make-managed`.",
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
        cause: "A policy's location is a Power Platform geography, not an Azure region. Three \
            geographies have a different name as a policy location: `uk`, `brazil` and `uae`. \
            Italy and Poland have environments, but Microsoft lists no policy location for them. \
            For an unsupported location, Azure Resource Manager answers \
            `LocationNotAvailableForResourceType`.",
        fix: "To use the environment's geography, run `cmkctl create-policy ENVIRONMENT` without \
            `--location`. To list the supported locations: `az provider show --namespace \
            Microsoft.PowerPlatform --query \
            \"resourceTypes[?resourceType=='enterprisePolicies'].locations\"`.",
        who: who::KEY_VAULT,
        source: source::SCRIPTS,
    },
    Entry {
        code: "CMK009",
        severity: Warn,
        title: "Azure Policy denies the location",
        cause: "An Azure Policy such as \"allowed locations\" accepts only Azure regions. It \
            denies a resource whose location is a Power Platform geography \
            (`RequestDisallowedByPolicy`).",
        fix: "Ask for an exemption for the resource type \
            `Microsoft.PowerPlatform/enterprisePolicies`: `az policy exemption create --name NAME \
            --policy-assignment ASSIGNMENT_ID --exemption-category Waiver --scope GROUP_ID`.",
        who: who::AZURE_POLICY,
        source: source::ARM,
    },
    Entry {
        code: "CMK010",
        severity: Block,
        title: "Provider not registered",
        cause: "The provider `Microsoft.PowerPlatform` is not registered in the subscription, so \
            no policy can be created there (`MissingSubscriptionRegistration`).",
        fix: "`cmkctl create-policy` registers the provider. To register it without cmkctl: `az \
            provider register --namespace Microsoft.PowerPlatform --wait`.",
        who: who::CONTRIBUTOR,
        source: source::KEYS,
    },
    Entry {
        code: "CMK011",
        severity: Block,
        title: "Soft delete or purge protection off",
        cause: "If a key is purged (deleted permanently), the data that it encrypts is lost. \
            Therefore, Power Platform requires soft delete and purge protection on the vault.",
        fix: "Purge protection is permanent: you can't turn it off again. To turn it on: `az \
            keyvault update --name VAULT --enable-purge-protection true`.",
        who: who::KEY_VAULT,
        source: source::KEYS,
    },
    Entry {
        code: "CMK012",
        severity: Block,
        title: "Policy's identity can't use the key",
        cause: "The policy's identity requires the key permissions get, wrap key and unwrap key, \
            from a role or an access policy. If they are missing, or a deny assignment blocks \
            them, Key Vault answers 403. The environments of the policy then go offline.",
        fix: "`cmkctl create-policy` grants these permissions. To grant them without cmkctl, run \
            `az role assignment create --assignee-object-id PRINCIPAL_ID --assignee-principal-type \
            ServicePrincipal --role \"Key Vault Crypto Service Encryption User\" --scope \
            VAULT_ID`. For a vault with access policies: `az keyvault set-policy --name VAULT \
            --object-id PRINCIPAL_ID --key-permissions get wrapKey unwrapKey`.",
        who: who::GIVES_KEY_ROLE,
        source: source::KEYS,
    },
    Entry {
        code: "CMK013",
        severity: Warn,
        title: "Grant not effective yet",
        cause: "A role assignment can need up to 5 minutes to take effect. A key role that is \
            assigned at a management group can need several hours. cmkctl waits up to 8 hours for \
            such a role. Until then, the service refuses requests, as if the role were missing.",
        fix: "Wait until the time in the message. If the message has no time, wait 5 minutes. \
            `cmkctl create-policy` and `cmkctl enable` wait automatically. A role that is assigned \
            on the vault itself takes effect within 5 minutes.",
        who: who::KEY_VAULT,
        source: "Microsoft Learn, Azure role-based access control, troubleshooting, seen 2026-11 \
            (inferred: the limits of 5 minutes and 8 hours)",
    },
    Entry {
        code: "CMK014",
        severity: Warn,
        title: "Policy or its identity not ready yet",
        cause: "The identity of a new policy appears in Microsoft Entra only seconds to minutes \
            after the policy is created. Until then, a role assignment to the identity fails with \
            `PrincipalNotFound`. If the policy's `provisioningState` is not `Succeeded`, a change \
            is still running, or the last change failed.",
        fix: "Wait a few minutes, then run the same command again. `cmkctl create-policy` waits \
            automatically.",
        who: who::KEY_VAULT,
        source: source::ROLES,
    },
    Entry {
        code: "CMK015",
        severity: Block,
        title: "Key of the wrong type or size",
        cause: "Microsoft lists only RSA and RSA-HSM keys of 2048 or 3072 bits as customer-managed \
            keys. cmkctl blocks elliptic-curve and symmetric keys. Microsoft's pages contradict \
            each other about keys of 4096 bits. Do not use external keys of a managed HSM \
            (preview), because they have no SLA and no backup.",
        fix: "az keyvault key create --vault-name VAULT --name KEY --kty RSA --size 3072",
        who: who::KEY_VAULT,
        source: source::KEYS,
    },
    Entry {
        code: "CMK016",
        severity: Block,
        title: "Key expired, disabled or not valid yet",
        cause: "When the key is disabled, every environment of the policy goes offline. When the \
            key expires, every environment of the policy may go offline. A third party saw an \
            expired key work for some time, but do not rely on an expired key.",
        fix: "Rotate the key before it expires (`az keyvault key rotate --vault-name VAULT --name \
            KEY`). To enable a disabled key: `az keyvault key set-attributes --vault-name VAULT \
            --name KEY --enabled true`.",
        who: who::KEY_VAULT,
        source: source::LOCK,
    },
    Entry {
        code: "CMK017",
        severity: Warn,
        title: "Key version pinned",
        cause: "The policy is pinned to one version of the key, so a rotation has no effect. Keep \
            that version enabled as long as the policy exists.",
        fix: "Create a policy without `--key-version`. A policy without a pinned version uses new \
            key versions automatically.",
        who: who::KEY_VAULT,
        source: "github.com/microsoft/PowerPlatform-EnterprisePolicies, 2026-05 (inferred: a \
            rotation has no effect)",
    },
    Entry {
        code: "CMK018",
        severity: Block,
        title: "Firewall blocks trusted services",
        cause: "The vault's firewall also blocks trusted Microsoft services. Power Platform then \
            can't use the key, and every environment of the policy is locked (goes offline).",
        fix: "az keyvault update --name VAULT --bypass AzureServices",
        who: who::KEY_VAULT,
        source: source::LOCK,
    },
    Entry {
        code: "CMK019",
        severity: Block,
        title: "No Reader on the policy",
        cause: "The administrator who adds an environment must be able to read the policy in \
            Azure. Without the role Reader on the policy, adding the environment fails.",
        fix: "`cmkctl create-policy --reader OBJECT_ID` grants the role. To grant it without \
            cmkctl: `az role assignment create --assignee OBJECT_ID --role Reader --scope \
            POLICY_ID`.",
        who: who::KEY_VAULT,
        source: source::KEYS,
    },
    Entry {
        code: "CMK020",
        severity: Block,
        title: "Environment not found in the tenant",
        cause: "The environment's id is wrong, the environment belongs to another tenant, or your \
            account lacks the administrator's role. The service answers 404 in all three cases.",
        fix: "Check the id. `cmkctl auth status` shows your account and its tenant. Sign in to the \
            environment's tenant, or get the role Power Platform Administrator.",
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
            Management. Otherwise, ask for one of the roles in Microsoft Entra. Then sign in \
            again: `az login`.",
        who: "Privileged Role Administrator",
        source: source::KEYS,
    },
    Entry {
        code: "CMK022",
        severity: Block,
        title: "Service principal not registered",
        cause: "Power Platform accepts a service principal only after an administrator has \
            registered it once as a management application. The administrator must be a person, \
            because a service principal can't register itself.",
        fix: "New-PowerAppManagementApp -ApplicationId CLIENT_ID",
        who: who::POWER_PLATFORM,
        source: source::TERRAFORM,
    },
    Entry {
        code: "CMK023",
        severity: Block,
        title: "Another lifecycle operation runs",
        cause: "Only one lifecycle operation, such as a backup or a copy, can run on an \
            environment at a time. Until it ends, no other operation can start (409 \
            `OperationNotStartable`).",
        fix: "Find the operation (`cmkctl status ENVIRONMENT`), wait until it ends, then run the \
            same command again.",
        who: who::POWER_PLATFORM,
        source: source::TERRAFORM,
    },
    Entry {
        code: "CMK024",
        severity: Block,
        title: "This kind of environment can't have a key",
        cause: "Trial, Teams and Default environments can't have a customer-managed key. The \
            service can also refuse other environments, and may give a reason.",
        fix: "Choose another environment, or correct what the service names as the reason. To see \
            the reason: `cmkctl add-environment ENVIRONMENT --dry-run`.",
        who: who::POWER_PLATFORM,
        source: source::KEYS,
    },
];
