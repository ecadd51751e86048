"""A server may send us on to the world, but not into the network we happen to run in."""

import pytest

from lib import images, proxy, run
from lib.forward import ForwardProxy
from lib.scripted import Scripted

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


@pytest.mark.parametrize("form", ("127.0.0.2", "2130706434", "localhost"))
def test_a_proxy_does_not_hide_a_machine_inside(sync, src, dst, from_source, repo, inside, form):
    """The proxy itself is inside, which is what proxies are for."""
    from_source.push(images.image(repo), repo, "v1")
    redirected(src, f"{form}:{inside.port}")
    way = ForwardProxy()
    auth = {**run.insecure(dst), **run.insecure(src, proxy=way.url())}
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth, flags=ONCE)
    way.stop()
    assert result.code == 1
    assert "internal network" in result.image(f"{dst.host}/{repo}:v1")["error"]["message"]
    assert way.targets and set(way.targets) == {src.host}
    assert inside.seen() == []
