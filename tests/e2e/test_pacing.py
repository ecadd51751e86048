"""Registries that are slow, refuse, or want to be asked slowly: what the others notice of it, by counts and by order."""

import threading
import time

import pytest

from lib import images, run
from lib.registry import digest_of

pytestmark = pytest.mark.concurrency
TAGS = 40


def fill(registry, repo, count=TAGS):
    for index in range(count):
        registry.push(images.image(f"{registry.host}/{repo}/{index}", layers=1), repo, f"v{index}")
    return ",".join(f"v{index}" for index in range(count))


class Gate:
    """A hook that lets nothing of one kind through until it is opened."""

    def __init__(self, *kinds, after=0):
        self.kinds, self.after = kinds, after
        self.open = threading.Event()
        self.waiting = self.seen = 0
        self._lock = threading.Lock()

    def __call__(self, request):
        if request.kind in self.kinds:
            with self._lock:
                self.seen += 1
                held = self.seen > self.after
            if held:
                self.waiting += 1
                assert self.open.wait(60), "the other registry's images never came"
        return None


def open_when(gate, arrived):
    """Opens the gate when the condition holds, or the test's time is up."""
    def watch():
        while not gate.open.is_set() and not arrived():
            gate.open.wait(0.02)
        gate.open.set()
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("kinds", (("manifest",), ("blob",), ("manifest", "blob")), ids="+".join)
def test_a_stalled_source_does_not_hold_up_another(sync, scripted, kinds):
    """A's images stand first in the file, and none of A's answers comes before all of B's images have arrived."""
    slow, quick, there = scripted(), scripted(), scripted()
    slow.hook = gate = Gate(*kinds, after=1)
    rules = {f"{slow.host}/a:{fill(slow, 'a')}": f"{there.host}/a", f"{quick.host}/b:{fill(quick, 'b')}": f"{there.host}/b"}
    before = []

    def arrived():
        return sum(repo == "b" for repo, _ in there.tags) == TAGS

    def note():
        before.append(sum(repo == "a" for repo, _ in there.tags))
        return True
    watcher = open_when(gate, lambda: arrived() and note())
    result = sync(rules, run.insecure(slow, quick, there))
    gate.open.set()
    watcher.join(5)
    assert result.code == 0 and result.report["copied"] == 2 * TAGS
    assert before and before[0] <= 1, "B's images came only after A had answered"


def test_a_stalled_target_does_not_hold_up_another(sync, scripted):
    here, slow, quick = scripted(), scripted(), scripted()
    slow.hook = gate = Gate("upload", after=1)
    tags = fill(here, "a")
    rules = {f"{here.host}/a:{tags}": [f"{slow.host}/a", f"{quick.host}/a"]}
    before = []
    watcher = open_when(gate, lambda: len(quick.tags) == TAGS and not before.append(len(slow.tags)))
    result = sync(rules, run.insecure(here, slow, quick))
    gate.open.set()
    watcher.join(5)
    assert result.code == 0 and result.report["copied"] == 2 * TAGS
    assert before and before[0] <= 1


def together(gate, enough, seconds):
    """Opens the gate once so many requests wait at it, or after some time; returns a list that gets how many they were."""
    most = []

    def watch():
        until = time.monotonic() + seconds
        while time.monotonic() < until and gate.waiting < enough:
            gate.open.wait(0.02)
        most.append(gate.waiting)
        gate.open.set()
    threading.Thread(target=watch, daemon=True).start()
    return most


def test_small_blobs_need_no_place(sync, scripted):
    """What is as small as a manifest runs as wide as manifests do: ten blobs are asked for at once, with two slots."""
    here, there = scripted(), scripted()
    here.push(images.image("small", layers=10, size=2000), "a", "v1")
    here.hook = gate = Gate("blob")
    most = together(gate, 8, seconds=50)
    assert sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ["--proc", "2"]).code == 0
    assert most[0] >= 8


def test_large_blobs_keep_to_their_places(sync, scripted):
    here, there = scripted(), scripted()
    layers = [images.noise(f"large/{number}", 150000) for number in range(6)]
    here.push(images.image("large", parts=layers), "a", "v1")
    here.hook = gate = Gate("blob")
    most = together(gate, 4, seconds=1.5)     # the configuration, and two of the layers
    assert sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ["--proc", "2"]).code == 0
    assert most[0] <= 3


def test_no_burst_at_the_start(sync, scripted):
    """With room for 128 threads, a registry is asked eight things at once, and one more for each answer; not a hundred."""
    here, there = scripted(), scripted()
    tags = fill(here, "a", 100)
    enough = threading.Event()
    lock, state = threading.Lock(), {"came": 0}

    def hold(request):
        with lock:
            state["came"] += 1
            came = state["came"]
            if came > 10:
                enough.set()         # more than there may be: no need to wait for the end of the second
        if came > 1:                 # the first one, which finds out about the registry, is alone
            enough.wait(1)
            with lock:
                state.setdefault("together", state["came"] - 1)
            enough.set()
        return None
    here.hook = hold
    result = sync({f"{here.host}/a:{tags}": f"{there.host}/a"}, run.insecure(here, there), ["--dry-run", "--proc", "64"])
    assert result.code == 0 and len(here.seen()) == 100
    assert state["together"] <= 9


@pytest.mark.long
def test_refusals_narrow_the_window(sync, scripted):
    """A registry that answers more than two at a time with 429 is soon asked no more than it bears."""
    here, there = scripted(), scripted()
    tags = fill(here, "a", 60)
    lock, state = threading.Lock(), {"now": 0, "refused": 0}
    inner = here.answer

    def answer(method, path, headers, body):
        with lock:
            state["now"] += 1
            refuse = state["now"] > 2
            state["refused"] += refuse
        try:
            if refuse:
                return 429, {"Retry-After": "1"}, b""
            threading.Event().wait(0.005)
            return inner(method, path, headers, body)
        finally:
            with lock:
                state["now"] -= 1
    here.answer = answer
    result = sync({f"{here.host}/a:{tags}": f"{there.host}/a"}, run.insecure(here, there), ["--dry-run", "--proc", "40"])
    assert result.code == 0 and result.report["would_copy"] == 60
    assert 0 < state["refused"] < 40, f"{state['refused']} requests were refused"


def test_requests_per_second(sync, scripted):
    """Thirty requests at twelve a second take more than two seconds: a lower bound, which no load of the machine breaks."""
    here, there = scripted(), scripted()
    tags = fill(here, "a", 30)
    result = sync({f"{here.host}/a:{tags}": f"{there.host}/a"}, run.insecure(here, there), ["--dry-run", "--requests-per-second", "12"])
    assert result.code == 0
    assert result.report["seconds"] >= 28 / 12, "30 requests cannot have passed at that rate"


def test_limit_rate(sync, scripted):
    """400 kB at 200 kB a second take two seconds, however many blobs share them: a lower bound again."""
    here, there = scripted(), scripted()
    picture = here.push(images.image("limited", layers=4, size=100000), "a", "v1")
    result = sync({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ["--limit-rate", "200k"])
    assert result.code == 0
    total = sum(map(len, picture.blobs.values()))
    assert total >= 400000
    assert result.report["seconds"] >= total / 204800 * 0.95
    assert all(digest_of(data) == digest for (_, digest), data in there.blobs.items())


@pytest.mark.parametrize("flags", (["--limit-rate", "fast"], ["--shard", "4/4"], ["--requests-per-second", "many"]), ids=lambda each: each[0])
def test_wrong_values(sync, flags):
    result = sync({"a.example/b:v1": "c.example/b"}, {}, flags)
    assert result.code == 2 and flags[0] in result.stderr
