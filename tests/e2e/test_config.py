"""Where rules and credentials come from: one file, two files, none, standard input, docker's logins; anchors in YAML."""

import base64
import json
import os

import pytest

from lib import images, run
from lib.registry import Registry

PASSWORD = "right-word-7"


@pytest.fixture(scope="module")
def locked():
    """A registry that wants Basic credentials for everything."""
    with Registry("locked-config", users={"robot": PASSWORD}) as started:
        yield started


@pytest.fixture
def door(proxies, locked):
    return proxies(locked, name="locked")


@pytest.fixture
def inside(locked):
    client = images.Client(locked, lambda repo: "Basic " + base64.b64encode(f"robot:{PASSWORD}".encode()).decode())
    yield client
    client.close()


def docker_login(runner, host, password, name=".docker/config.json"):
    """docker login, as far as it changes a file."""
    path = os.path.join(runner.home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    auth = base64.b64encode(f"robot:{password}".encode()).decode()
    return runner.write(name, json.dumps({"auths": {host: {"auth": auth}}}))


@pytest.fixture
def rules(src, door, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    return {f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}


# -- docker's logins --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", (".docker/config.json", ".config/containers/auth.json"))
def test_a_login_of_docker_is_used(runner, src, door, inside, rules, repo, name):
    runner.secret(PASSWORD)
    docker_login(runner, door.host, PASSWORD, name)
    result = runner.sync(rules, run.insecure(src, door), flags=["--debug"])
    assert result.code == 0
    assert inside.tags(repo) == ["v1"]


def test_a_login_of_docker_is_named_in_the_log(runner, src, door, rules):
    docker_login(runner, door.host, PASSWORD)
    result = runner.sync(rules, run.insecure(src))
    assert f"{door.host}: login from {runner.home}/.docker/config.json:1:" in result.stderr


def test_logins_of_docker_can_be_switched_off(runner, src, door, rules, repo):
    docker_login(runner, door.host, PASSWORD)
    result = runner.sync(rules, run.insecure(src, door), flags=["--docker-config", "false"])
    assert result.code == 1
    assert result.image(f"{door.host}/{repo}:v1")["error"]["kind"] == "denied"


def test_a_named_docker_config(runner, src, door, inside, rules, repo):
    docker_login(runner, door.host, "wrong-word-3")
    path = docker_login(runner, door.host, PASSWORD, "elsewhere/config.json")
    result = runner.sync(rules, run.insecure(src, door), flags=["--docker-config", os.path.dirname(path)])
    assert result.code == 0
    assert inside.tags(repo) == ["v1"]


def test_the_auth_file_wins_over_docker(runner, src, door, inside, rules, repo):
    docker_login(runner, door.host, "wrong-word-3")
    entry = {"username": "robot", "password": runner.secret(PASSWORD), "insecure": True}
    result = runner.sync(rules, {**run.insecure(src), door.host: entry})
    assert result.code == 0
    assert inside.tags(repo) == ["v1"]


@pytest.mark.parametrize("named,code", ((False, 0), (True, 2)), ids=("usual", "named"))
def test_a_malformed_docker_config(runner, src, dst, both, from_source, repo, named, code):
    from_source.push(images.image(repo), repo, "v1")
    path = docker_login(runner, dst.host, PASSWORD)
    runner.write(".docker/config.json", '{"auths": {')
    flags = ["--docker-config", path] if named else []
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=flags)
    assert result.code == code
    assert f"{path}:1:" in result.stderr
    assert bool(src.seen()) == (not named)


# -- where rules come from --------------------------------------------------------------------------------------------------------

def test_a_source_and_a_destination_without_a_file(runner, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    result = runner.run([runner.binary, f"{src.host}/{repo}:v1", f"{dst.host}/{repo}:v2", "--auth", runner.write("a.yaml", both)])
    assert result.code == 0
    assert at_target.closure(repo, "v2") == images.expected(picture)


@pytest.mark.parametrize("form", ("yaml", "json"))
def test_the_legacy_file(runner, src, dst, both, from_source, at_target, repo, form):
    from_source.push(images.image(repo), repo, "v1")
    path = runner.write(f"old.{form}", {"auth": both, "images": {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}})
    result = runner.run([runner.binary, "--config", path, "--images", "not-there.yaml"])
    assert result.code == 0
    assert at_target.tags(repo) == ["v1"]


def test_rules_on_standard_input(runner, src, dst, both, from_source, at_target, repo):
    from_source.push(images.image(repo), repo, "v1")
    rules, auth = runner.write("r.yaml", {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}), runner.write("a.yaml", both)
    result = runner.run(["sh", "-c", f"{runner.binary} --images - --auth {auth} <{rules}"])
    assert result.code == 0
    assert at_target.tags(repo) == ["v1"]


def test_anchors_and_merges(runner, src, dst, from_source, at_target, repo):
    from_source.push(images.image(repo), repo, "v1", "v2")
    auth = f"x-defaults: &defaults\n  insecure: true\n{src.host}: *defaults\n{dst.host}:\n  <<: *defaults\n"
    rules = f"{src.host}/{repo}:v1: &to [{dst.host}/{repo}, {dst.host}/{repo}/more]\n{src.host}/{repo}:v2: *to\n"
    result = runner.sync(rules, auth)
    assert result.code == 0
    assert at_target.tags(repo) == at_target.tags(f"{repo}/more") == ["v1", "v2"]


@pytest.mark.parametrize("width", ("0", "40"))
def test_as_many_blobs_as_there_are_files(runner, src, dst, both, from_source, at_target, repo, width):
    tags = [f"v{n}" for n in range(6)]
    for tag in tags:
        from_source.push(images.image(f"{repo}/{tag}", layers=4), repo, tag)
    rules, auth = runner.write("r.yaml", {f"{src.host}/{repo}": f"{dst.host}/{repo}"}), runner.write("a.yaml", both)
    result = runner.run(["sh", "-c", f"ulimit -n 128; exec {runner.binary} --images {rules} --auth {auth} -p {width}"])
    assert result.code == 0
    assert at_target.tags(repo) == tags


@pytest.mark.parametrize("files", (12, 32))
def test_a_report_where_files_are_few(runner, src, dst, both, from_source, at_target, repo, files, tmp_path):
    tags = [f"v{n}" for n in range(8)]
    for tag in tags:
        from_source.push(images.image(f"{repo}/{tag}"), repo, tag)
    rules, auth = runner.write("r.yaml", {f"{src.host}/{repo}": f"{dst.host}/{repo}"}), runner.write("a.yaml", both)
    report = tmp_path / "report.json"
    result = runner.run(["sh", "-c", f"ulimit -n {files}; exec {runner.binary} --images {rules} --auth {auth} --report {report}"])
    assert (result.code, json.loads(report.read_text(encoding="utf-8"))["copied"]) == (0, 8)
    assert at_target.tags(repo) == tags


# -- files as people keep them, see tests/cases/public.txt ------------------------------------------------------------------------

@pytest.mark.parametrize("form", ("yaml", "json"))
def test_secrets_that_this_job_lacks(runner, src, door, inside, rules, repo, form):
    """One auth file for many jobs: entries that no rule needs lack their variables, or have empty ones, or miss files."""
    own = {"username": "robot", "password": "${MIRROR_PASS}", "insecure": True}
    others = {
        "docker.io": {"username": "${HUB_USER}", "password": "${HUB_PASS}"}, "hub.os.example.com": {"username": "x", "password": "${EMPTY}"},
        "ca.example.com": {"ca": "not-there.pem"}, f"{door.host}/other": {"username": "robot"},
    }
    auth = {**run.insecure(src), **others, door.host: own}
    result = runner.sync(rules, auth, form=form, env={"MIRROR_PASS": runner.secret(PASSWORD), "EMPTY": ""})
    assert result.code == 0
    assert inside.tags(repo) == ["v1"]
    assert result.stderr.count("4 faulty entries that no rule needs") == 1 and "HUB_PASS" not in result.stderr


def test_a_secret_that_this_job_needs(runner, src, door, rules):
    own = {"username": "robot", "password": "${MIRROR_PASS}", "insecure": True}
    result = runner.sync(rules, {**run.insecure(src), door.host: own})
    assert result.code == 2
    assert "environment variable MIRROR_PASS is not set or empty" in result.stderr
    assert src.seen() == [] and door.seen() == []


@pytest.mark.parametrize("form", ("yaml", "json"))
def test_a_section_that_nobody_reads(runner, src, dst, from_source, at_target, repo, form):
    from_source.push(images.image(repo), repo, "v1")
    texts = {
        "yaml": "auth: {{{src}: {{insecure: true}}, {dst}: {{insecure: true}}}}\nimages: {{{src}/{repo}:v1: {dst}/{repo}}}\n"
                "historyRecord:\n  a: b\n  c: d\n  a: e\nhistoryRecord: []\n",
        "json": '{{"history": {{"a": 1, "a": 2}}, "history": 0, "auth": {{"{src}": {{"insecure": true}}, "{dst}": {{"insecure": true}}}},\n'
                '"images": {{"{src}/{repo}:v1": "{dst}/{repo}"}}}}',
    }
    path = runner.write(f"old.{form}", texts[form].format(src=src.host, dst=dst.host, repo=repo))
    result = runner.run([runner.binary, "--config", path])
    assert result.code == 0
    assert at_target.tags(repo) == ["v1"]


@pytest.mark.parametrize("form", ("yaml", "json", "legacy"))
def test_the_same_source_twice(runner, src, dst, both, from_source, at_target, repo, form):
    picture = from_source.push(images.image(repo), repo, "v1")
    source, target = f"{src.host}/{repo}:v1", f"{dst.host}/{repo}"
    if form == "json":
        text = f'{{"{source}": "{target}/a",\n"{source}": ["{target}/b", {{"to": "{target}/c", "tags": "v1"}}]}}'
    else:
        text = f"{source}: {target}/a\n{source}:\n  - {target}/b\n  - to: {target}/c\n    tags: v1\n"
    if form == "legacy":
        body = "".join(f"  {line}\n" for line in text.splitlines())
        auth = "".join(f"  {line}\n" for line in run.to_yaml(both).splitlines())
        path = runner.write("old.yaml", f"auth:\n{auth}images:\n{body}")
        result = runner.run([runner.binary, "--config", path])
    else:
        result = runner.sync(text, both, form=form)
    assert result.code == 0
    assert all(at_target.closure(f"{repo}/{name}", "v1") == images.expected(picture) for name in "abc")
    assert result.stderr.count("write them as one list") == 1
