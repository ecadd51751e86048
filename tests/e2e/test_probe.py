"""`image-syncer probe`: what a person is told about a registry, and about one that cannot be used."""

import json
import re
import socket

import pytest

from lib import images, proxy, run, schemas
from lib.registry import free_port
from lib.scripted import Scripted
from test_login import basic, forward, guarded  # noqa: F401  (fixtures)


@pytest.fixture
def probe(runner):
    """probe(target, auth, flags) runs it once in each form: the text, and what JSON says of the only target."""
    def start(target, auth=None, flags=(), env=None, code=0):
        words = [runner.binary, "probe", target, *flags, *(["--auth", runner.write("auth.yaml", auth)] if auth is not None else [])]
        text = runner.run(words, env=env)
        assert text.code == code, text
        assert len(text.stdout.splitlines()) <= 14, text
        made = runner.run([*words, "--format", "json"], env=env)
        assert made.code == code, made
        document = json.loads(made.stdout)
        assert schemas.problems("probe", document) == [], made
        only, = document["targets"]
        assert only["target"] == target
        return text.stdout, only

    return start


def rows(text):
    """The lines of a report by their names."""
    return {line[2:11].strip(): line[12:] for line in text.splitlines()[1:]}


def test_plain_http(probe, src, from_source, repo):
    for tag in ("v1", "latest", "v2"):
        from_source.push(images.image(repo), repo, tag)
    text, found = probe(f"{src.host}/{repo}", run.insecure(src))
    assert rows(text)["TLS"] == "none: plain http" and rows(text)["read"] == "possible"
    assert found["scheme"] == "http" and found["address"] == src.host
    assert found["login"] == {"challenge": "none", "sent": False, "accepted": True}
    assert (found["tags"], found["tag"], found["tag_requests"], found["reads"]) == (3, "latest", 1, True)
    assert "pushes" not in found and src.writes() == []


def test_https(probe, registries, certs, repo):
    secure = registries("secure", certs=certs)
    images.Client(secure).push(images.image(repo), repo, "v1")
    text, found = probe(f"{secure.host}/{repo}", {secure.host: {"ca": certs.ca}})
    assert rows(text)["TLS"].startswith("1.3, TLS_" if run.ENGINE == "openssl" else "1.2, ECDHE-")
    assert re.search(r"localhost.* until \d{4}-\d\d-\d\d \(\d+ days\) < ", rows(text)["chain"])
    assert found["tls"]["checked"] and found["tls"]["version"] == ("1.3" if run.ENGINE == "openssl" else "1.2")
    assert "localhost" in found["tls"]["certificates"][0]["names"]
    assert found["reads"] and found["address"] == secure.host


@pytest.mark.parametrize("cert, words", (("expired", "has expired"), ("other", "for other names"), ("server", "certificate")), ids=("expired", "name", "authority"))
def test_why_a_certificate_is_not_accepted(probe, registries, certs, repo, cert, words):
    """The chain is shown even then: it says what is wrong with it."""
    server = registries(f"bad-{cert}", certs=certs, cert=cert)
    env = {} if cert == "server" else {"SSL_CERT_FILE": certs.ca}
    text, found = probe(f"{server.host}/{repo}", env=env, code=1)
    assert not found["reads"] and "login" not in found
    assert words in found["error"] and rows(text)["error"] == found["error"]
    assert found["tls"]["certificates"][0]["subject"] and found["address"] == server.host
    assert ("EXPIRED" in rows(text)["chain"]) == (cert == "expired")


def test_insecure_is_said(probe, registries, certs, repo):
    server = registries("any", certs=certs)
    images.Client(server).push(images.image(repo), repo, "v1")
    text, found = probe(f"{server.host}/{repo}", run.insecure(server))
    assert "not checked" in rows(text)["TLS"] and not found["tls"]["checked"]


def test_a_port_that_speaks_no_tls(probe, src, repo):
    _, found = probe(f"{src.host.replace('127.0.0.1', '0.0.0.0')}/{repo}", code=1)
    assert "TLS" in found["error"] and not found["reads"]


def test_nobody_listens(probe):
    port = free_port()
    _, found = probe(f"127.0.0.1:{port}/x/y", code=1)
    assert str(port) in found["error"] and "login" not in found


