"""The sandbox as a client of the public cloud has it: a proxy, a certificate, and the public host names. Nothing else tells a client where it is."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from functools import cached_property
from pathlib import Path

GROUP = "rg-contoso-cmk"
VAULT = "kv-contoso-cmk"
VAULT_URL = f"https://{VAULT}.vault.azure.net"
KEY = "cmk-contoso"
POLICY = "ep-contoso-cmk"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
BAP = "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform"
BAP_AUDIENCE = "https://service.powerapps.com/"


class Failed(Exception):
    """A command of the Azure CLI that did not end well."""


class Tenant:
    """A served sandbox, with the clients that are signed in to it."""

    def __init__(self, *more):
        self.faults = []
        self.signed = None
        self.folder = Path(tempfile.mkdtemp(prefix="cmkctl-clients-"))
        self.ca = self.folder / "ca.pem"
        self.cloud_file = self.folder / "cloud.json"
        words = ["sandbox", "--quiet", "--tls", "--ca-file", self.ca, "--cloud-file", self.cloud_file, *(more or ["--speed", "600"])]
        self.process = subprocess.Popen([os.environ["CMKCTL"], *words], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise SystemExit(f"the sandbox ended with {self.process.wait()}")
        self.cloud = json.loads(self.cloud_file.read_text())
        self.id = self.cloud["tenant"]
        self.subscription = self.cloud["defaults"]["vault"].split("/")[2]
        self.vault = self.cloud["defaults"]["vault"]
        self.policy = self.cloud["defaults"]["policy"]
        self.group = self.vault.split("/providers/")[0]
        self.environment = self.cloud["defaults"]["environment"]
        self.users = {user["name"]: user for user in self.cloud["users"]}
        # This is all that a client is told, and what the machine itself says about certificates and proxies is taken back.
        for name in list(os.environ):
            if name.lower() in ("no_proxy", "http_proxy", "all_proxy", "https_proxy", "curl_ca_bundle", "ssl_cert_dir"):
                del os.environ[name]
        os.environ.update({
            "HTTPS_PROXY": self.url, "REQUESTS_CA_BUNDLE": str(self.ca), "SSL_CERT_FILE": str(self.ca),
            "AZURE_CONFIG_DIR": str(self.folder / "azure"), "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no", "AZURE_CORE_NO_COLOR": "true",
        })

    def stop(self):
        self.process.terminate()
        self.process.wait()
        gone = not self.ca.exists()
        shutil.rmtree(self.folder)
        return gone

    def ask(self, method, path, body=None):
        """The sandbox's own addresses, past every proxy."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def begin(self, scenario="ready", faults=None):
        """Everything anew; trouble that was asked for stays until other trouble, or none, is asked for."""
        self.faults = self.faults if faults is None else faults
        self.agree(self.ask("POST", "/_sandbox/begin", {"scenario": scenario, "speed": 600, "faults": self.faults}))

    def wait(self, minutes):
        """So much of the sandbox's time passes at once."""
        self.agree(self.ask("POST", "/_sandbox/advance", {"seconds": minutes * 60}))

    def agree(self, cloud):
        """cmkctl goes by the time in the cloud file; other clients go by this machine's."""
        self.cloud_file.write_text(json.dumps(cloud))

    def cmkctl(self, *words, user="admin"):
        """What cmkctl makes of the same tenant: its document, and what it says beside it."""
        command = [os.environ["CMKCTL"], "--cloud", str(self.cloud_file), "--sandbox-user", user, *words, "--output", "json"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
        return (json.loads(ran.stdout) if ran.stdout.strip() else {}), ran.stderr

    def ledger(self):
        return self.ask("GET", "/_sandbox/ledger")

    def statuses(self, method, path):
        """What requests were answered with, by a part of their path."""
        return [one["status"] for one in self.ledger()["log"] if one["method"] == method and path.lower() in one["path"].lower()]

    def secret(self, user="admin", secret="sandbox", tenant=None):
        from azure.identity import ClientSecretCredential

        return ClientSecretCredential(tenant or self.id, self.users[user]["client_id"], secret)

    @cached_property
    def credential(self):
        return self.secret()

    @cached_property
    def resources(self):
        from azure.mgmt.resource.resources import ResourceManagementClient

        return ResourceManagementClient(self.credential, self.subscription)

    @cached_property
    def deployments(self):
        from azure.mgmt.resource.deployments import DeploymentsMgmtClient

        return DeploymentsMgmtClient(self.credential, self.subscription)

    @cached_property
    def subscriptions(self):
        from azure.mgmt.resource.subscriptions import SubscriptionClient

        return SubscriptionClient(self.credential)

    @cached_property
    def locks(self):
        from azure.mgmt.resource.locks import ManagementLockClient

        return ManagementLockClient(self.credential, self.subscription)

    @cached_property
    def vaults(self):
        from azure.mgmt.keyvault import KeyVaultManagementClient

        return KeyVaultManagementClient(self.credential, self.subscription)

    @cached_property
    def policies(self):
        from azure.mgmt.powerplatform import PowerPlatformMgmtClient

        return PowerPlatformMgmtClient(self.credential, self.subscription).enterprise_policies

    @cached_property
    def authorization(self):
        from azure.mgmt.authorization import AuthorizationManagementClient

        return AuthorizationManagementClient(self.credential, self.subscription)

    def keys(self):
        """A new client each time: the challenge is part of what is tried."""
        from azure.keyvault.keys import KeyClient

        return KeyClient(VAULT_URL, self.credential)

    def az(self, *words):
        """The Azure CLI as its users have it, in a process of its own; signed in when that is needed first."""
        if not self.signed and words[0] not in ("login", "account"):
            self.az_login()
        command = [sys.executable, "-m", "azure.cli", *words, "--output", "json"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if ran.returncode != 0:
            raise Failed(f"az {' '.join(words)}: {ran.stderr.strip()}")
        return json.loads(ran.stdout) if ran.stdout.strip() else None

    def az_login(self, user="admin", secret="sandbox"):
        self.signed = None
        client = self.users[user]["client_id"]
        signed = self.az("login", "--service-principal", "--username", client, "--password", secret, "--tenant", self.id)
        self.signed = user
        return signed

    def az_as(self, user):
        if self.signed != user:
            self.az("account", "clear")
            self.az_login(user)
