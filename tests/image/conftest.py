"""The image under test: $IMAGE, in the engine that $DOCKER_HOST names. Registries are those of tests/conftest.py."""

import json
import os
import subprocess

import pytest

from lib import need


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
