"""The example of prune does what its first lines say: a version that is not among the newest any more goes, or stays for a while."""

import os
import re
import shlex
import subprocess

from lib import images, run
from lib.removing import Removing
from lib.scripted import Scripted

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".github", "examples", "prune.yaml")


def test_older_versions_go(binary, tmp_path):
    with open(PATH, encoding="utf-8") as file:
        text = file.read()
    words = shlex.split(re.search(r"^# image-syncer (.*)", text, re.M).group(1))
    with Scripted() as source, Removing() as target:
        for old, new in (("docker.io", source.host), ("quay.io", source.host), ("registry.example.com", target.host)):
            text = text.replace(old, new)
        (tmp_path / "prune.yaml").write_text(text)
        (tmp_path / "auth.yaml").write_text(run.to_yaml(run.insecure(source, target)))

        def sync():
            done = subprocess.run([binary, *words, "--auth", "auth.yaml", "--retries", "0"], cwd=tmp_path, capture_output=True, text=True,
                                  timeout=60, check=False)
            assert done.returncode == 0, done.stderr
            return done.stderr

        def publish(repo, *tags):
            for tag in tags:
                source.push(images.image(f"{repo}/{tag}"), repo, tag)

        publish("coreos/etcd", "v3.1.0", "v3.2.0", "v3.3.0")
        publish("library/nginx", "1.26.0", "1.27.0", "1.28.0", "1.29.0", "1.30.0")
        assert "8 copied" in sync()
        publish("coreos/etcd", "v3.4.0")
        publish("library/nginx", "1.31.0")
        told = sync()
        assert "2 copied" in told and "prune: 1 tag removed" in told, told
        assert target.names("mirror/etcd") == ["v3.2.0", "v3.3.0", "v3.4.0"]
        assert len(target.names("mirror/nginx")) == 6
