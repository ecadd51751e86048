"""A real container engine, where there is one: $DOCKER_HOST or the usual socket."""

import io
import os
import shutil
import subprocess
import tarfile
import uuid


class Engine:
    def __init__(self):
        self.program = shutil.which("docker")
        self.command = [self.program]
        self.environment = {name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ}
        self._images = []

    def missing(self):
        """Why it cannot be used, or nothing."""
        if not self.program:
            return "docker is not installed"
        answer = subprocess.run([self.program, "info"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        return "" if answer.returncode == 0 else f"no container engine answers: {answer.stderr.strip().splitlines()[-1]}"

    def run(self, *arguments, **more):
        done = subprocess.run([*self.command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)
        assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout.decode()}"
        return done.stdout.decode().strip()

    def image(self, program, name=None):
        """An image from scratch that holds a program as /image-syncer, and the authorities of this machine."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(program, "image-syncer")
            bundle = "/etc/ssl/certs/ca-certificates.crt"
            if os.path.exists(bundle):
                tar.add(os.path.realpath(bundle), bundle[1:])
        name = name or f"image-syncer-test:{uuid.uuid4().hex[:12]}"
        self.run("import", "--change", 'ENTRYPOINT ["/image-syncer"]', "-", name, input=packed.getvalue())
        self._images.append(name)
        return name

    def forget(self, name):
        self._images.append(name)

    def close(self):
        for name in self._images:
            subprocess.run([*self.command, "rmi", "-f", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
