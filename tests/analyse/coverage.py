#!/usr/bin/python3 -B
"""What the counters in build/coverage say, by layer; the pure layers must have run nearly all of their lines."""

import collections
import json
import subprocess
import sys

# base/harden.c is not counted: examined builds do nothing there, tests/e2e/test_hardening.py looks at the release.
LAYERS = ("base", "doc", "oci", "net", "registry", "config", "plan", "copy", "report", "cmd", "main.c")
PURE, LEAST = ("base", "doc", "oci", "config", "plan"), 95

command = ["gcovr", "--root", ".", "--filter", "src/", "--json-summary", "--exclude-throw-branches",
           "--exclude", "src/base/harden.c", "build/coverage"]
summary = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)

sums = collections.defaultdict(lambda: [0, 0, 0, 0])
files = []
for each in summary["files"]:
    counts = [each["line_covered"], each["line_total"], each["branch_covered"], each["branch_total"]]
    layer = each["filename"].split("/")[1]
    for name in (layer, "all"):
        sums[name] = [a + b for a, b in zip(sums[name], counts)]
    files.append((each["line_total"] - each["line_covered"], each["filename"]))


def percent(part, whole):
    return 100 * part / whole if whole else 100


failed = False
print(f"{'layer':10}{'lines':>16}{'':>8}{'branches':>16}")
for name in (*LAYERS, "all"):
    lines, all_lines, branches, all_branches = sums[name]
    low = name in PURE and percent(lines, all_lines) < LEAST
    failed |= low
    print(f"{name:10}{lines:>8}/{all_lines:<8}{percent(lines, all_lines):6.1f}%{branches:>9}/{all_branches:<8}"
          f"{percent(branches, all_branches):5.1f}%{f'  below {LEAST} % of lines' if low else ''}")
print("most lines that never ran:", ", ".join(f"{name} {missed}" for missed, name in sorted(files, reverse=True)[:8]))
sys.exit(failed)
