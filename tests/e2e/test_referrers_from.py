"""Referrers that are kept in another registry than their image, and referrers without which an image is not copied."""

import base64
import contextlib
import json
import os
import subprocess

import pytest

from lib import companions, images, makes, proxy, registry, run, signers
from lib.companions import BUNDLE, NOTATION, SPDX, cosign_tag, fallback_tag
from lib.scripted import Scripted

pytestmark = pytest.mark.concurrency
INTOTO = "application/vnd.in-toto+json"
ONCE = ["--retries", "0"]


@pytest.fixture
def start():
    """start(api=True) starts a registry in memory; all stop with the test."""
    with contextlib.ExitStack() as stack:
        def begin(api=True):
            return stack.enter_context(companions.Referring() if api else companions.without_api(Scripted()))
        yield begin


@pytest.fixture
def three(start):
    """The image's registry, that of its referrers, and the target."""
    return start(), start(), start()


def keep(server, repo, *made):
    """Puts referrers, or (tag, picture), into a scripted registry; without the API their lists as well."""
    lists = {}
    for each in made:
        tag, picture = each if isinstance(each, tuple) else (None, each)
        server.push(picture, repo, *([tag] if tag else []))
        if not tag:
            subject = json.loads(picture.root.data)["subject"]["digest"]
            lists.setdefault(subject, []).append(companions.described(picture))
    if not isinstance(server, companions.Referring):
        for digest, listed in lists.items():
            server.push(companions.listing(*listed), repo, fallback_tag(digest))


def rule(here, there, tag="v1", **fields):
    return {f"{here.host}/team/app:{tag}": {"to": f"{there.host}/app", **fields}}


def go(sync, here, aside, there, flags=(), **fields):
    fields.setdefault("referrers-from", f"{aside.host}/" + "{path}")
    return sync(rule(here, there, **fields), run.insecure(here, aside, there), flags=list(flags), form="json")


def held(server, picture, repo="app"):
    return all((repo, each.digest) in server.manifests for each in picture.manifests)


def wrote(server):
    return [each for each in server.seen() if each.method not in ("GET", "HEAD")]


# -- what arrives -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("target_api", (True, False), ids=("to-api", "to-tags"))
@pytest.mark.parametrize("aside_api", (True, False), ids=("from-api", "from-tags"))
def test_all_of_it_arrives_before_the_tag(sync, start, repo, aside_api, target_api):
    here, aside, there = start(), start(aside_api), start(target_api)
    root = images.multi(repo, platforms=2)
    child = root.manifests[0]
    here.push(root, "team/app", "v1")
    attested = companions.referrer(child, INTOTO)
    made = [attested, companions.referrer(attested.root, NOTATION), companions.referrer(root.root, SPDX),
            (cosign_tag(root.digest), companions.cosign_image(f"{repo}/sig")), (cosign_tag(child.digest, "att"), companions.cosign_image(f"{repo}/att"))]
    keep(aside, "team/app", *made)
    result = go(sync, here, aside, there, referrers=True)
    entry = result.image(f"{there.host}/app:v1")
    assert (result.code, entry["companions"]) == (0, 5)
    for each in made:
        tag, picture = each if isinstance(each, tuple) else (None, each)
        assert held(there, picture) and (not tag or there.tags["app", tag] == picture.digest)
        assert all(there.blobs["app", digest] == data for digest, data in picture.blobs.items())
    pushed = [each.reference for each in there.seen("PUT", "manifest")]
    assert pushed[-1] == "v1" and pushed.count("v1") == 1
    assert entry["bytes"] > sum(len(data) for data in root.blobs.values())
    # Then nothing is written, and nothing was ever written where it was read.
    before = len(wrote(there))
    result = go(sync, here, aside, there, referrers=True)
    assert (result.code, result.report["skipped"]) == (0, 1) and len(wrote(there)) == before
    assert not wrote(here) and not wrote(aside)
    # What comes later arrives later.
    late = companions.referrer(child, BUNDLE)
    keep(aside, "team/app", *[each for each in made if not isinstance(each, tuple)], late)
    result = go(sync, here, aside, there, referrers=True)
    entry = result.image(f"{there.host}/app:v1")
    assert (result.code, entry["reason"], entry["companions"]) == (0, "companions", 1) and held(there, late)


