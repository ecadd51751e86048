"""The command line, the report and what people read: in a pipe, on a terminal, after a signal."""

import json
import os
import re
import signal
import subprocess

import pytest

from lib import images, proxy
from lib.run import insecure
from lib.term import Screen

FLAGS = ("--auth", "--images", "--config", "--docker-config", "--proc", "--retries", "--os", "--arch", "--force", "--log", "--dry-run", "--report",
         "--fail-fast", "--timeout", "--log-level",
         "--output-success-images", "--output-failed-images", "--output-images-format", "--debug", "--version", "--help")


# -- flags and exit codes -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("flag", ("--help", "-h"))
def test_help_goes_to_stdout_and_names_every_flag(runner, flag):
    result = runner.run([runner.binary, flag])
    assert (result.code, result.stderr) == (0, "")
    assert [flag for flag in FLAGS if flag not in result.stdout] == []


def test_version(runner):
    result = runner.run([runner.binary, "--version"])
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.startswith("image-syncer") and re.search(r"\d", result.stdout)


@pytest.mark.parametrize("arguments", (
    ["--no-such-flag"], ["-x"], ["--images"], ["--proc", "many", "--images", "x.yaml"], ["--force=perhaps", "--images", "x.yaml"],
    ["--images", "not-there.yaml"], [],
), ids=("unknown", "unknown-short", "no-value", "bad-number", "bad-boolean", "no-file", "nothing"))
def test_usage_errors(runner, arguments):
    result = runner.run([runner.binary, *arguments])
    assert result.code == 2
    assert result.stderr.strip(), "the reason is on stderr"


def test_an_unknown_flag_is_named(runner):
    assert "--no-such-flag" in runner.run([runner.binary, "--no-such-flag"]).stderr


def test_flag_forms(runner, src, dst, both, from_source, at_target, repo):
    from_source.push(images.image(repo), repo, "v1")
    rules, auth = runner.write("r.yaml", {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}), runner.write("a.yaml", both)
    result = runner.run([runner.binary, f"--images={rules}", "--auth", auth, "-p6", "-r", "1", "--force=false", "--log="])
    assert result.code == 0
    assert at_target.tags(repo) == ["v1"]


def test_every_bad_rule_is_named_before_any_request(sync, src, dst, both, repo):
    rules = (
        f"{src.host}/{repo}:v1: {dst.host}/{repo}\n"
        f"{src.host}/UPPER/case:v1: {dst.host}/{repo}\n"
        f"{src.host}/{repo}:v2: ''\n"
        f"{src.host}/{repo}:v3,v4: {dst.host}/{repo}:only-one\n"
        f"{src.host}/{repo}:v5:\n"
        f"  - {dst.host}/{repo}\n"
        f"  - {dst.host}/{repo}:not/a/tag\n"
        f"{src.host}/{repo}@sha256:abc: {dst.host}/{repo}\n"
    )
    result = sync(rules, both)
    assert result.code == 2
    named = {int(line) for line in re.findall(r"images-1\.yaml:(\d+):\d+", result.stderr)}
    assert named == {2, 3, 4, 7, 8}
    assert src.seen() == [] and dst.seen() == []


@pytest.mark.parametrize("text,line", (
    ("a: b\n\tc: d\n", 2),
    ("- a\n- b\n", 1),
    ("{src}/{repo}:v1:\n  to: {dst}/{repo}\n  to: {dst}/{repo}/b\n", 3),
    ("{src}/{repo}:v1:\n  to: {dst}/{repo}\n  semvr: '1.x'\n", 3),
    ("{src}/{repo}:v1: &x {dst}/{repo}\n{src}/{repo}:v2: *y\n", 2),
    ("{src}/{repo}:v1: {dst}/{repo}\n---\nmore: {dst}/{repo}\n", None),
), ids=("tab", "list", "duplicate-field", "unknown-field", "alias", "second-document"))
def test_a_broken_rules_file_is_named_with_its_line(sync, src, dst, both, repo, text, line):
    result = sync(text.replace("{src}", src.host).replace("{dst}", dst.host).replace("{repo}", repo), both)
    assert result.code == 2
    assert f"images-1.yaml:{line or ''}" in result.stderr
    assert src.seen() == [] and dst.seen() == []


@pytest.mark.parametrize("text", ('{"a": "b",}', '{"a": "b"} x', '{"a": 5}', '["a"]', '{"a": "b"', '{"a":{"to":"b","TO":"c"}}'))
def test_a_broken_json_file_is_named_with_its_line(sync, text):
    result = sync(text, form="json")
    assert result.code == 2
    assert re.search(r"images-1\.json:1:\d+", result.stderr)


