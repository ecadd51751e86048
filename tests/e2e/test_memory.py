"""A layer of 2 GiB goes through in less than 16 MiB of memory."""

import pytest

from lib import images, run

GIB2 = 2 << 30
GIB2_OF_ZEROS = "sha256:a7c744c13cc101ed66c29f672f92455547889cc586ce6d44fe76ae824958ea51"
MIB = 1 << 20


@pytest.mark.long
@pytest.mark.skipif(run.FLAVOR != "musl", reason="the memory of a sanitizer build says nothing about the program's")
def test_two_gib_in_sixteen_mib(runner, registries, repo):
    source, target = registries("large-source", large=True), registries("large-target", large=True)
    source.plant_blob(repo, GIB2_OF_ZEROS, GIB2)
    client = images.Client(source)
    settings = images.noise(repo, 200)
    client.push_blob(repo, settings)
    document = {
        "schemaVersion": 2, "mediaType": images.OCI_MANIFEST,
        "config": {"mediaType": "application/vnd.example.config", "digest": images.digest_of(settings), "size": len(settings)},
        "layers": [{"mediaType": "application/vnd.example.disk", "digest": GIB2_OF_ZEROS, "size": GIB2}],
    }
    manifest = images.Manifest(images.OCI_MANIFEST, images.to_json(document))
    client.push_manifest(repo, manifest, "v1")
    client.close()

    result = runner.measured({f"{source.host}/{repo}:v1": f"{target.host}/{repo}"}, run.insecure(source, target))
    assert result.code == 0
    assert result.report["bytes"] == GIB2 + len(settings)
    there = images.Client(target)
    assert there.head(repo, "v1") == manifest.digest
    assert there.blob_size(repo, GIB2_OF_ZEROS) == GIB2    # docker-registry has hashed it before it said 201
    there.close()
    assert result.peak < 16 * MIB, f"peak memory {result.peak / MIB:.1f} MiB"
