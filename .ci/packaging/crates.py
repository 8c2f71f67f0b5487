"""What of the crates is in the binary: the truth for the notices and the bill of materials.

`cargo tree` says it, for one target: normal dependencies without macros, which end in the compiler, and without what only tests or build scripts use.
"""
import functools
import json
import pathlib
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
CRATE = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["package"]
VERSION, SUMMARY = CRATE["version"], CRATE["description"]


def cargo(*words):
    ran = subprocess.run(["cargo", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return ran.stdout.decode()


@functools.cache
def metadata(target=None):
    platform = ["--filter-platform", target] if target else []
    return json.loads(cargo("metadata", "--locked", "--format-version", "1", *platform))


def inside(target):
    """The packages in the binary for `target`, cmkctl among them, by name and version."""
    words = ["tree", "--locked", "--package", "cmkctl", "--edges", "normal,no-proc-macro", "--target", target, "--prefix", "none", "--format", "{p}"]
    named = {tuple(line.split()[:2]) for line in cargo(*words).splitlines() if line.strip()}
    found = [package for package in metadata(target)["packages"] if (package["name"], f"v{package['version']}") in named]
    if len(found) != len(named):
        sys.exit(f"{len(named)} crates are in the binary, and cargo describes {len(found)} of them")
    return sorted(found, key=lambda package: (package["name"], package["version"]))


def licence(package):
    """The licence as an SPDX expression. Older crates write a slash for a choice."""
    said = package["license"]
    return said and " OR ".join(word.strip() for word in said.split("/"))
