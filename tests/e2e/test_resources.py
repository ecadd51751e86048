"""A machine that has little left: few descriptors, few addresses. Nothing half is ever left under a tag, and no run ends without a word."""

import os

import pytest

from lib import images, run
from lib.scripted import Scripted

ONCE = ["--retries", "0"]


def limited(kind, amount):
    return ["prlimit", f"--{kind}={amount}:{amount}"]


def true_to(result, there, picture):
    """Whatever happened: it is told, and no tag is there without all of its image."""
    assert result.code in (0, 1, 2), result
    arrived = there.tags == {("a", "v1"): picture.digest}
    assert arrived or (result.code and not there.tags), result
    if arrived:
        assert {digest for _, digest in there.blobs} >= set(picture.blobs)
        assert result.code == 0 or "report: cannot write" in result.stderr, result
    if result.code:
        assert result.stderr, "not a word about it"


@pytest.mark.skipif(run.FLAVOR != "musl", reason="sanitizers and loaders need descriptors of their own")
def test_few_descriptors(runner, here):
    """From none to plenty."""
    picture, codes, words = here.push(images.multi("few", platforms=2), "a", "v1"), set(), ""
    for number in (3, 4, 5, 6, 8, 10, 12, 14, 24, 64):
        with Scripted() as there:
            command = runner.arguments({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
            result = runner.run([*limited("nofile", number), *command], report=True)
            true_to(result, there, picture)
            codes.add(result.code)
            words += result.stderr
    assert codes >= {0, 1} or codes >= {0, 2}, "no limit was low enough, or all were"
    assert "no connection, since too many files are open: raise the limit (ulimit -n)" in words


@pytest.mark.skipif(run.FLAVOR != "musl", reason="sanitizers need terabytes of addresses")
def test_few_addresses(runner, here):
    picture, codes = here.push(images.image("addresses", layers=3, size=500_000), "a", "v1"), set()
    # With less the kernel cannot even begin the program.
    least = max(6, (os.path.getsize(runner.binary) >> 20) + 2)
    for mib in (*range(least, 40, 3), 64, 256):
        with Scripted() as there:
            command = runner.arguments({f"{here.host}/a:v1": f"{there.host}/a"}, run.insecure(here, there), ONCE)
            result = runner.run([*limited("as", mib << 20), *command], report=True)
            true_to(result, there, picture)
            codes.add(result.code)
    assert 0 in codes and len(codes) > 1, "no limit was low enough, or all were"


def test_forty_registries_fit_into_few_descriptors(runner, scripted):
    here, there = scripted(addresses=[f"127.0.0.{n}" for n in range(1, 41)]), scripted()
    tags = [f"v{n}" for n in range(8)]
    rules = {}
    for n, host in enumerate(here.hosts):
        for tag in tags:
            here.push(images.image(f"many/{n}/{tag}", layers=2, size=100), f"a{n}", tag)
        rules[f"{host}/a{n}:{','.join(tags)}"] = f"{there.host}/a{n}"
    command = runner.arguments(rules, run.insecure(there, *here.hosts), flags=[*ONCE, "--proc", "32"])
    limited = ["sh", "-c", 'ulimit -Sn 64 && ulimit -Hn 256 && exec "$0" "$@"', *command]
    result = runner.run(limited, report=True)
    assert result.code == 0
    assert result.report["copied"] == len(here.hosts) * len(tags)
