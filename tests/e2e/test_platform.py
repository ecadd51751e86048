"""Platform filters: what of an image arrives, byte for byte, what the next run does, and what is only told."""

import json

import pytest

from lib import images, proxy

SOURCE = "io.github.image-syncer.source-digest"
PATTERNS = "io.github.image-syncer.platforms"


# -- making and expecting -----------------------------------------------------------------------------------------------------

def many(seed, docker=False):
    """amd64, arm64/v8, arm/v7, s390x and Windows; as text nobody's serializer would write, so that a copy of it proves itself."""
    chosen = [("linux", "amd64", None), ("linux", "arm64", "v8"), ("linux", "arm", "v7"), ("linux", "s390x", None),
              ("windows", "amd64", None)]
    children = [images.image(f"{seed}/{n}", 1, docker=docker, architecture=arch, variant=variant)
                for n, (_, arch, variant) in enumerate(chosen)]
    entries = []
    for child, (system, arch, variant) in zip(children, chosen):
        more = f', "variant" : "{variant}"' if variant else ""
        more += ', "os.version":"10.0.17763.1"' if system == "windows" else ""
        entries.append('{"size":%d,\t"digest" : "%s", "x":[1e2, "<\\u0026>"], "platform":{"architecture":"%s","os": "%s"%s},'
                       '\n     "mediaType":"%s"}' % (len(child.root.data), child.digest, arch, system, more, child.root.type))
    kind = images.DOCKER_LIST if docker else images.OCI_INDEX
    text = '{ "z":null, "manifests" : [\n  %s\n ]  , "mediaType":"%s" , "schemaVersion" : 2\n}\n' % (",\n  ".join(entries), kind)
    return images._above(children, images.Manifest(kind, text.encode())), entries


def filtered(picture, entries, kept, patterns):
    """What `many` becomes when the entries with the numbers `kept` stay."""
    text = picture.root.data.decode()
    listed = ",\n  ".join(entries[n] for n in kept)
    text = text.replace(",\n  ".join(entries), listed)
    ours = json.dumps({SOURCE: picture.digest, PATTERNS: patterns}, separators=(",", ":"))
    text = text.replace("2\n}", '2,"annotations":%s\n}' % ours)
    return images.Manifest(picture.root.type, text.encode())


def rules_for(src, dst, repo, tag="v1"):
    return {f"{src.host}/{repo}:{tag}": f"{dst.host}/{repo}"}


def requests(src, dst):
    return len(src.seen()), len(dst.seen())


def image_of(result, dst, repo, tag="v1"):
    return result.image(f"{dst.host}/{repo}:{tag}")


# -- what arrives -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("docker", (False, True), ids=("oci-index", "docker-list"))
@pytest.mark.parametrize("flags, kept, patterns", (
    (["--arch", "arm64"], [1], "arch=arm64"),
    (["--arch=arm"], [2], "arch=arm"),
    (["--arch", "arm:v7,arm64:v8"], [1, 2], "arch=arm64:v8;arch=arm:v7"),
    (["--os", "windows"], [4], "os=windows"),
    (["--os=windows:10.0.17763.1"], [4], "os=windows:10.0.17763.1"),
    (["--os", "linux", "--arch", "amd64", "--arch", "s390x"], [0, 3], "arch=amd64;arch=s390x;os=linux"),
    (["--os", "linux"], [0, 1, 2, 3], "os=linux"),
), ids=lambda value: "-".join(value).replace("--", "") if isinstance(value, list) and value and isinstance(value[0], str) else None)
def test_what_stays_keeps_its_text(sync, src, dst, both, from_source, at_target, repo, docker, flags, kept, patterns):
    picture, entries = many(repo, docker)
    from_source.push(picture, repo, "v1")
    result = sync(rules_for(src, dst, repo), both, flags=flags)
    assert result.code == 0
    wanted = filtered(picture, entries, kept, patterns)
    held = at_target.closure(repo, "v1")
    assert held.manifests[held.root] == (wanted.type, wanted.data)
    assert len(held.manifests) == 1 + len(kept) and at_target.tags(repo) == ["v1"]
    dropped = [child.digest for n, child in enumerate(picture.manifests[:-1]) if n not in kept]
    assert [at_target.head(repo, digest) for digest in dropped] == [None] * len(dropped)
    entry = image_of(result, dst, repo)
    assert (entry["status"], entry["digest"]) == ("copied", picture.digest)
    assert entry["platforms"] == {"kept": len(kept), "total": 5}
    assert "warn" not in result.stderr


