"""One olareg, a registry that has what distribution-spec 1.2 is going to be; in memory."""

import http.client
import subprocess
import time

from . import need
from .registry import free_port

HOW = "olareg is not here: tests/e2e/install-registries.sh installs it where Go is (`make e2e-registries`)"


class Olareg:
    """keeps: nothing can be removed from it."""

    certs = None
    name = "olareg"

    def __init__(self, keeps=True):
        self.keeps = keeps
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self._process = None

    def start(self):
        return self.__enter__()

    def stop(self):
        self.__exit__()

    def __enter__(self):
        self._process = subprocess.Popen([need.installed("registries", "olareg"), "serve", "--addr", "127.0.0.1", "--port", str(self.port),
                                          "--store-type", "mem", *(() if self.keeps else ("--api-delete",))], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                connection = self.connect(5)
                connection.request("GET", "/v2/")
                connection.getresponse().read()
                return self
            except OSError:
                time.sleep(0.02)
        self.__exit__()
        raise RuntimeError("olareg did not start")

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def log_tail(self, _lines=0):
        return ""
