"""Registries that answer one form of a question wrongly, and another one rightly: what is refused is asked otherwise, once."""

import hashlib
import json
import threading

import pytest

from lib import clouds, images, run
from lib.registry import digest_of
from lib.scripted import Scripted
from lib.shy import errors

ONCE = ["--retries", "0"]
JSON = {"Content-Type": "application/json"}


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




# -- manifests ----------------------------------------------------------------------------------------------------------------

class Choosy(clouds.Strict):
    """Takes no manifests of Docker's types, as zot does unless it is told to. Its answer: status, code and message."""

    def __init__(self, status=415, body=b"", **more):
        super().__init__(**more)
        self.status, self.body = status, body

    def _manifest(self, request, query, body):
        if request.method == "PUT" and "docker" in request.headers["Content-Type"]:
            return self.status, JSON if self.body else {}, self.body
        return super()._manifest(request, query, body)


TYPES = {
    "zot": (415, b""),
    "words": (400, errors("MANIFEST_INVALID", "unsupported mediaType application/vnd.docker.distribution.manifest.v2+json")),
    "other-words": (400, errors("UNSUPPORTED", "this media type is not supported")),
}


@pytest.mark.parametrize("kind", ("image", "index"))
@pytest.mark.parametrize("form", TYPES)
def test_a_registry_that_takes_no_such_type(sync, here, form, kind):
    """The first image finds out, after its blobs; for the next one nothing is sent."""
    make, known = images.multi if kind == "index" else images.image, threading.Event()

    def note(request):
        if (request.method, request.kind) == ("PUT", "manifest"):
            threading.Timer(0.3, known.set).start()      # when the answer has been read

    with Choosy(*TYPES[form]) as there:
        here.push(make("first", docker=True), "a", "v1")
        here.push(make("second", docker=True), "b", "v1")
        here.hook = lambda request: known.wait(20) and None if request.repo == "b" else None
        there.hook = note
        result = sync({f"{here.host}/{repo}:v1": f"{there.host}/{repo}" for repo in "ab"}, run.insecure(here, there))
        assert result.code == 1 and not there.tags, result
        for repo in "ab":
            error = result.image(f"{there.host}/{repo}:v1")["error"]
            assert error["kind"] == "unsupported" and "application/vnd.docker.distribution.manifest" in error["message"]
            assert '"compat": ["docker2s2"]' in error["message"]
        assert there.seen("PUT", path="/v2/a/") and not there.seen("PUT", path="/v2/b/") and not there.seen("POST", path="/v2/b/")


def test_other_types_are_not_concerned(sync, here):
    with Choosy() as there:
        here.push(images.image("docker", docker=True), "a", "v1")
        fine = here.push(images.image("oci"), "a", "v2")
        result = sync({f"{here.host}/a:v1,v2": f"{there.host}/a"}, run.insecure(here, there), ONCE)
        assert result.code == 1 and there.tags == {("a", "v2"): fine.digest}


class Trow(clouds.Strict):
    """HEAD and mounts lie about blobs that are not there; the manifest is refused in words of its own."""

    def __init__(self, answer, **more):
        super().__init__(**more)
        self.refusal = answer

    def mount(self, repo, digest, source):
        return 201, {"Location": f"/v2/{repo}/blobs/{digest}"}, b""

    def _blob(self, request, query, body):
        return (200, {"Docker-Content-Digest": request.reference}, b"") if request.method == "HEAD" else super()._blob(request, query, body)

    def _manifest(self, request, query, body):
        if request.method == "PUT":
            document = json.loads(body)
            named = [each["digest"] for each in [*document.get("layers", []), *([document["config"]] if "config" in document else [])]]
            if any((request.repo, digest) not in self.blobs for digest in named):
                return self.refusal
        return super()._manifest(request, query, body)


REFUSALS = {
    "trow": (400, JSON, json.dumps({"errors": [{"code": "MANIFEST_INVALID", "message": "manifest invalid",
                                                "detail": "Blob asset not found"}]}).encode()),
    "words": (404, JSON, errors("UNKNOWN", "layer does not exist")),
    "500": (500, JSON, errors("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")),
    "code": (400, JSON, errors("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")),
}


@pytest.mark.parametrize("kind", ("image", "index"))
@pytest.mark.parametrize("form", REFUSALS)
def test_blobs_that_are_missing_in_other_words(sync, here, form, kind):
    with Trow(REFUSALS[form]) as there:
        picture = here.push((images.multi if kind == "index" else images.image)("trow"), "a", "v1")
        result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
        assert result.code == 0, result
        assert there.tags == {("a", "v1"): picture.digest}
        assert len(there.seen("PUT", "upload")) == len(picture.blobs), "each once, without asking"


