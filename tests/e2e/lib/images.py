"""Images of every kind, made from a seed, pushed and read back byte for byte.

The same seed always gives the same bytes. A `Picture` is what a registry should hold: manifests (children first, the root last)
and blobs. `Client.closure` reads what a registry does hold, checks every hash, and gives something that compares with ==.
"""

import dataclasses
import gzip
import hashlib
import io
import json
import random
import tarfile
import urllib.parse

from .registry import digest_of

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
EMPTY_CONFIG = "application/vnd.oci.empty.v1+json"
MANIFESTS = (OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST)
ACCEPT = ", ".join(MANIFESTS)

PLATFORMS = (("amd64", None), ("arm64", "v8"), ("arm", "v7"), ("s390x", None))


@dataclasses.dataclass(frozen=True)
class Manifest:
    type: str
    data: bytes

    @property
    def digest(self):
        return digest_of(self.data)

    def descriptor(self, **more):
        return {"mediaType": self.type, "digest": self.digest, "size": len(self.data), **more}


class Picture:
    """One image, index or artifact with everything below it."""

    def __init__(self, manifests, blobs):
        self.manifests = manifests    # children first
        self.blobs = blobs            # {digest: bytes}

    @property
    def root(self):
        return self.manifests[-1]

    @property
    def digest(self):
        return self.root.digest

    def bytes(self):
        """The sum of all distinct blobs."""
        return sum(map(len, self.blobs.values()))


# -- parts ------------------------------------------------------------------------------------------------------------------

def noise(seed, size):
    """`size` bytes that no compressor makes smaller, always the same for the same seed."""
    return random.Random(str(seed)).randbytes(size)


def layer(seed, size=2000):
    """A gzipped tar with one file of `size` bytes."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo(f"data/{hashlib.sha256(str(seed).encode()).hexdigest()[:8]}")
        info.size = size
        tar.addfile(info, io.BytesIO(noise(seed, size)))
    return gzip.compress(plain.getvalue(), compresslevel=1, mtime=0)


def to_json(document):
    return json.dumps(document, separators=(",", ":")).encode()


def config(seed, layers, architecture="amd64", variant=None, created="2020-01-01T00:00:00Z"):
    """An image configuration that names its layers by the digests of their content."""
    document = {
        "architecture": architecture, "os": "linux", "created": created,
        "config": {"Cmd": ["/bin/true"], "Labels": {"seed": str(seed)}},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(_unpacked(data)) for data in layers]},
    }
    if variant:
        document["variant"] = variant
    return to_json(document)


def _unpacked(data):
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def _entry(kind, held, **more):
    return {"mediaType": kind, "digest": digest_of(held), "size": len(held), **more}


def _held(*parts):
    return {digest_of(data): data for data in parts}


# -- whole images -------------------------------------------------------------------------------------------------------------

def image(seed, layers=2, size=2000, docker=False, architecture="amd64", variant=None, media_type=True, parts=None, **more):
    """A plain image. `parts` gives the layers' bytes, else `layers` of them are made. `more` is for its configuration."""
    parts = [layer(f"{seed}/{n}", size) for n in range(layers)] if parts is None else parts
    settings = config(seed, parts, architecture, variant, **more)
    kind = DOCKER_MANIFEST if docker else OCI_MANIFEST
    document = {"schemaVersion": 2}
    if media_type:
        document["mediaType"] = kind
    document["config"] = _entry(DOCKER_CONFIG if docker else OCI_CONFIG, settings)
    document["layers"] = [_entry(DOCKER_LAYER if docker else OCI_LAYER, data) for data in parts]
    return Picture([Manifest(kind, to_json(document))], _held(settings, *parts))


def index(children, docker=False, entries=None):
    """An index over pictures. `entries` gives what each descriptor says beside type, digest and size."""
    kind = DOCKER_LIST if docker else OCI_INDEX
    entries = entries or [{} for _ in children]
    document = {
        "schemaVersion": 2, "mediaType": kind,
        "manifests": [child.root.descriptor(**more) for child, more in zip(children, entries)],
    }
    return _above(children, Manifest(kind, to_json(document)))


def _above(children, root, **blobs):
    manifests, held = [], dict(blobs)
    for child in children:
        manifests += [each for each in child.manifests if each not in manifests]
        held.update(child.blobs)
    return Picture([*manifests, root], held)


def multi(seed, platforms=4, layers=2, size=2000, docker=False):
    """An index with one image per platform, nothing shared between them."""
    chosen = PLATFORMS[:platforms]
    children = [image(f"{seed}/{arch}", layers, size, docker, arch, variant) for arch, variant in chosen]
    entries = [{"platform": {"architecture": arch, "os": "linux", **({"variant": variant} if variant else {})}}
               for arch, variant in chosen]
    return index(children, docker, entries)


def _nested(seed):
    inner = multi(f"{seed}/inner", platforms=2)
    return index([inner, image(f"{seed}/beside", architecture="arm64")],
                 entries=[{}, {"platform": {"architecture": "arm64", "os": "linux"}}])


