"""Lists of tags that bring digests and dates with them: what they save, and that nobody is misled by them."""

import base64
import json
import threading
import time

import pytest

from lib import clouds, images, listings, outside
from lib.forward import ForwardProxy
from lib.shy import PASSWORD, USER, Shy

MANY = 250
LAYERS = [images.layer("listed", 500)]
KINDS = {"hub": listings.hub, "quay": listings.quay, "harbor": listings.harbor}


@pytest.fixture
def login(here, there):
    return {here.host: {"insecure": True}, there.host: {"insecure": True}}


def stock(registry, repo, count, first=0):
    """So many tags, each an image of its own; they share their layers."""
    for number in range(first, first + count):
        registry.push(images.image(f"listed-{number}", parts=LAYERS), repo, f"t{number:04}")


def rule(here, there, via, **fields):
    return {f"{here.host}/team/*": {"to": f"{there.host}/mirror", "via": via, **fields}}


def copy_by_hand(here, there, repo, to):
    """The destination holds all of it."""
    for (of, digest), manifest in list(here.manifests.items()):
        if of == repo:
            there.manifests[to, digest] = manifest
    for (of, tag), digest in list(here.tags.items()):
        if of == repo:
            there.tags[to, tag] = digest


@pytest.mark.parametrize("via, pages", (("hub", 3), ("quay", 3), ("harbor", 3)))
def test_what_is_in_sync_costs_a_page_for_a_hundred_tags(sync, here, there, login, via, pages):
    stock(here, "team/a", MANY)
    stock(here, "team/b", 5)
    KINDS[via](here)
    copy_by_hand(here, there, "team/a", "mirror/a")
    copy_by_hand(here, there, "team/b", "mirror/b")
    result = sync(rule(here, there, via), login)
    assert result.code == 0, result.stderr
    assert result.report["skipped"] == MANY + 5
    # Harbor's list has no images that belong to others, so that tags are listed as well.
    assert here.seen(kind="manifest") == [] and len(here.seen(path="/tags/list")) == (2 if via == "harbor" else 0)
    asked_for_tags = here.seen(path="/tags[?]|/tag/|/artifacts")
    assert len(asked_for_tags) == pages + 1
    assert len(here.seen()) <= pages + 1 + (5 if via == "harbor" else 3), here.log()
    assert len(there.seen()) == MANY + 5


@pytest.mark.parametrize("via", KINDS)
def test_all_tags_are_copied(sync, here, there, login, via):
    stock(here, "team/a", 3)
    KINDS[via](here)
    result = sync(rule(here, there, via), login)
    assert result.code == 0, result.stderr
    assert {tag: there.tags["mirror/a", tag] for of, tag in there.tags} == {tag: digest for (_, tag), digest in here.tags.items()}


def test_a_slash_in_a_name_is_encoded_twice(sync, here, there, login):
    stock(here, "team/sub/deep", 2)
    listings.harbor(here)
    result = sync({f"{here.host}/team/**": {"to": f"{there.host}/mirror", "via": "harbor"}}, login)
    assert result.code == 0, result.stderr
    assert [each.path.partition("?")[0] for each in here.seen(path="artifacts")] == [
        "/api/v2.0/projects/team/repositories/sub%252Fdeep/artifacts"]


def test_a_list_that_lags_behind_is_not_believed(sync, here, there, login):
    """Docker Hub's API is not its registry: what it says serves to find out that nothing changed, and for nothing else."""
    stock(here, "team/a", 3)
    old = images.image("listed-old", parts=LAYERS)
    here.push(old, "team/a")
    listings.hub(here, stale={("team/a", "t0001"): old.digest})
    result = sync(rule(here, there, "hub"), login)
    assert result.code == 0, result.stderr
    assert there.tags["mirror/a", "t0001"] == here.tags["team/a", "t0001"]


