#!/usr/bin/python3 -B
"""How much sooner one large layer arrives when it is read over several connections, as a ratio to one connection.

    ranges.py PROGRAM [--only limited,far,full,fast] [--size MIB] [--turns N]

The source is a server of this file, which sends a file as its line allows: "limited", 25 MB a second on each connection; "far", 100 ms
away, with a window on each connection that grows and is halved as TCP Reno's is where 0.5 % of the packets are lost; "full", 60 MB a
second for all connections together; "fast", as fast as it can. The destination throws away what it gets; the program has hashed it.
One connection is what --requests-per-second, however high, asks for. Both take turns.
"""

import argparse
import hashlib
import json
import os
import random
import re
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time

MIB = 1 << 20
PACKET = 1448
LOSS = 0.005
TRIP = 0.1
MOST = 8
HELLO = (b"", b"\x16")      # the end, or the beginning of TLS
PLAIN = b"HTTP/1.0 400 Bad Request\r\n\r\n"
ONE = ["--requests-per-second", "1000000"]


class Limited:
    """So many bytes a second on each connection, without bursts."""
    rate = 25e6
    setup = trip = 0.0

    def __init__(self):
        self.free = 0.0

    def take(self, most):
        most = min(most, 64 * 1024)
        self.free = max(self.free, time.monotonic()) + most / self.rate
        self.wait(self.free)
        return most

    @staticmethod
    def wait(until):
        late = until - time.monotonic()
        if late > 0:
            time.sleep(late)


class Far(Limited):
    """Each trip around carries a window of packets."""
    setup = trip = TRIP

    def __init__(self):
        super().__init__()
        self.window, self.threshold, self.random = 10, 1 << 30, random.Random(1)

    def take(self, most):
        self.free = max(self.free, time.monotonic()) + TRIP
        most = min(most, self.window * PACKET)
        lost = any(self.random.random() < LOSS for _ in range(self.window))
        if lost:
            self.threshold = self.window = max(2, self.window // 2)
        else:
            self.window = min(self.window * 2, self.threshold) if self.window < self.threshold else self.window + 1
        self.wait(self.free)
        return most


class Full(Limited):
    rate = 60e6
    lock = threading.Lock()
    line = 0.0

    def take(self, most):
        most = min(most, 64 * 1024)
        with Full.lock:
            Full.line = max(Full.line, time.monotonic()) + most / self.rate
            until = Full.line
        self.wait(until)
        return most


class Fast(Limited):
    def take(self, most):
        return most


LINES = {"limited": Limited, "far": Far, "full": Full, "fast": Fast}


class Source(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 64

    def __init__(self, line, path, manifest):
        super().__init__(("127.0.0.1", 0), Connection)
        self.line, self.path, self.manifest = line, path, manifest
        self.busy = self.most = self.reads = 0
        self.guard = threading.Lock()

    def handle_error(self, *_):
        pass         # the client closed a connection early, as it does


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.server.line()
        time.sleep(line.setup)
        while True:
            first = self.rfile.peek(1)[:1]
            if first in HELLO:
                return self.wfile.write(PLAIN) if first else None
            head = b"".join(iter(self.rfile.readline, b"\r\n"))
            time.sleep(line.trip)
            self.answer(head.decode(), line)

    def answer(self, head, line):
        method, path = head.split()[:2]
        if "/manifests/" in path or not re.search(r"/blobs/", path):
            data = self.server.manifest if "/manifests/" in path else b"{}"
            self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\nDocker-Content-Digest: "
                             f"{digest(data)}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + (b"" if method == "HEAD" else data))
            return
        if path.endswith(digest(b"{}")):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            return
        size = os.path.getsize(self.server.path)
        asked = re.search(r"(?i)^range: bytes=(\d+)-(\d*)", head, re.M)
        begin, end = (int(asked[1]), int(asked[2]) + 1 if asked[2] else size) if asked else (0, size)
        status = f"206 Partial Content\r\nContent-Range: bytes {begin}-{end - 1}/{size}" if asked else "200 OK"
        self.wfile.write(f"HTTP/1.1 {status}\r\nETag: \"1\"\r\nContent-Length: {end - begin}\r\n\r\n".encode())
        self.count(1)
        try:
            with open(self.server.path, "rb") as file:
                while begin < end:
                    begin += os.sendfile(self.connection.fileno(), file.fileno(), begin, line.take(end - begin))
        finally:
            self.count(-1)

    def count(self, more):
        """A connection that is closed early ends in the same way."""
        with self.server.guard:
            self.server.busy += more
            self.server.reads += more > 0
            self.server.most = max(self.server.most, self.server.busy)


class Sink(socketserver.ThreadingTCPServer):
    """Throws blobs away, and knows how many bytes of each came. Manifests stay."""
    allow_reuse_address = daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Taker)
        self.held = {}

    def answer(self, method, path, length, body):
        found = re.search(r"sha256(?::|%3A)[0-9a-f]{64}", path)
        name = found[0].replace("%3A", ":") if found else path
        if method == "PUT":
            self.held[name] = length, body
            for key in (digest(body),) if body else ():
                self.held[key] = length, body
            return "201 Created", 0, b""
        if method in ("POST", "PATCH"):
            return "202 Accepted\r\nLocation: /v2/a/blobs/uploads/1", 0, b""
        return ("200 OK", *self.held[name]) if name in self.held else ("404 Not Found", 0, b"")


class Taker(socketserver.BaseRequestHandler):
    def handle(self):
        file, scrap = self.request.makefile("rb"), bytearray(256 * 1024)
        while True:
            first = file.peek(1)[:1]
            if first in HELLO:
                return self.request.sendall(PLAIN) if first else None
            head = b"".join(iter(file.readline, b"\r\n")).decode()
            found = re.search(r"(?i)^content-length: (\d+)", head, re.M)
            left = length = int(found[1]) if found else 0
            body = file.read(left) if "/manifests/" in head.split()[1] else b""
            left -= len(body)
            while left:
                left -= file.readinto(memoryview(scrap)[:min(left, len(scrap))])
            method, path = head.split()[:2]
            status, length, kept = self.server.answer(method, path, length, body)
            self.request.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n".encode() + (b"" if method == "HEAD" else kept))


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def serve(server):
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return f"127.0.0.1:{server.server_address[1]}"


def blob(folder, size):
    """A file of noise of so many MiB, and a manifest whose only layer it is."""
    path, made, noise = os.path.join(folder, "blob"), hashlib.sha256(), random.Random(size)
    with open(path, "wb") as file:
        for _ in range(size):
            piece = noise.randbytes(MIB)
            made.update(piece)
            file.write(piece)
    document = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(b"{}"), "size": 2},
                "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "sha256:" + made.hexdigest(),
                            "size": size * MIB}]}
    return path, json.dumps(document).encode()


