"""The examples in .github/examples are good: each file by the rules of what reads it, and each option by the program's own help."""

import copy
import glob
import os
import re
import shlex
import shutil
import subprocess

import pytest
import yaml

import kinds
from lib import need

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".github", "examples")


def text(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def documents(name):
    return list(yaml.safe_load_all(text(name)))


def pod(document):
    """The pod in a Job or CronJob."""
    spec = document["spec"]
    return spec.get("jobTemplate", document)["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def options():
    """{long or short option: does it take a value} out of --help, and out of that of serve."""
    help_text = "".join(subprocess.run([need.binary(), *words, "--help"], check=True, capture_output=True, text=True).stdout
                        for words in ([], ["serve"]))
    rows = re.findall(r"^ {2,6}(?:(-\w), +)?(--[a-z][a-z0-9-]*)(?: ([A-Z]))?", help_text, re.M)
    return {name: bool(value) for *names, value in rows for name in names if name}


def command_lines():
    """(example, arguments after the program's name)"""
    for name in ("kubernetes/cronjob.yaml", "kubernetes/sharded-job.yaml"):
        yield name, pod(documents(name)[-1])["containers"][0]["args"]
    yield "compose", documents("compose/compose.yaml")[0]["services"]["image-syncer"]["command"]
    yield "cron", shlex.split(text("cron/image-syncer").splitlines()[-1].split(" image-syncer ", 1)[1])
    yield "systemd, serve", shlex.split(re.search(r"^ExecStart=\S+/image-syncer serve (.*)$", text("systemd/image-syncer-serve.service"), re.M).group(1))
    yield "compose, server", documents("serve/compose.yaml")[0]["services"]["image-syncer"]["command"][1:]
    yield "kubernetes, server", pod(documents("serve/deployment.yaml")[-1])["containers"][0]["args"][1:]
    unit = text("serve/image-syncer-hooks.service")
    yield "systemd, server", shlex.split(re.search(r"^ExecStart=\S+/image-syncer serve (.*)$", unit, re.M).group(1))
    yield "systemd", shlex.split(re.search(r"^ExecStart=\S+/image-syncer (.*)$", text("systemd/image-syncer.service"), re.M).group(1))


@pytest.mark.parametrize("arguments", [pytest.param(arguments, id=name) for name, arguments in command_lines()])
def test_every_option_exists(options, arguments):
    assert arguments
    expected = iter(arguments)
    for argument in expected:
        assert argument in options, f"{argument} is no option of the program"
        if options[argument]:
            assert not next(expected).startswith("-")


# -- Kubernetes -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["serve/deployment.yaml", *sorted(os.path.relpath(path, FOLDER) for path in glob.glob(f"{FOLDER}/kubernetes/*.yaml"))])
def test_kubernetes_knows_every_key(path):
    for document in documents(path):
        assert kinds.problems(document) == []


@pytest.mark.parametrize("spoil", (
    lambda job: job["spec"].update(completionmode="Indexed"),
    lambda job: job["spec"].update(completions="4"),
    lambda job: job["spec"].pop("template"),
    lambda job: pod(job)["containers"][0].pop("name"),
    lambda job: pod(job)["containers"][0].update(args="--auth"),
    lambda job: pod(job)["containers"][0]["securityContext"].update(readOnlyRoot=True),
    lambda job: pod(job)["volumes"][0]["configMap"].update(optional="no"),
), ids=("key", "type", "missing", "name", "list", "deep", "bool"))
def test_a_fault_is_found(spoil):
    job = copy.deepcopy(documents("kubernetes/sharded-job.yaml")[-1])
    assert kinds.problems(job) == []
    spoil(job)
    assert kinds.problems(job)


def test_the_shards_are_as_many_as_the_pods():
    spec = documents("kubernetes/sharded-job.yaml")[-1]["spec"]
    container = pod({"spec": spec})["containers"][0]
    assert container["args"][-2:] == ["--shard", f"$(JOB_COMPLETION_INDEX)/{spec['completions']}"]
    assert spec["completionMode"] == "Indexed"


@pytest.mark.parametrize("name", ("kubernetes/cronjob.yaml", "kubernetes/sharded-job.yaml"))
def test_the_pods_find_their_files_and_may_do_nothing_else(name):
    inside = pod(documents(name)[-1])
    container = inside["containers"][0]
    config = documents("kubernetes/cronjob.yaml")[0]
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    there = {f"{mounted[volume['name']]}/{file}" for volume in inside["volumes"]
             if volume["configMap"]["name"] == config["metadata"]["name"] for file in config["data"]}
    assert {argument for argument in container["args"] if argument.startswith("/")} <= there
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                            "capabilities": {"drop": ["ALL"]}}
    assert inside["securityContext"]["runAsNonRoot"]


def test_the_rules_are_rules(tmp_path):
    """The program itself reads the files of the ConfigMap; a dry run fails only because the registries are made up."""
    for name, content in documents("kubernetes/cronjob.yaml")[0]["data"].items():
        (tmp_path / name).write_text(re.sub(r"[a-z]+\.(example\.com|io)", "127.0.0.1:1", content))
    done = subprocess.run([need.binary(), "--auth", "auth.yaml", "--images", "images.yaml", "--dry-run", "--retries", "0"], cwd=tmp_path,
                          env={"PATH": "", "HOME": str(tmp_path), "REG_PASSWORD": "made-up"}, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 1, done.stderr


# -- cron, systemd, compose -----------------------------------------------------------------------------------------------------

def test_the_crontab():
    line = text("cron/image-syncer").splitlines()[-1]
    fields = line.split(None, 6)
    assert all(re.fullmatch(r"(\*|\d+)(/\d+)?", field) for field in fields[:5])
    assert "%" not in line and fields[5] == "mirror"
    assert subprocess.run(["sh", "-n", "-c", fields[6] if len(fields) > 6 else ""], check=False).returncode == 0


@pytest.mark.skipif(not shutil.which("crontab"), reason="cron is not installed")
def test_cron_takes_it(tmp_path):
    """crontab checks the form for users, which has no field for one."""
    table = re.sub(r"^(17 \S+ \S+ \S+ \S+) mirror ", r"\1 ", text("cron/image-syncer"), flags=re.M)
    for given, code in ((table, 0), (table.replace("17 */6", "77 */6"), 1)):
        path = tmp_path / "crontab"
        path.write_text(given)
        done = subprocess.run(["crontab", "-n", path], capture_output=True, text=True, check=False)
        if "unrecognized option" in done.stderr + done.stdout:
            pytest.skip("this crontab cannot check")
        assert done.returncode == code, done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_units(tmp_path):
    program = tmp_path / "image-syncer"
    shutil.copy(need.binary(), program)
    names = ("image-syncer.service", "image-syncer.timer", "image-syncer-serve.service")
    for name in names:
        (tmp_path / name).write_text(text(f"systemd/{name}").replace("/usr/local/bin/image-syncer", str(program)))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *(tmp_path / name for name in names)], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if str(tmp_path) in line or line.startswith(("image-syncer.", "image-syncer-"))]
    assert ours == []
    calendar = re.search(r"^OnCalendar=(.*)$", text("systemd/image-syncer.timer"), re.M).group(1)
    subprocess.run(["systemd-analyze", "calendar", calendar], check=True, capture_output=True)


def test_the_compose_file():
    service = documents("compose/compose.yaml")[0]["services"]["image-syncer"]
    assert set(service) == {"image", "command", "environment", "volumes", "working_dir", "user", "read_only", "cap_drop", "security_opt"}
    assert service["environment"] == ["REG_PASSWORD"]      # the name alone: the value comes from outside