def test_a_name_that_does_not_exist(probe):
    text, found = probe("registry.invalid/x/y", code=1)
    assert "registry.invalid" in found["error"] and "address" not in found
    assert list(rows(text)) == ["error"]


def test_no_registry(probe):
    with Scripted() as other:
        other.hook = lambda request: (404, {}, b"not here")
        _, found = probe(f"{other.host}/x/y", run.insecure(other.host), code=1)
    assert "does not answer as a registry" in found["error"]


# -- logins -------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def door(registries):
    return registries("door", users={"robot": "door-word-1"})


def test_a_login_by_password(probe, runner, door, repo):
    word = runner.secret("door-word-1")
    images.Client(door, basic("robot", word)).push(images.image(repo), repo, "v1")
    text, found = probe(f"{door.host}/{repo}", {door.host: {"username": "robot", "password": word, "insecure": True}})
    assert rows(text)["asks for"] == "user name and password"
    assert re.fullmatch(r"robot, from .*auth.yaml:1:1, accepted", rows(text)["login"])
    assert found["login"]["challenge"] == "basic" and found["login"]["sent"] and found["reads"]


@pytest.mark.parametrize("target", ("{host}/{repo}", "{host}"), ids=("repository", "registry"))
def test_a_wrong_password(probe, runner, door, repo, target):
    word = runner.secret("wrong-word-7")
    text, found = probe(target.format(host=door.host, repo=repo), {door.host: {"username": "robot", "password": word, "insecure": True}}, code=1)
    assert re.search(r"refused the user name or password of \S*auth\.yaml:1:1", found["error"])
    assert "accepted" not in rows(text)["login"] and not found["reads"]


def test_a_login_for_the_whole_registry(probe, runner, door):
    word = runner.secret("door-word-1")
    _, found = probe(door.host, {door.host: {"username": "robot", "password": word, "insecure": True}})
    assert found["reads"] and "tags" not in found


def test_nobody_without_a_login(probe, door, repo):
    text, found = probe(f"{door.host}/{repo}", run.insecure(door), code=1)
    assert rows(text)["login"] == "none, anonymous"
    assert "add a login for it to the auth file" in found["error"]


def test_tokens(probe, runner, guarded, repo):  # noqa: F811
    word = runner.secret("token-word-3")
    far = guarded(users={"robot": word})
    far.client.push(images.image(repo), repo, "v1")
    text, found = probe(f"{far.host}/{repo}", {far.host: {"username": "robot", "password": word, "insecure": True}})
    assert found["login"]["challenge"] == "bearer" and found["login"]["scope"] == f"repository:{repo}:pull"
    assert found["login"]["token_server"] in rows(text)["asks for"]
    assert found["first_tag_requests"] >= found["tag_requests"] == 1
    assert not any("push" in str(each.scopes) for each in far.server.asked())


def test_a_token_server_that_refuses(probe, runner, guarded, repo):  # noqa: F811
    far = guarded(users={"robot": "another-word-3"})
    word = runner.secret("token-word-4")
    _, found = probe(f"{far.host}/{repo}", {far.host: {"username": "robot", "password": word, "insecure": True}}, code=1)
    assert "refused the user name or password" in found["error"] and found["login"]["sent"]


# -- pushing ------------------------------------------------------------------------------------------------------------------

def test_a_push_leaves_nothing(probe, dst, at_target, repo):
    at_target.push(images.image(repo), repo, "v1")
    text, found = probe(f"{dst.host}/{repo}", run.insecure(dst), flags=["--write"])
    assert found["pushes"] and found["reads"] and "cancelled" in rows(text)["push"]
    begun, ended = dst.seen("POST"), dst.seen("DELETE")
    assert len(begun) == len(ended) == 2 and dst.seen("PUT") == dst.seen("PATCH") == []
    assert at_target.tags(repo) == ["v1"]


def test_a_login_that_may_only_pull(probe, runner, guarded, repo):  # noqa: F811
    word = runner.secret("pull-word-1")
    far = guarded(users={"robot": word}, allowed=("pull",))
    images.Client(far.registry, lambda name: "Bearer " + far.server.mint([{"type": "repository", "name": name, "actions": ["pull", "push"]}])).push(
        images.image(repo), repo, "v1")
    auth = {far.host: {"username": "robot", "password": word, "insecure": True}}
    _, found = probe(f"{far.host}/{repo}", auth, flags=["--write"], code=1)
    assert found["reads"] and not found["pushes"] and "push" in found["error"]
    assert probe(f"{far.host}/{repo}", auth)[1]["reads"]


