"""The commands of the Azure CLI that cmkctl prints against trouble, each in a tenant that has the trouble. The texts are cmkctl's own: of its
findings and errors where it knows the values, and of `explain` where it leaves blanks, which stand in capitals."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from tenant import GROUP, KEY, POLICY, VAULT, Tenant

SOURCE = Path(__file__).resolve().parents[2] / "src"
HSM = "hsm-contoso-cmk"
OTHER_TENANT = "11111111-2222-4333-8444-555555555555"
CLOSED = {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}
PERIMETER = {"publicNetworkAccess": "SecuredByPerimeter"}


def merged(base, patch):
    """A patch over a patch: what is null stays so, since it removes something of the base tenant."""
    if not isinstance(patch, dict) or not isinstance(base, dict):
        return patch
    return {**base, **{name: merged(base.get(name), value) for name, value in patch.items()}}


def scenario(name):
    return json.loads((SOURCE / f"sandbox/scenarios/{name}.json").read_text())


def policy(**more):
    return {"vault": VAULT, "key": KEY, "location": "europe", "granted": True, **more}


#: All is well: the policy is there and may use the key.
WELL = {"summary": "All is well.", "policies": {POLICY: policy()}}
LOCAL = {"who": f"policy:{POLICY}", "role": "Managed HSM Crypto Service Encryption User", "scope": "@key"}
WELL_HSM = merged(scenario("managed-hsm"), {"policies": {POLICY: policy(vault=HSM)}, "assignments": [LOCAL]})


def well(patch):
    return merged(WELL, patch)


def vault(properties=None, **more):
    return well({"vaults": {VAULT: {"properties": properties or {}, **more}}})


def key(**more):
    return well({"vaults": {VAULT: {"keys": {KEY: more}}}})


def hsm(properties=None, **more):
    return merged(WELL_HSM, {"vaults": {HSM: {"properties": properties or {}, **more}}})


def hsm_key(**more):
    return merged(WELL_HSM, {"vaults": {HSM: {"keys": {KEY: more}}}})


@dataclass
class Remedy:
    """A command against a finding, or one that helps to find out."""

    name: str
    #: The tenant with the trouble.
    tenant: dict
    #: The finding's code, or the one that is explained; nothing where the command stands anywhere in what cmkctl says.
    code: str
    #: The command without its values.
    shape: str
    #: The command of cmkctl that finds it, and the one that finds it no more.
    run: tuple = ("check",)
    again: tuple = ()
    #: What stands in the place of a blank, beside what `blanks` has.
    fill: dict = field(default_factory=dict)
    #: Only looked at: this is part of what the Azure CLI shows, and the tenant stays as it is.
    looks: str | None = None
    #: Findings that show only afterwards.
    brings: tuple = ()
    #: Who runs cmkctl, and who runs the Azure CLI.
    user: str = "admin"
    az_user: str = "admin"
    #: Trouble of the service while cmkctl looks for the first time.
    faults: tuple = ()


ENCRYPTION_USER = "Key Vault Crypto Service Encryption User"
READS = {"who": "observer", "role": "Reader", "condition": "@Resource[name] StringEquals 'x'"}
UNGRANTED = {"policies": {POLICY: {"granted": False}}}
CONDITION = "@Resource[Microsoft.KeyVault/vaults/keys:name] StringEquals 'cmk-contoso'"
OLD = {
    "vaults": {"kv-old": {
        "properties": {"enablePurgeProtection": True, "enableRbacAuthorization": True, "softDeleteRetentionInDays": 90},
        "keys": {"cmk-old": {"kty": "RSA", "bits": 3072}},
    }},
    "policies": {"ep-old": {"vault": "kv-old", "key": "cmk-old", "location": "europe", "granted": True}},
    "environments": {"uat": {"policy": "ep-old"}},
}
NOTHING = {"summary": "No policy yet."}
FROZEN = well({"locks": [{"scope": "@group", "level": "ReadOnly", "name": "frozen"}]})


def conditional(*scopes):
    """The identity has the role under a condition."""
    given = [{"who": f"policy:{POLICY}", "role": ENCRYPTION_USER, "scope": scope, "condition": CONDITION} for scope in scopes]
    return well({**UNGRANTED, "assignments": given})


GRANT = "role assignment create --role --assignee-object-id --assignee-principal-type --scope"
GRANT_IN_HSM = "keyvault role assignment create --hsm-name --role --assignee-object-id --assignee-principal-type --scope"
GRANT_TO_ANYBODY = "role assignment create --role --assignee --scope"
UPDATE, UPDATE_HSM = "keyvault update --name --subscription", "keyvault update-hsm --hsm-name --subscription"
ENABLE, ENABLE_IN_HSM = "keyvault key set-attributes --name --enabled --vault-name", "keyvault key set-attributes --name --enabled --hsm-name"

FOUND = [
    Remedy("provider", well({"provider": "NotRegistered"}), "CMK010", "provider register --namespace --subscription"),
    Remedy("soft-delete", vault({"enableSoftDelete": False}), "CMK011", "resource update --ids --set"),
    Remedy("hsm-soft-delete", hsm({"enableSoftDelete": False}), "CMK011", "resource update --ids --set"),
    Remedy("purge-protection", vault({"enablePurgeProtection": None}), "CMK011", f"{UPDATE} --enable-purge-protection"),
    Remedy("hsm-purge-protection", hsm({"enablePurgeProtection": None}), "CMK011", f"{UPDATE_HSM} --enable-purge-protection"),
    Remedy("firewall", vault(CLOSED, firewall=True), "CMK018", f"{UPDATE} --bypass"),
    Remedy("hsm-firewall", hsm(CLOSED, firewall=True), "CMK018", f"{UPDATE_HSM} --bypass"),
    Remedy("perimeter", vault(PERIMETER, firewall=True), "CMK018", f"{UPDATE} --public-network-access --bypass"),
    Remedy("hsm-perimeter", hsm(PERIMETER, firewall=True), "CMK018", f"{UPDATE_HSM} --public-network-access --bypass"),
    Remedy("vault-not-known", vault({"publicNetworkAccess": "Perhaps"}), "CMK018", "resource show --ids", looks='"Perhaps"'),
    Remedy("role", well(UNGRANTED), "CMK012", GRANT),
    Remedy(
        "access-policy", merged(well(UNGRANTED), scenario("access-policy-vault")), "CMK012",
        "keyvault set-policy --name --subscription --object-id --key-permissions",
    ),
    Remedy("hsm-role", merged(WELL_HSM, {"assignments": []}), "CMK012", GRANT_IN_HSM),
    Remedy("condition-on-the-vault", conditional("@vault"), "CMK012", GRANT),
    Remedy("condition-on-the-key", conditional("@key"), "CMK012", GRANT),
    Remedy(
        "denials", WELL, "CMK012", "rest --method --url", looks='"value"',
        faults=({"match": {"path": "denyAssignments"}, "do": "403", "times": 10},),
    ),
    Remedy(
        "reader", well({"assignments": [{**READS, "scope": "@group"}]}), "CMK019", "role assignment create --role --assignee-object-id --scope",
        run=("create-policy", "--reader", "{observer}", "--dry-run"),
    ),
    Remedy("old-key", well(OLD), "CMK034", GRANT, run=("check", "--swap")),
    Remedy(
        "key-type", {**NOTHING, "vaults": {VAULT: {"keys": {KEY: {"kty": "EC"}}}}}, "CMK015", "keyvault key create --kty --size --name --vault-name",
        again=("check", "--key", "fresh"), fill={"NEW_NAME": "fresh"},
    ),
    Remedy("key-disabled", key(enabled=False), "CMK016", ENABLE),
    Remedy("hsm-key-disabled", hsm_key(enabled=False), "CMK016", ENABLE_IN_HSM),
    Remedy("key-expired", key(expires_in_days=-1), "CMK016", "keyvault key rotate --name --vault-name"),
    Remedy("key-expires", key(expires_in_days=20), "CMK016", "keyvault key rotate --name --vault-name"),
    Remedy("hsm-key-expired", hsm_key(expires_in_days=-1), "CMK016", "keyvault key rotate --name --hsm-name"),
    Remedy("key-absent", NOTHING, "CMK046", "keyvault key create --kty --size --name --vault-name", run=("check", "--key", "fresh")),
    Remedy("key-deleted", key(deleted=True), "CMK046", "keyvault key recover --name --vault-name"),
    Remedy("hsm-key-deleted", hsm_key(deleted=True), "CMK046", "keyvault key recover --name --hsm-name"),
    Remedy("vault-deleted", vault(deleted=True), "CMK046", "keyvault recover --name --subscription"),
    Remedy("hsm-deleted", hsm(deleted=True), "CMK046", "keyvault recover --hsm-name --subscription"),
    Remedy(
        "vault-absent", NOTHING, "CMK046", "keyvault list --query --subscription", looks=VAULT,
        run=("check", "--vault", "{group}/providers/Microsoft.KeyVault/vaults/kv-absent"),
    ),
    Remedy(
        "vault-deleted-unseen", vault(deleted=True), "CMK046", "keyvault list-deleted --subscription", looks=VAULT,
        faults=({"match": {"path": "deletedVaults"}, "do": "403", "times": 10},),
    ),
    Remedy(
        "key-deleted-unseen", key(deleted=True), "CMK046", "keyvault key list-deleted --vault-name", looks=KEY,
        faults=({"match": {"path": "deletedkeys"}, "do": "403", "times": 10},),
    ),
    Remedy("lock", FROZEN, "CMK044", "lock delete --ids"),
    Remedy(
        "right", {**NOTHING, "users": {"admin": {"azure": ["Reader", "Key Vault Administrator"]}}}, "CMK045", GRANT_TO_ANYBODY,
        az_user="key-vault-admin",
    ),
]

PRINCIPAL = {"PRINCIPAL_ID": "@resource show --ids {policy} --query identity.principalId"}
VERSION = {"VERSION": f"@keyvault key list-versions --vault-name {VAULT} --name {KEY} --query [0].kid"}
ASSIGN = "role assignment create --assignee --role --scope"

#: What `explain` says, with blanks.
EXPLAINED = [
    Remedy("locations", {**NOTHING, "provider_locations": ["asia"]}, "CMK008", "provider show --namespace --query", looks="asia"),
    Remedy(
        "exemption", {**NOTHING, "azure_policy": "Allowed locations"}, "CMK009",
        "policy exemption create --name --policy-assignment --exemption-category --scope",
        fill={"NAME": "for-policies", "ASSIGNMENT_ID": "@policy assignment list --query [0].id"},
    ),
    Remedy("provider-and-wait", well({"provider": "NotRegistered"}), "CMK010", "provider register --namespace --wait"),
    Remedy("protect", vault({"enablePurgeProtection": None}), "CMK011", "keyvault update --name --enable-purge-protection"),
    Remedy("grant", well(UNGRANTED), "CMK012", "role assignment create --assignee-object-id --assignee-principal-type --role --scope", fill=PRINCIPAL),
    Remedy(
        "grant-by-policy", merged(well(UNGRANTED), scenario("access-policy-vault")), "CMK012",
        "keyvault set-policy --name --object-id --key-permissions", fill=PRINCIPAL,
    ),
    Remedy("new-key", {**NOTHING, "vaults": {VAULT: {"keys": {KEY: {"kty": "EC"}}}}}, "CMK015",
           "keyvault key create --vault-name --name --kty --size", fill={"KEY": "fresh"}, again=("check", "--key", "fresh")),
    Remedy("rotate", key(expires_in_days=-1), "CMK016", "keyvault key rotate --vault-name --name"),
    Remedy("enable", key(enabled=False), "CMK016", "keyvault key set-attributes --vault-name --name --enabled"),
    Remedy("bypass", vault(CLOSED, firewall=True), "CMK018", "keyvault update --name --bypass"),
    Remedy("policy-reader", WELL, "CMK019", ASSIGN, looks="acdd72a7"),
    Remedy(
        "version", key(enabled=False), "CMK033", "keyvault key set-attributes --vault-name --name --version --enabled", fill=VERSION,
        looks='"enabled": True',
    ),
    Remedy("subscriptions", WELL, "CMK037", "account list --all --output", looks="{tenant}"),
    Remedy("policies", WELL, "CMK042", "resource list --resource-type --query", looks=POLICY),
    Remedy("tenant", WELL, "CMK043", "account list --all --query", looks="{tenant}"),
    Remedy("locks", FROZEN, "CMK044", "lock list --resource-group --output", looks="frozen"),
    Remedy("unlock", FROZEN, "CMK044", "lock delete --ids", fill={"LOCK_ID": "@lock list --query [0].id"}),
    Remedy("contributor", WELL, "CMK045", ASSIGN, looks="{observer}"),
    Remedy("deleted", vault(deleted=True), "CMK046", "keyvault list-deleted", looks=VAULT),
    Remedy("recover", vault(deleted=True), "CMK046", "keyvault recover --name"),
    Remedy("recover-key", key(deleted=True), "CMK046", "keyvault key recover --vault-name --name"),
    Remedy(
        "retention", WELL, "CMK047", "keyvault create --name --resource-group --retention-days --enable-purge-protection",
        fill={"VAULT": "kv-contoso-fresh"}, looks='"softDeleteRetentionInDays": 90',
    ),
    Remedy("address", vault(CLOSED, firewall=True), "ForbiddenByFirewall", "keyvault network-rule add --name --ip-address", looks="203.0.113.7"),
    Remedy("key-reader", WELL, "ForbiddenByRbac", ASSIGN, looks="{observer}"),
    Remedy("network", vault(CLOSED, firewall=True), "Forbidden", "keyvault show --name --query", looks='"defaultAction": "Deny"'),
    Remedy("endpoints", WELL, "ForbiddenByConnection", "keyvault show --name --query", looks=""),
    Remedy("deleted-keys", key(deleted=True), "KeyNotFound", "keyvault key list-deleted --vault-name", looks=KEY),
    Remedy("name-taken", WELL, "VaultAlreadyExists", "keyvault check-name --name", looks='"nameAvailable": False'),
    Remedy("hsm-officer", WELL_HSM, "AccessDenied", "keyvault role assignment create --hsm-name --role --assignee --scope", looks="{observer}"),
    Remedy("person", WELL, "PrincipalNotFound", "ad user show --id --query", fill={"NAME": "{person}"}, looks="{admin}"),
    Remedy("assignments", WELL, "RoleAssignmentUpdateNotPermitted", "role assignment list --scope --output", looks=ENCRYPTION_USER),
    Remedy("role-known", WELL, "RoleDefinitionDoesNotExist", "role definition list --name", looks="e147488a"),
    Remedy("all-assignments", WELL, "RoleAssignmentLimitExceeded", "role assignment list --all --output", looks=ENCRYPTION_USER),
    Remedy("group", WELL, "ResourceGroupNotFound", "group create --name --location", fill={"GROUP": "rg-contoso-fresh"}, looks="rg-contoso-fresh"),
]

#: The words of commands that nobody runs here, and why.
LEFT_OUT = {
    "login": "signs a person in, in a browser; what signs in without one is tried elsewhere",
    "logout": "signs out, and a login follows",
    "ad app credential reset": "writes to an application, which the sandbox does not play",
    "ad app credential list": "reads an application, which the sandbox does not play",
    "ad app federated-credential list": "reads an application, which the sandbox does not play",
    "ad sp create": "writes to an application, which the sandbox does not play",
    "ad signed-in-user show": "needs a person who is signed in",
    "network list-service-tags": "reads Microsoft.Network, which the sandbox does not play; it is a note, and nothing is wrong",
    "deployment group create": "compiles Bicep, by a program that the Azure CLI downloads first",
    "account": "the beginning of a command that az itself suggests",
    "account get-access-token": "shows what az answers when it can't sign in",
    "ad sp show": "looks an object id up; the tests of the clients run it",
    "keyvault key rotation-policy update": "said of a key that is there already; the tests of the clients run it",
    "account list-locations": "lists what an argument must be; the sandbox plays the same list",
    "eventgrid event-subscription create": "stands in an exported file; the sandbox has no Event Grid",
    "monitor diagnostic-settings create": "stands in an exported file; the sandbox has no diagnostic settings",
    "monitor log-analytics workspace list": "needs an extension of the Azure CLI; the sandbox plays the queries only",
    "keyvault key list-versions": "lists what an argument must be; the tests of the clients run it",
    "upgrade": "replaces the Azure CLI itself",
}


#: What cmkctl calls a blank, and what stands there in the sandbox.
def blanks(tenant: Tenant):
    return {
        "VAULT": VAULT, "KEY": KEY, "GROUP": GROUP, "VAULT_ID": tenant.vault, "GROUP_ID": tenant.group, "POLICY_ID": tenant.policy,
        "REGION": "westeurope", "TENANT_ID": tenant.id, "HSM": HSM, "SCOPE_ID": tenant.vault, "OBJECT_ID": tenant.users["observer"]["object_id"],
        "OLD_VAULT_ID": tenant.vault, "ADDRESS": "203.0.113.7",
    }


def commands(text):
    """The commands in a text: between backticks, on a line of their own, or commented out in a script."""
    found = re.findall(r"`(az [^`]+)`", text)
    for line in text.splitlines():
        line = line.strip().removeprefix("//").removeprefix("#").strip().removeprefix("fix:").strip()
        if line.startswith("az "):
            found.append(line)
    return found


def shape(command):
    """A command without its values."""
    words = shlex.split(command)[1:]
    first = next((place for place, word in enumerate(words) if word.startswith("-")), len(words))
    return " ".join([*words[:first], *(word for word in words[first:] if word.startswith("-"))])


def verbs(shape):
    return shape.split(" -")[0]


def literals():
    """The texts in the source of the product, its tests left out, as they are printed but for what is filled in."""
    for file in sorted(SOURCE.rglob("*.rs")):
        if "sandbox" not in file.relative_to(SOURCE).parts:
            code = file.read_text().split("#[cfg(test)]")[0]
            code = "\n".join(line for line in code.splitlines() if not line.lstrip().startswith("//"))
            for text in re.findall(r'"((?:[^"\\]|\\.)*)"', code, re.DOTALL):
                yield file.name, re.sub(r"\\\n\s*", "", text)


def written():
    """The words of every command that stands in the source, and where."""
    for file, text in literals():
        for command in re.findall(r"(?:^|[`#/n] *|: )az ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)*)", text):
            yield file, command
