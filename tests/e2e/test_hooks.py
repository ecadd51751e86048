"""Hooks: what a request may say, what is queued, written, synchronized, and what is never lost. As the fork's clients know it."""

import concurrent.futures
import json
import os
import re
import signal
import socket
import threading

import pytest

from lib import images, run
from lib.services import Service
from lib.serving import PASSWORD, USER, WAIT, Serving, basic

@pytest.fixture
def serving(runner):
    made = Serving(runner)
    yield made
    made.stop()


@pytest.fixture
def team(here, there):
    """here has team/app:v1 and team/web:v1."""
    for name in "app", "web":
        here.push(images.image(f"hook {name}"), f"team/{name}", "v1")
    return run.insecure(here, there)


def routes(here, there, below=""):
    return [(here.host, "team", there.host + below)]


def copied(there):
    return {f"{repo}:{tag}" for repo, tag in there.tags}


# -- the fork's file and its hooks ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("words", (["serve", "-c", "sync.yaml"], ["-c", "sync.yaml"], ["--config", "sync.yaml"], ["serve"]),
                         ids=("serve", "alone", "config", "default"))
def test_the_file_of_the_fork(serving, here, there, team, words):
    """As it is in its README: -c alone starts the server; a GET queues; the image arrives after the interval."""
    if words == ["serve"]:
        os.mkdir(os.path.join(serving.runner.home, "configs"))
        os.symlink("../sync.yaml", os.path.join(serving.runner.home, "configs", "sync.yaml"))
    server = serving.start(serving.config(routes(here, there)), team, serve=words)
    answer = server.get(f"/images/sync/hook?name={here.host}/team/app&tag=v1")
    assert answer.status == 200, answer
    server.until(lambda: copied(there) == {"team/app:v1"}, "the copy")
    server.until(lambda: serving.pending() == [], "an empty record")
    assert not here.seen(path="/web/")
    assert server.stop().code == 0


def test_names_of_keys_in_any_case(serving, here, there, team):
    text = json.dumps(serving.config(routes(here, there)))
    for name in "sourceName", "destinationName", "filePosition", "interval", "username":
        text = text.replace(f'"{name}"', f'"{name.upper()}"')
    server = serving.start(text, team)
    assert server.hook(f"{here.host}/team/app").status == 202
    server.until(lambda: copied(there) == {"team/app:v1"}, "the copy")


@pytest.mark.parametrize("query, status", [
    ("name=HOST/team/app&tag=v1", 200),
    ("name=HOST/team/app/more&tag=v1", 200),
    ("name=HOST%2Fteam%2Fapp&tag=v1", 200),
    ("tag=v1", 200),
    ("name=&tag=v1", 200),
    ("name=HOST/team/app", 400),
    ("name=HOST/team/app&tag=", 400),
    ("name=HOST/app&tag=v1", 406),
    ("name=app&tag=v1", 406),
    ("name=HOST/team/app&tag=1.0-SNAPSHOT", 406),
    ("name=HOST/team/app&tag=snapshot-1", 406),
    ("name=HOST/other/app&tag=v1", 200),
    ("name=elsewhere.example/team/app&tag=v1", 200),
    ("name=HOST/team/../app&tag=v1", 400),
    ("name=HOST/team/app%00&tag=v1", 400),
    ("name=HOST/team/app&tag=a%26b", 400),
    ("name=HOST/team/a%0Ap&tag=v1", 400),
    ("name=HOST/team/app&tag=" + "t" * 129, 400),
    ("name=HOST/team/" + "a" * 300 + "&tag=v1", 400),
])
def test_answers_of_a_get(serving, here, there, team, query, status):
    """Those of the fork, and 400 for what it would have taken for a name."""
    server = serving.start(serving.config(routes(here, there), sync={"interval": "1000h"}), team)
    answer = server.get("/images/sync/hook?" + query.replace("HOST", here.host))
    assert answer.status == status, answer
    queued = status == 200 and re.search(r"HOST(/|%2F)team", query)
    assert bool(serving.pending() if os.path.exists(serving.record) else []) == bool(queued)
    assert not here.seen() and not there.seen()


