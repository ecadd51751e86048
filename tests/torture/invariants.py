"""What must hold after any run, whatever went wrong in it: read from both registries, the report and what passed by.

The numbers are those of the project's list of invariants: I1 closures are complete, I2 bytes fit their digests, I3 exit 0 means that
all arrived, I4 and I5 secrets stay where they belong, I7 the run ended, I8 nothing else was written, I10 the report is true.
"""


def _closure(client, repo, tag):
    """(digest or None, what is wrong or None)"""
    held = client.head(repo, tag)
    if held is None:
        return None, None
    try:
        client.closure(repo, tag)
    except AssertionError as problem:
        return held, str(problem)
    return held, None


def _wanted(scene):
    """{(repo, tag) at the target: digest}"""
    return {(repo, tag): digest for repo, tags in scene.wanted.items() for tag, digest in tags.items()}


def _tags(scene, client, result, broken):
    wanted, held = _wanted(scene), {}
    for repo in scene.wanted:
        for tag in client.tags(repo):
            digest, problem = _closure(client, repo, tag)
            held[repo, tag] = digest
            if problem:
                broken.append(f"I1/I2 {repo}:{tag}: {problem}")
            if (repo, tag) not in wanted:
                broken.append(f"I8 {repo}:{tag} was not asked for")
            elif digest not in (wanted[repo, tag], scene.before.get((repo, tag))):
                broken.append(f"I8 {repo}:{tag} is {digest}, which is neither what was there nor what was wanted")
    for key in scene.before:
        if held.get(key) is None:
            broken.append(f"I8 {key} is gone")
    if result.code == 0:
        for key, digest in wanted.items():
            if held.get(key) != digest:
                broken.append(f"I3 exit 0, but {key} is {held.get(key)}")
    return held


def _report(scene, result, held, broken, hurt):
    report = result.report
    if not report:
        if not hurt or result.code == 0:
            broken.append("I10 no report")
        return
    counted = {"copied": 0, "skipped": 0, "failed": 0}
    for each in report["images"]:
        counted[each["status"]] += 1
        repo, _, tag = each["destination"].split("/", 1)[1].rpartition(":")
        if each["status"] in ("copied", "skipped") and held.get((repo, tag)) != _wanted(scene).get((repo, tag)):
            broken.append(f"I10 {repo}:{tag} is reported as {each['status']} and is {held.get((repo, tag))}")
        if each["status"] == "failed" and not each["error"]["message"]:
            broken.append(f"I10 {repo}:{tag} failed without a reason")
    for status, count in counted.items():
        if report[status] != count and not (hurt and result.code and count < report[status]):    # that some are lacking is told
            broken.append(f"I10 {report[status]} {status}, {count} in the list")
    code = 1 if counted["failed"] or len(report["images"]) < len(_wanted(scene)) else 0
    if result.code != code and not (hurt and result.code):
        broken.append(f"I10 exit {result.code} with {counted}")


def check(scene, result, hurt=False):
    """A list of violations, empty when all is well. `scene` is described in scene.py. hurt: the program itself was, so it need not
    have got as far as a report, and may say failed of what it did not dare to call done; what it does say must be true."""
    broken = []
    with scene.world.client("dst", *scene.wanted) as client:
        held = _tags(scene, client, result, broken)
    _report(scene, result, held, broken, hurt)
    if hurt and result.code > 0 and not result.stderr.strip():
        broken.append(f"I10 exit {result.code} without a word")
    if scene.sides["src"].writes():
        broken.append(f"I8 the source was written to: {scene.sides['src'].writes()[0]}")
    for each in scene.sides["dst"].writes():
        if not any(each.path.startswith(f"/v2/{repo}/") for repo in scene.wanted):
            broken.append(f"I8 a write elsewhere: {each}")
    heard = scene.stranger.heard()
    for secret in scene.secrets:
        if secret.encode() in heard:
            broken.append("I4 a secret reached another origin")
    return broken


def arrived(scene, result):
    """True when the run did all it was asked for."""
    return result.code == 0 and result.report is not None and result.report["failed"] == 0
