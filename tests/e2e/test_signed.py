"""--require-signed and --verify: nothing unsigned is written, and what was written is read back."""

import json

import pytest

from lib import companions, images, proxy, run
from lib.companions import cosign_tag, fallback_tag

ONCE = ["--retries", "0"]


@pytest.fixture
def signer(tmp_path):
    return companions.Signer(str(tmp_path))


def push(client, repo, picture, *tags):
    client.push(picture, repo, *tags)


def attach(client, repo, subject, *pictures):
    """Puts referrers into a registry without the API."""
    for each in pictures:
        client.push(each, repo)
    client.push(companions.listing(*map(companions.described, pictures)), repo, fallback_tag(subject.digest))


def go(sync, src, dst, both, repo, *flags):
    return sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=[*flags, *ONCE])


# -- signed -------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("form", ("tag", "envelope", "message", "second-of-two", "beside-bad-ones"))
def test_what_is_signed_is_copied(sync, src, dst, both, from_source, at_target, repo, signer, tmp_path, form):
    root = images.multi(repo, platforms=2)
    other = companions.Signer(str(tmp_path), "other")
    from_source.push(root, repo, "v1")
    if form == "tag":
        from_source.push(signer.simple(root.digest), repo, cosign_tag(root.digest))
    elif form == "second-of-two":
        layers = [json.loads(each.simple(root.digest).root.data)["layers"][0] for each in (other, signer)]
        both_signed = signer.simple(root.digest)
        document = {**json.loads(both_signed.root.data), "layers": layers}
        held = {**both_signed.blobs, **other.simple(root.digest).blobs}
        # The annotations differ, the text does not: one blob, two signatures.
        from_source.push(images.Picture([images.Manifest(images.OCI_MANIFEST, images.to_json(document))], held), repo,
                         cosign_tag(root.digest))
    else:
        good = signer.bundle(root.root) if form != "message" else signer.message(root.root)
        bad = [other.bundle(root.root), companions.referrer(root.root, companions.BUNDLE, b"not JSON")] if form == "beside-bad-ones" else []
        attach(from_source, repo, root.root, *bad, good)
    result = go(sync, src, dst, both, repo, "--require-signed", signer.public)
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(root)
    # In sync nothing is copied, so nothing is asked about signatures.
    before = len(src.seen())
    assert go(sync, src, dst, both, repo, "--require-signed", signer.public).report["skipped"] == 1
    assert len(src.seen()) == before + 1


def _flipped(picture):
    """The same with another signature in it."""
    document = json.loads(picture.root.data)
    layer = document["layers"][0]
    text = layer["annotations"]["dev.cosignproject.cosign/signature"]
    layer["annotations"]["dev.cosignproject.cosign/signature"] = text[:40] + ("A" if text[40] != "A" else "B") + text[41:]
    return images.Picture([images.Manifest(images.OCI_MANIFEST, images.to_json(document))], picture.blobs)


