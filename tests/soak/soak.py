#!/usr/bin/python3 -B
"""A long life in a few minutes: runs and hooks by the ten thousand in one process.

soak.py PROGRAM [--runs N] [--hooks N] [--clients N] [--seconds N]

A server is asked for one run after the other, and for hooks from many clients at once, beside each other. At ten points memory,
descriptors and threads are read from /proc. It fails if any of them still grows in the second half, if a hook is not answered by
202, if an image is not where it belongs, or if the time is over before all is done.
"""

import argparse
import http.client
import json
import os
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from lib import images, run                                                      # noqa: E402
from lib.scripted import Scripted                                                # noqa: E402
from lib.serving import Serving, basic                                           # noqa: E402

TAGS = 50


def figures(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = dict(line.split(":", 1) for line in file)
    return {"KiB": int(status["VmRSS"].split()[0]), "threads": int(status["Threads"]), "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}


class Clients:
    """Hooks on connections that stay open."""

    def __init__(self, server, host, count, clients):
        self.server, self.host, self.left, self.sent, self.slowest = server, host, count, 0, []
        self.lock = threading.Lock()
        self.errors = []
        self.pool = [threading.Thread(target=self.work, args=(number,), daemon=True) for number in range(clients)]
        for each in self.pool:
            each.start()

    def take(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def work(self, number):
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        headers = {"Authorization": basic(), "Content-Type": "application/json"}
        times = []
        try:
            while self.take():
                body = json.dumps({"name": f"{self.host}/team/app", "tag": f"t{(self.sent + number) % TAGS}"})
                begun = time.perf_counter()
                line.request("POST", "/images/sync/hook", body, headers)
                answer = line.getresponse()
                answer.read()
                times.append(time.perf_counter() - begun)
                if answer.status != 202:
                    raise AssertionError(f"a hook was answered {answer.status}")
                with self.lock:
                    self.sent += 1
        except Exception as error:                                               # pylint: disable=broad-except
            self.errors.append(error)
        with self.lock:
            self.slowest += times


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"soak: {what} did not come within {seconds} s")
        time.sleep(0.02)


def steady(points, name, slack):
    """The second half is not above the most of the first but for some slack."""
    half = len(points) // 2
    first, second = max(each[name] for each in points[:half]), max(each[name] for each in points[half:])
    return second <= first + slack


def soak(options, home):
    runner = run.Runner(os.path.abspath(options.program), home)
    serving = Serving(runner)
    points, begun = [], time.monotonic()
    with Scripted() as here, Scripted() as there:
        here.push(images.image("soak"), "team/app", *(f"t{number}" for number in range(TAGS)))
        runner.write("images.yaml", json.dumps({f"{here.host}/team/app:t0": f"{there.host}/clock/app"}))
        document = serving.config([(here.host, "team", there.host)], sync={"immediate": True})
        server = serving.start(document, run.insecure(here, there), ["--images", "images.yaml", "--log-level", "warn"])
        clients = Clients(server, here.host, options.hooks, options.clients)

        def ended():
            return server.status()["counters"]["runs"]["succeeded"]

        for number in range(10):
            for _ in range(options.runs // 10):
                before = ended()
                server.post("/images/sync/do")
                wait_for(lambda: ended() > before, 60, "the end of a run")           # pylint: disable=cell-var-from-loop
                if time.monotonic() - begun > options.seconds:
                    sys.exit(f"soak: only {ended()} runs and {clients.sent} hooks within {options.seconds} s")
                with here._lock, there._lock:
                    here._requests.clear(), there._requests.clear()
            points.append(figures(server.process.pid))
            print(f"{time.monotonic() - begun:6.1f} s  {ended():6} runs  {clients.sent:7} hooks  {points[-1]}", flush=True)
        for each in clients.pool:
            each.join(options.seconds)
        if clients.errors:
            sys.exit(f"soak: {clients.errors[0]}")
        wait_for(lambda: serving.pending() == [], 60, "an empty queue")
        state = server.status()
        if {tag for repo, tag in there.tags if repo == "team/app"} != {f"t{number}" for number in range(TAGS)}:
            sys.exit("soak: not every image is there")
        if server.stop().code != 0:
            sys.exit("soak: the server did not stop orderly")
    times = sorted(clients.slowest)
    print(f"hooks: {len(times)}, median {1000 * times[len(times) // 2]:.1f} ms, 99 % within {1000 * times[len(times) * 99 // 100]:.1f} ms; "
          f"runs: {state['counters']['runs']}")
    bad = [name for name, slack in (("KiB", 512), ("threads", 0), ("descriptors", 2)) if not steady(points[1:], name, slack)]
    if bad:
        sys.exit(f"soak: not steady: {', '.join(bad)}")
    print("soak: steady")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=10000)
    parser.add_argument("--hooks", type=int, default=100000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=600)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        soak(options, home)


main()
