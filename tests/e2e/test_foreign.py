"""Layers that may not be distributed, as images of Windows have them: what becomes of them, and that it is told."""

import contextlib
import json

import pytest

from lib import images, run
from lib.registry import digest_of
from lib.scripted import Scripted

DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
OCI_FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"


@pytest.fixture
def scripted():
    """scripted() starts a registry in memory; all stop with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *arguments, **more: stack.enter_context(Scripted(*arguments, **more))


def windows(seed, urls, kind=DOCKER_FOREIGN, **more):
    """An image whose first layer is foreign. Its bytes are among the picture's blobs."""
    plain = images.image(seed, 2, docker=kind == DOCKER_FOREIGN, **more)
    document = json.loads(plain.root.data)
    document["layers"][0].update(mediaType=kind, urls=urls)
    return images.Picture([images.Manifest(plain.root.type, images.to_json(document))], plain.blobs)


def foreign_of(picture):
    return next(each["digest"] for each in json.loads(picture.root.data)["layers"] if "urls" in each)


def go(sync, here, there, repo, *flags):
    return sync({f"{here.host}/{repo}:v1": f"{there.host}/{repo}"}, run.insecure(here, there), flags=[*flags, "--retries", "0"])


# -- left out -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", (DOCKER_FOREIGN, OCI_FOREIGN))
def test_they_are_left_out_and_that_is_told(sync, scripted, repo, kind):
    here, there = scripted(), scripted()
    picture = here.push(windows(repo, [f"https://{here.host}/layer"], kind), repo, "v1")
    result = go(sync, here, there, repo)
    assert result.code == 0
    counts = {"copied": 2, "mounted": 0, "present": 0, "skipped": 1}
    assert (result.image(f"{there.host}/{repo}:v1")["blobs"], result.report["blobs"]) == (counts, counts)
    assert "1 foreign layer was left out" in result.stderr
    assert there.manifests[repo, picture.digest] == (picture.root.type, picture.root.data)
    assert (repo, foreign_of(picture)) not in there.blobs
    assert not here.seen(path=f"/blobs/{foreign_of(picture)}") and not here.seen(path="^/layer")
    # Of an image that is in sync nothing is looked at.
    again = go(sync, here, there, repo)
    assert (again.report["skipped"], again.report["blobs"]["skipped"]) == (1, 0)


def test_each_is_counted_once(sync, scripted, repo):
    """In both images of an index; and one that is another layer elsewhere is no foreign layer."""
    here, there = scripted(), scripted()
    children = [windows(f"{repo}/{n}", ["https://127.0.0.1:1/layer"]) for n in range(2)]
    root = here.push(images.index(children), repo, "v1")
    result = go(sync, here, there, repo)
    assert (result.code, result.report["blobs"]["skipped"]) == (0, 2)
    assert "2 foreign layers were left out" in result.stderr
    assert there.tags[repo, "v1"] == root.digest


# -- copied -------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def named(scripted):
    """A source that is called by its name, as certificates are made for names."""
    here = scripted()
    here.host = f"localhost:{here.port}"
    return here


@pytest.fixture
def store(scripted, certs):
    """A server with https that is no registry of anybody: it holds layers under /layers/."""
    held = {}

    class Store(Scripted):
        def answer(self, method, path, headers, body):
            self.asked.append((method, path, {name.lower(): value for name, value in headers.items()}))
            answer = held.get(path, (404, {}, b"no such layer"))
            return answer(headers) if callable(answer) else answer

    with Store(context=certs.server_context()) as made:
        made.held, made.asked, made.base = held, [], f"https://localhost:{made.port}"
        yield made


@pytest.fixture
def trusting(certs):
    return {"SSL_CERT_FILE": certs.ca}


def bring(sync, here, there, repo, trusting, *flags, auth=None):
    return sync({f"{here.host}/{repo}:v1": f"{there.host}/{repo}"}, {**run.insecure(here, there), **(auth or {})},
                flags=["--foreign", "copy", "--retries", "0", *flags], env=trusting)


def without(here, repo, picture):
    """The registry serves the image and not its foreign layer."""
    del here.blobs[repo, foreign_of(picture)]
    return picture.blobs[foreign_of(picture)]


def complete(there, repo, picture):
    assert there.manifests[repo, there.tags[repo, "v1"]] == (picture.root.type, picture.root.data)
    assert {digest: data for (name, digest), data in there.blobs.items() if name == repo} == picture.blobs


