"""The fork's own server beside ours: the same file, the same requests, and each other's record.

ORIGINAL_HOOK_SERVER names it: github.com/zxzixuanwang/image-syncer at 8d736e1 of 2023, built by Go. Without it all of this is skipped.
"""

import json
import os
import signal
import subprocess

import pytest

from lib import images, proxy, run
from lib.serving import Server, Serving

FORK = os.environ.get("ORIGINAL_HOOK_SERVER")

pytestmark = pytest.mark.skipif(not FORK, reason="ORIGINAL_HOOK_SERVER does not name the fork's server")

# Names that both take alike, and their answers.
QUERIES = ["name=HOST/team/app&tag=v1", "name=HOST/team/web/more&tag=v1", "name=HOST%2Fteam%2Fapp&tag=v2", "tag=v1", "name=&tag=v1",
           "name=HOST/team/app", "name=HOST/team/app&tag=", "name=HOST/team/app&tag=1.0-SNAPSHOT", "name=HOST/team/app&tag=snapshot-1",
           "name=HOST/other/app&tag=v1"]


@pytest.fixture
def serving(runner):
    made = Serving(runner)
    yield made
    made.stop()


@pytest.fixture
def file(here, there, serving):
    document = serving.config([(here.host, "team", there.host)], sync={"interval": 1000, "routineNum": 1, "retryCount": 1})
    here.push(images.image("fork"), "team/app", "v1")
    return document


class Fork:
    def __init__(self, serving, document):
        self.serving = serving
        serving.write(document)
        serving.runner.write("auth.yaml", "{}\n")
        self.process = subprocess.Popen([FORK, "-c", "sync.yaml"], cwd=serving.runner.home, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def stop(self):
        """It saves its record on SIGHUP, and ends."""
        self.process.send_signal(signal.SIGHUP)
        assert self.process.wait(60) == 0


@pytest.fixture
def fork(serving, file):
    made = Fork(serving, file)
    yield made
    made.process.kill()
    made.process.wait()


def answers(server, here):
    return [server.get("/images/sync/hook?" + query.replace("HOST", here.host)).status for query in QUERIES]


def asking(serving):
    """Our way to ask, for a server that somebody else runs."""
    server = Server.__new__(Server)
    server.port = serving.port
    return server


def is_up(server):
    try:
        return server.get("/images/sync/do").status == 200
    except OSError:
        return False


def test_the_same_answers(serving, file, fork, here, there):
    theirs = asking(serving)
    proxy.until(lambda: is_up(theirs), seconds=60, what="the fork's server")
    wanted = answers(theirs, here)
    fork.stop()
    with open(serving.record, encoding="utf-8") as record:
        pending = set(json.load(record))
    os.unlink(serving.record)
    server = serving.start(file, run.insecure(here, there))
    assert answers(server, here) == wanted
    assert set(serving.pending()) == pending


def test_its_record_is_read_by_us(serving, file, fork, here, there):
    theirs = asking(serving)
    proxy.until(lambda: is_up(theirs), seconds=60, what="the fork's server")
    assert theirs.get(f"/images/sync/hook?name={here.host}/team/app&tag=v1").status == 200
    fork.stop()
    file["sync"]["interval"] = "1s"
    server = serving.start(file, run.insecure(here, there))
    server.until(lambda: ("team/app", "v1") in there.tags, "the copy")


def test_our_record_is_read_by_it(serving, file, here, there):
    server = serving.start(file, run.insecure(here, there))
    for name, tag in ("app", "v1"), ("web/more", "x_Y-1.0"):
        assert server.hook(f"{here.host}/team/{name}", tag).status == 202
    assert server.stop().code == 0
    ours = serving.pending()
    os.remove(os.path.join(serving.runner.home, "app.log"))
    made = Fork(serving, file)
    try:
        theirs = asking(serving)
        proxy.until(lambda: is_up(theirs), seconds=60, what="the fork's server")
        made.stop()
    finally:
        made.process.kill()
        made.process.wait()
    assert set(serving.pending()) == set(ours) and len(ours) == 2
