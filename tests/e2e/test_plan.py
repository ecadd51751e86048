"""plan and apply: what a plan pins, that apply does exactly that, what happens when either side has moved, groups, joined reports."""

import json
import os
import re
import signal

import pytest

from lib import companions, images, proxy, run, schemas
from lib.companions import Referring
from lib.layouts import Layout
from lib.scripted import Scripted

WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Planner:
    """Plans and applies with one auth file."""

    def __init__(self, runner, auth):
        self.runner, self.auth = runner, runner.write("auth.yaml", auth)
        self.path = os.path.join(runner.home, "plan.json")

    def plan(self, rules, *flags, code=0):
        """The plan as a document; self.result is the run, self.markdown its text for people."""
        markdown = os.path.join(self.runner.home, "plan.md")
        command = [self.runner.binary, "plan", "--images", self.runner.write("images.yaml", rules), "--auth", self.auth, "--out", self.path,
                   "--markdown", markdown, "--retries", "0", *flags]
        self.result = self.runner.run(command)
        assert self.result.code == code, self.result
        with open(markdown, encoding="utf-8") as file:
            self.markdown = file.read()
        return self.read()

    def read(self):
        with open(self.path, encoding="utf-8") as file:
            plan = json.load(file)
        assert schemas.problems("plan", plan) == []
        return plan

    def arguments(self, *flags, path=None):
        self.runner._serial += 1
        return [self.runner.binary, "apply", path or self.path, "--auth", self.auth, "--report", self.runner.report_path, "--retries", "0", *flags]

    def apply(self, *flags, path=None):
        return self.runner.run(self.arguments(*flags, path=path), report=True)


@pytest.fixture
def planner(runner, both):
    return Planner(runner, both)


@pytest.fixture
def memory(runner, here, there):
    """A planner for the two registries in memory."""
    return Planner(runner, run.insecure(here, there))


def by_destination(plan):
    return {each["destination"]: each for each in plan["images"]}


def writes(door):
    return [f"{each.method} {each.path}" for each in door.seen() if each.method in WRITES]


# -- what a plan says -------------------------------------------------------------------------------------------------------------

def test_a_plan_pins_both_sides_and_apply_does_it(planner, from_source, at_target, src, dst, repo):
    new = from_source.push(images.image(f"{repo}/new"), f"{repo}/new", "v1")
    moved = from_source.push(images.image(f"{repo}/moved"), f"{repo}/moved", "v1")
    old = at_target.push(images.image(f"{repo}/old"), f"{repo}/moved", "v1")
    same = from_source.push(images.image(f"{repo}/same"), f"{repo}/same", "v1")
    at_target.push(same, f"{repo}/same", "v1")
    names = ("new", "moved", "same", "gone")
    plan = planner.plan({f"{src.host}/{repo}/{name}:v1": f"{dst.host}/{repo}/{name}" for name in names}, code=1)
    assert writes(dst) == [], "a plan writes nothing"
    found = {name: by_destination(plan).get(f"{dst.host}/{repo}/{name}:v1") for name in names}
    assert plan["totals"] == {"copy": 2, "none": 1, "skipped": 0, "refused": 0, "failed": 1}
    for name, picture, before, action, reason in (("new", new, None, "copy", "missing"), ("moved", moved, old.digest, "copy", "differs"),
                                                  ("same", same, same.digest, "none", "in-sync")):
        entry = found[name]
        assert (entry["source"], entry["digest"]) == (f"{src.host}/{repo}/{name}:v1", picture.digest)
        assert (entry["before"], entry["after"], entry["action"], entry["reason"]) == (before, picture.digest, action, reason)
        assert "terms" not in entry, "what nobody asked for is not written"
    assert found["same"]["bytes"] == 0 and plan["bytes"] == found["new"]["bytes"] + found["moved"]["bytes"]
    assert [(each["destination"], each["kind"]) for each in plan["failures"]] == [(f"{dst.host}/{repo}/gone:v1", "missing")]
    assert "2 of 4 images to copy" in planner.markdown and old.digest[7:19] in planner.markdown

    src.clear()
    result = planner.apply()
    assert (result.code, result.report["copied"], result.report["skipped"], result.report["failed"]) == (1, 2, 1, 1)
    assert result.report["bytes"] == plan["bytes"], "nothing was there before: what is sent is what the plan says"
    assert result.image(f"{dst.host}/{repo}/gone:v1")["error"]["message"].startswith("not compared when the plan was made: ")
    for name, picture in (("new", new), ("moved", moved), ("same", same)):
        assert at_target.closure(f"{repo}/{name}", "v1") == images.expected(picture)
    assert not [each for each in src.seen() if each.path.endswith("/manifests/v1")], "no tag of the source is looked up"
    again = planner.apply()
    assert (again.report["copied"], again.report["skipped"], again.report["bytes"]) == (0, 3, 0)


