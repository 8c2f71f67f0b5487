#!/usr/bin/env python3
"""Manifests of what is handed out, from one version and the checksums: winget, Scoop, Homebrew, and the file that makes a container image.

    manifests.py OUT URL HOMEPAGE    reads OUT/SHA256SUMS, writes OUT/manifests

URL is the address of the folder that the release's files can be had from. What has no checksum there is in no manifest, and a manifest without a file
is not written: its name is printed with what it lacks.
"""
import json
import pathlib
import sys

from crates import CRATE, SUMMARY, VERSION

# At most 80 characters, without the name and without an article: Homebrew's audit asks for both.
SHORT = "Enable customer-managed keys for Power Platform environments"
PUBLISHER = "The cmkctl maintainers"
IDENTIFIER = "cmkctl.cmkctl"
# The manifest format, as https://github.com/microsoft/winget-cli describes it in schemas/JSON/manifests/v1.6.0.
WINGET = "1.6.0"
# In the order of preference: the archive that Microsoft's linker made comes first.
WINDOWS = ["x86_64-pc-windows-msvc", "x86_64-pc-windows-gnu"]
# Static ones first: they run with every libc.
BREW = {
    ("macos", "arm"): ["aarch64-apple-darwin"],
    ("macos", "intel"): ["x86_64-apple-darwin"],
    ("linux", "arm"): ["aarch64-unknown-linux-musl", "aarch64-unknown-linux-gnu"],
    ("linux", "intel"): ["x86_64-unknown-linux-musl", "x86_64-unknown-linux-gnu"],
}