@pytest.mark.parametrize("body, status", [
    ({"name": "HOST/team/app", "tag": "v1"}, 202),
    ({"Name": "HOST/team/app", "Tag": "v1"}, 202),
    ([{"name": "HOST/team/app", "tag": "v1"}, {"name": "HOST/team/web", "tag": "v1"}], 202),
    ([], 202),
    ({"name": "HOST/team/app", "tag": "v1", "more": [1, {"x": None}]}, 202),
    ({"tag": "v1"}, 400),
    ({"name": "HOST/team/app"}, 400),
    ({"name": 7, "tag": "v1"}, 400),
    ({"name": "HOST/team/app", "tag": "v1-snapshot"}, 406),
    ({"name": "HOST/other/app", "tag": "v1"}, 404),
    ({"name": "elsewhere.example/team/app", "tag": "v1"}, 404),
    ({"name": "Index.Docker.IO/team/app", "tag": "v1"}, 404),
    ({"name": "HOST/team/app:v1", "tag": "v1"}, 400),
    ({"name": "team/app/x", "tag": "v1"}, 400),
    ([{"name": "HOST/team/app", "tag": "v1"}, {"name": "HOST/team/app", "tag": "a b"}], 400),
    ("no JSON", 400),
    ('{"name": "HOST/team/app", "tag": "v1"', 400),
    ([{"name": "HOST/team/app", "tag": f"v{number}"} for number in range(1001)], 400),
])
def test_answers_of_a_post(serving, here, there, team, body, status):
    """All images of one request, or none of them."""
    text = body if isinstance(body, str) else json.dumps(body)
    server = serving.start(serving.config(routes(here, there), sync={"interval": "1000h"}), team)
    answer = server.post("/images/sync/hook", text.replace("HOST", here.host), headers={"Content-Type": "application/json"})
    assert answer.status == status, answer
    wanted = (len(body) if isinstance(body, list) else 1) if status == 202 else 0
    assert len(serving.pending() if os.path.exists(serving.record) else []) == wanted
    assert answer.json.get("queued", 0) == wanted
    assert ("error" in answer.json) == (status != 202)


def test_a_form(serving, here, there, team):
    server = serving.start(serving.config(routes(here, there), sync={"interval": "1000h"}), team)
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert server.post("/images/sync/hook", f"name={here.host}%2fteam/app&tag=v1", headers=form).status == 202
    assert server.post("/images/sync/hook", f"name={here.host}/team/app%zz&tag=v1", headers=form).status == 400
    assert server.post("/images/sync/hook", "<x/>", headers={"Content-Type": "text/xml"}).status == 415
    assert serving.pending() == [f"{here.host}/team/app:v1&{there.host}"]


def test_get_can_be_forbidden(serving, here, there, team):
    server = serving.start(serving.config(routes(here, there), app={"allowGet": False}, sync={"interval": "1000h"}), team)
    assert server.get(f"/images/sync/hook?name={here.host}/team/app&tag=v1").status == 405
    assert server.hook(f"{here.host}/team/app").status == 202


def test_snapshots_can_be_allowed(serving, here, there, team):
    here.push(images.image("snapshot"), "team/app", "1.0-SNAPSHOT")
    server = serving.start(serving.config(routes(here, there), app={"allowSnapshots": True}), team)
    assert server.hook(f"{here.host}/team/app", "1.0-SNAPSHOT").status == 202
    server.until(lambda: copied(there) == {"team/app:1.0-SNAPSHOT"}, "the copy")


@pytest.mark.concurrency
def test_do_starts_a_run(serving, here, there, team):
    """Nothing runs by itself before the interval is over; GET changes nothing."""
    server = serving.start(serving.config(routes(here, there), sync={"interval": "1000h"}), team)
    assert server.hook(f"{here.host}/team/app").status == 202
    assert server.get("/images/sync/do").status == 200
    threading.Event().wait(2.5)
    assert copied(there) == set()
    assert server.post("/images/sync/do").status == 202
    server.until(lambda: copied(there) == {"team/app:v1"}, "the copy")


