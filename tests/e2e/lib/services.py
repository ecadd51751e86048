"""A service that takes messages: it answers by a script, and remembers everything it was sent."""

import dataclasses
import json

from .scripted import Scripted


@dataclasses.dataclass
class Sent:
    method: str
    path: str            # with the query
    headers: object
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Service(Scripted):
    """`usual` is the answer once `script`, a list of answers, is used up: (status, headers, body), a document as body, or
    something to call for one."""

    def __init__(self, usual, script=(), **more):
        super().__init__(**more)
        self.usual, self.script = usual, list(script)
        self.sent = []

    def url(self, path):
        return f"{'https' if self.context else 'http'}://{self.host}{path}"

    def answer(self, method, path, headers, body):
        with self._lock:
            self.sent.append(Sent(method, path, headers, body))
            answer = self.script.pop(0) if self.script else self.usual
        status, more, content = answer() if callable(answer) else answer
        return status, more, content if isinstance(content, bytes) else json.dumps(content).encode()

    def log(self):
        return "\n".join(f"{each.method:6} {each.path} {each.body[:300]!r}" for each in self.sent) or "(no request)"
