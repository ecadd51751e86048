"""Requests in free text: what is mirrored, what is refused, what whoever asked is told, and what nobody can make the answer do."""

import json
import os
import re

import pytest

from lib import images, proxy
from lib.step import OUTPUTS, Step, commands


@pytest.fixture
def ask(runner, both):
    """ask(text, policy, flags): one request; the text comes from standard input by way of a file."""
    def run(text, policy, flags=(), env=None, auth=both, report=True):
        runner._serial += 1
        command = [runner.binary, "request", "--policy", runner.write("policy.json", policy), "--auth", runner.write("auth.json", auth),
                   *(["--report", runner.report_path] if report else []), *flags]
        runner.write("text", text)
        shell = "exec " + " ".join(f"'{each}'" for each in command) + " <text"
        return runner.run(["sh", "-c", shell], env=env, report=report)
    return run


@pytest.fixture
def policy(src, dst):
    return {"to": f"{dst.host}/mirror", "names": "keep", "allow": [f"{src.host}/**"]}


def rows(comment):
    """[(image, result)] of the answer's table."""
    return [tuple(each.strip() for each in line.strip("|").split("|")) for line in comment.splitlines()
            if line.startswith("| ") and not line.startswith(("| image", "| ---"))]


def pulls(comment):
    return re.findall(r"^docker pull (\S+)$", comment, re.M)


# -- what is mirrored -------------------------------------------------------------------------------------------------------------

def test_images_of_an_issue(ask, policy, src, dst, from_source, at_target, repo):
    pictures = [from_source.push(images.image(f"{repo}{number}"), f"{repo}/{number}", "v1") for number in range(3)]
    text = f"""请同步{src.host}/{repo}/0:v1，谢谢。
And `{src.host}/{repo}/1:v1`, then
```
docker pull {src.host}/{repo}/2:v1
```
"""
    result = ask(text, policy)
    assert result.code == 0, result.stderr
    for number, picture in enumerate(pictures):
        assert at_target.closure(f"mirror/{repo}/{number}", "v1") == images.expected(picture)
    assert result.stdout.startswith("**All 3 images are mirrored.**\n")
    assert pulls(result.stdout) == [f"{dst.host}/mirror/{repo}/{number}:v1" for number in range(3)]
    assert result.report["copied"] == 3

    again = ask(text, policy)
    assert again.code == 0 and again.report["copied"] == 0
    assert [told.startswith("already there as ") for _, told in rows(again.stdout)] == [True] * 3
    assert pulls(again.stdout) == pulls(result.stdout)


def test_what_is_not_there_or_not_allowed(ask, policy, src, dst, from_source, at_target, repo):
    from_source.push(images.image(repo), repo, "v1")
    policy["deny"] = f"{src.host}/{repo}:secret*"
    result = ask(f"{src.host}/{repo}:v1 {src.host}/{repo}:gone {src.host}/{repo}:secret-1 quay.io/a/b:1", policy, ["--retries", "0"])
    assert result.code == 1
    assert result.stdout.startswith("**1 of 4 images are mirrored.**\n")
    found = {name.strip("`"): told for name, told in rows(result.stdout)}
    assert found[f"{src.host}/{repo}:v1"].startswith("copied to ")
    assert found[f"{src.host}/{repo}:gone"].startswith("failed: ")
    assert found[f"{src.host}/{repo}:secret-1"].startswith("refused: the policy denies ")
    assert found["quay.io/a/b:1"] == "refused: the policy does not allow it"
    assert at_target.tags(f"mirror/{repo}") == ["v1"]
    assert not [each.path for each in src.seen() if "secret" in each.path], "what is denied is not asked for"
    assert "failed tasks exist" not in result.stdout, "standard output has the answer and nothing else"


@pytest.mark.parametrize("flag", ("--plan", "--dry-run"))
def test_nothing_is_written(ask, policy, src, dst, from_source, repo, flag):
    from_source.push(images.image(repo), repo, "v1")
    result = ask(f"{src.host}/{repo}:v1", policy, [flag])
    assert result.code == 0
    assert result.stdout.startswith("**The image would be mirrored.**\n")
    assert pulls(result.stdout) == [] and dst.writes() == []
    if flag == "--plan":
        assert src.seen() == dst.seen() == []


def test_by_digest(ask, policy, src, dst, from_source, at_target, repo):
    """A tag beside the digest is left out: nobody gives an image of their choice the tag of another."""
    one, other = (from_source.push(images.image(f"{repo}{tag}"), repo, tag) for tag in ("v1", "v2"))
    result = ask(f"{src.host}/{repo}:v2@{one.digest}", policy)
    assert result.code == 0
    assert pulls(result.stdout) == [f"{dst.host}/mirror/{repo}@{one.digest}"]
    assert at_target.head(f"mirror/{repo}", "v2") is None
    policy["allow"] = f"{src.host}/{repo}:v*"
    result = ask(f"{src.host}/{repo}:v2@{other.digest}", policy)
    assert result.code == 1 and "by its digest" in result.stdout


# -- limits -----------------------------------------------------------------------------------------------------------------------

