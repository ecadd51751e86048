"""What the workflow's self-tests need on a runner: a registry, an image with rules for it, and a look at the outputs.

    selftest.py registry HOST:PORT         become a docker-registry that keeps everything in memory
    selftest.py prepare HOST:PORT [NAME]   wait for it, push an image, write selftest/*.json with the registry called NAME
    selftest.py check STEP...              compare $STEP, "outcome {outputs}", with what that step must say
"""

import http.client
import json
import os
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from lib import images, need  # noqa: E402

EXPECTED = {
    "good": ("success", {"result": "success", "copied": "1"}),
    "again": ("success", {"result": "success", "copied": "0", "skipped": "1"}),
    "partial": ("failure", {"result": "partial", "failed": "1"}),
    "broken": ("failure", {"result": "failure", "copied": "0"}),
}


class Server:
    def __init__(self, address):
        self.host, port = address.rsplit(":", 1)
        self.port = int(port)

    def connect(self, timeout=60):
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def wait(self):
        for _ in range(300):
            try:
                connection = self.connect(5)
                connection.request("GET", "/v2/")
                if connection.getresponse().status == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.2)
        sys.exit(f"no registry answers at {self.host}:{self.port}")


def registry(address):
    with tempfile.NamedTemporaryFile("w", suffix=".yml", delete=False) as file:
        json.dump({"version": "0.1", "storage": {"inmemory": {}}, "http": {"addr": address}}, file)
    program = need.program("docker-registry")
    os.execv(program, [program, "serve", file.name])


def prepare(address, name=None):
    name = name or address
    server = Server(address)
    server.wait()
    images.Client(server).push(images.multi("selftest", platforms=2, layers=1), "source", "v1")
    os.makedirs("selftest", exist_ok=True)
    good = {f"{name}/source:v1": f"{name}/target"}
    for stem, document in (("auth", {name: {"insecure": True}}), ("good", good),
                           ("partial", {**good, f"{name}/source:gone": f"{name}/target"})):
        with open(f"selftest/{stem}.json", "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)


def check(*steps):
    problems = []
    for step in steps:
        outcome, _, outputs = os.environ[step.upper()].partition(" ")
        outputs, (wanted, values) = json.loads(outputs), EXPECTED[step]
        print(step, outcome, json.dumps(outputs)[:2000])
        if outcome != wanted:
            problems.append(f"{step}: {outcome}, not {wanted}")
        problems += [f"{step}: {name} is {outputs.get(name)!r}, not {value!r}" for name, value in values.items()
                     if outputs.get(name) != value]
    sys.exit("\n".join(problems) or 0)


if __name__ == "__main__":
    {"registry": registry, "prepare": prepare, "check": check}[sys.argv[1]](*sys.argv[2:])
