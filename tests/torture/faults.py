"""The faults, by name: what happens to a request, and whether another try can cure it.

`passes`: a fault of this kind, once or three times, must not fail the run. Every other fault may fail its images, with a true report
and nothing broken at the target.
"""

import dataclasses
import gzip
import json

from lib import proxy

_HTML = b"<html><head><title>502</title></head><body>\xff<h1>Bad Gateway</h1></body></html>"
_JSON = {"Content-Type": "application/json"}


@dataclasses.dataclass
class Fault:
    make: object             # (stranger) -> action of the proxy
    passes: bool = True
    body: bool = False       # it needs a body in the answer
    sends: bool = False      # it needs a body in the request


def _error(code, name, headers=None, word="an answer of the fault proxy"):
    body = json.dumps({"errors": [{"code": name, "message": word}]}).encode()
    return lambda _stranger: proxy.Status(code, {**_JSON, **(headers or {})}, body)


def _const(action):
    return lambda _stranger: action


def _length(head, length):
    return proxy._with_header(head, "Content-Length", str(length))


def _closing(head):
    return proxy._with_header(head, "Connection", "close")


def _gzip(_request, head, body):
    packed = gzip.compress(body, mtime=0)
    return _closing(proxy._with_header(_length(head, len(packed)), "Content-Encoding", "gzip")) + packed


def _twice(_request, head, body):
    return head + body + head + body


def _longer(request, head, body):
    return head if request.method == "HEAD" else _closing(_length(head, len(body) + 1000)) + body + b"x" * 1000


def _shorter(request, head, body):
    return head if request.method == "HEAD" else _closing(_length(head, len(body) // 2)) + body[:len(body) // 2]


def _early(_request, head, body):
    return b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n" + _closing(head) + body


def _page(request, _head, _body):
    return (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(_HTML)
            + (b"" if request.method == "HEAD" else _HTML))


def _no_http(_request, _head, _body):
    return b"SSH-2.0-server\r\nthis is no HTTP\r\n\r\n"


def _redirect(stranger):
    return proxy.Status(307, {"Location": f"http://{stranger.host}/away?signature=x"})


FAULTS = {
    "reset-before": Fault(_const(proxy.Reset())),
    "close-before": Fault(_const(proxy.Close())),
    "reset-in-head": Fault(_const(proxy.CutHead(20))),
    "close-in-head": Fault(_const(proxy.CutHead(20, reset=False))),
    "reset-after-head": Fault(_const(proxy.ResetResponse(0)), body=True),
    "reset-in-middle": Fault(_const(proxy.ResetResponse(0.5)), body=True),
    "reset-near-end": Fault(_const(proxy.ResetResponse(-1)), body=True),
    "close-after-head": Fault(_const(proxy.CutResponse(0)), body=True),
    "close-in-middle": Fault(_const(proxy.CutResponse(0.5)), body=True),
    "close-near-end": Fault(_const(proxy.CutResponse(-1)), body=True),
    "flip-first": Fault(_const(proxy.Flip(0)), body=True),
    "flip-middle": Fault(_const(proxy.Flip(0.5)), body=True),
    "flip-last": Fault(_const(proxy.Flip(-1)), body=True),
    "reset-in-request": Fault(_const(proxy.ResetRequest(0.5)), sends=True),
    "cut-in-request": Fault(_const(proxy.CutRequest(0.5)), sends=True),
    "answer-lost": Fault(_const(proxy.Swallow())),
    "status-500": Fault(_error(500, "UNKNOWN")),
    "status-502-html": Fault(_const(proxy.Status(502, {"Content-Type": "text/html"}, _HTML))),
    "status-503": Fault(_const(proxy.Status(503))),
    "status-504": Fault(_error(504, "UNKNOWN")),
    "status-408": Fault(_const(proxy.Status(408))),
    "status-429-wait": Fault(_error(429, "TOOMANYREQUESTS", {"Retry-After": "1"})),
    "status-429": Fault(_error(429, "TOOMANYREQUESTS")),
    "limit-403-words": Fault(_error(403, "DENIED", word="You have exceeded a secondary rate limit")),
    "limit-403-wait": Fault(_error(403, "DENIED", {"Retry-After": "1.16ms"})),
    "limit-403-used-up": Fault(_error(403, "DENIED", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"})),
    "limit-400-throttled": Fault(_const(proxy.Status(400, _JSON, b'{"__type":"ThrottlingException","message":"Rate exceeded"}'))),
    "limit-503-wait": Fault(_const(proxy.Status(503, {"Retry-After": "1"}))),
    "limit-509": Fault(_const(proxy.Status(509))),
    "status-401": Fault(_error(401, "UNAUTHORIZED"), passes=False),
    "status-403": Fault(_error(403, "DENIED"), passes=False),
    "status-404": Fault(_error(404, "NAME_UNKNOWN"), passes=False),
    "status-400": Fault(_error(400, "UNSUPPORTED"), passes=False),
    "pause": Fault(_const(proxy.Stall(10, 1.5)), body=True),
    "drip": Fault(_const(proxy.Drip(20, 0.05)), body=True),
    "redirect-away": Fault(_redirect, passes=False),
    "gzip": Fault(_const(proxy.Rewrite(_gzip)), body=True),
    "answer-twice": Fault(_const(proxy.Rewrite(_twice))),
    "too-long": Fault(_const(proxy.Rewrite(_longer)), body=True),
    "too-short": Fault(_const(proxy.Rewrite(_shorter)), body=True),
    "early-hints": Fault(_const(proxy.Rewrite(_early))),
    "html-page": Fault(_const(proxy.Rewrite(_page)), passes=False),
    "no-http": Fault(_const(proxy.Rewrite(_no_http)), passes=False),
    "digest-lie": Fault(_const(proxy.Header("Docker-Content-Digest", "sha256:" + "0" * 64)), passes=False),
    "no-digest": Fault(_const(proxy.Header("Docker-Content-Digest", None))),
}
