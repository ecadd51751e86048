"""Docker Hub's quota: manifests that are read count, and each answer says how many more may be."""

import threading

import pytest

from lib import images, run
from lib.scripted import Scripted

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
