"""Large blobs of a source that is slow on one connection: read over several, in order, and over one again when that does not work."""

import dataclasses
import functools
import random
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from lib import images, need, run
from lib.forward import ForwardProxy
from lib.registry import digest_of, free_port
from lib.scripted import Scripted

pytestmark = pytest.mark.long
concurrency = pytest.mark.concurrency
MIB = 1 << 20
SIZE = 64 * MIB + 12345
RATE = 5 * MIB           # bytes a second on one connection
MOST = 8                 # connections
PIECE_MIN = 256 * 1024
ONCE = ["--retries", "0", "--debug"]


@functools.lru_cache(maxsize=4)
def noise(size, seed=1):
    """Bytes that are right at one place only."""
    return random.Random(seed).randbytes(size)


def large(*sizes):
    """An image with a layer of each size."""
    layers = [noise(size, seed) for seed, size in enumerate(sizes or (SIZE,))]
    document = {
        "schemaVersion": 2, "mediaType": images.OCI_MANIFEST,
        "config": {"mediaType": images.EMPTY_CONFIG, "digest": digest_of(b"{}"), "size": 2},
        "layers": [{"mediaType": images.OCI_LAYER, "digest": digest_of(each), "size": len(each)} for each in layers],
    }
    root = images.Manifest(images.OCI_MANIFEST, images.to_json(document))
    return images.Picture([root], {digest_of(each): each for each in (b"{}", *layers)})


@dataclasses.dataclass
class Read:
    """One answer with bytes of a large blob."""
    begin: int
    end: int
    ranged: bool
    headers: object
    sent: int = 0
    stop: object = None      # called when cut bytes were sent, in place of the rest
    cut: int = 0


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
                if read.stop and read.sent > read.cut:
                    read.stop()
                late = begun + read.sent / self.rate - time.monotonic()
                if late > 0:
                    time.sleep(late)
        finally:
            with self._guard:
                self._busy -= 1

    def pieces(self):
        return [each for each in self.reads if each.ranged and each.headers["Range"][-1] != "-"]


@pytest.fixture
def slow(scripted):
    """slow(...) starts such a source for this test only."""
    return functools.partial(scripted, Slow)


@pytest.fixture
def src(slow):
    """It has the usual image."""
    made = slow()
    made.push(large(), "a", "v1")
    return made


def rule(src, *there):
    return {f"{src.host}/a:v1": [f"{each.host}/a" for each in there]}, run.insecure(src, *there)


def arrived(result, there, picture):
    assert result.code == 0, result
    assert there.tags == {("a", "v1"): picture.digest}
    assert {digest: data for (_, digest), data in there.blobs.items()} == picture.blobs


def in_parallel(src, result):
    assert 2 < src.most <= MOST, result.stderr
    assert not src.reads[0].ranged and len(src.pieces()) > 4, result.stderr
    assert all(PIECE_MIN <= each.end - each.begin <= 8 * MIB for each in src.pieces() if each.end < SIZE)


def over_one(src):
    assert [each.ranged for each in src.reads] == [False] and src.most == 1


@concurrency
# -- where it is of use -------------------------------------------------------------------------------------------------------

def test_a_slow_source_is_read_over_several_connections(sync, src, there):
    result = sync(*rule(src, there), flags=ONCE)
    arrived(result, there, large())
    in_parallel(src, result)
    assert all(each.ranged for each in src.reads[1:])
    assert all(each.headers["If-Range"] == src.reads[1].headers["If-Range"] for each in src.reads[1:])
    assert len(src.reads) < 2 + SIZE / PIECE_MIN
    assert sum(each.sent for each in src.reads) < SIZE * 1.25, "what was read in vain"
    assert len(there.seen("PUT", "upload")) == 2


@concurrency
def test_one_download_over_several_connections_for_two_destinations(sync, src, scripted):
    first, second = scripted(), scripted()
    result = sync(*rule(src, first, second), flags=ONCE)
    for each in first, second:
        arrived(result, each, large())
    in_parallel(src, result)
    assert sum(not each.ranged for each in src.reads) == 1
    assert sum(each.sent for each in src.reads) < SIZE * 1.25


