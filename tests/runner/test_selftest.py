"""What the workflow's self-test runs on GitHub's machines, run here: its registry, its rules, its verdict on the outputs."""

import json
import os
import signal
import subprocess
import sys

import pytest

import actions
from lib.registry import free_port

SELFTEST = os.path.join(actions.ROOT, "tests/runner/selftest.py")


@pytest.fixture
def address(runner):
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen([sys.executable, "-B", SELFTEST, "registry", address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        subprocess.run([sys.executable, "-B", SELFTEST, "prepare", address], cwd=runner.workspace, check=True, timeout=120)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def verdict(**steps):
    env = {name.upper(): f"{'failure' if step.failed else 'success'} {json.dumps(step.outputs)}" for name, step in steps.items()}
    return subprocess.run([sys.executable, "-B", SELFTEST, "check", *steps], env={**os.environ, **env}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False).returncode


def test_the_selftest(runner, address):
    assert address
    good, again, partial = (runner.action({"images": f"selftest/{name}.json", "auth": "selftest/auth.json", "retries": "0"})
                            for name in ("good", "good", "partial"))
    broken = runner.action({"images": "no rules: ["})
    assert verdict(good=good, again=again, partial=partial, broken=broken) == 0
    for wrong in ({"good": again}, {"good": partial}, {"again": good}, {"partial": good}, {"partial": broken}, {"broken": partial}):
        assert verdict(**wrong) != 0, wrong
