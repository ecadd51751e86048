"""Companions of images: signatures, attestations, bills of materials, by the referrers API and by tags."""

import contextlib
import json

import pytest

from lib import companions, images, proxy, run
from lib.companions import NOTATION, SPDX, cosign_tag, fallback_tag
from lib.scripted import Scripted

pytestmark = pytest.mark.concurrency
ALL = ["--referrers", "all"]
ONCE = ["--retries", "0"]
PATIENCE = {"Retry-After": "999"}    # more than any run waits: given up at once


@pytest.fixture
def scripted():
    """scripted(api=True, page=None) starts a registry in memory; all stop with the test."""
    with contextlib.ExitStack() as stack:
        def start(api=True, **more):
            server = companions.Referring(**more) if api else companions.without_api(Scripted(**more))
            return stack.enter_context(server)
        yield start


def family(seed):
    """An index of two, and what belongs to it: {name: (tag or None, subject, picture)}."""
    root = images.multi(seed, platforms=2)
    child = root.manifests[0]
    sbom = companions.referrer(root.root, SPDX, annotations={"org.opencontainers.image.created": "2026-01-01T00:00:00Z", "é": "\"x\""})
    made = {
        "sbom": (None, root.root, sbom),
        "signed sbom": (None, sbom.root, companions.referrer(sbom.root, NOTATION)),
        "old": (None, child, companions.referrer(child, None, config_type="application/vnd.example.scan")),
        "sig": (cosign_tag(root.digest), root.root, companions.cosign_image(f"{seed}/sig")),
        "att": (cosign_tag(child.digest, "att"), child, companions.cosign_image(f"{seed}/att")),
    }
    return root, made


def store(server, root, made, repo, tag="v1"):
    """Puts an image with its companions into a scripted registry."""
    server.push(root, repo, tag)
    lists = {}
    for name, subject, picture in made.values():
        server.push(picture, repo, *([name] if name else []))
        if not name:
            lists.setdefault(subject.digest, []).append(companions.described(picture))
    if not isinstance(server, companions.Referring):
        for digest, listed in lists.items():
            server.push(companions.listing(*listed), repo, fallback_tag(digest))


def listed_at(server, repo, digest):
    """{digest: descriptor} as the target lists it."""
    if isinstance(server, companions.Referring):
        found = server.listed(repo, digest)
    else:
        held = server.tags.get((repo, fallback_tag(digest)))
        found = json.loads(server.manifests[repo, held][1])["manifests"] if held else []
    return {each["digest"]: each for each in found}


def check_arrived(server, root, made, repo, tag="v1"):
    assert server.tags[repo, tag] == root.digest
    for picture in [root, *[each for _, _, each in made.values()]]:
        for each in picture.manifests:
            assert server.manifests[repo, each.digest] == (each.type, each.data)
        for digest, data in picture.blobs.items():
            assert server.blobs[repo, digest] == data
    for name, subject, picture in made.values():
        if name:
            assert server.tags[repo, name] == picture.digest
        else:
            assert listed_at(server, repo, subject.digest)[picture.digest] == companions.described(picture)


def rule(here, there, tag="v1", **fields):
    to = f"{there.host}/a"
    return {f"{here.host}/a:{tag}": {"to": to, **fields} if fields else to}


def go(sync, here, there, flags=ALL, **fields):
    return sync(rule(here, there, **fields), run.insecure(here, there), flags=flags, form="json")


