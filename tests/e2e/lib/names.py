"""A name server on loopback, for programs that are started with a resolv.conf of their own.

What it says to a question is a function's choice: answer(name, kind, tries) -> addresses, or one of the words below. `tries` counts how
often this name and kind were asked before. The file is mounted over /etc/resolv.conf for the program alone, which needs root.
"""

import os
import shutil
import socket
import struct
import subprocess
import threading

A, AAAA = 1, 28
SERVFAIL, NXDOMAIN, CUT, SILENCE = "servfail", "nxdomain", "cut", "silence"
_CODES = {SERVFAIL: 2, NXDOMAIN: 3}


class NameServer:
    """On port 53 of an address of its own, by UDP and by TCP. Where the answer is CUT, UDP tells to come by TCP, which has `behind`."""

    def __init__(self, answer, behind=()):
        self.answer, self.behind = answer, behind
        self.asked = []          # (name, kind, "udp" or "tcp")
        self._lock = threading.Lock()
        self._udp, self._tcp, self.address = _listen()
        for serve in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def stop(self):
        for each in (self._udp, self._tcp):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def count(self, how=None):
        with self._lock:
            return sum(how in (None, each) for _, _, each in self.asked)

    def _reply(self, question, how):
        name, end = _name(question)
        kind = struct.unpack("!H", question[end:end + 2])[0]
        with self._lock:
            tries = sum((name, kind) == each[:2] for each in self.asked)
            self.asked.append((name, kind, how))
        said = self.answer(name, kind, tries)
        if said == CUT and how == "tcp":
            said = self.behind
        if said == SILENCE:
            return None
        addresses = [] if isinstance(said, str) else [each for each in said if kind == A]
        flags = 0x8180 | (_CODES.get(said, 0) if isinstance(said, str) else 0) | (0x200 if said == CUT else 0)
        head = question[:2] + struct.pack("!HHHHH", flags, 1, len(addresses), 0, 0)
        records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 0, 4) + socket.inet_aton(each) for each in addresses)
        return head + question[12:end + 4] + records

    def _serve_udp(self):
        while True:
            try:
                question, peer = self._udp.recvfrom(4096)
            except OSError:
                return
            if len(question) > 16:
                reply = self._reply(question, "udp")
                if reply:
                    self._udp.sendto(reply, peer)

    def _serve_tcp(self):
        while True:
            try:
                client, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client):
        with client:
            client.settimeout(10)
            while True:
                try:
                    size = client.recv(2, socket.MSG_WAITALL)
                    question = client.recv(struct.unpack("!H", size)[0], socket.MSG_WAITALL) if len(size) == 2 else b""
                except OSError:
                    return
                if len(question) <= 16:
                    return
                reply = self._reply(question, "tcp")
                if reply:
                    client.sendall(struct.pack("!H", len(reply)) + reply)


def _listen():
    """Sockets on port 53 of an address nobody else on this machine has chosen."""
    for number in range(os.getpid() % 200, 400):
        address = f"127.53.{number % 200 + 1}.1"
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind((address, 53))
            return udp, socket.create_server((address, 53)), address
        except OSError as problem:
            udp.close()
            if problem.errno == 13:
                raise
    raise OSError("no address of loopback has a free port 53")


def _name(question):
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode("latin-1"))
        at += question[at] + 1
    return ".".join(labels).lower(), at + 1


def able():
    """May this process mount, and listen on port 53?"""
    return os.geteuid() == 0 and shutil.which("unshare") and subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount --bind /dev/null /etc/resolv.conf"], capture_output=True, check=False).returncode == 0


def with_servers(runner, command, *servers, options="timeout:2 attempts:2"):
    """The command, run where only these servers are asked for names."""
    lines = [f"nameserver {each.address}" for each in servers] + [f"options {options}", ""]
    path = runner.write("resolv.conf", "\n".join(lines))
    os.chmod(path, 0o644)
    return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', path, *command]
