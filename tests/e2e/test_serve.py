"""serve: runs by the clock, files that are read again, signals. What is waited for comes within a generous time; nothing is measured."""

import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import threading

import pytest

from lib import images, proxy, run
from lib.serving import WAIT, Server

pytestmark = pytest.mark.concurrency
LONG = "1000h"


class Clock(Server):
    """A server without hooks."""

    def __init__(self, runner, rules, auth, flags, env=None):
        log = os.path.join(runner.home, "serve.log")
        words = runner.arguments(rules, auth, ["--log", log, *flags])
        self.images, self.auth = words[2], words[words.index("--auth") + 1] if auth is not None else None
        super().__init__(runner, [words[0], "serve", *words[1:]], log, env=env)


@pytest.fixture
def serve(runner):
    """serve(rules, auth, flags...) starts one; none is left running."""
    started = []

    def start(rules, auth=None, *flags, env=None):
        started.append(Clock(runner, rules, auth, flags, env))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()


@pytest.fixture
def pair(here, there):
    """Two registries, the first one with a:v1 and b:v1, and the credentials for them."""
    for name in "ab":
        here.push(images.image(f"serve {name}"), name, "v1")
    return run.insecure(here, there)


def rule(here, there, name):
    return {f"{here.host}/{name}:v1": f"{there.host}/copies/{name}"}


def copied(there):
    return {repo[len("copies/"):] for repo, _ in there.tags if repo.startswith("copies/")}


# -- when ---------------------------------------------------------------------------------------------------------------------

