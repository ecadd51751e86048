"""Tags of one image: one push sets them all, where the registry says that it does (OCI-Tag)."""

import threading
import urllib.parse

import pytest

from lib import images, need, olareg, proxy, run
from lib.scripted import Scripted

pytestmark = pytest.mark.concurrency
TAGS = [f"v{number}" for number in range(8)]
PATIENCE = 60       # only what hangs takes so long


class Tagging(Scripted):
    """Sets the tags of `?tag=` as the draft of distribution-spec 1.2 says. `keeps(tag)`: it sets this one."""

    keeps = staticmethod(lambda tag: True)

    def _manifest(self, request, query, body):
        tags = query.get("tag", [])
        by_digest = request.reference.startswith("sha256:")
        if request.method != "PUT":
            return super()._manifest(request, query, body)
        if tags and not by_digest:
            return 400, {}, b'{"errors":[{"code":"UNSUPPORTED"}]}'
        status, headers, content = super()._manifest(request, query, body)
        tags = tags if by_digest else [request.reference]
        kept = [tag for tag in tags if self.keeps(tag)]
        for tag in kept:
            self.tags[request.repo, tag] = headers["Docker-Content-Digest"]
        return status, {**headers, **({"OCI-Tag": ", ".join(kept)} if kept else {})}, content


@pytest.fixture
def start():
    servers = []

    def begin(kind=Scripted):
        servers.append(kind().__enter__())
        return servers[-1]
    yield begin
    for each in servers:
        each.__exit__()


def tags_of(request):
    """The tags that a push is about."""
    url = urllib.parse.urlsplit(request.path)
    last = url.path.rsplit("/", 1)[1]
    return urllib.parse.parse_qs(url.query).get("tag", []) if last.startswith("sha256:") else [last]


def pushes(server):
    """The tags of each push of a tag."""
    return [tags for each in server.seen("PUT", "manifest") if (tags := tags_of(each))]


class All:
    """Lets something wait until each of the images has asked the source for the manifest: then all have decided."""

    def __init__(self, here, digest, count):
        self._here, self._digest, self._count = here, digest, count
        self._missing = threading.Semaphore(0)
        here.hook = self._see

    def _see(self, request):
        if request.method == "GET" and request.kind == "manifest" and request.reference == self._digest:
            self._missing.release()

    def wait(self):
        for _ in range(self._count):
            assert self._missing.acquire(timeout=PATIENCE)


def rules(here, there, tags=TAGS, **fields):
    return {f"{here.host}/app:{tag}": {"to": f"{there.host}/app:{tag}", **fields} for tag in tags}


def test_one_push_sets_them(sync, start):
    here, there = start(), start(Tagging)
    first, many = images.image("first", layers=1), images.image("many", layers=1)
    here.push(first, "app", "first")
    here.push(many, "app", *TAGS)
    every, taught = All(here, many.root.digest, len(TAGS)), threading.Event()

    def hold(request):
        """The layers of the second image arrive when the first is read back, tag and all, and all tags of the second are decided."""
        if request.kind == "upload" and request.method == "PUT" and any(digest in urllib.parse.unquote(request.path) for digest in many.blobs):
            with lock:
                if not waited:
                    waited.append(1)
                    every.wait()
                    assert taught.wait(PATIENCE)
        if request.method == "GET" and request.reference == "first" and ("app", "first") in there.tags:
            taught.set()
    lock, waited = threading.Lock(), []
    there.hook = hold
    result = sync(rules(here, there, ["first", *TAGS]), run.insecure(here, there), flags=["--verify"])
    assert (result.code, result.report["copied"]) == (0, 9)
    assert {tag: there.tags["app", tag] for tag in TAGS} == dict.fromkeys(TAGS, many.digest) and there.tags["app", "first"] == first.digest
    # The push of the first image has shown what the registry can do.
    found = sorted(pushes(there), key=len)
    assert found[0] == ["first"] and sorted(found[1]) == TAGS and len(found) == 2


def test_the_first_push_shows_it(sync, start):
    here, there = start(), start(Tagging)
    many = images.multi("many", platforms=2)
    here.push(many, "app", *TAGS)
    every, held = All(here, many.root.digest, len(TAGS)), []

    def hold(request):
        if request.method == "PUT" and request.kind == "manifest" and tags_of(request) and not held:
            held.append(request)
            every.wait()
    there.hook = hold
    result = sync(rules(here, there), run.insecure(here, there))
    assert (result.code, result.report["copied"]) == (0, 8)
    found = pushes(there)
    assert [len(tags) for tags in found] == [1, 7] and sorted(found[0] + found[1]) == TAGS
    assert all(there.tags["app", tag] == many.digest for tag in TAGS)


def test_more_tags_than_a_push_takes(sync, start):
    here, there = start(), start(Tagging)
    many, tags = images.image("many", layers=1), [f"t{number}" for number in range(24)]
    here.push(many, "app", *tags)
    every, held = All(here, many.root.digest, len(tags)), []

    def hold(request):
        if request.method == "PUT" and request.kind == "manifest" and not held:
            held.append(request)
            every.wait()
    there.hook = hold
    assert sync(rules(here, there, tags), run.insecure(here, there)).code == 0
    assert [len(each) for each in pushes(there)] == [1, 10, 10, 3] and sorted(sum(pushes(there), [])) == sorted(tags)


