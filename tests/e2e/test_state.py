"""--state: what is remembered from run to run, the file it is in, and several runs with one of them."""

import json
import os
import time

import pytest

from lib import images, layouts, proxy, schemas

DAY = 24 * 60 * 60


class Kept:
    """A state file of a run's folder."""

    def __init__(self, runner, name="state.json"):
        self.runner, self.name = runner, name
        self.path = os.path.join(runner.home, name)
        self.flags = ["--state", name]

    def text(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def read(self):
        document = json.loads(self.text())
        assert schemas.problems("state", document) == []
        return document

    def change(self, make):
        document = self.read()
        make(document)
        self.runner.write(self.name, json.dumps(document))

    def identity(self):
        info = os.stat(self.path)
        return self.text(), info.st_mtime_ns, info.st_ino


@pytest.fixture
def kept(runner):
    return Kept(runner)


@pytest.fixture
def scene(src, dst, both, from_source, repo):
    """(the digest of a small image at the source, a rule for it, the logins, its destination)"""
    digest = from_source.push(images.image(repo), repo, "v1").digest
    return digest, {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, f"{dst.host}/{repo}:v1"


# -- what is remembered -------------------------------------------------------------------------------------------------------

def test_what_is_in_it(sync, kept, scene, src, repo):
    """When the digest was first seen, and what was written when."""
    digest, rules, auth, destination = scene
    before = int(time.time())
    assert sync(rules, auth, kept.flags).report["copied"] == 1
    document, source = kept.read(), f"{src.host}/{repo}@{digest}"
    assert list(document["seen"]) == [source] and list(document["written"]) == [destination]
    seen, written = document["seen"][source], document["written"][destination]
    assert before <= seen["first"] == seen["last"] <= written["when"] == written["met"] <= time.time()
    assert written["digest"] == digest and written["source"] == source


def test_nothing_new_is_not_stored(sync, kept, scene):
    """The file stays as it is, to the inode; a day later it says that the image was met."""
    _, rules, auth, destination = scene
    sync(rules, auth, kept.flags)
    before = kept.identity()
    assert sync(rules, auth, kept.flags).statuses() == {destination: "skipped"}
    assert kept.identity() == before

    def age(document):
        for each in [*document["seen"].values(), *document["written"].values()]:
            each.update((name, value - 2 * DAY) for name, value in each.items() if isinstance(value, int))
    kept.change(age)
    sync(rules, auth, kept.flags)
    document = kept.read()
    (seen,), written = document["seen"].values(), document["written"][destination]
    assert seen["last"] - seen["first"] >= 2 * DAY <= written["met"] - written["when"]


def test_only_what_we_wrote_is_ours(sync, kept, scene, at_target, repo):
    """An image that is there already was written by somebody else."""
    digest, rules, auth, destination = scene
    at_target.push(images.image(repo), repo, "v1")
    assert sync(rules, auth, kept.flags).statuses() == {destination: "skipped"}
    assert [*kept.read()["seen"]] and kept.read()["written"] == {}
    at_target.push(images.image(f"{repo}/other"), repo, "v1")
    sync(rules, auth, kept.flags)
    assert kept.read()["written"][destination]["digest"] == digest


def test_a_new_tag_and_a_failure_after_it(sync, kept, scene, src, dst, from_source, repo):
    """retag writes another tag, which is ours; so is one that cannot be read back after it was written."""
    _, rules, auth, destination = scene
    sync(rules, auth, kept.flags)
    newer = from_source.push(images.image(f"{repo}/newer"), repo, "v1").digest
    sync(rules, auth, [*kept.flags, "--on-change", "retag"])
    assert kept.read()["written"][f"{destination}-{newer[7:19]}"]["digest"] == newer
    dst.rule("GET", f"{repo}/manifests/", proxy.Status(500), times=None)
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}:other"}, auth, [*kept.flags, "--verify", "-r", "0"])
    assert result.code == 1 and f"{dst.host}/{repo}:other" in kept.read()["written"]


def test_a_failure_is_not_written(sync, kept, scene, dst, repo):
    _, rules, auth, _ = scene
    dst.rule("PUT", f"{repo}/manifests/", proxy.Status(403), times=None)
    assert sync(rules, auth, [*kept.flags, "-r", "0"]).code == 1
    assert kept.read()["written"] == {} and len(kept.read()["seen"]) == 1


def test_no_more_requests(sync, kept, scene, src, dst):
    """With a state as many as without."""
    _, rules, auth, _ = scene
    sync(rules, auth, kept.flags)
    counts = []
    for flags in ((), kept.flags):
        before = len(src.seen()), len(dst.seen())
        sync(rules, auth, flags)
        counts.append((len(src.seen()) - before[0], len(dst.seen()) - before[1]))
    assert counts[0] == counts[1]


def test_a_file_of_hints_is_a_state(sync, kept, scene, runner):
    """What releases before this one wrote for imgsync's --manifests."""
    _, rules, auth, _ = scene
    runner.write(kept.name, '{"version": 1, "hints": {}, "manifests": {}}\n')
    assert sync(rules, auth, kept.flags).code == 0 and len(kept.read()["written"]) == 1


# -- the file -----------------------------------------------------------------------------------------------------------------

def test_a_dry_run_only_reads(sync, scene, runner):
    """It neither makes a file nor its folder, and starts no clock."""
    _, rules, auth, destination = scene
    deep = Kept(runner, "a/b/state.json")
    assert sync(rules, auth, [*deep.flags, "--dry-run"]).report["would_copy"] == 1
    assert not os.path.exists(os.path.join(runner.home, "a"))
    sync(rules, auth, deep.flags)
    deep.change(lambda document: document["seen"].clear())
    before = deep.identity()
    assert sync(rules, auth, [*deep.flags, "--dry-run"]).statuses() == {destination: "skipped"}
    assert deep.identity() == before


@pytest.mark.parametrize("text", ("", "{", "\0\0\0", "{}", '{"version": 1, "seen": {"a": {}}, "hints": {}, "manifests": {}}'))
def test_a_damaged_file(sync, kept, scene, runner, text):
    """Is a warning that says where, and kept; a dry run leaves it where it is."""
    _, rules, auth, _ = scene
    runner.write(kept.name, text)
    result = sync(rules, auth, [*kept.flags, "--dry-run"])
    assert result.code == 0 and "state.json:1:" in result.stderr and kept.text() == text
    result = sync(rules, auth, kept.flags)
    assert result.code == 0 and "the file is now state.json.damaged" in result.stderr
    assert len(kept.read()["written"]) == 1 and Kept(runner, "state.json.damaged").text() == text


# What is no damaged state but something else, and what is said of it.
OTHERS = pytest.mark.parametrize("text, words", (
    ('{"version": 2, "seen": {}}', "1:13: this is a state of version 2, and this program knows version 1"),
    ('{"version": "1.0.0", "name": "app"}', "1:1: this is no state, so it is not replaced"),
    ("[]", "1:1: this is no state"),
    ("docker.io/library/nginx: registry.example.com/nginx\n", "1:1: this is no state"),
), ids=("later", "package", "list", "rules"))


@OTHERS
def test_another_file_in_its_place(sync, kept, scene, runner, at_target, repo, text, words):
    """Is not touched, and nothing is copied."""
    _, rules, auth, _ = scene
    runner.write(kept.name, text)
    result = sync(rules, auth, kept.flags)
    assert result.code == 1 and f"state.json:{words}" in result.stderr and at_target.head(repo, "v1") is None
    assert kept.text() == text and not os.path.exists(kept.path + ".damaged")


def test_another_file_comes_meanwhile(kept, scene, runner, src):
    _, rules, auth, _ = scene
    text = '{"version": 3}'
    src.rule("GET|HEAD", "/manifests/", proxy.Before(lambda _: runner.write(kept.name, text)))
    result = runner.sync(rules, auth, kept.flags)
    assert result.code == 1 and result.report["copied"] == 1 and "state of version 3" in result.stderr and kept.text() == text


def test_it_becomes_damaged_meanwhile(kept, scene, runner, src):
    """What this run knows is stored, with what it had read before."""
    _, rules, auth, destination = scene
    runner.sync(rules, auth, kept.flags)
    kept.change(lambda document: document["written"][destination].update(when=7))
    src.rule("GET|HEAD", "/manifests/", proxy.Before(lambda _: runner.write(kept.name, "{")))
    result = runner.sync({source: [destination, f"{destination}-new"] for source in rules}, auth, kept.flags)
    assert result.code == 0 and "state.json.damaged" in result.stderr
    assert kept.read()["written"][destination]["when"] == 7 and len(kept.read()["written"]) == 2


@pytest.mark.concurrency
def test_two_runs_at_once(runner, kept, src, dst, both, from_source, repo):
    """None loses what another has stored."""
    names = [f"{repo}/{number}" for number in range(4)]
    for name in names:
        from_source.push(images.image(name), name, "v1")
    runs = [runner.start(runner.arguments({f"{src.host}/{name}:v1": f"{dst.host}/{name}"}, both, kept.flags, report=False)) for name in names]
    assert [runner.finish(each, report=False).code for each in runs] == [0] * 4
    assert sorted(kept.read()["written"]) == [f"{dst.host}/{name}:v1" for name in names]


def test_another_run_removes_something(kept, scene, runner, src, repo):
    """What it has removed from the state does not come back, what it has added stays."""
    _, rules, auth, destination = scene
    runner.sync(rules, auth, kept.flags)

    def elsewhere(document):
        document["written"][f"{destination}-other"] = document["written"].pop(destination)
        document["seen"]["r.io/a@sha256:" + "a" * 64] = {"first": 5, "last": int(time.time())}
    src.rule("GET|HEAD", "/manifests/", proxy.Before(lambda _: kept.change(elsewhere)))
    rules = {f"{src.host}/{repo}:v1": [destination, f"{destination}-new"]}
    assert runner.sync(rules, auth, kept.flags).code == 0
    assert sorted(kept.read()["written"]) == [f"{destination}-new", f"{destination}-other"]
    assert any(key.startswith("r.io/") for key in kept.read()["seen"])


def test_a_stop_stores_it(runner, kept, scene, src, dst, both, from_source, repo):
    """What was copied before the signal is in the state."""
    from_source.push(images.image(f"{repo}/slow", layers=1), f"{repo}/slow", "v1")
    _, rules, auth, destination = scene
    src.rule("GET", f"{repo}/slow/blobs/", proxy.Stall(10, 60))
    command = runner.arguments({**rules, f"{src.host}/{repo}/slow:v1": f"{dst.host}/{repo}/slow"}, auth, kept.flags)
    process = runner.start(command)
    result = runner.stop(process, lambda: dst.seen("PUT", path=f"{repo}/manifests/v1"), "the tag of the first image")
    assert result.code == 143 and list(kept.read()["written"]) == [destination]


def test_a_link_stays(sync, kept, scene, runner):
    _, rules, auth, _ = scene
    os.makedirs(os.path.join(runner.home, "elsewhere"))
    os.symlink("elsewhere/real.json", kept.path)
    for _ in range(2):
        assert sync(rules, auth, kept.flags).code == 0
    assert os.path.islink(kept.path) and len(Kept(runner, "elsewhere/real.json").read()["written"]) == 1


# -- where it is --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("where, words", (
    ("-", "name a file"), ("/dev/stdout", "name a file"), ("cache/", "is a folder: name a file in it"),
    ("registry.example.com/state.json", "write ./registry.example.com/state.json for a file, or registry.example.com/state.json:TAG"),
    ("localhost/state", "./localhost/state for a file"), ("registry.example.com/State:x", "neither a file nor a repository"),
    ("r.io/state:x@sha256:" + "a" * 64, "a digest never changes"), ("docker:state", "HOST/PATH:TAG"),
    ("oci-archive:out.tar:state", "nothing is added to an archive"), ("oci:folder", "or oci:folder:TAG for a repository"),
), ids=lambda value: value.split(" ")[0][:30])
def test_places_that_are_none(sync, scene, src, dst, where, words):
    """A mistake on the command line, found before any request."""
    _, rules, auth, _ = scene
    result = sync(rules, auth, ["--state", where])
    assert result.code == 2 and words in result.stderr and not src.seen() and not dst.seen()