def test_into_a_folder(sync, src, tmp_path):
    result = sync({f"{src.host}/a:v1": f"oci:{tmp_path}/app"}, run.insecure(src), flags=ONCE)
    assert result.code == 0, result
    in_parallel(src, result)
    for digest, data in large().blobs.items():
        assert (tmp_path / "app/blobs/sha256" / digest.split(":")[1]).read_bytes() == data


def test_two_layers_at_a_time(sync, slow, there):
    src, picture = slow(), large(SIZE, SIZE + 1)
    src.push(picture, "a", "v1")
    result = sync(*rule(src, there), flags=ONCE)
    arrived(result, there, picture)
    assert 3 < src.most <= 2 * MOST
    assert len(src.pieces()) > 4


def test_three_layers_are_three_connections(sync, slow, there):
    src, picture = slow(), large(SIZE, SIZE + 1, SIZE + 2)
    src.push(picture, "a", "v1")
    result = sync(*rule(src, there), flags=ONCE)
    arrived(result, there, picture)
    assert src.most == 3 and not src.pieces()


@pytest.mark.skipif(run.FLAVOR != "musl", reason="the memory of a sanitizer build says nothing about the program's")
def test_in_little_memory(runner, src, there):
    result = runner.measured(*rule(src, there), flags=ONCE)
    arrived(result, there, large())
    in_parallel(src, result)
    assert result.peak < 16 * MIB, f"peak memory {result.peak / MIB:.1f} MiB"


def test_a_registry_behind_a_limit_for_each_connection(sync, source, limited, at_target, target, from_source, repo):
    """What people meet: nginx with limit_rate in front of a registry."""
    picture = from_source.push(large(), repo, "v1")
    port, log = limited(source.port, RATE)
    host = f"127.0.0.1:{port}"
    result = sync({f"{host}/{repo}:v1": f"{target.host}/{repo}"}, run.insecure(host, target), flags=ONCE)
    assert result.code == 0, result
    assert at_target.closure(repo, "v1") == images.expected(picture)
    lines = [line for line in log.read_text().splitlines() if max(picture.blobs, key=lambda each: len(picture.blobs[each])) in line]
    ranges = [re.search(r"range=(\S+)", line)[1] for line in lines]
    assert ranges.count("-") == 1 and len(ranges) > 5 and all(re.match(r"-|bytes=", each) for each in ranges), lines


@pytest.fixture
def limited(tmp_path):
    """limited(port, rate): (port, log) of an nginx that sends so many bytes a second on each connection."""
    started = []

    def start(port, rate):
        own, log = free_port(), tmp_path / "limited.log"
        conf = tmp_path / "nginx.conf"
        conf.write_text(f"""daemon off; pid {tmp_path}/pid; worker_processes 1; events {{ worker_connections 256; }}
            http {{ log_format l '$request_method $request_uri range=$http_range $status'; access_log {log} l; client_max_body_size 0;
            proxy_temp_path {tmp_path}/p; client_body_temp_path {tmp_path}/b; fastcgi_temp_path {tmp_path}/f;
            uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;
            server {{ listen 127.0.0.1:{own}; limit_rate {rate}; limit_rate_after 0; proxy_max_temp_file_size 0;
            location / {{ proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://127.0.0.1:{port};
            proxy_set_header Host $http_host; }} }} }}""")
        command = [need.program("nginx"), "-p", str(tmp_path), "-c", str(conf), "-e", str(tmp_path / "error.log")]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        until(lambda: socket.socket().connect_ex(("127.0.0.1", own)) == 0, "nginx")
        return own, log

    yield start
    for each in started:
        each.terminate()
        each.wait()


def until(question, what, seconds=30):
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.05)


# -- where it is not ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("flags", (["--limit-rate", "1G"], ["--requests-per-second", "1000"]), ids=("bytes", "requests"))
def test_not_where_somebody_wants_few_requests_or_bytes(sync, src, there, flags):
    src.rate *= 2
    arrived(sync(*rule(src, there), flags=[*ONCE, *flags]), there, large())
    over_one(src)


