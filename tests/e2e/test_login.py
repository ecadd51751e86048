"""Who we are: identity tokens, Google's and Amazon's ways, registries that do not say how to log in, and what a refusal tells."""

import base64
import json

import pytest

from lib import images, proxy, run, tokens
from lib.cloud import EcrApi
from lib.forward import ForwardProxy

pytestmark = pytest.mark.concurrency
NOBODY = "00000000-0000-0000-0000-000000000000"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GAR = "europe-docker.pkg.dev"


def basic(user, password):
    text = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return lambda repo: text


@pytest.fixture
def forward():
    """forward(places, users=None) starts a forward proxy for this test."""
    started = []

    def start(places=None, users=None):
        started.append(ForwardProxy(places, users))
        return started[-1]

    yield start
    for each in started:
        each.stop()


# -- identity tokens ----------------------------------------------------------------------------------------------------------

class Guarded:
    def __init__(self, server, registry, front):
        self.server, self.registry, self.front, self.host = server, registry, front, front.host
        self.client = images.Client(registry, server.bearer)


@pytest.fixture
def guarded(registries, token_servers, proxies):
    """guarded(**TokenServer's arguments): a registry with a token server, watched."""
    def start(**more):
        server = token_servers(**more)
        started = registries("guarded", token=server)
        return Guarded(server, started, proxies(started, name="guarded"))

    return start


def azure(word):
    """An identity token as Azure wants it written."""
    return {"username": NOBODY, "password": word, "insecure": True}


def test_an_identity_token_goes_by_post(runner, guarded, src, from_source, repo):
    word = runner.secret("refresh-word-5", NOBODY)
    far = guarded(identities={word: "robot"})
    picture = from_source.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, {**run.insecure(src), far.host: azure(word)},
                         flags=["--debug"])
    assert result.code == 0
    assert far.client.closure(repo, "v1") == images.expected(picture)
    asked = far.server.asked()
    assert [(each.method, each.user, each.status) for each in asked] == [("POST", "robot", 200)]
    assert asked[0].form == {"grant_type": "refresh_token", "service": far.server.service, "client_id": "image-syncer",
                             "scope": f"repository:{repo}:pull,push"}
    assert "another-refresh-token" not in result.stderr
    assert not any(each.headers.get("authorization") == "Basic" for each in far.front.seen())


def test_several_scopes_are_one_parameter_of_a_post(runner, guarded, repo):
    word = runner.secret("refresh-word-5", NOBODY)
    far = guarded(identities={word: "robot"})
    picture = far.client.push(images.image(repo), f"{repo}/a", "v1")
    result = runner.sync({f"{far.host}/{repo}/a:v1": f"{far.host}/{repo}/b"}, {far.host: azure(word)})
    assert result.code == 0
    assert far.client.closure(f"{repo}/b", "v1") == images.expected(picture)
    assert f"repository:{repo}/b:pull,push repository:{repo}/a:pull" in {each.form["scope"] for each in far.server.asked()}


@pytest.mark.parametrize("status", (400, 401, 404, 405))
def test_a_server_without_oauth_gets_the_token_by_get(runner, guarded, src, from_source, repo, status):
    word = runner.secret("refresh-word-5", NOBODY)
    far = guarded(users={NOBODY: word}, oauth=status)
    from_source.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, {**run.insecure(src), far.host: azure(word)})
    assert result.code == 0
    assert far.client.tags(repo) == ["v1"]
    assert [(each.method, each.status) for each in far.server.asked()] == [("POST", status), ("GET", 200)]


@pytest.mark.parametrize("oauth", (False, 400))
def test_a_wrong_identity_token_is_denied(runner, guarded, src, from_source, repo, oauth):
    word = runner.secret("refresh-word-6", NOBODY)
    far = guarded(identities={"refresh-word-5": "robot"}, oauth=oauth)
    from_source.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, {**run.insecure(src), far.host: azure(word)},
                         flags=["--debug", "--retries", "0"])
    assert result.code == 1
    error = result.image(f"{far.host}/{repo}:v1")["error"]
    assert error["kind"] == "denied"
    assert "auth-1.yaml:" in error["message"] and far.host in error["message"] and repo in error["message"]
    assert len(far.server.asked()) == 2, "once by POST, once by GET"


