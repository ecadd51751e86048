"""How a registry is reached: its own CA, its own proxy, its mirrors; and logins out of a credential helper."""

import json
import os
import time

import pytest

from lib import certs as certificates
from lib import images, proxy, run
from lib.forward import BadProxy
from lib.registry import free_port
from test_login import basic, forward, guarded  # noqa: F401  (fixtures)

pytestmark = pytest.mark.concurrency


# -- an identity token as a field ---------------------------------------------------------------------------------------------

def test_the_field_token(runner, guarded, src, from_source, repo):
    word = runner.secret("refresh-word-5")
    far = guarded(identities={word: "robot"})
    picture = from_source.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"},
                         {**run.insecure(src), far.host: {"token": word, "insecure": True}}, flags=["--debug"])
    assert result.code == 0
    assert far.client.closure(repo, "v1") == images.expected(picture)
    assert [(each.method, each.user) for each in far.server.asked()] == [("POST", "robot")]


# -- certificate authorities --------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def other_certs():
    """A second private CA, unknown to the first one's friends."""
    made = certificates.Certs()
    yield made
    made.remove()


def test_a_ca_for_each_side(sync, registries, certs, other_certs, repo):
    near, far = registries("near", certs=certs), registries("far", certs=other_certs)
    picture = images.Client(near).push(images.multi(repo, platforms=2), repo, "v1")
    result = sync({f"{near.host}/{repo}:v1": f"{far.host}/{repo}"}, {near.host: {"ca": certs.ca}, far.host: {"ca": other_certs.ca}})
    assert result.code == 0
    assert images.Client(far).closure(repo, "v1") == images.expected(picture)


def test_the_ca_of_one_registry_is_not_trusted_at_another(sync, registries, certs, other_certs, repo):
    near, far = registries("near", certs=certs), registries("far", certs=other_certs)
    images.Client(near).push(images.image(repo), repo, "v1")
    for auth in ({near.host: {"ca": certs.ca}}, {near.host: {"ca": certs.ca}, far.host: {"ca": certs.ca}}):
        result = sync({f"{near.host}/{repo}:v1": f"{far.host}/{repo}"}, auth, flags=["--retries", "0"])
        assert result.code == 1
        assert "certificate" in result.image(f"{far.host}/{repo}:v1")["error"]["message"]
    assert far.repositories() == []


def test_a_ca_takes_the_place_of_the_usual_ones(sync, registries, certs, other_certs, dst, repo):
    near = registries("near", certs=certs)
    images.Client(near).push(images.image(repo), repo, "v1")
    result = sync({f"{near.host}/{repo}:v1": f"{dst.host}/{repo}"}, {near.host: {"ca": other_certs.ca}, **run.insecure(dst)},
                  flags=["--retries", "0"], env={"SSL_CERT_FILE": certs.ca})
    assert result.code == 1
    assert "certificate" in result.image(f"{dst.host}/{repo}:v1")["error"]["message"]


def test_two_entries_of_one_host_trust_for_themselves(sync, registries, certs, other_certs, dst, at_target, repo):
    """Neither a connection nor a TLS session of the trusting entry may serve the other."""
    near = registries("near", certs=certs)
    for name in ("good", "bad"):
        images.Client(near).push(images.image(f"{repo}/{name}"), f"{repo}/{name}", "v1")
    rules = {f"{near.host}/{repo}/{name}:v1": f"{dst.host}/{repo}/{name}" for name in ("good", "bad")}
    auth = {near.host: {"ca": certs.ca}, f"{near.host}/{repo}/bad": {"ca": other_certs.ca}, **run.insecure(dst)}
    result = sync(rules, auth, flags=["--proc", "1", "--retries", "0"])
    assert result.statuses() == {f"{dst.host}/{repo}/good:v1": "copied", f"{dst.host}/{repo}/bad:v1": "failed"}


