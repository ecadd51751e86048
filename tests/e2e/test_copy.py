"""What is copied, how exactly, in which order, and what is not sent again."""

import pytest

from lib import images, proxy, run

pytestmark = pytest.mark.concurrency


def exact(client, repo, reference, picture):
    """The registry holds this picture under this reference, byte for byte, nothing missing."""
    assert client.closure(repo, reference) == images.expected(picture)


# -- rules --------------------------------------------------------------------------------------------------------------------

def test_one_tag(sync, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.image(repo, layers=3), repo, "v1", "v2")
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}:v1"}, both)
    assert result.code == 0
    exact(at_target, repo, "v1", picture)
    assert at_target.tags(repo) == ["v1"]
    assert result.image(f"{dst.host}/{repo}:v1")["source"] == f"{src.host}/{repo}:v1"


def test_one_tag_to_a_destination_without_tag(sync, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both).code == 0
    exact(at_target, repo, "v1", picture)


def test_several_tags(sync, src, dst, both, from_source, at_target, repo):
    pictures = {tag: from_source.push(images.image(f"{repo}/{tag}"), repo, tag) for tag in ("v1", "v2", "v3")}
    result = sync({f"{src.host}/{repo}:v1,v3": f"{dst.host}/{repo}"}, both)
    assert result.code == 0
    assert at_target.tags(repo) == ["v1", "v3"]
    for tag in ("v1", "v3"):
        exact(at_target, repo, tag, pictures[tag])
    assert (result.report["total"], result.report["copied"]) == (2, 2)
    assert src.seen(kind="tags") == [], "named tags need no listing"


@pytest.mark.parametrize("absolute", (False, True), ids=("relative-link", "absolute-link"))
def test_all_tags_over_several_pages(sync, src, dst, both, from_source, at_target, repo, absolute):
    picture, tags = images.image(repo), [f"v{n}" for n in range(1, 8)]
    from_source.push(picture, repo, *tags)
    proxy.paginate(src, repo, tags, 3, absolute)
    result = sync({f"{src.host}/{repo}": f"{dst.host}/{repo}"}, both)
    assert result.code == 0
    assert at_target.tags(repo) == tags
    assert result.report["total"] == 7
    assert len(src.seen("GET", "tags")) == 3


def test_renamed_tags(sync, src, dst, both, from_source, at_target, repo):
    one, two = (from_source.push(images.image(f"{repo}/{n}"), repo, f"v{n}") for n in (1, 2))
    assert sync({f"{src.host}/{repo}:v1,v2": f"{dst.host}/{repo}/new:x,y"}, both).code == 0
    assert at_target.tags(f"{repo}/new") == ["x", "y"]
    exact(at_target, f"{repo}/new", "x", one)
    exact(at_target, f"{repo}/new", "y", two)


def test_a_digest_to_a_destination_without_tag(sync, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.multi(repo, platforms=2), repo)
    result = sync({f"{src.host}/{repo}@{picture.digest}": f"{dst.host}/{repo}"}, both)
    assert result.code == 0
    exact(at_target, repo, picture.digest, picture)
    assert at_target.tags(repo) == []
    assert result.report["images"][0]["destination"] == f"{dst.host}/{repo}@{picture.digest}"


def test_a_digest_to_a_tag(sync, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.image(repo), repo)
    assert sync({f"{src.host}/{repo}@{picture.digest}": f"{dst.host}/{repo}:kept"}, both).code == 0
    assert at_target.tags(repo) == ["kept"]
    exact(at_target, repo, "kept", picture)