def test_it_runs_again(serve, here, there, pair):
    """At once, and then each period: what has changed at the source is copied by a later run."""
    server = serve(rule(here, there, "a"), pair, "--every", "1s")
    server.until(lambda: copied(there) == {"a"}, "the first copy")
    fresh = here.push(images.image("serve a, later"), "a", "v1")
    server.until(lambda: there.tags["copies/a", "v1"] == fresh.digest, "the second copy")
    server.says(r"run 3 succeeded after [0-9.]+ s; next run at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    assert server.report()["result"] == "success"
    result = server.stop()      # which may meet a run that has just begun
    assert result.code == 0, result
    assert "stopped by SIGTERM" in server.text()


def test_a_long_run_is_followed_by_one(serve, here, there, pair):
    """While a run takes several periods none begins; after it one does."""
    released, begun = threading.Event(), threading.Event()

    def hook(request):
        if request.kind == "manifest" and not released.is_set():
            begun.set()
            released.wait(WAIT)

    here.hook = hook
    server = serve(rule(here, there, "a"), pair, "--every", "1s")
    assert begun.wait(WAIT)
    server.says("run 1 starts")
    threading.Event().wait(3.5)
    assert len(re.findall(r"run \d+ starts", server.text())) == 1
    released.set()
    server.says("run 2 succeeded")
    starts = [line for line in server.text().splitlines() if re.search(r"run \d+ (starts|succeeded)", line)]
    assert [re.search(r"run (\d+) (\w+)", line).groups() for line in starts][:4] == [
        ("1", "starts"), ("1", "succeeded"), ("2", "starts"), ("2", "succeeded")]
    assert server.stop().code == 0


@pytest.mark.parametrize("words, when", [
    (["17 3 * * *", "--time-zone", "UTC"], "T03:17:00Z"),
    (["17 3 * * *", "--time-zone", "+02:00"], "T01:17:00Z"),
    (["0 0 1 1 *", "--time-zone", "CET-1CEST,M3.5.0,M10.5.0/3"], "-12-31T23:00:00Z"),
    (["0 0 1 7 *", "--time-zone", "CET-1CEST,M3.5.0,M10.5.0/3"], "-06-30T22:00:00Z"),
    (["@yearly", "--time-zone", "Europe/Berlin"], "-12-31T23:00:00Z"),
])
def test_cron_runs_at_its_time_only(serve, here, there, pair, words, when):
    """And at once when it is asked to: SIGHUP."""
    if "Europe/Berlin" in words and not os.path.exists("/usr/share/zoneinfo/Europe/Berlin"):
        pytest.skip("this system has no zones")
    server = serve(rule(here, there, "a"), pair, "--cron", *words)
    server.says(rf"first run at \S*{re.escape(when)}")
    assert not here.seen()
    server.process.send_signal(signal.SIGHUP)
    server.says(rf"run 1 succeeded after [0-9.]+ s; next run at \S*{re.escape(when)}")
    assert copied(there) == {"a"}
    assert server.stop().code == 0


def test_a_zone_by_the_variable(serve, here, there, pair):
    server = serve(rule(here, there, "a"), pair, "--cron", "@yearly", env={"TZ": "<+03>-3"})
    server.says(r"first run at \S*-12-31T21:00:00Z")
    assert server.stop().code == 0


# -- files --------------------------------------------------------------------------------------------------------------------

def test_changed_files_are_used(serve, here, there, pair):
    server = serve(rule(here, there, "a"), pair, "--every", "1s")
    server.runs()
    server.replace(server.images, rule(here, there, "b"))
    server.until(lambda: copied(there) == {"a", "b"}, "what the new rules say")
    fresh = here.push(images.image("serve a, later"), "a", "v1")
    server.runs(2)
    assert there.tags["copies/a", "v1"] != fresh.digest, "the old rule is gone"
    assert server.stop().code == 0


def test_a_volume_of_kubernetes(serve, runner, here, there, pair):
    """There the files are links to links into a folder, which another folder replaces."""
    home = runner.home
    for number, name in enumerate("ab"):
        os.mkdir(os.path.join(home, f"..{number}"))
        runner.write(f"..{number}/rules.yaml", rule(here, there, name))
    os.symlink("..0", os.path.join(home, "..data"))
    os.symlink("..data/rules.yaml", os.path.join(home, "rules.yaml"))
    server = serve(rule(here, there, "a"), pair, "--every", "1s", "--images", os.path.join(home, "rules.yaml"))
    server.until(lambda: copied(there) == {"a"}, "the first copy")
    os.symlink("..1", os.path.join(home, "..more"))
    os.rename(os.path.join(home, "..more"), os.path.join(home, "..data"))
    server.until(lambda: copied(there) == {"a", "b"}, "what the new folder says")
    assert server.stop().code == 0


def test_a_list_in_another_folder(serve, runner, here, there, pair):
    """Whatever the first version names may change: another file takes its place."""
    os.mkdir(os.path.join(runner.home, "lists"))
    listed = runner.write("lists/images.txt", f"{here.host}/a:v1\n")
    server = serve(f"- list: {listed}\n  to: {there.host}/copies\n", pair, "--every", "1s")
    server.until(lambda: copied(there) == {"a"}, "the first copy")
    server.replace(listed, f"{here.host}/b:v1\n")
    server.until(lambda: copied(there) == {"a", "b"}, "what the new list says")
    assert server.stop().code == 0


def test_a_bad_version_is_not_used(serve, here, there, pair):
    """All its mistakes are told, once; the rules before it go on, until it is mended."""
    server = serve(rule(here, there, "a"), pair, "--every", "1s")
    server.runs()
    server.replace(server.images, f"'{here.host}/UPPER:v1': {there.host}/x\n'{here.host}/b:v1': ''\n")
    server.says("these files are not used")
    name = re.escape(server.images)
    assert re.search(rf"level=error msg=\S*{name}:1:1: ", server.text()), server.text()
    assert re.search(rf"level=error msg=\S*{name}:2:\d+: ", server.text()), server.text()
    fresh = here.push(images.image("serve a, later"), "a", "v1")
    server.until(lambda: there.tags["copies/a", "v1"] == fresh.digest, "a copy by the old rules")
    os.unlink(server.images)
    server.says(rf"cannot open {name}")
    server.runs()
    server.replace(server.images, rule(here, there, "b"))
    server.until(lambda: copied(there) == {"a", "b"}, "what the mended rules say")
    assert server.stop().code == 0


def test_new_secrets_are_used(serve, runner, here, there, pair):
    """Written out, or in a variable, whose value is no longer in the environment that others can see."""
    old, new, other = (runner.secret(each) for each in ("old-word-11", "new-word-12", "variable-word-13"))
    asked = []

    def hook(request):
        given = request.headers.get("Authorization", "")
        if not given.startswith("Basic "):
            return 401, {"WWW-Authenticate": 'Basic realm="x"'}, b""
        asked.append(base64.b64decode(given[6:]).decode())
        return None

    here.hook = hook

    def logins(password):
        return {**pair, here.host: {"username": "robot", "password": password, "insecure": True}}

    server = serve(rule(here, there, "a"), logins(old), "--every", "1s", env={"WORD": other})
    server.until(lambda: f"robot:{old}" in asked, "the first password")
    server.replace(server.auth, logins(new))
    server.until(lambda: f"robot:{new}" in asked, "the second password")
    server.replace(server.auth, logins("$WORD"))
    server.until(lambda: f"robot:{other}" in asked, "the password of the variable")
    with contextlib.suppress(PermissionError), open(f"/proc/{server.process.pid}/environ", "rb") as file:
        assert other.encode() not in file.read()
    server.replace(server.auth, logins("${MISSING_WORD}"))
    server.says(r"MISSING_WORD.*\n(.*\n)*?.*these files are not used")
    assert server.stop().code == 0


@pytest.mark.skipif(run.FLAVOR != "musl", reason="only the release confines itself")
def test_what_was_given_up_needs_a_restart(serve, runner, here, there, pair):
    """The port of a service, a credential helper, a file in another folder."""
    os.mkdir(os.path.join(runner.home, ".docker"))
    docker = runner.write(".docker/config.json", {"credHelpers": {}})
    server = serve(rule(here, there, "a"), pair, "--every", "1s")
    server.runs()
    server.replace(server.auth, {**pair, "reg.test:22": {"username": "x", "password": "word-in-a-test"}})
    server.says(r"reg\.test:22 needs port 22, which this process has given up: restart it")
    server.replace(server.auth, pair)
    runner.write(".docker/config.json", {"credHelpers": {"reg.test": "none-such"}})
    server.replace(server.images, {**rule(here, there, "a"), "reg.test/a:v1": f"{there.host}/copies/b"})
    server.says("this process can no longer start the credential helper none-such: restart it")
    os.unlink(docker)
    server.replace(server.images, rule(here, there, "a"))
    with tempfile.TemporaryDirectory() as other:
        authority = os.path.join(other, "ca.pem")
        with open(authority, "w", encoding="ascii") as file:
            file.write("")
        server.replace(server.auth, {**pair, there.host: {"insecure": True, "ca": authority}})
        server.says(f"this process may not read {re.escape(authority)}")
    server.replace(server.auth, pair)
    server.replace(server.images, rule(here, there, "b"))
    server.until(lambda: "b" in copied(there), "a copy by rules that need nothing more")
    assert server.stop().code == 0


@pytest.mark.skipif(run.FLAVOR != "musl", reason="only the release confines itself")
def test_private_registries_after_public_ones(serve, here, there, pair):
    """Then only the port of the public ones was kept. The public ones are behind a proxy that is not there."""
    server = serve({"quay.io/none/such:v1": "ghcr.io/none/such"}, {}, "--cron", "@yearly", "--retries", "0",
                   env={"HTTPS_PROXY": "http://127.0.0.1:9"})
    server.says("serving: first run")
    server.replace(server.images, {**rule(here, there, "a"), "reg.test/a:v1": f"{there.host}/copies/b"})
    server.process.send_signal(signal.SIGHUP)
    server.says(f"{re.escape(here.host)} needs port {here.port}, which this process has given up: restart it")
    server.says("reg.test may need other ports than the public registries, which this process has given up: restart it")
    server.says("run 1 failed")
    assert not here.seen()
    assert server.stop().code == 0


# -- signals ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("busy", [False, True])
def test_it_stops(serve, here, there, pair, how, busy):
    """Between runs, or in one, which is cancelled as a sync is. For a server that is success."""
    over, begun = threading.Event(), threading.Event()

    def hook(request):
        if request.kind == "manifest":
            begun.set()
            over.wait(WAIT)

    here.hook = hook if busy else None
    server = serve(rule(here, there, "a"), pair, "--every", LONG)
    try:
        if busy:
            assert begun.wait(WAIT)
        else:
            server.says("run 1 succeeded")
        result = server.stop(how)
    finally:
        over.set()
    assert result.code == 0, result
    assert result.report["result"] == ("cancelled" if busy else "success")


def test_hangup_reads_and_runs(serve, here, there, pair):
    server = serve(rule(here, there, "a"), pair, "--every", LONG)
    server.says("run 1 succeeded")
    server.replace(server.images, rule(here, there, "b"))
    server.process.send_signal(signal.SIGHUP)
    server.says("run 2 succeeded")
    assert copied(there) == {"a", "b"}
    assert server.stop().code == 0


def test_a_hangup_in_a_run_makes_one_more(serve, here, there, pair):
    released, begun = threading.Event(), threading.Event()

    def hook(request):
        if request.kind == "manifest":
            begun.set()
            released.wait(WAIT)

    here.hook = hook
    server = serve(rule(here, there, "a"), pair, "--every", LONG)
    assert begun.wait(WAIT)
    server.replace(server.images, rule(here, there, "b"))
    server.process.send_signal(signal.SIGHUP)
    released.set()
    server.says("run 2 succeeded")
    assert copied(there) == {"a", "b"}
    assert server.stop().code == 0


def test_the_log_is_opened_again(serve, here, there, pair):
    """In a run as well, and what a file has is kept."""
    released, begun = threading.Event(), threading.Event()

    def hook(request):
        if request.kind == "manifest":
            begun.set()
            released.wait(WAIT)

    here.hook = hook
    server = serve(rule(here, there, "a"), pair, "--every", LONG)
    assert begun.wait(WAIT)
    os.rename(server.log, server.log + ".1")
    server.process.send_signal(signal.SIGUSR1)
    server.says("SIGUSR1: the log was opened again")
    released.set()
    server.says("run 1 succeeded")
    server.process.send_signal(signal.SIGUSR1)
    server.says("SIGUSR1: the log was opened again", times=2)
    assert server.stop().code == 0
    with open(server.log + ".1", encoding="utf-8") as file:
        assert "run 1 starts" in file.read()


# -- failures -----------------------------------------------------------------------------------------------------------------

def test_a_failed_run_is_followed_by_the_next(serve, here, there, pair):
    server = serve(rule(here, there, "later"), pair, "--every", "1s", "--retries", "0")
    server.says("run 1 failed")
    here.push(images.image("serve later"), "later", "v1")
    server.says(r"run \d+ succeeded")
    assert copied(there) == {"later"}
    assert server.stop().code == 0


def test_a_limit_of_time_is_that_of_each_run(serve, here, there, pair):
    over = threading.Event()
    here.hook = lambda request: over.wait(WAIT) and None if request.kind == "manifest" else None
    server = serve(rule(here, there, "a"), pair, "--every", "1s", "--timeout", "1s")
    try:
        server.says("run 1 failed")
    finally:
        over.set()
    server.says(r"run \d+ succeeded")
    assert server.stop().code == 0


def test_mistakes_at_the_start(runner, here, there, pair):
    """All at once, and the status is 2."""
    command = runner.arguments(f"'{here.host}/UPPER:v1': {there.host}/x\n", pair, ["--cron", "61 * * * *", "--time-zone", "Mars/Olympus"])
    result = runner.run([command[0], "serve", *command[1:]])
    assert result.code == 2, result
    assert '--cron 61 * * * *: minute "61": expected 0 to 59' in result.stderr
    assert "--time-zone: Mars/Olympus is no time zone that this system knows" in result.stderr
    assert re.search(r"images-1.yaml:1:1: ", result.stderr)
    assert not here.seen()


def test_what_can_be_read_once_is_refused(runner, here, there):
    for words in (["--images", "-"], ["--list", "/dev/stdin", "--to", there.host]):
        result = subprocess.run([runner.binary, "serve", "--every", "1s", *words], input=json.dumps(rule(here, there, "a")), text=True,
                                capture_output=True, env=runner.environment(), cwd=runner.home, timeout=WAIT, check=False)
        assert result.returncode == 2
        assert f"{words[0]} {words[1]} cannot be read a second time" in result.stderr


# -- for long -----------------------------------------------------------------------------------------------------------------

def test_memory_and_descriptors_stay(serve, here, there, pair):
    """Thirty runs, each of which copies, after ten to warm up."""
    server = serve({**rule(here, there, "a"), **rule(here, there, "b")}, pair, "--every", LONG)

    def more(count):
        for number in range(count):
            here.push(images.image(f"serve {len(here.tags)} {number} {server.text().count('starts')}"), "a", "v1")
            before = server.text().count(" succeeded after")
            server.process.send_signal(signal.SIGHUP)
            server.says(" succeeded after", times=before + 1)

    def held():
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
            memory = int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1])
        return memory, len(os.listdir(f"/proc/{server.process.pid}/fd"))

    server.says("run 1 succeeded")
    more(10)
    memory, descriptors = held()
    more(30)
    assert held()[1] <= descriptors + 4, "connections that are kept come and go"
    if run.FLAVOR == "musl":
        assert held()[0] <= memory + 2048
    assert server.stop().code == 0