def test_the_token_server_of_a_registry_has_its_ca(runner, registries, token_servers, certs, dst, at_target, repo):
    server = token_servers(anonymous=("pull",), context=certs.server_context())
    near = registries("near", token=server, certs=certs)
    picture = images.Client(near, server.bearer).push(images.image(repo), repo, "v1")
    result = runner.sync({f"{near.host}/{repo}:v1": f"{dst.host}/{repo}"}, {near.host: {"ca": certs.ca}, **run.insecure(dst)})
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)


# -- proxies ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("secure", (False, True), ids=("http", "https"))
def test_a_proxy_for_one_registry(runner, registries, certs, forward, src, from_source, repo, secure):
    far = registries("far", certs=certs if secure else None)
    picture = from_source.push(images.image(repo), repo, "v1")
    word = runner.secret("proxy-word-4", "walker")
    way = forward(users={"walker": word})
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"},
                         {**run.insecure(src), far.host: {"insecure": True, "proxy": way.url(f"walker:{word}")}}, flags=["--debug"])
    assert result.code == 0
    assert images.Client(far).closure(repo, "v1") == images.expected(picture)
    assert set(way.targets) == {far.host} and src.seen() != []


def test_a_proxy_reaches_what_we_cannot(sync, registries, certs, forward, dst, at_target, repo):
    near = registries("near", certs=certs)
    picture = images.Client(near).push(images.image(repo), repo, "v1")
    way = forward({"hidden.test:443": near.port})
    result = sync({f"hidden.test/{repo}:v1": f"{dst.host}/{repo}"},
                  {**run.insecure(dst), "hidden.test": {"insecure": True, "proxy": way.url()}},
                  env={"no_proxy": "*", "https_proxy": "http://127.0.0.1:9"})
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert set(way.targets) == {"hidden.test:443"}


def test_each_proxy_identity_has_its_own_connections(runner, registries, certs, forward, dst, at_target, repo):
    near = registries("near", certs=certs)
    ways = {"a": forward(users={"one": "proxy-word-1"}), "b": forward(users={"two": "proxy-word-2"})}
    auth = run.insecure(dst)
    for (name, way), user in zip(ways.items(), ("one:" + runner.secret("proxy-word-1"), "two:" + runner.secret("proxy-word-2"))):
        images.Client(near).push(images.image(f"{repo}/{name}"), f"{repo}/{name}", "v1")
        auth[f"{near.host}/{repo}/{name}"] = {"insecure": True, "proxy": way.url(user)}
    result = runner.sync({f"{near.host}/{repo}/{name}:v1": f"{dst.host}/{repo}/{name}" for name in ways}, auth,
                         flags=["--proc", "1"])
    assert result.code == 0
    assert all(way.targets and not way.refused for way in ways.values())


@pytest.mark.parametrize("secure", (False, True), ids=("http", "https"))
def test_a_proxy_that_refuses(runner, registries, certs, forward, dst, repo, secure):
    """Another try would be refused as well: it is said at once, and what to do."""
    near = registries("near", certs=certs if secure else None)
    word = runner.secret("proxy-word-9", "walker")
    way = forward(users={"walker": "proxy-word-4"})
    result = runner.sync({f"{near.host}/{repo}:v1": f"{dst.host}/{repo}"},
                         {**run.insecure(dst), near.host: {"insecure": True, "proxy": way.url(f"walker:{word}")}}, flags=["--debug"])
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert result.code == 1 and error["kind"] == "config"
    assert "407" in error["message"] and "http://USER:PASSWORD@HOST:PORT" in error["message"]
    assert way.targets == [] and 0 < way.refused <= 4


@pytest.mark.parametrize("status", (403, 405))
def test_a_proxy_that_forbids_the_way(sync, registries, certs, dst, repo, status):
    near = registries("near", certs=certs)
    way = BadProxy(status, 1000)
    result = sync({f"{near.host}/{repo}:v1": f"{dst.host}/{repo}"},
                  {**run.insecure(dst), near.host: {"insecure": True, "proxy": way.url()}})
    way.stop()
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert result.code == 1 and error["kind"] == "config" and f"HTTP {status}" in error["message"]
    assert way.failed <= 2


