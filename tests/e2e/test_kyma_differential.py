"""The same file and the same variables for kyma's image-syncer and for this program: what lands in the target is the same.

KYMA_IMAGE_SYNCER names the original: cmd/image-syncer of github.com/kyma-project/test-infra at the commit before 5c4cd9a27f, the last
public one, built by Go. Without it all of this is skipped. Names of the outside world lead to a registry here, through a proxy.
"""

import base64
import os
import subprocess

import pytest

from lib import forward, images
from lib.registry import Registry

ORIGINAL = os.environ.get("KYMA_IMAGE_SYNCER")
KEY = '{"type": "service_account"}'
SECONDS = 60

pytestmark = pytest.mark.skipif(not ORIGINAL, reason="KYMA_IMAGE_SYNCER does not name kyma's image-syncer")


@pytest.fixture(scope="module")
def world(certs):
    with Registry("world", certs=certs, cert="world") as started:
        yield started


@pytest.fixture(scope="module")
def google(certs):
    """For everybody to read: the original asks it without its login when the image is a single one."""
    with Registry("google", certs=certs) as started:
        yield started


@pytest.fixture(scope="module")
def private(certs):
    with Registry("private", users={"_json_key": KEY}, certs=certs) as started:
        yield started


@pytest.fixture
def out(world):
    client = images.Client(world)
    yield client
    client.close()


@pytest.fixture
def held(google):
    client = images.Client(google)
    yield client
    client.close()


@pytest.fixture
def inside(private):
    client = images.Client(private, lambda repo: "Basic " + base64.b64encode(f"_json_key:{KEY}".encode()).decode())
    yield client
    client.close()


@pytest.fixture
def way(world):
    names = ("index.docker.io", "registry-1.docker.io", "gcr.io")
    proxy = forward.ForwardProxy({f"{name}:443": world.port for name in names})
    yield proxy
    proxy.stop()


class Pair:
    """Both programs with the same file, each with a prefix of its own."""

    def __init__(self, runner, google, certs, way, repo):
        self.runner, self.google, self.certs, self.way, self.repo = runner, google, certs, way, repo
        self.key = runner.write("key.json", KEY)

    def below(self, which):
        return f"{self.repo}/{which}"

    def run(self, which, entries, **env):
        lines = ["images:"] + [f"- source: {source}" + (f"\n  tag: {tag}" if tag else "") for source, tag in entries]
        path = self.runner.write("external-images.yaml", "\n".join(lines) + "\n")
        env = self.runner.environment({
            **self.way.environment(), "SSL_CERT_FILE": self.certs.ca, "SYNCER_IMAGES_FILE": path,
            "SYNCER_TARGET_REPO_AUTH_KEY": self.key,
            "SYNCER_TARGET_REPO_PREFIX": f"{self.google.host}/{self.below(which)}/", **env})
        program = ORIGINAL if which == "theirs" else self.runner.binary
        return subprocess.run([program], env=env, cwd=self.runner.home, capture_output=True, text=True, timeout=SECONDS, check=False)

    def landed(self, which, held):
        """{name behind the prefix: {tag: digest}}"""
        start = self.below(which) + "/"
        found = [name for name in self.google.repositories() if name.startswith(start)]
        return {name[len(start):]: {tag: held.head(name, tag) for tag in held.tags(name)} for name in found}


@pytest.fixture
def pair(runner, google, certs, way, repo):
    return Pair(runner, google, certs, way, repo)


def both(pair, held, entries, **env):
    theirs, ours = pair.run("theirs", entries, **env), pair.run("ours", entries, **env)
    return theirs, ours, pair.landed("theirs", held), pair.landed("ours", held)


