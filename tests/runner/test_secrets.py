"""What must not get out, and what must not get in: masks, and text of strangers that looks like a command."""

import base64
import contextlib
import json
import re
import subprocess
from urllib.parse import quote

import pytest

from lib import registry, scripted, tokens
from lib.run import insecure, port_entries
from scene import everything


# -- secrets ----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("wrong", [False, True])
def test_no_secret_is_written_anywhere(scene, wrong):
    password = "not/a pass+word&4=x"
    with registry.Registry("private", users={"somebody": "another" if wrong else password}) as private:
        scene.rules = {next(iter(scene.rules)): f"{private.host}/{scene.repo}"}
        scene.logins = insecure(scene.source)
        scene.logins[private.host] = {"insecure": True, "username": "somebody", "password": "${PRIVATE_PASSWORD}"}
        step = scene.sync({"log-level": "debug", "retries": "0"}, {"PRIVATE_PASSWORD": password})
    assert step.code == (1 if wrong else 0)
    pair = f"somebody:{password}".encode()
    forms = [password, quote(password, safe=""), base64.b64encode(pair).decode(), base64.b64encode(pair).decode().rstrip("="),
             base64.urlsafe_b64encode(pair).decode(), base64.b64encode(password.encode()).decode()]
    before, shown = everything(step), "\n".join(step.log.shown) + step.summary
    for form in forms:
        assert form not in before, form
        assert form not in shown
        assert step.log.masks.apply(f" {form} ") in (" *** ", " ***= ", " ***== "), "a later step may print it"
    masks = [each.data for each in step.log.executed if each.name == "add-mask"]
    assert step.log.raw.index(f"::add-mask::{password}") < min(
        number for number, line in enumerate(step.log.raw) if scene.repo in line), "masks come before the log"
    assert "somebody" not in masks and all(len(each) >= 4 for each in masks)


def test_short_and_empty_values_are_not_masked(scene):
    scene.logins[scene.target.host] = {"insecure": True, "username": "u", "password": "${SHORT}"}
    step = scene.sync({}, {"SHORT": "e1"})
    assert "e1" not in [each.data for each in step.log.executed if each.name == "add-mask"]
    assert not any("empty string" in each for each in step.annotations("warning"))


def test_no_mask_outside_an_action(scene, binary):
    """A plain run: line may be tee'd into a file, where a mask would be the secret itself."""
    scene.logins[scene.target.host] = {"insecure": True, "username": "u", "password": "not-a-password-5"}
    for name, content in (("i.json", scene.rules), ("a.json", scene.logins)):
        scene.runner.write(name, content)
    done = subprocess.run([binary, "--images", "i.json", "--auth", "a.json"], cwd=scene.runner.workspace, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, env={**scene.runner.machine, "GITHUB_ACTIONS": "true"})
    assert done.returncode == 0 and "::" not in done.stdout and "not-a-password-5" not in done.stdout


def test_tokens_of_a_registry_are_masked(scene):
    """A bearer token is learnt while the step runs: the runner cannot know it from anybody else."""
    with tokens.TokenServer(users={"somebody": "not-a-password-6"}) as server, registry.Registry("private", token=server) as private:
        scene.rules = {next(iter(scene.rules)): f"{private.host}/{scene.repo}"}
        scene.logins = insecure(scene.source)
        scene.logins[private.host] = {"insecure": True, "username": "somebody", "password": "not-a-password-6"}
        scene.logins.update(port_entries())
        step = scene.sync({"log-level": "debug"})
    assert step.code == 0
    assert any(each.name == "add-mask" and re.match(r"eyJ[\w-]+\.", each.data) for each in step.log.executed)
    assert not re.search(r"eyJ[\w-]{20,}\.", everything(step))


# -- a hostile registry -----------------------------------------------------------------------------------------------------------

ATTACKS = ["::set-env name=PWNED::x", "::add-path::/pwned", "::set-output name=result::pwned", "::save-state name=pwned::x",
           "::add-mask::pwned", "::add-matcher::pwned.json", "::remove-matcher owner=pwned::", "::stop-commands::pwned-stop",
           "::error title=pwned::x", "::warning::pwned", "::notice::pwned", "::debug::pwned", "::group::pwned", "::endgroup::",
           "::echo::on", "##[set-env name=PWNED]x", "##[add-path]/pwned", "##[add-mask]pwned", "##[stop-commands]pwned-stop",
           "##[error]pwned", "##[set-output name=result]pwned", "%0A::add-mask::pwned", "\r::add-mask::pwned", "\x1b[2J##[add-mask]pwned",
           "\u2028::add-mask::pwned", "<img src=x onerror=pwned>", "| pwned | `pwned`", "ghadelimiter_\nresult=pwned"]
