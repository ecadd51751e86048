#!/usr/bin/python3 -B
"""What the counters in build/coverage say, by layer. What is pure must have run nearly all of its lines.

Pure is what can be tested without a network, a terminal or a clock: whole layers, and files of others. There a line that never ran is a
line that nothing has checked; elsewhere a part is left to the torture bench, whose processes are killed and count nothing.
"""

import collections
import json
import subprocess
import sys

LEAST = 95           # percent of the lines of what is pure
LAYERS = ("base", "doc", "oci", "store", "net", "registry", "discover", "config", "plan", "copy", "report", "state", "serve", "notify", "cmd", "main.c")
PURE = {
    "base": "*", "doc": "*", "oci": "*", "store": "*", "config": "*", "plan": "*", "copy": "*",
    "net": "address bearssl_ecdsa bearssl_failure bearssl_key bearssl_signature bearssl_suite pace retry_after tls_certificate tls_der tls_extensions tls_failure tls_fault tls_handshake tls_key tls_names tls_path tls_pem tls_subtree url",
    "registry": "answer challenge credential explain link profile scope",
    "serve": "acr aliyun distribution dockerhub entries events github gitlab harbor hook_names login metrics nexus payload proof quay "
             "queue_state schedule status zot",
    "report": "action_output annotation format frame image_lists rate report_json step_failures step_images step_rows step_summary step_tables summary tally markdown package_page tag_order",
}
# Not counted, for a reason: {file: reason}
LEFT_OUT = {"src/base/harden.c": "counted builds do nothing there (HARDEN_NOTHING), since the kernel would refuse what counting "
                                 "needs; tests/e2e/test_hardening.py looks at the release"}


def is_pure(path):
    _, layer, *rest = path.split("/")
    files = PURE.get(layer, "")
    return files == "*" or (rest and rest[-1].removesuffix(".c").removesuffix(".h") in files.split())


def percent(part, whole):
    return 100 * part / whole if whole else 100


def row(name, kind, counts):
    """Prints a row of the table; False when it is below the limit."""
    lines, all_lines, branches, all_branches = counts
    low = kind == "pure" and percent(lines, all_lines) < LEAST
    print(f"{name:10}{kind:6}{lines:>8}/{all_lines:<8}{percent(lines, all_lines):6.1f}%{branches:>9}/{all_branches:<8}"
          f"{percent(branches, all_branches):5.1f}%{f'  below {LEAST} % of lines' if low else ''}")
    return not low


command = ["gcovr", "--root", ".", "--filter", "src/", "--json-summary", "--exclude-throw-branches", "build/coverage"]
for path in LEFT_OUT:
    command += ["--exclude", path]
summary = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)

sums = collections.defaultdict(lambda: [0, 0, 0, 0])
missed = []
for each in summary["files"]:
    path, counts = each["filename"], [each["line_covered"], each["line_total"], each["branch_covered"], each["branch_total"]]
    kind = "pure" if is_pure(path) else ""
    for key in ((path.split("/")[1], kind), ("all", "pure" if kind else "rest"), ("all", "")):
        sums[key] = [a + b for a, b in zip(sums[key], counts)]
    missed.append((counts[1] - counts[0], path, kind))

known = {name for each in summary["files"] for name in [each["filename"].split("/")[-1].rsplit(".", 1)[0]]}
strangers = [f"{layer}/{name}" for layer, names in PURE.items() for name in names.split() if name != "*" and name not in known]
print(f"{'':16}{'lines':>11}{'':>14}{'branches':>15}")
good = not strangers
for layer in LAYERS:
    for kind in ("pure", ""):
        if (layer, kind) in sums:
            good &= row(layer, kind or "rest" if layer in PURE else kind, sums[layer, kind])
for kind in ("pure", "rest", ""):
    row("all", kind if kind != "pure" else "pure ", sums["all", kind])
for path, reason in LEFT_OUT.items():
    print(f"not counted: {path}: {reason}")
for kind in ("pure", ""):
    worst = [f"{path} {lines}" for lines, path, each in sorted(missed, reverse=True) if each == kind and lines][:8]
    print(f"most lines that never ran, {kind or 'elsewhere'}: {', '.join(worst)}")
if strangers:
    print("no such files:", *strangers)
sys.exit(not good)
