"""The examples of `check` are good: the workflow and the hook for pre-commit call the program with options that it has, and get what they expect.

SARIF is compared with its public schema if SARIF_SCHEMA names the file, and in any case with what code scanning needs of it.
"""

import json
import os
import re
import shlex
import subprocess

import jsonschema
import pytest
import yaml

from lib import need
from test_examples import documents

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
HOOK_KEYS = {"id", "name", "description", "language", "entry", "args", "files", "pass_filenames"}
GOOD = "quay.io/coreos/etcd:v3.5.0: registry.example.com/etcd\n"
BAD = "quay.io/coreos/etcd:v3.5.0: registry.example.com/Etcd\n"
DOUBLE = GOOD + "quay.io/coreos/etcd:v3.5.0,v3.5.1: registry.example.com/etcd\n"
AUTH = "registry.example.com: {username: '${MIRROR_USER}', password: '${MIRROR_PASSWORD}'}\n"


def run(folder, words, environment=None, **files):
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content)
        (folder / f"{name}.yaml").chmod(0o600)
    return subprocess.run([need.binary(), *words], cwd=folder, env={"PATH": "", "HOME": str(folder), **(environment or {})}, capture_output=True, text=True,
                          check=False, timeout=60)


def hooks():
    with open(os.path.join(ROOT, ".pre-commit-hooks.yaml"), encoding="utf-8") as file:
        return yaml.safe_load(file)


@pytest.mark.parametrize("hook", [pytest.param(hook, id=hook["id"]) for hook in hooks()])
def test_a_hook(hook, tmp_path):
    assert set(hook) == HOOK_KEYS and hook["pass_filenames"] is False
    program, *words = shlex.split(hook["entry"])
    assert program == "image-syncer" if hook["language"] == "system" else program.startswith("ghcr.io/OWNER/image-syncer:")
    assert re.search(hook["files"], "images.yaml") and not re.search(hook["files"], "docs/images.yaml")
    assert run(tmp_path, [*words, *hook["args"]], images=GOOD).returncode == 0
    assert run(tmp_path, [*words, *hook["args"]], images=BAD).returncode == 2


def test_the_configuration_of_pre_commit_names_a_hook():
    repository, = documents("pre-commit-config.yaml")[0]["repos"]
    assert {hook["id"] for hook in repository["hooks"]} <= {hook["id"] for hook in hooks()}


def steps():
    """The command lines of the workflow behind the name of the image, and its variables."""
    job = documents("check.yml")[0]["jobs"]["check"]
    runs = [step["run"].replace("\\\n", " ") for step in job["steps"] if "run" in step]
    assert all(run.startswith("docker run ") for run in runs)
    environment = {name: value for name, value in job["env"].items() if name != "IMAGE"}
    for each in runs:
        assert all(f"-e {name}" in each for name in environment)
    return [each.split('"$IMAGE"', 1)[1] for each in runs], environment


@pytest.mark.parametrize("rules, code", ((GOOD, 0), (BAD, 2), (DOUBLE, 0)), ids=("good", "bad", "double"))
def test_the_workflow(tmp_path, rules, code):
    (annotations, results), environment = steps()
    done = run(tmp_path, shlex.split(annotations), environment, images=rules, auth=AUTH)
    assert done.returncode == code, done.stdout + done.stderr
    assert all(re.match("::(error|warning) file=images.yaml,line=", line) for line in done.stdout.splitlines())
    words, rest = results.split(">", 1)
    assert rest.split() == ["image-syncer.sarif", "||", "[", "$?", "=", "2", "]"]
    done = run(tmp_path, shlex.split(words), environment, images=rules, auth=AUTH)
    assert done.returncode == code
    assert problems(json.loads(done.stdout)) == []


def problems(log):
    """What code scanning would not take."""
    if os.environ.get("SARIF_SCHEMA"):
        with open(os.environ["SARIF_SCHEMA"], encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.validators.validator_for(schema)(schema).validate(log)
    found = []
    if log["version"] != "2.1.0" or len(log["runs"]) != 1:
        found.append("not one run of SARIF 2.1.0")
    for part in log["runs"]:
        rules = part["tool"]["driver"]["rules"]
        for result in part["results"]:
            place = result["locations"][0]["physicalLocation"]
            region = place.get("region", {"startLine": 1, "startColumn": 1})
            if rules[result["ruleIndex"]]["id"] != result["ruleId"] or result["level"] not in ("error", "warning"):
                found.append(f"{result['ruleId']}: another rule, or no level")
            if region["startLine"] < 1 or region["startColumn"] < 1 or place["artifactLocation"]["uri"].startswith("/"):
                found.append(f"{place}: no place")
            if not result["message"]["text"]:
                found.append("a message is empty")
    return found


def test_sarif_of_everything_that_can_be_found(tmp_path):
    rules = ("nginx: registry.example.com/nginx\nnginx:1.28: registry.example.com/nginx\nmysql: registry.example.com/nginx\n"
             "redis:7: registry.example.com/redis\ndocker.io/library/redis:7: registry.example.com/redis\n")
    auth = "other.example.com: {username: a, password: not-a-real-one}\n"
    done = run(tmp_path, ["check", "--images", "images.yaml", "--auth", "auth.yaml", "--timeout", "x", "--sorted", "--format", "sarif"], images=rules, auth=auth)
    log = json.loads(done.stdout)
    assert problems(log) == []
    assert {result["ruleId"] for result in log["runs"][0]["results"]} >= {"mistake", "duplicate", "shadowed", "conflict", "unsorted"}


@pytest.mark.parametrize("spoil", (
    lambda log: log.update(version="2.0.0"),
    lambda log: log["runs"][0]["results"][0].update(ruleIndex=1),
    lambda log: log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"].update(startLine=0),
), ids=("version", "rule", "place"))
def test_a_fault_is_found(tmp_path, spoil):
    log = json.loads(run(tmp_path, ["check", "--images", "images.yaml", "--format", "sarif"], images=BAD).stdout)
    assert problems(log) == []
    spoil(log)
    try:
        assert problems(log)
    except jsonschema.ValidationError:
        pass
