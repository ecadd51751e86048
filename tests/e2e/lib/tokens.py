"""A token server in a thread: both flows of the distribution token specification, with RS256 tokens docker-registry accepts.

Every request is recorded. What it grants is the intersection of what is asked and what the caller may do, as real ones do it.
"""

import base64
import dataclasses
import hashlib
import http.server
import json
import threading
import time
import urllib.parse

from . import certs

_REGISTRY_LEEWAY = 60  # docker-registry accepts a token this long after its `exp`


@dataclasses.dataclass
class Asked:
    """One request to the token server."""

    method: str
    user: str | None      # of the Basic credentials, None when there were none
    service: str | None
    scopes: list          # as asked, one string per scope
    granted: list         # the access entries of the token
    status: int
    form: dict | None = None    # of a POST: what was sent, without the refresh token


def _b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parse_scope(text):
    """`type:name:action,action`; the name may hold a colon."""
    kind, rest = text.split(":", 1)
    name, actions = rest.rsplit(":", 1)
    return kind, name, actions.split(",")


class TokenServer:
    """users {name: password}; anonymous and allowed are the actions each kind of caller gets.

    identities  {refresh token: name}: who may come by POST (OAuth2)
    oauth       False, or the status every POST gets

    expires_in  what the answer promises (None leaves the field out)
    life        how long the registry really accepts the token, in seconds
    """

    def __init__(self, users=None, anonymous=(), allowed=("pull", "push", "delete"), expires_in=300, life=300.0, context=None,
                 identities=None, oauth=False):
        self.users = users or {}
        self.identities = identities or {}
        self.oauth = oauth
        self.anonymous = set(anonymous)
        self.allowed = set(allowed)
        self.expires_in = expires_in
        self.life = life
        self.service = "e2e-registry"
        self.issuer = "e2e-tokens"
        self.field = "token"
        self.issued_at = None    # what the answer says about when it was made
        self.records = []
        self._key = certs.SigningKey()
        self.bundle = self._key.certificate
        self._lock = threading.Lock()
        self._serial = 0
        self._bearers = {}
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None      # the client went away, or was meant to
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if context else "http"
        self.realm = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/token"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._key.remove()

    def mint(self, access, user="", life=None):
        """A signed token for a list of access entries."""
        now = int(time.time())
        with self._lock:
            self._serial += 1
            serial = self._serial
        life = self.life if life is None else life
        head = {"typ": "JWT", "alg": "RS256", "x5c": [self._key.x5c]}
        claims = {
            "iss": self.issuer, "sub": user, "aud": self.service, "jti": str(serial), "access": access,
            "iat": now, "nbf": now - 120, "exp": int(now + life - _REGISTRY_LEEWAY),
        }
        text = ".".join(_b64(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
        return text + "." + _b64(self._key.sign(hashlib.sha256(text.encode()).digest()))

    def bearer(self, repo):
        """An Authorization header that may do everything in one repository, for the tests' own pushes."""
        if repo not in self._bearers:
            self._bearers[repo] = "Bearer " + self.mint([{"type": "repository", "name": repo, "actions": ["pull", "push"]}], life=900)
        return self._bearers[repo]

    def asked(self, repo=None):
        """The records, or those that name one repository in a scope."""
        with self._lock:
            records = list(self.records)
        if repo is None:
            return records
        return [each for each in records if any(parse_scope(scope)[1] == repo for scope in each.scopes)]

    def answer(self, method, query, authorization, body=b""):
        """(status, document) for one request, recorded."""
        asked, form = urllib.parse.parse_qs(query), None
        if method == "POST":
            asked = urllib.parse.parse_qs(body.decode())
            user, status = self._bearer_of(asked.pop("refresh_token", []), asked, authorization)
            form = {name: values[0] for name, values in asked.items()}
            scopes = form.get("scope", "").split(" ")
        else:
            user, status = self._who(authorization)
            scopes = asked.get("scope", [])
        service = asked.get("service", [None])[0]
        if status == 200 and service != self.service:
            status = 400
        may = self.anonymous if user is None else self.allowed
        if status == 200 and user is None and not self.anonymous:
            status = 401
        granted = []
        for scope in scopes if status == 200 else []:
            kind, name, actions = parse_scope(scope)
            kept = [action for action in actions if action in may]
            granted.append({"type": kind, "name": name, "actions": kept})
        with self._lock:
            self.records.append(Asked(method, user, service, scopes, granted, status, form))
        if status != 200:
            return status, {"errors": [{"code": "UNAUTHORIZED", "message": "the token server refuses"}]}
        document = {self.field: self.mint(granted, user or "")}
        if method == "POST":
            document = {"access_token": document[self.field], "refresh_token": "another-refresh-token", "token_type": "Bearer"}
        if self.expires_in is not None:
            document["expires_in"] = self.expires_in
        if self.issued_at is not None:
            document["issued_at"] = self.issued_at
        return status, document

    def _bearer_of(self, tokens, form, authorization):
        """Who comes by POST: one refresh token, one scope, no Basic login, nothing about offline access."""
        if self.oauth:
            return None, self.oauth
        known = {"grant_type", "service", "client_id", "scope"}
        if set(form) != known or form["grant_type"] != ["refresh_token"] or any(len(each) != 1 for each in form.values()):
            return None, 400
        if authorization or len(tokens) != 1 or tokens[0] not in self.identities:
            return None, 401
        return self.identities[tokens[0]], 200

    def _who(self, authorization):
        if not authorization:
            return None, 200
        try:
            scheme, text = authorization.split(" ", 1)
            user, password = base64.b64decode(text).decode().split(":", 1)
        except ValueError:
            return None, 400
        if scheme.lower() != "basic" or self.users.get(user) != password:
            return user, 401
        return user, 200


def _handler(server):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            url = urllib.parse.urlsplit(self.path)
            status, document = server.answer(self.command, url.query, self.headers.get("Authorization"), body)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _do

        def log_message(self, *_):
            pass

    return Handler
