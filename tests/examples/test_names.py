"""OWNER is a placeholder that one command fills in: everywhere, and in the case that each place takes."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PLACES = ("README.md", "README-zh_CN.md", "docs", ".github/examples", ".github/CODEOWNERS", ".ci/deb", "src/cmd/about.c")
# What the word may stand for. Anything else would not survive that it is replaced.
USES = r"(?:github\.com/|ghcr\.io/|[@/\s\"`]|(?<=\())OWNER/image-syncer\b|@OWNER\b|`OWNER`|Maintainer: OWNER <OWNER@"


@pytest.fixture
def tree(tmp_path):
    for name in PLACES:
        source, target = os.path.join(ROOT, name), tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if os.path.isdir(source) else shutil.copy2)(source, target)
    shutil.copy2(os.path.join(ROOT, ".ci/publish-names"), tmp_path / ".ci/publish-names")
    return tmp_path


def publish(tree, *words):
    return subprocess.run([tree / ".ci/publish-names", *words], cwd="/", capture_output=True, text=True, check=False, timeout=60)


def texts(tree):
    for folder, _, names in os.walk(tree):
        for name in sorted(names):
            if name not in ("publish-names", "run.svg"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, tree), file.read()


def owned(text):
    return len(re.findall(r"\bOWNER\b", text))


def test_the_word_stands_for_one_thing(tree):
    if not any(owned(text) for _, text in texts(tree)):
        pytest.skip("the names are published")
    for name, text in texts(tree):
        assert owned(text) == owned(" ".join(re.findall(USES, text))), f"{name}: OWNER in another meaning"


def test_all_of_it_is_replaced(tree):
    if not any(owned(text) for _, text in texts(tree)):
        pytest.skip("the names are published")
    before = dict(texts(tree))
    done = publish(tree, "Some-Body")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for name, text in texts(tree):
        assert not owned(text), name
        assert text.lower() == re.sub(r"\bowner\b", "some-body", before[name].lower()) or "owner" in before[name], name
        assert "ghcr.io/Some-Body" not in text and "github.com/some-body" not in text, name
    assert "ghcr.io/some-body/image-syncer:1" in dict(texts(tree))["README.md"]
    workflow = yaml.safe_load(dict(texts(tree))[".github/examples/mirror.yml"])
    assert "Some-Body/image-syncer@v1" in [step.get("uses") for step in workflow["jobs"]["mirror"]["steps"]]
    again = publish(tree, "else")
    assert again.returncode == 1 and "no OWNER left" in again.stderr


@pytest.mark.parametrize("words", [(), ("",), ("OWNER",), ("a/b",), ("-a",), ("a-",), ("a b",), ("a&b",), ("a" * 40,), ("a\nb",)])
def test_what_is_no_name(tree, words):
    before = dict(texts(tree))
    done = publish(tree, *words)
    assert done.returncode == 2 and done.stderr.startswith("usage:") and dict(texts(tree)) == before


@pytest.mark.parametrize("job,before", [("build", "docker/build-push-action"), ("publish", "--source-hash")])
def test_a_release_has_the_publishers_name(tree, job, before):
    """In each job that builds from the tree or tags it, before it does; and again where the names are published already."""
    with open(os.path.join(ROOT, ".github/workflows/release.yml"), encoding="utf-8") as file:
        steps = yaml.safe_load(file)["jobs"][job]["steps"]
    at, = (number for number, step in enumerate(steps) if "make publish-names" in step.get("run", ""))
    used = next(number for number, step in enumerate(steps) if before in step.get("uses", "") + step.get("run", ""))
    assert "checkout" in steps[at - 1]["uses"] and at < used
    for name in ("Makefile", "tests/tests.mk", "src/deps/flags.mk"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(os.path.join(ROOT, name), tree / name)
    for _ in range(2):
        done = subprocess.run(["bash", "-ec", steps[at]["run"]], cwd=tree, env={**os.environ, "OWNER": "Some-Body"}, capture_output=True,
                              text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert not any(owned(text) for name, text in texts(tree) if name in PLACES), "and none is left"