def _without_platform(seed):
    children = [image(f"{seed}/{n}") for n in range(3)]
    return index(children, entries=[{}, {"annotations": {"note": "no platform at all"}},
                                    {"platform": {"architecture": "unknown", "os": "unknown"}}])


def _artifact(seed):
    data = noise(seed, 700)
    document = {
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "application/vnd.example.sbom.v1+json",
        "config": _entry(EMPTY_CONFIG, b"{}", data="e30="),
        "layers": [_entry("application/vnd.example.sbom.v1+json", data, annotations={"org.opencontainers.image.title": "x"})],
        "annotations": {"seed": str(seed)},
    }
    return Picture([Manifest(OCI_MANIFEST, to_json(document))], _held(b"{}", data))


def _unknown_types(seed):
    settings, data = noise(f"{seed}/c", 300), [noise(f"{seed}/{n}", 900) for n in range(2)]
    document = {
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": _entry("application/vnd.example.settings.v7+toml", settings),
        "layers": [_entry("application/vnd.example.unheard-of", data[0]), _entry("application/octet-stream", data[1])],
    }
    return Picture([Manifest(OCI_MANIFEST, to_json(document))], _held(settings, *data))


def _zero_layer(seed):
    return image(seed, parts=[layer(f"{seed}/0"), b"", layer(f"{seed}/1")])


def _repeated_layer(seed):
    twice = layer(f"{seed}/twice")
    return image(seed, parts=[twice, layer(f"{seed}/once"), twice])


def _no_layers(seed):
    return image(seed, parts=[])


def _odd_bytes(seed):
    """Valid JSON no serializer would write: key order, white space, escapes, unknown fields, an exponent, a final newline."""
    data, settings = layer(seed), config(seed, [layer(seed)])
    text = (
        '\n{  "layers" :\t[ {"size":%d,\r\n "digest" : "%s", "x-unknown": [1e2, -0.0, {"<&>": null}],'
        '   "mediaType":"application\\/vnd.oci.image.layer.v1.tar\\u002bgzip"}]\n,'
        ' "annotations":{"z":"\\u00e9 \\ud83d\\ude00", "a": "<b>&amp;</b>", "empty": "", "seed": "%s"} ,'
        '"config":{"digest":"%s","mediaType":"%s","size":%d},\n\n\t"mediaType"  :  "%s",'
        '"schemaVersion":2  }\n\n \n'
    ) % (len(data), digest_of(data), seed, digest_of(settings), OCI_CONFIG, len(settings), OCI_MANIFEST)
    return Picture([Manifest(OCI_MANIFEST, text.encode())], _held(settings, data))


def _odd_index(seed):
    children = [_odd_bytes(f"{seed}/odd"), image(f"{seed}/even", docker=True)]
    listed = ",\n".join(
        '   {"platform" : {"os.features":["x"], "os":"linux" ,"features":["sse4"], "architecture":"amd64"}, "size":%d, '
        '"annotations":{"k":"\\u0026"}, "digest":"%s",\t"mediaType":"%s"}' % (len(child.root.data), child.digest, child.root.type)
        for child in children)
    text = '{ "manifests" : [\n%s ]  , "mediaType":"%s", "annotations" : { } , "schemaVersion" : 2}' % (listed, OCI_INDEX)
    return _above(children, Manifest(OCI_INDEX, text.encode()))


def _index_of_blobs(seed):
    """What build caches look like: the index lists a blob of a type that is no manifest."""
    child, cache = image(seed), noise(f"{seed}/cache", 800)
    document = {
        "schemaVersion": 2, "mediaType": OCI_INDEX,
        "manifests": [child.root.descriptor(), _entry("application/vnd.example.cache.layer.v1", cache)],
    }
    picture = _above([child], Manifest(OCI_INDEX, to_json(document)))
    picture.blobs.update(_held(cache))
    return picture


KINDS = {
    "oci-image": image,
    "oci-image-without-media-type": lambda seed: image(seed, media_type=False),
    "docker-schema2": lambda seed: image(seed, docker=True),
    "oci-index": multi,
    "docker-list": lambda seed: multi(seed, docker=True),
    "nested-index": _nested,
    "index-entries-without-platform": _without_platform,
    "index-of-blobs": _index_of_blobs,
    "artifact-with-empty-config": _artifact,
    "unknown-media-types": _unknown_types,
    "zero-byte-layer": _zero_layer,
    "repeated-layer": _repeated_layer,
    "no-layers": _no_layers,
    "odd-bytes": _odd_bytes,
    "odd-index": _odd_index,
}


# -- talking to a registry --------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Answer:
    status: int
    headers: dict     # lower-case names
    body: bytes


@dataclasses.dataclass
class Closure:
    """Everything a reference leads to at one registry."""

    root: str
    manifests: dict   # digest -> (Content-Type, bytes)
    blobs: dict       # digest -> bytes


