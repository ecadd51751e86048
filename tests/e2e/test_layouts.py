"""Folders in the OCI image layout as sources and destinations: every kind of image, tags, namespaces, blobs that are shared, media
that cannot be written, processes side by side, and files that are damaged."""

import json
import os
import subprocess

import pytest

from lib import images, layouts, need, run
from lib.layouts import Layout


@pytest.fixture
def folder(tmp_path):
    """folder(name): where a layout may be, outside of what the runner writes."""
    return lambda name: str(tmp_path / "disk" / name)


@pytest.mark.parametrize("kind", images.KINDS)
def test_every_kind_there_and_back(sync, src, dst, both, from_source, at_target, repo, folder, kind):
    picture = from_source.push(images.KINDS[kind](repo), repo, "v1")
    there = sync({f"{src.host}/{repo}:v1": f"oci:{folder('app')}"}, both)
    assert there.code == 0, there.stderr
    assert there.image(f"oci:{folder('app')}:v1")["status"] == "copied"
    assert Layout(folder("app")).check().closure("v1") == images.expected(picture)
    back = sync({f"oci:{folder('app')}": f"{dst.host}/{repo}"}, both)
    assert back.code == 0, back.stderr
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_in_sync_reads_no_blob(sync, src, both, from_source, repo, folder):
    from_source.push(images.multi(repo), repo, "v1", "v2")
    rule = {f"{src.host}/{repo}": f"oci:{folder('app')}"}
    assert sync(rule, both).report["copied"] == 2
    seen = len(src.seen())
    again = sync(rule, both)
    assert again.code == 0 and again.report["skipped"] == 2
    assert src.seen("GET", "blobs")[seen:] == []
    assert Layout(folder("app")).check().tags() == ["v1", "v2"]


def test_a_folder_to_a_folder(sync, repo, folder):
    picture = images.multi(repo)
    layouts.write(folder("from"), picture, "v1")
    result = sync({f"oci:{folder('from')}": f"oci:{folder('to')}:v2"})
    assert result.code == 0, result.stderr
    copy = Layout(folder("to")).check()
    assert copy.closure("v2") == images.expected(picture)
    # What is copied from a source is not the source's own file: its owner may change that.
    digest = picture.digest
    assert os.stat(copy.blob_path(digest)).st_ino != os.stat(Layout(folder("from")).blob_path(digest)).st_ino


def test_a_tag_moves_and_the_rest_stays(sync, src, both, from_source, repo, folder):
    first = from_source.push(images.image(f"{repo}/1"), repo, "v1", "v2")
    rule = {f"{src.host}/{repo}:v1,v2": f"oci:{folder('app')}"}
    assert sync(rule, both).code == 0
    second = from_source.push(images.image(f"{repo}/2"), repo, "v2")
    layout = Layout(folder("app"))
    document = layout.index()
    document["annotations"] = {"kept": "\u00e9"}
    document["manifests"].append({"mediaType": "application/xml", "size": 3, "digest": "blake3:" + "0" * 64, "x": [1.0]})
    with open(os.path.join(layout.path, "index.json"), "w", encoding="utf-8") as file:
        json.dump(document, file, indent=3)
    result = sync(rule, both)
    assert result.code == 0 and result.report["copied"] == 1 and result.report["skipped"] == 1
    assert layout.closure("v2") == images.expected(second) and layout.closure("v1") == images.expected(first)
    after = layout.index()
    assert after["annotations"] == {"kept": "\u00e9"} and document["manifests"][-1] in after["manifests"]
    assert len(after["manifests"]) == 3


# --- names --------------------------------------------------------------------------------------------------------------------

