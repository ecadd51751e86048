"""The same file given to another program and to this one: the same tags with the same digests at the destination.

Each row of a table is one part of a file, with a destination of its own, and what lands there by this program, always; where the other
program is at hand, it gets the whole file too, into a registry of its own, and must land the same but for what DIFFERENCES names. The
table of differences in docs/convert.md has the same rows in words.
"""

import dataclasses
import re
import subprocess

import pytest

from lib import images, peers, registry

TAGS = ("v1", "v2", "latest", "1.28", "1.28.0", "1.28.1", "1.29.0-rc.1")
APP = {tag: images.image(f"peers/{tag}", layers=1, size=300) for tag in TAGS}
MULTI = images.multi("peers/multi", platforms=3, layers=1, size=300)


@dataclasses.dataclass
class Row:
    name: str
    text: str       # with {src}, {dst} and {name}
    landing: str    # "v1 x=v2": tags, with the image's own tag where that is another
    other: str = None   # of the other program, where that is another
    why: str = None


REGSYNC = [Row(*row) for row in (
    ("image", "{source: '{src}/peers/app:v1', target: '{dst}/{name}:stable', type: image}", "stable=v1"),
    ("no-tag", "{source: '{src}/peers/app', target: '{dst}/{name}', type: image}", "latest"),
    ("digest", f"{{source: '{{src}}/peers/app@{APP['v2'].digest}', target: '{{dst}}/{{name}}:pinned', type: image}}", "pinned=v2"),
    ("all", "{source: '{src}/peers/app', target: '{dst}/{name}', type: repository}", " ".join(TAGS)),
    ("allow", "{source: '{src}/peers/app', target: '{dst}/{name}', type: repository, tags: {allow: ['v.*', latest], deny: [v2]}}", "v1 latest"),
    ("anchored", "{source: '{src}/peers/app', target: '{dst}/{name}', type: repository, tags: {allow: ['1', '2.*']}}", ""),
    ("choice", "{source: '{src}/peers/app', target: '{dst}/{name}', type: repository, tags: {allow: ['v1|test']}}", "v1 latest"),
    ("sets", "{source: '{src}/peers/app', target: '{dst}/{name}', type: repository, tagSets: [{allow: [v1]}, {allow: [v1, latest]}]}",
     "v1 latest"),
    ("semver", "{source: '{src}/peers/app', target: '{dst}/{name}', type: repository, tags: {semverRange: ['>=1.28 <1.29', '=3']}}",
     "1.28.0 1.28.1", "1.28 1.28.0 1.28.1 1.29.0-rc.1",
     "a version has three numbers here, and a range ends before the prereleases of its bound"),
    ("both", "{source: '{src}/peers/app', target: '{dst}/{name}', type: repository, tags: {semverRange: ['<=1.28'], allow: ['.*']}}",
     "1.28.0", "v1 1.28 1.28.0", "a version has three numbers here"),
    ("variable", "{source: '{src}/peers/app:v1', target: '{{env \"PEERS_HOST\"}}/{name}', type: image}", "latest=v1"),
    ("whole", "{source: '{src}/peers/multi:v1', target: '{dst}/{name}:v1', type: image}", "v1=multi"),
    ("platforms", "{source: '{src}/peers/multi:v1', target: '{dst}/{name}:v1', type: image, platforms: [linux/amd64]}", "v1=?", "",
     "an index of the platforms that are wanted, instead of one that names manifests which are not there: this registry refuses it"),
    ("platform", "{source: '{src}/peers/multi:v1', target: '{dst}/{name}:v1', type: image, platform: linux/amd64}", "v1=?", "v1=amd64?",
     "an index of that platform, instead of its manifest alone"),
)]

SKOPEO = [Row(*row) for row in (
    ("tags", "  images: {peers/tags: [v1, '1.28']}", "v1 1.28"),
    ("digests", f"  images: {{peers/digests: ['{APP['v2'].digest}']}}", "@v2"),
    ("every", "  images: {peers/every: []}", " ".join(TAGS)),
    ("pattern", "  images-by-tag-regex: {peers/pattern: '^1\\.28'}", "1.28 1.28.0 1.28.1"),
    ("range", "  images-by-semver: {peers/range: '>=1.28.0'}", "1.28.0 1.28.1", "1.28 1.28.0 1.28.1", "a version has three numbers here"),
)]