@pytest.mark.concurrency
def test_immediate(serving, here, there, team):
    """Long before the interval, and hooks that come together are one run."""
    server = serving.start(serving.config(routes(here, there), sync={"interval": "1000h", "immediate": True}), team)
    for name in "app", "web":
        assert server.hook(f"{here.host}/team/{name}").status == 202
    server.until(lambda: copied(there) == {"team/app:v1", "team/web:v1"}, "the copies")
    server.until(lambda: serving.pending() == [], "an empty record")
    assert len(re.findall(r"run \d+ starts", server.text())) == 1


# -- where images go -----------------------------------------------------------------------------------------------------------

def test_a_destination_with_a_path(serving, here, there, team):
    server = serving.start(serving.config(routes(here, there, "/mirror/of/")), team)
    assert server.hook(f"{here.host}/team/app").status == 202
    server.until(lambda: copied(there) == {"mirror/of/team/app:v1"}, "the copy")
    server.until(lambda: serving.pending() == [], "an empty record")


def test_lists_of_destinations_and_namespaces(serving, scripted, here, there, team):
    second = scripted()
    here.push(images.image("other"), "other/app", "v1")
    document = serving.config([(here.host + "/", " team , other ", f"{there.host} , {second.host}/x/")])
    server = serving.start(document, {**team, **run.insecure(second)})
    assert server.hook(f"{here.host}/team/app").json["queued"] == 2
    assert server.hook(f"{here.host}/other/app").json["queued"] == 2
    server.until(lambda: copied(there) == {"team/app:v1", "other/app:v1"}, "the copies")
    server.until(lambda: copied(second) == {"x/team/app:v1", "x/other/app:v1"}, "the copies below x")


def test_every_namespace(serving, here, there, team):
    here.push(images.image("deep"), "some/where/deep", "v1")
    server = serving.start(serving.config([(here.host, "*", there.host)]), team)
    assert server.hook(f"{here.host}/some/where/deep").status == 202
    server.until(lambda: copied(there) == {"some/where/deep:v1"}, "the copy")


def test_an_image_that_is_called_like_its_destination(serving, here, there, team):
    name = there.host.replace(":", "-")
    here.push(images.image("namesake"), f"team/{name}", "v1")
    server = serving.start(serving.config(routes(here, there)), team)
    assert server.hook(f"{here.host}/team/{name}").status == 202
    server.until(lambda: copied(there) == {f"team/{name}:v1"}, "the copy")


def test_two_sources_of_one_image(serving, scripted, here, there, team):
    """The later hook wins, which the log says; that it may happen is said at the start."""
    second = scripted()
    other = second.push(images.image("another app"), "team/app", "v1")
    document = serving.config([(here.host, "team", there.host), (second.host, "team", there.host)], sync={"interval": "1000h"})
    server = serving.start(document, {**team, **run.insecure(second)})
    assert re.search(r"level=warning.*team", server.text())
    assert server.hook(f"{here.host}/team/app").status == 202
    assert server.hook(f"{second.host}/team/app").status == 202
    server.until(lambda: serving.pending() == [f"{second.host}/team/app:v1&{there.host}"], "the second hook alone")
    assert server.post("/images/sync/do").status == 202
    server.until(lambda: there.tags.get(("team/app", "v1")) == other.digest, "the copy of the second")
    assert not here.seen()


# -- the record ----------------------------------------------------------------------------------------------------------------

def test_the_record_of_the_fork(serving, here, there, team):
    """Its indexes are ignored; both images are copied, and what is left is a record that it can read."""
    serving.runner.write("images.json", f'{{"{here.host}/team/web:v1&{there.host}":7,"{here.host}/team/app:v1&{there.host}":0}}')
    server = serving.start(serving.config(routes(here, there)), team)
    server.until(lambda: copied(there) == {"team/app:v1", "team/web:v1"}, "the copies")
    server.until(lambda: serving.pending() == [], "an empty record")


