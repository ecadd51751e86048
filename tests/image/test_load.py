"""What `docker load` makes of archives and folders: the images with their names, which run."""

import json
import subprocess
import tarfile
import uuid

import pytest

from lib import images, run


@pytest.fixture
def name(engine):
    """A repository that the engine does not have, and has not afterwards."""
    made = f"example.test/load/{uuid.uuid4().hex[:12]}"
    yield made
    engine("rmi", "--force", *engine("images", "--quiet", made).stdout.decode().split(), check=False)


def push(from_source, repo):
    """An image with one tag, an index with another."""
    return from_source.push(images.image(repo), repo, "v1"), from_source.push(images.multi(repo), repo, "v2")


def sync(binary, source, tmp_path, repo, destination):
    (tmp_path / "images.yaml").write_text(run.to_yaml({f"{source.host}/{repo}": destination}))
    (tmp_path / "auth.yaml").write_text(run.to_yaml(run.insecure(source)))
    subprocess.run([binary, "--auth", "auth.yaml", "--images", "images.yaml"], check=True, cwd=tmp_path, timeout=60)


def layers_of(engine, tag):
    return json.loads(engine("image", "inspect", tag).stdout)[0]["RootFS"]["Layers"]


def wanted(picture):
    """The layers of an image, unpacked, by its configuration; of an index those for linux/amd64."""
    documents = {each.digest: json.loads(each.data) for each in picture.manifests}
    document = documents[picture.digest]
    if "manifests" in document:
        document = documents[next(each["digest"] for each in document["manifests"] if each["platform"]["architecture"] == "amd64")]
    return json.loads(picture.blobs[document["config"]["digest"]])["rootfs"]["diff_ids"]


def test_an_archive(binary, engine, source, from_source, repo, tmp_path, name):
    pictures = push(from_source, repo)
    sync(binary, source, tmp_path, repo, f"oci-archive:{tmp_path}/all.tar/{name}")
    told = engine("load", "--input", str(tmp_path / "all.tar")).stdout.decode()
    for tag, picture in zip(("v1", "v2"), pictures):
        assert f"{name}:{tag}" in told
        assert layers_of(engine, f"{name}:{tag}") == wanted(picture)


def test_a_folder_in_a_tar(binary, engine, source, from_source, repo, tmp_path, name):
    """As any layout: its images have tags, of which docker knows no name."""
    version = int(engine("version", "--format", "{{.Server.Version}}").stdout.split(b".")[0])
    if version < 25:
        pytest.skip(f"docker {version} knows no OCI layouts")
    picture, _ = push(from_source, repo)
    sync(binary, source, tmp_path, f"{repo}:v1", f"oci:{tmp_path}/app")
    with tarfile.open(tmp_path / "app.tar", "w") as tar:
        tar.add(tmp_path / "app", arcname=".")
    told = engine("load", "--input", str(tmp_path / "app.tar")).stdout.decode()
    loaded = told.rsplit(maxsplit=1)[-1]
    try:
        assert layers_of(engine, loaded) == wanted(picture)
    finally:
        engine("rmi", "--force", loaded, check=False)
