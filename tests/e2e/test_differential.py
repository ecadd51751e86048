"""What lands in the target, for every row of the example table of rules, by this program and the original.

ROWS says what the original does, DIFFERENCES all that is meant to be otherwise here, and why. Each row is run by the program under
test, always. Where the original is at hand it runs all rows too, into a target of its own, and must do what ROWS says: so the two
agree in everything that DIFFERENCES does not name. Rows whose hosts cannot be on loopback (Docker Hub's short names) are text
cases only.

A landing is written "v1=v1 x=v2 @v1": the tag v1 with the image v1, the tag x with the image v2, the image v1 by its digest; "" is
nothing at all. "#0" is the image of the first tag in the registry's list, "v#0" that of the first which begins with v: docker-registry
lists tags as they lie in the folder.
"""

import dataclasses
import json

import pytest

from lib import images, original, registry
from lib.run import insecure

TAGS = ("1.0-arm", "latest", "v1", "v2")       # of every source repository
ALL = "1.0-arm=1.0-arm latest=latest v1=v1 v2=v2"
PICTURES = {tag: images.image(f"differential/{tag}", layers=1, size=300, docker=tag == "v2") for tag in TAGS}
DG, DG2 = PICTURES["v1"].digest, PICTURES["v2"].digest
S, D = "{src}/{repo}", "{dst}/{repo}"          # each row has a repository of its own, of one name on both sides

BEFORE, AFTER = 2, 1     # exit codes of this program: an error found before any request, or only behind the tag list


@dataclasses.dataclass
class Row:
    id: str             # the row's number in the table, and a letter where it has several rules
    source: str
    destination: str
    landing: str        # of the original
    code: int = 0       # of this program

    @property
    def repo(self):
        return REPOS.get(self.id, f"row/{self.id}")

    def rule(self, src, dst):
        hosts = {"src": src.host, "dst": dst.host, "repo": self.repo, "src_port": src.port}
        return self.source.format(**hosts), self.destination.format(**hosts)


REPOS = {"52b": "row/a_b__c/d-e.f", "51": "row/" + "/".join(["long"] * 52)}

ROWS = [Row(*row) for row in (
    ("14", f"{S}:v1", "{dst}/", "", BEFORE),
    ("15a", f"{S}:v1,v2", D, "v1=v1 v2=v2"),
    ("15b", f"{S}:v1,v2", f"{D}:x,y", "x=v1 y=v2"),
    ("16a", f"{S}:v1,v2", f"{D}:x", "", BEFORE),
    ("16b", f"{S}:v1,v2", f"{D}@{DG}", "", BEFORE),
    ("17a", f"{S}:v1", f"{D}:x,y", "", BEFORE),
    ("17b", f"{S}@{DG}", f"{D}:x,y", "", BEFORE),
    ("18", f"{S}:v1, v2", D, "", BEFORE),
    ("19a", f"{S}:v1,", D, "v1=v1", BEFORE),
    ("19b", f"{S}:v1,,v2", D, "v1=v1 v2=v2", BEFORE),
    ("20", f"{S}:v1,v2", f"{D}:x,", "x=v1 latest=v2", BEFORE),
    ("21", f"{S}:v1,v1", D, "v1=v1"),
    ("22", f"{S},v2", D, "", BEFORE),
    ("23a", f"{S}@{DG}", D, "@v1"),
    ("23b", f"{S}@{DG}", f"{D}@{DG}", "@v1"),
    ("24", f"{S}@{DG}", f"{D}@{DG2}", "", BEFORE),
    ("25", f"{S}@{DG}", f"{D}:v1", "v1=v1"),
    ("26", f"{S}:v1", f"{D}@{DG}", "@v1"),
    ("27", f"{S}:v9@{DG}", D, "@v1"),
    ("28", f"{S}:v9@{DG}", f"{D}:v9@{DG}", "@v1"),
    ("29", f"{S}@{DG},{DG2}", D, ""),
    ("30", f"{S}:v1,{DG2}", D, "v1=v1 @v2"),
    ("31", f"{S}:v1,v2", f"{D}@{DG},{DG2}", ""),
    ("32a", f"{S}@sha256:abc", D, "", BEFORE),
    ("32b", "{src}/{repo}@md5:d41d8cd98f00b204e9800998ecf8427e", D, "", BEFORE),
    ("33a", f"{S}:/v.*/", D, "v1=v1 v2=v2"),
    ("33b", f"{S}:/^v\\d$/", D, "v1=v1 v2=v2"),
    ("34a", f"{S}:/none/", D, ""),
    ("34b", f"{S}:/none/", f"{D}:x", "", AFTER),
    ("35a", f"{S}:/v.*/", f"{D}:x,y", "x=v#0 y=v#1"),
    ("35b", f"{S}:/v.*/", f"{D}:x", "", AFTER),
    ("36a", f"{S}:/v.*", D, "", BEFORE),
    ("36b", f"{S}:/", D, "", BEFORE),
    ("37a", f"{S}:/(/", D, "", BEFORE),
    ("37b", f"{S}:/v(?=x)/", D, "", BEFORE),
    ("38", f"{S}://", D, ALL),
    ("39", f"{S}:/a/,/b/", D, ""),
    ("40", f"{S}:/v1/,v2", D, ""),
    ("42a", "{src}/A/b:/v.*/", D, "", BEFORE),
    ("42b", "{src}/A/B:v1", D, "", BEFORE),
    ("43", f"{S}:v1,v2", f"{D}:/v.*/", "v1=v1 v2=v2"),
    ("44a", f"{S}:v1", f"{D}:/v1/", "v1=v1"),
    ("44b", f"{S}:v1", f"{D}:/x/", "", BEFORE),
    ("45", f"{S}:/v1|v2/", f"{D}:v1,v2", "v1=v#0 v2=v#1"),
    ("46a", S, f"{D}:/v.*/", "", AFTER),
    ("46b", S, f"{D}:/v1/", "", AFTER),
    ("47a", S, f"{D}:x", "", AFTER),
    ("47b", S, f"{D}:a,b,c,d", "a=#0 b=#1 c=#2 d=#3"),
    ("48", f"https://{S}:v1", D, "", BEFORE),
    ("49", f"{S}:v1", "{dst}/C/d", "", BEFORE),
    ("50a", f"{S}:-v1", D, "", BEFORE),
    ("50b", f"{S}:v 1", D, "", BEFORE),
    ("50c", f"{S}:{'t' * 129}", D, "", BEFORE),
    ("50d", f"{S}:v1:v2", D, "", BEFORE),
    ("50e", "{src}//{repo}:v1", D, "", BEFORE),
    ("50f", f" {S}:v1", D, "", BEFORE),
    ("50g", f"{S}:v1 ", D, "", BEFORE),
    ("51", f"{S}:v1", D, "", BEFORE),
    ("52a", "localhost:{src_port}/{repo}", D, ALL),
    ("52b", f"{S}:v1", D, "v1=v1"),
    # Plain forms, which the table has for Docker Hub only (1 to 12).
    ("1", S, D, ALL),
    ("2a", f"{S}:v1", D, "v1=v1"),
    ("2b", f"{S}:v1", f"{D}:x", "x=v1"),
)]

