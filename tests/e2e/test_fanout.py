"""One image to several registries: the source is asked once, and one download feeds them all.

Each destination still fares on its own: what goes wrong at one of them changes nothing for the others.
"""

import contextlib
import re
import threading
import time
import urllib.parse

import pytest

from lib import images, proxy, run
from lib.registry import Registry, digest_of
from lib.scripted import Scripted

pytestmark = pytest.mark.concurrency
ONCE = ["--retries", "0"]


@pytest.fixture(scope="module")
def more():
    """Two registries beside the usual target."""
    with Registry("second") as second, Registry("third") as third:
        yield second, third


@pytest.fixture
def three(proxies, target, more):
    """Three target registries, watched."""
    return [proxies(server, name=f"target {number}") for number, server in enumerate((target, *more), 1)]


@pytest.fixture
def two(three):
    return three[:2]


def holds(front, repo, tag, picture):
    """The registry behind a proxy holds the picture, byte for byte."""
    client = images.Client(front.registry)
    try:
        assert client.closure(repo, tag) == images.expected(picture)
    finally:
        client.close()


def spread(src, fronts, repo, tag="v1"):
    return {f"{src.host}/{repo}:{tag}": [f"{front.host}/{repo}" for front in fronts]}


# -- what the source says -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("flags", ([], ["--proc", "1"]), ids=("parallel", "serial"))
def test_in_sync_is_one_question_for_all(sync, src, two, from_source, repo, flags):
    from_source.push(images.image(repo), repo, "v1")
    rules, auth = spread(src, two, repo), run.insecure(src, *two)
    assert sync(rules, auth).code == 0
    for each in (src, *two):
        each.clear()
    result = sync(rules, auth, flags)
    assert (result.code, result.report["skipped"]) == (0, 2)
    assert src.counts() == {("HEAD", "manifest"): 1}
    assert [front.counts() for front in two] == [{("HEAD", "manifest"): 1}] * 2


@pytest.mark.parametrize("flags", ([], ["--proc", "1"]), ids=("parallel", "serial"))
def test_each_manifest_is_read_once(sync, src, three, from_source, repo, flags):
    picture = from_source.push(images.multi(repo, platforms=3), repo, "v1")
    assert sync(spread(src, three, repo), run.insecure(src, *three), flags).code == 0
    for front in three:
        holds(front, repo, "v1", picture)
    assert (len(src.seen("HEAD", "manifest")), len(src.seen("GET", "manifest"))) == (1, 4)


def test_several_rules_and_places_of_one_registry(sync, src, two, from_source, repo):
    """It is the source that counts, not the rule, the registry or the name."""
    picture = from_source.push(images.image(repo), repo, "v1", "v2")
    rules = {f"{src.host}/{repo}:v1": [f"{two[0].host}/{repo}", f"{two[0].host}/{repo}/again:other"],
             f"{src.host}/{repo}:v1,v1": f"{two[1].host}/{repo}:x,y", f"{src.host}/{repo}:v2": f"{two[1].host}/{repo}"}
    assert sync(rules, run.insecure(src, *two)).code == 0
    for front, name, tag in ((two[0], repo, "v1"), (two[0], f"{repo}/again", "other"), (two[1], repo, "x"), (two[1], repo, "y"),
                             (two[1], repo, "v2")):
        holds(front, name, tag, picture)
    assert sorted(each.path.rsplit("/", 1)[1] for each in src.seen("HEAD", "manifest")) == ["v1", "v2"]


def test_a_filter_reads_the_index_once(sync, src, two, from_source, repo):
    from_source.push(images.multi(repo, platforms=3), repo, "v1")
    assert sync(spread(src, two, repo), run.insecure(src, *two), ["--os", "linux", "--arch", "amd64"]).code == 0
    assert (len(src.seen("HEAD", "manifest")), len(src.seen("GET", "manifest"))) == (1, 2)
    places = [images.Client(front.registry) for front in two]
    assert places[0].head(repo, "v1") == places[1].head(repo, "v1")
    for each in places:
        each.close()


