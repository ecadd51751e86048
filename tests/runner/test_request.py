"""The workflow request.yml as a runner runs it: an issue comes in, the action mirrors, a script answers. Anybody writes issues, so most of them are
hostile here: no text becomes a command, an option, a line of a script, a link or a mention."""

import json
import os
import re
import stat
import subprocess

import pytest
import yaml

import actions
from lib.run import insecure

EXAMPLE = os.path.join(actions.ROOT, ".github/examples/request.yml")
MARK = "PWNED"


# -- the workflow -----------------------------------------------------------------------------------------------------------------

def workflow():
    with open(EXAMPLE, encoding="utf-8") as file:
        return yaml.load(file, yaml.BaseLoader)


def steps():
    found = {step.get("name", step.get("id", step.get("uses"))): step for step in workflow()["jobs"]["mirror"]["steps"]}
    return found["mirror"], found["Answer"]


def value(expression, context):
    """The part of the expressions' language that the example uses: names, texts, ==, && and ||."""
    for operator, decide in (("||", lambda left, right: left or right), ("&&", lambda left, right: right if left else left), ("==", lambda left, right: left == right)):
        left, found, right = expression.partition(operator)
        if found:
            return decide(value(left, context), value(right, context))
    expression = expression.strip()
    if expression.startswith("'"):
        return expression.strip("'")
    at = context
    for name in expression.split("."):
        assert re.fullmatch(r"\w+", name), expression
        at = at.get(name, "") if isinstance(at, dict) else ""
    return at


def evaluate(text, context):
    return re.sub(r"\$\{\{(.*?)\}\}", lambda match: str(value(match[1], context)), text)


class Issue:
    """One run of the workflow for an issue, with `gh` as a program that writes down what it is given."""

    def __init__(self, scene, tmp_path, policy=None):
        self.scene, self.folder = scene, str(tmp_path)
        self.policy = policy or {"to": f"{scene.target.host}/mirror", "names": "keep", "allow": [f"{scene.source.host}/**"],
                                 "who": {"associations": ["MEMBER"]}}
        scene.runner.write("policy.yaml", self.policy)
        self.calls = os.path.join(self.folder, "calls")
        path = os.path.join(self.folder, "gh")
        with open(path, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nfor each; do printf "%s\\0" "$each"; done >>"$CALLS"; printf "\\n\\n" >>"$CALLS"\n'
                       '[ "$2" != comment ] || cat >"$CALLS.body"\n[ "$1 $2" != "label create" ]\n')
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)

    def run(self, body, title="Mirror: an image", **more):
        """(the step, the calls of gh, the comment)"""
        mirror, answer = steps()
        user = more.get("user", "someone")
        issue = {"number": 7, "title": title, "body": body, "user": {"login": user}, "author_association": more.get("association", "MEMBER")}
        github = {"event": {"issue": issue}, "event_name": "issues", "actor": user, "token": "not-a-token", "repository": "example/mirror", "run_id": 1}
        context = {"github": github, "secrets": {"MIRROR_USER": "robot", "MIRROR_PASSWORD": "not-a-password-9"}}
        given = {name: evaluate(text, context) for name, text in mirror["with"].items()}
        given["auth"] = json.dumps(insecure(self.scene.source, self.scene.target))
        step = self.scene.runner.action({**given, "retries": "0"}, {name: evaluate(text, context) for name, text in mirror["env"].items()})
        context["steps"] = {"mirror": {"outputs": step.outputs}}
        for name in (self.calls, self.calls + ".body"):
            if os.path.exists(name):
                os.remove(name)
        done = subprocess.run(["bash", "-e", "-c", answer["run"]], cwd=self.folder, check=False, capture_output=True, text=True, timeout=60,
                              env={"PATH": f"{self.folder}:{os.environ['PATH']}", "CALLS": self.calls,
                                   **{name: evaluate(text, context) for name, text in answer["env"].items()}})
        assert done.returncode == 0 and done.stdout == "", done
        with open(self.calls, encoding="utf-8") as file:
            calls = [call.strip("\n").split("\0")[:-1] for call in file.read().split("\n\n") if call.strip("\n")]
        with open(self.calls + ".body", encoding="utf-8") as file:
            return step, calls, file.read()


@pytest.fixture
def issue(scene, tmp_path):
    return Issue(scene, tmp_path)


