"""A list of the shape of the largest public one: first sync, second sync, and a third after 1 % of the images have changed.

    mirror.py PROGRAM MEASURE [--scale 0.1] [--peers NAME,...] [--out FILE]

That list has 7,241 entries of one tag each: 2,284 images of 193 repositories (median 6 tags, at most 63) in nine registries, each
copied to three registries under another name, some of them under two. Here names and sizes are drawn from a fixed seed: images
share base layers, and a fifth of them is for several platforms. Everything is https with 20 ms added to each request, in front of
one docker-registry that holds the nine sources and three that are the destinations. Afterwards each destination tag is read.
"""

import argparse
import collections
import dataclasses
import json
import os
import random
import shutil
import sys
import tempfile

import bench
import peers
import stage

images, registry = stage.images, stage.registry

SEED = "mirror"
SOURCES, DESTINATIONS = 9, 3
REPOSITORIES, IMAGES, TAGS_MAX, EXTRA = 193, 2_284, 63, 389
BASES = 12
PLATFORMS = (("amd64", None), ("arm64", "v8"), ("arm", "v7"))
CHANGED = 0.01
_WORDS = "amber birch cedar delta ember fjord grove heron inlet jetty kelp larch maple north olive pine quartz reed slate tarn".split()


# -- the list -----------------------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Image:
    source: int              # number of its registry
    repo: str
    tag: str
    copies: list             # (number of the destination, repository)

    def seed(self, generation):
        return f"{self.repo}:{self.tag}/{generation}"


def _tag_counts(draw, repositories, total):
    """Tags of each repository: median 6, at most 63, total in all."""
    counts = [min(TAGS_MAX, max(1, round(draw.lognormvariate(1.8, 1.2)))) for _ in range(repositories)]
    while sum(counts) != total:
        step = 1 if sum(counts) < total else -1
        at = draw.choices(range(repositories), weights=counts)[0]     # large ones take up the difference: the median stays
        if 1 <= counts[at] + step <= TAGS_MAX:
            counts[at] += step
    return counts


def make_list(scale):
    draw = random.Random(SEED)
    repositories = max(SOURCES, round(REPOSITORIES * scale))
    total = max(repositories, round(IMAGES * scale))
    found = []
    for number, count in enumerate(_tag_counts(draw, repositories, total)):
        source = number % SOURCES if number < SOURCES else min(int(draw.expovariate(0.5)), SOURCES - 1)
        name = f"{draw.choice(_WORDS)}-{draw.choice(_WORDS)}-{number}"
        for tag in range(count):
            copies = [(to, f"mirror/r{source}-{name}") for to in range(DESTINATIONS)]
            found.append(Image(source, f"{draw.choice(_WORDS[:5])}/{name}" if not tag else found[-1].repo, f"v1.{tag}.{draw.randrange(9)}",
                               copies))
    for image in draw.sample(found, min(len(found), round(EXTRA * scale))):
        image.copies.append((0, f"{image.copies[0][1]}-old"))
    return found


def _picture(image, number, generation, bases):
    draw = random.Random(image.seed(generation))

    def one(architecture, variant):
        own = images.layer(f"{image.seed(generation)}/{architecture}", min(1_000_000, int(draw.lognormvariate(10, 1))))
        return images.image(image.seed(generation), architecture=architecture, variant=variant,
                            parts=[bases[hash_of(image.repo) % BASES], own])

    if number % 5:
        return one("amd64", None)
    children = [one(*platform) for platform in PLATFORMS]
    return images.index(children, entries=[{"platform": {"os": "linux", "architecture": architecture,
                                                         **({"variant": variant} if variant else {})}}
                                           for architecture, variant in PLATFORMS])


def hash_of(text):
    return random.Random(text).randrange(1 << 30)


# -- where it happens ---------------------------------------------------------------------------------------------------------

