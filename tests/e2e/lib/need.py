"""Programs the tests need. A missing one is a failure with the command that repairs it, never a skipped test.

Only those that Go installs (install-*.sh) may be missing: what needs one of them is skipped then, with that reason.
"""

import os
import shutil
import subprocess

_EXTRA = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


class Missing(RuntimeError):
    """A program or file is not there; the text says how to get it."""


def program(name):
    """The path of a program; directories that a shell may have left out of PATH are searched too."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *_EXTRA])
    found = shutil.which(name, path=path)
    if not found:
        raise Missing(f"{name} is not installed: run `make setup` (Debian, root) and try again")
    return found


def installed(folder, name):
    """The path of a program that one of the install-*.sh has put into a folder of the cache; None: it is not there."""
    cache = os.environ.get("IMAGE_SYNCER_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "image-syncer")
    path = os.path.join(cache, folder, name)
    return path if os.access(path, os.X_OK) else None


def binary():
    """The program under test: $IMAGE_SYNCER, else build/image-syncer in the repository."""
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
    path = os.path.abspath(os.environ.get("IMAGE_SYNCER") or os.path.join(root, "build", "image-syncer"))
    if not os.access(path, os.X_OK):
        raise Missing(f"{path} does not exist: run `make`, or set IMAGE_SYNCER to the program to test")
    return path


def snapshot(*words):
    """What the server would answer: of `status`, `metrics`, `page` or `policy`; `fresh`: of one that has just started."""
    path = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "..", "build", "musl", "e2e", "snapshot"))
    if not os.access(path, os.X_OK):
        raise Missing(f"{path} does not exist: run `make build/musl/e2e/snapshot`")
    return subprocess.run([path, *words], check=True, capture_output=True, timeout=60).stdout.decode()
