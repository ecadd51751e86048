"""uses: docker://image, by the runner's own docker flags: names of inputs with hyphens, paths of the container."""

import json

import pytest

from scene import OF_A_RUN, check_files


@pytest.fixture(scope="session")
def image(engine, binary):
    return engine.image(binary)


def test_success(scene, engine, image):
    scene.runner.write("rules.yaml", scene.rules)
    step = scene.runner.container(engine, image, {
        "images": "rules.yaml", "auth": json.dumps(scene.logins), "report": "report.json", "fail-fast": "false"})
    check_files(step, OF_A_RUN)
    assert step.code == 0 and scene.copied() and step.outputs["result"] == "success" and step.outputs["copied"] == "1"
    assert step.report["images"][0]["status"] == "copied", "the report is where the next step finds it"
    assert scene.repo in step.summary


@pytest.mark.parametrize("name", ["dry-run", "dry_run", "DRY-RUN"])
def test_names_with_hyphens(scene, engine, image, name):
    step = scene.runner.container(engine, image, scene.given({name: "true"}))
    assert step.code == 0 and step.outputs["changed"] == "false" and not scene.copied()


def test_two_spellings_that_differ(scene, engine, image):
    step = scene.runner.container(engine, image, scene.given({"dry-run": "true", "dry_run": "false"}))
    assert step.code == 2 and step.outputs["result"] == "failure" and not scene.copied()


def test_partial_and_failure(scene, engine, image):
    scene.rules = scene.many(2)
    step = scene.runner.container(engine, image, scene.given(retries="0"))
    check_files(step, OF_A_RUN)
    assert step.code == 1 and step.outputs["result"] == "partial"
    step = scene.runner.container(engine, image, scene.given(images="{}: a"))
    assert step.code == 2 and step.outputs["result"] == "failure" and step.annotations("error")


def test_secrets_and_unknown_inputs(scene, engine, image):
    """with: of docker:// is checked by nobody; secrets travel in the environment of the docker client."""
    scene.logins[scene.target.host] = {"insecure": True, "username": "u", "password": "${PRIVATE_PASSWORD}"}
    step = scene.runner.container(engine, image, scene.given({"image": "x"}), {"PRIVATE_PASSWORD": "not-a-password-8"})
    assert step.code == 0 and any("IMAGE" in each.upper() for each in step.annotations("warning"))
    assert "not-a-password-8" in [each.data for each in step.log.executed if each.name == "add-mask"]
    assert "not-a-password-8" not in "\n".join(line for line in step.log.raw if not line.startswith("::add-mask::"))
