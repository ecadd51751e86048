"""Servers that do not answer, in every way there is: given up for all images together, soon, and with one reason; and what is only flaky,
or bad on one path alone, is not. While requests wait, a line says so."""

import contextlib
import functools
import random
import re
import threading
import time

import pytest

from lib import images, mute, names, proxy, run
from lib.scripted import Scripted

MANY = 50
ONE_ROUND, ALL_ROUNDS, QUIET = (20, 90, 13) if run.FLAVOR == "musl" else (60, 180, 30)     # seconds


class Server:
    """`host` of the side that is out of reach; what runs a command so that it is; what counts tries."""

    def __init__(self, host, insecure=True, wrap=None, tries=None):
        self.host, self.insecure, self.wrap, self.tries = host, insecure, wrap or (lambda _runner, command: command), tries


@contextlib.contextmanager
def _mute(how, insecure):
    with mute.Mute(how) as port:
        yield Server(port.host, insecure, tries=lambda: len(port.connections))


@contextlib.contextmanager
def _name(answer):
    server = names.NameServer(answer)
    try:
        yield Server("nobody.test:5000", wrap=lambda runner, command: names.with_servers(runner, command, server, options="timeout:5 attempts:2"))
    finally:
        server.stop()


@contextlib.contextmanager
def _tokens(how):
    with mute.Mute(how) as port, Scripted() as registry:
        challenge = {"WWW-Authenticate": f'Bearer realm="http://{port.host}/token",service="x"'}
        registry.hook = lambda _request: (401, challenge, b"")
        yield Server(registry.host, tries=lambda: len(port.connections))


@contextlib.contextmanager
def _after_the_head(_how=None):
    """A registry that reads requests and resets instead of answering."""
    with Scripted() as behind, proxy.Proxy(behind) as front:
        front.rule("*", "", proxy.Reset(), times=None)
        yield Server(front.host)


SERVERS = {
    "reset": lambda: _mute(mute.RESET, True),
    "reset-tls": lambda: _mute(mute.RESET_HEAD, False),
    "reset-after-request": _after_the_head,
    "refused": lambda: _mute(mute.REFUSED, True),
    "silent": lambda: _mute(mute.SILENT, True),
    "silent-tls": lambda: _mute(mute.SILENT, False),
    "no-answer-to-syn": lambda: _mute(mute.FULL, False),
    "no-name": lambda: _name(lambda *_: names.NXDOMAIN),
    "silent-names": lambda: _name(lambda *_: names.SILENCE),
    "token-silent": lambda: _tokens(mute.SILENT),
    "token-reset": lambda: _tokens(mute.RESET_HEAD),
}


def reachable():
    """The servers that this machine can play: names need root."""
    return [way for way in SERVERS if "name" not in way or names.able()]


@pytest.fixture
def healthy():
    with Scripted() as registry:
        for number in range(MANY):
            registry.push(images.image("outage"), f"a{number}", "v1")
        yield registry


def copy(runner, server, healthy, side, flags, count=MANY):
    """(result, seconds) of copying many images from or to the server."""
    here, there = (server.host, healthy.host) if side == "source" else (healthy.host, server.host)
    rules = {f"{here}/a{number}:v1": f"{there}/b{number}" for number in range(count)}
    auth = run.insecure(healthy, *([server.host] if server.insecure else []))
    command = server.wrap(runner, runner.arguments(rules, auth, flags))
    begun = time.monotonic()
    result = runner.run(command, report=True)
    return result, time.monotonic() - begun


def check(result, seconds, limit, side, rounds):
    assert result.code == 1
    assert result.report["failed"] == MANY
    assert seconds < limit, f"{seconds:.1f} s"
    given_up = re.findall(r"giving up on [^ ]+ for this round: (.*)\"", result.stderr)
    assert len(given_up) == rounds
    errors = [each["error"] for each in result.report["images"]]
    assert all(each["kind"] in ("network", "unreachable") and each["message"].startswith(side) for each in errors)
    assert all(each["message"].endswith(given_up[-1]) for each in errors), "the first error is everybody's"
    told = [line for line in result.stderr.splitlines() if line.startswith("  x ") and given_up[-1] in line]
    assert 1 <= len(told) <= 2, "the reason is said once for all, and perhaps by the one that found out"


@pytest.fixture
def at_once(binary, tmp_path):
    """at_once({name: test(runner)}) runs them side by side: they do nothing but wait."""
    def run_all(tests):
        failures = {}

        def one(name):
            home = tmp_path / name
            home.mkdir()
            try:
                tests[name](run.Runner(binary, home))
            except Exception as problem:  # noqa: BLE001 - told below, with the name
                failures[name] = problem

        threads = [threading.Thread(target=one, args=(name,)) for name in tests]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert not failures, "\n".join(f"{name}: {problem!r}"[:3000] for name, problem in failures.items())

    return run_all


@pytest.mark.long
@pytest.mark.parametrize("side", ("source", "destination"))
def test_a_server_that_is_out_of_reach(at_once, healthy, side):
    def test(way, runner):
        with SERVERS[way]() as server:
            result, seconds = copy(runner, server, healthy, side, ["--retries", "0"])
            check(result, seconds, ONE_ROUND, side, 1)
            if server.tries:
                assert server.tries() <= (2 * MANY if way.startswith("token") else 12), "tokens are asked for by many at once"

    at_once({way: functools.partial(test, way) for way in reachable()})


