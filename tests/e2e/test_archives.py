"""Archives of OCI image layouts as sources and destinations: whole runs in one file, read without unpacking, the same bytes each time."""

import io
import json
import os
import subprocess
import tarfile

import pytest

from lib import images, layouts, run
from lib.layouts import NAME, Layout


def unpack(path, folder):
    """The layout in an archive, checked; tar is what other programs would unpack it with."""
    os.makedirs(folder)
    subprocess.run(["tar", "-C", folder, "-xf", path], check=True)
    return Layout(folder)


def members(path):
    with tarfile.open(path) as tar:
        return [each.name for each in tar.getmembers()]


def pack(folder, path):
    subprocess.run(["tar", "-C", folder, "-cf", path, "."], check=True)


@pytest.fixture
def file(tmp_path):
    """file(name): where an archive may be."""
    os.makedirs(tmp_path / "disk", exist_ok=True)
    return lambda name: str(tmp_path / "disk" / name)


@pytest.mark.parametrize("kind", images.KINDS)
def test_every_kind_there_and_back(sync, src, dst, both, from_source, at_target, repo, file, tmp_path, kind):
    picture = from_source.push(images.KINDS[kind](repo), repo, "v1")
    there = sync({f"{src.host}/{repo}:v1": f"oci-archive:{file('out.tar')}"}, both)
    assert there.code == 0, there.stderr
    assert unpack(file("out.tar"), str(tmp_path / "x")).check().closure("v1") == images.expected(picture)
    back = sync({f"oci-archive:{file('out.tar')}": f"{dst.host}/{repo}"}, both)
    assert back.code == 0, back.stderr
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_a_namespace_in_one_file(sync, src, dst, both, from_source, at_target, repo, file, tmp_path):
    pictures = {name: from_source.push(images.image("shared" if name != "c" else "own"), f"{repo}/{name}", "v1", "v2")
                for name in ("a", "a/b", "c")}
    there = sync({f"{src.host}/{repo}/**": f"oci-archive:{file('out.tar')}"}, both)
    assert there.code == 0 and there.report["copied"] == 6, there.stderr
    names = members(file("out.tar"))
    assert len(names) == len(set(names)) and names[-1] == "oci-layout"
    assert names.index("index.json") > max(number for number, name in enumerate(names) if name.startswith("blobs/"))
    layout = unpack(file("out.tar"), str(tmp_path / "x")).check()
    assert layout.tags() == sorted(f"{name}:{tag}" for name in pictures for tag in ("v1", "v2"))
    back = sync({f"oci-archive:{file('out.tar')}/**": f"{dst.host}/back/{repo}"}, both)
    assert back.code == 0 and back.report["copied"] == 6, back.stderr
    for name, picture in pictures.items():
        assert at_target.closure(f"back/{repo}/{name}", "v2") == images.expected(picture)
    one = sync({f"oci-archive:{file('out.tar')}/a/b:v1": f"{dst.host}/one/{repo}"}, both)
    assert one.code == 0 and at_target.tags(f"one/{repo}") == ["v1"]


def test_the_same_images_give_the_same_bytes(sync, src, both, from_source, repo, file):
    for name in "abcdef":
        from_source.push(images.multi(f"{repo}/{name}"), f"{repo}/{name}", "v1", "v2")
    contents = []
    for name in ("one.tar", "two.tar"):
        assert sync({f"{src.host}/{repo}/*": f"oci-archive:{file(name)}"}, both).code == 0
        with open(file(name), "rb") as tar:
            contents.append(tar.read())
    assert contents[0] == contents[1]


def test_a_download_that_breaks_off(sync, src, dst, both, from_source, at_target, repo, file, tmp_path):
    """A part of a blob is on the disk already, and nobody can call it back."""
    from lib import proxy
    picture = from_source.push(images.image(repo, layers=2, size=3_000_000), repo, "v1")
    src.rule("GET", "/blobs/sha256:", proxy.ResetResponse(after=1_500_000), times=1)
    assert sync({f"{src.host}/{repo}:v1": f"oci-archive:{file('out.tar')}"}, both).code == 0
    assert unpack(file("out.tar"), str(tmp_path / "x")).check().closure("v1") == images.expected(picture)