@pytest.mark.parametrize("kind", (DOCKER_FOREIGN, OCI_FOREIGN))
def test_the_registry_is_asked_first(sync, named, scripted, store, repo, trusting, kind):
    there = scripted()
    picture = named.push(windows(repo, [f"{store.base}/layers/a"], kind), repo, "v1")
    result = bring(sync, named, there, repo, trusting, "--verify")
    assert (result.code, result.report["blobs"]["copied"], result.report["blobs"]["skipped"]) == (0, 3, 0)
    complete(there, repo, picture)
    assert "left out" not in result.stderr and not store.asked


@pytest.mark.parametrize("status", (404, 403, 401))
def test_then_the_urls_in_their_order(sync, named, scripted, store, repo, trusting, status):
    there = scripted()
    picture = named.push(windows(repo, [7, f"{store.base}/layers/gone", f"{store.base}/layers/a?sig=abc", f"{store.base}/layers/b"]), repo, "v1")
    data = without(named, repo, picture)
    named.hook = lambda request: (status, {}, b"") if request.reference == foreign_of(picture) else None
    store.held["/layers/a?sig=abc"] = 302, {"Location": "/layers/c"}, b""
    store.held["/layers/c"] = 200, {}, data
    assert bring(sync, named, there, repo, trusting).code == 0
    complete(there, repo, picture)
    assert [path for _, path, _ in store.asked] == ["/layers/gone", "/layers/a?sig=abc", "/layers/c"]


def test_nobody_gets_a_login_for_it(sync, named, scripted, store, repo, trusting, runner):
    """Neither the place the manifest names, which asks for one, nor a path of the registry itself that the manifest chose."""
    there = scripted()
    password = runner.secret("a-long-password")
    named.context = None
    picture = named.push(windows(repo, [f"{store.base}/layers/closed", f"{store.base}/layers/a"]), repo, "v1")
    data = without(named, repo, picture)
    named.hook = lambda request: None if request.headers["Authorization"] else (401, {"WWW-Authenticate": 'Basic realm="x"'}, b"")
    store.held["/layers/closed"] = 401, {"WWW-Authenticate": 'Basic realm="x"'}, b""
    store.held["/layers/a"] = 200, {}, data
    login = {named.host: {"insecure": True, "username": "robot", "password": password}}
    assert bring(sync, named, there, repo, trusting, auth=login).code == 0
    complete(there, repo, picture)
    assert len(store.asked) == 2 and not any("authorization" in headers for _, _, headers in store.asked)


def test_a_download_that_breaks_off_goes_on(sync, named, scripted, store, repo, trusting):
    there = scripted()
    picture = named.push(windows(repo, [f"{store.base}/layers/a"], size=400_000), repo, "v1")
    data = without(named, repo, picture)
    tries = []

    def cut(headers):
        tries.append(headers.get("Range"))
        def pieces():
            yield data[:200_000]
            raise ConnectionResetError
        if len(tries) == 1:
            return 200, {"Content-Length": str(len(data)), "ETag": '"x"'}, pieces()
        begin = int(tries[-1][len("bytes="):-1])
        return 206, {"Content-Range": f"bytes {begin}-{len(data) - 1}/{len(data)}", "ETag": '"x"'}, data[begin:]
    store.held["/layers/a"] = cut
    assert bring(sync, named, there, repo, trusting).code == 0
    complete(there, repo, picture)
    assert tries[0] is None and len(tries) == 2 and tries[1].startswith("bytes=")


def test_several_destinations(sync, named, scripted, store, repo, trusting):
    first, second = scripted(), scripted()
    picture = named.push(windows(repo, [f"{store.base}/layers/a"]), repo, "v1")
    store.held["/layers/a"] = 200, {}, without(named, repo, picture)
    result = sync({f"{named.host}/{repo}:v1": [f"{first.host}/{repo}", f"{second.host}/{repo}"]}, run.insecure(named, first, second),
                  flags=["--foreign", "copy"], env=trusting)
    assert result.code == 0
    complete(first, repo, picture)
    complete(second, repo, picture)


def _as_many(data):
    return 200, {}, bytes(len(data))


def _one_more(data):
    return 200, {}, data + b"x"


