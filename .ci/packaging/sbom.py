#!/usr/bin/env python3
"""The bill of materials of the binary, as CycloneDX 1.6 describes it.

    sbom.py TARGET > cmkctl-VERSION-TARGET.cdx.json

cargo-cyclonedx takes minutes to build, lists crates that only macros and build scripts use, and writes the time and a random number. Here the same
sources make the same bytes: the time is the commit's (SOURCE_DATE_EPOCH), and the number follows from the content.
"""
import datetime
import json
import os
import sys
import tomllib
import uuid

from crates import CRATE, ROOT, SUMMARY, VERSION, inside, licence, metadata


def reference(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, checksums):
    made = {
        "type": "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
        "scope": "required",
        "purl": reference(package),
    }
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if licence(package):
        made["licenses"] = [{"expression": licence(package)}]
    return made


def edges(packages, target):
    """Who uses whom, among those in the binary."""
    by_id = {package["id"]: package for package in packages}
    made = []
    for node in metadata(target)["resolve"]["nodes"]:
        if node["id"] not in by_id:
            continue
        normal = [d["pkg"] for d in node["deps"] if any(kind["kind"] is None for kind in d["dep_kinds"])]
        uses = sorted(reference(by_id[one]) for one in normal if one in by_id)
        made.append({"ref": reference(by_id[node["id"]]), "dependsOn": uses})
    return sorted(made, key=lambda edge: edge["ref"])


def main():
    target = sys.argv[1]
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    checksums = {(one["name"], one["version"]): one.get("checksum") for one in lock["package"]}
    packages = inside(target)
    libraries = [component(package, checksums) for package in packages if package["name"] != "cmkctl"]
    time = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", 0)), datetime.timezone.utc)
    own = {
        "type": "application",
        "bom-ref": f"pkg:cargo/cmkctl@{VERSION}",
        "name": "cmkctl",
        "version": VERSION,
        "description": SUMMARY,
        "licenses": [{"expression": CRATE["license"]}],
    }
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lifecycles": [{"phase": "build"}],
            "component": own,
            "properties": [{"name": "cmkctl:target", "value": target}],
        },
        "components": libraries,
        "dependencies": edges(packages, target),
        "compositions": [{"aggregate": "complete", "dependencies": [own["bom-ref"]]}],
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    document["serialNumber"] = f"urn:uuid:{number}"
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    print(json.dumps(document, indent=2))


main()
