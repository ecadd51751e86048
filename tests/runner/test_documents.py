"""What the documents show of the action can be copied: steps that exist, inputs that exist, texts that are YAML."""

import glob
import os
import re

import pytest
import yaml

import actions

def _found(pattern):
    return [os.path.relpath(path, actions.ROOT) for path in sorted(glob.glob(os.path.join(actions.ROOT, pattern)))]


ENGLISH = ["README.md", *_found("docs/*.md")]
CHINESE = ["README-zh_CN.md", *_found("docs/zh/*.md")]
EXAMPLES = _found(".github/examples/*.yml")
OURS = r"[\w-]+/image-syncer@v1"                       # OWNER, until a release is published


def _text(path):
    with open(os.path.join(actions.ROOT, path), encoding="utf-8") as file:
        return file.read()


def _steps(path):
    """Every step that a file shows."""
    text = _text(path)
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S) if path.endswith(".md") else [text]
    for block in blocks:
        for document in yaml.safe_load_all(block):
            found = [document]
            while found:
                each = found.pop()
                if isinstance(each, dict) and ("uses" in each or "run" in each) and "steps" not in each:
                    yield each
                elif isinstance(each, (dict, list)):
                    found += each.values() if isinstance(each, dict) else each


def _ours(path):
    return [step for step in _steps(path) if re.fullmatch(OURS, step.get("uses", ""))]


@pytest.mark.parametrize("path", [*ENGLISH, *CHINESE, *EXAMPLES])
def test_steps(path):
    inputs = yaml.safe_load(_text("action.yml"))["inputs"]
    for step in _ours(path):
        given = step.get("with", {})
        assert set(given) <= set(inputs), step
        for name in ("images", "auth"):
            if "\n" in given.get(name, "") or ": " in given.get(name, ""):
                assert isinstance(yaml.safe_load(given[name]), dict), given[name]
        needed = set(re.findall(r"\$\{([A-Z_]+)\}", given.get("auth", ""))) - {"GITHUB_TOKEN", "ACR_TOKEN"}
        assert needed == set(step.get("env", {})), "what auth refers to comes from env:"
        assert "secrets." not in str(given), "a secret in with: would be shown in the log"
    for step in _steps(path):
        if "uses" not in step or re.fullmatch(OURS, step["uses"]):
            continue
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), step["uses"]


@pytest.mark.parametrize("one,other", list(zip(ENGLISH, CHINESE)))
def test_both_languages_show_the_same(one, other):
    english, chinese = ([(step.get("uses"), sorted(step.get("with", {}))) for step in _steps(path)] for path in (one, other))
    assert english == chinese


def test_there_are_examples():
    with_step = [path for path in EXAMPLES if _ours(path)]
    assert len(with_step) >= 2
    for places in (ENGLISH, CHINESE):
        assert _ours(places[0]) and sum(len(_ours(path)) for path in places) >= len(with_step)
    assert sum(len(_ours(path)) for path in ENGLISH) > 10
