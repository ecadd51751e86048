"""Credentials: anonymous, Basic, tokens; which entry counts; variables; nothing secret in any output."""

import pytest

from lib import images, proxy, run

pytestmark = pytest.mark.concurrency


@pytest.fixture(scope="module")
def users():
    return {"robot": "right-word-7", "other": "Pa$word{x}"}


@pytest.fixture(scope="module")
def locked(users):
    """A registry that wants Basic credentials for everything."""
    from lib.registry import Registry
    with Registry("locked", users=users) as started:
        yield started


def basic(user, password):
    import base64
    text = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return lambda repo: text


@pytest.fixture
def inside(locked, users):
    client = images.Client(locked, basic("robot", users["robot"]))
    yield client
    client.close()


@pytest.fixture
def door(proxies, locked):
    """The locked registry, watched."""
    return proxies(locked, name="locked")


def entry(user, password, **more):
    return {"username": user, "password": password, "insecure": True, **more}


def test_basic_credentials_on_both_sides(runner, door, inside, users, repo):
    password = runner.secret(users["robot"])
    picture = inside.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{door.host}/{repo}:v1": f"{door.host}/{repo}/copy"}, {door.host: entry("robot", password)},
                         flags=["--debug"])
    assert result.code == 0
    assert inside.closure(f"{repo}/copy", "v1") == images.expected(picture)


def test_wrong_basic_credentials_are_denied(runner, src, door, from_source, inside, users, repo):
    from_source.push(images.image(repo), repo, "v1")
    wrong = runner.secret("wrong-word-3")
    rules = {f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}
    result = runner.sync(rules, {**run.insecure(src), door.host: entry("robot", wrong)}, flags=["--debug"])
    assert result.code == 1
    image = result.image(f"{door.host}/{repo}:v1")
    assert (image["status"], image["error"]["kind"]) == ("failed", "denied")
    assert door.host in image["error"]["message"]
    assert inside.tags(repo) == []


def test_no_credentials_where_some_are_wanted(sync, src, door, from_source, inside, repo):
    from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}, run.insecure(src, door))
    assert result.code == 1
    assert result.image(f"{door.host}/{repo}:v1")["error"]["kind"] == "denied"
    assert inside.tags(repo) == []


@pytest.mark.parametrize("form", ("$ROBOT_WORD", "${ROBOT_WORD}", "right-${MIDDLE}-7"))
def test_variables_in_credentials(runner, src, door, from_source, inside, users, repo, form):
    from_source.push(images.image(repo), repo, "v1")
    runner.secret(users["robot"])
    result = runner.sync({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"},
                         {**run.insecure(src), door.host: entry("$ROBOT_NAME", form)}, flags=["--debug"],
                         env={"ROBOT_NAME": "robot", "ROBOT_WORD": users["robot"], "MIDDLE": "word"})
    assert result.code == 0
    assert inside.tags(repo) == ["v1"]


@pytest.mark.parametrize("form", ("Pa$$word{x}", "Pa$word{x}"), ids=("escaped", "kept-as-written"))
def test_a_dollar_in_a_password(runner, src, door, from_source, inside, users, repo, form):
    from_source.push(images.image(repo), repo, "v1")
    runner.secret(users["other"])
    result = runner.sync({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"},
                         {**run.insecure(src), door.host: entry("other", form)})
    assert result.code == 0
    assert inside.tags(repo) == ["v1"]


@pytest.mark.parametrize("text", ("$NOT_THERE", "${NOT_THERE}", "x${NOT_THERE}", "$EMPTY"))
def test_an_unset_variable_is_a_configuration_error(sync, src, door, repo, text):
    auth = f"{src.host}:\n  insecure: true\n{door.host}:\n  username: robot\n  insecure: true\n  password: '{text}'\n"
    result = sync({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}, auth, env={"EMPTY": ""})
    assert result.code == 2
    assert "auth-1.yaml:6" in result.stderr
    assert ("EMPTY" if text == "$EMPTY" else "NOT_THERE") in result.stderr
    assert src.seen() == [] and door.seen() == []


@pytest.mark.parametrize("half", ("username", "password"))
def test_half_a_login_is_a_configuration_error(sync, src, door, repo, half):
    auth = f"{src.host}:\n  insecure: true\n{door.host}:\n  insecure: true\n  {half}: robot\n"
    result = sync({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}, auth)
    assert result.code == 2
    assert "auth-1.yaml:" in result.stderr
    assert src.seen() == [] and door.seen() == []


def test_the_longest_prefix_wins(runner, src, door, from_source, inside, users, repo):
    from_source.push(images.image(repo), repo, "v1")
    wrong, right = runner.secret("wrong-word-3"), runner.secret(users["robot"])
    auth = {
        **run.insecure(src),
        door.host: entry("robot", wrong),
        f"{door.host}/{repo}/team": entry("robot", right),
        f"{door.host}/{repo}/te": entry("robot", wrong),
    }
    rules = {f"{src.host}/{repo}:v1": [f"{door.host}/{repo}/team/app", f"{door.host}/{repo}/team", f"{door.host}/{repo}/teamwork"]}
    result = runner.sync(rules, auth)
    assert result.code == 1
    assert result.statuses() == {
        f"{door.host}/{repo}/team/app:v1": "copied",
        f"{door.host}/{repo}/team:v1": "copied",
        f"{door.host}/{repo}/teamwork:v1": "failed",
    }
    assert inside.tags(f"{repo}/team/app") == ["v1"] and inside.tags(f"{repo}/teamwork") == []


def test_credentials_go_to_their_registry_only(sync, src, door, from_source, users, repo):
    from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}, {**run.insecure(src), door.host: entry("robot", users["robot"])})
    assert result.code == 0
    assert not any("authorization" in each.headers for each in src.seen())
    assert {each.headers.get("authorization") for each in door.writes()[1:]} == {"Basic"}


