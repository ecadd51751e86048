"""The catalogs of real registries, of several makes: pages, names that sort in odd ways, logins."""

import pytest

from lib import images, makes, run

# A catalog may be sorted as texts or as paths, and goes on behind the last name of a page: "a-b" and "a.b" stand before "a/b" as texts.
ODD = ("a", "a-b", "a.b", "a/b", "a/b-c", "a/b/c", "a/b/c/d", "a0", "a_b", "aa", "b")


@pytest.fixture(params=makes.MAKES)
def make(request):
    here, path = makes.find(request.param)
    if not here:
        pytest.skip(path)
    return request.param


@pytest.fixture
def start(request, make):
    """start(...) is a registry of that make; the arguments are Registry's."""
    request.node.registries = []

    def started(**more):
        made = makes.registry(make, **more).start()
        request.node.registries.append(made)
        return made

    yield started
    for each in request.node.registries:
        each.stop()


def push(registry, names, authorize=None):
    client = images.Client(registry, authorize)
    for name in names:
        client.push(images.image("catalog", layers=1), name, "v1")
    client.close()


def destinations(result):
    return sorted(each["destination"] for each in result.report["images"])


def expected(target, names):
    return sorted(f"{target.host}/mirror/{name}:v1" for name in names)


def test_pages_that_the_registry_makes_smaller(sync, make, start, target, proxies):
    """Where a page of 1,000 is refused. zot has no such limit, so its pages are as large as we ask."""
    registry = start(page=3)
    push(registry, [f"team/{name}" for name in ODD] + ["team", "teams/other", "tea"])
    watched = proxies(registry)
    rules = {f"{watched.host}/team/**": f"{target.host}/mirror"}
    result = sync(rules, run.insecure(watched, target))
    assert result.code == 0, result.stderr
    assert destinations(result) == expected(target, ODD)
    assert f"{len(ODD)} of {len(ODD) + 3} repositories" in result.stderr
    asked = [each.path for each in watched.seen(path="_catalog")]
    assert len(asked) == 1 if make == "zot" else (len(asked) >= 5 and asked[:3] == ["/v2/_catalog?n=1000", "/v2/_catalog?n=100", "/v2/_catalog"])
    assert sync(rules, run.insecure(watched, target)).report["skipped"] == len(ODD)


def test_more_than_a_page(sync, start, target, proxies):
    """As a registry is that nobody has configured: more repositories than the largest page that any of them gives."""
    registry = start()
    names = [f"many/{prefix}{number:03}" for prefix in ("a", "b/c-", "b-") for number in range(400)]
    push(registry, ["one"])
    registry.repeat("one", names)
    watched = proxies(registry)
    result = sync({f"{watched.host}/many/**": {"to": f"{target.host}/mirror", "repositories": "/[59]9$/"}}, run.insecure(watched, target),
                  flags=["--dry-run"])
    assert result.code == 0, result.stderr
    assert destinations(result) == expected(target, [name[5:] for name in names if name.endswith(("59", "99"))])
    assert f"of {len(names) + 1} repositories" in result.stderr
    assert len(watched.seen(path="_catalog")) >= 2


def test_one_level(sync, start, target):
    registry = start()
    push(registry, [f"team/{name}" for name in ODD])
    result = sync({f"{registry.host}/team/*": f"{target.host}/mirror"}, run.insecure(registry, target), flags=["--dry-run"])
    assert result.code == 0, result.stderr
    assert destinations(result) == expected(target, [name for name in ODD if "/" not in name])


def test_the_whole_registry(sync, start, target):
    registry = start()
    push(registry, ODD)
    result = sync({f"{registry.host}/**": f"{target.host}/mirror"}, run.insecure(registry, target), flags=["--dry-run"])
    assert result.code == 0, result.stderr
    assert destinations(result) == expected(target, ODD)


@pytest.mark.parametrize("filled", (True, False))
def test_nothing_in_the_namespace(sync, start, target, filled):
    """Whether there are other repositories or none at all."""
    registry = start()
    if filled:
        push(registry, ["other/a"])
    rule = {"to": f"{target.host}/mirror"}
    result = sync({f"{registry.host}/team/*": rule}, run.insecure(registry, target))
    assert result.code == 1
    why = "none of the 1 repositories" if filled else "lists no repository there"
    assert why in result.stderr and "allow-empty: true" in result.stderr
    assert sync({f"{registry.host}/team/*": {**rule, "allow-empty": True}}, run.insecure(registry, target)).code == 0


def test_a_login(sync, runner, start, target):
    password = runner.secret("a-password-for-the-catalog")
    registry = start(users={"robot": password})
    push(registry, ["team/a", "team/b"], lambda repo: f"Basic {runner.secrets[-1]}")
    rules = {f"{registry.host}/team/*": f"{target.host}/mirror"}
    result = sync(rules, {**run.insecure(registry, username="robot", password=password), **run.insecure(target)}, flags=["--dry-run"])
    assert result.code == 0, result.stderr
    assert destinations(result) == expected(target, ["a", "b"])
    for login in ({}, {"username": "robot", "password": runner.secret("another-password")}):
        result = sync(rules, {**run.insecure(registry, **login), **run.insecure(target)})
        assert result.code == 1 and result.report["total"] == 1, result.stderr
        assert "does not list its repositories" in result.stderr and "401" in result.stderr


@pytest.mark.parametrize("make", ("2.8", "3"), indirect=True)
def test_a_token(sync, runner, start, target, token_servers):
    """The catalog has a scope of its own."""
    password = runner.secret("a-password-for-tokens")
    server = token_servers(users={"robot": password}, allowed=("pull", "push", "*"))
    registry = start(token=server, page=2)
    push(registry, [f"team/{name}" for name in "abc"], server.bearer)
    auth = {**run.insecure(registry, username="robot", password=password), **run.insecure(target)}
    rules = {f"{registry.host}/team/*": f"{target.host}/mirror"}
    result = sync(rules, auth, flags=["--dry-run"])
    assert result.code == 0, result.stderr
    assert destinations(result) == expected(target, "abc")
    assert [each for each in server.asked() if "registry:catalog:*" in each.scopes]
    server.allowed = {"pull", "push"}
    result = sync(rules, auth)
    assert result.code == 1 and result.report["total"] == 1, result.stderr
    assert "does not list its repositories" in result.stderr
