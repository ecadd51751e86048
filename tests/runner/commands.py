"""What GitHub's runner does with the lines of a step: commands, masks, annotations, by its own rules.

Both streams are read line by line. "::name key=value,...::data" may have blanks before it; "##[name key=value;...]data" is found
anywhere in a line. Only known names are commands, and after stop-commands none but the word that ends it.
"""

import base64
import dataclasses
import json
import re
import urllib.parse
import xml.sax.saxutils

KNOWN = {"set-output", "save-state", "add-mask", "add-matcher", "remove-matcher", "debug", "notice", "warning", "error", "group",
         "endgroup", "echo", "stop-commands", "set-env", "add-path"}
_ANNOTATIONS = {"notice", "warning", "error"}
ANNOTATIONS_PER_TYPE = 10
MESSAGE_CHARACTERS = 4096


@dataclasses.dataclass
class Command:
    name: str
    properties: dict
    data: str


def _unescape(text, property_=False):
    pairs = [("%0D", "\r"), ("%0A", "\n")] + ([("%3A", ":"), ("%2C", ",")] if property_ else []) + [("%25", "%")]
    for escaped, plain in pairs:
        text = text.replace(escaped, plain)
    return text


def _unescape_v1(text):
    for escaped, plain in (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%")):
        text = text.replace(escaped, plain)
    return text


def _properties(text, separator, unescape):
    pairs = (each.split("=", 1) for each in text.split(separator) if each)
    return {pair[0].strip().lower(): unescape(pair[1]) for pair in pairs if len(pair) == 2 and pair[1]}


def parse(line, known=frozenset(KNOWN)):
    """The command in a line, or None."""
    stripped = line.lstrip()
    if stripped.startswith("::") and (end := stripped.find("::", 2)) >= 0:
        name, _, rest = stripped[2:end].partition(" ")
        if name.lower() in known:
            return Command(name.lower(), _properties(rest, ",", lambda text: _unescape(text, True)), _unescape(stripped[end + 2:]))
    begin = line.find("##[")
    if begin >= 0 and (end := line.find("]", begin)) >= 0:
        name, _, rest = line[begin + 3:end].partition(" ")
        if name.lower() in known:
            return Command(name.lower(), _properties(rest, ";", _unescape_v1), _unescape_v1(line[end + 1:]))
    return None


class Masks:
    """The values that become ***, with the forms that the runner derives from each."""

    def __init__(self):
        self.values = set()

    def add(self, value):
        if not value:
            return
        for each in {value, *value.splitlines()}:
            if each.strip():
                self.values |= {each, *self._derived(each)}

    @staticmethod
    def _derived(value):
        data = value.encode()
        for shift in range(min(3, len(data))):
            whole = base64.b64encode(data[shift:]).decode()
            yield whole
            if whole.endswith("=") and len(whole) > 4:
                yield whole[:-4]                       # its last group depends on what comes behind
        yield urllib.parse.quote(value, safe="")
        yield json.dumps(value)[1:-1]
        yield json.dumps(value, ensure_ascii=False)[1:-1]
        yield xml.sax.saxutils.escape(value, {'"': "&quot;", "'": "&apos;"})
        yield value.replace("'", "''")
        if len(trimmed := value.strip('"')) > 8:
            yield trimmed

    def apply(self, text):
        ranges = sorted((found.start(), found.start() + len(value)) for value in self.values
                        for found in re.finditer(f"(?={re.escape(value)})", text))
        result, at = [], 0
        for begin, end in _merged(ranges):
            result += [text[at:begin], "***"]
            at = end
        return "".join(result) + text[at:]

    def hides(self, text):
        return self.apply(text) != text


def _merged(ranges):
    merged = []
    for begin, end in ranges:
        if merged and begin <= merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([begin, end])
    return merged


class Log:
    """The log of one step: hand it each line as it comes."""

    def __init__(self):
        self.masks = Masks()
        self.raw = []            # lines as the step wrote them
        self.shown = []          # lines as people see them
        self.executed = []       # every command that was obeyed, in order
        self.annotations = []    # those that count
        self.dropped = 0         # annotations over the limit
        self.errors = []         # what makes the runner fail the step
        self._stop = None

    def line(self, text):
        self.raw.append(text)
        command = parse(text, KNOWN if self._stop is None else KNOWN | {self._stop})
        if command and self._stop is not None:
            if command.name == self._stop:
                self._stop = None
                return
            command = None
        if command is None:
            self.shown.append(self.masks.apply(text))
            return
        self.executed.append(command)
        self._obey(command)

    def _obey(self, command):
        if command.name == "add-mask":
            if not command.data.strip():
                self.annotate("warning", "Can't add secret mask for empty string in ##[add-mask] command.", {})
            self.masks.add(command.data)
        elif command.name == "stop-commands":
            self._stop = command.data.lower()
            if not self._stop or self._stop in KNOWN:
                self.errors.append(f"stop-commands with {command.data!r}")
        elif command.name in _ANNOTATIONS:
            self.annotate(command.name, command.data, command.properties)
        elif command.name in ("set-env", "add-path"):
            self.errors.append(f"The `{command.name}` command is disabled.")
        elif command.name in ("debug", "group"):
            self.shown.append(f"##[{command.name}]{self.masks.apply(command.data)}")

    def annotate(self, kind, message, properties):
        masked = self.masks.apply(message)
        self.shown.append(f"##[{kind}]{masked}")
        if sum(each.name == kind for each in self.annotations) >= ANNOTATIONS_PER_TYPE:
            self.dropped += 1
            return
        self.annotations.append(Command(kind, properties, masked[:MESSAGE_CHARACTERS]))

    def unfinished(self):
        return self._stop is not None
