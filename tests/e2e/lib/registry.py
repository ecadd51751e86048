"""A real docker-registry on loopback: one process, one configuration file, one storage directory.

Variants are arguments, not classes: plain http, Basic (htpasswd), token auth and TLS can be combined. `relativeurls` is on, so
that a proxy in front of the registry keeps working without any rewriting.
"""

import atexit
import contextlib
import ctypes
import ctypes.util
import hashlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from . import need

_READY_SECONDS = 30
_START_TRIES = 5


def free_port():
    """A port nobody listens on at this moment, below those that the kernel gives to connections and to whoever asks for any."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        lowest = int(file.read().split()[0])
    while True:
        port = random.SystemRandom().randrange(max(1024, lowest - 16384), max(2048, lowest))
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def bcrypt(password, salt="abcdefghijklmnopqrstuu"):
    """A bcrypt hash (cost 4) by the C library's crypt(3): docker-registry accepts no other kind."""
    name = ctypes.util.find_library("crypt") or "libcrypt.so.1"
    crypt = ctypes.CDLL(name).crypt
    crypt.restype = ctypes.c_char_p
    crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    text = crypt(password.encode(), f"$2b$04${salt}".encode())
    if not text or not text.startswith(b"$2b$04$"):
        raise need.Missing("the C library's crypt(3) knows no bcrypt: run `make setup`")
    return text.decode()


def _quick_folder():
    """Where small registries live: in memory when there is plenty of it, else (None) where temporary files go."""
    try:
        room = os.statvfs("/dev/shm")
    except OSError:
        return None
    return "/dev/shm" if room.f_bavail * room.f_frsize > 2 << 30 and os.access("/dev/shm", os.W_OK) else None


