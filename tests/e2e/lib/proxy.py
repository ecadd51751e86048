"""A reverse proxy that can hurt: layer 7, in front of one registry, on loopback.

It passes every byte on as it came (heads, bodies, framing), streams, keeps connections alive, writes down every request and, by
a list of rules, breaks some of them. A rule is: method, pattern for the path, how many matching requests to let through first,
how many to break (None: all), and the action. The first rule that is due decides; the others do not count that request.

    proxy.rule("GET", "/blobs/sha256:", ResetResponse(after=1000), skip=1, times=1)
"""

import collections
import contextlib
import dataclasses
import http.client
import json
import re
import select
import socket
import ssl
import struct
import threading
import time
import urllib.parse

_PIECE = 256 * 1024
_HEAD_LIMIT = 64 * 1024
_PATIENCE = 300      # seconds without a byte before a connection is given up


# -- actions ----------------------------------------------------------------------------------------------------------------
# An offset is a number of bytes; a negative one counts from the end, a float is that part of the body.

@dataclasses.dataclass
class Status:
    """Answer without asking the registry; the request's body is read and dropped."""
    code: int
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""


@dataclasses.dataclass
class Respond:
    """As Status, the answer made by make(request) -> (code, headers, body)."""
    make: object


@dataclasses.dataclass
class Reset:
    """Reset the connection when the request's head has been read; the registry never sees the request."""


@dataclasses.dataclass
class Close:
    """As Reset, but the connection is closed in good order."""


@dataclasses.dataclass
class CutHead:
    """Close, or reset, after this many bytes of the answer's head."""
    after: int
    reset: bool = True


@dataclasses.dataclass
class ResetResponse:
    """Reset after this many bytes of the answer's body."""
    after: int


@dataclasses.dataclass
class CutResponse:
    """Close in good order after this many bytes of the answer's body."""
    after: int


@dataclasses.dataclass
class ResetRequest:
    """Reset, on both sides, after this many bytes of the request's body went to the registry."""
    after: int


@dataclasses.dataclass
class CutRequest:
    """Give the registry this many bytes of the request's body and then the end, and when it has hung up reset the client."""
    after: int


@dataclasses.dataclass
class StallRequest:
    """Read no more of the request's body after this many bytes."""
    after: int
    seconds: float


@dataclasses.dataclass
class Swallow:
    """Let the registry carry the request out, then reset instead of answering."""


@dataclasses.dataclass
class Delay:
    """Wait before the request is passed on."""
    seconds: float


@dataclasses.dataclass
class Before:
    """Call call(request), then pass the request on."""
    call: object


@dataclasses.dataclass
class Stall:
    """Pass this many bytes of the answer's body, then wait."""
    after: int
    seconds: float


@dataclasses.dataclass
class Flip:
    """Turn one bit of the answer's body at this offset."""
    at: int


@dataclasses.dataclass
class Header:
    """Replace a header of the answer, or drop it (value None)."""
    name: str
    value: str | None


@dataclasses.dataclass
class Drip:
    """Pass the answer's body in this many pieces, with a pause in between."""
    pieces: int
    pause: float


@dataclasses.dataclass
class Rewrite:
    """Read the whole answer and send make(request, head, body) instead, bytes, then close. The head ends with an empty line."""
    make: object


@dataclasses.dataclass
class Rule:
    method: str          # one, or several joined by "|", or "*"
    path: str            # a regular expression, searched in path and query
    action: object
    skip: int = 0
    times: int | None = 1
    seen: int = 0
    hits: int = 0

    def due(self, method, path):
        if self.method != "*" and method not in self.method.split("|"):
            return False
        if not re.search(self.path, path):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.hits >= self.times):
            return False
        self.hits += 1
        return True


# -- records ----------------------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Request:
    """One request as it passed. `started` and `ended` count events: one clock for all requests of a proxy."""
    method: str
    path: str            # with the query
    kind: str            # ping, tags, manifest, blob, upload, referrers, other
    headers: dict        # lower-case names; of Authorization the scheme only
    started: int
    ended: int | None = None
    status: int | None = None    # what the client was told; None when it was told nothing
    action: object = None
    sent: int = 0        # bytes of the request's body that went to the registry

    def __str__(self):
        hurt = f" <{self.action}>" if self.action else ""
        return f"{self.started:4} {self.method:6} {self.path} -> {self.status}{hurt}"


WRITES = ("PUT", "POST", "PATCH", "DELETE")


