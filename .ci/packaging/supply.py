#!/usr/bin/env python3
"""Licences, bans, sources and advisories of every crate of Cargo.lock, judged by `.ci/deny.toml`, without a network.

    supply.py [METADATA]    judges this project, or what `cargo metadata` printed into a file

It does what cargo-deny does without a network, all but `yanked`: cargo-deny takes longer to build than the tests take. What it can't judge it refuses.
ADVISORIES names a copy of RustSec's database of advisories (https://github.com/rustsec/advisory-db). Without one, it says that it knows of none.
"""
import json
import os
import pathlib
import re
import sys
import tomllib

sys.dont_write_bytecode = True
from crates import ROOT, licence, metadata

RULES = tomllib.loads((ROOT / ".ci/deny.toml").read_text(encoding="utf-8"))


def allowed(expression, names):
    """Whether an SPDX expression can be met with these licences. An expression that can't be read can't be met."""
    words = re.findall(r"[()]|[^\s()]+", expression)

    def either():
        found = [both()]
        while words[:1] == ["OR"]:
            words.pop(0)
            found.append(both())
        return any(found)

    def both():
        found = [single()]
        while words[:1] == ["AND"]:
            words.pop(0)
            found.append(single())
        return all(found)

    def single():
        word = words.pop(0) if words else ""
        if word == "(":
            inner = either()
            return bool(words) and words.pop(0) == ")" and inner
        if words[:1] == ["WITH"]:
            word = f"{word} WITH {' '.join(words[1:2])}"
            del words[:2]
        return word in names

    return either() and not words


def wildcards(package):
    """What a crate of this project takes in any version. Between folders that nobody publishes there are no versions."""
    for needs in package["dependencies"]:
        own = "path" in needs and (package["publish"] == [] or needs["kind"] == "dev")
        if needs["req"] == "*" and not (own and RULES["bans"].get("allow-wildcard-paths")):
            yield f"{package['name']} {package['version']} takes any version of {needs['name']}"


def findings(packages):
    rules = RULES["licenses"]
    exceptions = {one["name"]: one["allow"] for one in rules.get("exceptions", [])}
    banned = {one["name"]: one["reason"] for one in RULES["bans"]["deny"]}
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if package["name"] in banned:
            yield f"{name} is banned: {banned[package['name']]}"
        if package["source"] is None:
            yield from wildcards(package) if RULES["bans"]["wildcards"] == "deny" else ()
            continue
        if not package["source"].startswith("registry+"):
            yield f"{name} comes from {package['source']}, which is no registry"
        said = licence(package)
        if not said or not allowed(said, rules["allow"] + exceptions.get(package["name"], [])):
            yield f"{name}: its licence is {said or 'not named'}, which `.ci/deny.toml` does not allow"
    sources = {package["source"] for package in packages if (package["source"] or "").startswith("registry+")}
    if len(sources) > 1:
        yield f"there are {len(sources)} registries: {', '.join(sorted(sources))}"
    unused = set(exceptions) - {package["name"] for package in packages}
    for name in sorted(unused):
        yield f"`.ci/deny.toml` makes an exception for {name}, which is not used"


def unlocked():
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    for package in lock["package"]:
        if "source" in package and "checksum" not in package:
            yield f"{package['name']} {package['version']} has no checksum in Cargo.lock"


def number(version):
    """A version as it sorts: one before a release comes before it."""
    core, _, before = version.partition("+")[0].partition("-")
    parts = [int(part) for part in core.split(".")]
    before = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in before.split(".")] if before else [(2, 0, "")]
    return parts + [0] * (3 - len(parts)), before


def meets(version, requirement):
    """Whether a version meets all of a requirement's parts, as Cargo reads them."""
    return all(meets_part(number(version), *re.fullmatch(r"([<>=^~]*)\s*(\S+)", part.strip()).groups()) for part in requirement.split(","))


def meets_part(version, sign, bound):
    least = number(bound)
    match sign:
        case ">=":
            return version >= least
        case ">":
            return version > least
        case "<":
            return version < least
        case "<=":
            return version <= least
        case "=":
            return version == least
    major, minor, patch = least[0]
    written = bound.partition("-")[0].count(".")
    if sign == "~":
        end = [major, minor + 1, 0] if written else [major + 1, 0, 0]
    elif major or not written:
        end = [major + 1, 0, 0]
    elif minor or written == 1:
        end = [0, minor + 1, 0]
    else:
        end = [0, 0, patch + 1]
    return version >= least and version[0] < end


def named(document):
    """What a crate of this project names itself."""
    members, names = set(document["workspace_members"]), {one["id"]: (one["name"], one["version"]) for one in document["packages"]}
    return {names[needs["pkg"]] for node in document["resolve"]["nodes"] if node["id"] in members for needs in node["deps"]}


def concerns(kind, direct):
    """Whether an advisory that is no vulnerability is a finding. The others are notes."""
    if kind not in ("unmaintained", "unsound"):
        return True
    return {"all": True, "workspace": direct, "transitive": not direct, "none": False}[RULES["advisories"][kind]]


def advisories(document, database):
    """What RustSec knows of these versions: findings, and notes such as that a crate is no longer maintained."""
    packages, direct = document["packages"], named(document)
    files = sorted(pathlib.Path(database).glob("crates/*/RUSTSEC-*.md"))
    if not files:
        yield True, f"{database} has no advisories"
    versions = {}
    for package in packages:
        versions.setdefault(package["name"], set()).add(package["version"])
    for path in files:
        if path.parent.name not in versions:
            continue
        text = re.search(r"^```toml\n(.*?)^```", path.read_text(encoding="utf-8"), re.S | re.M)
        if not text:
            yield True, f"{path.name} can't be read"
            continue
        document = tomllib.loads(text.group(1))
        about, safe = document["advisory"], document.get("versions", {})
        if "withdrawn" in about or about["id"] in RULES["advisories"].get("ignore", []):
            continue
        for version in sorted(versions[path.parent.name]):
            if not any(meets(version, one) for one in [*safe.get("patched", []), *safe.get("unaffected", [])]):
                kind = about.get("informational")
                text = f"{about['id']} concerns {path.parent.name} {version}{f' ({kind})' if kind else ''}"
                yield concerns(kind, (path.parent.name, version) in direct), text


def main():
    if len(sys.argv) > 1:
        document = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
        found = list(findings(document["packages"]))
    else:
        document = metadata()
        found = [*findings(document["packages"]), *unlocked()]
    known = "not checked: there is no database (ADVISORIES=FOLDER)"
    if "ADVISORIES" in os.environ:
        said = list(advisories(document, os.environ["ADVISORIES"]))
        found += [text for bad, text in said if bad]
        notes = [text for bad, text in said if not bad]
        known = "none" + "".join(f", but {note}" for note in notes)
    for finding in found:
        print(f"supply chain: {finding}", file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"supply chain: licences, bans and sources of {len(document['packages'])} crates are as `.ci/deny.toml` allows. Advisories: {known}")


main()
