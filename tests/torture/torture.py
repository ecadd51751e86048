#!/usr/bin/python3 -B
"""Break one thing at a time and look at what is left: the layers of the project's fault tests.

A, B and C hurt what passes by (layers.py, outage.py), D ends the program (kill.py, outage.py), E takes its memory away (memory.py), F
its system calls (calls.py), I is after its logins (canary.py), J answers without end (hostile.py).

    torture.py PROGRAM [--layer ABCDEFIJ] [--quick N] [--limit N] [--shard I/N] [--jobs N] [--width N] [--out FOLDER] [--only WORD]

Each cell is one run of the program between real registries through fault proxies. Afterwards the invariants are checked, and where the
fault was one that passes, the run must have survived it. The exit status is 1 when there was a violation or a run did not survive.
"""

import argparse
import collections
import concurrent.futures
import json
import multiprocessing
import os
import queue
import re
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e")]

import invariants  # noqa: E402
import calls  # noqa: E402
import canary  # noqa: E402
import folder  # noqa: E402
import hostile  # noqa: E402
import kill  # noqa: E402
import layers  # noqa: E402
import memory  # noqa: E402
import outage  # noqa: E402
import scene as scenes  # noqa: E402
from lib import run  # noqa: E402

run.SECONDS = 600        # a fault that stays is waited for with patience, by design


def judge(cell, name, world, binary):
    """One cell: a dict for the results."""
    start, scene = time.monotonic(), scenes.Scene(world, name)
    verdict = {"layer": cell.layer, "cell": cell.name, "must_pass": cell.passes, "hits": 0, "violations": []}
    try:
        cell.run(scene, binary, verdict)
    except AssertionError as problem:          # the runner's own: a signal, a secret in the output, no end
        verdict.update(violations=[f"I5/I7 {problem}"[:4000]], survived=False, exit=None)
    verdict["seconds"] = round(time.monotonic() - start, 2)
    return verdict


