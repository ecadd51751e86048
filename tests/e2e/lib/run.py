"""Running the program under test: files in, result out, and the checks that hold for every run.

Every run has a time limit, a clean environment (no proxies, no logins of whoever runs the tests) and these assertions: it was not
ended by a signal, no sanitizer found anything, no system call of its own was refused, and no registered secret stands in its
output, its report or its log.
"""

import base64
import contextlib
import dataclasses
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from lib import proxy, schemas

FLAVOR, _, ENGINE = os.environ.get("IMAGE_SYNCER_FLAVOR", "musl").partition("-")
ENGINE = ENGINE or "bearssl"    # of TLS
SECONDS = 600        # only what hangs takes so long, however much else the machine has to do
LOOKED_THROUGH = 500 # images of a report that is compared with its schema
_FINDING = 99        # the exit status sanitizers are told to use


# -- configuration files ------------------------------------------------------------------------------------------------------

def to_yaml(document, indent=0):
    """YAML in block style, every string quoted; enough for rules and credentials."""
    pad, lines = " " * indent, []
    if not document and isinstance(document, dict):
        return pad + "{}\n"
    for key, value in document.items():
        if isinstance(value, dict):
            lines.append(f"{pad}{json.dumps(key)}:\n{to_yaml(value, indent + 2)}")
        elif isinstance(value, list):
            lines.append(f"{pad}{json.dumps(key)}:\n" + "".join(f"{pad}  - {json.dumps(each)}\n" for each in value))
        else:
            lines.append(f"{pad}{json.dumps(key)}: {json.dumps(value)}\n")
    return "".join(lines)


def insecure(*servers, **more):
    """Auth entries that allow plain http for these registries or proxies."""
    return {server if isinstance(server, str) else server.host: {"insecure": True, **more} for server in servers}


@dataclasses.dataclass
class Result:
    code: int
    stdout: str
    stderr: str
    report: dict | None
    screen: bytes = b""      # of a run on a terminal: everything that was written to it
    peak: int = 0            # of a measured run: peak resident memory in bytes

    def image(self, destination):
        """The report's entry for one destination reference."""
        found = [each for each in self.report["images"] if each["destination"] == destination]
        assert len(found) == 1, f"{destination} is {len(found)} times in the report: {self.report['images']}"
        return found[0]

    def statuses(self):
        """{destination: status}"""
        return {each["destination"]: each["status"] for each in self.report["images"]}

    def __str__(self):
        report = json.dumps(self.report, indent=1) if self.report else "none"
        return f"exit {self.code}\n-- stdout\n{self.stdout}\n-- stderr\n{self.stderr}\n-- report\n{report}"


