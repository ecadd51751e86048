"""What a command line can say by itself: several destinations, logins, certificates, files of the folder, what is printed and how."""

import json
import re
import subprocess

import pytest

from lib import images


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


# -- rules ------------------------------------------------------------------------------------------------------------------------

def test_one_source_and_several_destinations(runner, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    auth = runner.write("a.yaml", both)
    result = runner.run([runner.binary, "--auth", auth, f"{src.host}/{repo}:v1", f"{dst.host}/{repo}", "--retries=0", f"{dst.host}/{repo}/b:v2",
                         f"{dst.host}/{repo}/c"])
    assert result.code == 0
    for name, tag in ((repo, "v1"), (f"{repo}/b", "v2"), (f"{repo}/c", "v1")):
        assert at_target.closure(name, tag) == images.expected(picture)


def test_the_files_of_the_folder(binary, tmp_path, registries, src, from_source, repo):
    locked = registries("folder", users={"robot": "right-word-7"})
    from_source.push(images.image(repo), repo, "v1")
    (tmp_path / "images.yaml").write_text(f"{src.host}/{repo}:v1: {locked.host}/{repo}\n")
    (tmp_path / "auth.yaml").write_text(f"{locked.host}: {{username: robot, password: right-word-7}}\n")
    (tmp_path / "auth.yaml").chmod(0o600)
    done = subprocess.run([binary], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "using images.yaml of this folder, with the logins of auth.yaml" in done.stderr


def test_only_one_platform(runner, src, dst, both, from_source, at_target, repo):
    from_source.push(images.multi(repo, platforms=3), repo, "v1")
    result = runner.run([runner.binary, "--auth", runner.write("a.yaml", both), "--platform", "linux/arm64", f"{src.host}/{repo}:v1",
                         f"{dst.host}/{repo}"])
    assert result.code == 0
    index = json.loads(at_target.request("GET", f"/v2/{repo}/manifests/v1", headers={"Accept": images.ACCEPT}).body)
    assert {(each["platform"]["os"], each["platform"]["architecture"]) for each in index["manifests"]} == {("linux", "arm64")}


# -- registries -------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("way", ("file", "variable", "stdin"))
def test_a_login_on_the_command_line(runner, registries, src, from_source, repo, way):
    locked = registries(f"locked-{way}", users={"robot": "right-word-7"})
    from_source.push(images.image(repo), repo, "v1")
    password = runner.secret("right-word-7")
    secret = {"file": "@" + str(runner.write("password", password + "\n")), "variable": "${TOKEN}", "stdin": "@-"}[way]
    command = f"{runner.binary} --debug --creds '{locked.host}=robot:{secret}' {src.host}/{repo}:v1 {locked.host}/{repo}"
    result = runner.run(["sh", "-c", f"printf %s {password} | {command}" if way == "stdin" else command],
                        env={"TOKEN": password} if way == "variable" else {})
    assert result.code == 0


def test_a_login_on_the_command_line_counts_more(runner, registries, src, from_source, repo):
    locked = registries("locked-more", users={"robot": "right-word-7"})
    from_source.push(images.image(repo), repo, "v1")
    password, wrong = runner.secret("right-word-7"), runner.secret("wrong-word-8")
    auth = runner.write("a.yaml", {locked.host: {"username": "robot", "password": wrong}})
    command = [runner.binary, "--auth", auth, f"{src.host}/{repo}:v1", f"{locked.host}/{repo}"]
    assert runner.run(command).code == 1
    assert runner.run([*command, "--creds", f"{locked.host}=robot:@{runner.write('password', password)}"]).code == 0


def test_a_password_on_the_command_line_is_refused(runner, src, dst, repo):
    password = runner.secret("right-word-7")
    result = runner.run([runner.binary, "--creds", f"{dst.host}=robot:{password}", f"{src.host}/{repo}:v1", f"{dst.host}/{repo}"])
    assert result.code == 2 and "@FILE" in result.stderr
    assert src.seen() == dst.seen() == []


def test_certificates_on_the_command_line(runner, registries, certs, src, from_source, repo):
    secure = registries("secure", certs=certs)
    from_source.push(images.image(repo), repo, "v1")
    command = [runner.binary, f"{src.host}/{repo}:v1", f"{secure.host}/{repo}", "--retries", "0", "--force"]
    assert runner.run(command).code == 1
    assert runner.run([*command, "--insecure", secure.host]).code == 0
    assert runner.run([*command, "--ca", f"{secure.host}={certs.ca}"]).code == 0
    assert runner.run([*command, "--ca", certs.ca]).code == 0
    assert runner.run([*command, "--ca", f"registry.example.com={certs.ca}"]).code == 1


# -- what is printed ----------------------------------------------------------------------------------------------------------------

def test_quiet(runner, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    auth = runner.write("a.yaml", {**both, src.host.split(":")[0]: {"insecure": True}})
    command = [runner.binary, "-q", "--auth", auth]
    good = runner.run([*command, f"{src.host}/{repo}:v1", f"{dst.host}/{repo}"])
    assert (good.code, good.stdout, good.stderr) == (0, "", "")
    bad = runner.run([*command, f"{src.host}/{repo}:nope", f"{dst.host}/{repo}"])
    assert (bad.code, bad.stdout) == (1, "")
    assert len(bad.stderr.splitlines()) == 1 and f"{repo}:nope" in bad.stderr and "level=error" in bad.stderr


def test_quiet_with_a_log_elsewhere(runner, src, dst, both, from_source, repo, tmp_path):
    from_source.push(images.image(repo), repo, "v1")
    command = [runner.binary, "--quiet", "--auth", runner.write("a.yaml", both), "--log", str(tmp_path / "log")]
    good = runner.run([*command, f"{src.host}/{repo}:v1", f"{dst.host}/{repo}"])
    assert (good.code, good.stdout, good.stderr) == (0, "", "")
    assert "level=info" in (tmp_path / "log").read_text()
    bad = runner.run([*command, f"{src.host}/{repo}:nope", f"{dst.host}/{repo}"])
    assert bad.code == 1 and f"{repo}:nope" in bad.stderr


def test_quiet_on_a_terminal(runner, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    result = runner.tty({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["-q"])
    assert (result.code, result.screen) == (0, b"")


def test_the_digest_of_a_copied_image_is_on_its_line(sync, src, dst, both, from_source, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both)
    line, = (line for line in result.stderr.splitlines() if "Finish synchronizing" in line)
    assert f", {picture.digest}, blobs: " in line


@pytest.mark.parametrize("where", ("stderr", "file"))
def test_a_log_in_json(runner, src, dst, both, from_source, repo, tmp_path, where):
    picture = from_source.push(images.image(repo), repo, "v1")
    rules = runner.write("r.yaml", {f"{src.host}/{repo}:v1,nope": f"{dst.host}/{repo}", f"{src.host}/{repo}:/nothing/": f"{dst.host}/{repo}-2"})
    auth = runner.write("a.yaml", both)
    more = ["--log", str(tmp_path / "log")] if where == "file" else []
    result = runner.run([runner.binary, "--images", rules, "--auth", auth, "--retries", "0", "--log-format", "json", *more])
    assert result.code == 1
    log = lines((tmp_path / "log").read_text() if where == "file" else result.stderr)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", line["time"]) for line in log)
    assert {line["level"] for line in log} == {"info", "warning", "error"}
    copied, = (line for line in log if line.get("status") == "copied")
    failed, = (line for line in log if line.get("status") == "failed")
    assert copied["source"] == f"{src.host}/{repo}:v1" and copied["destination"] == f"{dst.host}/{repo}:v1"
    assert copied["digest"] == picture.digest and copied["bytes"] > 0 and copied["seconds"] >= 0 and copied["total"] == 2
    assert failed["level"] == "error" and failed["reason"] == "missing" and "does not exist" in failed["msg"]
    assert (log[-1]["images"], log[-1]["copied"], log[-1]["failed"]) == (2, 1, 1)


def test_mistakes_in_json(runner):
    result = runner.run([runner.binary, "--log-format", "json", "--images", runner.write("r.yaml", 'a.io/x: "b.io/\\"y\\\\\\x01"\n')])
    assert result.code == 2
    line, = lines(result.stderr)
    assert line["level"] == "error" and "r.yaml:1:" in line["msg"]


def test_no_display_between_objects(runner, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    result = runner.tty({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--log-format", "json"])
    assert result.code == 0
    assert [line["level"] for line in lines(result.screen.decode())] == ["info", "info"]
