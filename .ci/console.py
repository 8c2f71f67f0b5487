#!/usr/bin/env python3
"""Runs a program at a console, presses keys at its question, and ends with its exit code.

    console.py QUESTION KEYS PROGRAM [ARGUMENT ...]

Prints what the console showed. The exit code is 99 if the question was never there. After five minutes it ends the program.
"""
import os
import pty
import select
import signal
import sys
import time

question, keys, *command = sys.argv[1:]
child, console = pty.fork()
if child == 0:
    os.execvp(command[0], command)
shown, asked, status = b"", False, None
end = time.monotonic() + 300
while True:
    some = b""
    if select.select([console], [], [], 0.2)[0]:
        try:
            some = os.read(console, 4096)
        except OSError:  # Linux says so at the end of a console.
            time.sleep(0.2)
    shown += some
    if not asked and question.encode() in shown:
        asked = True
        time.sleep(1)  # The console of wine loses what is typed before the program reads.
        os.write(console, keys.encode())
    if status is not None and (not some or time.monotonic() > end):
        break
    if status is None:
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
        # What wine starts beside the program may keep the console open, so the end of the program is asked for.
        ended, code = os.waitpid(child, os.WNOHANG)
        if ended:
            status, end = code, time.monotonic() + 5
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status) if asked else 99)
