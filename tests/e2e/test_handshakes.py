"""The table of tests/handshakes, about servers of the openssl program that imitate the policies of public registries."""

import os
import subprocess
import sys
import time

import pytest

from lib import need, run
from lib.registry import free_port

TABLE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "handshakes", "handshakes.py")
# What the server insists on, and what BearSSL and OpenSSL make of it.
POLICIES = {
    "modern and old": ((), "1.2, ECDHE-ECDSA-", "1.3, TLS_AES_"),
    "1.2 alone": (("-tls1_2",), "1.2, ECDHE-ECDSA-", "1.2, ECDHE-ECDSA-"),
    "1.3 alone": (("-tls1_3",), "offers only TLS 1.3", "1.3, TLS_AES_"),
    "ChaCha20 alone": (("-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"), "1.2, ECDHE-ECDSA-CHACHA20", "1.2, ECDHE-ECDSA-CHACHA20"),
    "old alone": (("-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA"), "no cipher suite", "no cipher suite"),
}


@pytest.fixture
def servers(certs, tmp_path):
    started, ports = [], []
    for more, _, _ in POLICIES.values():
        ports.append(free_port())
        started.append(subprocess.Popen(
            [need.program("openssl"), "s_server", "-accept", f"127.0.0.1:{ports[-1]}", "-www", "-quiet", "-cert", certs.chain(), "-key", certs.key(), *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    file = tmp_path / "servers"
    file.write_text("# policies\n" + "".join(f"localhost:{port}\n" for port in ports))
    for port in ports:
        while subprocess.run([need.program("openssl"), "s_client", "-connect", f"127.0.0.1:{port}"], stdin=subprocess.DEVNULL,
                             capture_output=True, check=False).stderr.count(b"refused"):
            time.sleep(0.05)
    yield file
    for each in started:
        each.kill()
        each.wait()


def test_a_row_for_each_server(servers, certs):
    ended = subprocess.run([sys.executable, "-B", TABLE, str(servers), need.binary()], capture_output=True, text=True, check=False,
                           env={**os.environ, "SSL_CERT_FILE": certs.ca}, timeout=run.SECONDS)
    title, _, *rows = ended.stdout.splitlines()
    assert title == f"| server | {'OpenSSL' if run.ENGINE == 'openssl' else 'BearSSL'} |", ended
    assert len(rows) == len(POLICIES), ended
    for row, (policy, (_, bearssl, openssl)) in zip(rows, POLICIES.items()):
        assert (openssl if run.ENGINE == "openssl" else bearssl) in row, policy
    assert ended.returncode == 1 and ended.stderr == "", "one of them speaks with nobody"
