"""The original image-syncer, for the differential test: where it is, and one run of it.

It has the name of the program under test, so whatever is found is asked who it is first.
"""

import dataclasses
import os
import shutil
import subprocess

from . import need

VERSION = "v1.5.5"
HOW = "tests/e2e/install-original.sh installs it where Go is, or name it in ORIGINAL_IMAGE_SYNCER"
_SECONDS = 120


def find():
    """(path, None), or (None, why it is not there). A program that was named and is not the original is an error."""
    named = os.environ.get("ORIGINAL_IMAGE_SYNCER")
    if named:
        if not _is_original(named):
            raise need.Missing(f"ORIGINAL_IMAGE_SYNCER={named} is not the original image-syncer")
        return os.path.abspath(named), None
    for path in _places():
        if _is_original(path):
            return path, None
    return None, f"the original image-syncer is not here: {HOW}"


def _places():
    cache = os.environ.get("IMAGE_SYNCER_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "image-syncer")
    folders = [os.path.join(cache, f"original-{VERSION}"), os.environ.get("GOBIN", "")]
    folders += [os.path.join(path, "bin") for path in os.environ.get("GOPATH", "").split(os.pathsep) if path]
    folders += [os.path.expanduser("~/go/bin"), *os.environ.get("PATH", "").split(os.pathsep)]
    for folder in folders:
        path = shutil.which("image-syncer", path=folder) if folder else None
        if path:
            yield os.path.abspath(path)


def _is_original(path):
    """Ours tells its version, the original does not know that flag."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode != 0 and "unknown flag: --version" in done.stdout + done.stderr


@dataclasses.dataclass
class Result:
    code: int
    output: str


def run(path, runner, rules, auth, flags=()):
    """One run with the files and the clean environment that the program under test gets. Rules are a dict."""
    command = [path, "--images", runner.write("original-images.yaml", rules), "--auth", runner.write("original-auth.yaml", auth),
               *flags]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_SECONDS,
                          cwd=runner.home, env=runner.environment(), check=False)
    return Result(done.returncode, done.stdout + done.stderr)
