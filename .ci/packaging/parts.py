"""What all packages are made of: files with a mode, the licences of what is in the binary, its pages and completions."""
import gzip
import io
import os
import pathlib
import re
import tarfile
import zipfile

from crates import ROOT

LICENSE = (ROOT / "LICENSE").read_bytes()
README = (ROOT / "README.md").read_bytes()
ASSETS = pathlib.Path(os.environ.get("ASSETS", ROOT / "target/assets"))
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", 0))
# How hard to compress: a trial is in a hurry.
LEVEL = int(os.environ.get("LEVEL", 9))


def notices(target):
    return {"THIRD-PARTY.txt": (ASSETS / f"THIRD-PARTY-{target}.txt").read_bytes()}


def pages():
    """Manual pages and completions, as archives have them."""
    for folder in ("man", "completions"):
        for path in sorted((ASSETS / folder).iterdir()):
            yield f"{folder}/{path.name}", path.read_bytes()


def glibc(binary):
    """The oldest glibc that the binary runs with, or None where it needs none."""
    found = re.findall(rb"GLIBC_(\d+)\.(\d+)", binary)
    return max((int(major), int(minor)) for major, minor in found) if found else None


def zipped(files, out):
    """A zip of name -> (bytes, mode), without the time."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name, (content, mode) in files:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, content)


def tarred(files, time=0):
    """A tar.gz of name -> (bytes, mode), owned by root. A name that ends in a slash is a folder."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, (content, mode) in files:
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            entry.size, entry.mode, entry.mtime = len(content), mode, time
            entry.uname = entry.gname = "root"
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), LEVEL, mtime=0)