def test_the_record_is_in_order_of_arrival(serving, here, there, team):
    server = serving.start(serving.config(routes(here, there), sync={"interval": "1000h"}), team)
    for tag in "c", "a", "b":
        assert server.hook(f"{here.host}/team/app", tag).status == 202
    assert server.hook(f"{here.host}/team/app", "c").status == 202
    with open(serving.record, encoding="utf-8") as file:
        record = json.load(file)
    assert [key.split("&")[0].rsplit(":", 1)[1] for key in record] == ["c", "a", "b"]
    assert all(isinstance(index, int) for index in record.values())


@pytest.mark.parametrize("content", ('{"a/b/c:1&d', "[]", "", "null", '{"a/b/c:1&d.example":0} x'), ids=("cut", "list", "empty", "null", "more"))
def test_a_damaged_record(serving, here, there, team, content):
    """Nothing starts, and nothing is overwritten."""
    serving.runner.write("images.json", content)
    server = serving.start(serving.config(routes(here, there)), team, ready=False)
    result = serving.runner.finish(server.process)
    assert result.code == 2 and "images.json" in result.stderr + server.text(), result
    with open(serving.record, encoding="utf-8") as file:
        assert file.read() == content


def test_a_second_server_with_the_same_record(serving, here, there, team):
    server = serving.start(serving.config(routes(here, there), sync={"interval": "1000h"}), team)
    assert server.hook(f"{here.host}/team/app").status == 202
    document = serving.config(routes(here, there))
    document["app"]["port"] = "127.0.0.1:0"
    second = serving.start(document, team, ready=False)
    result = serving.runner.finish(second.process)
    assert result.code != 0 and "images.json" in result.stderr + second.text(), result
    assert serving.pending() == [f"{here.host}/team/app:v1&{there.host}"]


@pytest.mark.concurrency
def test_what_is_queued_survives_a_kill(serving, here, there, team):
    """What was answered is there after SIGKILL, and is copied by the next server."""
    document = serving.config(routes(here, there), sync={"interval": "1000h"})
    server = serving.start(document, team)
    assert server.hook(f"{here.host}/team/app").status == 202
    server.kill()
    server = serving.start(serving.config(routes(here, there)), team)
    server.until(lambda: copied(there) == {"team/app:v1"}, "the copy")


@pytest.mark.concurrency
def test_entries_without_a_route_are_kept(serving, here, there, team):
    """Until there is a route again; other entries go on."""
    lost = f"{here.host}/lost/app:v1&{there.host}"
    serving.runner.write("images.json", {lost: 0, f"{here.host}/team/app:v1&{there.host}": 3})
    here.push(images.image("lost"), "lost/app", "v1")
    server = serving.start(serving.config(routes(here, there)), team)
    server.until(lambda: copied(there) == {"team/app:v1"}, "the copy")
    server.until(lambda: serving.pending() == [lost], "the entry alone")
    server.until(lambda: server.status()["queue"]["unrouted"] == 1, "it in the status")
    serving.write(serving.config([*routes(here, there), (here.host, "lost", there.host)]))
    server.until(lambda: copied(there) == {"team/app:v1", "lost/app:v1"}, "the copy that was lost")
    server.until(lambda: serving.pending() == [], "an empty record")


def test_a_record_that_cannot_be_written(serving, here, there, team):
    """503, and no word of success; afterwards all is well again."""
    server = serving.start(serving.config(routes(here, there), sync={"interval": "1000h"}), team)
    os.rename(serving.record, serving.record + ".away")
    os.mkdir(serving.record)
    answer = server.hook(f"{here.host}/team/app")
    assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0, answer
    assert server.get("/readyz", login=None).status == 503
    assert server.get("/healthz", login=None).status == 200
    os.rmdir(serving.record)
    assert server.hook(f"{here.host}/team/web").status == 202
    assert serving.pending() == [f"{here.host}/team/web:v1&{there.host}"]
    server.until(server.is_up, "readiness")


@pytest.mark.concurrency
def test_a_full_queue(serving, here, there, team):
    server = serving.start(serving.config(routes(here, there), app={"limits": {"queue": 2}}, sync={"interval": "1000h"}), team)
    assert [server.hook(f"{here.host}/team/app", tag).status for tag in ("a", "b", "c", "a")] == [202, 202, 503, 202]
    assert len(serving.pending()) == 2


