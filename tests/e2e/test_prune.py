"""prune: tags that a rule does not copy any more go, with what belongs to them, and nothing else ever does."""

import contextlib
import itertools
import json
import os
import time

import pytest

from lib import companions, forward, images, run
from lib.cloud import ECR
from lib.companions import NOTATION, SPDX, cosign_tag, fallback_tag
from lib.removing import DockerHub, GitHub, Google, Harbor, Quay, Removing

DAY = 24 * 60 * 60
STATE = ("--state", "./state.json")
ONCE = ("--retries", "0")


@pytest.fixture
def removing():
    """removing(...) starts a registry in memory from which something can be removed; all stop with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda make=Removing, **more: stack.enter_context(make(**more))


class Mirror:
    """A source with images v1 to v5 and a destination. run() copies the newest few; the rest was copied by a run before."""

    def __init__(self, runner, source, target, repo="app", kind=images.image):
        self.runner, self.source, self.target, self.repo = runner, source, target, repo
        self.auth = run.insecure(source, target)
        self.pictures = {f"v{n}": source.push(kind(f"{repo}/{n}"), repo, f"v{n}") for n in range(1, 6)}

    def rules(self, tags, prune=True, **more):
        return {f"{self.source.host}/{self.repo}": {"to": f"{self.target.host}/{self.repo}", "tags": list(tags), "prune": prune, **more}}

    def run(self, tags, *flags, prune=True, keep=True, rules=None, **more):
        return self.runner.sync(rules or self.rules(tags, prune, **more), self.auth, [*(STATE if keep else ()), *ONCE, *flags])

    def first(self, *flags, **more):
        """All five are at the destination, and in the state."""
        result = self.run(self.pictures, *flags, **more)
        assert result.code == 0 and result.report["copied"] == 5, result.stderr

    def aged(self, days, *tags):
        """Runs met these tags so many days ago for the last time."""
        path = os.path.join(self.runner.home, "state.json")
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        for name, each in document["written"].items():
            if name.rsplit(":", 1)[1] in tags:
                each.update(when=int(time.time() - days * DAY), met=int(time.time() - days * DAY))
        self.runner.write("state.json", json.dumps(document))

    def names(self):
        return self.target.names(self.repo)


@pytest.fixture
def mirror(runner, scripted, removing):
    def make(kind=images.image, **more):
        return Mirror(runner, scripted(), removing(**more), kind=kind)
    return make


def removed(result, status="removed"):
    return sorted(each["destination"].rsplit(":", 1)[1] for each in result.report["pruned"]["tags"] if each["status"] == status)


# -- what goes ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("by_name", (True, False))
def test_tags_that_are_not_copied_any_more_go(mirror, by_name):
    """By their names where the registry can, else by digest; what is selected stays with all of its image."""
    there = mirror(tags=by_name)
    there.first()
    result = there.run(("v4", "v5"), "--prune")
    assert result.code == 0 and removed(result) == ["v1", "v2", "v3"] and there.names() == ["v4", "v5"], result.stderr
    assert "prune: 3 tags removed" in result.stderr
    assert all((there.repo, there.pictures[tag].digest) in there.target.manifests for tag in ("v4", "v5"))
    again = there.run(("v4", "v5"), "--prune")
    assert again.code == 0 and removed(again) == [] and again.report["requests"]["destination"] == 2


def test_without_the_option_nothing_goes(mirror):
    there = mirror()
    there.first()
    result = there.run(("v5",))
    assert result.code == 0 and "pruned" not in result.report and len(there.names()) == 5
    assert there.run(("v5",), "--prune", prune=False).code == 0 and len(there.names()) == 5


def test_a_dry_run_lists_them(mirror):
    there = mirror()
    there.first()
    result = there.run(("v5",), "--prune", "--dry-run")
    assert result.code == 0 and removed(result, "would-remove") == ["v1", "v2", "v3", "v4"] and len(there.names()) == 5
    assert not there.target.removals() and "would remove" in result.stderr and "4 tags would be removed" in result.stderr
    assert removed(there.run(("v5",), "--prune")) == ["v1", "v2", "v3", "v4"]


def test_only_what_the_state_knows(mirror):
    """Tags of others stay, also one of ours that somebody has moved, and with foreign: true they go."""
    there = mirror()
    there.first()
    there.target.push(images.image("theirs"), there.repo, "theirs", "v2")
    result = there.run(("v5",), "--prune")
    assert result.code == 0 and there.names() == ["theirs", "v2", "v5"]
    assert removed(result, "left") == ["v2"] and "it holds another image than the one that was written" in result.stderr
    result = there.run(("v5",), "--prune", prune={"foreign": True}, keep=False)
    assert result.code == 0 and there.names() == ["v5"] and removed(result) == ["theirs", "v2"]


def test_what_another_source_wrote_stays(mirror):
    """Two files with one state and one destination: neither removes what the other copied."""
    there = mirror()
    there.first()
    other = there.source.push(images.image("other"), "other", "w1")
    rules = {f"{there.source.host}/other": {"to": f"{there.target.host}/{there.repo}", "tags": ["w1"], "prune": True}}
    result = there.run((), "--prune", rules=rules)
    assert result.code == 0 and len(there.names()) == 6 and removed(result) == []
    assert there.target.tags[there.repo, "w1"] == other.digest


def test_another_rule_keeps_its_tags(mirror):
    """Also one without prune."""
    there = mirror()
    there.first()
    source, to = f"{there.source.host}/{there.repo}", f"{there.target.host}/{there.repo}"
    rules = {source: [{"to": to, "tags": ["v5"], "prune": True}, {"to": to, "tags": ["v1"]}]}
    assert there.run((), "--prune", rules=rules).code == 0 and there.names() == ["v1", "v5"]


def test_keep_and_older_than(mirror):
    there = mirror()
    there.first()
    for tag, days in (("v1", 100), ("v2", 95), ("v3", 20), ("v4", 10)):
        there.aged(days, tag)
    assert removed(there.run(("v5",), "--prune", "--dry-run", prune={"older-than": "90d"}), "would-remove") == ["v1", "v2"]
    assert removed(there.run(("v5",), "--prune", "--dry-run", prune={"older-than": "90d", "keep": 1}), "would-remove") == ["v1"]
    assert removed(there.run(("v5",), "--prune", prune={"keep": 3})) == ["v1"] and there.names() == ["v2", "v3", "v4", "v5"]


# -- what belongs to them -----------------------------------------------------------------------------------------------------

def attach(there, tag, seed, api=True):
    """Referrers, one of them signed itself, and cosign's tags of the image, at the destination."""
    root = there.pictures[tag].root
    made = [companions.referrer(root, SPDX, images.noise(seed, 50))]
    made.append(companions.referrer(made[0].root, NOTATION, images.noise(seed, 60)))
    for each in made:
        there.target.push(each, there.repo)
    there.target.push(companions.cosign_image(seed), there.repo, cosign_tag(root.digest))
    if not api:
        there.target.push(companions.listing(companions.described(made[0])), there.repo, fallback_tag(root.digest))
    return [each.digest for each in made]


