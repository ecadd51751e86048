"""The image that the Dockerfile makes: what is in it, what it weighs, and that it works where nothing else is allowed."""

import contextlib
import gzip
import io
import json
import os
import re
import signal
import subprocess
import tarfile

import pytest

from lib import images, proxy, run
from lib.registry import Registry

PROGRAM, BUNDLE = "image-syncer", "etc/ssl/certs/ca-certificates.crt"
CONFINED = ("--network", "host", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
NOBODY = (*CONFINED, "--user", "65532:65532")


# -- contents -----------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def layers(engine, image):
    """The layers as plain tar archives, by the image's own manifest."""
    with tarfile.open(fileobj=io.BytesIO(engine("save", image).stdout)) as saved:
        paths = json.load(saved.extractfile("manifest.json"))[0]["Layers"]
        found = [saved.extractfile(path).read() for path in paths]
    return [gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data for data in found]


@pytest.fixture(scope="module")
def files(layers):
    """{path: (mode, owner, bytes)} of everything that is no directory."""
    found = {}
    for data in layers:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for member in tar:
                if not member.isdir():
                    assert member.isreg(), member.name
                    found[member.name] = (member.mode & 0o7777, (member.uid, member.gid), tar.extractfile(member).read())
    return found


def test_two_files_and_nothing_else(files):
    assert sorted(files) == [BUNDLE, PROGRAM]
    assert files[PROGRAM][:2] == (0o755, (0, 0))
    assert files[BUNDLE][:2] == (0o644, (0, 0))


def test_a_container_has_those_two_files(engine, image):
    """docker export: only empty mount points of the engine come on top."""
    container = engine("create", image, "x").stdout.decode().strip()
    try:
        with tarfile.open(fileobj=io.BytesIO(engine("export", container).stdout)) as tar:
            full = sorted(member.name for member in tar if member.isreg() and member.size)
    finally:
        engine("rm", container)
    assert full == [BUNDLE, PROGRAM]


def test_the_bundle_is_debians(files):
    count = files[BUNDLE][2].count(b"-----BEGIN CERTIFICATE-----")
    assert 100 < count < 400
    assert b"PRIVATE" not in files[BUNDLE][2]


def test_the_program_is_static(files, tmp_path):
    path = tmp_path / "program"
    path.write_bytes(files[PROGRAM][2])
    segments = subprocess.run(["readelf", "-lW", path], capture_output=True, text=True, check=True).stdout
    assert "LOAD" in segments and "INTERP" not in segments


def test_it_is_small(layers, record_property):
    """As it is unpacked, and as a registry stores and sends it, which is gzip of each layer. OpenSSL is two thirds of the program."""
    limits = (13 << 19, 23 << 17) if run.ENGINE == "openssl" else (5 << 19, 5 << 18)
    unpacked, packed = sum(map(len, layers)), sum(len(gzip.compress(data, 6)) for data in layers)
    record_property("unpacked", unpacked)
    record_property("packed", packed)
    print(f"unpacked {unpacked}, compressed {packed} bytes")
    assert unpacked < limits[0] and packed < limits[1]


def test_configuration_and_labels(facts, files):
    config = facts["Config"]
    assert config["Entrypoint"] == ["/image-syncer"]
    assert not config["Cmd"] and not config["User"] and not config.get("Volumes") and not config.get("ExposedPorts")
    labels = {key.removeprefix("org.opencontainers.image."): value for key, value in (config["Labels"] or {}).items()}
    assert set(labels) >= {"title", "description", "licenses", "source", "version", "revision"}
    assert labels["title"] == "image-syncer" and labels["licenses"].startswith("Apache-2.0 AND MIT AND curl")
    assert re.fullmatch(r"[0-9a-f]{40}|", labels["revision"])
    assert labels["version"] and labels["version"].encode() in files[PROGRAM][2]


def test_the_version_is_the_labels(engine, image, facts):
    said = engine("run", "--rm", *NOBODY, image, "--version").stdout.decode().split()
    assert said[:2] == ["image-syncer", facts["Config"]["Labels"]["org.opencontainers.image.version"]]
    assert [name for name in said[2::2] if name.endswith("ssl")] == [run.ENGINE]


# -- work ---------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def work(tmp_path):
    """A folder as a user has it, with what a run needs; anybody may read and write it."""
    os.chmod(tmp_path, 0o777)
    for parent in tmp_path.parents[:2]:       # pytest keeps these for their owner
        os.chmod(parent, 0o711)

    def write(name, document):
        path = tmp_path / name
        path.write_text(run.to_yaml(document))
        os.chmod(path, 0o644)
    write.home = str(tmp_path)
    return write


@pytest.mark.parametrize("flags", (("--network", "host"), NOBODY), ids=("plain", "confined"))
def test_the_one_shot(engine, image, work, from_source, src, at_target, repo, flags):
    """As README has it: files of the current folder, a password from the environment."""
    picture = from_source.push(images.multi(repo, platforms=2), repo, "v1")
    with Registry("guarded", users={"robot": "opensesame-image"}) as guarded:
        inside = images.Client(guarded, lambda *_: "Basic cm9ib3Q6b3BlbnNlc2FtZS1pbWFnZQ==")
        work("auth.yaml", {**run.insecure(src), guarded.host: {"username": "robot", "password": "${REG_PASSWORD}", "insecure": True}})
        work("images.yaml", {f"{src.host}/{repo}:v1": f"{guarded.host}/{repo}"})
        command = ("run", "--rm", *flags, "-v", f"{work.home}:/work", "-w", "/work", "-e", "REG_PASSWORD", image,
                   "--auth", "auth.yaml", "--images", "images.yaml", "--report", "report.json")
        done = engine(*command, check=False, env={**os.environ, "REG_PASSWORD": "opensesame-image"})
        assert done.returncode == 0, done.stderr.decode()
        assert inside.closure(repo, "v1") == images.expected(picture)
        inside.close()
    with open(os.path.join(work.home, "report.json"), encoding="utf-8") as file:
        assert json.load(file)["result"] == "success"
    assert b"opensesame-image" not in done.stdout + done.stderr


@pytest.fixture(scope="module")
def secure(certs):
    with Registry("secure", certs=certs, cert="rsa") as started:
        yield started


def test_https_with_a_certificate_of_ones_own(engine, image, work, secure, certs, repo):
    inside = images.Client(secure)
    picture = inside.push(images.image(repo), repo, "v1")
    host = f"localhost:{secure.port}"
    work("images.yaml", {f"{host}/{repo}:v1": f"{host}/{repo}/copy"})
    command = ["run", "--rm", *CONFINED, "-v", f"{work.home}:/work", "-w", "/work", "-v", f"{certs.ca}:/ca.pem:ro"]
    done = engine(*command, "-e", "SSL_CERT_FILE=/ca.pem", image, "--images", "images.yaml", check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert inside.closure(f"{repo}/copy", "v1") == images.expected(picture)
    # The image's own bundle is read, and does not know this authority.
    done = engine(*command, image, "--images", "images.yaml", "--force", check=False)
    assert done.returncode == 1 and b"certificate" in done.stderr
    assert b"no usable" not in done.stderr and b"ca-certificates.crt" not in done.stderr
    inside.close()


# -- signals ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("number,code", ((signal.SIGTERM, 143), (signal.SIGINT, 130)), ids=("SIGTERM", "SIGINT"))
def test_the_first_process_stops_in_the_middle_of_a_copy(engine, image, work, src, dst, both, from_source, at_target, repo,
                                                         number, code):
    """As process 1 it has no default action for signals: the kernel would drop them, and the engine would have to kill."""
    picture = from_source.push(images.image(repo, size=400_000), repo, "v1")
    for digest in picture.blobs:
        src.rule("GET", f"/blobs/{digest}", proxy.Stall(50, 900), times=None)    # longer than anybody waits here
    work("auth.yaml", both)
    work("images.yaml", {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"})
    container = engine("run", "-d", *CONFINED, "-v", f"{work.home}:/work", "-w", "/work", image, "--auth", "auth.yaml",
                       "--images", "images.yaml", "--report", "report.json").stdout.decode().strip()
    try:
        proxy.until(lambda: any(each.path.rsplit("/", 1)[1] in picture.blobs for each in src.seen("GET", "blob")),
                    seconds=60, what="a container in the middle of its work")
        engine("kill", "--signal", number.name, container)      # this signal, and never another one
        ended = engine("wait", container).stdout.decode().strip()
        state = json.loads(engine("inspect", container).stdout)[0]["State"]
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            engine("rm", "-f", container)
    assert int(ended) == code and state["ExitCode"] == code and not state["OOMKilled"]
    with open(os.path.join(work.home, "report.json"), encoding="utf-8") as file:
        assert json.load(file)["result"] == "cancelled"
    assert at_target.tags(repo) == []