def run(program, line, path, manifest, flags):
    """(seconds, most connections, reads) of one copy."""
    with Source(line, path, manifest) as source, Sink() as sink, tempfile.TemporaryDirectory() as home:
        here, there = serve(source), serve(sink)
        auth = os.path.join(home, "auth.json")
        with open(auth, "w", encoding="ascii") as file:
            json.dump({here: {"insecure": True}, there: {"insecure": True}}, file)
        begun = time.monotonic()
        done = subprocess.run([program, "--auth", auth, *flags, f"{here}/a:v1", f"{there}/a:v1"], capture_output=True, text=True,
                              check=False)
        seconds = time.monotonic() - begun
        source.shutdown()
        sink.shutdown()
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        return seconds, source.most, source.reads


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--only", default="limited,full,fast,far")
    parser.add_argument("--size", type=int, default=1024, help="MiB of the layer; far takes 64")
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    print("| line | MiB | one connection s | several s | ratio | connections | reads |\n| --- | --- | --- | --- | --- | --- | --- |")
    for name in options.only.split(","):
        size, turns = (64, 1) if name == "far" else (options.size, options.turns)
        with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
            path, manifest = blob(folder, size)
            rows = [(run(options.program, LINES[name], path, manifest, ONE), run(options.program, LINES[name], path, manifest, []))
                    for _ in range(turns)]
        one, many = (statistics.median(row[side][0] for row in rows) for side in (0, 1))
        ratio = statistics.median(row[0][0] / row[1][0] for row in rows)
        most = max(row[1][1] for row in rows)
        print(f"| {name} | {size} | {one:.1f} | {many:.1f} | {ratio:.2f} | {most} | {rows[-1][1][2]} |", flush=True)
        assert most <= MOST + 1, "the download and its pieces"


if __name__ == "__main__":
    sys.exit(main())
