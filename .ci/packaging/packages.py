#!/usr/bin/env python3
"""Packages around a binary that is there already, from the standard library alone: the same input makes the same bytes.

    packages.py wheel BINARY SYSTEM OUT    a Python wheel: whoever has the Azure CLI has Python
    packages.py npm BINARY SYSTEM OUT      two npm packages: what people install, and the binary of one system
    packages.py zip BINARY FOLDER OUT      a zip archive of a folder with the binary in it, for Windows

SYSTEM is PLATFORM-CPU as npm names them: linux-x64, win32-x64, darwin-arm64. A Linux binary without a system library is for every Linux.
"""
import base64
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import sys
import tarfile
import tomllib
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CRATE = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["package"]
VERSION, SUMMARY = CRATE["version"], CRATE["description"]
LICENSE = (ROOT / "LICENSE").read_bytes()
README = (ROOT / "README.md").read_bytes()
NOTICES = pathlib.Path(os.environ.get("NOTICES", ROOT / "target/assets/THIRD-PARTY.txt"))
# The systems that packages are made for.
SYSTEMS = ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64", "win32-x64"]


def notices():
    return {"THIRD-PARTY.txt": NOTICES.read_bytes()} if NOTICES.exists() else {}


def glibc(binary):
    """The oldest glibc that the binary runs with, or None where it needs none."""
    found = re.findall(rb"GLIBC_(\d+)\.(\d+)", binary)
    return max((int(major), int(minor)) for major, minor in found) if found else None


def wheel_tag(system, binary):
    platform, cpu = system.split("-")
    arm = cpu == "arm64"
    if platform == "win32":
        return "win_arm64" if arm else "win_amd64"
    if platform == "darwin":
        return "macosx_11_0_arm64" if arm else "macosx_10_12_x86_64"
    machine = "aarch64" if arm else "x86_64"
    needs = glibc(binary)
    if needs:
        return f"manylinux_{needs[0]}_{needs[1]}_{machine}"
    return f"manylinux_2_17_{machine}.manylinux2014_{machine}.musllinux_1_1_{machine}"


def zipped(files, out):
    """A zip of name -> (bytes, mode), without the time."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, (content, mode) in files:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, content)


def wheel(binary, system, out):
    content = binary.read_bytes()
    tag = wheel_tag(system, content)
    info, name = f"cmkctl-{VERSION}.dist-info", "cmkctl.exe" if system.startswith("win32") else "cmkctl"
    metadata = f"Metadata-Version: 2.1\nName: cmkctl\nVersion: {VERSION}\nSummary: {SUMMARY}\nLicense: {CRATE['license']}\n"
    metadata += "Description-Content-Type: text/markdown\n\n"
    tags = "".join(f"Tag: py3-none-{one}\n" for one in tag.split("."))
    files = [
        (f"cmkctl-{VERSION}.data/scripts/{name}", (content, 0o755)),
        (f"{info}/METADATA", (metadata.encode() + README, 0o644)),
        (f"{info}/WHEEL", (f"Wheel-Version: 1.0\nGenerator: cmkctl\nRoot-Is-Purelib: false\n{tags}".encode(), 0o644)),
        (f"{info}/LICENSE", (LICENSE, 0o644)),
        *((f"{info}/{name}", (text, 0o644)) for name, text in notices().items()),
    ]
    digest = lambda data: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    record = "".join(f"{name},sha256={digest(data)},{len(data)}\n" for name, (data, _) in files) + f"{info}/RECORD,,\n"
    made = out / f"cmkctl-{VERSION}-py3-none-{tag}.whl"
    zipped([*files, (f"{info}/RECORD", (record.encode(), 0o644))], made)
    return [made]


def tarred(files, out):
    """A tar.gz of name -> (bytes, mode), as npm packs it, without the time."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, (content, mode) in files:
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    out.write_bytes(gzip.compress(packed.getvalue(), 9, mtime=0))


def npm(binary, system, out):
    platform, cpu = system.split("-")
    content, common = binary.read_bytes(), {"version": VERSION, "description": SUMMARY, "license": CRATE["license"]}
    own = {"name": f"@cmkctl/{system}", **common, "os": [platform], "cpu": [cpu], "preferUnplugged": True}
    if platform == "linux" and glibc(content):
        own["libc"] = ["glibc"]
    main = {"name": "cmkctl", **common, "bin": {"cmkctl": "bin/cmkctl.js"}, "engines": {"node": ">=18"}}
    main["optionalDependencies"] = {f"@cmkctl/{one}": VERSION for one in SYSTEMS}
    text = lambda document: ((json.dumps(document, indent=2) + "\n").encode(), 0o644)
    shim = (ROOT / ".ci/packaging/cmkctl.js").read_bytes()
    name = "cmkctl.exe" if platform == "win32" else "cmkctl"
    licences = [("LICENSE", (LICENSE, 0o644)), *((name, (text, 0o644)) for name, text in notices().items())]
    made = [out / f"cmkctl-{VERSION}.tgz", out / f"cmkctl-{system}-{VERSION}.tgz"]
    tarred([("package.json", text(main)), ("bin/cmkctl.js", (shim, 0o755)), ("README.md", (README, 0o644)), licences[0]], made[0])
    tarred([("package.json", text(own)), (f"bin/{name}", (content, 0o755)), *licences], made[1])
    return made


def zip_of(binary, folder, out):
    folder = pathlib.Path(folder)
    made = out / f"{folder.name}.zip"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = [(f"{folder.name}/{path.relative_to(folder).as_posix()}", (path.read_bytes(), 0o644)) for path in files]
    zipped([(f"{folder.name}/{binary.name}", (binary.read_bytes(), 0o755)), *named], made)
    return [made]


def main():
    try:
        kind, binary, about, out = sys.argv[1:]
        make = {"wheel": wheel, "npm": npm, "zip": zip_of}[kind]
    except (KeyError, ValueError):
        sys.exit(__doc__)
    for made in make(pathlib.Path(binary), about, pathlib.Path(out)):
        print(made.name)


main()