def test_not_for_a_blob_that_is_not_large(sync, slow, there):
    src, picture = slow(rate=RATE * 2), large(63 * MIB)
    src.push(picture, "a", "v1")
    arrived(sync(*rule(src, there), flags=ONCE), there, picture)
    over_one(src)


def test_not_where_the_registry_counts_requests(sync, src, there):
    src.rate *= 2
    src.extra = {"RateLimit-Remaining": "1000"}
    arrived(sync(*rule(src, there), flags=ONCE), there, large())
    over_one(src)


@pytest.mark.parametrize("name, host, counts", (("docker.io", "registry-1.docker.io", True), ("public.ecr.aws", "public.ecr.aws", True),
                                                ("quay.io", "quay.io", False)), ids=("docker", "amazon", "quay"))
def test_not_where_it_is_known_to_count_them(sync, slow, certs, there, name, host, counts):
    src, picture = slow(rate=RATE * 2, context=certs.server_context()), large()
    src.push(picture, "team/a", "v1")
    way = ForwardProxy({f"{host}:443": src.port})
    try:
        auth = {**run.insecure(there), name: {"insecure": True}}
        result = sync({f"{name}/team/a:v1": f"{there.host}/a"}, auth, flags=ONCE, env=way.environment())
    finally:
        way.stop()
    arrived(result, there, picture)
    if counts:
        over_one(src)
    else:
        in_parallel(src, result)


def test_a_second_connection_without_a_byte(sync, src, there):
    """As where somebody allows one connection and lets others wait: nothing waits for it."""
    done = threading.Event()
    src.rate *= 2

    def change(read, *answer):
        if read.ranged:
            read.stop = done.wait
        return answer

    src.change = change
    try:
        arrived(sync(*rule(src, there), flags=ONCE), there, large())
    finally:
        done.set()
    assert [each.ranged for each in src.reads][:2] == [False, True] and len(src.reads) <= 4
    assert src.reads[0].sent == SIZE


# -- what goes wrong ----------------------------------------------------------------------------------------------------------

def whole(read, _status, headers, _part):
    headers.pop("Content-Range")
    return 200, headers, memoryview(noise(SIZE, 0))


def later(_read, status, headers, part):
    return status, {**headers, "Content-Range": headers["Content-Range"].replace("bytes ", "bytes 1")}, part


def longer(_read, status, headers, part):
    return status, {**headers, "Content-Range": headers["Content-Range"].replace(f"/{SIZE}", f"/{SIZE + 1}")}, part


def other(_read, status, headers, part):
    return status, {**headers, "ETag": '"another"'}, part


def no_range(_read, status, headers, part):
    headers.pop("Content-Range")
    return status, headers, part


def not_satisfiable(_read, _status, _headers, _part):
    return 416, {}, memoryview(b"")


def denied(_read, _status, _headers, _part):
    return 403, {}, memoryview(b"")


def too_short(_read, status, headers, part):
    return status, headers, part[:-1]


@pytest.mark.parametrize("lie", (whole, later, longer, other, not_satisfiable, denied), ids=lambda each: each.__name__)
def test_a_source_whose_parts_are_of_no_use(sync, src, there, lie):
    """It is asked for one, and not again."""
    src.change = lambda read, *answer: lie(read, *answer) if read.ranged else answer
    src.rate *= 2
    arrived(sync(*rule(src, there), flags=ONCE), there, large())
    assert [each.ranged for each in src.reads] == [False, True]
    assert src.reads[0].sent == SIZE


@concurrency
@pytest.mark.parametrize("lie", (whole, later, no_range, denied, too_short), ids=lambda each: each.__name__)
def test_parts_that_become_of_no_use(sync, src, there, lie):
    """When half of the blob is there: one download goes on."""
    src.change = lambda read, *answer: lie(read, *answer) if read in src.pieces()[8:] else answer
    result = sync(*rule(src, there), flags=ONCE)
    arrived(result, there, large())
    assert len(src.pieces()) > 8
    assert "one connection goes on at byte" in result.stderr
    assert src.reads[-1].headers["Range"].endswith("-")
    assert len(there.seen("PUT", "upload")) == 2, "the upload did not notice"


