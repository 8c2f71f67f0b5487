"""The Debian package, as deb(5) and Debian Policy describe it, without Debian's tools: they judge it in `.ci/packaging/try`."""
import datetime
import email.utils
import gzip
import hashlib
import os

from crates import VERSION
from parts import EPOCH, LICENSE, README, glibc, notices, pages, tarred

MAINTAINER = os.environ.get("CMKCTL_MAINTAINER", "The cmkctl maintainers <cmkctl@example.com>")
# A version before the release sorts before it.
REVISION = VERSION.replace("-", "~", 1)
COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/cmkctl",
    "zsh": "usr/share/zsh/vendor-completions/_cmkctl",
    "fish": "usr/share/fish/vendor_completions.d/cmkctl.fish",
}
DESCRIPTION = """\
 Power Platform and Dynamics 365 finance and operations encrypt the data of an
 environment with a key of Microsoft, or with your own key in Azure Key Vault.
 cmkctl runs the procedure for your own key, step by step.
 .
 It finds blockers first, shows a plan, asks for consent, and verifies each
 change. It rehearses the procedure on this machine, without a sign-in.
"""


def copyright_file():
    """LICENSE as Debian's machine-readable form has it."""
    text = LICENSE.decode()
    holder = next(line for line in text.splitlines() if line.startswith("Copyright (c) "))
    terms = text.partition(holder)[2].strip().splitlines()
    lines = [
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
        "Upstream-Name: cmkctl",
        "Comment: The licences of the libraries in the binary are in THIRD-PARTY.txt.gz.",
        "",
        "Files: *",
        f"Copyright: {holder.removeprefix('Copyright (c) ')}",
        "License: Expat",
        *(f" {line}" if line.strip() else " ." for line in terms),
    ]
    return ("\n".join(lines) + "\n").encode()


def changelog():
    date = email.utils.format_datetime(datetime.datetime.fromtimestamp(EPOCH, datetime.timezone.utc))
    text = f"cmkctl ({REVISION}) unstable; urgency=medium\n\n  * `cmkctl help changes` lists the changes.\n\n -- {MAINTAINER}  {date}\n"
    return text.encode()


def contents(binary, target):
    small = lambda text: gzip.compress(text, 9, mtime=0)
    doc = "usr/share/doc/cmkctl"
    files = {
        "usr/bin/cmkctl": (binary, 0o755),
        f"{doc}/copyright": (copyright_file(), 0o644),
        f"{doc}/changelog.gz": (small(changelog()), 0o644),
        f"{doc}/README.md.gz": (small(README), 0o644),
        **{f"{doc}/{name}.gz": (small(text), 0o644) for name, text in notices(target).items()},
    }
    for path, text in pages():
        folder, name = path.split("/")
        if folder == "man":
            files[f"usr/share/man/man{name[-1]}/{name}.gz"] = (small(text), 0o644)
        elif name in COMPLETIONS:
            files[COMPLETIONS[name]] = (text, 0o644)
    return dict(sorted(files.items()))


def control(binary, target, size):
    needs = []
    if glibc(binary):
        needs.append("libc6 (>= {}.{})".format(*glibc(binary)))
    if b"libgcc_s.so.1\0" in binary:
        needs.append("libgcc-s1 (>= 4.2)")
    fields = {
        "Package": "cmkctl",
        "Version": REVISION,
        "Architecture": {"x86_64": "amd64", "aarch64": "arm64"}[target.split("-")[0]],
        "Maintainer": MAINTAINER,
        "Installed-Size": str(-(-size // 1024)),
        "Depends": ", ".join(needs),
        "Recommends": "ca-certificates",
        "Section": "admin",
        "Priority": "optional",
        "Description": "own encryption keys for Power Platform environments",
    }
    return ("".join(f"{name}: {value}\n" for name, value in fields.items() if value) + DESCRIPTION).encode()


def with_folders(files):
    """A tar names each folder before what lies in it."""
    known = ["./"]
    yield "./", (b"", 0o755)
    for name, file in files.items():
        for depth in range(1, name.count("/") + 1):
            folder = "./" + "/".join(name.split("/")[:depth]) + "/"
            if folder not in known:
                known.append(folder)
                yield folder, (b"", 0o755)
        yield f"./{name}", file


def member(name, content):
    """A member of an `ar` archive: its name, time, owner, group, mode and size, then the content at an even length."""
    head = f"{name:<16}{EPOCH:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
    return head + content + b"\n" * (len(content) % 2)


def deb(binary, target, out):
    content = binary.read_bytes()
    files = contents(content, target)
    about = {
        "control": (control(content, target, sum(len(text) for text, _ in files.values())), 0o644),
        "md5sums": ("".join(f"{hashlib.md5(text).hexdigest()}  {name}\n" for name, (text, _) in files.items()).encode(), 0o644),
    }
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[target.split("-")[0]]
    made = out / f"cmkctl_{REVISION}_{architecture}.deb"
    made.write_bytes(
        b"!<arch>\n"
        + member("debian-binary", b"2.0\n")
        + member("control.tar.gz", tarred(with_folders(about), EPOCH))
        + member("data.tar.gz", tarred(with_folders(files), EPOCH))
    )
    return [made]
