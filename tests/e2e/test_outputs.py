"""The files a run writes: none of them is one it reads, links of others are not followed, and nobody is waited for without end."""

import contextlib
import fcntl
import json
import os
import stat
import subprocess

import pytest

from lib import images, proxy, run
from lib.step import Step

OUTPUTS = ("--log", "--report", "--output-success-images", "--output-failed-images")
STRANGER = 12345
F_SETPIPE_SZ = 1031

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="files of another user can be made by root alone")


def pem(folder):
    """A public key of the kind that is wanted."""
    path = folder / "key.pem"
    private = subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"], check=True, capture_output=True)
    public = subprocess.run(["openssl", "ec", "-pubout"], input=private.stdout, check=True, capture_output=True)
    path.write_bytes(public.stdout)
    return path


@pytest.fixture
def readable(tmp_path, src, dst, repo):
    """{what is read: (its file, the arguments that name it)}; each run has the rules and the credentials."""
    folder = tmp_path / "in"
    folder.mkdir()
    key = pem(folder)
    texts = {
        "images.yaml": run.to_yaml({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}),
        "signed.yaml": f"{src.host}/{repo}:v1: {{to: {dst.host}/{repo}, require-signed: {key}}}\n",
        "kyma.yaml": f"targetRepoPrefix: {dst.host}/p/\nimages:\n  - source: {src.host}/{repo}:v1\n",
        "auth.yaml": run.to_yaml(run.insecure(src, dst)),
        "ca.yaml": run.to_yaml(run.insecure(src, dst, ca=str(folder / "ca.pem"))),
        "old.yaml": f"auth: {{}}\nimages: {{{src.host}/{repo}:v1: {dst.host}/{repo}}}\n",
        "token": "not-a-real-one\n", "account.json": "{}", "docker.json": "{}", "ca.pem": "any\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    plain = ["--images", folder / "images.yaml", "--auth", folder / "auth.yaml"]
    kyma = ["--images", folder / "kyma.yaml", "--auth", folder / "auth.yaml"]
    return {
        "--images": ("images.yaml", plain), "--auth": ("auth.yaml", plain), "--config": ("old.yaml", ["--config", folder / "old.yaml"]),
        "--access-token-file": ("token", [*kyma, "--access-token-file", folder / "token"]),
        "--target-repo-auth-key": ("account.json", [*kyma, "-t", folder / "account.json"]),
        "--require-signed": ("key.pem", [*plain, "--require-signed", key]),
        "require-signed": ("key.pem", ["--images", folder / "signed.yaml", "--auth", folder / "auth.yaml"]),
        "ca": ("ca.pem", ["--images", folder / "images.yaml", "--auth", folder / "ca.yaml"]),
        "logins": ("docker.json", [*plain, "--docker-config", folder / "docker.json"]),
    }


def contents(folder):
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def untouched(runner, tmp_path, src, dst, command, env=None):
    """Runs a command that must end before anything was written or asked."""
    before = contents(tmp_path)
    result = runner.run([runner.binary, *map(str, command)], env)
    assert result.code == 2
    assert contents(tmp_path) == before
    assert src.seen() == [] and dst.seen() == []
    return result


# -- what is read ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("read", ("--images", "--auth", "--config", "--access-token-file", "--target-repo-auth-key", "--require-signed",
                                  "require-signed", "ca", "logins"))
def test_no_output_is_an_input(runner, tmp_path, src, dst, readable, output, read):
    name, command = readable[read]
    result = untouched(runner, tmp_path, src, dst, [*command, output, tmp_path / "in" / name])
    assert f"{output} and " in result.stderr and read.strip("-") in result.stderr
    assert "are the same file" in result.stderr


def test_the_file_of_the_authorities(runner, tmp_path, src, dst, readable):
    path = tmp_path / "in" / "ca.pem"
    result = untouched(runner, tmp_path, src, dst, [*readable["--images"][1], "--log", path], {"SSL_CERT_FILE": str(path)})
    assert f"--log and SSL_CERT_FILE are the same file, {path}: the run would overwrite what it reads" in result.stderr


