"""prune at real registries of each make: Debian's docker-registry, distribution 3, zot and olareg."""

import os

import pytest

from lib import companions, images, makes, proxy, run
from lib.companions import NOTATION, SPDX, cosign_tag, fallback_tag

STATE = ("--state", "./state.json")
ONCE = ("--retries", "0")
REPO = "team/app"
BY_DIGEST = ("2.8",)        # these remove no tag by its name
API = ("zot", "olareg")     # these have the referrers API


@pytest.fixture(params=makes.ALL)
def make(request):
    here, why = makes.find(request.param)
    if not here:
        pytest.skip(why)
    return request.param


@pytest.fixture
def start(make):
    """start(...) starts a registry of that make; all stop with the test."""
    started = []

    def one(keeps=False, **more):
        started.append(makes.registry(make, keeps=keeps, **more).start())
        return started[-1]

    yield one
    for each in started:
        each.stop()


class Mirror:
    """Images v1 to v4 at a source; another and v1 are the same image, and so are stays and v2."""

    def __init__(self, runner, here, there, path=None, auth=None):
        self.runner, self.here, self.there, self.path = runner, here, there, path or there
        self.client = images.Client(there)
        self.auth = auth or run.insecure(here, self.path)
        self.pictures = {tag: here.push(images.multi(f"real/{tag}", platforms=2), "app", tag) for tag in ("v1", "v2", "v3", "v4")}
        here.push(self.pictures["v1"], "app", "another")
        here.push(self.pictures["v2"], "app", "stays")

    def rules(self, *tags):
        return {f"{self.here.host}/app": {"to": f"{self.path.host}/{REPO}", "tags": list(tags), "prune": True}}

    def run(self, *tags, flags=("--prune",)):
        return self.runner.sync(self.rules(*tags), self.auth, [*STATE, *ONCE, *flags])

    def first(self):
        result = self.run("v1", "v2", "v3", "v4", "another", "stays")
        assert result.code == 0 and result.report["copied"] == 6, result.stderr

    def attach(self, tag, api):
        """A referrer, one of that one, and a signature under a tag of cosign; without the API the lists under fallback tags as well."""
        root = self.pictures[tag].root
        one = self.client.push(companions.referrer(root, SPDX), REPO)
        two = self.client.push(companions.referrer(one.root, NOTATION), REPO)
        self.client.push(companions.cosign_image(tag), REPO, cosign_tag(root.digest))
        if not api:
            for subject, each in ((root, one), (one.root, two)):
                self.client.push(companions.listing(companions.described(each)), REPO, fallback_tag(subject.digest))
        return [one.digest, two.digest]

    def names(self):
        return self.client.tags(REPO)

    def whole(self, *tags):
        return all(self.client.closure(REPO, tag) == images.expected(self.pictures[tag]) for tag in tags)


def pruned(result, status="removed"):
    return sorted(each["destination"].rsplit(":", 1)[1] for each in result.report["pruned"]["tags"] if each["status"] == status)


def test_tags_and_what_belongs_to_them(runner, here, start, make):
    """Two tags of one image go with its referrers; one of two tags of another image goes alone, or stays where it cannot."""
    there = Mirror(runner, here, start())
    there.first()
    gone, kept = there.attach("v1", make in API), there.attach("v2", make in API) + there.attach("v4", make in API)
    result = there.run("stays", "v3", "v4")
    assert result.code == 0, result.stderr
    assert pruned(result) == (["another", "v1"] if make in BY_DIGEST else ["another", "v1", "v2"])
    assert pruned(result, "left") == (["v2"] if make in BY_DIGEST else [])
    names = there.names()
    assert {"stays", "v3", "v4", cosign_tag(there.pictures["v2"].digest), cosign_tag(there.pictures["v4"].digest)} <= set(names)
    assert not [name for name in names if name in ("v1", "another") or there.pictures["v1"].digest[7:] in name or gone[0][7:] in name]
    assert [there.client.head(REPO, digest) for digest in gone] == [None, None]
    assert [there.client.head(REPO, digest) for digest in kept] == kept
    assert there.whole("v3", "v4") and there.client.closure(REPO, "stays") == images.expected(there.pictures["v2"])
    again = there.run("stays", "v3", "v4")
    assert again.code == 0 and pruned(again) == [] and there.names() == names


