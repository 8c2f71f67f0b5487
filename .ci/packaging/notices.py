#!/usr/bin/env python3
"""Third-party notices: the licence of every crate in the binary, as it lies in the crate's source, of Rust's standard library and of musl.

    notices.py TARGET > THIRD-PARTY.txt

BSD, ISC, Unicode and MIT ask for them. cargo-about would do the same, but takes minutes to build before it writes a line; the sources that the binary
was built from are here already. Of a crate without a licence file, only what its Cargo.toml says is known: MIT is written out, and anything else fails.
The texts of the last two lie beside the compiler and in Debian's packages of musl. Where they do not, the notice says where they are.
"""
import html
import pathlib
import re
import subprocess
import sys

from crates import ROOT, inside

NAMES = ("licen", "copying", "notice", "unlicense")


def texts(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower().startswith(NAMES))
    # Where there is a choice, it is MIT.
    choice = [path for path in files if "mit" in path.name.lower()] if " OR " in (package["license"] or "") else []
    files = choice or files
    found = [path.read_text(encoding="utf-8", errors="replace").strip() for path in files]
    if found:
        return found
    if "MIT" not in (package["license"] or ""):
        sys.exit(f"{package['name']} {package['version']}: no licence file, and its licence is {package['license']}")
    holders = ", ".join(package["authors"]) or f"the authors of {package['name']}"
    own = (ROOT / "LICENSE").read_text(encoding="utf-8")
    _, _, terms = own.partition("Permission is hereby granted")
    return [f"MIT License\n\nCopyright (c) {holders}\n\nPermission is hereby granted{terms}".strip()]


def rustc(*words):
    return subprocess.run(["rustc", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout.decode().strip()


def elsewhere(name, licence, address):
    print(f"no text of the licence of {name} on this machine: the notice names its address", file=sys.stderr)
    return [f"Licence: {licence}. Its text: {address}"]


def of_rust(version):
    """Who wrote the standard library and the crates in it, and under which terms. Of each choice, MIT, as above."""
    licences, page = [], pathlib.Path(rustc("--print", "sysroot")) / "share/doc/rust/COPYRIGHT-library.html"
    if page.is_file():
        licences = [page.parent / f"licenses/{name}.txt" for name in ("MIT", "Unicode-3.0")]
    if not licences or not all(path.is_file() for path in licences):
        return elsewhere("Rust's standard library", "MIT OR Apache-2.0", f"https://github.com/rust-lang/rust/tree/{version}")
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"<head>.*?</head>|<details>\s*<summary><code>[^<]*apache.*?</details>", "", text, flags=re.S | re.I)
    text = html.unescape(re.sub(r"<[^>]*>", "", text)).replace("\N{PACKAGE}", "Crate:")
    text = re.sub(r"\n\s*\n", "\n\n", text).strip()
    return [text, *(path.read_text(encoding="utf-8").strip() for path in licences)]


def of_musl():
    found = sorted(pathlib.Path("/usr/share/doc").glob("musl*/copyright"))
    if not found:
        return elsewhere("musl", "MIT", "https://git.musl-libc.org/cgit/musl/tree/COPYRIGHT")
    return [found[0].read_text(encoding="utf-8").strip()]


def beside(target):
    """What is in the binary and is no crate of Cargo.lock."""
    version = rustc("--version").split()[1]
    yield f"Rust's standard library {version} (MIT OR Apache-2.0)", of_rust(version)
    if target.endswith("-musl"):
        yield "musl, the C library (MIT)", of_musl()


def main():
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    by_text = {}
    for package in inside(sys.argv[1]):
        if package["source"] is None:
            continue
        line = f"{package['name']} {package['version']} ({package['license']})"
        for text in texts(package):
            by_text.setdefault(text, []).append(line)
    for line, found in beside(sys.argv[1]):
        for text in found:
            by_text.setdefault(text, []).append(line)
    crates = {line for lines in by_text.values() for line in lines}
    print(f"cmkctl contains these {len(crates)} libraries. Their licences follow.\n")
    print("\n".join(sorted(crates)))
    for text, lines in by_text.items():
        print("\n" + "=" * 80 + "\n" + "\n".join(lines) + "\n\n" + text)


main()
