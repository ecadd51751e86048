"""What the tests of the action share; registries and images are those of tests/conftest.py."""

import pytest

import actions
import engine as engines
import scene as scenes


@pytest.fixture
def runner(request, tmp_path, binary):
    made = actions.Runner(tmp_path, binary)
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
