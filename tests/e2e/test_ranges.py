"""Large blobs of a source that is slow on one connection: read over several, in order, and over one again when that does not work."""

import dataclasses
import functools
import random
import re
import signal
import threading
import time

import pytest

from lib import images, layouts, run
from lib.forward import ForwardProxy
from lib.registry import digest_of
from lib.scripted import Scripted

pytestmark = [pytest.mark.concurrency, pytest.mark.long]
MIB = 1 << 20
SIZE = 72 * MIB + 12345
RATE = 6 * MIB           # bytes a second on one connection
MOST = 8                 # connections
PIECE_MIN = 256 * 1024
ONCE = ["--retries", "0", "--debug"]


@functools.lru_cache(maxsize=2)
def noise(size):
    """Bytes that are right at one place only."""
    return random.Random(size).randbytes(size)


def large(size=SIZE):
    data = noise(size)
    document = {
        "schemaVersion": 2, "mediaType": images.OCI_MANIFEST,
        "config": {"mediaType": images.EMPTY_CONFIG, "digest": digest_of(b"{}"), "size": 2},
        "layers": [{"mediaType": images.OCI_LAYER, "digest": digest_of(data), "size": size}],
    }
    root = images.Manifest(images.OCI_MANIFEST, images.to_json(document))
    return images.Picture([root], {digest_of(b"{}"): b"{}", digest_of(data): data})


@dataclasses.dataclass
class Read:
    """One answer with bytes of a large blob."""
    begin: int
    end: int
    ranged: bool
    headers: object
    sent: int = 0


class Slow(Scripted):
    """Sends at most RATE bytes a second on one connection. change(read, status, headers, data) may alter an answer."""

    def __init__(self, rate=RATE, **more):
        super().__init__(**more)
        self.rate = rate
        self.reads = []
        self.most = 0            # that were being sent at the same time
        self.change = None
        self.extra = {}          # headers of all answers
        self._busy = 0
        self._guard = threading.Lock()

    def answer(self, method, path, headers, body):
        status, more, content = super().answer(method, path, headers, body)
        return status, {**more, **self.extra}, content

    def _blob(self, request, query, body):
        status, headers, data = super()._blob(request, query, body)
        if request.method != "GET" or status != 200 or len(data) < MIB:
            return status, headers, data
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        begin, end = 0, len(data)
        if asked:
            begin, end = int(asked[1]), int(asked[2]) + 1 if asked[2] else len(data)
            status, headers = 206, {**headers, "Content-Range": f"bytes {begin}-{end - 1}/{len(data)}"}
        headers["ETag"] = f'"{request.reference}"'
        read = Read(begin, end, bool(asked), request.headers)
        with self._guard:
            self.reads.append(read)
        part = memoryview(data)[begin:end]
        if self.change:
            status, headers, part = self.change(read, status, headers, part)
        return status, {**headers, "Content-Length": str(len(part))}, self._drip(read, part)

    def _drip(self, read, data):
        with self._guard:
            self._busy += 1
            self.most = max(self.most, self._busy)
        try:
            begun = time.monotonic()
            for at in range(0, len(data), 64 * 1024):
                piece = data[at:at + 64 * 1024]
                read.sent += len(piece)
                yield piece
                late = begun + read.sent / self.rate - time.monotonic()
                if late > 0:
                    time.sleep(late)
        finally:
            with self._guard:
                self._busy -= 1

    def pieces(self):
        return [each for each in self.reads if each.ranged and each.headers["Range"][-1] != "-"]


@pytest.fixture
def slow(request):
    """slow(...) starts such a source for this test only."""
    started = []
    request.node.scripted = started

    def start(**more):
        made = Slow(**more)
        made.__enter__()
        made.name = f"slow {len(started)}"
        started.append(made)
        return made

    yield start
    for each in started:
        each.__exit__()


def arrived(result, there, picture, repo="a"):
    assert result.code == 0, result
    assert there.tags == {(repo, "v1"): picture.digest}
    assert {digest: data for (_, digest), data in there.blobs.items()} == picture.blobs


def test_a_slow_source_is_read_over_several_connections(sync, slow, there):
    src, picture = slow(), large()
    src.push(picture, "a", "v1")
    result = sync({f"{src.host}/a:v1": f"{there.host}/a"}, run.insecure(src, there), flags=ONCE)
    arrived(result, there, picture)
    assert 2 < src.most <= MOST, result.stderr
    assert not src.reads[0].ranged and all(each.ranged for each in src.reads[1:])
    assert all(PIECE_MIN <= each.end - each.begin <= 8 * MIB for each in src.pieces()[:-1])
    assert len(src.reads) < 2 + SIZE / PIECE_MIN
    assert sum(each.sent for each in src.reads) < SIZE * 1.25, "what was read in vain"
    assert len(there.seen("PUT", "upload")) == 2