ALLOWED = {"add-mask", "error", "warning", "notice", "group", "endgroup", "debug"}


def _denied(body, **headers):
    return lambda request: (403, {"Content-Type": "application/json", **headers}, body)


def _places(attack):
    line = attack.replace("\r", " ").replace("\n", " ").encode("latin-1", "replace").decode("latin-1")
    errors = json.dumps({"errors": [{"code": attack, "message": f"x\n{attack}\n{attack}", "detail": {"a": f"\n{attack}"}}]}).encode()
    yield "errors", _denied(errors)
    yield "body", _denied(f"\n{attack}\n".encode())
    yield "challenge", lambda request: (401, {"WWW-Authenticate": f'Bearer realm="{line}",service="{line}",error="{line}"'}, errors)
    yield "location", lambda request: (307, {"Location": line}, b"") if request.kind == "manifest" else None
    yield "digest", lambda request: (200, {"Docker-Content-Digest": line, "Content-Type": line}, attack.encode())
    yield "tags", lambda request: ((200, {"Link": f"<{line}>; rel=next"}, json.dumps({"tags": ["v1", attack, f"\n{attack}"]}).encode())
                                   if request.kind == "tags" else _denied(errors)(request))


def check_inert(step):
    assert {each.name for each in step.log.executed} <= ALLOWED, step.log.executed
    assert not step.log.unfinished() and step.log.errors == []
    for each in step.log.executed:
        if each.name == "add-mask":
            assert "pwned" not in each.data and len(each.data) >= 4
        else:
            assert each.properties.get("title") != "pwned" and not each.data.strip().startswith("pwned"), each
            assert each.name != "group" or "pwned" not in each.data
    assert step.outputs["result"] in ("failure", "partial") and step.code == 1
    assert "<img" not in step.summary and not re.search(r"^\| pwned", step.summary, re.M)
    assert step.files["GITHUB_ENV"] == step.files["GITHUB_PATH"] == step.files["GITHUB_STATE"] == ""
    assert all(ord(each) >= 32 or each == "\t" for line in step.log.raw for each in re.sub(r"\x1b\[[0-9;]*m", "", line)), "raw control"


@pytest.mark.parametrize("place", ["errors", "body", "challenge", "location", "digest", "tags"])
def test_a_hostile_registry(scene, place):
    """Every attack in one kind of place, each at a registry of its own; debug shows the most of what a registry said."""
    hosts, rules = [], {}
    for attack in ATTACKS:
        server = scripted.Scripted()
        server.hook = dict(_places(attack))[place]
        hosts.append(server)
        rules[f"{server.host}/{scene.repo}{'' if place == 'tags' else ':v1'}"] = f"{scene.target.host}/{scene.repo}-{len(rules)}"
    scene.rules, scene.logins = rules, insecure(scene.target, *hosts)
    with contextlib.ExitStack() as stack:
        for server in hosts:
            stack.enter_context(server)
        for level in ("debug", "info"):
            step = scene.sync({"log-level": level}, retries="0")
            check_inert(step)
    assert int(step.outputs["failed"]) >= len(ATTACKS)


def test_hostile_text_in_files(scene):
    """Files may be made from what strangers wrote, say an issue."""
    for number, attack in enumerate(ATTACKS):
        scene.runner.write("rules.json", {attack: attack, f"{scene.source.host}/x:{attack}": [attack]})
        step = scene.sync(images="rules.json")
        assert step.code == 2
        assert {each.name for each in step.log.executed} <= ALLOWED and step.log.errors == [] and not step.log.unfinished(), attack
        assert all(each.properties.get("title") == "image-syncer" for each in step.log.executed if each.name == "error"), number
        assert not any("pwned" in each.data for each in step.log.executed if each.name in ("add-mask", "group", "debug"))


def test_a_hostile_name_in_the_environment(scene):
    step = scene.runner.action({"images": "::add-mask::pwned", "auth": "##[error]pwned"}, {"INPUT_##[ADD-MASK]E": "x"})
    assert {each.name for each in step.log.executed} <= {"error", "warning", "add-mask"} and step.code == 2
    assert not any(each.name == "add-mask" and "pwned" in each.data for each in step.log.executed)