@pytest.mark.parametrize("where", ("folder", "folder/state.json/x", "pipe"))
def test_files_that_cannot_be(sync, scene, runner, src, where):
    _, rules, auth, _ = scene
    os.makedirs(os.path.join(runner.home, "folder"))
    runner.write("folder/state.json", "{}")
    os.mkfifo(os.path.join(runner.home, "pipe"))
    result = sync(rules, auth, ["--state", where])
    assert result.code == 2 and "--state" in result.stderr and where in result.stderr and not src.seen()


@pytest.mark.parametrize("option", ("--report", "--log", "--output-success-images"))
def test_it_is_no_other_file(runner, scene, src, option):
    _, rules, auth, _ = scene
    result = runner.sync(rules, auth, ["--state", "state.json", option, "./state.json"], report=False)
    assert result.code == 2 and "are the same file" in result.stderr and not src.seen()


# -- in a registry ------------------------------------------------------------------------------------------------------------

TYPE = "application/vnd.image-syncer.state.v1"


class KeptThere(Kept):
    """A state under a tag of a registry."""

    def __init__(self, client, server, repo):
        self.client, self.repo = client, f"{repo}/state"
        self.flags = ["--state", f"{server.host}/{self.repo}:mirror"]

    def manifest(self, tag="mirror"):
        found = self.client.closure(self.repo, tag)
        return json.loads(found.manifests[found.root][1]), found.blobs

    def text(self, tag="mirror"):
        manifest, blobs = self.manifest(tag)
        layer, = manifest["layers"]
        return blobs[layer["digest"]].decode()

    def identity(self):
        return self.client.head(self.repo, "mirror")

    def put(self, text, kind=TYPE):
        """Stores a text as a state, as another run would."""
        blobs = {images.digest_of(each): each for each in (b"{}", text.encode())}
        config, layer = blobs
        document = {"schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "artifactType": kind,
                    "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2},
                    "layers": [{"mediaType": f"{TYPE}+json", "digest": layer, "size": len(text)}]}
        for data in blobs.values():
            self.client.push_blob(self.repo, data)
        self.client.push_manifest(self.repo, images.Manifest(images.OCI_MANIFEST, json.dumps(document).encode()), "mirror")

    def change(self, make):
        document = self.read()
        make(document)
        self.put(json.dumps(document))