# -- tokens -------------------------------------------------------------------------------------------------------------------

class Guarded:
    """A registry with a token server, watched."""

    def __init__(self, server, registry, front):
        self.server, self.registry, self.front = server, registry, front
        self.client = images.Client(registry, server.bearer)
        self.host = front.host


@pytest.fixture
def guarded(registries, token_servers, proxies):
    """guarded(**TokenServer's arguments)"""
    def start(name="guarded", **more):
        server = token_servers(**more)
        started = registries(name, token=server)
        return Guarded(server, started, proxies(started, name=name))

    return start


def scopes(records):
    """{(repository, sorted actions)} over all scopes asked for."""
    from lib.tokens import parse_scope
    return {(name, tuple(sorted(actions))) for each in records for _, name, actions in map(parse_scope, each.scopes)}


def test_one_token_per_repository_and_side(runner, guarded, repo):
    password = runner.secret("right-word-7")
    near, far = guarded("near", users={"robot": password}), guarded("far", users={"robot": password})
    for name in ("a", "b"):
        for tag in ("v1", "v2", "v3"):
            near.client.push(images.image(f"{repo}/{name}/{tag}"), f"{repo}/{name}", tag)
    rules = {f"{near.host}/{repo}/{name}:v1,v2,v3": f"{far.host}/{repo}/{name}/copy" for name in ("a", "b")}
    result = runner.sync(rules, {each.host: entry("robot", password) for each in (near, far)}, flags=["--debug"])
    assert result.code == 0
    for name in ("a", "b"):
        for tag in ("v1", "v2", "v3"):
            assert far.client.closure(f"{repo}/{name}/copy", tag) == images.expected(images.image(f"{repo}/{name}/{tag}"))
    assert scopes(near.server.asked()) == {(f"{repo}/{name}", ("pull",)) for name in ("a", "b")}
    assert scopes(far.server.asked()) >= {(f"{repo}/{name}/copy", ("pull", "push")) for name in ("a", "b")}
    assert len(near.server.asked()) == 2 and len(far.server.asked()) == 2
    assert {(each.user, each.service, each.status) for each in near.server.asked() + far.server.asked()} == \
        {("robot", "e2e-registry", 200)}
    for side in (near, far):
        assert not any(each.headers.get("authorization") == "Basic" for each in side.front.seen()), "the password goes to the realm only"


def test_a_fresh_image_with_tokens_costs_two_more_a_side(runner, guarded, repo):
    near, far = guarded("near", users={"robot": "right-word-7"}), guarded("far", users={"robot": "right-word-7"})
    near.client.push(images.image(repo, layers=5), repo, "v1")
    result = runner.sync({f"{near.host}/{repo}:v1": f"{far.host}/{repo}"},
                         {each.host: entry("robot", "right-word-7") for each in (near, far)})
    assert result.code == 0
    tokens = [len(each.server.asked()) for each in (near, far)]
    assert [len(near.front.seen()) + tokens[0], len(far.front.seen()) + tokens[1]] == [8 + 2, 14 + 2]


def test_anonymous_gets_a_token_without_credentials(sync, guarded, src, dst, both, at_target, repo):
    near = guarded(anonymous=("pull",))
    picture = near.client.push(images.image(repo), repo, "v1")
    result = sync({f"{near.host}/{repo}:v1": f"{dst.host}/{repo}"}, {**both, **run.insecure(near.front)})
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert [(each.user, each.status) for each in near.server.asked()] == [(None, 200)]


