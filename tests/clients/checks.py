"""What is expected of the sandbox, said through clients that nobody here wrote. Each check stands alone, so that each can be shown to fail."""

import base64
import datetime
import json
import uuid

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.identity import CertificateCredential
from azure.mgmt.authorization.models import RoleAssignmentCreateParameters
from azure.mgmt.keyvault.models import VaultPatchParameters, VaultPatchProperties
from azure.mgmt.powerplatform.models import (
    EnterprisePolicy,
    EnterprisePolicyIdentity,
    KeyProperties,
    KeyVaultProperties,
    PatchEnterprisePolicy,
    Properties,
    PropertiesEncryption,
)
from azure.mgmt.resource.deployments.models import Deployment, DeploymentProperties
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from tenant import BAP, BAP_AUDIENCE, GROUP, KEY, READER, VAULT, Failed, Tenant

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def refused(error, call, *arguments, code=None, **named):
    with pytest.raises(error) as raised:
        call(*arguments, **named)
    if code is not None:
        assert raised.value.error.code == code, raised.value


# azure-identity


@check
def a_service_principal_signs_in(tenant: Tenant):
    credential = tenant.secret()
    for audience in ("https://management.azure.com", "https://vault.azure.net", BAP_AUDIENCE, "https://api.powerplatform.com"):
        token = credential.get_token(f"{audience}/.default").token
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert claims["oid"] == tenant.users["admin"]["object_id"]
        assert claims["tid"] == tenant.id


@check
def a_wrong_secret_and_a_wrong_tenant_are_refused(tenant: Tenant):
    scope = "https://management.azure.com/.default"
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        tenant.secret(secret="wrong").get_token(scope)
    with pytest.raises(ClientAuthenticationError, match="check your tenant name"):
        tenant.secret(tenant=str(uuid.uuid4())).get_token(scope)


