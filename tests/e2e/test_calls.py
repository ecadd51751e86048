"""What a confined process can still ask of the kernel: system calls, files and ports; each refusal is told, or comes as an error."""

import errno
import os
import re
import shutil
import socket
import subprocess

import pytest

from lib import run

pytestmark = pytest.mark.skipif(run.FLAVOR != "musl", reason="only the release confines itself")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROBE = os.path.join(ROOT, "build/musl/e2e/confined")
# In the program, but not in a confined one: what is done before, and by the process of the credential helpers.
BEFORE = {"execve", "chdir", "mkdir", "mkdirat", "chmod", "fchmodat", "setgid", "setuid", "setsid", "setpgid", "wait4", "kill", "setrlimit", "prctl", "socketpair",
          "sched_setscheduler", "arch_prctl", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "getppid",
          "dup", "dup2", "dup3", "fchdir", "listen", "umask", "fork", "vfork", "sched_setparam", "sched_getparam", "sched_getscheduler", "fcntl64",
          "rt_sigtimedwait",    # of the C library's timers that start threads
          "sysinfo"}            # of sysconf(), which is asked for the size of a page


def probe(*arguments):
    ended = subprocess.run([PROBE, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    if ended.returncode == 77:
        pytest.skip("this kernel cannot confine a process")
    assert ended.returncode == 0, ended
    return [each if each == "ok" else errno.errorcode[int(each)] for each in ended.stdout.split()], ended.stderr.splitlines()


@pytest.mark.parametrize("word", ["thread", "map", "internet", "ask-limit"])
def test_what_a_copy_needs_is_allowed(word):
    assert probe("calls", word) == (["ok"], [])


@pytest.mark.parametrize("word,number,name,error", [
    ("execve", 59, "execve", "ENOSYS"), ("fork", 56, "clone", "EPERM"), ("kill", 62, "kill", "ENOSYS"),
    ("ptrace", 101, "ptrace", "ENOSYS"), ("map-code", 9, "mmap", "ENOMEM"), ("protect-code", 10, "mprotect", "EPERM"),
    ("packets", 41, "socket", "EAFNOSUPPORT"), ("push-key", 16, "ioctl", "ENOTTY"), ("set-limit", 302, "prlimit64", "EPERM"),
    ("unknown", 9999, None, "ENOSYS"),
])
def test_what_no_copy_needs_is_refused_and_told(word, number, name, error):
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers are those of x86-64")
    codes, lines = probe("calls", word, word, "map")
    assert codes == [error, error, "ok"], "the process goes on"
    assert len(lines) == (2 if word == "unknown" else 1), "once for each call"
    assert re.match(rf"image-syncer: the system call {number}{rf' .{name}.' if name else ''} was refused", lines[0]), lines


def test_a_confined_process_serves_what_it_was_bound_to_before():
    ended = subprocess.run([PROBE, "serve"], capture_output=True, text=True, check=False, timeout=60)
    if ended.returncode == 77:
        pytest.skip("this kernel cannot confine a process")
    assert ended.returncode == 0 and ended.stderr == "", ended
    answer, memory = ended.stdout.split()
    assert answer == "late" and int(memory) < 2048, "KiB, of the listener alone"


def test_a_call_that_a_tracer_leaves_out_is_no_refusal():
    """strace injects errors by making the number of a call -1."""
    assert probe("calls", "none") == (["ENOSYS"], [])


def test_files_and_ports(tmp_path):
    given, other = tmp_path / "given", tmp_path / "other"
    given.write_text("")
    other.write_text("")
    with socket.create_server(("127.0.0.1", 0)) as allowed, socket.create_server(("127.0.0.1", 0)) as denied:
        ports = [each.getsockname()[1] for each in (allowed, denied)]
        assert probe(ports[0], given, *ports, given, other, "bind", "parent")[0] == [
            "ok", "EACCES", "ok", "EACCES", "EACCES", "EPERM"]


def calls_in(program, machine):
    """The numbers of the system calls that its code names, out of its disassembly."""
    objdump = {"x86_64": "objdump", "aarch64": "aarch64-linux-gnu-objdump"}[machine]
    code = subprocess.run([objdump, "-d", "--no-show-raw-insn", program], capture_output=True, text=True, check=True).stdout
    number, call, through = {
        "x86_64": (r"(?:mov +\$0x([0-9a-f]+)|xor +%e[ad][xi]),%[er]{}$", r"syscall", r"(?:call|jmp) .*<(?:__syscall_cp|syscall)>"),
        "aarch64": (r"mov\s+[xw]{}, #0x([0-9a-f]+)", r"svc\s+#0x0", r"bl?\s+.*<(?:__syscall_cp|syscall)>"),
    }[machine]
    registers = {"x86_64": ("ax", "di"), "aarch64": ("8", "0")}[machine]
    found, lines = set(), [line.split("\t", 1)[1].split("//")[0].strip() if "\t" in line else line for line in code.splitlines()]
    for at, line in enumerate(lines):
        direct, indirect = re.match(call, line), re.match(through, line)
        if not direct and not indirect:
            continue
        wanted = re.compile(number.format(registers[0] if direct else registers[1]))
        for before in reversed(lines[max(0, at - 40):at]):
            if before.endswith(">:"):
                break
            if match := wanted.match(before):
                found.add(int(match.group(1) or "0", 16))
                break
    return found


def numbers(machine):
    """{number: name}, from the C library's header for that machine."""
    folder = {"x86_64": "musl", "aarch64": "arm64"}[machine]
    header = os.path.join(ROOT, f"build/{folder}/deps/include/bits/syscall.h")
    with open(header, encoding="ascii") as file:
        return {int(number): name for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)", file.read())}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_list_has_every_call_of_the_program(machine):
    """Whoever brings a new call into the program, or a new library that makes one, learns of it here."""
    folder = "musl" if machine == os.uname().machine else {"x86_64": "amd64", "aarch64": "arm64"}[machine]
    engine = "-openssl" if run.ENGINE == "openssl" else ""
    program = os.path.join(ROOT, f"build/{folder}{engine}/image-syncer.debug")
    if not os.path.exists(program) or machine == "aarch64" and not shutil.which("aarch64-linux-gnu-objdump"):
        pytest.skip(f"the program for {machine} is not built here")
    with open(os.path.join(ROOT, "src/base/seccomp.c"), encoding="ascii") as file:
        text = file.read()
    listed = set(re.findall(r"\bSYS_(\w+)", text[:text.index("--- the filter")]))
    names = numbers(machine)
    made = {names.get(number, str(number)) for number in calls_in(program, machine) if number < 1000}
    made.discard("io_setup")    # number 0 there, which is what an argument looks like as well
    assert len(made) > 30, made
    assert made - listed - BEFORE == set()