# Every difference that is meant: what lands here, and why.
DIFFERENCES = {
    "19a": ("", "an empty item is an error before anything starts, not a task that fails later"),
    "19b": ("", "an empty item is an error before anything starts, not a task that fails later"),
    "20": ("", "an empty item is an error; the original pushes the image as latest"),
    "27": ("v9=v1", "the image of the digest is stored under the tag that stands beside it, instead of dropping the tag"),
    "28": ("v9=v1", "the destination's tag is written, instead of being dropped beside its digest"),
    "29": ("@v1 @v2", "two items by digest; the original loses the rule and exits 0"),
    "31": ("@v1 @v2", "two items by digest; the original loses the rule and exits 0"),
    "39": ("1.0-arm=1.0-arm latest=latest", "two patterns; the original sees one that matches nothing"),
    "40": ("v1=v1 v2=v2", "a pattern and a tag may stand beside each other"),
}


def digests(landing, listed):
    """What a landing looks like at a registry: the tags, and the images that are there by digest."""
    names = {tag: tag for tag in TAGS}
    names.update({f"#{n}": tag for n, tag in enumerate(listed)})
    names.update({f"v#{n}": tag for n, tag in enumerate(tag for tag in listed if tag.startswith("v"))})
    tags, there = {}, set()
    for item in landing.split():
        tag, name = item.rsplit("=", 1) if "=" in item else (None, item[1:])
        there.add(PICTURES[names[name]].digest)
        if tag:
            tags[tag] = PICTURES[names[name]].digest
    return tags, there


def listed(client, repo):
    """The tags in the registry's own order."""
    return json.loads(client.request("GET", f"/v2/{repo}/tags/list").body).get("tags", [])


def landed(client, repo):
    tags = {tag: client.head(repo, tag) for tag in client.tags(repo)}
    return tags, {picture.digest for picture in PICTURES.values() if client.head(repo, picture.digest)}


def wanted(row):
    return DIFFERENCES[row.id][0] if row.id in DIFFERENCES else row.landing


@pytest.fixture(scope="module")
def stage(source, from_source):
    """All source repositories, with the same images in each."""
    for row in ROWS:
        if len(row.repo) <= 255:
            for tag, picture in PICTURES.items():
                from_source.push(picture, row.repo, tag)
    return source


def test_the_table_of_differences_has_no_dead_rows():
    rows = {row.id: row for row in ROWS}
    assert len(rows) == len(ROWS)
    assert [id for id, (here, _) in DIFFERENCES.items() if here == rows[id].landing] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_this_program(sync, stage, target, from_source, at_target, row):
    rule, destination = row.rule(stage, target)
    result = sync({rule: destination}, insecure(stage, target, f"localhost:{stage.port}"), flags=["--retries", "0"])
    assert result.code == row.code
    assert landed(at_target, row.repo) == digests(wanted(row), listed(from_source, row.repo))


def test_the_original(runner, stage, from_source):
    """All rows in one run, since it takes seconds whatever there is to do; a rule that fails does not stop its others."""
    path, missing = original.find()
    if missing:
        pytest.skip(missing)
    with registry.Registry("original-target") as own:
        rules = dict(row.rule(stage, own) for row in ROWS)
        assert len(rules) == len(ROWS)
        auth = insecure(stage, own, f"localhost:{stage.port}")
        result = original.run(path, runner, rules, auth, flags=["--retries", "0", "--proc", "16"])
        client = images.Client(own)
        found = {row.id: landed(client, row.repo) for row in ROWS}
        client.close()
    surprises = [f"row {row.id}: {found[row.id]}, not {row.landing!r}" for row in ROWS
                 if found[row.id] != digests(row.landing, listed(from_source, row.repo))]
    assert not surprises, "\n".join([*surprises, f"exit {result.code}", result.output])
