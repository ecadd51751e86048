"""--shard: several jobs with the same rules, each its own process, together do everything and nothing twice."""

import pytest

from lib import images, proxy, run
from lib.scripted import Scripted

SHARDS = 3


def shards(runner, rules, auth, count=SHARDS, flags=()):
    """Runs all jobs at the same time; their results in order."""
    started = []
    for index in range(count):
        command = runner.arguments(rules, auth, ["--shard", f"{index}/{count}", *flags])
        started.append((runner.start(command), runner.report_path))
    results = []
    for process, report in started:
        result = runner.finish(process, report=False)
        with open(report, encoding="utf-8") as file:
            result.report = __import__("json").load(file)
        results.append(result)
    return results


def test_union_complete_and_nothing_twice(runner, from_source, at_target, src, dst, both, repo):
    """Twelve repositories of two tags, three processes, real registries: each image is copied by exactly one of them."""
    wanted, rules = {}, {}
    for index in range(12):
        name = f"{repo}/{index}"
        for tag in ("v1", "v2"):
            wanted[name, tag] = from_source.push(images.image(f"{repo}/{index}/{tag}"), name, tag).digest
        rules[f"{src.host}/{name}:v1"] = f"{dst.host}/{name}"       # two rules for one repository: they stay together
        rules[f"{src.host}/{name}:v2"] = f"{dst.host}/{name}"
    results = shards(runner, rules, both)
    owners = {}
    for number, result in enumerate(results):
        assert result.code == 0, result
        assert result.report["shard"] == f"{number}/{SHARDS}" and f"shard {number}/{SHARDS}: " in result.stderr
        for each in result.report["images"]:
            assert each["status"] == "copied"
            assert owners.setdefault(each["destination"], number) == number
    assert len(owners) == sum(each.report["total"] for each in results) == 24
    assert all(each.report["total"] for each in results), "a shard has nothing to do"
    for (name, tag), digest in wanted.items():
        assert at_target.head(name, tag) == digest
        assert owners[f"{dst.host}/{name}:v1"] == owners[f"{dst.host}/{name}:v2"]
    # A rule more: the other images stay with their jobs, and the new one has one.
    rules[f"{src.host}/{repo}/0:v1"] = [f"{dst.host}/{repo}/0", f"{dst.host}/{repo}/new"]
    moved = 0
    for number, result in enumerate(shards(runner, rules, both)):
        assert result.code == 0
        for each in result.report["images"]:
            moved += owners.get(each["destination"], number) != number
    assert at_target.head(f"{repo}/new", "v1") == wanted[f"{repo}/0", "v1"]
    assert moved <= 4, "one repository more moves two others at most"


@pytest.fixture
def two():
    with Scripted() as here, Scripted() as there:
        yield here, there


def test_mistakes_are_told_by_every_shard(runner, two):
    here, there = two
    rules = {f"{here.host}/a:v1": f"{there.host}/a", f"{here.host}/b:v1": f"{there.host}/UPPER"}
    for index in range(2):
        result = runner.sync(rules, run.insecure(here, there), ["--shard", f"{index}/2"], report=False)
        assert result.code == 2 and "UPPER" in result.stderr
    assert not here.seen() and not there.seen()


def test_collisions_are_told_by_the_shard_that_has_them(runner, two):
    """Two sources whose lists hold the same tag, for one repository: only the job that owns it finds out."""
    here, there = two
    for repo in "abcdef":
        here.push(images.image(repo), repo, "v1")
    rules = {f"{here.host}/{repo}": f"{there.host}/{repo}" for repo in "abcdef"}
    rules[f"{here.host}/b"] = f"{there.host}/a"
    results = shards(runner, rules, run.insecure(here, there), 2)
    failed = [sum(each["status"] == "failed" for each in result.report["images"]) for result in results]
    assert sorted(failed) == [0, 1]
    assert sorted(result.code for result in results) == [0, 1]
    assert {repo for repo, _ in there.tags} == set("acdef")


def test_more_shards_than_work(runner, two):
    here, there = two
    here.push(images.image("one"), "a", "v1")
    results = shards(runner, {f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), 4)
    assert [each.code for each in results] == [0] * 4
    assert sorted(each.report["total"] for each in results) == [0, 0, 0, 1]
    assert all(each.report["result"] == "success" for each in results)


# -- without shards -------------------------------------------------------------------------------------------------------------

def test_eight_at_once(runner, src, dst, both, from_source, at_target, repo):
    """The same rules by eight programs at the same time: all succeed, and what is there is whole."""
    shared = images.layer(repo)
    pictures = {f"v{n}": from_source.push(images.image(f"{repo}/{n}", parts=[shared]), repo, f"v{n}") for n in range(4)}
    processes = []
    for _ in range(8):
        command = runner.arguments({f"{src.host}/{repo}": f"{dst.host}/{repo}"}, both)
        processes.append((runner.report_path, runner.start(command)))
    results = [runner.finish(process, report=False) for _, process in processes]
    assert [each.code for each in results] == [0] * 8, "\n".join(map(str, results))
    for tag, picture in pictures.items():
        assert at_target.closure(repo, tag) == images.expected(picture)
    assert at_target.tags(repo) == sorted(pictures)
    assert proxy.until(lambda: not dst.busy(), seconds=30, what="the end of all connections") is not False