def test_a_list_of_destinations(sync, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    places = [f"{dst.host}/{repo}/{n}" for n in ("one", "two")]
    result = sync({f"{src.host}/{repo}:v1": [*places, f"{dst.host}/{repo}/three:other"]}, both)
    assert result.code == 0
    exact(at_target, f"{repo}/one", "v1", picture)
    exact(at_target, f"{repo}/two", "v1", picture)
    exact(at_target, f"{repo}/three", "other", picture)
    assert result.report["total"] == 3


@pytest.mark.parametrize("form", ("yaml", "yml", "json"))
def test_files_of_each_form(sync, src, dst, both, from_source, at_target, repo, form):
    picture = from_source.push(images.image(repo), repo, "v1", "v2")
    rules = {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}", f"{src.host}/{repo}:v2": [f"{dst.host}/{repo}", f"{dst.host}/{repo}/b"]}
    result = sync(rules, both, form=form)
    assert result.code == 0
    assert at_target.tags(repo) == ["v1", "v2"]
    exact(at_target, f"{repo}/b", "v2", picture)


def test_a_rules_file_as_people_write_it(runner, src, dst, from_source, at_target, repo):
    from_source.push(images.image(repo), repo, "v1", "v2")
    rules = runner.write("rules.yaml", f"# what we mirror\n\n{src.host}/{repo}:v1,v2: {dst.host}/{repo}   # both\n")
    auth = runner.write("auth.yaml", f"---\n{src.host}:\n    insecure: yes\n'{dst.host}':   {{ insecure: true }}\n")
    result = runner.run([runner.binary, f"--auth={auth}", f"--images={rules}", "--report", runner.report_path], report=True)
    assert result.code == 0
    assert at_target.tags(repo) == ["v1", "v2"]


def test_no_rules_is_an_error(sync):
    """As an empty file is: a mirror must not go silent."""
    result = sync("{}\n")
    assert result.code == 2 and result.report is None


# -- every kind of image ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", images.KINDS)
def test_every_kind_byte_for_byte_and_then_in_sync(sync, src, dst, both, from_source, at_target, repo, kind):
    picture = from_source.push(images.KINDS[kind](repo), repo, "v1")
    rules = {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}:v1"}
    result = sync(rules, both)
    assert result.code == 0
    exact(at_target, repo, "v1", picture)
    entry = result.image(f"{dst.host}/{repo}:v1")
    assert (entry["status"], entry["digest"]) == ("copied", picture.digest)
    assert entry["blobs"]["copied"] == len(picture.blobs)
    assert entry["bytes"] == result.report["bytes"] == picture.bytes()

    tag = dst.seen("PUT", path="/manifests/v1$")
    assert len(tag) == 1
    assert all(each.ended < tag[0].started for each in dst.writes() if each is not tag[0]), "the tag is written last"
    pushed = [each.path.rsplit("/", 1)[1] for each in dst.seen("PUT", "manifest")]
    assert sorted(pushed[:-1]) == sorted(each.digest for each in picture.manifests[:-1]), "children by digest, each once"
    types = {each.path.rsplit("/", 1)[1]: each.headers["content-type"] for each in dst.seen("PUT", "manifest")}
    assert types == {**{each.digest: each.type for each in picture.manifests[:-1]}, "v1": picture.root.type}

    src.clear(), dst.clear()
    result = sync(rules, both)
    assert result.code == 0
    assert dst.writes() == []
    assert len(src.seen()) + len(dst.seen()) == 2, "in sync costs one request a side"
    entry = result.image(f"{dst.host}/{repo}:v1")
    assert (entry["status"], entry["reason"], entry["digest"]) == ("skipped", "in-sync", picture.digest)
    assert (result.report["skipped"], result.report["bytes"]) == (1, 0)


def test_children_of_an_index_come_before_it(sync, src, dst, both, from_source, repo):
    picture = from_source.push(images.KINDS["nested-index"](repo), repo, "v1")
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both).code == 0
    puts = {each.path.rsplit("/", 1)[1]: each for each in dst.seen("PUT", "manifest")}
    inner = picture.manifests[2]
    for child in picture.manifests[:2]:
        assert puts[child.digest].ended < puts[inner.digest].started
    for child in picture.manifests[:-1]:
        assert puts[child.digest].ended < puts["v1"].started


# -- what is not sent again -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ("oci-image", "oci-index"))
def test_force_puts_the_manifest_again_but_no_blob(sync, src, dst, both, from_source, at_target, repo, kind):
    picture = from_source.push(images.KINDS[kind](repo), repo, "v1")
    rules = {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}
    assert sync(rules, both).code == 0
    src.clear(), dst.clear()
    result = sync(rules, both, flags=["--force"])
    assert result.code == 0
    assert len(dst.seen("PUT", "manifest", "/manifests/v1$")) == 1
    assert dst.uploads() == [], "no blob is sent again"
    assert result.report["bytes"] == 0
    assert result.image(f"{dst.host}/{repo}:v1")["status"] == "copied"
    exact(at_target, repo, "v1", picture)