def test_an_image_that_fails_leaves_the_others(sync, src, both, from_source, repo, file, tmp_path):
    good = from_source.push(images.image(f"{repo}/good"), repo, "good")
    bad = from_source.push(images.image(f"{repo}/bad", layers=1, size=2_000_000), repo, "bad")
    layer = max(bad.blobs, key=lambda each: len(bad.blobs[each]))
    from lib import proxy
    src.rule("GET", f"/blobs/{layer}", proxy.Flip(1_000_000), times=None)
    result = sync({f"{src.host}/{repo}:bad,good": f"oci-archive:{file('out.tar')}"}, both, ["--retries", "0"])
    assert result.code == 1 and result.report["copied"] == 1 and result.report["failed"] == 1
    layout = unpack(file("out.tar"), str(tmp_path / "x")).check()
    assert layout.tags() == ["good"] and layout.closure("good") == images.expected(good)
    assert layer not in layout.blobs()


def test_archives_of_others(sync, dst, both, at_target, repo, file, tmp_path):
    """A layout that tar packed, with folders, dots before its names, and names as docker writes them."""
    picture = images.image(repo)
    layouts.write(tmp_path / "app", picture, "v1", names={"io.containerd.image.name": "docker.io/library/app:v1"})
    pack(str(tmp_path / "app"), file("in.tar"))
    assert sync({f"oci-archive:{file('in.tar')}:v1": f"{dst.host}/{repo}", f"oci-archive:{file('in.tar')}/**": f"{dst.host}/all"},
                both).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert at_target.closure("all/docker.io/library/app", "v1") == images.expected(picture)


def test_the_repositories_of_an_archive_are_not_mixed(sync, src, dst, both, from_source, at_target, repo, file):
    pictures = {tag: from_source.push(images.image(f"{repo}/{tag}"), f"{repo}/{tag}", tag) for tag in ("v1", "v2")}
    rules = {f"{src.host}/{repo}/v1:v1": f"oci-archive:{file('out.tar')}/a", f"{src.host}/{repo}/v2:v2": f"oci-archive:{file('out.tar')}/b"}
    assert sync(rules, both).code == 0
    result = sync({f"oci-archive:{file('out.tar')}": f"{dst.host}/{repo}"}, both)
    assert result.code == 1 and f"it has several repositories: write oci-archive:{file('out.tar')}/** for all" in result.stderr
    assert at_target.tags(repo) == []
    # A tag that only one of them has is no mistake.
    assert sync({f"oci-archive:{file('out.tar')}:v2": f"{dst.host}/{repo}"}, both).code == 0
    assert at_target.closure(repo, "v2") == images.expected(pictures["v2"])


@pytest.mark.parametrize("hurt", ["cut", "compressed", "else", "missing"])
def test_what_is_no_archive(sync, dst, both, repo, file, tmp_path, hurt):
    layouts.write(tmp_path / "app", images.image(repo), "v1")
    pack(str(tmp_path / "app"), file("in.tar"))
    if hurt == "cut":
        os.truncate(file("in.tar"), 3000)
    elif hurt == "compressed":
        subprocess.run(["gzip", file("in.tar")], check=True)
        os.rename(file("in.tar.gz"), file("in.tar"))
    elif hurt == "else":
        with open(file("in.tar"), "wb") as out:
            out.write(b"x" * 4096)
    else:
        os.unlink(file("in.tar"))
    result = sync({f"oci-archive:{file('in.tar')}:v1": f"{dst.host}/{repo}"}, both)
    words = {"cut": "ends early", "compressed": "gunzip", "else": "no tar archive", "missing": "there is no file"}
    assert result.code == 1 and words[hurt] in result.stderr, result.stderr