@pytest.mark.parametrize("by_name, api", itertools.product((True, False), (True, False)))
def test_what_belongs_to_an_image_goes_with_it(mirror, by_name, api):
    there = mirror(tags=by_name, api=api)
    there.first()
    gone = attach(there, "v1", "one", api)
    kept = attach(there, "v5", "five", api)
    result = there.run(("v2", "v3", "v4", "v5"), "--prune")
    assert result.code == 0, result.stderr
    assert not [tag for tag in there.names() if there.pictures["v1"].digest[7:] in tag]
    assert (there.repo, gone[0]) not in there.target.manifests
    assert not api or (there.repo, gone[1]) not in there.target.manifests
    assert all((there.repo, digest) in there.target.manifests for digest in kept)
    assert cosign_tag(there.pictures["v5"].digest) in there.names()


@pytest.mark.parametrize("by_name", (True, False))
def test_what_other_tags_need_stays(mirror, by_name):
    """v1 is also under a tag of somebody else's; v2 is a part of an index that stays."""
    there = mirror(tags=by_name)
    there.first()
    referrers = attach(there, "v1", "one") + attach(there, "v2", "two")
    there.target.push(there.pictures["v1"], there.repo, "stable")
    whole = there.target.push(images.index([there.pictures["v2"], there.pictures["v3"]]), there.repo, "whole")
    result = there.run(("v4", "v5"), "--prune")
    assert result.code == 0, result.stderr
    names = there.names()
    assert {"stable", "whole", "v4", "v5", cosign_tag(there.pictures["v1"].digest), cosign_tag(there.pictures["v2"].digest)} <= set(names)
    assert all((there.repo, digest) in there.target.manifests for digest in (*referrers, whole.digest))
    assert all((there.repo, there.pictures[tag].digest) in there.target.manifests for tag in there.pictures)
    if by_name:
        assert removed(result) == ["v1", "v2", "v3"]
    else:
        assert removed(result, "left") == ["v1", "v2", "v3"] and "other tags have the same image" in result.stderr