def test_a_moved_source_tag_moves_at_the_target_and_only_new_blobs_go(sync, src, dst, both, from_source, at_target, repo):
    kept = [images.layer(f"{repo}/kept/{n}") for n in range(3)]
    old = from_source.push(images.image(f"{repo}/old", parts=kept), repo, "v1")
    rules = {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}
    assert sync(rules, both).code == 0
    new = images.image(f"{repo}/new", parts=[*kept, images.layer(f"{repo}/added")])
    from_source.push(new, repo, "v1", skip=old.blobs)
    src.clear(), dst.clear()
    result = sync(rules, both)
    assert result.code == 0
    exact(at_target, repo, "v1", new)
    fresh = new.blobs.keys() - old.blobs.keys()
    assert len(fresh) == 2 and len(dst.uploads()) == 2
    assert sum(each.sent for each in dst.uploads()) == sum(len(new.blobs[digest]) for digest in fresh)
    blobs = result.image(f"{dst.host}/{repo}:v1")["blobs"]
    assert blobs["copied"] == 2 and blobs["mounted"] + blobs["present"] == 3
    assert result.report["bytes"] == sum(len(new.blobs[digest]) for digest in fresh)


def test_a_layer_shared_by_several_tags_goes_once(sync, src, dst, both, from_source, at_target, repo):
    base = images.layer(f"{repo}/base", 200_000)
    pictures = {f"v{n}": images.image(f"{repo}/{n}", parts=[base, images.layer(f"{repo}/own/{n}")]) for n in range(6)}
    for tag, picture in pictures.items():
        from_source.push(picture, repo, tag)
    result = sync({f"{src.host}/{repo}": f"{dst.host}/{repo}"}, both, flags=["--proc", "6"])
    assert result.code == 0
    for tag, picture in pictures.items():
        exact(at_target, repo, tag, picture)
    digest = images.digest_of(base).split(":")[1]
    assert len(src.seen("GET", "blob", digest)) == 1, "read once"
    assert len([each for each in dst.uploads() if each.sent == len(base)]) == 1, "sent once"
    copied = [each["blobs"]["copied"] for each in result.report["images"]]
    assert sum(copied) == 6 * 2 + 1


def test_a_blob_another_repository_got_in_this_run_is_mounted(sync, src, dst, both, from_source, at_target, repo):
    base = images.layer(f"{repo}/base", 50_000)
    rules = {}
    for name in ("a", "b"):
        from_source.push(images.image(f"{repo}/{name}", parts=[base]), f"{repo}/{name}", "v1")
        rules[f"{src.host}/{repo}/{name}:v1"] = f"{dst.host}/{repo}/{name}"
    result = sync(rules, both)
    assert result.code == 0
    for name in ("a", "b"):
        exact(at_target, f"{repo}/{name}", "v1", images.image(f"{repo}/{name}", parts=[base]))
    assert len([each for each in dst.uploads() if each.sent == len(base)]) == 1
    assert sum(each["blobs"]["mounted"] for each in result.report["images"]) == 1


def test_on_one_registry_blobs_are_mounted_not_moved(sync, proxies, source, from_source, repo):
    place = proxies(source)
    picture = from_source.push(images.multi(repo, platforms=2), repo, "v1")
    result = sync({f"{place.host}/{repo}:v1": f"{place.host}/{repo}/copy"}, run.insecure(place))
    assert result.code == 0
    exact(from_source, f"{repo}/copy", "v1", picture)
    assert place.uploads() == [] and place.seen("GET", "blob") == []
    entry = result.image(f"{place.host}/{repo}/copy:v1")
    assert (entry["blobs"]["mounted"], entry["bytes"]) == (len(picture.blobs), 0)
    assert source.uploads(f"{repo}/copy") == [], "no upload is left open"


# -- how many requests ----------------------------------------------------------------------------------------------------------

