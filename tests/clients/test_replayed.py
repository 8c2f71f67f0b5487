"""The requests of Microsoft's scripts and of its Terraform provider, as data: sent in their order, and the answers read as these clients read them."""

import json
import re
import time
from pathlib import Path

import pytest
import requests
from remedies import policy, well
from tenant import BAP_AUDIENCE, POLICY, Tenant

ROUTES = json.loads((Path(__file__).parent / "routes.json").read_text())
KINDS = {"string": str, "number": int, "object": dict, "array": list}
OTHER = "ep-contoso-other"


@pytest.fixture(scope="module")
def tenant():
    tenant = Tenant()
    yield tenant
    tenant.stop()


class Client:
    """One run of a client, and what it remembers."""

    def __init__(self, tenant: Tenant):
        self.tenant = tenant
        self.known = {"environment": tenant.environment, "policy": tenant.policy, "system": None}
        self.tokens = {host: tenant.secret().get_token(f"{audience}/.default").token for host, audience in
                       (("bap", BAP_AUDIENCE), ("arm", "https://management.azure.com"))}

    def send(self, step):
        url = step["url"].format(**self.known)
        token = self.tokens["arm" if url.startswith("https://management.azure.com/") else "bap"]
        body = json.dumps(step["body"]).replace("{system}", self.known["system"] or "") if "body" in step else None
        # The provider says what it sends even where it sends nothing.
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return requests.request(step["method"], url, data=body, headers=headers)

    def take(self, name):
        step = ROUTES["steps"][name]
        answer = self.send(step)
        body = answer.json() if answer.content else None
        for path, value in step.get("until", {}).items():
            while found(body, path) != value:
                assert found(body, path) in ("NotStarted", "Running"), body
                time.sleep(0.1)
                answer = self.send(step)
                body = answer.json()
        assert answer.status_code in step["status"], (name, answer.status_code, answer.text)
        assert all(header in answer.headers for header in step.get("headers", [])), (name, answer.headers)
        for path, kind in step.get("reads", {}).items():
            assert isinstance(found(body, path), KINDS[kind]), (name, path, body)
        for path, value in step.get("holds", {}).items():
            assert found(body, path).lower() == value.format(**self.known).lower(), (name, path)
        assert all(found(body, path) is None for path in step.get("absent", [])), (name, body)
        for key, source in step.get("saves", {}).items():
            header = source.removeprefix("header ")
            self.known[key] = answer.headers[header] if header != source else found(body, source)

    def run(self, name):
        for step in ROUTES["runs"][name]:
            if step == "other-policy":
                self.known["policy"] = self.tenant.policy.replace(POLICY, OTHER)
            elif step in ROUTES["runs"]:
                self.run(step)
            elif step != "unmanaged":
                self.take(step)


def found(body, path):
    """A field, its names without case; nothing where it is not there, or null."""
    for name in re.split(r"(?<!\\)\.", path):
        fields = {key.lower(): value for key, value in body.items()} if isinstance(body, dict) else {}
        body = fields.get(name.replace("\\.", ".").lower())
    return body


@pytest.mark.parametrize("run", ROUTES["runs"])
@pytest.mark.parametrize("odd_case", [False, True], ids=["", "odd-case"])
def test_a_client_that_is_replayed_gets_what_it_reads(tenant, run, odd_case):
    managed = "unmanaged" not in ROUTES["runs"][run]
    setup = {**well({"policies": {OTHER: policy()}}), "settings": {"odd_case": odd_case}, "environments": {"uat": {"managed": managed}}}
    tenant.begin(setup, faults=[])
    client = Client(tenant)
    client.take("scripts-policy")
    client.run(run)
    assert tenant.ledger()["foreign"] == []


def test_an_unlink_that_nobody_can_mean_is_refused(tenant):
    tenant.begin(well({}), faults=[])
    client = Client(tenant)
    client.take("scripts-policy")
    # Nothing is linked, and an empty system id, as a state that was lost would send it.
    for system in (client.known["system"], ""):
        client.known["system"] = system
        answer = client.send(ROUTES["steps"]["terraform-unlink"])
        assert 400 <= answer.status_code < 500 and found(answer.json(), "error.code"), answer.text
