"""action.yml as the runner runs it: every input, every output in every ending, files and inline text, logins, limits."""

import json
import os
import re
import signal

import pytest
import yaml

import actions
from lib import images, registry
from lib.run import insecure
from scene import OUTPUTS, Slow, check_files, everything


# -- endings ----------------------------------------------------------------------------------------------------------------------

def test_success(scene):
    step = scene.sync()
    check_files(step)
    assert step.code == 0 and not step.failed and step.annotations("error") == []
    assert scene.at_target.closure(scene.repo, "v1") == images.expected(scene.picture)
    assert {name: step.outputs[name] for name in OUTPUTS[:6]} == {
        "result": "success", "changed": "true", "total": "1", "copied": "1", "skipped": "0", "failed": "0"}
    assert int(step.outputs["bytes"]) == step.report["bytes"] > 0
    source, destination = next(iter(scene.rules)), f"{scene.target.host}/{scene.repo}:v1"
    assert step.images == [{"source": source, "destination": destination, "digest": scene.picture.digest, "status": "copied"}]
    assert step.report["images"][0]["destination"] == destination
    assert os.path.dirname(step.outputs["report"]) == scene.runner.temp, "the default report stays out of the workspace"
    assert os.listdir(scene.runner.workspace) == []
    assert "| new |" in step.summary and destination in step.summary

    again = scene.sync()
    check_files(again)
    assert {name: again.outputs[name] for name in OUTPUTS[:7]} == {
        "result": "success", "changed": "false", "total": "1", "copied": "0", "skipped": "1", "failed": "0", "bytes": "0"}


def test_partial(scene):
    scene.rules = scene.many(2)
    step = scene.sync(retries="0")
    check_files(step)
    assert step.code == 1 and scene.copied()
    assert {name: step.outputs[name] for name in OUTPUTS[:6]} == {
        "result": "partial", "changed": "true", "total": "2", "copied": "1", "skipped": "0", "failed": "1"}
    assert sorted(each["status"] for each in step.images) == ["copied", "failed"]
    told = [each for each in step.annotations("error") if "gone-00001" in each]
    assert len(told) == 1 and "not" in told[0], "the annotation says which image and why"
    assert step.summary.index("gone-00001") < step.summary.index(f"{scene.repo}:v1"), "failures come first"


def test_failure(scene):
    scene.rules = {f"{scene.source.host}/{scene.repo}:gone": f"{scene.target.host}/{scene.repo}"}
    step = scene.sync(retries="0")
    check_files(step)
    assert step.code == 1 and {name: step.outputs[name] for name in OUTPUTS[:6]} == {
        "result": "failure", "changed": "false", "total": "1", "copied": "0", "skipped": "0", "failed": "1"}
    assert step.report["result"] == "failure"


@pytest.mark.parametrize("given", [
    {"images": "{}: a"}, {"proc": "many"}, {"images": "nowhere.yaml"}, {"dry-run": "yes"}, {"auth": "a: [not, closed"},
    {"timeout": "soon"}, {"output-images-format": "xml"},
])
def test_wrong_configuration(scene, given):
    step = scene.sync(given)
    check_files(step)
    assert step.code == 2 and not scene.copied(), "nothing is started"
    assert step.outputs["result"] == "failure" and step.outputs["changed"] == "false"
    assert len(step.annotations("error")) >= 2, "one says what is wrong, one is the runner's"


def test_cancelled_by_the_runner(scene):
    """SIGINT reaches the program itself, through sh -e and the launcher, and it reports in the time the runner gives."""
    with Slow(scene.picture, scene.repo) as slow:
        scene.from_slow(slow)
        running = scene.runner.begin(scene.given())
        running.wait_for(slow.asked.is_set)
        step = running.cancel()
    check_files(step)
    assert step.code == 130 and step.outputs["result"] == "cancelled" and step.report["result"] == "cancelled"
    assert step.outputs["total"] == "1" and step.outputs["copied"] == "0" and step.summary and not scene.copied("slow")