def size(picture):
    """Bytes of all that an image has, each once."""
    return sum({digest: len(content) for digest, content in picture.blobs.items()}.values())


def test_the_size_of_an_image(ask, policy, src, dst, from_source, repo):
    picture = from_source.push(images.multi(repo, platforms=2, layers=2), repo, "v1")
    whole = size(picture)
    policy["max-bytes"] = whole - 1
    result = ask(f"{src.host}/{repo}:v1", policy, ["--retries", "0"])
    assert result.code == 1 and dst.writes() == [] and not src.seen(kind="blob")
    assert "refused: `the image has" in result.stdout and "max-bytes allows" in result.stdout
    one = ask(f"{src.host}/{repo}:v1", {**policy, "platforms": ["linux/amd64"]})
    assert one.code == 0, "one of its platforms is small enough"


def test_the_size_costs_no_request(ask, policy, src, dst, from_source, at_target, repo, sync, both):
    """A copy with max-bytes sends the same requests as one without a policy."""
    for number in range(2):
        from_source.push(images.multi(f"{repo}{number}", platforms=2), f"{repo}/{number}", "v1")
    assert sync({f"{src.host}/{repo}/0:v1": f"{dst.host}/plain/{repo}"}, both).code == 0
    plain = [len(each.seen()) for each in (src, dst)]
    policy["max-bytes"] = "1GiB"
    assert ask(f"{src.host}/{repo}/1:v1", policy).code == 0
    assert [len(each.seen()) - before for each, before in zip((src, dst), plain)] == plain


def test_so_many_images(ask, policy, src, from_source, repo):
    for tag in ("v1", "v2", "v3"):
        from_source.push(images.image(repo + tag), repo, tag)
    policy["max-images"] = 2
    result = ask("\n".join(f"{src.host}/{repo}:{tag}" for tag in ("v1", "v2", "v3")), policy)
    assert result.code == 1 and result.report["copied"] == 2
    assert "that many images" in dict(rows(result.stdout))[f"`{src.host}/{repo}:v3`"]


def test_two_images_for_one_place(ask, policy, src, dst, from_source, at_target, repo):
    for name in ("a", "b"):
        from_source.push(images.image(name), f"{repo}/{name}/app", "v1")
    policy["names"] = "{name}-" + repo.replace("/", "-")
    result = ask(f"{src.host}/{repo}/a/app:v1 {src.host}/{repo}/b/app:v1", policy)
    assert result.code == 1 and "the same name as that of" in result.stdout
    assert len(pulls(result.stdout)) == 1


def test_a_tag_that_holds_another_image(ask, policy, src, from_source, at_target, repo):
    at_target.push(images.image("other"), f"mirror/{repo}", "v1")
    from_source.push(images.image(repo), repo, "v1")
    held = at_target.head(f"mirror/{repo}", "v1")
    for word, told in (("skip", "refused: the tag of the copy holds another image"), ("fail", "failed: ")):
        result = ask(f"{src.host}/{repo}:v1", {**policy, "on-change": word}, ["--retries", "0"])
        assert result.code == 1 and told in result.stdout
        assert at_target.head(f"mirror/{repo}", "v1") == held


@pytest.mark.parametrize("flags,may", (
    ([], False),
    (["--actor", "Robin"], True),
    (["--actor", "robin2"], False),
    (["--association", "member"], True),
    (["--association", "NONE"], False),
    (["--team", "x, mirror-users", "--team", "y"], True),
))
def test_who_may_ask(ask, policy, src, from_source, repo, flags, may):
    from_source.push(images.image(repo), repo, "v1")
    policy["who"] = {"associations": ["OWNER", "MEMBER"], "users": ["robin"], "teams": "mirror-users"}
    result = ask(f"{src.host}/{repo}:v1", policy, flags)
    assert result.code == (0 if may else 1)
    assert ("You may not ask" in result.stdout) == (not may) and (src.seen() == []) == (not may)


# -- mistakes ---------------------------------------------------------------------------------------------------------------------

def test_a_policy_with_mistakes(ask, policy, src, repo):
    result = ask(f"{src.host}/{repo}:v1", {**policy, "alow": "x", "allow": ["quay.io"]})
    assert result.code == 2 and result.stdout == "" and src.seen() == []
    assert "policy.json:" in result.stderr and "did you mean allow" in result.stderr and "a repository is missing" in result.stderr


def test_the_policy_is_not_written_over(ask, policy, runner, src, repo):
    result = ask(f"{src.host}/{repo}:v1", policy, ["--report", "policy.json"], report=False)
    assert result.code == 2 and "policy.json" in result.stderr
    with open(os.path.join(runner.home, "policy.json"), encoding="utf-8") as file:
        assert json.load(file) == policy


def test_logins_with_mistakes(ask, policy, src, repo):
    """Found only after the policy was read: whoever asked gets an answer, those who run the mirror the place."""
    result = ask(f"{src.host}/{repo}:v1", policy, ["--image-timeout", "soon"])
    assert result.code == 2 and "configuration of this mirror has mistakes" in result.stdout and "--image-timeout soon" in result.stderr
    assert src.seen() == []


