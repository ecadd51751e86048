"""Registries that fail once must not fail the run; registries that fail for good must fail the right image, with the right reason.

Waiting is most of what these runs do, so those of the first kind are all started together and each test looks at its own.
"""

import collections
import concurrent.futures
import contextlib
import dataclasses

import pytest

from lib import images, proxy, run

pytestmark = pytest.mark.concurrency
BLOB = 200_000


@dataclasses.dataclass
class Fault:
    """One rule at one side of an otherwise healthy copy."""
    side: str
    method: str
    path: str
    action: object
    skip: int = 0
    times: int = 1


_RETRY = {"Retry-After": "1"}
_HTML = b"<html><body><h1>503</h1> not \xff JSON</body></html>"
_REQUESTS = {
    # what it is called: (side, method, path)
    "source-head-manifest": ("src", "HEAD", "/manifests/v1$"),
    "source-get-manifest": ("src", "GET", "/manifests/"),
    "source-get-blob": ("src", "GET", "/blobs/sha256:"),
    "target-head-manifest": ("dst", "HEAD", "/manifests/v1$"),
    "target-post-upload": ("dst", "POST", "/blobs/uploads/"),
    "target-put-blob": ("dst", "PUT", "/blobs/uploads/"),
    "target-put-child": ("dst", "PUT", "/manifests/sha256:"),
    "target-put-tag": ("dst", "PUT", "/manifests/v1$"),
}

ONCE = {
    **{f"503-{name}": Fault(*request, proxy.Status(503, {}, _HTML)) for name, request in _REQUESTS.items()},
    **{f"429-{name}": Fault(*request, proxy.Status(429, _RETRY)) for name, request in _REQUESTS.items()},
    **{f"reset-{name}": Fault(*request, proxy.Reset()) for name, request in _REQUESTS.items()},
    "500-target-put-blob": Fault("dst", "PUT", "/blobs/uploads/", proxy.Status(500)),
    "502-source-get-blob": Fault("src", "GET", "/blobs/sha256:", proxy.Status(502, {}, _HTML)),
    "429-without-retry-after": Fault("src", "GET", "/manifests/", proxy.Status(429)),
    "429-retry-after-nonsense": Fault("dst", "POST", "/blobs/uploads/", proxy.Status(429, {"Retry-After": "-1 soon"})),
    "reset-inside-download": Fault("src", "GET", "/blobs/sha256:", proxy.ResetResponse(1000)),
    "reset-late-in-download": Fault("src", "GET", "/blobs/sha256:", proxy.ResetResponse(BLOB - 1), skip=1),
    "close-inside-download": Fault("src", "GET", "/blobs/sha256:", proxy.CutResponse(100)),
    "reset-inside-manifest": Fault("src", "GET", "/manifests/", proxy.ResetResponse(20)),
    "close-inside-manifest": Fault("src", "GET", "/manifests/", proxy.CutResponse(20)),
    "reset-inside-upload": Fault("dst", "PUT", "/blobs/uploads/", proxy.ResetRequest(100)),
    "reset-inside-manifest-put": Fault("dst", "PUT", "/manifests/v1$", proxy.ResetRequest(20)),
    "opened-upload-not-heard": Fault("dst", "POST", "/blobs/uploads/", proxy.Swallow()),
    "closing-put-not-heard": Fault("dst", "PUT", "/blobs/uploads/", proxy.Swallow()),
    "child-put-not-heard": Fault("dst", "PUT", "/manifests/sha256:", proxy.Swallow()),
    "tag-put-not-heard": Fault("dst", "PUT", "/manifests/v1$", proxy.Swallow()),
    "bit-flip-once": Fault("src", "GET", "/blobs/sha256:", proxy.Flip(50)),
    "bit-flip-in-manifest-once": Fault("src", "GET", "/manifests/", proxy.Flip(50)),
    "close-inside-head": Fault("src", "GET", "/blobs/sha256:", proxy.CutHead(20, reset=False)),
    "no-http-but-something-else": Fault("src", "HEAD", "/manifests/v1$", proxy.Rewrite(lambda *_: b"SSH-2.0-x\r\n\r\n")),
    "download-reset-three-times": Fault("src", "GET", "/blobs/sha256:", proxy.ResetResponse(2000), times=3),
}


