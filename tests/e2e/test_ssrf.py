"""A server may send us on to the world, but not into the network we happen to run in."""

import pytest

from lib import images, names, proxy, run
from lib.scripted import Scripted
from test_login import forward  # noqa: F401  (a fixture)
from test_dns import server  # noqa: F401  (a fixture)

ONCE = ["--retries", "0"]


@pytest.fixture
def inside(repo):
    """A machine of the internal network that has what is asked for, on another address than the registries."""
    with Scripted(addresses=("127.0.0.2",)) as made:
        made.push(images.image(repo), repo, "v1")
        yield made


def redirected(src, host):
    """Every blob is said to be at host. Through a forward proxy a path has the origin in front."""
    src.rule("GET", "/blobs/", proxy.Respond(
        lambda request: (307, {"Location": f"http://{host}/v2/{request.path.split('/v2/')[1]}"}, b"")), times=None)


FORMS = {
    "address": "127.0.0.2",
    "number": "2130706434",
    "hexadecimal": "0x7f.2",
    "octal": "0177.0.0.2",
    "mapped": "[::ffff:127.0.0.2]",
    "name": "localhost",
    "zero": "0.0.0.0",
    "dot": "127.0.0.2.",
    "number and dot": "2130706434.",
    "name and dot": "localhost.",
    "encoded dot": "localhost%2e",
    "below": "a.localhost",
    "capitals": "LocalHost",
    "nat64": "[64:ff9b::7f00:2]",
    "teredo": "[2001:0:7f00:2::1]",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_redirect_to_a_machine_inside_is_refused(sync, src, dst, both, from_source, at_target, repo, inside, form):
    from_source.push(images.image(repo), repo, "v1")
    redirected(src, f"{FORMS[form]}:{inside.port}")
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=ONCE)
    assert result.code == 1
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert (error["kind"], "internal network" in error["message"]) == ("refused", True)
    assert inside.seen() == [] and at_target.tags(repo) == []


def test_a_machine_inside_that_the_auth_file_names(sync, src, dst, both, from_source, at_target, repo, inside):
    picture = from_source.push(images.image(repo), repo, "v1")
    redirected(src, inside.host)
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, {**both, **run.insecure(inside)}, flags=ONCE)
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert len(inside.seen("GET", "blob")) == len(picture.blobs)


def test_a_realm_inside_is_refused(sync, src, dst, both, from_source, repo, inside):
    from_source.push(images.image(repo), repo, "v1")
    src.rule("*", "", proxy.Status(401, {"WWW-Authenticate": f'Bearer realm="http://{inside.host}/token",service="x"'}), times=None)
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=ONCE)
    assert result.code == 1
    assert "internal network" in result.image(f"{dst.host}/{repo}:v1")["error"]["message"]
    assert inside.seen() == []


# What a proxy would resolve: all there is to judge by is the text.
PROXIED = ("127.0.0.2", "2130706434", "0x7f.2", "127.0.0.2.", "[::ffff:127.0.0.2]", "[::1]", "10.0.0.1", "168.63.129.16", "localhost",
           "localhost.", "x.localhost", "x.LOCALHOST.", "printer", "printer.", "nas.local", "vault.internal.", "metadata.google.internal",
           "metadata.goog", "router.lan", "git.corp", "x.home.arpa", "kubernetes.default.svc", "localhost.localdomain")


@pytest.mark.parametrize("form", PROXIED)
def test_a_proxy_does_not_hide_a_machine_inside(sync, src, dst, forward, from_source, repo, inside, form):  # noqa: F811
    """The proxy itself is inside, which is what proxies are for."""
    from_source.push(images.image(repo), repo, "v1")
    redirected(src, f"{form}:{inside.port}")
    way = forward()
    auth = {**run.insecure(dst), **run.insecure(src, proxy=way.url())}
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth, flags=ONCE)
    assert result.code == 1
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert (error["kind"], "internal network" in error["message"] or "clouds keep" in error["message"]) == ("refused", True)
    assert way.targets and set(way.targets) == {src.host}
    assert inside.seen() == []


def test_a_token_server_inside_is_not_asked_of_a_proxy(sync, src, dst, forward, from_source, repo, inside):  # noqa: F811
    from_source.push(images.image(repo), repo, "v1")
    realm = f'Bearer realm="http://metadata.localhost.:{inside.port}/token",service="x"'
    src.rule("*", "", proxy.Status(401, {"WWW-Authenticate": realm}), times=None)
    way = forward()
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, {**run.insecure(dst), **run.insecure(src, proxy=way.url())}, flags=ONCE)
    assert result.code == 1
    assert "internal network" in result.image(f"{dst.host}/{repo}:v1")["error"]["message"]
    assert set(way.targets) == {src.host}


# -- a cloud's metadata, whoever names it -------------------------------------------------------------------------------------

METADATA = ("169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "metadata.google.internal", "metadata.goog")


@pytest.mark.parametrize("way", ("direct", "proxy"))
@pytest.mark.parametrize("host", METADATA)
def test_metadata_is_no_registry(sync, dst, forward, repo, host, way):  # noqa: F811
    through = forward()
    auth = {**run.insecure(dst), host: {"insecure": True, **({"proxy": through.url()} if way == "proxy" else {})}}
    result = sync({f"{host}/{repo}:v1": f"{dst.host}/{repo}"}, auth, flags=ONCE)
    assert result.code == 1
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert (error["kind"], "credentials" in error["message"]) == ("refused", True)
    assert through.targets == []


# -- names beside the registry ------------------------------------------------------------------------------------------------

def beside(registries, token_servers, certs, name):
    """A registry whose token server is called auth.example.test, which resolves to this machine."""
    tokens = token_servers(users={"robot": "right-word-7"}, context=certs.server_context())
    tokens.realm = tokens.realm.replace("127.0.0.1", "auth.example.test")
    return tokens, registries(name, token=tokens, certs=certs)


@pytest.mark.parametrize("registry_inside", (False, True), ids=("outside", "inside"))
def test_a_neighbour_is_inside_where_the_registry_is(runner, registries, token_servers, certs, forward, server, dst, repo,  # noqa: F811
                                                     registry_inside):
    """Behind a proxy nothing is known of where the registry is."""
    tokens, near = beside(registries, token_servers, certs, "beside")
    images.Client(near, tokens.bearer).push(images.image(repo), repo, "v1")
    host = f"registry.example.test:{near.port}"
    way = forward({host: near.port})
    environment = {} if registry_inside else {"https_proxy": way.url(), "http_proxy": way.url(), "no_proxy": "auth.example.test"}
    auth = {**run.insecure(dst), host: {"username": "robot", "password": runner.secret("right-word-7"), "insecure": True}}
    command = runner.arguments({f"{host}/{repo}:v1": f"{dst.host}/{repo}"}, auth, ONCE)
    asked = server(lambda *_: ["127.0.0.1"])
    result = runner.finish(runner.start(names.with_servers(runner, command, asked), environment))
    if registry_inside:
        assert result.code == 0
        assert {each.user for each in tokens.asked()} == {"robot"}
    else:
        assert result.code == 1
        assert "internal network" in result.image(f"{dst.host}/{repo}:v1")["error"]["message"]
        assert tokens.asked() == [] and set(way.targets) == {host}