# -- runs ----------------------------------------------------------------------------------------------------------------------

def test_one_bad_image_holds_up_nobody(serving, here, there, team):
    server = serving.start(serving.config(routes(here, there)), team)
    assert server.hook(f"{here.host}/team/app", "nowhere").status == 202
    assert server.hook(f"{here.host}/team/web").status == 202
    server.until(lambda: copied(there) == {"team/web:v1"}, "the good one")
    server.until(lambda: serving.pending() == [f"{here.host}/team/app:nowhere&{there.host}"], "the bad one alone")
    entry = server.status()["entries"][0]
    assert entry["attempts"] == 1 and "nowhere" in json.dumps(entry) and entry["error"], entry
    here.push(images.image("late"), "team/app", "nowhere")
    assert server.post("/images/sync/do").status == 202
    server.until(lambda: serving.pending() == [], "an empty record")


@pytest.mark.concurrency
def test_a_hook_for_an_image_that_is_under_way(serving, here, there, team):
    """It stays pending, and is looked at again afterwards."""
    begun, released = threading.Event(), threading.Event()

    def wait(request):
        if request.kind == "blob" and not released.is_set():
            begun.set()
            released.wait(WAIT)

    here.hook = wait
    server = serving.start(serving.config(routes(here, there)), team)
    assert server.hook(f"{here.host}/team/app").status == 202
    assert begun.wait(WAIT)
    later = here.push(images.image("pushed meanwhile"), "team/app", "v1")
    assert server.hook(f"{here.host}/team/app").status == 202
    released.set()
    server.until(lambda: there.tags.get(("team/app", "v1")) == later.digest, "the later image")
    server.until(lambda: serving.pending() == [], "an empty record")


@pytest.mark.concurrency
def test_a_thousand_hooks_during_a_run(serving, here, there, team):
    """Each of them is pending or copied at the end; none is lost."""
    count = 1000 if run.FLAVOR == "musl" else 200
    picture = images.image("many")
    here.push(picture, "team/many", *(f"t{number}" for number in range(count)))
    server = serving.start(serving.config(routes(here, there), sync={"immediate": True}), team)
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda number: server.hook(f"{here.host}/team/many", f"t{number}").status, range(count)))
    assert answers == [202] * count
    server.until(lambda: serving.pending() == [], "an empty record")
    assert copied(there) == {f"team/many:t{number}" for number in range(count)}


@pytest.mark.concurrency
@pytest.mark.parametrize("how", (signal.SIGTERM, signal.SIGINT))
def test_an_orderly_stop(serving, here, there, team, how):
    """What is under way ends, what is not stays in the record, and that is success."""
    begun, released = threading.Event(), threading.Event()

    def wait(request):
        if request.kind == "blob" and not released.is_set():
            begun.set()
            released.wait(WAIT)

    here.hook = wait
    server = serving.start(serving.config(routes(here, there)), team)
    assert server.hook(f"{here.host}/team/app").status == 202
    assert begun.wait(WAIT)
    assert server.hook(f"{here.host}/team/web").status == 202
    server.process.send_signal(how)
    server.says("stopped by")
    with pytest.raises(OSError):
        server.get("/healthz", login=None)
    released.set()
    assert serving.runner.finish(server.process).code == 0
    assert f"{here.host}/team/web:v1&{there.host}" in serving.pending()
    assert copied(there) == {"team/app:v1"}


# -- who may -------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("login", (None, basic("ci", "wrong"), basic("other"), basic("", ""), "Basic", "Basic !!!", "Bearer x", "Basic " + "a" * 6000,
                                   basic(USER, PASSWORD + "\0"), basic(USER.upper())))
def test_a_wrong_login(serving, here, there, team, login):
    server = serving.start(serving.config(routes(here, there), sync={"interval": "1000h"}), team)
    answer = server.post("/images/sync/hook", {"name": f"{here.host}/team/app", "tag": "v1"}, login=login)
    assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith('Basic realm="image-syncer"'), answer
    assert answer.text == "no auth or wrong pasword or wrong username"
    for path in "/", "/status", "/metrics", "/images/sync/do", "/no/such/path", "/events/harbor":
        assert server.get(path, login=login).status in (401, 429), path
    assert server.get("/healthz", login=login).status == server.get("/readyz", login=login).status == 200
    assert "127.0.0.1" in server.text() and not os.path.exists(serving.record) or serving.pending() == []