def test_a_cache_for_another_registry_is_not_listed(sync, here, there, login):
    """Harbor's lists have what the cache has, and the tags as they were."""
    stock(here, "team/a", 4)
    listings.harbor(here, cached=["team"])
    result = sync(rule(here, there, "harbor"), login)
    assert result.code == 0, result.stderr
    assert here.seen(path="artifacts") == [] and len(here.seen(path="/tags/list")) == 1
    assert len(there.tags) == 4


@pytest.mark.parametrize("via", KINDS)
@pytest.mark.parametrize("wrong", ((500, {}, b""), (403, {}, b"{}"), (404, {}, b"{}"), (200, {}, b"<html>"),
                                   (200, {"Content-Type": "application/json"}, b"[]"),
                                   (200, {"Content-Type": "application/json"}, b'{"results": [{"name": "t0000"}], "tags": [{"name": "x"}]}')))
def test_without_such_a_list_tags_are_asked_for_as_ever(sync, here, there, login, via, wrong):
    stock(here, "team/a", 12)
    KINDS[via](here)
    right = here.hook
    here.hook = lambda request: wrong if any(part in request.path for part in ("/tags?", "/tag/", "/artifacts")) else right(request)
    result = sync(rule(here, there, via), login)
    assert result.code == 0, result.stderr
    assert len(there.tags) == 12


def test_a_list_that_does_not_answer_is_not_waited_for(sync, here, there, login):
    """It is a service of its own, and says nothing about the registry, which goes on under the same name."""
    for name in "abcdef":
        stock(here, f"team/{name}", 3)
    listings.quay(here)
    right, over = here.hook, threading.Event()

    def hook(request):
        if "/tag/" in request.path:
            over.wait(60)
        return right(request)
    here.hook = hook
    result = sync(rule(here, there, "quay"), login, flags=["--retries", "0"])
    over.set()
    assert result.code == 0, result.stderr
    assert len(there.tags) == 18


def test_a_part_of_a_list_is_no_list(sync, here, there, login):
    """The second page is refused: all tags are copied nevertheless."""
    stock(here, "team/a", MANY)
    listings.hub(here)
    right = here.hook
    here.hook = lambda request: (403, {}, b"{}") if "tags?page=2" in request.path else right(request)
    copy_by_hand(here, there, "team/a", "mirror/a")
    result = sync(rule(here, there, "hub"), login)
    assert result.code == 0, result.stderr
    assert result.report["skipped"] == MANY


@pytest.mark.parametrize("status", (429, 503))
def test_a_list_that_breaks_off_is_not_waited_for(sync, here, there, login, status):
    """There is another way to know the tags, which takes less time than trying again and again."""
    stock(here, "team/a", MANY)
    listings.hub(here)
    right = here.hook
    here.hook = lambda request: (status, {}, b"{}") if "tags?page=2" in request.path else right(request)
    copy_by_hand(here, there, "team/a", "mirror/a")
    result = sync(rule(here, there, "hub"), login)
    assert result.code == 0, result.stderr
    assert result.report["skipped"] == MANY
    assert len(here.seen(path="tags[?]page=2")) == 1, here.log()


@pytest.mark.parametrize("via", KINDS)
def test_old_images_are_not_asked_when_they_were_created(sync, here, there, login, via):
    """What was pushed before a time was created before it."""
    now = int(time.time())
    for number in range(MANY):
        created = listings.rfc3339(now - (MANY - number) * 86400 - 600)
        here.push(images.image(f"listed-{number}", parts=LAYERS, created=created), "team/a", f"t{number:04}")
    dates = {("team/a", f"t{number:04}"): now - (MANY - number) * 86400 for number in range(MANY)}
    KINDS[via](here, dates=dates)
    result = sync(rule(here, there, via, since="10d"), login)
    assert result.code == 0, result.stderr
    assert sorted(tag for _, tag in there.tags) == [f"t{number:04}" for number in range(MANY - 9, MANY)]
    assert len({each.reference for each in here.seen("GET", "manifest") if each.reference.startswith("t")}) <= 10


