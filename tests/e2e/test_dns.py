"""Names: what a name server does wrong once does not fail a run, and what it does wrong for ever has an end."""


import pytest

from lib import images, names, run
from lib.scripted import Scripted

pytestmark = pytest.mark.concurrency
ONCE = ["--retries", "0"]


@pytest.fixture
def server():
    """server(answer, behind) starts a name server for this test only; see NameServer."""
    if not names.able():
        pytest.skip("a name server on port 53, and a file mounted for one program, need root")
    started = []

    def start(answer, behind=()):
        started.append(names.NameServer(answer, behind))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def places():
    """(source, target, picture); the source is known as a name, v1 is to be copied."""
    with Scripted() as here, Scripted() as there:
        yield here, there, here.push(images.image("names"), "a", "v1")


def copy(runner, places, *servers, flags=ONCE, start=False, **more):
    here, there, _ = places
    name = f"registry.test:{here.port}"
    command = runner.arguments({f"{name}/a:v1": f"{there.host}/a"}, run.insecure(name, there), flags)
    command = names.with_servers(runner, command, *servers, **more)
    return runner.start(command) if start else runner.run(command, report=True)


def arrived(places, result):
    _, there, picture = places
    assert result.code == 0
    assert there.tags == {("a", "v1"): picture.digest}


def failure(result, places):
    assert result.code == 1
    error = result.image(f"{places[1].host}/a:v1")["error"]
    assert error["kind"] == "unreachable" and "registry.test" in error["message"]


def test_an_answer_too_long_for_one_packet(runner, server, places):
    asked = server(lambda *_: names.CUT, behind=["127.0.0.1"])
    arrived(places, copy(runner, places, asked))
    assert asked.count("tcp") > 0, "it was not asked by TCP"


def test_a_server_that_fails_at_first(runner, server, places):
    asked = server(lambda _name, _kind, tries: names.SERVFAIL if tries < 3 else ["127.0.0.1"])
    arrived(places, copy(runner, places, asked))
    assert asked.count() > 3


def test_a_server_that_is_silent_at_first(runner, server, places):
    asked = server(lambda _name, _kind, tries: names.SILENCE if tries < 2 else ["127.0.0.1"])
    arrived(places, copy(runner, places, asked, options="timeout:1 attempts:1"))
    assert asked.count() > 2


def test_the_first_of_two_servers_is_silent(runner, server, places):
    silent, talks = server(lambda *_: names.SILENCE), server(lambda *_: ["127.0.0.1"])
    arrived(places, copy(runner, places, silent, talks))
    assert silent.count() > 0 and talks.count() > 0


def test_an_address_where_nobody_listens_is_not_the_last(runner, server, places):
    asked = server(lambda *_: ["127.0.0.9", "127.0.0.8", "127.0.0.1"])
    arrived(places, copy(runner, places, asked))


def test_a_name_that_is_none(runner, server, places):
    asked = server(lambda *_: names.NXDOMAIN)
    failure(copy(runner, places, asked), places)
    assert 0 < asked.count() <= 16, "what is no name is not asked for again and again"


def test_nobody_answers(runner, server, places):
    asked = server(lambda *_: names.SILENCE)
    failure(copy(runner, places, asked, options="timeout:1 attempts:1"), places)
    assert asked.count() > 1, "a lost packet would have failed the run"


def test_a_run_that_waits_for_a_name_can_be_stopped(runner, server, places):
    asked = server(lambda *_: names.SILENCE)
    there = places[1]
    process = copy(runner, places, asked, start=True, options="timeout:5 attempts:1")
    result = runner.stop(process, lambda: asked.count(), "the first question")
    assert result.code == 143 and result.report["result"] == "cancelled"
    assert there.tags == {} and there.seen(kind="upload") == []