@pytest.fixture
def there(at_target, dst, repo):
    return KeptThere(at_target, dst, repo)


def test_an_artifact(sync, there, scene, dst):
    """Empty config, one layer. A run in which nothing happens reads it, and writes nothing."""
    digest, rules, auth, destination = scene
    assert sync(rules, auth, there.flags).code == 0
    manifest, blobs = there.manifest()
    assert manifest["artifactType"] == TYPE and blobs[manifest["config"]["digest"]] == b"{}"
    assert there.read()["written"][destination]["digest"] == digest
    before, identity = len(dst.seen()), there.identity()
    assert sync(rules, auth, there.flags).statuses() == {destination: "skipped"}
    assert sorted(f"{each.method} {each.kind}" for each in dst.seen()[before:]) == ["GET blob", "GET manifest", "HEAD manifest"]
    assert there.identity() == identity


def test_in_a_folder(sync, scene, tmp_path):
    """It is an image there, in a folder that no rule names."""
    digest, rules, auth, destination = scene
    flags = ["--state", f"oci:{tmp_path}/disk/state:mirror"]
    for expected in ("copied", "skipped"):
        result = sync(rules, auth, flags)
        assert result.code == 0 and result.statuses() == {destination: expected}, result.stderr
        layout = layouts.Layout(f"{tmp_path}/disk/state").check()
        found = layout.closure("mirror")
        layer, = json.loads(found.manifests[found.root][1])["layers"]
        assert json.loads(found.blobs[layer["digest"]])["written"][destination]["digest"] == digest