# -- what arrives -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("target_api", (True, False), ids=("to-api", "to-tags"))
@pytest.mark.parametrize("source_api", (True, False), ids=("from-api", "from-tags"))
def test_all_of_it_arrives_before_the_tag(sync, scripted, repo, source_api, target_api):
    here, there = scripted(source_api), scripted(target_api)
    root, made = family(repo)
    store(here, root, made, "a")
    result = go(sync, here, there)
    assert result.code == 0
    check_arrived(there, root, made, "a")
    entry = result.image(f"{there.host}/a:v1")
    assert (entry["status"], entry["reason"], entry["companions"], result.report["companions"]) == ("copied", "missing", 5, 5)
    pushed = [each.reference for each in there.seen("PUT", "manifest")]
    assert pushed[-1] == "v1" and pushed.count("v1") == 1
    assert [name for name in there.tags if name[1] == fallback_tag(root.digest)] == ([] if target_api else [("a", fallback_tag(root.digest))])
    # Nothing is new then, and nothing but reads is needed to see it.
    before = len(there.seen())
    result = go(sync, here, there)
    assert (result.code, result.report["skipped"], result.report["companions"]) == (0, 1, 0)
    assert {each.method for each in there.seen()[before:]} <= {"GET", "HEAD"}
    # What is signed later arrives later.
    made["late"] = (None, root.root, companions.referrer(root.root, NOTATION))
    store(here, root, made, "a")
    result = go(sync, here, there)
    entry = result.image(f"{there.host}/a:v1")
    assert (result.code, entry["status"], entry["reason"], entry["companions"]) == (0, "copied", "companions", 1)
    check_arrived(there, root, made, "a")


def test_real_registries_without_the_api(sync, src, dst, both, from_source, at_target, repo):
    root, made = family(repo)
    from_source.push(root, repo, "v1")
    lists = {}
    for name, subject, picture in made.values():
        from_source.push(picture, repo, *([name] if name else []))
        lists.setdefault(subject, []).append((name, picture))
    for subject, found in lists.items():
        listed = [companions.described(picture) for name, picture in found if not name]
        if listed:
            from_source.push(companions.listing(*listed), repo, fallback_tag(subject.digest))
    rules = {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}
    result = sync(rules, both, flags=[*ALL, "--verify"])
    assert (result.code, result.report["companions"]) == (0, 5)
    for name, subject, picture in made.values():
        assert at_target.closure(repo, name or picture.digest) == images.expected(picture)
        if not name:
            body = at_target.request("GET", f"/v2/{repo}/manifests/{fallback_tag(subject.digest)}",
                                     headers={"Accept": images.ACCEPT}, repo=repo).body
            assert companions.described(picture) in json.loads(body)["manifests"]
    assert [each.path for each in dst.seen("PUT", "manifest")][-1].endswith("/v1")
    assert at_target.tags(repo) == from_source.tags(repo)


def test_without_the_option_nothing_is_asked(sync, scripted, repo):
    here, there = scripted(), scripted()
    store(here, *family(repo), "a")
    result = go(sync, here, there, flags=[])
    assert (result.code, result.report["companions"]) == (0, 0)
    assert not here.seen(kind="referrers") and not there.seen(kind="referrers") and not here.seen(kind="tags")


# -- what it costs ------------------------------------------------------------------------------------------------------------

def test_cost_in_sync_without_any_companion(sync, src, dst, both, from_source, repo):
    """Two questions an image, as without the option, and two for the repository: is there an API, which tags are there."""
    tags = [f"v{n}" for n in range(20)]
    for tag in tags:
        from_source.push(images.image(f"{repo}/{tag}", 1, size=50), repo, tag)
    rules = {f"{src.host}/{repo}:{','.join(tags)}": f"{dst.host}/{repo}"}
    assert sync(rules, both, flags=ALL).code == 0
    asked = len(src.seen()), len(dst.seen())
    result = sync(rules, both, flags=ALL)
    assert (result.code, result.report["skipped"]) == (0, 20)
    assert (len(src.seen()) - asked[0], len(dst.seen()) - asked[1]) == (22, 20)


@pytest.mark.parametrize("source_api, target_api, cost", (
    # source: the digest, the tags, a list for each of 3 images and 5 companions, 2 cosign tags
    # target: the digest, the index, a list for each of 3 subjects, 2 cosign tags
    (True, True, (12, 7)),
    # without an API: one question for it, and one for each list there is
    (False, True, (8, 7)),
    (False, False, (8, 8)),
), ids=("api-api", "tags-api", "tags-tags"))
def test_cost_in_sync_of_a_signed_index(sync, scripted, repo, source_api, target_api, cost):
    here, there = scripted(source_api), scripted(target_api)
    store(here, *family(repo), "a")
    assert go(sync, here, there).code == 0
    asked = len(here.seen()), len(there.seen())
    result = go(sync, here, there)
    assert (result.code, result.report["skipped"]) == (0, 1)
    assert (len(here.seen()) - asked[0], len(there.seen()) - asked[1]) == cost
    assert result.report["requests"] == {"source": cost[0], "destination": cost[1]}


