"""A scripted registry that hides: the anonymous are told that nothing is there, and only /v2/ says how to log in. Its tokens can be
made to expire, and it then says so in words of its own.
"""

import base64
import itertools
import json
import urllib.parse

from .scripted import Scripted

USER, PASSWORD = "robot", "right-word-7"


def errors(code, message=""):
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


HIDDEN = (404, {"Content-Type": "application/json"}, errors("NAME_UNKNOWN", "repository name not known to registry"))
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Shy(Scripted):
    """scheme: Bearer or Basic. hidden: what the anonymous are answered; None: a 401 with the challenge. root: answers to the first
    looks at /v2/, one by one; after them it challenges. end: all tokens of before are over when this request with a token comes,
    counted from 1; 0: each one is from the beginning. expired: what is answered then, as `hidden`."""

    def __init__(self, scheme="Bearer", hidden=HIDDEN, root=(), end=None, expired=None, **more):
        super().__init__(**more)
        self.scheme, self.hidden, self.root = scheme, hidden, list(root)
        self.end, self.expired = end, expired
        self.good = set()
        self.refused = []            # requests with a token that is over
        self._carried = itertools.count(1)
        self._numbers = itertools.count(1)
        self.hook = self._guard

    def login(self, **more):
        return {self.host: {"username": USER, "password": PASSWORD, "insecure": True, **more}}

    def challenge(self):
        realm = f'Bearer realm="http://{self.host}/token",service="shy"'
        return {"WWW-Authenticate": realm if self.scheme == "Bearer" else 'Basic realm="shy"'}

    def tokens(self):
        """The requests for tokens."""
        return self.seen(path="^/token")

    def pings(self):
        return self.seen(kind="ping")

    def _guard(self, request):
        given = request.headers.get("Authorization", "")
        if request.path.startswith("/token"):
            return self._token(request, given)
        if not given and request.kind == "ping":
            return self.root.pop(0) if self.root else (401, self.challenge(), errors("UNAUTHORIZED"))
        if not given:
            return self.hidden or (401, self.challenge(), errors("UNAUTHORIZED"))
        return self._judge(request, given)

    def _token(self, request, given):
        assert "scope=" in urllib.parse.unquote(request.path)
        if given != BASIC:
            return 401, {}, errors("UNAUTHORIZED", "wrong")
        token = f"token-number-{next(self._numbers)}"
        if self.end != 0:
            self.good.add(token)
        return 200, {"Content-Type": "application/json"}, json.dumps({"token": token, "expires_in": 3600}).encode()

    def _judge(self, request, given):
        """None when the login is good."""
        if self.scheme == "Basic":
            return None if given == BASIC else self.hidden
        if next(self._carried) == self.end:
            self.good.clear()
        if given.removeprefix("Bearer ") in self.good:
            return self.accept(request)
        self.refused.append(request)
        return self.expired

    def accept(self, _request):
        """What else is to be said to who is logged in: None, nothing."""
        return None
