"""A server in the scratch image, as process 1: nothing of the root and only the record's folder can be written, by nobody in particular."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess

import pytest

from lib import images, proxy, run
from lib.registry import free_port
from lib.serving import PASSWORD, USER, Answer, basic
from test_image import NOBODY, work      # noqa: F401

CALLS = "confined to the system calls of a copy: yes"


class Container:
    def __init__(self, engine, image, work, routes, auth):
        self.engine, self.work, self.port = engine, work, free_port()
        self.folder = os.path.join(work.home, "record")
        os.mkdir(self.folder)
        os.chmod(self.folder, 0o777)
        os.mkdir(os.path.join(work.home, "config"))
        os.chmod(os.path.join(work.home, "config"), 0o755)
        self.routes = routes
        self.write()
        work("config/auth.yaml", auth)
        self.name = self.run(image).stdout.decode().strip()
        self.until(lambda: self.ask("GET", "/readyz").status == 200, "an answer of /readyz")

    def run(self, image, *options, record=""):
        words = ["serve", "-c", "/config/sync.yaml", "--log-level", "debug"]
        return self.engine("run", "-d", *NOBODY, *options, "-v", f"{self.work.home}/config:/config:ro",
                           "-v", f"{self.folder}:/record{record}", image, *words)

    def write(self, **more):
        files = {"auth": "/config/auth.yaml", "images": "/record/images.json", "log": ""}
        reg = [dict(zip(("sourceName", "namespace", "destinationName"), each)) for each in self.routes]
        aside = os.path.join(self.work.home, "config", "aside")
        with open(aside, "w", encoding="utf-8") as file:
            json.dump({"app": {"port": f"127.0.0.1:{self.port}", "grace": "5s"}, "auth": {"username": USER, "password": PASSWORD},
                       "registry": {"reg": reg}, "sync": {"filePosition": files, "interval": "1000h", **more}}, file)
        os.chmod(aside, 0o644)
        os.rename(aside, os.path.join(self.work.home, "config", "sync.yaml"))

    def log(self):
        done = self.engine("logs", self.name)
        text = (done.stdout + done.stderr).decode()
        assert PASSWORD not in text
        return text

    def state(self):
        return json.loads(self.engine("inspect", self.name).stdout)[0]["State"]

    def until(self, condition, what):
        def look():
            assert self.state()["Running"], f"it ended while {what} was awaited:\n{self.log()}"
            with contextlib.suppress(OSError):
                return condition()
            return False
        proxy.until(look, seconds=120, what=what)

    def ask(self, method, path, body=None):
        """From outside of the container."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as line:
            headers = {"Authorization": basic(), **({"Content-Type": "application/json"} if body else {})}
            line.request(method, path, json.dumps(body) if body else None, headers)
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def pending(self):
        with open(os.path.join(self.folder, "images.json"), encoding="utf-8") as file:
            return list(json.load(file))

    def confined(self):
        """What the kernel says of process 1, if it can be seen from here."""
        with open(f"/proc/{self.state()['Pid']}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        assert status["NSpid"].split()[-1] == "1"
        return {name: status[name] for name in ("Seccomp", "NoNewPrivs", "CapEff", "Uid")}

    def remove(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.engine("rm", "-f", self.name)


@pytest.fixture
def serving(engine, image, work, src, dst, both):      # noqa: F811
    started = []

    def start(namespace):
        started.append(Container(engine, image, work, [(src.host, namespace, dst.host)], both))
        return started[-1]

    yield start
    for each in started:
        each.remove()


def test_hooks_runs_and_an_orderly_end(serving, engine, from_source, at_target, src, repo):
    """It is confined from its first to its last moment, also when its files were read again."""
    namespace = repo.partition("/")[0]
    name = repo if "/" in repo else f"{repo}/app"
    picture = from_source.push(images.image(name), name, "v1", "v2")
    server = serving(namespace)
    begun = server.confined()
    assert begun["Seccomp"] == "2" and begun["NoNewPrivs"] == "1" and int(begun["CapEff"], 16) == 0 and begun["Uid"].split() == ["65532"] * 4
    assert server.ask("POST", "/images/sync/hook", {"name": f"{src.host}/{name}", "tag": "v1"}).status == 202
    assert [key.split("&")[0] for key in server.pending()] == [f"{src.host}/{name}:v1"]
    assert server.ask("POST", "/images/sync/do").status == 202
    server.until(lambda: server.pending() == [], "a run")
    assert at_target.closure(name, "v1") == images.expected(picture)
    server.write(immediate=True)
    server.until(lambda: "the files were read again" in server.log(), "another look at the files")
    assert server.ask("POST", "/images/sync/hook", {"name": f"{src.host}/{name}", "tag": "v2"}).status == 202
    server.until(lambda: server.pending() == [], "a run after that")
    assert at_target.closure(name, "v2") == images.expected(picture)
    assert server.confined() == begun
    engine("stop", "--time", "60", server.name)
    state, log = server.state(), server.log()
    assert state["ExitCode"] == 0 and not state["OOMKilled"], log
    assert log.count(CALLS) == 1 and len(re.findall(r"confined to the files and ports of this run: (yes|Function not implemented|Operation not)", log)) == 1
    assert f"stopped by {signal.SIGTERM.name}" in log
    assert sorted(os.listdir(server.folder)) == ["images.json", "images.json.lock"]


def test_what_was_queued_outlives_a_kill(serving, engine, from_source, at_target, src, repo):
    namespace = repo.partition("/")[0]
    name = repo if "/" in repo else f"{repo}/app"
    picture = from_source.push(images.image(name), name, *(f"v{number}" for number in range(20)))
    server = serving(namespace)
    for number in range(20):
        assert server.ask("POST", "/images/sync/hook", {"name": f"{src.host}/{name}", "tag": f"v{number}"}).status == 202
    engine("kill", "--signal", "KILL", server.name)
    assert engine("wait", server.name).stdout.split() == [b"137"]
    before = server.pending()
    assert len(before) == 20
    engine("start", server.name)
    server.until(lambda: server.ask("GET", "/status").json["queue"]["pending"] == 20, "the queue")
    assert server.pending() == before
    assert server.ask("POST", "/images/sync/do").status == 202
    server.until(lambda: server.pending() == [], "a run")
    assert all(at_target.closure(name, f"v{number}") == images.expected(picture) for number in range(20))
    engine("stop", "--time", "60", server.name)
    assert server.state()["ExitCode"] == 0


def test_a_record_that_cannot_be_written_is_said_at_once(serving, engine, image, repo):
    server = serving(repo.partition("/")[0])
    engine("stop", "--time", "60", server.name)
    server.remove()
    server.name = server.run(image, record=":ro").stdout.decode().strip()
    assert engine("wait", server.name).stdout.split() == [b"2"]
    assert "the folder of the record must be writable" in server.log()


def test_compose_takes_the_example(tmp_path):
    """Whether it runs would need networks, which the tests' engine has none of."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("docker compose is not installed")
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.github/examples/serve")
    done = subprocess.run(["docker", "compose", "-f", f"{root}/compose.yaml", "config", "--quiet"], capture_output=True, text=True, check=False,
                          env={**os.environ, "HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
