"""Persons who sign in through clients that nobody here wrote: by a device code, and with a browser, which is played by a thread."""

import base64
import json
import re
import threading
import webbrowser

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DeviceCodeCredential, InteractiveBrowserCredential

from browser import follow
from checks import check
from tenant import Tenant

ARM = "https://management.azure.com/.default"
VAULT = "https://vault.azure.net/.default"


def name_in(token):
    payload = token.token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=="))["name"]


class Browser:
    """In the place of the system's own, as long as the block lasts."""

    def __enter__(self):
        self.own, self.opened = webbrowser.open, []
        webbrowser.open = self.open
        return self

    def __exit__(self, *_):
        webbrowser.open = self.own

    def open(self, address, *_, **__):
        self.opened.append(address)
        threading.Thread(target=follow, args=(address,), daemon=True).start()
        return True


@check
def a_person_signs_in_with_a_device_code(tenant: Tenant):
    told = []
    credential = DeviceCodeCredential(tenant_id=tenant.id, prompt_callback=lambda *words: told.append(words))
    assert name_in(credential.get_token(ARM)) == "admin"
    # The refresh token is good for other services, and nobody is asked again.
    assert name_in(credential.get_token(VAULT)) == "admin"
    assert len(told) == 1


@check
def a_person_signs_in_with_a_browser(tenant: Tenant):
    with Browser() as browser:
        credential = InteractiveBrowserCredential(tenant_id=tenant.id, timeout=30, login_hint="observer@contoso.onmicrosoft.com")
        assert name_in(credential.get_token(ARM)) == "observer"
        assert name_in(credential.get_token(VAULT)) == "observer"
        assert len(browser.opened) == 1
        tenant.ask("POST", "/_sandbox/sign-ins", {"answers": "access_denied"})
        other = InteractiveBrowserCredential(tenant_id=tenant.id, timeout=30)
        with pytest.raises(ClientAuthenticationError, match="access_denied|AADSTS65004"):
            other.get_token(ARM)


@check
def claims_are_asked_for_and_satisfied(tenant: Tenant):
    wanted = {"access_token": {"acrs": {"essential": True, "value": "c1"}}}
    tenant.ask("POST", "/_sandbox/sign-ins", {"demand": {"claims": wanted, "services": ["arm"]}})

    def answer(token):
        return requests.get("https://management.azure.com/subscriptions?api-version=2022-12-01", headers={"Authorization": f"Bearer {token.token}"}, timeout=30)

    with Browser() as browser:
        credential = InteractiveBrowserCredential(tenant_id=tenant.id, timeout=30)
        refused = answer(credential.get_token(ARM))
        challenge = re.search(r'error="insufficient_claims", claims="([^"]*)"', refused.headers["WWW-Authenticate"])
        assert refused.status_code == 401
        claims = base64.b64decode(challenge[1]).decode()
        assert answer(credential.get_token(ARM, claims=claims)).status_code == 200
        assert len(browser.opened) == 2
