"""What somebody sees who watches a run: which images get a line, bars that name the image, what has changed, and a clean terminal."""

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import termios
import threading

import pytest

from lib import images, proxy
from lib.term import Screen

SMALL = "t/seen"      # short, so that a line has room for it


@pytest.fixture
def three(src, dst, both, from_source, at_target, repo):
    """Rules for three images: one that is new, one that differs, one in sync; and the pictures (old, new)."""
    old, new = images.image(f"{repo}/old"), images.image(f"{repo}/new")
    for tag in ("fresh", "moved", "there"):
        from_source.push(new, repo, tag)
    at_target.push(old, repo, "moved")
    at_target.push(new, repo, "there")
    return {f"{src.host}/{repo}:fresh,moved,there": f"{dst.host}/{repo}"}, old, new


def named(text, dst, repo):
    """The tags that a line of progress names, before the closing list."""
    shown = text.split("changed images:")[0]
    return {tag for tag in ("fresh", "moved", "there") if f"{dst.host}/{repo}:{tag}" in shown}


# -- which images get a line ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("flags, expected", (
    ([], {"fresh", "moved"}),
    (["--progress", "changes"], {"fresh", "moved"}),
    (["--progress", "all"], {"fresh", "moved", "there"}),
    (["--progress=none"], set()),
), ids=("default", "changes", "all", "none"))
@pytest.mark.parametrize("where", ("pipe", "terminal"))
def test_lines_of_images(runner, three, dst, both, repo, flags, expected, where):
    rules, _, _ = three
    result = (runner.sync if where == "pipe" else runner.tty)(rules, both, flags=flags)
    assert result.code == 0
    assert named(result.stderr, dst, repo) == expected
    assert "3 images: 2 copied, 1 in sync, 0 failed" in result.stderr
    if where == "pipe":
        assert "Synchronization finished, 0 images failed" in result.stderr
        folded = "Skip synchronization of 1 image because destination image exists. Now 3/3 images have been processed." in result.stderr
        assert folded == ("there" not in expected and expected != set())
    if expected == set():
        assert "\x1b" not in result.stderr


@pytest.mark.parametrize("flags, expected", (
    ([], {"fresh", "moved", "there"}),
    (["--progress", "changes"], {"fresh", "moved"}),
    (["--progress", "none"], set()),
), ids=("default", "changes", "none"))
@pytest.mark.parametrize("form", ("text", "json"))
def test_a_log_in_a_file_is_complete(runner, three, dst, both, repo, tmp_path, flags, expected, form):
    rules, _, new = three
    result = runner.sync(rules, both, flags=["--log", str(tmp_path / "log"), "--log-format", form, *flags])
    text = (tmp_path / "log").read_text()
    assert result.code == 0 and named(text, dst, repo) == expected
    if form == "json" and not flags:
        assert f'"digest":"{new.digest}","before":"sha256:' in text


