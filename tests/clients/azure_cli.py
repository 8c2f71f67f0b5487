"""What administrators of this job paste, beyond what `checks` has: whole lives of vaults, groups, locks and roles, and ways to sign in."""

import json
import os
import sys
from pathlib import Path

import pytest

from checks import check, made_certificate
from tenant import GROUP, KEY, VAULT, Failed, Tenant

FRESH = "kv-contoso-fresh"


@check
def az_makes_changes_deletes_and_recovers_a_vault(tenant: Tenant):
    where = ["--name", FRESH, "--resource-group", GROUP]
    made = tenant.az(
        "keyvault", "create", *where, "--location", "westeurope", "--retention-days", "30", "--enable-purge-protection", "true",
        "--enable-rbac-authorization", "true", "--tags", "for=rehearsal",
    )
    properties = made["properties"]
    assert (properties["softDeleteRetentionInDays"], properties["enablePurgeProtection"]) == (30, True)
    assert (properties["vaultUri"], properties["tenantId"]) == (f"https://{FRESH}.vault.azure.net/", tenant.id)
    assert {one["name"] for one in tenant.az("keyvault", "list")} == {VAULT, FRESH}
    closed = tenant.az("keyvault", "update", *where, "--default-action", "Deny", "--bypass", "AzureServices")["properties"]["networkAcls"]
    assert (closed["defaultAction"], closed["bypass"]) == ("Deny", "AzureServices")
    ruled = tenant.az("keyvault", "network-rule", "add", "--name", FRESH, "--ip-address", "203.0.113.7")["properties"]["networkAcls"]
    assert [one["value"].split("/")[0] for one in ruled["ipRules"]] == ["203.0.113.7"]
    assert tenant.az("keyvault", "check-name", "--name", FRESH)["nameAvailable"] is False
    tenant.az("keyvault", "delete", "--name", FRESH)
    with pytest.raises(Failed, match="not found"):
        tenant.az("keyvault", "show", *where)
    assert [one["name"] for one in tenant.az("keyvault", "list-deleted", "--resource-type", "vault")] == [FRESH]
    with pytest.raises(Failed, match="[Pp]urge"):
        tenant.az("keyvault", "purge", "--name", FRESH, "--location", "westeurope")
    tenant.az("keyvault", "recover", "--name", FRESH)
    back = tenant.az("keyvault", "show", *where)
    assert back["tags"] == {"for": "rehearsal"}
    assert back["properties"]["networkAcls"]["defaultAction"] == "Deny"


@check
def az_gives_permissions_in_a_vault_with_access_policies(tenant: Tenant):
    tenant.begin("access-policy-vault")
    observer = tenant.users["observer"]["object_id"]
    who = ["--name", VAULT, "--object-id", observer]

    def permissions(vault):
        return [one["permissions"]["keys"] for one in vault["properties"]["accessPolicies"] if one["objectId"] == observer]

    # az puts them in any order.
    assert [sorted(own) for own in permissions(tenant.az("keyvault", "set-policy", *who, "--key-permissions", "get", "list"))] == [["get", "list"]]
    assert permissions(tenant.az("keyvault", "delete-policy", *who)) == []


@check
def az_makes_and_changes_a_key(tenant: Tenant):
    where = ["--vault-name", VAULT, "--name", "fresh"]
    made = tenant.az("keyvault", "key", "create", *where, "--kty", "RSA", "--size", "3072", "--expires", "2027-03-01T00:00:00Z")
    assert made["attributes"]["expires"].startswith("2027-03-01")
    off = tenant.az("keyvault", "key", "set-attributes", *where, "--enabled", "false")
    assert off["attributes"]["enabled"] is False
    with pytest.raises(Failed, match="BadParameter|invalid"):
        tenant.az("keyvault", "key", "create", "--vault-name", VAULT, "--name", "n_4", "--kty", "RSA")
    tenant.az("keyvault", "key", "delete", *where)
    tenant.az("keyvault", "key", "recover", *where)
    assert tenant.az("keyvault", "key", "show", *where)["key"]["kid"] == made["key"]["kid"]


@check
def az_assigns_a_role_to_whom_it_looks_up(tenant: Tenant):
    observer = tenant.users["observer"]
    # By the application's id, which Microsoft Graph makes an object id of.
    made = tenant.az("role", "assignment", "create", "--assignee", observer["client_id"], "--role", "Key Vault Reader", "--scope", tenant.vault)
    assert (made["principalId"], made["principalType"]) == (observer["object_id"], "ServicePrincipal")
    (found,) = tenant.az("role", "assignment", "list", "--assignee", observer["client_id"], "--scope", tenant.vault)
    # The sandbox's users are people and applications in one, and are shown by the person's name; Azure shows an application by its id.
    assert (found["id"], found["roleDefinitionName"]) == (made["id"], "Key Vault Reader")
    assert found["principalName"] in (observer["client_id"], "observer@contoso.onmicrosoft.com")
    tenant.az("role", "assignment", "delete", "--assignee", observer["client_id"], "--role", "Key Vault Reader", "--scope", tenant.vault)
    assert tenant.az("role", "assignment", "list", "--assignee", observer["client_id"], "--scope", tenant.vault) == []


def template(name="ep-deployed", location="europe"):
    resource = {
        "type": "Microsoft.PowerPlatform/enterprisePolicies", "apiVersion": "2020-10-30", "name": "[parameters('name')]", "location": location,
        "kind": "Encryption", "identity": {"type": "SystemAssigned"},
        "properties": {"encryption": {"state": "Enabled", "keyVault": {"id": "[parameters('vault')]", "key": {"name": KEY}}}},
    }
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
        "parameters": {"name": {"type": "string", "defaultValue": name}, "vault": {"type": "string"}}, "resources": [resource],
    }