def test_what_is_not_there_is_asked_for_once(sync, src, two, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    result = sync(spread(src, two, repo, "nothing"), run.insecure(src, *two))
    assert result.code == 1 and result.report["failed"] == 2
    assert {each["error"]["kind"] for each in result.report["images"]} == {"missing"}
    assert src.counts() == {("HEAD", "manifest"): 1, ("GET", "manifest"): 1}, "what HEAD does not find is checked by GET"


def test_a_failure_is_shared_and_the_next_round_asks_anew(sync, src, two, from_source, repo):
    """Bytes that do not fit their digest are read twice, then the round is over for both."""
    picture = from_source.push(images.image(repo), repo, "v1")
    src.rule("GET", f"/manifests/{picture.digest}", proxy.Flip(10), times=2)
    result = sync(spread(src, two, repo), run.insecure(src, *two), ["--retries", "1"])
    assert result.code == 0
    for front in two:
        holds(front, repo, "v1", picture)
    assert (len(src.seen("HEAD", "manifest")), len(src.seen("GET", "manifest"))) == (2, 3)


def test_the_same_image_everywhere_when_the_tag_moves(sync, src, two, from_source, repo):
    """The tag goes to another image after the first answer: nobody gets that one, and nobody is told of it."""
    old, new = images.image(f"{repo}/old"), images.image(f"{repo}/new")
    from_source.push(old, repo, "v1")
    from_source.push(new, repo)
    src.rule("GET", f"/manifests/{old.digest}", proxy.Before(lambda _: from_source.push_manifest(repo, new.root, "v1")))
    assert sync(spread(src, two, repo), run.insecure(src, *two), ["--proc", "1"]).code == 0
    for front in two:
        holds(front, repo, "v1", old)


# -- one download -------------------------------------------------------------------------------------------------------------

FRESH = {("HEAD", "manifest"): 1, ("POST", "upload"): 6, ("PUT", "upload"): 6, ("PUT", "manifest"): 1}


def downloads(src, *digests):
    """How often each blob was asked for, of those named or of all."""
    asked = [each.path.rsplit("/", 1)[1] for each in src.seen("GET", "blob")]
    return {digest: asked.count(digest) for digest in digests or asked}


def ranges(src, digest):
    return [each.headers.get("range") for each in src.seen("GET", path=f"/blobs/{digest}")]


def sent(front, digest):
    """Of each PUT of a blob: (status, bytes)."""
    return [(each.status, each.sent) for each in front.uploads() if urllib.parse.quote(digest, safe="") in each.path]


def large(repo, size=300_000):
    """An image of one layer of `size` bytes, and the layer's digest."""
    data = images.noise(repo, size)
    return images.image(repo, parts=[data]), digest_of(data)


@pytest.mark.parametrize("count", (2, 3))
def test_one_download_feeds_them_all(sync, src, three, from_source, repo, count):
    fronts = three[:count]
    picture = from_source.push(images.image(repo, layers=5), repo, "v1")
    result = sync(spread(src, fronts, repo), run.insecure(src, *fronts))
    assert (result.code, result.report["copied"]) == (0, count)
    assert src.counts() == {("HEAD", "manifest"): 1, ("GET", "manifest"): 1, ("GET", "blob"): 6}
    for front in fronts:
        holds(front, repo, "v1", picture)
        assert front.counts() == FRESH
    assert {each["bytes"] for each in result.report["images"]} == {picture.bytes()}


@pytest.mark.parametrize("kind", images.KINDS)
def test_every_kind_byte_for_byte(sync, src, two, from_source, repo, kind):
    picture = from_source.push(images.KINDS[kind](repo), repo, "v1")
    assert sync(spread(src, two, repo), run.insecure(src, *two)).code == 0
    for front in two:
        holds(front, repo, "v1", picture)
    assert set(downloads(src).values()) <= {1}


def test_layers_larger_than_what_is_kept_in_memory(sync, src, three, from_source, repo):
    picture = from_source.push(images.image(repo, parts=[images.noise(f"{repo}/{n}", 5_000_000) for n in range(3)]), repo, "v1")
    assert sync(spread(src, three, repo), run.insecure(src, *three)).code == 0
    for front in three:
        holds(front, repo, "v1", picture)
        assert all(sent(front, digest) == [(201, len(data))] for digest, data in picture.blobs.items())
    assert downloads(src, *picture.blobs) == dict.fromkeys(picture.blobs, 1)


@pytest.mark.parametrize("proc", ("2", "3", "0"))
def test_blobs_wait_for_a_place_together(sync, src, three, from_source, repo, proc):
    picture = from_source.push(images.image(repo, layers=15, size=40_000), repo, "v1")
    assert sync(spread(src, three, repo), run.insecure(src, *three), ["--proc", proc]).code == 0
    for front in three:
        holds(front, repo, "v1", picture)
    assert downloads(src, *picture.blobs) == dict.fromkeys(picture.blobs, 1)


def test_one_place_is_serial(sync, src, two, from_source, repo):
    """Nobody is there to wait for: each has its own download, one after the other."""
    picture = from_source.push(images.image(repo, layers=3), repo, "v1")
    assert sync(spread(src, two, repo), run.insecure(src, *two), ["--proc", "1"]).code == 0
    for front in two:
        holds(front, repo, "v1", picture)
    assert downloads(src, *picture.blobs) == dict.fromkeys(picture.blobs, 2)


def test_layers_that_images_share(sync, src, three, from_source, repo):
    """Whatever image comes first at which registry, a layer is read once and sent once to each."""
    base = images.noise(repo, 400_000)
    tags = [f"v{number}" for number in range(6)]
    pictures = {tag: from_source.push(images.image(f"{repo}/{tag}", parts=[base, images.noise(f"{repo}/{tag}", 3000)]), repo, tag)
                for tag in tags}
    assert sync(spread(src, three, repo, ",".join(tags)), run.insecure(src, *three)).code == 0
    for front in three:
        for tag in tags:
            holds(front, repo, tag, pictures[tag])
        assert sent(front, digest_of(base)) == [(201, len(base))]
    assert downloads(src, digest_of(base)) == {digest_of(base): 1}


def test_one_has_a_part_of_it(sync, src, two, from_source, repo):
    parts = [images.noise(f"{repo}/{n}", 50_000) for n in range(4)]
    picture = from_source.push(images.image(repo, parts=parts), repo, "v1")
    client = images.Client(two[1].registry)
    for part in parts[:2]:
        client.push_blob(repo, part)
    client.close()
    result = sync(spread(src, two, repo), run.insecure(src, *two))
    assert result.code == 0
    for front in two:
        holds(front, repo, "v1", picture)
    assert downloads(src, *picture.blobs) == dict.fromkeys(picture.blobs, 1)
    assert result.image(f"{two[1].host}/{repo}:v1")["blobs"] == {"copied": 3, "mounted": 0, "present": 2, "skipped": 0}


def test_a_limited_rate(sync, src, two, from_source, repo):
    picture = from_source.push(images.image(repo, parts=[images.noise(repo, 600_000)]), repo, "v1")
    assert sync(spread(src, two, repo), run.insecure(src, *two), ["--limit-rate", "1M"]).code == 0
    for front in two:
        holds(front, repo, "v1", picture)
    assert downloads(src, *picture.blobs) == dict.fromkeys(picture.blobs, 1)


# -- what goes wrong at the source --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("at", (1, 150_000, 299_999))
def test_a_download_goes_on_for_all(sync, src, three, from_source, repo, at):
    picture, digest = large(repo)
    from_source.push(picture, repo, "v1")
    src.rule("GET", f"/blobs/{digest}", proxy.CutResponse(at))
    assert sync(spread(src, three, repo), run.insecure(src, *three), ONCE).code == 0
    for front in three:
        holds(front, repo, "v1", picture)
        assert sent(front, digest) == [(201, 300_000)]
    assert ranges(src, digest) == [None, f"bytes={at}-"]


def test_wrong_bytes_reach_nobody(sync, src, two, from_source, repo):
    """Each destination notices, and gets the right ones by itself."""
    picture, digest = large(repo)
    from_source.push(picture, repo, "v1")
    src.rule("GET", f"/blobs/{digest}", proxy.Flip(200_000))
    assert sync(spread(src, two, repo), run.insecure(src, *two), ONCE).code == 0
    for front in two:
        holds(front, repo, "v1", picture)
    assert ranges(src, digest) == [None] * 3


def test_a_layer_that_is_not_there_fails_all(sync, src, two, from_source, repo):
    picture, digest = large(repo)
    from_source.push(picture, repo, "v1")
    src.rule("GET", f"/blobs/{digest}", proxy.Status(404), times=None)
    result = sync(spread(src, two, repo), run.insecure(src, *two), ONCE)
    assert result.code == 1
    assert [each["error"]["kind"] for each in result.report["images"]] == ["missing"] * 2
    for front in two:
        assert not sent(front, digest)
        assert len(front.seen("POST", "upload")) == len(front.seen("PUT|DELETE", "upload")), "no upload is left open"


# -- what goes wrong at a destination -----------------------------------------------------------------------------------------

def test_an_upload_that_breaks_is_nobody_elses_trouble(sync, src, three, from_source, repo):
    picture, digest = large(repo)
    from_source.push(picture, repo, "v1")
    three[1].rule("PUT", urllib.parse.quote(digest, safe=""), proxy.ResetRequest(150_000))
    assert sync(spread(src, three, repo), run.insecure(src, *three), ONCE).code == 0
    for front in three:
        holds(front, repo, "v1", picture)
    assert sent(three[0], digest) == sent(three[2], digest) == [(201, 300_000)]
    assert len(sent(three[1], digest)) == 2
    assert ranges(src, digest) == [None, None], "one for all, one for the one that tries again"


@pytest.mark.parametrize("kind", ("POST", "PUT"))
def test_a_destination_that_refuses(sync, src, two, from_source, repo, kind):
    picture = from_source.push(images.image(repo, layers=3), repo, "v1")
    two[1].rule(kind, "/blobs/uploads/", proxy.Status(403), times=None)
    result = sync(spread(src, two, repo), run.insecure(src, *two), ONCE)
    assert result.code == 1
    assert result.statuses() == {f"{two[0].host}/{repo}:v1": "copied", f"{two[1].host}/{repo}:v1": "failed"}
    holds(two[0], repo, "v1", picture)
    assert downloads(src, *picture.blobs) == dict.fromkeys(picture.blobs, 1)


class Slow(Scripted):
    """Takes this many bytes of a large blob, and the rest when it is allowed to."""

    def __init__(self, after, **more):
        super().__init__(**more)
        self.after = after
        self.go = threading.Event()

    def read_body(self, method, path, file, length):
        if method != "PUT" or length <= self.after:
            return file.read(length)
        start = file.read(self.after)
        assert self.go.wait(60), "the other destination's image never came"
        return start + file.read(length - self.after)


def test_a_destination_that_stalls_is_left_behind(sync, src, dst, from_source, repo):
    """The other one is done before it takes another byte. Then it gets the rest, which is asked for by Range."""
    size = 40_000_000        # far more than all buffers on the way hold
    picture, digest = large(repo, size)
    from_source.push(picture, repo, "v1")
    with Slow(100_000) as slow:
        dst.rule("PUT", "/manifests/v1$", proxy.Before(lambda _: slow.go.set()))
        result = sync(spread(src, (dst, slow), repo), run.insecure(src, dst, slow), ONCE)
        assert result.code == 0
        assert slow.blobs[repo, digest] == picture.blobs[digest]
        assert slow.tags == {(repo, "v1"): picture.digest}
    holds(dst, repo, "v1", picture)
    assert sent(dst, digest) == [(201, size)]
    whole, rest = ranges(src, digest)
    assert whole is None and 0 < int(re.fullmatch(r"bytes=(\d+)-", rest)[1]) < size


def test_a_destination_that_does_not_answer_is_not_waited_for(sync, src, dst, from_source, repo):
    """It says whether it needs anything only after the others are done."""
    tags = [f"v{number}" for number in range(8)]
    pictures = {tag: from_source.push(images.image(f"{repo}/{tag}"), repo, tag) for tag in tags}
    done, lock = threading.Event(), threading.Lock()
    arrived = set()

    def note(request):
        with lock:
            arrived.add(request.path)
            if len(arrived) == len(tags):
                done.set()

    with Scripted() as slow:
        slow.hook = lambda request: None if request.kind != "upload" or done.wait(60) else (500, {}, b"")
        dst.rule("PUT", r"/manifests/v\d$", proxy.Before(note), times=None)
        result = sync(spread(src, (dst, slow), repo, ",".join(tags)), run.insecure(src, dst, slow), ONCE)
        assert result.code == 0 and done.is_set()
        assert slow.tags == {(repo, tag): pictures[tag].digest for tag in tags}
    for tag in tags:
        holds(dst, repo, tag, pictures[tag])


def test_a_signal_ends_those_that_wait(runner, src, dst, from_source, repo):
    picture, digest = large(repo, 40_000_000)
    from_source.push(picture, repo, "v1")
    with Slow(100_000) as slow:
        process = runner.start(runner.arguments(spread(src, (dst, slow), repo), run.insecure(src, dst, slow), ONCE))
        result = runner.stop(process, lambda: ranges(src, digest), "the first bytes of the blob")
        slow.go.set()
    assert result.code == 143
    assert (repo, "v1") not in slow.tags


# -- lists of tags ------------------------------------------------------------------------------------------------------------

def test_a_list_of_tags_is_read_once(sync, src, three, from_source, repo):
    picture, tags = images.image(repo), [f"v{number}" for number in range(1, 8)]
    from_source.push(picture, repo, *tags)
    proxy.paginate(src, repo, tags, 3, False)
    rules = spread(src, three[:2], repo, "/^v[1-5]$/")
    rules[f"{src.host}/{repo}"] = f"{three[2].host}/{repo}"
    assert sync(rules, run.insecure(src, *three)).code == 0
    assert len(src.seen("GET", "tags")) == 3, "three pages"
    for front, wanted in zip(three, (tags[:5], tags[:5], tags)):
        client = images.Client(front.registry)
        assert client.tags(repo) == wanted
        client.close()


def test_a_list_that_fails_is_asked_for_in_the_next_round(sync, src, two, from_source, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    src.rule("GET", "/tags/list", proxy.Status(200, {"Content-Type": "application/json"}, b"{"), times=2)
    rules = {f"{src.host}/{repo}": [f"{front.host}/{repo}" for front in two]}
    assert sync(rules, run.insecure(src, *two), ["--retries", "1"]).code == 0
    for front in two:
        holds(front, repo, "v1", picture)


@pytest.mark.parametrize("proc", ("2", "5", "20"))
def test_an_index_with_many_layers(sync, src, three, from_source, repo, proc):
    """Whichever platform each registry begins with, they come together for each layer."""
    picture = from_source.push(images.multi(repo, platforms=4, layers=6, size=20_000), repo, "v1")
    result = sync(spread(src, three, repo), run.insecure(src, *three), ["--proc", proc, "--debug"])
    assert result.code == 0
    for front in three:
        holds(front, repo, "v1", picture)
    assert downloads(src, *picture.blobs) == dict.fromkeys(picture.blobs, 1)


def test_what_one_repository_lacks_another_has(sync):
    """Images of two repositories share a layer, and only one of them gives it out: the other's images are not affected."""
    with contextlib.ExitStack() as stack:
        here, *there = [stack.enter_context(Scripted()) for _ in range(5)]
        picture = images.image("shared by two")
        here.push(picture, "x", "v1")
        here.push(picture, "y", "v1")

        def lacking(request):
            """x says so once y's images need the same layer."""
            if request.kind != "blob" or request.method != "GET" or request.repo != "x":
                return None
            begun.set()
            until = time.monotonic() + 5
            while time.monotonic() < until and not all(each.seen("POST", "upload") for each in there[2:]):
                time.sleep(0.02)
            time.sleep(0.2)
            return 404, {}, b"{}"
        here.hook = lacking
        begun = threading.Event()

        def later(request):
            """y's images come when x's have begun."""
            if request.kind == "manifest" and request.method == "HEAD":
                begun.wait(5)
        there[2].hook = there[3].hook = later
        rules = {f"{here.host}/x:v1": [f"{each.host}/x" for each in there[:2]],
                 f"{here.host}/y:v1": [f"{each.host}/y" for each in there[2:]]}
        result = sync(rules, run.insecure(here, *there), ["--retries", "0"])
        statuses = result.statuses()
        assert [statuses[f"{each.host}/y:v1"] for each in there[2:]] == ["copied", "copied"]
        assert [statuses[f"{each.host}/x:v1"] for each in there[:2]] == ["failed", "failed"]


class Hesitant(Scripted):
    """Takes its time with each large body, and counts how many come at once."""

    now = most = 0

    def read_body(self, method, path, file, length):
        if method != "PUT" or length < 200_000:
            return file.read(length)
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        data = file.read(1000)
        time.sleep(0.6)
        data += file.read(length - 1000)
        with self._lock:
            self.now -= 1
        return data


def test_a_slow_destination_does_not_collect_uploads(sync):
    with Scripted() as here, Hesitant() as slow, Scripted() as quick:
        parts = [images.noise(f"collected/{number}", 700_000) for number in range(10)]
        picture = here.push(images.image("collected", parts=parts), "x", "v1")
        result = sync({f"{here.host}/x:v1": [f"{slow.host}/x", f"{quick.host}/x"]}, run.insecure(here, slow, quick), ["--proc", "2"])
        assert result.code == 0
        assert all(each.tags["x", "v1"] == picture.digest for each in (slow, quick))
        assert slow.most <= 2
