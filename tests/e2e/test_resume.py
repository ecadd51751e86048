"""What breaks off in the middle goes on there: downloads by Range, uploads where the registry says it stopped."""

import re
import urllib.parse

import pytest

from lib import images, proxy, run
from lib.registry import digest_of
from lib.scripted import Scripted

pytestmark = pytest.mark.concurrency
SIZE = 300_000
ONCE = ["--retries", "0"]


def one_blob(repo, size=SIZE):
    """An image of one blob of exactly `size` bytes, and the empty configuration."""
    data = images.noise(repo, size)
    document = {
        "schemaVersion": 2, "mediaType": images.OCI_MANIFEST,
        "config": {"mediaType": images.EMPTY_CONFIG, "digest": digest_of(b"{}"), "size": 2},
        "layers": [{"mediaType": images.OCI_LAYER, "digest": digest_of(data), "size": size}],
    }
    root = images.Manifest(images.OCI_MANIFEST, images.to_json(document))
    return images.Picture([root], {digest_of(b"{}"): b"{}", digest_of(data): data}), digest_of(data)


@pytest.fixture
def large(from_source, repo):
    picture, digest = one_blob(repo)
    from_source.push(picture, repo, "v1")
    return picture, digest


def one_upload(dst, digest):
    """The blob was sent once, whatever its download went through."""
    sent = [each for each in dst.uploads() if urllib.parse.quote(digest, safe="") in each.path]
    assert [each.status for each in sent] == [201], dst.log()
    assert sent[0].sent == SIZE


@pytest.mark.parametrize("kind", (proxy.ResetResponse, proxy.CutResponse), ids=("reset", "close"))
@pytest.mark.parametrize("at", (0, 1, 10, SIZE // 2, SIZE - 1))
def test_a_download_goes_on_where_it_stopped(sync, src, dst, both, at_target, repo, large, kind, at):
    picture, digest = large
    src.rule("GET", f"/blobs/{digest}", kind(at))
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=ONCE).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    first, second = src.seen("GET", path=digest)
    assert "range" not in first.headers
    got = re.fullmatch(r"bytes=(\d+)-", second.headers.get("range", "bytes=0-"))
    assert got and int(got[1]) <= at
    if kind is proxy.CutResponse and at:       # a reset may overtake what was sent before it
        assert (int(got[1]), second.headers["if-range"], second.status) == (at, f'"{digest}"', 206)
    one_upload(dst, digest)


@pytest.mark.long
def test_a_download_that_breaks_three_times(sync, src, dst, both, at_target, repo, large):
    picture, digest = large
    src.rule("GET", f"/blobs/{digest}", proxy.CutResponse(50_000), times=3)
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=ONCE).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert [each.headers.get("range") for each in src.seen("GET", path=digest)] == [
        None, "bytes=50000-", "bytes=100000-", "bytes=150000-"]
    one_upload(dst, digest)


@pytest.mark.parametrize("answer", ("whole", "other-etag", "wrong-range", "no-range", "416"))
def test_a_source_whose_ranges_are_of_no_use(sync, src, dst, both, at_target, repo, large, answer):
    """All of it comes again; what is known is not sent twice."""
    picture, digest = large
    src.rule("GET", f"/blobs/{digest}", proxy.CutResponse(100_000))
    hurt = {
        "whole": proxy.Respond(lambda request: (200, {}, picture.blobs[digest])),
        "other-etag": None,
        "wrong-range": proxy.Header("Content-Range", f"bytes 100001-{SIZE - 1}/{SIZE}"),
        "no-range": proxy.Header("Content-Range", None),
        "416": proxy.Status(416),
    }[answer]
    if hurt:
        src.rule("GET", f"/blobs/{digest}", hurt)
    else:
        src._rules[0].action = proxy.Rewrite(
            lambda request, head, body: proxy._with_header(head, "ETag", '"another"') + body[:100_000])
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=ONCE).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    ranges = [each.headers.get("range") for each in src.seen("GET", path=digest)]
    assert ranges == [None, "bytes=100000-"] + ([None] if answer in ("wrong-range", "no-range", "416") else [])
    one_upload(dst, digest)


def test_bytes_of_another_blob_in_the_second_part(sync, src, dst, both, at_target, repo, large):
    picture, digest = large
    src.rule("GET", f"/blobs/{digest}", proxy.CutResponse(100_000))
    src.rule("GET", f"/blobs/{digest}", proxy.Flip(5))
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=ONCE).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    third = src.seen("GET", path=digest)[2]
    assert "range" not in third.headers and third.headers["cache-control"] == "no-cache"


def test_an_expired_url_of_a_storage_is_not_asked_again(sync, src, dst, proxies, source, both, at_target, repo, large):
    """The registry sends us to a storage with a signed URL that is good for one request."""
    picture, digest = large
    storage, serial = proxies(source, name="storage"), []

    def redirect(request):
        serial.append(request)
        return 307, {"Location": f"http://{storage.host}{request.path}?signature={len(serial)}"}, b""


    src.rule("GET", f"/blobs/{digest}", proxy.Respond(redirect), times=None)
    storage.rule("GET", "signature=1$", proxy.CutResponse(1))
    for each in range(1, 4):
        storage.rule("GET", f"signature={each}$", proxy.Status(403), skip=0 if each == 1 else 1, times=None)
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=ONCE).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert [each.path.split("=")[1] for each in storage.seen("GET", path="signature")] == ["1", "2"]
    assert storage.seen("GET", path="signature=2")[0].headers["range"] == "bytes=1-"
    one_upload(dst, digest)