def test_the_newest_few_are_found_among_the_last_pushed(sync, here, there, login):
    for number in range(MANY):
        created = listings.rfc3339(1_700_000_000 + number * 86400 - 600)
        here.push(images.image(f"listed-{number}", parts=LAYERS, created=created), "team/a", f"t{number:04}")
    listings.hub(here, dates={("team/a", f"t{number:04}"): 1_700_000_000 + number * 86400 for number in range(MANY)})
    result = sync(rule(here, there, "hub", latest="2 by date"), login)
    assert result.code == 0, result.stderr
    assert sorted(tag for _, tag in there.tags) == ["t0248", "t0249"]
    assert len({each.reference for each in here.seen("GET", "manifest") if each.reference.startswith("t")}) < MANY / 5


def test_a_tree_is_listed_once(sync, here, there, login):
    """What a walk through Google's tree has seen of tags is not asked for again."""
    stock(here, "team/a", 12)
    stock(here, "team/b", 3)

    def tree(request):
        if request.kind != "tags":
            return None
        path = request.repo
        tags = {tag: digest for (repo, tag), digest in here.tags.items() if repo == path}
        below = sorted({repo[len(path) + 1:].split("/")[0] for repo, _ in here.tags if repo.startswith(path + "/")})
        return listings.answer({"name": path, "child": below, "tags": sorted(tags), "manifest": {
            digest: {"tag": [tag], "timeUploadedMs": "1700000000000"} for tag, digest in tags.items()}})
    here.hook = tree
    copy_by_hand(here, there, "team/a", "mirror/a")
    copy_by_hand(here, there, "team/b", "mirror/b")
    result = sync(rule(here, there, "google"), login)
    assert result.code == 0, result.stderr
    assert result.report["skipped"] == 15
    assert len(here.seen()) == 3, here.log()


def test_docker_hub_lists_what_is_private_for_a_login(sync, here, there, login):
    """The login is turned into a token of the API; tags of what is private are asked for as ever."""
    stock(here, "team/open", 2)
    stock(here, "team/own", 2)
    listings.hub(here, private=["team/own"], token="token-of-the-hub")
    rules = rule(here, there, "hub")
    assert sync(rules, login).report["total"] == 2
    login[here.host].update(username="someone", password="a-word-for-the-hub")
    result = sync(rules, login)
    assert result.code == 0, result.stderr
    assert sorted({repo for repo, _ in there.tags}) == ["mirror/open", "mirror/own"]
    assert len(here.seen(path="/v2/auth/token")) == 1
    assert not [each for each in here.seen(path="/tags[?]") if each.headers.get("Authorization")]
    assert "a-word-for-the-hub" not in result.stderr and "token-of-the-hub" not in result.stderr


def test_what_is_private_is_looked_for_once(sync, here, there, login):
    """However many destinations it has."""
    stock(here, "team/own", 12)
    listings.hub(here, private=["team/own"], token="token-of-the-hub")
    to = [f"{there.host}/{name}" for name in ("one", "two", "three")]
    login[here.host].update(username="someone", password="a-word-for-the-hub")
    result = sync({f"{here.host}/team/*": {"to": to, "via": "hub"}}, login)
    assert result.code == 0, result.stderr
    assert len(there.tags) == 36 and len(here.seen(path="/own/tags[?]")) == 1, here.log()


def test_a_login_that_docker_hub_refuses(sync, here, there, login):
    stock(here, "team/open", 2)
    listings.hub(here)
    listed = here.hook
    here.hook = lambda request: (401, {}, b'{"detail": "Incorrect authentication credentials"}') if "auth/token" in request.path else listed(request)
    login[here.host].update(username="someone", password="a-word-for-the-hub")
    result = sync(rule(here, there, "hub"), login)
    assert result.code == 1 and there.tags == {}
    assert f"the login of {here.host}" in result.stderr and "Incorrect authentication credentials" in result.stderr