class Runner:
    """Runs the program in one directory. `secrets` are strings that must never appear in what it writes."""

    def __init__(self, binary, home):
        self.binary = binary
        self.home = str(home)
        self.secrets = []
        self.readable = lambda text: text      # what of its output anybody gets to read
        self.last = None
        self._serial = 0

    # -- preparing --------------------------------------------------------------------------------------------------------

    def secret(self, text, user="robot"):
        """Register a secret, also in the form an Authorization header has, and give it back."""
        self.secrets += [text, base64.b64encode(f"{user}:{text}".encode()).decode()]
        return text

    def write(self, name, content):
        """A file in the run's directory; dicts become YAML or JSON by the name's suffix."""
        path = os.path.join(self.home, name)
        if isinstance(content, dict):
            content = json.dumps(content, indent=1) if name.endswith(".json") else to_yaml(content)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, 0o600)
        return path

    def environment(self, more=None):
        env = {"PATH": os.environ.get("PATH", ""), "HOME": self.home, "LANG": "C.UTF-8", "TERM": "dumb", "TMPDIR": self.home}
        for name, options in (
            ("ASAN_OPTIONS", f"exitcode={_FINDING}:detect_leaks=1"), ("LSAN_OPTIONS", f"exitcode={_FINDING}"),
            ("UBSAN_OPTIONS", f"exitcode={_FINDING}:halt_on_error=1:print_stacktrace=1"),
            ("TSAN_OPTIONS", f"exitcode={_FINDING}"),
        ):
            given = os.environ.get(name)
            env[name] = f"{given}:{options}" if given else options
        env.update(more or {})
        return env

    def arguments(self, rules, auth=None, flags=(), form="yaml", report=True):
        """The command line for a rules document and a credentials document, which are written first."""
        self._serial += 1
        command = [self.binary, "--images", self.write(f"images-{self._serial}.{form}", rules)]
        if auth is not None:
            command += ["--auth", self.write(f"auth-{self._serial}.{form}", auth)]
        if report:
            command += ["--report", self.report_path]
        return command + list(flags)

    @property
    def report_path(self):
        return os.path.join(self.home, f"report-{self._serial}.json")

    # -- running ----------------------------------------------------------------------------------------------------------

    def sync(self, rules, auth=None, flags=(), env=None, form="yaml", report=True):
        """Rules and credentials as dicts or as text; `report=False` leaves the --report flag out."""
        return self.run(self.arguments(rules, auth, flags, form, report), env=env, report=report)

    def run(self, command, env=None, report=False):
        """Any command line to its end."""
        return self.finish(self.start(command, env), report)

    def start(self, command, env=None):
        """A running process, for tests that interrupt it; hand it to finish()."""
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                cwd=self.home, env=self.environment(env))

    def finish(self, process, report=True):
        try:
            stdout, stderr = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            raise AssertionError(f"no end after {SECONDS} s:\n{_text(stdout)}\n{_text(stderr)}") from None
        return self._check(Result(process.returncode, _text(stdout), _text(stderr), self._report(report)))

    def stop(self, process, reached, what, report=True):
        """Sends SIGTERM once reached() is true, and says what that is if it never is. The result; nothing is left running."""
        try:
            proxy.until(reached, seconds=60, what=what)
            process.send_signal(signal.SIGTERM)
            return self.finish(process, report)
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def measured(self, rules, auth=None, flags=()):
        """As sync(), with the peak memory. A small launcher in between, because a process inherits the peak of the one that
        started it: what is measured is never below the launcher's own 10 MB or so."""
        out = os.path.join(self.home, "peak")
        launcher = ("import os,sys\np=os.posix_spawn(sys.argv[2],sys.argv[2:],os.environ)\n_,s,u=os.wait4(p,0)\n"
                    "open(sys.argv[1],'w').write(str(u.ru_maxrss*1024))\nsys.exit(os.waitstatus_to_exitcode(s)%256)")
        command = [sys.executable, "-I", "-S", "-c", launcher, out, *self.arguments(rules, auth, flags)]
        result = self.finish(self.start(command))
        with open(out, encoding="ascii") as file:
            result.peak = int(file.read())
        return result

    def tty(self, rules, auth=None, flags=(), env=None, rows=24, columns=100):
        """As sync(), on a terminal: stdin, stdout and stderr are one pseudo terminal; the result's screen is what it showed."""
        command = self.arguments(rules, auth, flags)
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        env = self.environment({"TERM": "xterm-256color", **(env or {})})
        process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=self.home, env=env, start_new_session=True)
        os.close(slave)
        screen = self._drain(master, process)
        text = screen.decode(errors="replace")
        return self._check(Result(process.wait(), text, text, self._report(True), screen=screen))

    def _drain(self, master, process):
        pieces, deadline = [], time.monotonic() + SECONDS
        while True:
            if time.monotonic() > deadline:
                process.kill()
                raise AssertionError(f"no end after {SECONDS} s on a terminal:\n{b''.join(pieces)!r}")
            if not select.select([master], [], [], 0.5)[0]:
                continue
            try:
                data = os.read(master, 65536)
            except OSError:          # EIO: the last writer is gone
                data = b""
            if not data:
                os.close(master)
                return b"".join(pieces)
            pieces.append(data)

    # -- checking ---------------------------------------------------------------------------------------------------------

    def _report(self, wanted):
        if not wanted or not os.path.exists(self.report_path):
            return None
        with open(self.report_path, encoding="utf-8") as file:
            text = file.read()
        report = json.loads(text) if text else None
        if report and len(report.get("images", ())) <= LOOKED_THROUGH:
            assert schemas.problems("report", report) == [], text
        return report

    def _check(self, result):
        self.last = result
        assert result.code >= 0, f"ended by {_signal(-result.code)}\n{result}"
        assert result.code != _FINDING, f"a sanitizer found something\n{result}"
        assert not re.search(r"(ERROR|WARNING): \w+Sanitizer|runtime error:", result.stderr), f"a sanitizer found something\n{result}"
        everything = self.readable(result.stdout + "\n" + result.stderr) + json.dumps(result.report) + self._logs()
        for secret in self.secrets:
            assert secret not in everything, f"the secret {secret!r} was written\n{result}"
        assert not re.search(r"the system call \d", result.stderr), f"it refused itself a system call that it makes\n{result}"
        assert not re.search(r"eyJ[\w-]{20,}\.", everything), f"a token was written\n{result}"
        return result

    def _logs(self):
        text = ""
        for name in sorted(os.listdir(self.home)):
            if name.endswith(".log"):
                with contextlib.suppress(OSError), open(os.path.join(self.home, name), encoding="utf-8", errors="replace") as file:
                    text += file.read()
        return text


def _text(data):
    return data.decode(errors="replace")


def _signal(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
