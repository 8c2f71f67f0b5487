#!/usr/bin/env python3
"""Packages around a binary that is there already, from the standard library alone: the same input makes the same bytes.

    packages.py archive BINARY TARGET OUT    tar.gz with pages, completions and notices, or zip for Windows
    packages.py wheel BINARY TARGET OUT      a Python wheel: a machine with the Azure CLI has Python
    packages.py npm BINARY TARGET OUT        two npm packages: what people install, and the binary of one system
    packages.py deb BINARY TARGET OUT        a Debian package
    packages.py manifests OUT                manifests.tar.gz of OUT/manifests: a release has files, and no folders
    packages.py sums OUT                     SHA256SUMS of the files in OUT
    packages.py system TARGET                what npm calls that system, such as linux-x64

TARGET is Rust's name, such as aarch64-apple-darwin. ASSETS is the folder of pages and completions, and of the notices of that target. The time inside
is SOURCE_DATE_EPOCH.
"""
import base64
import hashlib
import json
import pathlib
import re
import sys

from crates import CRATE, ROOT, SUMMARY, VERSION
from deb import deb
from parts import EPOCH, LICENSE, README, glibc, notices, pages, tarred, zipped

# The systems that packages are made for.
SYSTEMS = ["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64", "win32-x64"]


def system_of(target):
    cpu = {"x86_64": "x64", "aarch64": "arm64"}.get(target.split("-")[0])
    platform = next((ours for word, ours in (("linux", "linux"), ("darwin", "darwin"), ("windows", "win32")) if word in target), None)
    if f"{platform}-{cpu}" not in SYSTEMS:
        sys.exit(f"{target} has no name at npm, or no package")
    return f"{platform}-{cpu}"


def executable(target):
    return "cmkctl.exe" if "windows" in target else "cmkctl"


def archive(binary, target, out):
    name = f"cmkctl-{VERSION}-{target}"
    texts = {"README.md": README, "LICENSE": LICENSE, **notices(target), **dict(pages())}
    if "windows" in target:
        # Windows has no manual pages.
        texts = {path: text for path, text in texts.items() if not path.startswith("man/")}
    files = [(f"{name}/{executable(target)}", (binary.read_bytes(), 0o755))]
    files += [(f"{name}/{path}", (text, 0o644)) for path, text in sorted(texts.items())]
    if "windows" in target:
        made = out / f"{name}.zip"
        zipped(files, made)
    else:
        made = out / f"{name}.tar.gz"
        made.write_bytes(tarred(files, EPOCH))
    return [made]


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


def python_version():
    """A version before the release as Python writes it: 0.2.0rc1 of 0.2.0-rc.1."""
    core, _, before = VERSION.partition("-")
    if not before:
        return core
    found = re.fullmatch(r"(alpha|beta|rc)\.?(\d*)", before)
    if not found:
        sys.exit(f"Python has no version such as {VERSION}: it has alpha.1, beta.1 and rc.1 before a release")
    return f"{core}{found[1].replace('alpha', 'a').replace('beta', 'b')}{int(found[2] or 0)}"


def wheel(binary, target, out):
    content, version = binary.read_bytes(), python_version()
    tag = wheel_tag(system_of(target), content)
    info = f"cmkctl-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: cmkctl\nVersion: {version}\nSummary: {SUMMARY}\nLicense: {CRATE['license']}\n"
    metadata += "Description-Content-Type: text/markdown\n\n"
    tags = "".join(f"Tag: py3-none-{one}\n" for one in tag.split("."))
    files = [
        (f"cmkctl-{version}.data/scripts/{executable(target)}", (content, 0o755)),
        (f"{info}/METADATA", (metadata.encode() + README, 0o644)),
        (f"{info}/WHEEL", (f"Wheel-Version: 1.0\nGenerator: cmkctl\nRoot-Is-Purelib: false\n{tags}".encode(), 0o644)),
        (f"{info}/LICENSE", (LICENSE, 0o644)),
        *((f"{info}/{name}", (text, 0o644)) for name, text in notices(target).items()),
    ]
    digest = lambda data: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    record = "".join(f"{name},sha256={digest(data)},{len(data)}\n" for name, (data, _) in files) + f"{info}/RECORD,,\n"
    made = out / f"cmkctl-{version}-py3-none-{tag}.whl"
    zipped([*files, (f"{info}/RECORD", (record.encode(), 0o644))], made)
    return [made]


def npm(binary, target, out):
    system, content = system_of(target), binary.read_bytes()
    platform, cpu = system.split("-")
    common = {"version": VERSION, "description": SUMMARY, "license": CRATE["license"]}
    own = {"name": f"@cmkctl/{system}", **common, "os": [platform], "cpu": [cpu], "preferUnplugged": True}
    if platform == "linux" and glibc(content):
        own["libc"] = ["glibc"]
    main = {"name": "cmkctl", **common, "bin": {"cmkctl": "bin/cmkctl.js"}, "engines": {"node": ">=18"}}
    main["optionalDependencies"] = {f"@cmkctl/{one}": VERSION for one in SYSTEMS}
    text = lambda document: ((json.dumps(document, indent=2) + "\n").encode(), 0o644)
    shim = (ROOT / ".ci/packaging/cmkctl.js").read_bytes()
    licences = [("LICENSE", (LICENSE, 0o644)), *((name, (text, 0o644)) for name, text in notices(target).items())]
    common = [("package.json", text(main)), ("bin/cmkctl.js", (shim, 0o755)), ("README.md", (README, 0o644)), licences[0]]
    systems = [("package.json", text(own)), (f"bin/{executable(target)}", (content, 0o755)), *licences]
    made = {out / f"cmkctl-{VERSION}.tgz": common, out / f"cmkctl-{system}-{VERSION}.tgz": systems}
    for path, files in made.items():
        path.write_bytes(tarred([(f"package/{name}", file) for name, file in files]))
    return list(made)


def manifests(out):
    paths = sorted(path for path in (out / "manifests").rglob("*") if path.is_file())
    files = [(path.relative_to(out).as_posix(), (path.read_bytes(), 0o644)) for path in paths]
    (out / "manifests.tar.gz").write_bytes(tarred(files, EPOCH))


def sums(out):
    """Of what is handed out, in the form that `sha256sum --check` reads."""
    names = sorted(path.name for path in out.iterdir() if path.is_file() and path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256((out / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (out / "SHA256SUMS").write_bytes("".join(lines).encode())
    print("".join(lines), end="")


def main():
    kinds = {"archive": archive, "wheel": wheel, "npm": npm, "deb": deb}
    match sys.argv[1:]:
        case ["manifests", out]:
            manifests(pathlib.Path(out))
        case ["sums", out]:
            sums(pathlib.Path(out))
        case ["system", target]:
            print(system_of(target))
        case [kind, binary, target, out] if kind in kinds:
            pathlib.Path(out).mkdir(parents=True, exist_ok=True)
            for made in kinds[kind](pathlib.Path(binary), target, pathlib.Path(out)):
                print(made.name)
        case _:
            sys.exit(__doc__)


main()