def test_a_registry_that_sets_one_at_a_time(sync, start):
    """Nothing but what there was before: one push for each tag, under its name."""
    here, there = start(), start()
    many = images.image("many", layers=1)
    here.push(many, "app", *TAGS)
    assert sync(rules(here, there), run.insecure(here, there)).code == 0
    assert sorted(each.path for each in there.seen("PUT", "manifest")) == [f"/v2/app/manifests/{tag}" for tag in TAGS]


def test_one_that_it_does_not_set(sync, start):
    """What OCI-Tag does not name is pushed by its own image; what is refused fails its own image alone."""
    here, there = start(), start(Tagging)
    many = images.image("many", layers=1)
    here.push(many, "app", *TAGS)
    every, held = All(here, many.root.digest, len(TAGS)), []
    there.keeps = lambda tag: tag != "v3"

    def hold(request):
        if request.method != "PUT" or request.kind != "manifest":
            return None
        if not held:
            held.append(request)
            every.wait()
        return (403, {}, b'{"errors":[{"code":"DENIED"}]}') if tags_of(request) == ["v3"] else None
    there.hook = hold
    result = sync(rules(here, there), run.insecure(here, there), flags=["--retries", "0"])
    failed = [name for name, status in result.statuses().items() if status == "failed"]
    assert (result.code, failed) == (1, [f"{there.host}/app:v3"])
    assert sorted(tag for _, tag in there.tags) == [tag for tag in TAGS if tag != "v3"]


@pytest.mark.parametrize("answer", ((400, {}, b'{"errors":[{"code":"UNSUPPORTED"}]}'), (503, {}, b""), (201, {}, b"")), ids=("refused", "fails", "says-nothing"))
def test_a_push_of_several_that_goes_wrong(sync, start, answer):
    """Then each image pushes its own tag, and says how that went."""
    here, there = start(), start(Tagging)
    many = images.image("many", layers=1)
    here.push(many, "app", *TAGS)
    every, held = All(here, many.root.digest, len(TAGS)), []

    def hold(request):
        if request.method != "PUT" or request.kind != "manifest":
            return None
        if not held:
            held.append(request)
            every.wait()
        return answer if len(tags_of(request)) > 1 else None
    there.hook = hold
    result = sync(rules(here, there), run.insecure(here, there))
    assert (result.code, result.report["copied"]) == (0, 8)
    assert all(there.tags["app", tag] == many.digest for tag in TAGS)
    if answer[0] == 400:
        assert len([each for each in pushes(there) if len(each) > 1]) == 1     # it is not asked twice


def test_policies_hold_for_each_tag(sync, start):
    """A tag that may not change is asked for right before its own push, so it is never in another's."""
    here, there = start(), start(Tagging)
    many, other = images.image("many", layers=1), images.image("other", layers=1)
    here.push(many, "app", *TAGS)
    there.push(other, "app", "v3")
    result = sync({**rules(here, there, TAGS[:4], **{"on-change": "fail"}), **rules(here, there, TAGS[4:])}, run.insecure(here, there), form="json")
    assert (result.code, result.report["copied"], result.report["failed"]) == (1, 7, 1)
    assert there.tags["app", "v3"] == other.digest
    assert all([tag] in pushes(there) for tag in TAGS[:3]) and not any(set(each) & set(TAGS[:4]) and len(each) > 1 for each in pushes(there))


@pytest.mark.skipif(not need.installed("registries", "olareg"), reason=olareg.HOW)
def test_olareg(sync, src, from_source, proxies, repo):
    many, next_one = images.multi(repo, platforms=2), images.multi(f"{repo}/2", platforms=2)
    for tag in TAGS:
        from_source.push(many, repo, tag)
        from_source.push(next_one, repo, f"next-{tag}")
    with olareg.Olareg() as server:
        there = proxies(server, name="olareg")
        wanted = {f"{src.host}/{repo}:{tag}": f"{there.host}/{repo}:{tag}" for tag in [*TAGS, *[f"next-{tag}" for tag in TAGS]]}
        there.rule("PUT", "/manifests/v", proxy.Delay(1), times=1)
        result = sync(wanted, run.insecure(src, there), flags=["--verify"])
        assert (result.code, result.report["copied"]) == (0, 16)
        puts = [each for each in there.seen("PUT", "manifest") if not each.path.split("/manifests/")[1].startswith("sha256:") or "?tag=" in each.path]
        assert len(puts) < 16 and any("&tag=" in each.path for each in puts)
        client = images.Client(server)
        assert all(client.head(repo, tag) == many.digest and client.head(repo, f"next-{tag}") == next_one.digest for tag in TAGS)
        client.close()
        assert sync(wanted, run.insecure(src, there)).report["skipped"] == 16
