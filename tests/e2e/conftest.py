"""Fixtures of the end-to-end tests alone; registries, proxies and repositories are those of tests/conftest.py."""

import pytest

from lib import run, tokens
from lib.cloud import ECR, Ecr, EcrApi
from lib.forward import ForwardProxy
from lib.scripted import Scripted


@pytest.fixture
def runner(request, binary, tmp_path):
    made = run.Runner(binary, tmp_path)
    request.node.runner = made
    return made


@pytest.fixture
def sync(runner):
    return runner.sync


@pytest.fixture
def token_servers():
    """token_servers(...) starts a token server for this test only; the arguments are TokenServer's."""
    started = []

    def start(**more):
        made = tokens.TokenServer(**more)
        made.__enter__()
        started.append(made)
        return made

    yield start
    for each in started:
        each.__exit__()


@pytest.fixture
def scripted(request):
    """scripted(...) starts a registry in memory for this test only; the arguments are those of its kind."""
    started = []

    def start(kind=Scripted, **more):
        made = kind(**more)
        made.__enter__()
        made.name = f"scripted {len(started)}"
        started.append(made)
        return made

    request.node.scripted = started
    yield start
    for each in started:
        each.__exit__()


@pytest.fixture
def here(scripted):
    """A registry in memory to copy from."""
    return scripted()


@pytest.fixture
def there(scripted):
    """One to copy to."""
    return scripted()


@pytest.fixture
def amazon(runner, certs):
    """amazon(**EcrApi's arguments): (registry, API, environment); the registry stands at ECR's name."""
    started = []

    def start(**more):
        api = EcrApi("test-access-key", runner.secret("test-secret-key-1"), **more)
        started.append(api.stop)
        registry = Ecr(api, context=certs.server_context())
        registry.__enter__()
        started.append(registry.__exit__)
        way = ForwardProxy({f"{ECR}:443": registry.port})
        started.append(way.stop)
        runner.secret("cloud-word-1", "AWS")
        return registry, api, {**way.environment(), **api.environment()}

    yield start
    for each in reversed(started):
        each()
