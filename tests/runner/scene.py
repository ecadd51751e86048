"""What most tests of the action need: an image, a rule for it, and both registries."""

import base64
import json
import os
import threading

from lib import images, registry, scripted
from lib.run import insecure

OUTPUTS = ["result", "changed", "total", "copied", "skipped", "failed", "bytes", "report", "images", "comment", "labels", "plan", "matrix"]
# What a run writes itself: "comment" and "labels" are those of a request.
OF_A_RUN = [name for name in OUTPUTS if name not in ("comment", "labels")]


class Scene:
    """One image at the source, a rule for it, and what the step needs to know about both registries."""

    def __init__(self, runner, source, target, from_source, at_target, repo):
        self.runner, self.source, self.target, self.at_target, self.repo = runner, source, target, at_target, repo
        self.from_source = from_source
        self.picture = from_source.push(images.multi(repo, platforms=2, layers=1), repo, "v1")
        self.rules = {f"{source.host}/{repo}:v1": f"{target.host}/{repo}"}
        self.logins = insecure(source, target)
        self.extra = {}

    def copied(self, tag="v1"):
        """The digest of the copy, or None."""
        return self.at_target.head(self.repo, tag)

    def sync(self, given=None, env=None, **more):
        """with: the rule and the registries as inline text, and whatever is given."""
        return self.runner.action(self.given(given, **more), env)

    def given(self, given=None, **more):
        return {"images": json.dumps(self.rules), "auth": json.dumps(self.logins), **(given or {}), **more}

    def many(self, count):
        """Rules for so many tags, of which only v1 exists."""
        return {f"{self.source.host}/{self.repo}:{tag}": f"{self.target.host}/{self.repo}"
                for tag in ["v1"] + [f"gone-{number:05}" for number in range(1, count)]}


    def from_slow(self, slow):
        """The image comes from a slow registry from now on."""
        self.rules = {f"{slow.server.host}/{self.repo}:v1": f"{self.target.host}/{self.repo}:slow"}
        self.logins = insecure(slow.server, self.target)

    def with_docker_login(self, path, given):
        """A sync to a registry whose login stands in a file of docker's only, with which success?"""
        with registry.Registry("private", users={"somebody": "not-a-password-3"}) as private:
            full = os.path.join(self.runner.workspace, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                json.dump({"auths": {private.host: {"auth": base64.b64encode(b"somebody:not-a-password-3").decode()}}}, file)
            self.rules = {next(iter(self.rules)): f"{private.host}/{self.repo}"}
            self.logins = insecure(self.source, private)
            return self.sync(given, retries="0").code == 0


class Slow:
    """A registry that holds back every blob until it is told to go on."""

    def __init__(self, picture, repo):
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.server = scripted.Scripted()
        self.server.push(picture, repo, "v1")
        self.server.hook = self._hook

    def _hook(self, request):
        if request.kind == "blob":
            self.asked.set()
            self.go_on.wait(60)
        return None

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *_):
        self.go_on.set()
        self.server.__exit__()


def check_files(step, outputs=OUTPUTS):
    """Nothing goes into the environment, the path or the state of later steps."""
    assert step.files["GITHUB_ENV"] == step.files["GITHUB_PATH"] == step.files["GITHUB_STATE"] == ""
    assert list(step.outputs) == outputs and step.log.errors == [] and step.dropped == []


def everything(step):
    """All that can be read later, but the lines that register masks."""
    log = "\n".join(line for line in step.log.raw if not line.startswith("::add-mask::"))
    more = "".join(step.files.values())
    if step.outputs.get("report") and os.path.exists(step.outputs["report"]):
        with open(step.outputs["report"], encoding="utf-8") as file:
            more += file.read()
    return log + more
