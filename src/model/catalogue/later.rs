//! CMK025 to CMK057: existing links and policies, problems that appear later, and conditions of
//! Azure.

use super::entry::Entry;
use crate::model::finding::Severity::{Acknowledge, Block, Unknown, Warn};
use crate::model::{source, who};

pub(super) const LATER: [Entry; 33] = [
    Entry {
        code: "CMK025",
        severity: Block,
        title: "Another policy is linked",
        cause: "The environment already has another policy. Only a swap replaces the current \
            policy, with a new encryption and a new outage.",
        fix: "To keep the policy, pass `--policy` with the id from `cmkctl status ENVIRONMENT`. \
            To replace the policy: `cmkctl swap-policy ENVIRONMENT --policy POLICY_ID`.",
        who: who::POWER_PLATFORM,
        source: source::KEYS,
    },
    Entry {
        code: "CMK026",
        severity: Block,
        title: "Linked policy can't be changed",
        cause: "You can't delete or update a policy that has environments, not even its tags \
            (`EnterprisePolicyUpdateNotAllowed`, `EnterprisePolicyDeleteNotAllowed`).",
        fix: "To use another key, create a policy with a new name: `cmkctl create-policy --policy \
            NAME --vault VAULT_ID --key KEY`.",
        who: who::KEY_VAULT,
        source: source::KEYS,
    },
    Entry {
        code: "CMK027",
        severity: Acknowledge,
        title: "Environment offline for up to 4 days",
        cause: "The environment is offline for up to 4 days when you add it to a policy, and when \
            you remove it from the policy. It may come back sooner.",
        fix: "Inform the users and choose a change \
            window. cmkctl asks for the environment's name before \
            it starts.",
        who: who::POWER_PLATFORM,
        source: source::KEYS,
    },
    Entry {
        code: "CMK028",
        severity: Warn,
        title: "A failed add",
        cause: "An operation can end as failed although the key is active. Then one service, such \
            as flows, still uses the Microsoft key. The admin center shows a warning. Do not \
            remove an environment after a failed add: some of its data may still use the Microsoft \
            key.",
        fix: "`cmkctl status ENVIRONMENT` shows the link. If the link failed, run the same `cmkctl \
            add-environment` again. Do not remove the environment.",
        who: who::POWER_PLATFORM,
        source: source::KEYS,
    },
    Entry {
        code: "CMK029",
        severity: Acknowledge,
        title: "Flows that stay on the Microsoft key",
        cause: "Flows with a PowerApps V1, HTTP or Teams trigger, their parents, and connections \
            without OAuth stay on the Microsoft key. Flows that use the action List \
            flows as Admin (V1) stay on it, too. \
            While the service applies the key, you can't create or edit flows. Their run \
            history is not carried over, and you must provision hosted RPA machine groups again.",
        fix: "Before you add the environment, move flows that the key must cover to other triggers \
            and OAuth connections. Turn on the creation of flows in solutions. \
            `Get-AdminFlowEncryptedByMicrosoftKey` lists such flows before the add. \
            `Get-AdminFlowEnvironmentCmkStatus` lists such flows after the add.",
        who: who::FLOWS,
        source: source::FLOWS,
    },
    Entry {
        code: "CMK030",
        severity: Acknowledge,
        title: "Flows call from other addresses",
        cause: "Flows of an environment with a customer-managed key use other outbound IP \
            addresses. A firewall that allows only the old addresses blocks these flows.",
        fix: "Allow the service tag `PowerPlatformPlex`: `az network list-service-tags --location \
            REGION --query \"values[?name=='PowerPlatformPlex']\"`.",
        who: who::NETWORK,
        source: source::FLOWS,
    },
    Entry {
        code: "CMK031",
        severity: Warn,
        title: "Near the limit of 25 environments",
        cause: "By default a tenant can have 25 environments with a customer-managed key. The \
            limit comes from Power Automate. You can't add a 26th environment.",
        fix: "Ask Microsoft support for a higher limit. When you have it, pass the new number to \
            `cmkctl add-environment` as `--limit`.",
        who: who::POWER_PLATFORM,
        source: source::FLOWS,
    },
    Entry {
        code: "CMK032",
        severity: Warn,
        title: "Environments on different keys",
        cause: "You can copy or restore an environment only onto an environment with the same key. \
            Environments that you copy to each other must use the same policy.",
        fix: "Add both environments to the same policy: `cmkctl add-environment ENVIRONMENT \
            --policy POLICY_ID`.",
        who: who::POWER_PLATFORM,
        source: source::KEYS,
    },
    Entry {
        code: "CMK033",
        severity: Block,
        title: "Clean-up too early",
        cause: "Backups need the previous version for 28 days after a rotation. After a removal \
            they need key, vault and access for 30 days. Without these, the environment is \
            locked, and deleted after 7 days (sandbox) or 30 days (production).",
        fix: "Wait until this time is over. If you disabled a version too early, enable it again: \
            `az keyvault key set-attributes --vault-name VAULT --name KEY --version VERSION \
            --enabled true`.",
        who: who::KEY_VAULT,
        source: source::LOCK,
    },
    Entry {
        code: "CMK034",
        severity: Block,
        title: "New policy has no access to the old key",
        cause: "After a swap, backups are still encrypted with the old key. The new policy's \
            identity requires access to the old key. Without this access, you can't restore \
            backups from before the swap.",
        fix: "Grant this access first: `az role assignment create --assignee-object-id \
            PRINCIPAL_ID --assignee-principal-type ServicePrincipal --role \"Key Vault Crypto \
            Service Encryption User\" --scope OLD_VAULT_ID`.",
        who: who::KEY_VAULT,
        source: source::KEYS,
    },
    Entry {
        code: "CMK035",
        severity: Warn,
        title: "Environment not enabled",
        cause: "The environment is in administration mode or disabled, or its Dataverse is not \
            ready. In this state an encryption may fail, or make the cause of this state harder \
            to find.",
        fix: "Finish the maintenance that caused this state, then check again: `cmkctl status \
            ENVIRONMENT`.",
        who: who::POWER_PLATFORM,
        source: source::TERRAFORM,
    },
    Entry {
        code: "CMK036",
        severity: Acknowledge,
        title: "Licences can't be checked",
        cause: "Managed Environments and customer-managed keys need a premium licence for every \
            active user, or capacity for each app or flow. No API shows whether all users have \
                one.",
        fix: "Check that each active user has Power Apps Premium, Power Automate Premium or a \
            Dynamics 365 Enterprise licence, or that capacity is assigned.",
        who: who::LICENCES,
        source: source::KEYS,
    },
    Entry {
        code: "CMK037",
        severity: Block,
        title: "Wrong or unknown subscription",
        cause: "Your account can't find the subscription in an id. The id may be wrong, or the \
            subscription belongs to another tenant.",
        fix: "List the subscriptions of your account (`az account list --all --output table`). \
            Then pass whole ids for `--policy` and `--vault`.",
        who: who::KEY_VAULT,
        source: source::ARM,
    },
    Entry {
        code: "CMK038",
        severity: Acknowledge,
        title: "Regulatory configuration not covered",
        cause: "The key does not cover data in stand-alone Regulatory Configuration Service (RCS). \
            It also does not cover Tax Calculation and Electronic Invoicing if they use \
            stand-alone RCS.",
        fix: "From version 10.0.39 on, use Globalization Studio. Verify with Microsoft which data \
            the key covers.",
        who: who::APPS,
        source: "Microsoft Learn, finance and operations, customer-managed keys, 2026-03-13 \
            (inferred: the merger into Globalization Studio changes this)",
    },
    Entry {
        code: "CMK039",
        severity: Acknowledge,
        title: "Commerce covered in part",
        cause: "The key does not cover e-commerce content management and recommendations of \
            Commerce. It covers scale units, e-commerce, ratings and reviews only in the \
            environment's geography.",
        fix: "Keep scale units, e-commerce, ratings and reviews in the environment's geography.",
        who: who::APPS,
        source: source::ARTICLE,
    },
    Entry {
        code: "CMK040",
        severity: Acknowledge,
        title: "Lifecycle Services not covered",
        cause: "File assets, methodologies, task recordings and project metadata in Lifecycle \
            Services stay on the Microsoft key.",
        fix: "If your key must cover certain data, do not store this data in Lifecycle Services.",
        who: who::LCS,
        source: source::ARTICLE,
    },
    Entry {
        code: "CMK041",
        severity: Unknown,
        title: "Customer-managed key, but no policy",
        cause: "The service says that a customer manages the environment's key, but it shows no \
            policy. The data may be out of date, or you can't see the policy. Bring-your-own keys \
            were retired on 2026-01-06. Their environments went back to the Microsoft key.",
        fix: "Run the same command again later. If nothing changes, ask Microsoft support before \
            you add the environment to a policy.",
        who: who::POWER_PLATFORM,
        source: source::BYOK,
    },
    Entry {
        code: "CMK042",
        severity: Block,
        title: "Id of another kind of resource",
        cause: "The id is well formed but belongs to something else, such as a policy of another \
            kind, a vault or a group.",
        fix: "Pass the id of an encryption policy: `az resource list --resource-type \
            Microsoft.PowerPlatform/enterprisePolicies --query \"[].id\"`.",
        who: who::CALLER,
        source: source::SCRIPTS,
    },
    Entry {
        code: "CMK043",
        severity: Block,
        title: "Vault and environment in different tenants",
        cause: "Subscription, vault, policy and environment must belong to one tenant. A key of \
            another tenant is not supported.",
        fix: "Use a vault in the environment's tenant. List that tenant's subscriptions: `az \
            account list --all --query \"[?tenantId=='TENANT_ID']\"`.",
        who: who::KEY_VAULT,
        source: source::KEYS,
    },
    Entry {
        code: "CMK044",
        severity: Warn,
        title: "Resource lock",
        cause: "A lock on the group, the vault or the policy forbids changes or deletions there \
            (`ScopeLocked`).",
        fix: "List the locks (`az lock list --resource-group GROUP --output table`), and remove \
            the lock during the change: `az lock delete --ids LOCK_ID`.",
        who: who::OWNER,
        source: source::ARM,
    },
    Entry {
        code: "CMK045",
        severity: Block,
        title: "No right to create the policy",
        cause: "Your account lacks the right to read or write policies in the resource group \
            (`AuthorizationFailed`), or to assign roles.",
        fix: "az role assignment create --assignee OBJECT_ID --role Contributor --scope GROUP_ID",
        who: who::ASSIGNS_ROLES,
        source: source::ROLES,
    },
    Entry {
        code: "CMK046",
        severity: Block,
        title: "Vault or key deleted or absent",
        cause: "There is no vault or key with this name. A deleted vault or key keeps its name \
            during soft delete. A new key with the same name would be a different key.",
        fix: "Do not create the vault or key again. Recover it: `az keyvault list-deleted`, `az \
            keyvault recover --name VAULT`, `az keyvault key recover --vault-name VAULT --name \
            KEY`.",
        who: who::KEY_VAULT,
        source: source::LOCK,
    },
    Entry {
        code: "CMK047",
        severity: Warn,
        title: "Vault's soft-delete retention is short",
        cause: "The vault's soft-delete retention is shorter than 30 days, but backups need old \
            keys for 28 to 30 days. The retention can't be changed later.",
        fix: "Do not delete a key within 30 days after a removal, or an old version within 28 days \
            after a rotation. Or choose a vault with a longer retention: `az keyvault create \
            --name VAULT --resource-group GROUP --retention-days 90 --enable-purge-protection \
            true`.",
        who: who::KEY_VAULT,
        source: "Microsoft Learn, Power Platform admin docs, customer-managed-key, 2025-06-09 \
            (inferred: the limit of 30 days)",
    },
    Entry {
        code: "CMK048",
        severity: Warn,
        title: "Policy not healthy",
        cause: "The service itself says that the policy is not healthy (`healthStatus` is \
            `Warning` or `Unhealthy`, or an unknown value). The service gives no cause.",
        fix: "Check the key, its vault and the grant: `cmkctl check`. If all three are in \
            order, ask Microsoft support.",
        who: who::KEY_VAULT,
        source: "Azure REST API specifications, Microsoft.PowerPlatform 2020-10-30-preview \
            (`healthStatus`, inferred: its consequences)",
    },
    Entry {
        code: "CMK049",
        severity: Block,
        title: "Name of the new vault taken",
        cause: "A vault name is unique in the whole cloud, deleted vaults included. This name is \
            taken or not valid (`checkNameAvailability`).",
        fix: "Choose another name. If your own deleted vault has this name, recover the vault: `az \
            keyvault recover --name VAULT`.",
        who: who::KEY_VAULT,
        source: source::KEYS_IN_ARM,
    },
    Entry {
        code: "CMK050",
        severity: Block,
        title: "Region of the new vault not given",
        cause: "The resource group of the new vault does not exist, or cmkctl can't read it. So \
            cmkctl can't use the region of the group.",
        fix: "Pass `--azure-location REGION`. List regions: `az account list-locations --query \
            [].name`.",
        who: who::KEY_VAULT,
        source: source::KEYS_IN_ARM,
    },
    Entry {
        code: "CMK051",
        severity: Block,
        title: "Existing vault or key differs",
        cause: "The vault or the key exists and differs from what you asked for. cmkctl never \
            changes an existing vault or key.",
        fix: "Leave out the flag to use the existing vault or key unchanged. Or choose another \
            vault or key.",
        who: who::KEY_VAULT,
        source: source::KEYS_IN_ARM,
    },
    Entry {
        code: "CMK052",
        severity: Warn,
        title: "Rotation policy leaves a gap",
        cause: "Key Vault makes no new version of the key before the current one expires. Or the \
            policy pins a version, so environments do not use the new one. An environment whose \
            version has expired goes offline.",
        fix: "Let Key Vault make a new version in time: `cmkctl rotation-policy set --vault VAULT \
            --key KEY --rotate-every 1y --expires-after 2y`.",
        who: who::KEY_VAULT,
        source: source::ROTATION,
    },
    Entry {
        code: "CMK053",
        severity: Unknown,
        title: "Not covered by Microsoft's documentation",
        cause: "Microsoft's documentation on keys does not say what happens in this case. It does \
            not cover a copy of an environment without a key onto an environment with a key. It \
            does not cover two policies with the same key, or the move from Lifecycle Services to \
            the admin center.",
        fix: "Ask Microsoft support before you start. For a copy or a restore, you can use one \
            policy for both: `cmkctl add-environment ENVIRONMENT --policy POLICY_ID`.",
        who: who::POWER_PLATFORM,
        source: source::KEYS,
    },
    Entry {
        code: "CMK054",
        severity: Acknowledge,
        title: "Reset removes the key",
        cause: "A reset deletes the encrypted data and its backups. After the reset, the \
            environment uses the Microsoft key and has no policy.",
        fix: "After the reset, add the environment again: `cmkctl add-environment ENVIRONMENT \
            --policy POLICY_ID`. This add causes an outage of up to 4 days.",
        who: who::POWER_PLATFORM,
        source: source::KEYS,
    },
    Entry {
        code: "CMK055",
        severity: Block,
        title: "Nothing to move from Lifecycle Services",
        cause: "The environment is already in the Power Platform admin center, or it has no \
            finance and operations app. An environment with a key that shows `Internal` was most \
            likely moved before (inferred).",
        fix: "You do not need to move the environment. `cmkctl check-integration ENVIRONMENT` \
            shows its integration.",
        who: who::POWER_PLATFORM,
        source: "Microsoft Learn, finance and operations, enable-power-platform-integration, \
            2023-05-02 (inferred: what a moved environment shows)",
    },
    Entry {
        code: "CMK056",
        severity: Block,
        title: "Operation not allowed on this environment",
        cause: "You can't copy from or to a default or trial environment, or onto a production \
            one. You can't restore onto a production or default environment. You can reset only \
            sandbox and developer environments. You can't delete the default environment. Copies \
            and restores stay in one region. The service may also refuse the operation itself.",
        fix: "Choose another environment. For a production environment, you can change its type to \
            sandbox first, in the admin center.",
        who: who::POWER_PLATFORM,
        source: source::OPERATIONS,
    },
    Entry {
        code: "CMK057",
        severity: Acknowledge,
        title: "No visible alert on the vault",
        cause: "You can't see an activity log alert that reports a deletion of the vault. Without \
            an alert, the first sign is an environment that goes offline. Other tools may watch \
            the vault.",
        fix: "Deploy alerts. `cmkctl export bicep --alerts` writes alerts for the policy, the \
            vault and its keys.",
        who: who::KEY_VAULT,
        source: source::ALERTS,
    },
];
