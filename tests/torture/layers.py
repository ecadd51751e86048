"""The cells of each layer: which request is hurt how, where and how often, and whether the run must survive it."""

import dataclasses
import random

import invariants
from faults import FAULTS
from lib import proxy

FOREVER = 10 ** 9

# -- which requests ---------------------------------------------------------------------------------------------------------------

_UPLOAD = r"/blobs/uploads/"
_OTHER = r"^/v2/([^/]+)/blobs/uploads/\?mount=[^&]+&from=(?!\1$)"     # a mount from another repository


def _blobs(scene, digests):
    return "/blobs/(%s)$" % "|".join(digests)


# name: (side, method, path or make(scene), what must go wrong first for it to be sent)
REQUESTS = {
    "src-token": ("src-auth", "GET", "/token", None),
    "src-tags": ("src", "GET", "/tags/list", None),
    "src-head-tag": ("src", "HEAD", "/manifests/v1$", None),
    "src-get-root": ("src", "GET", lambda scene: "/manifests/(%s)$" % "|".join(d for t in scene.wanted.values() for d in t.values()), None),
    "src-get-child": ("src", "GET", lambda scene: "-a/manifests/(?!%s)" % scene.wanted[f"{scene.name}-a"]["v1"], None),
    "src-get-config": ("src", "GET", lambda scene: _blobs(scene, scene.configs), None),
    "src-get-layer": ("src", "GET", lambda scene: _blobs(scene, scene.layers), None),
    "dst-token": ("dst-auth", "GET", "/token", None),
    "dst-head-tag": ("dst", "HEAD", "/manifests/v1$", None),
    "dst-head-child": ("dst", "HEAD", "/manifests/sha256:", None),
    "dst-post-upload": ("dst", "POST", _UPLOAD, None),
    "dst-post-mount": ("dst", "POST", _OTHER, None),
    "dst-put-blob": ("dst", "PUT", _UPLOAD, None),
    "dst-put-child": ("dst", "PUT", "/manifests/sha256:", None),
    "dst-put-tag": ("dst", "PUT", "/manifests/v1$", None),
    "dst-head-blob": ("dst", "HEAD", "/blobs/sha256:", ("dst", "PUT", _UPLOAD, proxy.ResetRequest(1), 3)),
    "dst-get-upload": ("dst", "GET", _UPLOAD, ("dst", "PUT", _UPLOAD, proxy.ResetRequest(1), 3)),
    "dst-delete-upload": ("dst", "DELETE", _UPLOAD, ("src", "GET", "/blobs/sha256:", proxy.Flip(0), 3)),
}


@dataclasses.dataclass
class Cell:
    layer: str
    name: str
    passes: bool             # the run must end with 0 and everything copied
    rules: list              # [(side, method, path or make(scene), action or make(stranger), skip, times or None)]
    size: int = 0            # layer C: bytes of the layer
    flags: tuple = ()
    one_upload: bool = False

    def run(self, scene, binary, verdict):
        """The run, judged; `verdict` is the dict of the results."""
        self.scene(scene)
        with scene.fronts():
            rule = self.arm(scene)
            result = scene.run(binary, self.flags)
            verdict["hits"] = rule.hits
            verdict["violations"] = invariants.check(scene, result)
            if self.one_upload and len([each for each in scene.sides["dst"].uploads() if each.sent > 1 << 20]) != 1:
                verdict["violations"].append("the upload did not outlive its download")
            verdict["survived"] = invariants.arrived(scene, result)
            verdict["exit"] = result.code
            if verdict["violations"] or (self.passes and not verdict["survived"]):
                verdict["log"] = f"{result}\n{scene.log()}"

    def scene(self, scene):
        return scene.single(self.size) if self.size else scene.many()

    def arm(self, scene):
        """Sets the rules; returns the one that the cell is about."""
        for side, method, path, action, skip, times in self.rules:
            pattern = path(scene) if callable(path) else path
            made = action(scene.stranger) if callable(action) else action
            last = scene.sides[side].rule(method, pattern, made, skip, times)
        return last


