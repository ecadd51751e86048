"""What becomes of an image that was queued: options of a sync, other files, a stop, another spelling of its name. None is lost, none is held for ever."""

import contextlib
import http.client
import json
import os
import re
import signal
import threading

import pytest

from lib import images, run
from lib.services import Service
from lib.serving import WAIT, Serving, basic

pytestmark = pytest.mark.concurrency


@pytest.fixture
def serving(runner):
    made = Serving(runner)
    yield made
    made.stop()


@pytest.fixture
def team(here, there):
    """here has team/app:v1 and team/web:v1."""
    for name in "app", "web":
        here.push(images.image(f"queued {name}"), f"team/{name}", "v1")
    return run.insecure(here, there)


def routes(here, there, below=""):
    return [(here.host, "team", there.host + below)]


def copied(there):
    return {f"{repo}:{tag}" for repo, tag in there.tags}


@pytest.fixture
def stall(here):
    """(begun, released): blobs of here are sent once released is set."""
    begun, released = threading.Event(), threading.Event()

    def wait(request):
        if request.kind == "blob" and not released.is_set():
            begun.set()
            released.wait(WAIT)

    here.hook = wait
    yield begun, released
    released.set()


# -- options of a sync ---------------------------------------------------------------------------------------------------------

def test_fail_fast_stops_no_other_image(serving, here, there, team):
    """The images of a run of hooks have nothing to do with each other."""
    tags = [f"t{number}" for number in range(30)]
    here.push(images.image("many"), "team/many", *tags)
    server = serving.start(serving.config(routes(here, there)), team, ["--fail-fast", "--proc", "1"])
    body = [{"name": f"{here.host}/team/many", "tag": tag} for tag in ["nowhere", *tags]]
    assert server.post("/images/sync/hook", body).status == 202
    bad = f"{here.host}/team/many:nowhere&{there.host}"
    server.until(lambda: serving.pending() == [bad], "the bad one alone")
    assert copied(there) == {f"team/many:{tag}" for tag in tags}


def test_an_image_that_takes_too_long_is_a_failure(serving, here, there, team, stall):
    """It is tried again later, not at once for ever."""
    server = serving.start(serving.config(routes(here, there), sync={"retryCount": 0}), team, ["--image-timeout", "1s"])
    assert server.hook(f"{here.host}/team/app").status == 202
    server.until(lambda: server.status()["queue"]["waiting"] == 1, "a later try")
    entry = server.status()["entries"][0]
    assert entry["attempts"] == 1 and entry["error"] and entry["next"], entry


def test_do_does_not_make_later_hooks_immediate(serving, here, there, team):
    """interval: 0 and immediate: false mean that each run is asked for."""
    server = serving.start(serving.config(routes(here, there), sync={"interval": 0, "immediate": False}), team)
    assert server.hook(f"{here.host}/team/app").status == 202
    assert server.post("/images/sync/do").status == 202
    server.until(lambda: copied(there) == {"team/app:v1"}, "the copy that was asked for")
    server.until(lambda: serving.pending() == [], "an empty record")
    assert server.hook(f"{here.host}/team/web").status == 202
    threading.Event().wait(2.5)
    assert copied(there) == {"team/app:v1"}
    assert server.post("/images/sync/do").status == 202
    server.until(lambda: copied(there) == {"team/app:v1", "team/web:v1"}, "the other copy")


# -- other files ---------------------------------------------------------------------------------------------------------------

def test_a_route_that_comes_while_its_image_is_under_way(serving, here, there, team, stall):
    """The run has begun without the route, and says so when there is one already."""
    begun, released = stall
    here.push(images.image("lost"), "lost/app", "v1")
    serving.runner.write("images.json", {f"{here.host}/lost/app:v1&{there.host}": 0, f"{here.host}/team/app:v1&{there.host}": 0})
    server = serving.start(serving.config(routes(here, there)), team)
    assert begun.wait(WAIT)
    serving.write(serving.config([*routes(here, there), (here.host, "lost", there.host)]))
    server.says("files were read again")
    released.set()
    server.until(lambda: copied(there) == {"team/app:v1", "lost/app:v1"}, "both copies")
    server.until(lambda: serving.pending() == [], "an empty record")


# -- names ---------------------------------------------------------------------------------------------------------------------

def test_tags_of_two_sources_in_one_repository(serving, scripted, here, there, team):
    """Each source has a tag of its own, so both are copied."""
    second = scripted()
    second.push(images.image("another app"), "team/app", "v2")
    document = serving.config([(here.host, "team", there.host), (second.host, "team", there.host)])
    server = serving.start(document, {**team, **run.insecure(second)})
    body = [{"name": f"{here.host}/team/app", "tag": "v1"}, {"name": f"{second.host}/team/app", "tag": "v2"}]
    assert server.post("/images/sync/hook", body).json["queued"] == 2
    server.until(lambda: copied(there) == {"team/app:v1", "team/app:v2"}, "both copies")
    server.until(lambda: serving.pending() == [], "an empty record")