def test_a_tag_that_is_immutable_keeps_its_signature(mirror):
    there = mirror()
    there.first()
    referrers = attach(there, "v1", "one")
    there.target.immutable = {"v1"}
    result = there.run(("v5",), "--prune")
    assert result.code == 0 and removed(result, "left") == ["v1"] and removed(result) == ["v2", "v3", "v4"]
    assert cosign_tag(there.pictures["v1"].digest) in there.names() and "immutable" in result.stderr
    assert all((there.repo, digest) in there.target.manifests for digest in referrers)


@pytest.mark.parametrize("by_name", (True, False))
@pytest.mark.parametrize("immutable", (True, False))
def test_an_index_and_a_part_of_it_both_go(runner, scripted, removing, by_name, immutable):
    """The index first; if it cannot be removed, neither is what it needs."""
    here, there = scripted(), removing(tags=by_name)
    parts = [images.image(f"part/{n}") for n in range(2)]
    whole = images.index(parts)
    for tag, picture in (("a", parts[0]), ("b", whole), ("c", images.image("part/other"))):
        here.push(picture, "app", tag)

    def copy(*tags):
        rules = {f"{here.host}/app": {"to": f"{there.host}/app", "tags": list(tags), "prune": True}}
        return runner.sync(rules, run.insecure(here, there), [*STATE, *ONCE, "--prune"])
    assert copy("a", "b", "c").code == 0
    there.immutable = {"b", whole.digest} if immutable else set()
    result = copy("c")
    assert result.code == 0 and there.names("app") == (["a", "b", "c"] if immutable else ["c"]), result.stderr
    if immutable:
        assert all(("app", each.digest) in there.manifests for each in whole.manifests)


# -- guards -------------------------------------------------------------------------------------------------------------------

def untouched(there, result, *words):
    assert not there.target.removals(), there.target.removals()
    assert all(word in result.stderr for word in words), result.stderr


def test_too_many_at_once(mirror):
    there = mirror()
    there.first()
    result = there.run(("v5",), "--prune", prune={"max": 2})
    untouched(there, result, "4 of 5 tags would go, but a run may remove 2", "max: 4")
    assert result.code == 1 and result.report["pruned"]["failed"] == 1 and result.report["result"] != "success"
    untouched(there, there.run(("v5",), "--prune", prune={"max": "50%"}), "a run may remove 2")
    assert there.run(("v5",), "--prune", prune={"max": "80%"}).code == 0 and there.names() == ["v5"]


def test_a_selection_that_finds_nothing(mirror):
    there = mirror()
    there.first()
    untouched(there, there.run(("/^w/",), "--prune"), "its rules select no tag at all")


