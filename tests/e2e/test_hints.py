"""imgsync's --manifests with a platform filter: what hints save, what they never decide, and the file they are in."""

import json
import os
import re

import pytest

from lib import images, outside, proxy
from lib.companions import cosign_image, cosign_tag

NAME = "image-syncer-hints.json"
FILTER = ("--os", "linux", "--arch", "amd64")


class Scene:
    """An image at `here`, and runs of imgsync that copy it to `there`."""

    def __init__(self, runner, here, there, picture):
        self.runner, self.here, self.there = runner, here, there
        self.folder = os.path.join(runner.home, "deep", "cache")
        self.file = os.path.join(self.folder, NAME)
        self.copy = "mirror/" + here.host.replace(":", "_") + "_a_b"
        self.auth = runner.write("auth.json", {here.host: {"insecure": True}, there.host: {"insecure": True}})
        here.push(picture, "a/b", "1")

    def command(self, *words, hints=True):
        return [outside.program(self.runner), "sync", f"{self.here.host}/a/b:1", "--to", f"{self.there.host}/mirror", "--auth",
                self.auth, *(("--manifests", self.folder) if hints else ()), *words]

    def run(self, *words, hints=True):
        """(the result, the requests of this run as "GET manifest" and so on, sorted: those here, those there)"""
        before = len(self.here.seen()), len(self.there.seen())
        result = self.runner.run(self.command(*words, hints=hints))
        seen = [sorted(f"{each.method} {each.kind}" for each in server.seen()[count:] if each.kind != "ping")
                for server, count in zip((self.here, self.there), before)]
        return result, *seen

    def good(self, *words, hints=True):
        result, *seen = self.run(*words, hints=hints)
        assert result.code == 0, result.stderr
        return seen

    def held(self):
        return self.there.tags.get((self.copy, "1"))

    def read(self, name=NAME):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def hints(self):
        return json.loads(self.read())["hints"]


@pytest.fixture
def scene(runner, here, there, repo):
    """A multi-arch image at a registry without signatures."""
    here.hook = there.hook = outside.no_referrers
    return Scene(runner, here, there, images.multi(repo))


HEAD, GET = ["HEAD manifest"], ["GET manifest"]


# -- what they save -----------------------------------------------------------------------------------------------------------

def test_the_index_is_not_read_again(scene):
    """One HEAD at each side is all; without hints the index there is read to recognise it. What the source has beside it is asked."""
    scene.good(*FILTER)
    beside, with_hints = scene.good(*FILTER)
    again, without = scene.good(*FILTER, hints=False)
    assert beside == again and beside.count("HEAD manifest") == 1
    assert with_hints == HEAD and without == GET + HEAD
    assert scene.good(*FILTER, "--referrers", "none") == [HEAD, HEAD]


@pytest.mark.parametrize("kind", ("index", "image"))
@pytest.mark.parametrize("words, reads", (((), 1), (FILTER, 2)), ids=("whole", "filtered"))
def test_parts_are_not_read_again(scene, repo, kind, words, reads):
    """Where a source has signatures, each part may have one: which parts there are is known, and each is asked for all the same."""
    picture = scene.here.push(images.multi(repo) if kind == "index" else images.image(repo), "a/b", "1")
    scene.here.push(cosign_image(repo), "a/b", cosign_tag(picture.manifests[0].digest))
    scene.good(*words)
    beside, with_hints = scene.good(*words)
    again, without = scene.good(*words, hints=False)
    assert beside == again
    assert (with_hints.count("GET manifest"), without.count("GET manifest")) == (0, reads)
    assert [each for each in without if each != "GET manifest"] == with_hints


def test_an_image_that_does_not_pass(scene, repo):
    """What is left out is found out once: without hints the source's manifest and configuration are read each time."""
    words = ("--os", "linux", "--arch", "mips64le", "--referrers", "none")
    single = images.image(f"{repo}/single")
    for picture, reads in ((single, ["GET blob", "GET manifest"]), (images.multi(repo), GET)):
        scene.here.push(picture, "a/b", "1")
        assert [scene.run(*words, hints=hints)[1:] for hints in (True, True, False)] == [
            (reads + HEAD, HEAD), (HEAD, HEAD), (reads + HEAD, HEAD)]
    assert scene.held() is None
    result, *_ = scene.run(*words)
    assert result.code == 1 and "no image of this run is for arch=mips64le" in result.stderr


