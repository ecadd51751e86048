"""Registries that answer one form of a question wrongly, and another one rightly: what is refused is asked otherwise, once."""

import pytest

from lib import clouds, images, run
from lib.scripted import Scripted
from lib.shy import errors

ONCE = ["--retries", "0"]
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def here():
    with Scripted() as made:
        yield made


@pytest.fixture
def there():
    with Scripted() as made:
        yield made


# -- mounts -------------------------------------------------------------------------------------------------------------------

class Unmounting(clouds.Strict):
    """Refuses every mount. readable: whether the login may ask for blobs."""

    def __init__(self, status, readable=True, **more):
        super().__init__(**more)
        self.status, self.readable = status, readable

    def mount(self, repo, digest, source):
        return self.status, JSON, errors("UNAUTHORIZED" if self.status == 401 else "DENIED", "insufficient scope")

    def _blob(self, request, query, body):
        return super()._blob(request, query, body) if self.readable else (401, {}, b"")


@pytest.mark.parametrize("status", (400, 401, 403, 404, 405, 409, 500, 501, 502, 504))
def test_a_mount_that_is_refused(sync, here, status):
    """A plain upload does; each pair of repositories costs one refusal, or two where blobs come side by side."""
    with Unmounting(status) as there:
        picture = here.push(images.image("unmounting", layers=4), "a", "v1")
        here.push(picture, "b", "v1")
        rules = {f"{here.host}/{repo}:v1": f"{there.host}/{repo}" for repo in "ab"}
        result = sync(rules, run.insecure(here, there), [*ONCE, "--proc", "1"])
        assert result.code == 0, result
        assert there.tags == {("a", "v1"): picture.digest, ("b", "v1"): picture.digest}
        mounts = there.seen("POST", path="mount=")
        assert len(mounts) <= 2 * len(picture.blobs), "not once for each blob and repository"
        again = sync(rules, run.insecure(here, there), [*ONCE, "--force", "--proc", "1"])
        assert again.code == 0


@pytest.mark.parametrize("status", (401, 403))
def test_a_login_that_may_only_push(sync, here, status):
    """It is not asked again and again for what it may not do."""
    with Unmounting(status, readable=False) as there:
        pictures = {tag: here.push(images.image(tag, layers=3), "a", tag) for tag in ("v1", "v2", "v3", "v4")}
        result = sync({f"{here.host}/a": f"{there.host}/a"}, run.insecure(here, there), [*ONCE, "--proc", "1"])
        assert result.code == 0, result
        assert there.tags == {("a", tag): picture.digest for tag, picture in pictures.items()}
        blobs = sum(len(picture.blobs) for picture in pictures.values())
        assert len(there.seen("POST", path="mount=")) + len(there.seen("HEAD", "blob")) < blobs


def test_a_busy_registry_is_asked_to_mount_again(sync, here):
    """503 says nothing about mounts."""
    class Busy(clouds.Strict):
        left = 1

        def mount(self, repo, digest, source):
            if source != repo and self.left:
                self.left -= 1
                return 503, {}, b""
            return super().mount(repo, digest, source)

    with Busy() as there:
        picture = images.image("busy", layers=1)
        for repo in "ab":
            here.push(picture, repo, "v1")
        result = sync({f"{here.host}/{repo}:v1": f"{there.host}/{repo}" for repo in "ab"}, run.insecure(here, there), [*ONCE, "--proc", "1"])
        assert result.code == 0 and not there.left
        assert sum(each["blobs"]["mounted"] for each in result.report["images"]) == len(picture.blobs)


# -- HEAD ---------------------------------------------------------------------------------------------------------------------

HEADS = {
    "404": (404, {}, b""), "403": (403, {}, b""), "405": (405, {}, b""), "400": (400, {}, b""), "500": (500, {}, b""),
    "501": (501, {}, b""), "502": (502, {}, b""), "no-digest": (200, {"Content-Type": images.OCI_MANIFEST}, b""),
}


