"""The pages about files of other programs: the file that a page begins with becomes the rules that follow it, and each block can be read."""

import os
import re
import subprocess

import pytest
import yaml

from lib import need

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")


def blocks(page, kind):
    with open(os.path.join(DOCS, page), encoding="utf-8") as file:
        return re.findall(rf"^```{kind}\n(.*?)^```", file.read(), re.M | re.S)


def named(page, name):
    return next(block for block in blocks(page, "yaml") if block.startswith(f"# {name}\n"))


def run(folder, *words, code=0):
    done = subprocess.run([need.binary(), *words], cwd=folder, env={"PATH": os.environ["PATH"], "MIRROR_PASSWORD": "x-y-z-1"}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout


def without(rules, *fields):
    """Rules as mappings, without fields that a page gives as flags."""
    def one(value):
        value = {"to": value} if isinstance(value, str) else {key: each for key, each in value.items() if key not in fields}
        return {key: each if isinstance(each, list) or key == "to" else [each] for key, each in value.items()}
    return {source: one(value) for source, value in rules.items()}


@pytest.mark.parametrize("page", ["from-regsync.md", "zh/from-regsync.md"])
def test_regsync(page, tmp_path):
    (tmp_path / "regsync.yml").write_text(named(page, "regsync.yml"), encoding="utf-8")
    assert "no errors" in run(tmp_path, "check", "--images", "regsync.yml")
    made = yaml.safe_load(run(tmp_path, "convert", "regsync.yml", "--auth-out", "auth.yaml"))
    shown = yaml.safe_load(named(page, "images.yaml"))
    assert without(made, "every", "cron") == without(shown, "every", "cron")
    assert made["quay.io/coreos/etcd:v3.5.0"]["cron"] == shown["quay.io/coreos/etcd:v3.5.0"]["cron"]
    assert yaml.safe_load((tmp_path / "auth.yaml").read_text(encoding="utf-8")) == yaml.safe_load(named(page, "auth.yaml"))


@pytest.mark.parametrize("page", ["from-skopeo-sync.md", "zh/from-skopeo-sync.md"])
def test_skopeo(page, tmp_path):
    (tmp_path / "skopeo.yaml").write_text(named(page, "skopeo.yaml"), encoding="utf-8")
    made = yaml.safe_load(run(tmp_path, "convert", "skopeo.yaml", "--prefix", "registry.example.com/mirror", "--names", "full"))
    patterns = {f"{source}:{value['tags'][0]}" if isinstance(value, dict) and "tags" in value else source:
                value["to"] if isinstance(value, dict) and "tags" in value else value for source, value in made.items()}
    assert without(patterns) == without(yaml.safe_load(named(page, "images.yaml")))


@pytest.mark.parametrize("page", ["convert.md", "zh/convert.md"])
def test_lines(page, tmp_path):
    text, = blocks(page, "text")
    (tmp_path / "images.txt").write_text(text, encoding="utf-8")
    made = yaml.safe_load(run(tmp_path, "convert", "images.txt", "--prefix", "registry.example.com/mirror"))
    assert made["ghcr.io/team/app:v1"] == "registry.example.com/mirror/app:stable"
    assert made["quay.io/coreos/etcd:v3.5.0"]["platforms"] == ["linux/arm64", "linux/amd64"]


@pytest.mark.parametrize("page", ["convert.md", "zh/convert.md"])
def test_every_form_is_on_the_page(page, tmp_path):
    (tmp_path / "a.yaml").write_text("a/b: c.io/b\n", encoding="utf-8")
    names = re.search("expected one of (.*)", run(tmp_path, "check", "--images", "a.yaml", "--images-format", "x", code=2))[1].split(", ")
    with open(os.path.join(DOCS, page), encoding="utf-8") as file:
        text = file.read()
    assert [name for name in names if name not in ("images", "lists", "kyma") and f"`{name}`" not in text] == []
