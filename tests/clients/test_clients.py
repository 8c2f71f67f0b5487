"""Every check as it is, on a tenant of its own; then the same checks on a sandbox that answers wrongly, where they must fail."""

import shutil
import subprocess

import asynchronous  # noqa: F401: its checks are among those of `checks`
import azure_cli
import certifi
import checks
import persons
import pytest
import requests
import vault_checks
from tenant import KEY, Tenant

#: A check, and a wrong answer that it must notice.
BROKEN = [
    (checks.a_service_principal_signs_in, {"path": "/openid-configuration"}, "404"),
    (checks.an_application_signs_in_with_its_certificate, {"path": "/oauth2/v2.0/token"}, "403"),
    (checks.the_authority_describes_itself, {"path": "/discovery/instance"}, "garbage"),
    (checks.subscriptions_and_tenants_are_listed, {"path": "/subscriptions"}, "404"),
    (checks.the_provider_tells_its_state_and_locations, {"path": "/providers/Microsoft.PowerPlatform"}, "unknown-enum"),
    (checks.ids_are_taken_in_any_case_and_with_doubled_slashes, {"path": "//vaults//"}, "404"),
    (checks.a_vault_is_read_and_protected, {"method": "PATCH", "path": "/vaults/"}, "409-empty"),
    (checks.a_key_is_read_after_the_challenge, {"path": f"/keys/{KEY}/"}, "404"),
    (checks.a_key_is_made_disabled_deleted_and_recovered, {"method": "PATCH", "path": "/keys/"}, "403"),
    (checks.a_policy_is_made_and_read, {"method": "PUT", "path": "/enterprisePolicies/"}, "409"),
    (checks.a_policy_is_made_and_read, {"method": "GET", "path": "/enterprisePolicies/ep-fresh"}, "404"),
    (checks.a_missing_registration_is_made_up_for, {"path": "/register"}, "403"),
    (checks.a_policy_is_changed_in_place, {"method": "PATCH", "path": "/enterprisePolicies/"}, "404"),
    (checks.role_assignments_are_found_by_each_form_of_filter, {"method": "GET", "path": "/roleAssignments"}, "garbage"),
    (checks.az_signs_in, {"path": "/subscriptions"}, "403"),
    (checks.az_finds_the_vault_by_its_name_alone, {"path": "/resources"}, "404"),
    (vault_checks.az_makes_changes_deletes_recovers_and_purges_a_vault, {"method": "PUT", "path": "/vaults/kv-made"}, "409"),
    (vault_checks.az_makes_and_changes_keys, {"method": "PUT", "path": "/rotationpolicy"}, "403"),
    (persons.a_person_signs_in_with_a_browser, {"path": "/oauth2/v2.0/token"}, "403"),
    (persons.claims_are_asked_for_and_satisfied, {"host": "management.azure.com"}, "403"),
    (checks.az_rest_reads_the_environments, {"host": "api.bap.microsoft.com"}, "401"),
]


@pytest.fixture(scope="session")
def tenant():
    tenant = Tenant()
    try:
        yield tenant
    finally:
        gone = tenant.stop()
    assert gone, "the certificate outlived its sandbox"


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_client(tenant, check):
    tenant.begin(faults=[])
    check(tenant)
    # The Azure CLI looks for its news there when it signs in for the first time, and goes on when it is refused.
    assert set(tenant.ledger()["foreign"]) <= {"azcliprod.blob.core.windows.net"}


@pytest.mark.parametrize(("check", "match", "trouble"), BROKEN, ids=[f"{one[0].__name__}-{one[2]}" for one in BROKEN])
def test_a_wrong_answer_is_noticed(tenant, check, match, trouble):
    tenant.begin(faults=[{"match": match, "do": trouble, "times": 1000}])
    with pytest.raises((Exception, pytest.fail.Exception)):
        check(tenant)
    hits = tenant.ledger()["hits"]
    tenant.begin(faults=[])
    assert hits > 0, "the wrong answer was never given"


def test_other_hosts_are_refused(tenant):
    for host in ("graph.windows.net", "example.com", "management.azure.com.example.com"):
        tenant.begin()
        with pytest.raises(requests.exceptions.ProxyError, match="403"):
            requests.get(f"https://{host}/")
        assert tenant.ledger()["foreign"] == [host]
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        requests.get("https://management.azure.com:8443/")


def test_the_certificate_is_for_the_played_names_alone(tenant):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on this machine")
    shown = ["openssl", "x509", "-in", tenant.ca, "-noout", "-text"]
    text = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
    assert "CA:TRUE" in text and "Name Constraints: critical" in text
    assert "DNS:management.azure.com" in text and "DNS:vault.azure.net" in text


def test_nothing_goes_without_the_certificate(tenant):
    session = requests.Session()
    session.trust_env = False
    session.proxies = {"https": tenant.url}
    with pytest.raises(requests.exceptions.SSLError):
        session.get("https://management.azure.com/", verify=certifi.where())
