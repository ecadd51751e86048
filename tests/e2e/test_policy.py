"""on-change and require-platforms: what happens to a destination tag that holds another image, and to images that lack a platform."""

import json

import pytest

from lib import companions, images, run
from lib.immutable import REFUSALS, Immutable, Private, errors
from lib.scripted import Scripted

POLICIES = ("overwrite", "fail", "skip", "retag")
WRITES = ("POST", "PUT", "PATCH", "DELETE")


def short(picture):
    return picture.digest.split(":")[1][:12]


def writes(door):
    return [f"{each.method} {each.path}" for each in door.seen() if each.method in WRITES]


@pytest.fixture
def moved(sync, src, dst, both, from_source, repo):
    """Copied once; then the source's tag went on to another image. Gives (rules, old, new)."""
    old = from_source.push(images.image(f"{repo}/old"), repo, "v1")
    rules = {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}
    assert sync(rules, both).code == 0
    new = from_source.push(images.multi(f"{repo}/new", platforms=2), repo, "v1")
    src.clear(), dst.clear()
    return rules, old, new


def entry_of(result, dst, repo, tag="v1"):
    return result.image(f"{dst.host}/{repo}:{tag}")


# -- a tag that moved, under each policy ------------------------------------------------------------------------------------------

def test_overwrite_is_the_default(sync, moved, dst, both, at_target, repo):
    rules, _, new = moved
    assert sync(rules, both).code == 0
    assert at_target.closure(repo, "v1") == images.expected(new)


def test_fail_leaves_the_tag_and_writes_nothing(sync, moved, src, dst, both, from_source, at_target, repo):
    rules, old, new = moved
    other = from_source.push(images.image(f"{repo}/other"), repo, "other")
    rules = {**rules, f"{src.host}/{repo}:other": f"{dst.host}/{repo}"}
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--on-change", "fail"])
    entry = entry_of(result, dst, repo)
    assert (result.code, entry["status"], entry["reason"], entry["error"]["kind"]) == (1, "failed", "immutable", "immutable")
    assert old.digest in entry["error"]["message"] and new.digest in entry["error"]["message"]
    assert writes(dst) == [] and (len(src.seen()), len(dst.seen())) == (1, 1), "decided by the two questions alone"
    result = sync(rules, both, flags=["--on-change=fail"])
    assert (result.code, result.report["failed"], result.report["copied"]) == (1, 1, 1)
    assert at_target.head(repo, "v1") == old.digest and at_target.closure(repo, "other") == images.expected(other)


def test_skip_tells_and_goes_on(sync, moved, src, dst, both, at_target, repo):
    rules, old, _ = moved
    result = sync(rules, both, flags=["--on-change", "skip"])
    entry = entry_of(result, dst, repo)
    assert (result.code, entry["status"], entry["reason"]) == (0, "skipped", "differs")
    assert writes(dst) == [] and at_target.head(repo, "v1") == old.digest
    assert "the destination has another image there" in result.stderr and "1 skipped" in result.stderr


def test_retag_pushes_beside_and_is_in_sync_next_time(sync, moved, src, dst, both, at_target, repo):
    rules, old, new = moved
    tag = f"v1-{short(new)}"
    result = sync(rules, both, flags=["--on-change", "retag"])
    entry = entry_of(result, dst, repo)
    assert (result.code, entry["status"], entry["reason"], entry["tag"]) == (0, "copied", "differs", tag)
    assert at_target.closure(repo, tag) == images.expected(new) and at_target.head(repo, "v1") == old.digest
    assert at_target.tags(repo) == sorted(["v1", tag])
    src.clear(), dst.clear()
    result = sync(rules, both, flags=["--on-change", "retag"])
    entry = entry_of(result, dst, repo)
    assert (entry["status"], entry["reason"], entry["tag"]) == ("skipped", "in-sync", tag)
    assert writes(dst) == [] and (len(src.seen()), len(dst.seen())) == (1, 2)