def test_an_archive_is_replaced_only_when_it_is_complete(runner, sync, src, both, from_source, repo, file):
    from lib import proxy
    from_source.push(images.image(repo, layers=1, size=3_000_000), repo, "v1")
    rule = {f"{src.host}/{repo}:v1": f"oci-archive:{file('out.tar')}"}
    assert sync(rule, both).code == 0
    with open(file("out.tar"), "rb") as tar:
        before = tar.read()
    src.rule("GET", "/blobs/sha256:", proxy.Stall(1_000_000, 60), times=None)
    process = runner.start(runner.arguments(rule, both))
    stopped = runner.stop(process, lambda: os.path.exists(file("out.tar.part")) and os.path.getsize(file("out.tar.part")) > 900_000,
                          "a part of the archive")
    assert stopped.code == 143
    with open(file("out.tar"), "rb") as tar:
        assert tar.read() == before
    assert os.listdir(os.path.dirname(file("x"))) == ["out.tar"]


def test_read_and_written_at_once(sync, repo, file):
    result = sync({f"oci-archive:{file('a.tar')}/x:v1": f"oci-archive:{file('a.tar')}/y"}, report=False)
    assert result.code == 2 and "is read by one rule and written by another" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")
def test_a_full_disk(sync, src, both, from_source, repo, file):
    from_source.push(images.image(repo, layers=2, size=3_000_000), repo, "v1")
    os.makedirs(file("full"))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", file("full")], check=False, capture_output=True).returncode:
        pytest.skip("no mounts here")
    try:
        result = sync({f"{src.host}/{repo}:v1": f"oci-archive:{file('full/out.tar')}"}, both)
        assert result.code == 1 and result.report["images"][0]["error"]["kind"] == "full", result
    finally:
        subprocess.run(["umount", file("full")], check=True)


def test_an_archive_that_cannot_be_finished(sync, src, both, from_source, repo, file):
    """Its images were copied, and are nowhere: the report says so."""
    from_source.push(images.image("lost"), repo, "v1", "v2")
    os.makedirs(file("out.tar/in-the-way"))
    result = sync({f"{src.host}/{repo}:v1": f"oci-archive:{file('out.tar')}",
                   f"{src.host}/{repo}:v2": f"oci-archive:{file('other.tar')}"}, both)
    assert result.code == 1 and result.report["result"] == "partial" and result.report["failed"] == 1, result
    failed = [each for each in result.report["images"] if each["status"] == "failed"]
    assert f"{file('out.tar')} is not written" in failed[0]["error"]["message"], failed
    assert sorted(os.listdir(os.path.dirname(file("x")))) == ["other.tar", "out.tar"]
    assert unpack(file("other.tar"), file("x")).tags() == ["v2"]


def test_a_stream_that_tar_lists(sync, src, both, from_source, repo, file):
    """Plain headers: no times, no owners, nothing that only some programs read."""
    from_source.push(images.image(repo), repo, "v1")
    assert sync({f"{src.host}/{repo}:v1": f"oci-archive:{file('out.tar')}"}, both).code == 0
    with open(file("out.tar"), "rb") as raw, tarfile.open(fileobj=io.BytesIO(raw.read())) as tar:
        for each in tar.getmembers():
            assert (each.mtime, each.uid, each.uname, each.mode, each.type) == (0, 0, "", 0o644, tarfile.REGTYPE)
        index = json.load(tar.extractfile("index.json"))
    assert [each["annotations"][NAME] for each in index["manifests"]] == ["v1"]


def test_a_dry_run_writes_nothing(sync, src, both, from_source, repo, tmp_path):
    from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"oci-archive:{tmp_path}/new/out.tar"}, both, ["--dry-run"])
    assert result.code == 0 and result.report["would_copy"] == 1, result.stderr
    assert not (tmp_path / "new").exists()


# --- volumes ------------------------------------------------------------------------------------------------------------------