@pytest.mark.parametrize("path", ("/tags/list", "/manifests/v5"))
def test_never_when_something_failed(mirror, path):
    """The list of the source, one of its images."""
    there = mirror()
    there.first()
    there.source.hook = lambda request: (500, {"Retry-After": "999"}, b"") if request.path.split("?")[0].endswith(path) else None
    result = there.run(("v4", "v5", "/^w/"), "--prune")
    untouched(there, result, "nothing is removed, since")
    assert result.code == 1 and result.report["pruned"]["left"] == 1


def test_a_failure_elsewhere_is_no_obstacle(mirror):
    """An image for another destination; but a list that is not known is one, whatever it is for."""
    there = mirror()
    there.first()
    elsewhere = {f"{there.source.host}/none:v1": f"{there.target.host}/none"}
    result = there.run((), "--prune", rules={**there.rules(("v5",)), **elsewhere})
    assert result.code == 1 and there.names() == ["v5"]
    elsewhere = {f"{there.source.host}/none": f"{there.target.host}/none"}
    there.source.hook = lambda request: (500, {"Retry-After": "999"}, b"") if "/none/tags/list" in request.path else None
    result = there.run((), "--prune", rules={**there.rules(("v5",), {"foreign": True}), **elsewhere})
    assert result.code == 1 and "not all images are known" in result.stderr


def test_a_registry_that_removes_nothing(mirror):
    there = mirror(nothing=True)
    there.first()
    result = there.run(("v5",), "--prune")
    assert result.code == 1 and len(there.names()) == 5 and "REGISTRY_STORAGE_DELETE_ENABLED=true" in result.stderr


@pytest.mark.parametrize("more, flags, words", (
    ({}, (), ("--state WHERE", "foreign: true", ":5:12: ")),
    ({}, (*STATE, "--shard", "0/2"), ("--prune cannot be used with --shard",)),
    ({"on-change": "retag"}, STATE, ("on-change: retag",)),
))
def test_mistakes(mirror, more, flags, words):
    there = mirror()
    result = there.run(("v5",), "--prune", *flags, keep=False, **more)
    assert result.code == 2 and all(word in result.stderr for word in words), result.stderr
    assert not there.target.seen()


def test_no_rule_with_prune(mirror):
    there = mirror()
    result = there.run(("v5",), "--prune", rules={f"{there.source.host}/{there.repo}:v5": f"{there.target.host}/{there.repo}"})
    assert result.code == 0 and "--prune removes nothing" in result.stderr


# -- faults -------------------------------------------------------------------------------------------------------------------

def stage(there):
    """What has to stay, whatever happens; everything else may go."""
    there.first()
    there.going = attach(there, "v1", "one")
    kept = attach(there, "v4", "four")
    there.target.push(there.pictures["v3"], there.repo, "stable")
    signature = there.target.tags[there.repo, cosign_tag(there.pictures["v4"].digest)]
    return {"v4", "v5", "stable", cosign_tag(there.pictures["v4"].digest)}, [
        *kept, signature, *(there.pictures[tag].digest for tag in ("v3", "v4", "v5"))]


def check(there, tags, digests):
    assert tags <= set(there.names())
    assert all((there.repo, digest) in there.target.manifests for digest in digests)


def phase(there):
    """The requests of a run that prunes, from the list of tags on."""
    seen = there.target.seen()
    start = max(i for i, each in enumerate(seen) if each.kind == "tags")
    return len(seen) - start


