"""entrypoint.sh: where the program comes from, in which order, and what is fatal. docker, curl and wget are stand-ins here that do
as they are told and write down how they were called; test_engine.py has the same with a real engine and a real registry."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from actions import ROOT
from commands import Log

SHELLS = ["dash", "bash", "busybox"]
NEEDED = ["sh", "env", "sed", "find", "sort", "sha256sum", "cut", "mktemp", "rm", "chmod", "uname", "head", "cat", "dirname", "cp",
          "printf", "echo"]
PROGRAM = '#!/bin/sh\n[ "${1-}" != --version ] || exit 0\necho "program runs in $$ with $# arguments"\nexit 3\n'
ATTACK = "::set-env name=A::b"
STUBS = {
    "docker": """
case $1 in
info) exit "${DOCKER_INFO:-0}" ;;
pull) exit "${DOCKER_PULL:-0}" ;;
create) echo c0ffee; exit "${DOCKER_CREATE:-0}" ;;
cp) cp "$PROGRAM" "$3"; exit "${DOCKER_CP:-0}" ;;
rm) printf 'the last line has no end' ;;
build) echo "by $BUILDX_BUILDER" >>"$CALLS"; echo sha256:b01d >"$3"; exit "${DOCKER_BUILD:-0}" ;;
esac
""",
    "curl": 'cp "$PROGRAM" "$5"; exit "${CURL:-0}"\n',
    "wget": 'cp "$PROGRAM" "$2"; exit "${WGET:-0}"\n',
    "uname": 'case $1 in -s) echo "${SYSTEM:-Linux}" ;; *) echo "${PROCESSOR:-x86_64}" ;; esac\n',
}
INDEX = "sha256:" + "1" * 64


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Place:
    """An action as the runner has unpacked it, and a machine to run it on."""

    def __init__(self, home, shell):
        self.home, self.shell = home, shell
        self.action, self.temp, self.bin, self.workspace = (home / name for name in ("action", "temp", "bin", "workspace"))
        for each in (self.action / "src", self.action / ".github", self.temp, self.bin, self.workspace):
            each.mkdir(parents=True)
        shutil.copy(os.path.join(ROOT, "entrypoint.sh"), self.action)
        for name, text in (("src/main.c", "int main(void) { return 0; }\n"), ("Makefile", "all:\n"), ("Dockerfile", "FROM scratch\n")):
            (self.action / name).write_text(text)
        self.program = home / "program"
        self.program.write_text(PROGRAM)
        self._tools()
        self.lock()

    def _tools(self):
        if self.shell == "busybox":
            for name in NEEDED:
                (self.bin / name).symlink_to(shutil.which("busybox"))
        else:
            for name in NEEDED[1:]:
                (self.bin / name).symlink_to(shutil.which(name))
            (self.bin / "sh").symlink_to(shutil.which(self.shell))
        for name, text in STUBS.items():
            self.stub(name, text)

    def stub(self, name, text):
        """A program that writes down its arguments, tries to give the runner a command, and does as `text` says."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        quiet = "" if name == "uname" else f'echo "{name} $*" >>"$CALLS"\necho "{ATTACK}" >&2\n'
        quiet += f'[ "{name} $1" = "docker create" ] || [ {name} = uname ] || echo "{ATTACK}"\n'
        path.write_text(f"#!/bin/sh\n{quiet}{text}")
        path.chmod(0o755)

    def without(self, *names):
        for name in names:
            (self.bin / name).unlink()

    def source_hash(self):
        """Computed here once more, by the definition."""
        lines = [f"{sha256(path.read_bytes())}  {path.relative_to(self.action)}\n"
                 for path in self.action.rglob("*") if path.is_file()
                 and re.match(r"src/|Makefile$|Dockerfile$", str(path.relative_to(self.action)))]
        return sha256("".join(sorted(lines)).encode())

    def lock(self, **changes):
        values = {
            "source": self.source_hash(), "image": f"ghcr.io/owner/image-syncer@{INDEX}",
            "url": "https://github.com/owner/image-syncer/releases/download/v1.0.0/image-syncer-linux",
            "sha256-linux-amd64": sha256(PROGRAM.encode()), "sha256-linux-arm64": sha256(PROGRAM.encode()), **changes,
        }
        (self.action / ".github/release.lock").write_text("".join(f"{name} {value}\n" for name, value in values.items()))

    def environment(self, **env):
        return {"PATH": str(self.bin), "CALLS": str(self.home / "calls"), "PROGRAM": str(self.program), "RUNNER_TEMP": str(self.temp),
                "GITHUB_OUTPUT": str(self.home / "output"), **env}

    def start(self, *arguments, **env):
        (self.home / "calls").write_text("")
        (self.home / "output").write_text("")
        return subprocess.Popen([str(self.bin / "sh"), str(self.action / "entrypoint.sh"), *arguments], cwd=self.workspace,
                                env=self.environment(**env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def run(self, *arguments, **env):
        return Launch(self, self.start(*arguments, **env))


class Launch:
    """How a launch went, as the runner sees it."""

    def __init__(self, place, process):
        self.stdout, self.stderr = process.communicate(timeout=60)
        self.pid, self.code = process.pid, process.returncode
        self.calls = (place.home / "calls").read_text().splitlines()
        self.outputs = (place.home / "output").read_text()
        self.log = Log()
        for line in (self.stderr + self.stdout).splitlines():
            self.log.line(line)
        self.left = sorted(path for path in place.temp.rglob("*"))
        # Whatever happens: nothing that docker, curl or wget print is obeyed, and nothing is written into the workspace.
        assert not self.log.errors and not self.log.unfinished(), self.stderr
        assert {each.name for each in self.log.executed} <= {"group", "endgroup", "stop-commands", "error"}, self.stderr
        assert list(place.workspace.iterdir()) == []

    def became_the_program(self):
        """The same process, no arguments, the exit status of the program."""
        return self.code == 3 and self.stdout.splitlines()[-1:] == [f"program runs in {self.pid} with 0 arguments"]

    def failed(self, *words):
        """One annotation that has these words, status 2, an output, no trace in the temporary folder, and no program that ran."""
        errors = [each for each in self.log.annotations if each.name == "error"]
        return (self.code == 2 and len(errors) == 1 and errors[0].properties == {"title": "image-syncer"}
                and all(word in errors[0].data for word in words) and "program runs" not in self.stdout
                and self.outputs == "result=failure\n" and self.left == [])

    def tools(self):
        """Which tools did something, in order, without questions whether an engine is there."""
        return [" ".join(call.split()[:2]) if call.startswith("docker") else call.split()[0]
                for call in self.calls if call != "docker info" and not call.startswith("by ")]

    def __repr__(self):
        return f"exit {self.code}\n{self.calls}\n-- stdout\n{self.stdout}\n-- stderr\n{self.stderr}\n-- left {self.left}"


@pytest.fixture(params=SHELLS)
def place(request, tmp_path):
    if not shutil.which(request.param):
        pytest.fail(f"{request.param} is not installed: run `make setup`")
    return Place(tmp_path, request.param)


# -- a given program ------------------------------------------------------------------------------------------------------------

def test_a_given_program_is_run_and_nothing_else(place):
    place.program.chmod(0o755)
    launch = place.run(IMAGE_SYNCER_BIN=str(place.program), SYSTEM="Darwin")
    assert launch.became_the_program() and launch.calls == [], launch
    assert "IMAGE_SYNCER_BIN" in launch.stderr


@pytest.mark.parametrize("name", ["nowhere", "program"])
def test_a_given_path_that_is_no_program(place, name):
    launch = place.run(IMAGE_SYNCER_BIN=str(place.home / name))
    assert launch.failed("IMAGE_SYNCER_BIN") and launch.calls == [], launch


# -- the locked program -----------------------------------------------------------------------------------------------------------

def test_the_locked_image(place):
    launch = place.run()
    assert launch.became_the_program(), launch
    program, = (path for path in launch.left if path.is_file())
    assert launch.calls == [
        "docker info", f"docker pull -q --platform linux/amd64 ghcr.io/owner/image-syncer@{INDEX}",
        f"docker create --platform linux/amd64 ghcr.io/owner/image-syncer@{INDEX} x", f"docker cp c0ffee:/image-syncer {program}",
        "docker rm c0ffee"]
    assert program.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("processor,arch", [("x86_64", "amd64"), ("amd64", "amd64"), ("aarch64", "arm64"), ("arm64", "arm64")])
def test_the_architecture_decides(place, processor, arch):
    other = {"amd64": "arm64", "arm64": "amd64"}[arch]
    place.lock(**{f"sha256-linux-{other}": "0" * 64})
    launch = place.run(PROCESSOR=processor, DOCKER_INFO="1")
    assert launch.became_the_program(), launch
    assert launch.calls[-1].endswith(f"/image-syncer-linux-{arch}"), launch
    launch = place.run(PROCESSOR=processor, RUNNER_TEMP=str(place.workspace.parent / "bin"))
    assert f"docker create --platform linux/{arch}" in "\n".join(launch.calls), launch


@pytest.mark.parametrize("given,pulled", [
    ("mirror.example:5000/tools/image-syncer", f"mirror.example:5000/tools/image-syncer@{INDEX}"),
    ("mirror.example/image-syncer:v1", f"mirror.example/image-syncer:v1@{INDEX}"),
    ("mirror.example/image-syncer@sha256:22", "mirror.example/image-syncer@sha256:22"),
    ("", f"ghcr.io/owner/image-syncer@{INDEX}"),
])
def test_a_mirror_of_the_image(place, given, pulled):
    launch = place.run(INPUT_TOOL_IMAGE=given)
    assert launch.became_the_program() and f"docker pull -q --platform linux/amd64 {pulled}" in launch.calls, launch


@pytest.mark.parametrize("locked", [True, False])
def test_a_mirror_that_is_a_flag(place, locked):
    if not locked:
        place.lock(source="0" * 64)
    launch = place.run(INPUT_TOOL_IMAGE="--privileged")
    assert launch.failed("tool-image") and launch.calls == [], launch


def test_the_other_engine(place):
    other = "sha256:" + "2" * 64
    place.lock(**{"image-openssl": f"ghcr.io/owner/image-syncer@{other}", "sha256-linux-amd64": "0" * 64,
                  "sha256-linux-amd64-openssl": sha256(PROGRAM.encode())})
    launch = place.run(INPUT_TLS="openssl")
    assert launch.became_the_program(), launch
    assert f"docker pull -q --platform linux/amd64 ghcr.io/owner/image-syncer@{other}" in launch.calls
    launch = place.run(INPUT_TLS="openssl", DOCKER_INFO="1", RUNNER_TEMP=str(place.workspace.parent / "bin"))
    assert launch.became_the_program() and launch.calls[-1].endswith("/image-syncer-linux-amd64-openssl"), launch
    launch = place.run(INPUT_TLS="bearssl", DOCKER_INFO="1", RUNNER_TEMP=str(place.workspace.parent / "bin"))
    assert launch.code == 2 and "checksum" in launch.stderr, "the checksum is that of one engine"


def test_the_other_engine_is_built(place):
    place.lock(source="0" * 64)
    launch = place.run(INPUT_TLS="openssl")
    assert launch.became_the_program() and " --build-arg TLS=openssl " in "\n".join(launch.calls), launch


def test_an_engine_that_there_is_not(place):
    launch = place.run(INPUT_TLS="gnutls")
    assert launch.failed("bearssl or openssl") and launch.calls == [], launch


def test_the_next_step_runs_what_the_first_one_fetched(place):
    assert place.run().became_the_program()
    launch = place.run()
    assert launch.became_the_program() and launch.calls == [], launch


def test_what_was_spoiled_since_is_fetched_again(place):
    first = place.run()
    path, = (path for path in first.left if path.is_file())
    path.write_text("#!/bin/sh\necho evil\n")
    launch = place.run()
    assert launch.became_the_program() and "evil" not in launch.stdout and "docker pull" in launch.tools(), launch


WAYS = [
    ({}, ["docker pull", "docker create", "docker cp", "docker rm"]),
    ({"DOCKER_INFO": "1"}, ["curl"]),
    ({"DOCKER_PULL": "1"}, ["docker pull", "curl"]),
    ({"DOCKER_CREATE": "1"}, ["docker pull", "docker create", "curl"]),
    ({"DOCKER_CP": "1"}, ["docker pull", "docker create", "docker cp", "docker rm", "curl"]),
    ({"DOCKER_INFO": "1", "CURL": "22"}, ["curl", "wget"]),
    ({"DOCKER_PULL": "1", "CURL": "22"}, ["docker pull", "curl", "wget"]),
]


@pytest.mark.parametrize("env,tools", WAYS)
def test_a_fetch_that_fails_falls_through(place, env, tools):
    launch = place.run(**env)
    assert launch.became_the_program() and launch.tools() == tools, launch


@pytest.mark.parametrize("env,tools", WAYS)
def test_a_wrong_checksum_is_fatal(place, env, tools):
    place.program.write_text(PROGRAM + "# not what was released\n")
    launch = place.run(**env)
    assert launch.failed("checksum") and launch.tools() == tools, launch


def test_nothing_can_be_fetched(place):
    launch = place.run(DOCKER_PULL="1", CURL="6", WGET="4")
    assert launch.failed("tool-image", "IMAGE_SYNCER_BIN") and launch.tools() == ["docker pull", "curl", "wget"], launch


def test_the_tools_that_are_not_there_are_left_out(place):
    place.without("docker", "curl")
    launch = place.run()
    assert launch.became_the_program() and launch.tools() == ["wget"], launch
    place.without("wget")
    shutil.rmtree(place.temp)
    place.temp.mkdir()
    assert place.run().failed("IMAGE_SYNCER_BIN")


# -- the build --------------------------------------------------------------------------------------------------------------------

def _changed(place):
    (place.action / "src/main.c").write_text("int main(void) { return 1; }\n")


def _no_lock(place):
    (place.action / ".github/release.lock").unlink()


def _empty_lock(place):
    (place.action / ".github/release.lock").write_text("")


def _lock_without_this_architecture(place):
    place.lock(**{"sha256-linux-amd64": ""})


@pytest.mark.parametrize("change", [_changed, _no_lock, _empty_lock, _lock_without_this_architecture])
def test_a_source_that_is_not_locked_is_built(place, change):
    change(place)
    launch = place.run()
    assert launch.became_the_program(), launch
    assert launch.tools() == ["docker build", "docker create", "docker cp", "docker rm"]
    assert "by default" in launch.calls, "setup-buildx-action's builder does not put the image into the engine"
    assert [path.name for path in launch.left if path.is_file()] == ["image-syncer"]
    launch = place.run()
    assert "docker build" in launch.tools(), "what was built is not taken for the source that is there now"


def test_without_an_engine_nothing_can_be_built(place):
    _changed(place)
    launch = place.run(DOCKER_INFO="1")
    assert launch.failed("released ref", "IMAGE_SYNCER_BIN") and launch.tools() == [], launch
    place.without("docker")
    assert place.run().failed("released ref", "IMAGE_SYNCER_BIN")


def test_a_build_that_fails(place):
    _changed(place)
    launch = place.run(DOCKER_BUILD="1")
    assert launch.failed("cannot be built") and launch.tools() == ["docker build"], launch


# -- what is no checksum ----------------------------------------------------------------------------------------------------------

def _leave(place, name, make):
    """What an earlier step seems to have left in the runner's folder."""
    folder = place.temp / f"image-syncer.{name}"
    folder.mkdir()
    make(folder / "image-syncer")


def _evil(path, mode=0o755):
    path.write_text("#!/bin/sh\necho evil\n")
    path.chmod(mode)


def _cannot_be_read(path):
    _evil(path)
    path.chmod(0o111)


def _folder(path):
    path.mkdir()


def _nothing_in_it(path):
    path.write_text("")
    path.chmod(0o755)


LEFT = [_evil, _cannot_be_read, _folder, _nothing_in_it]


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("change", [None, _changed, _no_lock, _empty_lock, _lock_without_this_architecture])
def test_what_lies_in_the_folder_is_not_run_for_lack_of_a_checksum(place, left, change):
    if change:
        change(place)
    _leave(place, "000000", left)
    launch = place.run()
    assert launch.became_the_program() and "evil" not in launch.stdout, launch
    assert launch.tools()[0] == ("docker build" if change else "docker pull"), launch


GOOD = sha256(PROGRAM.encode())
EMPTY = sha256(b"")
DAMAGED = {
    "cut off": GOOD[:63], "a letter more": GOOD + "0", "upper case": GOOD.upper(), "CRLF": GOOD + "\r", "a blank behind": GOOD + " ",
    "another program's name": GOOD + "  image-syncer", "an escape": "\\" + GOOD, "no hash": "x" * 64, "a pattern": "*", "many": "?" * 64,
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_checksum_is_none(place, damage):
    """Then the source at hand is built, which is as good; what is fetched or lies about is not run."""
    place.lock(**{"sha256-linux-amd64": DAMAGED[damage]})
    _leave(place, "000000", _evil)
    launch = place.run()
    assert launch.became_the_program() and "evil" not in launch.stdout, launch
    assert launch.tools()[0] == "docker build", launch
    assert place.run(DOCKER_INFO="1").failed("released ref") or place.temp.exists()


@pytest.mark.parametrize("twice", [GOOD, "0" * 64, ""])
def test_two_checksums_for_one_program_are_none(place, twice):
    lock = place.action / ".github/release.lock"
    lock.write_text(lock.read_text() + f"sha256-linux-amd64 {twice}\n")
    launch = place.run()
    assert launch.became_the_program() and launch.tools()[0] == "docker build", launch


@pytest.mark.parametrize("spoil", ["folder", "unreadable", "crlf", "cut"])
def test_a_lock_that_is_none(place, spoil):
    lock = place.action / ".github/release.lock"
    text = lock.read_text()
    lock.unlink()
    if spoil == "folder":
        lock.mkdir()
    elif spoil == "unreadable":
        lock.symlink_to("nowhere")
    else:
        lock.write_bytes(text.replace("\n", "\r\n").encode() if spoil == "crlf" else text[:30].encode())
    launch = place.run()
    assert launch.became_the_program() and launch.tools()[0] == "docker build", launch


@pytest.mark.parametrize("text", ["", "exit 1", "echo", "echo 'no hash'", f"echo {EMPTY}; exit 1", "echo; exit 1"])
@pytest.mark.parametrize("lock", [{}, {"source": ""}, {"source": "", "sha256-linux-amd64": ""}])
def test_nothing_is_run_where_sha256sum_does_not_work(place, text, lock):
    """As where it is missing, broken, or says what an empty file would have."""
    place.lock(**lock)
    _leave(place, "000000", _nothing_in_it)
    place.stub("sha256sum", text + "\n")
    (place.bin / "sha256sum").write_text(f"#!/bin/sh\n{text}\n")
    launch = place.run()
    assert launch.code == 2 and "program runs" not in launch.stdout and "docker build" not in launch.tools(), launch


def test_nothing_is_run_without_sha256sum(place):
    place.without("sha256sum")
    launch = place.run()
    assert launch.failed("sha256sum") and launch.tools() == [], launch
    assert place.run("--source-hash").code != 0


@pytest.mark.parametrize("text", ["exit 1", "echo", "cat >/dev/null; echo", f"cat >/dev/null; echo {EMPTY}"])
def test_what_was_fetched_is_not_run_when_its_checksum_cannot_be_had(place, text):
    """sha256sum works for the source and fails for the program alone, which comes on its standard input."""
    real = "busybox sha256sum" if place.shell == "busybox" else os.path.realpath(shutil.which("sha256sum"))
    real = real.replace("busybox", shutil.which("busybox") or "", 1) if place.shell == "busybox" else real
    (place.bin / "sha256sum").unlink()
    (place.bin / "sha256sum").write_text(f'#!/bin/sh\n[ "$#" = 0 ] && [ -e "$CALLS.fetched" ] && {{ {text}; exit; }}\nexec {real} "$@"\n')
    (place.bin / "sha256sum").chmod(0o755)
    place.stub("docker", STUBS["docker"].replace("cp) cp", 'cp) : >"$CALLS.fetched"; cp'))
    launch = place.run()
    assert launch.failed("checksum"), launch


@pytest.mark.parametrize("make", [_folder, _cannot_be_read])
def test_a_given_program_that_is_none(place, make):
    if make is _cannot_be_read:
        pytest.skip("root may run what nobody can read") if os.geteuid() == 0 else None
    make(place.home / "given")
    launch = place.run(IMAGE_SYNCER_BIN=str(place.home / "given"))
    assert launch.failed("IMAGE_SYNCER_BIN") and launch.calls == [], launch


# -- machines ---------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("env,word", [({"SYSTEM": "Darwin"}, "Linux"), ({"SYSTEM": "MINGW64_NT"}, "Linux"),
                                      ({"PROCESSOR": "riscv64"}, "arm64")])
def test_machines_without_a_program(place, env, word):
    launch = place.run(**env)
    assert launch.failed(word) and launch.calls == [], launch


def test_a_program_that_cannot_run_there(place):
    """What the kernel answers on a folder that is mounted noexec, 126, here by a file that is no program at all."""
    place.program.write_bytes(b"\x7fELF\0\0")
    place.lock(**{"sha256-linux-amd64": sha256(b"\x7fELF\0\0")})
    assert place.run().failed("noexec", "IMAGE_SYNCER_BIN")


def test_without_a_folder_of_the_runner(place, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    launch = place.run(RUNNER_TEMP="", TMPDIR=str(other))
    assert launch.became_the_program() and launch.left == [], launch
    assert place.run(RUNNER_TEMP="", TMPDIR=str(other)).tools()[0] == "docker pull", "a shared folder is not trusted"


def test_paths_with_blanks(tmp_path):
    place = Place(tmp_path / "a b  c", "dash")
    assert place.run().became_the_program() and place.run().calls == []


# -- the hash ---------------------------------------------------------------------------------------------------------------------

def test_the_source_hash(place):
    def source_hash():
        launch = place.run("--source-hash")
        assert (launch.code, launch.calls, launch.left) == (0, [], [])
        return launch.stdout.strip()

    before = source_hash()
    assert before == place.source_hash()
    for change in (lambda: place.lock(image="another"), lambda: (place.action / "README.md").write_text("text")):
        change()
        assert source_hash() == before
    for path in ("src/main.c", "src/base/deep.c", "Makefile", "Dockerfile"):
        (place.action / path).parent.mkdir(exist_ok=True)
        (place.action / path).write_text("changed\n")
        assert source_hash() == place.source_hash() != before, path
        before = source_hash()
    (place.action / "src/main.c").rename(place.action / "src/renamed.c")
    assert source_hash() == place.source_hash() != before


def test_no_hash_of_half_a_source(place):
    (place.action / "Dockerfile").unlink()
    assert place.run("--source-hash").code != 0


def test_the_lock_of_this_tree_is_true():
    """A lock that does not belong to the source is allowed between releases; one that is broken is not."""
    path = pathlib.Path(ROOT, ".github/release.lock")
    lines = [line.split(" ") for line in path.read_text().splitlines()] if path.exists() else []
    forms = {"source": r"[0-9a-f]{64}", "image": r"[a-z0-9./_-]+@sha256:[0-9a-f]{64}", "url": r"https://\S+",
             "sha256-linux-amd64": r"[0-9a-f]{64}", "sha256-linux-arm64": r"[0-9a-f]{64}",
             "base": r"debian:trixie-slim@sha256:[0-9a-f]{64}", "sources": r"sha256:[0-9a-f]{64}"}
    assert not lines or sorted(line[0] for line in lines) == sorted(forms)
    for name, value in lines:
        assert re.fullmatch(forms[name], value), name