def test_two_sources_of_one_image_in_one_request(serving, scripted, here, there, team):
    """The later one of the list wins."""
    second = scripted()
    other = second.push(images.image("another app"), "team/app", "v1")
    document = serving.config([(here.host, "team", there.host), (second.host, "team", there.host)])
    server = serving.start(document, {**team, **run.insecure(second)})
    body = [{"name": f"{host}/team/app", "tag": "v1"} for host in (here.host, second.host)]
    assert server.post("/images/sync/hook", body).json["queued"] == 2
    server.until(lambda: there.tags.get(("team/app", "v1")) == other.digest, "the copy of the second")
    server.until(lambda: serving.pending() == [], "an empty record")
    assert not here.seen()


def test_a_record_with_another_spelling_of_a_host(serving, here, there, team):
    """The fork writes hosts as they came: in upper case, or as index.docker.io."""
    port = here.host.rsplit(":", 1)[1]
    serving.runner.write("images.json", {f"LOCALHOST:{port}/team/app:v1&{there.host}": 0})
    auth = {**team, **run.insecure(f"localhost:{port}")}
    server = serving.start(serving.config([(f"LOCALHOST:{port}", "team", there.host)]), auth)
    server.until(lambda: copied(there) == {"team/app:v1"}, "the copy")
    server.until(lambda: serving.pending() == [], "an empty record")


# -- a stop --------------------------------------------------------------------------------------------------------------------

def test_what_is_asked_of_a_server_that_stops(serving, here, there, team, stall):
    """On a connection that is there already: a hook is kept for the next start, a run is refused."""
    begun, released = stall
    server = serving.start(serving.config(routes(here, there), app={"grace": "100s"}), team)
    assert server.hook(f"{here.host}/team/app").status == 202
    assert begun.wait(WAIT)
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT))) for _ in range(2)]
        for line in lines:
            line.request("GET", "/healthz")
            line.getresponse().read()
        server.process.send_signal(signal.SIGTERM)
        server.says("stopped by")
        answers = []
        for line, path in zip(lines, (f"/images/sync/hook?name={here.host}/team/web&tag=v1", "/images/sync/do")):
            line.request("POST", path, headers={"Authorization": basic()})
            answers.append(line.getresponse().status)
    assert answers == [202, 503]
    released.set()
    assert serving.runner.finish(server.process).code == 0
    assert serving.pending() == [f"{here.host}/team/web:v1&{there.host}"]


def test_a_message_that_nobody_takes_does_not_spoil_the_stop(serving, here, there, team):
    """The first message is delivered, the one at the end is not: the stop is orderly nevertheless."""
    ended = threading.Event()

    def hang():
        ended.wait(WAIT)
        return 200, {}, b"ok"

    with Service((200, {}, b"ok")) as service:
        document = serving.config(routes(here, there), app={"grace": "1s"})
        server = serving.start(document, team, ["--notify", "slack=${WHERE}", "--notify-on", "change"], env={"WHERE": service.url("/hook")})
        assert server.hook(f"{here.host}/team/app").status == 202
        server.says("has the message")
        service.usual = hang
        assert server.hook(f"{here.host}/team/web").status == 202
        server.until(lambda: serving.pending() == [], "an empty record")
        result = server.stop()
        ended.set()
    assert result.code == 0, result
    assert "not delivered" in server.text()


def cpu(server):
    with open(f"/proc/{server.process.pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def test_a_server_that_stops_sleeps(serving, here, there, team, stall):
    """A hook was waiting for others when the signal came, and a job goes on."""
    begun, released = stall
    serving.runner.write("images.yaml", json.dumps({f"{here.host}/team/app:v1": f"{there.host}/copies/app"}))
    document = serving.config(routes(here, there, "/routed"), app={"grace": "100s"}, sync={"immediate": True})
    server = serving.start(document, team, ["--images", "images.yaml", "--every", "1000h"])
    assert begun.wait(WAIT)
    assert server.hook(f"{here.host}/team/web").status == 202
    server.process.send_signal(signal.SIGTERM)
    server.says("stopped by")
    spent = cpu(server)
    threading.Event().wait(3)
    assert cpu(server) - spent < 1
    released.set()
    assert serving.runner.finish(server.process).code == 0
    assert not re.search("run 2 starts", server.text())