def test_words_that_stay_are_believed_once(sync, here, there):
    """The parts are sent once more, and then the refusal stands."""
    there.hook = lambda request: REFUSALS["trow"] if (request.method, request.kind) == ("PUT", "manifest") else None
    picture = here.push(images.image("stays"), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
    assert result.code == 1 and "manifest invalid" in result.report["images"][0]["error"]["message"]
    assert len(there.seen("PUT", "manifest")) == 2 and len(there.seen("PUT", "upload")) == 2 * len(picture.blobs)


def foreign(name):
    """An image with a layer that is not distributable, and the digest of that."""
    child = images.image(name, 1)
    document, base = json.loads(child.root.data), b"kept by its owner"
    kind = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    document["layers"].insert(0, {"mediaType": kind, "digest": digest_of(base), "size": len(base), "urls": ["http://127.0.0.1:1/x"]})
    return images.Picture([images.Manifest(child.root.type, images.to_json(document))], child.blobs), digest_of(base)


@pytest.mark.parametrize("named", (True, False), ids=("named", "not-named"))
@pytest.mark.parametrize("status", (400, 404, 500))
def test_a_layer_that_is_left_out_and_wanted(sync, here, there, status, named):
    """It is said at once, by digest: sending the others again does not help, and waiting even less."""
    picture, base = foreign("windows")
    here.push(picture, "a", "v1")
    document = {"errors": [{"code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown to registry", **({"detail": {"digest": base}} if named else {})}]}
    answer = status, JSON, json.dumps(document).encode()
    there.hook = lambda request: answer if (request.method, request.kind) == ("PUT", "manifest") else None
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there))
    error = result.report["images"][0]["error"]
    assert result.code == 1 and error["kind"] == "unsupported", result
    assert base in error["message"] and "left out because it may not be distributed" in error["message"]
    assert len(there.seen("PUT", "manifest")) == (1 if named else 2)


# -- sha512 -------------------------------------------------------------------------------------------------------------------

class Hashing(Scripted):
    """Knows manifests by sha512 as well. tags: whether a push by digest sets the tags that it names (distribution-spec 1.2); names:
    the algorithm of which it speaks when it is asked for a tag."""

    def __init__(self, tagging=True, names="sha256", knows=True, **more):
        super().__init__(**more)
        self.tagging, self.names, self.knows = tagging, names, knows

    def _manifest(self, request, query, body):
        repo, reference = request.repo, request.reference.split("?")[0]
        if request.method == "PUT" and reference.startswith("sha512:"):
            if not self.knows:
                return 400, JSON, errors("DIGEST_INVALID", "provided digest did not match uploaded content")
            self.manifests[repo, reference] = self.manifests[repo, digest_of(body)] = request.headers["Content-Type"], body
            headers = {"Docker-Content-Digest": reference}
            if self.tagging and "tag" in query:
                self.tags[repo, query["tag"][0]] = reference if self.names == "sha512" else digest_of(body)
                headers["OCI-Tag"] = query["tag"][0]
            return 201, headers, b""
        return super()._manifest(request, query, body)


def sha512_of(data):
    return "sha512:" + hashlib.sha512(data).hexdigest()


def pinned(here):
    picture = here.push(images.image("sha512"), "a")
    digest = sha512_of(picture.root.data)
    here.manifests["a", digest] = picture.root.type, picture.root.data
    return picture, digest


@pytest.mark.parametrize("names", ("sha256", "sha512"))
def test_a_tag_for_sha512(sync, here, names):
    """It is set by the push of the digest; the next run sees that it is in sync, whatever the registry calls it."""
    picture, digest = pinned(here)
    with Hashing(names=names) as there:
        rules = {f"{here.host}/a@{digest}": f"{there.host}/a:v1"}
        result = sync(rules, run.insecure(here, there), [*ONCE, "--verify"])
        assert result.code == 0, result
        assert there.manifests["a", there.tags["a", "v1"]][1] == picture.root.data
        assert [each.path for each in there.seen("PUT", "manifest")] == [f"/v2/a/manifests/{digest}?tag=v1"]
        again = sync(rules, run.insecure(here, there), [*ONCE, "--on-change", "fail"])
        assert again.code == 0 and again.report["skipped"] == 1 and len(there.seen("PUT", "manifest")) == 1


def test_a_registry_that_does_not_tag_by_digest(sync, here):
    _, digest = pinned(here)
    with Hashing(tagging=False) as there:
        result = sync({f"{here.host}/a@{digest}": f"{there.host}/a:v1"}, run.insecure(here, there))
        error = result.report["images"][0]["error"]
        assert result.code == 1 and error["kind"] == "unsupported" and not there.tags
        for word in ("OCI-Tag", "v1 was not written", digest, there.host):
            assert word in error["message"]
        assert len(there.seen("PUT", "manifest")) == 1


def test_a_registry_that_knows_no_sha512(sync, here):
    _, digest = pinned(here)
    with Hashing(knows=False) as there:
        result = sync({f"{here.host}/a@{digest}": f"{there.host}/a:v1"}, run.insecure(here, there))
        error = result.report["images"][0]["error"]
        assert result.code == 1 and "DIGEST_INVALID" in error["message"] and "sha512" in error["message"] and not there.tags
        assert len(there.seen("PUT", "manifest")) == 1


def test_sha512_to_its_digest(sync, here):
    picture, digest = pinned(here)
    with Hashing() as there:
        result = sync({f"{here.host}/a@{digest}": f"{there.host}/a"}, run.insecure(here, there), ONCE)
        assert result.code == 0 and there.manifests["a", digest][1] == picture.root.data, result


def test_a_source_that_calls_its_tags_by_sha512(sync, here, there):
    """The rule names a tag: the destination gets the digest that every registry knows, and is in sync afterwards."""
    picture, digest = pinned(here)
    here.tags["a", "v1"] = digest
    rules = {f"{here.host}/a:v1": f"{there.host}/a"}
    result = sync(rules, run.insecure(here, there), ONCE)
    assert result.code == 0 and there.tags == {("a", "v1"): picture.digest}, result
    again = sync(rules, run.insecure(here, there), ONCE)
    assert again.code == 0 and again.report["skipped"] == 1
