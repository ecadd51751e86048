"""How blobs get into each kind of registry: whole, by one PATCH or in chunks, by what its name tells and what it answers."""

import collections
import json

import pytest

from lib import clouds, images, run
from lib.clouds import MIB
from lib.forward import ForwardProxy
from lib.scripted import Scripted

ONCE = ["--retries", "0"]


@pytest.fixture
def cloud(request, certs):
    """cloud(kind): (registry, its name, environment that leads there); the registry is met under its own name."""
    started = []
    request.node.proxies = []

    def start(kind, **more):
        made = kind(context=certs.server_context(), **more)
        made.__enter__()
        made.name = kind.__name__
        request.node.proxies.append(made)
        way = ForwardProxy({f"{kind.NAME}:443": made.port})
        started.append((made, way))
        name = "docker.io" if kind is clouds.DockerHub else kind.NAME
        return made, name, way.environment()

    yield start
    for made, way in started:
        made.__exit__()
        way.stop()


def counted(registry):
    return collections.Counter((each.method, each.kind) for each in registry.seen())


@pytest.mark.parametrize("kind", clouds.ALL, ids=lambda each: each.__name__)
def test_an_image_arrives(sync, here, cloud, kind):
    """Twice, the second time without any write; and a second tag that shares everything but its manifest."""
    there, name, env = cloud(kind)
    picture = here.push(images.image(kind.__name__, layers=3, size=30000), "team/app", "v1", "v2")
    auth = {**run.insecure(here), name: {"insecure": True}}
    result = sync({f"{here.host}/team/app:v1": f"{name}/team/app"}, auth, ONCE, env=env)
    assert result.code == 0, result
    assert there.tags == {("team/app", "v1"): picture.digest}
    assert {digest: data for (_, digest), data in there.blobs.items()} == picture.blobs
    before = len(there.seen())
    again = sync({f"{here.host}/team/app:v1": f"{name}/team/app"}, auth, ONCE, env=env)
    assert again.code == 0 and again.report["skipped"] == 1 and len(there.seen()) == before + 1


@pytest.mark.parametrize("kind", (clouds.DockerHub, clouds.GitHub, clouds.Google, clouds.Quay, clouds.Nexus, clouds.GitLab),
                         ids=lambda each: each.__name__)
