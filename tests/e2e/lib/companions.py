"""What goes along with images, made from a seed: referrers, what cosign keeps under tags, and signatures by openssl.

`Referring` is the scripted registry with the referrers API; its hook sees those requests, too (kind "referrers").
"""

import base64
import hashlib
import json
import os
import re
import subprocess

from . import images, need
from .scripted import Scripted

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
NOTATION = "application/vnd.cncf.notary.signature"
SPDX = "application/spdx+json"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1"


# -- documents ----------------------------------------------------------------------------------------------------------------

def referrer(subject, artifact_type, data=b"", annotations=None, config_type=images.EMPTY_CONFIG):
    """A picture that refers to the manifest `subject`; artifact_type None: only its config says what it is."""
    data = data or images.noise(f"{subject.digest}/{artifact_type}", 300)
    document = {
        "schemaVersion": 2, "mediaType": images.OCI_MANIFEST,
        "config": images._entry(config_type, b"{}"),
        "layers": [images._entry(artifact_type or "application/octet-stream", data)],
        "subject": subject.descriptor(),
    }
    if artifact_type:
        document["artifactType"] = artifact_type
    if annotations:
        document["annotations"] = annotations
    return images.Picture([images.Manifest(images.OCI_MANIFEST, images.to_json(document))], images._held(b"{}", data))


def described(picture):
    """How a list of referrers names a picture."""
    document = json.loads(picture.root.data)
    more = {"artifactType": document.get("artifactType") or document["config"]["mediaType"]}
    if "annotations" in document:
        more["annotations"] = document["annotations"]
    return picture.root.descriptor(**more)


def listing(*descriptors):
    """The index that a fallback tag holds."""
    document = {"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": list(descriptors)}
    return images.Picture([images.Manifest(images.OCI_INDEX, images.to_json(document))], {})


def cosign_image(seed, layers=None):
    """What lies under a tag of cosign; layers: (bytes, annotations) each."""
    layers = layers or [(images.noise(seed, 200), {"dev.cosignproject.cosign/signature": "c2lnbmF0dXJl"})]
    settings = images.config(seed, [])
    document = {
        "schemaVersion": 2, "mediaType": images.OCI_MANIFEST, "config": images._entry(images.OCI_CONFIG, settings),
        "layers": [images._entry(SIMPLE_SIGNING, data, annotations=more) for data, more in layers],
    }
    return images.Picture([images.Manifest(images.OCI_MANIFEST, images.to_json(document))],
                          images._held(settings, *[data for data, _ in layers]))


def fallback_tag(digest):
    return digest.replace(":", "-")


def cosign_tag(digest, suffix="sig"):
    return f"{fallback_tag(digest)}.{suffix}"


# -- signatures ---------------------------------------------------------------------------------------------------------------

class Signer:
    """A key pair in a folder, and signatures in the forms of cosign."""

    def __init__(self, folder, name="signer", curve="prime256v1"):
        self._private = os.path.join(folder, f"{name}.private")
        self.public = os.path.join(folder, f"{name}.pub")
        self._openssl("ecparam", "-name", curve, "-genkey", "-noout", "-out", self._private)
        self._openssl("ec", "-in", self._private, "-pubout", "-out", self.public)

    def _openssl(self, *arguments, data=None):
        done = subprocess.run([need.program("openssl"), *arguments], input=data, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sign(self, data):
        return base64.b64encode(self._openssl("dgst", "-sha256", "-sign", self._private, data=data)).decode()

    def simple(self, digest, seed="", about=None):
        """What `cosign sign` puts under the tag .sig; seed: the repository it names; about: the digest it names instead."""
        payload = images.to_json({"critical": {"identity": {"docker-reference": seed},
                                               "image": {"docker-manifest-digest": about or digest},
                                               "type": "cosign container image signature"}, "optional": None})
        return cosign_image(f"{digest}/{seed}", [(payload, {"dev.cosignproject.cosign/signature": self.sign(payload)})])

    def bundle(self, subject, about=None, predicate=SIGN_PREDICATE, name=None):
        """The referrer with a DSSE envelope that `cosign sign` makes today; name: of the subject, which cosign does not give."""
        about = about or subject.digest
        statement = images.to_json({"_type": "https://in-toto.io/Statement/v1", "subject": [{**({"name": name} if name else {}), "digest": {"sha256": about[7:]}}],
                                    "predicateType": predicate, "predicate": {}})
        kind = b"application/vnd.in-toto+json"
        signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(statement), statement)
        envelope = {"payload": base64.b64encode(statement).decode(), "payloadType": kind.decode(),
                    "signatures": [{"sig": self.sign(signed)}]}
        return self._wrap(subject, {"dsseEnvelope": envelope})

    def message(self, subject):
        """The referrer with a signature of the manifest itself."""
        raw = hashlib.sha256(subject.data).digest()
        return self._wrap(subject, {"messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": base64.b64encode(raw).decode()},
            "signature": self.sign(subject.data)}})

    @staticmethod
    def _wrap(subject, content):
        document = {"mediaType": BUNDLE, "verificationMaterial": {"publicKey": {"hint": "x"}}, **content}
        return referrer(subject, BUNDLE, images.to_json(document))


# -- a registry with the referrers API ----------------------------------------------------------------------------------------

class Referring(Scripted):
    """page: so many referrers in one answer, with a Link to the next."""

    def __init__(self, page=None, **more):
        super().__init__(**more)
        self.page = page

    def answer(self, method, path, headers, body):
        status, more, content = super().answer(method, path, headers, body)
        found = re.match(r"/v2/(.+?)/manifests/", path)
        if method == "PUT" and found and status == 201:
            subject = json.loads(body).get("subject")
            if subject:
                more = {**more, "OCI-Subject": subject["digest"]}
        return status, more, content

    def listed(self, repo, digest):
        found = [images.Picture([images.Manifest(kind, data)], {}) for (name, _), (kind, data) in self.manifests.items()
                 if name == repo and (json.loads(data).get("subject") or {}).get("digest") == digest]
        return [described(each) for each in found]

    def _referrers(self, request, query, _body):
        repo, digest = re.match(r"/v2/(.+?)/referrers/([^?]+)", request.path).groups()
        found = self.listed(repo, digest)
        at, headers = int(query.get("at", ["0"])[0]), {"Content-Type": images.OCI_INDEX}
        size = self.page or len(found) + 1
        if at + size < len(found):
            headers["Link"] = f'</v2/{repo}/referrers/{digest}?at={at + size}>; rel="next"'
        return 200, headers, listing(*found[at:at + size]).root.data


def without_api(server):
    """Lets a scripted registry say 404, as one without the API does."""
    server._referrers = lambda *_: (404, {}, b"404 page not found\n")
    return server
