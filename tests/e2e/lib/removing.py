"""A registry in memory from which manifests can be removed, in the ways that registries have."""

import re

from . import companions

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

    def names(self, repo):
        return sorted(tag for name, tag in self.tags if name == repo)

    def removals(self):
        return [re.sub(r".*/manifests/", "", each.path) for each in self.seen("DELETE")]
