"""OCI image layouts on disk: read strictly, byte for byte, and written as other programs do."""

import json
import os

from .images import MANIFESTS, Closure
from .registry import digest_of

NAME = "org.opencontainers.image.ref.name"


class Layout:
    """One folder. Everything that is read is hashed, and nothing may be there that is not a part of a layout."""

    def __init__(self, path):
        self.path = str(path)

    def file(self, *names):
        with open(os.path.join(self.path, *names), "rb") as file:
            return file.read()

    def index(self):
        return json.loads(self.file("index.json"))

    def blob(self, digest):
        data = self.file("blobs", *digest.split(":"))
        assert digest_of(data) == digest, f"{self.path}: {digest} has other bytes"
        return data

    def blob_path(self, digest):
        return os.path.join(self.path, "blobs", *digest.split(":"))

    def blobs(self):
        """The digests that there are files for."""
        folder = os.path.join(self.path, "blobs")
        return {f"{algorithm}:{name}" for algorithm in os.listdir(folder) for name in os.listdir(os.path.join(folder, algorithm))}

    def tags(self):
        return sorted(each["annotations"][NAME] for each in self.index()["manifests"] if NAME in each.get("annotations", {}))

    def head(self, tag):
        found = [each for each in self.index()["manifests"] if each.get("annotations", {}).get(NAME) == tag]
        assert len(found) <= 1, f"{self.path}: {tag} is there {len(found)} times"
        return found[0]["digest"] if found else None

    def closure(self, tag):
        """As Client.closure() of a registry."""
        entry = next(each for each in self.index()["manifests"] if each.get("annotations", {}).get(NAME) == tag)
        found = Closure(entry["digest"], {}, {})
        self._manifest(entry, found)
        return found

    def _manifest(self, entry, found):
        data = self.blob(entry["digest"])
        assert len(data) == entry["size"]
        found.manifests[entry["digest"]] = (entry["mediaType"], data)
        document = json.loads(data)
        for child in document.get("manifests", []):
            if child["mediaType"] not in MANIFESTS:
                found.blobs[child["digest"]] = self.blob(child["digest"])
            elif child["digest"] not in found.manifests:
                self._manifest(child, found)
        for blob in [*([document["config"]] if "config" in document else []), *document.get("layers", [])]:
            found.blobs[blob["digest"]] = self.blob(blob["digest"])
            assert len(found.blobs[blob["digest"]]) == blob["size"]

    def check(self):
        """It is what the specification says, as it stands, and nothing is left over."""
        assert json.loads(self.file("oci-layout")) == {"imageLayoutVersion": "1.0.0"}
        assert self.index()["schemaVersion"] == 2
        for digest in self.blobs():
            self.blob(digest)
        assert [each for each in os.listdir(self.path) if each.startswith(".")] == []
        for tag in self.tags():
            self.closure(tag)
        return self


def write(path, picture, *tags, names=None):
    """A layout with this picture, as a program of its own would write it; `names` are annotations beside the tag."""
    layout = Layout(path)
    entries = []
    if os.path.exists(os.path.join(layout.path, "index.json")):
        entries = layout.index()["manifests"]
    os.makedirs(os.path.join(layout.path, "blobs", "sha256"), exist_ok=True)
    held = {**picture.blobs, **{each.digest: each.data for each in picture.manifests}}
    for digest, data in held.items():
        with open(layout.blob_path(digest), "wb") as file:
            file.write(data)
    for tag in tags:
        annotations = {**({NAME: tag} if tag else {}), **(names or {})}
        entries.append(picture.root.descriptor(**({"annotations": annotations} if annotations else {})))
    for name, document in (("oci-layout", {"imageLayoutVersion": "1.0.0"}), ("index.json", {"schemaVersion": 2, "manifests": entries})):
        with open(os.path.join(layout.path, name), "w", encoding="utf-8") as file:
            json.dump(document, file)
    return layout