def test_what_it_costs(sync, three):
    here, aside, there = three
    picture = images.image("cost", layers=1)
    here.push(picture, "team/app", "v1")
    attested = companions.referrer(picture.root, INTOTO)
    keep(aside, "team/app", attested)
    assert go(sync, here, aside, there, referrers=True).code == 0
    asked = sorted((each.method, each.kind) for each in aside.seen())
    # One list for the image and one for what was found, the list of tags once, and the referrer itself: a manifest and two blobs.
    assert asked == [("GET", "blob"), ("GET", "blob"), ("GET", "manifest"), ("GET", "referrers"), ("GET", "referrers"), ("GET", "tags")]
    # The image's own registry is asked as it is without: for its own referrers, not for those of what is elsewhere.
    own = sorted((each.method, each.kind) for each in here.seen())
    plain, other = companions.Referring(), companions.Referring()
    with plain, other:
        plain.push(picture, "team/app", "v1")
        assert sync(rule(plain, other, referrers=True), run.insecure(plain, other), form="json").code == 0
        assert own == sorted((each.method, each.kind) for each in plain.seen())
    before = len(aside.seen())
    assert go(sync, here, aside, there, referrers=True).report["skipped"] == 1
    assert len(aside.seen()) - before == 3


def test_what_both_have_is_taken_from_the_image_s_own(sync, three):
    here, aside, there = three
    root = images.image("both", layers=1)
    here.push(root, "team/app", "v1")
    same = companions.referrer(root.root, INTOTO)
    own, theirs = companions.cosign_image("own"), companions.cosign_image("theirs")
    keep(here, "team/app", same, (cosign_tag(root.digest), own))
    about_it = companions.referrer(same.root, NOTATION)
    keep(aside, "team/app", same, about_it, (cosign_tag(root.digest), theirs), (cosign_tag(root.digest, "att"), theirs))
    result = go(sync, here, aside, there, referrers=True)
    assert (result.code, result.report["companions"]) == (0, 4)
    assert there.tags["app", cosign_tag(root.digest)] == own.digest and there.tags["app", cosign_tag(root.digest, "att")] == theirs.digest
    assert held(there, about_it)
    assert not [each for each in aside.seen("GET", "manifest") if each.reference == same.digest]
    assert "different images under the tag" in result.stderr + result.stdout


def test_a_part_that_a_filter_leaves(sync, three):
    here, aside, there = three
    root = images.multi("filtered", platforms=2)
    here.push(root, "team/app", "v1")
    whole = companions.referrer(root.root, INTOTO)
    parts = [companions.referrer(each, INTOTO) for each in root.manifests[:2]]
    keep(aside, "team/app", whole, *parts)
    result = go(sync, here, aside, there, referrers=True, platforms=["linux/amd64"], **{"require-referrers": "attestations"})
    assert (result.code, result.report["companions"]) == (0, 1)
    assert [held(there, each) for each in parts].count(True) == 1 and not held(there, whole)


def test_where_it_is(sync, three):
    """The words of a template; the port stays where the host comes first."""
    here, aside, there = three
    root = images.image("words", layers=1)
    here.push(root, "team/app", "v1")
    attested = companions.referrer(root.root, INTOTO)
    for server, repo, text in ((aside, "x/app-team", f"{aside.host}/x/{{name}}-{{namespace}}"), (here, "proofs/team_app", "{host}/proofs/{flat}"),
                               (aside, "all", f"{aside.host}/all")):
        keep(server, repo, attested)
        there.manifests.clear()
        there.tags.clear()
        result = go(sync, here, aside, there, referrers=True, **{"referrers-from": text})
        assert (result.code, result.report["companions"]) == (0, 1) and held(there, attested), text
        del server.manifests[repo, attested.digest]