@pytest.mark.parametrize("way", ("symlink", "relative", "hard", "dots", "folder", "descriptor", "proc", "stdin"))
def test_files_are_told_by_what_they_are(runner, tmp_path, src, dst, readable, way):
    path, other = tmp_path / "in" / "images.yaml", tmp_path / "other"
    command = [*readable["--images"][1], "--report"]
    if way == "symlink":
        other.symlink_to(path)
    elif way == "relative":
        other.symlink_to("in/images.yaml")
    elif way == "hard":
        os.link(path, other)
    elif way == "dots":
        other = f"{tmp_path}/in/../in/./images.yaml"
    elif way == "folder":
        other.symlink_to("in")
        other = other / "images.yaml"
    before, end = contents(tmp_path), {}
    if way in ("descriptor", "proc"):
        with open(path, "r+b") as file:
            other, end = f"/{'dev' if way == 'descriptor' else 'proc/self'}/fd/{file.fileno()}", {"pass_fds": [file.fileno()]}
            result = subprocess.run([runner.binary, *map(str, command), other], capture_output=True, text=True, timeout=60,
                                    env=runner.environment(), cwd=tmp_path, check=False, **end)
    elif way == "stdin":
        with open(path, "rb") as file:
            result = subprocess.run([runner.binary, "--images", "-", "--report", path], stdin=file, capture_output=True, text=True,
                                    timeout=60, env=runner.environment(), cwd=tmp_path, check=False)
    else:
        result = subprocess.run([runner.binary, *map(str, command), str(other)], capture_output=True, text=True, timeout=60,
                                env=runner.environment(), cwd=tmp_path, check=False)
    assert result.returncode == 2
    assert "--report and --images are the same file" in result.stderr
    assert contents(tmp_path) == before
    assert src.seen() == [] and dst.seen() == []


# -- what is written -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("first,second", (
    ("out", "out"), ("out", "./out"), ("out", "folder/../out"), ("out", "link"), ("new", "./folder/../new"), ("folder/new", "linked/new"),
    ("new", "dangling"), ("-", "/dev/stdout"), ("/dev/fd/1", "/proc/self/fd/1"), ("out", "hard"),
))
@pytest.mark.parametrize("options", (("--log", "--report"), ("--report", "--output-failed-images"),
                                     ("--output-success-images", "--output-failed-images")), ids=lambda pair: "+".join(pair))
def test_no_two_outputs_are_one_file(runner, tmp_path, src, dst, readable, first, second, options):
    (tmp_path / "folder").mkdir()
    (tmp_path / "out").write_text("old")
    (tmp_path / "link").symlink_to("out")
    (tmp_path / "linked").symlink_to("folder")
    (tmp_path / "dangling").symlink_to("new")
    os.link(tmp_path / "out", tmp_path / "hard")
    result = untouched(runner, tmp_path, src, dst, [*readable["--images"][1], options[0], first, options[1], second])
    assert f"{options[0]} and {options[1]} are the same file" in result.stderr


def test_two_devices_are_fine(runner, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    flags = [word for output in OUTPUTS for word in (output, "/dev/null")]
    assert runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=flags, report=False).code == 0


def test_standard_error_is_not_the_report(runner, tmp_path, src, dst, readable):
    path = tmp_path / "all"
    command = " ".join(map(str, [runner.binary, *readable["--images"][1], "--report", path, f"2>{path}"]))
    result = runner.run(["sh", "-c", command])
    assert result.code == 2
    assert "--report and standard error are the same file" in path.read_text()
    assert src.seen() == [] and dst.seen() == []


