"""How time and memory grow with the number of images in sync: tags of one repository and of many, and rules that are written out.

    growth.py PROGRAM MEASURE [--rules]

Both registries are one nginx that answers every manifest alike and lists as many tags as the repository's name says, in pages of a
thousand: no other registry holds 100,000 tags and still answers faster than it is asked. Growth should be linear in time, and cost
less than 200 bytes a tag; with a report less than 300, however large the report is. A written rule costs less than 500 bytes with its
line of the file and its entry in the report, so that 100,000 stay below 64 MB; --rules measures these alone.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import bench
import stage

COUNTS = (1_000, 10_000, 100_000)
PAGE = 1_000
REPOSITORIES = (20, 200, 2_000)     # in a namespace, each of so many tags:
TAGS_EACH = 50
LONE = (200, 2_000, 20_000)         # in a namespace, each of one tag
RULES_EACH = 12                     # rules of one tag that name the same repository
MANIFEST = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}'

_CONFIG = """
daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log crit;
events {{ worker_connections 4096; }}
http {{
	access_log off; keepalive_requests 100000000; tcp_nodelay on; default_type application/json;
	map $request_uri $more {{ {pages} }}
	client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
	fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
	server {{
		listen 127.0.0.1:{source}; listen 127.0.0.1:{destination};
		location ~ ^/v2/bench/(?<count>[0-9]+)/tags/list$ {{ add_header Link $more; alias {home}/$count-$arg_last.json; }}
		location = /v2/_catalog {{ alias {home}/catalog.json; }}
		location ~ ^/v2/space/[0-9]+/r[0-9]+/tags/list$ {{ alias {home}/few.json; }}
		location ~ ^/v2/lone/[0-9]+/r[0-9]+/tags/list$ {{ return 200 '{{"tags":["v1"]}}'; }}
		location ~ ^/v2/(bench/[0-9]+|rule/r[0-9]+|(space|lone)/[0-9]+/r[0-9]+)/manifests/ {{
			default_type application/vnd.oci.image.manifest.v1+json;
			add_header Docker-Content-Digest sha256:{digest};
			return 200 '{manifest}';
		}}
	}}
}}
"""


def _serve(home, source, destination):
    more = []
    for count in COUNTS:
        for at in range(0, count, PAGE):
            with open(f"{home}/{count}-{at or ''}.json", "w", encoding="ascii") as file:
                json.dump({"name": f"bench/{count}", "tags": [f"v1.{number // 1000}.{number % 1000}" for number in range(at, at + PAGE)]}, file)
            here, after = (f"/v2/bench/{count}/tags/list?n={PAGE}" + (f"&last={each}" if each else "") for each in (at, at + PAGE))
            if at + PAGE < count:
                more.append(f"\"{here}\" '<{after}>; rel=\"next\"';")
    with open(f"{home}/few.json", "w", encoding="ascii") as file:
        json.dump({"tags": [f"v{number}" for number in range(TAGS_EACH)]}, file)
    with open(f"{home}/catalog.json", "w", encoding="ascii") as file:
        json.dump({"repositories": [f"{kind}/{count}/r{number:05}" for kind, counts in (("space", REPOSITORIES), ("lone", LONE))
                                    for count in counts for number in range(count)]}, file)
    with open(f"{home}/nginx.conf", "w", encoding="ascii") as file:
        file.write(_CONFIG.format(home=home, source=source, destination=destination, pages=" ".join(more), manifest=MANIFEST.decode(),
                                  digest=hashlib.sha256(MANIFEST).hexdigest()))
    process = subprocess.Popen([stage.need.program("nginx"), "-p", home, "-c", f"{home}/nginx.conf", "-e", f"{home}/error.log"])
    until = time.monotonic() + 10
    while time.monotonic() < until and not (os.path.exists(f"{home}/pid") and os.path.getsize(f"{home}/pid")):
        time.sleep(0.02)
    return process


def _table(run, title, flags, counts=COUNTS):
    """Runs with each number of tags; run(count, flags) is wall seconds, CPU seconds and bytes of memory."""
    before = None
    print(f"{title:>25}{'wall s':>9}{'CPU s':>9}{'RSS MB':>9}{'us CPU a tag':>14}{'bytes a tag':>13}")
    for count in counts:
        wall, cpu, rss = run(count, flags)
        a_tag = "" if before is None else f"{(rss - before[1]) / (count - before[0]):13.0f}"
        print(f"{count:25,}{wall:9.2f}{cpu:9.2f}{rss / 1e6:9.1f}{cpu * 1e6 / count:14.1f}{a_tag}", flush=True)
        before = (count, rss)


def main():
    program, measure = map(os.path.abspath, sys.argv[1:3])
    home = tempfile.mkdtemp(prefix="growth-")
    os.chmod(home, 0o755)     # nginx serves as another user
    source, destination = stage.registry.free_port(), stage.registry.free_port()
    server = _serve(home, source, destination)

    def run(count, flags):
        return sync_rules({f"127.0.0.1:{source}/bench/{count}": f"127.0.0.1:{destination}/bench/{count}"}, count, flags)

    def run_space(space, count, flags):
        return sync_rules({f"127.0.0.1:{source}/{space}/*": f"127.0.0.1:{destination}/{space}"}, count, flags)

    def run_namespace(count, flags):
        return run_space(f"space/{count // TAGS_EACH}", count, flags)

    def run_lone(count, flags):
        return run_space(f"lone/{count}", count, flags)

    def run_written(count, flags):
        with open(f"{home}/images.yaml", "w", encoding="ascii") as file:
            for number in range(count):
                name = f"rule/r{number // RULES_EACH:05}"
                file.write(f"127.0.0.1:{source}/{name}:v1.0.{number % RULES_EACH}: 127.0.0.1:{destination}/{name}\n")
        return sync(count, flags)

    def sync_rules(rules, count, flags):
        with open(f"{home}/images.yaml", "w", encoding="ascii") as file:
            json.dump(rules, file)
        return sync(count, flags)

    def sync(count, flags):
        wall, cpu, rss, code, words = bench._run(measure, program, ["--images", "images.yaml", "--auth", "auth.yaml", *flags],
                                                 {"PATH": os.environ["PATH"], "HOME": home}, home)
        if code:
            raise SystemExit(f"growth: {count} tags ended with {code}: {words}")
        if flags and json.load(open(flags[-1], encoding="utf-8"))["skipped"] != count:
            raise SystemExit(f"growth: not all of {count} tags were in sync")
        return wall, cpu, rss

    try:
        with open(f"{home}/auth.yaml", "w", encoding="ascii") as file:
            json.dump({f"127.0.0.1:{port}": {"insecure": True} for port in (source, destination)}, file)
        report = ["--report", f"{home}/report.json"]
        _table(run_written, "written rules", [])
        _table(run_written, "the same with --report", report)
        if "--rules" in sys.argv[3:]:
            return 0
        _table(run, "tags in sync", [])
        _table(run, "the same with --report", report)
        _table(run_namespace, f"{TAGS_EACH} tags in each of many", [], [count * TAGS_EACH for count in REPOSITORIES])
        _table(run_namespace, "the same with --report", report, [count * TAGS_EACH for count in REPOSITORIES])
        _table(run_lone, "1 tag in each of many", report, LONE)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(home, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
