"""Limits of requests in every shape that registries give them: none is taken for a refusal, and none for a full disk."""

import concurrent.futures
import json

import pytest

from lib import images, run
from lib.scripted import Scripted

ONCE = ["--retries", "0"]
JSON = {"Content-Type": "application/json"}


def errors(code, message):
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


SHAPES = {
    "github": (403, JSON, errors("DENIED", "permission_denied: You have exceeded a secondary rate limit. Please wait a few minutes.")),
    "github-api": (403, JSON, b'{"message":"You have exceeded a secondary rate limit","documentation_url":"x"}'),
    "github-wait": (403, {**JSON, "retry-after": "1.16ms"}, errors("DENIED", "denied")),
    "github-page": (403, {"Content-Type": "text/html"}, b"<html><title>Whoa there!</title><p>abuse detection mechanism</p></html>"),
    "used-up": (403, {**JSON, "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, errors("DENIED", "denied")),
    "draft": (403, {**JSON, "RateLimit": '"default";r=0;t=1'}, errors("DENIED", "denied")),
    "amazon": (400, JSON, b'{"__type":"ThrottlingException","message":"Rate exceeded"}'),
    "google": (403, JSON, errors("DENIED", "Quota exceeded for quota metric 'Requests' and limit 'Requests per project per minute'")),
    "toomanyrequests": (403, JSON, errors("TOOMANYREQUESTS", "retry-after: 880.092\u00b5s, allowed: 44000/minute")),
    "slow-down": (503, {"Retry-After": "1", "Content-Type": "application/xml"}, b"<Error><Code>SlowDown</Code></Error>"),
    "enhance-your-calm": (420, {}, b""),
    "bandwidth": (509, {}, b""),
    "plain": (429, {}, b""),
}
# What is hurt, once each: (side, method, kind)
REQUESTS = {
    ("here", "GET", "manifest"), ("here", "GET", "blob"),
    ("there", "POST", "upload"), ("there", "PUT", "upload"), ("there", "PUT", "manifest"),
}


class Limited(Scripted):
    """Answers the first request of each of these kinds with a limit."""

    def __init__(self, answer=None, kinds=()):
        super().__init__()
        self.left = set(map(tuple, kinds))
        self.hook = lambda request: answer if self._takes((request.method, request.kind)) else None

    def _takes(self, kind):
        found = kind in self.left
        self.left.discard(kind)
        return found


def _copy(shape, binary, home):
    """One run in which every kind of request meets the limit once; what a test wants to look at."""
    sides = [Limited(SHAPES[shape], [kind for side, *kind in REQUESTS if side == each]) for each in ("here", "there")]
    with sides[0] as here, sides[1] as there:
        picture = here.push(images.image(shape, layers=1), "a", "v1")
        result = run.Runner(binary, home).sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
        return picture, result, [*here.left, *there.left], there.tags


@pytest.fixture(scope="module")
def copies(request, binary, tmp_path_factory):
    """{shape: future} for those that were selected: most of what they do is to wait, so they do it together."""
    names = {item.callspec.params["shape"] for item in request.session.items
             if item.module is request.module and "shape" in getattr(getattr(item, "callspec", None), "params", {})}
    with concurrent.futures.ThreadPoolExecutor(8) as workers:
        yield {name: workers.submit(_copy, name, binary, tmp_path_factory.mktemp("limit")) for name in SHAPES if name in names}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_limit_is_waited_for(copies, shape):
    picture, result, unmet, tags = copies[shape].result()
    assert not unmet, "the limit was never met"
    assert result.code == 0, result
    assert tags == {("a", "v1"): picture.digest}


def test_a_limit_that_stays_is_called_one(sync):
    answer = SHAPES["github-wait"][0], {**JSON, "Retry-After": "600"}, SHAPES["github"][2]
    with Limited() as here, Limited() as there:
        here.push(images.image("stays", layers=1), "a", "v1")
        there.hook = lambda request: answer if request.kind == "upload" else None
        result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
        error = result.report["images"][0]["error"]
        assert result.code == 1 and error["kind"] == "limited" and "secondary rate limit" in error["message"]
        assert "refused" not in error["message"], "nobody was turned away"


@pytest.mark.parametrize("word", ("quota exceeded", "quota exceeded for project x: 5 GiB of 5 GiB are used"))
def test_a_full_disk_is_no_limit(sync, word):
    with Limited() as here, Limited() as there:
        here.push(images.image("full", layers=1), "a", "v1")
        there.hook = lambda request: (403, JSON, errors("DENIED", word)) if request.method == "PUT" else None
        result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
        assert result.code == 1 and result.report["images"][0]["error"]["kind"] == "full"
        assert len(there.seen("PUT", "upload")) <= 2, "a blob each, once"
