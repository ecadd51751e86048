"""Lists of images: on the command line, in an input, and as rules of a file."""

import json

import pytest

from lib import images


@pytest.fixture
def login(here, there):
    return {here.host: {"insecure": True}, there.host: {"insecure": True}}


def stock(registry, prefix, names, tag="v1"):
    for name in names:
        registry.push(images.image("listed"), f"{prefix}/{name}", tag)


def test_a_list_of_images(runner, here, there, login):
    """As kubectl prints it: several in a line, some more than once."""
    stock(here, "team", ["a", "b"])
    stock(here, "team", ["c"], "latest")
    digest = here.tags["team/b", "v1"]
    names = f"{here.host}/team/a:v1 {here.host}/team/a:v1 {here.host}/team/b@{digest}\n# not {here.host}/team/x\n{here.host}/team/c\n"
    command = [runner.binary, "--auth", runner.write("auth.json", login), "--list", runner.write("images.txt", names),
               "--to", f"{there.host}/mirror/", "--report", runner.report_path]
    result = runner.run(command, report=True)
    assert result.code == 0, result.stderr
    assert set(there.tags) == {("mirror/team/a", "v1"), ("mirror/team/c", "latest")}
    assert ("mirror/team/b", digest) in there.manifests
    assert result.report["total"] == 3


def test_a_list_as_the_text_of_an_input(runner):
    env = {"GITHUB_ACTIONS": "true", "INPUT_LIST": "nginx:1.27\nUPPER\n", "INPUT_TO": "reg.test/mirror"}
    result = runner.run([runner.binary], env=env)
    assert result.code == 2
    assert result.stderr == '::error title=image-syncer::input list:2:1: "UPPER": repository name must be lowercase\n'


def test_lists_among_rules(runner, sync, here, there, login):
    """A file and names written out, each to prefixes of its own, beside an ordinary rule."""
    stock(here, "team", ["a", "b", "c", "d"])
    digest = here.tags["team/b", "v1"]
    listed = runner.write("images.txt", f"# from a cluster\n{here.host}/team/a:v1 {here.host}/team/b@{digest}\n{here.host}/team/a:v1\n")
    result = sync(f"""
- list: {listed}
  to: [{there.host}/one, {there.host}/two/]
- list: ["{here.host}/team/c:v1", "{here.host}/team/c:v1"]
  to: {there.host}
  names: all/{{namespace}}-{{name}}
- {here.host}/team/d:v1: {there.host}/four
""", login)
    assert result.code == 0, result.stderr
    assert set(there.tags) == {("one/team/a", "v1"), ("two/team/a", "v1"), ("all/team-c", "v1"), ("four", "v1")}
    assert ("one/team/b", digest) in there.manifests and ("two/team/b", digest) in there.manifests
    assert result.report["total"] == 6


def test_terms_of_a_list(sync, here, there, login):
    """They hold for each of its images, and for no other."""
    for name in ("a", "b", "c"):
        here.push(images.multi(name), f"team/{name}", "v1")
    there.push(images.image("another"), "mirror/team/b", "v1")
    held = there.tags["mirror/team/b", "v1"]
    result = sync(json.dumps([
        {"list": [f"{here.host}/team/a:v1", f"{here.host}/team/b:v1"], "to": f"{there.host}/mirror", "platforms": "linux/arm64", "on-change": "skip"},
        {f"{here.host}/team/c:v1": f"{there.host}/mirror/c"},
    ]), login, form="json")
    assert result.code == 0, result.stderr
    assert there.tags["mirror/team/b", "v1"] == held
    assert there.tags["mirror/c", "v1"] == here.tags["team/c", "v1"]
    filtered = json.loads(there.manifests["mirror/team/a", there.tags["mirror/team/a", "v1"]][1])
    assert [each["platform"]["architecture"] for each in filtered["manifests"]] == ["arm64"]


def test_one_list_as_the_whole_file(runner, sync, here, there, login):
    """Two registries with one name are kept apart by the host in it."""
    stock(here, "team", ["a"])
    stock(there, "team", ["a"], "v2")
    listed = runner.write("images.txt", f"{here.host}/team/a:v1\n{there.host}/team/a:v2\n")
    result = sync({"list": listed, "to": f"{there.host}/mirror", "names": "full"}, login)
    assert result.code == 0, result.stderr
    hosts = [each.host.replace(":", "_") for each in (here, there)]
    assert set(there.tags) == {("team/a", "v2"), (f"mirror/{hosts[0]}/team/a", "v1"), (f"mirror/{hosts[1]}/team/a", "v2")}


def test_a_list_that_cannot_be_read_again(runner, here, there, login):
    """It is read before the process denies itself to open files, and only once."""
    stock(here, "team", ["a"])
    rules = runner.write("images.yaml", f"- list: /dev/stdin\n  to: {there.host}/mirror\n")
    command = f"echo {here.host}/team/a:v1 | {runner.binary} --auth {runner.write('auth.json', login)} --images {rules}"
    result = runner.run(["sh", "-c", command])
    assert result.code == 0, result.stderr
    assert set(there.tags) == {("mirror/team/a", "v1")}


def test_a_login_in_a_list_is_masked(runner, there, login):
    password = runner.secret("a-password-in-a-list")
    listed = runner.write("images.txt", f"https://robot:{password}@{there.host}/team/a:v1\n")
    result = runner.run([runner.binary, "--list", listed, "--to", f"{there.host}/mirror"])
    assert result.code == 2 and "images.txt:1:1" in result.stderr
