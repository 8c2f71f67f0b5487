"""Judges bills of materials by the published schema of CycloneDX, which lies in its Python library, and by what must and must not be in them."""
import json
import pathlib
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

# Only macros, build scripts or tests use these: they end before the binary is there.
OUTSIDE = {"syn", "quote", "proc-macro2", "serde_derive", "cc", "insta", "proptest", "jsonschema"}
INSIDE = {"rustls", "ring", "tokio", "serde", "clap"}

for path in map(pathlib.Path, sys.argv[1:]):
    text = path.read_text(encoding="utf-8")
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error:
        sys.exit(f"{path.name}: {error}")
    document = json.loads(text)
    names = {component["name"] for component in document["components"]}
    if names & OUTSIDE or INSIDE - names:
        sys.exit(f"{path.name}: {sorted(names & OUTSIDE)} are not in the binary, and {sorted(INSIDE - names)} are")
    references = {component["bom-ref"] for component in document["components"]} | {document["metadata"]["component"]["bom-ref"]}
    edges = {edge["ref"]: edge["dependsOn"] for edge in document["dependencies"]}
    if set(edges) != references or {one for ends in edges.values() for one in ends} - references:
        sys.exit(f"{path.name}: its graph and its list differ")
    print(f"bill of materials: {path.name} has {len(names)} crates, as CycloneDX 1.6 asks")
