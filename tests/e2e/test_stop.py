"""A run that is asked to stop ends, wherever it waits and however much it has to do: with its status, its report and its lists.

What it waits for differs from stage to stage; one image waits there, or three hundred. The limit is generous: five seconds are promised,
of which the program gives half to what is under way.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import termios
import threading
import time

import pytest

from lib import images, mute, names, proxy, run
from lib.scripted import Scripted
from test_connect import Helper

pytestmark = pytest.mark.concurrency

LIMIT = 8 if run.FLAVOR == "musl" else 30
WAYS = {"SIGTERM": 143, "SIGINT": 130, "timeout": 1}
GIVEN = 4            # seconds, by --timeout


def rules(source, target, count):
    """One rule for each of so many images."""
    return {f"{source}/a{number}:v1": f"{target}/b{number}" for number in range(count)}


class Stage:
    """What is run, and how to know that it waits."""

    def __init__(self, command, reached, env=None):
        self.command, self.reached, self.env = command, reached, env


# -- where a run waits --------------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def names_without_answer(runner, count):
    if not names.able():
        pytest.skip("a name server on port 53, and a file mounted for one program, need root")
    server = names.NameServer(lambda *_: names.SILENCE)
    try:
        wanted = {f"from{number}.test:5000/a:v1": f"to{number}.test:5000/a" for number in range(count)}
        command = names.with_servers(runner, listed(runner, wanted), server, options="timeout:20 attempts:2")
        yield Stage(command, lambda: server.count() > min(count, 10))
    finally:
        server.stop()


@contextlib.contextmanager
def _port(runner, count, how, insecure=False):
    with mute.Mute(how) as source, mute.Mute(how) as target:
        wanted = rules(source.host, target.host, count)
        auth = run.insecure(source, target) if insecure else {}
        begun = time.monotonic()
        stage = Stage(listed(runner, wanted, auth), lambda: source.connections or time.monotonic() - begun > 2)
        stage.ports = [source, target]
        yield stage


def connections_without_answer(runner, count):
    return _port(runner, count, mute.FULL)


def handshakes_without_answer(runner, count):
    return _port(runner, count, mute.SILENT)


def resets(runner, count):
    return _port(runner, count, mute.RESET, insecure=True)


@contextlib.contextmanager
def _scripted(runner, count, hook, flags=(), wanted=None, **more):
    with Scripted() as source, Scripted() as target:
        for number in range(min(count, 3)):
            source.push(images.image("stop"), f"a{number}", "v1")
        source.hook = hook
        wanted = wanted or rules(source.host, target.host, count)
        wanted = {key.replace("SOURCE", source.host): value.replace("TARGET", target.host) for key, value in wanted.items()}
        yield Stage(listed(runner, wanted, run.insecure(source, target), flags), lambda: source.seen(), **more)


@contextlib.contextmanager
def _hanging(make):
    """make(hang), where hang() blocks until the test is over."""
    over = threading.Event()
    try:
        with make(lambda: over.wait(60)) as stage:
            yield stage
    finally:
        over.set()


def answers_that_do_not_come(runner, count):
    return _hanging(lambda hang: _scripted(runner, count, lambda _request: hang() and None))


def answers_that_do_not_end(runner, count):
    def drip(hang):
        def pieces(request):
            if request.kind != "blob":
                return None
            return (piece for piece in [b"x", hang() and b""])

        return _scripted(runner, count, pieces)

    return _hanging(drip)


def back_off(runner, count):
    return _scripted(runner, count, lambda _request: (503, {}, b""))


def a_pause_that_was_asked_for(runner, count):
    return _scripted(runner, count, lambda _request: (429, {"Retry-After": "50"}, b""))


def the_pace(runner, count):
    return _scripted(runner, count, lambda request: (200, {}, b"{}") if request.method == "HEAD" else None, ["--requests-per-second", "1"])


def lists_of_tags(runner, count):
    wanted = {f"SOURCE/a{number}": f"TARGET/b{number}" for number in range(count)}
    return _hanging(lambda hang: _scripted(runner, count, lambda _request: hang() and None, wanted=wanted))


@contextlib.contextmanager
def a_token_server(runner, count):
    with mute.Mute(mute.SILENT) as tokens:
        challenge = {"WWW-Authenticate": f'Bearer realm="http://{tokens.host}/token",service="x"'}
        with _scripted(runner, count, lambda _request: (401, challenge, b"")) as stage:
            stage.reached = lambda: tokens.connections
            yield stage


@contextlib.contextmanager
def a_helper(runner, count):
    with _scripted(runner, count, lambda _request: (401, {"WWW-Authenticate": 'Basic realm="x"'}, b"")) as stage:
        with open(stage.command[stage.command.index("--images") + 1], encoding="utf-8") as file:
            host = file.read().split('"')[1].split("/")[0]
        helper = Helper(runner.home, host, [], body="sleep 60\n")
        stage.env, stage.reached = helper.environment, helper.asked
        yield stage


STAGES = [names_without_answer, connections_without_answer, handshakes_without_answer, resets, answers_that_do_not_come,
          answers_that_do_not_end, back_off, a_pause_that_was_asked_for, the_pace, lists_of_tags, a_token_server, a_helper]


def listed(runner, wanted, auth=None, flags=()):
    """The command line, with both lists."""
    lists = [each for kind in ("success", "failed") for each in (f"--output-{kind}-images", os.path.join(runner.home, f"{kind}.json"))]
    return runner.arguments(wanted, auth or {}, [*lists, "--output-images-format", "json", *flags])


# -- the tests ----------------------------------------------------------------------------------------------------------------

def stop(runner, stage, way):
    """(result, seconds it took to stop)"""
    command = stage.command + (["--timeout", f"{GIVEN}s"] if way == "timeout" else [])
    begun = time.monotonic()
    process = runner.start(command, stage.env)
    try:
        if way == "timeout":
            begun += GIVEN
        else:
            proxy.until(stage.reached, seconds=60, what="the stage")
            time.sleep(0.3)
            begun = time.monotonic()
            process.send_signal(getattr(signal, way))
        result = runner.finish(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    return result, time.monotonic() - begun


def check(runner, result, seconds, way, count):
    assert result.code == WAYS[way]
    assert seconds < LIMIT, f"it took {seconds:.1f} s to stop"
    report = result.report
    assert report["result"] == "cancelled" and report["total"] == max(count, len(report["images"]))
    assert len(report["images"]) == report["copied"] + report["skipped"] + report["failed"]
    with open(os.path.join(runner.home, "failed.json"), encoding="utf-8") as file:
        failed = json.load(file)
    assert sum(map(len, failed.values())) == report["failed"]
    name = "the time limit" if way == "timeout" else way
    assert f"stopped by {name}" in result.stderr
    messages = [each["error"]["message"] for each in report["images"] if each["status"] == "failed"]
    assert not any("a signal" in each for each in messages)
    assert any(f"stopped by {name}" in each for each in messages) or report["total"] > len(report["images"])


@pytest.mark.long
@pytest.mark.parametrize("count", (1, 300))
@pytest.mark.parametrize("stage", STAGES, ids=lambda each: each.__name__)
def test_a_signal(runner, stage, count):
    with stage(runner, count) as waiting:
        result, seconds = stop(runner, waiting, "SIGTERM")
        check(runner, result, seconds, "SIGTERM", count)


@pytest.mark.long
@pytest.mark.parametrize("way", ("SIGINT", "timeout"))
@pytest.mark.parametrize("stage", STAGES, ids=lambda each: each.__name__)
def test_another_way_to_stop(runner, stage, way):
    with stage(runner, 8) as waiting:
        result, seconds = stop(runner, waiting, way)
        check(runner, result, seconds, way, 8)


@pytest.mark.parametrize("how", (mute.SILENT, mute.RESET))
def test_no_connection_begins_after_a_stop(runner, how):
    with _port(runner, 50, how, insecure=how == mute.RESET) as waiting:
        result, seconds = stop(runner, waiting, "SIGTERM")
        stopped = time.monotonic() - seconds
        check(runner, result, seconds, "SIGTERM", 50)
        late = [each - stopped for port in waiting.ports for each in port.connections if each > stopped + 0.5]
        assert late == []


# -- before the first request, and after the last -----------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ("pipe", "fifo"))
@pytest.mark.parametrize("way", WAYS)
def test_rules_that_do_not_come(runner, way, kind):
    """A pipe whose writer writes nothing, and one that nobody has opened for writing."""
    fifo = os.path.join(runner.home, "rules")
    os.mkfifo(fifo)
    command = [runner.binary, "--images", "-" if kind == "pipe" else fifo, *(["--timeout", "1s"] if way == "timeout" else [])]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=runner.environment())
    time.sleep(1)
    if way != "timeout":
        process.send_signal(getattr(signal, way))
    with contextlib.closing(process.stdin):
        begun = time.monotonic()
        err = process.stderr.read().decode()
        assert process.wait(60) == WAYS[way] and time.monotonic() - begun < LIMIT
    name = "standard input" if kind == "pipe" else fifo
    assert f"reading {name}: stopped by {'the time limit' if way == 'timeout' else way}" in err


MANY = 600           # images, whose report and log are more than a pipe holds


@pytest.fixture
def command(runner):
    """A run of many images that are not there."""
    with _scripted(runner, MANY, lambda _request: (404, {}, b"")) as stage:
        yield stage.command


def failed_images(runner):
    with open(os.path.join(runner.home, "failed.json"), encoding="utf-8") as file:
        return json.load(file)


def test_a_report_that_nobody_reads(runner, command):
    command[command.index("--report") + 1] = "-"
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=runner.environment())
    _stop_when_blocked(process)
    assert len(failed_images(runner)) == MANY


def test_a_log_that_nobody_reads(runner, command):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env=runner.environment())
    _stop_when_blocked(process)
    report = runner._report(True)
    assert report["result"] == "cancelled" and report["failed"] == len(report["images"]) == len(failed_images(runner)) > 0


def _stop_when_blocked(process):
    """Its exit status is that of SIGTERM, in time, although nobody ever reads what it writes."""
    try:
        proxy.until(lambda: _blocked(process), seconds=60, what="a full pipe")
        process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        assert process.wait(60) == 143
        assert time.monotonic() - begun < LIMIT
    finally:
        process.kill()
        process.communicate()


def _blocked(process):
    """Whether the pipe that the process writes to is full."""
    size = fcntl.ioctl(process.stdout or process.stderr, termios.FIONREAD, b"\0" * 4)
    return int.from_bytes(size, "little") > 50_000


# -- the time of one image -----------------------------------------------------------------------------------------------------

def hanging(source, repo, times=1 << 30):
    """The blobs of repo do not come, the first `times` times they are asked for."""
    left = [times]

    def hook(request):
        if request.kind != "blob" or request.repo != repo or not left[0]:
            return None
        left[0] -= 1
        return (piece for piece in [b"x", time.sleep(9) or b""])
    source.hook = hook


def timed(runner, source, target, *flags):
    for repo in ("slow", "quick"):
        source.push(images.image(repo), repo, "v1")
    wanted = {f"{source.host}/{repo}:v1": f"{target.host}/{repo}" for repo in ("slow", "quick")}
    return runner.finish(runner.start(listed(runner, wanted, run.insecure(source, target), flags)))


@pytest.mark.concurrency
def test_an_image_that_takes_too_long(runner):
    """It fails, and the others are none the worse; the run was not stopped."""
    with Scripted() as source, Scripted() as target:
        hanging(source, "slow")
        result = timed(runner, source, target, "--image-timeout", "4s", "--retries", "0")
        assert result.code == 1 and result.report["result"] == "partial"
        assert set(target.tags) == {("quick", "v1")}
        assert "stopped by the time limit of one image" in result.image(f"{target.host}/slow:v1")["error"]["message"]


@pytest.mark.concurrency
def test_an_image_that_took_too_long_gets_another_round(runner):
    with Scripted() as source, Scripted() as target:
        hanging(source, "slow", times=1)
        result = timed(runner, source, target, "--image-timeout", "2s", "--retries", "1")
        assert result.code == 0, result.stderr
        assert set(target.tags) == {("quick", "v1"), ("slow", "v1")}
        assert "will be tried again" in result.stderr


# -- more than one signal -----------------------------------------------------------------------------------------------------

@pytest.mark.long
def test_timeout_signals_the_program_and_then_its_group(runner):
    """Two signals for one wish, ten times."""
    for _ in range(10):
        with handshakes_without_answer(runner, 20) as stage:
            process = subprocess.Popen(["timeout", "1", *stage.command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=runner.environment(), start_new_session=True)
            begun = time.monotonic()
            err = process.communicate(timeout=60)[1].decode()
            assert process.returncode == 124 and time.monotonic() - begun < 1 + LIMIT
            assert "stopped by SIGTERM" in err and "20 images: " in err
            assert runner._report(True)["result"] == "cancelled"


@pytest.mark.parametrize("first", ("SIGINT", "SIGTERM"))
def test_a_later_signal_ends_the_run_at_once(runner, first):
    with answers_that_do_not_come(runner, 1) as stage:
        process = runner.start(stage.command)
        proxy.until(stage.reached, what="the stage")
        process.send_signal(getattr(signal, first))
        time.sleep(1.2)
        process.send_signal(getattr(signal, first))
        begun = time.monotonic()
        process.communicate(timeout=60)
        assert process.returncode == WAYS[first]
        assert time.monotonic() - begun < 2, "it went on with what was under way"
        assert not os.path.exists(runner.report_path)
