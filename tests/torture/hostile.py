"""Layer J: a registry that answers so that the client runs out of memory or never ends.

Every answer a client reads, spoilt in every way that fits it. Whatever comes: the run ends, with 0 only if all was copied, and its peak
of memory stays below PEAK, which is a few times what an honest run takes and does not depend on what the registry claims or sends.
"""

import dataclasses
import gzip
import itertools
import json

from lib import images, scripted
from lib.registry import digest_of

PEAK = 68 << 20
PEAK_PAGES = 80 << 20     # a million tags, of 16 bytes and more each, are taken before the list is called endless
REPO = "team/app"
_MORE = b" " * 65536
_JSON = {"Content-Type": "application/json"}


def _endless(_request):
    return 200, {"Connection": "close"}, itertools.repeat(_MORE, 32768)


def _endless_chunks(_request):
    return 200, {"Transfer-Encoding": "chunked"}, itertools.repeat(b"10000\r\n" + _MORE + b"\r\n", 32768)


def _claimed(_request):
    return 200, {"Content-Length": str(1 << 60)}, itertools.repeat(_MORE, 32768)


def _claimed_and_gone(_request):
    return 200, {"Content-Length": str(1 << 60), "Connection": "close"}, iter([b"{}"])


def _headers(_request):
    return 200, {f"X-{number}": "x" * 50 for number in range(20000)}, b"{}"


def _long_header(_request):
    return 200, {"X-Long": "x" * (4 << 20)}, b"{}"


def _cookies(_request):
    return 200, {"Set-Cookie": "; ".join(f"c{number}=x" for number in range(50000))}, b"{}"


def _bomb(_request):
    return 200, {**_JSON, "Content-Encoding": "gzip"}, _BOMB


def _body(data, kind="application/json", status=200):
    return lambda _request: (status, {"Content-Type": kind}, data)


def _refuse(status):
    return lambda _request: (status, {"Connection": "close"}, itertools.repeat(_MORE, 32768))


def _challenge(_request):
    return 401, {"WWW-Authenticate": "Bearer " + ",".join(f'a{number}="{"x" * 20}"' for number in range(10000))}, b""


def _loop(request):
    return 307, {"Location": request.path + ("&" if "?" in request.path else "?") + "more=" + "x" * 100}, b""


def _away(_request):
    return 307, {"Location": "/v2/" + "x" * (1 << 20)}, b""


def _later(_request):
    return 429, {"Retry-After": "999999999999999999999"}, b""


_BOMB = gzip.compress(bytes(64 << 20), 9)
_DENSE = b"[" + b"1," * 250000 + b"1]"
GENERIC = {
    "endless": _endless, "endless-chunks": _endless_chunks, "claimed": _claimed, "claimed-and-gone": _claimed_and_gone,
    "headers": _headers, "long-header": _long_header, "cookies": _cookies, "gzip-bomb": _bomb,
    "deep-array": _body(b"[" * 1000000), "deep-object": _body(b'{"a":' * 300000), "dense": _body(_DENSE),
    "dense-quarter": _body(b"[" + b"1," * 125000 + b"1]"),
    "long-string": _body(b'{"token":"' + b"x" * (6 << 20) + b'"}'), "long-number": _body(b'{"size":' + b"9" * (4 << 20) + b"}"),
    "twins": _body(b"{" + b'"a":1,' * 120000 + b'"a":1}'),
    "endless-500": _refuse(500), "endless-404": _refuse(404), "endless-403": _refuse(403), "challenge": _challenge, "loop": _loop,
    "long-location": _away, "retry-after": _later,
}
PLACES = {
    "token": (), "tags": ("GET", "tags"), "head": ("HEAD", "manifest"), "manifest": ("GET", "manifest"), "blob": ("GET", "blob"),
    "post": ("POST", "upload"), "put": ("PUT", "upload"), "put-manifest": ("PUT", "manifest"),
}


# -- manifests that are what their digests say, and too much all the same ------------------------------------------------------

def _entries(count, kind=images.OCI_MANIFEST):
    return [{"mediaType": kind, "digest": digest_of(b"%d" % number), "size": 100} for number in range(count)]


def _index(entries, **more):
    return images.to_json({"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": entries, **more})


