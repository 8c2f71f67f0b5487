#!/usr/bin/env python3
"""Presses Tab in a real shell, at a real terminal, where a package has put its files.

    tab.py ROOT    the folder that a package was unpacked into

At its first Tab each shell must complete `cmkctl environment-n` to `environment-name`. A shell that is not there is named.
"""
import os
import pathlib
import pty
import select
import shutil
import sys
import tempfile
import time

ROOT = pathlib.Path(sys.argv[1]).resolve()
SHARE = ROOT / "usr/share"
BASH = "/usr/share/bash-completion/bash_completion"
# How each shell finds the folders of the package, without the files of this user.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], f"BASH_COMPLETION_USER_DIR={SHARE}/bash-completion; source {BASH}"),
    "zsh": (["zsh", "-f", "-i"], f"fpath=({SHARE}/zsh/vendor-completions $fpath); autoload -U compinit; compinit -u -d .dump"),
    "fish": (["fish", "--no-config", "-i"], f"set -p fish_complete_path {SHARE}/fish/vendor_completions.d"),
}


def read(terminal, until, seconds=20):
    """What the shell shows until those words, or until it takes too long."""
    said, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and until not in said:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                said += os.read(terminal, 65536)
            except OSError:
                break
            # fish asks the terminal what it is, and waits for the answer.
            if said.endswith(b"\x1b[c") or b"\x1b[0c" in said[-8:]:
                os.write(terminal, b"\x1b[?62;c")
    return said


def completes(words, prepare, home):
    child, terminal = pty.fork()
    if child == 0:
        environment = {"PATH": f"{ROOT}/usr/bin:/usr/bin:/bin", "HOME": home, "TERM": "xterm", "PS1": "$ ", "LANG": "C.UTF-8"}
        os.chdir(home)
        os.execvpe(words[0], words, environment)
    os.write(terminal, f"{prepare}; echo rea''dy\n".encode())
    said = read(terminal, b"ready\r\n")
    time.sleep(0.5)
    os.write(terminal, b"cmkctl environment-n\t")
    said += read(terminal, b"environment-name")
    os.close(terminal)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return b"environment-name" in said, said


def main():
    failed = False
    for shell, (words, prepare) in SHELLS.items():
        lacks = None if shutil.which(shell) else shell
        if shell == "bash" and not lacks and not os.path.exists(BASH):
            lacks = "bash-completion"
        if lacks:
            print(f"completion of {shell}: NOT TRIED, there is no {lacks} (apt-get install {lacks})")
            continue
        with tempfile.TemporaryDirectory() as home:
            done, said = completes(words, prepare, home)
        print(f"completion of {shell}: {'at the first Tab' if done else 'NOTHING at the first Tab'}")
        if not done:
            print(said.decode(errors="replace"), file=sys.stderr)
            failed = True
    sys.exit(failed)


main()
