"""The same facts twice: `cmkctl status` of one environment, and the commands of the Azure CLI that an administrator would paste for them. Same
sandbox, same latency, both through the same proxy with a sign-in of their own; requests are counted by the sandbox. It asserts that the facts are
the same, and nothing about time: timing is not a test."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tenant import BAP, BAP_AUDIENCE, KEY, VAULT, Tenant

RUNS = 5
LATENCY = "80ms"
#: An environment that is encrypted: the policy exists, may use the key, and is linked.
SCENARIO = {
    "summary": "One environment is encrypted.",
    "policies": {"ep-contoso-cmk": {"vault": VAULT, "key": KEY, "location": "europe", "granted": True}},
    "environments": {"uat": {"policy": "ep-contoso-cmk"}},
}


class Meter:
    """Runs commands one after the other, and keeps the largest of them in mind."""

    def __init__(self, environment):
        self.environment = environment
        self.largest = 0
        self.commands = 0

    def run(self, command):
        with tempfile.TemporaryFile("w+") as out:
            child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=self.environment)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode != 0:
                raise SystemExit(f"{command} ended with {child.returncode}")
            out.seek(0)
            self.largest = max(self.largest, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
            self.commands += 1
            return json.load(out)


def by_cmkctl(meter, tenant):
    found = meter.run([os.environ["CMKCTL"], "status", tenant.environment, "--output", "json"])
    return {
        "environment": found["environment"]["name"], "managed": found["managed_environment"], "integrated": found["integration"] == "integrated",
        "runtime": found["runtime_state"], "link": found["link_status"], "operation": found["operation"], "policy": found["policy"]["id"],
        "identity": found["policy"]["identity"], "vault": found["policy"]["vault"], "key": found["key"]["version"],
        "enabled": found["key"]["enabled"], "granted": found["key_access"].startswith("yes"),
    }


def by_az(meter, tenant):
    def az(*words):
        return meter.run([sys.executable, "-m", "azure.cli", *words, "--output", "json"])

    def rest(url, resource=BAP_AUDIENCE):
        return az("rest", "--method", "get", "--url", url, "--resource", resource)

    expanded = "api-version=2023-06-01&$expand=permissions,properties/enterprisePolicies"
    environment = rest(f"{BAP}/scopes/admin/environments/{tenant.environment}?{expanded}")["properties"]
    history = rest(f"{BAP}/lifecycleOperations?api-version=2024-05-01&$filter=environment eq '{tenant.environment}'")["value"]
    organization = environment["linkedEnvironmentMetadata"]["instanceUrl"].rstrip("/")
    details = rest(f"{organization}/api/data/v9.2/RetrieveFinanceAndOperationsIntegrationDetails", organization)
    linked = environment["enterprisePolicies"]["customerManagedKeys"]
    policy = az("resource", "show", "--ids", linked["id"])
    encryption = policy["properties"]["encryption"]["keyVault"]
    name = encryption["id"].rsplit("/", 1)[1]
    vault = az("keyvault", "show", "--name", name)
    key = az("keyvault", "key", "show", "--vault-name", name, "--name", encryption["key"]["name"])
    identity = policy["identity"]["principalId"]
    roles = az("role", "assignment", "list", "--scope", vault["id"], "--assignee-object-id", identity, "--fill-principal-name", "false")
    role = "Key Vault Crypto Service Encryption User"
    return {
        "environment": environment["displayName"], "managed": environment["governanceConfiguration"]["protectionLevel"] == "Standard",
        "integrated": details["Url"] == environment["linkedAppMetadata"]["url"], "runtime": environment["states"]["runtime"]["id"],
        "link": linked["linkStatus"], "operation": history[0] if history else None, "policy": policy["id"], "identity": identity, "vault": vault["id"],
        "key": key["key"]["kid"].rsplit("/", 1)[1], "enabled": key["attributes"]["enabled"],
        "granted": any(one["roleDefinitionName"] == role for one in roles),
    }


def measured(tenant, read, environment):
    times, meter = [], None
    for _ in range(RUNS):
        tenant.ask("POST", "/_sandbox/reset")
        meter = Meter(environment)
        began = time.perf_counter()
        facts = read(meter, tenant)
        times.append(time.perf_counter() - began)
    ledger = tenant.ledger()
    return facts, {
        "commands": str(meter.commands), "wall time": f"{statistics.median(times):.2f} s", "requests": str(ledger["requests"]),
        "sign-ins": str(ledger["sign_ins"]), "memory": f"{meter.largest / 1e6:.1f} MB",
    }


def main():
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "scenario.json"
        scenario.write_text(json.dumps(SCENARIO))
        tenant = Tenant("--scenario", str(scenario), "--latency", LATENCY)
        try:
            tenant.az_login()
            common = {**os.environ, "NO_COLOR": "1"}
            admin = {
                "AZURE_TENANT_ID": tenant.id, "AZURE_CLIENT_ID": tenant.users["admin"]["client_id"], "AZURE_CLIENT_SECRET": "sandbox",
                "CMKCTL_CA_BUNDLE": str(tenant.ca),
            }
            ours, one = measured(tenant, by_cmkctl, {**common, **admin})
            theirs, other = measured(tenant, by_az, common)
        finally:
            tenant.stop()
    if ours != theirs:
        raise SystemExit(f"The facts differ:\n{ours}\n{theirs}")
    print(f"{len(ours)} facts of one environment, {LATENCY} a request, median of {RUNS} runs")
    print(f"{'':<12}{'cmkctl status':>16}{'az':>16}")
    for name in one:
        print(f"{name:<12}{one[name]:>16}{other[name]:>16}")


if __name__ == "__main__":
    main()
