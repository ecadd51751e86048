"""The launcher with a real engine: from a registry by digest, and from a build. Skipped where no engine answers."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import uuid

import pytest

from actions import ROOT, Runner
from lib import images
from lib.run import insecure


@pytest.fixture
def action(tmp_path, binary):
    """The action as the runner unpacks it, with a source that is only this program."""
    place = tmp_path / "action"
    (place / "src").mkdir(parents=True)
    (place / ".github").mkdir()
    for name in ("action.yml", "entrypoint.sh"):
        shutil.copy(os.path.join(ROOT, name), place)
    shutil.copy(binary, place / "src" / "program")
    (place / "Makefile").write_text("all:\n")
    (place / "Dockerfile").write_text(f"FROM scratch\nLABEL runner-harness={uuid.uuid4().hex}\nCOPY src/program /image-syncer\n")
    return place


@pytest.fixture
def launcher(runner, action, engine):
    """A runner that has no program yet."""
    runner.program, runner.action_path = None, str(action)
    runner.machine.update(engine.environment)
    return runner


def _sync(launcher, source, target, from_source, at_target, repo, **more):
    picture = from_source.push(images.image(repo, layers=1), repo, "v1")
    step = launcher.action({"images": f'{{"{source.host}/{repo}:v1": "{target.host}/{repo}"}}',
                            "auth": json.dumps(insecure(source, target)), **more})
    assert step.code == 0 and step.outputs["result"] == "success", step
    assert at_target.head(repo, "v1") == picture.digest
    return step


def test_from_a_registry_by_digest(launcher, action, engine, source, target, from_source, at_target, repo, binary):
    name = f"{source.host}/tool-{uuid.uuid4().hex[:12]}"
    engine.image(binary, f"{name}:v1")
    digest = re.search(r"sha256:[0-9a-f]{64}", engine.run("push", f"{name}:v1")).group(0)
    engine.run("rmi", f"{name}:v1")
    engine.forget(f"{name}@{digest}")
    hash_ = subprocess.run(["sh", str(action / "entrypoint.sh"), "--source-hash"], stdout=subprocess.PIPE, text=True, check=True)
    with open(binary, "rb") as file:
        checksum = hashlib.sha256(file.read()).hexdigest()
    (action / ".github/release.lock").write_text(
        f"source {hash_.stdout}image {name}@{digest}\nurl https://example.invalid/image-syncer-linux\n"
        f"sha256-linux-amd64 {checksum}\nsha256-linux-arm64 {checksum}\n")
    step = _sync(launcher, source, target, from_source, at_target, repo)
    assert "image-syncer: fetch the program" in step.text
    left = engine.run("ps", "-a", "-q", "--filter", f"ancestor={name}@{digest}")
    assert left == "", "a container was left behind"


def test_from_a_build(launcher, action, engine, source, target, from_source, at_target, repo):
    label = re.search("runner-harness=.*", (action / "Dockerfile").read_text()).group(0)
    step = _sync(launcher, source, target, from_source, at_target, repo)
    assert "image-syncer: build the program" in step.text
    assert not step.log.unfinished()
    for image in engine.run("images", "-q", "--no-trunc", "--filter", f"label={label}").split():
        engine.forget(image)


def test_the_runner_is_told_when_there_is_no_engine(runner, action):
    assert isinstance(runner, Runner)
    runner.program, runner.action_path = None, str(action)
    runner.machine["DOCKER_HOST"] = "unix:///nowhere/docker.sock"
    step = runner.action({"images": "{}"})
    assert step.code == 2 and step.outputs["result"] == "failure"
    assert any("IMAGE_SYNCER_BIN" in each for each in step.annotations("error")), step
