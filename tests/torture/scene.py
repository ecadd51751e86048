"""The copies that are tortured. Two real registries with token auth; in front of each, and of their token servers, a fault proxy.

A scene is one run of the program: three repositories, one of them with an index of three platforms, a layer that all share, and older
images under the same tags at the target; so every kind of request of a sync is there three times or so. Names and contents are its
own, the registries are shared with the other scenes of the process.
"""

import contextlib
import dataclasses
import shutil
import socket
import tempfile
import threading
import time
import types

from lib import images, proxy, registry, run, tokens

USER, PASSWORD = "torture", "not-a-real-password"


class Stranger:
    """An origin nobody configured, on another address of loopback. It keeps what it hears and says 404."""

    def __init__(self):
        self._heard = bytearray()
        self._listener = socket.create_server(("127.0.0.2", 0), backlog=128)
        self.host = "127.0.0.2:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def heard(self):
        return bytes(self._heard)

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, contextlib.suppress(OSError):
                client.settimeout(5)
                self._heard += client.recv(65536)
                client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def stop(self):
        self._listener.close()


class World:
    """The servers of one process."""

    def __init__(self):
        self._stack = contextlib.ExitStack()
        self.auth = {side: self._stack.enter_context(tokens.TokenServer(users={USER: PASSWORD})) for side in ("src", "dst")}
        self.registries = {side: self._stack.enter_context(registry.Registry(side, token=server)) for side, server in self.auth.items()}
        self.stranger = Stranger()
        self._stack.callback(self.stranger.stop)
        self._lock = threading.RLock()
        self._made = {}

    def close(self):
        self._stack.close()

    def client(self, side, *repos):
        """A client that may do everything in these repositories, past all proxies."""
        access = [{"type": "repository", "name": repo, "actions": ["pull", "push"]} for repo in repos]
        bearer = "Bearer " + self.auth[side].mint(access, life=3000)
        return contextlib.closing(images.Client(self.registries[side], lambda _repo: bearer))

    def keep(self, server):
        """Starts a server that lives as long as the world."""
        return self._stack.enter_context(server)

    def once(self, key, make):
        """What make() gave the first time it was asked for."""
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]

    def big(self, size):
        """A source repository with one image of one large layer, pushed once; (repo, picture, digest of the layer)."""
        def push():
            data = images.noise(size, size)
            picture = images.image(f"big/{size}", parts=[data])
            with self.client("src", f"big-{size}") as client:
                client.push(picture, f"big-{size}", "v1")
            return f"big-{size}", picture, images.digest_of(data)

        return self.once(size, push)


