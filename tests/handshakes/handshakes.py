#!/usr/bin/python3 -B
"""What servers negotiate with each engine of TLS, as a table in Markdown; nothing is downloaded, and no login is sent.

    handshakes.py SERVERS PROGRAM...    SERVERS is a file of hosts; each PROGRAM is asked by `probe`, without any files or logins

Exit status 1 when no program could shake hands with a server.
"""

import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

SECONDS = 120
PASSED_ON = ("PATH", "SSL_CERT_FILE", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY")


def engine(program):
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=SECONDS).stdout
    return "OpenSSL" if " openssl " in said else "BearSSL"


def handshake(program, server, empty):
    """(whether there was a handshake that was accepted, a cell of the table)"""
    env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        ended = subprocess.run([program, "probe", "--format", "json", "--retries", "0", server], capture_output=True, text=True, check=False,
                               timeout=SECONDS, cwd=empty, env={**env, "HOME": empty})
        found = json.loads(ended.stdout)["targets"][0]
    except (subprocess.TimeoutExpired, ValueError, LookupError) as problem:
        return False, f"no answer ({type(problem).__name__})"
    tls, words = found.get("tls", {}), found.get("error", {})
    words = words.get("message", "") if isinstance(words, dict) else str(words)
    refused = "certificate" in words or "TLS" in words
    if "version" in tls and not refused:
        return True, f"{tls['version']}, {tls['suite']}"
    return False, words.replace("|", "/") or "no handshake"


def main():
    file, programs = sys.argv[1], sys.argv[2:]
    with open(file, encoding="utf-8") as lines:
        servers = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    with tempfile.TemporaryDirectory() as empty, concurrent.futures.ThreadPoolExecutor(4) as pool:
        rows = [(server, [pool.submit(handshake, program, server, empty) for program in programs]) for server in servers]
        print("| server | " + " | ".join(map(engine, programs)) + " |\n| --- |" + " --- |" * len(programs))
        lost = 0
        for server, cells in rows:
            found = [cell.result() for cell in cells]
            lost += not any(good for good, _ in found)
            print(f"| {server} | " + " | ".join(text for _, text in found) + " |", flush=True)
    return 1 if lost else 0


sys.exit(main())