def test_a_relative_folder_and_regctls_spelling(runner, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    auth = runner.write("auth.json", both)
    to = runner.run([runner.binary, "--auth", auth, f"{src.host}/{repo}:v1", "ocidir://disk/my app"])
    assert to.code == 0, to.stderr
    assert Layout(os.path.join(runner.home, "disk", "my app")).check().closure("v1") == images.expected(picture)
    back = runner.run([runner.binary, "--auth", auth, "oci:./disk//my app:v1", f"{dst.host}/{repo}"])
    assert back.code == 0, back.stderr
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_two_names_of_one_folder(sync, src, both, runner):
    os.makedirs(os.path.join(runner.home, "disk"))
    os.symlink("disk", os.path.join(runner.home, "link"))
    result = sync({f"{src.host}/a:v1": "oci:disk/app", f"{src.host}/b:v1": "oci:link/app"}, both, report=False)
    assert result.code == 2
    assert "oci:./link/app is the same folder as oci:./disk/app" in result.stderr


def test_an_image_by_its_digest(sync, src, dst, both, from_source, at_target, repo, folder):
    picture = from_source.push(images.image(repo), repo, "v1")
    assert sync({f"{src.host}/{repo}@{picture.digest}": f"oci:{folder('app')}"}, both).code == 0
    assert [each["digest"] for each in Layout(folder("app")).check().index()["manifests"]] == [picture.digest]
    assert sync({f"oci:{folder('app')}@{picture.digest}": f"{dst.host}/{repo}:v3"}, both).code == 0
    assert at_target.closure(repo, "v3") == images.expected(picture)


def test_names_as_other_programs_write_them(sync, dst, both, at_target, repo, folder):
    """crane writes none where there is one image, docker the tag and podman the whole name."""
    picture = images.image(repo)
    layouts.write(folder("crane"), picture, None)
    layouts.write(folder("podman"), picture, "docker.io/library/app:v7")
    assert sync({f"oci:{folder('crane')}": f"{dst.host}/{repo}:v1", f"oci:{folder('podman')}": f"{dst.host}/{repo}"}, both).code == 0
    assert at_target.tags(repo) == ["v1", "v7"]


def test_a_tag_that_two_images_have(sync, dst, both, repo, folder):
    layouts.write(folder("app"), images.image(f"{repo}/1"), "v1")
    layouts.write(folder("app"), images.image(f"{repo}/2"), "v1")
    result = sync({f"oci:{folder('app')}:v1": f"{dst.host}/{repo}"}, both)
    assert result.code == 1 and "two images for the tag v1" in result.stderr


# --- namespaces ---------------------------------------------------------------------------------------------------------------

def test_a_namespace_there_and_back(sync, src, dst, both, from_source, at_target, repo, folder):
    pictures = {name: from_source.push(images.image("shared" if name != "c" else "own"), f"{repo}/{name}", "v1")
                for name in ("a", "a/b", "c")}
    there = sync({f"{src.host}/{repo}/**": f"oci:{folder('mirror')}"}, both)
    assert there.code == 0 and there.report["copied"] == 3, there.stderr
    for name, picture in pictures.items():
        assert Layout(folder(f"mirror/{name}")).check().closure("v1") == images.expected(picture)
    # What they have in common is on the disk once.
    for digest in pictures["a"].blobs:
        assert os.stat(Layout(folder("mirror/a")).blob_path(digest)).st_nlink == 2
    back = sync({f"oci:{folder('mirror')}/**": f"{dst.host}/back/{repo}"}, both)
    assert back.code == 0 and back.report["copied"] == 3, back.stderr
    for name, picture in pictures.items():
        assert at_target.closure(f"back/{repo}/{name}", "v1") == images.expected(picture)
    one = sync({f"oci:{folder('mirror')}/*": f"{dst.host}/one/{repo}"}, both)
    assert one.report["copied"] == 2


def test_what_was_there_before_is_shared(sync, src, both, from_source, repo, folder):
    """A new repository takes its layers from one that is in sync: nothing is downloaded twice, or twice on the disk."""
    picture = from_source.push(images.image(repo), f"{repo}/a", "v1")
    rule = {f"{src.host}/{repo}/**": f"oci:{folder('mirror')}"}
    assert sync(rule, both).code == 0
    from_source.push(picture, f"{repo}/b", "v1")
    before = len(src.seen("GET", "blob"))
    again = sync(rule, both)
    assert (again.code, again.report["copied"], again.report["skipped"]) == (0, 1, 1), again.stderr
    assert len(src.seen("GET", "blob")) == before
    for digest in picture.blobs:
        assert os.stat(Layout(folder("mirror/b")).blob_path(digest)).st_nlink == 2
    assert Layout(folder("mirror/b")).check().closure("v1") == images.expected(picture)


@pytest.mark.parametrize("which", ["", ":v1", "/*", "/**"])
@pytest.mark.parametrize("there", [False, True])
def test_a_source_whose_disk_is_not_mounted(sync, dst, both, repo, folder, which, there):
    if there:
        os.makedirs(folder("disk"))
    result = sync({f"oci:{folder('disk')}{which}": f"{dst.host}/{repo}"}, both)
    assert result.code == 1 and "that its disk is mounted" in result.stderr, result.stderr
    assert os.path.exists(folder("disk")) == there


@pytest.mark.parametrize("to", ["oci:{}", "oci-archive:{}/out.tar"])
def test_a_target_whose_disk_is_not_mounted(sync, src, both, from_source, repo, folder, to):
    from_source.push(images.image(repo), repo, "v1")
    rule = {f"{src.host}/{repo}:v1": to.format(folder("mirror"))}
    words = f"the folder {os.path.dirname(folder('mirror'))} was not there and is made: if a disk belongs there, it is not mounted"
    first, second = sync(rule, both), sync(rule, both)
    assert first.code == 0 and words in first.stderr, first.stderr
    assert second.code == 0 and "a disk" not in second.stderr, second.stderr


def test_links_below_a_folder_are_not_followed(sync, src, dst, both, from_source, repo, folder):
    from_source.push(images.image(repo), f"{repo}/app", "v1")
    layouts.write(folder("elsewhere"), images.image("secret"), "v1")
    os.makedirs(folder("mirror"))
    os.symlink(folder("elsewhere"), folder("mirror/app"))
    before = Layout(folder("elsewhere")).index()
    result = sync({f"{src.host}/{repo}/*": f"oci:{folder('mirror')}"}, both)
    assert result.code == 1 and "a link" in result.stderr, result.stderr
    assert Layout(folder("elsewhere")).index() == before
    nothing = sync({f"oci:{folder('mirror')}/**": f"{dst.host}/{repo}"}, both)
    assert nothing.code == 1 and "there is no OCI image layout below" in nothing.stderr


def test_a_link_inside_of_a_layout(sync, dst, both, repo, folder):
    picture = images.image(repo)
    layout = layouts.write(folder("app"), picture, "v1")
    blob = layout.blob_path(next(iter(picture.blobs)))
    os.rename(blob, folder("moved"))
    os.symlink(folder("moved"), blob)
    result = sync({f"oci:{folder('app')}:v1": f"{dst.host}/{repo}"}, both)
    assert result.code == 1 and "link" in result.stderr


def tree(path):
    """{name: bytes, or the end of a link} of all that is below a folder."""
    found = {}
    for place, folders, files in os.walk(path):
        for name in (*folders, *files):
            each = os.path.join(place, name)
            if os.path.islink(each):
                found[os.path.relpath(each, path)] = os.readlink(each)
            elif os.path.isfile(each):
                with open(each, "rb") as file:
                    found[os.path.relpath(each, path)] = file.read()
            else:
                found[os.path.relpath(each, path)] = None
    return found


@pytest.mark.parametrize("flags", ((), ("--dry-run",)), ids=("sync", "dry-run"))
@pytest.mark.parametrize("part", ("", "blobs", "blobs/sha256", "index.json", "oci-layout", "a blob"))
def test_nothing_is_written_behind_a_link(sync, src, both, from_source, repo, folder, part, flags):
    """Somebody else's folder has a link that leads out of it: what is there stays as it is."""
    picture = from_source.push(images.image(repo), f"{repo}/app", "v1")
    layouts.write(folder("mirror/app"), images.image("other"), "v1")
    here, there = folder("mirror/app"), folder("elsewhere")
    os.makedirs(there)
    if part == "a blob":
        # Of a wrong size, so that it would be written again.
        with open(os.path.join(there, "part"), "wb") as file:
            file.write(b"secret")
        os.symlink(os.path.join(there, "part"), Layout(here).blob_path(next(iter(picture.blobs))))
    else:
        os.rename(os.path.join(here, part).rstrip("/"), os.path.join(there, "part"))
        os.symlink(os.path.join(there, "part"), os.path.join(here, part).rstrip("/"))
    before = tree(there)
    result = sync({f"{src.host}/{repo}/*": f"oci:{folder('mirror')}"}, both, flags=list(flags))
    assert tree(there) == before
    if part == "a blob":
        # The link is what gets replaced.
        assert result.code == 0 and (flags or Layout(here).check().closure("v1") == images.expected(picture))
    else:
        assert result.code == 1 and "link" in result.stderr, result.stderr


@pytest.mark.parametrize("digest", ("sha256:../../../elsewhere/part", "../elsewhere:part", "sha256:" + "/" * 64, f"sha256:{'a' * 64}/../../x"))
def test_digests_that_lead_elsewhere(sync, dst, both, at_target, folder, repo, digest):
    """No file is opened by a name that index.json has made up."""
    layout = layouts.write(folder("app"), images.image(repo), "v1")
    os.makedirs(folder("elsewhere"))
    with open(folder("elsewhere/part"), "wb") as file:
        file.write(b"{}")
    index = layout.index()
    index["manifests"][0]["digest"] = digest
    with open(folder("app/index.json"), "w", encoding="ascii") as file:
        json.dump(index, file)
    before = tree(folder("."))
    for there in (f"{dst.host}/{repo}", f"oci:{folder('copy')}"):
        result = sync({f"oci:{folder('app')}:v1": there}, both)
        assert result.code == 1 and result.report["failed"] == 1, result
    assert at_target.tags(repo) in (None, [])
    assert {name: data for name, data in tree(folder(".")).items() if not name.startswith("copy")} == before


def test_a_rule_may_name_a_link(sync, dst, both, at_target, repo, folder):
    picture = images.image(repo)
    layouts.write(folder("app"), picture, "v1")
    os.symlink(folder("app"), folder("link"))
    assert sync({f"oci:{folder('link')}:v1": f"{dst.host}/{repo}"}, both).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)