def test_parts_of_an_index(runner, here, start, make):
    """A tag of an image that an index has which stays: the index is as whole as before. Then the index goes, and then the image."""
    there = Mirror(runner, here, start())
    part = images.image("real/part")
    here.push(part, "app", "part")
    here.push(images.index([part, images.image("real/other")]), "app", "whole")
    assert there.run("part", "whole", "v1").code == 0
    before = there.client.closure(REPO, "whole")
    result = there.run("whole", "v1")
    assert result.code == 0 and pruned(result, "left") == (["part"] if make in BY_DIGEST else []), result.stderr
    assert there.client.closure(REPO, "whole") == before
    result = there.run("v1")
    assert result.code == 0 and there.names() == ["v1"], result.stderr
    assert there.whole("v1")


def test_an_interrupted_run_goes_on(runner, here, start, make, proxies):
    """Killed at each removal in turn; the next run ends as an undisturbed one."""
    number = 0
    while True:
        server = start()
        front = proxies(server, name=f"{make} {number}")
        there = Mirror(runner, here, server, path=front)
        if os.path.exists(os.path.join(runner.home, "state.json")):
            os.unlink(os.path.join(runner.home, "state.json"))
        there.first()
        gone, kept = there.attach("v1", make in API), there.attach("v4", make in API)
        running = []
        front.rule("DELETE", "/manifests/", proxy.Before(lambda _, running=running: running[0].kill()), skip=number, times=1)
        running.append(runner.start(runner.arguments(there.rules("stays", "v4"), there.auth, [*STATE, *ONCE, "--prune"])))
        running[0].communicate(timeout=60)
        killed = running[0].returncode == -9
        assert {"stays", "v4"} <= set(there.names()) and there.whole("v4")
        result = there.run("stays", "v4")
        assert result.code == 0, result.stderr
        assert set(there.names()) - {"v2"} == {"stays", "v4", cosign_tag(there.pictures["v4"].digest),
                                               *([] if make in API else [fallback_tag(there.pictures["v4"].digest), fallback_tag(kept[0])])}
        assert [there.client.head(REPO, digest) for digest in [*gone, *kept]] == [None, None, *kept], number
        if not killed:
            break
        number += 1
    assert number >= 5


def test_a_registry_that_removes_nothing(runner, here, start, make):
    """405, or 403 of a login without that right: nothing goes, and the run says why."""
    more, login, authorize = {}, {}, None
    if make == "zot":
        word = runner.secret("a-password-that-may-not-delete")
        more, login, authorize = {"users": {"robot": word}}, {"username": "robot", "password": word}, lambda _: f"Basic {runner.secrets[-1]}"
    server = start(keeps=True, **more)
    there = Mirror(runner, here, server, auth={**run.insecure(here), **run.insecure(server, **login)})
    there.client = images.Client(server, authorize)
    there.first()
    names = there.names()
    result = there.run("v4")
    assert result.code == 1 and there.names() == names and pruned(result) == [], result.stderr
    assert ("403" if make == "zot" else "REGISTRY_STORAGE_DELETE_ENABLED=true") in result.stderr, result.stderr


@pytest.mark.parametrize("make", ("zot",), indirect=True)
def test_zot_keeps_a_part_of_an_index(runner, here, start):
    """Also of one without a tag, which nobody can see: the referrer in it stays, everything else goes."""
    there = Mirror(runner, here, start())
    there.first()
    gone = there.attach("v1", True)
    kept = there.client.push(companions.referrer(there.pictures["v1"].root, NOTATION), REPO)
    whole = there.client.push(images.index([kept]), REPO)
    result = there.run("v2", "v3", "v4", "stays")
    assert result.code == 0 and pruned(result) == ["another", "v1"], result.stderr
    assert "keeps 1 referrer of images whose tags are gone" in result.stderr
    assert [there.client.head(REPO, each) for each in (*gone, kept.digest, whole.digest)] == [None, None, kept.digest, whole.digest]
