"""The image under test ($IMAGE, in the engine that $DOCKER_HOST names), and the registries of the end-to-end tests."""

import importlib.util
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
_HERE = os.path.dirname(os.path.abspath(__file__))
_E2E = os.path.join(_HERE, "..", "e2e")
sys.path.insert(0, _E2E)

import pytest  # noqa: E402

from lib import need  # noqa: E402

_spec = importlib.util.spec_from_file_location("e2e_fixtures", os.path.join(_E2E, "conftest.py"))
_e2e = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_e2e)
pytest_configure = _e2e.pytest_configure
globals().update({name: getattr(_e2e, name) for name in (
    "certs", "source", "target", "from_source", "at_target", "repo", "proxies", "src", "dst", "both")})


def docker(*arguments, check=True, **more):
    """Run the engine's client to its end."""
    return subprocess.run([need.program("docker"), *arguments], check=check, capture_output=True, timeout=300, **more)


@pytest.fixture(scope="session")
def engine():
    return docker


@pytest.fixture(scope="session")
def image():
    """The name of the image."""
    name = os.environ.get("IMAGE")
    if not name:
        raise need.Missing("$IMAGE names no image: run `make image`")
    return name


@pytest.fixture(scope="session")
def facts(image):
    """What the engine says about the image."""
    return json.loads(docker("image", "inspect", image).stdout)[0]
