"""make bench-guard: what it compares with, and when it fails."""

import os
import pathlib
import subprocess
import sys

import pytest

BENCH = pathlib.Path(__file__).resolve().parent.parent / "bench"
sys.path.insert(0, str(BENCH))
import counting  # noqa: E402
import guard  # noqa: E402

MAKEFILE = "build/image-syncer:\n\tmkdir -p build; echo '$(VERSION)' >$@; chmod +x $@\n"


# -- what it compares with --------------------------------------------------------------------------------------------------

class Tree:
    """A repository with the script in it, and a recipe that takes no time."""

    def __init__(self, path):
        self.path = path
        (path / "tests/bench").mkdir(parents=True)
        self.git("init", "-q")
        self.commit("1")

    def git(self, *arguments):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.path), "GIT_CONFIG_NOSYSTEM": "1"}
        for who in ("AUTHOR", "COMMITTER"):
            env |= {f"GIT_{who}_NAME": "test", f"GIT_{who}_EMAIL": "test@example.com"}
        return subprocess.run(["git", *arguments], cwd=self.path, env=env, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, version, makefile=MAKEFILE):
        (self.path / "Makefile").write_text(f"VERSION := {version}\n{makefile}")
        self.git("add", "Makefile")
        self.git("commit", "-q", "-m", version)
        return self.git("rev-parse", "HEAD")

    def name(self, commit):
        (self.path / "tests/bench/guard.base").write_text(f"# A commit.\n{commit}\n")

    def base(self, **more):
        """(exit status, what the built program is, what is said)"""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.path), **more}
        done = subprocess.run([BENCH / "guard-base.sh"], cwd=self.path, env=env, capture_output=True, text=True, check=False)
        built = done.stdout.strip()
        return done.returncode, (self.path / built).read_text().strip() if built else None, done.stderr


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def test_without_a_tag_it_is_the_commit_of_the_file(tree):
    tree.name(tree.git("rev-parse", "HEAD"))
    tree.commit("2")
    assert tree.base()[:2] == (0, "1")
    assert tree.base()[:2] == (0, "1"), "the second time it is there"


def test_a_tag_is_taken_before_the_file(tree):
    tree.name(tree.git("rev-parse", "HEAD"))
    tree.commit("2")
    tree.git("tag", "v2")
    tree.git("tag", "other")
    tree.commit("3")
    assert tree.base()[:2] == (0, "2")


def test_a_release_is_compared_with_the_one_before(tree):
    tree.git("tag", "v1")
    tree.commit("2")
    tree.git("tag", "v2")
    assert tree.base()[:2] == (0, "1")


def test_variables_of_this_make_are_not_for_that_one(tree):
    tree.name(tree.git("rev-parse", "HEAD"))
    assert tree.base(MAKEFLAGS=" -- VERSION=wrong", MAKEOVERRIDES="VERSION=wrong", MAKELEVEL="1")[:2] == (0, "1")


def test_a_commit_that_is_not_there_fails(tree):
    tree.name("0" * 40)
    code, built, said = tree.base()
    assert (code, built) == (1, None) and "is not in this clone" in said


@pytest.mark.parametrize("makefile", ["build/image-syncer:\n\t@echo broken >&2; exit 1\n", "build/image-syncer:\n\t@true\n"])
def test_a_base_that_does_not_build_fails(tree, makefile):
    tree.name(tree.commit("2", makefile))
    code, built, said = tree.base()
    assert (code, built) == (1, None) and "there is nothing to compare with" in said
    assert tree.base()[0] == 1, "what is left of it is not taken for the program"


# -- when it fails ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("pairs,passed", [
    ([(100, 100)] * 3, True),
    ([(100, 114)] * 3, True),
    ([(100, 116)] * 3, False),
    ([(100, 80)] * 3, True),
    ([(100, 101), (100, 300), (100, 102)], True),       # one run that had bad luck
    ([(100, 120), (100, 300), (100, 99)], False),
    ([(300, 120), (100, 120), (100, 121)], False),      # the same of the base
])
def test_the_median_of_the_ratios_decides(pairs, passed):
    assert guard.judge(pairs).passed() is passed


def test_the_spread_is_that_of_one_program():
    assert guard.judge([(100, 200), (110, 200), (100, 201)]).spread == pytest.approx(0.1)


def test_what_valgrind_says_of_each_process_is_added(tmp_path):
    for pid, line in ((1, "==1== I   refs:      5,322,729"), (2, "==2== I refs:        1,000"), (3, "==3== Command: sh")):
        (tmp_path / f"count.{pid}").write_text(f"=={pid}== Cachegrind\n{line}\n")
    assert counting.Valgrind("unconfined").read(tmp_path) == 5_323_729


@pytest.mark.parametrize("line,wanted", [("123456,,instructions:u,1000,100.00,,", 123456),
                                         ("<not supported>,,instructions:u,0,100.00,,", 0),
                                         ("<not counted>,,instructions:u,0,0.00,,", 0)])
def test_what_perf_says(tmp_path, line, wanted):
    (tmp_path / "count").write_text(f"# started on Thu Jan  1 00:00:00 1970\n\n{line}\n")
    assert counting.Perf.read(tmp_path) == wanted


class _Silent:
    name = "nothing"

    @staticmethod
    def command(_folder):
        return []

    @staticmethod
    def read(_folder):
        return 0


@pytest.mark.parametrize("command,why", [(["false"], "ended with 1"), (["true"], "counted nothing")])
def test_a_run_that_fails_or_is_not_counted_is_no_figure(tmp_path, command, why):
    with pytest.raises(counting.Failed, match=why):
        counting.count(_Silent, command, {"PATH": os.environ["PATH"]}, tmp_path)


def test_twice_does_everything_twice(tmp_path):
    (tmp_path / "program").write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/said\n')
    (tmp_path / "program").chmod(0o755)
    subprocess.run([guard.twice(tmp_path, tmp_path / "program"), "a b", "c"], check=True)
    assert (tmp_path / "said").read_text() == "a b c\na b c\n"