def test_terminated(scene):
    with Slow(scene.picture, scene.repo) as slow:
        scene.from_slow(slow)
        running = scene.runner.begin(scene.given())
        running.wait_for(slow.asked.is_set)
        running.process.send_signal(signal.SIGTERM)
        step = running.finish()
    check_files(step)
    assert step.code == 143 and step.outputs["result"] == "cancelled"


def test_killed(scene):
    """A process that is gone from one moment to the next has left a result, too."""
    with Slow(scene.picture, scene.repo) as slow:
        scene.from_slow(slow)
        running = scene.runner.begin(scene.given())
        running.wait_for(slow.asked.is_set)
        running.process.kill()
        step = running.finish()
    assert step.outputs["result"] == "failure" and step.outputs["changed"] == "false" and step.log.errors == []


# -- inputs -----------------------------------------------------------------------------------------------------------------------

def test_every_input_reaches_the_program(scene, tmp_path):
    """As written in action.yml, whatever the shell in between makes of names with hyphens."""
    listing = tmp_path / "list"
    listing.write_text("#!/bin/sh\nenv -0\n")
    listing.chmod(0o755)
    runner = scene.runner
    runner.program = str(listing)
    names = list(runner.definition()["inputs"])
    step = runner.action({name: f"value of {name}" for name in names})
    found = dict(each.split("=", 1) for each in step.log.raw[-1].split("\0") if "=" in each)
    for name in names:
        assert found["INPUT_" + name.upper().replace("-", "_")] == f"value of {name}"
    step = runner.action({})
    found = dict(each.split("=", 1) for each in step.log.raw[-1].split("\0") if "=" in each)
    assert {name: value for name, value in found.items() if name.startswith("INPUT_") and value} == {
        "INPUT_GITHUB_TOKEN": runner.github_token}


def _images(scene):
    return scene.sync().outputs["copied"] == "1"


def _auth(scene):
    with registry.Registry("private", users={"somebody": "not-a-token-2"}) as private:
        scene.rules = {next(iter(scene.rules)): f"{private.host}/{scene.repo}"}
        scene.logins = {private.host: {"username": "somebody", "password": "not-a-token-2"}}
        return scene.sync(auth="", retries="0").code == 1 and scene.sync().code == 0


def _creds(scene):
    """One login in each line, and never the password itself."""
    with registry.Registry("private", users={"somebody": "not-a-token-2"}) as private:
        scene.rules = {next(iter(scene.rules)): f"{private.host}/{scene.repo}"}
        logins = f"registry.example.com=nobody:${{WORD}}\n{private.host}=somebody:${{WORD}}\n"
        plain = f"{private.host}=somebody:not-a-token-2"
        return scene.sync({"creds": logins}, env={"WORD": "not-a-token-2"}).code == 0 and scene.sync({"creds": plain}).code == 2


def _config(scene):
    given = {"config": json.dumps({"auth": scene.logins, "images": scene.rules})}
    return scene.runner.action(given).outputs["copied"] == "1"


def _refused(name, value):
    def check(scene):
        step = scene.sync({name: value})
        return step.code == 2 and any(name in each for each in step.annotations("error"))
    return check


def _os(scene):
    return scene.sync(os="plan9,haiku").images[0]["status"] == "skipped" and scene.sync(os="linux\nplan9\n").outputs["copied"] == "1"


def _platform(scene):
    return scene.sync(platform="plan9/amd64").images[0]["status"] == "skipped" and scene.sync(
        platform="linux/amd64\nlinux/arm64").outputs["copied"] == "1"


def _arch(scene):
    scene.sync(arch="amd64")
    return len(json.loads(scene.at_target.closure(scene.repo, "v1").manifests[scene.at_target.head(scene.repo, "v1")][1])["manifests"]) == 1


def _force(scene):
    scene.sync()
    return scene.sync(force=True).report["images"][0]["reason"] == "forced"