# -- Google -------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("form", ("oauth2", "json_key"))
def test_google_keys(runner, registries, certs, forward, dst, at_target, repo, form):
    key = json.dumps({"type": "service_account", "project_id": "x"})
    runner.secret(key, "_json_key")
    held = registries("google", users={"_json_key": key}, certs=certs)
    picture = images.Client(held, basic("_json_key", key)).push(images.image(repo), repo, "v1")
    wrapped = runner.secret(base64.b64encode(key.encode()).decode())
    login = {"username": "_oauth2_", "password": wrapped} if form == "oauth2" else {"username": "_json_key", "password": key}
    way = forward({f"{GAR}:443": held.port})
    result = runner.sync({f"{GAR}/{repo}:v1": f"{dst.host}/{repo}"},
                         {**run.insecure(dst), GAR: {**login, "insecure": True, "expandenv": False}},
                         flags=["--debug"], env=way.environment())
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_a_google_key_that_is_none(runner, registries, certs, forward, dst, repo):
    held = registries("google", users={"_json_key": "x"}, certs=certs)
    way = forward({f"{GAR}:443": held.port})
    result = runner.sync({f"{GAR}/{repo}:v1": f"{dst.host}/{repo}"},
                         {**run.insecure(dst), GAR: {"username": "_oauth2_", "password": "no-key-here", "insecure": True}},
                         env=way.environment())
    assert result.code == 1
    message = result.image(f"{dst.host}/{repo}:v1")["error"]["message"]
    assert "_oauth2_" in message and "auth-1.yaml:" in message


# -- Amazon -------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def ecr(request, runner, registries, certs, forward):
    """ecr(password, **EcrApi's arguments): (registry, API, environment); the registry stands at ECR's name."""
    started = []

    def start(password="cloud-word-1", **more):
        held = registries("ecr", users={"AWS": runner.secret(password, "AWS")}, certs=certs)
        api = EcrApi("test-access-key", runner.secret("test-secret-key-1"), **more)
        started.append(api)
        way = forward({f"{ECR}:443": held.port})
        return held, api, {**way.environment(), **api.environment()}

    yield start
    for each in started:
        each.stop()


@pytest.mark.parametrize("session", (None, "test-session-token"))
def test_ecr_with_the_keys_of_the_environment(runner, ecr, src, from_source, repo, session):
    held, api, env = ecr(session=session)
    pictures = {tag: from_source.push(images.image(f"{repo}/{tag}"), repo, tag) for tag in ("v1", "v2", "v3")}
    if session:
        runner.secret(session)
    result = runner.sync({f"{src.host}/{repo}:v1,v2,v3": f"{ECR}/{repo}"}, run.insecure(src, ECR), flags=["--debug"], env=env)
    assert api.wrong == []
    assert result.code == 0
    inside = images.Client(held, basic("AWS", "cloud-word-1"))
    for tag, picture in pictures.items():
        assert inside.closure(repo, tag) == images.expected(picture)
    assert api.calls == 1, "one login serves the whole run"


