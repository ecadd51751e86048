"""The lists of copied and failed images: what is in them, and that another run takes them for rules."""

import json
import os

import pytest

from lib import images


@pytest.fixture
def lists(runner):
    """The flags that ask for both lists, and what the lists say after a run; their format is told by the suffix."""
    class Lists:
        def __init__(self):
            self.copied, self.failed = (os.path.join(runner.home, f"{name}.json") for name in ("copied", "failed"))
            self.flags = ["--output-success-images", self.copied, "--output-failed-images", self.failed,
                          "--output-images-format", "json", "--retries", "0"]

        def read(self):
            return [json.load(open(path, encoding="utf-8")) for path in (self.copied, self.failed)]

    return Lists()


def test_the_failed_images_are_rules_for_another_run(runner, lists, src, dst, both, from_source, at_target, repo):
    pictures = {tag: images.image(f"{repo}/{tag}") for tag in ("there", "v1", "v2")}
    from_source.push(pictures["v1"], repo, "v1")
    at_target.push(from_source.push(pictures["there"], repo, "there"), repo, "there")
    source, target = f"{src.host}/{repo}", f"{dst.host}/{repo}"
    rules = {f"{source}:there,v1,v2": [target, f"{target}/more:a,b,c"], f"{source}-all": f"{target}-all"}
    result = runner.sync(rules, both, flags=lists.flags)
    assert result.code == 1
    assert lists.read() == [
        {f"{source}:there": [f"{target}/more:a"], f"{source}:v1": [f"{target}:v1", f"{target}/more:b"]},
        {f"{source}:v2": [f"{target}:v2", f"{target}/more:c"], f"{source}-all": [f"{target}-all"]},
    ]

    from_source.push(pictures["v2"], repo, "v2")
    from_source.push(pictures["v2"], f"{repo}-all", "x")
    again = runner.sync(open(lists.failed, encoding="utf-8").read(), both, flags=lists.flags, form="json")
    assert again.code == 0
    assert lists.read() == [
        {f"{source}:v2": [f"{target}:v2", f"{target}/more:c"], f"{source}-all:x": [f"{target}-all:x"]}, {}]
    assert at_target.tags(f"{repo}/more") == ["a", "b", "c"] and at_target.tags(f"{repo}-all") == ["x"]
    assert runner.sync(rules, both).report["skipped"] == 7


def test_yaml_lists_sorted_and_taken_again(runner, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.image(repo), repo, "v1", "v2")
    path = os.path.join(runner.home, "copied.yaml")
    source, target = f"{src.host}/{repo}", f"{dst.host}/{repo}"
    result = runner.sync({f"{source}:v2": target, f"{source}@{picture.digest}": f"{target}:d", f"{source}:v1": target}, both,
                         flags=["--output-success-images", path])
    assert result.code == 0
    text = open(path, encoding="utf-8").read()
    assert text == (f"{source}:v1:\n  - {target}:v1\n{source}:v2:\n  - {target}:v2\n"
                    f"{source}@{picture.digest}:\n  - {target}:d\n")
    again = runner.sync(text, both, flags=["--output-success-images", path])
    assert (again.code, again.report["skipped"]) == (0, 3)
    assert open(path, encoding="utf-8").read() == "{}\n"
    assert at_target.tags(repo) == ["d", "v1", "v2"]


def test_a_dry_run_copies_nothing_and_lists_nothing(runner, lists, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{src.host}/{repo}:v1,v2": f"{dst.host}/{repo}"}, both, flags=[*lists.flags, "--dry-run"])
    assert result.code == 1
    assert lists.read() == [{}, {f"{src.host}/{repo}:v2": [f"{dst.host}/{repo}:v2"]}]


def test_a_list_on_stdout_is_all_that_is_on_stdout(runner, src, dst, both, repo):
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--output-failed-images", "-", "-r", "0"])
    assert result.code == 1
    assert result.stdout == f"{src.host}/{repo}:v1:\n  - {dst.host}/{repo}:v1\n"


def test_what_a_dry_run_says(runner, src, dst, both, from_source, at_target, repo):
    same, other = (from_source.push(images.image(f"{repo}/{tag}"), repo, tag) for tag in ("same", "other"))
    from_source.push(same, repo, "new")
    at_target.push(same, repo, "same", "other")
    rules = {f"{src.host}/{repo}:new,other,same": f"{dst.host}/{repo}"}
    result = runner.sync(rules, both, flags=["--dry-run", "--report", "-"], report=False)
    assert result.code == 0
    found = {each["source"].rsplit(":", 1)[1]: (each["status"], each["reason"]) for each in json.loads(result.stdout)["images"]}
    assert found == {"new": ("would-copy", "missing"), "other": ("would-copy", "differs"), "same": ("skipped", "in-sync")}
    assert "3 images: 2 would be copied (1 missing, 1 different), 1 in sync, 0 failed" in result.stderr
    forced = runner.sync(rules, both, flags=["--dry-run", "--force"])
    assert {each["reason"] for each in forced.report["images"]} == {"missing", "differs", "forced"}
    assert dst.writes() == [] and other.digest != at_target.head(repo, "other")