def _dry_run(scene):
    step = scene.sync({"dry-run": "True"})
    return step.code == 0 and step.report["dry_run"] and step.outputs["changed"] == "false" and not scene.copied()


def _fail_fast(scene):
    scene.rules = {**{f"{scene.source.host}/{scene.repo}:gone-{number}": f"{scene.target.host}/{scene.repo}" for number in range(5)},
                   **scene.rules}
    step = scene.sync({"fail-fast": True}, proc="1", retries="0")
    return step.code == 1 and step.outputs["failed"] == "1" and step.outputs["total"] == "6" and not scene.copied()


def _timeout(scene):
    with Slow(scene.picture, scene.repo) as slow:
        scene.from_slow(slow)
        step = scene.sync(timeout="1s")
    return step.code != 0 and step.outputs["result"] == "cancelled" and step.report["result"] == "cancelled"


def _log_level(scene):
    quiet, loud = scene.sync({"log-level": "error"}), scene.sync({"log-level": "debug"})
    return len(quiet.log.raw) < len(loud.log.raw) and quiet.code == loud.code == 0


def _quiet(scene):
    return len(scene.sync(quiet=True).log.raw) < len(scene.sync(quiet=False).log.raw)


def _debug(scene):
    return len(scene.sync(debug=False).log.raw) < len(scene.sync(debug="true").log.raw)


def _file(name, content):
    def check(scene):
        step = scene.sync({name: "out/file", **({"output-images-format": "json"} if "images" in name else {})})
        with open(os.path.join(scene.runner.workspace, "out/file"), encoding="utf-8") as file:
            return step.code == 0 and content in file.read()
    return check


def _log(scene):
    os.mkdir(os.path.join(scene.runner.workspace, "out"))
    return _file("log", scene.repo)(scene)


def _report(scene):
    os.mkdir(os.path.join(scene.runner.workspace, "out"))
    return _file("report", '"version"')(scene) and scene.runner.last.outputs["report"] == "out/file"


def _succeeded(scene):
    os.mkdir(os.path.join(scene.runner.workspace, "out"))
    return _file("output-success-images", f'"{next(iter(scene.rules))}"')(scene)


def _failed(scene):
    scene.rules, name = scene.many(2), os.path.join(scene.runner.workspace, "failed.json")
    scene.sync({"output-failed-images": "failed.json", "output-images-format": "json"}, retries="0")
    with open(name, encoding="utf-8") as file:
        return len(json.load(file)) == 1


def _blobs(scene):
    """What is in an archive, a repository and a digest in each line."""
    scene.rules = {next(iter(scene.rules)): f"oci-archive:{scene.runner.workspace}/out.tar/team/app"}
    scene.sync({"output-blobs": "blobs.txt"})
    with open(os.path.join(scene.runner.workspace, "blobs.txt"), encoding="utf-8") as file:
        return all(line.startswith("team/app sha256:") for line in file)


def _summary(scene):
    return scene.sync(summary=False).summary == "" and scene.sync(summary="").summary != ""


def _docker_config(scene):
    return scene.with_docker_login("other/config.json", {"docker-config": "other"})


def _github_token(scene):
    """The value of ${GITHUB_TOKEN} where the environment has none."""
    with registry.Registry("private", users={"somebody": "not-a-token-2"}) as private:
        scene.rules = {next(iter(scene.rules)): f"{private.host}/{scene.repo}"}
        scene.logins = insecure(scene.source) | {
            private.host: {"insecure": True, "username": "somebody", "password": "${GITHUB_TOKEN}"}}
        return scene.sync({"github-token": "not-a-token-2"}).code == 0 and scene.sync({"github-token": "wrong"}, retries="0").code == 1


def _old_names(scene):
    scene.runner.write("a.json", scene.logins)
    scene.runner.write("i.json", scene.rules)
    step = scene.runner.action({"auth_file": "a.json", "images_file": "i.json", "version": "v1.5.3", "proc": "4"})
    both = scene.runner.action({"auth_file": "a.json", "images_file": "i.json", "images": "i.json"})
    return step.code == 0 and len(step.annotations("warning")) == 3 and both.code == 2