def test_what_a_runner_reads_is_no_input(runner, tmp_path, src, dst, both, repo):
    rules = runner.write("rules.yaml", {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"})
    auth = runner.write("auth.yaml", both)
    with open(rules, encoding="utf-8") as file:
        text = file.read()
    step = Step(runner)
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        ended = step.run({"images": rules, "auth": auth}, {name: rules})
        assert ended.code == 2
        assert any(f"{name} and --images are the same file" in each.data for each in ended.annotations("error"))
        with open(rules, encoding="utf-8") as file:
            assert file.read() == text
    ended = step.run({"images": rules, "auth": auth, "proc": "many"}, {"GITHUB_OUTPUT": rules})
    assert ended.code == 2
    with open(rules, encoding="utf-8") as file:
        assert file.read() == text
    assert src.seen() == [] and dst.seen() == []


def test_a_run_that_does_not_begin_leaves_the_log(runner, tmp_path, src, dst, readable):
    log = tmp_path / "run.log"
    log.write_text("of the last run\n")
    untouched(runner, tmp_path, src, dst, [*readable["--images"][1], "--log", log, "--timeout", "soon"])
    untouched(runner, tmp_path, src, dst, ["--images", tmp_path / "not-there.yaml", "--log", log])
    untouched(runner, tmp_path, src, dst, [*readable["--images"][1], "--log", log, "--report", tmp_path / "no" / "such"])


def test_lines_before_the_log_is_open_are_in_it(runner, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    log = runner.write("run.log", "old\n")
    more = {**both, "unused.example.com": {"username": "robot", "password": "${NOBODY}"}}
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, more, flags=["--log", log, "--debug"])
    assert result.code == 0
    with open(log, encoding="utf-8") as file:
        text = file.read()
    assert "environment variable NOBODY is not set" in text and "1 faulty entry that no rule needs" in text and "old" not in text
    assert "NOBODY" not in result.stderr


# -- links ------------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def sticky(tmp_path):
    """A folder like /tmp."""
    folder = tmp_path / "sticky"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


@needs_root
@pytest.mark.parametrize("output", OUTPUTS)
def test_a_link_of_somebody_else(runner, tmp_path, src, dst, readable, sticky, output):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    link = sticky / "out"
    link.symlink_to(victim)
    os.lchown(link, STRANGER, STRANGER)
    result = untouched(runner, tmp_path, src, dst, [*readable["--images"][1], output, link])
    assert f"{link} is a link that another user made or can replace (owner {STRANGER}): name the file itself" in result.stderr
    (tmp_path / "own").symlink_to(link)          # a link of ours to theirs
    untouched(runner, tmp_path, src, dst, [*readable["--images"][1], output, tmp_path / "own"])


@needs_root
def test_a_folder_that_is_a_link_of_somebody_else(runner, tmp_path, src, dst, readable, sticky):
    (tmp_path / "real").mkdir()
    (sticky / "folder").symlink_to(tmp_path / "real")
    os.lchown(sticky / "folder", STRANGER, STRANGER)
    (tmp_path / "own").symlink_to(sticky)          # a link of ours on the way to theirs
    for name in (sticky / "folder" / "out", tmp_path / "own" / "folder" / "out", sticky / "folder" / ".." / "out"):
        result = untouched(runner, tmp_path, src, dst, [*readable["--images"][1], "--report", name])
        assert f"{sticky / 'folder'} is a link that another user made or can replace (owner {STRANGER})" in result.stderr


@needs_root
@pytest.mark.parametrize("output", OUTPUTS)
def test_a_file_of_somebody_else_where_everybody_writes(runner, tmp_path, src, dst, readable, sticky, output):
    path = sticky / "out"
    path.write_text("theirs")
    sticky.chmod(0o1777)
    os.chown(path, STRANGER, STRANGER)
    result = untouched(runner, tmp_path, src, dst, [*readable["--images"][1], output, path])
    assert "another user made it in a folder that everybody may write" in result.stderr


def test_a_link_of_ours_in_a_folder_that_others_write(runner, tmp_path, src, dst, readable):
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "out").symlink_to(tmp_path / "elsewhere")
    result = untouched(runner, tmp_path, src, dst, [*readable["--images"][1], "--report", folder / "out"])
    assert "is a link that another user made or can replace" in result.stderr


@pytest.mark.parametrize("there", (True, False), ids=("there", "not-there"))
def test_a_link_of_ours_in_a_sticky_folder(runner, tmp_path, src, dst, both, from_source, repo, sticky, there):
    from_source.push(images.image(repo), repo, "v1")
    real = tmp_path / "real.json"
    if there:
        real.write_text("old")
    (sticky / "report").symlink_to(real)
    (sticky / "log").symlink_to(tmp_path / "real.log")
    flags = ["--report", str(sticky / "report"), "--log", str(sticky / "log")]
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=flags, report=False)
    assert result.code == 0
    assert json.loads(real.read_text())["copied"] == 1 and f"{repo}:v1" in (tmp_path / "real.log").read_text()
    assert os.path.islink(sticky / "report") and sorted(os.listdir(sticky)) == ["log", "report"]


