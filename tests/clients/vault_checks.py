"""Vaults and keys, written to by the Azure CLI as administrators have it."""

import json

import pytest
from checks import check

from tenant import GROUP, KEY, VAULT, Failed, Tenant

HSM = "hsm-contoso-cmk"


def refused(tenant, *words, match):
    with pytest.raises(Failed, match=match):
        tenant.az("keyvault", *words)


@check
def az_makes_changes_deletes_recovers_and_purges_a_vault(tenant: Tenant):
    def az(*words):
        return tenant.az("keyvault", *words)

    name = ("--name", "kv-made")
    made = az("create", *name, "--resource-group", GROUP, "--location", "westeurope", "--retention-days", "7", "--tags", "cost=7")
    assert made["properties"]["enableRbacAuthorization"] is True
    assert made["properties"]["softDeleteRetentionInDays"] == 7
    refused(tenant, "create", *name, "--resource-group", GROUP, match="already exists")
    refused(tenant, "update", *name, "--enable-purge-protection", "false", match="irreversible")
    refused(tenant, "update", *name, "--retention-days", "90", match="can't be modified")
    changed = az("update", *name, "--bypass", "AzureServices", "--default-action", "Deny")
    assert changed["properties"]["networkAcls"]["defaultAction"] == "Deny"
    az("network-rule", "add", *name, "--ip-address", "198.51.100.4")
    assert az("network-rule", "list", *name)["ipRules"] == [{"value": "198.51.100.4/32"}]
    az("network-rule", "remove", *name, "--ip-address", "198.51.100.4")
    assert az("network-rule", "list", *name)["ipRules"] == []
    az("delete", *name)
    assert [one["name"] for one in az("list-deleted")] == ["kv-made"]
    assert az("show-deleted", *name)["properties"]["tags"] == {"cost": "7"}
    refused(tenant, "create", *name, "--resource-group", GROUP, "--location", "westeurope", match="deleted state")
    assert az("recover", *name)["tags"] == {"cost": "7"}
    az("delete", *name)
    az("purge", *name)
    assert az("list-deleted") == []
    az("delete", "--name", VAULT)
    refused(tenant, "purge", "--name", VAULT, match="not allowed")


@check
def az_sets_and_deletes_access_policies(tenant: Tenant):
    tenant.begin("access-policy-vault")
    whom = ("--object-id", tenant.users["observer"]["object_id"])

    def held():
        entries = tenant.az("keyvault", "show", "--name", VAULT)["properties"]["accessPolicies"]
        return [set(one["permissions"]["keys"]) for one in entries if one["objectId"] == whom[1]]

    tenant.az("keyvault", "set-policy", "--name", VAULT, *whom, "--key-permissions", "get", "wrapKey", "unwrapKey")
    assert held() == [{"get", "wrapKey", "unwrapKey"}]
    tenant.az("keyvault", "delete-policy", "--name", VAULT, *whom)
    assert held() == []


@check
def az_makes_and_changes_keys(tenant: Tenant):
    def az(*words):
        return tenant.az("keyvault", "key", *words, "--vault-name", VAULT)

    own = ("--name", "made")
    made = az("create", *own, "--kty", "RSA", "--size", "4096", "--ops", "wrapKey", "unwrapKey", "--expires", "2030-01-01T00:00:00Z", "--tags", "a=b")
    assert made["key"]["keyOps"] == ["wrapKey", "unwrapKey"]
    assert made["attributes"]["expires"].startswith("2030-01-01")
    assert az("create", "--name", "curved", "--kty", "EC", "--curve", "P-384")["key"]["crv"] == "P-384"
    changed = az("set-attributes", *own, "--enabled", "false", "--expires", "2031-01-01T00:00:00Z")
    assert changed["attributes"]["enabled"] is False
    assert changed["tags"] == {"a": "b"}
    policy = {
        "lifetimeActions": [{"trigger": {"timeAfterCreate": "P60D"}, "action": {"type": "Rotate"}}],
        "attributes": {"expiryTime": "P90D"},
    }
    az("rotation-policy", "update", *own, "--value", json.dumps(policy))
    assert az("rotation-policy", "show", *own)["expiresIn"] == "P90D"
    assert az("rotate", *own)["attributes"]["expires"] is not None
    assert len(az("list-versions", *own)) == 2
    az("delete", "--name", "curved")
    assert [one["name"] for one in az("list-deleted")] == ["curved"]
    az("recover", "--name", "curved")
    assert {one["name"] for one in az("list")} == {"made", "curved", KEY}
    refused(tenant, "key", "create", "--vault-name", VAULT, "--name", "made", "--size", "1024", match="key_size")


@check
def az_changes_a_managed_hsm(tenant: Tenant):
    tenant.begin("managed-hsm")
    changed = tenant.az("keyvault", "update-hsm", "--hsm-name", HSM, "--bypass", "AzureServices", "--default-action", "Deny")
    assert changed["properties"]["networkAcls"]["defaultAction"] == "Deny"
    assert tenant.az("keyvault", "check-name", "--name", HSM)["nameAvailable"] is False