def test_whole_is_two_requests_a_blob(sync, here, cloud, kind):
    there, name, env = cloud(kind)
    here.push(images.image(kind.__name__, layers=5, size=30000), "team/app", "v1")
    result = sync({f"{here.host}/team/app:v1": f"{name}/team/app"}, {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert result.code == 0
    seen = counted(there)
    assert seen["PUT", "upload"] == 6 and seen["PATCH", "upload"] == 0 and seen["PUT", "manifest"] == 1
    # A mount that is refused costs a request; once that is known, HEAD is asked in its place.
    refused = seen["POST", "upload"] + seen["HEAD", "blob"] - 6
    assert refused in ((0, 6) if kind is clouds.DockerHub else (0,))
    assert len(here.seen()) + len(there.seen()) == 22 + refused


# -- Amazon -------------------------------------------------------------------------------------------------------------------

def test_ecr_is_asked_by_head_not_by_mount(sync, here, cloud):
    """A mount that is not done says nothing there: what is present is found by HEAD, from the first blob on, and not sent."""
    there, name, env = cloud(clouds.Amazon)
    old = here.push(images.image("old", layers=3), "a", "v1")
    there.push(old, "a", "v0")
    picture = here.push(images.image("old", layers=4), "a", "v2")
    result = sync({f"{here.host}/a:v2": f"{name}/a"}, {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert result.code == 0
    shared = len(set(old.blobs) & set(picture.blobs))
    seen = counted(there)
    assert seen["HEAD", "blob"] == len(picture.blobs)
    assert seen["POST", "upload"] == seen["PUT", "upload"] == len(picture.blobs) - shared
    assert not there.seen("POST", path="mount=")


def test_ecr_mounts_are_given_up_after_three(sync, here, cloud):
    there, name, env = cloud(clouds.Amazon)
    picture = images.image("shared", layers=1)
    for repo in "abcdefgh":
        here.push(picture, repo, "v1")
    rules = {f"{here.host}/{repo}:v1": f"{name}/{repo}" for repo in "abcdefgh"}
    result = sync(rules, {**run.insecure(here), name: {"insecure": True}}, [*ONCE, "--proc", "1"], env=env)
    assert result.code == 0
    assert len(there.seen("POST", path="mount=")) == 3
    assert len(there.tags) == 8


def test_ecr_where_mounting_is_turned_on(sync, here, cloud):
    class Mounting(clouds.Amazon):
        MOUNTS = True
    there, name, env = cloud(Mounting)
    picture = images.image("shared", layers=2)
    for repo in "abcd":
        here.push(picture, repo, "v1")
    result = sync({f"{here.host}/{repo}:v1": f"{name}/{repo}" for repo in "abcd"},
                  {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert result.code == 0
    assert counted(there)["PUT", "upload"] == len(picture.blobs)
    assert sum(each["blobs"]["mounted"] for each in result.report["images"]) == 3 * len(picture.blobs)


def test_ecr_immutable_tag(sync, here, cloud):
    there, name, env = cloud(clouds.Amazon)
    here.push(images.image("new"), "a", "v1")
    there.push(images.image("old"), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{name}/a"}, {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert result.code == 1 and result.report["images"][0]["error"]["kind"] == "immutable"


# -- Azure --------------------------------------------------------------------------------------------------------------------

def test_azure_large_blobs_go_in_chunks(sync, here, cloud):
    """Known by name: nothing is tried in vain, and each chunk has a length and a range."""
    there, name, env = cloud(clouds.Azure)
    large = images.noise("large", 45 * MIB)
    picture = here.push(images.image("azure", parts=[images.layer("small"), large]), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{name}/a"}, {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert result.code == 0
    assert {digest: data for (_, digest), data in there.blobs.items()} == picture.blobs
    assert [size for method, size in there.bodies if method == "PATCH"] == [20 * MIB, 20 * MIB, 5 * MIB]
    assert counted(there)["PUT", "upload"] == 3


def test_azure_just_at_the_limit(sync, here, cloud):
    there, name, env = cloud(clouds.Azure)
    here.push(images.image("azure", parts=[images.noise("limit", 20 * MIB)]), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{name}/a"}, {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert result.code == 0 and counted(there)["PATCH", "upload"] == 0


# -- what is learnt from answers ----------------------------------------------------------------------------------------------

def test_too_large_is_learnt(sync, here, cloud):
    """A proxy in front of Harbor takes a MiB: the first refusal teaches it, for all blobs that follow."""
    there, name, env = cloud(clouds.Harbor)
    picture = here.push(images.image("harbor", layers=6, size=3 * MIB), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{name}/a"}, {**run.insecure(here), name: {"insecure": True}}, [*ONCE, "--proc", "1"], env=env)
    assert result.code == 0
    assert {digest: data for (_, digest), data in there.blobs.items()} == picture.blobs
    assert sum(size > MIB for _, size in there.bodies) == 1, there.bodies


@pytest.mark.parametrize("minimum", (256 * 1024, 900 * 1024))
def test_the_smallest_chunk_is_respected(sync, here, cloud, minimum):
    class Choosy(clouds.Harbor):
        CHUNK_MIN = minimum

        def _upload_patch(self, request, query, body):
            if len(body) < self.CHUNK_MIN:
                self.small = getattr(self, "small", 0) + 1
            return super()._upload_patch(request, query, body)
    there, name, env = cloud(Choosy)
    data = images.noise("choosy", 2 * MIB + 12345)
    here.push(images.image("choosy", parts=[data]), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{name}/a"}, {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert result.code == 0
    assert getattr(there, "small", 0) <= 1, "only the last chunk may be smaller"
    chunks = [size for method, size in there.bodies if method == "PATCH"]
    assert sum(chunks) == len(data)
    assert chunks[0] == max(len(data) // 4, minimum)


def test_an_absurd_smallest_chunk_is_not_obeyed(sync, here, cloud):
    class Absurd(clouds.Harbor):
        CHUNK_MIN = 1 << 50
    there, name, env = cloud(Absurd)
    here.push(images.image("absurd", parts=[images.noise("absurd", 2 * MIB)]), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{name}/a"}, {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert result.code == 0
    assert max(size for method, size in there.bodies if method == "PATCH") <= MIB


def test_one_patch_is_learnt(sync, here, cloud):
    there, name, env = cloud(clouds.Jfrog)
    picture = here.push(images.image("jfrog", layers=5, size=20000), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{name}/a"}, {**run.insecure(here), name: {"insecure": True}}, [*ONCE, "--proc", "1"], env=env)
    assert result.code == 0
    assert {digest: data for (_, digest), data in there.blobs.items()} == picture.blobs
    methods = collections.Counter(method for method, _ in there.bodies)
    assert methods == {"PUT": 1, "PATCH": 6}


@pytest.mark.parametrize("kind", (clouds.GitHub, clouds.Google), ids=lambda each: each.__name__)
def test_no_chunks_where_they_destroy_the_blob(sync, here, cloud, kind):
    """Too large for the registry, which takes no chunks: the image fails and says so, nothing is tried that would spoil it."""
    class Small(kind):
        WHOLE_MAX = MIB
    there, name, env = cloud(Small)
    here.push(images.image("small", parts=[images.noise("small", 2 * MIB)]), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{name}/a"}, {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert result.code == 1 and "413" in result.report["images"][0]["error"]["message"]
    assert not there.seen("PATCH") and not there.tags
    assert sum(size > MIB for _, size in there.bodies) == 1


def test_201_on_a_patch_and_a_refused_end(sync, here, cloud):
    """ECR's 201 may mean that the blob is complete: the registry decides, not the status of the PUT behind it."""
    class Early(clouds.Jfrog):
        PATCH_STATUS = 201

        def _upload_put(self, request, query, body):
            if body:
                return super()._upload_put(request, query, body)
            super()._upload_put(request, query, body)
            return clouds.error(400, "LAYER_ALREADY_EXISTS")
    there, name, env = cloud(Early)
    picture = here.push(images.image("early", layers=2), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{name}/a"}, {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert result.code == 0 and there.tags == {("a", "v1"): picture.digest}


# -- redirects ----------------------------------------------------------------------------------------------------------------

class Moved(clouds.Strict):
    """Sends what opens an upload and what ends an image on to another path."""
    def __init__(self, status, where="", **more):
        super().__init__(**more)
        self.status, self.where = status, where

    def answer(self, method, path, headers, body):
        if method in ("POST", "PUT") and not path.startswith("/v2/moved/") and ("/manifests/" in path or method == "POST"):
            return self.status, {"Location": f"{self.where}/v2/moved{path[3:]}"}, b""
        return super().answer(method, path, headers, body)


@pytest.mark.parametrize("status", (307, 308))
def test_redirects_within_the_registry_are_followed(sync, here, status):
    with Moved(status) as there:
        picture = here.push(images.image("moved"), "a", "v1")
        result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
        assert result.code == 0, result
        assert there.tags == {("moved/a", "v1"): picture.digest}
        assert {repo for repo, _ in there.blobs} == {"moved/a"}


def test_redirects_of_writes_to_elsewhere_are_refused(sync, here):
    with Scripted() as other, Moved(307, where=f"http://{other.host}") as there:
        here.push(images.image("elsewhere"), "a", "v1")
        result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there, other), ONCE)
        assert result.code == 1 and result.report["images"][0]["error"]["kind"] == "refused"
        assert not other.seen()


# -- Google's lists -----------------------------------------------------------------------------------------------------------

class Listing(clouds.Google):
    """Lists digests with the tags, as Google does."""
    NAME = "us-docker.pkg.dev"

    def _tags(self, request, query, body):
        status, headers, text = super()._tags(request, query, body)
        held = json.loads(text)
        if not held["tags"]:
            return clouds.error(404, "NAME_UNKNOWN")
        held["child"], held["manifest"] = [], {}
        for (repo, tag), digest in self.tags.items():
            if repo == request.repo:
                held["manifest"].setdefault(digest, {"tag": [], "timeUploadedMs": "1"})["tag"].append(tag)
        return status, headers, json.dumps(held).encode()


class Elsewhere(Listing):
    NAME = "asia.gcr.io"


TAGS = [f"v{index}" for index in range(50)]


@pytest.mark.parametrize("form", ("listed", "named"))
def test_fifty_tags_in_sync_are_two_lists(sync, cloud, form):
    (here, source, _), (there, target, _) = cloud(Listing), cloud(Elsewhere)
    way = ForwardProxy({f"{source}:443": here.port, f"{target}:443": there.port})
    for tag in TAGS:
        picture = images.image(tag, layers=1)
        here.push(picture, "a", tag), there.push(picture, "b", tag)
    auth = {source: {"insecure": True}, target: {"insecure": True}}
    rule = f"{source}/a" if form == "listed" else f"{source}/a:{','.join(TAGS)}"
    result = sync({rule: f"{target}/b"}, auth, ONCE, env=way.environment())
    way.stop()
    assert result.code == 0 and result.report["skipped"] == 50
    assert [(each.method, each.kind) for each in here.seen() + there.seen()] == [("GET", "tags")] * 2


def test_a_list_is_believed_once(sync, here, cloud):
    """What is missing or differs is copied; a second look, in another round, asks again."""
    there, name, env = cloud(Listing)
    for tag in TAGS[:12]:
        here.push(images.image(tag, layers=1), "a", tag)
    there.push(images.image("v0", layers=1), "b", "v0")
    there.push(images.image("another", layers=1), "b", "v1")
    failed = []

    def once(request):
        if request.method == "PUT" and request.reference == "v5" and not failed:
            failed.append(request)
            there.push(images.image("v5", layers=1), "b", "v5")      # it arrived, and the registry says no
            return 400, {}, b""
        return None
    there.hook = once
    result = sync({f"{here.host}/a": f"{name}/b"}, {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert result.report["skipped"] == 1 and result.report["copied"] == 10 and result.report["failed"] == 1
    assert {tag: digest for (repo, tag), digest in there.tags.items()} == {tag: here.tags["a", tag] for _, tag in here.tags}
    assert not there.seen("HEAD", "manifest", "/v0$")
    again = sync({f"{here.host}/a": f"{name}/b"}, {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert again.code == 0 and again.report["skipped"] == 12


def test_few_tags_are_asked_for_one_by_one(sync, here, cloud):
    there, name, env = cloud(Listing)
    picture = here.push(images.image("few"), "a", "v1")
    there.push(picture, "b", "v1")
    result = sync({f"{here.host}/a:v1": f"{name}/b"}, {**run.insecure(here), name: {"insecure": True}}, ONCE, env=env)
    assert result.report["skipped"] == 1
    assert [each.kind for each in there.seen()] == ["manifest"]
