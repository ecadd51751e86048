"""A scripted Amazon ECR API: GetAuthorizationToken, with an independent check of the request's signature (Version 4)."""

import base64
import hashlib
import hmac
import http.server
import json
import re
import threading
import time


def signature(secret, method, path, headers, signed, body, when, scope):
    """Signature Version 4 of a request without a query, from the written specification."""
    canonical = "\n".join([method, path, "", *(f"{name}:{' '.join(headers[name].split())}" for name in signed), "",
                           ";".join(signed), hashlib.sha256(body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", when, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class EcrApi:
    """passwords: what to hand out, call by call; the last one stays. Every refusal is kept as a sentence in `wrong`. busy: so many
    calls are too many."""

    def __init__(self, access, secret, session=None, region="eu-west-1", passwords=("cloud-word-1",), life=43200, busy=0):
        self.access, self.secret, self.session, self.region = access, secret, session, region
        self.passwords = list(passwords)
        self.life = life
        self.busy = busy
        self.calls = 0
        self.wrong = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def environment(self, secret=None):
        found = {"AWS_ACCESS_KEY_ID": self.access, "AWS_SECRET_ACCESS_KEY": secret or self.secret,
                 "AWS_ENDPOINT_URL_ECR": self.url}
        return {**found, "AWS_SESSION_TOKEN": self.session} if self.session else found

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def judge(self, method, path, headers, body):
        """None, or what is wrong with the request."""
        found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})",
                             headers.get("authorization", ""))
        if not found:
            return "no signature"
        access, scope, signed, given = found.groups()
        signed = signed.split(";")
        must = {"host", "x-amz-date", "x-amz-target", "content-type"} | ({"x-amz-security-token"} if self.session else set())
        if method != "POST" or path != "/" or json.loads(body) != {}:
            return "another request"
        if headers.get("content-type") != "application/x-amz-json-1.1":
            return "another content type"
        if headers.get("x-amz-target") != "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken":
            return "another target"
        if access != self.access or headers.get("x-amz-security-token") != self.session:
            return "another key"
        if not must <= set(signed) or signed != sorted(signed):
            return f"not all is signed: {signed}"
        day = time.strftime("%Y%m%d", time.gmtime())
        when = headers["x-amz-date"]
        if scope.split("/")[1:] != [self.region, "ecr", "aws4_request"] or scope[:8] not in (day, when[:8]):
            return f"another scope: {scope}"
        wanted = signature(self.secret, method, path, headers, signed, body, when, scope)
        return None if hmac.compare_digest(wanted, given) else "the signature does not fit"

    def answer(self, method, path, headers, body):
        why = self.judge(method, path, headers, body)
        self.calls += 1
        if why:
            self.wrong.append(why)
            return 400, {"__type": "InvalidSignatureException", "message": "The request signature does not match"}
        if self.calls <= self.busy:
            return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
        word = self.passwords.pop(0) if len(self.passwords) > 1 else self.passwords[0]
        token = base64.b64encode(f"AWS:{word}".encode()).decode()
        return 200, {"authorizationData": [{"authorizationToken": token, "expiresAt": time.time() + self.life,
                                            "proxyEndpoint": "https://registry.example"}]}


def _handler(api):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, document = api.answer(self.command, self.path, headers, body)
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    return Handler
