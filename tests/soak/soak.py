#!/usr/bin/python3 -B
"""A long life in a few minutes: runs by the thousand and hooks by the ten thousand in one process.

    soak.py PROGRAM CLIENT [--runs N] [--hooks N] [--seconds N] [--sanitized]

`make soak` runs it; the client is tests/bench/hook_client.c. The life has ten parts. In each of them runs follow one another as fast
as they can while the client sends hooks; each run has a token of its own, one of a run's expires while it runs, some hooks are about
Amazon's registry, which has another login each time; the rules are replaced a few times, and the log is rotated. After each part, when nothing
is under way, memory, descriptors and threads are read from /proc. It fails if the second half has more of them than the first, if a
hook is not answered with 202, a run fails, an image is not where it belongs, a secret is in what was written, or if the time is over
before all is done.
"""

import argparse
import base64
import collections
import http.client
import json
import multiprocessing
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from lib import certs, cloud, forward, images, run                               # noqa: E402
from lib.scripted import Scripted                                                # noqa: E402
from lib.serving import Serving, basic                                           # noqa: E402
from lib.tokens import TokenServer                                               # noqa: E402

PARTS = 10
TAGS = 50
LIFE, SLOW = 2, 3       # seconds that a token is good for, and that the manifest of team/slow takes
SEEN = 200              # tokens and passwords that are looked for in what was written
RELOADS = 5             # in each part
CLIENTS = 8
KEY = "test-secret-key-1"
SLACK = {"memory": 256, "threads": 0, "descriptors": 2}        # KiB; a connection or two may be kept for the next run


# -- registries, in a process of their own --------------------------------------------------------------------------------------

class Tokens(TokenServer):
    """Tokens as long as real ones, which are not signed: the registry knows those that it may take."""

    def __init__(self):
        super().__init__(users={"robot": "opensesame-soak"}, expires_in=60)
        self.records = collections.deque(maxlen=1)
        self.over = {}           # {token: when it is}
        self.expired = 0
        self.given = collections.deque(maxlen=SEEN)
        self.count = 0

    def mint(self, access, user="", life=None):
        token = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9." + secrets.token_urlsafe(900)
        now = time.monotonic()
        for old in [old for old, over in list(self.over.items())[:50] if over < now - 60]:
            del self.over[old]
        self.over[token] = now + LIFE
        self.given.append(token)
        self.count += 1
        return token

    def take(self, header):
        """Whether a request may pass."""
        over = self.over.get((header or "").removeprefix("Bearer "), 0)
        expired = 0 < over < time.monotonic()
        self.expired += expired
        return over and not expired


class Logins(cloud.EcrApi):
    """Another password each time."""

    def __init__(self):
        super().__init__("test-access-key", KEY, life=30)
        self.asked = collections.deque(maxlen=10)
        self.given = collections.deque(maxlen=SEEN)
        self.count = 0

    def _GetAuthorizationToken(self, document):
        self.passwords = [secrets.token_urlsafe(600)]
        self.given.append(self.passwords[0])
        self.count += 1
        return super()._GetAuthorizationToken(document)


class Amazon(cloud.Ecr):
    def gate(self, request):
        with self._lock:
            good = {"Basic " + base64.b64encode(f"AWS:{word}".encode()).decode() for word in self.api.given}
        if request.headers.get("Authorization") not in good:
            return 401, {"WWW-Authenticate": f'Basic realm="https://{cloud.ECR}/",service="ecr.amazonaws.com"'}, b"Not Authorized\n"
        return None


def registries(pipe):
    """Answers each message with what was counted, until it is None."""
    tokens, keys = Tokens(), Logins()
    certificates = certs.Certs()

    def guard(request):
        if tokens.take(request.headers.get("Authorization")):
            if request.method == "GET" and request.kind == "manifest" and request.repo == "team/slow":
                time.sleep(SLOW)
            return None
        challenge = f'Bearer realm="{tokens.realm}",service="{tokens.service}",scope="repository:{request.repo}:pull"'
        return 401, {"WWW-Authenticate": challenge}, b"{}"

    with tokens, Scripted() as here, Scripted() as there, Amazon(keys, context=certificates.server_context()) as amazon:
        way = forward.ForwardProxy({f"{cloud.ECR}:443": amazon.port})
        for each in here, there, amazon:
            each._requests = collections.deque(maxlen=1)
        for name in "team", "cloud":
            here.push(images.image("soak"), f"{name}/app", *(f"t{number}" for number in range(TAGS)))
        for number in range(PARTS):
            here.push(images.image(f"slow {number}"), "team/slow", f"t{number}")
        keys.repositories["cloud/app"] = {}
        here.hook = guard
        pipe.send({"here": here.host, "there": there.host, "env": {**way.environment(), **keys.environment()}})
        while pipe.recv():
            pipe.send({"tokens": tokens.count, "logins": keys.count, "expired": tokens.expired, "secrets": [*tokens.given, *keys.given], "wrong": keys.wrong,
                       "tags": sorted(tag for repo, tag in there.tags if repo == "team/app"),
                       "amazon": len(amazon.tags)})
        way.stop()
        keys.stop()
    certificates.remove()