# -- the layers ---------------------------------------------------------------------------------------------------------------

def hits(scene):
    """{request kind: how many} of a finished run."""
    counted = {}
    for name, (side, method, path, first) in REQUESTS.items():
        pattern = path(scene) if callable(path) else path
        counted[name] = 3 if first else len(scene.sides[side].seen(method, path=pattern))
    return counted


def _applies(request, fault):
    method = REQUESTS[request][1]
    if fault.body and method not in ("GET",):
        return False
    return not fault.sends or request in ("dst-put-blob", "dst-put-child", "dst-put-tag")


def _unseen(request, fault, times):
    """Nothing says that a token has lost a bit but the registry's refusal, and a second one is final."""
    return request.endswith("token") and fault.startswith("flip") and times > 1


def layer_a(counts):
    """Each kind of request x each fault that can happen to it x where x how often."""
    cells = []
    for request, (side, method, path, first) in REQUESTS.items():
        count = counts[request]
        places = {"first": 0, "middle": count // 2, "last": max(0, count - 1)}
        for word, fault in FAULTS.items():
            if not _applies(request, fault):
                continue
            seen = set()
            for place, skip in places.items():
                for often, times in (("once", 1), ("thrice", 3), ("forever", None)):
                    if (skip, times) in seen:
                        continue
                    seen.add((skip, times))
                    rules = [(first[0], first[1], first[2], first[3], 0, first[4])] if first else []
                    rules.append((side, method, path, fault.make, skip, times))
                    passes = fault.passes and times is not None and not _unseen(request, word, times)
                    cells.append(Cell("A", f"{request} {word} {place} {often}", passes, rules,
                                      flags=("--retries", "0") if times is None else ()))
    return cells


def quick(cells, count):
    """A fixed choice of layer A: nothing that stays, every request and every fault about equally often."""
    short = [each for each in cells if not each.name.endswith("forever")]
    random.Random(6).shuffle(short)
    used, chosen = {}, []

    def weight(cell):
        request, fault, _, _ = cell.name.split(" ")
        return used.get(request, 0) + 2 * used.get(fault, 0)

    while short and len(chosen) < count:
        best = min(short, key=weight)
        short.remove(best)
        chosen.append(best)
        for word in best.name.split(" ")[:2]:
            used[word] = used.get(word, 0) + 1
    return chosen


def layer_b(scene):
    """Each single request of a finished run, by its number at its server, fails once in each way."""
    return [Cell("B", f"{side} #{number} {word}", fault.passes, [(side, "*", "", fault.make, number, 1)])
            for side, front in scene.sides.items() for number in range(len(front.seen())) for word, fault in FAULTS.items()]


C_SIZE = 4 * 1024 * 1024
C_STEP = 64 * 1024


def layer_c(layer):
    """Cuts of one large layer at each step, one byte before and one after, in both directions."""
    upload = layer.replace(":", "%3A")
    ways = {
        "download-reset": ("src", "GET", f"/blobs/{layer}", proxy.ResetResponse),
        "download-close": ("src", "GET", f"/blobs/{layer}", proxy.CutResponse),
        "upload-reset": ("dst", "PUT", f"digest={upload}", proxy.ResetRequest),
        "upload-cut": ("dst", "PUT", f"digest={upload}", proxy.CutRequest),
    }
    cells = []
    for way, (side, method, path, action) in ways.items():
        for step in range(0, C_SIZE + 1, C_STEP):
            for at in (step - 1, step, step + 1):
                if 0 <= at < C_SIZE:
                    cells.append(Cell("C", f"{way} {at}", True, [(side, method, path, action(at), 0, 1)], size=C_SIZE,
                                      one_upload=side == "src"))
    return cells