def test_volumes(sync, src, dst, both, from_source, at_target, repo, file):
    picture = from_source.push(images.image(repo, layers=3, size=400_000), repo, "v1")
    there = sync({f"{src.host}/{repo}:v1": f"oci-archive:{file('out.tar')}"}, both, ["--split", "100k"])
    assert there.code == 0, there.stderr
    names = sorted(os.listdir(os.path.dirname(file("x"))))
    assert names[0] == "out.tar.001" and names[-1] == "out.tar.sha256" and len(names) > 10
    assert {os.path.getsize(file(name)) for name in names[:-2]} == {102400}
    subprocess.run(["sha256sum", "--quiet", "-c", "out.tar.sha256"], cwd=os.path.dirname(file("x")), check=True)
    back = sync({f"oci-archive:{file('out.tar')}": f"{dst.host}/{repo}"}, both)
    assert back.code == 0, back.stderr
    assert at_target.closure(repo, "v1") == images.expected(picture)
    # Together they are the file that there would be without.
    assert sync({f"{src.host}/{repo}:v1": f"oci-archive:{file('whole.tar')}"}, both).code == 0
    together = b"".join(open(file(name), "rb").read() for name in names[:-1])
    with open(file("whole.tar"), "rb") as whole:
        assert whole.read() == together


@pytest.mark.parametrize("hurt", ["missing", "cut", "last cut", "damaged", "swapped", "list"])
def test_a_volume_that_is_wrong_is_named(sync, src, dst, both, from_source, at_target, repo, file, hurt):
    from_source.push(images.image(repo, layers=3, size=400_000), repo, "v1")
    assert sync({f"{src.host}/{repo}:v1": f"oci-archive:{file('out.tar')}"}, both, ["--split", "100k"]).code == 0
    last = sorted(os.listdir(os.path.dirname(file("x"))))[-2]
    wrong = {"last cut": [last], "swapped": ["out.tar.001", "out.tar.005"], "list": ["out.tar.sha256"]}.get(hurt, ["out.tar.005"])
    if hurt in ("missing", "list"):
        os.unlink(file(wrong[0]))
    elif hurt in ("cut", "last cut"):
        os.truncate(file(wrong[0]), 5000)
    elif hurt == "swapped":
        os.rename(file(wrong[0]), file("aside"))
        os.rename(file(wrong[1]), file(wrong[0]))
        os.rename(file("aside"), file(wrong[1]))
    else:
        with open(file(wrong[0]), "r+b") as volume:
            volume.seek(50_000)
            volume.write(b"damaged")
    result = sync({f"oci-archive:{file('out.tar')}": f"{dst.host}/{repo}"}, both)
    assert result.code == 1 and all(name in result.stderr for name in wrong), result.stderr
    assert "will be tried again" not in result.stderr, result.stderr
    assert result.stderr.count("is damaged: copy it once more") <= len(wrong), result.stderr
    assert at_target.tags(repo) == []


def test_volumes_when_a_download_breaks_off(sync, src, both, from_source, repo, file):
    from lib import proxy
    from_source.push(images.image(repo, layers=1, size=3_000_000), repo, "v1")
    assert sync({f"{src.host}/{repo}:v1": f"oci-archive:{file('plain.tar')}"}, both, ["--split", "300k"]).code == 0
    src.rule("GET", "/blobs/sha256:", proxy.Flip(1_500_000), times=1)
    assert sync({f"{src.host}/{repo}:v1": f"oci-archive:{file('hurt.tar')}"}, both, ["--split", "300k"]).code == 0
    subprocess.run(["sha256sum", "--quiet", "-c", "hurt.tar.sha256"], cwd=os.path.dirname(file("x")), check=True)
    names = [each for each in sorted(os.listdir(os.path.dirname(file("x")))) if each.startswith("plain.tar.0")]
    for name in names:
        with open(file(name), "rb") as one, open(file(name.replace("plain", "hurt")), "rb") as other:
            assert one.read() == other.read()