def _copy(name, binary, home, source, target):
    """Run one faulty copy; everything a test wants to look at afterwards."""
    fault, repo = ONCE[name], f"t/faults/{name}"
    picture = images.multi(repo, platforms=2, size=BLOB)
    with contextlib.ExitStack() as stack:
        pusher = stack.enter_context(contextlib.closing(images.Client(source)))
        pusher.push(picture, repo, "v1")
        sides = {"src": stack.enter_context(proxy.Proxy(source)), "dst": stack.enter_context(proxy.Proxy(target))}
        rule = sides[fault.side].rule(fault.method, fault.path, fault.action, fault.skip, fault.times)
        runner = run.Runner(binary, home)
        result = runner.sync({f"{sides['src'].host}/{repo}:v1": f"{sides['dst'].host}/{repo}:v1"}, run.insecure(*sides.values()))
        log = "\n".join(f"{side}: {each}" for side, front in sides.items() for each in front.seen())
        return picture, repo, rule, result, log


@pytest.fixture(scope="module")
def copies(request, binary, source, target, tmp_path_factory):
    """{name: future} for the faults that were selected."""
    names = {item.callspec.params["fault"] for item in request.session.items
             if item.module is request.module and "fault" in getattr(getattr(item, "callspec", None), "params", {})}
    workers = concurrent.futures.ThreadPoolExecutor(8)
    started = {name: workers.submit(_copy, name, binary, tmp_path_factory.mktemp("fault"), source, target)
               for name in ONCE if name in names}
    yield started
    workers.shutdown(cancel_futures=True)


@pytest.mark.parametrize("fault", ONCE)
def test_a_fault_that_passes_does_not_fail_the_run(copies, at_target, target, fault):
    picture, repo, rule, result, log = copies[fault].result()
    assert rule.hits == rule.times, f"the fault never happened\n{log}"
    assert result.code == 0, f"{result}\n{log}"
    assert at_target.closure(repo, "v1") == images.expected(picture)
    entry = result.report["images"][0]
    assert (entry["status"], entry["digest"], result.report["failed"]) == ("copied", picture.digest, 0)


# -- faults that stay -----------------------------------------------------------------------------------------------------------

@pytest.fixture
def neighbours(from_source, repo):
    """Three tags; tests break v2."""
    return {tag: from_source.push(images.image(f"{repo}/{tag}"), repo, tag) for tag in ("v1", "v2", "v3")}


def others_arrived(result, dst, at_target, repo, neighbours, kind):
    """v2 failed for this reason, nothing of it is visible, the other images were copied."""
    assert result.code == 1
    assert result.statuses() == {
        f"{dst.host}/{repo}:v1": "copied", f"{dst.host}/{repo}:v2": "failed", f"{dst.host}/{repo}:v3": "copied"}
    assert result.image(f"{dst.host}/{repo}:v2")["error"]["kind"] == kind
    assert (result.report["result"], result.report["copied"], result.report["failed"]) == ("partial", 2, 1)
    assert at_target.tags(repo) == ["v1", "v3"]
    for tag in ("v1", "v3"):
        assert at_target.closure(repo, tag) == images.expected(neighbours[tag])


FAST = ["--retries", "0"]


def test_a_corrupt_blob_never_gets_a_tag(sync, src, dst, both, at_target, repo, neighbours):
    digest = next(iter(neighbours["v2"].blobs))
    src.rule("GET", f"/blobs/{digest}", proxy.Flip(30), times=None)
    result = sync({f"{src.host}/{repo}:v1,v2,v3": f"{dst.host}/{repo}"}, both, flags=FAST)
    others_arrived(result, dst, at_target, repo, neighbours, "corrupt")
    assert digest[:19] in result.image(f"{dst.host}/{repo}:v2")["error"]["message"], "the message names the blob"
    assert at_target.blob_size(repo, digest) is None


