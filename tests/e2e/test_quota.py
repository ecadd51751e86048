"""Quotas: Docker Hub's, of manifests that are read, and those of registries that have no room for more."""

import threading
import urllib.parse

import pytest

from lib import images, run
from lib.scripted import Scripted

pytestmark = pytest.mark.concurrency
ONCE = ["--retries", "0"]


class Quota:
    """A hook's state that counts as Docker Hub does and tells it in every answer."""

    def __init__(self, registry, left, text="{};w=21600"):
        self.left, self.text = left, text
        self._lock, self._inner = threading.Lock(), registry.answer
        registry.answer = self._answer

    def _answer(self, method, path, headers, body):
        status, more, content = self._inner(method, path, headers, body)
        with self._lock:
            if method == "GET" and "/manifests/" in path:
                if self.left <= 0:
                    return 429, {"Retry-After": "999"}, b'{"errors":[{"code":"TOOMANYREQUESTS"}]}'
                self.left -= 1
            return status, {**more, "ratelimit-remaining": self.text.format(self.left)}, content


@pytest.fixture
def two():
    with Scripted() as here, Scripted() as there:
        for index in range(20):
            here.push(images.image(f"quota/{index}", layers=1), "a", f"v{index}")
        yield here, there


@pytest.mark.parametrize("flags, keep", ((["--keep-pulls", "5"], 5), ([], 0)), ids=("kept", "default"))
def test_reading_stops_at_the_reserve(sync, two, flags, keep):
    here, there = two
    quota = Quota(here, 12)
    tags = ",".join(f"v{index}" for index in range(20))
    result = sync({f"{here.host}/a:{tags}": f"{there.host}/a"}, run.insecure(here, there), [*flags, *ONCE])
    assert result.code == 1
    assert quota.left == keep, "the reserve was touched, or not all of the rest used"
    assert result.report["copied"] == 12 - keep and result.report["failed"] == 8 + keep
    failed = [each["error"] for each in result.report["images"] if each["status"] == "failed"]
    assert all(each["kind"] == "limited" and "--keep-pulls" in each["message"] for each in failed)
    # What is in sync needs no manifest: comparing still works.
    again = sync({f"{here.host}/a:{tags}": f"{there.host}/a"}, run.insecure(here, there), [*flags, *ONCE])
    assert again.report["skipped"] == 12 - keep and quota.left == keep


def test_a_limit_of_requests_is_no_quota(sync, two):
    """GitLab counts requests by the minute under the same name: reading goes on."""
    here, there = two
    Quota(here, 100, "0")
    result = sync({f"{here.host}/a:v1,v2,v3": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    assert result.code == 0 and result.report["copied"] == 3


# -- no room at the target ------------------------------------------------------------------------------------------------------------

ROOM, MORE = 200000, 300000
FULL = {"507": (507, b""), "412": (412, b'{"errors":[{"code":"PRECONDITION","message":"the quota is used up"}]}'),
        "403": (403, b'{"errors":[{"code":"DENIED","message":"adding 1 MiB will exceed the configured upper limit of 9 MiB"}]}')}


@pytest.fixture
def small():
    """A registry that refuses blobs of more than ROOM bytes. refused: how often it did."""
    with Scripted() as registry:
        registry.refused, registry.refusal, inner = [], FULL["507"], registry.answer

        def answer(method, path, headers, body):
            name, _, query = path.partition("/blobs/uploads/?mount=")
            if method == "POST" and (name.removeprefix("/v2/"), urllib.parse.unquote(query.partition("&")[0])) in registry.blobs:
                inner(method, path, headers, body)
                return 201, {"Location": path}, b""
            if method == "PUT" and "/blobs/uploads/" in path and len(body) > ROOM:
                inner(method, path, headers, b"")
                registry.refused.append(path)
                status, text = registry.refusal
                return status, {}, text
            return inner(method, path, headers, body)
        registry.answer = answer
        yield registry


def large(name, size=MORE):
    return images.image(name, parts=[images.noise(name, size)])


@pytest.mark.parametrize("refusal", FULL)
def test_what_was_refused_for_lack_of_room_is_not_sent_again(sync, small, refusal):
    small.refusal = FULL[refusal]
    with Scripted() as here:
        for number in range(3):
            here.push(large(f"{refusal}/{number}"), "a", f"v{number}")
        here.push(large("other project's"), "b", "v1")
        result = sync({f"{here.host}/a": f"{small.host}/team/a", f"{here.host}/a:v1": f"{small.host}/team/b",
                       f"{here.host}/b:v1": f"{small.host}/alone"}, run.insecure(here, small), flags=["--proc", "1", "--retries", "0"])
    assert (result.code, result.report["failed"]) == (1, 5)
    assert {image["error"]["kind"] for image in result.report["images"]} == {"full"}
    assert len([path for path in small.refused if "/team/" in path]) == 1 and len(small.refused) == 2
    assert not small.tags
    told = [image["error"]["message"] for image in result.report["images"]]
    assert len([each for each in told if "refused a blob of 300000 bytes in this run" in each and f"HTTP {refusal}" in each]) == 3


@pytest.mark.parametrize("hidden", (False, True), ids=("seen", "push-only"))
def test_what_fits_or_is_there_goes_on(sync, small, hidden):
    small.hook = lambda request: (403, {}, b"") if hidden and request.method == "HEAD" and request.kind == "blob" else None
    with Scripted() as here:
        for number in range(3):
            here.push(large(f"fits/{number}"), "a", f"v{number}")
        there = here.push(large("there"), "a", "z-there")
        small.push(there, "team/a")
        less = here.push(large("less", 150000), "a", "z-less")
        result = sync({f"{here.host}/a": f"{small.host}/team/a"}, run.insecure(here, small), flags=["--proc", "1", "--retries", "0"])
    assert (result.code, result.report["failed"], result.report["copied"]) == (1, 3, 2)
    assert small.tags == {("team/a", "z-there"): there.digest, ("team/a", "z-less"): less.digest}
    assert len(small.refused) == 1


def test_a_refusal_before_any_byte_is_about_one_image(sync, small):
    with Scripted() as here:
        mine = here.push(images.image("fine"), "b", "v1")
        here.push(images.image("refused"), "a", "v1")
        words = b'{"errors":[{"code":"DENIED","message":"the quota of repositories is used up"}]}'
        small.hook = lambda request: (403, {}, words) if request.method == "POST" and "/team/a/" in request.path else None
        result = sync({f"{here.host}/a:v1": f"{small.host}/team/a", f"{here.host}/b:v1": f"{small.host}/team/b"},
                      run.insecure(here, small), flags=["--proc", "1", "--retries", "0"])
    assert (result.code, result.report["failed"], small.tags) == (1, 1, {("team/b", "v1"): mine.digest})


def test_a_quota_of_requests_passes(sync, small):
    """Google's words for its limit of requests per minute."""
    words = b'{"errors":[{"code":"TOOMANYREQUESTS","message":"Quota exceeded for quota metric \'Requests per minute\'"}]}'
    with Scripted() as here:
        here.push(images.image("google"), "a", "v1")
        refused = []

        def hook(request):
            if request.method == "GET" and request.kind == "manifest" and not refused:
                refused.append(request)
                return 429, {"Content-Type": "application/json"}, words
            return None
        here.hook = hook
        result = sync({f"{here.host}/a:v1": f"{small.host}/a"}, run.insecure(here, small))
    assert (result.code, len(refused), result.report["copied"]) == (0, 1, 1)