@pytest.mark.parametrize("by_name", (True, False))
@pytest.mark.parametrize("fault", ("refused", "missing", "denied", "lost", "killed"))
def test_each_request_in_turn(runner, scripted, removing, by_name, fault):
    """Each request of the phase fails, or the process is killed at it; what should stay stays, and the next run goes on."""
    clean = Mirror(runner, scripted(), removing(tags=by_name), "clean")
    tags, digests = stage(clean)
    assert clean.run(("v4", "v5"), "--prune").code == 0
    check(clean, tags, digests)
    for number in range(phase(clean)):
        there = Mirror(runner, scripted(), removing(tags=by_name), f"app{number}")
        tags, digests = stage(there)
        counting, armed = itertools.count(), []

        def hurt(request, there=there, number=number, counting=counting, armed=armed):
            armed.extend([1] if request.kind == "tags" else [])
            if not armed or next(counting) != number:
                return None
            if fault == "killed":
                there.process.kill()
                time.sleep(0.05)
                return 500, {}, b""
            if fault == "lost":
                there.target.hook = None
                there.target.answer(request.method, request.path, request.headers, b"")
            return {"refused": 500, "missing": 404, "denied": 403, "lost": 500}[fault], {"Retry-After": "999"}, b""

        there.target.hook = hurt
        if fault == "killed":
            there.process = runner.start(runner.arguments(there.rules(("v4", "v5")), there.auth, [*STATE, *ONCE, "--prune"]))
            there.process.communicate(timeout=60)
        else:
            there.run(("v4", "v5"), "--prune")
        check(there, tags, digests)
        there.target.hook = None
        there.run(("v4", "v5"), "--prune")
        check(there, tags, digests)
        assert not {"v1", "v2"} & set(there.names()), (number, there.target.log())
        left = [digest for digest in there.going if (there.repo, digest) in there.target.manifests]
        assert not left or fault == "missing", (number, there.target.log())      # what a registry denies to have is believed to be gone


# -- a folder -----------------------------------------------------------------------------------------------------------------

def test_a_folder(runner, here, tmp_path):
    """The entries of index.json go, the blobs stay."""
    pictures = {tag: here.push(images.image(f"folder/{tag}"), "app", tag) for tag in ("v1", "v2")}

    def copy(*tags):
        rules = {f"{here.host}/app": {"to": f"oci:{runner.home}/out/app", "tags": list(tags), "prune": True}}
        return runner.sync(rules, run.insecure(here), [*STATE, *ONCE, "--prune"])
    assert copy("v1", "v2").code == 0
    result = copy("v2")
    assert result.code == 0 and removed(result) == ["v1"], result.stderr
    with open(os.path.join(runner.home, "out/app/index.json"), encoding="utf-8") as file:
        entries = json.load(file)["manifests"]
    assert [each["digest"] for each in entries] == [pictures["v2"].digest]
    assert os.path.exists(os.path.join(runner.home, "out/app/blobs/sha256", pictures["v1"].digest[7:]))


# -- registries with ways of their own -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("make", (Quay, Google))
def test_by_their_names(mirror, make):
    """Also one of two tags that have the same image. What belongs to an image goes by its digest, once nothing else has it."""
    there = mirror(make=make)
    there.first()
    gone = attach(there, "v1", "one")
    there.target.push(there.pictures["v2"], there.repo, "stable")
    result = there.run(("v4", "v5"), "--prune")
    assert result.code == 0 and removed(result) == ["v1", "v2", "v3"] and there.names() == ["stable", "v4", "v5"], result.stderr
    if make is Google:
        assert not {(there.repo, digest) for digest in gone} & set(there.target.manifests), there.target.log()
        assert there.target.removals().index(gone[1]) < len(there.target.removals()) - 1      # the first one has to wait for it
    assert "the registry keeps" not in result.stderr


def test_google_keeps_what_a_list_of_referrers_has(mirror):
    """The list under the fallback tag outlives its tag there; the run says what stays, and the next one has nothing to do."""
    there = mirror(make=Google, api=False)
    there.first()
    kept = attach(there, "v1", "one", api=False)
    result = there.run(("v2", "v3", "v4", "v5"), "--prune")
    assert result.code == 0 and removed(result) == ["v1"] and there.names() == ["v2", "v3", "v4", "v5"], result.stderr
    assert "keeps 1 referrer of images whose tags are gone" in result.stderr and (there.repo, kept[0]) in there.target.manifests
    before = there.target.removals()
    assert there.run(("v2", "v3", "v4", "v5"), "--prune").code == 0 and there.target.removals() == before


def test_quay_has_immutable_tags(mirror):
    there = mirror(make=Quay)
    there.first()
    there.target.immutable = {"v1"}
    result = there.run(("v5",), "--prune")
    assert result.code == 0 and removed(result, "left") == ["v1"] and there.names() == ["v1", "v5"], result.stderr