def test_the_table_of_names(pair, out, held, repo):
    """The valid rows of the table in docs/from-kyma.md, by what lands where."""
    for name, tag in (("library/alpine", "3.24.1"), ("library/alpine", "latest"), ("bitnami/x", "1"), ("distroless/static", "latest"),
                      ("cypress/included", "9.5.0")):
        out.push(images.multi(f"{repo}/{name}/{tag}", platforms=2, layers=1), name, tag)
    pinned = out.push(images.image(f"{repo}/busybox"), "library/busybox", "1")
    theirs, ours, there, here = both(pair, held, (
        ("alpine:3.24.1", None), ("bitnami/x:1", None), ("gcr.io/distroless/static:latest", None),
        (f"busybox@{pinned.digest}", "1.32.0-v1"), ("cypress/included:9.5.0", "latest"), ("docker.io/library/alpine:3.24.1", None),
        ("alpine", "v9")))
    assert (theirs.returncode, ours.returncode) == (0, 0), theirs.stdout + theirs.stderr + ours.stderr
    assert there == here and len(here) == 6
    assert here["library/busybox"] == {"1.32.0-v1": pinned.digest}


def test_a_second_run_and_a_moved_tag(pair, out, held, repo):
    name = f"moved/{repo}"
    out.push(images.image(f"{repo}/old"), name, "v1")
    for expected in (0, 0):
        theirs, ours, there, here = both(pair, held, ((f"gcr.io/{name}:v1", None),))
        assert (theirs.returncode, ours.returncode) == (expected, expected) and there == here
    before = here
    out.push(images.image(f"{repo}/new"), name, "v1")
    theirs, ours, there, here = both(pair, held, ((f"gcr.io/{name}:v1", None),))
    assert (theirs.returncode, ours.returncode) == (1, 1)
    assert there == here == before


def test_the_hole_in_their_immutability_is_closed(pair, out, held, repo):
    """A tag of a single OCI image, and an index at the source: the original overwrites it."""
    name = f"hole/{repo}"
    old = out.push(images.image(f"{repo}/old"), name, "v1")
    both(pair, held, ((f"gcr.io/{name}:v1", None),))
    new = out.push(images.multi(f"{repo}/new", platforms=2), name, "v1")
    theirs, ours, there, here = both(pair, held, ((f"gcr.io/{name}:v1", None),))
    assert (theirs.returncode, there) == (0, {f"gcr.io/{name}": {"v1": new.digest}})
    assert (ours.returncode, here) == (1, {f"gcr.io/{name}": {"v1": old.digest}})


@pytest.mark.parametrize("word,theirs_push,ours_code", (("true", False, 0), ("1", False, 0), ("false", True, 0), ("", True, 0),
                                                        ("yes", True, 0), ("maybe", True, 2)))
def test_words_for_a_dry_run(pair, out, held, repo, word, theirs_push, ours_code):
    name = f"dry/{repo}"
    out.push(images.image(repo), name, "v1")
    theirs, ours, there, here = both(pair, held, ((f"gcr.io/{name}:v1", None),), SYNCER_DRY_RUN=word)
    assert (theirs.returncode, bool(there)) == (0, theirs_push)
    assert (ours.returncode, bool(here)) == (ours_code, word in ("false", ""))


def test_a_digest_without_a_tag(pair, out, held, repo):
    entries = ((f"busybox@sha256:{'a' * 64}", None),)
    theirs, ours, there, here = both(pair, held, entries)
    message = 'sha256 digest detected, but the "tag" was not specified'
    assert message in (theirs.stdout + theirs.stderr).replace("\\", "") and message in ours.stderr
    assert (theirs.returncode, ours.returncode, there, here) == (1, 2, {}, {})


@pytest.mark.parametrize("kind,their_code", (("multi", 0), ("image", 1)))
def test_the_key_of_a_private_target(runner, private, certs, way, out, inside, repo, kind, their_code):
    """The original reads a single image there without its login, and ends."""
    name = f"private/{repo}"
    picture = out.push(getattr(images, kind)(repo), name, "v1")
    theirs, ours, there, here = both(Pair(runner, private, certs, way, repo), inside, ((f"gcr.io/{name}:v1", None),))
    expected = {f"gcr.io/{name}": {"v1": picture.digest}}
    assert (theirs.returncode, there) == (their_code, {} if their_code else expected)
    assert (ours.returncode, here) == (0, expected)
