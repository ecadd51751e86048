"""Other programs that copy images by a file of theirs: where they are, and one run of them."""

import os
import shutil
import subprocess

HOW = "tests/e2e/install-peers.sh installs it where Go is, or put it on PATH"
_SECONDS = 120


def find(name):
    """(path, None), or (None, why it is not there)."""
    cache = os.environ.get("IMAGE_SYNCER_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "image-syncer")
    path = shutil.which(name, path=os.pathsep.join([os.path.join(cache, "peers"), os.environ.get("PATH", "")]))
    return (path, None) if path else (None, f"{name} is not here: {HOW}")


def run(runner, command, env=None):
    """(exit status, all that it said)"""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_SECONDS,
                          cwd=runner.home, env=runner.environment(env), check=False)
    return done.returncode, done.stdout + done.stderr