def test_the_token_server_is_asked_through_the_proxy(runner, guarded, forward, dst, at_target, repo):
    near = guarded(anonymous=("pull",))
    way = forward()
    picture = near.client.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{near.host}/{repo}:v1": f"{dst.host}/{repo}"},
                         {**run.insecure(dst), near.host: {"insecure": True, "proxy": way.url()}})
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert set(way.targets) == {near.host, near.server.realm.split("/")[2]}


@pytest.fixture
def bad_proxy():
    """bad_proxy(status, times)"""
    started = []

    def start(status, times):
        started.append(BadProxy(status, times))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def through(way, far, src):
    return {**run.insecure(src), far.host: {"insecure": True, "proxy": way if isinstance(way, str) else way.url()}}


@pytest.mark.parametrize("secure", (False, True), ids=("http", "https"))
@pytest.mark.parametrize("status", (502, 503, None), ids=("502", "503", "reset"))
def test_a_proxy_that_fails_twice(sync, registries, certs, bad_proxy, src, from_source, repo, status, secure):
    far = registries("far", certs=certs if secure else None)
    picture = from_source.push(images.image(repo), repo, "v1")
    way = bad_proxy(status, 2)
    result = sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, through(way, far, src))
    assert way.failed == 2
    assert result.code == 0, result
    assert images.Client(far).closure(repo, "v1") == images.expected(picture)


def test_proxies_that_fail_for_ever(sync, registries, certs, bad_proxy, src, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    ways = [(registries("far", certs=certs), bad_proxy(status, 1000)) for status in (502, None)]
    auth = {key: value for far, way in ways for key, value in through(way, far, src).items()}
    result = sync({f"{src.host}/{repo}:v1": [f"{far.host}/{repo}" for far, _ in ways]}, auth, flags=["--retries", "0"])
    assert result.code == 1
    for far, way in ways:
        assert result.image(f"{far.host}/{repo}:v1")["error"]["kind"] in ("network", "unavailable", "unreachable")
        assert way.targets == [] and 0 < way.failed <= 24 and far.repositories() == []


def test_a_proxy_nobody_listens_at(sync, registries, src, from_source, repo):
    far = registries("far")
    from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, through(f"http://127.0.0.1:{free_port()}", far, src), flags=["--retries", "0"])
    assert result.code == 1
    assert result.image(f"{far.host}/{repo}:v1")["error"]["kind"] == "unreachable"
    assert far.repositories() == [], "it went past the proxy"


# -- mirrors ------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def mirrored(registries, proxies, src):
    """(mirror, client): another registry, watched; entry() makes the source's auth entry."""
    held = registries("mirror")
    return proxies(held, name="mirror"), images.Client(held)


def with_mirrors(src, *mirrors, **more):
    return {src.host: {"insecure": True, "mirrors": [each if isinstance(each, str) else each.host for each in mirrors], **more}}


def test_a_mirror_serves_everything(sync, src, dst, mirrored, from_source, at_target, repo):
    mirror, inside = mirrored
    picture = images.multi(repo)
    for client in (from_source, inside):
        client.push(picture, repo, "v1")
    result = sync({f"{src.host}/{repo}": f"{dst.host}/{repo}"}, {**run.insecure(dst, mirror), **with_mirrors(src, mirror)})
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert src.seen() == [] and mirror.seen(kind="tags") and mirror.seen(kind="blob")
    assert not any("ns=" in each.path for each in mirror.seen())


def test_an_empty_mirror_is_passed_over(sync, src, dst, mirrored, from_source, at_target, repo):
    mirror, _ = mirrored
    picture = from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}": f"{dst.host}/{repo}"}, {**run.insecure(dst, mirror), **with_mirrors(src, mirror)})
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert {each.status for each in mirror.seen()} == {404}