def _shard(scene):
    parts = [scene.sync(shard=f"{part}/2").outputs["total"] for part in (0, 1)]
    return sorted(parts) == ["0", "1"]


def _on_change(scene):
    scene.from_source.push(images.image(scene.repo + "-other"), scene.repo, "v2")
    scene.rules = {f"{scene.source.host}/{scene.repo}:{tag}": f"{scene.target.host}/{scene.repo}:v1" for tag in ("v1",)}
    scene.sync()
    scene.rules = {f"{scene.source.host}/{scene.repo}:v2": f"{scene.target.host}/{scene.repo}:v1"}
    return scene.sync({"on-change": "fail"}, retries="0").code == 1 and scene.copied() == scene.picture.digest


def _require_platforms(scene):
    return scene.sync({"require-platforms": "plan9/amd64"}, retries="0").code == 1 and not scene.copied()


def _prefix(scene):
    scene.rules = {"targetRepoPrefix": "example.com/", "images": [{"source": next(iter(scene.rules)).rsplit(":", 1)[0], "tag": "v1"}]}
    step = scene.sync({"target-repo-prefix": f"{scene.target.host}/p/", "target-names": "plain", "dry-run": True}, retries="0")
    return any(each["destination"].startswith(f"{scene.target.host}/p/") for each in step.images)


def _names(scene):
    scene.rules = {"targetRepoPrefix": f"{scene.target.host}/p/", "images": [{"source": next(iter(scene.rules)).rsplit(":", 1)[0], "tag": "v1"}]}
    return scene.sync({"target-names": "x", "dry-run": True}, retries="0").code == 2


def _list(scene):
    """The text itself, of two lines: the path behind the registry goes below the prefix."""
    given = {"images": "", "list": f"# one image\n{next(iter(scene.rules))}", "to": f"{scene.target.host}/"}
    return scene.sync(given).outputs["copied"] == "1" and scene.copied() == scene.picture.digest


def _to(scene):
    return scene.sync({"to": "registry.example.com"}, retries="0").code == 2


def _notify(scene):
    """Each line is a target: two of them are wrong."""
    step = scene.sync({"notify": "slack=nowhere\nwecom=nowhere"}, retries="0")
    return step.code == 2 and sum("input notify" in each for each in step.annotations("error")) == 2


def _asked(scene, who=None, **given):
    """A request for the image, by somebody who may ask if the policy says nothing of it, or if they are who."""
    policy = {"to": f"{scene.target.host}/asked", "names": "keep", "allow": f"{scene.source.host}/**", **({"who": who} if who else {})}
    return scene.sync({"images": "", "mode": "request", "policy": json.dumps(policy), "request": f"see {next(iter(scene.rules))}", **given}).outputs


def _request(scene):
    """The mode, the text and the policy itself."""
    return (_asked(scene)["labels"], _asked(scene, request="nothing")["labels"], _asked(scene, mode="sync")["labels"]) == ("mirrored", "nothing-found", "")


def _policy(scene):
    """A file as well."""
    scene.runner.write("policy.yaml", "to: registry.example.com\nallow: quay.io/**\n")
    return _asked(scene, policy="policy.yaml")["labels"] == "refused"


def _who(field, name):
    def check(scene):
        who = {field: ["somebody", "a-team"]}
        return (_asked(scene, who, **{name: "a-team"})["labels"], _asked(scene, who, **{name: "another"})["labels"]) == ("mirrored", "refused")
    return check
def _mode(scene):
    """Each mode reads its own inputs, and refuses those of another, which would not count."""
    wrong = ({"mode": "copy"}, {"mode": "apply"}, {"plan": "plan.json"}, {"shards": "2"}, {"markdown": "x.md"}, {"mode": "apply", "plan": "nowhere.json"},
             {"mode": "plan", "shards": "0"}, {"mode": "plan", "shard": "0/2"}, {"mode": "apply", "plan": "plan.json", "shards": "2"})
    return all(scene.sync(given).code == 2 for given in wrong) and scene.sync(mode="sync").outputs["copied"] == "1"


