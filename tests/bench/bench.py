"""Side by side: this program and every peer that is installed do the same jobs, one after the other, in turns.

    bench.py PROGRAM MEASURE [--rounds N] [--only CASE,...] [--peers NAME,...] [--out FILE]
    bench.py --table FILE        print what an earlier run measured, as Markdown

`make bench` runs it. Each program gets the same two registries behind the same nginx (stage.py), empty or filled the same way;
afterwards the destination is read, and a program that did not do the job is not in the table. Wall time, CPU time and peak
memory are what measure.c learns from the kernel, requests are nginx's lines.
"""

import argparse
import collections
import dataclasses
import datetime
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

import peers
import stage

images = stage.images
MIB = 1 << 20
LIMIT = 300          # seconds for one run
MODES = [(https, slow) for https in (False, True) for slow in (False, True)]


# -- what is copied ---------------------------------------------------------------------------------------------------------

def _big(seed, layers, size):
    return images.image(seed, parts=[images.noise(f"{seed}/{number}", size) for number in range(layers)])


def _push_one(client, repo):
    client.push(images.image(repo, parts=[images.layer(repo, 5000)]), repo, "latest")
    return ["latest"]


def _push_512(client, repo):
    client.push(_big(repo, 4, 128 * MIB), repo, "latest")
    return ["latest"]


def push_tags(count, shared):
    """count tags: each with a layer of its own, or all of them the same image."""
    def push(client, repo):
        tags = [f"v1.0.{number}" for number in range(count)]
        base = images.layer(f"{repo}/base", 50000)
        same = images.image(repo, parts=[base])
        if shared:
            client.push(same, repo)
        for tag in tags:
            if shared:
                client.push_manifest(repo, same.root, tag)
            else:
                client.push(images.image(f"{repo}/{tag}", parts=[base, images.layer(f"{repo}/{tag}", 20000)]), repo, tag)
        return tags
    return push


def _push_indexes(client, repo):
    tags = [f"v2.0.{number}" for number in range(20)]
    for tag in tags:
        children = [images.image(f"{repo}/{tag}/{arch}", layers=2, size=20000, architecture=arch)
                    for arch in ("amd64", "arm64", "arm", "s390x", "ppc64le")]
        entries = [{"platform": {"os": "linux", "architecture": arch}} for arch in ("amd64", "arm64", "arm", "s390x", "ppc64le")]
        client.push(images.index(children, entries=entries), repo, tag)
    return tags


