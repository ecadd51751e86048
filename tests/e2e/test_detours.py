"""A registry sends us on to others, which send us on again: who gets the login, and whose word counts."""

import pytest

from lib import images, proxy, run
from lib.scripted import Scripted
from test_login import basic, guarded  # noqa: F401  (a fixture)

ONCE = ["--retries", "0"]


@pytest.fixture
def elsewhere():
    """A server of somebody else, where blobs lie."""
    with Scripted(addresses=("127.0.0.2",)) as made:
        yield made


@pytest.fixture
def locked(registries, proxies):
    """A registry that wants a login for everything, watched."""
    return proxies(registries("locked", users={"robot": "right-word-7"}), name="locked")


def login(runner, door, elsewhere):
    return {door.host: {"username": "robot", "password": runner.secret("right-word-7"), "insecure": True}, **run.insecure(elsewhere)}


def sent_on(door, elsewhere):
    door.rule("GET", "/blobs/", proxy.Respond(lambda request: (307, {"Location": f"http://{elsewhere.host}{request.path}"}, b"")), times=None)


def test_no_login_behind_a_detour(runner, locked, dst, from_source, repo, elsewhere):
    """registry -> third party -> registry: at a path of the third party's choice our login would be a tool in its hands."""
    images.Client(locked.registry, basic("robot", "right-word-7")).push(images.image(repo), repo, "v1")
    sent_on(locked, elsewhere)
    elsewhere.hook = lambda request: (307, {"Location": f"http://{locked.host}/v2/{repo}/private/list"}, b"")
    result = runner.sync({f"{locked.host}/{repo}:v1": f"{dst.host}/{repo}"}, {**login(runner, locked, elsewhere), **run.insecure(dst)},
                         flags=ONCE)
    assert result.code == 1
    chosen = locked.seen(path="/private/list")
    assert chosen and not any("authorization" in each.headers for each in chosen)
    assert all("authorization" in each.headers for each in locked.seen("GET", kind="blob"))
    assert elsewhere.seen() and not any("Authorization" in each.headers for each in elsewhere.seen())


def test_a_redirect_within_the_registry_keeps_the_login(runner, locked, dst, at_target, repo, elsewhere):
    picture = images.Client(locked.registry, basic("robot", "right-word-7")).push(images.image(repo), repo, "v1")
    locked.rule("GET", "/blobs/sha256:[0-9a-f]+$", proxy.Respond(lambda request: (307, {"Location": request.path + "?again"}, b"")),
                times=None)
    result = runner.sync({f"{locked.host}/{repo}:v1": f"{dst.host}/{repo}"}, {**login(runner, locked, elsewhere), **run.insecure(dst)},
                         flags=ONCE)
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)


@pytest.mark.parametrize("challenge", ('Bearer realm="http://{}/token",service="x"', 'Basic realm="x"'), ids=("bearer", "basic"))
def test_only_the_registry_teaches_how_to_log_in(runner, guarded, dst, at_target, repo, elsewhere, challenge):  # noqa: F811
    """The place a blob was said to be at wants a login, once: nobody asks there for a token, and the registry's own way still holds."""
    near = guarded(users={"robot": "right-word-7"})
    pictures = {tag: near.client.push(images.image(f"{repo}/{tag}"), repo, tag) for tag in ("v1", "v2")}
    places = {tag: f"{dst.host}/{repo}:{tag}" for tag in pictures}
    near.front.rule("GET", "/blobs/", proxy.Respond(
        lambda request: (307, {"Location": f"http://{elsewhere.host}{request.path}"}, b"")), times=1)
    elsewhere.hook = lambda request: (401, {"WWW-Authenticate": challenge.format(elsewhere.host)}, b"")
    auth = {near.host: {"username": "robot", "password": runner.secret("right-word-7"), "insecure": True}, **run.insecure(dst, elsewhere)}
    result = runner.sync({f"{near.host}/{repo}:v1,v2": f"{dst.host}/{repo}"}, auth, flags=["--proc", "1", *ONCE])
    assert result.statuses() == {places["v1"]: "failed", places["v2"]: "copied"}
    assert at_target.closure(repo, "v2") == images.expected(pictures["v2"])
    assert [each.kind for each in elsewhere.seen()] == ["blob"], "it was asked for a token"
    assert not any("Authorization" in each.headers for each in elsewhere.seen())
    assert {each.user for each in near.server.asked()} == {"robot"}
    assert not any(each.headers.get("authorization", "").startswith("Basic") for each in near.front.seen())


def test_a_401_of_another_server_says_so(runner, locked, dst, repo, elsewhere):
    images.Client(locked.registry, basic("robot", "right-word-7")).push(images.image(repo), repo, "v1")
    sent_on(locked, elsewhere)
    elsewhere.hook = lambda request: (401, {"WWW-Authenticate": 'Basic realm="x"'}, b"the link has expired")
    result = runner.sync({f"{locked.host}/{repo}:v1": f"{dst.host}/{repo}"}, {**login(runner, locked, elsewhere), **run.insecure(dst)},
                         flags=ONCE)
    assert result.code == 1
    message = result.image(f"{dst.host}/{repo}:v1")["error"]["message"]
    assert "redirected to" in message and "the link has expired" in message and "refused the login" not in message
