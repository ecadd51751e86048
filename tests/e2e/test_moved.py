"""Sources that miss what they named themselves a moment ago: they are looked at once more, and the image is begun again."""

import pytest

from lib import images, run

ONCE = ["--retries", "0"]


def remove(server, picture, repo):
    """As a registry does that collects its garbage at once."""
    for each in picture.manifests:
        server.manifests.pop((repo, each.digest), None)
    for digest in picture.blobs:
        server.blobs.pop((repo, digest), None)


def replace_when(server, when, old, new, repo="a", tag="v1"):
    """The tag is pushed again, and the old image is gone, before the first request for which when(request) is true."""
    done = []

    def hook(request):
        if not done and when(request):
            done.append(request)
            server.push(new, repo, tag)
            remove(server, old, repo)
    server.hook = hook
    return done


WHEN = {
    "manifest": lambda request: (request.method, request.kind) == ("GET", "manifest"),
    "child": lambda request: request.method == "GET" and request.kind == "manifest" and request.reference.startswith("sha256:"),
    "blob": lambda request: (request.method, request.kind) == ("GET", "blob"),
}


@pytest.mark.parametrize("kind", ("image", "index"))
@pytest.mark.parametrize("when", WHEN)
def test_a_tag_that_is_pushed_again(sync, here, there, when, kind):
    make = images.multi if kind == "index" else images.image
    old, new = here.push(make("old"), "a", "v1"), make("new")
    done = replace_when(here, WHEN[when], old, new)
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    assert done and result.code == 0, result
    assert there.tags == {("a", "v1"): new.digest}
    assert result.report["images"][0]["digest"] == new.digest
    assert {digest for _, digest in there.blobs} >= set(new.blobs)


def test_a_cache_whose_head_is_old(sync, here, there):
    """HEAD of the tag names a digest that is gone; GET does not."""
    old, new = here.push(images.image("old"), "a", "v1"), images.image("new")
    here.push(new, "a", "v1")
    remove(here, old, "a")
    stale = 200, {"Content-Type": images.OCI_MANIFEST, "Docker-Content-Digest": old.digest}, b""
    here.hook = lambda request: stale if (request.method, request.reference) == ("HEAD", "v1") else None
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    assert result.code == 0 and there.tags == {("a", "v1"): new.digest}, result
    looks = [each for each in here.seen("GET", "manifest") if each.reference == "v1"]
    assert len(looks) == 1 and looks[0].headers["Cache-Control"] == "no-cache"


def test_manifests_that_are_served_by_tag_alone(sync, here, there):
    picture = here.push(images.image("tagged"), "a", "v1")
    gone = 404, {}, b""
    here.hook = lambda request: gone if request.kind == "manifest" and request.reference.startswith("sha256:") else None
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    assert result.code == 0 and there.tags == {("a", "v1"): picture.digest}, result


@pytest.mark.parametrize("what", ("manifest", "blob"))
def test_what_is_there_a_moment_later(sync, here, there, what):
    """As object storage does it: the first question for each thing is answered by 404."""
    picture, asked = here.push(images.multi("later", platforms=1), "a", "v1"), set()

    def hook(request):
        if request.kind != what or request.method != "GET" or not asked.isdisjoint({request.reference, "all"}):
            return None
        asked.add("all")
        return 404, {}, b""
    here.hook = hook
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    assert asked and result.code == 0 and there.tags == {("a", "v1"): picture.digest}, result


def test_a_filtered_image_that_moves(sync, here, there):
    old, new = here.push(images.multi("old"), "a", "v1"), images.multi("new")
    done = replace_when(here, WHEN["child"], old, new)
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), [*ONCE, "--arch", "amd64"])
    assert done and result.code == 0, result
    assert list(there.tags) == [("a", "v1")]


def test_several_destinations(sync, here, there):
    """They share what the source says, its failures included: all of them get the new image."""
    old, new = here.push(images.image("old"), "a", "v1"), images.image("new")
    done = replace_when(here, WHEN["manifest"], old, new)
    result = sync({f"{here.host}/a:v1": [f"{there.host}/{name}" for name in "abc"]}, run.insecure(here, there), ONCE)
    assert done and result.code == 0, result
    assert there.tags == {(name, "v1"): new.digest for name in "abc"}


def test_a_tag_that_never_rests(sync, here, there):
    """Each digest is gone by the time it is asked for: that is given up, and said."""
    made = [here.push(images.image("v0", layers=1), "a", "v1")]

    def hook(request):
        if request.kind == "manifest" and request.reference != "v1":
            return 404, {}, b""
        if request.kind == "manifest":
            made.append(here.push(images.image(f"v{len(made)}", layers=1), "a", "v1"))
        return (404, {}, b"") if request.kind == "blob" else None
    here.hook = hook
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    assert result.code == 1 and result.report["images"][0]["error"]["kind"] == "missing"
    assert len(here.seen("GET", "manifest")) <= 6 and not there.tags


def test_a_digest_that_is_not_there_is_asked_for_once(sync, here, there):
    picture = images.image("absent")
    result = sync({f"{here.host}/a@{picture.digest}": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    assert result.code == 1 and len(here.seen()) == 1


def test_a_tag_that_is_deleted(sync, here, there):
    picture = here.push(images.image("deleted"), "a", "v1")

    def hook(request):
        if request.method == "GET" and here.tags.pop(("a", "v1"), None):
            remove(here, picture, "a")
    here.hook = hook
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    assert result.code == 1 and result.report["images"][0]["error"]["kind"] == "missing"
    assert len(here.seen()) <= 3