def _push_4g(client, repo):
    """A layer of 4 GiB of zeros, put into the storage without sending it."""
    import hashlib
    size, held = 4 << 30, hashlib.sha256()
    zeros = bytes(16 * MIB)
    for _ in range(size // len(zeros)):
        held.update(zeros)
    digest = "sha256:" + held.hexdigest()
    settings = images.config(repo, [])
    document = {"schemaVersion": 2, "mediaType": images.OCI_MANIFEST,
                "config": {"mediaType": images.OCI_CONFIG, "digest": images.digest_of(settings), "size": len(settings)},
                "layers": [{"mediaType": images.OCI_LAYER, "digest": digest, "size": size}]}
    client.push_blob(repo, settings)
    client._server.plant_blob(repo, digest, size)
    client.push_manifest(repo, images.Manifest(images.OCI_MANIFEST, images.to_json(document)), "latest")
    return ["latest"]


@dataclasses.dataclass
class Case:
    name: str
    title: str
    push: object           # (client, repository) -> tags
    fresh: bool            # the destination is emptied before each run, else it is filled
    rounds: int            # for one that --rounds does not lower
    slow: bool = True      # also with the delay


CASES = [
    Case("start", "one small image, in sync; two requests by curl", _push_one, False, 20),
    Case("image512", "one image, 512 MB in 4 layers", _push_512, True, 3),
    Case("tags50", "50 small tags, fresh", push_tags(50, False), True, 2),
    Case("tags50sync", "50 small tags, in sync", push_tags(50, False), False, 5),
    Case("tags1000", "1,000 tags, in sync", push_tags(1000, True), False, 1),
    Case("indexes", "20 indexes of 5 platforms, fresh", _push_indexes, True, 2),
    Case("layer4g", "one layer of 4 GiB", _push_4g, True, 3, slow=False),
]


# -- one run ----------------------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Sample:
    wall: float
    cpu: float
    rss: int
    requests: int


def _run(measure, program, arguments, env, cwd, limit=LIMIT):
    """(wall, cpu, peak bytes, exit status, last words)"""
    figures = os.path.join(cwd, "figures")
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([measure, figures, program, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   cwd=cwd, env=env, start_new_session=True)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return 0, 0, 0, 124, f"not done after {limit} s"
        out.seek(0)
        with open(figures, encoding="ascii") as file:
            wall, cpu, rss, code = file.read().split()
        return float(wall), float(cpu), int(rss), int(code), out.read()[-300:].decode(errors="replace")


def digests(client, repo, tags):
    return {tag: client.head(repo, tag) for tag in tags}


class Bench:
    def __init__(self, place, programs, rounds, measure):
        self.place = place
        self.measure = measure
        self.programs = programs
        self.rounds = rounds
        self.samples = collections.defaultdict(list)     # (case, https, slow, program) -> [Sample]
        self.absent = {}                                 # the same -> why

    def _job(self, case, tags, https, slow, home):
        return peers.Job(source=f"{self.place.host('source', https, slow)}/bench/{case.name}",
                         destination=f"{self.place.host('destination', https, slow)}/bench/{case.name}",
                         tags=tags, https=https, home=home, synced=not case.fresh)

    def _measure(self, peer, case, job, wanted):
        path = peer.path()
        commands = peer.commands(job)
        if commands is None:
            return "has no way to do this"
        env = {"PATH": os.environ.get("PATH", ""), "HOME": job.home, "SSL_CERT_FILE": self.place.certs.ca, "LANG": "C.UTF-8"}
        before = self.place.requests()
        total = Sample(0, 0, 0, 0)
        for arguments in commands:
            wall, cpu, rss, code, words = _run(self.measure, path, arguments, env, job.home)
            total = Sample(total.wall + wall, total.cpu + cpu, max(total.rss, rss), 0)
            if code:
                return f"ended with {code}: {words.strip()[-200:]}"
        total.requests = sum(self.place.requests()) - sum(before)
        repo = job.destination.split("/", 1)[1]
        if digests(self.place.client("destination"), repo, job.tags) != wanted:
            return "the destination does not hold what it should"
        return total

    def _turn(self, case, tags, wanted, https, slow):
        for peer in self.programs:
            key = (case.name, https, slow, peer.name)
            if key in self.absent:
                continue
            if case.fresh:
                self.place.empty()
            home = tempfile.mkdtemp(prefix="bench-run-")
            got = self._measure(peer, case, self._job(case, tags, https, slow, home), wanted)
            shutil.rmtree(home, ignore_errors=True)
            if isinstance(got, Sample):
                self.samples[key].append(got)
            else:
                self.absent[key] = got

    def case(self, case):
        repo = f"bench/{case.name}"
        tags = case.push(self.place.client("source"), repo)
        wanted = digests(self.place.client("source"), repo, tags)
        if not case.fresh:
            self.place.empty()
            case.push(self.place.client("destination"), repo)
        for https, slow in MODES:
            if slow and not case.slow:
                continue
            for _ in range(min(self.rounds, case.rounds)):
                self._turn(case, tags, wanted, https, slow)
            print(f"\n{case.title}, {_mode(https, slow)}", flush=True)
            print("\n".join(self.lines(case.name, https, slow)), flush=True)
        shutil.rmtree(os.path.join(self.place.source.storage, "docker"), ignore_errors=True)
        self.place.empty()

    def medians(self, case, https, slow):
        found = {}
        for peer in self.programs:
            samples = self.samples.get((case, https, slow, peer.name))
            if samples:
                found[peer.name] = [statistics.median(getattr(each, field.name) for each in samples)
                                    for field in dataclasses.fields(Sample)]
        return found

    def lines(self, case, https, slow):
        lines = [f"  {'':13}{'wall s':>9}{'CPU s':>9}{'RSS MB':>9}{'requests':>10}"]
        for name, (wall, cpu, rss, requests) in self.medians(case, https, slow).items():
            lines.append(f"  {name:13}{_seconds(wall):>9}{_seconds(cpu):>9}{rss / 1e6:9.1f}{requests:10.0f}")
        for peer in self.programs:
            why = self.absent.get((case, https, slow, peer.name))
            if why:
                lines.append(f"  {peer.name:13}   {why.splitlines()[-1] if why else ''}"[:110])
        return lines

    def raw(self):
        return {
            "date": datetime.date.today().isoformat(), "machine": _machine(), "delay": stage.DELAY,
            "programs": {peer.name: _version(peer) for peer in self.programs},
            "samples": [{"case": case, "https": https, "slow": slow, "program": name,
                         "runs": [dataclasses.asdict(each) for each in samples]}
                        for (case, https, slow, name), samples in self.samples.items()],
            "absent": [{"case": case, "https": https, "slow": slow, "program": name, "why": why}
                       for (case, https, slow, name), why in self.absent.items()],
        }


def _seconds(value):
    return f"{value:.{2 if value >= 0.1 else 3}f}"


def _mode(https, slow):
    return f"{'https' if https else 'http'}{f', {stage.DELAY * 1000:.0f} ms added' if slow else ''}"


def _machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores, {model}"


def _version(peer):
    for flag in (["version"], ["--version"]):
        done = subprocess.run([peer.path(), *flag], capture_output=True, text=True, check=False, timeout=20,
                              stdin=subprocess.DEVNULL, cwd="/", env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"})
        text = (done.stdout + done.stderr).strip()
        if done.returncode == 0 and text:
            return text.splitlines()[0][:60]
    return "unknown"


# -- the table --------------------------------------------------------------------------------------------------------------

def table(raw):
    """Markdown: for each case our figure, the best peer's, and the ratio."""
    held = collections.defaultdict(dict)
    for each in raw["samples"]:
        middle = {field: statistics.median(run[field] for run in each["runs"]) for field in ("wall", "cpu", "rss", "requests")}
        held[each["case"], each["https"], each["slow"]][each["program"]] = middle
    lines = ["| case | | wall s (best peer) | ratio | CPU s (best peer) | ratio | RSS MB (best peer) | ratio | requests (best peer) |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for case in CASES:
        for https, slow in MODES:
            found = dict(held.get((case.name, https, slow), {}))
            ours = found.pop(peers.OURS.name, None)
            if not ours or not found:
                continue
            cells = [case.title, _mode(https, slow)]
            for field, form, unit in (("wall", _seconds, 1), ("cpu", _seconds, 1), ("rss", "{:.1f}".format, 1e6), ("requests", "{:.0f}".format, 1)):
                best = min(found, key=lambda name, field=field: found[name][field])
                cells.append(f"{form(ours[field] / unit)} ({form(found[best][field] / unit)}, {best})")
                if field != "requests":
                    cells.append(f"{ours[field] / max(found[best][field], 1e-9):.2f}")
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?")
    parser.add_argument("measure", nargs="?", help="build/musl/bench/measure")
    parser.add_argument("--table", metavar="FILE")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--peers", default="")
    parser.add_argument("--out")
    given = parser.parse_args()
    if given.table:
        with open(given.table, encoding="utf-8") as file:
            print(table(json.load(file)))
        return 0
    ours = dataclasses.replace(peers.OURS, program=os.path.abspath(given.program))
    wanted = [name for name in given.peers.split(",") if name]
    present = [peer for peer in peers.PEERS if peer.path() and (not wanted or peer.name in wanted)]
    missing = [peer.name for peer in peers.PEERS if not peer.path()]
    print("compared:", ", ".join(f"{peer.name} ({_version(peer)})" for peer in [ours, *present]))
    print("not found:", ", ".join(missing) or "none")
    only = [name for name in given.only.split(",") if name]
    with stage.Stage() as place:
        bench = Bench(place, [ours, *present], given.rounds, os.path.abspath(given.measure))
        for case in CASES:
            if not only or case.name in only:
                bench.case(case)
        raw = bench.raw()
    if given.out:
        with open(given.out, "w", encoding="utf-8") as file:
            json.dump(raw, file, indent=1)
    print("\n" + table(raw))
    return 0


if __name__ == "__main__":
    sys.exit(main())
