"""A step of a GitHub Action as its runner sees it: variables in, workflow commands and files out, read by the runner's own rules."""

import dataclasses
import os
import re

COMMANDS = ("set-output", "save-state", "add-mask", "add-matcher", "remove-matcher", "debug", "notice", "warning", "error", "group",
            "endgroup", "echo", "stop-commands", "set-env", "add-path", "internal-set-repo-path")
OUTPUTS = ("result", "changed", "total", "copied", "skipped", "failed", "bytes", "report", "images", "plan", "matrix")


@dataclasses.dataclass
class Command:
    name: str
    properties: dict
    data: str


def _unescape(text):
    for code, plain in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, plain)
    return text


def command_of(line):
    """The command a runner takes a line for, or None: the new form at the beginning, the old one anywhere."""
    stripped = line.lstrip()
    end = stripped.find("::", 2)
    if stripped.startswith("::") and end >= 0:
        inner, data, separator = stripped[2:end], stripped[end + 2:], ","
    else:
        start = line.find("##[")
        end = line.find("]", start)
        if start < 0 or end < 0:
            return None
        inner, data, separator = line[start + 3:end], line[end + 1:], ";"
    name, _, rest = inner.strip().partition(" ")
    if name.lower() not in COMMANDS:
        return None
    properties = dict(each.strip().partition("=")[::2] for each in rest.split(separator) if "=" in each)
    return Command(name.lower(), {key: _unescape(value) for key, value in properties.items()}, _unescape(data))


def lines_of(text):
    return re.split(r"\r\n|\r|\n", text)


def commands(text, name=None):
    found = [each for each in map(command_of, lines_of(text)) if each]
    return [each for each in found if not name or each.name == name]


def without_masks(text):
    return "\n".join(line for line in lines_of(text) if not (command_of(line) and command_of(line).name == "add-mask"))


def parse_outputs(text):
    """GITHUB_OUTPUT as a runner reads it; a mistake in it fails the step."""
    outputs, lines = {}, text.split("\n")
    assert lines.pop() == "", "the last record has no end"
    while lines:
        line = lines.pop(0)
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, value = line[:equals], line[equals + 1:]
        else:
            assert heredoc > 0, f"not a record: {line!r}"
            name, delimiter, value = line[:heredoc], line[heredoc + 2:], []
            while lines and lines[0] != delimiter:
                value.append(lines.pop(0))
            assert lines, f"the block of {name} has no end"
            lines.pop(0)
            value = "\n".join(value)
        outputs[name] = value
    return outputs


@dataclasses.dataclass
class Ended:
    """What a step left behind."""

    code: int
    stdout: str
    stderr: str
    outputs: dict
    summary: str
    report: str          # the text of the report, "" without one

    @property
    def masks(self):
        return [each.data for each in commands(self.stderr, "add-mask")]

    def visible(self):
        """Everything that anybody gets to read: masks are taken out of the log by the runner."""
        return without_masks(self.stdout + "\n" + self.stderr) + repr(self.outputs) + self.summary + self.report

    def annotations(self, name):
        return [each for each in commands(self.stderr, name)]


class Step:
    """Runs the program as a step: `inputs` by their names, `env` is what a workflow gives beside them."""

    def __init__(self, runner):
        self.runner = runner
        runner.readable = without_masks
        self.temp = os.path.join(runner.home, "temp")
        os.makedirs(self.temp, exist_ok=True)

    def _file(self, name):
        return os.path.join(self.runner.home, name)

    def environment(self, inputs, env):
        for name in ("output", "summary"):
            with open(self._file(name), "w", encoding="utf-8"):
                pass
        given = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": self.runner.home, "RUNNER_TEMP": self.temp, "GITHUB_ACTOR": "someone",
                 "GITHUB_SERVER_URL": "https://github.com", "GITHUB_OUTPUT": self._file("output"),
                 "GITHUB_STEP_SUMMARY": self._file("summary")}
        given.update({"INPUT_" + name.upper(): value for name, value in inputs.items()})
        return {**given, **(env or {})}

    def start(self, inputs, env=None, arguments=()):
        return self.runner.start([self.runner.binary, *arguments], self.environment(inputs, env))

    def finish(self, process):
        result = self.runner.finish(process, report=False)
        texts = []
        for name in ("output", "summary"):
            with open(self._file(name), encoding="utf-8") as file:
                texts.append(file.read())
        outputs = parse_outputs(texts[0])
        report = ""
        if os.path.isfile(outputs.get("report", "")):
            with open(outputs["report"], encoding="utf-8") as file:
                report = file.read()
        ended = Ended(result.code, result.stdout, result.stderr, outputs, texts[1], report)
        for secret in self.runner.secrets:
            assert secret not in ended.visible(), f"the secret {secret!r} was written\n{result}"
        return ended

    def run(self, inputs, env=None, arguments=()):
        return self.finish(self.start(inputs, env, arguments))
