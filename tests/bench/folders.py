"""Side by side: an image between a registry and a folder in the OCI layout, by this program and every peer that is installed.

    folders.py PROGRAM MEASURE [--size MIB] [--rounds N]

One image of one large layer in a docker-registry on loopback is exported to a folder and imported again; what was written is
compared with what was there. Beside the programs stands what the disk alone takes: cp of the layer and sha256sum of the copy, one
after the other. The fastest of the rounds counts, since other users of a disk only ever make it slower.

This program has everything on disk when it ends; the peers leave that to the system. So what is written is brought to the disk behind
each export, file by file, and the column "on disk" has the sum. Each round begins with another program, since the first large file
of a virtual machine waits for the host's memory.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from lib import images, registry  # noqa: E402

MIB = 1 << 20
PEERS = os.path.join(os.environ.get("IMAGE_SYNCER_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "image-syncer"), "layouts")
# Out of one registry, and into another, which has nothing of it.
PROGRAMS = {
    "image-syncer": ("{program} -q --insecure {host} {host}/a:v1 oci:{folder}", "{program} -q --insecure {other} oci:{folder}:v1 {other}/{to}"),
    "image-syncer, archive": ("{program} -q --insecure {host} {host}/a:v1 oci-archive:{folder}/x.tar",
                              "{program} -q --insecure {other} oci-archive:{folder}/x.tar:v1 {other}/{to}"),
    "skopeo": ("skopeo copy -q --all --preserve-digests --src-tls-verify=false docker://{host}/a:v1 oci:{folder}:v1",
               "skopeo copy -q --all --preserve-digests --dest-tls-verify=false oci:{folder}:v1 docker://{other}/{to}:v1"),
    "oras": ("oras cp --no-tty --from-plain-http {host}/a:v1 --to-oci-layout {folder}:v1",
             "oras cp --no-tty --from-oci-layout {folder}:v1 --to-plain-http {other}/{to}:v1"),
    "regctl": ("regctl image copy --host reg={host},tls=disabled {host}/a:v1 ocidir://{folder}:v1",
               "regctl image copy --host reg={other},tls=disabled ocidir://{folder}:v1 {other}/{to}:v1"),
}


def push(server, size):
    """The layer is put into the storage; no compressor and no file system makes it smaller."""
    block, held = os.urandom(MIB), hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=server.storage, delete=False) as file:
        for number in range(size):
            # skopeo looks at the beginning of a layer, and compresses what is not compressed yet.
            piece = b"\x1f\x8b\x08" + number.to_bytes(5, "big") + block[8:]
            held.update(piece)
            file.write(piece)
    digest = held.hexdigest()
    folder = os.path.join(server.storage, "docker/registry/v2/blobs/sha256", digest[:2], digest)
    os.makedirs(folder)
    os.rename(file.name, os.path.join(folder, "data"))
    link = os.path.join(server.storage, "docker/registry/v2/repositories/a/_layers/sha256", digest)
    os.makedirs(link)
    with open(os.path.join(link, "link"), "w", encoding="ascii") as text:
        text.write(f"sha256:{digest}")
    client = images.Client(server)
    settings = images.config("a", [])
    client.push_blob("a", settings)
    document = {"schemaVersion": 2, "mediaType": images.OCI_MANIFEST,
                "config": {"mediaType": images.OCI_CONFIG, "digest": images.digest_of(settings), "size": len(settings)},
                "layers": [{"mediaType": images.OCI_LAYER, "digest": f"sha256:{digest}", "size": size * MIB}]}
    client.push_manifest("a", images.Manifest(images.OCI_MANIFEST, images.to_json(document)), "v1")
    return client, os.path.join(folder, "data")


def timed(measure, command, home):
    """(wall, cpu, peak bytes) of one run."""
    figures = os.path.join(home, "figures")
    env = {"HOME": home, "PATH": os.environ["PATH"], "TMPDIR": home}
    os.sync()
    done = subprocess.run([measure, figures, *command], env=env, capture_output=True, text=True, check=False)
    with open(figures, encoding="ascii") as file:
        wall, cpu, peak, code = file.read().split()
    if int(code):
        raise SystemExit(f"{' '.join(command)}: {code}\n{done.stdout}{done.stderr}")
    return float(wall), float(cpu), int(peak)


def settle(folder):
    """How long it takes until all files of the folder, and their names, are on the disk."""
    begun = time.monotonic()
    for path, _, files in os.walk(folder, topdown=False):
        for name in [*(os.path.join(path, each) for each in files), path]:
            file = os.open(name, os.O_RDONLY)
            os.fsync(file)
            os.close(file)
    return time.monotonic() - begun


def by_hand(layer, folder):
    os.sync()
    begun = time.monotonic()
    copy = os.path.join(folder, "copy")
    subprocess.run(["cp", layer, copy], check=True)
    subprocess.run(["sha256sum", copy], check=True, stdout=subprocess.DEVNULL)
    taken = time.monotonic() - begun
    os.unlink(copy)
    return taken


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("measure")
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    best, disk = {}, []
    with tempfile.TemporaryDirectory() as home, registry.Registry("source", large=True) as server, \
            registry.Registry("target", large=True) as other:
        client, layer = push(server, options.size)
        wanted = client.head("a", "v1")
        for number in range(options.rounds):
            disk.append(by_hand(layer, home))
            turn = list(PROGRAMS.items())
            for name, commands in turn[number % len(turn):] + turn[:number % len(turn)]:
                program = options.program if name.startswith("image-syncer") else shutil.which(name, path=f"{PEERS}:{os.environ['PATH']}")
                if not program:
                    continue
                folder, to = os.path.join(home, "app"), f"to-{name.split(', ')[-1]}-{number}"
                os.makedirs(folder)
                if "archive" not in name:
                    os.rmdir(folder)
                for way, command in zip(("export", "import"), commands):
                    words = command.format(program="", host=server.host, other=other.host, folder=folder, to=to).split()
                    words = [os.path.abspath(program), *words[not name.startswith("image-syncer"):]]
                    taken = timed(os.path.abspath(options.measure), words, home)
                    settled = taken[0] + settle(folder) if way == "export" else None
                    best.setdefault((way, name), []).append((*taken, settled))
                assert images.Client(other).head(to, "v1") == wanted, name
                shutil.rmtree(folder)
                shutil.rmtree(os.path.join(other.storage, "docker"))
    print(f"One layer of {options.size} MiB. cp and sha256sum: {min(disk):.1f} s\n")
    print("| | program | seconds | on disk | CPU | memory |\n| --- | --- | --- | --- | --- | --- |")
    for (way, name), runs in sorted(best.items(), key=lambda each: (each[0][0], min(each[1]))):
        wall, cpu, peak, settled = (min(column) if None not in column else None for column in zip(*runs))
        shown = f"{settled:.1f}" if settled else ""
        print(f"| {way} | {name} | {wall:.1f} | {shown} | {cpu:.1f} s | {peak / MIB:.1f} MiB |")


if __name__ == "__main__":
    main()