def test_tags_of_one_image_are_looked_after_once(sync, scripted, repo):
    here, there = scripted(), scripted()
    root, made = family(repo)
    store(here, root, made, "a")
    for tag in ("v1.0", "latest"):
        here.tags["a", tag] = root.digest
    rules = {f"{here.host}/a:v1,v1.0,latest": f"{there.host}/a"}
    assert sync(rules, run.insecure(here, there), flags=ALL).code == 0
    asked = len(here.seen()), len(there.seen())
    assert sync(rules, run.insecure(here, there), flags=ALL).code == 0
    assert (len(here.seen()) - asked[0], len(there.seen()) - asked[1]) == (12 + 2, 7 + 2)


# -- the list at the target ---------------------------------------------------------------------------------------------------

def test_a_list_at_the_target_is_added_to(sync, scripted, repo):
    here, there = scripted(), scripted(api=False)
    root, made = family(repo)
    store(here, root, made, "a")
    strange = '{ "digest":"sha256:%s",\t"size":3, "mediaType":"%s" , "x": [1e2]}' % ("5" * 64, images.OCI_MANIFEST)
    text = '{"annotations":{"k":"v"}, "manifests": [\n %s ] ,"schemaVersion":2 , "mediaType":"%s"}' % (strange, images.OCI_INDEX)
    own = images.Picture([images.Manifest(images.OCI_INDEX, text.encode())], {})
    there.push(own, "a", fallback_tag(root.digest))
    assert go(sync, here, there).code == 0
    held = there.manifests["a", there.tags["a", fallback_tag(root.digest)]][1].decode()
    before, after = text.split(" ] ,")
    assert held.startswith(before) and held.endswith("] ," + after) and made["sbom"][2].digest in held
    check_arrived(there, root, made, "a")


def test_what_is_no_list_at_the_target_is_left_alone(sync, scripted, repo):
    here, there = scripted(), scripted(api=False)
    root, made = family(repo)
    store(here, root, made, "a")
    there.push(images.image("mine", 1), "a", fallback_tag(root.digest))
    held = dict(there.tags)
    result = go(sync, here, there, flags=[*ALL, *ONCE])
    entry = result.image(f"{there.host}/a:v1")
    assert (result.code, entry["error"]["kind"]) == (1, "corrupt")
    assert "not a list of referrers" in entry["error"]["message"]
    assert there.tags["a", fallback_tag(root.digest)] == held["a", fallback_tag(root.digest)] and ("a", "v1") not in there.tags


def test_eight_at_once_lose_nothing(runner, scripted, repo):
    """Eight programs add to the same list at the same time, each something else."""
    there = scripted(api=False)
    root, sources, processes = images.image(repo, 1), [], []
    for n in range(8):
        here = scripted()
        found = companions.referrer(root.root, SPDX, b"document %d" % n)
        store(here, root, {"x": (None, root.root, found)}, "a")
        sources.append((here, found))
    for here, _ in sources:
        processes.append(runner.start(runner.arguments(rule(here, there), run.insecure(here, there), flags=ALL)))
    for each in processes:
        assert runner.finish(each).code == 0
    assert set(listed_at(there, "a", root.digest)) == {found.digest for _, found in sources}


# -- a source that does not answer well ---------------------------------------------------------------------------------------

def _elsewhere(_request):
    return 303, {"Location": "http://127.0.0.2:1/docs"}, b""


@pytest.mark.parametrize("answer", (
    lambda _: (404, {}, b""),
    lambda _: (400, {}, b"{}"),
    lambda _: (200, {"Content-Type": "text/html"}, b"<html>Welcome</html>"),
    _elsewhere,
), ids=("404", "400", "html", "redirect"))
def test_no_such_api_means_tags(sync, scripted, repo, answer):
    here, there = scripted(api=False), scripted()
    root, made = family(repo)
    store(here, root, made, "a")
    here.hook = lambda request: answer(request) if request.kind == "referrers" else None
    assert go(sync, here, there).code == 0
    check_arrived(there, root, made, "a")