def test_access_token_is_as_good_as_token(sync, guarded, dst, both, at_target, repo):
    near = guarded(anonymous=("pull",), expires_in=None)
    near.server.field = "access_token"
    near.client.push(images.image(repo), repo, "v1")
    assert sync({f"{near.host}/{repo}:v1": f"{dst.host}/{repo}"}, {**both, **run.insecure(near.front)}).code == 0
    assert at_target.tags(repo) == ["v1"]


@pytest.mark.long
def test_a_token_that_dies_early_is_renewed(runner, guarded, repo):
    from lib import proxy
    password = runner.secret("right-word-7")
    near, far = (guarded(name, users={"robot": password}, expires_in=3600, life=2) for name in ("near", "far"))
    picture = near.client.push(images.image(repo, layers=2), repo, "v1")
    near.front.rule("GET", "/blobs/", proxy.Delay(3.2))
    far.front.rule("PUT", "/manifests/", proxy.Delay(3.2))
    result = runner.sync({f"{near.host}/{repo}:v1": f"{far.host}/{repo}"},
                         {each.host: entry("robot", password) for each in (near, far)})
    assert result.code == 0
    assert far.client.closure(repo, "v1") == images.expected(picture)
    for side in (near, far):
        assert 401 in {each.status for each in side.front.seen()[2:]}, "the test must have hit an expired token"
        assert 2 <= len(side.server.asked()) <= 6


def test_a_short_promise_is_no_storm(runner, guarded, repo):
    password = runner.secret("right-word-7")
    near, far = (guarded(name, users={"robot": password}, expires_in=1, life=60) for name in ("near", "far"))
    picture = near.client.push(images.multi(repo), repo, "v1")
    result = runner.sync({f"{near.host}/{repo}:v1": f"{far.host}/{repo}"},
                         {each.host: entry("robot", password) for each in (near, far)})
    assert result.code == 0
    assert far.client.closure(repo, "v1") == images.expected(picture)
    assert len(near.server.asked()) == 1 and len(far.server.asked()) == 1


def test_lost_connections_do_not_change_the_scheme(runner, guarded, src, from_source, repo):
    """It has told over http where its tokens are. As an https registry it could not send anybody there."""
    password = runner.secret("right-word-7")
    far = guarded(users={"robot": password})
    picture = from_source.push(images.image(repo), repo, "v1")
    far.front.rule("HEAD", "/manifests/", proxy.Reset(), skip=1, times=4)
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, {**run.insecure(src), far.host: entry("robot", password)})
    assert result.code == 0
    assert far.client.closure(repo, "v1") == images.expected(picture)
    assert len(far.front.seen("HEAD", path="/manifests/v1")) == 6, "401, four lost, one answered"


@pytest.mark.parametrize("allowed, taken", ((("pull", "push", "delete"), 3), (("pull", "push"), 0)), ids=("may-delete", "may-not"))
def test_uploads_that_are_given_up(runner, guarded, src, from_source, repo, allowed, taken):
    """docker-registry wants a token for "delete" before it takes an upload back; who has none leaves it to the registry."""
    password = runner.secret("right-word-7")
    far = guarded(users={"robot": password}, allowed=allowed)
    from_source.push(images.image(repo, layers=2), repo, "v1")
    far.front.rule("PUT", "/blobs/uploads/", proxy.Status(403), times=99)
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, {**run.insecure(src), far.host: entry("robot", password)})
    assert result.code == 1
    cancelled = [each.status for each in far.front.seen("DELETE", "upload")]
    assert len(far.front.seen("POST", "upload")) == 3 and cancelled.count(204) == taken and len(cancelled) <= 6
    assert len(far.server.asked()) <= 2, "one token to push, one to delete"


def test_a_token_without_push_is_denied(runner, guarded, src, from_source, repo):
    password = runner.secret("right-word-7")
    far = guarded(users={"robot": password}, allowed=("pull",))
    from_source.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, {**run.insecure(src), far.host: entry("robot", password)})
    assert result.code == 1
    assert result.image(f"{far.host}/{repo}:v1")["error"]["kind"] == "denied"
    assert len(far.server.asked()) <= 4, "a refusal is not retried for ever"


def test_a_token_server_that_refuses_the_password(runner, guarded, src, from_source, repo):
    wrong = runner.secret("wrong-word-3")
    far = guarded(users={"robot": "right-word-7"})
    from_source.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, {**run.insecure(src), far.host: entry("robot", wrong)},
                         flags=["--debug"])
    assert result.code == 1
    assert result.image(f"{far.host}/{repo}:v1")["error"]["kind"] == "denied"
    assert far.registry.repositories() == []
