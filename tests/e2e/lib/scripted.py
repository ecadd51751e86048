"""A small registry in memory for what docker-registry never does: it drips, lies, answers on many addresses.

It keeps what it is sent without asking whether it fits together. A hook sees every request first: what it returns decides.

    registry.hook = lambda request: (429, {"Retry-After": "999"}, b"") if request.kind == "blob" else None

None lets the registry answer; a triple is the answer; an iterator of pieces of bytes is a body of a blob, sent one by one.
"""

import contextlib
import dataclasses
import http.server
import json
import re
import socket
import socketserver
import ssl
import struct
import threading
import urllib.parse

from .proxy import kind_of
from .registry import digest_of

_TLS_HELLO = b"\x16"


@dataclasses.dataclass
class Request:
    method: str
    path: str            # with the query
    kind: str            # as the proxy calls them
    repo: str
    reference: str       # what the path ends with
    headers: object


class Scripted:
    """addresses: where to listen, each on a port of its own. context: https; plain requests are then told so, as Go does it."""

    def __init__(self, addresses=("127.0.0.1",), context=None, resets=0):
        self.context = context
        self.certs = True if context else None    # so that a proxy can stand in front
        self.hook = None
        self.manifests = {}      # {(repo, digest): (type, bytes)}
        self.tags = {}           # {(repo, tag): digest}
        self.blobs = {}          # {(repo, digest): bytes}
        self.resets = resets     # so many connections are reset before anything else
        self.strangers = 0       # plain requests to the https port
        self._requests = []
        self._lock = threading.Lock()
        self._servers = [_server(self, address) for address in addresses]
        self._threads = [threading.Thread(target=each.serve_forever, args=(0.05,), daemon=True) for each in self._servers]
        self.hosts = [f"{address}:{each.server_address[1]}" for address, each in zip(addresses, self._servers)]
        self.host = self.hosts[0]
        self.port = self._servers[0].server_address[1]

    def __enter__(self):
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_):
        for each in self._servers:
            each.shutdown()
            each.server_close()
        for each in self._threads:
            each.join(5)

    # -- content ----------------------------------------------------------------------------------------------------------

    def push(self, picture, repo, *tags):
        for digest, data in picture.blobs.items():
            self.blobs[repo, digest] = data
        for each in picture.manifests:
            self.manifests[repo, each.digest] = each.type, each.data
        for tag in tags:
            self.tags[repo, tag] = picture.digest
        return picture

    def seen(self, method=None, kind=None, path=None):
        with self._lock:
            found = list(self._requests)
        return [each for each in found if (not method or each.method == method) and (not kind or each.kind == kind)
                and (not path or re.search(path, each.path))]

    def log(self):
        return "\n".join(f"{each.method:6} {each.path}" for each in self.seen()) or "(no request)"

    # -- serving ----------------------------------------------------------------------------------------------------------

    def resets_now(self):
        with self._lock:
            self.resets -= 1
            return self.resets >= 0

    def read_body(self, _method, _path, file, length):
        """The body of a request, all of it."""
        return file.read(length)

    def answer(self, method, path, headers, body):
        """(status, headers, bytes or pieces) for one request, recorded."""
        url = urllib.parse.urlsplit(path)
        found = re.match(r"/v2/(.+?)/(?:manifests|blobs|tags)/(?:uploads/)?([^/]*)$", url.path)
        request = Request(method, path, kind_of(path), *(found.groups() if found else ("", "")), headers)
        with self._lock:
            self._requests.append(request)
        answer = self.hook(request) if self.hook else None
        if isinstance(answer, tuple):
            return answer
        if answer is not None:
            return 200, {"Content-Length": str(len(self.blobs[request.repo, request.reference]))}, answer
        return getattr(self, f"_{request.kind}", self._other)(request, urllib.parse.parse_qs(url.query), body)

    def _other(self, _request, _query, _body):
        return 200, {}, b"{}"

    def _tags(self, request, _query, _body):
        tags = sorted(tag for repo, tag in self.tags if repo == request.repo)
        return 200, {"Content-Type": "application/json"}, json.dumps({"name": request.repo, "tags": tags}).encode()

    def _manifest(self, request, _query, body):
        repo, reference = request.repo, request.reference
        if request.method == "PUT":
            digest = digest_of(body)
            self.manifests[repo, digest] = request.headers["Content-Type"], body
            if not reference.startswith("sha256:"):
                self.tags[repo, reference] = digest
            return 201, {"Docker-Content-Digest": digest}, b""
        digest = self.tags.get((repo, reference), reference)
        if (repo, digest) not in self.manifests:
            return 404, {}, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'
        kind, data = self.manifests[repo, digest]
        return 200, {"Content-Type": kind, "Docker-Content-Digest": digest}, data

    def _blob(self, request, _query, _body):
        data = self.blobs.get((request.repo, request.reference))
        if data is None:
            return 404, {}, b'{"errors":[{"code":"BLOB_UNKNOWN"}]}'
        return 200, {"Docker-Content-Digest": request.reference}, data

    def _upload(self, request, query, body):
        if request.method == "POST":
            return 202, {"Location": f"/v2/{request.repo}/blobs/uploads/one?state=1"}, b""
        if request.method != "PUT":
            return 204, {}, b""
        digest = query["digest"][0]
        if digest_of(body) != digest:
            return 400, {}, b'{"errors":[{"code":"DIGEST_INVALID"}]}'
        self.blobs[request.repo, digest] = body
        return 201, {"Docker-Content-Digest": digest}, b""


def _server(registry, address):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            first = self.request.recv(1, socket.MSG_PEEK) if registry.resets > 0 or registry.context else b""
            if registry.resets_now():
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.request.close()
                raise ConnectionResetError
            if registry.context and first == _TLS_HELLO:
                self.request = registry.context.wrap_socket(self.request, server_side=True)
            elif registry.context:
                registry.strangers += 1
                self.request.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
                raise ConnectionResetError
            super().setup()

        def _do(self):
            body = registry.read_body(self.command, self.path, self.rfile, int(self.headers.get("Content-Length") or 0))
            status, headers, content = registry.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if isinstance(content, bytes):
                self.send_header("Content-Length", str(len(content)))
                content = iter([content])
            self.end_headers()
            if self.command != "HEAD":
                for piece in content:
                    self.wfile.write(piece)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _do

        def log_message(self, *_):
            pass

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        block_on_close = False
        request_queue_size = 128

        def shutdown_request(self, request):
            with contextlib.suppress(OSError, ssl.SSLError):
                super().shutdown_request(request)

        def handle_error(self, *_):
            pass         # the client went away, or was meant to

    return Server((address, 0), Handler)