def test_a_single_image_that_passes(scene, repo):
    """Its digest is the same on both sides, and yet only the filter says whether it belongs there."""
    picture = scene.here.push(images.image(f"{repo}/single"), "a/b", "1")
    scene.good(*FILTER)
    assert scene.held() == picture.digest
    assert scene.good(*FILTER)[1] == HEAD and scene.good(*FILTER, hints=False)[1] == GET + HEAD


def test_without_a_filter_equal_digests_say_it_all(scene):
    scene.good()
    assert scene.good() == scene.good(hints=False) and scene.hints() == {}


# -- what they do not decide --------------------------------------------------------------------------------------------------

def test_a_changed_source(scene, repo):
    scene.good(*FILTER)
    first = scene.held()
    scene.here.push(images.multi(f"{repo}/newer"), "a/b", "1")
    scene.good(*FILTER)
    assert scene.held() != first
    assert scene.good(*FILTER)[1] == HEAD


@pytest.mark.parametrize("change", ("another", "none"))
def test_a_changed_destination(scene, repo, change):
    """The tag holds another image, or was deleted."""
    scene.good(*FILTER)
    first = scene.held()
    if change == "another":
        scene.there.push(images.image(f"{repo}/other"), scene.copy, "1")
    else:
        del scene.there.tags[scene.copy, "1"]
    scene.good(*FILTER)
    assert scene.held() == first


def test_another_filter(scene):
    """It asks for another index; what the first filter left is in the way, whatever is known of it."""
    scene.good(*FILTER)
    first = scene.held()
    scene.good("--os", "linux", "--arch", "amd64,s390x")
    assert scene.held() != first and len(scene.hints()) == 2
    scene.good(*FILTER)
    assert scene.held() == first


def test_force(scene):
    scene.good(*FILTER)
    assert "PUT manifest" in scene.good(*FILTER, "--force")[1]


@pytest.mark.parametrize("subject", ("child", "image"))
def test_a_signature_that_comes_later(scene, repo, subject):
    """That is why the source is asked for signatures each time, of an image alone and of one inside an index."""
    picture = scene.here.push(images.multi(repo) if subject == "child" else images.image(repo), "a/b", "1")
    scene.good(*FILTER)
    about = picture.manifests[0].digest
    scene.here.push(cosign_image(repo), "a/b", cosign_tag(about))
    scene.good(*FILTER)
    assert (scene.copy, cosign_tag(about)) in scene.there.tags
    assert not [each for each in scene.good(*FILTER)[1] if each.startswith(("GET", "PUT"))]


# -- the file -----------------------------------------------------------------------------------------------------------------

def test_the_file(scene):
    """Names and digests, and nothing else of this run: no login."""
    secret = scene.runner.secret("test-word-of-a-user")
    scene.runner.write("auth.json", {scene.here.host: {"insecure": True},
                                     scene.there.host: {"insecure": True, "username": "robot", "password": secret}})
    scene.good(*FILTER)
    (key, hint), = scene.hints().items()
    assert key == f"{scene.here.host}/a/b:1 {scene.there.host}/{scene.copy}:1 arch=amd64;os=linux"
    assert set(json.loads(scene.read())) == {"version", "seen", "written", "hints", "manifests"}
    assert (hint["source"], hint["destination"]) == (scene.here.tags["a/b", "1"], scene.held())
    assert isinstance(hint["seen"], int) and sorted(hint) == ["destination", "seen", "source"]
    assert secret not in scene.read() and sorted(os.listdir(scene.folder)) == [NAME, NAME + ".lock"]


def test_old_hints_are_dropped(scene):
    scene.good(*FILTER)
    document = json.loads(scene.read())
    (key, hint), = document["hints"].items()
    document["hints"] = {key: {**hint, "seen": 1}, key.replace("/b:1", "/c:1"): {**hint, "seen": 1}}
    scene.runner.write(os.path.join("deep", "cache", NAME), document)
    assert scene.good(*FILTER)[1] == GET + HEAD
    assert list(scene.hints()) == [key] and scene.hints()[key]["seen"] > 1


