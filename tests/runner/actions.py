"""A GitHub Actions runner, as far as this action can tell: it reads action.yml, makes the environment, runs the step, reads its files.

The rules are those of actions/runner 2.336 (Handler, CompositeActionHandler, ContainerActionHandler, ProcessInvoker): a composite
action gets no INPUT_* but what its own env: maps; stderr is handled before stdout; cancelling is SIGINT, 7.5 s, SIGTERM, 2.5 s, KILL.
"""

import contextlib
import dataclasses
import json
import os
import queue
import re
import signal
import subprocess
import threading
import time
import uuid

import yaml

from commands import Log

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
STRING_BYTES = 131071          # of one environment string, NAME=value
SUMMARY_BYTES = 1 << 20
OUTPUT_CHARACTERS = 1 << 20    # all outputs of a job, in UTF-16 units
SECONDS = 120
_FILES = {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "step_summary", "GITHUB_ENV": "env", "GITHUB_STATE": "state",
          "GITHUB_PATH": "path"}


class Refused(Exception):
    """The runner itself fails the step."""


# -- what the runner makes of files and expressions -----------------------------------------------------------------------------

def read_commands(text):
    """{name: value} of a file such as GITHUB_OUTPUT; Refused where the runner fails the step."""
    found, lines = {}, text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    while lines:
        line = lines.pop(0)
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, value = line[:equals], line[equals + 1:]
        elif heredoc >= 0:
            name, delimiter = line[:heredoc], line[heredoc + 2:]
            if not name or not delimiter:
                raise Refused(f"Invalid format {line!r}: name and delimiter must not be empty")
            value = []
            while lines and lines[0] != delimiter:
                value.append(lines.pop(0))
            if not lines:
                raise Refused(f"Invalid value. Matching delimiter not found {delimiter!r}")
            lines.pop(0)
            value = "\n".join(value)
        else:
            raise Refused(f"Invalid format {line!r}")
        if not name:
            raise Refused(f"Invalid format {line!r}: name must not be empty")
        found[name] = value
    return found


def evaluate(text, context):
    """A value with ${{ }} in it. Only names with dots are known, which is all that action.yml needs."""
    def value(match):
        at = context
        for part in match.group(1).strip().split("."):
            assert isinstance(at, dict), match.group(0)
            at = at.get(part, "")
        return str(at)
    return re.sub(r"\$\{\{(.*?)\}\}", value, str(text))


@dataclasses.dataclass
class Step:
    """How a step went."""

    code: int | None               # None: it had to be killed
    log: Log
    outputs: dict                  # those of the action
    dropped: list                  # outputs that hold a masked value: lost at the job's level
    summary: str                   # as written
    files: dict                    # what the other command files hold
    environment: dict              # what the step was given
    workspace: str
    failed: bool

    @property
    def text(self):
        return "\n".join(self.log.raw)

    @property
    def report(self):
        with open(os.path.join(self.workspace, self.outputs["report"]), encoding="utf-8") as file:
            return json.load(file)

    @property
    def images(self):
        return json.loads(self.outputs["images"])

    def annotations(self, kind):
        return [each.data for each in self.log.annotations if each.name == kind]

    def __str__(self):
        return (f"exit {self.code}, {'failed' if self.failed else 'succeeded'}, errors {self.log.errors}\n-- log\n{self.text}\n"
                f"-- outputs\n{self.outputs}\n-- summary\n{self.summary}")