@pytest.mark.parametrize("kind", ("reset", "silence"))
def test_a_part_that_breaks_off_is_resumed(sync, src, there, kind):
    """Each third one, in the middle."""
    done, broken = threading.Event(), []

    def reset():
        raise ConnectionResetError

    def change(read, *answer):
        if read.ranged and len(src.pieces()) % 3 == 0 and len(broken) < 6:
            read.stop, read.cut = reset if kind == "reset" else done.wait, (read.end - read.begin) // 2
            broken.append(read)
        return answer

    src.change = change
    try:
        result = sync(*rule(src, there), flags=[*ONCE, "--stall-timeout", "1"])
    finally:
        done.set()
    arrived(result, there, large())
    assert len(broken) > 2
    for part in broken:
        assert any(each.end == part.end and part.begin < each.begin <= part.begin + part.sent for each in src.reads), part
    if kind == "reset":
        assert "one connection goes on at byte" not in result.stderr


def test_too_many_connections_are_refused(sync, src, there):
    """The third and later ones are answered by 503: the blob arrives over those that are left, or over one."""
    src.change = lambda read, *answer: (503, {}, memoryview(b"")) if read.ranged and src._busy > 2 else answer
    arrived(sync(*rule(src, there), flags=ONCE), there, large())


def flipped(_read, status, headers, part):
    part = bytearray(part)
    part[len(part) // 2] ^= 1
    return status, headers, memoryview(part)


def swapped(_read, status, headers, _part):
    """The right number of bytes, from another place."""
    return status, headers, memoryview(noise(SIZE, 0))[:_read.end - _read.begin]


@pytest.mark.parametrize("lie", (flipped, swapped), ids=lambda each: each.__name__)
@pytest.mark.parametrize("which", ("one", "all"))
def test_wrong_bytes_in_parts(sync, src, there, lie, which):
    """Nothing is finished with them, and the second download is one without parts."""
    src.change = lambda read, *answer: lie(read, *answer) if read in src.pieces()[2:3 if which == "one" else None] else answer
    src.rate *= 2
    arrived(sync(*rule(src, there), flags=ONCE), there, large())
    assert not src.reads[-1].ranged and src.reads[-1].headers["Cache-Control"] == "no-cache"
    assert src.reads[-1].sent == SIZE and sum(not each.ranged for each in src.reads) == 2


def test_bytes_that_are_always_wrong_never_get_a_tag(sync, src, there):
    src.change = flipped
    src.rate *= 2
    result = sync(*rule(src, there), flags=ONCE)
    assert result.code == 1 and not there.tags
    assert {digest for _, digest in there.blobs} <= {digest_of(b"{}")}
    assert "the source sent bytes with digest" in result.stderr


class Breaking(Scripted):
    """Breaks off the first upload of a large blob in its middle."""
    broken = 0

    def read_body(self, method, path, file, length):
        if length < MIB or self.broken:
            return super().read_body(method, path, file, length)
        self.broken += 1
        while length > SIZE // 3:
            length -= len(file.read1(length))
        raise ConnectionResetError


@concurrency
def test_a_destination_that_breaks_off(sync, src):
    with Breaking() as there:
        result = sync(*rule(src, there), flags=ONCE)
        assert there.broken == 1
        arrived(result, there, large())
    assert src.most <= MOST + 1, "those of the first try may still be ending"


@concurrency
@pytest.mark.parametrize("moment", ("reading", "silent"))
def test_a_signal_ends_the_run(runner, src, there, moment):
    done = threading.Event()

    def change(read, *answer):
        if moment == "silent" and len(src.pieces()) > 6:
            read.stop = done.wait
        return answer

    src.change = change
    process = runner.start(runner.arguments(*rule(src, there), flags=ONCE))
    try:
        until(lambda: len(src.pieces()) > 6, "a piece")
        process.send_signal(signal.SIGTERM)
        result = runner.finish(process)
    finally:
        done.set()
    assert result.code == 143 and not there.tags
