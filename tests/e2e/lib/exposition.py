"""Prometheus' text format, version 0.0.4, read strictly: what its grammar does not allow is a problem, and so is what it only tolerates."""

import dataclasses
import re

KINDS = {"counter", "gauge", "histogram", "summary", "untyped"}
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (\S+)")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Inf)|NaN")


@dataclasses.dataclass
class Family:
    help: str = ""
    kind: str = ""
    samples: list = dataclasses.field(default_factory=list)      # ({label: value}, number)


def _labels(text):
    """{name: value}, or None."""
    found = {}
    while text:
        match = _LABEL.match(text)
        if not match or match.group(1) in found:
            return None
        found[match.group(1)] = match.group(2)
        text = text[match.end():]
        if text and not re.match(r",[a-zA-Z_]", text):
            return None
        text = text[1:]
    return found


def _comment(line, families):
    """What is wrong with a line that begins with #, or None. It opens a family (HELP), or says its type."""
    match = re.fullmatch(rf"# (HELP|TYPE) ({_NAME}) (.+)", line)
    if not match:
        return "neither HELP nor TYPE"
    word, name, text = match.groups()
    if word == "HELP":
        if name in families:
            return "a second HELP, or one behind the samples"
        families[name] = Family(help=text)
        return None
    if name not in families or families[name].kind or families[name].samples:
        return "a TYPE without its HELP, or a second one"
    families[name].kind = text
    return None if text in KINDS else "no such type"


def _sample(line, families):
    match = _SAMPLE.fullmatch(line)
    labels = _labels(match.group(2) or "") if match else None
    if labels is None or not _NUMBER.fullmatch(match.group(3)):
        return "no sample"
    if not families or match.group(1) != list(families)[-1] or not families[match.group(1)].kind:
        return "not below the HELP and TYPE of its family"
    family = families[match.group(1)]
    if any(labels == other for other, _ in family.samples):
        return "the same labels once more"
    if family.samples and set(labels) != set(family.samples[0][0]):
        return "other labels than those before"
    family.samples.append((labels, float(match.group(3))))
    return None


def _read(text):
    families, found = {}, []
    if not text.endswith("\n"):
        found.append("the last line does not end")
    for number, line in enumerate(text.splitlines(), 1):
        problem = (_comment if line.startswith("#") else _sample)(line, families)
        if problem:
            found.append(f"line {number}: {problem}: {line}")
    found += [f"{name}: no type or no samples" for name, family in families.items() if not family.kind or not family.samples]
    return families, found


def problems(text):
    """A list of sentences; empty when the text is good."""
    return _read(text)[1]


def parse(text):
    """{name: Family} of a good text."""
    families, found = _read(text)
    assert not found, found
    return families