@pytest.mark.concurrency
def test_whoever_guesses_is_slowed(serving, here, there, team):
    server = serving.start(serving.config(routes(here, there)), team)
    answers = [server.get("/status", login=basic(USER, f"guess {number}")) for number in range(5)]
    assert {each.status for each in answers} == {401}
    assert server.get("/status").status == 200, "a proxy may be there: others are let in"


def test_who_waits_to_be_asked_for_a_login_does_not_guess(serving, here, there, team):
    """As browsers do it, and wget: otherwise a build that sends twenty hooks would shut itself out."""
    server = serving.start(serving.config(routes(here, there)), team)
    for _ in range(30):
        assert server.get("/status", login=None).status == 401
    assert server.status()["counters"]["hooks"]["denied"] == 0 and "wrong login" not in server.text()
    assert server.get("/status", login=basic(USER, "guess")).status == 401
    assert server.post("/events/harbor", {}, login=None).status == 401
    assert server.status()["counters"]["hooks"]["denied"] == 2
    server.says("127.0.0.1: a request with a wrong login was refused")


def test_paths_and_methods(serving, here, there, team):
    server = serving.start(serving.config(routes(here, there)), team)
    assert server.get("/no/such/path").status == 404
    assert server.ask("PUT", "/images/sync/hook").status == 405
    assert server.post("/status").status == 405
    assert server.ask("BREW", "/").status == 405
    assert server.ask("HEAD", "/status").status == 200
    assert server.ask("HEAD", f"/images/sync/hook?name={here.host}/team/app&tag=v1").status == 405
    assert server.status()["queue"]["pending"] == 0


def test_a_bearer_token(serving, here, there, team):
    token = serving.runner.secret("not-a-real-bearer-token")
    server = serving.start(serving.config(routes(here, there), auth={"token": "$HOOK_TOKEN"}, sync={"interval": "1000h"}), team, env={"HOOK_TOKEN": token})
    answer = server.post("/images/sync/hook", {"name": f"{here.host}/team/app", "tag": "v1"}, login=f"bearer {token}")
    assert answer.status == 202, answer


def test_other_sites_may_not_ask(serving, here, there, team):
    """A browser says which page asks, and sends the login by itself."""
    server = serving.start(serving.config(routes(here, there), sync={"interval": "1000h"}), team)
    for headers in {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}:
        assert server.post("/images/sync/do", headers=headers).status == 403
        assert server.ask("GET", f"/images/sync/hook?name={here.host}/team/app&tag=v1", headers=headers).status == 403
    assert server.post("/images/sync/do", headers={"Sec-Fetch-Site": "same-origin"}).status == 202


# -- what it tells -------------------------------------------------------------------------------------------------------------