# -- uploads ------------------------------------------------------------------------------------------------------------------

class Keeping(Scripted):
    """Keeps what arrived of an upload that broke off, tells how much that is, and takes the rest."""

    def __init__(self, lie=0, **more):
        super().__init__(**more)
        self.kept = {}
        self.lie = lie
        self.opened = 0
        self.parts = []          # (Content-Range, bytes that came)

    def read_body(self, method, path, file, length):
        if method != "PUT" or "/uploads/" not in path:
            return super().read_body(method, path, file, length)
        key, data = urllib.parse.urlsplit(path).path, b""
        try:
            while len(data) < length:
                more = file.read1(length - len(data))
                if not more:
                    raise ConnectionResetError
                data += more
        finally:
            self.kept[key] = self.kept.get(key, b"") + data
        return data

    def _upload(self, request, query, body):
        key = urllib.parse.urlsplit(request.path).path
        if request.method == "POST":
            self.opened += 1
            return 202, {"Location": f"/v2/{request.repo}/blobs/uploads/number-{self.opened}"}, b""
        if request.method == "GET":
            if key not in self.kept:
                return 404, {}, b""
            return 204, {"Location": key + "?later=1", "Range": f"0-{len(self.kept[key]) - 1 + self.lie}"}, b""
        if request.method == "PUT":
            self.parts.append((request.headers["Content-Range"], len(body)))
            return super()._upload(request, query, self.kept[key])
        return super()._upload(request, query, body)


@pytest.fixture
def keeping(request):
    with Keeping() as made:
        yield made


@pytest.mark.parametrize("blob", (SIZE, 3_500_000), ids=("small", "beyond-a-state-kept"))
def test_an_upload_goes_on_where_the_registry_says(sync, src, proxies, both, from_source, repo, keeping, blob):
    picture, digest = one_blob(repo, blob)
    from_source.push(picture, repo, "v1")
    front = proxies(keeping)
    cut = blob - 100_000
    front.rule("PUT", urllib.parse.quote(digest, safe=""), proxy.CutRequest(cut))
    assert sync({f"{src.host}/{repo}:v1": f"{front.host}/{repo}"}, run.insecure(src, front), flags=ONCE).code == 0
    assert keeping.blobs[repo, digest] == picture.blobs[digest]
    assert keeping.tags == {(repo, "v1"): picture.digest}
    assert (f"{cut}-{blob - 1}", 100_000) in keeping.parts
    assert keeping.opened == 2, "one for each blob"
    assert [each.path for each in front.seen("PUT", path="later=1")], "it goes on at the newest place"
    ranges = [each.headers.get("range") for each in src.seen("GET", path=digest)]
    # The digest's state is kept about every MiB: what lies before it is not read again.
    if blob == SIZE:
        assert ranges == [None, None]
    else:
        assert ranges[0] is None and 2 << 20 <= int(re.fullmatch(r"bytes=(\d+)-", ranges[1])[1]) <= cut


def test_an_upload_goes_on_after_a_corrupt_download(sync, src, proxies, from_source, repo, keeping):
    """The digest goes on from the state of right bytes, not from one of those that were wrong."""
    picture, digest = one_blob(repo, 3_500_000)
    from_source.push(picture, repo, "v1")
    front = proxies(keeping)
    src.rule("GET", f"/blobs/{digest}", proxy.Flip(5))
    front.rule("PUT", urllib.parse.quote(digest, safe=""), proxy.CutRequest(3_400_000), skip=1)
    assert sync({f"{src.host}/{repo}:v1": f"{front.host}/{repo}"}, run.insecure(src, front), flags=ONCE).code == 0
    assert keeping.blobs[repo, digest] == picture.blobs[digest]
    whole, again, rest = [each.headers.get("range") for each in src.seen("GET", path=digest)]
    assert (whole, again) == (None, None) and rest


def test_an_upload_that_claims_too_much_is_begun_anew(sync, src, proxies, both, from_source, repo, keeping):
    picture, digest = one_blob(repo)
    from_source.push(picture, repo, "v1")
    front = proxies(keeping)
    keeping.lie = SIZE
    front.rule("PUT", urllib.parse.quote(digest, safe=""), proxy.CutRequest(1000))
    assert sync({f"{src.host}/{repo}:v1": f"{front.host}/{repo}"}, run.insecure(src, front), flags=ONCE).code == 0
    assert keeping.blobs[repo, digest] == picture.blobs[digest]
    assert keeping.opened == 3 and front.seen("DELETE", "upload"), "given up and begun anew"


def test_docker_registry_forgets_an_upload_that_broke_off(sync, src, dst, both, at_target, repo, large):
    picture, digest = large
    dst.rule("PUT", urllib.parse.quote(digest, safe=""), proxy.ResetRequest(SIZE // 2))
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=ONCE).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
