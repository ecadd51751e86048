"""Scripted registries that take uploads the way the well-known ones do, each with the quirks that clients must live with.

`Strict` keeps uploads as the specification has it and forgives nothing: bytes in the wrong place, a stale Location, a wrong digest
are answered as errors, so a copy that arrives is right. The others derive from it and add what their name stands for.
"""

import itertools
import json
import re

from .registry import digest_of
from .scripted import Scripted

MIB = 1024 * 1024


def error(status, code, **headers):
    return status, headers, json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode()


class Strict(Scripted):
    NAME = "registry.example.com"
    WHOLE_MAX = CHUNK_MAX = None        # bytes of one body
    PATCHES = None                      # how many of them one upload may have
    CHUNK_MIN = None
    PATCH_STATUS = 202
    MOUNTS = True

    def __init__(self, **more):
        super().__init__(**more)
        self._numbers = itertools.count(1)
        self.uploads = {}               # {id: bytes}
        self.patches = {}               # {id: count}
        self.bodies = []                # (method, size) of every request with image bytes

    def _upload(self, request, query, body):
        return getattr(self, f"_upload_{request.method.lower()}")(request, query, body)

    def _upload_post(self, request, query, _body):
        digest, source = query.get("mount", [""])[0], query.get("from", [""])[0]
        if digest:
            answer = self.mount(request.repo, digest, source)
            if answer:
                return answer
        number = str(next(self._numbers))
        self.uploads[number], self.patches[number] = b"", 0
        more = {"OCI-Chunk-Min-Length": str(self.CHUNK_MIN)} if self.CHUNK_MIN else {}
        return 202, {"Location": self._location(request.repo, number), "Range": "0-0", **more}, b""

    def mount(self, repo, digest, source):
        """None opens an upload instead."""
        if not self.MOUNTS or (source, digest) not in self.blobs:
            return None
        self.blobs[repo, digest] = self.blobs[source, digest]
        return 201, {"Location": f"/v2/{repo}/blobs/{digest}", "Docker-Content-Digest": digest}, b""

    def _location(self, repo, number):
        return f"/v2/{repo}/blobs/uploads/{number}?state={self.patches[number]}"

    def _find(self, request, query):
        """The upload's number; None when it is unknown or the Location is not the newest one."""
        number = request.reference
        fresh = number in self.uploads and query.get("state") == [str(self.patches[number])]
        return number if fresh else None

    def _upload_patch(self, request, query, body):
        number = self._find(request, query)
        if number is None:
            return error(404, "BLOB_UPLOAD_UNKNOWN")
        self.bodies.append(("PATCH", len(body)))
        if self.CHUNK_MAX and len(body) > self.CHUNK_MAX:
            return 413, {}, b""
        held = self.uploads[number]
        where = re.fullmatch(r"(\d+)-(\d+)", request.headers.get("Content-Range", f"0-{len(body) - 1}"))
        if not where or int(where[1]) != len(held) or int(where[2]) != len(held) + len(body) - 1:
            return error(416, "BLOB_UPLOAD_INVALID")
        if "Content-Length" not in request.headers:
            return error(411, "CONTENT_LENGTH_INVALID")
        self.patches[number] += 1
        self.uploads[number] = self.keep(number, held, body)
        return (self.PATCH_STATUS, {"Location": self._location(request.repo, number),
                                    "Range": f"0-{len(self.uploads[number]) - 1}"}, b"")

    def keep(self, number, held, body):
        """What the upload holds after a PATCH."""
        return held + body

    def _upload_put(self, request, query, body):
        number = self._find(request, query)
        if number is None:
            return error(404, "BLOB_UPLOAD_UNKNOWN")
        if body:
            self.bodies.append(("PUT", len(body)))
        if self.WHOLE_MAX and len(body) > self.WHOLE_MAX:
            return 413, {}, b""
        data, digest = self.uploads.pop(number) + body, query["digest"][0]
        if digest_of(data) != digest:
            return error(400, "DIGEST_INVALID")
        self.blobs[request.repo, digest] = data
        return 201, {"Docker-Content-Digest": digest, "Location": f"/v2/{request.repo}/blobs/{digest}"}, b""

    def _upload_get(self, request, query, _body):
        number = self._find(request, query)
        if number is None:
            return error(404, "BLOB_UPLOAD_UNKNOWN")
        end = max(len(self.uploads[number]) - 1, 0)
        return 204, {"Location": self._location(request.repo, number), "Range": f"0-{end}"}, b""

    def _upload_delete(self, request, query, _body):
        number = self._find(request, query)
        if number is None:
            return error(404, "BLOB_UPLOAD_UNKNOWN")
        del self.uploads[number]
        return 204, {}, b""


