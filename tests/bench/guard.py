"""Does this program take more CPU than the last release? A few short jobs by both in turns, and the instructions that they took.

    guard.py BASE PROGRAM UNCONFINED [--rounds N] [--only ROW,...]

`make bench-guard` runs it; guard-base.sh has made BASE. Instructions say the same on a busy machine as on an idle one, which seconds do
not. A row fails where the median of the rounds' ratios is above LIMIT. What a row's figures differ by among themselves is printed with
it: it must be well below what the limit is above 1, or the row says nothing.

Before that the guard is tried: against itself, BASE must pass, and a program that does all work of BASE twice must fail.
"""

import argparse
import dataclasses
import os
import shutil
import statistics
import sys
import tempfile

import bench
import counting
import peers
import stage

images = stage.images
LIMIT = 1.15
PROOFS = 3           # rounds of the trial
RULES = 1000


@dataclasses.dataclass
class Row:
    name: str
    title: str
    push: object         # (client, repository) -> tags; None: nothing is asked of a registry
    https: bool = False
    fresh: bool = False  # the destination is emptied before each run, else it is filled
    rounds: int = 99     # for one that --rounds does not lower


def _push_one(client, repo):
    client.push(images.image(repo, parts=[images.layer(repo, 5000)]), repo, "v1")
    return ["v1"]


def _push_layer(client, repo):
    client.push(images.image(repo, parts=[images.noise(repo, 64 * bench.MIB)]), repo, "v1")
    return ["v1"]


ROWS = [
    Row("image", "one small image, in sync", _push_one),
    Row("tags50sync", "50 small tags, in sync", bench.push_tags(50, False)),
    Row("tags50", "50 small tags, fresh", bench.push_tags(50, False), fresh=True),
    Row("layer64", "one layer of 64 MiB, fresh, https", _push_layer, https=True, fresh=True, rounds=3),
    Row("rules", f"{RULES:,} written rules, read", None),
]


# -- the figures ------------------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Verdict:
    base: float          # medians
    ours: float
    ratio: float
    spread: float        # the largest difference between the runs of one program, as a part of its median

    def passed(self):
        return self.ratio <= LIMIT


def judge(pairs):
    """pairs: (instructions of the base, of this program) of each round."""
    sides = list(zip(*pairs))
    return Verdict(statistics.median(sides[0]), statistics.median(sides[1]), statistics.median(ours / base for base, ours in pairs),
                   max((max(side) - min(side)) / statistics.median(side) for side in sides))


# -- the runs ---------------------------------------------------------------------------------------------------------------

class Guard:
    def __init__(self, place, by):
        self.place = place
        self.by = by
        self.wanted = {}     # of a row -> the digests of its tags

    def _host(self, side, row):
        return self.place.host(side, row.https, False)

    def _arguments(self, row, home):
        job = peers.Job(source=f"{self._host('source', row)}/guard/{row.name}", destination=f"{self._host('destination', row)}/guard/{row.name}",
                        tags=[], https=row.https, home=home)
        if row.push:
            return peers.files(job)
        rules = {f"{job.source}/{number}:v1.{number}": f"{job.destination}/{number}:v1.{number}" for number in range(RULES)}
        return ["check", "--images", job.write("rules.yaml", rules)]

    def fill(self, row):
        if not row.push:
            return
        repo = f"guard/{row.name}"
        tags = row.push(self.place.client("source"), repo)
        self.wanted[row.name] = bench.digests(self.place.client("source"), repo, tags)
        if not row.fresh:
            row.push(self.place.client("destination"), repo)

    def count(self, row, program):
        home = tempfile.mkdtemp(prefix="guard-run-")
        env = {"PATH": os.environ.get("PATH", ""), "HOME": home, "SSL_CERT_FILE": self.place.certs.ca, "LANG": "C.UTF-8"}
        repo = f"guard/{row.name}"
        if row.fresh:
            self.place.empty()
        try:
            counted = counting.count(self.by, [program, *self._arguments(row, home)], env, home)
        finally:
            shutil.rmtree(home, ignore_errors=True)
        if row.push and bench.digests(self.place.client("destination"), repo, list(self.wanted[row.name])) != self.wanted[row.name]:
            raise counting.Failed("the destination does not hold what it should")
        return counted

    def compare(self, row, base, program, rounds):
        self.place.empty()
        self.fill(row)
        return judge([(self.count(row, base), self.count(row, program)) for _ in range(rounds)])


def twice(folder, program):
    """A program that does the work of another one twice."""
    path = os.path.join(folder, "twice")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\n"{program}" "$@" && exec "{program}" "$@"\n')
    os.chmod(path, 0o755)
    return path


def _prove(guard, base):
    with tempfile.TemporaryDirectory() as folder:
        same = guard.compare(ROWS[0], base, base, PROOFS)
        double = guard.compare(ROWS[0], base, twice(folder, base), PROOFS)
    print(f"tried: a program beside itself is at {same.ratio:.3f}, one that does it all twice at {double.ratio:.3f}", flush=True)
    return same.passed() and not double.passed()


def _row(guard, row, given):
    try:
        found = guard.compare(row, given.base, given.program, min(given.rounds, row.rounds))
    except counting.Failed as why:
        print(f"  {row.title:34} FAILED: {why}", flush=True)
        return False
    print(f"  {row.title:34}{found.base / 1e6:11.2f}{found.ours / 1e6:11.2f}{found.ratio:9.3f}{found.spread:9.1%}"
          f"{'' if found.passed() else f'  FAILED: above {LIMIT}'}", flush=True)
    return found.passed()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=os.path.abspath)
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("unconfined", type=os.path.abspath, help="build/musl/bench/unconfined")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    by = counting.counter(given.unconfined)
    if not by:
        sys.exit("bench-guard: nothing can count here: perf has no counter of instructions, and there is no valgrind")
    only = [name for name in given.only.split(",") if name]
    with stage.Stage() as place:
        guard = Guard(place, by)
        if not _prove(guard, given.base):
            print("bench-guard: FAILED: it cannot tell more work from the same", file=sys.stderr)
            return 1
        print(f"  {f'millions of instructions, {by.name}':34}{'release':>11}{'this':>11}{'ratio':>9}{'spread':>9}", flush=True)
        failed = [row.name for row in ROWS if (not only or row.name in only) and not _row(guard, row, given)]
    print(f"bench-guard: {'FAILED: ' + ' '.join(failed) if failed else 'passed'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
