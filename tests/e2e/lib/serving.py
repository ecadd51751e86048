"""A running server, and requests to it."""

import base64
import contextlib
import http.client
import json
import os
import re
import signal

from lib import proxy
from lib.registry import free_port

WAIT = 120
USER, PASSWORD = "ci", "not-a-real-hook-password"


def basic(user=USER, password=PASSWORD):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class Server:
    """`words` is the whole command line. Its log is a file, which is read while it runs."""

    def __init__(self, runner, words, log, port=0, env=None):
        self.runner, self.log, self.port = runner, log, port
        self.process = runner.start(words, env=env)

    # -- what it says -----------------------------------------------------------------------------------------------------

    def text(self):
        if not os.path.exists(self.log):
            return ""
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def _ended(self, what):
        said = self.process.stderr.read().decode(errors="replace")
        return f"it ended with {self.process.returncode} while {what} was awaited:\n{said}\n{self.text()}"

    def until(self, condition, what):
        def look():
            assert self.process.poll() is None, self._ended(what)
            return condition()
        try:
            return proxy.until(look, seconds=WAIT, what=what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text()}") from None

    def says(self, pattern, times=1):
        self.until(lambda: len(re.findall(pattern, self.text())) >= times, f"{pattern} in the log, {times} times")

    def runs(self, more=1):
        """Waits until so many runs that began after now have ended."""
        begun = [int(number) for number in re.findall(r"run (\d+) starts", self.text())]
        last = (begun[-1] if begun else 0) + more
        self.says(rf"run {last} (succeeded|failed)")

    def replace(self, name, content):
        """As editors do it: another file takes the place of this one."""
        aside = self.runner.write("aside" + os.path.splitext(name)[1], content)
        os.rename(aside, name)

    def report(self):
        """That of the run that ended last."""
        with open(self.runner.report_path, encoding="utf-8") as file:
            return json.load(file)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.runner.finish(self.process)

    def kill(self):
        self.process.kill()
        self.process.communicate()

    # -- what it is asked -------------------------------------------------------------------------------------------------

    def ask(self, method, path, body=None, headers=None, login=basic()):
        """One request on a connection of its own."""
        sent = {"Authorization": login, **(headers or {})}
        if not isinstance(body, (bytes, str, type(None))):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)) as line:
            line.request(method, path, body, {name: value for name, value in sent.items() if value})
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.ask("POST", path, body, **more)

    def hook(self, name, tag="v1"):
        return self.post("/images/sync/hook", {"name": name, "tag": tag})

    def status(self):
        return self.get("/status").json

    def is_up(self):
        try:
            return self.get("/readyz", login=None).status == 200
        except OSError:
            return False

    def ready(self):
        self.until(self.is_up, "an answer of /readyz")
        return self


class Serving:
    """Starts servers whose file and record lie in the runner's folder."""

    def __init__(self, runner):
        self.runner = runner
        self.port = free_port()
        self.started = []
        self.file = os.path.join(runner.home, "sync.yaml")
        self.record = os.path.join(runner.home, "images.json")
        runner.secret(PASSWORD, USER)

    def config(self, routes=(), **more):
        """The server's file as a document: `sync` and `app` are added to what is usual."""
        sync = {"filePosition": {"auth": "auth.yaml", "images": "images.json", "log": "app.log"}, "interval": "1s", **more.pop("sync", {})}
        return {"app": {"port": f"127.0.0.1:{self.port}", **more.pop("app", {})},
                "auth": {"username": USER, "password": PASSWORD, **more.pop("auth", {})},
                "registry": {"reg": [{"sourceName": source, "namespace": namespace, "destinationName": destination}
                                     for source, namespace, destination in routes]},
                "sync": sync, **more}

    def write(self, document):
        """JSON is YAML, and has lists of mappings."""
        text = document if isinstance(document, str) else json.dumps(document, indent=1)
        self.runner.write("sync.yaml", text)

    def start(self, document, auth, words=(), serve=("serve", "-c", "sync.yaml"), env=None, ready=True):
        self.write(document)
        self.runner.write("auth.yaml", auth)
        server = Server(self.runner, [self.runner.binary, *serve, *words], os.path.join(self.runner.home, "app.log"), self.port, env)
        self.started.append(server)
        return server.ready() if ready else server

    def pending(self):
        """What the record says: a list of keys, in its order."""
        with open(self.record, encoding="utf-8") as file:
            return list(json.load(file))

    def stop(self):
        for each in self.started:
            if each.process.poll() is None:
                each.kill()