class GuardedHarbor(Shy):
    """Harbor asks for its own tokens, and its API for the login itself."""

    def challenge(self):
        return {"WWW-Authenticate": f'Bearer realm="http://{self.host}/service/token",service="harbor-registry"'}


def test_a_destination_that_is_harbor(sync, here, login):
    """It says what it is in its first answer; from then on a list takes the place of a question for each tag."""
    stock(here, "team/a", 40)
    with GuardedHarbor(hidden=None) as there:
        copy_by_hand(here, there, "team/a", "mirror/a")
        guard, basic = there.hook, "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        listings.harbor(there, login=basic)
        listed = there.hook

        def hook(request):
            if request.path.startswith("/service/token"):
                return listings.answer({"token": sorted(there.good)[0]}) if there.good else there._token(request, basic)
            return listed(request) or guard(request)
        there.hook = hook
        result = sync({f"{here.host}/team/a": f"{there.host}/mirror/a"}, {**login, **there.login()})
        assert result.code == 0, result.stderr
        assert result.report["skipped"] == 40
        assert len(there.seen(path="artifacts")) == 1, there.log()
        assert len([each for each in there.seen("HEAD", "manifest") if each.headers.get("Authorization")]) == 1, there.log()
        assert json.dumps(result.report).count(PASSWORD) == 0


def without(registry, *gone):
    """Lets Docker Hub's list lack tags that the registry has."""
    listed = registry.hook

    def hook(request):
        answered = listed(request)
        if not answered or "/tags?" not in request.path:
            return answered
        document = json.loads(answered[2])
        document["results"] = [each for each in document["results"] if each["name"] not in gone]
        document["count"] -= len(gone)
        return listings.answer(document)
    registry.hook = hook


def test_a_tag_that_a_lagging_list_lacks_is_asked_for(sync, here, there, login):
    stock(here, "team/a", 12)
    listings.hub(here)
    without(here, "t0007")
    result = sync(rule(here, there, "hub", tags=[f"t{number:04}" for number in range(12)]), login)
    assert result.code == 0, result.stderr
    assert len(there.tags) == 12


def shifting(registry, change, *parts):
    """Lets something change once, after the first page of a list."""
    listed, pages = registry.hook, []

    def hook(request):
        answered = listed(request)
        if answered and any(part in request.path for part in parts or ("/tags?", "/tag/", "/artifacts")):
            pages.append(request.path)
            if len(pages) == 1:
                change()
        return answered
    registry.hook = hook


@pytest.mark.parametrize("via", KINDS)
def test_a_tag_that_moves_while_the_list_is_read(sync, here, there, login, via, monkeypatch):
    """The last pushed come first: one that is pushed again is on a page that was read already."""
    stock(here, "team/a", MANY)
    order = [f"t{number:04}" for number in range(MANY)]
    KINDS[via](here)
    monkeypatch.setattr(listings._Stock, "tags", lambda self, repo: [(tag, self.registry.tags[repo, tag]) for tag in order])
    shifting(here, lambda: order.insert(0, order.pop(200)))
    copy_by_hand(here, there, "team/a", "mirror/a")
    del there.tags["mirror/a", "t0200"]
    result = sync(rule(here, there, via), login)
    assert result.code == 0, result.stderr
    assert result.report["total"] == MANY
    assert there.tags["mirror/a", "t0200"] == here.tags["team/a", "t0200"]


@pytest.mark.parametrize("via", ("hub", "harbor"))
def test_a_tag_that_goes_while_the_list_is_read(sync, here, there, login, via):
    """What stood first on the second page is then on the first one, which was read already."""
    stock(here, "team/a", MANY)
    KINDS[via](here)
    shifting(here, lambda: here.tags.pop(("team/a", "t0000")))
    copy_by_hand(here, there, "team/a", "mirror/a")
    result = sync(rule(here, there, via), login)
    assert result.code == 0, result.stderr
    assert result.report["total"] == MANY - 1