def test_a_dry_run_reads_the_artifact(sync, there, scene, dst):
    _, rules, auth, destination = scene
    sync(rules, auth, [*there.flags, "--dry-run"])
    assert there.identity() is None and not dst.writes()


def test_an_image_in_its_place(sync, there, scene, at_target, repo):
    """Is not replaced, and nothing is copied."""
    _, rules, auth, _ = scene
    digest = at_target.push(images.image(repo), there.repo, "mirror").digest
    result = sync(rules, auth, there.flags)
    assert result.code == 1 and "is no state, so it is not replaced" in result.stderr
    assert there.identity() == digest and at_target.head(repo, "v1") is None


@pytest.mark.parametrize("text", ("", "{", '{"version": 1, "seen": {"a": {}}}'))
def test_a_damaged_artifact(sync, there, scene, text):
    """Is a warning, and kept under another tag."""
    _, rules, auth, _ = scene
    there.put(text)
    result = sync(rules, auth, [*there.flags, "--dry-run"])
    assert result.code == 0 and ":mirror: 1:" in result.stderr and there.text() == text
    result = sync(rules, auth, there.flags)
    assert result.code == 0 and "the tag with .damaged holds it now" in result.stderr
    assert len(there.read()["written"]) == 1 and there.text("mirror.damaged") == text


