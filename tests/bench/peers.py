"""The programs that are compared: how each is told to do the same job.

A peer takes part when its program is found, in the folder $BENCH_PEERS or on PATH. A job is a repository on each side and the
tags that are to be there afterwards, all of those that the source has.
"""

import dataclasses
import json
import os
import shutil


@dataclasses.dataclass
class Job:
    source: str              # host:port/repository
    destination: str
    tags: list
    https: bool
    home: str                # for configuration files
    synced: bool = False     # the destination has them already

    def write(self, name, document):
        path = os.path.join(self.home, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file)      # JSON is YAML
        return path

    def hosts(self):
        return [text.split("/", 1)[0] for text in (self.source, self.destination)]


def files(job):
    tag = f":{job.tags[0]}" if job.synced and len(job.tags) == 1 else ""
    return ["--images", job.write("images.yaml", {job.source + tag: job.destination + tag}),
            "--auth", job.write("auth.yaml", {host: {"insecure": not job.https} for host in job.hosts()})]


def _ours(job):
    return [files(job)]


def _original(job):
    return [files(job)]


def _regsync(job):
    creds = [{"registry": host, "tls": "enabled" if job.https else "disabled"} for host in job.hosts()]
    path = job.write("regsync.yaml", {"version": 1, "creds": creds, "sync": [
        {"source": job.source, "target": job.destination, "type": "repository"}]})
    return [["once", "-c", path, "-v", "warn"]]


def _skopeo(job):
    trust = [f"--{side}-tls-verify={str(job.https).lower()}" for side in ("src", "dest")]
    if len(job.tags) == 1:
        return [["copy", "-q", "--all", "--preserve-digests", *trust, f"docker://{job.source}:{job.tags[0]}",
                 f"docker://{job.destination}:{job.tags[0]}"]]
    return [["sync", "--all", "--preserve-digests", *trust, "--src", "docker", "--dest", "docker", job.source,
             job.destination.rsplit("/", 1)[0]]]


def _crane(job):
    if len(job.tags) == 1:
        return [["cp", f"{job.source}:{job.tags[0]}", f"{job.destination}:{job.tags[0]}"]]
    return [["cp", "--all-tags", job.source, job.destination]]


def _oras(job):
    if len(job.tags) != 1:
        return None
    # For localhost oras would take plain http unless told.
    plain = [f"--{side}-plain-http={str(not job.https).lower()}" for side in ("from", "to")]
    return [["cp", "--no-tty", *plain, f"{job.source}:{job.tags[0]}", f"{job.destination}:{job.tags[0]}"]]


def _ocync(job):
    registries = {name: {"url": host, "auth_type": "anonymous"} for name, host in zip(("source", "target"), job.hosts())}
    path = job.write("ocync.yaml", {
        "registries": registries, "defaults": {"source": "source", "targets": "target", "artifacts": {"enabled": False}},
        "mappings": [{"from": job.source.split("/", 1)[1], "to": job.destination.split("/", 1)[1], "tags": {"glob": ["*"]}}]})
    return [["sync", "-c", path]]


def _curl(job):
    """Copies nothing: what two bare requests take, which is the least that a look at both sides can."""
    if not job.synced or len(job.tags) != 1:
        return None
    urls = [f"http{'s' if job.https else ''}://{host}/v2/{repo}/manifests/{job.tags[0]}"
            for host, repo in (side.split("/", 1) for side in (job.source, job.destination))]
    return [["-sS", "--fail", "--head", "-H", "Accept: application/vnd.oci.image.manifest.v1+json",
             *(word for url in urls for word in ("-o", "/dev/null", url))]]


@dataclasses.dataclass
class Peer:
    name: str
    program: str
    commands: object         # job -> list of argument lists, or None when the program has no way to do it

    def path(self):
        places = os.pathsep.join([os.environ.get("BENCH_PEERS", ""), os.environ.get("PATH", "")])
        return shutil.which(self.program, path=places)


OURS = Peer("image-syncer", "image-syncer", _ours)
PEERS = [
    Peer("regsync", "regsync", _regsync),
    Peer("skopeo", "skopeo", _skopeo),
    Peer("crane", "crane", _crane),
    Peer("oras", "oras", _oras),
    Peer("original", "image-syncer-original", _original),
    Peer("ocync", "ocync", _ocync),
    Peer("curl", "curl", _curl),
]
