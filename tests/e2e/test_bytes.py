"""Bytes nobody needs to read: what is no text, or no JSON, is copied as it is wherever nothing depends on it."""

import contextlib
import json

import pytest

from lib import companions, images, run
from lib.companions import cosign_tag, fallback_tag
from lib.registry import digest_of
from lib.scripted import Scripted

# Members of an object as no serializer writes them. Go takes the first four, so docker-registry does.
ODD = {
    "latin-1": b'"note":"caf\xe9 \xfc\xdf"',
    "half-a-surrogate": b'"note":"\\ud800","\\udfff":"\\udc00\\ud800"',
    "twice": b'"note":"a","note":"b"',
    "nul-and-number": b'"note":"\\u0000","x":' + b"1" * 70,
    "nested": b'"note":' + b"[" * 40 + b'"]"' + b"]" * 40,
    "control": b'"note":"tab\tnewline\nescape\x1b nul\x00"',
    "escape": b'"note":"\\x41\\\'"',
}
GO_READS = tuple(ODD)[:5]


@pytest.fixture
def scripted():
    """scripted() starts a registry in memory; all stop with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(Scripted())


def with_members(data, members, name=b"annotations"):
    """The document with one more object at its end."""
    return data.rstrip()[:-1] + b"," + b'"%s":{%s}}' % (name, members)


def odd_image(seed, members, name=b"annotations", **more):
    """An image whose manifest has these annotations and whose configuration has these labels."""
    plain = images.image(seed, 1, **more)
    document = json.loads(plain.root.data)
    settings = with_members(plain.blobs[document["config"]["digest"]], members, b"Labels")
    document["config"] = images._entry(images.OCI_CONFIG, settings)
    layers = {each["digest"]: plain.blobs[each["digest"]] for each in document["layers"]}
    root = images.Manifest(images.OCI_MANIFEST, with_members(images.to_json(document), members, name))
    return images.Picture([root], {digest_of(settings): settings, **layers})


def odd_index(seed, members):
    """An index of two platforms with such annotations, and with such an annotation at each entry."""
    children = [odd_image(f"{seed}/{arch}", members, architecture=arch) for arch in ("amd64", "arm64")]
    listed = b",".join(with_members(images.to_json(child.root.descriptor(platform={"os": "linux", "architecture": arch})), members)
                       for child, arch in zip(children, ("amd64", "arm64")))
    text = b'{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' % (images.OCI_INDEX.encode(), listed)
    return images._above(children, images.Manifest(images.OCI_INDEX, with_members(text, members)))


def holds(registry, repo, picture):
    for each in picture.manifests:
        assert registry.manifests[repo, each.digest] == (each.type, each.data)
    for digest, data in picture.blobs.items():
        assert registry.blobs[repo, digest] == data


def go(sync, here, there, repo, *flags):
    result = sync({f"{here.host}/{repo}:v1": f"{there.host}/{repo}"}, run.insecure(here, there), flags=[*flags, "--retries", "0"])
    assert "save the file" not in result.stderr
    return result


@pytest.mark.parametrize("name", ODD)
def test_they_are_copied(sync, scripted, repo, name):
    here, there = scripted(), scripted()
    root = here.push(odd_index(repo, ODD[name]), repo, "v1")
    assert go(sync, here, there, repo, "--verify").code == 0
    holds(there, repo, root)
    assert go(sync, here, there, repo).report["skipped"] == 1


@pytest.mark.parametrize("name", ODD)
def test_a_filter_leaves_them_alone(sync, scripted, repo, name):
    here, there = scripted(), scripted()
    root = here.push(odd_index(repo, ODD[name]), repo, "v1")
    assert go(sync, here, there, repo, "--os", "linux", "--arch", "arm64").code == 0
    kind, data = there.manifests[repo, there.tags[repo, "v1"]]
    first, second = root.manifests[:2]
    assert (kind, root.root.type) == (images.OCI_INDEX, images.OCI_INDEX)
    assert second.digest.encode() in data and first.digest.encode() not in data
    assert data.count(ODD[name]) == 2, "the entry that stays and the index's own annotations"
    assert (repo, first.digest) not in there.manifests and there.manifests[repo, second.digest][1] == second.data
    # The next run knows its own work.
    assert go(sync, here, there, repo, "--os", "linux", "--arch", "arm64").report["skipped"] == 1


@pytest.mark.parametrize("name", ODD)
def test_a_configuration_is_asked_for_its_platform_only(sync, src, dst, from_source, at_target, repo, name):
    plain = odd_image(repo, ODD[name])
    manifest = json.loads(images.image(repo, 1).root.data)
    manifest["config"] = images._entry(images.OCI_CONFIG, next(iter(plain.blobs.values())))
    root = from_source.push(images.Picture([images.Manifest(images.OCI_MANIFEST, images.to_json(manifest))], plain.blobs), repo, "v1")
    assert go(sync, src, dst, repo, "--arch", "arm64").report["skipped"] == 1
    assert go(sync, src, dst, repo, "--arch", "amd64", "--verify").code == 0
    assert at_target.closure(repo, "v1") == images.expected(root)


@pytest.mark.parametrize("name", GO_READS)
def test_where_the_registry_reads_them_too(sync, src, dst, from_source, at_target, repo, name):
    # Of annotations it wants texts; of members it does not know it wants nothing.
    root = from_source.push(odd_image(repo, ODD[name], b"x-tool"), repo, "v1")
    assert go(sync, src, dst, repo, "--require-platforms", "linux/amd64").code == 0
    assert at_target.head(repo, "v1") == root.digest
    answer = at_target.request("GET", f"/v2/{repo}/manifests/v1", headers={"Accept": images.ACCEPT})
    assert answer.body == root.root.data


@pytest.mark.parametrize("name", ODD)
def test_signatures_and_lists_of_referrers(sync, scripted, repo, tmp_path, name):
    """The signed text, the manifest that holds it, a referrer and the list that names it: all with such bytes."""
    here, there = companions.without_api(scripted()), companions.without_api(scripted())
    signer = companions.Signer(str(tmp_path))
    root = here.push(odd_image(repo, ODD[name]), repo, "v1")
    payload = with_members(images.to_json({"critical": {
        "identity": {"docker-reference": ""}, "image": {"docker-manifest-digest": root.digest},
        "type": "cosign container image signature"}}), ODD[name], b"optional")
    signature = companions.cosign_image(repo, [(payload, {"dev.cosignproject.cosign/signature": signer.sign(payload)})])
    here.push(images.Picture([images.Manifest(images.OCI_MANIFEST, with_members(signature.root.data, ODD[name]))], signature.blobs),
              repo, cosign_tag(root.digest))
    plain = companions.referrer(root.root, companions.SPDX)
    bill = here.push(images.Picture([images.Manifest(images.OCI_MANIFEST, with_members(plain.root.data, ODD[name]))], plain.blobs), repo)
    entry = with_members(images.to_json(bill.root.descriptor(artifactType=companions.SPDX)), ODD[name])
    text = b'{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' % (images.OCI_INDEX.encode(), entry)
    listing = images.Manifest(images.OCI_INDEX, with_members(text, ODD[name]))
    here.push(images.Picture([listing], {}), repo, fallback_tag(root.digest))
    result = go(sync, here, there, repo, "--require-signed", signer.public, "--referrers", "all")
    assert (result.code, result.report["companions"]) == (0, 2)
    holds(there, repo, root)
    holds(there, repo, bill)
    # The list that is made at the destination repeats the annotations of the manifest as they are.
    assert ODD[name] in there.manifests[repo, there.tags[repo, fallback_tag(root.digest)]][1]
    assert there.tags[repo, cosign_tag(root.digest)] == here.tags[repo, cosign_tag(root.digest)]


@pytest.mark.parametrize("name", ODD)
def test_a_list_of_tags(sync, scripted, repo, name):
    here, there = scripted(), scripted()
    root = here.push(images.image(repo, 1), repo, "v1", "v2")
    body = b'{"tags":["v1","caf\xe9","v2","\\ud800"],%s}' % ODD[name]
    here.hook = lambda request: (200, {"Content-Type": "application/json"}, body) if request.kind == "tags" else None
    result = sync({f"{here.host}/{repo}": f"{there.host}/{repo}"}, run.insecure(here, there), flags=["--retries", "0"])
    assert (result.code, result.report["copied"]) == (0, 2)
    holds(there, repo, root)


AMBIGUOUS = {
    "layers": (lambda data: data[:-1] + b',"layers":[]}', '"layers" is given twice'),
    "digest": (lambda data: data.replace(b'"digest":', b'"digest":"sha256:' + b"0" * 64 + b'","digest":', 1), '"digest" is given twice'),
    "case": (lambda data: data[:-1] + b',"Layers":[]}', '"Layers" instead of "layers"'),
    "long-s": (lambda data: data[:-1] + b',"layer\xc5\xbf":[]}', 'instead of "layers"'),
    "digest-bytes": (lambda data: data.replace(b'"digest":"sha256:', b'"digest":"sha256:\xe9', 1), "invalid digest"),
    "huge-size": (lambda data: data.replace(b'"size":', b'"size":' + b"1" * 70, 1), "has no valid size"),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_where_something_depends_on_them_they_are_refused(sync, scripted, repo, name):
    change, words = AMBIGUOUS[name]
    here, there = scripted(), scripted()
    plain = images.image(repo, 1)
    here.push(images.Picture([images.Manifest(images.OCI_MANIFEST, change(plain.root.data))], plain.blobs), repo, "v1")
    entry = go(sync, here, there, repo).image(f"{there.host}/{repo}:v1")
    assert (entry["status"], entry["error"]["kind"]) == ("failed", "corrupt") and words in entry["error"]["message"]
    assert not there.seen("PUT") and not there.seen("POST")