@needs_root
def test_outputs_of_a_step_follow_no_link_of_others(runner, tmp_path, src, dst, both, from_source, repo, sticky):
    from_source.push(images.image(repo), repo, "v1")
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    link = sticky / "out"
    link.symlink_to(victim)
    os.lchown(link, STRANGER, STRANGER)
    rules = runner.write("rules.yaml", {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"})
    ended = Step(runner).run({"images": rules, "auth": runner.write("auth.yaml", both)}, {"GITHUB_OUTPUT": str(link)})
    assert ended.code == 0
    assert victim.read_text() == "mine\n"
    assert "cannot write output result of the step" in ended.stderr


# -- pipes and devices ------------------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def fifo(path):
    os.mkfifo(path)
    yield path
    assert stat.S_ISFIFO(os.stat(path).st_mode)


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_pipe_that_nobody_reads(runner, tmp_path, src, dst, readable, output):
    with fifo(tmp_path / "pipe") as pipe:
        result = runner.run([runner.binary, *map(str, readable["--images"][1]), output, str(pipe)])
    assert result.code == 2
    assert f"{output}: cannot write {pipe}: this pipe has no reader: start it first" in result.stderr
    assert src.seen() == [] and dst.seen() == []


def waits_for_a_writer(process):
    """Whether the process is blocked in opening a pipe. Opening it ourselves would be seen by its reader."""
    with open(f"/proc/{process.pid}/wchan", encoding="ascii") as file:
        return file.read() == "wait_for_partner"


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_pipe_with_a_reader(runner, tmp_path, src, dst, both, from_source, repo, output):
    """The reader reads up to the first time that all writers are gone, which is the end of the run."""
    from_source.push(images.image(repo), repo, "v1")
    with fifo(tmp_path / "pipe") as pipe, subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True) as reader:
        try:
            proxy.until(lambda: waits_for_a_writer(reader), seconds=60, what="the reader of the pipe")
            result = runner.sync({f"{src.host}/{repo}:v1,none": f"{dst.host}/{repo}"}, both, report=False,
                                 flags=[output, str(pipe), "--retries", "0"])
            got, _ = reader.communicate(timeout=60)
        finally:
            reader.kill()
    assert result.code == 1
    expected = {"--log": f"{repo}:v1", "--report": '"copied": 1', "--output-success-images": f"{repo}:v1",
                "--output-failed-images": f"{repo}:none"}
    assert expected[output] in got


@pytest.mark.parametrize("shell", ("{command} --report >(cat >{out})", "{command} --report /dev/fd/5 5>{out}", "{command} --report /dev/stdout >{out}",
                                   "{command} --report /proc/self/fd/2 2>{out} --log /dev/null", "exec 7>{out}.log; {command} --log /proc/$$/fd/7 --report {out}",
                                   "{command} --report /dev/fd/5 5> >(cat >{out})"))
def test_names_of_descriptors(runner, tmp_path, src, dst, both, from_source, repo, shell):
    from_source.push(images.image(repo), repo, "v1")
    rules, auth = runner.write("r.yaml", {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}), runner.write("a.yaml", both)
    out = tmp_path / "out"
    command = shell.format(command=f"{runner.binary} --images {rules} --auth {auth}", out=out)
    result = runner.run(["bash", "-c", f"{command}; code=$?; wait; sleep 0.2; exit $code"])
    assert result.code == 0
    text = out.read_text()
    assert json.loads(text[text.index("{"):text.rindex("}") + 1])["copied"] == 1


def test_a_descriptor_that_is_not_open(runner, tmp_path, src, dst, readable):
    result = untouched(runner, tmp_path, src, dst, [*readable["--images"][1], "--report", "/dev/fd/9"])
    assert "--report: cannot write /dev/fd/9: Bad file descriptor" in result.stderr


def test_a_log_on_standard_error_is_what_it_is_without(runner, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--log", "/dev/stderr"])
    assert result.code == 0 and f"{repo}:v1" in result.stderr


class Clogged:
    """A pipe with a reader that reads nothing."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(self.descriptor, F_SETPIPE_SZ, 4096)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.descriptor)


def clogged_run(runner, src, dst, both, repo, pipe, *flags):
    tags = ",".join(f"none{n}" for n in range(40))
    return runner.start(runner.arguments({f"{src.host}/{repo}:{tags}": f"{dst.host}/{repo}"}, both, report=False,
                                         flags=["--report", str(pipe.path), "--retries", "0", *flags]))


def test_a_reader_that_stops_and_a_signal(runner, tmp_path, src, dst, both, repo):
    log = tmp_path / "run.log"
    with Clogged(tmp_path / "pipe") as pipe:
        process = clogged_run(runner, src, dst, both, repo, pipe, "--log", str(log))
        result = runner.stop(process, lambda: log.exists() and log.read_text().count("Failed to execute") == 40, "the end of the work", report=False)
    assert result.code in (1, 143)
    assert "its reader stopped reading" in result.stderr + log.read_text()


@pytest.mark.long
def test_a_reader_that_stops_is_not_waited_for_without_end(runner, tmp_path, src, dst, both, repo):
    with Clogged(tmp_path / "pipe") as pipe:
        result = runner.finish(clogged_run(runner, src, dst, both, repo, pipe), report=False)
    assert result.code == 1
    assert f"cannot write {pipe.path}: its reader stopped reading" in result.stderr


@pytest.mark.long
def test_a_log_whose_reader_stops_is_given_up(runner, tmp_path, src, dst, both, repo):
    with Clogged(tmp_path / "pipe") as pipe:
        tags = ",".join(f"none{n}" for n in range(40))
        result = runner.sync({f"{src.host}/{repo}:{tags}": f"{dst.host}/{repo}"}, both, flags=["--log", str(pipe.path), "--retries", "0"])
    assert result.code == 1
    assert result.stderr.count("the log cannot be written: lines are lost") == 1
    assert result.report["failed"] == 40
