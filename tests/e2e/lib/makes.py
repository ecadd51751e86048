"""Registries of several makes, for what each of them does in its own way: Debian's docker-registry, distribution 3, zot and olareg."""

import os
import shutil

from . import need, olareg
from .registry import Registry

HOW = "tests/e2e/install-registries.sh installs it where Go is (`make e2e-registries`)"
_PROGRAMS = {"2.8": None, "3": "registry", "zot": "zot", "olareg": "olareg"}
MAKES = ("2.8", "3", "zot")      # those that have a catalog
ALL = tuple(_PROGRAMS)


def find(make):
    """(True and the path of its program, which is None for Debian's) or (False and why there is none)."""
    name = _PROGRAMS[make]
    path = name and (need.installed("registries", name))
    return (True, path) if path or not name else (False, f"{name} is not here: {HOW}")


class Zot(Registry):
    """One zot, which takes the same arguments as far as it can: users, who may not remove anything if it keeps all, and any page."""

    def _config(self):
        http = {"address": "127.0.0.1", "port": str(self.port), "compat": ["docker2s2"]}
        if self.users:
            http["auth"] = {"htpasswd": {"path": self._passwords()}}
        if self.keeps:
            rights = {"users": list(self.users), "actions": ["read", "create", "update"]}
            http["accessControl"] = {"repositories": {"**": {"policies": [rights]}}}
        return {
            "distSpecVersion": "1.1.1",
            "storage": {"rootDirectory": self.storage, "gc": False},
            "http": http,
            "log": {"level": "warn"},
        }

    def repeat(self, repo, names):
        """Put a repository into the storage again under each of these names, tags and all."""
        for name in names:
            shutil.copytree(os.path.join(self.storage, repo), os.path.join(self.storage, name))


def registry(make, **more):
    """A registry of that make, which must be there; olareg takes none of the arguments but `keeps`."""
    _, path = find(make)
    if make == "olareg":
        return olareg.Olareg(**more)
    return (Zot if make == "zot" else Registry)(f"make-{make}", program=path, **more)