def test_harbor(mirror):
    """By digest; it keeps what is immutable, and what an index without a tag has. Signatures go with their image."""
    there = mirror(make=Harbor)
    there.first()
    gone = attach(there, "v1", "one")
    kept = attach(there, "v2", "two") + attach(there, "v3", "three")
    there.target.immutable = {"v2"}
    there.target.push(images.index([there.pictures["v3"]]), there.repo)
    result = there.run(("v5",), "--prune")
    assert result.code == 0 and removed(result) == ["v1", "v4"] and removed(result, "left") == ["v2", "v3"], result.stderr
    assert there.names() == sorted(["v2", "v3", "v5", cosign_tag(there.pictures["v2"].digest), cosign_tag(there.pictures["v3"].digest)])
    assert all((there.repo, digest) in there.target.manifests for digest in kept)
    assert (there.repo, gone[0]) not in there.target.manifests and "another image needs it" in result.stderr


@pytest.fixture
def at_amazon(runner, here, amazon):
    """(registry, API, images, copy): v1, v2 and v3 were copied there; copy(tags) copies these, and prunes."""
    registry, api, environment = amazon()
    companions.without_api(registry)
    pictures = {tag: here.push(images.image(f"amazon/{tag}"), "app", tag) for tag in ("v1", "v2", "v3")}

    def copy(*tags):
        rules = {f"{here.host}/app": {"to": f"{ECR}/app", "tags": list(tags), "prune": True}}
        return runner.sync(rules, run.insecure(here, ECR), [*STATE, *ONCE, "--prune"], env=environment)
    assert copy("v1", "v2", "v3").code == 0, runner.last
    return registry, api, pictures, copy


def test_amazon(at_amazon):
    """By its API; a tag whose image has another one goes alone. Without the permission nothing goes, and the run says which it is."""
    registry, api, pictures, copy = at_amazon
    registry.push(pictures["v1"], "app", "stable")
    result = copy("v3")
    assert result.code == 0 and removed(result) == ["v1", "v2"], result.stderr
    assert sorted(tag for _, tag in registry.tags) == ["stable", "v3"]
    assert ("app", pictures["v1"].digest) in registry.manifests and not api.wrong
    api.forbidden = ("BatchDeleteImage",)
    assert copy("v3", "v2").code == 0
    result = copy("v3")
    assert result.code == 1 and "ecr:BatchDeleteImage" in result.stderr and ("app", "v2") in registry.tags


def test_amazon_keeps_the_last_tag_of_what_an_index_has(at_amazon):
    """That is left, and the others go."""
    registry, _, pictures, copy = at_amazon
    whole = registry.push(images.index([pictures["v1"]]), "app", "whole")
    result = copy("v3")
    assert result.code == 0 and removed(result) == ["v2"] and removed(result, "left") == ["v1"], result.stderr
    assert "another image needs it" in result.stderr and {tag for _, tag in registry.tags} == {"v1", "v3", "whole"}
    assert ("app", pictures["v1"].digest) in registry.manifests and ("app", whole.digest) in registry.manifests


class Public:
    """A destination by its public name: team/app there, with the images v1 to v4."""

    def __init__(self, runner, here, target, names, auth):
        self.runner, self.here, self.target, self.host = runner, here, target, names[0]
        self.auth = {**run.insecure(here), **auth}
        self.way = forward.ForwardProxy({f"{name}:443": target.port for name in names[1:]})
        self.pictures = {f"v{n}": here.push(images.image(f"public/{n}"), "app", f"v{n}") for n in range(1, 5)}

    def run(self, *tags):
        rules = {f"{self.here.host}/app": {"to": f"{self.host}/team/app", "tags": list(tags), "prune": True}}
        return self.runner.sync(rules, self.auth, [*STATE, *ONCE, "--prune"], env=self.way.environment())

    def first(self):
        assert self.run(*self.pictures).code == 0, self.runner.last

    def names(self):
        return self.target.names("team/app")


LOGIN = "someone", "a-word-for-the-api"