@check
def az_deploys_a_policy(tenant: Tenant):
    file = tenant.folder / "template.json"
    # Comments are taken, as the Azure CLI takes them.
    file.write_text("// The policy\n" + json.dumps(template(), indent=1))
    words = ["--resource-group", GROUP, "--template-file", str(file), "--parameters", f"vault={tenant.vault}"]
    assert tenant.az("deployment", "group", "validate", *words)["properties"]["provisioningState"] == "Succeeded"
    with pytest.raises(Failed, match="ResourceNotFound|not be found|not found"):
        tenant.az("resource", "show", "--ids", f"{tenant.group}/providers/Microsoft.PowerPlatform/enterprisePolicies/ep-deployed")
    made = tenant.az("deployment", "group", "create", *words, "--name", "first")
    assert made["properties"]["provisioningState"] == "Succeeded"
    shown = tenant.az("resource", "show", "--ids", f"{tenant.group}/providers/Microsoft.PowerPlatform/enterprisePolicies/ep-deployed")
    assert shown["identity"]["principalId"] and shown["properties"]["encryption"]["keyVault"]["id"] == tenant.vault
    assert [one["name"] for one in tenant.az("deployment", "group", "list", "--resource-group", GROUP)] == ["first"]
    file.write_text(json.dumps(template("ep-astray", "atlantis")))
    with pytest.raises(Failed, match="LocationNotAvailableForResourceType"):
        tenant.az("deployment", "group", "create", *words, "--name", "second")


@check
def az_makes_finds_and_deletes_a_group(tenant: Tenant):
    name = ["--name", "rg-contoso-fresh"]
    assert tenant.az("group", "exists", *name) is False
    made = tenant.az("group", "create", *name, "--location", "westeurope", "--tags", "for=rehearsal")
    assert (made["properties"]["provisioningState"], made["tags"]) == ("Succeeded", {"for": "rehearsal"})
    assert tenant.az("group", "exists", *name) is True
    tenant.az("keyvault", "create", "--name", FRESH, "--resource-group", "rg-contoso-fresh", "--location", "westeurope")
    tenant.az("group", "delete", *name, "--yes")
    assert tenant.az("group", "exists", *name) is False
    # What was in it went with it, and a vault can be brought back.
    assert [one["name"] for one in tenant.az("keyvault", "list")] == [VAULT]
    assert [one["name"] for one in tenant.az("keyvault", "list-deleted", "--resource-type", "vault")] == [FRESH]


@check
def az_locks_and_unlocks_a_group(tenant: Tenant):
    made = tenant.az("lock", "create", "--name", "frozen", "--lock-type", "ReadOnly", "--resource-group", GROUP)
    assert made["level"] == "ReadOnly"
    assert [one["name"] for one in tenant.az("lock", "list", "--resource-group", GROUP)] == ["frozen"]
    with pytest.raises(Failed, match="ScopeLocked"):
        tenant.az("keyvault", "update", "--name", VAULT, "--bypass", "None")
    tenant.az("lock", "delete", "--ids", made["id"])
    assert tenant.az("lock", "list", "--resource-group", GROUP) == []
    tenant.az("keyvault", "update", "--name", VAULT, "--bypass", "None")


def certificate(tenant: Tenant):
    pem, _, public = made_certificate()
    tenant.ask("POST", "/_sandbox/certificates", {"user": "admin", "certificate": public.decode()})
    file = tenant.folder / "certificate.pem"
    file.write_bytes(pem)
    return file


@check
def az_signs_in_with_a_certificate(tenant: Tenant):
    tenant.az("account", "clear")
    tenant.signed = None
    client = tenant.users["admin"]["client_id"]
    signed = tenant.az("login", "--service-principal", "--username", client, "--certificate", str(certificate(tenant)), "--tenant", tenant.id)
    assert [(one["id"], one["user"]["name"]) for one in signed] == [(tenant.subscription, client)]
    tenant.signed = "admin"
    assert tenant.az("keyvault", "show", "--name", VAULT)["id"] == tenant.vault
    tenant.az("account", "clear")
    tenant.signed = None


@check
def az_signs_a_person_in_with_a_browser(tenant: Tenant):
    tenant.az("account", "clear")
    tenant.signed = None
    program = Path(__file__).with_name("browser.py")
    os.environ["BROWSER"] = f"{sys.executable} {program} %s &"
    try:
        tenant.az("config", "set", "core.login_experience_v2=off")
        signed = tenant.az("login", "--tenant", tenant.id)
    finally:
        del os.environ["BROWSER"]
    assert [(one["id"], one["user"]) for one in signed] == [(tenant.subscription, {"name": "admin@contoso.onmicrosoft.com", "type": "user"})]
    assert (len(tenant.statuses("GET", "/authorize")), tenant.statuses("POST", "/devicecode")) == (1, [])
    tenant.az("account", "clear")
    tenant.signed = None


@check
def az_signs_a_person_in_with_a_device_code(tenant: Tenant):
    tenant.az("account", "clear")
    tenant.signed = None
    signed = tenant.az("login", "--use-device-code", "--tenant", tenant.id)
    assert [(one["id"], one["user"]) for one in signed] == [(tenant.subscription, {"name": "admin@contoso.onmicrosoft.com", "type": "user"})]
    tenant.signed = "a person"
    # The same person's refresh token is good for other services.
    assert tenant.az("keyvault", "key", "show", "--vault-name", VAULT, "--name", KEY)["attributes"]["enabled"] is True
    assert tenant.az("ad", "signed-in-user", "show", "--query", "id") == tenant.users["admin"]["object_id"]
    tenant.az("account", "clear")
    tenant.signed = None