class Place:
    """A context: the registries, and nginx in front of them."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="mirror-")
        self.certs = stage.certs.Certs()
        self.source = registry.Registry("mirror-source")
        self.destinations = [registry.Registry(f"mirror-{number}") for number in range(DESTINATIONS)]
        self.source_hosts, self.destination_hosts = [], []
        self._nginx = None

    def __enter__(self):
        for each in [self.source, *self.destinations]:
            each.start()
        upstreams = {"source": self.source.port, **{f"destination{number}": each.port for number, each in enumerate(self.destinations)}}
        listeners = [("source", registry.free_port(), True, True) for _ in range(SOURCES)]
        listeners += [(f"destination{number}", registry.free_port(), True, True) for number in range(DESTINATIONS)]
        hosts = [f"localhost:{port}" for _, port, _, _ in listeners]
        self.source_hosts, self.destination_hosts = hosts[:SOURCES], hosts[SOURCES:]
        self._nginx = stage.serve(self.home, self.certs, upstreams, listeners)
        return self

    def __exit__(self, *_):
        if self._nginx:
            self._nginx.terminate()
            self._nginx.wait()
        for each in [self.source, *self.destinations]:
            each.stop()
        self.certs.remove()
        shutil.rmtree(self.home, ignore_errors=True)

    def requests(self):
        """Requests seen so far: (source, destination)."""
        return (stage.lines(f"{self.home}/source.log"),
                sum(stage.lines(f"{self.home}/destination{number}.log") for number in range(DESTINATIONS)))

    def empty(self):
        for each in self.destinations:
            shutil.rmtree(os.path.join(each.storage, "docker"), ignore_errors=True)


# -- how each program is told ---------------------------------------------------------------------------------------------------

def _write(home, name, document):
    path = os.path.join(home, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=0)      # JSON is YAML
    return path


def _pairs(place, entries):
    for image in entries:
        yield (f"{place.source_hosts[image.source]}/{image.repo}:{image.tag}",
               [f"{place.destination_hosts[to]}/{repo}:{image.tag}" for to, repo in image.copies])


def _ours(place, entries, home):
    with open(f"{home}/images.yaml", "w", encoding="utf-8") as file:
        for source, destinations in _pairs(place, entries):
            file.write(f"{source}:\n" + "".join(f"  - {each}\n" for each in destinations))
    return ["--images", "images.yaml", "--auth", _write(home, "auth.yaml", {})]


def _regsync(place, entries, home):
    creds = [{"registry": host, "tls": "enabled"} for host in [*place.source_hosts, *place.destination_hosts]]
    sync = [{"source": source, "target": target, "type": "image"} for source, targets in _pairs(place, entries) for target in targets]
    return ["once", "-c", _write(home, "regsync.yaml", {"version": 1, "creds": creds, "defaults": {"parallel": PARALLEL}, "sync": sync}),
            "-v", "warn"]


def _ocync(place, entries, home):
    """Lists of tags, for those of a repository that go to the same places."""
    registries = {f"{side}{number}": {"url": host, "auth_type": "anonymous"}
                  for side, hosts in (("source", place.source_hosts), ("target", place.destination_hosts))
                  for number, host in enumerate(hosts)}
    targets, tags = collections.defaultdict(list), collections.defaultdict(list)
    for image in entries:
        for to, repo in image.copies:
            targets[image.source, image.repo, repo, image.tag].append(f"target{to}")
    for (source, repo, copy, tag), names in targets.items():
        tags[source, repo, copy, tuple(names)].append(tag)
    mappings = [{"source": f"source{source}", "from": repo, "to": copy, "targets": list(names), "tags": {"glob": found}}
                for (source, repo, copy, names), found in tags.items()]
    return ["sync", "-c", _write(home, "ocync.yaml", {"registries": registries, "defaults": {"artifacts": {"enabled": False}},
                                                      "mappings": mappings})]


LIMIT = 3600      # seconds for one run
PARALLEL = 8      # images at the same time for regsync, which takes one after the other unless told
# skopeo sync gives no image another name.
LISTS = {"image-syncer": _ours, "original": _ours, "regsync": _regsync, "ocync": _ocync}


# -- the runs -----------------------------------------------------------------------------------------------------------------

RUNS = ("first", "second", "1 % changed")


class Mirror:
    def __init__(self, place, entries, measure):
        self.place = place
        self.entries = entries
        self.measure = measure
        bases = [images.layer(f"{SEED}/base{number}", 300_000) for number in range(BASES)]
        changed = set(random.Random(SEED).sample(range(len(entries)), max(1, round(len(entries) * CHANGED))))
        self._client = images.Client(place.source)
        self._roots = [], []     # of each image: before and after the change
        for number, image in enumerate(entries):
            for generation in (0, 1):
                picture = None
                if not generation or number in changed:
                    picture = _picture(image, number, generation, bases)
                    self._client.push(picture, image.repo, image.tag)
                self._roots[generation].append(picture.root if picture else self._roots[0][number])
        self._changed = changed

    def _set(self, generation):
        for number in self._changed:
            image = self.entries[number]
            self._client.push_manifest(image.repo, self._roots[generation][number], image.tag)

    def _missing(self, generation):
        """Destination tags that do not hold their image."""
        clients = [images.Client(each) for each in self.place.destinations]
        return sum(clients[to].head(repo, image.tag) != self._roots[generation][number].digest
                   for number, image in enumerate(self.entries) for to, repo in image.copies)

    def run(self, peer):
        """{run: (wall, cpu, peak bytes, requests to sources, to destinations)}, or why not."""
        found = {}
        self.place.empty()
        home = tempfile.mkdtemp(prefix="mirror-run-")
        env = {"PATH": os.environ.get("PATH", ""), "HOME": home, "SSL_CERT_FILE": self.place.certs.ca, "LANG": "C.UTF-8"}
        try:
            arguments = LISTS[peer.name](self.place, self.entries, home)
            for name in RUNS:
                generation = int(name == RUNS[-1])
                self._set(generation)
                before = self.place.requests()
                wall, cpu, rss, code, words = bench._run(self.measure, peer.path(), arguments, env, home, LIMIT)
                after = self.place.requests()
                if code:
                    return found, f"{name} ended with {code}: {words.strip()[-200:]}"
                if missing := self._missing(generation):
                    return found, f"{name}: {missing} destination tags do not hold what they should"
                found[name] = (wall, cpu, rss, after[0] - before[0], after[1] - before[1])
        finally:
            shutil.rmtree(home, ignore_errors=True)
        return found, None


def _print(run, found):
    print(f"\n{run}\n  {'':13}{'wall s':>9}{'CPU s':>9}{'RSS MB':>9}{'source requests':>17}{'destination requests':>22}")
    for name, (wall, cpu, rss, source, destination) in found.items():
        print(f"  {name:13}{wall:9.2f}{cpu:9.2f}{rss / 1e6:9.1f}{source:17,}{destination:22,}")
    ours, others = found.get(peers.OURS.name), [each for name, each in found.items() if name != peers.OURS.name]
    if ours and others:
        wall, cpu, rss = (ours[at] / max(min(each[at] for each in others), 1e-9) for at in range(3))
        print(f"  {'ratio to best':13}{wall:9.2f}{cpu:9.2f}{rss:9.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("measure", help="build/musl/bench/measure")
    parser.add_argument("--scale", type=float, default=1.0, help="a part of the list, with the same shape")
    parser.add_argument("--peers", default="")
    parser.add_argument("--out")
    given = parser.parse_args()
    wanted = [name for name in given.peers.split(",") if name]
    programs = [dataclasses.replace(peers.OURS, program=os.path.abspath(given.program))]
    programs += [peer for peer in peers.PEERS if peer.name in LISTS and peer.path() and (not wanted or peer.name in wanted)]
    entries = make_list(given.scale)
    counts = collections.Counter(image.repo for image in entries)
    print(f"{sum(len(image.copies) for image in entries):,} entries: {len(entries):,} images of {len(counts)} repositories "
          f"(median {sorted(counts.values())[len(counts) // 2]} tags, at most {max(counts.values())})")
    print("compared:", ", ".join(f"{peer.name} ({bench._version(peer)})" for peer in programs), flush=True)
    results, absent = collections.defaultdict(dict), {}
    with Place() as place:
        mirror = Mirror(place, entries, os.path.abspath(given.measure))
        for peer in programs:
            found, why = mirror.run(peer)
            for name, figures in found.items():
                results[name][peer.name] = figures
            if why:
                absent[peer.name] = why
    for name in RUNS:
        _print(name, results[name])
    for name, why in absent.items():
        print(f"{name}: {why}")
    if given.out:
        with open(given.out, "w", encoding="utf-8") as file:
            json.dump({"machine": bench._machine(), "scale": given.scale, "delay": stage.DELAY, "runs": results, "absent": absent}, file,
                      indent=1)
    return 1 if peers.OURS.name in absent else 0


if __name__ == "__main__":
    sys.exit(main())