@pytest.mark.concurrency
def test_status_and_metrics(serving, here, there, team):
    server = serving.start(serving.config(routes(here, there)), team)
    assert server.hook(f"{here.host}/team/app").status == 202
    assert server.hook(f"{here.host}/other/app").status == 404
    server.until(lambda: serving.pending() == [], "an empty record")
    server.until(lambda: server.status()["counters"]["images"]["copied"] == 1, "the copy in the status")
    metrics = server.get("/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "app" not in metrics.text, "a name of an image"
    assert re.search(r'^image_syncer_images_total\{result="copied"\} 1$', metrics.text, re.M), metrics.text


def test_the_page(serving, here, there, team):
    server = serving.start(serving.config(routes(here, there)), team)
    page = server.get("/")
    assert page.status == 200 and page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"] and "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"


def test_a_unix_socket(serving, here, there, team):
    document = serving.config(routes(here, there))
    document["app"]["port"] = "unix:" + os.path.join(serving.runner.home, "hooks.sock")
    server = serving.start(document, team, ready=False)
    server.says("serving: listening on unix:")
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(WAIT)
        line.connect(document["app"]["port"].removeprefix("unix:"))
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 200")
    assert server.stop().code == 0


# -- messages ------------------------------------------------------------------------------------------------------------------

@pytest.mark.concurrency
def test_messages_about_hooks(serving, here, there, team):
    """What comes after the first message waits for some minutes, or for the end; an image that keeps failing is told of once."""
    with Service((200, {}, {"ok": True})) as chat:
        server = serving.start(serving.config(routes(here, there), sync={"immediate": True}), team,
                               words=["--notify", f"webhook={chat.url('/hook')}", "--notify-on", "change"])
        assert server.hook(f"{here.host}/team/app").status == 202
        server.until(lambda: len(chat.sent) == 1, "the first message")
        assert [each["source"] for each in chat.sent[0].json["images"]] == [f"{here.host}/team/app:v1"]
        assert server.hook(f"{here.host}/team/web").status == 202
        assert server.hook(f"{here.host}/team/app", "nowhere").status == 202
        server.until(lambda: serving.pending() == [f"{here.host}/team/app:nowhere&{there.host}"], "the failure")
        for _ in range(2):
            before = server.status()["entries"][0]["attempts"]
            assert server.post("/images/sync/do").status == 202
            server.until(lambda: server.status()["entries"][0]["attempts"] > before, "another failure")     # pylint: disable=cell-var-from-loop
        assert len(chat.sent) == 1
        assert server.stop().code == 0
        assert len(chat.sent) == 2
        assert sorted((each["source"], each["status"]) for each in chat.sent[1].json["images"]) == [
            (f"{here.host}/team/app:nowhere", "failed"), (f"{here.host}/team/web:v1", "copied")]


@pytest.mark.concurrency
def test_messages_about_jobs(serving, here, there, team):
    """One that fails as the run before did has no news, and one that succeeds again has."""
    with Service((200, {}, {"ok": True})) as chat:
        serving.runner.write("images.yaml", {f"{here.host}/team/late:v1": f"{there.host}/late"})
        server = serving.start(serving.config(), team, words=["--images", "images.yaml", "--every", "1s", "--retries", "0",
                                                              "--notify", f"webhook={chat.url('/hook')}"])
        server.says(r"run 3 failed")
        assert len(chat.sent) == 1 and chat.sent[0].json["result"] == "failure"
        here.push(images.image("late"), "team/late", "v1")
        server.until(lambda: len(chat.sent) == 2, "the message that it works again")
        assert chat.sent[1].json["result"] == "success"
        server.runs(2)
        assert len(chat.sent) == 2


# -- the start -----------------------------------------------------------------------------------------------------------------

def refused(serving, document, team, *patterns):
    server = serving.start(document, team, ready=False)
    result = serving.runner.finish(server.process)
    assert result.code == 2, result
    for pattern in patterns:
        assert re.search(pattern, result.stderr + server.text()), result


def test_a_broker_is_refused(serving, here, there, team):
    document = serving.config(routes(here, there), rabbitmq={"queueName": "q", "info": [{"address": "mq.example:5672", "username": "a", "password": "b"}]})
    refused(serving, document, team, r"sync\.yaml:\d+:\d+: .*rabbitmq")


def test_a_port_in_use(serving, here, there, team):
    with socket.socket() as other:
        other.bind(("127.0.0.1", serving.port))
        other.listen()
        refused(serving, serving.config(routes(here, there)), team, rf"{serving.port}")


def test_no_login(serving, here, there, team):
    document = serving.config(routes(here, there))
    document["auth"] = {"username": "", "password": ""}
    refused(serving, document, team, r"sync\.yaml.*anonymous")
    document["auth"] = {"anonymous": True}
    server = serving.start(document, team)
    assert server.get("/status", login=None).status == 200


def test_a_dry_run_is_refused(serving, here, there, team):
    server = serving.start(serving.config(routes(here, there)), team, words=["--dry-run"], ready=False)
    result = serving.runner.finish(server.process)
    assert result.code == 2 and "--dry-run" in result.stderr, result