def kind_of(path):
    path = path.split("?", 1)[0]
    for pattern, kind in (
        (r"^/v2/?$", "ping"), (r"/tags/list$", "tags"), (r"/manifests/[^/]+$", "manifest"),
        (r"/blobs/uploads/", "upload"), (r"/blobs/[^/]+$", "blob"), (r"/referrers/[^/]+$", "referrers"),
    ):
        if re.search(pattern, path):
            return kind
    return "other"


class _Closed(Exception):
    """The peer went away; nothing is left to do for this connection."""


class _Broken(Exception):
    """A rule wants the connection reset (or closed) now."""

    def __init__(self, reset=True):
        super().__init__()
        self.reset = reset


class Proxy:
    """In front of `registry` (anything with .port and .certs). context: a server TLS context, for https in front."""

    def __init__(self, registry, context=None, name=""):
        self.registry = registry
        self.context = context
        self.certs = True if context else None    # so that a proxy can stand in front of a proxy
        self.name = name or f"proxy of {registry.port}"
        self.requests = []
        self.strangers = 0       # connections that did not speak HTTP, such as a TLS hello to a plain port
        self.connections = 0
        self.at_accept = None    # "reset" or "silent": every connection, before it has said a word
        self.substitute = {}     # bytes in answers' heads -> bytes; to lead a client from one proxy to another
        self._rules = []
        self._lock = threading.Lock()
        self._events = 0
        self._open = set()
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._workers = []

    # -- life -------------------------------------------------------------------------------------------------------------

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)    # wakes accept
        self._listener.close()
        with self._lock:
            sockets = list(self._open)
        for each in sockets:
            _close(each)
        self._thread.join(5)
        for worker in self._workers:
            worker.join(5)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def connect(self, timeout=60):
        """A connection through the proxy, for the harness's own tests."""
        if not self.context:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=_unverified())

    # -- rules and records --------------------------------------------------------------------------------------------------

    def rule(self, method, path, action, skip=0, times=1):
        rule = Rule(method, path, action, skip, times)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self):
        """Forget the requests, not the rules."""
        with self._lock:
            self.requests = []

    def seen(self, method=None, kind=None, path=None):
        """Requests in the order they arrived. method: one or several joined by "|"; path: a regular expression."""
        with self._lock:
            found = list(self.requests)
        methods = method.split("|") if method else None
        return [each for each in found
                if (not methods or each.method in methods) and (not kind or each.kind == kind)
                and (not path or re.search(path, each.path))]

    def writes(self):
        return self.seen("|".join(WRITES))

    def uploads(self):
        """Requests that carried a blob."""
        return self.seen("PUT|PATCH", "upload")

    def busy(self):
        """Is a connection open, or a request without an end?"""
        with self._lock:
            return bool(self._open) or any(each.ended is None for each in self.requests)

    def counts(self):
        """{(method, kind): how many}"""
        return dict(collections.Counter((each.method, each.kind) for each in self.seen()))

    def log(self):
        return "\n".join(map(str, self.seen())) or "(no request)"

    # -- serving ----------------------------------------------------------------------------------------------------------

    def _accept(self):
        while not self._stopped.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            worker = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._workers.append(worker)
            worker.start()

    def _serve(self, client):
        client.settimeout(_PATIENCE)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = _Pair(self, client)
        try:
            if self.context:
                pair.client = client = self.context.wrap_socket(client, server_side=True)
            self._track(client, True)
            with self._lock:
                self.connections += 1
            if self.at_accept == "silent":
                self.wait(_PATIENCE)
            if self.at_accept:
                raise _Broken()
            while not self._stopped.is_set() and pair.one_request():
                pass
        except _Broken as broken:
            pair.close(reset=broken.reset)
        except (_Closed, OSError, ValueError):
            pass
        finally:
            self._track(client, False)
            pair.close()

    def _track(self, sock, add):
        with self._lock:
            (self._open.add if add else self._open.discard)(sock)

    def note(self, method, path, headers):
        """Record a request and choose what happens to it."""
        kept = {name: value.split(" ")[0] if name == "authorization" else value for name, value in headers.items()}
        with self._lock:
            self._events += 1
            request = Request(method, path, kind_of(path), kept, self._events)
            self.requests.append(request)
            for rule in self._rules:
                if rule.due(method, path):
                    request.action = rule.action
                    break
        return request

    def note_end(self, request):
        with self._lock:
            if request.ended is None:
                self._events += 1
                request.ended = self._events

    def wait(self, seconds):
        if self._stopped.wait(seconds):
            raise _Closed


