"""Signatures made by cosign and notation, copied, and checked at the target by the same programs.

Between every pair of registries: docker-registry 2.8 and distribution 3, which know tags only, and one with the referrers API.
"""

import os

import pytest

from lib import images, makes, registry, run, signers

pytestmark = pytest.mark.skipif(not os.environ.get("E2E_SIGNATURES"), reason="takes minutes: `make e2e-signatures` runs it")

KINDS = ("2.8", "3", "api")
ALL = ["--referrers", "all", "--verify"]


def needs(name):
    return pytest.mark.skipif(not signers.find(name), reason=f"{name} is not here: {signers.HOW}")


@pytest.fixture(scope="module")
def stores():
    """stores(kind, number) is one of two registries of each kind."""
    started = {}

    def start(kind, number):
        if (kind, number) not in started:
            if kind == "api" and not signers.find("api-registry"):
                pytest.skip(f"api-registry is not here: {signers.HOW}")
            here, path = (True, None) if kind == "api" else makes.find(kind)
            if not here:
                pytest.skip(path)
            made = signers.ApiRegistry() if kind == "api" else registry.Registry(f"registry-{number}", program=path)
            started[kind, number] = made.__enter__()
        return started[kind, number]

    yield start
    for each in started.values():
        each.__exit__(None, None, None)


@pytest.fixture(scope="module")
def cosign(tmp_path_factory):
    return signers.Cosign(tmp_path_factory.mktemp("cosign"))


def push(server, picture, repo):
    client = images.Client(server)
    client.push(picture, repo, "v1")
    client.close()


def copy(sync, here, there, repo, flags):
    return sync({f"{here.host}/{repo}:v1": f"{there.host}/{repo}"}, run.insecure(here, there), flags=[*ALL, *flags])


@needs("cosign")
@pytest.mark.parametrize("bundle", (True, False), ids=("bundle", "tag"))
@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
def test_cosign(sync, stores, cosign, repo, first, second, bundle):
    here, there = stores(first, 1), stores(second, 2)
    root = images.multi(repo, platforms=2)
    push(here, root, repo)
    child = root.manifests[0].digest
    cosign.sign(f"{here.host}/{repo}@{root.digest}", bundle)
    cosign.sign(f"{here.host}/{repo}@{child}", bundle)
    cosign.attest(f"{here.host}/{repo}@{root.digest}", bundle)
    result = copy(sync, here, there, repo, ["--require-signed", cosign.public])
    assert (result.code, result.report["companions"]) == (0, 3)
    for reference in (f"{there.host}/{repo}:v1", f"{there.host}/{repo}@{child}"):
        cosign.verify(reference, bundle)
    cosign.verify(f"{there.host}/{repo}:v1", bundle, "verify-attestation")
    result = copy(sync, here, there, repo, ["--require-signed", cosign.public])
    assert (result.code, result.report["skipped"], result.report["companions"]) == (0, 1, 0)


@needs("cosign")
def test_another_cosign_key(sync, stores, cosign, repo, tmp_path):
    here, there = stores("2.8", 1), stores("2.8", 2)
    push(here, images.image(repo, 1), repo)
    other = signers.Cosign(tmp_path)
    for bundle in (True, False):
        other.sign(f"{here.host}/{repo}:v1", bundle)
    result = copy(sync, here, there, repo, ["--require-signed", cosign.public])
    assert result.report["images"][0]["error"]["kind"] == "unsigned"
    assert copy(sync, here, there, repo, ["--require-signed", other.public]).code == 0


@needs("notary")
@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
def test_notation(sync, stores, repo, tmp_path, first, second):
    here, there = stores(first, 1), stores(second, 2)
    root = images.multi(repo, platforms=2)
    push(here, root, repo)
    signers.notary("sign", f"{here.host}/{repo}@{root.digest}", tmp_path)
    result = copy(sync, here, there, repo, ["--referrers", "signatures"])
    assert (result.code, result.report["companions"]) == (0, 1)
    signers.notary("verify", f"{there.host}/{repo}@{root.digest}", tmp_path)