def test_options_are_for_all_rules_and_a_rule_may_refuse(sync, three):
    here, aside, there = three
    for tag in ("a", "b"):
        here.push(images.image(tag, layers=1), "team/app", tag)
        keep(aside, "team/app", companions.referrer(images.image(tag, layers=1).root, INTOTO))
    rules = {f"{here.host}/team/app:a": f"{there.host}/app:a",
             f"{here.host}/team/app:b": {"to": f"{there.host}/app:b", "require-referrers": False, "referrers-from": False, "referrers": False}}
    flags = ["--referrers-from", f"{aside.host}/{{path}}", "--require-referrers", "attestations"]
    result = sync(rules, run.insecure(here, aside, there), flags=flags, form="json")
    assert (result.code, result.report["copied"], result.report["companions"]) == (0, 2, 1)


def test_a_namespace(sync, src, dst, from_source, at_target, start, repo):
    """Its repositories are known late, the host of their referrers is not: the process may connect there."""
    aside = start()
    for name in ("one", "two"):
        picture = images.image(f"{repo}/{name}", layers=1)
        from_source.push(picture, f"{repo}/{name}", "v1")
        keep(aside, f"{repo}/{name}", companions.referrer(picture.root, INTOTO))
    rules = {f"{src.host}/{repo}/*": {"to": f"{dst.host}/{repo}/copies", "referrers-from": f"{aside.host}/{{path}}", "require-referrers": "attestations"}}
    result = sync(rules, run.insecure(src, dst, aside), form="json")
    assert (result.code, result.report["copied"], result.report["companions"]) == (0, 2, 2)
    assert at_target.tags(f"{repo}/copies/one")


def test_several_destinations(sync, start):
    here, aside, one, two = start(), start(), start(), start()
    root = images.multi("several", platforms=2)
    here.push(root, "team/app", "v1")
    attested = companions.referrer(root.root, INTOTO)
    keep(aside, "team/app", attested)
    rules = {f"{here.host}/team/app:v1": {"to": [f"{one.host}/app", f"{two.host}/app"], "referrers-from": f"{aside.host}/{{path}}",
                                          "referrers": "signatures", "require-referrers": "attestations"}}
    result = sync(rules, run.insecure(here, aside, one, two), form="json")
    assert (result.code, result.report["copied"]) == (0, 2) and held(one, attested) and held(two, attested)
    blobs = [each.path for each in here.seen("GET", "blob")]
    assert len(blobs) == len(set(blobs))     # the image's own layers are still downloaded once


# -- what is required ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("flags", ((), ("--dry-run",)), ids=("copy", "dry-run"))
def test_one_that_is_missing_fails_the_image_before_anything_is_written(sync, three, flags):
    here, aside, there = three
    root = images.image("missing", layers=1)
    here.push(root, "team/app", "v1")
    keep(here, "team/app", companions.referrer(root.root, SPDX))
    for required in ("attestations", [NOTATION, "sboms"], "signatures"):
        result = go(sync, here, aside, there, flags=flags, **{"require-referrers": required})
        entry = result.image(f"{there.host}/app:v1")
        assert (result.code, entry["reason"], entry["error"]["kind"]) == (1, "referrer-missing", "referrer-missing")
        assert not wrote(there) and f"{aside.host}/team/app" in entry["error"]["message"]
        assert "sboms" not in entry["error"]["message"]
    assert len(here.seen("HEAD", "manifest")) == 3      # the failure is final: no round repeats it
    result = go(sync, here, aside, there, flags=flags, **{"require-referrers": ["all", "sboms", SPDX]})
    assert result.code == 0


def test_an_image_in_sync_is_not_judged(sync, three):
    here, aside, there = three
    root = images.image("in sync", layers=1)
    here.push(root, "team/app", "v1")
    there.push(root, "app", "v1")
    result = go(sync, here, aside, there, **{"require-referrers": "attestations"})
    assert (result.code, result.report["skipped"]) == (0, 1)


def test_what_belongs_to_a_referrer_is_not_the_image_s(sync, three):
    here, aside, there = three
    root = images.image("nested", layers=1)
    here.push(root, "team/app", "v1")
    attested = companions.referrer(root.root, INTOTO)
    keep(aside, "team/app", attested, companions.referrer(attested.root, NOTATION))
    assert go(sync, here, aside, there, **{"require-referrers": "signatures"}).image(f"{there.host}/app:v1")["reason"] == "referrer-missing"
    keep(aside, "team/app", (cosign_tag(root.digest), companions.cosign_image("nested")))
    assert go(sync, here, aside, there, **{"require-referrers": "signatures"}).code == 0