def test_retag_of_a_long_tag(sync, src, dst, both, from_source, at_target, repo):
    long = "v" * 128
    from_source.push(images.image(f"{repo}/old"), repo, long)
    rules = {f"{src.host}/{repo}:{long}": {"to": f"{dst.host}/{repo}", "on-change": "retag"}}
    assert sync(rules, both).code == 0
    new = from_source.push(images.image(f"{repo}/new"), repo, long)
    assert sync(rules, both).code == 0
    assert at_target.tags(repo) == sorted([long, f"{long[:115]}-{short(new)}"])


def test_retag_whose_new_tag_is_taken(sync, moved, dst, both, at_target, repo):
    rules, old, new = moved
    at_target.push_manifest(repo, old.root, f"v1-{short(new)}")
    result = sync(rules, both, flags=["--on-change", "retag"])
    assert (result.code, entry_of(result, dst, repo)["reason"]) == (1, "immutable")
    assert at_target.head(repo, f"v1-{short(new)}") == old.digest


@pytest.mark.parametrize("policy", POLICIES)
def test_a_dry_run_tells_the_same(sync, moved, dst, both, at_target, repo, policy):
    rules, old, _ = moved
    result = sync(rules, both, flags=["--dry-run", "--on-change", policy])
    expected = {"overwrite": (0, "would-copy", "differs"), "fail": (1, "failed", "immutable"), "skip": (0, "skipped", "differs"),
                "retag": (0, "would-copy", "differs")}
    entry = entry_of(result, dst, repo)
    assert (result.code, entry["status"], entry["reason"]) == expected[policy]
    assert entry["before"] == old.digest and "after" not in entry
    assert writes(dst) == [] and at_target.tags(repo) == ["v1"] and at_target.head(repo, "v1") == old.digest


@pytest.mark.parametrize("policy", POLICIES)
def test_force_does_not_overrule_a_policy(sync, moved, dst, both, at_target, repo, policy):
    rules, old, new = moved
    result = sync(rules, both, flags=["--force", "--on-change", policy])
    assert result.code == (1 if policy == "fail" else 0)
    assert at_target.head(repo, "v1") == (new.digest if policy == "overwrite" else old.digest)


@pytest.mark.parametrize("policy", POLICIES)
def test_force_pushes_what_is_the_same(sync, src, dst, both, from_source, repo, policy):
    from_source.push(images.image(repo), repo, "v1")
    rules = {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}
    assert sync(rules, both, flags=["--on-change", policy]).code == 0
    result = sync(rules, both, flags=["--force", "--on-change", policy])
    assert (result.code, entry_of(result, dst, repo)["reason"]) == (0, "forced")
    assert [each.path for each in dst.seen("PUT", "manifest")][-1].endswith("/v1")


def test_a_rule_has_its_own_policy(sync, src, dst, both, from_source, at_target, repo):
    rules = {}
    for policy in POLICIES:
        from_source.push(images.image(f"{repo}/{policy}/old"), f"{repo}/{policy}", "v1")
        rules[f"{src.host}/{repo}/{policy}:v1"] = {"to": f"{dst.host}/{repo}/{policy}", "on-change": policy}
    assert sync(rules, both, flags=["--on-change", "fail"]).code == 0
    for policy in POLICIES:
        from_source.push(images.image(f"{repo}/{policy}/new"), f"{repo}/{policy}", "v1")
    result = sync(rules, both, flags=["--on-change", "fail"])
    assert (result.code, list(result.statuses().values())) == (1, ["copied", "failed", "skipped", "copied"])


def test_the_list_of_failed_images_keeps_the_policy(runner, moved, dst, both, at_target, repo):
    rules, old, _ = moved
    for form in ("yaml", "json"):
        listed = f"{runner.home}/failed.{form}"
        flags = ["--on-change", "fail", "--require-platforms", "linux/amd64", "--output-failed-images", listed,
                 "--output-images-format", form]
        assert runner.sync(rules, both, flags=flags).code == 1
        with open(listed, encoding="utf-8") as file:
            again = runner.sync(file.read(), both, form=form)
        assert (again.code, entry_of(again, dst, repo)["reason"]) == (1, "immutable")
        assert at_target.head(repo, "v1") == old.digest