def test_failures_are_seen_without_progress(runner, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    rules = {f"{src.host}/{repo}:v1,nope": f"{dst.host}/{repo}"}
    for result in (runner.sync(rules, both, flags=["--progress", "none"]), runner.tty(rules, both, flags=["--progress", "none"], columns=300)):
        assert result.code == 1
        lines = [line for line in result.stderr.splitlines() if f"{repo}:nope" in line]
        assert len(lines) == 2 and all("does not exist" in line for line in lines), "its own line, and the summary"


def test_a_word_that_is_none(sync, src, dst, both, repo):
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--progress", "some"], report=False)
    assert result.code == 2 and "--progress some: expected all, changes or none" in result.stderr
    assert src.seen() == []


# -- what has changed -------------------------------------------------------------------------------------------------------------

def test_the_end_lists_what_has_changed(runner, three, dst, both, repo):
    rules, old, new = three
    result = runner.sync(rules, both, flags=["--dry-run"])
    listed = result.stderr.split("images that would change:\n")[1].splitlines()[:2]
    assert listed == [f"  + {dst.host}/{repo}:fresh  new {new.digest}", f"  + {dst.host}/{repo}:moved  {old.digest} -> {new.digest}"]
    result = runner.tty(rules, both, columns=200)
    was, now = (picture.digest.split(":")[1][:12] for picture in (old, new))
    listed = Screen(result.screen, columns=200).lines()
    at = listed.index("changed images:") + 1
    assert listed[at:at + 2] == [f"  + {dst.host}/{repo}:fresh  new {now}", f"  + {dst.host}/{repo}:moved  {was} -> {now}"]
    assert result.image(f"{dst.host}/{repo}:moved")["before"] == old.digest
    assert "changed" not in runner.sync(rules, both).stderr


def test_a_long_list_of_changes_has_an_end(runner, src, dst, both, from_source, repo):
    tags = [f"v{number:02}" for number in range(33)]
    from_source.push(images.image(repo), repo, *tags)
    result = runner.sync({f"{src.host}/{repo}": f"{dst.host}/{repo}"}, both)
    closing = result.stderr.split("changed images:\n")[1]
    assert closing.count("  + ") == 30
    assert re.search(r"\n  and 3 more, which are in \S+\.json\n", closing)


# -- the live display -------------------------------------------------------------------------------------------------------------

@pytest.mark.concurrency
def test_bars_name_the_image_and_the_total_is_known(runner, src, dst, both, from_source):
    picture = from_source.push(images.image(SMALL, layers=2, size=400_000), SMALL, "1.28")
    src.rule("GET", "/blobs/", proxy.Stall(100_000, 1.5), times=2)
    result = runner.tty({f"{src.host}/{SMALL}:1.28": f"{dst.host}/{SMALL}"}, both, columns=120)
    assert result.code == 0
    blob = "|".join(digest.split(":")[1][:12] for digest in picture.blobs)
    assert re.search(rf"  {SMALL}:1\.28 ({blob}) +\[[#-]+\] +\d+%", result.stdout), "no destination: there is but one"
    total = re.search(r" of ([\d.]+)kB ", result.stdout)
    assert total and 800 <= float(total[1]) <= 802, "all blobs of the only image"


@pytest.mark.concurrency
def test_bars_name_the_destination_where_there_are_two(runner, src, dst, both, from_source, registries):
    other = registries("display-other")
    from_source.push(images.image(SMALL, layers=2, size=400_000), SMALL, "1.28")
    src.rule("GET", "/blobs/", proxy.Stall(100_000, 1.5), times=4)
    rules = {f"{src.host}/{SMALL}:1.28": [f"{dst.host}/{SMALL}/two", f"{other.host}/{SMALL}"]}
    result = runner.tty(rules, {**both, other.host: {"insecure": True}}, columns=140)
    assert result.code == 0
    for host in (dst.host, other.host):
        assert f"  {SMALL}:1.28 -> {host} " in result.stdout


@pytest.mark.concurrency
def test_the_total_is_a_lower_bound_while_images_are_not_read(runner, src, dst, both, from_source, repo):
    for tag in ("first", "second"):
        from_source.push(images.image(f"{repo}/{tag}", size=400_000), repo, tag)
    # The manifest of the second image comes late.
    second = from_source.head(repo, "second")
    src.rule("GET", f"/manifests/{second}", proxy.Delay(2), times=1)
    src.rule("GET", "/blobs/", proxy.Stall(100_000, 3), times=2)
    result = runner.tty({f"{src.host}/{repo}:first,second": f"{dst.host}/{repo}"}, both, columns=120)
    assert result.code == 0
    bounds = re.findall(r" of (at least )?([\d.]+[kM]B)", result.stdout)
    assert bounds[0][0] and not bounds[-1][0], bounds
    assert bounds[-1][1].startswith("1.60"), bounds


@pytest.mark.concurrency
@pytest.mark.parametrize("columns", (40, 80, 120))
def test_what_stays_is_whole(runner, three, src, dst, both, from_source, repo, columns):
    rules, _, _ = three
    src.rule("GET", "/blobs/", proxy.Stall(100, 0.5), times=2)
    result = runner.tty({**rules, f"{src.host}/{repo}:nope": f"{dst.host}/{repo}/failed"}, both, columns=columns)
    assert result.code == 1
    screen = Screen(result.screen, columns=columns)
    assert screen.unclean() == []
    assert not any("[##" in row or "images 0" in row for row in screen.lines()), "no frame stays behind"
    assert "..." not in "".join(screen.lines()), "nothing is cut"
    text = "".join(row.ljust(columns) for row in screen.rows)
    for tag in ("fresh", "moved"):
        assert re.search(rf"(\+|->) {dst.host}/{repo}:{tag} +copied [\d.]+k?B in ", text)
    assert re.search(rf"(x|->) {dst.host}/{repo}/failed:nope +source: {src.host}/{repo}:nope does not exist", text)


def typed(runner, rules, auth, when, keys):
    """A run on a terminal of its own, where these keys are pressed as soon as when() holds: its exit status, and the screen."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    command = ["setsid", "--ctty", "--wait", *runner.arguments(rules, auth)]
    process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, cwd=runner.home,
                               env=runner.environment({"TERM": "xterm-256color"}))
    os.close(terminal)
    pieces = []

    def drain():
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:          # EIO: the last writer is gone
                return
            if not piece:
                return
            pieces.append(piece)
    reader = threading.Thread(target=drain)
    reader.start()
    try:
        proxy.until(lambda: when(b"".join(pieces)))
        os.write(main, keys)
        code = process.wait(60)
    finally:
        process.kill()
        process.wait()
        reader.join(30)
        os.close(main)
    return code, b"".join(pieces)


@pytest.mark.concurrency
def test_control_c_leaves_a_clean_terminal(runner, src, dst, both, from_source, repo):
    if not shutil.which("setsid"):
        pytest.skip("no setsid")
    from_source.push(images.image(repo, size=400_000), repo, "v1")
    src.rule("GET", "/blobs/", proxy.Stall(100_000, 60), times=None)
    code, seen = typed(runner, {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both,
                       lambda screen: b"[##" in screen, b"\x03")
    assert code == 130
    screen = Screen(seen)
    assert screen.unclean() == []
    assert screen.lines()[-3:-1] == ["stopped by SIGINT", "1 image: 0 copied, 0 in sync, 0 failed, 1 not finished"]
    assert not any("^C" in row or "[##" in row for row in screen.lines())
