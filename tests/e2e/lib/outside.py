"""The registries that imgsync knows, on this machine: gcr.io, registry.k8s.io and quay.io in memory, Docker Hub as a docker-registry.

Programs reach them under their names: by a proxy that the environment names, or, for one that asks no proxy, by a hosts file of their
own and port 443 of addresses of loopback, which takes root.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import threading

from . import forward, images
from .registry import Registry
from .scripted import Scripted

HUB = ("registry-1.docker.io", "index.docker.io", "docker.io")


def no_referrers(request):
    return (404, {}, b"") if request.kind == "referrers" else None


def tree(registry):
    """Lets tags/list name what lies below, as Google's registries do; the root has a list of its own."""
    def hook(request):
        found = re.match(r"/v2/(?:(.*)/)?tags/list(?:\?|$)", request.path)
        if not found:
            return no_referrers(request)
        path = found.group(1) or ""
        start = path + "/" if path else ""
        tags = [tag for repo, tag in registry.tags if repo == path]
        below = sorted({repo[len(start):].split("/")[0] for repo, _ in registry.tags if repo.startswith(start) and repo != path})
        digests = {registry.tags[path, tag]: {"tag": [tag]} for tag in tags}
        document = {"name": path, "child": below, "tags": tags, "manifest": digests}
        return 200, {"Content-Type": "application/json"}, json.dumps(document).encode()
    registry.hook = hook


class Relay:
    """Port 443 of an address of loopback that nobody else on this machine has chosen, for a port of 127.0.0.1."""

    def __init__(self, port, names):
        self.port, self.names = port, names
        self._listener, self.address = self._listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()

    @staticmethod
    def _listen():
        for number in range(os.getpid() % 200, 400):
            for last in range(1, 250):
                address = f"127.44.{number % 200 + 1}.{last}"
                try:
                    return socket.create_server((address, 443), backlog=64), address
                except PermissionError:
                    raise
                except OSError:
                    continue
        raise OSError("no address of loopback has a free port 443")

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client):
        with client, socket.create_connection(("127.0.0.1", self.port)) as server:
            try:
                forward.pump(client, server)
            except OSError:
                pass


def able():
    """May this process mount, and listen on port 443?"""
    return os.geteuid() == 0 and shutil.which("unshare") and subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount --bind /dev/null /etc/hosts"], capture_output=True, check=False).returncode == 0


class Outside:
    """user: for a password at Docker Hub, which everybody may write to otherwise."""

    def __init__(self, certs, users=None):
        context = certs.server_context("world")
        self.certs = certs
        self.gcr, self.k8s, self.quay = (Scripted(context=context) for _ in range(3))
        self.hub = Registry("hub", users=users, certs=certs, cert="world")
        self.proxy = None
        self._relays = {}

    def __enter__(self):
        for each in (self.gcr, self.k8s, self.quay, self.hub):
            each.__enter__()
        tree(self.gcr)
        tree(self.k8s)
        self.quay.hook = no_referrers
        places = {"gcr.io:443": self.gcr.port, "k8s.gcr.io:443": self.k8s.port, "registry.k8s.io:443": self.k8s.port,
                  "quay.io:443": self.quay.port, **{f"{name}:443": self.hub.port for name in HUB}}
        self.proxy = forward.ForwardProxy(places)
        return self

    def __exit__(self, *_):
        self.proxy.stop()
        for each in self._relays.values():
            each.stop()
        for each in (self.gcr, self.k8s, self.quay, self.hub):
            each.__exit__()

    def by_hosts(self, runner, command):
        """The command, run where the names of all registries lead here without a proxy. The Relays end with the test's process."""
        lines = ["127.0.0.1 localhost"]
        for address, relay in self.relays().items():
            lines += [f"{address} {name}" for name in relay.names]
        path = runner.write("hosts", "\n".join(lines) + "\n")
        os.chmod(path, 0o644)
        return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', path, *command]

    def relays(self):
        if not self._relays:
            places = {self.gcr.port: ("gcr.io",), self.k8s.port: ("k8s.gcr.io", "registry.k8s.io"), self.quay.port: ("quay.io",),
                      self.hub.port: HUB}
            for port, names in places.items():
                relay = Relay(port, names)
                self._relays[relay.address] = relay
        return self._relays

    def environment(self, more=None):
        return {**self.proxy.environment(), "SSL_CERT_FILE": self.certs.ca, **(more or {})}

    def copies(self, client, user):
        """{name: {tag: digest}} of what Docker Hub has of the user; an empty repository has no entry."""
        start = user + "/"
        names = [name for name in self.hub.repositories() if name.startswith(start)]
        found = {name[len(start):]: {tag: client.head(name, tag) for tag in client.tags(name)} for name in names}
        return {name: tags for name, tags in found.items() if tags}


def program(runner, binary=None):
    """A program called imgsync: this one, under that name."""
    path = os.path.join(runner.home, "imgsync")
    if not os.path.lexists(path):
        os.symlink(os.path.abspath(binary or runner.binary), path)
    return path


def stock(registry, *names):
    """One image for each "repository:tag"."""
    return {name: registry.push(images.image(name, layers=1), *name.rsplit(":", 1)) for name in names}