@pytest.mark.parametrize("answer, kind", (
    (lambda _: (503, PATIENCE, b""), "limited"),
    (lambda _: (429, PATIENCE, b""), "limited"),
    (lambda _: (403, {}, b""), "denied"),
    (lambda _: (200, {}, b"{}"), "corrupt"),
    (lambda _: (200, {"Content-Type": images.OCI_INDEX}, b'{"schemaVersion":2,"manifests":['), "corrupt"),
), ids=("503", "429", "403", "no-list", "cut"))
@pytest.mark.parametrize("side", ("source", "target"))
def test_trouble_is_never_an_empty_list(sync, scripted, repo, side, answer, kind):
    here, there = scripted(), scripted()
    root, made = family(repo)
    store(here, root, made, "a")
    hurt = here if side == "source" else there
    hurt.hook = lambda request: answer(request) if request.kind == "referrers" else None
    result = go(sync, here, there, flags=[*ALL, *ONCE])
    entry = result.image(f"{there.host}/a:v1")
    assert (result.code, entry["status"], entry["error"]["kind"]) == (1, "failed", kind)
    assert "referrers of" in entry["error"]["message"] and ("a", "v1") not in there.tags


def test_trouble_that_passes(sync, scripted, proxies, repo):
    here, there = scripted(), scripted()
    root, made = family(repo)
    store(here, root, made, "a")
    front = proxies(here)
    front.rule("GET", "/referrers/", proxy.Status(503), times=1)
    front.rule("GET", "/referrers/", proxy.Reset(), times=1)
    result = go(sync, front, there)
    assert (result.code, result.report["companions"]) == (0, 5)
    check_arrived(there, root, made, "a")


def test_all_pages_are_read(sync, scripted, repo):
    here, there = scripted(page=2), scripted(page=2)
    root = images.image(repo, 1)
    made = {n: (None, root.root, companions.referrer(root.root, SPDX, b"document %d" % n)) for n in range(7)}
    store(here, root, made, "a")
    result = go(sync, here, there)
    assert (result.code, result.report["companions"]) == (0, 7)
    check_arrived(there, root, made, "a")
    assert go(sync, here, there).report["companions"] == 0


@pytest.mark.parametrize("link, words", (
    ('</v2/a/referrers/{digest}?again>; rel="next"', "brings nothing new"),
    ('<http://127.0.0.2:1/v2/a/referrers/{digest}>; rel="next"', "a different host"),
), ids=("loop", "elsewhere"))
def test_pages_that_lead_nowhere(sync, scripted, repo, link, words):
    here, there = scripted(), scripted()
    root, made = family(repo)
    store(here, root, made, "a")

    def hook(request):
        if request.kind != "referrers":
            return None
        body = companions.listing(companions.described(made["sbom"][2])).root.data
        return 200, {"Content-Type": images.OCI_INDEX, "Link": link.format(digest=root.digest)}, body

    here.hook = hook
    result = go(sync, here, there, flags=[*ALL, *ONCE])
    assert result.code == 1 and words in result.image(f"{there.host}/a:v1")["error"]["message"]
    assert len(here.seen(kind="referrers")) <= 4


# -- what is said to belong to an image ---------------------------------------------------------------------------------------

def test_what_names_another_subject_is_none(sync, scripted, repo):
    here, there = scripted(api=False), scripted()
    root, made = family(repo)
    stranger = companions.referrer(images.image("other", 1).root, NOTATION)
    store(here, root, made, "a")
    here.push(stranger, "a")
    here.push(companions.listing(companions.described(stranger), companions.described(made["sbom"][2])), "a", fallback_tag(root.digest))
    result = go(sync, here, there)
    assert (result.code, result.report["companions"]) == (0, 5)
    assert ("a", stranger.digest) not in there.manifests and "names another subject" in result.stderr


def test_a_tag_that_is_the_image_itself(sync, scripted, repo):
    """GitLab resolves sha256-<hex> to the manifest."""
    here, there = scripted(api=False), scripted()
    root = images.image(repo, 1)
    here.push(root, "a", "v1", fallback_tag(root.digest))
    result = go(sync, here, there)
    assert (result.code, result.report["companions"]) == (0, 0)