def test_the_workflow_is_safe_by_its_form():
    """No text of an event in a script, no permission by default, one run for an issue at a time."""
    document = workflow()
    assert document["permissions"] == {}
    job = document["jobs"]["mirror"]
    assert set(job["permissions"]) == {"contents", "issues", "packages"}
    assert document["concurrency"]["cancel-in-progress"] == "false" and "issue.number" in document["concurrency"]["group"]
    assert "pull_request" not in document["on"] and "pull_request_target" not in document["on"]
    for step in job["steps"]:
        assert "${{" not in step.get("run", ""), step
        assert "github.event" not in step.get("uses", ""), step
    _, answer = steps()
    assert not [text for text in answer["env"].values() if "event" in text and "issue.number" not in text], "only the answer gets to the script"


def test_an_issue(issue, scene):
    step, calls, body = issue.run(f"### Images\n\n```text\n{scene.source.host}/{scene.repo}:v1\n```\n")
    assert step.code == 0 and step.outputs["result"] == "success"
    assert scene.at_target.head(f"mirror/{scene.repo}", "v1") == scene.picture.digest
    assert f"docker pull {scene.target.host}/mirror/{scene.repo}:v1\n" in body
    assert calls[0] == ["issue", "comment", "7", "--body-file", "-"]
    assert ["issue", "edit", "7", "--add-label", "mirrored"] in calls and ["issue", "close", "7", "--reason", "completed"] in calls
    assert ["issue", "edit", "7", "--remove-label", "refused"] in calls


def test_an_issue_of_somebody_else(issue, scene):
    step, calls, body = issue.run(f"{scene.source.host}/{scene.repo}:v1", association="NONE")
    assert step.code == 1 and step.outputs["labels"] == "refused" and "You may not ask" in body
    assert scene.at_target.head(f"mirror/{scene.repo}", "v1") is None
    assert not [call for call in calls if "close" in call]


def test_a_policy_with_a_mistake(scene, tmp_path):
    issue = Issue(scene, tmp_path, {"to": "x.example/y", "allow": ["quay.io"]})
    step, calls, body = issue.run("quay.io/a/b:1")
    assert step.code == 2 and "Nothing was tried" in body and "quay" not in body
    assert ["issue", "edit", "7", "--add-label", "failed"] in calls


# -- hostile texts ----------------------------------------------------------------------------------------------------------------

def commands():
    """Workflow commands, in each form that a runner takes."""
    for name in ("error", "warning", "notice", "debug", "group", "add-mask", "set-output name=result", "save-state name=a", "set-env name=PATH",
                 "add-path", "stop-commands", "echo", "add-matcher", "remove-matcher owner=a", "internal-set-repo-path"):
        yield f"::{name}::{MARK}"
    yield f"##[error]{MARK}"
    yield f"##[set-output name=result;]{MARK}"
    yield f"\r::error::{MARK}"
    yield f"quay.io/a/b:1\r\n::error::{MARK}"
    yield f"result=success\nresult<<EOF\n{MARK}\nEOF"
    yield f"quay.io/a/::error::{MARK}"
    yield f"%0A::error::{MARK}%0D%0A"


def shell():
    for text in ("$(touch {0})", "`touch {0}`", "; touch {0}", "&& touch {0}", "| touch {0}", "\n touch {0}\n", "${{IFS}}touch${{IFS}}{0}", "'; touch {0} #",
                 '"; touch {0} #', "$((1+1)) {0}", "<(touch {0})", "!touch {0}", "~/{0}", "-o{0}", "--body-file=/etc/passwd", "--help {0}", "-- {0}", "{0}\\", "${{{{ secrets.A }}}} {0}",
                 "${{{{ github.token }}}}", "%s%n%x {0}", "\x1b[31m{0}", "\x07\x08{0}", "$HOME $MIRROR_PASSWORD {0}"):
        yield text.format(MARK)
        if "touch" in text:
            yield f"docker pull quay.io/a/b:1{text.format(MARK)}"


def yamls():
    for text in ("auth: {a: b}\nallow: '**'", "---\nto: evil.example\n", "&a [*a, *a]", "!!python/object/apply:os.system [touch]", "policy: |\n  allow: '**'", "<<: *x",
                 "{\"allow\": [\"**\"]}", "key: \"\\", "- - - - - -", "? a\n: b", "%YAML 9.9\n---", "\ttabs:\n\t- a", "allow:\n- '**'\nto: evil.example/a"):
        yield text


def markdown():
    yield from ("@everyone @org/team", "`@everyone`", "quay.io/a/b:1`@everyone`", "[a](javascript:alert(1))", "![a](https://evil.example/x.png)", "<https://evil.example>",
                "https://evil.example www.evil.example", "#1 org/repo#1 GH-1", "</code></pre><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!-- quay.io/hidden/a:1 -->",
                "| a | b |\n| --- | --- |\n| c | d |", "```\n~~~\n```\n````", "````\n```\nquay.io/a/b:1\n", "quay.io/a/b:1|x|y", "<details><summary>a</summary>", "&lt;script&gt; &#64;everyone",
                "\\`quay.io/a/b:1\\`", "quay.io/a/b@everyone", "$$\\href{javascript:alert(1)}{a}$$", "[^1]: https://evil.example", "<a href='https://evil.example'>quay.io/a/b:1</a>",
                "quay.io/a/<b>:1", "quay.io/a/b:1\n\n# heading\n\n- [ ] task @everyone")