@OTHERS
def test_another_text_in_the_artifact(sync, there, scene, at_target, repo, text, words):
    _, rules, auth, _ = scene
    there.put(text)
    held = there.identity()
    result = sync(rules, auth, there.flags)
    assert result.code == 1 and f":mirror: {words}" in result.stderr, result.stderr
    assert there.identity() == held and at_target.head(repo, "v1") is None


@pytest.mark.parametrize("when", ("before the push", "after it"))
def test_another_run_stores_its_state(sync, there, scene, dst, when):
    """The tag is written again, with what both have to say."""
    _, rules, auth, destination = scene
    other = json.dumps({"version": 1, "seen": {}, "hints": {}, "manifests": {}, "written": {
        "r.io/a:1": {"digest": "sha256:" + "a" * 64, "source": None, "when": 5, "met": 6}}})
    looks = 0 if when == "before the push" else 1
    dst.rule("HEAD", f"{there.repo}/manifests/", proxy.Before(lambda _: there.put(other)), skip=looks)
    assert sync(rules, auth, there.flags).code == 0
    assert sorted(there.read()["written"]) == sorted([destination, "r.io/a:1"])


def test_another_run_stores_its_state_each_time(sync, there, scene, dst):
    """It is given up, and said."""
    _, rules, auth, _ = scene
    numbers = iter(range(100))

    def other(_):
        there.put(json.dumps({"version": 1, "seen": {}, "written": {}, "hints": {}, "manifests": {}, "n": next(numbers)}))
    dst.rule("HEAD", f"{there.repo}/manifests/", proxy.Before(other), times=None)
    result = sync(rules, auth, there.flags)
    assert result.code == 1 and "give each of them a tag of its own" in result.stderr


@pytest.mark.concurrency
def test_two_runs_at_once_there(runner, there, src, dst, both, from_source, repo):
    names = [f"{repo}/{number}" for number in range(3)]
    for name in names:
        from_source.push(images.image(name), name, "v1")
    runs = [runner.start(runner.arguments({f"{src.host}/{name}:v1": f"{dst.host}/{name}"}, both, there.flags, report=False)) for name in names]
    assert [runner.finish(each, report=False).code for each in runs] == [0] * 3
    assert sorted(there.read()["written"]) == [f"{dst.host}/{name}:v1" for name in names]


def test_a_stop_stores_it_there(runner, there, scene, src, dst, from_source, repo):
    from_source.push(images.image(f"{repo}/slow", layers=1), f"{repo}/slow", "v1")
    _, rules, auth, destination = scene
    src.rule("GET", f"{repo}/slow/blobs/", proxy.Stall(10, 60))
    process = runner.start(runner.arguments({**rules, f"{src.host}/{repo}/slow:v1": f"{dst.host}/{repo}/slow"}, auth, there.flags))
    result = runner.stop(process, lambda: dst.seen("PUT", path=f"{repo}/manifests/v1"), "the tag of the first image")
    assert result.code == 143 and list(there.read()["written"]) == [destination]


def test_a_registry_that_hides_what_is_not_there(sync, there, scene, dst, at_target, repo):
    """403 for a tag that the list of tags does not have."""
    _, rules, auth, _ = scene
    at_target.push(images.image(repo), there.repo, "other")
    dst.rule("GET", f"{there.repo}/manifests/", proxy.Status(403))
    assert sync(rules, auth, there.flags).code == 0 and len(there.read()["written"]) == 1


@pytest.mark.parametrize("method", ("GET", "PUT"))
def test_a_registry_that_refuses_it(sync, there, scene, dst, at_target, repo, method):
    """Without what was stored a run would begin from nothing, so it does not begin. What cannot be stored is an error."""
    _, rules, auth, _ = scene
    there.put(json.dumps({"version": 1, "seen": {}, "written": {}, "hints": {}, "manifests": {}}))
    dst.rule(method, f"{there.repo}/manifests/", proxy.Status(403), times=None)
    result = sync(rules, auth, there.flags)
    assert result.code == 1 and "--state: state " in result.stderr
    assert (at_target.head(repo, "v1") is None) == (method == "GET")
