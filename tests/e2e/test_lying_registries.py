"""Registries that lie about what they hold."""

import collections

import pytest

from lib import images, run
from lib.scripted import Scripted

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