@pytest.fixture(params=("http", "https"))
def watched(request, proxies, source, target, certs):
    """(source, target, auth, environment) over http and over https."""
    if request.param == "http":
        pair = proxies(source, name="source"), proxies(target, name="target")
        return *pair, run.insecure(*pair), {}
    pair = [proxies(server, certs.server_context(), name) for server, name in ((source, "source"), (target, "target"))]
    return *pair, None, {"SSL_CERT_FILE": certs.ca}


def count(watched, result, wanted):
    """The proxies saw this many requests, and the report says the same."""
    src, dst = watched[:2]
    assert (len(src.seen()), len(dst.seen())) == wanted
    assert result.report["requests"] == {"source": wanted[0], "destination": wanted[1]}


def test_a_fresh_image_of_five_layers_costs_22_requests(sync, watched, from_source, repo):
    src, dst, auth, env = watched
    from_source.push(images.image(repo, layers=5), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth, env=env)
    assert result.code == 0
    count(watched, result, (8, 14))
    assert dst.counts() == {("HEAD", "manifest"): 1, ("POST", "upload"): 6, ("PUT", "upload"): 6, ("PUT", "manifest"): 1}
    assert src.counts() == {("HEAD", "manifest"): 1, ("GET", "manifest"): 1, ("GET", "blob"): 6}


def test_a_fresh_index_of_four_platforms_costs_84_requests(sync, watched, from_source, repo):
    src, dst, auth, env = watched
    from_source.push(images.multi(repo, platforms=4, layers=5), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth, env=env)
    assert result.code == 0
    count(watched, result, (1 + 5 + 24, 1 + 48 + 5))


def test_fifty_tags_in_sync_cost_101_requests(sync, watched, from_source, at_target, repo):
    src, dst, auth, env = watched
    picture, tags = images.image(repo, layers=1), [f"v{n}" for n in range(50)]
    from_source.push(picture, repo, *tags)
    at_target.push(picture, repo, *tags)
    result = sync({f"{src.host}/{repo}": f"{dst.host}/{repo}"}, auth, env=env)
    assert result.code == 0
    assert (result.report["total"], result.report["skipped"]) == (50, 50)
    count(watched, result, (51, 50))


def test_what_every_request_asks_for(sync, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    assert sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both).code == 0
    assert {each.headers.get("accept-encoding", "identity") for each in src.seen()} == {"identity"}
    accepts = {each.headers.get("accept") for each in [*src.seen(kind="manifest"), *dst.seen("HEAD", "manifest")]}
    assert len(accepts) == 1 and None not in accepts, "the same Accept list on every manifest request"


def test_fifty_fresh_tags_with_a_shared_layer_cost_504_requests(sync, watched, from_source, repo):
    """A list, ten for each tag with its own layer and configuration, and three for the layer they share."""
    src, dst, auth, env = watched
    shared = images.layer(f"{repo}/shared")
    for n in range(50):
        from_source.push(images.image(f"{repo}/{n}", parts=[shared, images.layer(f"{repo}/{n}")]), repo, f"v{n}")
    result = sync({f"{src.host}/{repo}": f"{dst.host}/{repo}"}, auth, env=env)
    assert result.code == 0 and result.report["copied"] == 50
    assert len(src.seen("GET", "blob", images.digest_of(shared).split(":")[1])) == 1
    count(watched, result, (1 + 50 * 4 + 1, 50 * 6 + 2))


def test_ten_repositories_with_a_shared_layer_cost_112_requests(sync, watched, from_source, repo):
    """Ten for each repository, three for the layer they share, nine mounts of it."""
    src, dst, auth, env = watched
    shared, rules = images.layer(f"{repo}/shared"), {}
    for n in range(10):
        from_source.push(images.image(f"{repo}/{n}", parts=[shared, images.layer(f"{repo}/{n}")]), f"{repo}/{n}", "v1")
        rules[f"{src.host}/{repo}/{n}:v1"] = f"{dst.host}/{repo}/{n}"
    result = sync(rules, auth, env=env)
    assert result.code == 0 and result.report["copied"] == 10
    assert len(src.seen("GET", "blob", images.digest_of(shared).split(":")[1])) == 1
    count(watched, result, (10 * 4 + 1, 10 * 6 + 2 + 9))
