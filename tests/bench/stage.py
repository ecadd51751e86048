"""Where the benchmark happens: two docker-registries, and nginx in front of them.

nginx listens on eight ports: source and destination, http and https, without and with a delay added to every request. It writes
one line for each request, which is how requests are counted for every program alike, and it speaks HTTP/2 to those that want it.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from lib import certs, images, need, registry  # noqa: E402

DELAY = 0.02     # seconds added to a request
_READY_SECONDS = 10

_MAIN = """
daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log error;
{modules}
events {{ worker_connections 4096; }}
http {{
	log_format counted '$request_method $request_uri $status';
	client_max_body_size 0; client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
	fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
	keepalive_requests 1000000; http2_max_concurrent_streams 128; tcp_nodelay on; server_tokens off;
	lua_load_resty_core off;
{upstreams}
{servers}
}}
"""

_UPSTREAM = """
	upstream {side} {{ server 127.0.0.1:{port}; keepalive 64; keepalive_requests 1000000; }}
"""

_SERVER = """
	server {{
		listen 127.0.0.1:{port}{tls};
		access_log {home}/{side}.log counted;
		location / {{
			{delay}
			proxy_pass http://{side}; proxy_http_version 1.1; proxy_set_header Connection "";
			proxy_set_header Host $http_host; proxy_request_buffering off; proxy_buffering off;
		}}
	}}
"""


def _modules():
    """The lines that load nginx's Lua, which is what waits without holding anything up."""
    found = subprocess.run(["dpkg", "-L", "libnginx-mod-http-ndk", "libnginx-mod-http-lua"], capture_output=True, text=True,
                           check=False).stdout.split()
    return "\n".join(f"load_module {path};" for path in found if path.endswith(".so"))


def serve(home, certs_of, upstreams, listeners):
    """Starts nginx in front of upstreams, {side: port}. listeners are (side, port, https, slow); each side has one log."""
    servers = ""
    for side, port, https, slow in listeners:
        tls = f" ssl http2; ssl_certificate {certs_of.chain()}; ssl_certificate_key {certs_of.key()}" if https else ""
        delay = f"access_by_lua_block {{ ngx.sleep({DELAY}) }}" if slow else ""
        servers += _SERVER.format(port=port, tls=tls, home=home, side=side, delay=delay)
    path = os.path.join(home, "nginx.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write(_MAIN.format(home=home, modules=_modules(), servers=servers,
                                upstreams="".join(_UPSTREAM.format(side=side, port=port) for side, port in upstreams.items())))
    process = subprocess.Popen([need.program("nginx"), "-p", home, "-c", path, "-e", f"{home}/error.log"])
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if os.path.exists(f"{home}/pid") and os.path.getsize(f"{home}/pid"):
            return process
        time.sleep(0.02)
    raise SystemExit(f"nginx did not start (the benchmark needs libnginx-mod-http-lua): see {home}/error.log")


def lines(path):
    """The lines of a log that may not be there yet."""
    try:
        with open(path, "rb") as file:
            return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))
    except OSError:
        return 0


class Stage:
    """A context: everything runs inside it. side: "source" or "destination"."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="bench-")
        self.certs = certs.Certs()
        self.source = registry.Registry("bench-source")
        self.destination = registry.Registry("bench-destination")
        self.ports = {}
        self._nginx = None

    def __enter__(self):
        self.source.start()
        self.destination.start()
        self._start_nginx()
        return self

    def __exit__(self, *_):
        if self._nginx:
            self._nginx.terminate()
            self._nginx.wait()
        self.source.stop()
        self.destination.stop()
        self.certs.remove()
        shutil.rmtree(self.home, ignore_errors=True)

    def _start_nginx(self):
        listeners = []
        for side in ("source", "destination"):
            for https in (False, True):
                for slow in (False, True):
                    port = self.ports[side, https, slow] = registry.free_port()
                    listeners.append((side, port, https, slow))
        self._nginx = serve(self.home, self.certs, {"source": self.source.port, "destination": self.destination.port}, listeners)

    def host(self, side, https, slow):
        return f"localhost:{self.ports[side, https, slow]}"

    def client(self, side):
        return images.Client(getattr(self, side))

    def requests(self):
        """Requests seen so far: (source, destination)."""
        return tuple(lines(f"{self.home}/{side}.log") for side in ("source", "destination"))

    def empty(self):
        """Makes the destination forget everything; docker-registry without a cache looks at its files each time."""
        shutil.rmtree(os.path.join(self.destination.storage, "docker"), ignore_errors=True)
