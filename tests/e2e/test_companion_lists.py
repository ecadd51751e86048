"""What one answer about companions must not be taken for: one digest for all, an old list for the present, "may not" for "none"."""

import json

import pytest

from lib import companions, images, run
from lib.companions import SPDX, fallback_tag
from lib.scripted import Scripted

ALL = ["--referrers", "all", "--retries", "0"]


@pytest.fixture
def two():
    with companions.Referring() as here, companions.Referring() as there:
        yield here, there


def test_a_404_for_one_digest_is_about_that_one(two, sync):
    here, there = two
    one, other = images.multi("one", platforms=2), images.multi("other", platforms=1)
    for tag, picture in (("a", one), ("b", other)):
        here.push(picture, "app", tag)
        here.push(companions.referrer(picture.root, SPDX), "app")
    parts = {each.digest for each in one.manifests if each.digest != one.root.digest}
    here.hook = lambda request: (404, {}, b"{}") if request.kind == "referrers" and any(each in request.path for each in parts) else None
    rules = {f"{here.host}/app:{tag}": f"{there.host}/app:{tag}" for tag in "ab"}
    assert sync(rules, run.insecure(here, there), flags=[*ALL, "--proc", "1"]).code == 0
    assert [len(there.listed("app", each.digest)) for each in (one, other)] == [1, 1]


class Telling(companions.Referring):
    """Lists its tags as Google does, with their digests."""

    def _tags(self, request, query, body):
        tags = sorted(tag for repo, tag in self.tags if repo == request.repo)
        told = {}
        for tag in tags:
            told.setdefault(self.tags[request.repo, tag], {"tag": []})["tag"].append(tag)
        return 200, {"Content-Type": "application/json"}, json.dumps({"name": request.repo, "tags": tags, "manifest": told}).encode()


def test_the_last_look_at_a_tag_is_no_list(sync):
    with Telling() as here:
        ours, others, seen = images.multi("ours", platforms=1), images.multi("others", platforms=1), []
        here.push(ours, "app", "v1")
        here.push(others, "app")

        def another_writer(request):
            if request.kind == "tags":
                seen.append(request)
            elif seen:
                here.tags.setdefault(("app", "stable"), others.digest)
        here.hook = another_writer
        result = sync({f"{here.host}/app:v1": f"{here.host}/app:stable"}, run.insecure(here), flags=[*ALL, "--on-change", "fail"])
        assert seen and (result.code, result.report["images"][0]["reason"]) == (1, "immutable")
        assert here.tags["app", "stable"] == others.digest


def test_a_list_that_may_not_be_read_is_not_replaced(sync):
    with Scripted() as here, companions.without_api(Scripted()) as there:
        companions.without_api(here)
        picture = images.image("one")
        mine, theirs = companions.referrer(picture.root, SPDX), companions.referrer(picture.root, "application/vnd.example.theirs")
        tag = fallback_tag(picture.digest)
        here.push(picture, "app", "v1")
        here.push(mine, "app")
        here.push(companions.listing(companions.described(mine)), "app", tag)
        listed = companions.listing(companions.described(theirs))
        there.push(listed, "app", tag)
        lacking = there.hook
        there.hook = lambda request: ((403, {}, b"") if request.method in ("GET", "HEAD") and request.reference == tag
                                      else lacking and lacking(request))
        assert sync({f"{here.host}/app:v1": f"{there.host}/app:v1"}, run.insecure(here, there), flags=ALL).code == 1
        assert there.tags["app", tag] == listed.digest
