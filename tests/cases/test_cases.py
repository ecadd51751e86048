"""Text cases: each runs the program once and compares what it says, without any network.

The program is the one that IMAGE_SYNCER names, else build/image-syncer. Every *.txt file beside this one holds cases:

    === name of the case; the text up to the first "---" line is a comment
    --- args
    --images images.yaml --proc 3
    --- env
    NAME=value
    --- file images.yaml
    quay.io/a/b: registry.example.com/b
    --- stdin
    text for standard input
    --- exit 2
    --- stderr exact
    images.yaml:1:1: something is wrong
    --- stdout contains
    usage

args     one or more lines, split like a shell does; without this block "--images images.yaml", and "--auth auth.yaml" as well
         when the case has a file of that name
called N the program is called N, else by its own name
env      variables, one on a line; the program gets nothing else but PATH
file N   the file N in the case's own folder, which is the working directory, so messages name it as N; N may lie in folders,
         and behind it may stand its mode, which is 600 else; a line "\\---" stands for "---", "\\===" for "===" and "\\t" at
         the beginning of a line for a tab
stdin    standard input; without it there is none
exit N   the expected exit status; without it 2
stderr, stdout, each any number of times with one of
  exact      all of the stream, line for line; an empty block means nothing at all
  contains   each line of the block is part of some line of the stream
  lacks      no line of the block occurs in the stream

A case without any of the last three is a mistake, and so is an unknown block.
"""

import os
import pathlib
import re
import shlex
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = os.path.abspath(os.environ.get("IMAGE_SYNCER") or HERE.parents[1] / "build/image-syncer")
SECONDS = 30
STREAMS = {"stdout", "stderr"}
CHECKS = {"exact", "contains", "lacks"}


class Case:
    """One case: its blocks as (words of the heading, lines)."""

    def __init__(self, name, where):
        self.name, self.where, self.blocks = name, where, []

    def lines(self, *heading):
        """The lines of the first block with that heading, or None."""
        return next((lines for words, lines in self.blocks if words == list(heading)), None)

    def all(self, first):
        return [(words[1:], lines) for words, lines in self.blocks if words[0] == first]

    def check(self):
        assert any(words[0] in STREAMS for words, _ in self.blocks), f"{self.where}: the case expects nothing"
        for words, lines in self.blocks:
            good = (words in (["args"], ["env"], ["stdin"]) or words[0] == "called" and len(words) == 2 or words[0] == "file" and (
                len(words) == 2 or len(words) == 3 and re.fullmatch("[0-7]{3}", words[2])) or len(words) == 2 and (
                words[0] == "exit" and words[1].isdigit() and not lines or
                words[0] in STREAMS and words[1] in CHECKS and (lines or words[1] == "exact")))
            assert good, f"{self.where}: bad block: --- {' '.join(words)}"


def read_cases(path):
    cases = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        where = f"{path.name}:{number}"
        if line.startswith("==="):
            cases.append(Case(line[3:].strip(), where))
        elif line.startswith("---"):
            assert cases and line[3:].split(), f"{where}: a block without a case or a name"
            cases[-1].blocks.append((line[3:].split(), []))
        elif cases and cases[-1].blocks:
            cases[-1].blocks[-1][1].append(line)
    for case in cases:
        for _, lines in case.blocks:
            while lines and not lines[-1]:
                lines.pop()
        case.check()
    names = [case.name for case in cases]
    assert cases and len(set(names)) == len(names), f"{path.name}: no case, or two of the same name"
    return cases


def content(lines):
    """The lines of a file or of standard input as they are meant."""
    return "".join(re.sub(r"^\\t+", lambda tab: "\t", re.sub(r"^\\(---|===)", r"\1", line)) + "\n" for line in lines)


def arguments(case):
    if case.lines("args") is not None:
        return shlex.split("\n".join(case.lines("args")))
    return ["--images", "images.yaml"] + (["--auth", "auth.yaml"] if any(words[0] == "auth.yaml" for words, _ in case.all("file")) else [])


def run(case, folder):
    for (name, *mode), lines in case.all("file"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content(lines), encoding="utf-8")
        path.chmod(int((mode or ["600"])[0], 8))
    environment = {"PATH": os.environ["PATH"], **dict(line.split("=", 1) for line in case.lines("env") or [])}
    # The sanitizers' builds are told by these what a finding is.
    environment.update({name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")})
    name = next((words[0] for words, _ in case.all("called")), PROGRAM)
    return subprocess.run([name, *arguments(case)], executable=PROGRAM, input=content(case.lines("stdin") or []).encode(), cwd=folder,
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS, check=False)


def compare(stream, how, text, lines):
    if how == "exact":
        assert text.splitlines() == lines, f"{stream} is another"
    for line in lines:
        if how == "contains":
            assert any(line in each for each in text.splitlines()), f"{stream} lacks: {line}\n{text}"
        elif how == "lacks":
            assert line not in text, f"{stream} contains: {line}\n{text}"


CASES = [pytest.param(case, id=f"{path.stem}: {case.name}") for path in sorted(HERE.glob("*.txt")) for case in read_cases(path)]


@pytest.mark.parametrize("case", CASES)
def test_case(case, tmp_path):
    result = run(case, tmp_path)
    streams = {"stdout": result.stdout.decode("utf-8", "replace"), "stderr": result.stderr.decode("utf-8", "replace")}
    expected = int(next((words[0] for words, _ in case.all("exit")), 2))
    assert result.returncode == expected, f"{case.where}: exit {result.returncode}\n{streams['stderr']}"
    for stream in sorted(STREAMS):
        for (how,), lines in case.all(stream):
            compare(stream, how, streams[stream], lines)
