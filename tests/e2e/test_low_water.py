"""How a download sleeps: until much is there, as long as much is to come, and for any byte at its end."""

import re

import pytest

from lib import images, need, run

MIB = 1 << 20


@pytest.mark.skipif(run.FLAVOR != "musl", reason="two programs cannot trace the same one")
@pytest.mark.parametrize("size, marks", [(MIB // 2, []), (4 * MIB, [128 * 1024, 1])])
def test_much_is_waited_for_until_the_end_is_near(runner, source, target, from_source, at_target, repo, tmp_path, size, marks):
    manifest = images.image(repo, parts=[images.noise(repo, size)])
    from_source.push(manifest, repo, "v1")
    trace = tmp_path / "trace"
    arguments = runner.arguments({f"{source.host}/{repo}:v1": f"{target.host}/{repo}"}, run.insecure(source, target))
    result = runner.run([need.program("strace"), "-f", "-e", "trace=setsockopt", "-o", str(trace), *arguments])
    assert result.code == 0, result.stderr
    assert at_target.head(repo, "v1") == manifest.digest
    told = re.findall(r"setsockopt\((\d+), SOL_SOCKET, SO_RCVLOWAT, \[(\d+)\]", trace.read_text())
    assert [int(mark) for _, mark in told] == marks
    assert len({socket for socket, _ in told}) <= 1
