"""What once went wrong between this program and registries that misbehave. One test each, none waits for the clock."""

import json
import os
import shutil
import subprocess
import threading
import time

import pytest

from lib import images, proxy, run
from lib.registry import digest_of
from test_login import guarded  # noqa: F401  (a fixture)

pytestmark = pytest.mark.concurrency
ONCE = ["--retries", "0"]
PATIENCE = {"Retry-After": "999"}    # more than any run waits: given up at once


# -- what is copied -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ("application/vnd.example.unheard-of.v1+json", None), ids=("unknown", "absent"))
def test_a_child_of_no_known_type_comes_with_its_layers(sync, scripted, kind):
    """The source serves the child as a manifest and, as some registries do, its bytes as a blob too."""
    here, there = scripted(), scripted()
    child = images.image(f"child/{kind}")
    entry = {"digest": child.digest, "size": len(child.root.data), **({"mediaType": kind} if kind else {})}
    text = images.to_json({"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": [entry]})
    root = images.Manifest(images.OCI_INDEX, text)
    here.push(images.Picture([*child.manifests, root], child.blobs), "a", "v1")
    here.blobs["a", child.digest] = child.root.data
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there))
    assert result.code == 0
    assert there.tags == {("a", "v1"): root.digest}
    assert there.manifests["a", child.digest] == (child.root.type, child.root.data)
    for digest, data in child.blobs.items():
        assert there.blobs["a", digest] == data


def test_an_upload_that_was_accepted_but_not_kept(sync, scripted):
    here, there = scripted(), scripted()
    here.push(images.image("kept"), "a", "v1")
    there.hook = lambda request: (201, {}, b"") if (request.method, request.kind) == ("PUT", "upload") else None
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), flags=ONCE)
    assert result.code == 1
    assert result.image(f"{there.host}/a:v1")["error"]["kind"] == "corrupt"
    assert there.tags == {} and there.seen("PUT", "manifest") == []


def test_an_upload_answered_without_a_digest_that_was_kept(sync, scripted):
    """The digest in the answer is a courtesy: without it, the blob is looked for."""
    here, there = scripted(), scripted()
    picture = here.push(images.image("courtesy"), "a", "v1")
    keep = there._upload

    def forget(request, query, body):
        status, headers, answer = keep(request, query, body)
        return status, {name: value for name, value in headers.items() if name == "Location"}, answer

    there._upload = forget
    assert sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), flags=ONCE).code == 0
    assert there.tags == {("a", "v1"): picture.digest}


def test_a_manifest_corrupt_once_is_fetched_again_in_the_same_round(sync, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    rule = src.rule("GET", "/manifests/", proxy.Flip(40))
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=ONCE)
    assert rule.hits == 1
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)


# -- how often is asked -----------------------------------------------------------------------------------------------------------

def test_a_blob_that_failed_is_not_asked_for_once_per_image(sync, scripted):
    here, there = scripted(), scripted()
    shared = images.layer("shared")
    pictures = {f"v{n}": images.image(f"shared/{n}", parts=[shared]) for n in range(5)}
    for tag, picture in pictures.items():
        here.push(picture, "a", tag)
    own = {digest for picture in pictures.values() for digest in picture.blobs} - {digest_of(shared)}

    def hook(request):
        if (request.method, request.kind, request.reference) != ("GET", "blob", digest_of(shared)):
            return None
        proxy.until(lambda: own <= {digest for _, digest in there.blobs}, what="the blobs of all images but the shared one")
        time.sleep(0.3)      # for those that are about to wait for it
        return 429, PATIENCE, b""

    here.hook = hook
    result = sync({f"{here.host}/a:{','.join(pictures)}": f"{there.host}/a"}, run.insecure(here, there), flags=[*ONCE, "--proc", "5"])
    assert result.code == 1
    assert {each["error"]["kind"] for each in result.report["images"]} == {"limited"} and result.report["failed"] == 5
    assert len(here.seen("GET", "blob", digest_of(shared))) <= 2, "once, and once more for an image that came too late to wait"
    assert there.tags == {}


def test_a_token_that_was_refused_is_not_asked_for_once_per_image(sync, scripted):
    here, there = scripted(), scripted()
    tags = [f"v{n}" for n in range(5)]
    here.push(images.image("token"), "a", *tags)

    def hook(request):
        if request.path.startswith("/token"):
            return 429, PATIENCE, b""
        return 401, {"WWW-Authenticate": f'Bearer realm="http://{here.host}/token",service="e2e"'}, b""

    here.hook = hook
    result = sync({f"{here.host}/a:{','.join(tags)}": f"{there.host}/a"}, run.insecure(here, there), flags=ONCE)
    assert result.code == 1 and result.report["failed"] == 5
    assert {each["error"]["kind"] for each in result.report["images"]} == {"limited"}
    assert len(here.seen(path="^/token")) == 1


# -- where it goes, and what is said about it ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("resets", (1, 2))
def test_reset_connections_do_not_turn_https_into_http(sync, scripted, certs, resets):
    """Told "this is an https port" when it tries http, the program goes back to https."""
    here, there = scripted(context=certs.server_context(), resets=resets), scripted()
    picture = here.push(images.image("reset"), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), flags=ONCE)
    assert here.resets < 0, "the fault never happened"
    assert result.code == 0
    assert there.tags == {("a", "v1"): picture.digest}
    assert here.strangers == resets - 1, "one reset connection is no reason to say anything in the clear"