def test_an_ecr_login_that_is_refused_is_renewed_once(runner, ecr, dst, at_target, repo):
    held, api, env = ecr("cloud-word-2", passwords=("cloud-word-1", "cloud-word-2"))
    picture = images.Client(held, basic("AWS", "cloud-word-2")).push(images.image(repo), repo, "v1")
    result = runner.sync({f"{ECR}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(dst, ECR), env=env)
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert api.calls == 2


def test_an_ecr_login_that_stays_refused(runner, ecr, dst, repo):
    _, api, env = ecr("cloud-word-2", passwords=("cloud-word-1",))
    result = runner.sync({f"{ECR}/{repo}:{tag}": f"{dst.host}/{repo}:{tag}" for tag in ("v1", "v2", "v3")},
                         run.insecure(dst, ECR), flags=["--retries", "0"], env=env)
    assert result.code == 1
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert error["kind"] == "denied" and ECR in error["message"] and "AWS_ACCESS_KEY_ID" in error["message"]
    assert api.calls == 2, "asked again once, not for every image"


def test_wrong_aws_keys_are_denied(runner, ecr, dst, repo):
    _, api, env = ecr()
    env["AWS_SECRET_ACCESS_KEY"] = runner.secret("test-secret-key-2")
    result = runner.sync({f"{ECR}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(dst, ECR), flags=["--debug", "--retries", "0"],
                         env=env)
    assert result.code == 1
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert error["kind"] == "denied" and "refused the AWS keys" in error["message"]
    assert api.wrong == ["the signature does not fit"]


def test_an_explicit_login_comes_before_the_aws_keys(runner, ecr, dst, at_target, repo):
    held, api, env = ecr("given-word-1")
    picture = images.Client(held, basic("AWS", "given-word-1")).push(images.image(repo), repo, "v1")
    login = {"username": "AWS", "password": "given-word-1", "insecure": True}
    result = runner.sync({f"{ECR}/{repo}:v1": f"{dst.host}/{repo}"}, {**run.insecure(dst), ECR: login}, env=env)
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert api.calls == 0


def test_aws_keys_are_for_ecr_only(runner, ecr, registries, proxies, dst, repo):
    _, api, env = ecr()
    locked = proxies(registries("locked", users={"robot": "right-word-7"}))
    result = runner.sync({f"{locked.host}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(dst, locked), env=env)
    assert result.code == 1
    assert api.calls == 0
    assert not any("authorization" in each.headers for each in locked.seen())


# -- registries with habits ---------------------------------------------------------------------------------------------------

def test_a_401_without_a_challenge_is_looked_up_once(runner, guarded, dst, at_target, repo):
    password = runner.secret("right-word-7")
    near = guarded(users={"robot": password})
    for tag in ("v1", "v2"):
        near.client.push(images.image(f"{repo}/{tag}"), repo, tag)
    near.front.rule("HEAD|GET", "/manifests/", proxy.Header("WWW-Authenticate", None), times=None)
    result = runner.sync({f"{near.host}/{repo}:v1,v2": f"{dst.host}/{repo}"},
                         {**run.insecure(dst), near.host: {"username": "robot", "password": password, "insecure": True}})
    assert result.code == 0
    assert sorted(at_target.tags(repo)) == ["v1", "v2"]
    assert len(near.front.seen(kind="ping")) == 1
    assert not any("authorization" in each.headers for each in near.front.seen(kind="ping"))


def test_a_401_that_is_never_explained_is_denied(runner, src, dst, both, repo):
    src.rule("*", "/manifests/", proxy.Status(401), times=None)
    result = runner.sync({f"{src.host}/{repo}:{tag}": f"{dst.host}/{repo}:{tag}" for tag in ("v1", "v2")}, both,
                         flags=["--retries", "0"])
    assert result.code == 1
    assert result.image(f"{dst.host}/{repo}:v1")["error"]["kind"] == "denied"
    assert len(src.seen(kind="ping")) == 1


def test_a_403_for_what_is_missing_at_the_target_is_no_end(sync, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    dst.rule("HEAD|GET", "/manifests/v1", proxy.Status(403), times=2)
    dst.rule("HEAD", "/blobs/", proxy.Status(403), times=None)
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_a_403_at_the_target_ends_with_the_answer_to_the_push(sync, src, dst, both, from_source, at_target, repo):
    from_source.push(images.image(repo), repo, "v1")
    body = json.dumps({"errors": [{"code": "DENIED", "message": "no such project"}]}).encode()
    dst.rule("*", ".", proxy.Status(403, body=body), times=None)
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--retries", "0"])
    assert result.code == 1
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert error["kind"] == "denied"
    for word in (dst.host, repo, "no such project", "blob"):
        assert word in error["message"]
    assert dst.writes() != []


def test_a_403_at_the_source_is_an_end(sync, src, dst, both, repo):
    src.rule("*", "/manifests/", proxy.Status(403), times=None)
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--retries", "0"])
    assert result.code == 1
    message = result.image(f"{dst.host}/{repo}:v1")["error"]["message"]
    assert "anonymous" in message and "auth file" in message


def test_a_refusal_names_login_repository_and_scope(runner, guarded, src, from_source, repo):
    password = runner.secret("right-word-7")
    far = guarded(users={"robot": password}, allowed=("pull",))
    from_source.push(images.image(repo), repo, "v1")
    login = {"username": "robot", "password": password, "insecure": True}
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, {**run.insecure(src), far.host: login},
                         flags=["--retries", "0"])
    assert result.code == 1
    message = result.image(f"{far.host}/{repo}:v1")["error"]["message"]
    for word in (far.host, f"repository:{repo}:pull,push", "auth-1.yaml:", "may this login push"):
        assert word in message


# -- tokens and clocks ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("issued", ("2001-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "yesterday"))
def test_when_a_token_was_issued_is_the_servers_business(runner, guarded, dst, both, repo, issued):
    near = guarded(anonymous=("pull",))
    near.server.issued_at = issued
    for tag in ("v1", "v2", "v3"):
        near.client.push(images.image(f"{repo}/{tag}"), repo, tag)
    result = runner.sync({f"{near.host}/{repo}:v1,v2,v3": f"{dst.host}/{repo}"}, {**both, **run.insecure(near)}, flags=["--retries", "0"])
    assert result.code == 0
    assert len(near.server.asked(repo)) == 1, "a token is as old as we have it"


def test_a_token_that_dies_while_a_blob_is_sent(runner, guarded, src, from_source, repo):
    """The registry takes all of the body and then finds that the token is over: that request alone is sent again."""
    word = runner.secret("right-word-7")
    far = guarded(users={"robot": word})
    picture = from_source.push(images.image(repo, layers=2), repo, "v1")
    challenge = f'Bearer realm="{far.server.realm}",service="{far.server.service}",scope="repository:{repo}:pull,push"'
    rule = far.front.rule("PUT", "/blobs/uploads/", proxy.Status(401, {"WWW-Authenticate": challenge}))
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"},
                         {**run.insecure(src), far.host: {"username": "robot", "password": word, "insecure": True}}, flags=["--retries", "0"])
    assert rule.hits == 1 and result.code == 0, result
    assert far.client.closure(repo, "v1") == images.expected(picture)
    pushing = [each for each in far.server.asked(repo) if "push" in str(each.scopes)]
    assert len(pushing) == 2, "one token at first, one when it was refused"
    assert len(far.front.uploads()) == len(picture.blobs) + 1


def test_the_scope_grammar_of_the_harness():
    assert tokens.parse_scope("repository:host:5000/a/b:pull,push") == ("repository", "host:5000/a/b", ["pull", "push"])
