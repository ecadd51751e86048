"""min-age, hold and release: images that are too new wait, by the registry's date or by the state's, and never by their own."""

import datetime
import json
import os
import time

import pytest

from lib import images, listings

DAY = 24 * 60 * 60


@pytest.fixture
def scene(runner, src, dst, both, from_source, at_target, repo):
    """An image at a source, which says nothing of dates, and runs that copy it."""
    class Scene:
        state = os.path.join(runner.home, "state.json")
        rule = {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}
        destination = f"{dst.host}/{repo}:v1"
        digest = from_source.push(images.image(repo), repo, "v1").digest

        def run(self, *flags, rules=None, keep=True):
            return runner.sync(rules or self.rule, both, [*(("--state", "state.json") if keep else ()), *flags])

        def seen(self, days):
            """The state saw all images so many days ago for the first time."""
            with open(self.state, encoding="utf-8") as file:
                document = json.load(file)
            for each in document["seen"].values():
                each["first"] = int(time.time()) - int(days * DAY)
            runner.write("state.json", json.dumps(document))

        def outcome(self, *flags, **more):
            image = self.run(*flags, **more).image(self.destination)
            return image["status"], image["reason"]

        def held(self):
            return at_target.head(repo, "v1")
    return Scene()


TOO_NEW, COPIED, IN_SYNC, HELD = ("skipped", "too-new"), ("copied", "missing"), ("skipped", "in-sync"), ("skipped", "held")


