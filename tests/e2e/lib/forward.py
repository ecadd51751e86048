"""A forward proxy on loopback: CONNECT and absolute-form requests. Names lead to local ports, nothing leaves the machine.

So a test can reach a registry under any name it likes. What passes is recorded; with `users` the proxy wants a Basic login.
"""

import base64
import contextlib
import re
import select
import socket
import struct
import threading

_LIMIT = 64 * 1024


class ForwardProxy:
    """places {"host:port": port on loopback}; what is not in there goes to 127.0.0.1 at its own port if it is loopback."""

    def __init__(self, places=None, users=None):
        self.places = places or {}
        self.users = users
        self.targets = []        # "host:port", one per connection that was let through
        self.refused = 0         # requests without the right login
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._open = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, login=""):
        return f"http://{login + '@' if login else ''}127.0.0.1:{self.port}"

    def environment(self):
        """Variables that send https through here, except to loopback."""
        return {"https_proxy": self.url(), "no_proxy": "127.0.0.1,localhost"}

    def stop(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with self._lock:
            self._open.append(client)
        with contextlib.suppress(OSError, ValueError):
            self._one(client)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)

    def _one(self, client):
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _LIMIT:
            piece = client.recv(4096)
            if not piece:
                return
            head += piece
        method, uri, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        target = uri if method == "CONNECT" else re.match(r"http://([^/]+)", uri).group(1)
        if not self._welcome(head):
            self.refused += 1
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"e2e\"\r\n"
                           b"Content-Length: 0\r\nConnection: close\r\n\r\n")
            return
        host, port = target.rsplit(":", 1)
        where = self.places.get(target, int(port) if host in ("127.0.0.1", "localhost") else None)
        if where is None:
            client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        with self._lock:
            self.targets.append(target)
        upstream = socket.create_connection(("127.0.0.1", where))
        with self._lock:
            self._open.append(upstream)
        if method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            upstream.sendall(head)     # docker-registry takes the absolute form as it is
        pump(client, upstream)

    def _welcome(self, head):
        if not self.users:
            return True
        found = re.search(rb"(?im)^proxy-authorization: basic (\S+)", head)
        if not found:
            return False
        user, _, word = base64.b64decode(found.group(1)).decode().partition(":")
        return self.users.get(user) == word


def pump(a, b):
    other = {a: b, b: a}
    while other:
        for ready in select.select(list(other), [], [], 60)[0]:
            data = ready.recv(65536)
            if not data:
                return
            other[ready].sendall(data)


class BadProxy(ForwardProxy):
    """The first `times` connections are not served: a status for them, or None to reset them."""

    def __init__(self, status, times):
        self.status, self.times, self.failed = status, times, 0
        self._count = threading.Lock()
        super().__init__()

    def _one(self, client):
        with self._count:
            fails = self.failed < self.times
            self.failed += fails
        if not fails:
            super()._one(client)
        elif self.status:
            client.recv(65536)
            client.sendall(f"HTTP/1.1 {self.status} Bad Day\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        else:
            client.recv(65536)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
