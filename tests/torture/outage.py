"""Rows of the layers A and D about what takes long: servers that are out of reach, and a stop while nobody answers.

A: from its first connection on, a server resets or is silent: at accept, after the request's head, in the middle of its answer. The run
fails, within a limit.
D: names that nobody resolves, for one image and for hundreds; a run that is asked to stop then ends at once, with status and report.
"""

import dataclasses
import signal
import subprocess
import time

import invariants
from lib import names, proxy, run

FOREVER = 3600
WAYS = {                 # how a server is out of reach: (at accept, action for its requests, seconds in one round)
    "reset-at-accept": ("reset", None, 20),
    "silent-at-accept": ("silent", None, 20),
    "reset-after-head": (None, proxy.Reset(), 20),
    "silent-after-head": (None, proxy.Delay(FOREVER), 75),        # what has answered before is waited for, for a minute
    "reset-in-middle": (None, proxy.CutHead(20), 150),            # each image has six tries
    "silent-in-middle": (None, proxy.Stall(10, FOREVER), 300),    # each of them waits for half a minute
}
BUSY = 2                 # everything takes longer where many cells run at once
STOPPED = 8              # five seconds are promised


@dataclasses.dataclass
class Limit:
    name: str
    side: str
    way: str
    rounds: int
    layer: str = "A"
    passes: bool = False

    def run(self, scene, binary, verdict):
        at_accept, action, limit = WAYS[self.way]
        scene.many()
        with scene.fronts():
            front = scene.sides[self.side]
            front.at_accept = at_accept
            if action:
                front.rule("*", "", action, times=None)
            begun = time.monotonic()
            result = scene.run(binary, ("--retries", str(self.rounds - 1)))
            seconds = time.monotonic() - begun
            verdict["hits"] = front.connections
            verdict["violations"] = invariants.check(scene, result)
            if seconds > BUSY * (limit * self.rounds + 5 * (self.rounds - 1)):
                verdict["violations"].append(f"I7 it took {seconds:.0f} s")
            verdict["survived"] = invariants.arrived(scene, result)
            verdict["exit"] = result.code
            if verdict["violations"]:
                verdict["log"] = f"{result}\n{scene.log()}"


@dataclasses.dataclass
class Stop:
    name: str
    count: int
    way: str
    layer: str = "D"
    passes: bool = False

    def run(self, scene, binary, verdict):
        server = names.NameServer(lambda *_: names.SILENCE)
        try:
            with scene.runner(binary) as runner:
                result, seconds = self._stopped(runner, server, verdict)
        finally:
            server.stop()
        broken = []
        if result.code != {"SIGTERM": 143, "SIGINT": 130, "timeout": 1}[self.way]:
            broken.append(f"I10 exit {result.code}")
        if seconds > STOPPED:
            broken.append(f"I7 it took {seconds:.1f} s to stop")
        report = result.report or {"result": "none", "images": [], "total": 0}
        if report["result"] != "cancelled" or report["total"] != self.count:
            broken.append(f"I10 the report says {report['result']} of {report['total']}")
        verdict.update(violations=broken, survived=False, exit=result.code)
        if broken:
            verdict["log"] = str(result)

    def _stopped(self, runner, server, verdict):
        rules = {f"from{number}.test:5000/a:v1": f"to{number}.test:5000/a" for number in range(self.count)}
        flags = ["--timeout", "3s"] if self.way == "timeout" else []
        command = names.with_servers(runner, runner.arguments(rules, {}, flags), server, options="timeout:30 attempts:2")
        process = runner.start(command)
        begun = time.monotonic() + 3
        if self.way != "timeout":
            proxy.until(server.count, seconds=60, what="the first question")
            process.send_signal(getattr(signal, self.way))
            begun = time.monotonic()
        try:
            stdout, stderr = process.communicate(timeout=run.SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"no end after {run.SECONDS} s") from None
        seconds = time.monotonic() - begun
        verdict["hits"] = server.count()
        result = run.Result(process.returncode, stdout.decode(errors="replace"), stderr.decode(errors="replace"), runner._report(True))
        return runner._check(result), seconds


def limits():
    return [Limit(f"{side} {way} {rounds} rounds forever", side, way, rounds)
            for side in ("src", "dst", "src-auth", "dst-auth") for way in WAYS for rounds in (1, 3) if WAYS[way][2] * rounds < 500]


def stops():
    if not names.able():
        print("torture: no cells that stop while names are resolved: a name server on port 53 needs root", flush=True)
        return []
    return [Stop(f"names {count} {way}", count, way) for count in (1, 8, 30, 300) for way in ("SIGTERM", "SIGINT", "timeout")]