@dataclasses.dataclass
class Scene:
    """One run and what invariants.py needs to judge it."""
    world: World
    name: str
    wanted: dict = dataclasses.field(default_factory=dict)     # {repo at the target: {tag: digest}}
    before: dict = dataclasses.field(default_factory=dict)     # {(repo, tag): digest} at the target before the run
    rules: dict = dataclasses.field(default_factory=dict)      # {source without host: destination without host}
    layers: list = dataclasses.field(default_factory=list)     # digests
    configs: list = dataclasses.field(default_factory=list)
    sides: dict = dataclasses.field(default_factory=dict)      # src, dst, src-auth, dst-auth: proxies
    secrets: tuple = (PASSWORD,)

    @property
    def target(self):
        return self.world.registries["dst"]

    @property
    def stranger(self):
        return self.world.stranger

    # -- contents ---------------------------------------------------------------------------------------------------------

    def many(self):
        """The fixed copy of the layers A and B."""
        shared = images.layer(f"{self.name}/shared")
        platforms = [images.image(f"{self.name}/{arch}", parts=[images.layer(f"{self.name}/{arch}"), shared], architecture=arch)
                     for arch in ("amd64", "arm64", "s390x")]
        entries = [{"platform": {"architecture": arch, "os": "linux"}} for arch in ("amd64", "arm64", "s390x")]
        pictures = {"a": images.index(platforms, entries=entries),
                    "b": images.image(f"{self.name}/b", parts=[shared]), "c": images.image(f"{self.name}/c", parts=[shared])}
        with contextlib.ExitStack() as stack:
            source, target = (stack.enter_context(self.world.client(side, *(f"{self.name}-{letter}" for letter in pictures)))
                              for side in ("src", "dst"))
            self._fill(pictures, source, target)
        return self

    def _fill(self, pictures, source, target):
        for letter, picture in pictures.items():
            repo, old = f"{self.name}-{letter}", images.image(f"{self.name}/old/{letter}", layers=0)
            source.push(picture, repo, "v1")
            target.push(old, repo, "v1")
            self.before[repo, "v1"] = old.digest
            self.wanted[repo] = {"v1": picture.digest}
            self.rules[repo] = repo
            for digest, data in picture.blobs.items():
                (self.configs if data[:1] == b"{" else self.layers).append(digest)

    def fixed(self):
        """The same three images from source repositories that all scenes share, so that a scene costs little."""
        pictures = self.world.once("fixed", self._push_fixed)
        with self.world.client("dst", *(f"{self.name}-{letter}" for letter in pictures)) as target:
            for letter, picture in pictures.items():
                repo, old = f"{self.name}-{letter}", images.image(f"fixed/old/{letter}", layers=0)
                target.push(old, repo, "v1")
                self.before[repo, "v1"] = old.digest
                self.wanted[repo] = {"v1": picture.digest}
                self.rules[f"fixed-{letter}:v1"] = repo
        return self

    def _push_fixed(self):
        shared = images.layer("fixed/shared")
        platforms = [images.image(f"fixed/{arch}", parts=[images.layer(f"fixed/{arch}"), shared], architecture=arch)
                     for arch in ("amd64", "arm64")]
        entries = [{"platform": {"architecture": arch, "os": "linux"}} for arch in ("amd64", "arm64")]
        pictures = {"a": images.index(platforms, entries=entries),
                    "b": images.image("fixed/b", parts=[shared]), "c": images.image("fixed/c", parts=[images.layer("fixed/c")])}
        with self.world.client("src", *(f"fixed-{letter}" for letter in pictures)) as source:
            for letter, picture in pictures.items():
                source.push(picture, f"fixed-{letter}", "v1")
        return pictures

    def single(self, size):
        """One image with one large layer, for the cuts of layer C."""
        repo, picture, digest = self.world.big(size)
        self.wanted[self.name] = {"v1": picture.digest}
        self.rules[f"{repo}:v1"] = self.name
        self.layers.append(digest)
        return self

    # -- running ----------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def fronts(self, certs=None):
        """The proxies, which lead a client on from a registry to its token server's proxy. certs: https in front of it all."""
        context, scheme = (certs.server_context(), "https") if certs else (None, "http")
        with contextlib.ExitStack() as stack:
            for side in ("src", "dst"):
                server, auth = self.world.registries[side], self.world.auth[side]
                behind = types.SimpleNamespace(port=int(auth.realm.rsplit(":", 1)[1].split("/")[0]), certs=None)
                token = stack.enter_context(proxy.Proxy(behind, context, name=f"{side}-auth"))
                front = stack.enter_context(proxy.Proxy(server, context, name=side))
                front.substitute[auth.realm.encode()] = f"{scheme}://{token.host}/token".encode()
                self.sides[side], self.sides[f"{side}-auth"] = front, token
            yield self

    @contextlib.contextmanager
    def runner(self, binary):
        """A runner in a folder of its own, which goes with it."""
        home = tempfile.mkdtemp(prefix="torture-")
        try:
            runner = run.Runner(binary, home)
            runner.secrets = list(self.secrets)
            yield runner
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def documents(self, authority=None):
        """(rules, credentials) for the proxies that stand; authority: the file of those who vouch for their https."""
        src, dst = self.sides["src"], self.sides["dst"]
        login = {"username": USER, "password": PASSWORD}
        rules = {f"{src.host}/{here}": f"{dst.host}/{there}" for here, there in self.rules.items()}
        if authority:
            return rules, {side.host: {"ca": authority, **login} for side in (src, dst)}
        return rules, run.insecure(src, dst, **login)

    def run(self, binary, flags=()):
        """One run through the proxies that stand; the result is lib.run's."""
        with self.runner(binary) as runner:
            return runner.sync(*self.documents(), flags=flags)

    def settle(self):
        """Wait until nothing of a run that ended is under way in the proxies any more."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and any(front.busy() for front in self.sides.values()):
            time.sleep(0.01)

    def log(self):
        return "\n".join(f"{name}: {each}" for name, front in self.sides.items() for each in front.seen())