def _plan(scene):
    step = scene.sync(mode="plan", plan="here.json")
    return step.outputs["plan"] == "here.json" and os.path.exists(os.path.join(scene.runner.workspace, "here.json")) and not scene.copied()


def _markdown(scene):
    scene.sync(mode="plan", markdown="plan.md")
    with open(os.path.join(scene.runner.workspace, "plan.md"), encoding="utf-8") as file:
        return "1 of 1 image to copy" in file.read()


def _shards(scene):
    scene.rules = scene.many(1) | {f"{scene.source.host}/{scene.repo}:v1": [f"{scene.target.host}/{scene.repo}", f"{scene.target.host}/{scene.repo}/b"]}
    matrix = json.loads(scene.sync(mode="plan", shards="2").outputs["matrix"])
    return [each["shard"] for each in matrix["include"]] == ["0/2", "1/2"]


def _launchers(_scene):
    return True        # test_launcher.py


READ = {
    "images": _images, "auth": _auth, "config": _config, "docker-config": _docker_config, "github-token": _github_token,
    "proc": _refused("proc", "x"), "retries": _refused("retries", "x"), "os": _os, "arch": _arch, "force": _force,
    "dry-run": _dry_run, "fail-fast": _fail_fast, "timeout": _timeout, "image-timeout": _refused("image-timeout", "x"), "log-level": _log_level, "log": _log, "report": _report,
    "output-success-images": _succeeded, "output-failed-images": _failed, "output-images-format": _refused("output-images-format", "x"),
    "output-blobs": _blobs, "since-archive": _refused("since-archive", "nowhere.tar"), "split": _refused("split", "x"),
    "debug": _debug, "summary": _summary, "tool-image": _launchers, "tls": _launchers, "auth_file": _old_names, "images_file": _old_names,
    "version": _old_names, "on-change": _on_change, "require-platforms": _require_platforms, "shard": _shard,
    "foreign": _refused("foreign", "x"), "list": _list, "to": _to,
    "create-repository": _refused("create-repository", "x"), "create-project": _refused("create-project", "x"),
    "referrers": _refused("referrers", "/"), "referrers-from": _refused("referrers-from", "x"), "require-referrers": _refused("require-referrers", "/"),
    "require-signed": _refused("require-signed", "nowhere.pem"),
    "verify": _refused("verify", "x"), "prune": _refused("prune", "x"), "limit-rate": _refused("limit-rate", "x"), "keep-pulls": _refused("keep-pulls", "x"),
    "requests-per-second": _refused("requests-per-second", "x"), "stall-timeout": _refused("stall-timeout", "x"),
    "target-repo-prefix": _prefix, "target-names": _names,
    "creds": _creds, "insecure": _refused("insecure", "x"), "ca": _refused("ca", "nowhere.pem"), "platform": _platform,
    "mode": _mode, "plan": _plan, "markdown": _markdown, "shards": _shards,
    "quiet": _quiet, "log-format": _refused("log-format", "x"), "progress": _refused("progress", "x"),
    "request": _request, "policy": _policy,
    "actor": _who("users", "actor"), "association": _who("associations", "association"), "teams": _who("teams", "teams"),
    "state": _refused("state", "registry.example.com/ops/state"), "min-age": _refused("min-age", "x"), "hold": _refused("hold", "/(/"), "release": _refused("release", "/(/"),
    "images-format": _refused("images-format", "x"), "names": _refused("names", "{x}"), "mirror-config": _refused("mirror-config", "x.txt"),
    "notify": _notify, "notify-on": _refused("notify-on", "x"), "notify-required": _refused("notify-required", "x"),
}


