"""What all kinds of test share: the program, registries, proxies in front of them, and what a failure shows.

Registries live for the whole session, repositories are unique per test, proxies and runs are per test. When a test fails, its report
shows the last run of the program, what each proxy saw, and the end of the registries' logs.
"""

import collections
import os
import re
import signal
import sys

sys.dont_write_bytecode = not sys.pycache_prefix       # else it would lie between the sources
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "e2e"))      # for lib

import pytest  # noqa: E402

from lib import certs as certificates  # noqa: E402
from lib import images, need, proxy, registry, run  # noqa: E402


def pytest_configure(config):
    """A terminated test run cleans up like an interrupted one. Workers are interrupted by SIGINT, which a shell's "&" turns off."""
    for number in (signal.SIGTERM, signal.SIGINT) if hasattr(config, "workerinput") else (signal.SIGTERM,):
        signal.signal(number, signal.default_int_handler)


# Files that take minutes and have no fixtures of their own: their tests are handed out one by one.
DIVIDED = ("test_notify.py", "test_outage.py", "test_outputs.py", "test_prune.py", "test_ranges.py", "test_resources.py", "test_stall.py",
           "test_stop.py")


def _divided(nodeid):
    return os.path.basename(nodeid.split("::", 1)[0]) in DIVIDED


def pytest_collection_modifyitems(items):
    """What takes long is begun first, so that where files run side by side none of it is left over at the end."""
    long = {each.path for each in items if each.get_closest_marker("long")}
    items.sort(key=lambda each: (not _divided(each.nodeid), each.path not in long))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Where files run side by side, the order is that of pytest_collection_modifyitems, whatever the release of xdist prefers."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        places = {}

        def _split_scope(self, nodeid):
            return nodeid if _divided(nodeid) else nodeid.split("::", 1)[0]

        def _assign_work_unit(self, node):
            if not self.places:
                self.places = {self._split_scope(nodeid): place for place, nodeid in enumerate(self.collection)}
            self.workqueue.move_to_end(min(self.workqueue, key=self.places.get), last=False)
            super()._assign_work_unit(node)

    return ByFile(config, log)


@pytest.fixture(scope="session")
def binary():
    """The path of the program under test."""
    return need.binary()


@pytest.fixture(scope="session")
def certs():
    made = certificates.Certs()
    yield made
    made.remove()


@pytest.fixture(scope="session")
def source():
    """A plain http registry that needs no password."""
    with registry.Registry("source") as started:
        yield started


@pytest.fixture(scope="session")
def target():
    with registry.Registry("target") as started:
        yield started


@pytest.fixture(scope="session")
def from_source(source):
    """A client of the source registry, past any proxy."""
    client = images.Client(source)
    yield client
    client.close()


@pytest.fixture(scope="session")
def at_target(target):
    client = images.Client(target)
    yield client
    client.close()


_names = collections.Counter()


@pytest.fixture
def repo(request):
    """A repository name no other test uses."""
    name = "t/" + re.sub(r"[^a-z0-9]+", "-", request.node.nodeid.split("::", 1)[1].lower()).strip("-")
    _names[name] += 1
    return name if _names[name] == 1 else f"{name}-{_names[name]}"


@pytest.fixture
def registries(request):
    """registries(...) starts one more registry for this test only; the arguments are Registry's."""
    started = []

    def start(*arguments, **more):
        made = registry.Registry(*arguments, **more).start()
        started.append(made)
        return made

    request.node.registries = started
    yield start
    for each in started:
        each.stop()


@pytest.fixture
def proxies(request):
    """proxies(registry, context=None) starts a proxy in front of a registry; all stop with the test."""
    started = []

    def start(server, context=None, name=""):
        made = proxy.Proxy(server, context, name).start()
        started.append(made)
        return made

    request.node.proxies = started
    yield start
    for each in started:
        each.stop()


@pytest.fixture
def src(proxies, source):
    """The source registry, watched."""
    return proxies(source, name="source")


@pytest.fixture
def dst(proxies, target):
    """The target registry, watched."""
    return proxies(target, name="target")


@pytest.fixture
def both(src, dst):
    """Auth entries for the two watched registries."""
    return run.insecure(src, dst)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when != "call" or not report.failed:
        return
    runner = getattr(item, "runner", None)
    if runner and runner.last:
        report.sections.append(("last run", str(runner.last)))
    for each in [*getattr(item, "proxies", []), *getattr(item, "scripted", [])]:
        report.sections.append((f"requests at {each.name}", each.log()))
    servers = list(getattr(item, "registries", []))
    servers += [item.funcargs[name] for name in ("source", "target") if name in getattr(item, "funcargs", {})]
    # A parameter of a test may have the name of a fixture.
    for each in (server for server in servers if hasattr(server, "log_tail")):
        report.sections.append((f"log of {each.name}", each.log_tail(15)))