@pytest.mark.parametrize("before,after", (("image", "multi"), ("multi", "image")))
@pytest.mark.parametrize("docker", (False, True), ids=("oci", "docker"))
def test_an_index_does_not_hide_behind_an_image_nor_the_other_way(sync, src, dst, both, from_source, at_target, repo, before,
                                                                  after, docker):
    """The original asks with the types of an index only, is told that there is none, and overwrites."""
    old = at_target.push(getattr(images, before)(f"{repo}/old", docker=docker), repo, "v1")
    new = from_source.push(getattr(images, after)(f"{repo}/new", docker=docker), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--on-change", "fail"])
    message = entry_of(result, dst, repo)["error"]["message"]
    assert result.code == 1 and old.digest in message and new.digest in message
    assert at_target.head(repo, "v1") == old.digest and writes(dst) == []


# -- platform filters -------------------------------------------------------------------------------------------------------------

def test_a_filtered_index_is_recognised_under_fail(sync, src, dst, both, from_source, at_target, repo):
    from_source.push(images.multi(f"{repo}/old", platforms=3, layers=1), repo, "v1")
    rules = {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}
    flags = ["--arch", "amd64", "--on-change", "fail"]
    assert sync(rules, both, flags=flags).code == 0
    held = at_target.head(repo, "v1")
    result = sync(rules, both, flags=flags)
    assert (result.code, entry_of(result, dst, repo)["reason"]) == (0, "in-sync")
    result = sync(rules, both, flags=["--arch", "arm64", "--on-change", "fail"])
    entry = entry_of(result, dst, repo)
    assert (result.code, entry["reason"]) == (1, "immutable") and held in entry["error"]["message"]
    from_source.push(images.multi(f"{repo}/new", platforms=3, layers=1), repo, "v1")
    assert sync(rules, both, flags=flags).code == 1
    assert at_target.head(repo, "v1") == held


# -- somebody else writes the tag meanwhile -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("policy", POLICIES)
def test_a_tag_that_appears_during_the_copy(runner, from_source, src, repo, policy):
    mine, theirs = images.image(f"{repo}/mine"), images.image(f"{repo}/theirs")
    from_source.push(mine, repo, "v1")

    def hook(request):
        if request.kind == "upload" and request.method == "PUT" and (repo, "v1") not in registry.tags:
            registry.push(theirs, repo, "v1")
    with Scripted() as registry:
        registry.hook = hook
        result = runner.sync({f"{src.host}/{repo}:v1": f"{registry.host}/{repo}"}, run.insecure(src, registry),
                             flags=["--on-change", policy])
        entry = result.image(f"{registry.host}/{repo}:v1")
        expected = {"overwrite": (0, "copied"), "fail": (1, "failed"), "skip": (0, "skipped"), "retag": (0, "copied")}
        assert (result.code, entry["status"]) == expected[policy]
        assert registry.tags[repo, "v1"] == (mine if policy == "overwrite" else theirs).digest
        assert (repo, f"v1-{short(mine)}") in registry.tags or policy != "retag"
        if policy == "fail":
            assert theirs.digest in entry["error"]["message"] and mine.digest in entry["error"]["message"]


def test_retag_after_the_companions_were_copied(runner, repo):
    """The image is copied twice then, and what the first time read of it is used the second time."""
    mine, theirs = images.multi(f"{repo}/mine", platforms=2), images.multi(f"{repo}/theirs", platforms=1)
    signature, asked = companions.cosign_image(repo), []

    def hook(request):
        if request.method in ("HEAD", "GET") and request.reference == "v1":
            asked.append(request)
            if len(asked) == 2:
                there.push(theirs, repo, "v1")
    with companions.Referring() as here, companions.Referring() as there:
        here.push(mine, repo, "v1")
        here.push(signature, repo, companions.cosign_tag(mine.digest))
        there.hook = hook
        result = runner.sync({f"{here.host}/{repo}:v1": f"{there.host}/{repo}"}, run.insecure(here, there),
                             flags=["--on-change", "retag", "--referrers", "all"])
        assert result.code == 0, result.stderr
        assert entry_of(result, there, repo)["tag"] == f"v1-{short(mine)}"
        assert (there.tags[repo, "v1"], there.tags[repo, f"v1-{short(mine)}"]) == (theirs.digest, mine.digest)
        assert there.tags[repo, companions.cosign_tag(mine.digest)] == signature.digest


def test_somebody_else_pushes_the_same(runner, from_source, src, repo):
    mine = from_source.push(images.image(repo), repo, "v1")

    def hook(request):
        if request.kind == "upload" and request.method == "PUT":
            registry.push(mine, repo, "v1")
    with Immutable() as registry:
        registry.hook = hook
        result = runner.sync({f"{src.host}/{repo}:v1": f"{registry.host}/{repo}"}, run.insecure(src, registry),
                             flags=["--on-change", "fail"])
        assert result.code == 0 and registry.pushed() == []


# -- the question before the tag costs one request, and none where it is not asked ----------------------------------------------------

@pytest.mark.parametrize("policy", POLICIES)
def test_requests_of_a_fresh_image(sync, src, dst, both, from_source, repo, policy):
    from_source.push(images.image(repo, layers=5), repo, "v1")
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--on-change", policy]).code == 0
    assert len(src.seen()) + len(dst.seen()) == (22 if policy == "overwrite" else 23)


# -- registries whose tags are immutable --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_of_another_image_is_immutable(runner, from_source, src, repo, refusal):
    old, new = images.image(f"{repo}/old"), from_source.push(images.image(f"{repo}/new"), repo, "v1")
    with Immutable(refusal) as registry:
        registry.push(old, repo, "v1")
        result = runner.sync({f"{src.host}/{repo}:v1": f"{registry.host}/{repo}"}, run.insecure(src, registry))
        entry = result.image(f"{registry.host}/{repo}:v1")
        assert (result.code, entry["status"], entry["error"]["kind"]) == (1, "failed", "immutable")
        assert old.digest in entry["error"]["message"] and new.digest in entry["error"]["message"]
        assert registry.pushed() == ["v1"], "a refusal for good is not repeated"


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_of_the_same_image_is_success(runner, from_source, src, repo, refusal):
    mine = from_source.push(images.image(repo), repo, "v1")
    with Immutable(refusal, late={"v1": mine}) as registry:
        result = runner.sync({f"{src.host}/{repo}:v1": f"{registry.host}/{repo}"}, run.insecure(src, registry))
        assert (result.code, result.statuses()) == (0, {f"{registry.host}/{repo}:v1": "copied"})
        assert registry.pushed() == ["v1"]


def test_a_refused_login_stays_a_refused_login(runner, from_source, src, repo):
    from_source.push(images.image(f"{repo}/new"), repo, "v1")
    with Immutable() as registry:
        registry.refusal = (403, "DENIED", "requested access to the resource is denied")
        registry.push(images.image(f"{repo}/old"), repo, "v1")
        result = runner.sync({f"{src.host}/{repo}:v1": f"{registry.host}/{repo}"}, run.insecure(src, registry))
        assert result.image(f"{registry.host}/{repo}:v1")["error"]["kind"] == "denied"


@pytest.mark.parametrize("status,code,message,times,kind", ((403, "TOOMANYREQUESTS", "slow down", 2, None),
                                                            (403, "UNKNOWN", "exceeds the quota", 1, "full")))
def test_other_refusals_are_no_matter_of_tags(runner, from_source, src, repo, status, code, message, times, kind):
    from_source.push(images.image(f"{repo}/new"), repo, "v1")
    with Scripted() as registry:
        def hook(request):
            if request.method == "PUT" and request.reference == "v1":
                registry.hook = None
                return status, {"Content-Type": "application/json"}, errors(code, message)
            return None
        registry.hook = hook
        registry.push(images.image(f"{repo}/old"), repo, "v1")
        result = runner.sync({f"{src.host}/{repo}:v1": f"{registry.host}/{repo}"}, run.insecure(src, registry))
        assert result.image(f"{registry.host}/{repo}:v1").get("error", {}).get("kind") == kind
        assert len(registry.seen("PUT", "manifest")) == times


# -- 403 for a tag: unknown, not absent -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("listing,code,kind", ((None, 0, None), (404, 0, None), (403, 1, "denied")),
                         ids=("listed-without-it", "no-such-repository", "list-refused"))