# --- what is on the disk ------------------------------------------------------------------------------------------------------

def test_a_folder_with_something_else_in_it(sync, src, both, from_source, repo, folder):
    from_source.push(images.image(repo), repo, "v1")
    os.makedirs(folder("home"))
    with open(folder("home/letter.txt"), "w", encoding="utf-8") as file:
        file.write("dear")
    result = sync({f"{src.host}/{repo}:v1": f"oci:{folder('home')}"}, both)
    assert result.code == 1 and "has a file letter.txt in it" in result.stderr
    assert os.listdir(folder("home")) == ["letter.txt"]


@pytest.mark.parametrize("hurt", ["missing", "short"])
def test_a_blob_that_is_gone_is_written_again(sync, src, both, from_source, repo, folder, hurt):
    picture = from_source.push(images.multi(repo), repo, "v1")
    rule = {f"{src.host}/{repo}:v1": f"oci:{folder('app')}"}
    assert sync(rule, both).code == 0
    blob = Layout(folder("app")).blob_path(sorted(picture.blobs)[0])
    if hurt == "missing":
        os.unlink(blob)
    else:
        os.truncate(blob, 5)
    result = sync(rule, both)
    assert result.code == 0 and result.report["copied"] == 1, result.stderr
    assert Layout(folder("app")).check().closure("v1") == images.expected(picture)