def test_a_mirror_that_is_down_costs_little(sync, src, dst, from_source, at_target, repo):
    from_source.push(images.image(repo), repo, "v1")
    begun = time.monotonic()
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, {**run.insecure(dst), **with_mirrors(src, "127.0.0.1:9")})
    assert result.code == 0
    assert at_target.tags(repo) == ["v1"]
    assert time.monotonic() - begun < 20


def test_a_mirror_that_is_overloaded_costs_little(sync, src, dst, mirrored, from_source, at_target, repo):
    mirror, _ = mirrored
    picture = from_source.push(images.image(repo), repo, "v1")
    mirror.rule("*", ".", proxy.Status(503), times=None)
    auth = {**run.insecure(dst, mirror), **with_mirrors(src, mirror)}
    begun = time.monotonic()
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth)
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert time.monotonic() - begun < 20
    assert result.stderr.count("mirror passed over") == 1


def test_the_second_mirror_and_then_the_source(sync, src, dst, mirrored, registries, proxies, from_source, at_target, repo):
    second, inside = mirrored
    first = proxies(registries("first"), name="first")
    picture = images.image(repo, layers=2)
    for client in (from_source, inside):
        client.push(picture, repo, "v1")
    second.rule("GET", f"/blobs/{min(picture.blobs)}", proxy.Status(404), times=None)
    auth = {**run.insecure(dst, first, second), **with_mirrors(src, first, second)}
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert first.seen() != [] and [each.path.rsplit("/", 1)[1] for each in src.seen()] == [min(picture.blobs)]


def test_a_mirror_decides_what_a_tag_is(sync, src, dst, mirrored, from_source, at_target, repo):
    mirror, inside = mirrored
    from_source.push(images.image(f"{repo}/new"), repo, "v1")
    older = inside.push(images.image(f"{repo}/old"), repo, "v1")
    auth = {**run.insecure(dst, mirror), **with_mirrors(src, mirror)}
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth).code == 0
    assert at_target.closure(repo, "v1") == images.expected(older)