def test_a_text_that_is_too_long(ask, policy):
    result = ask("x" * (1024 * 1024 + 1), policy)
    assert result.code == 2 and "more than 1024 KiB" in result.stderr


def test_nothing_is_found(ask, policy):
    result = ask("Hello, could you mirror nginx and/or redis? Thanks, me@example.com", policy)
    assert result.code == 1 and "No image was found" in result.stdout


# -- a step -----------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def step(runner):
    return Step(runner)


@pytest.fixture
def inputs(policy, both):
    return {"mode": "request", "policy": json.dumps(policy, indent=1), "auth": json.dumps(both, indent=1), "retries": "0"}


def test_the_outputs_of_a_step(step, inputs, src, dst, from_source, at_target, repo):
    from_source.push(images.image(repo), repo, "v1")
    ended = step.run({**inputs, "request": f"{src.host}/{repo}:v1\n\nquay.io/a/b:1\n"})
    assert ended.code == 1
    assert set(ended.outputs) == {*OUTPUTS, "comment", "labels"}
    assert (ended.outputs["result"], ended.outputs["labels"], ended.outputs["copied"]) == ("partial", "mirrored,refused", "1")
    assert pulls(ended.outputs["comment"]) == [f"{dst.host}/mirror/{repo}:v1"]
    assert ended.outputs["comment"].strip() in ended.summary
    assert at_target.tags(f"mirror/{repo}") == ["v1"]
    assert ended.stdout == ""


def test_a_step_that_finds_nothing(step, inputs):
    ended = step.run({**inputs, "request": "thanks"})
    assert (ended.code, ended.outputs["result"], ended.outputs["labels"]) == (1, "failure", "nothing-found")
    ended = step.run(inputs)
    assert (ended.code, ended.outputs["labels"]) == (1, "nothing-found")


def test_a_step_whose_policy_is_wrong(step, inputs):
    ended = step.run({**inputs, "request": "quay.io/a/b:1", "policy": "to: x\nallow: []\n"})
    assert (ended.code, ended.outputs["result"], ended.outputs["labels"]) == (2, "failure", "failed")
    assert "Nothing was tried" in ended.outputs["comment"] and "input policy:" not in ended.outputs["comment"]
    assert any("input policy:2:8" in each.data for each in ended.annotations("error"))
    ended = step.run({name: value for name, value in inputs.items() if name != "policy"})
    assert ended.code == 2 and "policy is missing" in ended.stderr


def test_who_asks_in_a_step(step, inputs, policy):
    policy["who"] = {"teams": ["mirror/users"]}
    given = {**inputs, "policy": json.dumps(policy, indent=1), "request": "quay.io/a/b:1"}
    assert step.run({**given, "teams": "a/b"}).outputs["labels"] == "refused"
    assert "may not ask" in step.run(given).outputs["comment"]
    assert "may not ask" not in step.run({**given, "teams": "a/b\nmirror/users"}).outputs["comment"]


def test_an_unknown_mode(step, inputs):
    ended = step.run({**inputs, "mode": "requests"})
    assert ended.code == 2 and "input mode is" in ended.stderr


def test_what_a_registry_says_is_no_markdown(step, inputs, src, repo):
    words = "@everyone <img src=x> [a](https://evil.example) `` ` `` ::error::x | https://evil.example www.evil.example"
    body = json.dumps({"errors": [{"code": "DENIED", "message": words}]}).encode()
    src.rule("GET|HEAD", "/manifests/", proxy.Status(403, {"Content-Type": "application/json"}, body), times=None)
    ended = step.run({**inputs, "request": f"{src.host}/{repo}:v1"})
    assert ended.code == 1
    comment = re.sub(r"`[^`\n]*`", "", ended.outputs["comment"])
    for bad in ("@", "<", "evil", "http", "[", "`"):
        assert bad not in comment, comment
    assert not [each for each in commands(ended.stderr) if each.data == "x"]


# -- policies with demands --------------------------------------------------------------------------------------------------------

def test_images_that_are_too_new_or_lack_a_referrer(ask, policy, src, dst, from_source, repo, runner):
    """Neither is a failure of the mirror."""
    from_source.push(images.image(repo), repo, "v1")
    waiting = ask(f"- {src.host}/{repo}:v1", {**policy, "min-age": "7d"}, flags=["--state", os.path.join(runner.home, "state.json")])
    assert waiting.code == 1 and "refused: it is too new: ask again after " in waiting.stdout
    assert waiting.report["too_new"] == 1 and waiting.report["images"][0]["ready"] in waiting.stdout
    undated = ask(f"- {src.host}/{repo}:v1", {**policy, "min-age": "7d"}, report=False)
    assert undated.code == 2 and "add --state FILE" in undated.stderr and "mistakes" in undated.stdout
    lacking = ask(f"- {src.host}/{repo}:v1", {**policy, "require-referrers": "sboms"})
    assert lacking.code == 1 and "refused: " in lacking.stdout and "sboms" in lacking.stdout
    assert "refused" in lacking.stdout and "failed" not in lacking.stdout