class Runner:
    """One job on one runner; each action() is one step of it."""

    def __init__(self, home, program):
        self.home = str(home)
        self.program = program                  # for IMAGE_SYNCER_BIN; None: the launcher is to find one
        self.action_path = ROOT
        self.workspace = self._folder("work", "repository", "repository")
        self.temp = self._folder("temp")
        self.commands = self._folder("temp", "_runner_file_commands")
        self.machine = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": self._folder("home"), "LANG": "C.UTF-8"}
        for name, value in os.environ.items():  # of the sanitizers' builds
            if name.endswith("SAN_OPTIONS"):
                self.machine[name] = value
        self.job_env = {}
        self.secrets = []                       # what the runner masks from the start, as it does with secrets.*
        self.github_token = "not-a-github-token"
        self.last = None

    def _folder(self, *parts):
        path = os.path.join(self.home, *parts)
        os.makedirs(path, exist_ok=True)
        return path

    def write(self, name, content):
        """A file in the workspace; what is no text becomes JSON, which is YAML."""
        path = os.path.join(self.workspace, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content, indent=1))
        return name

    # -- the environment ------------------------------------------------------------------------------------------------------

    def _github(self):
        return {
            "GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_WORKSPACE": self.workspace, "GITHUB_REPOSITORY": "example/mirror",
            "GITHUB_REPOSITORY_OWNER": "example", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_ACTOR": "somebody",
            "GITHUB_RUN_ID": "1", "GITHUB_JOB": "sync", "GITHUB_WORKFLOW": "mirror", "GITHUB_EVENT_NAME": "push",
            "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": "0" * 40, "RUNNER_TEMP": self.temp, "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64", "RUNNER_NAME": "harness", "RUNNER_TOOL_CACHE": self._folder("tools"),
        }

    def _command_files(self):
        paths = {}
        for name, stem in _FILES.items():
            paths[name] = os.path.join(self.commands, f"{stem}_{uuid.uuid4()}")
            with open(paths[name], "w", encoding="utf-8"):
                pass
        return paths

    def definition(self):
        with open(os.path.join(self.action_path, "action.yml"), encoding="utf-8") as file:
            return yaml.safe_load(file)

    def inputs(self, definition, given, log):
        """Every declared input: what was given, else its default, else empty; strings all."""
        declared = {name.lower(): (name, each or {}) for name, each in definition["inputs"].items()}
        values = {name: evaluate(each.get("default", ""), {"github": {"token": self.github_token}})
                  for name, each in declared.values()}
        for name, value in given.items():
            if name.lower() not in declared:
                log.annotate("warning", f"Unexpected input(s) '{name}', valid inputs are {sorted(values)}", {})
                continue
            real, each = declared[name.lower()]
            values[real] = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
            if "deprecationMessage" in each:
                log.annotate("warning", f"Input '{real}' has been deprecated with message: {each['deprecationMessage']}", {})
        return values

    # -- a step ---------------------------------------------------------------------------------------------------------------

    def action(self, given=None, env=None):
        """uses: this action, with: given, env: env."""
        return self.begin(given, env).finish()

    def begin(self, given=None, env=None):
        """The same, not waited for."""
        definition, log = self.definition(), self._log()
        assert definition["runs"]["using"] == "composite"
        step, = definition["runs"]["steps"]
        assert step["shell"] == "sh"
        values = self.inputs(definition, given or {}, log)
        files = self._command_files()
        mapped = {name: evaluate(value, {"inputs": values}) for name, value in step["env"].items()}
        environment = {**self.machine, **self.job_env, **(env or {}), **mapped,
                       **self._github(), "GITHUB_ACTION_PATH": self.action_path, **files}
        if self.program:
            environment["IMAGE_SYNCER_BIN"] = self.program
        script = os.path.join(self.temp, f"{uuid.uuid4()}.sh")
        with open(script, "w", encoding="utf-8") as file:
            file.write(step["run"])
        return Running(self, ["sh", "-e", script], environment, self.workspace, log, files,
                       lambda outputs: {name: evaluate(each["value"], {"steps": {step["id"]: {"outputs": outputs}}})
                                        for name, each in definition["outputs"].items()})

    def container(self, engine, image, given=None, env=None):
        """uses: docker://image. The environment is the job's; values travel in the client's environment, argv has their names."""
        log, files = self._log(), self._command_files()
        home = self._folder("temp", "_github_home")
        inside = {
            **self.job_env, **(env or {}), **self._github(), **files, "HOME": "/github/home",
            **{"INPUT_" + name.upper().replace(" ", "_"): str(value) for name, value in (given or {}).items()},
        }
        mounts = {self.workspace: "/github/workspace", self.commands: "/github/file_commands", home: "/github/home",
                  self.temp: "/github/runner_temp"}
        for name, value in inside.items():
            for host in sorted(mounts, key=len, reverse=True):
                if value == host or value.startswith(host + "/"):
                    inside[name] = mounts[host] + value[len(host):]
                    break
        name = f"runner-{uuid.uuid4().hex[:12]}"
        command = [*engine.command, "run", "--name", name, "--label", "runner-harness", "--workdir", "/github/workspace", "--rm"]
        for each in inside:
            command += ["-e", each]
        command += ["--network", "host"]
        for host, path in mounts.items():
            command += ["-v", f"{host}:{path}"]
        return Running(self, [*command, image], {**self.machine, **inside, **engine.environment}, self.workspace, log, files,
                       lambda outputs: outputs).finish()

    def _log(self):
        log = Log()
        for secret in [self.github_token, *self.secrets]:
            log.masks.add(secret)
        return log