def test_an_upload_does_not_go_to_another_origin(sync, proxies, src, dst, both, target, from_source, at_target, repo):
    elsewhere = proxies(target, name="elsewhere")
    from_source.push(images.image(repo), repo, "v1")
    place = f"http://{elsewhere.host}/v2/{repo}/blobs/uploads/one?state=1"
    rule = dst.rule("POST", "/blobs/uploads/", proxy.Status(202, {"Location": place}), times=None)
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=ONCE)
    assert rule.hits
    assert result.code == 1
    assert result.image(f"{dst.host}/{repo}:v1")["error"]["kind"] == "refused"
    assert elsewhere.seen() == [] and elsewhere.connections == 0
    assert at_target.tags(repo) == []


@pytest.mark.parametrize("form", ("text", "json"))
def test_no_part_of_a_password_is_quoted(runner, scripted, form):
    """Registries that echo it, with the end of what is quoted falling before, into and after it."""
    here, there = scripted(), scripted()
    password = runner.secret("plover0quince1zephyr2marmot3lichen")
    pads = [*range(42, 84, 2)] if form == "text" else [*range(200, 290, 15), *range(286, 314), *range(320, 480, 20)]

    def hook(request):
        words = "." * int(request.reference[1:]) + password + "." * 40
        if form == "json":
            words = json.dumps({"errors": [{"code": "UNKNOWN", "message": words}]})
        return 403, {}, words.encode()

    here.hook = hook
    auth = {**run.insecure(here, username="robot", password=password), **run.insecure(there)}
    tags = ",".join(f"v{pad}" for pad in pads)
    result = runner.sync({f"{here.host}/a:{tags}": f"{there.host}/a"}, auth, flags=[*ONCE, "--debug"])
    assert result.code == 1 and result.report["failed"] == len(pads)
    assert any("...." in each["error"]["message"] for each in result.report["images"]), "nothing was quoted at all"
    written = result.stdout + result.stderr + json.dumps(result.report)
    parts = {password[at:at + 6] for at in range(len(password) - 5)}
    assert [part for part in parts if part in written] == []


# -- stopping, and what the system gives ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("login", (False, True), ids=("anonymous", "tokens"))
def test_a_stopped_run_gives_its_uploads_up_and_blames_nobody(runner, scripted, guarded, dst, at_target, repo, login):
    """docker-registry wants a token of its own for that, and a token server may close each connection."""
    password = runner.secret("right-word-7")
    far = guarded(users={"robot": password}) if login else None
    front, client = (far.front, far.client) if login else (dst, at_target)
    logins = {far.host: {"username": "robot", "password": password, "insecure": True}} if login else run.insecure(dst)
    here, done = scripted(), threading.Event()
    tags = [f"v{n:02}" for n in range(40)]
    for tag in tags:
        here.push(images.image(f"{repo}/{tag}", layers=1, size=100_000), repo, tag)

    def drip(data):
        for at in range(0, len(data), 500):
            yield data[at:at + 500]
            if done.wait(0.5):
                return

    def hook(request):
        data = here.blobs.get((repo, request.reference)) if (request.method, request.kind) == ("GET", "blob") else None
        return drip(data) if data and len(data) > 50_000 else None

    here.hook = hook
    process = runner.start(runner.arguments({f"{here.host}/{repo}:{','.join(tags)}": f"{front.host}/{repo}"},
                                            {**run.insecure(here), **logins}, flags=["--proc", "2"]))
    try:
        result = runner.stop(process, lambda: any(each.sent > 1500 for each in front.uploads()), "an upload under way")
    finally:
        done.set()
    assert result.code == 143
    assert result.report["result"] == "cancelled"
    opened = [each for each in front.seen("POST", "upload") if each.status == 202]
    ended = {each.path.split("?")[0] for each in front.seen("PUT|DELETE", "upload") if each.status not in (None, 401)}
    assert front.seen("DELETE", "upload") and len(ended) == len(opened), "each one was closed by a PUT or given up by a DELETE"
    begun = {each.reference for each in here.seen("HEAD", "manifest")} & set(tags)
    failed = {each["source"].rsplit(":", 1)[1] for each in result.report["images"] if each["status"] == "failed"}
    assert failed and failed <= begun and len(begun) < len(tags)
    assert {each["error"]["kind"] for each in result.report["images"] if each["status"] == "failed"} == {"canceled"}
    assert client.tags(repo) == []


def test_a_report_on_a_mount_of_its_own(runner, src, dst, both, from_source, repo, tmp_path):
    """As containers do it: one file of the host, mounted over one file of theirs."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    outside = tmp_path / "outside.json"
    outside.write_text("")
    from_source.push(images.image(repo), repo, "v1")
    command = runner.arguments({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both)
    with open(runner.report_path, "w", encoding="ascii"):
        pass
    mount = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"', str(outside), runner.report_path]
    if not shutil.which("unshare") or subprocess.run([*mount, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody mount")
    result = runner.run([*mount, *command])
    assert result.code == 0
    assert json.loads(outside.read_text())["result"] == "success"