def test_every_input_has_a_test():
    with open(os.path.join(actions.ROOT, "action.yml"), encoding="utf-8") as file:
        assert sorted(yaml.safe_load(file)["inputs"]) == sorted(READ)


@pytest.mark.parametrize("name", [name for name, check in READ.items() if check is not _launchers and name not in ("auth_file", "version")])
def test_every_input_is_read(name, scene):
    assert READ[name](scene), scene.runner.last


def test_the_rules_of_a_checkout_are_the_default(scene):
    scene.runner.write("images.yaml", scene.rules)
    assert scene.sync(images="").outputs["copied"] == "1"


@pytest.mark.parametrize("value,code", [("true", 0), ("True", 0), ("TRUE", 0), ("false", 0), ("False", 0), ("FALSE", 0), ("", 0),
                                        (" true\n", 0), ("1", 2), ("on", 2), ("tRUE", 2)])
def test_words_for_yes_and_no(scene, value, code):
    assert scene.sync({"dry-run": value}).code == code


def test_files(scene):
    scene.runner.write("rules.yaml", scene.rules)
    scene.runner.write("logins.json", scene.logins)
    assert scene.sync(images="rules.yaml", auth="./logins.json").outputs["copied"] == "1"


INLINE = ["{rule}: {to}", "{{\"{rule}\": \"{to}\"}}", "\n{rule}:\n  - {to}\n", "  # a comment\n{rule}:\n  to: {to}\n"]


@pytest.mark.parametrize("text", INLINE)
def test_inline_text(scene, text):
    (rule, destination), = scene.rules.items()
    assert scene.sync(images=text.format(rule=rule, to=destination)).outputs["copied"] == "1"


def test_a_mistake_in_a_file_is_shown_at_its_line(scene):
    scene.runner.write("rules.yaml", "# one\nnginx:1:2:3: a.example/b\n")
    step = scene.sync(images="rules.yaml")
    told, = (each for each in step.log.annotations if each.name == "error" and "file" in each.properties)
    assert told.properties["file"] == "rules.yaml" and told.properties["line"] == "2" and step.code == 2


def test_a_mistake_in_inline_text_is_shown_with_its_line(scene):
    step = scene.sync(images="# one\nnginx:1:2:3: a.example/b\n")
    assert step.code == 2 and all("file" not in each.properties for each in step.log.annotations)
    assert any("input images" in each and "2" in each for each in step.annotations("error")), step.annotations("error")


def test_the_text_of_credentials_is_never_repeated(scene):
    for text in ("nothing-but-a-password-77", "a: b: password-77", "{password-77", "x:\n  password: [password-77"):
        step = scene.sync(auth=text)
        assert step.code == 2 and "password-77" not in everything(step), text


def test_an_input_nobody_knows(scene):
    step = scene.sync({"image": "x"})
    assert step.code == 0 and any("image" in each for each in step.annotations("warning")), "the runner itself says so"
    step = scene.sync({}, {"INPUT_DRYRUN": "true"})
    assert any("DRYRUN" in each.upper() for each in step.annotations("warning")), "in the docker form nobody else would"


def test_both_spellings_of_an_input(scene):
    assert scene.sync({"dry-run": "true"}, {"INPUT_DRY-RUN": "true"}).code == 0
    assert not scene.copied()


def test_rules_too_large_for_the_environment(scene):
    """The runner cannot even start the step: documents say to use a file then, and here that works."""
    rules = "# all that we mirror\n" * 7000 + json.dumps(scene.rules)
    with pytest.raises(actions.Refused):
        scene.sync(images=rules)
    scene.runner.write("large.yaml", rules)
    assert scene.sync(images="large.yaml").outputs["copied"] == "1"


# -- logins -----------------------------------------------------------------------------------------------------------------------

def test_the_logins_of_docker_login_action(scene):
    assert scene.with_docker_login(os.path.join(scene.runner.machine["HOME"], ".docker/config.json"), {})


def test_logins_can_be_left_alone(scene):
    assert not scene.with_docker_login(os.path.join(scene.runner.machine["HOME"], ".docker/config.json"), {"docker-config": "false"})