def made_certificate():
    """A key and its certificate, as PEM and as PFX, and the certificate alone."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
    certificate = builder.not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    sealed = serialization.BestAvailableEncryption(b"hunter2")
    return private + public, pkcs12.serialize_key_and_certificates(b"client", key, certificate, None, sealed), public


@check
def an_application_signs_in_with_its_certificate(tenant: Tenant):
    scope, admin = "https://management.azure.com/.default", tenant.users["admin"]
    pem, pfx, public = made_certificate()
    tenant.ask("POST", "/_sandbox/certificates", {"user": "admin", "certificate": public.decode()})
    for data, more in ((pem, {}), (pem, {"send_certificate_chain": True}), (pfx, {"password": "hunter2"})):
        credential = CertificateCredential(tenant.id, admin["client_id"], certificate_data=data, **more)
        token = credential.get_token(scope).token
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert claims["oid"] == admin["object_id"] and claims["idtyp"] == "app"
    other, _, _ = made_certificate()
    for client, data in ((admin["client_id"], other), (tenant.users["observer"]["client_id"], pem)):
        with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
            CertificateCredential(tenant.id, client, certificate_data=data).get_token(scope)


@check
def the_authority_describes_itself(tenant: Tenant):
    login = "https://login.microsoftonline.com"
    found = requests.get(f"{login}/{tenant.id}/v2.0/.well-known/openid-configuration").json()
    assert found["issuer"] == f"{login}/{tenant.id}/v2.0"
    assert found["token_endpoint"] == f"{login}/{tenant.id}/oauth2/v2.0/token"
    asked = {"api-version": "1.1", "authorization_endpoint": f"{login}/{tenant.id}/oauth2/v2.0/authorize"}
    found = requests.get(f"{login}/common/discovery/instance", params=asked).json()
    assert found["tenant_discovery_endpoint"] == f"{login}/{tenant.id}/v2.0/.well-known/openid-configuration"
    assert "login.microsoftonline.com" in found["metadata"][0]["aliases"]
    other = {**asked, "authorization_endpoint": "https://login.elsewhere.example/x/oauth2/v2.0/authorize"}
    assert requests.get(f"{login}/common/discovery/instance", params=other).json()["error"] == "invalid_instance"


# azure-mgmt-resource


@check
def subscriptions_and_tenants_are_listed(tenant: Tenant):
    assert [one.subscription_id for one in tenant.subscriptions.subscriptions.list()] == [tenant.subscription]
    assert [one.tenant_id for one in tenant.subscriptions.tenants.list()] == [tenant.id]
    assert "westeurope" in [one.name for one in tenant.subscriptions.subscriptions.list_locations(tenant.subscription)]


@check
def the_provider_tells_its_state_and_locations(tenant: Tenant):
    provider = tenant.resources.providers.get("Microsoft.PowerPlatform")
    assert provider.registration_state == "Registered"
    kinds = {kind.resource_type: kind for kind in provider.resource_types}
    assert "europe" in kinds["enterprisePolicies"].locations
    assert "2020-10-30-preview" in kinds["enterprisePolicies"].api_versions
    names = {one.namespace for one in tenant.resources.providers.list()}
    assert {"Microsoft.KeyVault", "Microsoft.PowerPlatform"} <= names


@check
def a_provider_is_registered(tenant: Tenant):
    tenant.begin("fresh")
    assert tenant.resources.providers.get("Microsoft.PowerPlatform").registration_state == "NotRegistered"
    assert tenant.resources.providers.register("Microsoft.PowerPlatform").registration_state == "Registering"
    for _ in range(1000):
        if tenant.resources.providers.get("Microsoft.PowerPlatform").registration_state == "Registered":
            return
    raise AssertionError("it was never registered")


@check
def groups_and_resources_are_listed(tenant: Tenant):
    assert [one.name for one in tenant.resources.resource_groups.list()] == [GROUP]
    found = tenant.resources.resources.list(filter="resourceType eq 'Microsoft.KeyVault/vaults'")
    assert [(one.name, one.type) for one in found] == [(VAULT, "Microsoft.KeyVault/vaults")]
    assert list(tenant.resources.resources.list(filter="resourceType eq 'Microsoft.Compute/disks'")) == []


@check
def ids_are_taken_in_any_case_and_with_doubled_slashes(tenant: Tenant):
    for id in (tenant.vault, tenant.vault.upper(), tenant.vault.lower(), tenant.vault.replace("/vaults/", "//vaults//")):
        assert tenant.resources.resources.get_by_id(id, "2024-11-01").id == tenant.vault
    # The SDK doubles the slash itself where a resource has no parent.
    assert list(tenant.locks.management_locks.list_at_resource_level(GROUP, "Microsoft.KeyVault", "", "vaults", VAULT)) == []
    assert any("//" in one["path"] for one in tenant.ledger()["log"])


@check
def a_deployment_is_validated(tenant: Tenant):
    def validate(location):
        resource = {
            "type": "Microsoft.PowerPlatform/enterprisePolicies", "apiVersion": "2020-10-30", "name": "ep", "location": location,
        }
        template = {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                    "contentVersion": "1.0.0.0", "resources": [resource]}
        wanted = Deployment(properties=DeploymentProperties(mode="Incremental", template=template, parameters={}))
        return tenant.deployments.deployments.begin_validate(GROUP, "try", wanted).result()

    assert validate("europe").properties.provisioning_state == "Succeeded"
    with pytest.raises(HttpResponseError, match="LocationNotAvailableForResourceType"):
        answer = validate("atlantis")
        # Some versions hand the error on, others return it.
        raise HttpResponseError(message=str(answer.error.details[0].code))


# azure-mgmt-keyvault


@check
def a_vault_is_read_and_protected(tenant: Tenant):
    vault = tenant.vaults.vaults.get(GROUP, VAULT)
    assert vault.id == tenant.vault
    assert vault.properties.vault_uri == f"https://{VAULT}.vault.azure.net/"
    assert vault.properties.enable_rbac_authorization is True
    assert [one.name for one in tenant.vaults.vaults.list_by_subscription()] == [VAULT]
    assert [one.name for one in tenant.vaults.vaults.list_by_resource_group(GROUP)] == [VAULT]
    patch = VaultPatchParameters(properties=VaultPatchProperties(enable_purge_protection=True))
    assert tenant.vaults.vaults.update(GROUP, VAULT, patch).properties.enable_purge_protection is True
    off = VaultPatchParameters(properties=VaultPatchProperties(enable_purge_protection=False))
    refused(HttpResponseError, tenant.vaults.vaults.update, GROUP, VAULT, off, code="BadRequest")
    refused(ResourceNotFoundError, tenant.vaults.vaults.get, GROUP, "kv-absent", code="ResourceNotFound")
    refused(ResourceNotFoundError, tenant.vaults.vaults.get, "rg-absent", VAULT, code="ResourceGroupNotFound")


@check
def resource_manager_knows_the_key(tenant: Tenant):
    key = tenant.vaults.keys.get(GROUP, VAULT, KEY)
    assert (key.kty, key.key_size, key.attributes.enabled) == ("RSA", 3072, True)
    assert key.key_uri == f"https://{VAULT}.vault.azure.net/keys/{KEY}"
    assert [one.name for one in tenant.vaults.keys.list(GROUP, VAULT)] == [KEY]
    version = key.key_uri_with_version.rsplit("/", 1)[1]
    assert tenant.vaults.keys.get_version(GROUP, VAULT, KEY, version).key_uri_with_version == key.key_uri_with_version


# azure-keyvault-keys


@check
def a_key_is_read_after_the_challenge(tenant: Tenant):
    key = tenant.keys().get_key(KEY)
    assert (key.name, key.key_type.value, len(key.key.n) * 8) == (KEY, "RSA", 3072)
    assert "Purgeable" not in key.properties.recovery_level
    # Without a version, the client puts a slash where the version would be.
    assert tenant.statuses("GET", f"/keys/{KEY}/") == [401, 200]
    assert tenant.keys().get_key(KEY, key.properties.version).id == key.id
    refused(ResourceNotFoundError, tenant.keys().get_key, "absent", code="KeyNotFound")


@check
def a_key_is_rotated(tenant: Tenant):
    keys = tenant.keys()
    before = keys.get_key(KEY)
    after = keys.rotate_key(KEY)
    assert after.properties.version != before.properties.version
    versions = {one.version for one in keys.list_properties_of_key_versions(KEY)}
    assert versions == {before.properties.version, after.properties.version}
    assert keys.get_key(KEY).id == after.id
    assert keys.get_key(KEY, before.properties.version).id == before.id
    # Each version is enabled, or not, for itself.
    keys.update_key_properties(KEY, before.properties.version, enabled=False)
    states = {one.version: one.enabled for one in keys.list_properties_of_key_versions(KEY)}
    assert states == {before.properties.version: False, after.properties.version: True}
    assert keys.get_key_rotation_policy(KEY).lifetime_actions[0].action.value.lower() == "notify"


@check
def a_key_is_made_disabled_deleted_and_recovered(tenant: Tenant):
    keys = tenant.keys()
    made = keys.create_rsa_key("fresh", size=4096)
    assert len(made.key.n) * 8 == 4096
    assert {one.name for one in keys.list_properties_of_keys()} == {KEY, "fresh"}
    assert keys.update_key_properties("fresh", enabled=False).properties.enabled is False
    assert keys.get_key("fresh").properties.enabled is False
    assert keys.update_key_properties("fresh", made.properties.version, enabled=True).properties.enabled is True
    gone = keys.begin_delete_key("fresh").result()
    assert gone.recovery_id.endswith("/deletedkeys/fresh")
    refused(ResourceNotFoundError, keys.get_key, "fresh", code="KeyNotFound")
    refused(ResourceExistsError, keys.create_rsa_key, "fresh", code="Conflict")
    assert [one.name for one in keys.list_deleted_keys()] == ["fresh"]
    assert keys.begin_recover_deleted_key("fresh").result().id == made.id
    assert keys.get_key("fresh").id == made.id


@check
def who_has_no_role_reads_no_key(tenant: Tenant):
    from azure.keyvault.keys import KeyClient

    keys = KeyClient(f"https://{VAULT}.vault.azure.net", tenant.secret("observer"))
    refused(HttpResponseError, keys.get_key, KEY, code="Forbidden")


# azure-mgmt-powerplatform: the published specification of the policy, as code


def policy(tenant: Tenant, location="europe"):
    vault = KeyVaultProperties(id=tenant.vault, key=KeyProperties(name=KEY))
    return EnterprisePolicy(
        location=location, kind="Encryption", identity=EnterprisePolicyIdentity(type="SystemAssigned"), tags={"for": "rehearsal"},
        properties=Properties(encryption=PropertiesEncryption(state="Enabled", key_vault=vault)),
    )


@check
def a_policy_is_made_and_read(tenant: Tenant):
    made = tenant.policies.create_or_update("ep-fresh", GROUP, policy(tenant))
    assert tenant.statuses("PUT", "/enterprisePolicies/ep-fresh") == [201]
    for found in (made, tenant.policies.get("ep-fresh", GROUP)):
        assert found.id == f"{tenant.group}/providers/Microsoft.PowerPlatform/enterprisePolicies/ep-fresh"
        assert (found.name, found.type) == ("ep-fresh", "Microsoft.PowerPlatform/enterprisePolicies")
        assert (found.kind, found.location, found.tags) == ("Encryption", "europe", {"for": "rehearsal"})
        assert found.properties.system_id.startswith("/regions/europe/providers/Microsoft.PowerPlatform/enterprisePolicies/")
        assert (found.identity.type, found.identity.tenant_id) == ("SystemAssigned", tenant.id)
        assert uuid.UUID(found.identity.system_assigned_identity_principal_id)
        assert found.properties.encryption.state == "Enabled"
        assert (found.properties.encryption.key_vault.id, found.properties.encryption.key_vault.key.name) == (tenant.vault, KEY)
    # The same once more is an update.
    tenant.policies.create_or_update("ep-fresh", GROUP, policy(tenant))
    assert tenant.statuses("PUT", "/enterprisePolicies/ep-fresh") == [201, 200]
    assert [one.name for one in tenant.policies.list_by_resource_group(GROUP)] == ["ep-fresh"]
    assert [one.name for one in tenant.policies.list_by_subscription()] == ["ep-fresh"]


@check
def a_policy_is_changed_in_place(tenant: Tenant):
    tenant.policies.create_or_update("ep-fresh", GROUP, policy(tenant))
    changed = tenant.policies.update("ep-fresh", GROUP, PatchEnterprisePolicy(tags={"for": "good"}))
    assert tenant.statuses("PATCH", "/enterprisePolicies/ep-fresh") == [200]
    found = tenant.policies.get("ep-fresh", GROUP)
    assert changed.tags == found.tags == {"for": "good"}
    assert found.properties.encryption.key_vault.key.name == KEY


@check
def a_policy_is_removed(tenant: Tenant):
    tenant.policies.create_or_update("ep-fresh", GROUP, policy(tenant))
    # Of this client's methods, this one alone names the group first.
    tenant.policies.delete(GROUP, "ep-fresh")
    tenant.policies.delete(GROUP, "ep-fresh")
    assert tenant.statuses("DELETE", "/enterprisePolicies/ep-fresh") == [200, 204]
    refused(ResourceNotFoundError, tenant.policies.get, "ep-fresh", GROUP, code="ResourceNotFound")


@check
def a_policy_that_can_not_be_is_refused(tenant: Tenant):
    code = "LocationNotAvailableForResourceType"
    refused(HttpResponseError, tenant.policies.create_or_update, "ep-fresh", GROUP, policy(tenant, "atlantis"), code=code)
    elsewhere = policy(tenant)
    elsewhere.properties.encryption.key_vault.id += "-absent"
    refused(HttpResponseError, tenant.policies.create_or_update, "ep-fresh", GROUP, elsewhere, code="InvalidRequestContent")


@check
def a_missing_registration_is_made_up_for(tenant: Tenant):
    tenant.begin("fresh")
    # The SDK knows this refusal: it registers the provider, waits, and sends the same again.
    tenant.policies.create_or_update("ep-fresh", GROUP, policy(tenant))
    assert tenant.statuses("PUT", "/enterprisePolicies/ep-fresh") == [409, 201]
    assert tenant.statuses("POST", "/providers/Microsoft.PowerPlatform/register") == [200]


# azure-mgmt-authorization


def assigned(tenant: Tenant, name: str, scope: str):
    definition = f"/subscriptions/{tenant.subscription}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    observer = tenant.users["observer"]["object_id"]
    wanted = RoleAssignmentCreateParameters(
        {"properties": {"roleDefinitionId": definition, "principalId": observer, "principalType": "ServicePrincipal"}}
    )
    return tenant.authorization.role_assignments.create(scope, name, wanted)


@check
def a_role_is_assigned_once(tenant: Tenant):
    name = str(uuid.uuid4())
    made = assigned(tenant, name, tenant.vault)
    assert (made.name, made.properties.scope) == (name, tenant.vault)
    assert assigned(tenant, name, tenant.vault).id == made.id
    assert tenant.statuses("PUT", "/roleAssignments/") == [201, 200]
    with pytest.raises(ResourceExistsError, match="RoleAssignmentExists"):
        assigned(tenant, str(uuid.uuid4()), tenant.vault)
    assert tenant.authorization.role_assignments.get(tenant.vault, name).id == made.id
    assert tenant.authorization.role_assignments.delete(tenant.vault, name).id == made.id
    assert tenant.authorization.role_assignments.delete(tenant.vault, name) is None


@check
def role_assignments_are_found_by_each_form_of_filter(tenant: Tenant):
    observer = tenant.users["observer"]["object_id"]
    own, below = str(uuid.uuid4()), str(uuid.uuid4())
    tenant.policies.create_or_update("ep-fresh", GROUP, policy(tenant))
    assigned(tenant, own, tenant.group)
    assigned(tenant, below, f"{tenant.group}/providers/Microsoft.PowerPlatform/enterprisePolicies/ep-fresh")

    def found(filter, scope=tenant.group):
        return {one.name for one in tenant.authorization.role_assignments.list_for_scope(scope, filter=filter)}

    everybody = {one.name for one in tenant.authorization.role_assignments.list_for_subscription()}
    assert {own, below} < everybody
    assert found(f"principalId eq '{observer}'") == {own, below}
    assert found(f"assignedTo('{observer}')") == {own, below}
    assert found(f"atScope() and assignedTo('{observer}')") == {own}
    assert found("atScope()") == everybody - {below}
    # What holds above is listed below, too.
    assert found(f"principalId eq '{observer}'", tenant.vault) == {own}
    refused(HttpResponseError, found, "roleName eq 'Reader'", code="UnsupportedQuery")


@check
def roles_and_permissions_are_told(tenant: Tenant):
    scope = f"/subscriptions/{tenant.subscription}"
    readers = list(tenant.authorization.role_definitions.list(scope, filter="roleName eq 'Reader'"))
    assert [one.name for one in readers] == [READER]
    assert len(list(tenant.authorization.role_definitions.list(scope))) > 1
    held = tenant.authorization.permissions.list_for_resource(GROUP, "Microsoft.KeyVault", "", "vaults", VAULT)
    assert any("*" in one.actions for one in held)


# azure-cli


@check
def az_signs_in(tenant: Tenant):
    tenant.az("account", "clear")
    signed = tenant.az_login()
    assert [(one["id"], one["tenantId"]) for one in signed] == [(tenant.subscription, tenant.id)]
    assert tenant.az("account", "show")["user"] == {"name": tenant.users["admin"]["client_id"], "type": "servicePrincipal"}


@check
def az_shows_the_provider(tenant: Tenant):
    assert tenant.az("provider", "show", "--namespace", "Microsoft.PowerPlatform")["registrationState"] == "Registered"


@check
def az_finds_the_vault_by_its_name_alone(tenant: Tenant):
    assert tenant.az("keyvault", "show", "--name", VAULT)["id"] == tenant.vault
    assert [one["name"] for one in tenant.az("keyvault", "list")] == [VAULT]


@check
def az_shows_and_rotates_the_key(tenant: Tenant):
    where = ["--vault-name", VAULT, "--name", KEY]
    before = tenant.az("keyvault", "key", "show", *where)["key"]["kid"]
    after = tenant.az("keyvault", "key", "rotate", *where)["key"]["kid"]
    assert {one["kid"] for one in tenant.az("keyvault", "key", "list-versions", *where)} == {before, after}


@check
def az_assigns_and_removes_a_role(tenant: Tenant):
    observer = tenant.users["observer"]["object_id"]
    who = ["--assignee-object-id", observer]
    listing = ["role", "assignment", "list", *who, "--scope", tenant.vault, "--fill-principal-name", "false"]
    assert tenant.az(*listing) == []
    made = tenant.az("role", "assignment", "create", *who, "--assignee-principal-type", "ServicePrincipal", "--role", "Reader", "--scope", tenant.vault)
    assert [(one["id"], one["roleDefinitionName"]) for one in tenant.az(*listing)] == [(made["id"], "Reader")]
    tenant.az("role", "assignment", "delete", "--ids", made["id"])
    assert tenant.az(*listing) == []


@check
def az_makes_shows_tags_and_deletes_a_policy(tenant: Tenant):
    id = f"{tenant.group}/providers/Microsoft.PowerPlatform/enterprisePolicies/ep-az"
    whole = {
        "location": "europe", "kind": "Encryption", "identity": {"type": "SystemAssigned"},
        "properties": {"encryption": {"state": "Enabled", "keyVault": {"id": tenant.vault, "key": {"name": KEY}}}},
    }
    made = tenant.az("resource", "create", "--id", id, "--is-full-object", "--api-version", "2020-10-30", "--properties", json.dumps(whole))
    assert tenant.statuses("PUT", "/enterprisePolicies/ep-az") == [201]
    # The version is looked up at the provider.
    shown = tenant.az("resource", "show", "--ids", id)
    assert shown["properties"]["systemId"] == made["properties"]["systemId"]
    assert shown["identity"]["principalId"]
    tenant.az("resource", "tag", "--ids", id, "--tags", "for=good")
    assert tenant.az("resource", "show", "--ids", id)["tags"] == {"for": "good"}
    tenant.az("resource", "delete", "--ids", id)
    with pytest.raises(Failed, match="ResourceNotFound"):
        tenant.az("resource", "show", "--ids", id)


def rest(tenant: Tenant, method, url, *more, resource=BAP_AUDIENCE):
    return tenant.az("rest", "--method", method, "--url", url, "--resource", resource, *more)


@check
def az_rest_reads_the_environments(tenant: Tenant):
    page = rest(tenant, "get", f"{BAP}/scopes/admin/environments?api-version=2023-06-01")
    assert page["value"] and "/scopes/admin/environments?" in page["nextLink"]
    one = rest(tenant, "get", f"{BAP}/scopes/admin/environments/{tenant.environment}?api-version=2023-06-01&$expand=permissions")
    assert one["name"] == tenant.environment
    assert one["properties"]["linkedEnvironmentMetadata"]["instanceUrl"].endswith(".crm4.dynamics.com/")
    assert "ManageProtectionKeys" in one["properties"]["permissions"]
    with pytest.raises(Failed, match="EnvironmentNotFound"):
        rest(tenant, "get", f"{BAP}/scopes/admin/environments/{uuid.uuid4()}?api-version=2023-06-01")
    # A token for another audience is no token.
    with pytest.raises(Failed, match="InvalidAuthenticationToken"):
        rest(tenant, "get", f"{BAP}/tenant?api-version=2021-04-01", resource="https://management.azure.com/")


@check
def az_rest_asks_dataverse_and_the_power_platform_api(tenant: Tenant):
    organization = "https://contoso-uat.crm4.dynamics.com"
    facts = rest(tenant, "get", f"{organization}/api/data/v9.2/RetrieveFinanceAndOperationsIntegrationDetails", resource=organization)
    assert facts["Url"] == "https://contoso-uat.sandbox.operations.dynamics.com"
    api = "https://api.powerplatform.com"
    flat = rest(tenant, "get", f"{api}/environmentmanagement/environments/{tenant.environment}?api-version=2024-10-01", resource=api)
    assert flat["protectionLevel"] == "Standard"


@check
def az_rest_adds_an_environment_to_a_policy(tenant: Tenant):
    made = tenant.policies.create_or_update("ep-linked", GROUP, policy(tenant))
    link = f"{BAP}/environments/{tenant.environment}/enterprisePolicies/Encryption/link?api-version=2019-10-01"
    rest(tenant, "post", link, "--headers", "Content-Type=application/json", "--body", json.dumps({"SystemId": made.properties.system_id}))
    assert tenant.statuses("POST", "/Encryption/link") == [202]
    filter = f"environment eq '{tenant.environment}'"
    history = rest(tenant, "get", f"{BAP}/lifecycleOperations?api-version=2024-05-01&$filter={filter}")
    assert [one["type"]["id"] for one in history["value"]] == ["NewCustomerManagedKey"]
    # An operation is polled on a regional host.
    found = rest(tenant, "get", f"https://europe.api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/lifecycleOperations/{history['value'][0]['id']}?api-version=2019-10-01")
    assert found["id"] == history["value"][0]["id"]