# -- the server -----------------------------------------------------------------------------------------------------------------

def figures(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = dict(line.split(":", 1) for line in file)
    return {"memory": int(status["RssAnon"].split()[0]), "threads": int(status["Threads"]), "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}


class Runner(run.Runner):
    """Nobody reads a pipe for so long, and each run says something: standard error is a file."""

    def start(self, command, env=None):
        self.said = os.path.join(self.home, "stderr")
        with open(self.said, "ab") as file:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=self.home, env=self.environment(env))

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
        with open(self.said, encoding="utf-8") as file:
            return self._check(run.Result(code, "", file.read(), None))


class Soak:
    def __init__(self, options, home):
        self.options, self.home = options, home
        self.end = time.monotonic() + options.seconds
        self.runner = Runner(os.path.abspath(options.program), home)
        self.runner.secret("opensesame-soak"), self.runner.secret(KEY, "AWS")
        self.serving = Serving(self.runner)
        self.points, self.rotated, self.reloads = [], 0, 0

    def until(self, condition, what):
        while not condition():
            if self.server.process.poll() is not None:
                sys.exit(f"soak: the server ended while {what} was awaited:\n{self.server.text()[-3000:]}")
            if time.monotonic() > self.end:
                sys.exit(f"soak: the time is over, and {what} was awaited; {self.server.status()['counters']}")
            time.sleep(0.01)

    def counters(self):
        return self.server.status()["counters"]

    def runs(self):
        return self.counters()["runs"]["succeeded"]

    def rewrite_rules(self):
        rules = {f"{self.names['here']}/team/app:t0": f"{self.names['there']}/clock/{self.reloads}"}
        self.server.replace(os.path.join(self.home, "images.yaml"), run.to_yaml(rules))
        self.reloads += 1

    def rotate_log(self):
        """As logrotate does it. What was written is read once, and thrown away."""
        old = self.server.log + ".1"
        os.rename(self.server.log, old)
        self.server.process.send_signal(signal.SIGUSR1)
        self.until(lambda: os.path.exists(self.server.log) and "the log was opened again" in self.server.text(), "a new log")
        with open(old, encoding="utf-8") as file:
            self.written = file.read()
        with open(self.runner.said, encoding="utf-8") as file:
            self.check_secrets(file.read(), "standard error")
        os.truncate(self.runner.said, 0)
        self.check_secrets(self.written, "the log")
        self.rotated += 1

    def check_secrets(self, text, where):
        bad = sum(secret in text for secret in [*self.ask()["secrets"], *self.runner.secrets])
        if bad:
            sys.exit(f"soak: {bad} secrets are in {where}")

    def ask(self):
        self.pipe.send(True)
        return self.pipe.recv()

    def hooks(self, count, rate, name):
        command = [self.options.client, str(self.serving.port), basic(), name, str(CLIENTS), str(rate), str(count), "0", str(TAGS)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def part(self, number):
        """Asks for runs on one connection, without waiting for them: while one is under way, exactly one more follows."""
        before, wanted, reloads = self.runs(), self.options.runs // PARTS, 0
        count = self.options.hooks // PARTS
        client = self.hooks(count, max(50, count * PARTS * 2 // self.options.seconds), self.names["here"])
        here = self.names["here"]
        more = [{"name": f"{here}/cloud/app", "tag": f"t{number * (TAGS // PARTS)}"}, {"name": f"{here}/team/slow", "tag": f"t{number}"}]
        assert self.server.post("/images/sync/hook", more).status == 202
        line, done = http.client.HTTPConnection("127.0.0.1", self.serving.port, timeout=60), 0
        while done < wanted:
            for _ in range(20):
                line.request("POST", "/images/sync/do", headers={"Authorization": basic()})
                answer = line.getresponse()
                answer.read()
                assert answer.status == 202
                time.sleep(0.003)
            done = self.runs() - before
            if done * RELOADS >= wanted * (reloads + 1):
                self.rewrite_rules()
                reloads += 1
            if time.monotonic() > self.end:
                sys.exit(f"soak: only {before + done} runs within {self.options.seconds} s")
        line.close()
        times = client.communicate()[0].split()[1:]
        if client.returncode != 0:
            sys.exit("soak: a hook was not answered with 202")
        self.rotate_log()
        self.rest()
        return times

    def rest(self):
        """Until nothing is under way. Connections that are kept open for the next run are closed by then, or always as many."""
        def quiet():
            status = self.server.status()
            queue = status["queue"]
            return not any(queue[each] for each in ("pending", "running", "waiting", "parked")) and all("ended" in each for each in status["runs"])
        self.until(quiet, "an end of all runs")
        time.sleep(1)
        self.until(quiet, "an end of all runs")

    def live(self):
        self.pipe, theirs = multiprocessing.Pipe()
        process = multiprocessing.Process(target=registries, args=(theirs,), daemon=True)
        process.start()
        self.names = self.pipe.recv()
        here, there = self.names["here"], self.names["there"]
        self.runner.write("images.yaml", {f"{here}/team/app:t0": f"{there}/clock/app"})
        document = self.serving.config([(here, "team", there), (here, "cloud", cloud.ECR)], sync={"immediate": True})
        auth = {**run.insecure(there, cloud.ECR), here: {"insecure": True, "username": "robot", "password": "opensesame-soak"}}
        words = ["--images", "images.yaml", "--every", "1000h", "--report", "report.json"]
        self.server = self.serving.start(document, auth, words, env=self.names["env"])
        begun, times = time.monotonic(), []
        for number in range(PARTS):
            times += self.part(number)
            self.points.append(figures(self.server.process.pid))
            counted, told = self.ask(), self.counters()
            print(f"{time.monotonic() - begun:6.1f} s  {told['runs']['succeeded']:6} runs  {told['hooks']['queued']:7} hooks  "
                  f"{counted['tokens']:6} tokens  {counted['logins']:4} logins  {self.points[-1]}", flush=True)
        self.finish(times)

    def finish(self, times):
        counted, told = self.ask(), self.counters()
        with open(os.path.join(self.home, "report.json"), encoding="utf-8") as file:
            report = file.read()
        self.check_secrets(report, "the report")
        self.check_secrets(self.server.text(), "the log")
        problems = [text for bad, text in (
            (told["runs"]["failed"], f"{told['runs']['failed']} runs failed:\n{self.written[-3000:]}"),
            (json.loads(report)["result"] != "success", "the last report tells of a failure"),
            (counted["tags"] != sorted(f"t{number}" for number in range(TAGS)), "not every image is there"),
            (counted["amazon"] != PARTS, f"{counted['amazon']} images are at Amazon's, not {PARTS}"),
            (counted["wrong"], f"Amazon refused a signature: {counted['wrong'][:1]}"),
            (counted["logins"] < PARTS, "logins were not renewed"),
            (counted["expired"] < PARTS, f"only {counted['expired']} tokens expired while they were used"),
            (counted["tokens"] < told["runs"]["succeeded"], "tokens were not renewed"),
            (told["reloads"] < PARTS, "the rules were not read again"),
            (self.runner.stop(self.server.process).code != 0, "the server did not stop orderly"),
        ) if bad]
        problems += [f"not steady: {name}" for name, slack in SLACK.items()
                     if not (name == "memory" and self.options.sanitized) and not steady([each[name] for each in self.points], slack)]
        took = sorted(float(each) / 1000 for each in times)
        print(f"soak: {told['runs']['succeeded']} runs, {len(took)} hooks from {CLIENTS} clients, median {took[len(took) // 2]:.2f} ms, 99 % within "
              f"{took[len(took) * 99 // 100]:.2f} ms; {told['reloads']} times read again, {self.rotated} logs")
        self.pipe.send(None)
        if problems:
            sys.exit("soak: " + "\nsoak: ".join(problems))
        print("soak: steady")


def steady(values, slack):
    """The second half has no more than the first, but for some slack. What begins to live is not counted."""
    half = len(values) // 2
    return max(values[half:]) <= max(values[1:half]) + slack


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("client")
    parser.add_argument("--runs", type=int, default=10000)
    parser.add_argument("--hooks", type=int, default=100000)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--sanitized", action="store_true", help="memory is that of the sanitizer, which finds leaks itself")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        soak = Soak(options, home)
        try:
            soak.live()
        finally:
            soak.serving.stop()


main()
