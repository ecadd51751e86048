"""Ports that are no registry: whoever connects is left without an answer, each in one of a few ways.

    with Mute(RESET) as port: ... port.host ... port.connections

SILENT takes connections and says nothing. RESET resets them at once, RESET_HEAD when something was sent. FULL does not even take them:
its queue is full, so that whoever knocks hears nothing. REFUSED is a port on which nobody listens.
"""

import contextlib
import socket
import struct
import threading
import time

SILENT, RESET, RESET_HEAD, FULL, REFUSED = "silent", "reset", "reset-head", "full", "refused"


class Mute:
    def __init__(self, how, address="127.0.0.1"):
        self.how = how
        self.connections = []        # when each came, by time.monotonic()
        self._kept = []
        self._listener = socket.socket()
        self._listener.bind((address, 0))
        self.port = self._listener.getsockname()[1]
        self.host = f"{address}:{self.port}"
        if how == FULL:
            self._fill(address)
        elif how != REFUSED:
            self._listener.listen(512)
            threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for each in [self._listener, *self._kept]:
            each.close()

    def _fill(self, address):
        self._listener.listen(0)
        for _ in range(8):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex((address, self.port))
            self._kept.append(sock)
        time.sleep(0.1)

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(time.monotonic())
            self._kept.append(client)
            if self.how == RESET:
                _reset(client)
            elif self.how == RESET_HEAD:
                threading.Thread(target=self._listen, args=(client,), daemon=True).start()

    @staticmethod
    def _listen(client):
        with contextlib.suppress(OSError):
            client.recv(65536)
        _reset(client)


def _reset(client):
    with contextlib.suppress(OSError):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
