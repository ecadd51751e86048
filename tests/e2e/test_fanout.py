"""One image to several registries: the source is asked once, and one download feeds them all.

Each destination still fares on its own: what goes wrong at one of them changes nothing for the others.
"""

import pytest

from lib import images, proxy, run
from lib.registry import Registry

ONCE = ["--retries", "0"]


@pytest.fixture(scope="module")
def more():
    """Two registries beside the usual target."""
    with Registry("second") as second, Registry("third") as third:
        yield second, third


@pytest.fixture
def three(proxies, target, more):
    """Three target registries, watched."""
    return [proxies(server, name=f"target {number}") for number, server in enumerate((target, *more), 1)]


@pytest.fixture
def two(three):
    return three[:2]


def holds(front, repo, tag, picture):
    """The registry behind a proxy holds the picture, byte for byte."""
    client = images.Client(front.registry)
    try:
        assert client.closure(repo, tag) == images.expected(picture)
    finally:
        client.close()


def spread(src, fronts, repo, tag="v1"):
    return {f"{src.host}/{repo}:{tag}": [f"{front.host}/{repo}" for front in fronts]}


# -- what the source says -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("flags", ([], ["--proc", "1"]), ids=("parallel", "serial"))
def test_in_sync_is_one_question_for_all(sync, src, two, from_source, repo, flags):
    from_source.push(images.image(repo), repo, "v1")
    rules, auth = spread(src, two, repo), run.insecure(src, *two)
    assert sync(rules, auth).code == 0
    for each in (src, *two):
        each.clear()
    result = sync(rules, auth, flags)
    assert (result.code, result.report["skipped"]) == (0, 2)
    assert src.counts() == {("HEAD", "manifest"): 1}
    assert [front.counts() for front in two] == [{("HEAD", "manifest"): 1}] * 2


@pytest.mark.parametrize("flags", ([], ["--proc", "1"]), ids=("parallel", "serial"))
def test_each_manifest_is_read_once(sync, src, three, from_source, repo, flags):
    picture = from_source.push(images.multi(repo, platforms=3), repo, "v1")
    assert sync(spread(src, three, repo), run.insecure(src, *three), flags).code == 0
    for front in three:
        holds(front, repo, "v1", picture)
    assert (len(src.seen("HEAD", "manifest")), len(src.seen("GET", "manifest"))) == (1, 4)


def test_several_rules_and_places_of_one_registry(sync, src, two, from_source, repo):
    """It is the source that counts, not the rule, the registry or the name."""
    picture = from_source.push(images.image(repo), repo, "v1", "v2")
    rules = {f"{src.host}/{repo}:v1": [f"{two[0].host}/{repo}", f"{two[0].host}/{repo}/again:other"],
             f"{src.host}/{repo}:v1,v1": f"{two[1].host}/{repo}:x,y", f"{src.host}/{repo}:v2": f"{two[1].host}/{repo}"}
    assert sync(rules, run.insecure(src, *two)).code == 0
    for front, name, tag in ((two[0], repo, "v1"), (two[0], f"{repo}/again", "other"), (two[1], repo, "x"), (two[1], repo, "y"),
                             (two[1], repo, "v2")):
        holds(front, name, tag, picture)
    assert sorted(each.path.rsplit("/", 1)[1] for each in src.seen("HEAD", "manifest")) == ["v1", "v2"]


def test_a_filter_reads_the_index_once(sync, src, two, from_source, repo):
    from_source.push(images.multi(repo, platforms=3), repo, "v1")
    assert sync(spread(src, two, repo), run.insecure(src, *two), ["--os", "linux", "--arch", "amd64"]).code == 0
    assert (len(src.seen("HEAD", "manifest")), len(src.seen("GET", "manifest"))) == (1, 2)
    places = [images.Client(front.registry) for front in two]
    assert places[0].head(repo, "v1") == places[1].head(repo, "v1")
    for each in places:
        each.close()


def test_what_is_not_there_is_asked_for_once(sync, src, two, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    result = sync(spread(src, two, repo, "nothing"), run.insecure(src, *two))
    assert result.code == 1 and result.report["failed"] == 2
    assert {each["error"]["kind"] for each in result.report["images"]} == {"missing"}
    assert src.counts() == {("HEAD", "manifest"): 1}


def test_a_failure_is_shared_and_the_next_round_asks_anew(sync, src, two, from_source, repo):
    """Bytes that do not fit their digest are read twice, then the round is over for both."""
    picture = from_source.push(images.image(repo), repo, "v1")
    src.rule("GET", f"/manifests/{picture.digest}", proxy.Flip(10), times=2)
    result = sync(spread(src, two, repo), run.insecure(src, *two), ["--retries", "1"])
    assert result.code == 0
    for front in two:
        holds(front, repo, "v1", picture)
    assert (len(src.seen("HEAD", "manifest")), len(src.seen("GET", "manifest"))) == (2, 3)


def test_the_same_image_everywhere_when_the_tag_moves(sync, src, two, from_source, repo):
    """The tag goes to another image after the first answer: nobody gets that one, and nobody is told of it."""
    old, new = images.image(f"{repo}/old"), images.image(f"{repo}/new")
    from_source.push(old, repo, "v1")
    from_source.push(new, repo)
    src.rule("GET", f"/manifests/{old.digest}", proxy.Before(lambda _: from_source.push_manifest(repo, new.root, "v1")))
    assert sync(spread(src, two, repo), run.insecure(src, *two), ["--proc", "1"]).code == 0
    for front in two:
        holds(front, repo, "v1", old)
