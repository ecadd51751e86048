"""Layer I: a registry that is after logins. Wherever it may name an address it names one that collects what it is sent.

Each login is used by one run only and looks like nothing else, so whatever arrives anywhere can be told by its bytes: raw, in base64 and
percent-encoded. Besides the collector, each registry must see its own login only, and the command line, the output, the log and the
report none.
"""

import base64
import dataclasses
import json
import socket
import threading
import urllib.parse

from lib import images, scripted

REPO = "team/app"

# {how an address that collects is written: (scheme://...)}; {here} is the hostile registry, {port} collects on 127.0.0.1, {other} on .2
FORMS = {
    "other-port": "http://127.0.0.1:{port}/x",
    "other-host": "http://127.0.0.2:{other}/x",
    "userinfo": "http://user:word@127.0.0.2:{other}/x",
    "origin-as-user": "http://{here}@127.0.0.2:{other}/x",
    "origin-as-user-encoded": "http://{here}%2f@127.0.0.2:{other}/x",
    "decimal": "http://2130706434:{other}/x",
    "hex": "http://0x7f000002:{other}/x",
    "octal": "http://0177.0.0.2:{other}/x",
    "short": "http://127.2:{other}/x",
    "mapped": "http://[::ffff:127.0.0.2]:{other}/x",
    "zone": "http://[::1%25lo]:{other}/x",
    "scheme-relative": "//127.0.0.2:{other}/x",
    "name": "http://localhost:{port}/x",
    "upper-case": "HTTP://127.0.0.2:{other}/x",
    "https": "https://127.0.0.2:{other}/x",
    "backslash": "http://127.0.0.2:{other}\\@{here}/x",
    "fragment": "http://127.0.0.2:{other}#@{here}/x",
    "file": "file:///etc/hostname",
    "gopher": "gopher://127.0.0.2:{other}/_x",
}
SOURCE_PLACES = ("realm", "token-redirect", "head-redirect", "manifest-redirect", "blob-redirect", "blob-chain", "tags-link", "tags-redirect",
                 "foreign-urls")
TARGET_PLACES = ("realm", "token-redirect", "head-redirect", "post-redirect", "location", "put-redirect", "manifest-put-redirect",
                 "created-location")
LOGINS = ("basic", "token", "identity")


class Collector:
    """Listens on both addresses, keeps every byte, and asks whoever comes without a login for one."""

    def __init__(self):
        self._heard, self._lock, self._listeners, self.ports = bytearray(), threading.Lock(), [], []
        for address in ("127.0.0.1", "127.0.0.2"):
            listener = socket.create_server((address, 0), backlog=128)
            self._listeners.append(listener)
            self.ports.append(listener.getsockname()[1])
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def heard(self):
        with self._lock:
            return bytes(self._heard)

    def stop(self):
        for each in self._listeners:
            each.close()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        client.settimeout(2)
        body = b'{"token":"from-the-collector","access_token":"from-the-collector"}'
        with client:
            try:
                while data := client.recv(65536):
                    with self._lock:
                        self._heard += data
                    status = b"200 OK" if b"uthorization:" in data else b"401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"more\""
                    client.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
            except OSError:
                pass


def forms_of(user, word):
    """Every spelling in which a secret may pass by."""
    pair, found = f"{user}:{word}", {word, urllib.parse.quote(word, safe=""), urllib.parse.quote_plus(word)}
    for text in (pair, word):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(text.encode()).decode().rstrip("="))
    return found


