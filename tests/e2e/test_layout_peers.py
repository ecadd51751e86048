"""Folders that other programs write and read: what one of them wrote we copy, and what we wrote they do, byte for byte. The programs
are Debian's skopeo and those of install-layout-peers.sh; a program that is not there is skipped."""

import os
import shutil
import subprocess

import pytest

from lib import images, run
from lib.layouts import Layout

FOLDER = os.path.join(os.environ.get("IMAGE_SYNCER_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "image-syncer"), "layouts")

# Each program: from a registry's image into a folder, and back. {image} is HOST/REPOSITORY:TAG.
WRITE = {
    "skopeo": "skopeo copy -q --all --preserve-digests --src-tls-verify=false docker://{image} oci:{folder}:v1",
    "oras": "oras cp -r --no-tty --from-plain-http {image} --to-oci-layout {folder}:v1",
    "regctl": "regctl image copy --host reg={host},tls=disabled {image} ocidir://{folder}:v1",
    "crane": "crane pull --insecure --format=oci {image} {folder}",
}
READ = {
    "skopeo": "skopeo copy -q --all --preserve-digests --dest-tls-verify=false oci:{folder}:v1 docker://{image}",
    "oras": "oras cp -r --no-tty --from-oci-layout {folder}:v1 --to-plain-http {image}",
    "regctl": "regctl image copy --host reg={host},tls=disabled ocidir://{folder}:v1 {image}",
    "crane": "crane push --insecure {folder} {image}",
}
KINDS = ("oci-image", "oci-index", "nested-index", "odd-bytes", "artifact-with-empty-config", "oci-image-without-media-type")
CANNOT = {("skopeo", "nested-index")}      # it refuses an index in an index anywhere


@pytest.fixture
def peer(tmp_path):
    """peer(command, **names) runs one of the commands to its end."""
    def call(command, **names):
        words = command.format(**names).split()
        program = shutil.which(words[0], path=f"{FOLDER}:{os.environ.get('PATH', '')}")
        if not program:
            pytest.skip(f"{words[0]} is not installed")
        env = {"PATH": os.environ.get("PATH", ""), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
        done = subprocess.run([program, *words[1:]], env=env, capture_output=True, text=True, timeout=run.SECONDS, check=False)
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return call


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("program", WRITE)
def test_what_they_write_we_read(sync, source, target, from_source, at_target, repo, tmp_path, peer, program, kind):
    if (program, kind) in CANNOT:
        pytest.skip("it cannot")
    picture = from_source.push(images.KINDS[kind](repo), repo, "v1")
    folder = str(tmp_path / "app")
    peer(WRITE[program], image=f"{source.host}/{repo}:v1", host=source.host, folder=folder)
    result = sync({f"oci:{folder}": f"{target.host}/{repo}:v9"}, run.insecure(target))
    assert result.code == 0, result.stderr
    assert at_target.closure(repo, "v9") == images.expected(picture)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("program", READ)
def test_what_we_write_they_read(sync, source, target, from_source, at_target, repo, tmp_path, peer, program, kind):
    if (program, kind) in CANNOT:
        pytest.skip("it cannot")
    picture = from_source.push(images.KINDS[kind](repo), repo, "v1")
    folder = str(tmp_path / "app")
    result = sync({f"{source.host}/{repo}:v1": f"oci:{folder}"}, run.insecure(source))
    assert result.code == 0, result.stderr
    peer(READ[program], image=f"{target.host}/{repo}:v1", host=target.host, folder=folder)
    assert at_target.closure(repo, "v1") == images.expected(picture)


@pytest.mark.parametrize("program", [each for each in WRITE if each != "crane"])
def test_one_folder_written_by_both(sync, source, from_source, repo, tmp_path, peer, program):
    """Neither loses what the other has put there."""
    pictures = {tag: from_source.push(images.image(f"{repo}/{tag}"), repo, tag) for tag in ("v1", "v2", "v3")}
    folder = str(tmp_path / "app")
    rules = {tag: {f"{source.host}/{repo}:{tag}": f"oci:{folder}"} for tag in pictures}
    assert sync(rules["v2"], run.insecure(source)).code == 0
    peer(WRITE[program], image=f"{source.host}/{repo}:v1", host=source.host, folder=folder)
    assert sync(rules["v3"], run.insecure(source)).code == 0
    layout = Layout(folder)
    for tag, picture in pictures.items():
        assert layout.closure(tag) == images.expected(picture)


# --- archives: not all of them have both directions -----------------------------------------------------------------------------

PACK = {
    "skopeo": "skopeo copy -q --all --preserve-digests --src-tls-verify=false docker://{image} oci-archive:{file}:v1",
    "regctl": "regctl image export --host reg={host},tls=disabled {image} {file}",
}
UNPACK = {
    "skopeo": "skopeo copy -q --all --preserve-digests --dest-tls-verify=false oci-archive:{file}:v1 docker://{image}",
    "oras": "oras cp -r --no-tty --from-oci-layout {file}:v1 --to-plain-http {image}",
    "regctl": "regctl image import --host reg={host},tls=disabled {image} {file}",
}


@pytest.mark.parametrize("kind", ["oci-image", "oci-index"])
@pytest.mark.parametrize("program", PACK)
def test_archives_they_write(sync, source, target, from_source, at_target, repo, tmp_path, peer, program, kind):
    picture = from_source.push(images.KINDS[kind](repo), repo, "v1")
    file = str(tmp_path / "app.tar")
    peer(PACK[program], image=f"{source.host}/{repo}:v1", host=source.host, file=file)
    result = sync({f"oci-archive:{file}:v1": f"{target.host}/{repo}"}, run.insecure(target))
    assert result.code == 0, result.stderr
    assert at_target.closure(repo, "v1") == images.expected(picture)


@pytest.mark.parametrize("kind", ["oci-image", "oci-index"])
@pytest.mark.parametrize("program", UNPACK)
def test_archives_they_read(sync, source, target, from_source, at_target, repo, tmp_path, peer, program, kind):
    picture = from_source.push(images.KINDS[kind](repo), repo, "v1")
    file = str(tmp_path / "app.tar")
    result = sync({f"{source.host}/{repo}:v1": f"oci-archive:{file}"}, run.insecure(source))
    assert result.code == 0, result.stderr
    peer(UNPACK[program], image=f"{target.host}/{repo}:v1", host=target.host, file=file)
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_a_name_as_docker_and_containerd_read_it(sync, source, from_source, repo, tmp_path, peer):
    """skopeo reads both: the layout by its whole name, and manifest.json, which docker load reads where it knows no layouts."""
    from_source.push(images.image(repo), repo, "v1")
    file = str(tmp_path / "app.tar")
    assert sync({f"{source.host}/{repo}:v1": f"oci-archive:{file}/team/app"}, run.insecure(source)).code == 0
    peer("skopeo copy -q oci-archive:{file}:team/app:v1 dir:{folder}", file=file, folder=str(tmp_path / "one"))
    peer("skopeo copy -q docker-archive:{file}:team/app:v1 dir:{folder}", file=file, folder=str(tmp_path / "two"))