@pytest.mark.parametrize("where", ["job", "uses"])
def test_secrets_come_from_env(scene, where):
    with registry.Registry("private", users={"somebody": 'pa$$ "w": #1'}) as private:
        scene.rules = {next(iter(scene.rules)): f"{private.host}/${{TEAM}}/{scene.repo}"}
        scene.logins = insecure(scene.source)
        scene.logins[private.host] = {"insecure": True, "username": "somebody", "password": "${PRIVATE_PASSWORD}"}
        env = {"PRIVATE_PASSWORD": 'pa$$ "w": #1', "TEAM": "blue"}
        if where == "job":
            scene.runner.job_env, env = env, None
        step = scene.sync({}, env)
        assert step.code == 0 and f"{private.host}/blue/" in step.images[0]["destination"]


@pytest.mark.parametrize("name", ["ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
def test_tokens_of_the_runner_are_not_for_registries(scene, name):
    scene.logins[scene.target.host] = {"insecure": True, "username": "a", "password": f"${{{name}}}"}
    step = scene.sync({}, {name: "not-a-runner-token"})
    assert step.code == 2 and any(name in each for each in step.annotations("error"))


# -- plan and apply ---------------------------------------------------------------------------------------------------------------

def test_a_plan_and_what_becomes_of_it(scene):
    """Two steps of a job, or of two: the second takes nothing from the first but the plan."""
    first = scene.sync(mode="plan", shards="4")
    check_files(first)
    assert first.code == 0 and not scene.copied()
    assert (first.outputs["changed"], first.outputs["copied"], first.outputs["result"]) == ("true", "0", "success")
    assert os.path.dirname(first.outputs["plan"]) == scene.runner.temp and os.listdir(scene.runner.workspace) == []
    matrix = json.loads(first.outputs["matrix"])
    assert matrix == {"include": [{"shard": "0/1", "images": 1, "bytes": matrix["include"][0]["bytes"]}]}, "a group without images would be no job"
    assert "1 of 1 image to copy, at most" in first.summary and scene.picture.digest[7:19] in first.summary

    second = scene.sync({"images": ""}, mode="apply", plan=first.outputs["plan"], shard=matrix["include"][0]["shard"])
    check_files(second)
    assert second.code == 0 and scene.copied() == scene.picture.digest and second.outputs["changed"] == "true"
    assert second.report["bytes"] == matrix["include"][0]["bytes"] and second.outputs["plan"] == second.outputs["matrix"] == ""

    third = scene.sync(mode="plan")
    assert third.outputs["changed"] == "false" and "nothing to copy" in third.summary


def test_a_plan_that_cannot_be_made(scene):
    step = scene.sync(mode="plan", images="{}: a")
    check_files(step)
    assert step.code == 2 and (step.outputs["changed"], step.outputs["plan"], step.outputs["matrix"]) == ("false", "", "")


def test_rules_beside_a_plan_are_refused(scene):
    first = scene.sync(mode="plan")
    step = scene.sync(mode="apply", plan=first.outputs["plan"])
    assert step.code == 2 and not scene.copied() and any("--images" in each for each in step.annotations("error"))


# -- limits -----------------------------------------------------------------------------------------------------------------------

def test_many_failures_stay_within_the_limits(scene):
    scene.runner.write("many.json", scene.many(400))
    step = scene.sync(images="many.json", retries="0", proc="16")
    check_files(step)
    assert step.log.dropped == 0 and len(step.annotations("error")) <= 10, "all that is annotated is seen"
    assert any(re.search(r"\d+ more", each) for each in step.annotations("error"))
    assert step.outputs["failed"] == "399" and len(step.report["images"]) == 400
    assert len(step.summary.encode()) < actions.SUMMARY_BYTES and len(step.outputs["images"]) < actions.OUTPUT_CHARACTERS // 2
    assert isinstance(step.images, list) and step.images