def test_an_index_of_which_all_fits_stays_the_same(sync, src, dst, both, from_source, at_target, repo):
    picture, _ = many(repo)
    from_source.push(picture, repo, "v1")
    rules = rules_for(src, dst, repo)
    result = sync(rules, both, flags=["--os", "linux,windows"])
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    assert image_of(result, dst, repo)["platforms"] == {"kept": 5, "total": 5}
    src.clear(), dst.clear()
    result = sync(rules, both, flags=["--os", "linux,windows"])
    assert (image_of(result, dst, repo)["reason"], requests(src, dst)) == ("in-sync", (1, 2))


def with_attestations(seed):
    """Two images, an attestation for each, in BuildKit's manner."""
    children = [images.image(f"{seed}/{arch}", 1, architecture=arch) for arch in ("amd64", "arm64")]
    proofs = [images.image(f"{seed}/proof/{n}", 1) for n in range(2)]
    entries = [{"platform": {"architecture": arch, "os": "linux"}} for arch in ("amd64", "arm64")]
    entries += [{"annotations": {"vnd.docker.reference.digest": child.digest,
                                 "vnd.docker.reference.type": "attestation-manifest"},
                 "platform": {"architecture": "unknown", "os": "unknown"}} for child in children]
    return images.index(children + proofs, entries=entries)


def test_attestations_stay_with_their_images(sync, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(with_attestations(repo), repo, "v1")
    result = sync(rules_for(src, dst, repo), both, flags=["--arch", "arm64"])
    assert result.code == 0
    listed = json.loads(picture.root.data)["manifests"]
    held = at_target.closure(repo, "v1")
    document = json.loads(held.manifests[held.root][1])
    assert document["manifests"] == [listed[1], listed[3]]
    assert image_of(result, dst, repo)["platforms"] == {"kept": 1, "total": 2}, "an attestation is no platform"


def test_indexes_in_an_index_are_filtered_too(sync, src, dst, both, from_source, at_target, repo):
    inner = images.multi(f"{repo}/inner", platforms=3, layers=1)
    whole = images.index([images.image(f"{repo}/arm", 1, architecture="arm64")], entries=[
        {"platform": {"architecture": "arm64", "os": "linux"}}])
    none = images.index([images.image(f"{repo}/z", 1, architecture="s390x")], entries=[
        {"platform": {"architecture": "s390x", "os": "linux"}}])
    picture = images.index([inner, whole, none, images.image(f"{repo}/beside", 1)], entries=[
        {"annotations": {"a": "b"}}, {}, {}, {"platform": {"architecture": "amd64", "os": "linux"}}])
    from_source.push(picture, repo, "v1")
    rules = rules_for(src, dst, repo)
    result = sync(rules, both, flags=["--arch", "arm64"])
    assert result.code == 0
    assert image_of(result, dst, repo)["platforms"] == {"kept": 2, "total": 6}
    held = at_target.closure(repo, "v1")
    document = json.loads(held.manifests[held.root][1])
    changed, same = document["manifests"]
    assert same == json.loads(picture.root.data)["manifests"][1]
    assert changed["annotations"] == {"a": "b"} and changed["digest"] != inner.digest
    _, data = held.manifests[changed["digest"]]
    nested = json.loads(data)
    assert changed["size"] == len(data)
    assert nested["manifests"] == [json.loads(inner.root.data)["manifests"][1]]
    assert nested["annotations"][SOURCE] == inner.digest
    assert at_target.head(repo, none.digest) is None and at_target.head(repo, inner.digest) is None
    src.clear(), dst.clear()
    result = sync(rules, both, flags=["--arch", "arm64"])
    assert (image_of(result, dst, repo)["reason"], requests(src, dst)) == ("in-sync", (1, 2))


@pytest.mark.parametrize("kind", ("index-entries-without-platform", "index-of-blobs", "artifact-with-empty-config",
                                  "unknown-media-types"))
def test_what_states_no_platform_passes(sync, src, dst, both, from_source, at_target, repo, kind):
    picture = images.KINDS[kind](repo)
    if kind == "index-entries-without-platform":       # its last entry is for the platform unknown/unknown
        picture = images.index([images.image(f"{repo}/{n}") for n in range(2)])
    from_source.push(picture, repo, "v1")
    result = sync(rules_for(src, dst, repo), both, flags=["--os", "plan9", "--arch", "mips"])
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)
    opened = {each.path.rsplit("/", 1)[1] for each in src.seen("GET", "blob")}
    assert opened == set(picture.blobs), "nothing is read twice"