def test_a_list_is_not_believed(sync, three):
    """One entry names another subject, one is of another type than the list says; neither is what is required."""
    here, aside, there = three
    root, other = images.image("listed", layers=1), images.image("other", layers=1)
    here.push(root, "team/app", "v1")
    stray, sbom = companions.referrer(other.root, INTOTO), companions.referrer(root.root, SPDX)
    for each in (stray, sbom):
        aside.push(each, "team/app")
    entries = [stray.root.descriptor(artifactType=INTOTO), sbom.root.descriptor(artifactType=INTOTO)]
    aside.hook = lambda request: (200, {"Content-Type": images.OCI_INDEX}, companions.listing(*entries).root.data) if root.digest in request.path and request.kind == "referrers" else None
    result = go(sync, here, aside, there, **{"require-referrers": "attestations"})
    assert result.image(f"{there.host}/app:v1")["reason"] == "referrer-missing" and not wrote(there)
    # Not required, the one is copied and the other is left out.
    result = go(sync, here, aside, there, referrers=True)
    assert result.code == 0 and held(there, sbom) and not held(there, stray)
    assert "names another subject" in result.stdout + result.stderr


def test_a_signature_may_be_there(sync, three, tmp_path):
    here, aside, there = three
    signer, other = companions.Signer(tmp_path), companions.Signer(tmp_path, "other")
    root = images.image("signed", layers=1)
    here.push(root, "team/app", "v1")
    keep(here, "team/app", (cosign_tag(root.digest), other.simple(root.digest)))
    flags = ["--require-signed", signer.public]
    assert go(sync, here, aside, there, flags=flags).image(f"{there.host}/app:v1")["reason"] == "unsigned"
    keep(aside, "team/app", signer.bundle(root.root))
    result = go(sync, here, aside, there, flags=flags)
    assert (result.code, result.report["companions"]) == (0, 0)


# -- a second registry that has trouble ---------------------------------------------------------------------------------------

def test_trouble_that_passes(sync, three):
    here, aside, there = three
    root = images.image("passes", layers=1)
    here.push(root, "team/app", "v1")
    keep(aside, "team/app", companions.referrer(root.root, INTOTO))
    failures = [1] * 3

    def hook(request):
        return (503, {"Retry-After": "0"}, b"") if request.kind == "referrers" and failures and failures.pop() else None
    aside.hook = hook
    result = go(sync, here, aside, there, **{"require-referrers": "attestations"})
    assert (result.code, result.report["companions"]) == (0, 1) and not failures


@pytest.mark.parametrize("answer", (
    (503, {"Retry-After": "999"}, b""),
    (403, {}, b'{"errors":[{"code":"DENIED"}]}'),
    (200, {"Content-Type": images.OCI_INDEX}, b"{\"manifests\": 7"),
    (200, {"Content-Type": images.OCI_INDEX}, images.image("no list", layers=1).root.data),
    (200, {"Content-Type": images.OCI_INDEX}, json.dumps({"schemaVersion": 2, "manifests": [
        {"mediaType": images.OCI_MANIFEST, "digest": "sha256:../../../etc", "size": 2}]}).encode()),
    (200, {"Content-Type": images.OCI_INDEX}, json.dumps({"schemaVersion": 2, "manifests": [
        {"mediaType": images.OCI_MANIFEST, "artifactType": INTOTO, "digest": "sha256:" + "0" * 64, "size": 2}]}).encode()),
), ids=("down", "denied", "no-json", "an-image", "no-digest", "not-there"))
def test_no_answer_is_not_an_empty_list(sync, three, answer):
    here, aside, there = three
    root = images.image("trouble", layers=1)
    here.push(root, "team/app", "v1")
    aside.hook = lambda request: answer if request.kind == "referrers" else None
    for fields in ({"referrers": True}, {"require-referrers": "attestations"}):
        result = go(sync, here, aside, there, flags=ONCE, **fields)
        entry = result.image(f"{there.host}/app:v1")
        assert (result.code, entry["status"]) == (1, "failed") and entry["reason"] != "referrer-missing"
        assert ("app", "v1") not in there.tags and aside.host in entry["error"]["message"]