def test_403_for_a_tag_under_fail(runner, from_source, src, repo, listing, code, kind):
    from_source.push(images.image(repo), repo, "v1")
    with Private(listing) as registry:
        result = runner.sync({f"{src.host}/{repo}:v1": f"{registry.host}/{repo}"}, run.insecure(src, registry),
                             flags=["--on-change", "fail"])
        entry = result.image(f"{registry.host}/{repo}:v1")
        assert (result.code, entry.get("error", {}).get("kind")) == (code, kind)
        assert ((repo, "v1") in registry.tags) == (code == 0)
        if code:
            assert writes(registry) == [] and "pull" in entry["error"]["message"]


def test_403_for_a_tag_that_is_listed(runner, from_source, src, repo):
    from_source.push(images.image(f"{repo}/new"), repo, "v1")
    with Private("hidden") as registry:
        old = registry.push(images.image(f"{repo}/old"), repo, "v1")
        result = runner.sync({f"{src.host}/{repo}:v1": f"{registry.host}/{repo}"}, run.insecure(src, registry),
                             flags=["--on-change", "fail"])
        assert (result.code, writes(registry)) == (1, [])
        assert registry.tags[repo, "v1"] == old.digest


def test_403_for_a_tag_is_no_obstacle_where_it_may_be_overwritten(runner, from_source, src, repo):
    mine = from_source.push(images.image(repo), repo, "v1")
    with Private(403) as registry:
        result = runner.sync({f"{src.host}/{repo}:v1": f"{registry.host}/{repo}"}, run.insecure(src, registry))
        assert result.code == 0 and registry.tags[repo, "v1"] == mine.digest and not registry.seen(kind="tags")


