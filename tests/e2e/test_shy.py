"""Registries that ask for a login in unusual ways: at /v2/ alone, or for a new one by another status than 401."""

import json

import pytest

from lib import images, run
from lib.scripted import Scripted
from lib.shy import BASIC, HIDDEN, PASSWORD, USER, Shy, errors

ONCE = ["--retries", "0"]
JSON = {"Content-Type": "application/json"}
REFUSALS = {
    "404": HIDDEN,
    "403": (403, JSON, errors("DENIED", "requested access to the resource is denied")),
    "401-silent": (401, {}, b""),
    "401-strange": (401, {"WWW-Authenticate": "Negotiate"}, b""),
}


@pytest.fixture
def plain():
    with Scripted() as made:
        yield made


@pytest.fixture
def shy():
    """shy(**Shy's arguments)"""
    started = []

    def begin(**more):
        made = Shy(**more)
        made.__enter__()
        started.append(made)
        return made

    yield begin
    for each in started:
        each.__exit__()


@pytest.mark.parametrize("scheme", ("Bearer", "Basic"))
@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_source_that_hides(sync, shy, plain, scheme, refusal):
    """What the anonymous are told does not exist is there for whoever logs in; how is looked up once, for all tags."""
    here = shy(scheme=scheme, hidden=REFUSALS[refusal])
    pictures = {tag: here.push(images.image(tag, layers=1), "a", tag) for tag in ("v1", "v2", "v3", "v4")}
    result = sync({f"{here.host}/a": f"{plain.host}/a"}, {**run.insecure(plain), **here.login()}, ONCE)
    assert result.code == 0, result
    assert plain.tags == {("a", tag): picture.digest for tag, picture in pictures.items()}
    assert len(here.pings()) == 1 and not here.pings()[0].headers.get("Authorization")
    assert len(here.tokens()) == (scheme == "Bearer")
    anonymous = [each for each in here.seen() if not each.headers.get("Authorization")]
    assert [each.kind for each in anonymous] == ["tags", "ping"], "one request finds out, the others wait for it"


@pytest.mark.parametrize("scheme", ("Bearer", "Basic"))
@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_target_that_hides(sync, shy, plain, scheme, refusal):
    """It is in sync when it is, also in a dry run, and a policy is kept."""
    there = shy(scheme=scheme, hidden=REFUSALS[refusal])
    picture = plain.push(images.image("new", layers=1), "a", "v1")
    plain.push(images.image("other", layers=1), "a", "v2")
    there.push(picture, "a", "v1")
    old = there.push(images.image("old", layers=1), "a", "v2")
    auth = {**run.insecure(plain), **there.login()}
    rules = {f"{plain.host}/a:v1": f"{there.host}/a", f"{plain.host}/a:v2": {"to": f"{there.host}/a", "on-change": "skip"}}
    rehearsal = sync(rules, auth, [*ONCE, "--dry-run"])
    assert rehearsal.code == 0 and rehearsal.report["skipped"] == 2, rehearsal
    result = sync(rules, auth, ONCE)
    assert result.code == 0 and result.report["skipped"] == 2, result
    assert there.tags["a", "v2"] == old.digest
    assert not there.seen("POST") and not there.seen("PUT")
    assert len(there.pings()) == 2, "once a run"


@pytest.mark.parametrize("scheme", ("Bearer", "Basic"))
def test_uploads_to_a_registry_that_hides(sync, shy, plain, scheme):
    """Everybody may read, and those who write are told 404 until they log in."""
    class Half(Shy):
        def _guard(self, request):
            reads = request.method in ("GET", "HEAD") and request.kind != "ping" and not request.path.startswith("/token")
            return None if reads else super()._guard(request)

    with Half(scheme=scheme) as there:
        picture = plain.push(images.image("half", layers=1), "a", "v1")
        result = sync({f"{plain.host}/a:v1": f"{there.host}/a"}, {**run.insecure(plain), **there.login()}, ONCE)
        assert result.code == 0, result
        assert there.tags == {("a", "v1"): picture.digest} and len(there.pings()) == 1


