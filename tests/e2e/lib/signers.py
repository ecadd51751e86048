"""The programs of install-signers.sh: cosign, regctl, notation's library as a command, and a registry."""

import http.client
import os
import subprocess
import time

from . import need
from .registry import free_port

HOW = "tests/e2e/install-signers.sh installs it where Go is (`make e2e-signatures`)"
_SECONDS = 120


def find(name):
    """The path of one of them, None when it is not there."""
    return need.installed("signers", name)


class ApiRegistry:
    """A registry with the referrers API, of another make than ours: that of go-containerregistry, in memory."""

    certs = None
    name = "api"

    def __init__(self):
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self._process = None

    def __enter__(self):
        self._process = subprocess.Popen([find("api-registry"), self.host], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                connection = self.connect(5)
                connection.request("GET", "/v2/")
                connection.getresponse().read()
                return self
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("api-registry did not start")

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def log_tail(self, _lines=0):
        return ""


class Cosign:
    """cosign with a key pair in a folder; no network but that of the registries."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.repository = None      # where signatures are put, unless it is beside the image
        self._run("generate-key-pair")
        self.public = os.path.join(self.folder, "cosign.pub")

    def sign(self, reference, bundle):
        self._run("sign", "--key", "cosign.key", "--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry",
                  f"--new-bundle-format={str(bundle).lower()}", "--yes", reference)

    def attest(self, reference, bundle):
        path = os.path.join(self.folder, "predicate.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write("{}")
        self._run("attest", "--key", "cosign.key", "--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry",
                  f"--new-bundle-format={str(bundle).lower()}", "--type", "slsaprovenance1", "--predicate", path, "--yes", reference)

    def verify(self, reference, bundle, command="verify"):
        more = ["--type", "slsaprovenance1"] if command == "verify-attestation" else []
        self._run(command, "--key", "cosign.pub", "--insecure-ignore-tlog", "--allow-http-registry",
                  f"--new-bundle-format={str(bundle).lower()}", *more, reference)

    def _run(self, *arguments):
        env = {"COSIGN_PASSWORD": "x", **({"COSIGN_REPOSITORY": self.repository} if self.repository else {})}
        _run([find("cosign"), *arguments], self.folder, env)


def notary(command, reference, folder):
    """`sign` or `verify` as notation does."""
    _run([find("notary"), command, reference, str(folder)], str(folder), {})


def _run(command, folder, env):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False,
                          env={"PATH": os.environ.get("PATH", ""), "HOME": folder, **env})
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