class Release:
    def __init__(self, out, url, homepage):
        lines = (out / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
        self.sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
        self.url, self.homepage = url.rstrip("/"), homepage

    def first(self, targets):
        """The address, checksum and folder of the archive of the first target that has one."""
        for target in targets:
            folder = f"cmkctl-{VERSION}-{target}"
            name = f"{folder}.zip" if "windows" in target else f"{folder}.tar.gz"
            if name in self.sums:
                return f"{self.url}/{name}", self.sums[name], folder
        return None


def yaml(document, indent=""):
    """Of a document of texts, lists and maps. A text in JSON is a text in YAML, and none can be taken for a number."""
    for key, value in document.items():
        if isinstance(value, list):
            yield f"{indent}{key}:"
            for one in value:
                first, *rest = yaml(one, indent + "  ") if isinstance(one, dict) else [f"{indent}  {json.dumps(one)}"]
                yield f"{indent}- {first.strip()}"
                yield from rest
        else:
            yield f"{indent}{key}: {json.dumps(value)}"


def winget(release):
    windows = release.first(WINDOWS)
    if not windows:
        return None
    url, digest, folder = windows
    common = {"PackageIdentifier": IDENTIFIER, "PackageVersion": VERSION}
    kind = lambda name: {"ManifestType": name, "ManifestVersion": WINGET}
    installer = {
        "InstallerType": "zip",
        "NestedInstallerType": "portable",
        "NestedInstallerFiles": [{"RelativeFilePath": f"{folder}\\cmkctl.exe", "PortableCommandAlias": "cmkctl"}],
        "Commands": ["cmkctl"],
        "Installers": [{"Architecture": "x64", "InstallerUrl": url, "InstallerSha256": digest.upper()}],
    }
    locale = {
        "PackageLocale": "en-US",
        "Publisher": PUBLISHER,
        "PackageName": "cmkctl",
        "License": CRATE["license"],
        "ShortDescription": SUMMARY,
        "Moniker": "cmkctl",
        "Tags": CRATE["keywords"],
    }
    files = {
        f"{IDENTIFIER}.yaml": ("version", {**common, "DefaultLocale": "en-US", **kind("version")}),
        f"{IDENTIFIER}.installer.yaml": ("installer", {**common, **installer, **kind("installer")}),
        f"{IDENTIFIER}.locale.en-US.yaml": ("defaultLocale", {**common, **locale, **kind("defaultLocale")}),
    }
    schema = f"# yaml-language-server: $schema=https://aka.ms/winget-manifest.{{}}.{WINGET}.schema.json\n\n"
    return {f"winget/{name}": schema.format(of) + "\n".join(yaml(text)) + "\n" for name, (of, text) in files.items()}


def scoop(release):
    windows = release.first(WINDOWS)
    if not windows:
        return None
    url, digest, folder = windows
    document = {
        "version": VERSION,
        "description": SUMMARY,
        "homepage": release.homepage,
        "license": CRATE["license"],
        "architecture": {"64bit": {"url": url, "hash": digest, "extract_dir": folder}},
        "bin": "cmkctl.exe",
    }
    return {"scoop/cmkctl.json": json.dumps(document, indent=4) + "\n"}


def homebrew(release):
    quoted = lambda text: json.dumps(text).replace("#{", "\\#{")
    systems = {}
    for (system, cpu), targets in BREW.items():
        found = release.first(targets)
        if found:
            systems.setdefault(system, []).append((cpu, *found[:2]))
    if not systems:
        return None
    lines = [
        "class Cmkctl < Formula",
        f"  desc {quoted(SHORT)}",
        f"  homepage {quoted(release.homepage)}",
        f"  version {quoted(VERSION)}",
        f"  license {quoted(CRATE['license'])}",
    ]
    for system, files in systems.items():
        lines += ["", f"  on_{system} do"]
        for cpu, url, digest in files:
            lines += [f"    on_{cpu} do", f"      url {quoted(url)}", f"      sha256 {quoted(digest)}", "    end"]
        lines += ["  end"]
    lines += [
        "",
        "  def install",
        '    bin.install "cmkctl"',
        '    man1.install Dir["man/*.1"]',
        '    man7.install Dir["man/*.7"]',
        '    bash_completion.install "completions/bash" => "cmkctl"',
        '    zsh_completion.install "completions/zsh" => "_cmkctl"',
        '    fish_completion.install "completions/fish" => "cmkctl.fish"',
        '    prefix.install "THIRD-PARTY.txt"',
        "  end",
        "",
        "  test do",
        '    assert_match version.to_s, shell_output("#{bin}/cmkctl --version")',
        "  end",
        "end",
    ]
    return {"homebrew/cmkctl.rb": "\n".join(lines) + "\n"}


def image(release):
    static = [(cpu, release.first([f"{machine}-unknown-linux-musl"])) for cpu, machine in (("amd64", "x86_64"), ("arm64", "aarch64"))]
    static = [(cpu, *found) for cpu, found in static if found]
    if not static:
        return None
    text = "# The static binary and the certificate authorities that it trusts, and nothing else: no shell, no package manager.\n"
    text += "#\n# In a folder with one of these, unpacked as `cmkctl`, and the `ca-certificates.crt` of a system that you trust:\n"
    text += "".join(f"#   {cpu}  {url}\n#          sha256 {digest}\n" for cpu, url, digest, _ in static)
    labels = {"title": "cmkctl", "version": VERSION, "licenses": CRATE["license"], "description": SUMMARY}
    text += "FROM scratch\n"
    text += "".join(f"LABEL org.opencontainers.image.{name}={json.dumps(value)}\n" for name, value in labels.items())
    text += "COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt\n"
    text += "COPY cmkctl/LICENSE cmkctl/THIRD-PARTY.txt /\nCOPY cmkctl/cmkctl /cmkctl\n"
    text += "# Not root. Mount a folder that this user can write to for an audit log.\n"
    text += 'USER 65532:65532\nENTRYPOINT ["/cmkctl"]\n'
    return {"oci/Containerfile": text}


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1])
    release = Release(out, *sys.argv[2:])
    makes = [
        (winget, "winget manifest", "archive for Windows"),
        (scoop, "Scoop manifest", "archive for Windows"),
        (homebrew, "Homebrew formula", "archive for macOS or Linux"),
        (image, "container file", "static binary"),
    ]
    for make, name, lacks in makes:
        made = make(release)
        if made is None:
            print(f"NOT MADE: {name}: no {lacks} in SHA256SUMS", file=sys.stderr)
        for path, text in (made or {}).items():
            file = out / "manifests" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
            print(f"manifests/{path}")


main()