@pytest.mark.parametrize("via", ("hub", "harbor"))
def test_a_repository_that_goes_while_the_list_is_read(sync, here, there, login, via):
    for number in range(120):
        stock(here, f"team/r{number:03}", 1)
    KINDS[via](here)
    shifting(here, lambda: here.tags.pop(("team/r000", "t0000")), "/repositories?")
    result = sync(rule(here, there, via), login)
    assert result.code == 0, result.stderr
    assert len({repo for repo, _ in there.tags}) == 119


@pytest.mark.parametrize("via", ("hub", "harbor"))
def test_a_list_that_never_comes_to_rest(sync, here, there, login, via):
    for number in range(120):
        stock(here, f"team/r{number:03}", 1)
    KINDS[via](here)
    listed, pages = here.hook, []

    def hook(request):
        answered = listed(request)
        if "/repositories?" in request.path:
            pages.append(request.path)
            here.tags.pop((f"team/r{len(pages):03}", "t0000"))
        return answered
    here.hook = hook
    result = sync(rule(here, there, via), login)
    assert result.code == 1 and there.tags == {}
    assert "the list changed while it was read" in result.stderr and len(pages) == 6


def test_a_destination_is_asked_once_what_it_is(sync, here, there, login):
    """Rules that write to one repository do not ask for the same tags again; those of the first moment may."""
    rules = {}
    for number in range(60):
        for tag in range(10):
            here.push(images.image(f"listed-{tag}", parts=LAYERS), f"team/r{number}", f"r{number}-{tag}")
        copy_by_hand(here, there, f"team/r{number}", "mirror/all")
        rules[f"{here.host}/team/r{number}"] = f"{there.host}/mirror/all"
    result = sync(rules, login)
    assert result.code == 0, result.stderr
    assert result.report["skipped"] == 600
    assert len(there.seen()) < 600 + 30, there.log()


# -- destinations, and rules that are written out -----------------------------------------------------------------------------


@pytest.fixture
def at_its_name(request, certs):
    """at_its_name(registry, name): the registry is met as name; returns the environment that leads there, for all so far."""
    started, places = [], {}
    request.node.proxies = []

    def start(registry, name):
        registry.__enter__()
        registry.name = name
        request.node.proxies.append(registry)
        places[f"{name}:443"] = registry.port
        way = ForwardProxy(places)
        started.append((registry, way))
        return way.environment()

    start.context = certs.server_context
    yield start
    for registry, way in started:
        registry.__exit__()
        way.stop()


def heads(registry):
    return [each for each in registry.seen(kind="manifest") if each.method == "HEAD"]


def written(source, destination, count, first=0):
    return {f"{source}:t{number:04}": destination for number in range(first, first + count)}


UNSEEN = {"quay.io": {"insecure": True}, "registry.k8s.io": {"insecure": True}, "docker.io": {"insecure": True}}


@pytest.mark.parametrize("each", (False, True), ids=("all tags", "written rules"))
def test_a_destination_at_quay(sync, here, login, at_its_name, each):
    """Its list is the registry's own: what it says is in sync is, what it lacks is not there."""
    stock(here, "team/a", MANY)
    there = clouds.Quay(context=at_its_name.context())
    env = at_its_name(there, "quay.io")
    copy_by_hand(here, there, "team/a", "mirror/a")
    listings.quay(there)
    rules = written(f"{here.host}/team/a", "quay.io/mirror/a", MANY) if each else {f"{here.host}/team/a": "quay.io/mirror/a"}
    result = sync(rules, {**login, **UNSEEN}, env=env)
    assert result.code == 0, result.stderr
    assert result.report["skipped"] == MANY
    assert heads(there) == [] and len(there.seen(path="/tag/")) == 3, there.log()
    other = there.push(images.image("listed-other", parts=LAYERS), "mirror/a", "t0001")
    del there.tags["mirror/a", "t0002"]
    before = len(there.seen())
    result = sync(rules, {**login, **UNSEEN}, env=env)
    assert result.code == 0, result.stderr
    assert result.report["copied"] == 2 and result.report["skipped"] == MANY - 2
    assert there.tags["mirror/a", "t0001"] == here.tags["team/a", "t0001"] != other.digest
    assert there.tags["mirror/a", "t0002"] == here.tags["team/a", "t0002"]
    assert len(there.seen()) - before < 20, there.log()