DREGSY = [Row(*row) for row in (
    ("verbatim", "{from: peers/app, to: {name}, platform: all, tags: [v1, latest]}", "v1 latest"),
    ("filter", "{from: peers/app, to: {name}, platform: all, tags: ['regex: v.*', '1.28']}", "v1 v2 1.28"),
    ("kept", "{from: peers/app, to: {name}, platform: all, tags: ['semver: >=1.28.0', 'keep: .*1']}", "1.28.1 1.29.0-rc.1"),
    ("not", "{from: peers/app, to: {name}, platform: all, tags: ['regex: ![v1].*']}", "latest"),
    ("all", "{from: peers/app, to: {name}, platform: all}", " ".join(TAGS)),
)]


def fill(text, src, dst, name):
    for hole, value in (("{src}", src.host), ("{dst}", dst.host), ("{name}", name)):
        text = text.replace(hole, value)
    return text


def digests(landing):
    """{tag: digest}; None for a digest that is not known beforehand."""
    known = {**{tag: picture.digest for tag, picture in APP.items()}, "multi": MULTI.digest}
    pairs = (item.split("=") if "=" in item else (item, item) for item in landing.split() if not item.startswith("@"))
    return {tag: known.get(name) for tag, name in pairs}


def landed(client, repo):
    return {tag: client.head(repo, tag) for tag in client.tags(repo)}


def same(found, wanted):
    return found.keys() == wanted.keys() and all(digest in (found[tag], None) for tag, digest in wanted.items())


@pytest.fixture(scope="module")
def stage(source, from_source):
    for row in SKOPEO:
        for tag, picture in APP.items():
            from_source.push(picture, f"peers/{row.name}", tag)
    for tag, picture in APP.items():
        from_source.push(picture, "peers/app", tag)
    from_source.push(MULTI, "peers/multi", "v1")
    return source


@pytest.fixture
def theirs():
    with registry.Registry("peer-target") as own:
        yield own


def regsync_file(src, dst):
    hosts = "".join(f"  - {{registry: '{each.host}', tls: disabled}}\n" for each in (src, dst))
    steps = "".join(f"  - {fill(row.text, src, dst, 'regsync/' + row.name)}\n" for row in REGSYNC)
    return f"version: 1\ncreds:\n{hosts}defaults: {{ratelimit: {{min: 2}}}}\nsync:\n{steps}"


def skopeo_file(src):
    return f"{src.host}:\n  tls-verify: false\n" + merged(SKOPEO)


def merged(rows):
    """One field each, since a registry has it once."""
    fields = {}
    for row in rows:
        field, rest = row.text.strip().split(": {", 1)
        fields.setdefault(field, []).append(rest[:-1])
    return "".join(f"  {field}: {{{', '.join(parts)}}}\n" for field, parts in fields.items())


def dregsy_file(src, dst):
    mappings = "".join(f"      - {fill(row.text, src, dst, 'dregsy/' + row.name)}\n" for row in DREGSY)
    places = "".join(f"    {side}: {{registry: '{each.host}', skip-tls-verify: true}}\n" for side, each in (("source", src), ("target", dst)))
    return f"relay: skopeo\nwatch: false\ntasks:\n  - name: one\n{places}    mappings:\n{mappings}"


def compare(client, rows, prefix, other):
    """The rows that landed otherwise than their table says."""
    wanted = {row.name: row.other if other and row.other is not None else row.landing for row in rows}
    found = {row.name: landed(client, f"{prefix}{row.name}") for row in rows}
    return {name: (found[name], landing) for name, landing in wanted.items() if not same(found[name], digests(landing))}


def ours(runner, *command, env=None):
    result = runner.run([runner.binary, *command, "--retries", "0", "--report", runner.report_path], env=env, report=True)
    assert result.code == 0, result.stderr


def test_no_row_names_a_difference_that_is_none():
    for row in REGSYNC + SKOPEO + DREGSY:
        assert (row.other is None) == (row.why is None) and row.other != row.landing