def test_a_registry_that_is_not_there(sync, three):
    here, _, there = three
    here.push(images.image("down", layers=1), "team/app", "v1")
    nobody = f"127.0.0.1:{registry.free_port()}"
    result = sync(rule(here, there, **{"referrers-from": f"{nobody}/app", "referrers": True}), {**run.insecure(here, there), nobody: {"insecure": True}},
                  flags=ONCE, form="json")
    entry = result.image(f"{there.host}/app:v1")
    assert (result.code, entry["error"]["kind"]) == (1, "unreachable") and not wrote(there)


def test_its_own_login(sync, start, registries, runner):
    here, there = start(), start()
    aside = registries("aside", users={"auditor": runner.secret("right-password")})
    root = images.image("login", layers=1)
    here.push(root, "team/app", "v1")
    client = images.Client(aside, lambda _: "Basic " + base64.b64encode(b"auditor:right-password").decode())
    attested = companions.referrer(root.root, INTOTO)
    client.push(attested, "team/app", "x")
    client.push(companions.listing(companions.described(attested)), "team/app", fallback_tag(root.digest))
    client.close()
    rules = rule(here, there, **{"referrers-from": f"{aside.host}/{{path}}", "require-referrers": "attestations"})
    for password, code, word in (("wrong-password", 1, "denied"), ("right-password", 0, "missing")):
        auth = {**run.insecure(here, there), aside.host: {"insecure": True, "username": "auditor", "password": runner.secret(password)}}
        result = sync(rules, auth, form="json")
        assert (result.code, result.image(f"{there.host}/app:v1")["reason"]) == (code, word)
        assert bool(wrote(there)) == (code == 0)
        assert "not used by any rule" not in result.stderr + result.stdout


def test_tokens_are_for_pulling(sync, start, registries, runner, token_servers):
    here, there = start(), start()
    tokens = token_servers(users={"auditor": runner.secret("token-password")})
    aside = registries("aside", token=tokens)
    here.push(images.image("token", layers=1), "team/app", "v1")
    auth = {**run.insecure(here, there), aside.host: {"insecure": True, "username": "auditor", "password": "token-password"}}
    result = sync(rule(here, there, **{"referrers-from": f"{aside.host}/{{path}}", "require-referrers": "all"}), auth, form="json")
    assert result.image(f"{there.host}/app:v1")["reason"] == "referrer-missing"
    asked = tokens.asked()
    assert asked and all("push" not in str(each) and "delete" not in str(each) for each in asked)


# -- real ones ----------------------------------------------------------------------------------------------------------------

def needs(*names):
    lacking = [name for name in names if not signers.find(name)]
    return pytest.mark.skipif(bool(lacking), reason=f"{lacking} is not here: {signers.HOW}")


@pytest.fixture
def real(registries):
    """real(make) is a registry of that make."""
    def begin(make):
        here, path = makes.find(make)
        if not here:
            pytest.skip(path)
        return registries(f"make-{make}", program=path)
    return begin


def regctl(folder, *arguments, **more):
    hosts = [word for host in more["hosts"] for word in ("--host", f"reg={host},tls=disabled")]
    done = subprocess.run([signers.find("regctl"), *hosts, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False,
                          input=more.get("data", ""), env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder)})
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