def test_a_destination_at_quay_that_is_private(sync, here, login, at_its_name):
    """The API takes no robot's login: it is asked once, and then tags are asked for."""
    there = clouds.Quay(context=at_its_name.context())
    env = at_its_name(there, "quay.io")
    rules = {}
    for name in "abc":
        stock(here, f"team/{name}", 12)
        copy_by_hand(here, there, f"team/{name}", f"mirror/{name}")
        rules |= written(f"{here.host}/team/{name}", f"quay.io/mirror/{name}", 12)
    there.hook = lambda request: (401, {}, b'{"error_message": "Requires authentication"}') if "/tag/" in request.path else None
    result = sync(rules, {**login, **UNSEEN}, flags=["--proc", "1"], env=env)
    assert result.code == 0, result.stderr
    assert result.report["skipped"] == 36
    assert len(heads(there)) == 36 and len(there.seen(path="/tag/")) <= 3, there.log()


def test_a_destination_at_docker_hub_is_asked_itself(sync, here, login, at_its_name):
    """Its API is a service of its own: a tag that was moved a moment ago may be the old one there, which is the source's."""
    stock(here, "team/a", 12)
    there = clouds.DockerHub(context=at_its_name.context())
    env = at_its_name(there, "registry-1.docker.io")
    copy_by_hand(here, there, "team/a", "mirror/a")
    moved = there.push(images.image("listed-moved", parts=LAYERS), "mirror/a", "t0003")
    listings.hub(there, stale={("mirror/a", "t0003"): here.tags["team/a", "t0003"]})
    result = sync(written(f"{here.host}/team/a", "docker.io/mirror/a", 12), {**login, **UNSEEN}, env=env)
    assert result.code == 0, result.stderr
    assert result.report["copied"] == 1
    assert there.tags["mirror/a", "t0003"] == here.tags["team/a", "t0003"] != moved.digest
    assert there.seen(path="/namespaces/") == [] and len(heads(there)) == 12, there.log()


@pytest.mark.parametrize("count", (9, 12))
def test_written_rules_of_one_source(sync, there, login, at_its_name, count):
    """A list takes the place of enough questions, however many destinations they are for; for a few it is not asked for."""
    here = clouds.Google(context=at_its_name.context())
    env = at_its_name(here, "registry.k8s.io")
    stock(here, "team/a", count)
    outside.tree(here)
    to = [f"{there.host}/{name}" for name in ("one", "two", "three")]
    for name in ("one", "two", "three"):
        copy_by_hand(here, there, "team/a", name)
    result = sync(written("registry.k8s.io/team/a", to, count), {**login, **UNSEEN}, env=env)
    assert result.code == 0, result.stderr
    assert result.report["skipped"] == 3 * count
    assert len(here.seen(path="/tags/list")) == (count >= 10), here.log()
    assert len(heads(here)) == (0 if count >= 10 else count), here.log()
    assert len(heads(there)) == 3 * count


def test_written_rules_whose_list_fails(sync, there, login, at_its_name):
    here = clouds.Google(context=at_its_name.context())
    env = at_its_name(here, "registry.k8s.io")
    stock(here, "team/a", 12)
    here.hook = lambda request: (403, {}, b"{}") if request.kind == "tags" else None
    result = sync(written("registry.k8s.io/team/a", f"{there.host}/one", 12), {**login, **UNSEEN}, env=env)
    assert result.code == 0, result.stderr
    assert len(there.tags) == 12 and len(here.seen(path="/tags/list")) == 1