# -- required platforms -----------------------------------------------------------------------------------------------------------------

def required(sync, src, dst, both, repo, platforms, *flags):
    return sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--require-platforms", platforms, *flags])


@pytest.mark.parametrize("platforms,code", (
    ("linux/amd64", 0), ("linux/amd64,linux/arm64", 0), ("linux/arm64/v8", 0), ("linux/arm/v7", 0), ("linux", 0), ("linux/s390x", 0),
    ("linux/arm/v6", 1), ("windows/amd64", 1), ("linux/amd64,linux/ppc64le", 1)))
def test_required_platforms_of_an_index(sync, src, dst, both, from_source, at_target, repo, platforms, code):
    from_source.push(images.multi(repo, platforms=4, layers=1), repo, "v1")
    result = required(sync, src, dst, both, repo, platforms)
    entry = entry_of(result, dst, repo)
    assert result.code == code and entry["status"] == ("failed" if code else "copied")
    if code:
        assert entry["reason"] == entry["error"]["kind"] == "platform-missing"
        assert platforms.split(",")[-1] in entry["error"]["message"] and "linux/amd64, linux/arm64/v8" in entry["error"]["message"]
        assert writes(dst) == [] and at_target.tags(repo) == []


@pytest.mark.parametrize("platforms,code", (("linux/amd64", 1), ("linux/arm64", 0), ("linux/arm64/v8", 0), ("linux/arm64/v9", 1)))
@pytest.mark.parametrize("variant", (None, "v8"))
def test_a_single_image_is_judged_by_its_configuration(sync, src, dst, both, from_source, at_target, repo, platforms, code, variant):
    from_source.push(images.image(repo, architecture="arm64", variant=variant), repo, "v1")
    result = required(sync, src, dst, both, repo, platforms)
    assert result.code == code and at_target.tags(repo) == ([] if code else ["v1"])
    assert len(src.seen("GET", "blob")) == (1 if code else 4), "the configuration is read once more when it is copied"