@pytest.mark.long
def test_each_round_tries_again(at_once, healthy):
    def test(way, runner):
        with SERVERS[way]() as server:
            result, seconds = copy(runner, server, healthy, "destination", [])
            check(result, seconds, ALL_ROUNDS, "destination", 3)

    at_once({way: functools.partial(test, way) for way in reachable()})


def test_a_server_that_comes_back_between_two_rounds(runner, healthy):
    with Scripted() as behind, proxy.Proxy(behind) as front:
        front.rule("*", "", proxy.Reset(), times=14)
        result, _ = copy(runner, Server(front.host), healthy, "destination", [])
        assert result.code == 0
        assert "for this round: " in result.stderr and len(behind.tags) == MANY


# -- what is not given up -----------------------------------------------------------------------------------------------------

class Flaky(Scripted):
    """Resets so many of a hundred connections, of which each takes a few requests only."""

    def __init__(self, percent, seed):
        super().__init__()
        self._random, self._percent, self._guard = random.Random(seed), percent, threading.Lock()
        self.resets = 1         # so that each connection is looked at
        self.lost = 0

    def resets_now(self):
        with self._guard:
            hit = self._random.randrange(100) < self._percent
            self.lost += hit
            return hit

    def answer(self, method, path, headers, body):
        status, more, content = super().answer(method, path, headers, body)
        return status, {**more, "Connection": "close"}, content


SERIAL = {"together": [], "one-by-one": ["--proc", "1"]}


@pytest.mark.long
def test_a_flaky_server_is_never_given_up(at_once, healthy):
    def test(flags, seed, runner):
        with Flaky(30, seed) as flaky:
            flaky.push(images.image("outage"), "a0", "v1")
            for side, count in (("source", 1), ("destination", 8)):
                result, _ = copy(runner, Server(flaky.host), healthy, side, flags, count)
                assert "giving up on" not in result.stderr
                assert result.code == 0
            assert flaky.lost > 8

    at_once({f"{name}-{seed}": functools.partial(test, flags, seed) for name, flags in SERIAL.items() for seed in range(2)})


@pytest.mark.long
def test_one_bad_path_costs_one_image(at_once, healthy):
    """The first image of all, so that nothing else is known of the server when it fails."""
    def test(flags, runner):
        with Scripted() as behind, proxy.Proxy(behind) as front:
            front.rule("*", "/b0/", proxy.Reset(), times=None)
            result, _ = copy(runner, Server(front.host), healthy, "destination", ["--retries", "0", *flags])
            assert result.code == 1 and "giving up on" not in result.stderr
            assert result.report["copied"] == MANY - 1 and result.report["failed"] == 1
            assert result.image(f"{front.host}/b0:v1")["error"]["kind"] == "network"

    at_once({name: functools.partial(test, flags) for name, flags in SERIAL.items()})


# -- what is said meanwhile ---------------------------------------------------------------------------------------------------

def gaps(runner, command):
    """(result, the longest time without a line) of a run in a pipe."""
    process = runner.start(command)
    times, lines = [time.monotonic()], []
    for line in process.stderr:
        times.append(time.monotonic())
        lines.append(line.decode())
    process.wait()
    return "".join(lines), max(b - a for a, b in zip(times, times[1:] + [time.monotonic()]))


@pytest.mark.long
def test_a_pipe_is_never_quiet_for_long(at_once, healthy):
    def test(way, words, runner):
        with SERVERS[way]() as server:
            rules = {f"{healthy.host}/a0:v1": f"{server.host}/b0"}
            auth = run.insecure(healthy, *([server.host] if server.insecure else []))
            text, gap = gaps(runner, runner.arguments(rules, auth, ["--retries", "0"]))
            assert words in text
            assert gap < QUIET, f"{gap:.1f} s without a line\n{text}"

    at_once({"silent-tls": functools.partial(test, "silent-tls", "no connection to 127.0.0.1 yet"),
             "reset": functools.partial(test, "reset", "trying again in")})


@pytest.mark.long
def test_a_back_off_is_told_at_once_and_then_now_and_then(runner, healthy):
    with Scripted() as limited:
        limited.hook = lambda _request: (429, {"Retry-After": "20"}, b"")
        rules = {f"{healthy.host}/a{number}:v1": f"{limited.host}/b{number}" for number in range(3)}
        command = runner.arguments(rules, run.insecure(healthy, limited), ["--timeout", "25s"])
        text, gap = gaps(runner, command)
        waits = [line for line in text.splitlines() if "trying again in" in line]
        assert 2 <= len(waits) <= 5 and gap < QUIET
        assert limited.host in waits[0] and "HTTP 429" in waits[0]
        assert re.search("HTTP 429.*; stopped by the time limit before the next try", text)


def test_a_terminal_shows_what_is_waited_for(runner, healthy):
    with Scripted() as limited:
        limited.hook = lambda _request: (503, {}, b"")
        rules = {f"{healthy.host}/a0:v1": f"{limited.host}/b0"}
        result = runner.tty(rules, run.insecure(healthy, limited), ["--timeout", "9s", "--retries", "0"])
        assert re.search(rf"trying again in \d s: {limited.host}: HTTP 503", result.stdout)