@needs("regctl")
@pytest.mark.parametrize("there_make", ("2.8", "3"))
@pytest.mark.parametrize("aside_make", ("2.8", "3"))
def test_regctl_put_it_there(sync, real, source, from_source, tmp_path, repo, aside_make, there_make):
    """As for hardened images: the image in one registry, attestations of its platforms in another."""
    aside, there = real(aside_make), real(there_make)
    root = images.multi(repo, platforms=2)
    from_source.push(root, repo, "v1")
    hosts = [source.host, aside.host, there.host]
    for each in root.manifests[:2]:
        for kind, data in ((INTOTO, "{}"), (SPDX, "{\"spdxVersion\": \"SPDX-2.3\"}")):
            regctl(tmp_path, "artifact", "put", "--artifact-type", kind, "--subject", f"{source.host}/{repo}@{each.digest}",
                   "--external", f"{aside.host}/proofs/{repo}", data=data, hosts=hosts)
    rules = {f"{source.host}/{repo}:v1": {"to": f"{there.host}/{repo}", "referrers-from": f"{aside.host}/proofs/{{path}}",
                                          "require-referrers": ["attestations", "sboms"]}}
    auth = run.insecure(source, aside, there)
    plain = sync({f"{source.host}/{repo}:v1": f"{there.host}/{repo}:plain"}, auth, flags=["--referrers", "all"])
    assert (plain.code, plain.report["companions"]) == (0, 0)
    result = sync(rules, auth, flags=["--verify"], form="json")
    assert (result.code, result.report["companions"]) == (0, 4)
    for each in root.manifests[:2]:
        listed = regctl(tmp_path, "artifact", "list", "--format", "{{range .Descriptors}}{{.ArtifactType}} {{end}}", f"{there.host}/{repo}@{each.digest}", hosts=hosts)
        assert sorted(listed.split()) == sorted([INTOTO, SPDX])
    result = sync(rules, auth, form="json")
    assert (result.code, result.report["skipped"], result.report["companions"]) == (0, 1, 0)


@needs("cosign")
@pytest.mark.parametrize("bundle", (True, False), ids=("bundle", "tag"))
@pytest.mark.parametrize("aside_make, there_make", (("2.8", "3"), ("3", "2.8")))
def test_cosign_put_it_there(sync, real, source, from_source, tmp_path, repo, aside_make, there_make, bundle):
    """COSIGN_REPOSITORY makes cosign put signatures and attestations into a repository of their own."""
    aside, there = real(aside_make), real(there_make)
    root = images.multi(repo, platforms=2)
    from_source.push(root, repo, "v1")
    cosign = signers.Cosign(tmp_path)
    cosign.repository = f"{aside.host}/signatures"
    cosign.sign(f"{source.host}/{repo}@{root.digest}", bundle)
    cosign.attest(f"{source.host}/{repo}@{root.digest}", bundle)
    rules = {f"{source.host}/{repo}:v1": {"to": f"{there.host}/{repo}", "referrers-from": cosign.repository, "require-referrers": ["signatures", "attestations"],
                                          "require-signed": cosign.public}}
    result = sync(rules, run.insecure(source, aside, there), flags=["--verify"], form="json")
    assert (result.code, result.report["companions"]) == (0, 2)
    cosign.repository = None
    cosign.verify(f"{there.host}/{repo}:v1", bundle)
    cosign.verify(f"{there.host}/{repo}:v1", bundle, "verify-attestation")


def test_real_registries(sync, real, src, proxies, from_source, repo):
    """Without the API on any side: what is written down is the fallback tag, and the tag comes last."""
    aside, there = proxies(real("2.8"), name="aside"), proxies(real("3"), name="there")
    root = images.multi(repo, platforms=2)
    from_source.push(root, repo, "v1")
    client = images.Client(aside.registry if hasattr(aside, "registry") else aside)
    attested = companions.referrer(root.manifests[0], INTOTO)
    client.push(attested, "proofs", "x")
    client.push(companions.listing(companions.described(attested)), "proofs", fallback_tag(root.manifests[0].digest))
    client.close()
    src.rule("GET", "/manifests/", proxy.Status(503, {"Retry-After": "0"}, b""), times=1)
    aside.rule("GET", f"/manifests/{attested.digest}", proxy.Status(503, {"Retry-After": "0"}, b""), times=1)
    rules = {f"{src.host}/{repo}:v1": {"to": f"{there.host}/{repo}", "referrers-from": f"{aside.host}/proofs", "require-referrers": "attestations"}}
    result = sync(rules, run.insecure(src, aside, there), flags=["--verify"], form="json")
    assert (result.code, result.report["companions"]) == (0, 1)
    puts = [each.path for each in there.seen("PUT", "manifest")]
    assert puts[-1].endswith("/v1") and any(fallback_tag(root.manifests[0].digest) in each for each in puts)
    assert not aside.writes()