# -- the state ----------------------------------------------------------------------------------------------------------------

def test_a_state_lives_as_long_as_the_server(serve, runner, here, there, pair):
    """It is stored after each run and read before each: what another process has stored counts, also for rules that are read later."""
    path = os.path.join(runner.home, "state.json")
    server = serve(rule(here, there, "a"), pair, "--every", "1s", "--state", "state.json", "--min-age", "1h")
    server.says(r"run 2 succeeded")
    assert not copied(there)

    def age():
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        for each in document["seen"].values():
            each["first"] -= 7200
        aside = runner.write("aside.json", json.dumps(document))
        os.replace(aside, path)
    age()
    server.until(lambda: copied(there) == {"a"}, "the copy of what is old enough")
    runs = server.text().count(" succeeded after")
    server.replace(server.images, run.to_yaml({**rule(here, there, "a"), **rule(here, there, "b")}))
    server.says(r"the files were read again")
    server.says(r" succeeded after", times=runs + 3)
    assert copied(there) == {"a"}
    age()
    server.until(lambda: copied(there) == {"a", "b"}, "the copy of the other one")
    assert server.stop().code == 0
    with open(path, encoding="utf-8") as file:
        assert len(json.load(file)["written"]) == 2


def test_a_state_in_a_registry_and_files_that_are_read_again(serve, here, there, pair):
    """What says where it is outlives the files that the server began with."""
    server = serve(rule(here, there, "a"), pair, "--every", "1s", "--state", f"{there.host}/ops/state:mirror")
    server.until(lambda: copied(there) == {"a"} and ("ops/state", "mirror") in there.tags, "the first copy and its state")
    before = there.tags["ops/state", "mirror"]
    server.replace(server.images, run.to_yaml({**rule(here, there, "a"), **rule(here, there, "b")}))
    server.until(lambda: copied(there) == {"a", "b"} and there.tags["ops/state", "mirror"] != before, "the second copy and its state")
    assert server.stop().code == 0 and "--state" not in server.text()
