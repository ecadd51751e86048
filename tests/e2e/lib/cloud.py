"""A scripted Amazon ECR API: logins and repositories, with an independent check of the request's signature (Version 4).

The errors and their forms are those of the API reference of 2015-09-21; the words are what users have reported.
"""

import base64
import hashlib
import hmac
import http.server
import json
import re
import threading
import time

from . import clouds

ECR = clouds.Amazon.NAME
ACCOUNT = ECR.partition(".")[0]
LOGIN = "Basic QVdTOmNsb3VkLXdvcmQtMQ=="      # AWS:cloud-word-1


def signature(secret, method, path, headers, signed, body, when, scope):
    """Signature Version 4 of a request without a query, from the written specification."""
    canonical = "\n".join([method, path, "", *(f"{name}:{' '.join(headers[name].split())}" for name in signed), "",
                           ";".join(signed), hashlib.sha256(body).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", when, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


TARGET = "AmazonEC2ContainerRegistry_V20150921."
NAME = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
PERMISSION = "User: arn:aws:iam::123456789012:user/sync is not authorized to perform: ecr:{0} on resource: * because no " \
    "identity-based policy allows the ecr:{0} action"


class Refusal(Exception):
    """(type, words) of an answer with the status 400."""


class EcrApi:
    """passwords: what to hand out, call by call; the last one stays. Every refusal of the login is kept as a sentence in `wrong`.
    busy: so many calls of each action are too many. account: whose registry it is. page: repositories in a page at most.
    forbidden: actions that need a permission that the keys lack. most: so many repositories at most."""

    def __init__(self, access, secret, session=None, region="eu-west-1", passwords=("cloud-word-1",), life=43200, busy=0,
                 account=ACCOUNT, page=1000, forbidden=(), most=10000):
        self.access, self.secret, self.session, self.region = access, secret, session, region
        self.passwords = list(passwords)
        self.life = life
        self.busy = busy
        self.account, self.page, self.forbidden, self.most = account, page, forbidden, most
        self.repositories = {}          # {name: what it was made with}
        self.asked = []                 # (action, document) of each call that was answered, refusals included
        self.wrong = []
        self._lock = threading.Lock()
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
        if method != "POST" or path != "/":
            return "another request"
        if headers.get("content-type") != "application/x-amz-json-1.1":
            return "another content type"
        if not headers.get("x-amz-target", "").startswith(TARGET):
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

    @property
    def calls(self):
        """How often a login was asked for."""
        return len(self.documents("GetAuthorizationToken"))

    def documents(self, action):
        with self._lock:
            return [document for each, document in self.asked if each == action]

    def answer(self, method, path, headers, body):
        why = self.judge(method, path, headers, body)
        action = headers.get("x-amz-target", "").removeprefix(TARGET)
        document = json.loads(body)
        with self._lock:
            self.asked.append((action, document))
            try:
                if why:
                    self.wrong.append(why)
                    raise Refusal("InvalidSignatureException", "The request signature does not match")
                if sum(each == action for each, _ in self.asked) <= self.busy:
                    raise Refusal("ThrottlingException", "Rate exceeded")
                if action in self.forbidden:
                    raise Refusal("AccessDeniedException", PERMISSION.format(action))
                return 200, getattr(self, f"_{action}")(document)
            except Refusal as refusal:
                kind, words = refusal.args
                return 400, {"__type": kind, "message": words}

    def _registry(self, document):
        if document.get("registryId", self.account) != self.account:
            raise Refusal("AccessDeniedException", PERMISSION.format("CreateRepository"))

    def _GetAuthorizationToken(self, document):
        assert document == {}
        word = self.passwords.pop(0) if len(self.passwords) > 1 else self.passwords[0]
        token = base64.b64encode(f"AWS:{word}".encode()).decode()
        return {"authorizationData": [{"authorizationToken": token, "expiresAt": time.time() + self.life,
                                       "proxyEndpoint": "https://registry.example"}]}

    def _DescribeRepositories(self, document):
        self._registry(document)
        if not 1 <= document.get("maxResults", 100) <= 1000:
            raise Refusal("InvalidParameterException", "Invalid parameter at 'maxResults' failed to satisfy constraint")
        names = sorted(self.repositories)
        first = int(document.get("nextToken", "token/0").partition("/")[2])
        last = first + min(document.get("maxResults", 100), self.page)
        found = [{"repositoryName": name, "registryId": self.account} for name in names[first:last]]
        return {"repositories": found, **({"nextToken": f"token/{last}"} if last < len(names) else {})}

    def _BatchDeleteImage(self, document):
        """A tag goes alone while its image has others; a digest takes all tags with it. What an index has stays, and so does its last tag."""
        self._registry(document)
        repo, named = document["repositoryName"], document["imageIds"]
        gone, failures = [], []
        for each in named:
            tag, digest = each.get("imageTag"), each.get("imageDigest")
            digest = digest or self.registry.tags.get((repo, tag))
            if (repo, digest) not in self.registry.manifests:
                failures.append({"imageId": each, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"})
                continue
            tags = {name: held for name, held in self.registry.tags.items() if name[0] == repo and held == digest}
            above = [held for (name, held), (_, data) in self.registry.manifests.items() if name == repo and held != digest and digest in data.decode()]
            if above and (not tag or len(tags) == 1):
                failures.append({"imageId": each, "failureCode": "ImageReferencedByManifestList",
                                 "failureReason": f"Requested image referenced by manifest list: {above}"})
                continue
            for name in [(repo, tag)] if tag else list(tags):
                del self.registry.tags[name]
            if not tag or len(tags) == 1:
                del self.registry.manifests[repo, digest]
            gone.append({"imageDigest": digest, **({"imageTag": tag} if tag else {})})
        return {"imageIds": gone, "failures": failures}

    def _CreateRepository(self, document):
        self._registry(document)
        name = document["repositoryName"]
        if not 2 <= len(name) <= 256 or not NAME.fullmatch(name):
            raise Refusal("InvalidParameterException", "Invalid parameter at 'repositoryName' failed to satisfy constraint: "
                          f"'must satisfy regular expression \'{NAME.pattern}\''")
        if name in self.repositories:
            raise Refusal("RepositoryAlreadyExistsException", f"The repository with name '{name}' already exists in the registry "
                          f"with id '{self.account}'")
        if len(self.repositories) >= self.most:
            raise Refusal("LimitExceededException", "The operation did not succeed because it would have exceeded a service limit "
                          "for your account.")
        self.repositories[name] = document
        return {"repository": {"repositoryName": name, "registryId": self.account}}


class Ecr(clouds.Amazon):
    """The registry beside that API: it wants the login, and has the repositories that the API knows; others are missing."""

    def __init__(self, api, **more):
        super().__init__(**more)
        self.api = api
        api.registry = self
        self.hook = self.gate

    def gate(self, request):
        if request.headers.get("Authorization") != LOGIN:
            return 401, {"WWW-Authenticate": f'Basic realm="https://{ECR}/",service="ecr.amazonaws.com"'}, b"Not Authorized\n"
        if request.repo and request.repo not in self.api.repositories:
            return self.missing(request)
        return None

    def missing(self, request):
        words = f"The repository with name '{request.repo}' does not exist in the registry with id '{ACCOUNT}'"
        return 404, {"Content-Type": "application/json"}, json.dumps({"errors": [{"code": "NAME_UNKNOWN", "message": words}]}).encode()

    def push(self, picture, repo, *tags):
        self.api.repositories.setdefault(repo, {})
        return super().push(picture, repo, *tags)


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