def hurt_blob(layout, digest):
    with open(layout.blob_path(digest), "r+b") as file:
        file.seek(40)
        file.write(b"damaged")
    return layout.blob_path(digest)


@pytest.mark.parametrize("what", ["layer", "manifest"])
def test_a_damaged_source_is_named(sync, dst, both, at_target, repo, folder, what):
    """The file, what to do, and no second try: reading it again brings the same bytes."""
    picture = images.image(repo)
    layout = layouts.write(folder("app"), picture, "v1")
    path = hurt_blob(layout, picture.digest if what == "manifest" else max(picture.blobs, key=lambda each: len(picture.blobs[each])))
    result = sync({f"oci:{folder('app')}:v1": f"{dst.host}/{repo}"}, both)
    assert result.code == 1 and result.report["images"][0]["error"]["kind"] == "corrupt"
    assert f"the file {path} is damaged; copy it to this folder once more" in result.stderr, result.stderr
    assert "trying again" not in result.stderr and "will be tried again" not in result.stderr, result.stderr
    assert at_target.tags(repo) == []


@pytest.mark.parametrize("what", ["layer", "index", "manifest"])
def test_verify_names_what_is_damaged(sync, src, both, from_source, repo, folder, what):
    """A layer has to be removed, after which the next run writes it; manifests are read by each run, and written again."""
    picture = from_source.push(images.multi(repo), repo, "v1")
    rule = {f"{src.host}/{repo}:v1": f"oci:{folder('app')}"}
    assert sync(rule, both).code == 0
    layout = Layout(folder("app"))
    path = hurt_blob(layout, {"layer": max(picture.blobs, key=lambda each: len(picture.blobs[each])), "index": picture.digest,
                              "manifest": next(each.digest for each in picture.manifests if each.digest != picture.digest)}[what])
    if what == "layer":
        result = sync(rule, both, ["--verify"])
        assert result.code == 1 and f"remove the file {path}, and the next run writes it again" in result.stderr, result.stderr
        assert "will be tried again" not in result.stderr, result.stderr
        os.unlink(path)
    result = sync(rule, both)
    assert result.code == 0 and result.report["copied"] == 1, result.stderr
    assert layout.check().closure("v1") == images.expected(picture)


