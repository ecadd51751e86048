"""Layer D: the program is ended in the middle of its work, and started once more.

Two ways to choose the middle. By system call: strace sends SIGKILL to whichever thread first makes its N-th. By request: a proxy sends
SIGKILL, SIGTERM or SIGINT before it passes a request on, or when the registry has carried it out and the program does not know yet.

What is at the target must be whole at that moment, and the second run must end with all copied, without sending a blob once more to a
repository that had taken it.
"""

import collections
import dataclasses
import os
import re
import signal
import subprocess
import urllib.parse

import invariants
from lib import need, proxy, run

_UPLOAD = "/blobs/uploads/"


def strace(*options, output=os.devnull):
    return [need.program("strace"), "-f", "-qq", "-o", output, *options]


def traced(scene, binary, flags=()):
    """A clean run under strace: {system call: how many the busiest thread made}, "" being all of them together."""
    with scene.runner(binary) as runner:
        path = os.path.join(runner.home, "trace")
        result = runner.finish(runner.start([*strace(output=path), *runner.arguments(*scene.documents(), flags)]))
        with open(path, encoding="utf-8", errors="replace") as file:
            calls = re.findall(r"^(\d+) +(\w+)\(", file.read(), re.M)
    most = {}
    for (_, name), count in collections.Counter(calls).items():
        most[name] = max(most.get(name, 0), count)
    most[""] = max(collections.Counter(thread for thread, _ in calls).values())
    return result, most


@dataclasses.dataclass
class Kill:
    name: str
    call: int = 0            # the number of the system call, or
    side: str = ""           # the proxy,
    number: int = 0          # the request's number there,
    after: bool = False      # and whether it has been carried out
    signal: int = signal.SIGKILL
    layer: str = "D"
    passes: bool = True

    def run(self, scene, binary, verdict):
        scene.fixed()
        with scene.fronts():
            first = self._first(scene, binary, verdict)
            scene.settle()
            broken = invariants.check(scene, first, hurt=True)
            if self.signal != signal.SIGKILL and verdict["hits"]:
                broken += _polite(scene, first, self.signal)
            sent = _finished(scene)
            scene.sides["dst"].clear()
            second = scene.run(binary)
            broken += [f"I9 the second run: {each}" for each in invariants.check(scene, second)]
            again = sent & {_blob(each) for each in scene.sides["dst"].uploads()}
            verdict["again_elsewhere"] = len({digest for _, digest in sent}
                                             & {_blob(each)[1] for each in scene.sides["dst"].uploads()} - {each[1] for each in again})
            if again:
                broken.append(f"I9 sent once more: {sorted(again)}")
            verdict.update(violations=broken, survived=invariants.arrived(scene, second), exit=first.code)
            if broken or not verdict["survived"]:
                verdict["log"] = f"{first}\n{second}\n{scene.log()}"

    def _first(self, scene, binary, verdict):
        with scene.runner(binary) as runner:
            command = runner.arguments(*scene.documents())
            if self.call:
                command = strace("-e", f"inject=all:signal=KILL:when={self.call}") + command
            holder = {}
            if self.side:
                scene.sides[self.side].rule("*", "", self._action(holder, verdict), self.number, 1)
            holder["process"] = runner.start(command)
            try:
                stdout, stderr = holder["process"].communicate(timeout=run.SECONDS)
            except subprocess.TimeoutExpired:
                holder["process"].kill()
                raise AssertionError(f"no end after {run.SECONDS} s") from None
            code = holder["process"].returncode
            if self.call:
                verdict["hits"] = int(code == -signal.SIGKILL)
            result = run.Result(code, stdout.decode(errors="replace"), stderr.decode(errors="replace"), runner._report(True))
            return result if code == -signal.SIGKILL else runner._check(result)

    def _action(self, holder, verdict):
        def send():
            verdict["hits"] = 1
            while "process" not in holder:
                pass
            holder["process"].send_signal(self.signal)

        def carried_out(_request, head, body):
            send()
            return head + body

        return proxy.Rewrite(carried_out) if self.after else proxy.Before(lambda _request: send())


def _blob(request):
    found = re.search(r"^/v2/(.+)/blobs/uploads/.*[?&]digest=([^&]+)", request.path)
    return (found[1], urllib.parse.unquote(found[2])) if found else ("", request.path)


def _finished(scene):
    """{(repository, digest)} of the uploads that the target has taken."""
    return {_blob(each) for each in scene.sides["dst"].seen("PUT", "upload") if each.status == 201}


def _polite(scene, result, number):
    """What a run that was asked to stop owes: its exit status, its report, no upload left open."""
    broken = []
    if result.code not in (128 + number, 0) or (result.code == 0 and not invariants.arrived(scene, result)):
        broken.append(f"I10 exit {result.code} after signal {number}")
    if not result.report:
        broken.append("I10 asked to stop, and no report")
    elif result.code and result.report["result"] != "cancelled":
        broken.append(f"I10 the report says {result.report['result']}")
    left = [repo for repo in scene.wanted if scene.target.uploads(repo)]
    if left:
        broken.append(f"F26 uploads left open in {left}")
    return broken


def cells(scene, binary):
    """After a clean run of the scene: every number of a system call, and every request in each way."""
    _, most = traced(scene, binary)
    requests = {side: len(front.seen()) for side, front in scene.sides.items()}
    found = [Kill(f"call {number}", call=number) for number in range(1, most[""] + 1)]
    for side, count in requests.items():
        for number in range(count):
            for kind in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
                for after in (False, True):
                    name = f"{side} #{number} {'after' if after else 'before'} {kind.name}"
                    found.append(Kill(name, side=side, number=number, after=after, signal=kind))
    return found