@pytest.mark.parametrize("text", ("", "{", "[]", '{"version": 2, "hints": {}}', '{"version": 1, "hints": {"a": {}}, "manifests": {}}'))
def test_a_damaged_file(scene, text):
    """Is a warning, and kept; the run does what it would do without."""
    scene.good(*FILTER)
    scene.runner.write(os.path.join("deep", "cache", NAME), text)
    result, _, there = scene.run(*FILTER)
    assert result.code == 0 and there == GET + HEAD
    assert re.search(re.escape(scene.file) + r":1:\d+: .*: this run does without what earlier ones have stored; the file is now "
                     + re.escape(scene.file) + r"\.damaged", result.stderr)
    assert scene.read(NAME + ".damaged") == text and len(scene.hints()) == 1
    result, _, there = scene.run(*FILTER)
    assert there == HEAD and "earlier" not in result.stderr


def test_a_plan_reads_and_never_writes(scene):
    """Neither the folder, nor a file that would be written otherwise, nor a damaged one."""
    result, *_ = scene.run(*FILTER, "--download-manifests")
    assert result.code == 0 and json.loads(result.stdout)["would_copy"] == 1
    assert not os.path.exists(os.path.dirname(scene.folder))
    scene.good(*FILTER)
    before = scene.read(), os.stat(scene.file).st_mtime_ns, os.stat(scene.file).st_ino
    assert scene.good(*FILTER, "--download-manifests")[1] == HEAD
    assert (scene.read(), os.stat(scene.file).st_mtime_ns, os.stat(scene.file).st_ino) == before
    scene.runner.write(os.path.join("deep", "cache", NAME), "{")
    result, *_ = scene.run(*FILTER, "--download-manifests")
    assert result.code == 0 and "does without what" in result.stderr
    assert scene.read() == "{" and sorted(os.listdir(scene.folder)) == [NAME, NAME + ".lock"]


@pytest.mark.concurrency
def test_a_run_that_is_killed(scene, repo):
    """Leaves the file of the run before it."""
    scene.good(*FILTER)
    before = scene.read()
    scene.here.push(images.multi(f"{repo}/newer"), "a/b", "1")
    reached = []

    def hook(request):
        if request.kind == "blob":
            reached.append(request)
            return iter([b"x", proxy.until(lambda: process.poll() is not None, seconds=60, what="the end of the process") or b""])
        return outside.no_referrers(request)
    scene.here.hook = hook
    process = scene.runner.start(scene.command(*FILTER))
    try:
        proxy.until(lambda: reached, seconds=60, what="a blob on its way")
    finally:
        process.kill()
        process.communicate()
    assert scene.read() == before and sorted(os.listdir(scene.folder)) == [NAME, NAME + ".lock"]
    scene.here.hook = outside.no_referrers
    scene.good(*FILTER)
    assert scene.good(*FILTER)[1] == HEAD


@pytest.mark.concurrency
def test_two_runs_at_once(scene):
    """None loses what another has stored."""
    runs = [scene.runner.start(scene.command(*FILTER, "--arch", arch)) for arch in ("s390x", "arm64", "arm")]
    for each in runs:
        scene.runner.finish(each, report=False)
    assert len(scene.hints()) == 3 and sorted(os.listdir(scene.folder)) == [NAME, NAME + ".lock"]


@pytest.mark.parametrize("obstacle", ("a file", "a folder"))
def test_a_folder_that_cannot_be(scene, obstacle):
    """The hints cannot be kept, which costs requests and nothing else."""
    if obstacle == "a file":
        scene.runner.write("deep", "in the way")
    else:
        os.makedirs(scene.file)
    result, *_ = scene.run(*FILTER)
    assert result.code == 0 and scene.held() and NAME in result.stderr


def test_a_report_in_its_place(scene):
    """Is a mistake, found before any request."""
    os.makedirs(scene.folder)
    result, here, there = scene.run("--report-file", scene.file)
    assert result.code == 2 and "are the same file" in result.stderr and here == there == []
