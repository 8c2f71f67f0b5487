"""What a sign-in by `az` costs `cmkctl status`, beside one `az account get-access-token` and beside a sign-in by secret: one run, one sandbox, the
same proxy. It asserts that the facts are the same, and nothing about time: timing is not a test."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compare import LATENCY, SCENARIO
from tenant import BAP_AUDIENCE, Tenant

RUNS = 7


class Beside:
    """The same environment for every command, with `az` on the path."""

    def __init__(self, tenant, home):
        self.tenant = tenant
        self.common = {
            "HOME": str(home), "NO_COLOR": "1", "CMKCTL_CA_BUNDLE": str(tenant.ca), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            **{name: value for name, value in os.environ.items() if name.startswith(("AZURE_", "HTTPS_PROXY", "REQUESTS_", "SSL_"))},
        }
        self.secret = {"AZURE_TENANT_ID": tenant.id, "AZURE_CLIENT_ID": tenant.users["admin"]["client_id"], "AZURE_CLIENT_SECRET": "sandbox"}

    def login(self):
        """As after an hour, or after a login: neither `az` nor cmkctl has a token."""
        self.tenant.az("account", "clear")
        self.tenant.az_login()

    def timed(self, command, more=None):
        began = time.perf_counter()
        ran = subprocess.run(command, capture_output=True, text=True, env={**self.common, **(more or {})}, timeout=120)
        took = time.perf_counter() - began
        if ran.returncode != 0:
            raise SystemExit(f"{command} ended with {ran.returncode}: {ran.stderr}")
        facts = json.loads(ran.stdout)
        facts.pop("at", None)
        return took, facts

    def az(self):
        return self.timed(["az", "account", "get-access-token", "--scope", f"{BAP_AUDIENCE}.default", "--output", "json"])[0]

    def status(self, *words, **more):
        return self.timed([os.environ["CMKCTL"], "status", self.tenant.environment, "--output", "json", *words], more)


def main():
    times = {name: [] for name in ("az", "very first", "first", "next", "secret", "anew")}
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "scenario.json"
        scenario.write_text(json.dumps(SCENARIO))
        tenant = Tenant("--scenario", str(scenario), "--latency", LATENCY)
        try:
            all_facts = []
            for run in range(RUNS):
                home = Path(folder) / f"home-{run}"
                home.mkdir()
                beside = Beside(tenant, home)
                # The same conditions for each: nothing is in the cache of the Azure CLI.
                beside.login()
                times["az"].append(beside.az())
                for name in ("very first", "first"):
                    beside.login()
                    for command in (["az", "account", "show", "--output", "none"],):
                        subprocess.run(command, env=beside.common, check=True)
                    took, facts = beside.status()
                    times[name].append(took)
                    all_facts.append(facts)
                for name, words, more in (("next", [], {}), ("secret", [], beside.secret), ("anew", ["--no-remember"], {})):
                    took, facts = beside.status(*words, **more)
                    times[name].append(took)
                    all_facts.append(facts)
        finally:
            tenant.stop()
    if any(facts != all_facts[0] for facts in all_facts):
        other = next(facts for facts in all_facts if facts != all_facts[0])
        raise SystemExit(f"The facts differ:\n{all_facts[0]}\n{other}")
    took = {name: statistics.median(all_times) for name, all_times in times.items()}
    print(f"`status` of one environment, three services, {LATENCY} a request, median of {RUNS} runs on {os.cpu_count()} cores")
    for name, label, beside, bound in (
        ("az", "az account get-access-token", None, None),
        ("secret", "status, by a secret", None, None),
        ("very first", "the first of all after `az login`", "az", ""),
        ("first", "the first after a later `az login`", "az", "at most 2.0"),
        ("next", "the next within the hour", "secret", "at most 1.3"),
        ("anew", "with --no-remember", "az", ""),
    ):
        line = f"{label:<36}{took[name]:>7.2f} s"
        if beside:
            what = "one `az account get-access-token`" if beside == "az" else "by a secret"
            line += f"  {took[name] / took[beside]:.2f} x {what}{f' ({bound})' if bound else ''}"
        print(line)


if __name__ == "__main__":
    main()
