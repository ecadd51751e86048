"""What the process takes away from itself, seen from outside while a slow copy runs, and that the run still does its work."""

import contextlib
import ctypes
import json
import os
import shutil
import subprocess
import tempfile

import pytest

from lib import images, proxy, run, scripted
from lib.services import Service
from test_connect import answer, door, helper  # noqa: F401  (fixtures)
from test_login import forward  # noqa: F401  (a fixture)

pytestmark = pytest.mark.skipif(run.FLAVOR != "musl", reason="sanitizers need what is taken away, so such builds keep it")

LANDLOCK_CREATE_RULESET = 444


def landlock():
    """Whether this kernel has it, and lets us."""
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1)) >= 1


@contextlib.contextmanager
def slow_run(runner, src, dst, from_source, repo, auth, env=None, flags=()):
    """A run in the middle of a copy that takes a minute; the process."""
    slow = from_source.push(images.image(repo, size=400_000), repo, "v1")
    for digest in slow.blobs:
        src.rule("GET", f"/blobs/{digest}", proxy.Stall(50, 60), times=None)
    process = runner.start(runner.arguments({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth, flags), env)
    try:
        proxy.until(lambda: any(each.path.rsplit("/", 1)[1] in slow.blobs for each in src.seen("GET", "blob")),
                    seconds=60, what="a run in the middle of its work")
        yield process
    finally:
        process.kill()
        process.communicate()


def proc(process, name):
    with open(f"/proc/{process.pid}/{name}", "rb") as file:
        return file.read().decode(errors="replace")


def status(process, thread=None):
    text = proc(process, f"task/{thread}/status" if thread else "status")
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def test_limits_privileges_and_system_calls(runner, src, dst, both, from_source, repo):
    with slow_run(runner, src, dst, from_source, repo, both) as process:
        core = next(line.split() for line in proc(process, "limits").splitlines() if line.startswith("Max core file size"))
        assert core[4:6] == ["0", "0"]
        for thread in os.listdir(f"/proc/{process.pid}/task"):
            state = status(process, thread)
            assert (state["NoNewPrivs"], state["Seccomp"]) == ("1", "2"), f"thread {thread}"


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root")
def test_the_process_cannot_be_traced_or_dumped(binary, src, dst, both, from_source, repo):
    """As another user than root: a process that is not dumpable belongs to root, whoever runs it."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        program = os.path.join(folder, "program")
        shutil.copy(binary, program)
        slow = from_source.push(images.image(repo, size=400_000), repo, "v1")
        for digest in slow.blobs:
            src.rule("GET", f"/blobs/{digest}", proxy.Stall(50, 60), times=None)
        command = run.Runner(program, folder).arguments({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both)
        for name in os.listdir(folder):
            os.chmod(os.path.join(folder, name), 0o755)
        process = subprocess.Popen(command, user=65534, group=65534, cwd="/", stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            proxy.until(lambda: any(each.path.rsplit("/", 1)[1] in slow.blobs for each in src.seen("GET", "blob")),
                        seconds=60, what="a run in the middle of its work")
            assert os.stat(f"/proc/{process.pid}/environ").st_uid == 0
        finally:
            process.kill()
            process.wait()


def test_a_secret_leaves_the_environment(runner, src, dst, both, from_source, repo):
    word = runner.secret("word-of-the-environment-5")
    auth = {**both, "other.test": {"username": "robot", "password": "${REGISTRY_PASSWORD}"}}
    with slow_run(runner, src, dst, from_source, repo, auth,
                  {"REGISTRY_PASSWORD": word, "AWS_SECRET_ACCESS_KEY": runner.secret("cloud-word-11"), "HARMLESS": "stays"}) as process:
        environment = proc(process, "environ")
        assert "HARMLESS=stays" in environment
        assert "REGISTRY_PASSWORD=" in environment
        assert word not in environment
        assert "cloud-word-11" not in environment


def children(process):
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
        return file.read().split()


def test_inputs_and_tokens_of_a_job_leave_the_environment(runner, src, dst, both, from_source, repo, tmp_path):
    """Texts given as inputs, in both spellings; what holds a secret; what the runner and the job put there for others."""
    word = runner.secret("word-of-an-input-5")
    auth = json.dumps({**both, "other.test": {"username": "robot", "password": word}})
    rules = json.dumps({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"})
    gone = {"INPUT_AUTH": auth, "INPUT_IMAGES": rules, "INPUT_DRY_RUN": "false", "INPUT_DRY-RUN": "false",
            "INPUT_GITHUB-TOKEN": "gone-1-word", "ACTIONS_RUNTIME_TOKEN": "gone-2-word",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "gone-3-word", "DEPLOY_PASSWORD": "gone-4-word", "PGPASSWORD": "gone-5-word",
            "SIGNING_KEY": "gone-6-word", "http_proxy": f"http://robot:{word}@127.0.0.1:1", "no_proxy": "*",
            "DOWNLOADS": f"https://robot:{word}@files.test/"}
    slow = from_source.push(images.image(repo, size=400_000), repo, "v1")
    for digest in slow.blobs:
        src.rule("GET", f"/blobs/{digest}", proxy.Stall(50, 60), times=None)
    process = runner.start([runner.binary], {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(tmp_path / "output"),
                                             "GITHUB_WORKSPACE": runner.home, **gone})
    try:
        proxy.until(lambda: any(each.path.rsplit("/", 1)[1] in slow.blobs for each in src.seen("GET", "blob")),
                    seconds=60, what="a run in the middle of its work")
        environment = proc(process, "environ")
        assert word not in environment and "gone-" not in environment and "other.test" not in environment
        assert "GITHUB_ACTIONS=true" in environment and f"GITHUB_OUTPUT={tmp_path}" in environment
    finally:
        process.terminate()
        process.communicate()
    assert "result<<" in (tmp_path / "output").read_text() or "result=" in (tmp_path / "output").read_text()


# -- credential helpers -------------------------------------------------------------------------------------------------------

def test_a_helper_is_started_by_a_process_of_its_own(runner, door, helper, src, from_source, repo):  # noqa: F811
    """It keeps its variables and its files; the run is confined all the same."""
    word = runner.secret("right-word-7")
    known = helper(door.host, answer("robot", word), body="printenv HELPER_TOKEN >seen\ngrep -E 'Seccomp:|NoNewPrivs:' "
                   "/proc/self/status >>seen\ncat /proc/version >>seen\n"
                   f'echo \'{{"ServerURL":"x","Username":"robot","Secret":"{word}"}}\'\n')
    from_source.push(images.image(repo), repo, "v1")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}, run.insecure(src, door), flags=["--debug"],
                         env={**known.environment, "HELPER_TOKEN": word})
    assert result.code == 0
    with open(os.path.join(runner.home, "seen"), encoding="ascii") as file:
        assert file.read().split()[:6] == [word, "NoNewPrivs:", "1", "Seccomp:", "0", "Linux"]
    assert "confined to the system calls of a copy: yes" in result.stderr
    assert not landlock() or "confined to the files and ports of this run: yes" in result.stderr


@pytest.mark.parametrize("configured", ({"credsStore": "e2e"}, {"credHelpers": {"other.test": "e2e", "more.test": "e2e"}}),
                         ids=("store", "helpers"))
def test_helpers_that_no_rule_needs(runner, src, dst, both, from_source, repo, configured):
    """Desktop's config.json names one everywhere: nothing is started for it, nothing is left open."""
    runner.write("config.json", configured)
    auth = {host: {**entry, "username": "robot", "password": runner.secret("unused-word-3")} for host, entry in both.items()}
    with slow_run(runner, src, dst, from_source, repo, auth, {"DOCKER_CONFIG": runner.home}) as process:
        assert children(process) == []
        assert status(process)["Seccomp"] == "2"


def test_the_process_of_the_helpers_ends_with_the_run(runner, door, helper, src, dst, from_source, repo):  # noqa: F811
    """However the run ends, with a helper at work or not."""
    known = helper(door.host, body="sleep 50\n")
    from_source.push(images.image(repo), repo, "v1")
    process = runner.start(runner.arguments({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}, run.insecure(src, door)),
                           known.environment)
    try:
        proxy.until(known.asked, seconds=60, what="a helper at work")
        server, = children(process)
        assert status(process)["Seccomp"] == "2"
    finally:
        process.kill()
        process.communicate()
    proxy.until(lambda: not os.path.exists(f"/proc/{server}"), seconds=60, what="the end of the process of the helpers")


@pytest.mark.parametrize("entry", ("", "bin", ".", "./bin"))
def test_a_helper_in_a_folder_that_depends_on_where_we_are(runner, door, helper, src, from_source, repo, entry):  # noqa: F811
    """A checkout must not bring the program that gets to know logins."""
    known = helper(door.host, answer("robot", runner.secret("right-word-7")))
    shutil.copy(os.path.join(known.folder, "docker-credential-e2e"), runner.home)
    from_source.push(images.image(repo), repo, "v1")
    command = runner.arguments({f"{src.host}/{repo}:v1": f"{door.host}/{repo}"}, run.insecure(src, door), ["--debug", "--retries", "0"])
    result = runner.run(["sh", "-c", 'cd "$0" && exec "$@"', os.path.dirname(known.folder), *command],
                        env={**known.environment, "PATH": f"{entry}:/usr/bin:/bin:{entry}"}, report=True)
    assert result.code == 1
    assert known.asked() == []
    assert f'PATH: \\"{entry}\\" is skipped' in result.stderr
    assert "docker-credential-e2e, is not on PATH" in result.image(f"{door.host}/{repo}:v1")["error"]["message"]


# -- ports --------------------------------------------------------------------------------------------------------------------

def test_a_token_server_at_a_port_of_its_own(runner, registries, token_servers, dst, at_target, repo):
    """As docker_auth beside a registry that somebody runs for himself: no file names its port."""
    server = token_servers(anonymous=("pull",))
    near = registries("near", token=server)
    images.Client(near, server.bearer).push(images.image(repo), repo, "v1")
    result = runner.sync({f"{near.host}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(near, dst))
    assert result.code == 0 and at_target.tags(repo) == ["v1"]


def sent_on(front, store, picture, repo):
    """Every blob of front is at store."""
    front.push(picture, repo, "v1")
    store.blobs.update(front.blobs)
    scheme = "https" if store.context else "http"
    front.hook = lambda request: (307, {"Location": f"{scheme}://{store.host}{request.path}"}, b"") if request.kind == "blob" else None


def test_a_storage_at_a_port_of_its_own(runner, dst, at_target, repo):
    """As MinIO at 9000."""
    picture = images.image(repo)
    with scripted.Scripted() as front, scripted.Scripted() as store:
        sent_on(front, store, picture, repo)
        assert runner.sync({f"{front.host}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(front, dst)).code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_a_port_of_another_service(runner, src, dst, both, from_source, repo):
    """Whatever a registry says, nothing is sent to a mail server."""
    from_source.push(images.image(repo), repo, "v1")
    src.rule("GET", "/blobs/", proxy.Respond(lambda request: (307, {"Location": "http://127.0.0.1:25/x"}, b"")), times=None)
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--retries", "0"])
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert result.code == 1 and error["kind"] == "refused"
    assert "port 25 belongs to no registry or proxy of this run" in error["message"]
    assert "name 127.0.0.1:25 in the auth file" in error["message"]


def test_ports_between_public_registries(runner, forward, certs, dst, at_target, repo):  # noqa: F811
    """These are known to stay at 443, so every other port is refused unless the auth file names it, or a private registry takes part."""
    picture = images.image(repo)
    context = certs.server_context()
    with scripted.Scripted(context=context) as front, scripted.Scripted(context=context) as store, scripted.Scripted(context=context) as far:
        sent_on(front, store, picture, repo)
        way = forward({"near.azurecr.io:443": front.port, "far.azurecr.io:443": far.port})
        public = {f"near.azurecr.io/{repo}:v1": f"far.azurecr.io/{repo}"}
        auth = run.insecure("near.azurecr.io", "far.azurecr.io", "127.0.0.1")
        env = {**way.environment(), "SSL_CERT_FILE": certs.ca}
        refused = runner.sync(public, auth, flags=["--retries", "0", "--debug"], env=env)
        assert refused.code == 1
        assert f"name {store.host} in the auth file" in refused.image(f"far.azurecr.io/{repo}:v1")["error"]["message"]
        assert "the kernel does not limit ports" not in refused.stderr
        assert runner.sync(public, {**auth, **run.insecure(store)}, env=env).code == 0
        mixed = runner.sync({f"near.azurecr.io/{repo}:v1": f"{dst.host}/{repo}"}, {**auth, **run.insecure(dst)}, flags=["--debug"], env=env)
        assert mixed.code == 0
        assert not landlock() or "the kernel does not limit ports" in mixed.stderr
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_a_message_goes_to_a_port_of_its_own(runner, forward, certs, repo):  # noqa: F811
    """Between public registries too, whose ports are all that is allowed otherwise."""
    with scripted.Scripted(context=certs.server_context()) as near, Service((200, {}, b"ok")) as service:
        way = forward({"near.azurecr.io:443": near.port, "far.azurecr.io:443": near.port})
        env = {**way.environment(), "SSL_CERT_FILE": certs.ca, "WHERE": service.url("/services/not-a-real-key")}
        result = runner.sync({f"near.azurecr.io/{repo}:v1": f"far.azurecr.io/{repo}"}, run.insecure("near.azurecr.io", "far.azurecr.io"),
                             flags=["--retries", "0", "--debug", "--notify", "slack=${WHERE}"], env=env)
        assert result.code == 1 and len(service.sent) == 1, result.stderr
        assert "the kernel does not limit ports" not in result.stderr


# -- files --------------------------------------------------------------------------------------------------------------------

@pytest.mark.skipif(not landlock(), reason="this kernel has no Landlock")
def test_outputs_are_written_wherever_they_are(runner, src, dst, both, from_source, repo, tmp_path):
    """A folder of their own each, a link to elsewhere, a device, a relative name."""
    from_source.push(images.image(repo), repo, "v1")
    (tmp_path / "lists").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "real").write_text("old")
    (tmp_path / "lists" / "link").symlink_to("../elsewhere/real")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, report=False,
                         flags=["--report", "relative.json", "--output-success-images", str(tmp_path / "lists" / "link"),
                                "--output-failed-images", "/dev/stdout", "--debug"])
    assert result.code == 0
    assert "confined to the files and ports of this run: yes" in result.stderr
    assert (tmp_path / "relative.json").read_text().startswith("{")
    assert repo in (tmp_path / "elsewhere" / "real").read_text()
    assert (tmp_path / "lists" / "link").is_symlink()
    assert result.stdout == "{}\n"


@pytest.mark.skipif(not landlock(), reason="this kernel has no Landlock")
def test_authorities_behind_a_link(runner, registries, dst, at_target, certs, repo):
    """As on NixOS: the bundle in /etc is a link to a file far from there."""
    outside = registries("outside", certs=certs)
    with contextlib.closing(images.Client(outside)) as client:
        client.push(images.image(repo), repo, "v1")
    linked = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /etc/ssl/certs && '
              'ln -s "$0" /etc/ssl/certs/ca-certificates.crt && exec "$@"', certs.ca]
    if not shutil.which("unshare") or subprocess.run([*linked, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody mount")
    rules = {f"{outside.host}/{repo}:v1": f"{dst.host}/{repo}"}
    result = runner.run([*linked, *runner.arguments(rules, run.insecure(dst), ["--retries", "0", "--debug"])])
    assert "confined to the files and ports of this run: yes" in result.stderr
    assert result.code == 0
    assert at_target.tags(repo) == ["v1"]


@pytest.mark.skipif(not landlock(), reason="this kernel has no Landlock")
def test_a_report_that_is_a_mount_of_its_own(runner, src, dst, both, from_source, repo, tmp_path):
    """As with `docker run -v report.json:/report.json`: nothing can be renamed over it, nor may what was written aside be read."""
    report = tmp_path / "mounted.json"
    report.write_text("old " * 10_000)
    mounted = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" "$0" && exec "$@"', str(report)]
    if not shutil.which("unshare") or subprocess.run([*mounted, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody mount")
    from_source.push(images.image(repo), repo, "v1")
    rules = {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}
    result = runner.run([*mounted, *runner.arguments(rules, both, ["--report", str(report), "--debug"], report=False)])
    assert "confined to the files and ports of this run: yes" in result.stderr
    assert result.code == 0
    assert json.loads(report.read_text())["copied"] == 1
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("mounted")] == ["mounted.json"]


def test_each_defence_is_told_once(runner, src, dst, both, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    rules = {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}
    told = runner.sync(rules, both, flags=["--debug"])
    assert told.stderr.count("confined to the files and ports of this run") == 1
    assert told.stderr.count("confined to the system calls of a copy: yes") == 1
    quiet = runner.sync(rules, both)
    assert "confined" not in quiet.stderr and "refused" not in quiet.stderr
