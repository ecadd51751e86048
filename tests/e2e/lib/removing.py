"""A registry in memory from which manifests can be removed, in the ways that registries have."""

import base64
import json
import re
import urllib.parse

from . import companions
from .clouds import error

UNSUPPORTED = 405, {"Content-Type": "application/json"}, b'{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}'
IMMUTABLE = 412, {"Content-Type": "application/json"}, b'{"errors":[{"code":"PRECONDITION","message":"the tag is configured as immutable"}]}'


class Removing(companions.Referring):
    """
    tags     tags are removed by their names; else only manifests by their digests, and with one all tags that have it
    nothing  nothing is removed at all
    api      it has the referrers API
    """

    def __init__(self, tags=True, nothing=False, api=True, **more):
        super().__init__(**more)
        self.by_name, self.nothing = tags, nothing
        self.immutable = set()
        if not api:
            companions.without_api(self)

    def _manifest(self, request, query, body):
        if request.method != "DELETE":
            return super()._manifest(request, query, body)
        repo, reference = request.repo, request.reference
        refused = self.refuse(repo, reference)
        if refused:
            return refused
        if self.nothing or not (self.by_name or reference.startswith("sha256:")):
            return UNSUPPORTED
        if reference in self.immutable:
            return IMMUTABLE
        if not reference.startswith("sha256:"):
            return (202, {}, b"") if self.tags.pop((repo, reference), None) else (404, {}, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
        if (repo, reference) not in self.manifests:
            return 404, {}, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'
        del self.manifests[repo, reference]
        self.tags = {name: digest for name, digest in self.tags.items() if name[0] != repo or digest != reference}
        return 202, {}, b""

    def refuse(self, repo, reference):
        """What this make of registry has against it; None: nothing."""

    def tagged(self, repo, digest):
        return [tag for (name, tag), held in self.tags.items() if (name, held) == (repo, digest)]

    def above(self, repo, digest):
        """The documents of the indexes in which that manifest is."""
        documents = [json.loads(data) for (name, _), (_, data) in self.manifests.items() if name == repo]
        return [each for each in documents if digest in [entry["digest"] for entry in each.get("manifests", ())]]

    def names(self, repo):
        return sorted(tag for name, tag in self.tags if name == repo)

    def removals(self):
        return [re.sub(r".*/manifests/", "", each.path) for each in self.seen("DELETE")]


class Quay(Removing):
    """By tag; by digest only what has a tag, and an immutable tag is a conflict."""

    def refuse(self, repo, reference):
        if reference in self.immutable:
            return error(409, "TAG_IMMUTABLE")
        if reference.startswith("sha256:") and not self.tagged(repo, reference):
            return error(404, "MANIFEST_UNKNOWN")
        return None


class Harbor(Removing):
    """By digest, unless one of its tags is immutable or an index has it; its signatures go with an image."""

    def __init__(self, **more):
        super().__init__(tags=False, **more)

    def refuse(self, repo, reference):
        if set(self.tagged(repo, reference)) & self.immutable:
            return IMMUTABLE
        if self.above(repo, reference):
            return error(412, "VIOLATE_FOREIGN_KEY_CONSTRAINT")
        if (repo, reference) in self.manifests:
            for each in self.listed(repo, reference):
                self.manifests.pop((repo, each["digest"]), None)
        return None


class Google(Removing):
    """By tag; by digest only what has no tag, is in no index, and has no referrers of its own."""

    def refuse(self, repo, reference):
        if self.tagged(repo, reference):
            return error(400, "GOOGLE_MANIFEST_DANGLING_TAG")
        if self.above(repo, reference):
            return error(400, "GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE")
        if reference.startswith("sha256:") and self.listed(repo, reference):
            return error(400, "GOOGLE_MANIFEST_REFERRING_MANIFEST")
        return None


class DockerHub(Removing):
    """Only by the API of hub.docker.com, which turns a login into a token, and removes tags. A token is good for `lasts` removals."""

    def __init__(self, login, lasts=100, **more):
        super().__init__(nothing=True, **more)
        self.login, self.lasts = login, lasts
        self.given = []                  # tokens
        self.left = 0
        self.forbidden = False           # the token may not delete

    def answer(self, method, path, headers, body):
        if headers["Host"] != "hub.docker.com":
            return super().answer(method, path, headers, body)
        found = re.fullmatch(r"/v2/namespaces/([^/]+)/repositories/([^/]+)/tags/([^/]+)", path)
        if (method, path) == ("POST", "/v2/auth/token"):
            if json.loads(body) != dict(zip(("identifier", "secret"), self.login)):
                return 401, {}, b'{"detail": "Incorrect authentication credentials"}'
            self.given.append(f"token-of-the-hub-{len(self.given)}")
            self.left = self.lasts
            return 200, {"Content-Type": "application/json"}, json.dumps({"access_token": self.given[-1]}).encode()
        if method != "DELETE" or not found:
            return 404, {}, b'{"message": "not found"}'
        if not self.given or headers.get("Authorization") != f"Bearer {self.given[-1]}" or not self.left:
            return 401, {}, b'{"detail": "token is expired"}'
        self.left -= 1
        if self.forbidden:
            return 403, {}, b'{"detail": "access denied"}'
        gone = self.tags.pop((f"{found[1]}/{found[2]}", found[3]), None)
        return (204, {}, b"") if gone else (404, {}, b'{"message": "tag not found"}')


class GitHub(Removing):
    """Only by the API of api.github.com, by the number of a version, which is a manifest with all its tags. Two in a page."""

    def __init__(self, login, kind="orgs", **more):
        super().__init__(nothing=True, **more)
        self.login, self.kind = login, kind
        self.numbers = {}                # {(repo, digest): number}
        self.asked = []                  # (method, path)
        self.forbidden = False           # the token may not delete

    def answer(self, method, path, headers, body):
        if headers["Host"] != "api.github.com":
            return super().answer(method, path, headers, body)
        self.asked.append((method, path))
        url = urllib.parse.urlsplit(path)
        found = re.fullmatch(r"/(orgs|users)/([^/]+)/packages/container/([^/]+)/versions(?:/(\d+))?", url.path)
        word = "Basic " + base64.b64encode(":".join(self.login).encode()).decode()
        if headers.get("Authorization") != word:
            return 401, {}, b'{"message": "Requires authentication"}'
        if not found or found[1] != self.kind:
            return 404, {}, b'{"message": "Not Found"}'
        repo = f"{found[2]}/{urllib.parse.unquote(found[3])}"
        for key in self.manifests:
            self.numbers.setdefault(key, 100 + len(self.numbers))
        return self.drop(repo, int(found[4])) if method == "DELETE" else self.versions(repo, url)

    def versions(self, repo, url):
        number = int(dict(urllib.parse.parse_qsl(url.query)).get("page", 1))
        versions = [{"id": self.numbers[name, digest], "name": digest, "metadata": {"container": {"tags": self.tagged(repo, digest)}}}
                    for name, digest in self.manifests if name == repo]
        more = {"Link": f'<https://api.github.com{url.path}?per_page=100&page={number + 1}>; rel="next"'} if len(versions) > 2 * number else {}
        return 200, {"Content-Type": "application/json", **more}, json.dumps(versions[2 * number - 2:2 * number]).encode()

    def drop(self, repo, number):
        digest = next((digest for (name, digest), each in self.numbers.items() if (name, each) == (repo, number)), None)
        if self.forbidden:
            return 403, {}, b'{"message": "Must have admin rights to Repository."}'
        if (repo, digest) not in self.manifests:
            return 404, {}, b'{"message": "Package version not found."}'
        del self.manifests[repo, digest]
        self.tags = {name: held for name, held in self.tags.items() if name[0] != repo or held != digest}
        return 204, {}, b""