def test_a_manifest_a_mirror_damaged_comes_from_the_source(sync, src, dst, mirrored, from_source, at_target, repo):
    mirror, inside = mirrored
    picture = images.image(repo)
    for client in (from_source, inside):
        client.push(picture, repo, "v1")
    mirror.rule("GET", "/manifests/", proxy.Flip(40), times=None)
    auth = {**run.insecure(dst, mirror), **with_mirrors(src, mirror)}
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_a_login_does_not_go_to_a_mirror(runner, registries, proxies, dst, at_target, mirrored, repo):
    mirror, inside = mirrored
    word = runner.secret("right-word-7")
    locked = registries("locked", users={"robot": word})
    door = proxies(locked, name="locked")
    picture = images.Client(locked, basic("robot", word)).push(images.image(repo), repo, "v1")
    mirror.rule("*", ".", proxy.Status(401, {"WWW-Authenticate": 'Basic realm="x"'}), times=None)
    auth = {**run.insecure(dst, mirror), **with_mirrors(door, mirror, username="robot", password=word)}
    assert runner.sync({f"{door.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert mirror.seen() != [] and not any("authorization" in each.headers for each in mirror.seen())


def test_a_mirror_has_its_own_login(runner, registries, proxies, src, dst, from_source, at_target, repo):
    word = runner.secret("mirror-word-2")
    locked = registries("mirror", users={"reader": word})
    mirror = proxies(locked, name="mirror")
    picture = images.image(repo)
    from_source.push(picture, repo, "v1")
    images.Client(locked, basic("reader", word)).push(picture, repo, "v1")
    auth = {**run.insecure(dst), **with_mirrors(src, mirror),
            mirror.host: {"username": "reader", "password": word, "insecure": True}}
    assert runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert src.seen() == []


def test_a_target_has_no_mirrors(sync, src, dst, mirrored, from_source, at_target, repo):
    mirror, _ = mirrored
    picture = from_source.push(images.image(repo), repo, "v1")
    auth = {**run.insecure(src, mirror), **with_mirrors(dst, mirror)}
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert mirror.seen() == []


# -- credential helpers -------------------------------------------------------------------------------------------------------

class Helper:
    """A program docker-credential-e2e that answers with the next line of a list, and writes down what it was asked."""

    def __init__(self, home, host, answers, body=None):
        self.folder = os.path.join(home, "bin")
        self.asked_path = os.path.join(home, "asked")
        os.makedirs(self.folder, exist_ok=True)
        for number, answer in enumerate(answers):
            with open(os.path.join(home, f"answer-{number}"), "w", encoding="utf-8") as file:
                json.dump(answer, file)
        last = len(answers) - 1
        script = body or (f'n=$(wc -l <{home}/asked); n=$((n - 1)); [ $n -gt {last} ] && n={last}\ncat {home}/answer-$n\n')
        path = os.path.join(self.folder, "docker-credential-e2e")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nread -r server\necho "$1 $server" >>{home}/asked\n{script}')
        os.chmod(path, 0o755)
        with open(os.path.join(home, "config.json"), "w", encoding="utf-8") as file:
            json.dump({"credHelpers": {host: "e2e"}}, file)
        self.environment = {"DOCKER_CONFIG": home, "PATH": self.folder + os.pathsep + os.environ.get("PATH", "/usr/bin:/bin")}

    def asked(self):
        try:
            with open(self.asked_path, encoding="utf-8") as file:
                return file.read().splitlines()
        except OSError:
            return []


@pytest.fixture
def helper(tmp_path):
    def make(host, *answers, body=None):
        return Helper(str(tmp_path), host, answers, body)

    return make


def answer(user, secret):
    return {"ServerURL": "x", "Username": user, "Secret": secret}


@pytest.fixture
def door(registries, proxies):
    locked = registries("locked", users={"robot": "right-word-7"})
    return proxies(locked, name="locked")


def test_a_helper_is_asked_once(runner, door, helper, src, from_source, repo):
    word = runner.secret("right-word-7")
    known = helper(door.host, answer("robot", word))
    for tag in ("v1", "v2", "v3"):
        from_source.push(images.image(f"{repo}/{tag}"), repo, tag)
    result = runner.sync({f"{src.host}/{repo}:v1,v2,v3": f"{door.host}/{repo}"}, run.insecure(src, door), flags=["--debug"],
                         env=known.environment)
    assert result.code == 0
    assert known.asked() == [f"get {door.host}"]


def test_a_helper_is_asked_again_when_its_login_has_died(runner, door, helper, src, from_source, repo):
    word = runner.secret("right-word-7")
    known = helper(door.host, answer("robot", runner.secret("stale-word-1")), answer("robot", word))
    from_source.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}, run.insecure(src, door), env=known.environment)
    assert result.code == 0
    assert len(known.asked()) == 2


def test_a_helper_whose_login_stays_refused(runner, door, helper, src, from_source, repo):
    known = helper(door.host, answer("robot", runner.secret("wrong-word-3")))
    for tag in ("v1", "v2", "v3"):
        from_source.push(images.image(f"{repo}/{tag}"), repo, tag)
    result = runner.sync({f"{src.host}/{repo}:v1,v2,v3": f"{door.host}/{repo}"}, run.insecure(src, door), env=known.environment,
                         flags=["--retries", "0"])
    assert result.code == 1
    assert result.image(f"{door.host}/{repo}:v1")["error"]["kind"] == "denied"
    assert len(known.asked()) == 2


@pytest.mark.parametrize("again", (False, True), ids=("good", "renewed"))
def test_a_helper_with_an_identity_token(runner, guarded, helper, src, from_source, repo, again):
    word = runner.secret("refresh-word-5")
    far = guarded(identities={word: "robot"})
    answers = [answer("<token>", runner.secret("refresh-word-4"))] if again else []
    known = helper(far.host, *answers, answer("<token>", word))
    from_source.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{far.host}/{repo}"}, run.insecure(src, far.front), env=known.environment)
    assert result.code == 0
    assert far.client.tags(repo) == ["v1"]
    assert len(known.asked()) == (2 if again else 1)


