"""tests/stages, which runs the parts of `make test`: what it counts, when it goes on, and what it ends with."""

import os
import subprocess

import pytest

STAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "stages")
MAKEFILE = """
good:
	@echo '==== 3 passed, 1 skipped in 0.41s (0:00:00) ===='
bad:
	@echo 'lint: 1 passed, 1 failed'; exit 1
last:
	@echo '400 cells in 12 s, raw results in build/torture'
"""


@pytest.fixture
def stages(tmp_path):
    (tmp_path / "Makefile").write_text(MAKEFILE)

    def run(*arguments):
        done = subprocess.run([STAGES, *arguments], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, text=True,
                              check=False)
        rows = done.stdout.partition("\nstage ")[2].splitlines()[1:]
        return done.returncode, [" ".join(each.split()) for each in rows]

    return run


def test_all_pass(stages):
    assert stages("good", "last") == (0, ["good passed 0 3 passed, 1 skipped", "last passed 0 400 cells", "test: all passed in 0 minutes"])


def test_the_first_failure_is_the_end(stages):
    assert stages("good", "bad", "last") == (1, ["good passed 0 3 passed, 1 skipped", "bad FAILED 0 lint: 1 passed, 1 failed",
                                                 "last not run", "test: bad failed"])


def test_with_k_the_others_run(stages):
    assert stages("-k", "bad", "last", "unknown") == (1, ["bad FAILED 0 lint: 1 passed, 1 failed", "last passed 0 400 cells",
                                                          "unknown FAILED 0", "test: bad unknown failed"])