class _Pair:
    """One client connection and its connection to the registry."""

    def __init__(self, proxy, client):
        self.proxy = proxy
        self.client = client
        self.upstream = None
        self.from_client = bytearray()
        self.from_upstream = bytearray()
        self._left = 0               # bytes of the current body that are still to come, where its length is known

    # -- one request ------------------------------------------------------------------------------------------------------

    def one_request(self):
        """Pass one request and its answer. False: the connection is done."""
        head = self._read_head(self.client, self.from_client, first=True)
        if head is None:
            return False
        start, headers = _parse_head(head)
        parts = start.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            self._stranger()
        request = self.proxy.note(parts[0], parts[1], headers)
        try:
            return self._carry_out(request, head, headers)
        finally:
            self.proxy.note_end(request)

    def _carry_out(self, request, head, headers):
        action, waits = request.action, headers.get("expect", "").lower() == "100-continue"
        if isinstance(action, Delay):
            self.proxy.wait(action.seconds)
        if isinstance(action, Before):
            action.call(request)
        if isinstance(action, (Reset, Close)):
            raise _Broken(reset=isinstance(action, Reset))
        if isinstance(action, (Status, Respond)):
            return self._answer_self(request, headers, waits)
        self._send_upstream(head)
        if waits and not self._may_continue(request):
            return False
        early = self._send_body(request, headers)
        if isinstance(action, (ResetRequest, CutRequest)):
            self._break_request(action)
        keep = self._pass_answer(request)
        if early:
            self._drain_rest()
            return False
        return keep and headers.get("connection", "").lower() != "close"

    def _answer_self(self, request, headers, waits):
        """Tell the client the rule's answer; a body that was announced is read first, to keep the connection usable."""
        if not waits:
            for _ in self._body(self.client, self.from_client, headers):
                pass
        action = request.action
        code, more, body = (action.code, action.headers, action.body) if isinstance(action, Status) else action.make(request)
        lines = [f"HTTP/1.1 {code} {http.client.responses.get(code, 'Status')}"]
        lines += [f"{name}: {value}" for name, value in more.items()]
        lines += [f"Content-Length: {len(body)}"] + (["Connection: close"] if waits else [])
        request.status = code
        text = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        self.proxy.note_end(request)
        self.client.sendall(text + (b"" if request.method == "HEAD" else body))
        return not waits

    # -- towards the registry -----------------------------------------------------------------------------------------------

    def _send_upstream(self, head):
        if self.upstream and select.select([self.upstream], [], [], 0)[0]:
            _close(self.upstream)          # the registry hung up while idle
            self.proxy._track(self.upstream, False)
            self.upstream = None
        if not self.upstream:
            upstream = socket.create_connection(("127.0.0.1", self.proxy.registry.port), timeout=_PATIENCE)
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.proxy.registry.certs:
                upstream = _unverified().wrap_socket(upstream, server_hostname="localhost")
            self.upstream = upstream
            self.from_upstream.clear()
            self.proxy._track(upstream, True)
        self.upstream.sendall(head)

    def _may_continue(self, request):
        """After `Expect: 100-continue`: True when the registry wants the body."""
        head = self._read_head(self.upstream, self.from_upstream)
        start, _ = _parse_head(head)
        if start.split(" ")[1].startswith("1"):
            self.client.sendall(head)
            return True
        self.from_upstream[:0] = head
        self._pass_answer(request)
        return False

    def _send_body(self, request, headers):
        """Pass the request's body. True: the registry answered before it was complete."""
        limit = None
        if isinstance(request.action, (ResetRequest, CutRequest)):
            limit = _offset(request.action.after, headers)
        for piece, counts in self._body(self.client, self.from_client, headers):
            if limit is not None and counts and request.sent + len(piece) >= limit:
                self.upstream.sendall(piece[:limit - request.sent])
                request.sent = limit
                self._break_request(request.action)
            try:
                self.upstream.sendall(piece)
            except OSError:
                if not select.select([self.upstream], [], [], 0)[0]:
                    raise
                return True
            request.sent += len(piece) if counts else 0
            if isinstance(request.action, StallRequest) and request.sent >= request.action.after:
                self.proxy.wait(request.action.seconds)
            if self._left > _PIECE and select.select([self.upstream], [], [], 0)[0]:
                return True
        return False

    def _break_request(self, action):
        if isinstance(action, CutRequest):
            with contextlib.suppress(OSError):     # what is on its way arrives; how the registry answers is nobody's business
                self.upstream.shutdown(socket.SHUT_WR)
                while self.upstream.recv(_PIECE):
                    pass
        raise _Broken

    def _drain_rest(self):
        """The answer is out; read what the client still sends, so that our close does not reset its connection."""
        self.client.settimeout(5)
        with contextlib.suppress(OSError):
            self.client.shutdown(socket.SHUT_WR)
            while self.client.recv(_PIECE):
                pass

    # -- towards the client -------------------------------------------------------------------------------------------------

    def _pass_answer(self, request):
        """Read the answer and pass it on. True: the connection may be used again."""
        while True:
            head = self._read_head(self.upstream, self.from_upstream)
            if head is None:
                raise _Closed
            start, headers = _parse_head(head)
            status = int(start.split(" ")[1])
            if status >= 200 or status == 101:
                break
            self.client.sendall(head)
        action = request.action
        for old, new in self.proxy.substitute.items():
            head = head.replace(old, new)
        if isinstance(action, Rewrite):
            self._rewrite(request, head, status, headers)
        if isinstance(action, CutHead):
            self.client.sendall(head[:action.after])
            raise _Broken(reset=action.reset)
        if isinstance(action, Header):
            head = _with_header(head, action.name, action.value)
        if isinstance(action, Swallow):
            for _ in self._answer_body(request.method, status, headers):
                pass
            raise _Broken
        request.status = status
        if request.method != "GET":
            self.proxy.note_end(request)     # carried out; whatever comes after this answer counts as later
        self.client.sendall(head)
        self._pass_body(_placed(action, headers), self._answer_body(request.method, status, headers))
        if headers.get("connection", "").lower() == "close" or not _framed(request.method, status, headers):
            self.proxy._track(self.upstream, False)
            _close(self.upstream)
            self.upstream = None
            return False
        return True

    def _rewrite(self, request, head, status, headers):
        body = b"".join(piece for piece, counts in self._answer_body(request.method, status, headers) if counts)
        request.status = status
        self.client.sendall(request.action.make(request, head, body))
        self._drain_rest()
        raise _Broken(reset=False)

    def _pass_body(self, action, pieces):
        passed = 0
        for piece, counts in pieces:
            if counts:
                piece = self._hurt(action, piece, passed)
                passed += len(piece)
            self.client.sendall(piece)
        if isinstance(action, (ResetResponse, CutResponse)) and passed <= action.after:
            raise _Broken(reset=isinstance(action, ResetResponse))

    def _hurt(self, action, piece, passed):
        """What becomes of a piece of the answer's body that starts at offset `passed`."""
        end = passed + len(piece)
        if isinstance(action, (ResetResponse, CutResponse)) and end > action.after:
            self.client.sendall(piece[:max(0, action.after - passed)])
            raise _Broken(reset=isinstance(action, ResetResponse))
        if isinstance(action, Stall) and passed <= action.after < end:
            split = action.after - passed
            self.client.sendall(piece[:split])
            self.proxy.wait(action.seconds)
            return piece[split:] if split < len(piece) else b""
        if isinstance(action, Drip) and piece:
            step = max(1, -(-len(piece) // action.pieces))
            for at in range(0, len(piece) - step, step):
                self.client.sendall(piece[at:at + step])
                self.proxy.wait(action.pause)
            return piece[(len(piece) - 1) // step * step:]
        if isinstance(action, Flip) and passed <= action.at < end:
            piece = bytearray(piece)
            piece[action.at - passed] ^= 1
        return piece

    # -- bytes ------------------------------------------------------------------------------------------------------------

    def _read_head(self, sock, buffer, first=False):
        """The bytes up to and with the empty line; None when the peer closed between messages."""
        while True:
            end = buffer.find(b"\r\n\r\n")
            if end >= 0:
                head = bytes(buffer[:end + 4])
                del buffer[:end + 4]
                return head
            if first and buffer and not (65 <= buffer[0] <= 90):
                self._stranger()
            if len(buffer) > _HEAD_LIMIT:
                raise _Closed
            data = sock.recv(_PIECE)
            if not data:
                if buffer or not first:
                    raise _Closed
                return None
            buffer += data

    def _answer_body(self, method, status, headers):
        if method == "HEAD" or status in (204, 304):
            return iter(())
        if "content-length" not in headers and headers.get("transfer-encoding", "").lower() != "chunked":
            return self._until_close()
        return self._body(self.upstream, self.from_upstream, headers)

    def _body(self, sock, buffer, headers):
        """Pieces of a body as (bytes, whether they are content); chunked framing passes as it is."""
        self._left = 0
        if headers.get("transfer-encoding", "").lower() == "chunked":
            yield from self._chunks(sock, buffer)
            return
        self._left = int(headers.get("content-length") or 0)
        while self._left:
            piece = self._some(sock, buffer, self._left)
            self._left -= len(piece)
            yield piece, True

    def _chunks(self, sock, buffer):
        while True:
            line = self._line(sock, buffer)
            size = int(line.split(b";")[0], 16)
            yield line, False
            left = size
            while left:
                piece = self._some(sock, buffer, left)
                left -= len(piece)
                yield piece, True
            if size:
                yield self._line(sock, buffer), False
                continue
            while True:
                line = self._line(sock, buffer)
                yield line, False
                if line == b"\r\n":
                    return

    def _until_close(self):
        while True:
            piece = bytes(self.from_upstream) or self.upstream.recv(_PIECE)
            self.from_upstream.clear()
            if not piece:
                return
            yield piece, True

    def _some(self, sock, buffer, most):
        if buffer:
            piece = bytes(buffer[:most])
            del buffer[:len(piece)]
            return piece
        piece = sock.recv(min(most, _PIECE))
        if not piece:
            raise _Closed
        return piece

    def _line(self, sock, buffer):
        while b"\r\n" not in buffer:
            data = sock.recv(_PIECE)
            if not data:
                raise _Closed
            buffer += data
        end = buffer.index(b"\r\n") + 2
        line = bytes(buffer[:end])
        del buffer[:end]
        return line

    def _stranger(self):
        """Something else than HTTP, such as a TLS hello to a plain port: what a real server says, and no record."""
        with self.proxy._lock:
            self.proxy.strangers += 1
        with contextlib.suppress(OSError):
            self.client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                b"Connection: close\r\n\r\n400 Bad Request")
        raise _Closed

    def close(self, reset=False):
        for sock in (self.client, self.upstream):
            if sock:
                self.proxy._track(sock, False)
                _close(sock, reset)
        self.upstream = None


def _parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return lines[0], headers


def _with_header(head, name, value):
    lines = [line for line in head[:-4].split(b"\r\n") if not line.lower().startswith(name.lower().encode() + b":")]
    if value is not None:
        lines.append(f"{name}: {value}".encode("latin-1"))
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _offset(offset, headers):
    """Where in a body an offset is; without a length, relative ones are at its start."""
    length = int(headers.get("content-length") or 0)
    if isinstance(offset, float):
        return int(offset * length)
    return offset if offset >= 0 else max(0, length + offset)


def _placed(action, headers):
    """The action, its offset made absolute."""
    field = {ResetResponse: "after", CutResponse: "after", Stall: "after", Flip: "at"}.get(type(action))
    return dataclasses.replace(action, **{field: _offset(getattr(action, field), headers)}) if field else action


def _framed(method, status, headers):
    return (method == "HEAD" or status in (204, 304) or "content-length" in headers
            or headers.get("transfer-encoding", "").lower() == "chunked")


def _unverified():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _close(sock, reset=False):
    with contextlib.suppress(OSError):
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            sock.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        sock.close()


# -- ready-made rules -------------------------------------------------------------------------------------------------------

def paginate(proxy, repo, names, size, absolute=False):
    """Answer tags/list in pages of `size` with a Link to the next one, as large registries do."""
    names = sorted(names)

    def page(request):
        last = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query).get("last", [""])[0]
        rest = [name for name in names if name > last]
        headers = {"Content-Type": "application/json"}
        if len(rest) > size:
            scheme = "https" if proxy.context else "http"
            origin = f"{scheme}://{proxy.host}" if absolute else ""
            headers["Link"] = f'<{origin}/v2/{repo}/tags/list?last={rest[size - 1]}&n={size}>; rel="next"'
        return 200, headers, json.dumps({"name": repo, "tags": rest[:size]}).encode()

    return proxy.rule("GET", f"^/v2/{repo}/tags/list", Respond(page), times=None)


def until(condition, seconds=60, what="the awaited state"):
    """Poll until condition() is true; its value is returned. A deadline, not a measurement."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come within {seconds} s")