def entry(*words):
    return {"insecure": True, **dict(zip(("username", "password"), words))}


@pytest.fixture
def hub(runner, here, removing, certs):
    with contextlib.ExitStack() as stack:
        def make(words=LOGIN, **more):
            target = removing(DockerHub, login=LOGIN, context=certs.server_context(), **more)
            public = Public(runner, here, target, ("docker.io", "registry-1.docker.io", "hub.docker.com"), {"docker.io": entry(*words)})
            stack.callback(public.way.stop)
            public.first()
            return public
        yield make


def test_docker_hub(hub):
    """By its API, tag by tag, with one token as long as that lasts. Referrers stay there, as the run says."""
    public = hub(lasts=2)
    root = public.pictures["v1"].root
    kept = public.target.push(companions.referrer(root, SPDX), "team/app")
    public.target.push(companions.cosign_image("sig"), "team/app", cosign_tag(root.digest))
    public.target.push(public.pictures["v2"], "team/app", "stable")
    result = public.run("v4")
    assert result.code == 0 and removed(result) == ["v1", "v2", "v3"] and public.names() == ["stable", "v4"], result.stderr
    assert len(public.target.given) == 2 and not public.target.removals()
    assert "keeps 1 referrer of images whose tags are gone" in result.stderr and ("team/app", kept.digest) in public.target.manifests
    assert LOGIN[1] not in result.stderr and "token-of-the-hub" not in result.stderr + json.dumps(result.report)


@pytest.mark.parametrize("words, forbidden, said", (
    ((), False, "the auth file has none for docker.io"),
    (("someone", "another-word"), False, "Incorrect authentication credentials"),
    (LOGIN, True, "hub.docker.com needs an access token that may delete"),
))
def test_docker_hub_refuses(hub, words, forbidden, said):
    public = hub(words)
    public.target.forbidden = forbidden
    result = public.run("v4")
    assert result.code == 1 and said in result.stderr and len(public.names()) == 4, result.stderr


@pytest.fixture
def github(runner, here, removing, certs):
    with contextlib.ExitStack() as stack:
        def make(words=LOGIN, **more):
            target = removing(GitHub, login=LOGIN, context=certs.server_context(), **more)
            auth = {"ghcr.io": entry(), **({"api.github.com": entry(*words)} if words else {})}
            public = Public(runner, here, target, ("ghcr.io", "ghcr.io", "api.github.com"), auth)
            stack.callback(public.way.stop)
            public.first()
            return public
        yield make


@pytest.mark.parametrize("kind", ("orgs", "users"))
def test_github(github, kind):
    """By its API, version by version; one with a tag that stays is left. The list of versions is read once."""
    public = github(kind=kind)
    root = public.pictures["v1"].root
    gone = public.target.push(companions.referrer(root, SPDX), "team/app")
    public.target.push(companions.cosign_image("sig"), "team/app", cosign_tag(root.digest))
    public.target.push(public.pictures["v2"], "team/app", "stable")
    result = public.run("v4")
    assert result.code == 0 and removed(result) == ["v1", "v3"] and removed(result, "left") == ["v2"], result.stderr
    assert public.names() == ["stable", "v2", "v4"] and ("team/app", gone.digest) not in public.target.manifests
    asked = [method for method, path in public.target.asked if f"/{kind}/" in path]
    assert asked == ["GET"] * 3 + ["DELETE"] * 4, public.target.asked
    assert not public.target.removals() and LOGIN[1] not in result.stderr and "is not used" not in result.stderr


@pytest.mark.parametrize("words, forbidden, said", (
    ((), False, "GitHub removes versions of packages by its API, which needs its own login"),
    (("someone", "another-word"), False, "the versions of the package at api.github.com"),
    (LOGIN, True, "api.github.com needs a token with delete:packages"),
))
def test_github_refuses(github, words, forbidden, said):
    public = github(words)
    public.target.forbidden = forbidden
    result = public.run("v4")
    assert result.code == 1 and said in result.stderr and len(public.names()) == 4, result.stderr
