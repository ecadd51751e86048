"""Rules that a registry has to be asked for: patterns, mixed lists, selections. What they mean exactly is tested in tests/unit."""

import time

import pytest

from lib import images, run

TAGS = ("1.9.0", "1.10.0", "2.0.0-rc.1", "2.0.0", "latest", "v1", "v2")


@pytest.fixture
def stocked(from_source, repo):
    """A repository at the source with all of TAGS; in a registry's listing they are sorted as text."""
    from_source.push(images.image(repo), repo, *TAGS)
    return repo


def rule(src, dst, repo, source="", destination=""):
    return f"{src.host}/{repo}{source}", f"{dst.host}/{repo}{destination}"


@pytest.mark.parametrize("items, tags", (
    (":/^v/", ["v1", "v2"]),
    (":/^v\\d$/", ["v1", "v2"]),
    (":/(?i)^V{1,2}1/", ["v1"]),
    (":/^v1/,/^la/", ["latest", "v1"]),
    (":/^v/,latest", ["latest", "v1", "v2"]),
    ("://", sorted(TAGS)),
))
@pytest.mark.parametrize("form", ("yaml", "json"))
def test_patterns(sync, src, dst, both, stocked, at_target, items, tags, form):
    result = sync(dict([rule(src, dst, stocked, items)]), both, form=form)
    assert result.code == 0
    assert at_target.tags(stocked) == tags
    assert len(src.seen("GET", "tags")) == 1


def test_a_pattern_is_paired_by_position(sync, src, dst, both, stocked, at_target):
    assert sync(dict([rule(src, dst, stocked, ":/^v/", ":x,y")]), both).code == 0
    assert at_target.tags(stocked) == ["x", "y"]


def test_a_pattern_of_the_destination(sync, src, dst, both, stocked, at_target):
    assert sync(dict([rule(src, dst, stocked, ":v1,v2", ":/^v/")]), both).code == 0
    assert at_target.tags(stocked) == ["v1", "v2"]


def test_numbers_that_differ_are_a_failure(sync, src, dst, both, stocked, at_target):
    result = sync(dict([rule(src, dst, stocked, ":/^v/", ":x")]), both)
    assert result.code == 1
    assert "is not matched: 2 and 1" in result.stderr
    assert at_target.tags(stocked) == []


def test_a_pattern_without_matches_is_a_warning(sync, src, dst, both, stocked, at_target):
    result = sync(dict([rule(src, dst, stocked, ":/none/")]), both)
    assert result.code == 0
    assert f"pattern /none/ finds none of the {len(TAGS)} tags of {src.host}/{stocked}" in result.stderr
    assert at_target.tags(stocked) == []


def test_a_pattern_that_runs_away_is_a_failure(sync, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "a" * 60 + "_")
    result = sync(dict([rule(src, dst, repo, ":/(a+)+$/")]), both)
    assert result.code == 1
    assert "pattern /(a+)+$/: takes too long" in result.stderr


@pytest.mark.parametrize("fields, tags", (
    ({"tags": ["v1", "/^la/"]}, ["latest", "v1"]),
    ({"exclude": ["/^[0-9]/", "latest"]}, ["v1", "v2"]),
    ({"semver": ">=1.10"}, ["1.10.0", "2.0.0"]),
    ({"latest": 2}, ["1.10.0", "2.0.0"]),
    ({"newest": 2, "prereleases": True}, ["2.0.0", "2.0.0-rc.1"]),
    ({"prereleases": False, "tags": "/^2/"}, ["2.0.0"]),
    ({"latest": 2, "semver": "*"}, ["1.10.0", "2.0.0"]),
))
@pytest.mark.parametrize("form", ("yaml", "json"))
def test_selections(sync, src, dst, both, stocked, at_target, fields, tags, form):
    source, destination = rule(src, dst, stocked)
    assert sync({source: {"to": destination, **fields}}, both, form=form).code == 0
    assert at_target.tags(stocked) == tags


def test_tags_of_a_mapping_need_no_listing(sync, src, dst, both, stocked, at_target):
    source, destination = rule(src, dst, stocked)
    assert sync({source: {"to": destination, "tags": ["v2", "v1"]}}, both).code == 0
    assert at_target.tags(stocked) == ["v1", "v2"]
    assert src.seen(kind="tags") == []


def test_one_source_with_two_selections(sync, src, dst, both, stocked, at_target):
    source, destination = rule(src, dst, stocked)
    rules = {source: [{"to": destination + "/old", "tags": "v1"}, {"to": destination + "/new", "tags": "v2"}]}
    assert sync(rules, both).code == 0
    assert (at_target.tags(stocked + "/old"), at_target.tags(stocked + "/new")) == (["v1"], ["v2"])


@pytest.mark.parametrize("fields", ({"tags": ["v1", "/^none/"]}, {"semver": ">=9"}, {"tags": "/rc/", "latest": 1}))
@pytest.mark.parametrize("required", (True, False))
def test_what_has_to_find_something(sync, src, dst, both, stocked, fields, required):
    source, destination = rule(src, dst, stocked)
    result = sync({source: {"to": destination, "required": required, **fields}}, both, flags=["--retries", "0"])
    assert result.code == (1 if required else 0)
    if required:
        failed, = (each for each in result.report["images"] if each["status"] == "failed")
        assert failed["error"]["kind"] == "missing" and "required" in failed["error"]["message"]
        assert dst.writes() == []


def test_fixed_tags_beside_patterns_of_their_repository(sync, here, there):
    """A rule of several fixed tags needs no list: that it is done does not end the list that other rules of the repository share."""
    for number in range(1, 31):
        here.push(images.image(f"beside/{number}"), "app", f"v{number}")

    def slow(request):
        """The first rule still works with the list when the others are done."""
        time.sleep(0.3 if request.kind == "tags" else 0.02 if request.kind == "blob" else 0)
    here.hook = slow
    source = f"{here.host}/app"
    rules = {
        source: {"to": f"{there.host}/dated", "tags": ["/^v/"], "since": "2000-01-01", "latest": "2 by date"},
        f"{source}:/^v1/": f"{there.host}/pattern",
        f"{source}:v1,v2": f"{there.host}/fixed",
    }
    result = sync(rules, run.insecure(here, there))
    assert result.code == 0, result.stderr
    names = {repo: sorted(tag for name, tag in there.tags if name == repo) for repo in ("dated", "pattern", "fixed")}
    assert len(names["dated"]) == 2 and len(names["pattern"]) == 11 and names["fixed"] == ["v1", "v2"]
    assert len(here.seen("GET", "tags")) == 1