BAD = {
    "nothing": (lambda root, signer, other: None, "is not signed"),
    "other-key": (lambda root, signer, other: other.simple(root.digest), "made with another key"),
    "other-image": (lambda root, signer, other: signer.simple(root.digest, about="sha256:" + "1" * 64), "about another image"),
    "other-signature": (lambda root, signer, other: _flipped(signer.simple(root.digest)), "made with another key"),
    "no-signature": (lambda root, signer, other: companions.cosign_image("x", [(b"{}", {})]), "it does not sign a statement about an image"),
    "bundle-other-key": (lambda root, signer, other: other.bundle(root.root), "made with another key"),
    "bundle-other-image": (lambda root, signer, other: signer.bundle(root.root, about="sha256:" + "1" * 64), "about another image"),
    "bundle-attestation": (lambda root, signer, other: signer.bundle(root.root, predicate="https://slsa.dev/provenance/v1"), "attestation"),
    "message-other-image": (lambda root, signer, other: signer._wrap(root.root, {"messageSignature": {
        "messageDigest": {"algorithm": "SHA2_256", "digest": "AAAA"}, "signature": signer.sign(root.root.data)}}), "about another image"),
    "subject-other-image": (lambda root, signer, other: signer.bundle(images.image("else", 1).root, about=root.digest), "is not signed"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_signed_is_refused(sync, src, dst, both, from_source, at_target, repo, signer, tmp_path, name):
    make, words = BAD[name]
    root = images.image(repo, 1)
    made = make(root, signer, companions.Signer(str(tmp_path), "other"))
    from_source.push(root, repo, "v1")
    if made and "subject" in json.loads(made.root.data):
        attach(from_source, repo, root.root, made)
    elif made:
        from_source.push(made, repo, cosign_tag(root.digest))
    for flags in (["--dry-run"], []):
        result = go(sync, src, dst, both, repo, "--require-signed", signer.public, *flags)
        entry = result.image(f"{dst.host}/{repo}:v1")
        assert (result.code, entry["status"], entry["error"]["kind"]) == (1, "failed", "unsigned")
        assert words in entry["error"]["message"] and signer.public in entry["error"]["message"]
    assert not dst.seen("PUT") and not dst.seen("POST") and at_target.tags(repo) == []


def test_trouble_is_no_verdict(sync, src, dst, both, from_source, repo, signer):
    root = images.image(repo, 1)
    from_source.push(root, repo, "v1")
    from_source.push(signer.simple(root.digest), repo, cosign_tag(root.digest))
    src.rule("GET", "/referrers/", proxy.Status(503), times=1)
    src.rule("GET", "/tags/list", proxy.Status(503), times=1)
    assert go(sync, src, dst, both, repo, "--require-signed", signer.public).code == 0
    src.rule("GET", "/referrers/", proxy.Status(503, {"Retry-After": "999"}), times=None)
    assert go(sync, src, dst, both, repo, "--require-signed", signer.public, "--force").image(
        f"{dst.host}/{repo}:v1")["error"]["kind"] == "limited"


@pytest.mark.parametrize("flags", ([], ["--dry-run"]), ids=("copy", "dry-run"))
@pytest.mark.parametrize("served, kind", (("another", "corrupt"), ("nothing", "unsigned")))
def test_a_header_alone_is_not_what_was_signed(sync, scripted, repo, signer, flags, served, kind):
    """HEAD names an image that is signed; under that digest the registry has another one, or none, and then the tag is read."""
    here, there = companions.without_api(scripted()), scripted()
    good, bad = images.image(f"{repo}/good", 1), images.image(f"{repo}/bad", 1)
    here.push(bad, repo, "v1")
    here.push(signer.simple(good.digest), repo, cosign_tag(good.digest))
    if served == "another":
        here.manifests[repo, good.digest] = bad.root.type, bad.root.data

    def lie(request):
        if request.method == "HEAD" and request.reference == "v1":
            return 200, {"Content-Type": good.root.type, "Docker-Content-Digest": good.digest}, good.root.data
        return None
    here.hook = lie
    result = go(sync, here, there, run.insecure(here, there), repo, "--require-signed", signer.public, *flags)
    entry = result.image(f"{there.host}/{repo}:v1")
    assert (result.code, entry["status"], entry["error"]["kind"]) == (1, "failed", kind)
    assert not there.seen("PUT") and not there.seen("POST")


def test_the_manifest_is_read_once(sync, src, dst, both, from_source, repo, signer):
    root = images.multi(repo, platforms=2)
    from_source.push(root, repo, "v1")
    from_source.push(signer.simple(root.digest), repo, cosign_tag(root.digest))
    assert go(sync, src, dst, both, repo, "--require-signed", signer.public).code == 0
    assert len(src.seen("GET", path=f"/manifests/{root.digest}")) == 1


def test_a_rule_decides_for_itself(sync, src, dst, both, from_source, at_target, repo, signer, tmp_path):
    other = companions.Signer(str(tmp_path), "other")
    for tag, key in (("none", None), ("mine", signer), ("theirs", other)):
        root = images.image(f"{repo}/{tag}", 1)
        from_source.push(root, repo, tag)
        if key:
            from_source.push(key.simple(root.digest), repo, cosign_tag(root.digest))
    def to(tag, **more):
        return {f"{src.host}/{repo}:{tag}": {"to": f"{dst.host}/{repo}", **more}}
    rules = {**to("none", **{"require-signed": False}), **to("mine"), **to("theirs", **{"require-signed": other.public})}
    result = sync(rules, both, flags=["--require-signed", signer.public, *ONCE], form="json")
    assert result.code == 0 and at_target.tags(repo) == ["mine", "none", "theirs"]


@pytest.mark.parametrize("rules", (
    lambda source, to, key: {f"{source}:v1": [f"{to}:v1", {"to": f"{to}:v1", "require-signed": key}]},
    lambda source, to, key: {f"{source}:v1": {"to": to, "require-signed": key}, f"{source}:v1,v1": to},
    lambda source, to, key: {source: to, f"{source}:/v1/": {"to": to, "require-signed": key}},
    lambda source, to, key: {source: [to, {"to": to, "require-signed": key}]},
    lambda source, to, key: {f"{source}:/v1/": to, f"{source}:/v./": {"to": to, "require-signed": key}},
), ids=("one-key", "two-keys", "all-and-pattern", "all-twice", "two-patterns"))
def test_a_demand_is_never_lost_between_two_rules(runner, src, dst, both, from_source, at_target, repo, signer, rules):
    """Two rules for one image, of which one demands a signature: whoever wins, the run must not succeed."""
    from_source.push(images.image(repo, 1), repo, "v1")
    document = json.dumps(rules(f"{src.host}/{repo}", f"{dst.host}/{repo}", signer.public))
    result = runner.sync(document, both, flags=ONCE, form="json")
    assert result.code != 0 and "require-signed" in result.stderr


# What the signature names, and what is demanded; HOST stands for the source's registry.
NAMED = {
    "source": ("tag", "HOST/REPO", "source", None),
    "source-with-tag": ("tag", "HOST/REPO:v7", "source", None),
    "another-source": ("tag", "HOST/REPO-else", "source", "it is for HOST/REPO-else and not for HOST/REPO"),
    "exact": ("tag", "index.docker.io/library/nginx", "nginx", None),
    "not-exact": ("tag", "ghcr.io/team/other", "ghcr.io/team/app", "it is for ghcr.io/team/other and not for ghcr.io/team/app"),
    "nothing": ("tag", "", "source", "it names no repository"),
    "bundle": ("bundle", None, "source", "it names no repository, as cosign's bundles never do: sign with --new-bundle-format=false"),
    "bundle-with-name": ("bundle", "ghcr.io/team/app", "ghcr.io/team/app", None),
    "bundle-of-another": ("bundle", "ghcr.io/team/other", "ghcr.io/team/app", "it is for ghcr.io/team/other"),
    "message": ("message", None, "source", "it names no repository"),
}


@pytest.mark.parametrize("form", ("yaml", "json"))
@pytest.mark.parametrize("name", NAMED)
def test_what_a_signature_must_name(sync, src, dst, both, from_source, at_target, repo, signer, name, form):
    kind, claimed, demanded, words = (each.replace("HOST", src.host).replace("REPO", repo) if each else each for each in NAMED[name])
    root = images.image(repo, 1)
    from_source.push(root, repo, "v1")
    if kind == "tag":
        from_source.push(signer.simple(root.digest, claimed), repo, cosign_tag(root.digest))
    else:
        attach(from_source, repo, root.root, signer.message(root.root) if kind == "message" else signer.bundle(root.root, name=claimed))
    rules = {f"{src.host}/{repo}:v1": {"to": f"{dst.host}/{repo}", "require-signed": {"key": signer.public, "reference": demanded}}}
    result = sync(rules, both, flags=ONCE, form=form)
    entry = result.image(f"{dst.host}/{repo}:v1")
    if words:
        assert (result.code, entry["error"]["kind"]) == (1, "unsigned") and words in entry["error"]["message"]
        assert not dst.seen("PUT") and not dst.seen("POST")
    else:
        assert result.code == 0 and at_target.closure(repo, "v1") == images.expected(root)


def test_one_signature_with_the_name_suffices(sync, src, dst, both, from_source, repo, signer):
    """An image of one repository that was copied to another, and signed in both."""
    root = images.image(repo, 1)
    from_source.push(root, repo, "v1")
    layers, blobs = [], {}
    for name in ("ghcr.io/team/first", f"{src.host}/{repo}"):
        made = signer.simple(root.digest, name)
        layers += json.loads(made.root.data)["layers"]
        blobs.update(made.blobs)
    document = {**json.loads(made.root.data), "layers": layers}
    from_source.push(images.Picture([images.Manifest(images.OCI_MANIFEST, images.to_json(document))], blobs), repo, cosign_tag(root.digest))
    def demand(reference):
        rules = {f"{src.host}/{repo}:v1": {"to": f"{dst.host}/{repo}", "require-signed": {"key": signer.public, "reference": reference}}}
        return sync(rules, both, flags=["--dry-run", *ONCE]).code
    assert [demand(each) for each in ("source", "ghcr.io/team/first", "ghcr.io/team/second")] == [0, 0, 1]


def test_the_list_of_failed_images_names_the_reference(sync, runner, src, dst, both, from_source, repo, signer):
    root = images.image(repo, 1)
    from_source.push(root, repo, "v1")
    from_source.push(signer.simple(root.digest, "ghcr.io/team/app"), repo, cosign_tag(root.digest))
    failed = f"{runner.home}/failed.yaml"
    rules = {f"{src.host}/{repo}:v1": {"to": f"{dst.host}/{repo}", "require-signed": {"key": signer.public, "reference": "source"}}}
    # With the same key for all the list must still say what this rule demanded beyond it.
    flags = ["--require-signed", signer.public, "--output-failed-images", failed, *ONCE]
    assert sync(rules, both, flags=flags).code == 1
    text = open(failed, encoding="utf-8").read()
    assert "reference:" in text
    assert sync(text, both, flags=["--require-signed", signer.public, *ONCE]).code == 1
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--require-signed", signer.public, *ONCE]).code == 0


@pytest.mark.parametrize("make, words", (
    (lambda path, tmp: str(tmp / "nowhere.pub"), "nowhere.pub"),
    (lambda path, tmp: _write(tmp, "private"), 'it holds "-----BEGIN EC PRIVATE KEY-----" instead of a PUBLIC KEY'),
    (lambda path, tmp: companions.Signer(str(tmp), "large", "secp384r1").public, "not an ECDSA P-256 key"),
    (lambda path, tmp: _cut(path, tmp), "it is not a public key in PEM"),
    (lambda path, tmp: _spoil(path, tmp), "its base64 is damaged"),
), ids=("missing", "private", "P-384", "cut", "spoilt"))
def test_a_bad_key_ends_the_run_before_it_begins(sync, src, dst, both, repo, signer, tmp_path, make, words):
    result = go(sync, src, dst, both, repo, "--require-signed", make(signer.public, tmp_path))
    assert result.code == 2 and words in result.stderr
    assert not src.seen() and not dst.seen()


def _write(folder, what):
    return companions.Signer(str(folder), what)._private


def _cut(path, folder):
    text = open(path, encoding="ascii").read()
    (folder / "cut.pub").write_text(text[:100])
    return str(folder / "cut.pub")


def _spoil(path, folder):
    text = open(path, encoding="ascii").read()
    (folder / "spoilt.pub").write_text(text.replace("M", "*"))
    return str(folder / "spoilt.pub")


@pytest.mark.parametrize("form", ("yaml", "json"))
def test_the_list_of_failed_images_demands_the_same(sync, runner, src, dst, both, from_source, at_target, repo, signer, form):
    """A second run with that list must not let pass what the first one refused."""
    from_source.push(images.image(repo, 1), repo, "v1", "v2")
    def to(tag, **more):
        return {f"{src.host}/{repo}:{tag}": {"to": f"{dst.host}/{repo}", "referrers": False, **more}}
    failed = f"{runner.home}/failed.{form}"
    rules = {**to("v1", **{"require-signed": signer.public}), **to("v2", **{"require-signed": signer.public})}
    flags = ["--output-failed-images", failed, "--output-images-format", form, "--referrers", "all"]
    assert sync(rules, both, flags=flags, form="json").code == 1
    text = open(failed, encoding="utf-8").read()
    assert "require-signed" in text and "referrers" in text
    result = sync(text, both, flags=ONCE, form=form)
    assert result.code == 1 and [each["error"]["kind"] for each in result.report["images"]] == ["unsigned", "unsigned"]
    assert at_target.tags(repo) == []


# -- verified -----------------------------------------------------------------------------------------------------------------

def test_everything_is_read_back_once(sync, src, dst, both, from_source, repo):
    root = images.multi(repo, platforms=2)
    for tag in ("v1", "v2"):
        from_source.push(root, repo, tag)
    rules = {f"{src.host}/{repo}:v1,v2": f"{dst.host}/{repo}"}
    assert sync(rules, both, flags=["--verify"]).code == 0
    read = [each.path.rsplit("/", 1)[-1] for each in dst.seen("GET")]
    assert sorted(read) == sorted([*root.blobs, *[each.digest for each in root.manifests[:-1]], "v1", "v2"])
    result = sync(rules, both, flags=["--verify"])
    assert (result.code, result.report["skipped"]) == (0, 2)
    assert len(dst.seen("GET")) == 2 * len(read)


HARM = {
    "blob-byte": ("/blobs/{blob}$", proxy.Flip(at=10)),
    "blob-missing": ("/blobs/{blob}$", proxy.Status(404)),
    "child-byte": ("/manifests/{child}$", proxy.Flip(at=10)),
    "child-missing": ("/manifests/{child}$", proxy.Status(404)),
    "root-byte": ("/manifests/v1$", proxy.Flip(at=10)),
}


@pytest.mark.parametrize("later", (False, True), ids=("copied", "in-sync"))
@pytest.mark.parametrize("name", HARM)
def test_what_is_damaged_at_the_target_is_found(sync, src, dst, both, from_source, repo, name, later):
    root = images.multi(repo, platforms=2)
    from_source.push(root, repo, "v1")
    if later:
        assert go(sync, src, dst, both, repo).code == 0
    path, action = HARM[name]
    largest = max(root.blobs, key=lambda digest: len(root.blobs[digest]))
    dst.rule("GET", path.format(blob=largest, child=root.manifests[0].digest), action, times=None)
    result = go(sync, src, dst, both, repo, "--verify")
    entry = result.image(f"{dst.host}/{repo}:v1")
    assert (result.code, entry["status"], entry["error"]["kind"]) == (1, "failed", "corrupt")
    assert "back" in entry["error"]["message"]


def test_a_damaged_signature_is_found(sync, src, dst, both, from_source, repo):
    root = images.image(repo, 1)
    sig = companions.cosign_image(f"{repo}/sig")
    from_source.push(root, repo, "v1")
    from_source.push(sig, repo, cosign_tag(root.digest))
    assert go(sync, src, dst, both, repo, "--referrers", "all", "--verify").code == 0
    blob = json.loads(sig.root.data)["layers"][0]["digest"]
    dst.rule("GET", f"/blobs/{blob}$", proxy.Flip(at=10), times=None)
    result = go(sync, src, dst, both, repo, "--referrers", "all", "--verify")
    assert result.image(f"{dst.host}/{repo}:v1")["error"]["kind"] == "corrupt" and blob in result.stderr


def test_reading_back_keeps_to_the_rate(sync, scripted, repo):
    """200 kB at 100 kB a second take two seconds: a lower bound, which no load of the machine breaks."""
    here, there = scripted(), scripted()
    picture = images.image(repo, layers=2, size=100000)
    for each in (here, there):
        each.push(picture, "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), flags=["--verify", "--limit-rate", "100k"])
    assert (result.code, result.report["skipped"]) == (0, 1)
    assert result.report["seconds"] >= sum(map(len, picture.blobs.values())) / 102400 * 0.9


@pytest.mark.parametrize("kind", ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                                  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"))
def test_what_may_not_be_distributed_is_not_read_back(sync, scripted, repo, kind):
    """Neither as a layer of an image nor as an entry of an index, as build caches have them."""
    here, there = scripted(), scripted()
    image, foreign = images.image(repo, 1), images._entry(kind, b"kept by its owner", urls=["http://127.0.0.1:1/layer"])
    document = json.loads(image.root.data)
    document["layers"].append(foreign)
    child = images.Manifest(image.root.type, images.to_json(document))
    cache = {"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": [child.descriptor(), foreign]}
    root = images.Picture([child, images.Manifest(images.OCI_INDEX, images.to_json(cache))], image.blobs)
    here.push(root, "a", "v1")
    for expected in ("copied", "skipped"):
        result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), flags=["--verify", *ONCE])
        assert (result.code, result.image(f"{there.host}/a:v1")["status"]) == (0, expected), result.stderr
    assert {digest for _, digest in there.blobs} == set(image.blobs)