def test_a_broken_auth_file_is_named_with_its_line(sync, src, dst, repo):
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, f"{src.host}:\n  insecure: true\n{dst.host}:\n  insecure: 'true'\n")
    assert result.code == 2
    assert "auth-1.yaml:4" in result.stderr
    assert src.seen() == []


# -- dry run --------------------------------------------------------------------------------------------------------------------

def test_a_dry_run_compares_and_writes_nothing(sync, src, dst, both, from_source, at_target, repo):
    new, old = (from_source.push(images.multi(f"{repo}/{tag}", platforms=2), repo, tag) for tag in ("new", "old"))
    at_target.push(old, repo, "old")
    result = sync({f"{src.host}/{repo}:new,old": f"{dst.host}/{repo}"}, both, flags=["--dry-run"])
    assert result.code == 0
    assert dst.writes() == [] and src.seen("GET", "blob") == []
    assert at_target.tags(repo) == ["old"]
    assert result.statuses() == {f"{dst.host}/{repo}:new": "would-copy", f"{dst.host}/{repo}:old": "skipped"}
    assert result.report["dry_run"] is True and (result.report["copied"], result.report["bytes"]) == (0, 0)
    assert result.image(f"{dst.host}/{repo}:new")["digest"] == new.digest


def test_a_dry_run_finds_what_is_missing(sync, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1,nope": f"{dst.host}/{repo}"}, both, flags=["--dry-run"])
    assert result.code == 1
    assert result.image(f"{dst.host}/{repo}:nope")["error"]["kind"] == "missing"
    assert dst.writes() == []


# -- report -----------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def mixed(sync, src, dst, both, from_source, at_target, repo):
    """A run with one image copied, one in sync, one missing."""
    fresh, there = (from_source.push(images.image(f"{repo}/{tag}", layers=3), repo, tag) for tag in ("fresh", "there"))
    at_target.push(there, repo, "there")
    return fresh, there, sync({f"{src.host}/{repo}:fresh,there,nope": f"{dst.host}/{repo}"}, both)


def test_the_report_tells_what_happened(mixed, src, dst, repo):
    fresh, there, result = mixed
    report = result.report
    assert result.code == 1
    assert {name: report[name] for name in ("version", "result", "dry_run", "total", "copied", "skipped", "failed", "bytes")} == {
        "version": 1, "result": "partial", "dry_run": False, "total": 3, "copied": 1, "skipped": 1, "failed": 1,
        "bytes": fresh.bytes()}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", report["started"])
    assert isinstance(report["seconds"], (int, float)) and report["seconds"] >= 0
    assert report["requests"] == {"source": len(src.seen()), "destination": len(dst.seen())}
    assert [each["source"] for each in report["images"]] == [f"{src.host}/{repo}:{tag}" for tag in ("fresh", "there", "nope")]

    copied, skipped, failed = report["images"]
    assert (copied["status"], copied["digest"], copied["bytes"]) == ("copied", fresh.digest, fresh.bytes())
    assert copied["blobs"] == {"copied": 4, "mounted": 0, "present": 0, "skipped": 0}
    assert (skipped["status"], skipped["reason"], skipped["digest"], skipped["bytes"]) == ("skipped", "in-sync", there.digest, 0)
    assert (failed["status"], failed["error"]["kind"], failed["bytes"]) == ("failed", "missing", 0)
    assert failed["error"]["message"]
    assert "error" not in copied and "error" not in skipped
    assert all(isinstance(each["seconds"], (int, float)) for each in report["images"])


def test_a_failed_run_reports_failure(sync, src, dst, both, repo):
    result = sync({f"{src.host}/{repo}:nope": f"{dst.host}/{repo}"}, both)
    assert result.code == 1
    assert (result.report["result"], result.report["failed"]) == ("failure", 1)


def test_a_report_on_stdout_is_all_that_is_on_stdout(sync, src, dst, both, from_source, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1,nope": f"{dst.host}/{repo}"}, both, flags=["--report", "-"], report=False)
    assert result.code == 1
    report = json.loads(result.stdout)
    assert (report["result"], report["copied"], report["images"][0]["digest"]) == ("partial", 1, picture.digest)


@pytest.mark.parametrize("name", ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"))
def test_a_report_on_stdout_by_another_name(runner, src, dst, both, repo, name):
    """Standard output is a file, which a rename could replace; what stands in it already stays."""
    command = runner.arguments({f"{src.host}/{repo}:nope": f"{dst.host}/{repo}"}, both, report=False,
                               flags=["--report", name, "--retries", "0"])
    path = os.path.join(runner.home, "out")
    with open(path, "ab") as out:
        out.write(b"[")
        out.flush()
        process = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, cwd=runner.home,
                                 env=runner.environment(), timeout=60, check=False)
    replaced = name == "/dev/stdout" and not os.path.islink(name)
    if replaced:                # everybody else on this machine needs it
        os.remove(name)
        os.symlink("/proc/self/fd/1", name)
    assert not replaced
    assert process.returncode == 1, process.stderr
    with open(path, encoding="utf-8") as file:
        assert json.loads(file.read() + "]")[0]["failed"] == 1


@pytest.mark.parametrize("there", (True, False), ids=("there", "not-there"))
def test_a_report_through_a_link(runner, src, dst, both, from_source, repo, tmp_path, there):
    """The link stays what it is; its target is written, or made."""
    from_source.push(images.image(repo), repo, "v1")
    (tmp_path / "links").mkdir()
    (tmp_path / "elsewhere").mkdir()
    link, target = tmp_path / "links" / "report.json", tmp_path / "elsewhere" / "real.json"
    link.symlink_to("../elsewhere/real.json")
    if there:
        target.write_text("old" * 5000)
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--report", str(link)], report=False)
    assert result.code == 0
    assert link.is_symlink() and os.readlink(link) == "../elsewhere/real.json"
    assert json.loads(target.read_text())["result"] == "success"
    assert sorted(each.name for each in (*link.parent.iterdir(), *target.parent.iterdir())) == ["real.json", "report.json"]


def test_a_report_that_cannot_be_written_is_no_success(sync, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--report", "no/such/directory/r.json"], report=False)
    assert result.code == 2
    assert "no/such/directory/r.json" in result.stderr
    assert src.seen() == [] and dst.seen() == []


# -- what people read -------------------------------------------------------------------------------------------------------------

def test_in_a_pipe_a_line_per_image_and_a_summary_with_every_failure(mixed, src, dst, repo):
    _, _, result = mixed
    lines = result.stderr.splitlines()
    assert not any(f"{repo}:there" in line for line in lines), "what is in sync is counted"
    assert "\x1b" not in result.stderr + result.stdout and "\r" not in result.stderr + result.stdout
    for tag in ("fresh", "nope"):
        assert any(f"{src.host}/{repo}:{tag}" in line for line in lines), f"no line for {tag}"
    named = [{tag for tag in ("fresh", "nope") if f"{repo}:{tag}" in line} for line in lines]
    assert all(len(tags) <= 1 for tags in named), "one line, one image"
    closing = lines[lines.index("changed images:"):]
    assert any(f"{dst.host}/{repo}:fresh  new sha256:" in line for line in closing), "the summary names the change"
    assert any(f"{repo}:nope" in line for line in closing), "the summary names the failure"
    assert sum("nope" in tags for tags in named) >= 2, "its own line, and the summary"
    assert re.search(r"missing|not found|unknown|does not exist|no such", "\n".join(closing), re.I), "with its reason"


def test_many_images_give_many_lines(sync, src, dst, both, from_source, repo):
    tags = [f"v{n:02}" for n in range(20)]
    from_source.push(images.image(repo), repo, *tags)
    result = sync({f"{src.host}/{repo}": f"{dst.host}/{repo}"}, both)
    assert result.code == 0
    counts = [sum(f"{src.host}/{repo}:{tag}" in line for line in result.stderr.splitlines()) for tag in tags]
    assert counts == [1] * 20


def test_a_log_file_takes_the_lines(runner, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    path = runner.write("run.log", "old content\n")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--log", path])
    assert result.code == 0
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert f"{repo}:v1" in text and "old content" not in text


@pytest.mark.concurrency
def test_on_a_terminal_there_is_progress_and_it_is_left_clean(runner, src, dst, both, from_source, at_target):
    repo = "t/tty"      # short, so that a line has room for it
    pictures = {tag: from_source.push(images.image(f"{repo}/{tag}", size=400_000), repo, tag) for tag in ("v1", "v2")}
    src.rule("GET", "/blobs/", proxy.Stall(100_000, 0.8), times=4)
    result = runner.tty({f"{src.host}/{repo}:v1,v2,nope": f"{dst.host}/{repo}"}, both)
    assert result.code == 1
    for tag, picture in pictures.items():
        assert at_target.closure(repo, tag) == images.expected(picture)
    screen = Screen(result.screen)
    assert screen.redraws >= 2, "progress is drawn more than once in the same place"
    assert re.search(r"\d ?[kKMG]?i?B/s", result.stdout), "a rate"
    assert screen.unclean() == []
    assert f"{repo}:nope" in "".join(screen.lines()), "the failure is still to be read at the end"
    assert len([row for row in screen.lines() if "B/s" in row]) <= 1, "no picture of the progress stays behind"


@pytest.mark.concurrency
def test_on_a_narrow_terminal_nothing_wraps(runner, src, dst, both, from_source, repo):
    from_source.push(images.image(repo, size=400_000), repo, "v1")
    src.rule("GET", "/blobs/", proxy.Stall(100_000, 0.8), times=2)
    result = runner.tty({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, columns=40)
    assert result.code == 0
    screen = Screen(result.screen, columns=40)
    assert screen.unclean() == []
    assert len([row for row in screen.lines() if "B/s" in row]) <= 2, "a progress line that wrapped leaves its upper half behind"


def test_a_dumb_terminal_gets_plain_lines(runner, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    result = runner.tty({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, env={"TERM": "dumb"})
    assert result.code == 0
    assert b"\x1b" not in result.screen


# -- signals ----------------------------------------------------------------------------------------------------------------------

@pytest.mark.concurrency
@pytest.mark.parametrize("number,code", ((signal.SIGINT, 130), (signal.SIGTERM, 143)), ids=("SIGINT", "SIGTERM"))
def test_a_signal_ends_the_run_with_a_report(runner, src, dst, both, from_source, at_target, target, repo, number, code):
    from_source.push(images.image(f"{repo}/quick"), repo, "quick")
    slow = from_source.push(images.image(f"{repo}/slow", size=400_000), repo, "slow")
    for digest in slow.blobs:
        src.rule("GET", f"/blobs/{digest}", proxy.Stall(50, 60), times=None)
    process = runner.start(runner.arguments({f"{src.host}/{repo}:quick,slow": f"{dst.host}/{repo}"}, both))
    try:
        proxy.until(lambda: at_target.tags(repo) == ["quick"] and
                    any(each.path.rsplit("/", 1)[1] in slow.blobs for each in src.seen("GET", "blob")),
                    seconds=60, what="a run in the middle of its work")
        process.send_signal(number)
        result = runner.finish(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert result.code == code
    assert result.report["result"] == "cancelled"
    assert result.statuses()[f"{dst.host}/{repo}:quick"] == "copied"
    failed = result.image(f"{dst.host}/{repo}:slow")
    assert (failed["status"], failed["error"]["kind"]) == ("failed", "canceled")
    assert at_target.tags(repo) == ["quick"]

    direct = src.registry       # past the proxy that stalls
    again = runner.sync({f"{direct.host}/{repo}:quick,slow": f"{dst.host}/{repo}"}, {**both, **insecure(direct)})
    assert again.code == 0
    assert at_target.closure(repo, "slow") == images.expected(slow)


def test_a_signal_before_anything_happened(runner, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    src.rule("*", "", proxy.Delay(60), times=None)
    process = runner.start(runner.arguments({f"{src.host}/{repo}": f"{dst.host}/{repo}"}, both))
    result = runner.stop(process, lambda: src.seen(), "the first request")
    assert result.code == 143
    assert result.report["result"] == "cancelled"


@pytest.mark.long
@pytest.mark.concurrency
@pytest.mark.parametrize("how", ("SIGTERM", "timeout"))
def test_what_failed_before_the_end_is_told(runner, src, dst, both, from_source, repo, how):
    """The image would get another round, which never comes: its failure is the last word on it."""
    from_source.push(images.image(f"{repo}/good"), repo, "good")
    src.rule("*", "/manifests/bad$", proxy.Status(503, {"Retry-After": "90"}), times=None)
    failed, log = (os.path.join(runner.home, name) for name in ("failed.json", "log"))
    flags = ["--output-failed-images", failed, "--output-images-format", "json", "--log", log,
             *(["--timeout", "8s"] if how == "timeout" else [])]
    process = runner.start(runner.arguments({f"{src.host}/{repo}:good,bad": f"{dst.host}/{repo}"}, both, flags))
    try:
        proxy.until(lambda: os.path.exists(log) and "Start to retry 1 image" in open(log, encoding="utf-8").read(),
                    seconds=60, what="the pause between two rounds")
        if how == "SIGTERM":
            process.send_signal(signal.SIGTERM)
        result = runner.finish(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert result.code == (143 if how == "SIGTERM" else 1)
    assert result.statuses() == {f"{dst.host}/{repo}:good": "copied", f"{dst.host}/{repo}:bad": "failed"}
    assert "503" in result.image(f"{dst.host}/{repo}:bad")["error"]["message"]
    with open(failed, encoding="utf-8") as file:
        assert json.load(file) == {f"{src.host}/{repo}:bad": [f"{dst.host}/{repo}:bad"]}


def test_what_failed_before_fail_fast_is_told(sync, src, dst, both, repo):
    src.rule("*", "/manifests/bad$", proxy.Status(503, {"Retry-After": "90"}), times=None)
    src.rule("*", "/manifests/none$", proxy.Delay(2), times=None)
    result = sync({f"{src.host}/{repo}:bad,none": f"{dst.host}/{repo}"}, both, flags=["--fail-fast"])
    assert result.code == 1
    assert result.statuses() == {f"{dst.host}/{repo}:bad": "failed", f"{dst.host}/{repo}:none": "failed"}
