"""The same command lines for imgsync and for this program under its name: the same references, names and batches.

ORIGINAL_IMGSYNC names the original: github.com/mritd/imgsync at its last commit, b6f2df3, built by Go with CGO_ENABLED=0, the tags
containers_image_openpgp, exclude_graphdriver_btrfs and exclude_graphdriver_devicemapper, and github.com/modern-go/reflect2 v1.0.2: the
release that its go.mod names crashes when built by Go 1.18 or later. Without it all of this is skipped.
Each difference that is meant has a row in the table of docs/imgsync.md, and a test here that names it.
"""

import os
import re
import subprocess

import pytest

from lib import images, outside

ORIGINAL = os.environ.get("ORIGINAL_IMGSYNC")
SECONDS = 90

pytestmark = [pytest.mark.skipif(not ORIGINAL, reason="ORIGINAL_IMGSYNC does not name imgsync"),
              pytest.mark.skipif(not outside.able(), reason="imgsync asks no proxy, and its names lead here only for root")]


@pytest.fixture(scope="module")
def world(certs):
    with outside.Outside(certs) as started:
        yield started


@pytest.fixture
def hub(world):
    client = images.Client(world.hub)
    yield client
    client.close()


class Pair:
    """Both programs with the same command line, each with a user of its own at Docker Hub."""

    def __init__(self, runner, world, hub, name):
        self.runner, self.world, self.hub, self.name = runner, world, hub, name
        self.runs = 0

    def user(self, which):
        return f"{self.name}-{which}-{self.runs}"

    def run(self, which, words):
        command = [outside.program(self.runner) if which == "ours" else ORIGINAL, *words, "--user", self.user(which), "--password", "any"]
        folder = os.path.join(self.runner.home, f"{which}-{self.runs}")
        os.makedirs(folder, exist_ok=True)
        env = self.runner.environment(self.world.environment())
        if which == "theirs":
            del env["https_proxy"]
            command = self.world.by_hosts(self.runner, command)
        return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)

    def both(self, *words):
        """(their exit status, ours), and what each has copied: {name: {tag: digest}}"""
        self.runs += 1
        done = {which: self.run(which, words) for which in ("theirs", "ours")}
        self.last = done
        copied = {which: self.world.copies(self.hub, self.user(which)) for which in done}
        return (done["theirs"].returncode, done["ours"].returncode), copied["theirs"], copied["ours"]


@pytest.fixture
def namespace(repo):
    return repo.replace("/", "-")


@pytest.fixture
def pair(runner, world, hub, namespace):
    return Pair(runner, world, hub, namespace)


def report(text):
    """The counts, and the images behind them."""
    return re.findall(r"^>> (.*)$", text, re.M), sorted(re.findall(r"^(\S+:\S+): (?:not )?hit cache$", text, re.M))


# --- the same -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("written, held", (
    ("gcr.io/{}/pilot:latest", "{}/pilot:latest"), ("gcr.io/{}/pilot", "{}/pilot:latest"), ("k8s.gcr.io/{}:3.2", "{}:3.2"),
    ("k8s.gcr.io/{}/coredns:v1.8", "{}/coredns:v1.8"), ("quay.io/{}/flannel:v0.12.0-amd64", "{}/flannel:v0.12.0-amd64"),
    ("gcr.io/{}/a_b.c__d-e:v1", "{}/a_b.c__d-e:v1"),
))
def test_one_image(pair, world, namespace, written, held):
    source = {"gcr.io": world.gcr, "k8s.gcr.io": world.k8s, "quay.io": world.quay}[written.split("/")[0]]
    outside.stock(source, held.format(namespace))
    codes, theirs, ours = pair.both("sync", written.format(namespace))
    assert codes == (0, 0), pair.last
    assert theirs == ours and len(ours) == 1, pair.last


def test_a_namespace(pair, world, namespace):
    outside.stock(world.gcr, *(f"{namespace}/{name}" for name in (
        "pause:3.2", "pause:3.1", "knative.dev/serving/cmd/queue:v0.14", "istio/pilot:latest", "a_b__c-d:v1")))
    codes, theirs, ours = pair.both("gcr", "--namespace", namespace, "--report", "--report-level", "3", "--report-name", "name")
    assert codes == (0, 0), pair.last
    assert theirs == ours and len(ours) == 4
    assert report(pair.last["theirs"].stdout) == report(pair.last["ours"].stdout)


def test_flannel(pair, world):
    world.quay.tags.clear()
    outside.stock(world.quay, *(f"coreos/flannel:{tag}" for tag in ("v0.9.0", "v0.12.0-amd64", "latest")))
    codes, theirs, ours = pair.both("flannel")
    assert codes == (0, 0), pair.last
    assert theirs == ours and len(ours["quay.io_coreos_flannel"]) == 3