class Running:
    """A step under way."""

    def __init__(self, runner, command, environment, folder, log, files, outputs):
        for name, value in environment.items():
            size = len(f"{name}={value}".encode())
            if size > STRING_BYTES:
                raise Refused(f"Argument list too long: {name} has {size} bytes")
        self._runner, self.log, self._files, self._outputs = runner, log, files, outputs
        self._environment = environment
        self._lines = {"stderr": queue.Queue(), "stdout": queue.Queue()}
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, start_new_session=True)
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self._lines]
        for each in self._readers:
            each.start()

    def _read(self, name):
        with getattr(self.process, name) as stream:
            for line in stream:
                self._lines[name].put(line.decode(errors="replace").rstrip("\n").rstrip("\r"))

    def handle(self):
        """What has come until now: stderr's lines first."""
        for lines in self._lines.values():
            with contextlib.suppress(queue.Empty):
                while True:
                    self.log.line(lines.get_nowait())

    def wait(self, seconds):
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self.handle()
            time.sleep(0.01)
        return self.process.poll()

    def wait_for(self, condition):
        """Until something is so, which it becomes while the step runs."""
        end = time.monotonic() + SECONDS
        while not condition():
            assert self.process.poll() is None, f"the step ended too early: {self.finish()}"
            assert time.monotonic() < end, "what was waited for did not come"
            self.handle()
            time.sleep(0.01)

    def cancel(self):
        """As the runner cancels: the process alone first, in the end its whole tree."""
        for number, seconds in ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5)):
            self.process.send_signal(number)
            if self.wait(seconds) is not None:
                return self.finish()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return self.finish(killed=True)

    def finish(self, killed=False):
        if self.wait(SECONDS) is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise AssertionError(f"no end after {SECONDS} s: {self.log.raw}")
        for each in self._readers:
            each.join(5)
        self.handle()
        log, texts = self.log, {}
        for name, path in self._files.items():
            with open(path, encoding="utf-8") as file:
                texts[name] = file.read()
        try:
            outputs = self._outputs(read_commands(texts["GITHUB_OUTPUT"]))
        except Refused as why:
            log.errors.append(str(why))
            outputs = {}
        if sum(len(each.encode("utf-16-le")) // 2 for each in outputs.values()) > OUTPUT_CHARACTERS:
            log.errors.append("the outputs of the job are too large")
        summary = texts["GITHUB_STEP_SUMMARY"]
        if len(summary.encode()) > SUMMARY_BYTES:
            log.errors.append("$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k")
        code = None if killed else self.process.returncode
        if code:
            log.annotate("error", f"Process completed with exit code {code}.", {})
        self._runner.last = Step(code, log, outputs, [name for name, value in outputs.items() if log.masks.hides(value)], summary,
                                 texts, self._environment, self._runner.workspace, code != 0 or bool(log.errors))
        return self._runner.last