def work(binary, cells, tasks, done, width, number):
    """A process: its own registries, `width` cells at a time."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    world = scenes.World()

    def one_thread():
        while True:
            try:
                index = tasks.get(timeout=1)
            except queue.Empty:
                continue
            if index is None:
                return
            cell = cells[index]
            try:
                done.put(judge(cell, f"t{number}-{index}", world, binary))
            except Exception as problem:  # noqa: BLE001 - the bench's own trouble must be seen, not swallowed
                done.put({"layer": cell.layer, "cell": cell.name, "must_pass": cell.passes, "hits": 0, "survived": False,
                          "violations": [f"the bench failed: {problem!r}"], "seconds": 0, "exit": None})

    try:
        with concurrent.futures.ThreadPoolExecutor(width) as pool:
            list(pool.map(lambda _: one_thread(), range(width)))
    finally:
        world.close()


# How many cells of a layer stand for it in a quick run, and which: none that waits for long. Of layer A it is what --quick says.
QUICK = {"D": (24, "SIGKILL|call"), "E": (100, ""), "F": (24, "^(read|open|fsync|rename|mmap|write|writev|getrandom) .*[0-9]$"), "I": (80, ""),
         "J": (20, "^picture")}


def clean(options):
    """Runs without any fault: what they show, and the proof that the bench itself is sound. {layer: cells}"""
    world, binary = scenes.World(), options.program
    try:
        found = {}
        many = scenes.Scene(world, "clean").many()
        with many.fronts():
            whole(many, many.run(binary))
            found["A"], found["B"] = [*layers.layer_a(layers.hits(many)), *outage.limits()], layers.layer_b(many)
        found["C"] = layers.layer_c(world.big(layers.C_SIZE)[2])
        for letter, module in (("D", kill), ("F", calls)):
            if letter in options.layer:
                fixed = scenes.Scene(world, f"clean-{letter.lower()}").fixed()
                with fixed.fronts():
                    whole(fixed, fixed.run(binary))
                    found[letter] = module.cells(fixed, binary)
        if "D" in options.layer:
            found["D"] += outage.stops()
            fixed = scenes.Scene(world, "clean-disk").fixed()
            with fixed.fronts():
                found["D"] += folder.cells(fixed, binary)
        if "E" in options.layer:
            found["E"] = memory.cells(lambda name: scenes.Scene(world, name), options.alloc)
        if "I" in options.layer:
            found["I"] = canary.cells()
        if "J" in options.layer:
            found["J"] = hostile.cells()
        return found
    finally:
        world.close()


def whole(scene, result):
    problems = invariants.check(scene, result)
    if problems or not invariants.arrived(scene, result):
        sys.exit(f"torture: the run without a fault failed: {problems}\n{result}")


def spread(cells, count):
    """So many of them, at equal distances."""
    return [cells[at * len(cells) // count] for at in range(count)] if count < len(cells) else cells


def choose(options):
    found = clean(options)
    if options.quick:
        cells = [*(layers.quick(found["A"], options.quick) if "A" in options.layer else []),
                 *(each for letter, (count, word) in QUICK.items() if letter in options.layer
                   for each in spread([cell for cell in found[letter] if re.search(word, cell.name)], count))]
    else:
        cells = [each for letter in found if letter in options.layer for each in found[letter]]
    if options.only:
        cells = [each for each in cells if re.search(options.only, f"{each.layer} {each.name}")]
    part, parts = map(int, options.shard.split("/"))
    cells = cells[part - 1::parts]
    cells = spread(cells, options.limit or len(cells))
    # What waits longest goes first, so that the end is not a long tail.
    return sorted(cells, key=lambda each: not each.name.endswith("forever"))


def carry_out(options, cells):
    context = multiprocessing.get_context("fork")
    tasks, done = context.Queue(), context.Queue()
    for index in range(len(cells)):
        tasks.put(index)
    for _ in range(options.jobs * options.width):
        tasks.put(None)
    workers = [context.Process(target=work, args=(options.program, cells, tasks, done, options.width, number)) for number in range(options.jobs)]
    for each in workers:
        each.start()
    verdicts = []
    while len(verdicts) < len(cells):
        try:
            verdicts.append(done.get(timeout=5))
        except queue.Empty:
            if not any(each.is_alive() for each in workers):
                sys.exit("torture: the workers ended before their work")
            continue
        if len(verdicts) % 100 == 0:
            print(f"torture: {len(verdicts)}/{len(cells)} cells", flush=True)
    for each in workers:
        each.join()
    return verdicts


def tell(options, verdicts, seconds):
    """The table, the raw results, and whether all is well."""
    os.makedirs(options.out, exist_ok=True)
    name = "quick" if options.quick else "".join(sorted({each["layer"] for each in verdicts})).lower()
    with open(os.path.join(options.out, f"results-{name}.json"), "w", encoding="utf-8") as file:
        json.dump(verdicts, file, indent=1)
    by_layer = collections.defaultdict(list)
    for each in verdicts:
        by_layer[each["layer"]].append(each)
    print("layer   cells     hit  must survive  survived  violations")
    failures = []
    for letter, found in sorted(by_layer.items()):
        hit = [each for each in found if each["hits"]]
        must = [each for each in hit if each["must_pass"]]
        survived = [each for each in must if each["survived"]]
        broken = [each for each in found if each["violations"]]
        print(f"{letter:5} {len(found):7} {len(hit):7} {len(must):13} {len(survived):9} {len(broken):11}")
        failures += [each for each in found if each in broken or (each in must and not each["survived"])]
    print(f"{len(verdicts)} cells in {seconds:.0f} s, raw results in {options.out}")
    for each in failures[:40]:
        print(f"FAIL {each['layer']} {each['cell']}: exit {each['exit']} {each['violations']}")
    return not failures and bool(verdicts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("--layer", default="ABCDEFIJ")
    parser.add_argument("--alloc", type=os.path.abspath, default="build/musl/torture/image-syncer", help="the program of layer E")
    parser.add_argument("--quick", type=int, default=0)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--shard", default="1/1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--width", type=int, default=20)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", default="build/torture")
    options = parser.parse_args()
    start = time.monotonic()
    verdicts = carry_out(options, choose(options))
    sys.exit(0 if tell(options, verdicts, time.monotonic() - start) else 1)


if __name__ == "__main__":
    main()
