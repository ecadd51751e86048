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