# -- what it costs ------------------------------------------------------------------------------------------------------------

def test_limits_are_shown(probe, src, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    src.rule("GET|HEAD", "/manifests/", proxy.Header("ratelimit-remaining", "76;w=21600"), times=None)
    text, found = probe(f"{src.host}/{repo}", run.insecure(src))
    assert found["limits"] == {"ratelimit-remaining": "76;w=21600"}
    assert rows(text)["limits"] == "ratelimit-remaining: 76;w=21600"


def test_a_limit_that_is_reached_is_not_waited_for(probe, src, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    src.rule("GET|HEAD", "/manifests/|/tags/", proxy.Status(429, {"Retry-After": "21600"}, b""), times=None)
    _, found = probe(f"{src.host}/{repo}", run.insecure(src), code=1)
    assert found["limits"]["retry-after"] == "21600" and "429" in found["error"]


def test_a_tag_that_is_not_there(probe, src, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    _, found = probe(f"{src.host}/{repo}:v2", run.insecure(src), code=1)
    assert "has no tag v2" in found["error"] and found["login"]["accepted"]
    assert probe(f"{src.host}/{repo}:v1", run.insecure(src))[1]["tag"] == "v1"


def test_a_repository_that_is_not_there(probe, src, repo):
    _, found = probe(f"{src.host}/{repo}", run.insecure(src), code=1)
    assert "does the repository exist" in found["error"]


def test_hostile_words_are_made_harmless(probe):
    with Scripted() as bad:
        bad.hook = lambda request: (401, {"WWW-Authenticate": 'Bearer realm="https://127.0.0.1:1/\x1b[31m",service="a"'}, b'{"errors": []}')
        probe(f"{bad.host}/x/y", run.insecure(bad.host), code=1)


# -- proxies ------------------------------------------------------------------------------------------------------------------

def test_a_proxy_is_named_without_its_password(probe, runner, registries, certs, forward, repo):  # noqa: F811
    secure = registries("behind", certs=certs)
    images.Client(secure).push(images.image(repo), repo, "v1")
    word = runner.secret("proxy-word-1")
    way = forward(users={"robot": word})
    text, found = probe(f"{secure.host}/{repo}", {secure.host: {"ca": certs.ca, "proxy": way.url(f"robot:{word}")}})
    assert found["proxy"] == way.url() == rows(text)["proxy"]
    assert found["address"] == f"127.0.0.1:{way.port}" and found["reads"]


def test_a_proxy_that_refuses(probe, registries, certs, forward, repo):  # noqa: F811
    secure = registries("behind", certs=certs)
    way = forward(users={"robot": "proxy-word-2"})
    _, found = probe(f"{secure.host}/{repo}", {secure.host: {"ca": certs.ca, "proxy": way.url()}}, code=1)
    assert "proxy" in found["error"] and "407" in found["error"]


# -- several, and none --------------------------------------------------------------------------------------------------------

def test_several_registries_fail_if_one_does(runner, src, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    words = [runner.binary, "probe", f"{src.host}/{repo}", f"127.0.0.1:{free_port()}/x/y", "--auth", runner.write("auth.yaml", run.insecure(src))]
    result = runner.run(words)
    assert result.code == 1
    assert [line for line in result.stdout.splitlines() if not line.startswith(" ")] == words[2:4]


@pytest.mark.parametrize("words, said", (
    ([], "name a registry"),
    (["nginx"], "is not a host"),
    (["r.io/A"], "must be lowercase"),
    (["https://r.io/a"], "no scheme"),
    (["r.io/a", "--format", "xml"], "expected text or json"),
), ids=("none", "image", "case", "scheme", "format"))
def test_a_wrong_command_line(runner, words, said):
    result = runner.run([runner.binary, "probe", *words])
    assert result.code == 2 and said in result.stderr and result.stdout == ""


def test_a_silent_server_is_given_up(probe):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = "127.0.0.1:%d" % silent.getsockname()[1]
        probe(f"{host}/x/y", run.insecure(host), flags=["--timeout", "3s"], code=1)
