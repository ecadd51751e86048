"""What people read when a registry, or what stands in front of it, answers something else than it should."""

import json

import pytest

from lib import images, run
from lib.scripted import Scripted
from lib.shy import Shy

ONCE = ["--retries", "0"]
PAGE = b"<!DOCTYPE html><html><head><title>Sign in &middot; Example</title><style>a{}</style></head><body>Please log in</body></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}


def said(sync, here, there, rule="a:v1", auth=None):
    result = sync({f"{here.host}/{rule}": f"{there.host}/a"}, auth or run.insecure(here, there), ONCE)
    assert result.code == 1
    error = result.report["images"][0]["error"]
    assert len(error["message"]) < 500
    return error["kind"], error["message"]


# -- places to go to ----------------------------------------------------------------------------------------------------------

def test_an_upload_to_another_port(sync, here, there):
    """A reverse proxy that does not say how it was reached: the best known misconfiguration there is."""
    here.push(images.image("port", layers=1), "a", "v1")
    port = 1 if there.port != 1 else 2
    there.hook = lambda request: (202, {"Location": f"http://127.0.0.1:{port}/v2/a/blobs/uploads/x"}, b"") if request.method == "POST" else None
    kind, message = said(sync, here, there)
    assert kind == "refused"
    for word in (f"http://{there.host}", f"http://127.0.0.1:{port}", "X-Forwarded-Proto", "http.host", "external_url"):
        assert word in message, message


def test_an_upload_to_another_host(sync, here, there):
    here.push(images.image("host", layers=1), "a", "v1")
    there.hook = lambda request: (202, {"Location": "https://storage.example/x?secret=1"}, b"") if request.method == "POST" else None
    kind, message = said(sync, here, there)
    assert kind == "refused" and "https://storage.example:443" in message and "a different host" in message
    assert "X-Forwarded-Proto" not in message and "secret=1" not in message


def test_an_upload_to_nowhere(sync, here, there):
    here.push(images.image("nowhere", layers=1), "a", "v1")
    there.hook = lambda request: (202, {}, b"") if request.method == "POST" else None
    assert "no Location" in said(sync, here, there)[1]


@pytest.mark.parametrize("status", (301, 302, 307))
def test_a_token_server_that_sends_on(sync, there, status):
    class Moved(Shy):
        def _token(self, request, given):
            return status, {"Location": "https://new.example/token?state=secret-word-8"}, b""

    with Moved(hidden=None) as here:
        kind, message = said(sync, here, there, auth={**run.insecure(there), **here.login()})
        assert kind == "refused" and f"HTTP {status}" in message and "https://new.example/token" in message
        assert "secret-word-8" not in message


# -- pages --------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("what, rule, expected", (("tags", "a", "a list of tags"), ("manifest", "a:v1", "a manifest")), ids=("tags", "manifest"))
def test_a_page_in_the_place_of(sync, here, there, what, rule, expected):
    here.push(images.image("page", layers=1), "a", "v1")
    here.hook = lambda request: (200, HTML, PAGE) if request.kind == what else None
    kind, message = said(sync, here, there, rule)
    assert kind == "corrupt"
    for word in (expected, "127.0.0.1", "HTTP 200", 'page "Sign in', "login form"):
        assert word in message, message
    assert "1:1" not in message and "double quotes" not in message


def test_a_page_behind_a_redirect(sync, here, there):
    """The host that is named is the one that sent the page."""
    with Scripted(addresses=("127.0.0.3",)) as portal:
        portal.hook = lambda request: (200, HTML, PAGE)
        here.hook = lambda request: (302, {"Location": f"http://{portal.host}/login"}, b"")
        _, message = said(sync, here, there, "a", run.insecure(here, there, portal))
        assert "127.0.0.3 sent a page" in message


def test_a_page_in_the_place_of_a_token(sync, there):
    class Portal(Shy):
        def _token(self, request, given):
            return 200, HTML, PAGE

    with Portal(hidden=None) as here:
        _, message = said(sync, here, there, auth={**run.insecure(there), **here.login()})
        assert "a token was expected" in message and 'page "Sign in' in message


@pytest.mark.parametrize("body, word", ((b"Moved.", 'no JSON: "Moved."'), (b'{"tags":["v1"', "broken"), (b"", "no JSON")), ids=("text", "cut", "empty"))
def test_no_json(sync, here, there, body, word):
    here.hook = lambda request: (200, {}, body) if request.kind == "tags" else None
    kind, message = said(sync, here, there, "a")
    assert kind == "corrupt" and word in message and "a list of tags" in message


def test_a_page_with_an_error(sync, here, there):
    here.hook = lambda request: (403, HTML, PAGE)
    assert 'HTTP 403 (page "Sign in' in said(sync, here, there)[1]


# -- documents ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("more", (-100, 100))
def test_a_wrong_size_in_a_manifest(sync, here, there, more):
    picture = images.image("size", layers=1)
    document = json.loads(picture.root.data)
    document["layers"][0]["size"] += more
    wrong = images.Picture([images.Manifest(picture.root.type, images.to_json(document))], picture.blobs)
    here.push(wrong, "a", "v1")
    kind, message = said(sync, here, there)
    layer = document["layers"][0]
    assert kind == "corrupt" and layer["digest"] in message
    for word in ("the manifest says", f"{layer['size']} bytes", f"{layer['size'] - more}"):
        assert word in message, message
    assert not there.tags


def test_a_configuration_in_the_place_of_a_manifest(sync, here, there):
    picture = images.image("config", layers=1)
    digest = json.loads(picture.root.data)["config"]["digest"]
    here.manifests["a", digest] = images.OCI_CONFIG, picture.blobs[digest]
    kind, message = said(sync, here, there, f"a@{digest}")
    assert kind == "corrupt" and "configuration of an image" in message and "not a manifest" in message
