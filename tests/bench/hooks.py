"""How fast hooks are answered while a run is under way, how many a second, and what an idle server weighs.

    hooks.py PROGRAM CLIENT [--seconds N] [--folder FOLDER]

`make bench-hooks` runs it; the record and the log lie in FOLDER. The client is hook_client.c, on the same processors as the server.
A run copies a blob all the time, as fast as a registry in a process of its own sends it: 20 MB a second. "fresh" hooks name images
that are not queued yet, so each is answered after a write to the disk; "known" ones name images that are on disk already. The disk
alone is measured as the record uses it: a file written and synced, renamed, and its folder synced.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from lib import images, run                                                      # noqa: E402
from lib.scripted import Scripted                                                # noqa: E402
from lib.serving import Serving, basic                                           # noqa: E402

PENDING = 1000
PIECE = 1 << 20
ENDLESS = 1 << 16       # pieces


class Sink(Scripted):
    """Takes bodies as fast as they come, and keeps none of a large one."""

    def read_body(self, _method, _path, file, length):
        while length > PIECE:
            length -= len(file.read(PIECE))
        return file.read(length)


def registries(pipe):
    """A source whose blob takes an hour, and a destination that takes it."""
    settings, digest = images.config("bench", []), images.digest_of(b"the bytes never end, so nobody will know")
    layer = {"mediaType": images.OCI_LAYER, "digest": digest, "size": ENDLESS * PIECE}
    document = {"schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "layers": [layer],
                "config": {"mediaType": images.OCI_CONFIG, "digest": images.digest_of(settings), "size": len(settings)}}
    picture = images.Picture([images.Manifest(images.OCI_MANIFEST, images.to_json(document))], {images.digest_of(settings): settings})

    def stream():
        piece = bytes(PIECE)
        for _ in range(ENDLESS):
            time.sleep(0.05)
            yield piece

    with Scripted() as here, Sink() as there:
        here.push(picture, "big/app", "t1")
        here.blobs["big/app", digest] = range(ENDLESS * PIECE)       # it has that length
        here.hook = lambda request: stream() if request.method == "GET" and request.reference == digest else None
        pipe.send((here.host, there.host))
        pipe.recv()


def percentile(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def disk(folder, size, seconds=2.0):
    """Milliseconds of each save of a file of that size."""
    times, end = [], time.monotonic() + seconds
    place = os.open(folder, os.O_RDONLY)
    path = os.path.join(folder, "disk")
    while time.monotonic() < end:
        begun = time.perf_counter()
        file = os.open(path + ".tmp", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(file, b"x" * size)
        os.fsync(file)
        os.close(file)
        os.rename(path + ".tmp", path)
        os.fsync(place)
        times.append((time.perf_counter() - begun) * 1000)
    os.close(place)
    os.unlink(path)
    return times


def say(name, times, wall=None):
    rate = f"{len(times) / wall:8.0f}/s" if wall else " " * 10
    print(f"{name:44} {len(times):7} {rate}  p50 {percentile(times, 0.5):7.2f}  p90 {percentile(times, 0.9):7.2f}  "
          f"p99 {percentile(times, 0.99):7.2f}  most {max(times):7.2f} ms", flush=True)


def memory(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        lines = dict(line.split(":", 1) for line in list(file)[1:])
    return {name: int(lines[name].split()[0]) for name in ("Rss", "Pss")}


class Bench:
    def __init__(self, options, folder):
        self.options, self.runner = options, run.Runner(os.path.abspath(options.program), folder)
        self.serving = Serving(self.runner)
        self.first = 0

    def client(self, name, clients, rate, count, fresh):
        first = self.first if fresh else 0
        done = subprocess.run([self.options.client, str(self.serving.port), basic(), self.host, str(clients), str(rate), str(count), str(first),
                               str(count if fresh else PENDING)], stdout=subprocess.PIPE, text=True, check=True)
        self.first += count if fresh else 0
        wall, *times = map(float, done.stdout.split())
        if name:
            say(name, [each / 1000 for each in times], wall)

    def measure(self):
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.Process(target=registries, args=(theirs,), daemon=True)
        process.start()
        self.host, there = ours.recv()
        self.runner.write("images.yaml", json.dumps({f"{self.host}/big/app:t1": f"{there}/big/app"}))
        document = self.serving.config([(self.host, "team", there)], sync={"interval": "1000h"})
        words = ["--images", "images.yaml", "--every", "1000h"]
        server = self.serving.start(document, run.insecure(self.host, there), words)
        server.says("1 blob under way")
        self.client(None, 8, 0, PENDING, True)
        seconds = self.options.seconds
        for clients, rate in ((1, 0), (8, 200), (32, 500)):
            words = f"{clients} clients, {rate} a second" if rate else "1 client"
            self.client(f"fresh hooks, {words}", clients, rate, (rate or 200) * seconds, True)
            self.client(f"known hooks, {words}", clients, rate, (rate or 200) * seconds, False)
            say("the disk alone", disk(self.runner.home, os.path.getsize(self.serving.record)))
        self.client("fresh hooks, 32 clients, as fast as they can", 32, 0, 2000 * seconds, True)
        self.client("known hooks, 32 clients, as fast as they can", 32, 0, 2000 * seconds, False)
        print(f"{self.first} images are queued, the record has {os.path.getsize(self.serving.record)} bytes; "
              f"memory {memory(server.process.pid)} KiB")
        server.stop()
        ours.send(None)

    def idle(self):
        """A server that has done nothing yet but start, and one that has run once."""
        for words, name in (([], "routes alone"), (["--images", "images.yaml", "--every", "1h"], "with rules, after a run")):
            with Scripted() as here, Scripted() as there:
                here.push(images.image("idle"), "team/app", *(f"t{number}" for number in range(20)))
                rules = {f"{here.host}/team/app:t{number}": f"{there.host}/copy/app" for number in range(20)}
                self.runner.write("images.yaml", json.dumps(rules))
                document = self.serving.config([(here.host, "team", there.host)])
                server = self.serving.start(document, run.insecure(here, there), words)
                if words:
                    server.until(lambda: server.status()["counters"]["runs"]["succeeded"], "a run")
                time.sleep(2)
                print(f"idle, {name}: {memory(server.process.pid)} KiB")
                server.stop()
            os.unlink(self.serving.record)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("client")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        bench = Bench(options, folder)
        bench.idle()
        bench.measure()


main()
