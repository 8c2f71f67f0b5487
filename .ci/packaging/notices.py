#!/usr/bin/env python3
"""Third-party notices: the licence of every crate in the binary, as it lies in the crate's source.

    notices.py TARGET > THIRD-PARTY.txt

BSD, ISC, Unicode and MIT ask for them. cargo-about would do the same, but takes minutes to build before it writes a line; the sources that the binary
was built from are here already. Of a crate without a licence file, only what its Cargo.toml says is known: MIT is written out, and anything else fails.
"""
import pathlib
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


def main():
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    by_text = {}
    for package in inside(sys.argv[1]):
        if package["source"] is None:
            continue
        line = f"{package['name']} {package['version']} ({package['license']})"
        for text in texts(package):
            by_text.setdefault(text, []).append(line)
    crates = {line for lines in by_text.values() for line in lines}
    print(f"cmkctl contains these {len(crates)} libraries. Their licences follow.\n")
    print("\n".join(sorted(crates)))
    for text, lines in by_text.items():
        print("\n" + "=" * 80 + "\n" + "\n".join(lines) + "\n\n" + text)


main()
