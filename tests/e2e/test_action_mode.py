"""A step of a GitHub Action: what its runner, later steps and people are told, in every ending; and what nobody may tell them."""

import base64
import html
import json
import os
import signal
import urllib.parse

import pytest

from lib import images, proxy, run, scripted
from lib.registry import Registry
from lib.step import COMMANDS, OUTPUTS, Step, command_of, commands, lines_of


@pytest.fixture
def step(runner):
    return Step(runner)


def inline(document):
    """A document as the text of an input."""
    return json.dumps(document, indent=1)


@pytest.fixture
def inputs(src, dst, both, repo):
    """Inputs for a rule with the tags v1 and v2."""
    return {"images": inline({f"{src.host}/{repo}:v1,v2": f"{dst.host}/{repo}"}), "auth": run.to_yaml(both), "retries": "0"}


def counts(ended):
    return {name: int(ended.outputs[name]) for name in ("total", "copied", "skipped", "failed")}


def complete(ended, result):
    assert tuple(ended.outputs) == OUTPUTS, "each output, and no other"
    assert ended.outputs["result"] == result
    return ended.outputs


# -- the endings ------------------------------------------------------------------------------------------------------------------

def test_success_and_then_nothing_to_do(step, inputs, dst, from_source, at_target, repo):
    first, second = (from_source.push(images.image(f"{repo}-{tag}"), repo, tag)
                     for tag in ("v1", "v2"))
    ended = step.run(inputs)
    outputs = complete(ended, "success")
    assert (ended.code, outputs["changed"]) == (0, "true")
    assert counts(ended) == {"total": 2, "copied": 2, "skipped": 0, "failed": 0}
    assert at_target.closure(repo, "v1") == images.expected(first)
    report = json.loads(ended.report)
    assert os.path.dirname(outputs["report"]) == step.temp
    assert int(outputs["bytes"]) == report["bytes"] > 0
    assert json.loads(outputs["images"]) == [
        {name: each[name] for name in ("source", "destination", "digest", "status")} for each in report["images"]]
    assert {each["digest"] for each in json.loads(outputs["images"])} == {first.digest, second.digest}
    assert ended.summary.startswith("### ") and "image-syncer: 2 new\n" in ended.summary
    assert all(f"{dst.host}/{repo}:{tag}&#64;{digest}" in ended.summary for tag, digest in (("v1", first.digest), ("v2", second.digest)))
    assert ended.annotations("error") == ended.annotations("warning") == []

    again = step.run(inputs)
    assert (again.code, complete(again, "success")["changed"], again.outputs["bytes"]) == (0, "false", "0")
    assert counts(again) == {"total": 2, "copied": 0, "skipped": 2, "failed": 0}
    assert "image-syncer: 2 in sync\n" in again.summary and "| v1, v2 |" in again.summary


def test_an_image_that_is_replaced(step, inputs, dst, from_source, at_target, repo):
    old, new = images.image(f"{repo}-old"), images.image(f"{repo}-new")
    at_target.push(old, repo, "v1")
    from_source.push(new, repo, "v1", "v2")
    for dry, mark in (("true", "image-syncer, dry run: "), ("false", "image-syncer: ")):
        ended = step.run({**inputs, "dry-run": dry})
        assert ended.code == 0 and f"{mark}1 new, 1 updated\n" in ended.summary
        short, text = [each.digest.partition(":")[2][:12] for each in (old, new)], html.unescape(ended.summary)
        assert "<code>{}</code>\xa0→\xa0<code>{}</code>".format(*short) in text
        assert f"{dst.host}/{repo}:v1@{new.digest}\n  # before: {dst.host}/{repo}@{old.digest}\n" in text


