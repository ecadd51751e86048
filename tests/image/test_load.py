"""What `docker load` makes of archives, and what is made of those that `docker save` writes."""

import json
import subprocess
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


def unpacked(closure):
    """The layers of an image, unpacked, by its configuration; of an index those for linux/amd64."""
    document = json.loads(closure.manifests[closure.root][1])
    if "manifests" in document:
        child = next(each["digest"] for each in document["manifests"] if each["platform"]["architecture"] == "amd64")
        document = json.loads(closure.manifests[child][1])
    return json.loads(closure.blobs[document["config"]["digest"]])["rootfs"]["diff_ids"]


def wanted(picture):
    return unpacked(images.expected(picture))


def test_an_archive(binary, engine, source, from_source, repo, tmp_path, name):
    pictures = push(from_source, repo)
    sync(binary, source, tmp_path, repo, f"oci-archive:{tmp_path}/all.tar/{name}")
    told = engine("load", "--input", str(tmp_path / "all.tar")).stdout.decode()
    for tag, picture in zip(("v1", "v2"), pictures):
        assert f"{name}:{tag}" in told
        assert layers_of(engine, f"{name}:{tag}") == wanted(picture)


def test_a_folder_made_an_archive(binary, engine, source, from_source, repo, tmp_path, name):
    picture, _ = push(from_source, repo)
    sync(binary, source, tmp_path, f"{repo}:v1", f"oci:{tmp_path}/app")
    subprocess.run([binary, f"oci:{tmp_path}/app:v1", f"oci-archive:{tmp_path}/all.tar/{name}"], check=True, cwd=tmp_path, timeout=60)
    engine("load", "--input", str(tmp_path / "all.tar"))
    assert layers_of(engine, f"{name}:v1") == wanted(picture)


@pytest.mark.parametrize("tag", ["v1", "v2"])
def test_what_docker_saves(binary, engine, source, target, from_source, at_target, repo, tmp_path, name, tag):
    """With containerd's store it keeps every byte; with its own it writes the layers unpacked, and a manifest of its own for them."""
    version = int(engine("version", "--format", "{{.Server.Version}}").stdout.split(b".")[0])
    if version < 25:
        pytest.skip(f"docker {version} saves no OCI layouts")
    pictures = dict(zip(("v1", "v2"), push(from_source, repo)))
    sync(binary, source, tmp_path, repo, f"oci-archive:{tmp_path}/all.tar/{name}")
    engine("load", "--input", str(tmp_path / "all.tar"))
    engine("save", "--output", str(tmp_path / "saved.tar"), f"{name}:{tag}")
    subprocess.run([binary, "--insecure", target.host, f"oci-archive:{tmp_path}/saved.tar:{tag}", f"{target.host}/{repo}"],
                   check=True, cwd=tmp_path, timeout=60)
    found = at_target.closure(repo, tag)
    assert found == images.expected(pictures[tag]) or unpacked(found) == wanted(pictures[tag])
