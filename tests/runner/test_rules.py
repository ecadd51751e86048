"""The harness follows the runner's rules: each is small, and everything else here rests on them."""

import sys

import pytest

import actions
import commands


@pytest.mark.parametrize("line,name,properties,data", [
    ("::error title=a,file=b%2Cc::text%0Amore %25", "error", {"title": "a", "file": "b,c"}, "text\nmore %"),
    ("  \t::add-mask::secret", "add-mask", {}, "secret"),
    ("::ADD-MASK::secret", "add-mask", {}, "secret"),
    ("::debug::", "debug", {}, ""),
    ("text ##[set-env name=A]b", "set-env", {"name": "A"}, "b"),
    ("text ##[warning file=a;line=3]b", "warning", {"file": "a", "line": "3"}, "b"),
    ("::unknown::x ##[error]y", "error", {}, "y"),
])
def test_what_is_a_command(line, name, properties, data):
    assert commands.parse(line) == commands.Command(name, properties, data)


@pytest.mark.parametrize("line", ["text ::error::x", "::error x", "::unknown::x", "# #[error]x", "##[unknown]x", "##[error x", ""])
def test_what_is_none(line):
    assert commands.parse(line) is None


def test_stop_commands():
    log = commands.Log()
    for line in ("::stop-commands::Word-1", "::error::not told", "##[error]nor this", "::word-1::", "::error::told"):
        log.line(line)
    assert [each.data for each in log.annotations] == ["told"] and not log.unfinished()
    log.line("::set-env name=A::b")
    assert log.errors


def test_masks_hold_from_where_they_are_registered():
    log = commands.Log()
    for line in ("before hunter22", "::add-mask::hunter22", "after hunter22 aHVudGVyMjI= other"):
        log.line(line)
    assert log.shown == ["before hunter22", "after *** *** other"]


@pytest.mark.parametrize("value,derived", [
    ("a b&c", "a%20b%26c"), ("a'b", "a''b"), ('say "x"', 'say \\"x\\"'), ("a<b", "a&lt;b"), ('"quoted text"', "quoted text"),
    ("one\ntwo", "two"), ("hunter22", "aHVudGVyMjI="), ("hunter22", "dW50ZXIyMg=="), ("hunter22", "bnRlcjIy"),
])
def test_derived_masks(value, derived):
    masks = commands.Masks()
    masks.add(value)
    assert masks.apply(f"<{derived}>") == "<***>"


def test_annotations_are_limited_by_kind():
    log = commands.Log()
    for number in range(12):
        log.line(f"::warning::{number}")
        log.line("::error::" + "x" * 5000)
    assert len(log.annotations) == 20 and log.dropped == 4
    assert {len(each.data) for each in log.annotations if each.name == "error"} == {4096}


@pytest.mark.parametrize("text,found", [
    ("a=1\nb<<E\nx\ny\nE\na=2\n", {"a": "2", "b": "x\ny"}), ("a=b<<c\n", {"a": "b<<c"}), ("a<<E\nE\n", {"a": ""}), ("", {}),
    ("a<<b=c\nx\nb=c\n", {"a": "x"}),
])
def test_command_files(text, found):
    assert actions.read_commands(text) == found


@pytest.mark.parametrize("text", ["a<<E\nx\n", "a\n", "=a\n", "<<E\nE\n", "a<<\n\n"])
def test_command_files_that_fail_the_step(text):
    with pytest.raises(actions.Refused):
        actions.read_commands(text)


class _Simple(actions.Runner):
    """An action of its own text, to look at the runner itself."""

    def __init__(self, home, run):
        super().__init__(home, None)
        self._run = run

    def definition(self):
        return {"inputs": {"dry-run": {}, "token": {"default": "${{ github.token }}"}, "old": {"deprecationMessage": "Use new."}},
                "outputs": {"x": {"value": "${{ steps.one.outputs.x }}"}},
                "runs": {"using": "composite", "steps": [{"id": "one", "shell": "sh", "run": self._run, "env": {
                    "INPUT_DRY_RUN": "${{ inputs.dry-run }}", "INPUT_TOKEN": "${{ inputs.token }}", "LEVEL": "step"}}]}}


def test_the_environment(tmp_path):
    runner = _Simple(tmp_path, 'echo "$INPUT_DRY_RUN|$INPUT_TOKEN|$LEVEL|$JOB|$USES|${GITHUB_TOKEN-none}|$PWD"; echo x=1 >>"$GITHUB_OUTPUT"')
    runner.job_env = {"LEVEL": "job", "JOB": "job", "USES": "job"}
    step = runner.action({"DRY-RUN": True, "old": "a", "dry_run": "b"}, {"LEVEL": "uses", "USES": "uses"})
    assert step.log.raw == [f"true|{runner.github_token}|step|job|uses|none|{runner.workspace}"]
    assert step.outputs == {"x": "1"} and not step.failed
    assert len(step.annotations("warning")) == 2, "one for the old name, one for the unknown one"


def test_a_string_of_the_environment_has_a_limit(tmp_path):
    runner = _Simple(tmp_path, "true")
    room = actions.STRING_BYTES - len("INPUT_DRY_RUN=")
    assert runner.action({"dry-run": "x" * room}).code == 0
    with pytest.raises(actions.Refused):
        runner.action({"dry-run": "x" * (room + 1)})


def test_what_fails_a_step(tmp_path):
    for run in ("exit 4", "echo x >>$GITHUB_OUTPUT", "echo '::add-path::/x'", "head -c 1048577 /dev/zero >$GITHUB_STEP_SUMMARY"):
        assert _Simple(tmp_path, run).action().failed, run
    assert not _Simple(tmp_path, "true").action().failed


@pytest.mark.parametrize("catch", ["INT", "TERM"])
def test_cancelling(tmp_path, catch):
    """SIGINT goes to the one process, SIGTERM to who did not mind."""
    script = ("import signal,sys,time\nsignal.signal(signal.SIGINT,signal.SIG_IGN)\n"
              f"signal.signal(signal.SIG{catch},lambda *_:sys.exit(5))\nprint('ready',flush=True)\ntime.sleep(60)\n")
    running = _Simple(tmp_path, f"exec {sys.executable} -c \"{script}\"").begin()
    running.wait_for(lambda: "ready" in running.log.raw)
    assert running.cancel().code == 5