def test_partial(step, inputs, dst, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    ended = step.run(inputs)
    assert (ended.code, complete(ended, "partial")["changed"]) == (1, "true")
    assert counts(ended) == {"total": 2, "copied": 1, "skipped": 0, "failed": 1}
    error, = ended.annotations("error")
    assert f"{dst.host}/{repo}:v2" in error.data and "file" not in error.properties
    assert ended.summary.index("#### Failed") < ended.summary.index("| new |")
    assert [each["status"] for each in json.loads(ended.outputs["images"])] == ["copied", "failed"]


def test_failure(step, inputs, repo):
    ended = step.run(inputs)
    assert (ended.code, complete(ended, "failure")["changed"]) == (1, "false")
    assert counts(ended) == {"total": 2, "copied": 0, "skipped": 0, "failed": 2}
    assert "image-syncer: 2 failed\n" in ended.summary


def test_failed_images_of_a_file(step, runner, inputs, src, dst, repo):
    """At the line of their rule; and what the log said when they failed is not repeated in a list at its end."""
    runner.write("images.yaml", f"# what we mirror\n{src.host}/{repo}:gone: {dst.host}/{repo}\n")
    ended = step.run({**inputs, "images": "images.yaml"})
    error, = ended.annotations("error")
    assert (error.properties["file"], error.properties["line"], error.properties["col"]) == ("images.yaml", "2", "1")
    assert "| images.yaml:2:1 |" in html.unescape(ended.summary)
    assert ended.stderr.count(f"{repo}:gone does not exist") == 2, "in the log, and as annotation"


def test_images_of_a_file_that_fail_alike(step, runner, inputs, src, door, from_source, repo):
    from_source.push(images.image(repo), repo, "v1", "v2")
    runner.write("images.yaml", f"{src.host}/{repo}:v1: {door.host}/{repo}\n{src.host}/{repo}:v2: {door.host}/{repo}\n")
    ended = step.run({**inputs, "images": "images.yaml", "auth": login(door, "not-the-real-word", inputs)})
    error, = ended.annotations("error")
    assert "2 images: " in error.data and (error.properties["file"], error.properties["line"]) == ("images.yaml", "1")
    assert "<summary><b>2 images</b>: " in ended.summary and ended.summary.count("refused the user name") == 1


def test_no_file_and_no_checkout(step):
    ended = step.run({"images": ""})
    error, = ended.annotations("error")
    assert ended.code == 2 and "actions/checkout" in error.data and "actions/checkout" in ended.summary


def test_wrong_configuration(step, runner, both):
    path = runner.write("rules.yaml", "a.io/x:v1: b.io/x\na.io/x:v2:\n  - b.io/x y\n")
    ended = step.run({"images": os.path.basename(path), "auth": "a.io: {username: u, password: '${NOT_THERE}'}", "proc": "many"})
    outputs = complete(ended, "failure")
    assert (ended.code, outputs["changed"], outputs["report"], outputs["images"]) == (2, "false", "", "[]")
    assert counts(ended) == {"total": 0, "copied": 0, "skipped": 0, "failed": 0}
    by_place = {tuple(each.properties.get(name) for name in ("file", "line", "col")): each.data for each in ended.annotations("error")}
    assert "b.io/x y" in by_place["rules.yaml", "3", "5"]
    assert len(by_place) == 2, "what is no file has no place"
    assert len(ended.annotations("error")) == 3 and "NOT_THERE" in html.unescape(ended.summary) and "many" in ended.summary


def test_dry_run(step, inputs, at_target, from_source, repo):
    from_source.push(images.image(repo), repo, "v1", "v2")
    ended = step.run({**inputs, "dry-run": "true"})
    assert (ended.code, complete(ended, "success")["changed"], ended.outputs["bytes"]) == (0, "false", "0")
    assert counts(ended) == {"total": 2, "copied": 0, "skipped": 0, "failed": 0}
    assert [each["status"] for each in json.loads(ended.outputs["images"])] == ["would-copy", "would-copy"]
    assert "image-syncer, dry run: 2 new\n" in ended.summary
    assert at_target.tags(repo) == []


def stalled(src, from_source, repo):
    """v1 is quick, v2 never ends."""
    from_source.push(images.image(f"{repo}/quick"), repo, "v1")
    slow = from_source.push(images.image(f"{repo}/slow", size=400_000), repo, "v2")
    for digest in slow.blobs:
        src.rule("GET", f"/blobs/{digest}", proxy.Stall(50, 120), times=None)
    return slow


def under_way(src, at_target, slow, repo):
    return lambda: at_target.tags(repo) == ["v1"] and any(
        each.path.rsplit("/", 1)[1] in slow.blobs for each in src.seen("GET", "blob"))


@pytest.mark.parametrize("number,code", ((signal.SIGINT, 130), (signal.SIGTERM, 143)), ids=("SIGINT", "SIGTERM"))
def test_cancelled(step, inputs, src, from_source, at_target, repo, number, code):
    slow = stalled(src, from_source, repo)
    process = step.start(inputs)
    try:
        proxy.until(under_way(src, at_target, slow, repo), seconds=60, what="a run in the middle of its work")
        process.send_signal(number)
        ended = step.finish(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert (ended.code, complete(ended, "cancelled")["changed"]) == (code, "true")
    assert counts(ended) == {"total": 2, "copied": 1, "skipped": 0, "failed": 1}
    assert f"stopped by {number.name}, 1 new, 1 not finished\n" in ended.summary and json.loads(ended.report)["result"] == "cancelled"


@pytest.mark.long
def test_the_time_limit(step, inputs, src, from_source, repo):
    stalled(src, from_source, repo)
    ended = step.run({**inputs, "timeout": "3s"})
    assert (ended.code, complete(ended, "cancelled")["changed"]) == (1, "true")
    assert "stopped by the time limit" in ended.stderr


def test_what_is_killed_has_failed(step, inputs, src, from_source, at_target, repo):
    slow = stalled(src, from_source, repo)
    process = step.start(inputs)
    proxy.until(under_way(src, at_target, slow, repo), seconds=60, what="a run in the middle of its work")
    process.kill()
    process.communicate()
    with open(os.path.join(step.runner.home, "output"), encoding="utf-8") as file:
        assert "result=failure\n" in file.read()


def test_fail_fast(step, src, dst, both, from_source, at_target, repo):
    from_source.push(images.image(repo), repo, "b", "c", "d")
    rules = {f"{src.host}/{repo}:a,b,c,d": f"{dst.host}/{repo}"}
    ended = step.run({"images": inline(rules), "auth": inline(both), "fail_fast": "True", "proc": "1"})
    assert (ended.code, complete(ended, "failure")["total"], ended.outputs["failed"]) == (1, "4", "1")
    assert at_target.tags(repo) == []
    assert "3 not finished\n" in ended.summary


# -- what is told -----------------------------------------------------------------------------------------------------------------

def test_no_more_annotations_than_are_shown(step, src, dst, both):
    rules = {f"{src.host}/none/{number}:v1": f"{dst.host}/none/{number}" for number in range(20)}
    ended = step.run({"images": inline(rules), "auth": inline(both), "retries": "0"})
    errors = ended.annotations("error")
    assert (ended.code, len(errors), errors[-1].data) == (1, 9, "and 12 more images failed")
    assert all(f"{dst.host}/none/{number}:v1" in ended.summary for number in range(20))


@pytest.mark.long
def test_retries_are_one_warning(step, inputs, src, from_source, repo):
    picture = from_source.push(images.image(repo), repo, "v1", "v2")
    bad = src.rule("GET", f"/manifests/{picture.digest}", proxy.Flip(10), times=4)
    ended = step.run({**inputs, "retries": "2"})
    assert bad.hits == 4
    assert (ended.code, complete(ended, "success")["copied"]) == (0, "2")
    assert [each.data for each in ended.annotations("warning")] == ["2 images failed at first and had to be tried again"]


def test_a_summary_that_nobody_wants(step, inputs, repo):
    assert step.run({**inputs, "summary": "false"}).summary == ""


def test_the_report_where_it_is_wanted(step, inputs, from_source, repo, tmp_path):
    from_source.push(images.image(repo), repo, "v1", "v2")
    ended = step.run({**inputs, "report": "deep.json"})
    assert ended.outputs["report"] == "deep.json"
    assert json.loads((tmp_path / "deep.json").read_text())["result"] == "success"


def test_the_report_on_stdout_is_no_command(step, inputs, src, repo):
    ended = step.run({**inputs, "report": "-"})
    assert json.loads(ended.stdout)["failed"] == 2
    assert (ended.outputs["report"], commands(ended.stdout)) == ("-", [])


def test_the_log_in_a_file_has_no_masks(step, inputs, runner, door, locked_word, repo, tmp_path):
    ended = step.run({**inputs, "auth": login(door, "${WORD}", inputs), "log": "run.txt", "debug": "true"}, env={"WORD": locked_word})
    text = (tmp_path / "run.txt").read_text()
    assert locked_word in ended.masks
    assert text and "add-mask" not in text and locked_word not in text
    assert len(ended.annotations("error")) == 2, "annotations go to the job's log all the same"


# -- secrets ----------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def locked_word():
    return "not/a+real?word"


@pytest.fixture(scope="module")
def locked(locked_word):
    with Registry("locked", users={"robot": locked_word}) as started:
        yield started


@pytest.fixture
def door(proxies, locked):
    return proxies(locked, name="locked")


def login(door, password, inputs):
    return inputs["auth"] + run.to_yaml({door.host: {"username": "robot", "password": password, "insecure": True}})


def spellings(user, word):
    pair = base64.b64encode(f"{user}:{word}".encode()).decode()
    return {word, urllib.parse.quote(word, safe=""), pair, pair.rstrip("="), pair.replace("+", "-").replace("/", "_"),
            base64.b64encode(word.encode()).decode()}


def test_a_password_is_masked_in_each_form(step, runner, inputs, src, door, locked_word, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    runner.secrets += spellings("robot", locked_word)
    rules = inline({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"})
    ended = step.run({**inputs, "images": rules, "auth": login(door, "${WORD}", inputs), "log-level": "debug"}, env={"WORD": locked_word})
    assert (ended.code, ended.outputs["result"]) == (0, "success")
    masks = set(ended.masks)
    for each in spellings("robot", locked_word):
        assert each in masks, each
    assert "robot" not in masks and all(len(each) >= 4 for each in masks)
    before = ended.stderr[:ended.stderr.index("::add-mask::")]
    assert all("environment variable" in line for line in before.splitlines()), "before anything is done with it"


def test_tokens_are_masked_when_they_come(step, runner, inputs, src, registries, token_servers, proxies, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    server = token_servers(users={"robot": "not-a-real-word"})
    guarded = proxies(registries("guarded", token=server), name="guarded")
    rules = inline({f"{src.host}/{repo}:v1": f"{guarded.host}/{repo}"})
    auth = login(guarded, "not-a-real-word", inputs)
    ended = step.run({**inputs, "images": rules, "auth": auth, "log-level": "debug"})
    assert ended.outputs["result"] == "success", ended.stderr
    issued = [each for each in ended.masks if each.startswith("eyJ")]
    assert issued
    for each in issued:
        assert each not in ended.visible()


def test_what_a_signed_address_has_is_masked(step, inputs, dst, repo):
    query = "X-Amz-Expires=60&X-Amz-Signature=not-a-real-signature"
    with scripted.Scripted() as front, scripted.Scripted() as store:
        front.push(images.image(repo), repo, "v1")
        store.blobs.update(front.blobs)
        front.hook = lambda request: (
            (307, {"Location": f"http://{store.host}{request.path}?{query}"}, b"") if request.kind == "blob" else None)
        ended = step.run({**inputs, "images": inline({f"{front.host}/{repo}:v1": f"{dst.host}/{repo}"}), "log-level": "debug",
                          "auth": inline(run.insecure(front, dst))})
    assert ended.outputs["result"] == "success", ended.stderr
    assert query in ended.masks
    assert "not-a-real-signature" not in ended.visible()


def test_a_key_of_many_lines_is_masked_by_its_long_lines(step, inputs, src, door, repo):
    key = '{\n  "type": "x",\n  "private": "not-a-real-key-of-anybody"\n}\n'
    ended = step.run({**inputs, "auth": login(door, "${KEY}", inputs)}, env={"KEY": key})
    assert '"private": "not-a-real-key-of-anybody"' in ended.masks
    assert not {"{", "}", ""} & set(ended.masks)


# -- what others write ------------------------------------------------------------------------------------------------------------

ATTACKS = [f"{before}{form.format(name)}" for name in COMMANDS for form in ("::{} name=x::y", "##[{} name=x;]y")
           for before in ("", " \t", "\n", "\r", "\r\n  ", "\x0b", "\u00a0", "\u2003", "\u2028", "x ")]


def own(command):
    return command.name == "add-mask" or (command.name in ("error", "warning") and command.properties.get("title") == "image-syncer")


def test_a_registry_cannot_give_commands(step, runner, inputs):
    """Each attack as the message of an error, all of them as tags, media types and places to go on."""
    with scripted.Scripted() as bad:
        def hook(request):
            number = int(request.repo.rsplit("/", 1)[1]) if request.repo.rsplit("/", 1)[-1].isdigit() else 0
            attack = ATTACKS[number % len(ATTACKS)]
            body = json.dumps({"errors": [{"code": attack, "message": attack, "detail": attack}]})
            if request.kind == "tags" and number % 2:
                return 200, {"Content-Type": "application/json"}, json.dumps({"tags": [attack, "v1"]}).encode()
            return 400, {"Content-Type": "application/json"}, (attack + "\n" + body if number % 3 == 0 else body).encode()
        bad.hook = hook
        rules = {f"{bad.host}/bad/{number}{':v1' if number % 4 else ''}": f"{bad.host}/to/{number}" for number in range(len(ATTACKS))}
        ended = step.run({"images": inline(rules), "auth": inline(run.insecure(bad)), "retries": "0", "log-level": "debug"})
    assert (ended.code, complete(ended, "failure")["copied"]) == (1, "0")
    assert commands(ended.stdout) == []
    for line in lines_of(ended.stderr):
        found = command_of(line)
        assert not found or own(found), line
    assert len(ended.annotations("error")) == 9
    for line in lines_of(ended.summary):
        assert not line.lstrip().startswith("::") and "##[" not in line
        assert "<script" not in line


def test_rules_of_strangers_cannot_give_commands(step):
    """Names of images come from wherever they come from: here as inline rules, in messages about mistakes."""
    rules = {f"{attack}{number}": f"b.io/{attack}" for number, attack in enumerate(ATTACKS)}
    ended = step.run({"images": json.dumps(rules), "auth": ""})
    assert ended.code == 2
    assert [line for line in lines_of(ended.stdout + "\n" + ended.stderr) if command_of(line) and not own(command_of(line))] == []


def test_lists_on_stdout_cannot_give_commands(step, inputs, src, dst, repo):
    ended = step.run({**inputs, "images": inline({f"{src.host}/{repo}:/##[error]x/": f"{dst.host}/{repo}"}), "output-failed-images": "-"})
    assert ended.code == 1
    assert commands(ended.stdout) == []


def test_outputs_cannot_be_forged(step, inputs, tmp_path):
    """A value with lines of its own, which look like records, stays one value."""
    path = "a\nresult=success\nchanged<<EOF\ntrue\nEOF\nb.json"
    ended = step.run({**inputs, "report": path})
    assert complete(ended, "failure")["changed"] == "false"
    assert ended.outputs["report"] == path
    with open(tmp_path / "output", encoding="utf-8") as file:
        delimiters = [line.split("<<")[1] for line in file if line.startswith(("images<<", "report<<"))]
    assert len(delimiters) == len(set(delimiters)) == 3