@pytest.mark.parametrize("part", (-1, 0), ids=("whole", "part"))
def test_a_signature_tag_that_is_the_image_itself(sync, scripted, repo, part):
    """What was read of a companion is released before the image gets its tag."""
    here, there = scripted(), scripted()
    root = images.multi(repo, platforms=2)
    tag = cosign_tag(root.digest)
    here.push(root, "a", "v1")
    here.tags["a", tag] = root.manifests[part].digest
    result = go(sync, here, there)
    assert (result.code, result.report["companions"]) == (0, 1), result.stderr
    assert (there.tags["a", "v1"], there.tags["a", tag]) == (root.digest, root.manifests[part].digest)
    assert there.manifests["a", root.digest] == (root.root.type, root.root.data)


def test_a_tag_that_is_no_list(sync, scripted, repo):
    here, there = scripted(api=False), scripted()
    root = images.image(repo, 1)
    here.push(root, "a", "v1")
    here.push(images.image("else", 1), "a", fallback_tag(root.digest))
    result = go(sync, here, there, flags=[*ALL, *ONCE])
    assert result.code == 1 and "not a list of referrers" in result.image(f"{there.host}/a:v1")["error"]["message"]
    assert not there.tags


def test_what_is_listed_but_missing(sync, scripted, repo):
    here, there = scripted(), scripted()
    root, made = family(repo)
    store(here, root, made, "a")
    gone = made["sbom"][2]
    here.hook = lambda request: (404, {}, b"") if request.kind == "manifest" and request.reference == gone.digest else None
    result = go(sync, here, there, flags=[*ALL, *ONCE])
    entry = result.image(f"{there.host}/a:v1")
    assert (result.code, entry["error"]["kind"]) == (1, "missing") and gone.digest in entry["error"]["message"]
    assert ("a", "v1") not in there.tags


@pytest.mark.long
@pytest.mark.parametrize("flags", (ALL, ["--require-platforms", "linux/amd64"]), ids=("companions", "platforms"))
def test_indexes_that_share_their_parts(sync, scripted, repo, flags):
    """Each of 24 indexes lists the same 24 below: 146 documents and 191 million ways from the root to the image."""
    here, there = scripted(api=False), scripted(api=False)
    image = images.image(f"{repo}/bottom", 1, size=50)
    bottom, level, held = image.root, image.manifests, image.manifests
    for depth, width in enumerate((24, 24, 24, 24, 24, 24, 1)):
        below = [images.Picture([each], {}) for each in level]
        level = [images.index(below, entries=[{"annotations": {"at": f"{depth}/{n}"}} for _ in below]).root for n in range(width)]
        held = held + level
    root = images.Picture(held, image.blobs)
    made = {"sig": (cosign_tag(root.digest), root.root, companions.cosign_image(repo)),
            "deep": (None, bottom, companions.referrer(bottom, SPDX))} if flags == ALL else {}
    store(here, root, made, "a")
    result = go(sync, here, there, flags=[*flags, "--dry-run"])
    assert (result.code, result.image(f"{there.host}/a:v1")["companions"]) == (0, len(made)), result.stderr
    assert len(here.seen("GET", "blob")) <= 1, "the configuration of the one image"
    documents = [each.reference for each in here.seen("GET", "manifest") if each.reference.startswith("sha256:")]
    assert sorted(documents) == sorted(set(documents))


def test_chains_end(sync, scripted, repo):
    here, there = scripted(), scripted()
    root = images.image(repo, 1)
    made, last = {}, root.root
    for n in range(12):
        made[n] = (None, last, companions.referrer(last, SPDX, b"link %d" % n))
        last = made[n][2].root
    store(here, root, made, "a")
    result = go(sync, here, there, flags=[*ALL, *ONCE])
    assert result.code == 1 and "deeper than 8" in result.image(f"{there.host}/a:v1")["error"]["message"]


def test_a_crowd_has_an_end(sync, scripted, repo):
    here, there = scripted(), scripted()
    root = images.image(repo, 1)
    here.push(root, "a", "v1")
    body = companions.listing(*[{"mediaType": images.OCI_MANIFEST, "digest": f"sha256:{n:064x}", "size": 2, "artifactType": SPDX}
                                for n in range(10001)]).root.data
    here.hook = lambda request: (200, {"Content-Type": images.OCI_INDEX}, body) if request.kind == "referrers" else None
    result = go(sync, here, there, flags=[*ALL, *ONCE])
    assert result.code == 1 and result.image(f"{there.host}/a:v1")["error"]["kind"] == "unsupported"


