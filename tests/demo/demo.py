#!/usr/bin/python3
"""demo.py BINARY: two real registries on this machine, one sync between them, and a second one that finds nothing to do.

Everything shown is read back from the registries, the files or the program's report. Exit status 0 only when all of it is as it
should be; everything started or written is gone at the end, also after Ctrl-C.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from lib import images, need, registry  # noqa: E402

COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
SYNC_SECONDS = 60


class Wrong(Exception):
    """Something is not as it should be."""


def paint(code, text):
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


def say(text=""):
    print(text, flush=True)


def heading(text):
    say()
    say(paint("1", text))


def block(text):
    for line in text.rstrip("\n").split("\n"):
        say(paint("2", "  | ") + line)


def size(count):
    for unit in ("B", "kB", "MB"):
        if count < 1000 or unit == "MB":
            return f"{count} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000


def check(condition, text):
    if not condition:
        raise Wrong(text)


def fill(source):
    """Push a multi-architecture image and three tags that share a layer. {repository: {tag: picture}}"""
    base = images.layer("tools/base", 3_000_000)
    pictures = {
        "demo/app": {"1.0": images.multi("app", platforms=2, layers=2, size=1_500_000)},
        "demo/tools": {tag: images.image(f"tools/{tag}", parts=[base, images.layer(f"tools/{tag}", 200_000)])
                       for tag in ("v1", "v2", "v3")},
    }
    with contextlib.closing(images.Client(source)) as client:
        for repo, tags in pictures.items():
            for tag, picture in tags.items():
                client.push(picture, repo, tag)
    return pictures


def describe(picture):
    document = json.loads(picture.root.data)
    if "manifests" not in document:
        return f"image, {len(document['layers'])} layers"
    platforms = ("/".join(entry["platform"][key] for key in ("os", "architecture", "variant") if key in entry["platform"])
                 for entry in document["manifests"])
    return "index of " + ", ".join(platforms)


def write_files(home, source, target):
    files = {
        "auth.yaml": f"{source.host}:\n  insecure: true    # plain http, as this is a demo\n{target.host}:\n  insecure: true\n",
        "images.yaml": (f"{source.host}/demo/app:1.0: {target.host}/mirror/app       # one tag\n"
                        f"{source.host}/demo/tools: {target.host}/mirror/tools     # all tags\n"),
    }
    for name, text in files.items():
        with open(os.path.join(home, name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(os.path.join(home, name), 0o600)
    return files


def sync(binary, home):
    """Run the program with its output going where ours goes; the report."""
    arguments = ["--auth", "auth.yaml", "--images", "images.yaml", "--report", "report.json"]
    say("  $ " + " ".join(["image-syncer", *arguments]))
    report = os.path.join(home, "report.json")
    with contextlib.suppress(FileNotFoundError):
        os.remove(report)
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run([binary, *arguments], cwd=home, env=env, stdin=subprocess.DEVNULL, timeout=SYNC_SECONDS, check=False)
    check(done.returncode == 0, f"image-syncer ended with status {done.returncode}")
    with open(report, encoding="utf-8") as file:
        return json.load(file)


def show(report):
    requests = sum(report["requests"].values())
    say(f"  {report['result']}: {report['total']} images, {report['copied']} copied, {report['skipped']} in sync, "
        f"{report['failed']} failed")
    say(f"  {size(report['bytes'])} sent, {requests} requests, {report['seconds']:.2f} s")
    for image in report["images"]:
        blobs = image["blobs"]
        parts = [f"{blobs[key]} {key}" for key in ("copied", "mounted", "present") if blobs[key]] if image["status"] == "copied" else []
        name = image["destination"].split("/", 1)[1]
        say(f"    {image['status']:8} {name:18} {image['digest'][:19]}  {'blobs: ' + ', '.join(parts) if parts else ''}".rstrip())


def compare(pictures, target):
    """Read everything back from the target and compare it with what was pushed to the source."""
    manifests, blobs = {}, {}
    with contextlib.closing(images.Client(target)) as client:
        for repo, tags in pictures.items():
            mirror = repo.replace("demo/", "mirror/")
            check(client.tags(mirror) == sorted(tags), f"{mirror}: the target has the tags {client.tags(mirror)}")
            for tag, picture in tags.items():
                found = client.closure(mirror, tag)
                check(found == images.expected(picture), f"{mirror}:{tag} differs from its source")
                manifests.update(found.manifests)
                blobs.update(found.blobs)
    return len(manifests), len(blobs), sum(map(len, blobs.values()))


def demo(binary, home, source, target):
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False)
    check(version.returncode == 0, "image-syncer --version failed")
    say(paint("1", version.stdout.splitlines()[0]))

    heading("Two registries on this machine")
    say(f"  source  {source.host}")
    say(f"  target  {target.host}  (empty)")
    pictures = fill(source)
    say("  in the source:")
    for repo, tags in pictures.items():
        for tag, picture in tags.items():
            say(f"    {repo + ':' + tag:18} {describe(picture)}, {size(picture.bytes())}")

    heading("Two files")
    for name, text in write_files(home, source, target).items():
        say(f"  {name}")
        block(text)

    heading("Sync")
    first = sync(binary, home)
    heading("Its report")
    show(first)
    total = sum(map(len, pictures.values()))
    check((first["result"], first["total"], first["copied"]) == ("success", total, total), "the report counts something else")
    manifests, blobs, count = compare(pictures, target)
    say(f"  read back from the target: {manifests} manifests and {blobs} blobs ({size(count)}), all as in the source")
    check(first["bytes"] == count, "the report's bytes are not what the target received")

    heading("Sync again")
    before = target.write_requests()
    second = sync(binary, home)
    heading("Its report")
    show(second)
    check((second["result"], second["copied"], second["skipped"], second["bytes"]) == ("success", 0, total, 0),
          "the second run should have found everything in sync")
    writes = target.write_requests() - before
    check(writes == 0, f"the second run sent {writes} writing requests")
    say("  the target's own log: no writing request in this run")


def main():
    if len(sys.argv) != 2:
        print("usage: demo.py BINARY", file=sys.stderr)
        return 2
    binary = os.path.abspath(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    home = tempfile.mkdtemp(prefix="demo-")
    try:
        with registry.Registry("demo-source") as source, registry.Registry("demo-target") as target:
            demo(binary, home, source, target)
    except (Wrong, need.Missing, AssertionError, OSError, KeyError, ValueError, RuntimeError, subprocess.TimeoutExpired) as problem:
        say()
        print(f"demo: {problem}" if isinstance(problem, (Wrong, need.Missing)) else f"demo: {type(problem).__name__}: {problem}",
              file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(home, ignore_errors=True)
    say()
    say("Both registries are stopped and everything they held is removed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
