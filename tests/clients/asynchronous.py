"""The same services through the asynchronous clients, which have a transport of their own."""

import asyncio

from azure.identity.aio import ClientSecretCredential
from azure.keyvault.keys.aio import KeyClient
from azure.mgmt.keyvault.aio import KeyVaultManagementClient
from azure.mgmt.powerplatform.aio import PowerPlatformMgmtClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient

from checks import check, policy
from tenant import GROUP, KEY, VAULT, VAULT_URL, Tenant


def signed_in(work):
    """Runs it with a credential that is closed afterwards."""

    def run(tenant: Tenant):
        async def whole():
            async with ClientSecretCredential(tenant.id, tenant.users["admin"]["client_id"], "sandbox") as credential:
                await work(tenant, credential)

        asyncio.run(whole())

    run.__name__ = work.__name__
    return check(run)


@signed_in
async def a_key_is_made_rotated_deleted_and_recovered_meanwhile(tenant: Tenant, credential):
    async with KeyClient(VAULT_URL, credential) as keys:
        first, second = await asyncio.gather(keys.get_key(KEY), keys.create_rsa_key("fresh", size=3072))
        assert [len(one.key.n) * 8 for one in (first, second)] == [3072, 3072]
        rotated = await keys.rotate_key("fresh")
        assert {one.version async for one in keys.list_properties_of_key_versions("fresh")} == {second.properties.version, rotated.properties.version}
        await keys.delete_key("fresh")
        assert [one.name async for one in keys.list_deleted_keys()] == ["fresh"]
        assert (await keys.recover_deleted_key("fresh")).id == rotated.id


@signed_in
async def vaults_and_groups_are_read_meanwhile(tenant: Tenant, credential):
    async with KeyVaultManagementClient(credential, tenant.subscription) as vaults, ResourceManagementClient(credential, tenant.subscription) as resources:
        vault, provider = await asyncio.gather(vaults.vaults.get(GROUP, VAULT), resources.providers.get("Microsoft.PowerPlatform"))
        assert (vault.id, provider.registration_state) == (tenant.vault, "Registered")
        assert [one.name async for one in vaults.vaults.list_by_resource_group(GROUP)] == [VAULT]
        assert [one.name async for one in resources.resource_groups.list()] == [GROUP]


@signed_in
async def a_policy_is_made_and_removed_meanwhile(tenant: Tenant, credential):
    async with PowerPlatformMgmtClient(credential, tenant.subscription) as client:
        made = await client.enterprise_policies.create_or_update("ep-fresh", GROUP, policy(tenant))
        assert made.properties.system_id
        assert [one.name async for one in client.enterprise_policies.list_by_subscription()] == ["ep-fresh"]
        await client.enterprise_policies.delete(GROUP, "ep-fresh")
        assert [one.name async for one in client.enterprise_policies.list_by_subscription()] == []