def no_head(server, answer):
    server.hook = lambda request: answer if (request.method, request.kind) == ("HEAD", "manifest") else None


@pytest.mark.parametrize("form", HEADS)
def test_a_source_without_head(sync, here, there, form):
    """GET decides, and after the first time, or the second where it may have been an accident, it is asked at once."""
    no_head(here, HEADS[form])
    pictures = {f"v{n}": here.push(images.image(f"v{n}", layers=1), "a", f"v{n}") for n in range(6)}
    result = sync({f"{here.host}/a": f"{there.host}/a"}, run.insecure(here, there), [*ONCE, "--proc", "1"])
    assert result.code == 0, result
    assert there.tags == {("a", tag): picture.digest for tag, picture in pictures.items()}
    again = sync({f"{here.host}/a:{','.join(pictures)}": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    assert again.code == 0 and again.report["skipped"] == 6


@pytest.mark.parametrize("form", sorted(set(HEADS) - {"404", "500", "502"}))
def test_heads_are_not_wasted(sync, here, there, form):
    """What the tag has taught is known when the parts of the index are asked for."""
    no_head(there, HEADS[form])
    new = here.push(images.multi("new", platforms=4), "a", "v1")
    there.push(images.multi("old", platforms=4), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    assert result.code == 0 and there.tags == {("a", "v1"): new.digest}, result
    assert len(there.seen("HEAD", "manifest")) == 1 and len(there.seen("GET", "manifest")) == 5


@pytest.mark.parametrize("form", sorted(set(HEADS) - {"404"}))
def test_a_target_without_head(sync, here, there, form):
    """It is in sync when it is. (What HEAD says is missing is pushed: the same image again at worst.)"""
    no_head(there, HEADS[form])
    picture = here.push(images.image("target", layers=1), "a", "v1")
    there.push(picture, "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    assert result.code == 0 and result.report["skipped"] == 1 and not there.seen("PUT")


@pytest.mark.parametrize("policy", ("fail", "skip"))
def test_a_target_whose_head_misses_what_is_there(sync, here, there, policy):
    """A policy is kept all the same: GET is asked before the tag is written."""
    no_head(there, HEADS["404"])
    here.push(images.image("new", layers=1), "a", "v1")
    old = there.push(images.image("old", layers=1), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), [*ONCE, "--on-change", policy])
    assert result.code == (policy == "fail") and there.tags == {("a", "v1"): old.digest}


@pytest.mark.parametrize("form", ("403", "405", "500", "501"))
def test_blobs_without_head(sync, here, form):
    """Where blobs are asked for by HEAD, a refusal means that they are sent."""
    with clouds.Strict() as there:
        there.MOUNTS = False
        there.hook = lambda request: HEADS[form] if (request.method, request.kind) == ("HEAD", "blob") else None
        picture = images.image("blobs", layers=2)
        for repo in "abc":
            here.push(picture, repo, "v1")
        result = sync({f"{here.host}/{repo}:v1": f"{there.host}/{repo}" for repo in "abc"}, run.insecure(here, there), [*ONCE, "--proc", "1"])
        assert result.code == 0, result
        assert len(there.tags) == 3 and there.seen("HEAD", "blob")


def test_what_is_missing_costs_one_request_more_once(sync, here, there):
    """A source's 404 is checked by GET until one was right."""
    picture = here.push(images.image("honest", layers=1), "b", "v1")
    there.push(picture, "b", "v1")
    sync({f"{here.host}/a:{tag}": f"{there.host}/a" for tag in ("x", "y", "z")}, run.insecure(here, there), [*ONCE, "--proc", "1"])
    assert 1 <= len(here.seen("GET", "manifest")) <= 3
    before = len(here.seen())
    result = sync({f"{here.host}/b:v1,{tag}": f"{there.host}/b" for tag in "x"}, run.insecure(here, there), [*ONCE, "--proc", "1"])
    assert result.code == 1 and len(here.seen()) - before <= 3