# -- choices ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("flags, fields, names", (
    (["--referrers", "signatures"], {}, ["sig"]),
    (["--referrers=attestations"], {}, ["att"]),
    (["--referrers", "sboms"], {}, ["sbom"]),
    (["--referrers", f"sboms,{NOTATION}"], {}, ["sbom", "signed sbom"]),
    (["--referrers", "application/vnd.example.scan"], {}, {"old"}),
    (ALL, {"referrers": False}, []),
    ([], {"referrers": True}, ["sbom", "signed sbom", "old", "sig", "att"]),
    (["--referrers", "sboms"], {"referrers": ["signatures", "attestations"]}, ["sig", "att"]),
), ids=str)
def test_only_what_is_wanted(sync, scripted, repo, flags, fields, names):
    here, there = scripted(), scripted(api=False)
    root, made = family(repo)
    store(here, root, made, "a")
    result = go(sync, here, there, flags=flags, **fields)
    assert (result.code, result.report["companions"]) == (0, len(names))
    held = {name for name, (_, _, picture) in made.items() if ("a", picture.digest) in there.manifests}
    assert held == set(names)


def test_a_dry_run_counts_and_writes_nothing(sync, scripted, repo):
    here, there = scripted(), scripted(api=False)
    root, made = family(repo)
    store(here, root, made, "a")
    result = go(sync, here, there, flags=[*ALL, "--dry-run"])
    entry = result.image(f"{there.host}/a:v1")
    assert (entry["status"], entry["reason"], entry["companions"]) == ("would-copy", "missing", 5)
    assert not there.manifests and not there.seen("PUT") and not there.seen("POST")
    assert go(sync, here, there, flags=[]).code == 0
    result = go(sync, here, there, flags=[*ALL, "--dry-run"])
    entry = result.image(f"{there.host}/a:v1")
    assert (entry["status"], entry["reason"], entry["companions"]) == ("would-copy", "companions", 5)
    assert "5 referrers would be copied" in result.stderr


@pytest.mark.parametrize("late", ("sbom", "sig"))
def test_a_dry_run_reads_back_only_what_is_there(sync, scripted, repo, late):
    """Something new at the source is what the run is to tell, no damage at the target."""
    here, there = scripted(), scripted()
    root, made = family(repo)
    added = made.pop(late)
    made = {name: each for name, each in made.items() if each[1] is root.root or name == "old"}
    store(here, root, made, "a")
    assert go(sync, here, there).code == 0
    store(here, root, {late: added}, "a")
    result = go(sync, here, there, flags=[*ALL, "--dry-run", "--verify"])
    entry = result.image(f"{there.host}/a:v1")
    assert (result.code, entry["status"], entry.get("companions")) == (0, "would-copy", 1), result.stderr
    # What is there is still read back.
    held = [each for each in made["old"][2].blobs if each != images.digest_of(b"{}")][0]
    there.blobs["a", held] = b"x" * len(there.blobs["a", held])
    result = go(sync, here, there, flags=[*ALL, *ONCE, "--dry-run", "--verify"])
    assert (result.code, result.image(f"{there.host}/a:v1")["error"]["kind"]) == (1, "corrupt")


def test_a_filter_loses_the_signature_of_the_index(sync, scripted, repo):
    here, there = scripted(), scripted()
    root, made = family(repo)
    store(here, root, made, "a")
    result = go(sync, here, there, flags=[*ALL, "--arch", "amd64"])
    assert (result.code, result.report["companions"]) == (0, 2)
    assert ("a", made["old"][2].digest) in there.manifests and ("a", cosign_tag(root.manifests[0].digest, "att")) in there.tags
    assert ("a", made["sbom"][2].digest) not in there.manifests
    assert "2 of its signatures and other referrers belong to the whole index" in result.stderr
    result = go(sync, here, there, flags=[*ALL, "--arch", "amd64"])
    assert (result.report["skipped"], result.report["companions"]) == (1, 0)
