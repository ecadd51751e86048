"""Registries that lie about what they hold, clocks that are wrong, a machine that has little left, proxies that fail, and company."""

import collections

import pytest

from lib import images, proxy, run
from lib.forward import BadProxy
from lib.registry import free_port
from lib.scripted import Scripted
from test_login import Guarded, guarded  # noqa: F401  (fixtures)

ONCE = ["--retries", "0"]
_UNKNOWN = 400, {"Content-Type": "application/json"}, b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}'


class Strict(Scripted):
    """Refuses manifests whose blobs it does not have, as distribution does, and can lie about blobs."""

    def __init__(self, picture, claims=(), forgets=0, never=False):
        super().__init__()
        self._picture, self._claims, self._forgets, self._never = picture, claims, forgets, never
        self._puts = collections.Counter()
        self.hook = self._lie

    def _missing(self, repo):
        return [digest for digest in self._picture.blobs if (repo, digest) not in self.blobs]

    def _lie(self, request):
        if (request.method, request.kind) == ("PUT", "manifest") and (self._never or self._missing(request.repo)):
            return _UNKNOWN
        if (request.method, request.kind) == ("HEAD", "blob") and "head" in self._claims:
            return 200, {"Docker-Content-Digest": request.reference}, b""
        if request.method == "POST" and "mount=" in request.path and "mount" in self._claims:
            return 201, {"Location": f"/v2/{request.repo}/blobs/x"}, b""
        if (request.method, request.kind) == ("PUT", "upload"):
            self._puts[request.path] += 1
            if sum(self._puts.values()) <= self._forgets:
                return 201, {"Docker-Content-Digest": request.path.split("digest=")[1].replace("%3A", ":")}, b""
        return None

    def uploads(self):
        return len(self.seen("PUT", "upload"))


@pytest.fixture
def here():
    with Scripted() as made:
        yield made


def copied(sync, here, there, code=0):
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), flags=ONCE)
    assert result.code == code, result
    return result


@pytest.mark.parametrize("claims", (("mount",), ("mount", "head")), ids=("mount", "mount-and-head"))
def test_blobs_that_are_said_to_be_there_and_are_not(sync, here, claims):
    picture = here.push(images.image("claims"), "a", "v1")
    with Strict(picture, claims) as there:
        copied(sync, here, there)
        assert there.tags == {("a", "v1"): picture.digest}
        assert {digest for _, digest in there.blobs} == set(picture.blobs)
        assert there.uploads() == len(picture.blobs), "each blob is sent once: when it turned out that it is missing"


def test_blobs_that_were_taken_and_forgotten(sync, here):
    """As object storage does it: 201 for the upload, and the blob is nowhere."""
    picture = here.push(images.image("forgotten"), "a", "v1")
    with Strict(picture, forgets=len(picture.blobs)) as there:
        copied(sync, here, there)
        assert there.tags == {("a", "v1"): picture.digest}
        assert there.uploads() == 2 * len(picture.blobs)


def test_a_registry_that_never_finds_its_blobs(sync, here):
    picture = here.push(images.image("never"), "a", "v1")
    with Strict(picture, never=True) as there:
        result = copied(sync, here, there, code=1)
        assert "MANIFEST_BLOB_UNKNOWN" in result.image(f"{there.host}/a:v1")["error"]["message"]
        assert there.tags == {} and 2 <= len(there.seen("PUT", "manifest")) <= 8
        assert there.uploads() <= 2 * len(picture.blobs)


# -- clocks -----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("issued", ("2001-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "yesterday"))
def test_when_a_token_was_issued_is_the_servers_business(runner, guarded, dst, both, repo, issued):  # noqa: F811
    near = guarded(anonymous=("pull",))
    near.server.issued_at = issued
    for tag in ("v1", "v2", "v3"):
        near.client.push(images.image(f"{repo}/{tag}"), repo, tag)
    result = runner.sync({f"{near.host}/{repo}:v1,v2,v3": f"{dst.host}/{repo}"}, {**both, **run.insecure(near)}, flags=ONCE)
    assert result.code == 0
    assert len(near.server.asked(repo)) == 1, "a token is as old as we have it"


def test_a_token_that_dies_while_a_blob_is_sent(runner, guarded, src, from_source, repo):  # noqa: F811
    """The registry takes all of the body and then finds that the token is over: that request alone is sent again."""
    word = runner.secret("right-word-7")
    far = guarded(users={"robot": word})
    picture = from_source.push(images.image(repo, layers=2), repo, "v1")
    challenge = f'Bearer realm="{far.server.realm}",service="{far.server.service}",scope="repository:{repo}:pull,push"'
    rule = far.front.rule("PUT", "/blobs/uploads/", proxy.Status(401, {"WWW-Authenticate": challenge}))
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"},
                         {**run.insecure(src), far.host: {"username": "robot", "password": word, "insecure": True}}, flags=ONCE)
    assert rule.hits == 1 and result.code == 0, result
    assert far.client.closure(repo, "v1") == images.expected(picture)
    pushing = [each for each in far.server.asked(repo) if "push" in str(each.scopes)]
    assert len(pushing) == 2, "one token at first, one when it was refused"
    assert len(far.front.uploads()) == len(picture.blobs) + 1