@pytest.mark.parametrize("docker", (False, True), ids=("oci", "docker"))
@pytest.mark.parametrize("arch, fits", (("arm", True), ("arm:v7", True), ("arm:v6", False), ("amd64", False)))
def test_a_single_image_is_judged_by_its_configuration(sync, src, dst, both, from_source, at_target, repo, docker, arch, fits):
    picture = images.image(repo, docker=docker, architecture="arm", variant="v7")
    from_source.push(picture, repo, "v1")
    from_source.push(images.image(f"{repo}/other", architecture="amd64"), repo, "v2")
    result = sync({f"{src.host}/{repo}:v1,v2": f"{dst.host}/{repo}"}, both, flags=["--arch", f"{arch},amd64"])
    assert result.code == 0
    entry = image_of(result, dst, repo)
    assert (entry["status"], entry["reason"]) == (("copied", "missing") if fits else ("skipped", "no-platform"))
    if fits:
        assert at_target.closure(repo, "v1") == images.expected(picture)
    else:
        assert at_target.tags(repo) == ["v2"]
        assert "skip synchronization because no manifest fits platform filters" in result.stderr
    assert ("arch=arm:v6" in result.stderr) == (arch == "arm:v6"), "a pattern that fits nothing is told"


def test_without_a_filter_no_configuration_is_opened_to_decide(sync, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    assert sync(rules_for(src, dst, repo), both, flags=["--arch=", "--os="]).code == 0
    assert src.counts()[("GET", "blob")] == 3


# -- the next run -------------------------------------------------------------------------------------------------------------

def test_the_next_run_knows_the_index_again(sync, src, dst, both, from_source, at_target, repo):
    picture, entries = many(repo)
    from_source.push(picture, repo, "v1")
    rules = rules_for(src, dst, repo)
    assert sync(rules, both, flags=["--os", "linux", "--arch", "amd64,arm"]).code == 0
    src.clear(), dst.clear()
    result = sync(rules, both, flags=["--arch", "arm", "--arch", "amd64,arm", "--os", "linux"])
    assert result.code == 0
    assert src.counts() == {("HEAD", "manifest"): 1}
    assert dst.counts() == {("HEAD", "manifest"): 1, ("GET", "manifest"): 1}
    entry = image_of(result, dst, repo)
    assert (entry["status"], entry["reason"], entry["digest"]) == ("skipped", "in-sync", picture.digest)
    assert "warn" not in result.stderr, "the patterns are known to fit"

    wanted = filtered(picture, entries, [0, 2], "arch=amd64;arch=arm;os=linux")
    assert at_target.head(repo, "v1") == wanted.digest


@pytest.mark.parametrize("flags, kept, patterns", (
    (["--arch", "arm64,s390x"], [1, 3], "arch=arm64;arch=s390x"),
    (["--arch", "s390x"], [3], "arch=s390x"),
    ([], [0, 1, 2, 3, 4], None),
), ids=("wider", "other", "none"))
def test_another_filter_is_noticed(sync, src, dst, both, from_source, at_target, repo, flags, kept, patterns):
    picture, entries = many(repo)
    from_source.push(picture, repo, "v1")
    rules = rules_for(src, dst, repo)
    assert sync(rules, both, flags=["--arch", "arm64"]).code == 0
    result = sync(rules, both, flags=flags)
    assert result.code == 0
    wanted = filtered(picture, entries, kept, patterns) if patterns else picture.root
    assert at_target.closure(repo, "v1").root == wanted.digest
    entry = image_of(result, dst, repo)
    assert (entry["status"], entry["reason"]) == ("copied", "differs")
    assert entry["before"] == filtered(picture, entries, [1], "arch=arm64").digest
    assert entry.get("after", entry["digest"]) == wanted.digest


def test_a_filter_added_later_makes_the_index_smaller(sync, src, dst, both, from_source, at_target, repo):
    picture, entries = many(repo)
    from_source.push(picture, repo, "v1")
    rules = rules_for(src, dst, repo)
    assert sync(rules, both).code == 0
    result = sync(rules, both, flags=["--arch", "arm64"])
    assert result.code == 0
    assert image_of(result, dst, repo)["reason"] == "differs"
    assert at_target.head(repo, "v1") == filtered(picture, entries, [1], "arch=arm64").digest


def test_another_source_is_noticed(sync, src, dst, both, from_source, at_target, repo):
    from_source.push(many(f"{repo}/old")[0], repo, "v1")
    rules = rules_for(src, dst, repo)
    assert sync(rules, both, flags=["--arch", "arm64"]).code == 0
    picture, entries = many(f"{repo}/new")
    from_source.push(picture, repo, "v1")
    assert sync(rules, both, flags=["--arch", "arm64"]).code == 0
    assert at_target.closure(repo, "v1").root == filtered(picture, entries, [1], "arch=arm64").digest


def test_an_index_that_only_pretends_is_replaced(sync, src, dst, both, from_source, at_target, repo):
    picture, entries = many(repo)
    from_source.push(picture, repo, "v1")
    at_target.push(picture, repo)
    liar = filtered(picture, entries, [0, 1], "arch=arm64")
    at_target.push_manifest(repo, liar, "v1")
    assert sync(rules_for(src, dst, repo), both, flags=["--arch", "arm64"]).code == 0
    assert at_target.head(repo, "v1") == filtered(picture, entries, [1], "arch=arm64").digest


def test_an_image_that_is_there_already_is_in_sync(sync, src, dst, both, from_source, at_target, repo):
    picture = images.image(repo, architecture="amd64")
    from_source.push(picture, repo, "v1")
    at_target.push(picture, repo, "v1")
    result = sync(rules_for(src, dst, repo), both, flags=["--arch", "amd64"])
    assert (result.code, image_of(result, dst, repo)["reason"], requests(src, dst)) == (0, "in-sync", (1, 2))
    assert "warn" not in result.stderr


def test_force_pushes_the_filtered_index_again(sync, src, dst, both, from_source, at_target, repo):
    picture, entries = many(repo)
    from_source.push(picture, repo, "v1")
    rules = rules_for(src, dst, repo)
    assert sync(rules, both, flags=["--arch", "arm64"]).code == 0
    src.clear(), dst.clear()
    result = sync(rules, both, flags=["--arch", "arm64", "--force"])
    assert result.code == 0
    assert image_of(result, dst, repo)["reason"] == "forced"
    assert len(dst.seen("PUT", "manifest", "/manifests/v1$")) == 1 and dst.uploads() == []
    assert at_target.head(repo, "v1") == filtered(picture, entries, [1], "arch=arm64").digest


def test_a_fresh_filtered_index_costs_no_more_than_its_parts(sync, src, dst, both, from_source, repo):
    picture, _ = many(repo)
    from_source.push(picture, repo, "v1")
    assert sync(rules_for(src, dst, repo), both, flags=["--arch", "arm64,s390x"]).code == 0
    assert src.counts() == {("HEAD", "manifest"): 1, ("GET", "manifest"): 3, ("GET", "blob"): 4}
    assert dst.counts() == {("HEAD", "manifest"): 1, ("POST", "upload"): 4, ("PUT", "upload"): 4, ("PUT", "manifest"): 3}


# -- nothing fits -------------------------------------------------------------------------------------------------------------

def test_an_index_of_which_nothing_fits_is_listed(sync, src, dst, both, from_source, at_target, repo):
    from_source.push(many(f"{repo}/many")[0], repo, "v1")
    from_source.push(images.multi(f"{repo}/few", platforms=2), repo, "v2")
    result = sync({f"{src.host}/{repo}:v1,v2": f"{dst.host}/{repo}"}, both, flags=["--arch", "s390x"])
    assert result.code == 0
    assert result.report["result"] == "success"
    entry = image_of(result, dst, repo, "v2")
    assert (entry["status"], entry["reason"]) == ("skipped", "no-platform")
    assert entry["platforms"] == {"kept": 0, "total": 2}
    assert at_target.tags(repo) == ["v1"]
    assert "skip synchronization because no manifest fits platform filters" in result.stderr


@pytest.mark.parametrize("dry", (False, True), ids=("run", "dry-run"))
def test_everything_filtered_away_is_a_failure(sync, src, dst, both, from_source, at_target, repo, dry):
    from_source.push(many(f"{repo}/many")[0], repo, "v1")
    from_source.push(images.image(f"{repo}/one"), repo, "v2")
    result = sync({f"{src.host}/{repo}": f"{dst.host}/{repo}"}, both, flags=["--arch", "riscv64"] + ["--dry-run"] * dry)
    assert result.code == 1
    assert result.report["result"] == "failure"
    assert {each["reason"] for each in result.report["images"]} == {"no-platform"}
    assert "the platform filters leave nothing of any image" in result.stderr and "arch=riscv64" in result.stderr
    assert at_target.tags(repo) == [] and dst.writes() == []


def test_a_pattern_that_never_fits_is_told_and_no_more(sync, src, dst, both, from_source, repo):
    from_source.push(many(repo)[0], repo, "v1")
    rules, flags = rules_for(src, dst, repo), ["--os", "linux,darwin", "--arch", "arm64,arm:v9,arm"]
    for _ in range(2):                   # the second time everything is in sync
        result = sync(rules, both, flags=flags)
        assert result.code == 0
        told = [line for line in result.stderr.splitlines() if "platform filter: no image" in line]
        assert len(told) == 2 and "os=darwin" in told[0] and "arch=arm:v9" in told[1]


def test_after_a_failure_nothing_is_said_about_patterns(sync, src, dst, both, repo):
    result = sync(rules_for(src, dst, repo), both, flags=["--os", "linux", "--retries", "0"])
    assert result.code == 1
    assert "platform filter" not in result.stderr


# -- digests ------------------------------------------------------------------------------------------------------------------

def test_a_digest_cannot_be_kept_when_something_is_left_out(sync, src, dst, both, from_source, at_target, repo):
    picture, _ = many(repo)
    from_source.push(picture, repo)
    result = sync({f"{src.host}/{repo}@{picture.digest}": f"{dst.host}/{repo}"}, both, flags=["--arch", "arm64"])
    assert result.code == 1
    error = result.image(f"{dst.host}/{repo}@{picture.digest}")["error"]
    assert error["kind"] == "unsupported"
    assert "1 of 5" in error["message"] and "changes the digest" in error["message"]
    assert dst.writes() == [] and at_target.head(repo, picture.digest) is None


def test_a_digest_is_kept_when_nothing_is_left_out(sync, src, dst, both, from_source, at_target, repo):
    picture, _ = many(repo)
    from_source.push(picture, repo)
    one = from_source.push(images.image(f"{repo}/one", architecture="arm64"), repo)
    result = sync({f"{src.host}/{repo}@{picture.digest},{one.digest}": f"{dst.host}/{repo}"}, both,
                  flags=["--os", "linux,windows"])
    assert result.code == 0
    assert at_target.closure(repo, picture.digest) == images.expected(picture)
    assert at_target.closure(repo, one.digest) == images.expected(one)


def test_a_digest_goes_to_a_tag(sync, src, dst, both, from_source, at_target, repo):
    picture, entries = many(repo)
    from_source.push(picture, repo)
    rules = {f"{src.host}/{repo}@{picture.digest}": f"{dst.host}/{repo}:v1"}
    assert sync(rules, both, flags=["--arch", "arm64"]).code == 0
    assert at_target.closure(repo, "v1").root == filtered(picture, entries, [1], "arch=arm64").digest
    src.clear(), dst.clear()
    assert sync(rules, both, flags=["--arch", "arm64"]).code == 0
    assert requests(src, dst) == (0, 2)


# -- dry runs, faults, rules --------------------------------------------------------------------------------------------------

def test_a_dry_run_says_what_would_be_left(sync, src, dst, both, from_source, at_target, repo):
    picture, _ = many(f"{repo}/many")
    from_source.push(picture, repo, "v1")
    from_source.push(images.image(f"{repo}/one"), repo, "v2")
    rules = {f"{src.host}/{repo}:v1,v2": f"{dst.host}/{repo}"}
    result = sync(rules, both, flags=["--arch", "arm64,arm", "--dry-run"])
    assert result.code == 0 and dst.writes() == []
    first, second = image_of(result, dst, repo), image_of(result, dst, repo, "v2")
    assert (first["status"], first["reason"], first["platforms"]) == ("would-copy", "missing", {"kept": 2, "total": 5})
    assert (second["status"], second["reason"]) == ("skipped", "no-platform")
    assert "filtered, 2 of 5 platforms" in result.stderr
    assert sync(rules, both, flags=["--arch", "arm64,arm"]).code == 0
    src.clear(), dst.clear()
    again = sync(rules, both, flags=["--arch", "arm64,arm", "--dry-run"])
    assert image_of(again, dst, repo)["reason"] == "in-sync"


@pytest.mark.parametrize("times", (1, None), ids=("once", "always"))
def test_a_configuration_with_other_bytes_is_not_believed(sync, src, dst, both, from_source, at_target, repo, times):
    picture = from_source.push(images.image(repo, architecture="arm64"), repo, "v1")
    config = json.loads(picture.root.data)["config"]["digest"]
    src.rule("GET", f"/blobs/{config}$", proxy.Flip(20), times=times)
    result = sync(rules_for(src, dst, repo), both, flags=["--arch", "arm64", "--retries", "0"])
    if times:
        assert result.code == 0
        assert at_target.closure(repo, "v1") == images.expected(picture)
    else:
        assert (result.code, image_of(result, dst, repo)["error"]["kind"]) == (1, "corrupt")
        assert at_target.tags(repo) == []


def test_rules_have_filters_of_their_own(sync, src, dst, both, from_source, at_target, repo):
    picture, entries = many(repo)
    from_source.push(picture, repo, "v1")
    rules = json.dumps({f"{src.host}/{repo}:v1": {"to": f"{dst.host}/{repo}", "platforms": ["linux/arm64", "windows"]}})
    result = sync(rules, both, flags=["--os", "linux"], form="json")
    assert result.code == 0
    wanted = filtered(picture, entries, [1, 4], "platforms=linux/arm64;platforms=windows")
    assert at_target.closure(repo, "v1").root == wanted.digest