def test_a_blob_corrupt_in_the_sources_storage(sync, registries, proxies, dst, at_target, repo):
    rotten = registries("rotten")
    picture = images.Client(rotten).push(images.image(repo), repo, "v1")
    rotten.spoil_blob(next(iter(picture.blobs)))
    front = proxies(rotten)
    result = sync({f"{front.host}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(front, dst), flags=FAST)
    assert result.code == 1
    assert result.image(f"{dst.host}/{repo}:v1")["error"]["kind"] == "corrupt"
    assert at_target.tags(repo) == []


def test_a_corrupt_manifest_is_never_pushed(sync, src, dst, both, at_target, repo, neighbours):
    src.rule("GET", f"/manifests/({neighbours['v2'].digest}|v2)", proxy.Flip(40), times=None)
    result = sync({f"{src.host}/{repo}:v1,v2,v3": f"{dst.host}/{repo}"}, both, flags=FAST)
    others_arrived(result, dst, at_target, repo, neighbours, "corrupt")


def test_a_missing_tag_is_missing_and_the_others_go_on(sync, src, dst, both, at_target, repo, neighbours):
    result = sync({f"{src.host}/{repo}:v1,nope,v3": f"{dst.host}/{repo}"}, both)
    assert result.code == 1
    assert result.statuses() == {
        f"{dst.host}/{repo}:v1": "copied", f"{dst.host}/{repo}:nope": "failed", f"{dst.host}/{repo}:v3": "copied"}
    assert result.image(f"{dst.host}/{repo}:nope")["error"]["kind"] == "missing"
    assert at_target.tags(repo) == ["v1", "v3"]
    assert len(src.seen(path="/manifests/nope$")) <= 2, "what is missing is not asked for again and again"


def test_a_missing_repository_fails_its_rule_only(sync, src, dst, both, at_target, repo, neighbours):
    result = sync({f"{src.host}/{repo}/nothing": f"{dst.host}/{repo}/nothing", f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both)
    assert result.code == 1
    assert at_target.tags(repo) == ["v1"]
    failed = [each for each in result.report["images"] if each["status"] == "failed"]
    assert len(failed) == 1 and failed[0]["error"]["kind"] == "missing"
    assert f"{repo}/nothing" in failed[0]["source"]


@pytest.mark.long
def test_a_tag_list_that_is_broken_once_is_listed_again(sync, src, dst, both, at_target, repo, neighbours):
    rules = {f"{src.host}/{repo}": f"{dst.host}/{repo}"}
    broken = proxy.Status(200, {"Content-Type": "application/json"}, b'{"tags": ["v')
    src.rule("GET", "/tags/list", broken)
    assert sync(rules, both, flags=["--retries", "0"]).code == 0
    src.rule("GET", "/tags/list", broken, times=2)
    assert sync(rules, both, flags=["--retries", "0"]).code == 1
    src.rule("GET", "/tags/list", broken, times=3)
    assert sync(rules, both, flags=["--retries", "1"]).code == 0
    assert at_target.tags(repo) == ["v1", "v2", "v3"]


def test_a_blob_the_source_lost(sync, src, dst, both, at_target, repo, neighbours):
    digest = next(iter(neighbours["v2"].blobs))
    rule = src.rule("GET", f"/blobs/{digest}", proxy.Status(404, {}, b'{"errors":[{"code":"BLOB_UNKNOWN"}]}'), times=None)
    result = sync({f"{src.host}/{repo}:v1,v2,v3": f"{dst.host}/{repo}"}, both)
    others_arrived(result, dst, at_target, repo, neighbours, "missing")
    assert rule.hits <= 2, "what is missing is not asked for again and again"


@pytest.mark.parametrize("method,path", (("POST", "/blobs/uploads/"), ("PUT", "/manifests/")), ids=("upload", "manifest"))
def test_a_target_that_forbids_is_denied_and_not_asked_for_ever(sync, src, dst, both, at_target, repo, neighbours, method, path):
    answer = b'{"errors":[{"code":"DENIED","message":"this project is closed to you"}]}'
    rule = dst.rule(method, path, proxy.Status(403, {"Content-Type": "application/json"}, answer), times=None)
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both)
    assert result.code == 1
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert error["kind"] == "denied" and "this project is closed to you" in error["message"]
    assert at_target.tags(repo) == []
    again = max(collections.Counter(each.path for each in dst.seen(method, path=path)).values())
    assert rule.hits and again <= (3 if method == "POST" else 1), "three blobs can open an upload, none asks twice in the same way"


def _head(line):
    return lambda _request, head, body: head[:-2] + line + b"\r\n\r\n" + body


_NO_HTTP = {"nul": b"X-Odd: a\0b", "length": b"Content-Length: many", "negative": b"Content-Length: -5", "colon": b"no colon",
            "coding": b"Transfer-Encoding: puzzling"}


@pytest.mark.parametrize("method, form", [*(("HEAD", form) for form in _NO_HTTP if form != "coding"), *(("GET", form) for form in _NO_HTTP)])
def test_answers_that_are_no_http(sync, src, dst, both, repo, neighbours, method, form):
    """They would be the same the next time: said at once, and what is wrong with them."""
    rule = src.rule(method, "/manifests/", proxy.Rewrite(_head(_NO_HTTP[form])), times=None)
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both)
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert result.code == 1 and error["kind"] == "unsupported" and "not valid HTTP" in error["message"], error
    assert rule.hits <= 2


def test_a_target_nobody_listens_at(sync, src, both, from_source, repo):
    from lib.registry import free_port
    from_source.push(images.image(repo), repo, "v1")
    nowhere = f"127.0.0.1:{free_port()}"
    result = sync({f"{src.host}/{repo}:v1": f"{nowhere}/{repo}"}, {**both, **run.insecure(nowhere)}, flags=FAST)
    assert result.code == 1
    assert result.image(f"{nowhere}/{repo}:v1")["error"]["kind"] in ("network", "unreachable")
    assert result.report["result"] == "failure"


def test_no_upload_is_forgotten_after_a_corrupt_blob(sync, src, dst, both, repo, neighbours):
    digest = next(iter(neighbours["v2"].blobs))
    src.rule("GET", f"/blobs/{digest}", proxy.Flip(30), times=None)
    sync({f"{src.host}/{repo}:v2": f"{dst.host}/{repo}"}, both, flags=FAST)
    opened = [each for each in dst.seen("POST", "upload") if each.status == 202]
    ended = {each.path.split("?")[0] for each in dst.seen("PUT|DELETE", "upload") if each.method == "DELETE" or each.status}
    assert opened and len(ended) == len(opened), "each one was closed by an answered PUT or cancelled by a DELETE"


# -- registries that need time ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("tag", (r"v1$", "sha256:"), ids=("tag", "child"))
def test_a_target_that_knows_its_blobs_only_later(sync, src, dst, both, from_source, at_target, repo, tag):
    """As registries on object storage do: uploads were taken, the manifest is refused for missing blobs, then it is not."""
    picture = from_source.push(images.multi(repo, platforms=2), repo, "v1")
    late = proxy.Status(400, {"Content-Type": "application/json"}, b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}')
    rule = dst.rule("PUT", f"/manifests/{tag}", late, times=3)
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=FAST).code == 0
    assert rule.hits == 3
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_a_source_tag_that_moves_at_any_moment(sync, src, dst, both, from_source, at_target, repo):
    """Before each request in turn the source's tag goes to another image: what arrives is one of the two, whole."""
    old, new = (from_source.push(images.image(f"{repo}/{word}"), repo) for word in ("old", "new"))
    arrived = set()
    for number in range(100):
        from_source.push_manifest(repo, old.root, "v1")
        there = f"{repo}/{number}"
        rule = src.rule("*", "", proxy.Before(lambda _: from_source.push_manifest(repo, new.root, "v1")), skip=number)
        result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{there}"}, both, flags=FAST)
        assert result.code == 0
        assert at_target.closure(there, "v1") in (images.expected(old), images.expected(new))
        assert result.image(f"{dst.host}/{there}:v1")["digest"] == at_target.head(there, "v1")
        arrived.add(at_target.head(there, "v1"))
        if not rule.hits:
            break
    assert number > 4 and arrived == {old.digest, new.digest}


@pytest.mark.long
def test_a_source_tag_that_moved_during_a_long_copy_is_told(sync, src, dst, both, from_source, at_target, repo):
    old, new = (from_source.push(images.image(f"{repo}/{word}"), repo) for word in ("old", "new"))
    from_source.push_manifest(repo, old.root, "v1")
    from_source.push_manifest(repo, old.root, "v2")
    src.rule("GET", "/blobs/", proxy.Stall(100, 11))
    src.rule("GET", "/blobs/", proxy.Before(lambda _: from_source.push_manifest(repo, new.root, "v1")))
    result = sync({f"{src.host}/{repo}:v1,v2": f"{dst.host}/{repo}"}, both, flags=FAST)
    assert result.code == 0
    for tag, moved in (("v1", True), ("v2", None)):
        assert at_target.closure(repo, tag) == images.expected(old)
        assert result.image(f"{dst.host}/{repo}:{tag}").get("source_moved") == moved
    assert result.stderr.count("moved in the meantime") == 1
