"""The example of a server is good: its files are those of a server that starts, answers and stops, and what stands in front finds it."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest
import yaml

from lib import need, proxy
from lib.registry import free_port
from test_examples import documents, pod, text

SOCKET = "/run/image-syncer/hooks.sock"
SECRETS = {"HOOK_TOKEN": "not-a-real-token", "PAGE_PASSWORD": "not-a-real-password", "HARBOR_SECRET": "not-a-real-secret",
           "REG_PASSWORD": "not-a-real-login"}


class Connection(http.client.HTTPConnection):
    """To a unix socket where `host` is a path."""

    def connect(self):
        if not self.host.startswith("/"):
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.host)


@pytest.fixture
def folder():
    """A socket's path may have 107 bytes, which pytest's own folders can exceed."""
    with tempfile.TemporaryDirectory() as made:
        yield made


def write(folder, files):
    """What the examples keep in several folders lies in one here."""
    for name, content in files.items():
        for place in "/etc/image-syncer", "/var/lib/image-syncer", "/run/image-syncer", "/config", "/record":
            content = re.sub(rf"(?<![\w.-]){place}(?=/)", folder, content)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(content)


def start(folder, *words):
    return subprocess.Popen([need.binary(), "serve", "-c", "sync.yaml", *words], cwd=folder, env={"PATH": "", "HOME": folder, **SECRETS},
                            stderr=subprocess.PIPE, text=True)


def ask(host, port, method, path, body=None, headers=None):
    with contextlib.closing(Connection(host, port, timeout=60)) as line:
        line.request(method, path, body, headers or {})
        answer = line.getresponse()
        return answer.status, answer.read().decode()


def serves(folder, host, port, image, *words):
    """Starts the server, sends it one hook, and stops it: all of this is in good order."""
    server = start(folder, *words)

    def ready():
        assert server.poll() is None, server.stderr.read()
        try:
            return ask(host, port, "GET", "/readyz")[0] == 200
        except OSError:
            return False

    try:
        proxy.until(ready, seconds=120, what="an answer of /readyz")
        hook = json.dumps({"name": image, "tag": "v1"})
        assert ask(host, port, "POST", "/images/sync/hook", hook, {"Content-Type": "application/json"})[0] == 401
        given = {"Content-Type": "application/json", "Authorization": f"Bearer {SECRETS['HOOK_TOKEN']}"}
        status, body = ask(host, port, "POST", "/images/sync/hook", hook, given)
        assert status == 202 and json.loads(body)["queued"] == 1, body
        with open(os.path.join(folder, "images.json"), encoding="utf-8") as file:
            assert [key.split("&")[0] for key in json.load(file)] == [f"{image}:v1"]
        server.send_signal(signal.SIGTERM)
        assert server.wait(120) == 0
    finally:
        server.kill()
        said = server.communicate()[1]
    assert not any(secret in said for secret in SECRETS.values()), said


def test_the_server_starts(folder):
    write(folder, {name: text(f"serve/{name}") for name in ("sync.yaml", "images.yaml", "auth.yaml")})
    serves(folder, os.path.join(folder, "hooks.sock"), None, "quay.example.com/team/app", "--images", "images.yaml", "--cron", "17 4 * * *")


def test_the_server_of_the_pod_starts(folder):
    port = free_port()
    files = documents("serve/deployment.yaml")[0]["data"]
    assert "immediate: true" in files["sync.yaml"]
    # No registry is to be asked here.
    files["sync.yaml"] = files["sync.yaml"].replace("port: :8080", f"port: 127.0.0.1:{port}").replace("immediate: true", "interval: 1000h")
    write(folder, files)
    serves(folder, "127.0.0.1", port, "quay.example.com/team/app")


def test_a_mistake_is_found(folder):
    write(folder, {name: text(f"serve/{name}") for name in ("sync.yaml", "images.yaml", "auth.yaml")})
    with open(os.path.join(folder, "sync.yaml"), "r+", encoding="utf-8") as file:
        spoilt = file.read().replace("interval: 5", "interval: often")
        file.seek(0)
        file.write(spoilt)
    server = start(folder, "--images", "images.yaml", "--cron", "17 4 * * *")
    said = server.communicate(timeout=120)[1]
    line = next(number for number, each in enumerate(spoilt.splitlines(), 1) if "often" in each)
    assert server.returncode == 2 and f"sync.yaml:{line}:" in said, said


# -- what stands in front -------------------------------------------------------------------------------------------------------

def test_all_mean_one_socket():
    assert yaml.safe_load(text("serve/sync.yaml"))["app"]["port"] == f"unix:{SOCKET}"
    assert f"server unix:{SOCKET};" in text("serve/nginx.conf")
    assert text("serve/Caddyfile").count(f"\treverse_proxy unix/{SOCKET}") == 2
    assert f"ListenStream={SOCKET}\n" in text("serve/image-syncer-hooks.socket")


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
def test_nginx_takes_it(tmp_path, certs):
    site = text("serve/nginx.conf")
    for name, path in ((".crt", certs.chain()), (".key", certs.key())):
        assert site.count(f"/etc/nginx/tls/sync.example.com{name};") == 1
        site = site.replace(f"/etc/nginx/tls/sync.example.com{name};", f"{path};")
    for given, code in ((site, 0), (site.replace("client_max_body_size 64k", "client_max_body_size much"), 1)):
        (tmp_path / "site.conf").write_text(given)
        (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}} http {{ access_log off; include {tmp_path}/site.conf; }}")
        done = subprocess.run(["nginx", "-t", "-p", tmp_path, "-e", "stderr", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr


@pytest.mark.skipif(not shutil.which("caddy"), reason="caddy is not installed")
def test_caddy_takes_it(tmp_path):
    for given, fails in ((text("serve/Caddyfile"), False), (text("serve/Caddyfile").replace("reverse_proxy", "reverse_prox"), True)):
        (tmp_path / "Caddyfile").write_text(given)
        done = subprocess.run(["caddy", "validate", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile"],
                              env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) == fails, done.stderr


# -- what starts it -------------------------------------------------------------------------------------------------------------

@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_units(tmp_path):
    program = tmp_path / "image-syncer"
    shutil.copy(need.binary(), program)
    names = ("image-syncer-hooks.socket", "image-syncer-hooks.service")
    for name in names:
        (tmp_path / name).write_text(text(f"serve/{name}").replace("/usr/local/bin/image-syncer", str(program)))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *(tmp_path / name for name in names)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if str(tmp_path) in line or line.startswith("image-syncer-hooks.")] == []


def test_the_unit_reads_what_it_was_given():
    unit = text("serve/image-syncer-hooks.service")
    given = dict(re.findall(r"^LoadCredential=([\w.]+):(\S+)$", unit, re.M))
    assert set(re.findall(r"%d/([\w.]+)", unit)) == set(given) == {"sync.yaml", "auth.yaml"}
    assert yaml.safe_load(text("serve/sync.yaml"))["sync"]["filePosition"]["images"].startswith("/var/lib/image-syncer/")
    assert "\nStateDirectory=image-syncer\n" in unit and "\nProtectSystem=strict\n" in unit


def test_the_compose_file():
    services = documents("serve/compose.yaml")[0]["services"]
    server = services["image-syncer"]
    assert set(server) == {"image", "command", "environment", "volumes", "user", "read_only", "cap_drop", "security_opt", "stop_grace_period", "restart"}
    assert server["read_only"] is True and server["cap_drop"] == ["ALL"]
    assert int(server["stop_grace_period"].rstrip("s")) > 20        # what copies get
    assert set(server["environment"]) == set(re.findall(r"\$\{(\w+)\}", text("serve/sync.yaml") + text("serve/auth.yaml")))
    writable = {volume.split(":")[1] for volume in server["volumes"] if not volume.endswith(":ro")}
    record = yaml.safe_load(text("serve/sync.yaml"))["sync"]["filePosition"]["images"]
    assert writable == {os.path.dirname(record), os.path.dirname(SOCKET)}
    probe = services["proxy"]["healthcheck"]["test"][-1]
    assert probe.removesuffix("/readyz") in text("serve/Caddyfile")


def test_the_pod():
    config, claim, service, deployment = documents("serve/deployment.yaml")
    inside = pod(deployment)
    container = inside["containers"][0]
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    sync = yaml.safe_load(config["data"]["sync.yaml"])
    files = sync["sync"]["filePosition"]
    assert container["args"] == ["serve", "-c", f"{mounted['config']}/sync.yaml"]
    assert files["auth"] == f"{mounted['config']}/auth.yaml" and os.path.dirname(files["images"]) == mounted["record"]
    assert deployment["spec"]["replicas"] == 1 and deployment["spec"]["strategy"]["type"] == "Recreate"
    assert [volume.get("persistentVolumeClaim", {}).get("claimName") for volume in inside["volumes"]] == [None, claim["metadata"]["name"]]
    assert sync["app"]["port"] == f":{container['ports'][0]['containerPort']}"
    assert service["spec"]["ports"][0]["targetPort"] == container["ports"][0]["name"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz" and container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert inside["terminationGracePeriodSeconds"] > 20
    assert container["securityContext"]["readOnlyRootFilesystem"] and inside["securityContext"]["runAsNonRoot"]
