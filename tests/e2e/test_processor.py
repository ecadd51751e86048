"""What the program makes of the processor it runs on; also of an emulated one, when a cross-compiled program is tested."""

import platform
import re
import signal
import socket
import struct

import pytest

from lib import run

AES_GCM, CHACHA20 = 0xC02B, 0xCCA9    # the first suite of each order: ECDHE-ECDSA with AES-128-GCM, with ChaCha20-Poly1305


@pytest.fixture(scope="module")
def machine(binary):
    """The name of the program's machine, out of its ELF header; a launcher script tells by its emulator."""
    with open(binary, "rb") as file:
        head = file.read(4096)
    if head.startswith(b"\x7fELF"):
        return {62: "x86_64", 183: "aarch64"}[struct.unpack_from("<H", head, 18)[0]]
    emulator = re.search(rb"\bqemu-(\w+)", head)
    return emulator.group(1).decode() if emulator else platform.machine()


def processor():
    """The features of this machine's processor, as the kernel names them."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        found = re.search(r"^(?:flags|Features)\s*:(.*)$", file.read(), re.M)
    return set(found.group(1).split()) if found else set()


def offered(runner, name):
    """The suites of the program's TLS hello, in its order: a server that reads one record, then the run is stopped."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        host = f"127.0.0.1:{server.getsockname()[1]}"
        process = runner.start(runner.arguments({f"{host}/{name}:v1": f"{host}/{name}:v2"}))
        try:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as stream:
                kind, _, size = struct.unpack(">BHH", stream.read(5))
                record = stream.read(size)
                process.send_signal(signal.SIGTERM)
                assert runner.finish(process).code == 143
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
    assert kind == 22
    hello = record[4 + 2 + 32:]
    body = hello[1 + hello[0]:]
    size, = struct.unpack_from(">H", body)
    return struct.unpack_from(f">{size // 2}H", body, 2)


def test_the_cheapest_suite_is_offered_first(runner, machine, repo):
    """The TLS library has AES instructions for x86-64 alone; without them ChaCha20 is many times cheaper."""
    fast = machine == "x86_64" and {"aes", "pclmulqdq"} <= processor()
    suites = offered(runner, repo)
    if run.ENGINE == "openssl":
        pytest.skip("OpenSSL has one order for all processors")
    assert suites[0] == (AES_GCM if fast else CHACHA20)
    assert len(suites) == 6 and {AES_GCM, CHACHA20} < set(suites)


@pytest.mark.skipif(run.FLAVOR in ("asan", "tsan"), reason="the sanitizers' builds use the distribution's library")
def test_hashing_uses_the_processor(runner, machine):
    """The library that hashes says what it found, when it is asked to."""
    said = [line for line in runner.run([runner.binary, "--version"], env={"NETTLE_FAT_VERBOSE": "1"}).stderr.splitlines()
            if "cpu features" in line]
    assert said, "it does not look at the processor"
    if machine == "aarch64":
        assert "sha2" in said[-1]                 # every emulator has it, and every server of the last ten years
    elif "sha_ni" in processor():
        assert "sha_ni" in said[-1]