REFUSED = {
    "other-bytes": (lambda store: ([f"{store.base}/layers/a"], (200, {}, b"something else")), "corrupt", "one of the two is wrong"),
    "other-bytes-as-many": (lambda store: ([f"{store.base}/layers/a"], _as_many), "corrupt", "sent bytes with digest"),
    "more-bytes": (lambda store: ([f"{store.base}/layers/a"], _one_more), "corrupt", "one of the two is wrong"),
    "nowhere": (lambda store: ([f"{store.base}/layers/gone"], None), "missing", "/layers/gone: HTTP 404"),
    "no-urls": (lambda store: ([], None), "missing", "which has no urls"),
    "no-text": (lambda store: ([7, None, ""], None), "missing", "which has no urls"),
    "plain-http": (lambda store: ([f"http://localhost:{store.port}/layers/a"], (200, {}, b"")), "refused", "only https is allowed"),
    "file": (lambda store: (["file:///etc/passwd"], None), "refused", "file:///etc/passwd"),
    "user": (lambda store: ([f"https://me:pw@localhost:{store.port}/layers/a"], (200, {}, b"")), "refused", "foreign layer"),
    "internal": (lambda store: ([f"https://127.0.0.1:{store.port}/layers/a"], (200, {}, b"")), "refused", "127.0.0.1"),
    "internal-number": (lambda store: ([f"https://2130706433:{store.port}/layers/a"], (200, {}, b"")), "refused", "foreign layer"),
    "redirect-to-http": (lambda store: ([f"{store.base}/layers/a"], (302, {"Location": f"http://localhost:{store.port}/b"}, b"")),
                         "refused", "only https is allowed"),
    "redirect-inwards": (lambda store: ([f"{store.base}/layers/a"], (302, {"Location": f"https://127.0.0.1:{store.port}/b"}, b"")),
                         "refused", "127.0.0.1"),
    "redirect-without-end": (lambda store: ([f"{store.base}/layers/a"], (302, {"Location": "/layers/a"}, b"")), "corrupt", "redirects"),
    "redirect-to-nowhere": (lambda store: ([f"{store.base}/layers/a"], (302, {}, b"")), "corrupt", "Location"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_had_fails_the_image(sync, named, scripted, store, repo, trusting, name):
    make, kind, words = REFUSED[name]
    urls, answer = make(store)
    there = scripted()
    picture = named.push(windows(repo, urls), repo, "v1")
    data = without(named, repo, picture)
    if answer:
        store.held["/layers/a"] = answer(data) if callable(answer) else answer
    result = bring(sync, named, there, repo, trusting)
    entry = result.image(f"{there.host}/{repo}:v1")
    assert (result.code, entry["status"], entry["error"]["kind"]) == (1, "failed", kind)
    assert words in entry["error"]["message"] and foreign_of(picture) in entry["error"]["message"]
    assert (repo, "v1") not in there.tags and (repo, foreign_of(picture)) not in there.blobs
    assert "pw@" not in result.stderr
    if kind == "refused":
        assert len(store.asked) <= 1, "at most the one that sends us on"


def test_in_sync_is_what_the_digests_say(sync, named, scripted, store, repo, trusting):
    """A layer that was left out before is brought by --force, and missed by --verify; else nothing is asked."""
    there = scripted()
    picture = named.push(windows(repo, [f"{store.base}/layers/a"]), repo, "v1")
    store.held["/layers/a"] = 200, {}, without(named, repo, picture)
    assert go(sync, named, there, repo).code == 0
    before = len(named.seen()) + len(there.seen())
    result = bring(sync, named, there, repo, trusting)
    assert (result.code, result.report["skipped"]) == (0, 1) and not store.asked
    assert len(named.seen()) + len(there.seen()) == before + 2
    result = bring(sync, named, there, repo, trusting, "--verify")
    entry = result.image(f"{there.host}/{repo}:v1")
    assert (result.code, entry["error"]["kind"]) == (1, "corrupt") and "--force" in entry["error"]["message"]
    assert not store.asked, "what the destination misses is not to be had elsewhere"
    assert go(sync, named, there, repo, "--verify").code == 0
    assert bring(sync, named, there, repo, trusting, "--force", "--verify").code == 0
    complete(there, repo, picture)


# -- refused ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("flags", ([], ["--dry-run"]), ids=("copy", "dry-run"))
@pytest.mark.parametrize("kind", (DOCKER_FOREIGN, OCI_FOREIGN))
def test_an_image_with_one_fails_before_anything_is_sent(sync, scripted, repo, kind, flags):
    here, there = scripted(), scripted()
    child = windows(f"{repo}/w", ["https://localhost/x"], kind)
    inner = images.index([images.image(f"{repo}/deep", 1), child])
    root = here.push(images.index([images.image(f"{repo}/{n}", 1) for n in range(3)] + [inner]), repo, "v1")
    result = go(sync, here, there, repo, "--foreign", "fail", *flags)
    entry = result.image(f"{there.host}/{repo}:v1")
    assert (result.code, entry["status"], entry["error"]["kind"]) == (1, "failed", "refused")
    assert foreign_of(child) in entry["error"]["message"] and kind in entry["error"]["message"]
    assert not there.seen("PUT") and not there.seen("POST")
    assert root.digest == entry["digest"]


def test_one_without_is_copied_with_as_few_requests(sync, scripted, repo):
    counts = []
    for policy in ("skip", "fail"):
        here, there = scripted(), scripted()
        root = here.push(images.multi(repo), repo, "v1")
        assert go(sync, here, there, repo, "--foreign", policy).code == 0
        assert there.tags[repo, "v1"] == root.digest
        counts.append((len(here.seen()), len(there.seen())))
    assert counts[0] == counts[1]


def test_a_filter_is_asked_first(sync, scripted, repo):
    """What does not pass is not copied, and so not refused either."""
    here, there = scripted(), scripted()
    children = [images.image(f"{repo}/linux", 1), windows(f"{repo}/w", ["https://localhost/x"], OCI_FOREIGN)]
    here.push(images.index(children, entries=[{"platform": {"os": each, "architecture": "amd64"}} for each in ("linux", "windows")]), repo, "v1")
    assert go(sync, here, there, repo, "--foreign", "fail", "--os", "linux").code == 0
    assert go(sync, here, there, repo, "--foreign", "fail", "--os", "windows").code == 1


# -- said ---------------------------------------------------------------------------------------------------------------------

def test_a_rule_decides_for_itself(sync, runner, scripted, repo):
    here, there = scripted(), scripted()
    picture = here.push(windows(repo, ["https://localhost/x"]), repo, "v1")
    def to(name, **more):
        return {"to": f"{there.host}/{name}", **more}
    failed = f"{runner.home}/failed.yaml"
    rules = {f"{here.host}/{repo}:v1": [to("left", foreign="skip"), to("whole", foreign="copy"), to("none")]}
    result = sync(rules, run.insecure(here, there), form="json",
                  flags=["--foreign", "fail", "--retries", "0", "--output-failed-images", failed])
    assert {name.split("/")[1].split(":")[0]: status for name, status in result.statuses().items()} == {
        "left": "copied", "whole": "copied", "none": "failed"}
    digest = foreign_of(picture)
    assert ("left", digest) not in there.blobs and there.blobs["whole", digest] == picture.blobs[digest]
    # A second run with that list must not leave out what the first one refused to.
    text = open(failed, encoding="utf-8").read()
    assert 'foreign: "fail"' in text
    assert sync(text, run.insecure(here, there), flags=["--retries", "0"]).code == 1


def test_a_word_nobody_knows(sync, scripted, repo):
    here, there = scripted(), scripted()
    assert "--foreign never: expected skip, copy or fail" in go(sync, here, there, repo, "--foreign", "never").stderr
    rules = f"{here.host}/{repo}:v1: {{to: {there.host}/{repo}, foreign: keep}}\n"
    result = sync(rules, run.insecure(here, there))
    assert result.code == 2 and f":1:{rules.index('keep') + 1}: " in result.stderr and "foreign must be skip, copy or fail" in result.stderr
    assert not here.seen() and not there.seen()


@pytest.mark.parametrize("policy, words", (("skip", "was left out because it may not be distributed (foreign: copy includes it)"),))
def test_a_destination_that_wants_them_is_told_apart(sync, scripted, repo, policy, words):
    """A registry that misses the layer will not find it however often it is asked."""
    here, there = scripted(), scripted()
    picture = here.push(windows(repo, ["https://localhost/x"]), repo, "v1")
    unknown = 400, {}, b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}'
    there.hook = lambda request: unknown if request.method == "PUT" and request.kind == "manifest" else None
    result = go(sync, here, there, repo, "--foreign", policy)
    message = result.image(f"{there.host}/{repo}:v1")["error"]["message"]
    assert words in message and foreign_of(picture) in message
    assert len(there.seen("PUT", "manifest")) == 2
    # Each layer is counted once, however often its image is pushed.
    assert result.report["blobs"]["skipped"] == 1


@pytest.mark.parametrize("kind", (DOCKER_FOREIGN, OCI_FOREIGN))
def test_docker_registry_takes_both(sync, registries, repo, kind):
    """Where it is set up so, and whether or not it has the layer."""
    here, there = registries(urls=True), registries(urls=True)
    picture = windows(repo, ["https://localhost/x"], kind)
    with contextlib.closing(images.Client(here)) as source, contextlib.closing(images.Client(there)) as target:
        source.push(picture, repo, "v1")
        for policy in ("skip", "copy"):
            result = sync({f"{here.host}/{repo}:v1": f"{there.host}/{policy}"}, run.insecure(here, there), flags=["--foreign", policy])
            assert result.code == 0
            assert target.head(policy, "v1") == picture.digest
            assert (target.blob_size(policy, foreign_of(picture)) is None) == (policy == "skip")
        assert target.closure("copy", "v1") == images.expected(picture)