def test_lists_of_referrers_that_hide(sync, shy, plain):
    """A 404 to the anonymous does not say that there is no such API."""
    here = shy()
    picture = here.push(images.image("subject", layers=1), "a", "v1")
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}
    here.accept = lambda request: (200, {"Content-Type": index["mediaType"]}, json.dumps(index).encode()) \
        if request.kind == "referrers" else None
    open_ = {"manifest", "blob"}
    guard = here.hook
    here.hook = lambda request: None if request.kind in open_ and not request.headers.get("Authorization") else guard(request)
    result = sync({f"{here.host}/a:v1": f"{plain.host}/a"}, {**run.insecure(plain), **here.login()}, [*ONCE, "--referrers=all"])
    assert result.code == 0, result
    assert plain.tags == {("a", "v1"): picture.digest}
    listed = here.seen(kind="referrers")
    assert listed and all(each.headers.get("Authorization") for each in listed[1:])
    assert len(here.pings()) == 1


@pytest.mark.parametrize("form", ("helper", "docker"))
def test_other_logins_count_as_well(runner, shy, plain, form, tmp_path):
    here = shy(scheme="Basic")
    picture = here.push(images.image(form, layers=1), "a", "v1")
    config = {"auths": {here.host: {"auth": BASIC.removeprefix("Basic ")}}}
    if form == "helper":
        program = tmp_path / "bin" / "docker-credential-shy"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\necho \'{{"Username":"{USER}","Secret":"{PASSWORD}"}}\'\n')
        program.chmod(0o755)
        config = {"credHelpers": {here.host: "shy"}}
    folder = tmp_path / "docker"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    env = {"DOCKER_CONFIG": str(folder), "PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
    result = runner.sync({f"{here.host}/a:v1": f"{plain.host}/a"}, run.insecure(plain, here), [*ONCE, f"--docker-config={folder}"], env=env)
    assert result.code == 0, result
    assert plain.tags == {("a", "v1"): picture.digest}


def test_an_open_registry_is_believed(sync, plain):
    """/v2/ asks for nothing: the 404 is true, and that is found out once."""
    with Scripted() as here:
        login = {here.host: {"username": USER, "password": PASSWORD, "insecure": True}}
        result = sync({f"{here.host}/{name}:v1": f"{plain.host}/{name}" for name in "abc"},
                      {**run.insecure(plain), **login}, ONCE)
        assert result.code == 1 and {each["error"]["kind"] for each in result.report["images"]} == {"missing"}
        assert len(here.seen(kind="ping")) == 1


def test_nobody_looks_without_a_login(sync, plain):
    with Scripted() as here:
        here.hook = lambda request: REFUSALS["403"]
        result = sync({f"{here.host}/a:v1": f"{plain.host}/a"}, run.insecure(here, plain), ONCE)
        assert result.code == 1 and not here.seen(kind="ping")
        assert "refused anonymous access" in result.report["images"][0]["error"]["message"]


def test_a_login_that_nobody_asks_for_is_not_called_refused(sync, plain):
    with Scripted() as here:
        here.hook = lambda request: None if request.kind == "ping" else REFUSALS["403"]
        login = {here.host: {"username": USER, "password": PASSWORD, "insecure": True}}
        result = sync({f"{here.host}/a:v1": f"{plain.host}/a"}, {**run.insecure(plain), **login}, ONCE)
        message = result.report["images"][0]["error"]["message"]
        assert result.code == 1 and "refused anonymous access" in message and "was not sent" in message
        assert "refused the login" not in message


@pytest.mark.parametrize("failures", (1, 2, 9), ids=("once", "twice", "always"))
def test_a_root_that_fails(sync, shy, plain, failures):
    """It is looked at again; when that leads nowhere, the answers that were given stand."""
    here = shy(root=[(503, {}, b"")] * failures)
    picture = here.push(images.image("root", layers=1), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{plain.host}/a"}, {**run.insecure(plain), **here.login()}, ONCE)
    assert result.code == (failures == 9), result
    assert len(here.pings()) == min(failures + 1, 3)
    if failures < 9:
        assert plain.tags == {("a", "v1"): picture.digest}
    else:
        assert result.report["images"][0]["error"]["kind"] == "missing"


# -- logins that expire -------------------------------------------------------------------------------------------------------

EXPIRED = {
    "amazon-public": (400, JSON, errors("DENIED", "Your authorization token has expired. Reauthenticate and try again.")),
    "amazon": (403, JSON, errors("DENIED", "Your Authorization Token has expired. Please run 'aws ecr get-login' to fetch a new one.")),
    "invalid": (403, JSON, errors("UNAUTHORIZED", "the token is invalid")),
    "bearer": (403, {"WWW-Authenticate": 'Bearer realm="x",error="invalid_token"'}, b""),
    "text": (403, {"Content-Type": "text/plain"}, b"token expired\n"),
    "401": (401, {}, b""),
}


@pytest.mark.parametrize("side, end", [("here", end) for end in range(2, 5)] + [("there", end) for end in range(2, 7)])
@pytest.mark.parametrize("form", EXPIRED)
def test_a_token_that_expires(sync, shy, form, side, end):
    """At each request in turn, uploads included: another one is asked for, once."""
    here, there = (shy(hidden=None, end=end if each == side else None, expired=EXPIRED[form]) for each in ("here", "there"))
    hurt = here if side == "here" else there
    picture = here.push(images.image("expires", layers=1), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, {**here.login(), **there.login()}, [*ONCE, "--proc", "1"])
    assert result.code == 0, result
    assert there.tags == {("a", "v1"): picture.digest}
    assert hurt.refused and len(hurt.tokens()) == 2


def test_a_token_that_is_never_good(sync, shy, plain):
    """What was refused from the first moment on has not expired: no other one is asked for."""
    here = shy(end=0, expired=EXPIRED["amazon"])
    here.push(images.image("never", layers=1), "a", "v1", "v2", "v3")
    result = sync({f"{here.host}/a:v1,v2,v3": f"{plain.host}/a"}, {**run.insecure(plain), **here.login()}, ONCE)
    assert result.code == 1
    error = result.report["images"][0]["error"]
    assert error["kind"] == "denied" and "has expired" in error["message"]
    assert len(here.tokens()) == 1


# -- words --------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("scheme", ("Bearer", "Basic"))
def test_a_wrong_password_is_called_wrong(runner, shy, plain, scheme):
    there = shy(scheme=scheme)
    there.hidden = 401, there.challenge(), errors("UNAUTHORIZED", "authentication required")
    plain.push(images.image("wrong", layers=1), "a", "v1")
    login = there.login(password=runner.secret("wrong-word-3"))
    result = runner.sync({f"{plain.host}/a:v1": f"{there.host}/a"}, {**run.insecure(plain), **login}, ONCE)
    message = result.report["images"][0]["error"]["message"]
    assert result.code == 1 and "refused the user name or password of" in message, message
    assert "project" not in message


def test_a_login_that_may_not_push_is_not_called_wrong(sync, shy, plain):
    """It was taken for what came before."""
    there = shy(scheme="Basic")
    there.hidden = None
    there.accept = lambda request: (401, there.challenge(), errors("UNAUTHORIZED", "not authorized")) if request.method == "POST" else None
    judge = there._judge
    there._judge = lambda request, given: judge(request, given) or there.accept(request)
    there.push(images.image("old", layers=1), "a", "v1")
    plain.push(images.image("new", layers=1), "a", "v1")
    result = sync({f"{plain.host}/a:v1": f"{there.host}/a"}, {**run.insecure(plain), **there.login()}, ONCE)
    message = result.report["images"][0]["error"]["message"]
    assert result.code == 1 and "may this login push" in message and "password" not in message, message