def test_regsync_here(runner, stage, target, at_target):
    ours(runner, "--images", runner.write("regsync.yml", regsync_file(stage, target)), env={"PEERS_HOST": target.host})
    assert compare(at_target, REGSYNC, "regsync/", False) == {}


def test_regsync_there(runner, stage, theirs):
    path, missing = peers.find("regsync")
    if missing:
        pytest.skip(missing)
    code, said = peers.run(runner, [path, "once", "-c", runner.write("regsync.yml", regsync_file(stage, theirs))], {"PEERS_HOST": theirs.host})
    client = images.Client(theirs)
    found = compare(client, REGSYNC, "regsync/", True)
    client.close()
    assert found == {}, f"exit {code}\n{said}"


def test_what_was_converted_to_regsync_lands_the_same(runner, stage, target, at_target, theirs):
    """Our rules, by regsync: a round trip."""
    path, missing = peers.find("regsync")
    if missing:
        pytest.skip(missing)
    rules = (f"{stage.host}/peers/app: {{to: DST/trip/app, tags: [v1, /^1\\.28/], exclude: 1.28.1}}\n"
             f"{stage.host}/peers/multi:v1: DST/trip/multi:x\n")
    ours(runner, "--images", runner.write("images.yaml", rules.replace("DST", target.host)), "--insecure", f"{stage.host},{target.host}")
    done = runner.run([runner.binary, "convert", runner.write("theirs.yaml", rules.replace("DST", theirs.host)), "--to", "regsync"])
    assert done.code == 0, done.stderr
    hosts = "".join(f"  - {{registry: '{each.host}', tls: disabled}}\n" for each in (stage, theirs))
    code, said = peers.run(runner, [path, "once", "-c", runner.write("converted.yml", f"{done.stdout}creds:\n{hosts}")])
    client = images.Client(theirs)
    found = {repo: (landed(client, repo), landed(at_target, repo)) for repo in ("trip/app", "trip/multi")}
    client.close()
    assert code == 0, said
    assert all(there == here and there for there, here in found.values()), found
    assert set(found["trip/app"][0]) == {"v1", "1.28", "1.28.0"}


def test_skopeo_here(runner, stage, target, at_target):
    ours(runner, "--images", runner.write("skopeo.yaml", skopeo_file(stage)), "--to", f"{target.host}/skopeo", "--insecure", target.host)
    assert compare(at_target, [row for row in SKOPEO if not row.landing.startswith("@")], "skopeo/", False) == {}
    assert at_target.head("skopeo/digests", APP["v2"].digest)


def knows_ranges(path):
    """images-by-semver is ignored by releases before 1.14."""
    version = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    return tuple(int(part) for part in re.search(r"(\d+)\.(\d+)", version).groups()) >= (1, 14)


def test_skopeo_there(runner, stage, theirs):
    path, missing = peers.find("skopeo")
    if missing:
        pytest.skip(missing)
    code, said = peers.run(runner, [path, "--insecure-policy", "sync", "--all", "--src", "yaml", "--dest", "docker", "--dest-tls-verify=false",
                                    runner.write("skopeo.yaml", skopeo_file(stage)), f"{theirs.host}/skopeo"])
    client = images.Client(theirs)
    rows = [row for row in SKOPEO if not row.landing.startswith("@") and (row.name != "range" or knows_ranges(path))]
    found = compare(client, rows, "skopeo/", True)
    pinned = client.head("skopeo/digests", APP["v2"].digest)
    client.close()
    assert found == {} and pinned, f"exit {code}\n{said}"


def test_dregsy_here(runner, stage, target, at_target):
    ours(runner, "--images", runner.write("dregsy.yaml", dregsy_file(stage, target)))
    assert compare(at_target, DREGSY, "dregsy/", False) == {}


def test_dregsy_there(runner, stage, theirs):
    path, missing = peers.find("dregsy")
    if not missing and not peers.find("skopeo")[0]:
        missing = "dregsy copies by skopeo, which is not here"
    if missing:
        pytest.skip(missing)
    code, said = peers.run(runner, [path, f"-config={runner.write('dregsy.yaml', dregsy_file(stage, theirs))}"])
    client = images.Client(theirs)
    found = compare(client, DREGSY, "dregsy/", True)
    client.close()
    assert found == {}, f"exit {code}\n{said}"