def test_verify_reads_what_was_written(sync, src, both, from_source, repo, folder):
    from_source.push(images.multi(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"oci:{folder('app')}"}, both, ["--verify"])
    assert result.code == 0, result.stderr


def test_a_dry_run_writes_nothing(sync, src, both, from_source, repo, folder):
    from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"oci:{folder('app')}"}, both, ["--dry-run"])
    assert result.code == 0 and result.report["would_copy"] == 1, result.stderr
    assert not os.path.exists(folder(""))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
def test_media_that_cannot_be_written(sync, src, dst, both, at_target, from_source, repo, folder):
    picture = from_source.push(images.image(repo), repo, "v1")
    layouts.write(folder("disk/app"), picture, "v1")
    if subprocess.run(["mount", "--bind", folder("disk"), folder("disk")], check=False, capture_output=True).returncode:
        pytest.skip("no mounts here")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder("disk")], check=True)
        assert sync({f"oci:{folder('disk')}/*": f"{dst.host}/{repo}"}, both).code == 0
        assert at_target.closure(f"{repo}/app", "v1") == images.expected(picture)
        refused = sync({f"{src.host}/{repo}:v1": f"oci:{folder('disk/new')}"}, both)
        assert refused.code == 1 and "Read-only file system" in refused.stderr
    finally:
        subprocess.run(["umount", folder("disk")], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
def test_a_full_disk(sync, src, both, from_source, repo, folder):
    picture = from_source.push(images.image(repo, layers=2, size=3_000_000), repo, "v1")
    os.makedirs(folder("disk"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder("disk")], check=False, capture_output=True).returncode:
        pytest.skip("no mounts here")
    try:
        result = sync({f"{src.host}/{repo}:v1": f"oci:{folder('disk/app')}"}, both)
        assert result.code == 1
        assert result.report["images"][0]["error"]["kind"] == "full", result
        layout = Layout(folder("disk/app")).check()
        assert layout.tags() == []
        subprocess.run(["mount", "-o", "remount,size=40m", folder("disk")], check=True)
        assert sync({f"{src.host}/{repo}:v1": f"oci:{folder('disk/app')}"}, both).code == 0
        assert layout.check().closure("v1") == images.expected(picture)
    finally:
        subprocess.run(["umount", folder("disk")], check=True)


@pytest.mark.concurrency
def test_processes_side_by_side_lose_nothing(runner, src, both, from_source, repo, folder):
    names = [f"v{number}" for number in range(6)]
    pictures = {name: from_source.push(images.image(f"{repo}/{name}"), repo, name) for name in names}
    begun = [runner.start(runner.arguments({f"{src.host}/{repo}:{name}": f"oci:{folder('app')}"}, both, report=False))
             for name in names]
    for each in begun:
        assert runner.finish(each, report=False).code == 0
    layout = Layout(folder("app")).check()
    assert layout.tags() == names
    for name, picture in pictures.items():
        assert layout.closure(name) == images.expected(picture)


def test_several_destinations_share_one_download(sync, src, dst, both, from_source, at_target, repo, folder):
    picture = from_source.push(images.image(repo, layers=1, size=600_000), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": [f"{dst.host}/{repo}", f"oci:{folder('a')}", f"oci:{folder('b')}"]}, both)
    assert result.code == 0, result.stderr
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert Layout(folder("a")).check().closure("v1") == Layout(folder("b")).check().closure("v1") == images.expected(picture)
    layer = max(picture.blobs, key=lambda each: len(picture.blobs[each]))
    assert len(src.seen("GET", path=layer)) == 1


def test_signatures_and_other_referrers(sync, src, dst, both, from_source, at_target, repo, folder):
    picture = from_source.push(images.image(repo), repo, "v1")
    referrer = images.to_json({
        "schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "artifactType": "application/vnd.example.sbom",
        "config": {"mediaType": images.EMPTY_CONFIG, "digest": images.digest_of(b"{}"), "size": 2}, "layers": [],
        "subject": picture.root.descriptor(), "annotations": {"note": "x"}})
    beside = images.Picture([images.Manifest(images.OCI_MANIFEST, referrer)], {images.digest_of(b"{}"): b"{}"})
    from_source.push(beside, repo)
    listed = images.to_json({"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": [
        beside.root.descriptor(artifactType="application/vnd.example.sbom", annotations={"note": "x"})]})
    fallback = picture.digest.replace(":", "-")
    from_source.push_manifest(repo, images.Manifest(images.OCI_INDEX, listed), fallback)
    there = sync({f"{src.host}/{repo}:v1": f"oci:{folder('app')}"}, both, ["--referrers", "all"])
    assert there.code == 0, there.stderr
    layout = Layout(folder("app")).check()
    assert layout.tags() == sorted([fallback, "v1"])
    assert beside.digest in [each["digest"] for each in layout.index()["manifests"]]
    assert json.loads(layout.blob(layout.head(fallback)))["manifests"][0]["digest"] == beside.digest
    back = sync({f"oci:{folder('app')}:v1": f"{dst.host}/{repo}"}, both, ["--referrers", "all"])
    assert back.code == 0, back.stderr
    assert at_target.head(repo, beside.digest) and at_target.head(repo, fallback)
    again = sync({f"oci:{folder('app')}:v1": f"{dst.host}/{repo}"}, both, ["--referrers", "all"])
    assert again.report["skipped"] == 1


@pytest.mark.skipif(run.FLAVOR != "musl", reason="two programs cannot trace the same one")
def test_signatures_are_not_read_for_each_image(runner, repo, folder, tmp_path):
    """They have no names, so all of them are looked into: once, however many images are asked for."""
    count, trace = 40, tmp_path / "trace"
    for number in range(count):
        picture = images.image(f"{repo}/{number}", layers=1, size=50)
        signature = images.to_json({
            "schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "artifactType": "application/vnd.example.signature",
            "config": {"mediaType": images.EMPTY_CONFIG, "digest": images.digest_of(b"{}"), "size": 2}, "layers": [],
            "subject": picture.root.descriptor(), "annotations": {"number": str(number)}})
        beside = images.Picture([images.Manifest(images.OCI_MANIFEST, signature)], {images.digest_of(b"{}"): b"{}"})
        layouts.write(folder("from"), picture, f"v{number}")
        layouts.write(folder("from"), beside, None)
    command = runner.arguments({f"oci:{folder('from')}": f"oci:{folder('to')}"}, {}, ["--referrers", "all"])
    result = runner.run([need.program("strace"), "-f", "-e", "trace=openat", "-o", str(trace), *command], report=True)
    assert result.code == 0 and result.report["copied"] == count, result.stderr
    copy = Layout(folder("to")).check()
    assert {each["digest"] for each in Layout(folder("from")).index()["manifests"]} <= copy.blobs()
    digest = beside.digest.split(":")[1]
    opened = [line for line in trace.read_text().splitlines() if digest in line and "O_WRONLY" not in line and "O_RDWR" not in line]
    assert 0 < len(opened) < count / 2


def test_a_folder_as_a_mirror(sync, src, dst, from_source, at_target, repo, folder):
    picture = from_source.push(images.image(repo), repo, "v1")
    layouts.write(f"{folder('mirror')}/{repo}", picture, "v1")
    other = from_source.push(images.image(f"{repo}/other"), f"{repo}/other", "v1")
    auth = {**run.insecure(dst), **run.insecure(src, mirrors=[f"oci:{folder('mirror')}"])}
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}", f"{src.host}/{repo}/other:v1": f"{dst.host}/{repo}/other"}, auth)
    assert result.code == 0, result.stderr
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert at_target.closure(f"{repo}/other", "v1") == images.expected(other)
    assert [each for each in src.seen() if f"/{repo}/blobs" in each.path or f"/{repo}/manifests" in each.path] == []


def test_many_tags_of_one_folder(sync, src, both, from_source, repo, folder):
    """Two hundred changes of one index, from as many threads as there are."""
    picture = from_source.push(images.image(repo), repo, *[f"v{number}" for number in range(200)])
    result = sync({f"{src.host}/{repo}": f"oci:{folder('app')}"}, both)
    assert result.code == 0 and result.report["copied"] == 200
    layout = Layout(folder("app")).check()
    assert len(layout.tags()) == 200 and layout.closure("v77") == images.expected(picture)