class Registry:
    """One docker-registry process.

    users   {name: password}: Basic auth
    token   a tokens.TokenServer: token auth
    certs   a certs.Certs: https with its server certificate
    large   it will hold gigabytes: keep them on disk
    urls    it takes manifests with foreign layers, wherever those point to
    page    the most repositories that its catalog names in one answer
    demands what "tls" of its configuration has besides, such as {"minimumtls": "tls1.3"}
    caller  the certificate by which this class identifies itself, where it demands that
    environment variables of its process
    program another release of the same registry, instead of Debian's
    keeps   nothing can be removed from it
    """

    def __init__(self, name="registry", users=None, token=None, certs=None, cert="server", large=False, program=None,
                 urls=False, page=None, demands=None, caller=None, environment=None, keeps=False):
        self.name = name
        self.users = users
        self.token = token
        self.certs = certs
        self.cert = cert
        self.program = program
        self.urls = urls
        self.page = page
        self.demands = demands or {}
        self.caller = caller
        self.environment = environment or {}
        self.keeps = keeps
        self.port = None
        self._process = None
        self._home = tempfile.mkdtemp(prefix=f"e2e-{name}-", dir=None if large else _quick_folder())
        self.storage = os.path.join(self._home, "storage")
        self.log_path = os.path.join(self._home, "log")

    # -- life -------------------------------------------------------------------------------------------------------------

    def start(self):
        atexit.register(self.stop)     # whatever happens to the tests, the process does not outlive them
        for _ in range(_START_TRIES):
            self.port = free_port()
            if self._start_once():
                return self
        raise RuntimeError(f"docker-registry did not start:\n{self.log_tail()}")

    def stop(self):
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(2)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        shutil.rmtree(self._home, ignore_errors=True)
        atexit.unregister(self.stop)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _start_once(self):
        os.makedirs(self.storage, exist_ok=True)
        path = os.path.join(self._home, "config.yml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self._config(), file, indent=1)  # JSON is YAML
        with open(self.log_path, "ab") as log:
            self._process = subprocess.Popen(
                [self.program or need.program("docker-registry"), "serve", path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ.get("PATH", ""), "HOME": self._home, "OTEL_TRACES_EXPORTER": "none", **self.environment},
            )
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return False
            if self._answers():
                return True
            time.sleep(0.02)
        self._process.kill()
        self._process.wait()
        return False

    def _answers(self):
        try:
            connection = self.connect(timeout=5)
            connection.request("GET", "/v2/")
            status = connection.getresponse().status
            connection.close()
            return status in (200, 401)
        except OSError:
            return False
        except http.client.HTTPException:
            return False

    def _config(self):
        config = {
            "version": "0.1",
            "log": {"level": "warn", "formatter": "text"},
            "storage": {
                "filesystem": {"rootdirectory": self.storage},
                "delete": {"enabled": not self.keeps},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": {"addr": f"127.0.0.1:{self.port}", "relativeurls": True, "secret": "not-a-secret"},
        }
        if self.page:
            config["catalog"] = {"maxentries": self.page}
        if self.urls:
            config["validation"] = {"manifests": {"urls": {"allow": ["."]}}}
        if self.users:
            config["auth"] = {"htpasswd": {"realm": "e2e", "path": self._passwords()}}
        if self.token:
            config["auth"] = {"token": {
                "realm": self.token.realm, "service": self.token.service, "issuer": self.token.issuer,
                "rootcertbundle": self.token.bundle,
            }}
        if self.certs:
            config["http"]["tls"] = {
                "certificate": self.certs.chain(self.cert), "key": self.certs.key(self.cert), **self.demands,
            }
        return config

    def _passwords(self):
        """The file of users' passwords."""
        path = os.path.join(self._home, "htpasswd")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{user}:{bcrypt(word)}\n" for user, word in self.users.items())
        return path

    # -- use --------------------------------------------------------------------------------------------------------------

    @property
    def host(self):
        """HOST:PORT as it stands in a rule."""
        return f"127.0.0.1:{self.port}"

    @property
    def scheme(self):
        return "https" if self.certs else "http"

    def connect(self, timeout=60):
        """A new http.client connection; https is not verified here, the program under test does that."""
        if not self.certs:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if self.caller:
            context.load_cert_chain(self.certs.chain(self.caller), self.certs.key(self.caller))
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context)

    def log_tail(self, lines=40):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return "".join(file.readlines()[-lines:])
        except OSError:
            return ""

    def write_requests(self):
        """How many POST, PUT, PATCH and DELETE requests the registry has answered, by its own access log."""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return len(re.findall(r'"(?:POST|PUT|PATCH|DELETE) /v2/', file.read()))

    # -- the storage, looked at from outside the protocol -------------------------------------------------------------------

    def _path(self, *parts):
        return os.path.join(self.storage, "docker", "registry", "v2", *parts)

    def blob_path(self, digest):
        """Where the bytes of a blob or manifest lie."""
        algorithm, hexadecimal = digest.split(":")
        return self._path("blobs", algorithm, hexadecimal[:2], hexadecimal, "data")

    def uploads(self, repo):
        """
        Upload sessions that are neither finished nor cancelled. Of one that was cancelled docker-registry may leave the state of
        its hash behind, which it writes after it has removed the rest.
        """
        folder = self._path("repositories", repo, "_uploads")
        try:
            return sorted(name for name in os.listdir(folder) if os.path.exists(os.path.join(folder, name, "startedat")))
        except OSError:
            return []

    def repositories(self):
        """Every repository that holds at least one manifest."""
        found, top = [], self._path("repositories")
        for path, directories, _ in os.walk(top):
            if "_manifests" in directories:
                found.append(os.path.relpath(path, top))
            directories[:] = [name for name in directories if not name.startswith("_")]
        return sorted(found)

    def repeat(self, repo, names):
        """Put a repository into the storage again under each of these names, tags and all."""
        for name in names:
            shutil.copytree(self._path("repositories", repo), self._path("repositories", name))

    def plant_blob(self, repo, digest, size):
        """Put a blob of `size` zero bytes straight into the storage as a sparse file; `digest` must be its digest."""
        path = self.blob_path(digest)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.truncate(size)
        algorithm, hexadecimal = digest.split(":")
        link = self._path("repositories", repo, "_layers", algorithm, hexadecimal, "link")
        os.makedirs(os.path.dirname(link), exist_ok=True)
        with open(link, "w", encoding="ascii") as file:
            file.write(digest)

    def spoil_blob(self, digest):
        """Flip one bit of a stored blob: the registry serves it, and it no longer fits its digest."""
        path = self.blob_path(digest)
        with open(path, "r+b") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(size // 2)
            byte = file.read(1)[0]
            file.seek(size // 2)
            file.write(bytes([byte ^ 1]))


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()
