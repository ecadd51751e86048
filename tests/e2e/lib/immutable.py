"""A scripted registry that refuses to move a tag, in the words of several real ones."""

import json

from .scripted import Scripted

# name: (status, code, message)
REFUSALS = {
    "ecr": (400, "TAG_INVALID", "The image tag 'v1' already exists in the 'a' repository and cannot be overwritten because the tag is immutable."),
    "ecr-exception": (400, "ImageTagAlreadyExistsException", "The image tag already exists"),
    "harbor": (412, "PRECONDITION", "Failed to process request due to 'a:v1' configured as immutable."),
    "forbidden": (403, "UNKNOWN", "tags of this repository cannot be changed"),
    "not-allowed": (405, "UNSUPPORTED", "The operation is unsupported."),
    "conflict": (409, "MANIFEST_INVALID", "manifest for this tag exists"),
}


def errors(code, message):
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


class Immutable(Scripted):
    """Refuses each push to a tag that is there, even of the same image. `late`: tags that only turn out to be there then, as
    {tag: picture}, which somebody else pushes right before we do."""

    def __init__(self, refusal="ecr", late=None, **more):
        super().__init__(**more)
        self.refusal = REFUSALS[refusal]
        self.late = dict(late or {})

    def _manifest(self, request, query, body):
        tag = request.reference
        if request.method == "PUT" and not tag.startswith("sha256:"):
            if tag in self.late:
                self.push(self.late.pop(tag), request.repo, tag)
            if (request.repo, tag) in self.tags:
                status, code, message = self.refusal
                return status, {"Content-Type": "application/json"}, errors(code, message)
        return super()._manifest(request, query, body)

    def pushed(self):
        """Every digest that was sent under a tag."""
        return [each.reference for each in self.seen("PUT", "manifest") if not each.reference.startswith("sha256:")]


class Private(Scripted):
    """Answers 403 to whoever asks for a manifest, as some registries do for what is not there. `listing`: the status of a list of
    tags, None for the true one, "hidden" for that and 403 even for tags that are there."""

    def __init__(self, listing=None, **more):
        super().__init__(**more)
        self.listing = listing

    def _manifest(self, request, query, body):
        there = (request.repo, request.reference) in self.tags and self.listing != "hidden"
        if request.method != "PUT" and not there:
            return 403, {"Content-Type": "application/json"}, errors("DENIED", "Permission denied or it may not exist")
        return super()._manifest(request, query, body)

    def _tags(self, request, query, body):
        if self.listing == 404:
            return 404, {"Content-Type": "application/json"}, errors("NAME_UNKNOWN", "repository name not known")
        if self.listing == 403:
            return 403, {"Content-Type": "application/json"}, errors("DENIED", "Permission denied")
        return super()._tags(request, query, body)