def test_entries_without_a_platform_are_looked_into(sync, src, dst, both, from_source, repo):
    inner = images.multi(f"{repo}/inner", platforms=2, layers=1)
    whole = images.index([images.image(f"{repo}/s390x", 1, architecture="s390x"), inner])
    from_source.push(whole, repo, "v1")
    assert required(sync, src, dst, both, repo, "linux/ppc64le").code == 1
    assert required(sync, src, dst, both, repo, "linux/s390x,linux/arm64,linux/amd64").code == 0


def test_an_index_is_judged_as_a_filter_leaves_it(sync, src, dst, both, from_source, repo):
    from_source.push(images.multi(repo, platforms=2, layers=1), repo, "v1")
    result = required(sync, src, dst, both, repo, "linux/arm64", "--arch", "amd64")
    assert (result.code, entry_of(result, dst, repo)["reason"]) == (1, "platform-missing")
    assert required(sync, src, dst, both, repo, "linux/amd64", "--arch", "amd64").code == 0


def test_what_is_in_sync_is_not_judged(sync, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both).code == 0
    src.clear(), dst.clear()
    result = required(sync, src, dst, both, repo, "linux/arm64")
    assert (result.code, entry_of(result, dst, repo)["reason"]) == (0, "in-sync")
    assert (len(src.seen()), len(dst.seen())) == (1, 1)


def test_a_dry_run_judges_platforms_too(sync, src, dst, both, from_source, repo):
    from_source.push(images.multi(repo, platforms=2, layers=1), repo, "v1")
    assert required(sync, src, dst, both, repo, "linux/ppc64le", "--dry-run").code == 1
    assert required(sync, src, dst, both, repo, "linux/arm64", "--dry-run").code == 0
    assert writes(dst) == []


def test_a_rule_requires_its_own_platforms(sync, src, dst, both, from_source, repo):
    from_source.push(images.multi(repo, platforms=2, layers=1), repo, "v1")
    rules = {f"{src.host}/{repo}:v1": {"to": f"{dst.host}/{repo}", "require-platforms": ["linux/amd64", "linux/arm64"]}}
    assert sync(rules, both, flags=["--require-platforms", "linux/ppc64le"]).code == 0


def test_a_rule_may_require_nothing(runner, src, dst, both, from_source, repo):
    """Also when the list of failed images is taken for rules, which must not require more than before."""
    from_source.push(images.multi(repo, platforms=2, layers=1), repo, "v1")
    flags = ["--require-platforms", "linux/ppc64le"]
    rules = {f"{src.host}/{repo}:v1": {"to": f"{dst.host}/{repo}", "require-platforms": False}}
    copied = f"{runner.home}/copied.yaml"
    assert runner.sync(rules, both, flags=[*flags, "--output-success-images", copied]).code == 0
    assert runner.sync(open(copied, encoding="utf-8").read(), both, flags=[*flags, "--force"]).code == 0


def test_an_artifact_has_no_platform_to_lack(sync, src, dst, both, from_source, repo):
    config, layer = b"{}", b"chart"
    document = {"schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "config": images._entry(images.EMPTY_CONFIG, config),
                "layers": [images._entry("application/vnd.cncf.helm.chart.content.v1.tar+gzip", layer)]}
    chart = images.Picture([images.Manifest(images.OCI_MANIFEST, json.dumps(document).encode())], images._held(config, layer))
    from_source.push(chart, repo, "v1")
    assert required(sync, src, dst, both, repo, "linux/arm64").code == 0
