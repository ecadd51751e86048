"""Rows of layer D about what lies on a disk: a run that writes folders, or an archive, is killed at a system call and run once more.

What is left is a valid layout: all that its index names is there, byte for byte, and no file has the name of a digest that it does not
match. The archive is not there, or complete. The second run ends with all copied and leaves nothing over.
"""

import dataclasses
import os
import signal
import subprocess
import tarfile

import kill
from lib import run
from lib.layouts import Layout


@dataclasses.dataclass
class FolderKill:
    name: str
    call: int
    archive: bool
    layer: str = "D"
    passes: bool = True

    def run(self, scene, binary, verdict):
        scene.fixed()
        with scene.fronts(), scene.runner(binary) as runner:
            code = self._first(scene, runner)
            verdict["hits"] = int(code == -signal.SIGKILL)
            scene.settle()
            broken = [f"I9 after the kill: {each}" for each in problems(runner, self.archive, scene, False)]
            second = runner.sync(*documents(scene, runner, self.archive))
            broken += [f"I9 the second run: {each}" for each in problems(runner, self.archive, scene, True)]
            verdict.update(violations=broken, survived=second.code == 0, exit=code)
            if broken or second.code:
                verdict["log"] = f"{second}\n{scene.log()}"

    def _first(self, scene, runner):
        command = kill.strace("-e", f"inject=all:signal=KILL:when={self.call}") + runner.arguments(*documents(scene, runner, self.archive))
        process = runner.start(command)
        try:
            process.communicate(timeout=run.SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"no end after {run.SECONDS} s") from None
        return process.returncode


def documents(scene, runner, archive):
    """The scene's images, each to a folder of its own, or all to one archive."""
    rules, auth = scene.documents()
    prefix = f"oci-archive:{runner.home}/disk/all.tar" if archive else f"oci:{runner.home}/disk"
    return {source: f"{prefix}/{name.partition('/')[2].removeprefix(scene.name + '-')}" for source, name in rules.items()}, auth


def problems(runner, archive, scene, complete):
    """What is wrong on the disk; complete: the run has ended."""
    disk = os.path.join(runner.home, "disk")
    found, wanted = [], {repo.removeprefix(f"{scene.name}-"): tags["v1"] for repo, tags in scene.wanted.items()}
    if archive:
        return _archive(disk, wanted, complete)
    for name, digest in wanted.items():
        layout = Layout(os.path.join(disk, name))
        if not os.path.exists(os.path.join(layout.path, "oci-layout")):
            found += [f"{name} is not there"] if complete else []
            continue
        try:
            held = layout.head("v1")
            if held not in (digest, *([] if complete else [None])):
                found.append(f"{name}: v1 is {held}")
            if held:
                layout.closure("v1")
            for each in layout.blobs():
                if each.split(":")[1][0] != ".":
                    layout.blob(each)
                elif complete:
                    found.append(f"{name}: {each} is left over")
        except (AssertionError, OSError, ValueError) as error:
            found.append(f"{name}: {error}")
    return found


def _archive(disk, wanted, complete):
    path = os.path.join(disk, "all.tar")
    if not os.path.exists(path):
        return ["there is no archive"] if complete else []
    with tarfile.open(path) as tar:
        tar.extractall(os.path.join(disk, "unpacked"), filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(
            os.path.join(disk, "unpacked"))
    layout = Layout(os.path.join(disk, "unpacked"))
    found = [f"{name} is {layout.head(f'{name}:v1')}" for name, digest in wanted.items() if layout.head(f"{name}:v1") != digest]
    for tag in layout.tags():
        layout.closure(tag)
    return found + ([f"left over: {each}" for each in os.listdir(disk) if complete and each.endswith(".part")])


def cells(scene, binary):
    """After a clean run: every number of a system call of the busiest thread."""
    found = []
    for archive in (False, True):
        with scene.runner(binary) as runner:
            path = os.path.join(runner.home, "trace")
            runner.finish(runner.start([*kill.strace(output=path), *runner.arguments(*documents(scene, runner, archive))]))
            with open(path, encoding="utf-8", errors="replace") as file:
                threads = [line.split()[0] for line in file if "(" in line]
        most = max(threads.count(each) for each in set(threads))
        kind = "archive" if archive else "folder"
        found += [FolderKill(f"{kind} call {number}", number, archive) for number in range(1, most + 1)]
    return found