def seconds(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()


# -- by the state -------------------------------------------------------------------------------------------------------------

def test_a_new_image_waits(scene):
    """It is no failure; the report says when it is ready, and the summary what to do if that is too late."""
    before = int(time.time())
    result = scene.run("--min-age", "7d")
    image = result.image(scene.destination)
    assert result.code == 0 and (image["status"], image["reason"]) == TOO_NEW and scene.held() is None
    assert before + 7 * DAY <= seconds(image["ready"]) <= time.time() + 7 * DAY
    assert result.report["too_new"] == 1 and result.report["first_ready"] == image["ready"] and result.report["result"] == "success"
    assert f"1 image is too new, ready at {image['ready']}; the state is new" in result.stderr and "--release TAG" in result.stderr
    assert f"it is too new, ready at {image['ready']}" in result.stderr
    result = scene.run("--min-age", "7d")
    assert result.image(scene.destination)["ready"] == image["ready"] and "the state is new" not in result.stderr


def test_it_is_copied_when_it_is_old_enough(scene):
    scene.run("--min-age", "7d")
    scene.seen(days=6.9)
    assert scene.outcome("--min-age", "7d") == TOO_NEW
    scene.seen(days=7.1)
    assert scene.outcome("--min-age", "7d") == COPIED and scene.held() == scene.digest
    scene.seen(days=0)
    assert scene.outcome("--min-age", "7d") == IN_SYNC


def test_another_image_under_the_tag_waits_again(scene, from_source, at_target, repo):
    """The one before it stays at the destination, which is no failure of on-change either."""
    assert scene.outcome() == COPIED
    scene.seen(days=30)
    from_source.push(images.image(f"{repo}/newer"), repo, "v1")
    assert scene.outcome("--min-age", "7d", "--on-change", "fail") == TOO_NEW and scene.held() == scene.digest
    scene.seen(days=30)
    assert scene.outcome("--min-age", "7d") == ("copied", "differs") and scene.held() != scene.digest


def test_a_digest_is_as_old_as_it_is(scene, from_source, src, dst, repo):
    """Under another tag of the same repository it does not wait again."""
    assert scene.outcome() == COPIED
    scene.seen(days=30)
    from_source.push(images.image(repo), repo, "v2")
    result = scene.run("--min-age", "7d", rules={f"{src.host}/{repo}:v2": f"{dst.host}/{repo}"})
    assert result.report["copied"] == 1


def test_what_the_image_says_does_not_count(scene, from_source, repo):
    """An image that says it was created twenty years ago."""
    from_source.push(images.image(f"{repo}/old", created="2006-01-01T00:00:00Z"), repo, "v1")
    assert scene.outcome("--min-age", "1h") == TOO_NEW


def test_a_dry_run_starts_no_clock(scene):
    """It says what a run would do now."""
    result = scene.run("--min-age", "7d", "--dry-run")
    assert result.image(scene.destination)["reason"] == "too-new" and result.report["too_new"] == 1
    assert not os.path.exists(scene.state)


def test_without_a_state(scene, src, dst):
    """A source without dates: a mistake that says what to add, with the place of the rule."""
    result = scene.run("--min-age", "7d", keep=False)
    assert result.code == 2 and "add --state FILE" in result.stderr and not src.seen() and not dst.seen()
    source, = scene.rule
    rules = {source: {"to": scene.destination, "min-age": "7d"}, f"{source}x": {"to": f"{scene.destination}x", "min-age": "1d"}}
    result = scene.run(rules=rules, keep=False)
    assert result.code == 2 and ":1:1: min-age: " in result.stderr and "as for 1 other rule" in result.stderr


def test_a_rule_and_the_options(scene):
    """A rule's own age counts, also none."""
    source, = scene.rule
    assert scene.outcome("--min-age", "7d", rules={source: {"to": scene.destination, "min-age": "0"}}) == COPIED
    assert scene.outcome("--min-age", "7d") == IN_SYNC


# -- lists --------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("form", ("v1", "/^v[0-9]/", "other,v1", "digest"))
def test_released(scene, form):
    form = scene.digest if form == "digest" else form
    assert scene.outcome("--min-age", "7d", "--release", "v2,/^w/") == TOO_NEW
    assert scene.outcome("--min-age", "7d", "--release", form) == COPIED


@pytest.mark.parametrize("form", ("v1", "/^v[0-9]/", "other,v1", "digest"))
def test_held(scene, form):
    """Whatever its age, and whatever releases it; without a state as well. What is in sync stays so."""
    form = scene.digest if form == "digest" else form
    result = scene.run("--hold", form, "--release", "v1", keep=False)
    image = result.image(scene.destination)
    assert (image["status"], image["reason"]) == HELD and result.code == 0 and result.report["held"] == 1 and scene.held() is None
    assert scene.outcome("--hold", "v2", keep=False) == COPIED
    assert scene.outcome("--hold", form, keep=False) == IN_SYNC


def test_lists_add_up(scene):
    """Those of a rule and those of the options."""
    source, = scene.rule
    assert scene.outcome("--hold", "v1", rules={source: {"to": scene.destination, "hold": ["v8", "v9"]}}) == HELD
    rules = {source: {"to": scene.destination, "min-age": "7d", "release": "v9"}}
    assert scene.outcome(rules=rules) == TOO_NEW
    assert scene.outcome("--release", "v1", rules=rules) == COPIED


@pytest.mark.parametrize("field, text, words", (
    ("hold", "/(/", "hold: "), ("release", "sha256:12", "release: "), ("min-age", "soon", "min-age: soon: expected an age"),
    ("min-age", "7x", "as in 7d"), ("min-age", "1001w", "at most 1000 weeks"), ("hold", "", "hold"),
))
def test_mistakes(scene, src, field, text, words):
    """With their place, and without any request; those of an option once."""
    source, = scene.rule
    result = scene.run(rules={source: {"to": scene.destination, field: text}})
    assert result.code == 2 and words in result.stderr and "yaml:" in result.stderr and not src.seen()
    if text:
        result = scene.run(f"--{field}", text, rules={**scene.rule, f"{source}x": f"{scene.destination}x"})
        assert result.code == 2 and result.stderr.count(f"--{field}") == 1 and not src.seen()


# -- by the registry ----------------------------------------------------------------------------------------------------------

class Dated:
    """A registry whose list of tags has digests and dates, as Google's."""

    def __init__(self, server, repo):
        self.server, self.repo, self.pushed, self.names = server, repo, {}, []
        server.hook = self

    def push(self, picture, tag, days):
        self.server.push(picture, self.repo, tag)
        self.pushed[tag] = picture.digest, time.time() - days * DAY
        return picture.digest

    def __call__(self, request):
        if request.kind != "tags":
            return None
        manifests = {digest: {"tag": [tag], "timeUploadedMs": str(int(when * 1000)), "timeCreatedMs": "5"}
                     for tag, (digest, when) in self.pushed.items()}
        return 200, {"Content-Type": "application/json"}, json.dumps({"tags": list(self.pushed), "manifest": manifests}).encode()


@pytest.fixture
def dated(scripted, repo):
    return Dated(scripted(), repo)


def test_the_date_of_the_registry(runner, dated, dst, both, at_target, repo):
    """Counts before that of the state, whichever is earlier."""
    for number, days in enumerate((1, 3, 8, 30)):
        dated.push(images.image(f"{repo}/{number}"), f"v{number}", days)
    rules, auth = {f"{dated.server.host}/{repo}": f"{dst.host}/{repo}"}, {**both, dated.server.host: {"insecure": True}}
    result = runner.sync(rules, auth, ["--state", "state.json", "--min-age", "7d"])
    assert result.code == 0 and at_target.tags(repo) == ["v2", "v3"] and result.report["too_new"] == 2
    assert abs(seconds(result.report["first_ready"]) - time.time() - 4 * DAY) < 600
    with open(os.path.join(runner.home, "state.json"), encoding="utf-8") as file:
        document = json.load(file)
    for each in document["seen"].values():
        each["first"] -= 100 * DAY
    runner.write("state.json", json.dumps(document))
    assert runner.sync(rules, auth, ["--state", "state.json", "--min-age", "7d"]).report["too_new"] == 2


NOW, KINDS = int(time.time()), {"hub": listings.hub, "quay": listings.quay, "harbor": listings.harbor}


@pytest.fixture
def logins(here, there):
    return {here.host: {"insecure": True}, there.host: {"insecure": True}}


def namespace(here, there, via, **fields):
    return {f"{here.host}/team/*": {"to": f"{there.host}/mirror", "via": via, "min-age": "7d", **fields}}


@pytest.mark.parametrize("via", KINDS)
def test_dates_of_each_kind_of_list(sync, here, there, logins, via):
    """No state is needed, and no clock that begins with the first run. In a further round the dates are the same."""
    for name in ("old", "new", "also"):
        here.push(images.image(name), "team/a", name)
    KINDS[via](here, dates={("team/a", "old"): NOW - 30 * DAY, ("team/a", "new"): NOW - DAY, ("team/a", "also"): NOW - 8 * DAY})
    right, failed = here.hook, []

    def hook(request):
        if request.kind == "blob" and len(failed) < 8:
            failed.append(request)
            return 503, {"Retry-After": "0"}, b""
        return right(request)
    here.hook = hook
    result = sync(namespace(here, there, via), logins)
    assert result.code == 0, result.stderr
    assert sorted(tag for _, tag in there.tags) == ["also", "old"] and result.report["too_new"] == 1
    assert abs(seconds(result.report["first_ready"]) - NOW - 6 * DAY) < 5


def test_the_date_of_another_digest(sync, here, there, logins):
    """A list that lags behind has the date of the image before. That is no date of this one."""
    old = images.image("before")
    here.push(old, "team/a")
    here.push(images.image("now"), "team/a", "v1")
    listings.hub(here, stale={("team/a", "v1"): old.digest}, dates={("team/a", "v1"): NOW - 30 * DAY})
    result = sync(namespace(here, there, "hub"), logins, flags=["-r", "0"])
    assert result.code == 1 and not there.tags and "does not say when" in result.stderr and "add --state FILE" in result.stderr
    result = sync(namespace(here, there, "hub"), logins, flags=["--state", "state.json"])
    assert result.code == 0 and result.report["too_new"] == 1 and not there.tags