class Hostile:
    """A registry in memory that wants a login, and with `place` set leads the client to the collector."""

    def __init__(self, name, login, place=None, url=None):
        self.login, self.place, self.url = login, place, url
        self.user, self.word = f"canary-{name}", f"not/a+real&word {name}"
        self.token = f"issued-token-{name}"
        self.secrets = forms_of(self.user, self.word) | {self.token}
        self.seen = bytearray()
        self.hits = 0
        self.server = scripted.Scripted()
        self.server.hook = self.hook

    def entry(self):
        login = {"token": self.word} if self.login == "identity" else {"username": self.user, "password": self.word}
        return {"insecure": True, **login}

    def lead(self, wanted=True):
        self.hits += int(wanted)
        return wanted

    def hook(self, request):
        self.seen += f"{request.path}\n{request.headers}".encode()
        path = request.path.split("?")[0]
        if path == "/token":
            if self.lead(self.place == "token-redirect"):
                return 307, {"Location": self.url}, b""
            return 200, {}, json.dumps({"token": self.token, "access_token": self.token}).encode()
        if "Authorization" not in request.headers:
            realm = self.url if self.lead(self.place == "realm") else f"http://{self.server.host}/token"
            return 401, {"WWW-Authenticate": "Basic realm=\"all\"" if self.login == "basic" and self.place not in ("realm", "token-redirect")
                         else f'Bearer realm="{realm}",service="canary",scope="repository:{REPO}:pull,push"'}, b""
        return self._tempt(request)

    def _tempt(self, request):
        away = 307, {"Location": self.url}, b""
        method, kind = request.method, request.kind
        redirects = {("HEAD", "manifest"): "head-redirect", ("GET", "manifest"): "manifest-redirect", ("GET", "tags"): "tags-redirect",
                     ("POST", "upload"): "post-redirect", ("PUT", "upload"): "put-redirect", ("PUT", "manifest"): "manifest-put-redirect",
                     ("GET", "blob"): "blob-redirect"}
        if self.place and redirects.get((method, kind)) == self.place and self.lead():
            return away
        if self.place == "blob-chain" and kind == "blob" and self.lead():
            return away if "again" in request.path else (307, {"Location": f"{request.path}?again=1"}, b"")
        if self.place == "tags-link" and kind == "tags" and self.lead():
            return 200, {"Link": f'<{self.url}>; rel="next"'}, json.dumps({"name": REPO, "tags": ["v1"]}).encode()
        if self.place == "location" and (method, kind) == ("POST", "upload") and self.lead():
            return 202, {"Location": self.url}, b""
        if self.place == "created-location" and method == "PUT" and self.lead():
            return 201, {"Location": self.url}, b""
        if self.place == "foreign-urls" and kind == "blob" and self.lead():
            return 404, {}, b""
        return None


@dataclasses.dataclass
class Canary:
    hostile: str             # which side it is
    place: str
    form: str
    login: str
    layer: str = "I"
    passes: bool = False

    @property
    def name(self):
        return f"{self.hostile} {self.place} {self.form} {self.login}"

    def run(self, scene, binary, verdict):
        collector = scene.world.once("collector", Collector)
        sides = {}
        for side in ("src", "dst"):
            word = f"{scene.name}-{side}"
            sides[side] = Hostile(word, self.login, self.place if side == self.hostile else None)
        host = sides[self.hostile].server.host
        url = FORMS[self.form].format(here=host, port=collector.ports[0], other=collector.ports[1])
        sides[self.hostile].url = url
        with sides["src"].server, sides["dst"].server, scene.runner(binary) as runner:
            sides["src"].server.push(_picture(url if self.place == "foreign-urls" else None), REPO, "v1")
            runner.secrets = sorted(set().union(*(each.secrets for each in sides.values())))
            result, seen = _run(runner, sides, self.place)
        broken = []
        heard = collector.heard()
        for side, each in sides.items():
            # A token server may be another port of its registry's host: by the policy that one gets the login, but no token.
            kept = {each.token} if (self.place, self.form) == ("realm", "other-port") else each.secrets
            broken += [f"I4 {form!r} of {side} reached the collector" for form in kept if form.encode() in heard]
            other = sides["dst" if side == "src" else "src"]
            broken += [f"I4 {form!r} of {side} reached the other registry" for form in each.secrets if form.encode() in other.seen]
            broken += [f"I5 {form!r} stands in the command line" for form in each.secrets if form.encode() in seen]
        verdict.update(hits=sides[self.hostile].hits, violations=broken, exit=result.code, survived=result.code == 0)
        if broken:
            verdict["log"] = f"{result}\n{sides['src'].server.log()}\n{sides['dst'].server.log()}"


def _picture(url):
    """With a url: its layer may be fetched from there, it says."""
    picture = images.image("canary", layers=1)
    if not url:
        return picture
    document = json.loads(picture.root.data)
    document["layers"][0].update(urls=[url], mediaType="application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")
    return images.Picture([images.Manifest(images.OCI_MANIFEST, images.to_json(document))], picture.blobs)


def _run(runner, sides, place):
    """(result, what the system shows of the command line while it runs)"""
    source, target = sides["src"].server.host, sides["dst"].server.host
    rule = {f"{source}/{REPO}" + ("" if place.startswith("tags") else ":v1"): f"{target}/{REPO}"}
    command = runner.arguments(rule, {source: sides["src"].entry(), target: sides["dst"].entry()}, ["--retries", "0", "--debug"])
    process, seen = runner.start(command), bytearray()
    try:
        with open(f"/proc/{process.pid}/cmdline", "rb") as file:
            seen += file.read()
    except OSError:
        pass
    return runner.finish(process), bytes(seen)


def cells():
    found = []
    for side, places in (("src", SOURCE_PLACES), ("dst", TARGET_PLACES)):
        for place in places:
            found += [Canary(side, place, form, login) for form in FORMS for login in LOGINS]
    return found