# -- little is left ---------------------------------------------------------------------------------------------------------------

def limited(kind, amount):
    return ["prlimit", f"--{kind}={amount}:{amount}"]


def true_to(result, there, picture):
    """Whatever happened: it is told, and no tag is there without all of its image."""
    assert result.code in (0, 1, 2), result
    arrived = there.tags == {("a", "v1"): picture.digest}
    assert arrived or (result.code and not there.tags), result
    if arrived:
        assert {digest for _, digest in there.blobs} >= set(picture.blobs)
        assert result.code == 0 or "report: cannot write" in result.stderr, result
    if result.code:
        assert result.stderr, "not a word about it"


@pytest.mark.skipif(run.FLAVOR != "musl", reason="sanitizers and loaders need descriptors of their own")
def test_few_descriptors(runner, here):
    """From none to plenty."""
    picture, codes = here.push(images.multi("few", platforms=2), "a", "v1"), set()
    for number in (3, 4, 5, 6, 8, 10, 12, 14, 24, 64):
        with Scripted() as there:
            command = runner.arguments({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
            result = runner.run([*limited("nofile", number), *command], report=True)
            true_to(result, there, picture)
            codes.add(result.code)
    assert codes >= {0, 1} or codes >= {0, 2}, "no limit was low enough, or all were"


@pytest.mark.skipif(run.FLAVOR != "musl", reason="sanitizers need terabytes of addresses")
def test_few_addresses(runner, here):
    picture, codes = here.push(images.image("addresses", layers=3, size=500_000), "a", "v1"), set()
    for mib in (*range(6, 40, 3), 64, 256):
        with Scripted() as there:
            command = runner.arguments({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
            result = runner.run([*limited("as", mib << 20), *command], report=True)
            true_to(result, there, picture)
            codes.add(result.code)
    assert 0 in codes and len(codes) > 1, "no limit was low enough, or all were"


# -- proxies that fail ------------------------------------------------------------------------------------------------------------

@pytest.fixture
def bad_proxy():
    """bad_proxy(status, times)"""
    started = []

    def start(status, times):
        started.append(BadProxy(status, times))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def through(way, far, src):
    return {**run.insecure(src), far.host: {"insecure": True, "proxy": way if isinstance(way, str) else way.url()}}


@pytest.mark.parametrize("secure", (False, True), ids=("http", "https"))
@pytest.mark.parametrize("status", (502, 503, None), ids=("502", "503", "reset"))
def test_a_proxy_that_fails_twice(sync, registries, certs, bad_proxy, src, from_source, repo, status, secure):
    far = registries("far", certs=certs if secure else None)
    picture = from_source.push(images.image(repo), repo, "v1")
    way = bad_proxy(status, 2)
    result = sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, through(way, far, src))
    assert way.failed == 2
    assert result.code == 0, result
    assert images.Client(far).closure(repo, "v1") == images.expected(picture)


def test_proxies_that_fail_for_ever(sync, registries, certs, bad_proxy, src, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    ways = [(registries("far", certs=certs), bad_proxy(status, 1000)) for status in (502, None)]
    auth = {key: value for far, way in ways for key, value in through(way, far, src).items()}
    result = sync({f"{src.host}/{repo}:v1": [f"{far.host}/{repo}" for far, _ in ways]}, auth, flags=ONCE)
    assert result.code == 1
    for far, way in ways:
        assert result.image(f"{far.host}/{repo}:v1")["error"]["kind"] in ("network", "unavailable", "unreachable")
        assert way.targets == [] and 0 < way.failed <= 24 and far.repositories() == []


def test_a_proxy_nobody_listens_at(sync, registries, src, from_source, repo):
    far = registries("far")
    from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, through(f"http://127.0.0.1:{free_port()}", far, src), flags=ONCE)
    assert result.code == 1
    assert result.image(f"{far.host}/{repo}:v1")["error"]["kind"] == "unreachable"
    assert far.repositories() == [], "it went past the proxy"


# -- company ----------------------------------------------------------------------------------------------------------------------

def test_eight_at_once(runner, src, dst, both, from_source, at_target, repo):
    """The same rules by eight programs at the same time: all succeed, and what is there is whole."""
    shared = images.layer(repo)
    pictures = {f"v{n}": from_source.push(images.image(f"{repo}/{n}", parts=[shared]), repo, f"v{n}") for n in range(4)}
    processes = []
    for _ in range(8):
        command = runner.arguments({f"{src.host}/{repo}": f"{dst.host}/{repo}"}, both)
        processes.append((runner.report_path, runner.start(command)))
    results = [runner.finish(process, report=False) for _, process in processes]
    assert [each.code for each in results] == [0] * 8, "\n".join(map(str, results))
    for tag, picture in pictures.items():
        assert at_target.closure(repo, tag) == images.expected(picture)
    assert at_target.tags(repo) == sorted(pictures)
    assert proxy.until(lambda: not dst.busy(), seconds=30, what="the end of all connections") is not False