def test_the_same_plan_for_the_same_registries(planner, from_source, src, dst, repo):
    for index in range(6):
        for tag in ("v1", "v2"):
            from_source.push(images.multi(f"{repo}/{index}/{tag}", platforms=2), f"{repo}/{index}", tag)
    rules = {f"{src.host}/{repo}/{index}": f"{dst.host}/{repo}/{index}" for index in range(6)}
    texts = []
    for _ in range(3):
        planner.plan(rules, "--shards", "3")
        with open(planner.path, encoding="utf-8") as file:
            texts.append(file.read())
    assert texts[0] == texts[1] == texts[2]


def test_blobs_of_several_images_count_once_for_a_registry(memory, here, there):
    """The second tag is the same image, the third shares a layer; another registry needs everything."""
    one = here.push(images.image("one", layers=3), "app", "v1", "v2")
    with Scripted() as other:
        memory.auth = memory.runner.write("auth.yaml", run.insecure(here, there, other))
        plan = memory.plan({f"{here.host}/app:v1,v2": [f"{there.host}/app", f"{there.host}/copy", f"{other.host}/app"]})
    sizes = [each["bytes"] for each in plan["images"]]
    whole = max(sizes)
    assert one and sorted(sizes) == [0, 0, 0, 0, whole, whole] and plan["bytes"] == 2 * whole


