"""What the tests of the action share; registries and images are those of tests/e2e."""

import itertools
import os
import re
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e")]

import pytest  # noqa: E402

import actions  # noqa: E402
import engine as engines  # noqa: E402
import scene as scenes  # noqa: E402
from lib import images, need, registry  # noqa: E402


@pytest.fixture(scope="session")
def program():
    return need.binary()


@pytest.fixture(scope="session")
def source():
    with registry.Registry("source") as started:
        yield started


@pytest.fixture(scope="session")
def target():
    with registry.Registry("target") as started:
        yield started


@pytest.fixture(scope="session")
def from_source(source):
    client = images.Client(source)
    yield client
    client.close()


@pytest.fixture(scope="session")
def at_target(target):
    client = images.Client(target)
    yield client
    client.close()


_numbers = itertools.count(1)


@pytest.fixture
def repo(request):
    """A repository name that no other test uses."""
    return f"t/{next(_numbers)}-" + re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")


@pytest.fixture
def runner(request, tmp_path, program):
    made = actions.Runner(tmp_path, program)
    request.node.runner = made
    return made


@pytest.fixture
def scene(runner, source, target, from_source, at_target, repo):
    return scenes.Scene(runner, source, target, from_source, at_target, repo)


@pytest.fixture(scope="session")
def engine():
    found = engines.Engine()
    if why := found.missing():
        pytest.skip(why)
    yield found
    found.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    runner = getattr(item, "runner", None)
    if report.when == "call" and report.failed and runner and runner.last:
        report.sections.append(("last step", str(runner.last)))