@pytest.mark.parametrize("total, size, number", ((10, 4, 1), (10, 4, 2), (7, 4, 1), (4, 4, 1), (5, 10, 1)))
def test_how_many_a_batch_has(pair, world, namespace, total, size, number):
    """Theirs are of an order of its own, so only the numbers can be compared."""
    outside.stock(world.gcr, *(f"{namespace}/{index}:v1" for index in range(total)))
    codes, theirs, ours = pair.both("gcr", "--namespace", namespace, "--batch-size", str(size), "--batch-number", str(number))
    assert codes == (0, 0), pair.last
    assert len(theirs) == len(ours)


# --- what is meant to differ --------------------------------------------------------------------------------------------------

def test_names_of_kubeadm(pair, world):
    """Difference "registry of --kubeadm": the same copies, read elsewhere."""
    world.k8s.tags.clear()
    for tag in list(world.gcr.tags):
        if tag[0].startswith("google-containers/"):
            del world.gcr.tags[tag]
    for name in ("pause:3.2", "coredns/coredns:v1.8"):
        picture = outside.stock(world.k8s, name)[name]
        world.gcr.push(picture, "google-containers/" + name.split(":")[0], name.split(":")[1])
    codes, theirs, ours = pair.both("gcr", "--kubeadm")
    assert codes == (0, 0), pair.last
    assert theirs == ours and set(ours) == {"k8s.gcr.io_pause", "k8s.gcr.io_coredns_coredns"}


def test_tags_of_a_node_with_something_below(pair, world, namespace):
    """Difference "repositories above others"."""
    outside.stock(world.gcr, f"{namespace}/a:v1", f"{namespace}/a/b:v1")
    _, theirs, ours = pair.both("gcr", "--namespace", namespace)
    assert set(theirs) == {f"gcr.io_{namespace}_a_b"} and set(ours) == {f"gcr.io_{namespace}_a_b", f"gcr.io_{namespace}_a"}


def test_tags_of_signatures(pair, world, namespace):
    """Difference "signatures": no images to us."""
    outside.stock(world.gcr, f"{namespace}/a:v1", f"{namespace}/a:sha256-{'ab' * 32}.sig")
    _, theirs, ours = pair.both("gcr", "--namespace", namespace)
    assert len(theirs[f"gcr.io_{namespace}_a"]) == 2 and list(ours[f"gcr.io_{namespace}_a"]) == ["v1"]


def test_a_batch_beyond_the_last(pair, world, namespace):
    """Difference "batches": empty, where theirs is the last one again."""
    outside.stock(world.gcr, *(f"{namespace}/{index}:v1" for index in range(5)))
    codes, theirs, ours = pair.both("gcr", "--namespace", namespace, "--batch-size", "2", "--batch-number", "3")
    assert codes == (0, 0) and len(theirs) == 3 and ours == {}


def test_an_official_image_and_a_port(pair, world, namespace):
    """Difference "references": names that are none to imgsync."""
    world.hub_image = images.Client(world.hub)
    try:
        world.hub_image.push(images.image(namespace), f"library/{namespace}", "v1")
    finally:
        world.hub_image.close()
    codes, theirs, ours = pair.both("sync", f"{namespace}:v1")
    assert theirs == {} and list(ours) == [namespace]
    assert codes == (0, 0)


def test_four_parts_of_a_name(pair, world, namespace):
    """Difference "references"."""
    outside.stock(world.gcr, f"{namespace}/b/c:v1")
    codes, theirs, ours = pair.both("sync", f"gcr.io/{namespace}/b/c:v1")
    assert codes == (1, 0) and theirs == {} and list(ours) == [f"gcr.io_{namespace}_b_c"]


def test_two_repositories_of_one_name(pair, world, namespace):
    """Difference "collisions": both of theirs end up in one repository."""
    outside.stock(world.gcr, f"{namespace}/a/b_c:v1", f"{namespace}/a_b/c:v2")
    codes, theirs, ours = pair.both("gcr", "--namespace", namespace)
    assert len(theirs[f"gcr.io_{namespace}_a_b_c"]) == 2 and ours == {} and codes == (0, 1)


@pytest.mark.parametrize("words, code", ((("sync",), 2), (("sync", "a", "b"), 2), (("gcr", "--namespace", "NAMESPACE"), 1),
                                         (("gcr", "--namespace", "NAMESPACE", "--batch-size", "3"), 2)))
def test_exit_statuses(pair, namespace, words, code):
    """Difference "exit status": what copies nothing is no success."""
    codes, theirs, ours = pair.both(*(word.replace("NAMESPACE", namespace) for word in words))
    assert codes == (0, code) and theirs == ours == {}


def test_download_manifests(pair, world, namespace):
    """Difference "--download-manifests": a plan, which does not keep the next run from copying."""
    outside.stock(world.gcr, f"{namespace}/a:v1")
    codes, theirs, ours = pair.both("gcr", "--namespace", namespace, "--download-manifests")
    assert codes == (0, 0) and theirs == ours == {}
    again = {which: pair.run(which, ("gcr", "--namespace", namespace)) for which in ("theirs", "ours")}
    assert all(each.returncode == 0 for each in again.values())
    assert world.copies(pair.hub, pair.user("theirs")) == {}
    assert list(world.copies(pair.hub, pair.user("ours"))) == [f"gcr.io_{namespace}_a"]
