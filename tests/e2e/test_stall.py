"""Peers that fall silent are given up and asked again; peers that are merely slow are not."""

import urllib.parse

import pytest

from lib import images, proxy

pytestmark = pytest.mark.concurrency
SHORT = ["--retries", "0", "--stall-timeout", "1"]
LONG = 3600          # the proxy ends the wait when the test ends


def layer_of(picture):
    return max(picture.blobs, key=lambda digest: len(picture.blobs[digest]))


@pytest.fixture
def large(from_source, repo):
    return from_source.push(images.image(repo, parts=[images.noise(repo, 300_000)]), repo, "v1")


def test_a_download_that_falls_silent_goes_on(sync, src, dst, both, at_target, repo, large):
    digest = layer_of(large)
    src.rule("GET", f"/blobs/{digest}", proxy.Stall(100_000, LONG))
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=SHORT).code == 0
    assert at_target.closure(repo, "v1") == images.expected(large)
    assert [each.headers.get("range") for each in src.seen("GET", path=digest)] == [None, "bytes=100000-"]


def test_a_trickle_is_given_up_too(sync, src, dst, both, at_target, repo, large):
    """Each byte is progress, but not enough: 20 bytes a second."""
    digest = layer_of(large)
    src.rule("GET", f"/blobs/{digest}", proxy.Drip(300_000 // 2, 0.1))
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=SHORT).code == 0
    assert at_target.closure(repo, "v1") == images.expected(large)
    assert len(src.seen("GET", path=digest)) == 2


@pytest.mark.long
def test_a_slow_download_is_left_alone(sync, src, dst, both, at_target, repo, large):
    """Longer than the limit, but never silent for long, and faster than the slowest that is taken."""
    digest = layer_of(large)
    src.rule("GET", f"/blobs/{digest}", proxy.Drip(40, 0.32))
    flags = ["--retries", "0", "--stall-timeout", "10"]
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=flags).code == 0
    assert at_target.closure(repo, "v1") == images.expected(large)
    assert len(src.seen("GET", path=digest)) == 1


@pytest.mark.long
def test_a_source_that_pauses_is_not_the_targets_fault(sync, src, dst, both, at_target, repo, large):
    digest = layer_of(large)
    src.rule("GET", f"/blobs/{digest}", proxy.Stall(100_000, LONG), times=2)
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=SHORT).code == 0
    assert at_target.closure(repo, "v1") == images.expected(large)
    assert [each.status for each in dst.uploads() if urllib.parse.quote(digest, safe="") in each.path] == [201]


@pytest.mark.long
def test_an_upload_that_nobody_reads_is_begun_anew(sync, src, dst, both, from_source, at_target, repo):
    """More than all buffers on the way hold."""
    picture = from_source.push(images.image(repo, parts=[images.noise(repo, 24 << 20)]), repo, "v1")
    quoted = urllib.parse.quote(layer_of(picture), safe="")
    dst.rule("PUT", quoted, proxy.StallRequest(1 << 20, LONG))
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=SHORT).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert [each.status for each in dst.seen("PUT", path=quoted)] == [None, 201]