class Client:
    """A small registry client over one connection; `authorize(repo)` gives the Authorization header."""

    def __init__(self, server, authorize=None):
        self._server = server
        self._authorize = authorize
        self._connection = None

    def close(self):
        if self._connection:
            self._connection.close()
        self._connection = None

    def request(self, method, path, body=None, headers=None, repo=""):
        headers = dict(headers or {})
        if self._authorize:
            headers["Authorization"] = self._authorize(repo)
        for attempt in (1, 2):
            if not self._connection:
                self._connection = self._server.connect()
            try:
                self._connection.request(method, path, body=body, headers=headers)
                answer = self._connection.getresponse()
                result = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
                if answer.will_close:
                    self.close()
                return result
            except (ConnectionError, EOFError):
                self.close()
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def _expect(self, status, method, path, **more):
        answer = self.request(method, path, **more)
        assert answer.status == status, f"{method} {path}: {answer.status} {answer.body[:300]!r}, wanted {status}"
        return answer

    # -- writing ----------------------------------------------------------------------------------------------------------

    def push_blob(self, repo, data):
        opened = self._expect(202, "POST", f"/v2/{repo}/blobs/uploads/", repo=repo, headers={"Content-Length": "0"})
        url = urllib.parse.urlsplit(opened.headers["location"])
        query = f"{url.query}&" if url.query else ""
        path = f"{url.path}?{query}digest={urllib.parse.quote(digest_of(data))}"
        self._expect(201, "PUT", path, body=data, repo=repo, headers={"Content-Type": "application/octet-stream"})

    def push_manifest(self, repo, manifest, reference=None):
        path = f"/v2/{repo}/manifests/{reference or manifest.digest}"
        answer = self._expect(201, "PUT", path, body=manifest.data, repo=repo, headers={"Content-Type": manifest.type})
        assert answer.headers["docker-content-digest"] == manifest.digest

    def push(self, picture, repo, *tags, skip=()):
        """Push everything, then the tags; no tag leaves it reachable by digest only. `skip`: digests not to send."""
        for digest, data in picture.blobs.items():
            if digest not in skip:
                self.push_blob(repo, data)
        for manifest in picture.manifests:
            self.push_manifest(repo, manifest)
        for tag in tags:
            self.push_manifest(repo, picture.root, tag)
        return picture

    # -- reading ----------------------------------------------------------------------------------------------------------

    def head(self, repo, reference):
        """The digest a tag points to, or None."""
        answer = self.request("HEAD", f"/v2/{repo}/manifests/{reference}", repo=repo, headers={"Accept": ACCEPT})
        return answer.headers["docker-content-digest"] if answer.status == 200 else None

    def tags(self, repo):
        """Sorted; none when the repository does not exist."""
        answer = self.request("GET", f"/v2/{repo}/tags/list", repo=repo)
        return sorted(json.loads(answer.body)["tags"] or []) if answer.status == 200 else []

    def blob_size(self, repo, digest):
        """What the registry says about a blob, None when it has none."""
        answer = self.request("HEAD", f"/v2/{repo}/blobs/{digest}", repo=repo)
        return int(answer.headers["content-length"]) if answer.status == 200 else None

    def closure(self, repo, reference):
        """Read everything below a tag or digest; every byte is hashed, nothing may be missing."""
        found = Closure("", {}, {})
        found.root = self._manifest(repo, reference, found)
        assert found.root, f"{repo}: there is no {reference}"
        return found

    def _manifest(self, repo, reference, found):
        answer = self.request("GET", f"/v2/{repo}/manifests/{reference}", repo=repo, headers={"Accept": ACCEPT})
        if answer.status == 404:
            return None
        assert answer.status == 200, f"{repo}: manifest {reference}: {answer.status} {answer.body[:300]!r}"
        digest = digest_of(answer.body)
        assert answer.headers["docker-content-digest"] == digest, f"{repo}: {reference}: digest header and bytes differ"
        assert not reference.startswith("sha256:") or reference == digest, f"{repo}: {reference} has other bytes"
        found.manifests[digest] = (answer.headers["content-type"].split(";")[0].strip(), answer.body)
        document = json.loads(answer.body)
        for child in document.get("manifests", []):
            if child["mediaType"] not in MANIFESTS:
                self._blob(repo, child, found)       # docker-registry answers 500 when asked for it as a manifest
            elif child["digest"] not in found.manifests:
                assert self._manifest(repo, child["digest"], found), f"{repo}: {child['digest']} is listed but missing"
        for blob in [*([document["config"]] if "config" in document else []), *document.get("layers", [])]:
            self._blob(repo, blob, found)
        return digest

    def _blob(self, repo, descriptor, found):
        digest = descriptor["digest"]
        if digest in found.blobs:
            return
        answer = self._expect(200, "GET", f"/v2/{repo}/blobs/{digest}", repo=repo)
        assert digest_of(answer.body) == digest, f"{repo}: blob {digest} has other bytes"
        assert len(answer.body) == descriptor["size"], f"{repo}: blob {digest} has another size"
        found.blobs[digest] = answer.body


def expected(picture):
    """The closure a faithful copy of a picture has."""
    return Closure(picture.digest, {each.digest: (each.type, each.data) for each in picture.manifests}, dict(picture.blobs))
