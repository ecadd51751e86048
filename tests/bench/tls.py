"""What a new https connection costs: CPU milliseconds for each, with the system's whole CA bundle to choose from.

    tls.py PROGRAM        PROGRAM is build/musl/bench/tls_connect, or that of musl-openssl; `make bench` builds and runs it

A server of the openssl program on loopback, its authority appended to the system's bundle; medians of several rounds.
"""

import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from lib import certs, need, registry  # noqa: E402

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
CONNECTIONS = 200
ROUNDS = 5


def wait_for(port):
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("the openssl server does not answer")


def measure(program, port, authorities, resume):
    """Median CPU milliseconds of a connection, and the suite that was negotiated."""
    costs, suite = [], ""
    for _ in range(ROUNDS):
        command = [program, f"https://localhost:{port}/", authorities, str(CONNECTIONS)] + ["resume"] * resume
        text = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
        costs.append(float(re.search(r"then ([0-9.]+) ms", text).group(1)))
        found = re.search(r"(?:ECDHE-|TLS_)\S+", text)
        suite = found.group(0) if found else suite
    return statistics.median(costs), suite


def main():
    program = sys.argv[1]
    made = certs.Certs()
    print(f"CPU of a new https connection, a small request included; medians of {ROUNDS} x {CONNECTIONS}")
    with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as both:
        both.write(pathlib.Path(BUNDLE).read_text(encoding="utf-8").encode("ascii", "replace").decode("ascii"))
        both.write(pathlib.Path(made.ca).read_text(encoding="ascii"))
        both.flush()
        authorities = pathlib.Path(both.name).read_text(encoding="ascii").count("BEGIN CERTIFICATE")
        for name, title in (("rsa", "RSA-2048 leaf"), ("server", "P-256 leaf")):
            port = registry.free_port()
            server = subprocess.Popen(
                [need.program("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-quiet",
                 "-cert", made.chain(name), "-key", made.key(name)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_for(port)
                for resume, kind in ((False, "full handshake"), (True, "resumed")):
                    cost, suite = measure(program, port, both.name, resume)
                    print(f"  {title}, {kind:14}  {cost:5.2f} ms  {authorities} authorities  {suite}")
            finally:
                server.kill()
                server.wait()
    flags = pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    print("  the processor has AES instructions:", "yes" if re.search(r"\b(aes|pmull)\b", flags) else "no")
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
