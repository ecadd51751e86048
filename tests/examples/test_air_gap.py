"""The pair of examples for two sites without a line between them does what it says: out of registries, over a disk, into another one."""

import os
import re
import shlex
import shutil
import subprocess

from lib import images, run

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".github", "examples", "air-gap")


def side(binary, home, name, *replaced):
    """Does what the first line of an example says, with names of this test."""
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        text = file.read()
    for old, new in replaced:
        text = text.replace(old, new)
    home.mkdir(exist_ok=True)
    (home / name).write_text(text)
    words = shlex.split(re.search(r": image-syncer (.*)", text).group(1))
    if "--auth" not in words:
        words += ["--auth", "auth.yaml"]
    done = subprocess.run([binary, *words], cwd=home, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_across_the_gap(binary, source, target, from_source, at_target, repo, tmp_path):
    nginx = from_source.push(images.multi(repo), f"{repo}/nginx", "1.28")
    other = from_source.push(images.image(repo), f"{repo}/coreos/etcd", "v1")
    usb = tmp_path / "usb"
    usb.mkdir()
    for home, server in (("here", source), ("there", target)):
        (tmp_path / home).mkdir()
        (tmp_path / home / "auth.yaml").write_text(run.to_yaml(run.insecure(server)))
    for round_ in ("2 copied", "0 copied"):
        told = side(binary, tmp_path / "here", "export.yaml", ("docker.io/library/nginx:", f"{source.host}/{repo}/nginx:"),
                    ("quay.io/coreos", f"{source.host}/{repo}/coreos"), ("/mnt/usb", str(usb)), ("docker.io", "here"))
        assert round_ in told, told
    assert (usb / "report.json").exists()
    moved = tmp_path / "moved"
    shutil.move(usb, moved)
    side(binary, tmp_path / "there", "import.yaml", ("/mnt/usb", str(moved)), ("registry.internal", target.host))
    etcd = f"mirror/{source.host.replace(':', '_')}/{repo}/coreos/etcd"
    assert at_target.closure("mirror/here/library/nginx", "1.28") == images.expected(nginx)
    assert at_target.closure(etcd, "v1") == images.expected(other)