def test_a_missing_helper_names_host_and_file(runner, door, helper, src, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    known = helper(door.host)
    os.unlink(os.path.join(known.folder, "docker-credential-e2e"))
    result = runner.sync({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}, run.insecure(src, door), env=known.environment,
                         flags=["--retries", "0"])
    assert result.code == 1
    message = result.image(f"{door.host}/{repo}:v1")["error"]["message"]
    for word in ("docker-credential-e2e", door.host, "config.json", "PATH"):
        assert word in message


@pytest.mark.parametrize("body, words", (
    ("echo the vault is locked >&2; exit 3\n", "status 3: the vault is locked"),
    ("echo nonsense\n", "not JSON"),
    ("echo '{\"Username\": \"robot\"}'\n", "Secret"),
    ("kill -9 $$\n", "signal 9"),
    ("head -c 100000 /dev/zero\n", "more than 65536 bytes"),
), ids=("fails", "nonsense", "half", "killed", "too-much"))
def test_a_helper_that_fails(runner, door, helper, src, from_source, repo, body, words):
    from_source.push(images.image(repo), repo, "v1")
    known = helper(door.host, body=body)
    result = runner.sync({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}, run.insecure(src, door), env=known.environment,
                         flags=["--retries", "0"])
    assert result.code == 1
    message = result.image(f"{door.host}/{repo}:v1")["error"]["message"]
    assert words in message and "docker-credential-e2e" in message


@pytest.mark.parametrize("body", (
    'echo \'{"Username": "robot", "Secret": "vault-word-1"}\'; exit 3\n',
    'echo \'{"Username": "robot", "Secret": "vault-word-1"}\'; echo "cannot keep vault-word-1" >&2; exit 3\n',
    'echo \'{"Username": "robot", "Secret": "vault-word-1"\'; exit 3\n',
), ids=("login", "login-and-words", "half"))
def test_a_helper_that_fails_with_a_login(runner, door, helper, src, from_source, repo, body):
    runner.secret("vault-word-1")
    from_source.push(images.image(repo), repo, "v1")
    known = helper(door.host, body=body)
    result = runner.sync({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}, run.insecure(src, door), env=known.environment,
                         flags=["--retries", "0", "--debug"])
    assert result.code == 1
    assert "status 3" in result.image(f"{door.host}/{repo}:v1")["error"]["message"]


def test_a_helper_that_knows_no_login(runner, helper, src, dst, from_source, at_target, repo):
    from_source.push(images.image(repo), repo, "v1")
    known = helper(src.host, body="echo credentials not found in native keychain; exit 1\n")
    src.rule("HEAD", "/manifests/", proxy.Status(401, {"WWW-Authenticate": 'Basic realm="x"'}), times=1)
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(src, dst), env=known.environment)
    assert result.code == 0
    assert at_target.tags(repo) == ["v1"]
    assert known.asked() == [f"get {src.host}"]


def test_a_run_with_a_hanging_helper_can_be_stopped(runner, door, helper, src, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    known = helper(door.host, body="sleep 60\n")
    command = runner.arguments({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}, run.insecure(src, door))
    begun = time.monotonic()
    result = runner.stop(runner.start(command, known.environment), known.asked, "the helper being asked")
    assert result.code == 143
    assert time.monotonic() - begun < 25


@pytest.mark.parametrize("fault", (proxy.Flip(40), proxy.ResetResponse(after=100)), ids=("damaged", "cut"))
def test_a_blob_a_mirror_cannot_give_comes_from_the_source(sync, src, dst, mirrored, from_source, at_target, repo, fault):
    mirror, inside = mirrored
    picture = images.image(repo)
    for client in (from_source, inside):
        client.push(picture, repo, "v1")
    mirror.rule("GET", "/blobs/", fault, times=None)
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, {**run.insecure(dst, mirror), **with_mirrors(src, mirror)})
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert src.seen(kind="blob") != []