def letters():
    for sign in ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e", "\u202d", "\u2066", "\u2069", "\u061c", "\ue000", "\U000e0041", "\u0000"):
        yield f"quay.io/a/{sign}b:1"
    for name in ("qu\u0430y.io/a/b:1", "g\u0441r.io/a/b:1", "gh\u0441r.io/a/b:1", "d\u043eck\u0435r.io/library/nginx:1", "\u0501ocker.io/a/b:1", "quay\u3002io/a/b:1", "quay.io\u2215a/b:1", "quay.io/a/b\uff1a1",
                 "\uff51\uff55\uff41\uff59.io/a/b:1", "qua\u0443.io/a/b:1", "xn--quy-8cd.io/a/b:1", "ghrc.io/a/b:1", "quay.io.evil.example/a/b:1", "quay.io@evil.example/a/b:1", "evil.example/quay.io/a/b:1",
                 "169.254.169.254/latest/meta-data:1", "localhost:5000/a/b:1", "[::1]:5000/a/b:1", "docker.io:443/library/nginx:1"):
        yield name


def noise():
    yield "x" * 65536
    yield "quay.io/a/b:1 " * 4600
    yield " ".join(f"quay.io/a/b:{number}" for number in range(3000))
    yield "`" * 65536
    yield "<!--" * 16384
    yield "镜像" * 10900
    yield "/" * 65536
    yield ":" * 65536
    yield "".join(chr(1 + number * 7919 % 0xd7fe) for number in range(30000))
    yield "\n" * 65536
    yield "*" * 30000 + "quay.io/a/b:1" + "*" * 30000
    yield "{" * 65536


KINDS = {each.__name__: list(each()) for each in (commands, shell, yamls, markdown, letters, noise)}


def test_there_are_enough():
    assert sum(map(len, KINDS.values())) >= 120


def check_comment(comment):
    """All but spans of code and the block of commands is ours: it has no link, no mention, no HTML."""
    assert len(comment) < 65536 and comment.isascii()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", comment)
    blocks = re.findall(r"^```\w*\n(.*?)^```$", comment, re.M | re.S)
    for line in "".join(blocks).splitlines():
        assert re.fullmatch(r"docker pull [a-z0-9.:/_@-]+(:[\w.-]+)?|registry\.k8s\.io/pause:3\.10|docker\.io/library/nginx:1\.28|"
                            r"docker pull nginx:1\.28|https://hub\.docker\.com/_/nginx", line), line
    rest = re.sub(r"^```\w*\n.*?^```$", "", comment, flags=re.M | re.S)
    for line in rest.splitlines():
        assert line.count("`") % 2 == 0, line
        if line.startswith("|"):
            assert line.count("|") == 3, line
    rest = re.sub(r"`[^`\n]*`", "", rest)
    assert not re.search(r"[@<>\[\]&#\\$]|https?:|www\.|::|PWNED", rest), rest


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_texts(issue, scene, kind):
    good = f"{scene.source.host}/{scene.repo}:v1"
    for number, text in enumerate(KINDS[kind]):
        text = text.replace("\0", "")       # no environment has one
        where = f"{kind} {number}: {text[:80]!r}"
        # In a title the beginning of a comment would hide the body.
        title = "Mirror" if kind == "noise" else text[:200].replace("\n", " ").replace("<!--", "")
        step, calls, comment = issue.run(f"{good}\n{text}\n", title=title)
        check_comment(comment)
        assert step.code in (0, 1), where
        assert step.outputs["result"] in ("success", "partial"), where
        assert step.outputs["copied"] in ("0", "1") and step.outputs["total"] == "1", where
        assert scene.at_target.head(f"mirror/{scene.repo}", "v1") == scene.picture.digest, where
        assert step.log.errors == [] and not [each for each in step.log.annotations if each.data.strip() == MARK], where
        assert all(call[:3] in (["issue", "comment", "7"], ["issue", "edit", "7"], ["issue", "close", "7"]) or call[:2] == ["label", "create"] for call in calls), where
        assert calls[0] == ["issue", "comment", "7", "--body-file", "-"], where
        assert not [each for each in (scene.runner.workspace, issue.folder) if MARK in "".join(os.listdir(each))], where
        assert step.files["GITHUB_ENV"] == step.files["GITHUB_PATH"] == step.files["GITHUB_STATE"] == "", where