def _manifest(layers, **more):
    settings = {"mediaType": images.OCI_CONFIG, "digest": digest_of(b"{}"), "size": 2}
    return images.to_json({"schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "config": settings, "layers": layers, **more})


def _one(data, kind=images.OCI_INDEX):
    return lambda: images.Picture([images.Manifest(kind, data())], {digest_of(b"{}"): b"{}"})


def _nested():
    picture = images.image("nested", layers=0)
    for _ in range(200):
        picture = images.index([picture])
    return picture


def _wide():
    """A small index of large manifests, each dense with what has to be parsed."""
    children = [images.Picture([images.Manifest(images.OCI_MANIFEST, _manifest([], x=[number] + [1] * 250000))], {digest_of(b"{}"): b"{}"})
                for number in range(24)]
    return images.index(children)


def _size(size):
    layer = b'{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":%s},"layers":[]}' % (
        images.OCI_MANIFEST.encode(), images.OCI_CONFIG.encode(), digest_of(b"{}").encode(), size)
    return _one(lambda: layer, images.OCI_MANIFEST)


PICTURES = {
    "index-of-many": _one(lambda: _index(_entries(30000))), "index-of-blobs": _one(lambda: _index(_entries(30000, "application/x"))),
    "layers-many": _one(lambda: _manifest(_entries(30000, images.OCI_LAYER)), images.OCI_MANIFEST),
    "same-layer": _one(lambda: _manifest(_entries(1, images.OCI_LAYER) * 30000), images.OCI_MANIFEST),
    "annotations": _one(lambda: _manifest([], annotations={f"k{n}": "v" for n in range(120000)}), images.OCI_MANIFEST),
    "dense-field": _one(lambda: _manifest([], x=[1] * 250000), images.OCI_MANIFEST),
    "objects-field": _one(lambda: _manifest([], x=[{}] * 250000), images.OCI_MANIFEST),
    "too-long": _one(lambda: _manifest([], x="x" * (20 << 20)), images.OCI_MANIFEST),
    "data-field": _one(lambda: _index([{**each, "data": "e30=" * 100000} for each in _entries(10)])),
    "nested": _nested, "wide": _wide,
    **{f"size-{name}": _size(text) for name, text in (
        ("negative", b"-1"), ("giant", b"9223372036854775807"), ("beyond", b"99999999999999999999"), ("exponent", b"1e400"),
        ("fraction", b"2.5"), ("text", b'"2"'), ("more", b"1000000"), ("less", b"1"))},
}


@dataclasses.dataclass
class Hostile:
    place: str
    attack: str
    layer: str = "J"
    passes: bool = False

    @property
    def name(self):
        return f"{self.place} {self.attack}"

    def run(self, scene, binary, verdict):
        whole = self.place == "picture"
        picture = PICTURES[self.attack]() if whole else images.image("hostile", layers=1)
        source, target = scripted.Scripted(), scripted.Scripted()
        for side in (source, target):
            side.hook = self._hook(side, verdict)
        with source, target, scene.runner(binary) as runner:
            source.push(picture, REPO, "v1")
            rule = {f"{source.host}/{REPO}" + ("" if self.place == "tags" else ":v1"): f"{target.host}/{REPO}"}
            auth = {side.host: {"insecure": True, "username": "robot", "password": "not-a-real-password"} for side in (source, target)}
            result = runner.measured(rule, auth, ["--retries", "0", "--stall-timeout", "5"])
        broken = []
        if result.peak > (PEAK_PAGES if self.attack == "pages" else PEAK):
            broken.append(f"I6 {result.peak >> 20} MiB of memory")
        if result.code == 0 and target.tags.get((REPO, "v1")) != picture.digest:
            broken.append("I3 exit 0, and the target lacks the image")
        if result.code and not result.stderr.strip():
            broken.append("I10 no word about what went wrong")
        held = target.tags.get((REPO, "v1"))
        if held and not _complete(target, held):
            broken.append("I1 a tag that is not whole")
        verdict.update(hits=verdict["hits"] or int(whole), violations=broken, exit=result.code, survived=result.code == 0, peak=result.peak)
        if broken:
            verdict["log"] = str(result)[:20000]

    def _hook(self, side, verdict):
        token = f'Bearer realm="http://{side.host}/token",service="hostile"'

        def hook(request):
            if request.path.startswith("/token"):
                if self.place != "token":
                    return 200, _JSON, b'{"token":"not-a-real-token"}'
                verdict["hits"] += 1
                return GENERIC[self.attack](request)
            if self.place == "token" and "Authorization" not in request.headers:
                return 401, {"WWW-Authenticate": token}, b""
            if self.attack == "pages" and request.kind == "tags":
                verdict["hits"] += 1
                return _page(verdict["hits"])
            if PLACES.get(self.place) == (request.method, request.kind):
                verdict["hits"] += 1
                return GENERIC[self.attack](request)
            return None

        return hook


def _page(number):
    tags = json.dumps({"name": REPO, "tags": [f"t{number}-{each}" for each in range(100)]}).encode()
    return 200, {"Link": f'</v2/{REPO}/tags/list?last=t{number}>; rel="next"'}, tags


def _complete(registry, digest):
    document = json.loads(registry.manifests[REPO, digest][1])
    entries = document.get("layers", []) + ([document["config"]] if "config" in document else [])
    return all((REPO, each["digest"]) in registry.blobs for each in entries) and all(
        ((REPO, each["digest"]) in registry.manifests and _complete(registry, each["digest"])) or (REPO, each["digest"]) in registry.blobs
        for each in document.get("manifests", []))


def cells():
    found = [Hostile("picture", attack) for attack in PICTURES]
    found += [Hostile(place, attack) for place in PLACES for attack in GENERIC
              if place != "head" or attack in ("headers", "long-header", "cookies", "claimed", "challenge", "loop", "long-location", "retry-after")]
    return [*found, Hostile("tags", "pages")]