def test_a_plain_dry_run_asks_for_no_more(sync, both, from_source, src, dst, repo):
    from_source.push(images.multi(repo, platforms=3), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--dry-run"])
    assert result.report["would_copy"] == 1 and (len(src.seen()), len(dst.seen())) == (1, 1)


def test_terms_are_in_the_plan(memory, here, there):
    """Those of rules and of options alike: apply needs none of them."""
    companions.without_api(here), companions.without_api(there)
    here.push(images.multi("app", platforms=3), "app", "v1")
    rules = {f"{here.host}/app:v1": {"to": f"{there.host}/app", "on-change": "fail", "foreign": "copy"}}
    plan = memory.plan(rules, "--platform", "linux/amd64", "--referrers", "signatures", "--create-project")
    entry, = plan["images"]
    assert entry["terms"] == {"platforms": ["linux/amd64"], "on-change": "fail", "foreign": "copy", "referrers": ["signatures"],
                              "create-project": True}
    assert plan["unpinned"] == ["referrers"] and "not pinned" in memory.markdown
    assert entry["after"] != entry["digest"], "the index that the filter makes"
    assert memory.apply().code == 0
    assert there.tags["app", "v1"] == entry["after"]
    again = memory.apply()
    assert again.code == 0 and again.report["skipped"] == 1


def test_what_a_policy_leaves_out_or_refuses(memory, here, there):
    here.push(images.multi("app", platforms=2), "app", "v1")
    there.push(images.image("other"), "skip", "v1")
    there.push(images.image("other"), "fail", "v1")
    plan = memory.plan({f"{here.host}/app:v1": [{"to": f"{there.host}/skip", "on-change": "skip"},
                                                {"to": f"{there.host}/fail", "on-change": "fail"},
                                                {"to": f"{there.host}/none", "platforms": ["linux/s390x"]},
                                                {"to": f"{there.host}/lacks", "require-platforms": ["linux/s390x"]}]}, code=1)
    found = {each["destination"].split("/")[-1]: (each["action"], each["reason"]) for each in plan["images"]}
    assert found == {"skip:v1": ("skipped", "differs"), "fail:v1": ("refused", "immutable"), "none:v1": ("skipped", "no-platform"),
                     "lacks:v1": ("refused", "platform-missing")}
    before = len(there.seen()), len(here.seen())
    result = memory.apply()
    assert result.code == 1 and (result.report["skipped"], result.report["failed"]) == (2, 2)
    assert (len(there.seen()), len(here.seen())) == before, "apply has nothing to ask about them"
    assert result.image(f"{there.host}/fail:v1")["error"]["kind"] == "immutable"


# -- what has moved since ---------------------------------------------------------------------------------------------------------

def test_the_source_has_moved(planner, from_source, at_target, src, dst, repo):
    old = from_source.push(images.image(f"{repo}/old"), repo, "v1")
    planner.plan({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"})
    from_source.push(images.image(f"{repo}/new"), repo, "v1")
    assert planner.apply().code == 0
    assert at_target.closure(repo, "v1") == images.expected(old), "what was planned, not what the tag names now"


@pytest.fixture
def drifted(planner, from_source, at_target, src, dst, repo):
    """A plan for three tags, after which each destination changed: written for the first time, written again, and written instead of nothing to do."""
    wanted = {tag: from_source.push(images.image(f"{repo}/{tag}"), repo, tag) for tag in ("new", "update", "none")}
    at_target.push(images.image(f"{repo}/old"), repo, "update")
    at_target.push(wanted["none"], repo, "none")
    planner.plan({f"{src.host}/{repo}:new,update,none": f"{dst.host}/{repo}"})
    other = at_target.push(images.image(f"{repo}/other"), repo, "new", "update", "none")
    dst.clear()
    return wanted, other


def test_the_destination_has_moved(planner, drifted, at_target, dst, repo):
    _, other = drifted
    result = planner.apply()
    assert result.code == 1 and result.report["failed"] == 3 and writes(dst) == []
    for tag in ("new", "update", "none"):
        entry = result.image(f"{dst.host}/{repo}:{tag}")
        assert (entry["status"], entry["reason"], entry["error"]["kind"]) == ("failed", "moved", "moved")
        assert other.digest in entry["error"]["message"]
        assert at_target.head(repo, tag) == other.digest


@pytest.mark.parametrize("policy,status", [("overwrite", "copied"), ("skip", "skipped"), ("retag", "copied"), ("fail", "failed")])
def test_the_policy_for_what_has_moved(planner, drifted, at_target, dst, repo, policy, status):
    wanted, other = drifted
    result = planner.apply("--on-change", policy)
    assert result.code == (1 if policy == "fail" else 0)
    for tag, picture in wanted.items():
        assert result.image(f"{dst.host}/{repo}:{tag}")["status"] == status
        assert at_target.head(repo, tag) == (picture.digest if policy == "overwrite" else other.digest)
        if policy == "retag":
            assert at_target.head(repo, f"{tag}-{picture.digest[7:19]}") == picture.digest


def test_a_tag_that_was_removed_has_moved_as_well(memory, here, there):
    here.push(images.image("app"), "app", "v1")
    there.push(images.image("old"), "app", "v1")
    memory.plan({f"{here.host}/app:v1": f"{there.host}/app"})
    there.tags.clear()
    result = memory.apply()
    assert result.code == 1 and result.report["images"][0]["reason"] == "moved" and "nothing now" in result.report["images"][0]["error"]["message"]
    assert memory.apply("--on-change", "overwrite").code == 0


@pytest.mark.parametrize("held", [False, True])
def test_the_destination_moves_while_it_is_copied(planner, from_source, at_target, src, dst, repo, held):
    from_source.push(images.image(repo), repo, "v1")
    if held:
        at_target.push(images.image(f"{repo}/old"), repo, "v1")
    planner.plan({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"})
    other = images.image(f"{repo}/other")
    src.rule("GET", "/blobs/", proxy.Before(lambda _: at_target.push(other, repo, "v1")))
    result = planner.apply()
    assert result.code == 1 and result.report["images"][0]["error"]["kind"] == "moved"
    assert at_target.head(repo, "v1") == other.digest


def test_a_retag_is_planned_and_applied(planner, from_source, at_target, src, dst, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    old = at_target.push(images.image(f"{repo}/old"), repo, "v1")
    plan = planner.plan({f"{src.host}/{repo}:v1": {"to": f"{dst.host}/{repo}", "on-change": "retag"}})
    entry, = plan["images"]
    assert entry["tag"] == f"v1-{picture.digest[7:19]}" and entry["before"] == old.digest
    assert planner.apply().code == 0 and at_target.head(repo, entry["tag"]) == picture.digest and at_target.head(repo, "v1") == old.digest
    assert planner.apply().report["skipped"] == 1


def test_signatures_that_came_later_stay_away_from_what_is_left_alone(runner):
    """Where the plan has nothing to do nothing is written; where it copies an image, the signatures of that moment come along."""
    with Referring() as here, Referring() as there:
        signed = here.push(images.image("app"), "app", "v1")
        there.push(images.image("app"), "same", "v1")
        memory = Planner(runner, run.insecure(here, there))
        memory.plan({f"{here.host}/app:v1": [f"{there.host}/same", f"{there.host}/new"]}, "--referrers", "all")
        here.push(companions.cosign_image("late"), "app", companions.cosign_tag(signed.digest))
        result = memory.apply()
        assert result.code == 0 and (result.report["copied"], result.report["skipped"]) == (1, 1)
        assert [result.image(f"{there.host}/{name}:v1")["companions"] for name in ("same", "new")] == [0, 1]
        assert set(there.tags) == {("same", "v1"), ("new", "v1"), ("new", companions.cosign_tag(signed.digest))}


# -- interrupted ------------------------------------------------------------------------------------------------------------------

def test_an_apply_that_is_stopped_goes_on(planner, from_source, at_target, src, dst, repo):
    wanted = {f"{repo}/{index}": from_source.push(images.image(f"{repo}/{index}"), f"{repo}/{index}", "v1") for index in range(8)}
    plan = planner.plan({f"{src.host}/{name}:v1": f"{dst.host}/{name}" for name in wanted})
    assert plan["totals"]["copy"] == 8
    stalled = src.rule("GET", f"{repo}/[4-7]/blobs/", proxy.Stall(10, 60), times=None)
    process = planner.runner.start(planner.arguments("--proc", "2"))
    stopped = planner.runner.stop(process, lambda: [each for each in wanted if at_target.head(each, "v1")], "an image that is copied")
    assert stopped.code == 143 and stopped.report["result"] == "cancelled"
    for name, picture in wanted.items():
        assert at_target.head(name, "v1") in (None, picture.digest)
    stalled.times = 0
    done = sum(at_target.head(name, "v1") is not None for name in wanted)
    result = planner.apply()
    assert result.code == 0 and done >= 1 and (result.report["copied"], result.report["skipped"]) == (8 - done, done)
    for name, picture in wanted.items():
        assert at_target.closure(name, "v1") == images.expected(picture)


def test_a_plan_that_is_stopped_is_not_written(planner, from_source, src, dst, repo):
    for index in range(3):
        from_source.push(images.image(f"{repo}/{index}"), f"{repo}/{index}", "v1")
    stalled = src.rule("GET|HEAD", f"{repo}/2/manifests/", proxy.Delay(60), times=None)
    rules = planner.runner.write("images.yaml", {f"{src.host}/{repo}/{index}:v1": f"{dst.host}/{repo}/{index}" for index in range(3)})
    with open(planner.path, "w", encoding="utf-8") as file:
        file.write("the plan before")
    process = planner.runner.start([planner.runner.binary, "plan", "--images", rules, "--auth", planner.auth, "--out", planner.path])
    result = planner.runner.stop(process, lambda: stalled.hits, "the image that stalls", report=False)
    assert result.code == 143 and "no plan is written" in result.stderr
    with open(planner.path, encoding="utf-8") as file:
        assert file.read() == "the plan before"


# -- groups -----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("own", [True, False])
def test_groups_have_everything_once_and_are_alike(memory, here, there, own):
    """The groups of the plan, and those that the jobs work out alike without talking to each other."""
    rules = {}
    for index in range(24):
        here.push(images.image(f"app{index}", size=2000 * (1 + index % 5)), f"app{index}", "v1")
        rules[f"{here.host}/app{index}:v1"] = f"{there.host}/app{index}"
    plan = memory.plan(rules, *(["--shards", "4"] if own else []))
    owners, sent = {}, []
    for shard in range(4):
        result = memory.apply("--shard", f"{shard}/4")
        assert result.code == 0 and result.report["shard"] == f"{shard}/4"
        sent.append(result.report["bytes"])
        for each in result.report["images"]:
            assert each["status"] == "copied" and owners.setdefault(each["destination"], shard) == shard
            if own:
                assert by_destination(plan)[each["destination"]]["shard"] == shard
    assert set(owners) == {each["destination"] for each in plan["images"]} and sum(sent) == plan["bytes"]
    assert max(sent) <= 1.3 * sum(sent) / 4, "no job has much more to send than the others"
    if own:
        assert [each["bytes"] for each in plan["shards"]] == sent


def test_more_jobs_than_images(memory, here, there):
    here.push(images.image("app"), "app", "v1")
    plan = memory.plan({f"{here.host}/app:v1": f"{there.host}/app"}, "--shards", "5")
    assert len(plan["shards"]) == 1, "a group without images would be a job without work"


# -- reports of several jobs ------------------------------------------------------------------------------------------------------

@pytest.fixture
def reports(memory, here, there):
    """The reports of three jobs of one plan, of which one image fails in the last."""
    rules = {}
    for index in range(6):
        here.push(images.image(f"app{index}"), f"app{index}", "v1")
        rules[f"{here.host}/app{index}:v1"] = f"{there.host}/app{index}"
    memory.plan(rules, "--shards", "3")
    paths = []
    for shard in range(3):
        assert memory.apply("--shard", f"{shard}/3").code == 0
        paths.append(memory.runner.report_path)
    return memory, paths


def merge(memory, *paths):
    out = os.path.join(memory.runner.home, "joined.json")
    if os.path.exists(out):
        os.unlink(out)
    result = memory.runner.run([memory.runner.binary, "report", "merge", *paths, "--out", out])
    if not os.path.exists(out):
        return result, None
    with open(out, encoding="utf-8") as file:
        report = json.load(file)
    assert schemas.problems("report", report) == []
    return result, report


def test_reports_are_joined(reports):
    memory, paths = reports
    single = [json.load(open(path, encoding="utf-8")) for path in paths]
    result, report = merge(memory, *reversed(paths))
    assert result.code == 0 and report["result"] == "success" and report["plan"] == single[0]["plan"]
    assert "shard" not in report and [each["shard"] for each in report["parts"]] == ["0/3", "1/3", "2/3"]
    for name in ("total", "copied", "skipped", "failed", "bytes", "companions"):
        assert report[name] == sum(each[name] for each in single)
    for name in ("blobs", "requests"):
        assert report[name] == {key: sum(each[name][key] for each in single) for key in single[0][name]}
    assert report["images"] == [image for each in single for image in each["images"]]


def test_a_missing_report_is_named(reports):
    memory, paths = reports
    result, report = merge(memory, paths[0], paths[2])
    assert result.code == 1 and "1/3" in result.stderr and report["missing"] == ["1/3"] and report["result"] == "partial"


def changed(memory, path, **more):
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    document.update(more)
    return memory.runner.write("changed.json", document)


@pytest.mark.parametrize("more,told", [({"version": 2}, "another version"), ({"plan": "sha256:" + "0" * 64}, "different plans"),
                                       ({"shard": "1/4"}, "numbers of their shards"), ({"shard": "0/3"}, "same shard"),
                                       ({"shard": "3/3"}, "shard must be"), ({"dry_run": True}, "dry run"), ({"images": 1}, "no list of images"),
                                       ({"total": -1}, "total"), ({"images": [{}]}, "no image of a report")])
def test_what_belongs_to_something_else_is_refused(reports, more, told):
    memory, paths = reports
    result, report = merge(memory, paths[0], changed(memory, paths[1], **more))
    assert result.code == 2 and told in result.stderr and report is None


def test_a_part_that_failed_or_was_cut_off(reports):
    memory, paths = reports
    result, report = merge(memory, paths[0], changed(memory, paths[1], result="partial"), paths[2])
    assert (result.code, report["result"]) == (1, "partial")
    result, report = merge(memory, paths[0], changed(memory, paths[1], result="cancelled", total=9), paths[2])
    assert (result.code, report["result"]) == (1, "cancelled")
    with open(paths[1], encoding="utf-8") as file:
        half = memory.runner.write("half.json", file.read()[:900])
    result, report = merge(memory, paths[0], half, paths[2])
    assert result.code == 2 and re.search(r"half\.json:\d+:\d+: \w", result.stderr) and report is None, result.stderr


def test_an_image_twice_is_refused(reports):
    memory, paths = reports
    first = json.load(open(paths[0], encoding="utf-8"))
    del first["shard"]
    result, _ = merge(memory, memory.runner.write("one.json", first), memory.runner.write("two.json", first))
    assert result.code == 2 and "name each report once" in result.stderr


# -- files that are no plan -------------------------------------------------------------------------------------------------------

def test_a_plan_that_was_cut_off_begins_nothing(memory, here, there):
    """Every length is refused, with a place, and no request is sent."""
    here.push(images.image("app"), "app", "v1")
    memory.plan({f"{here.host}/app:v1": f"{there.host}/app"})
    with open(memory.path, encoding="utf-8") as file:
        whole = file.read()
    asked = len(here.seen()) + len(there.seen())
    for length in range(0, len(whole) - 2, 29):
        half = memory.runner.write("half.json", whole[:length])
        result = memory.runner.run([memory.runner.binary, "apply", half, "--auth", memory.auth])
        assert result.code == 2 and "half.json" in result.stderr, result
    assert len(here.seen()) + len(there.seen()) == asked


def test_a_plan_may_come_from_stdin_and_go_to_stdout(memory, here, there):
    here.push(images.image("app"), "app", "v1")
    rules = memory.runner.write("images.yaml", {f"{here.host}/app:v1": f"{there.host}/app"})
    made = memory.runner.run([memory.runner.binary, "plan", "--images", rules, "--auth", memory.auth, "--out", "-"])
    assert made.code == 0 and json.loads(made.stdout)["totals"]["copy"] == 1


# -- many images ------------------------------------------------------------------------------------------------------------------

def test_a_thousand_images(memory, here, there):
    """Memory, and that all of them are there. The registries are in memory, so this is about the program alone."""
    picture = images.image("app")
    for index in range(20):
        here.push(picture, f"app{index}", *(f"v{tag}" for tag in range(50)))
    rules = {f"{here.host}/app{index}": f"{there.host}/app{index}" for index in range(20)}
    plan = memory.plan(rules, "--shards", "8")
    assert plan["totals"]["copy"] == len(plan["images"]) == 1000
    result = memory.apply("--dry-run")
    assert result.code == 0 and result.report["would_copy"] == 1000


# -- what other rules say ---------------------------------------------------------------------------------------------------------

def test_images_that_wait_or_are_held(memory, here, there):
    """The plan leaves them out, and so does apply, however old they are by then."""
    here.push(images.image("app"), "app", "v1", "v2")
    rules = {f"{here.host}/app:v1": {"to": f"{there.host}/app", "min-age": "7d"}, f"{here.host}/app:v2": {"to": f"{there.host}/app", "hold": "v2"}}
    plan = memory.plan(rules, "--state", os.path.join(memory.runner.home, "state.json"))
    assert {each["destination"][-2:]: (each["action"], each["reason"]) for each in plan["images"]} == {
        "v1": ("skipped", "too-new"), "v2": ("skipped", "held")}
    assert not any("terms" in each for each in plan["images"]), "they have decided"
    assert "too new" in memory.markdown and "held" in memory.markdown
    assert not os.path.exists(os.path.join(memory.runner.home, "state.json")), "a plan stores nothing"
    asked = len(there.seen())
    result = memory.apply()
    assert result.code == 0 and result.report["skipped"] == 2 and len(there.seen()) == asked
    assert {each["reason"] for each in result.report["images"]} == {"too-new", "held"}
    assert (result.report["too_new"], result.report["held"]) == (1, 1) and "1970" not in result.stderr + json.dumps(result.report)


def test_a_required_referrer_that_is_missing_is_a_refusal(memory, here, there):
    companions.without_api(here), companions.without_api(there)
    here.push(images.image("app"), "app", "v1")
    plan = memory.plan({f"{here.host}/app:v1": {"to": f"{there.host}/app", "require-referrers": "sboms"}}, code=1)
    entry, = plan["images"]
    assert (entry["action"], entry["reason"]) == ("refused", "referrer-missing") and plan["failures"] == []
    result = memory.apply()
    assert result.code == 1 and result.image(f"{there.host}/app:v1")["error"]["kind"] == "referrer-missing"


def test_where_referrers_are_is_in_the_plan(memory, here, there):
    """Also where one of the rules wants none."""
    with companions.Referring() as aside:
        companions.without_api(here), companions.without_api(there)
        picture = here.push(images.image("app"), "app", "v1", "v2")
        note = companions.referrer(picture.root, companions.SPDX)
        aside.push(note, "app")
        memory.auth = memory.runner.write("auth.yaml", run.insecure(here, there, aside))
        rules = {f"{here.host}/app:v1": f"{there.host}/app", f"{here.host}/app:v2": {"to": f"{there.host}/bare", "referrers": False}}
        plan = memory.plan(rules, "--referrers", "all", "--referrers-from", aside.host + "/{path}")
        terms = {each["destination"].split("/")[1]: each.get("terms") for each in plan["images"]}
        assert terms["app:v1"] == {"referrers": ["all"], "referrers-from": aside.host + "/{path}"} and "referrers-from" not in (terms["bare:v2"] or {})
        result = memory.apply()
        assert result.code == 0 and result.report["copied"] == 2, result
        assert ("app", note.digest) in there.manifests and ("bare", note.digest) not in there.manifests


@pytest.mark.parametrize("flags", (["--min-age", "7d"], ["--hold", "v1"], ["--release", "v1"], ["--referrers-from", "a.test/b"],
                                   ["--require-referrers", "all"], ["--mirror-config", "m.conf"]), ids=" ".join)
def test_apply_takes_none_of_them(memory, here, there, flags):
    here.push(images.image("app"), "app", "v1")
    memory.plan({f"{here.host}/app:v1": f"{there.host}/app"})
    result = memory.runner.run(memory.arguments(*flags))
    assert result.code == 2 and f"{flags[0]} cannot be given beside a plan" in result.stderr


def test_reports_with_images_that_wait(memory, here, there):
    here.push(images.image("app"), "app", *(f"v{tag}" for tag in range(8)))
    state = os.path.join(memory.runner.home, "state.json")
    rules = memory.runner.write("images.yaml", {f"{here.host}/app:v{tag}": {"to": f"{there.host}/app", **({"min-age": "7d"} if tag % 2 else {"hold": f"v{tag}"})}
                                                for tag in range(8)})
    paths = []
    for shard in range(2):
        memory.runner._serial += 1
        result = memory.runner.run([memory.runner.binary, "--images", rules, "--auth", memory.auth, "--report", memory.runner.report_path, "--state", state,
                                    "--shard", f"{shard}/2"], report=True)
        assert result.code == 0
        paths.append(memory.runner.report_path)
    result, report = merge(memory, *paths)
    assert result.code == 0 and (report["too_new"], report["held"]) == (4, 4)
    assert report["first_ready"] == min(each["ready"] for each in report["images"] if "ready" in each)


def test_folders_and_archives(memory, here, there, tmp_path):
    """On both sides. A plan makes no folder, and apply finds them under the same names."""
    picture = here.push(images.multi("app", platforms=2), "team/app", "v1", "v2")
    folder, archive = tmp_path / "disk" / "usb", tmp_path / "disk" / "out.tar"
    rules = {f"{here.host}/team/app:v1": f"oci:{folder}/app", f"{here.host}/team/app:v2": f"oci-archive:{archive}/app"}
    plan = memory.plan(rules, "--state", str(tmp_path / "state.json"))
    assert {each["destination"] for each in plan["images"]} == {f"oci:{folder}/app:v1", f"oci-archive:{archive}/app:v2"}
    assert plan["totals"]["copy"] == 2 and not os.path.exists(tmp_path / "disk") and not os.path.exists(tmp_path / "state.json")
    result = memory.apply("--state", str(tmp_path / "state.json"))
    assert result.code == 0 and result.report["copied"] == 2, result
    assert Layout(folder / "app").closure("v1") == images.expected(picture)
    back = {f"oci:{folder}/app:v1": f"{there.host}/back", f"oci-archive:{archive}/**": f"{there.host}/all"}
    plan = memory.plan(back)
    assert plan["totals"]["copy"] == 2, plan
    result = memory.apply()
    assert result.code == 0 and result.report["copied"] == 2 and there.tags["all/app", "v2"] == there.tags["back", "v1"] == picture.digest
