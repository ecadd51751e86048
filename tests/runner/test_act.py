"""A smoke test with act, where tests/runner/install-tools.sh could install it: the example workflow, on this machine itself."""

import os
import shutil
import subprocess

import pytest
import yaml

import actions


@pytest.fixture(scope="module")
def act():
    tools = subprocess.run([os.path.join(actions.ROOT, "tests/runner/install-tools.sh"), "--path"], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.strip()
    found = shutil.which("act", path=os.pathsep.join([os.environ["PATH"], os.path.join(tools, "bin")]))
    if not found:
        pytest.skip("act is not here: tests/runner/install-tools.sh installs it where there is Go")
    return found


def test_the_example_workflow(act, scene, binary, tmp_path):
    with open(os.path.join(actions.ROOT, ".github/examples/mirror.yml"), encoding="utf-8") as file:
        workflow = yaml.safe_load(file)
    step = next(each for each in workflow["jobs"]["mirror"]["steps"] if each.get("id") == "sync")
    assert "registry.example.com" in step["with"]["auth"]
    step["with"]["auth"] = step["with"]["auth"].replace("registry.example.com:", f"{scene.target.host}:\n  insecure: true") + (
        f"{scene.source.host}:\n  insecure: true\n")
    project = tmp_path / "project"
    (project / ".github/workflows").mkdir(parents=True)
    (project / ".github/workflows/mirror.yml").write_text(yaml.safe_dump(workflow).replace("true:", '"on":', 1))
    for command in (["init", "-q"], ["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "a"]):
        subprocess.run(["git", "-C", str(project), *command], check=True)
    (rule, destination), = scene.rules.items()
    home = tmp_path / "act-home"
    home.mkdir()
    done = subprocess.run(
        [act, "workflow_dispatch", "-P", "ubuntu-latest=-self-hosted", "--pull=false", "--action-offline-mode", "--no-cache-server",
         "--local-repository", f"{step['uses']}={actions.ROOT}", "--input", f'images={{"{rule}": "{destination}"}}',
         *[part for name in ("HUB_USER", "HUB_TOKEN", "MIRROR_USER", "MIRROR_PASSWORD") for part in ("-s", f"{name}=not-a-secret")]],
        cwd=project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "IMAGE_SYNCER_BIN": binary, "TMPDIR": str(tmp_path)})
    assert done.returncode == 0 and "Job succeeded" in done.stdout, done.stdout
    assert scene.at_target.head(scene.repo, "v1") == scene.picture.digest
    assert "1 images were copied" in done.stdout and f"{destination}:v1" in done.stdout, done.stdout