# --- what the other side has --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("base", ["archive", "list"])
def test_only_what_is_new(sync, src, dst, both, from_source, at_target, repo, file, base):
    old = images.layer("old", 500_000)
    first = from_source.push(images.image(f"{repo}/1", parts=[old]), f"{repo}/app", "v1")
    rule = {f"{src.host}/{repo}/*": f"oci-archive:{file('monday.tar')}"}
    assert sync(rule, both, ["--output-blobs", file("blobs.txt")]).code == 0
    second = from_source.push(images.image(f"{repo}/2", parts=[old, images.layer("new")]), f"{repo}/app", "v2")
    other = from_source.push(images.image(f"{repo}/2", parts=[old]), f"{repo}/other", "v1")
    since = file("monday.tar") if base == "archive" else file("blobs.txt")
    rule = {f"{src.host}/{repo}/*": f"oci-archive:{file('tuesday.tar')}"}
    result = sync(rule, both, ["--since-archive", since, "--output-blobs", file("blobs.txt")])
    assert result.code == 0, result.stderr
    # app has the layer there already; other is a repository of its own, and gets it.
    assert members(file("tuesday.tar")).count(f"blobs/{images.digest_of(old).replace(':', '/')}") == 1
    only = {f"{src.host}/{repo}/app": f"oci-archive:{file('app.tar')}/app"}
    assert sync(only, both, ["--since-archive", file("monday.tar")]).code == 0
    assert os.path.getsize(file("app.tar")) < 50_000
    for name in ("monday", "tuesday"):
        back = sync({f"oci-archive:{file(name + '.tar')}/*": f"{dst.host}/back/{repo}"}, both)
        assert back.code == 0, back.stderr
    assert at_target.closure(f"back/{repo}/app", "v1") == images.expected(first)
    assert at_target.closure(f"back/{repo}/app", "v2") == images.expected(second)
    assert at_target.closure(f"back/{repo}/other", "v1") == images.expected(other)
    with open(file("blobs.txt"), encoding="utf-8") as lines:
        assert {each.split()[0] for each in lines} == {"app", "other"}


def test_an_import_without_its_base_names_it(sync, src, dst, both, from_source, at_target, repo, file):
    from_source.push(images.image(repo, layers=1, size=100_000), f"{repo}/app", "v1")
    assert sync({f"{src.host}/{repo}/*": f"oci-archive:{file('monday.tar')}"}, both).code == 0
    from_source.push(images.image(f"{repo}/2", parts=[images.layer(f"{repo}/0", 100_000)]), f"{repo}/app", "v2")
    assert sync({f"{src.host}/{repo}/*": f"oci-archive:{file('tuesday.tar')}"}, both, ["--since-archive", file("monday.tar")]).code == 0
    result = sync({f"oci-archive:{file('tuesday.tar')}/*": f"{dst.host}/{repo}"}, both)
    assert result.code == 1 and "for a side that has got monday.tar: import that first" in result.stderr, result.stderr
    assert "trying once more" not in result.stderr
    assert at_target.tags(f"{repo}/app") == []


def test_a_base_that_is_none(sync, src, both, from_source, repo, file):
    from_source.push(images.image(repo), repo, "v1")
    with open(file("base.txt"), "w", encoding="utf-8") as text:
        text.write("app v1\n")
    result = sync({f"{src.host}/{repo}:v1": f"oci-archive:{file('out.tar')}"}, both, ["--since-archive", file("base.txt")])
    assert result.code == 1 and "neither an archive (.tar) nor a list" in result.stderr
    assert not os.path.exists(file("out.tar"))


@pytest.mark.parametrize("flag", ("--report", "--state", "--output-success-images"))
def test_an_archive_is_no_other_output(runner, file, flag):
    """Neither one that is written nor one that is read, nor what the other side has."""
    pack_empty = file("in.tar")
    with tarfile.open(pack_empty, "w"):
        pass
    rules = runner.write("images.yaml", {f"oci-archive:{pack_empty}:v1": f"oci-archive:{file('out.tar')}/app"})
    for name in ("in.tar", "out.tar", "had.txt"):
        result = runner.run([runner.binary, "--images", rules, flag, file(name), "--since-archive", file("had.txt")])
        assert result.code == 2 and f"are the same file, {file(name)}: name two different files" in result.stderr, result
        assert sorted(os.listdir(os.path.dirname(pack_empty))) == ["in.tar"]