class DockerHub(Strict):
    """A mount from a repository it does not know is refused, not turned into an upload."""
    NAME = "registry-1.docker.io"

    def mount(self, repo, digest, source):
        if not any(each == source for each, _ in list(self.blobs) + [(repo, "")]):
            return error(400, "UNSUPPORTED")
        return super().mount(repo, digest, source)


class GitHub(Strict):
    """A second PATCH overwrites what the first one brought; larger chunks than 4 MB are refused, whole bodies are not."""
    NAME = "ghcr.io"

    def keep(self, number, held, body):
        return body


class Amazon(Strict):
    """PATCH is answered by 201 and only the first one counts; mounts are off; a missing top-level mediaType is refused."""
    NAME = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    PATCH_STATUS = 201
    MOUNTS = False

    def keep(self, number, held, body):
        return held or body

    def _manifest(self, request, query, body):
        held = self.tags.get((request.repo, request.reference))
        if request.method == "PUT" and held:
            return error(400, "ImageTagAlreadyExistsException")      # immutable, even with identical content
        return super()._manifest(request, query, body)


class Google(Strict):
    """No PATCH at all; a repository without anything in it is forbidden."""
    NAME = "europe-docker.pkg.dev"

    def _upload_patch(self, *_):
        return error(405, "UNSUPPORTED")

    def _manifest(self, request, query, body):
        if request.method != "PUT" and not any(repo == request.repo for repo, _ in self.manifests):
            return error(403, "DENIED")
        return super()._manifest(request, query, body)


class Azure(Strict):
    NAME = "example.azurecr.io"
    WHOLE_MAX = CHUNK_MAX = 20 * MIB


class Quay(Strict):
    """A mount without `from` fails; and the scope must not hold `delete`."""
    NAME = "quay.io"

    def _upload_post(self, request, query, body):
        if "mount" in query and "from" not in query:
            return error(400, "BLOB_UPLOAD_INVALID")
        return super()._upload_post(request, query, body)


class Harbor(Strict):
    """Behind an nginx that takes no body above a limit; an immutable tag is answered by 412; HEAD has another length than GET."""
    NAME = "harbor.example.com"
    WHOLE_MAX = CHUNK_MAX = 1 * MIB

    def _manifest(self, request, query, body):
        if request.method == "PUT" and (request.repo, request.reference) in self.tags:
            return error(412, "PRECONDITION")
        return super()._manifest(request, query, body)


class Jfrog(Strict):
    """A PUT with bytes is refused without any word (containerd#3533); HEAD of a missing manifest is 403."""
    NAME = "example.jfrog.io"

    def _upload_put(self, request, query, body):
        if body:
            self.bodies.append(("PUT", len(body)))
            return 404, {}, b""
        return super()._upload_put(request, query, body)

    def _manifest(self, request, query, body):
        answer = super()._manifest(request, query, body)
        return (403, {}, b"") if request.method == "HEAD" and answer[0] == 404 else answer


class Nexus(Strict):
    """Says `tags: null` for an empty repository; a redeploy of a tag is forbidden."""
    NAME = "nexus.example.com"

    def _manifest(self, request, query, body):
        if request.method == "PUT" and (request.repo, request.reference) in self.tags:
            return error(400, "DENIED")
        return super()._manifest(request, query, body)


class GitLab(Strict):
    """HEAD of a blob in a repository that does not exist yet is denied."""
    NAME = "registry.gitlab.com"

    def _blob(self, request, query, body):
        if request.method == "HEAD" and not any(repo == request.repo for repo, _ in self.blobs):
            return error(403, "DENIED")
        return super()._blob(request, query, body)


ALL = (DockerHub, GitHub, Amazon, Google, Azure, Quay, Harbor, Jfrog, Nexus, GitLab)
