"""How many instructions of the CPU a program takes, itself and all that it starts, without those of the kernel.

The processor counts where perf can ask it. Elsewhere, as in most virtual machines, valgrind counts. The program is slower there by a
factor of thirty, so it waits less often for the registry, and takes other paths where the processor that valgrind shows lacks something:
counts of both kinds cannot be compared with each other.
"""

import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile

LIMIT = 300          # seconds for one run
_FROM_VALGRIND = re.compile(r"I +refs: +([0-9,]+)")


class Failed(Exception):
    """The program did not do what it was to do; its last words."""


class Perf:
    name = "perf"

    @staticmethod
    def command(folder):
        return [shutil.which("perf"), "stat", "-x,", "-e", "instructions:u", "-o", os.path.join(folder, "count"), "--"]

    @staticmethod
    def read(folder):
        with open(os.path.join(folder, "count"), encoding="ascii") as file:
            counts = [line.split(",")[0] for line in file if "instructions" in line]
        return int(counts[0]) if counts and counts[0].isdigit() else 0

    @classmethod
    def works(cls):
        if not shutil.which("perf"):
            return False
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([*cls.command(folder), "true"], capture_output=True, check=False)
            return done.returncode == 0 and cls.read(folder) > 0


class Valgrind:
    name = "valgrind"

    def __init__(self, unconfined):
        self._unconfined = unconfined

    def command(self, folder):
        return [self._unconfined, shutil.which("valgrind"), "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
                "--trace-children=yes", f"--log-file={folder}/count.%p"]

    @staticmethod
    def read(folder):
        total = 0
        for path in glob.glob(f"{folder}/count.*"):
            with open(path, encoding="utf-8", errors="replace") as file:
                total += sum(int(number.replace(",", "")) for number in _FROM_VALGRIND.findall(file.read()))
        return total


def counter(unconfined):
    """What counts here; None: nothing does."""
    return Perf() if Perf.works() else Valgrind(unconfined) if shutil.which("valgrind") else None


def count(by, command, env, cwd):
    """Runs a command to its end. Raises Failed where it fails or was not counted."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as out:
        process = subprocess.Popen([*by.command(folder), *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd, env=env,
                                   start_new_session=True)
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise Failed(f"not done after {LIMIT} s") from None
        out.seek(0)
        words = out.read()[-300:].decode(errors="replace").strip()
        if process.returncode:
            raise Failed(f"ended with {process.returncode}: {words}")
        counted = by.read(folder)
        if not counted:
            raise Failed(f"{by.name} counted nothing: {words}")
        return counted
