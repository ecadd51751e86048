"""The first things that people copy out of the README work: the commands with docker, the workflow, the package."""

import contextlib
import os
import re
import shutil
import stat
import subprocess

import pytest
import yaml

from lib import images, need, registry

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
READMES = ("README.md", "README-zh_CN.md")
# What docker does here: nothing, but for the image of this program, which is the program itself.
DOCKER = """#!/bin/sh
echo "$*" >>"$SAID"
while [ $# -gt 0 ]; do
	case $1 in ghcr.io/*/image-syncer:1) shift && exec "$PROGRAM" "$@" ;; esac
	shift
done
"""


def blocks(name, language):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return re.findall(rf"^```{language}\n(.*?)^```$", file.read(), re.M | re.S)


@pytest.mark.parametrize("name", READMES)
def test_the_commands_with_docker(tmp_path, name):
    """Source and both destinations are registries of this machine; everything else is as printed. A second run sends nothing."""
    script = next(block for block in blocks(name, "sh") if "docker network create" in block)
    with registry.Registry("source") as source, registry.Registry("one") as one, registry.Registry("two") as two:
        with contextlib.closing(images.Client(source)) as client:
            for tag in ("1.36", "1.37"):
                client.push(images.multi(f"busybox/{tag}", platforms=2), "library/busybox", tag)
        local = script.replace("busybox:1.36", f"{source.host}/library/busybox:1.36")
        for place, here in (("one", one), ("two", two)):
            local = local.replace(f"{place}:5000", here.host)
        local = local.replace("cat >auth.yaml <<'END'\n", f"cat >auth.yaml <<'END'\n{source.host}: {{insecure: true}}\n")
        docker = tmp_path / "bin/docker"
        docker.parent.mkdir()
        docker.write_text(DOCKER)
        docker.chmod(0o755)
        env = {"PATH": f"{docker.parent}:/usr/bin:/bin", "HOME": str(tmp_path), "SAID": str(tmp_path / "said"), "PROGRAM": need.binary()}
        for sent in (True, False):
            before = one.write_requests() + two.write_requests()
            done = subprocess.run(["sh", "-ec", local], cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120)
            assert done.returncode == 0, done.stdout + done.stderr
            assert (one.write_requests() + two.write_requests() > before) == sent
        for here in (one, two):
            with contextlib.closing(images.Client(here)) as client:
                assert client.tags("mirror/busybox") == ["1.36", "1.37"]
        said = (tmp_path / "said").read_text()
        assert said.count("run -d --rm --network mirrors --name") == 4 and "registry:2" in said


@pytest.mark.parametrize("name", READMES)
def test_the_workflow_is_whole(tmp_path, name):
    workflow, = (yaml.safe_load(block) for block in blocks(name, "yaml") if "\njobs:" in block)
    assert {"name", True, "permissions", "jobs"} <= set(workflow)                   # YAML reads "on" as true
    job, = workflow["jobs"].values()
    step = job["steps"][-1]
    assert job["runs-on"] and step["with"]["images"] == "images.yaml"
    rules = next(block for block in blocks(name, "yaml") if block.startswith("# images.yaml"))
    (tmp_path / "images.yaml").write_text(rules)
    (tmp_path / "auth.yaml").write_text(step["with"]["auth"])
    # The last flag is wrong on purpose: all else has been read by then, and nothing is asked.
    done = subprocess.run([need.binary(), "--auth", "auth.yaml", "--images", "images.yaml", "--timeout", "x"], cwd=tmp_path, text=True,
                          env={"PATH": "", "HOME": str(tmp_path), "MIRROR_PASSWORD": "not-a-real-password"}, capture_output=True, check=False,
                          timeout=60)
    assert done.returncode == 2 and "--timeout" in done.stderr and ".yaml:" not in done.stderr, done.stderr


def test_the_package(tmp_path):
    """It has the program, its manuals and the licences of all libraries, and is the same whoever makes it."""
    cache = os.environ.get("IMAGE_SYNCER_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "image-syncer")
    if not os.path.isdir(os.path.join(cache, "sources")) or not shutil.which("dpkg-source"):
        pytest.skip("the sources of the libraries are not here")
    made = []
    for name in ("a.deb", "b.deb"):
        subprocess.run([os.path.join(ROOT, ".ci/deb"), need.binary(), tmp_path / name], check=True, capture_output=True, timeout=120)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    subprocess.run(["dpkg-deb", "-x", tmp_path / "a.deb", tmp_path / "root"], check=True, timeout=60)
    root = tmp_path / "root"
    libraries = subprocess.run([need.binary(), "--version"], check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()[1].split()[::2]
    licences = (root / "usr/share/doc/image-syncer/copyright").read_text()
    assert "Apache License" in licences and len(libraries) > 5
    for library in libraries:
        assert f"\n\n{library}\n\n" in licences
    for page in ("image-syncer.1.gz", "imgsync.1.gz"):
        assert (root / "usr/share/man/man1" / page).stat().st_size > 1000
    assert stat.S_IMODE((root / "usr").stat().st_mode) == 0o755
    said = subprocess.run([root / "usr/bin/imgsync", "--version"], check=True, capture_output=True, text=True, timeout=60).stdout
    assert said.startswith("imgsync")
