"""The commands of imgsync, under its name and as first argument: what they copy, what their flags do, what they refuse and report."""

import base64
import json
import os
import re
import subprocess
import time

import pytest

from lib import images, outside
from lib.services import Service

IMAGES = 300
SIGNATURE = "sha256-" + "ab" * 32 + ".sig"


@pytest.fixture(scope="module")
def world(certs):
    with outside.Outside(certs) as started:
        yield started


@pytest.fixture
def hub(world):
    client = images.Client(world.hub)
    yield client
    client.close()


@pytest.fixture
def user(repo):
    """A user of Docker Hub for this test alone."""
    return repo.replace("/", "-")


@pytest.fixture
def namespace(repo):
    """A namespace of gcr.io for this test alone."""
    return repo.replace("/", "-")


@pytest.fixture
def imgsync(runner, world):
    """imgsync(words...): one run under that name; .report is that of --report-file."""
    def run(*words, env=None, name=None):
        return runner.run([name or outside.program(runner), *words], env=world.environment(env))
    return run


def read(runner, name="report.json"):
    with open(os.path.join(runner.home, name), encoding="utf-8") as file:
        return json.load(file)


def lines(result):
    """What --report says, without its banner: {name: value} of the lines that begin with >>."""
    return dict(re.findall(r"^>> (.*?): (.*)$", result.stdout, re.M))


# --- commands -----------------------------------------------------------------------------------------------------------------

def test_a_namespace(imgsync, world, hub, user, namespace):
    """Tags of every node, also of those with something below; signatures are no images."""
    held = outside.stock(world.gcr, f"{namespace}/pause:3.2", f"{namespace}/sub:v1", f"{namespace}/sub/deep.er/x_y:v1",
                         f"{namespace}/pause:{SIGNATURE}")
    result = imgsync("gcr", "--user", user, "--namespace", namespace)
    assert result.code == 0, result.stderr
    assert world.copies(hub, user) == {
        f"gcr.io_{namespace}_pause": {"3.2": held[f"{namespace}/pause:3.2"].digest},
        f"gcr.io_{namespace}_sub": {"v1": held[f"{namespace}/sub:v1"].digest},
        f"gcr.io_{namespace}_sub_deep.er_x_y": {"v1": held[f"{namespace}/sub/deep.er/x_y:v1"].digest}}


@pytest.mark.parametrize("words, along", (((), True), (("--referrers", "none"), False)))
def test_signatures_go_along(imgsync, world, hub, user, namespace, words, along):
    """That of an image under cosign's tag; the tag of a signature of nothing is left behind."""
    picture = outside.stock(world.gcr, f"{namespace}/a:v1")[f"{namespace}/a:v1"]
    tag = picture.digest.replace(":", "-") + ".sig"
    world.gcr.push(images.image("signature", layers=1), f"{namespace}/a", tag)
    result = imgsync("gcr", "--user", user, "--namespace", namespace, "--report", *words)
    assert result.code == 0, result.stderr
    assert sorted(world.copies(hub, user)[f"gcr.io_{namespace}_a"]) == sorted(["v1"] + [tag] * along)
    assert lines(result)["Sync Total"] == "1"


def test_kubeadm(imgsync, world, hub, user):
    """Read from registry.k8s.io, and called as ever."""
    world.k8s.tags.clear()
    held = outside.stock(world.k8s, "pause:3.9", "coredns/coredns:v1.8")
    result = imgsync("gcr", "--kubeadm", "--user", user, "--report")
    assert result.code == 0, result.stderr
    assert world.copies(hub, user) == {"k8s.gcr.io_pause": {"3.9": held["pause:3.9"].digest},
                                       "k8s.gcr.io_coredns_coredns": {"v1.8": held["coredns/coredns:v1.8"].digest}}
    assert lines(result)["Sync Repo"] == "kubeadm"
    assert "k8s.gcr.io gets no more images" in result.stderr


def test_flannel(imgsync, world, hub, user):
    world.quay.tags.clear()
    held = outside.stock(world.quay, "coreos/flannel:v0.11.0", "coreos/flannel:v0.12.0-amd64", f"coreos/flannel:{SIGNATURE}")
    result = imgsync("flannel", "--user", user, "--report")
    assert result.code == 0, result.stderr
    assert world.copies(hub, user) == {"quay.io_coreos_flannel": {
        tag: held[f"coreos/flannel:{tag}"].digest for tag in ("v0.11.0", "v0.12.0-amd64")}}
    assert lines(result)["Sync Repo"] == "flannel" and "ghcr.io/flannel-io/flannel" in result.stderr


@pytest.mark.parametrize("written, held, copy", (
    ("gcr.io/istio-release/pilot:latest", "istio-release/pilot:latest", "gcr.io_istio-release_pilot:latest"),
    ("gcr.io/istio-release/pilot", "istio-release/pilot:latest", "gcr.io_istio-release_pilot:latest"),
    ("gcr.io/a/b/c/d:v1", "a/b/c/d:v1", "gcr.io_a_b_c_d:v1"),
    ("gcr.io/a/b:v2@DIGEST", "a/b:v2", "gcr.io_a_b:v2"),
))
def test_one_image(imgsync, world, hub, user, written, held, copy):
    picture = outside.stock(world.gcr, held)[held]
    result = imgsync("sync", written.replace("DIGEST", picture.digest), "--user", user)
    assert result.code == 0, result.stderr
    name, tag = copy.split(":")
    assert world.copies(hub, user) == {name: {tag: picture.digest}}


def test_one_image_by_digest(imgsync, world, hub, user):
    picture = outside.stock(world.gcr, "a/b:v3")["a/b:v3"]
    result = imgsync("sync", f"gcr.io/a/b@{picture.digest}", "--user", user)
    assert result.code == 0, result.stderr
    assert hub.head(f"{user}/gcr.io_a_b", picture.digest) == picture.digest


def test_one_image_of_docker_hub(imgsync, world, hub, user):
    """The name is the one that was written: no docker.io_ where nobody wrote that, and official images as well."""
    held = {name: hub.push(images.image(f"{user}/{name}"), name, "v1") for name in (f"coreos/{user}", f"library/{user}")}
    for written in (f"coreos/{user}:v1", f"{user}:v1", f"docker.io/coreos/{user}:v1"):
        assert imgsync("sync", written, "--user", user).code == 0
    assert world.copies(hub, user) == {
        f"coreos_{user}": {"v1": held[f"coreos/{user}"].digest}, user: {"v1": held[f"library/{user}"].digest},
        f"docker.io_coreos_{user}": {"v1": held[f"coreos/{user}"].digest}}


def test_as_a_command_of_image_syncer(imgsync, runner, world, hub, user, namespace):
    held = outside.stock(world.gcr, f"{namespace}/a:v1")
    result = imgsync("gcr", "--user", user, "--namespace", namespace, name=runner.binary)
    assert result.code == 0, result.stderr
    assert world.copies(hub, user) == {f"gcr.io_{namespace}_a": {"v1": held[f"{namespace}/a:v1"].digest}}


def test_a_port_and_another_destination(imgsync, runner, here, there):
    """--to in place of docker.io/USER; a port becomes part of a name."""
    here.hook = there.hook = outside.no_referrers
    here.push(images.image("port"), "a/b", "1")
    auth = runner.write("auth.json", {here.host: {"insecure": True}, there.host: {"insecure": True}})
    result = imgsync("sync", f"{here.host}/a/b:1", "--to", f"{there.host}/mirror/", "--auth", auth)
    assert result.code == 0, result.stderr
    assert set(there.tags) == {("mirror/" + here.host.replace(":", "_") + "_a_b", "1")}


# --- flags --------------------------------------------------------------------------------------------------------------------

def test_a_second_run_copies_nothing(imgsync, world, user, namespace):
    outside.stock(world.gcr, f"{namespace}/a:v1", f"{namespace}/b:v1")
    words = ("gcr", "--user", user, "--namespace", namespace, "--report", "--report-level", "3", "--report-name", "mine")
    first, second = imgsync(*words), imgsync(*words)
    assert (first.code, second.code) == (0, 0)
    assert lines(first) == {"Sync Repo": "mine", "Sync Total": "2", "Sync Failed": "0", "Sync Success": "2",
                            "Manifests CacheHit": "0"}
    assert lines(second)["Manifests CacheHit"] == "2"
    assert first.stdout.endswith("\nSync success images:\n" + "".join(
        f"gcr.io/{namespace}/{name}:v1: not hit cache\n" for name in "ab"))
    assert f"gcr.io/{namespace}/a:v1: hit cache\n" in second.stdout


@pytest.mark.parametrize("level, failed, all_others", ((1, False, False), (2, True, False), (3, True, True)))
def test_levels_of_the_report(imgsync, world, user, namespace, level, failed, all_others):
    outside.stock(world.gcr, f"{namespace}/good:v1", f"{namespace}/bad:v1")
    world.gcr.manifests.pop((f"{namespace}/bad", world.gcr.tags[f"{namespace}/bad", "v1"]))
    result = imgsync("gcr", "--user", user, "--namespace", namespace, "--report", "--report-level", str(level), "--retries", "0")
    assert result.code == 1
    assert lines(result) == {"Sync Repo": namespace, "Sync Total": "2", "Sync Failed": "1", "Sync Success": "1",
                             "Manifests CacheHit": "0"}
    assert ("Sync failed images:\n" + f"gcr.io/{namespace}/bad:v1: " in result.stdout) is failed
    assert (f"gcr.io/{namespace}/good:v1: not hit cache" in result.stdout) is all_others
    assert "failed tasks exist" not in result.stdout


def test_a_plan(imgsync, runner, world, hub, user, namespace):
    """--download-manifests writes nothing, not even for the next run, and prints JSON; v2.0's spelling does the same."""
    outside.stock(world.gcr, f"{namespace}/a:v1")
    cache = os.path.join(runner.home, "manifests")
    for flag in ("--download-manifests", "--donwload-manifests"):
        result = imgsync("gcr", "--user", user, "--namespace", namespace, flag, "--manifests", cache)
        assert result.code == 0, result.stderr
        plan = json.loads(result.stdout)
        assert (plan["dry_run"], plan["would_copy"]) == (True, 1)
        assert plan["images"][0]["source"] == f"gcr.io/{namespace}/a:v1"
        assert plan["images"][0]["destination"] == f"docker.io/{user}/gcr.io_{namespace}_a:v1"
    assert world.copies(hub, user) == {} and not os.path.exists(cache)
    result = imgsync("gcr", "--user", user, "--namespace", namespace, "--report-file", "report.json", "--manifests", cache)
    assert result.code == 0 and read(runner)["copied"] == 1


def test_an_old_cache_is_left_alone(imgsync, runner, world, hub, user, namespace):
    """It says that the image was copied, which it was not, and one of its files is no JSON."""
    picture = outside.stock(world.gcr, f"{namespace}/a:v1")[f"{namespace}/a:v1"]
    folder = os.path.join(runner.home, "manifests", "gcr.io", namespace, "a")
    os.makedirs(folder)
    for name, text in (("v1.json", picture.root.data.decode()), ("v2.json", "{")):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    result = imgsync("gcr", "--user", user, "--namespace", namespace)
    assert result.code == 0, result.stderr
    assert world.copies(hub, user) == {f"gcr.io_{namespace}_a": {"v1": picture.digest}}
    with open(os.path.join(folder, "v1.json"), encoding="utf-8") as file:
        assert file.read() == picture.root.data.decode()
    assert sorted(os.listdir(folder)) == ["v1.json", "v2.json"]


@pytest.mark.parametrize("size, number, wanted", ((2, 1, "ab"), (2, 2, "cde"), (2, 3, ""), (9, 1, "abcde"), (9, 2, "")))
def test_batches(imgsync, runner, world, hub, user, namespace, size, number, wanted):
    """Of the sorted list, whatever order the registry has; what is left over belongs to the last one; beyond there is nothing."""
    outside.stock(world.gcr, *(f"{namespace}/{name}:v1" for name in "ecadb"))
    result = imgsync("gcr", "--user", user, "--namespace", namespace, "--batchsize", str(size), "--batch-number", str(number),
                     "--report", "--report-file", "report.json")
    assert result.code == 0, result.stderr
    assert sorted(world.copies(hub, user)) == [f"gcr.io_{namespace}_{name}" for name in wanted]
    batches = 2 if size == 2 else 1
    assert read(runner)["batch"] == lines(result)["Batch"] == f"{number} of {batches}"
    of = f"there {'is 1 batch' if batches == 1 else 'are 2 batches'} of {size}"
    assert (f"batch {number} is empty: of 5 images {of}" in result.stderr) is (not wanted)


def test_a_list_with_gaps_has_no_batches(imgsync, world, hub, user, namespace):
    """A page that may be cut is asked for again, and then refused: what other jobs take for this batch is not known."""
    outside.stock(world.gcr, *(f"{namespace}/{name}:v1" for name in "abc"))
    tree, seen = world.gcr.hook, []

    def hook(request):
        if request.kind == "tags" and request.repo == f"{namespace}/b":
            seen.append(request)
            tags = [f"t{number}" for number in range(1000)]
            return (200, {"Content-Type": "application/json"}, json.dumps({"child": [], "tags": tags}).encode()) if len(seen) == 1 else (
                403, {}, b'{"errors":[{"code":"DENIED"}]}')
        return tree(request)
    world.gcr.hook = hook
    try:
        words = ["gcr", "--user", user, "--namespace", namespace, "--batch-size", "1", "--batch-number", "1"]
        result = imgsync(*words)
    finally:
        world.gcr.hook = tree
    assert result.code == 1 and "batch 1 is left out, since not all tags could be listed" in result.stderr
    assert world.copies(hub, user) == {}


def test_shards(imgsync, world, hub, user, namespace):
    outside.stock(world.gcr, *(f"{namespace}/{name}:v1" for name in "abcdefgh"))
    for part in range(3):
        assert imgsync("gcr", "--user", user, "--namespace", namespace, "--shard", f"{part}/3").code == 0
    assert len(world.copies(hub, user)) == 8


def test_a_limit_of_lists(imgsync, world, hub, user, namespace):
    outside.stock(world.gcr, *(f"{namespace}/{number}:v1" for number in range(10)))
    assert imgsync("gcr", "--user", user, "--namespace", namespace, "--querylimit", "1", "--processlimit", "0").code == 0
    assert len(world.copies(hub, user)) == 10


def test_two_repositories_of_one_name(imgsync, world, hub, user, namespace):
    """Neither is copied, the others are."""
    outside.stock(world.gcr, f"{namespace}/a/b_c:v1", f"{namespace}/a_b/c:v2", f"{namespace}/d:v1")
    result = imgsync("gcr", "--user", user, "--namespace", namespace, "--report")
    assert result.code == 1 and lines(result)["Sync Failed"] == "2"
    assert list(world.copies(hub, user)) == [f"gcr.io_{namespace}_d"]


def test_a_name_that_is_too_long(imgsync, world, hub, user, namespace):
    outside.stock(world.gcr, f"{namespace}/{'x' * 120}/{'y' * 100}:v1", f"{namespace}/d:v1")
    result = imgsync("gcr", "--user", user, "--namespace", namespace)
    assert result.code == 1
    assert list(world.copies(hub, user)) == [f"gcr.io_{namespace}_d"]


def test_a_namespace_without_images(imgsync, user, namespace):
    result = imgsync("gcr", "--user", user, "--namespace", namespace, "--retries", "0")
    assert result.code == 1 and "gcr.io lists no repository there" in result.stderr


def test_a_namespace_of_signatures_alone(imgsync, world, user, namespace):
    outside.stock(world.gcr, f"{namespace}/a:{SIGNATURE}")
    result = imgsync("gcr", "--user", user, "--namespace", namespace, "--retries", "0")
    assert result.code == 1 and "no image was found" in result.stderr


def test_flannel_without_tags(imgsync, world, user):
    world.quay.tags.clear()
    assert imgsync("flannel", "--user", user, "--retries", "0").code == 1


def test_a_stop(runner, world, user, namespace):
    """What was not begun is counted as such, not as failed."""
    outside.stock(world.gcr, *(f"{namespace}/{number}:v1" for number in range(IMAGES)))
    walked = world.gcr.hook
    reached = []

    def hook(request):
        if request.kind == "blob" and request.repo.startswith(namespace):
            reached.append(request)
            return (piece for piece in [b"x", time.sleep(8) or b""])
        return walked(request)
    world.gcr.hook = hook
    try:
        process = runner.start([outside.program(runner), "gcr", "--user", user, "--namespace", namespace, "--report"],
                               world.environment())
        result = runner.stop(process, lambda: reached, "a blob on its way", report=False)
    finally:
        world.gcr.hook = walked
    counts = lines(result)
    assert result.code == 143 and int(counts["Not Attempted"]) > 0
    assert int(counts["Sync Total"]) == IMAGES == sum(int(counts[name]) for name in ("Sync Failed", "Sync Success", "Not Attempted"))


def test_differences_that_are_tested_are_in_the_table():
    """What a test of test_imgsync_differential.py calls a difference has a row, and both pages have as many rows."""
    here = os.path.dirname(os.path.abspath(__file__))

    def text(*path):
        with open(os.path.join(here, *path), encoding="utf-8") as file:
            return file.read()

    def rows(page):
        part = re.split(r"^## (?:Differences|不同之处)$", text("..", "..", *page), flags=re.M)[1].split("\n## ")[0]
        return [line.split(" | ")[0].strip("| ").replace("`", "") for line in part.splitlines() if line.startswith("| ")][2:]
    named = re.findall(r'Difference "(.*?)"', text("test_imgsync_differential.py"))
    assert len(named) > 5 and set(named) <= set(rows(("docs", "imgsync.md")))
    assert len(rows(("docs", "imgsync.md"))) == len(rows(("docs", "zh", "imgsync.md")))


# --- logins -------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def guarded(certs):
    with outside.Outside(certs, users={"pilot": "a-word-of-the-pilot"}) as started:
        outside.stock(started.gcr, "guarded/a:v1")
        yield started


WORD = "a-word-of-the-pilot"


@pytest.mark.parametrize("way", ("flag", "file", "variable", "stdin", "auth", "docker"))
def test_ways_to_log_in(runner, guarded, way):
    """The source is asked without a login whatever there is for Docker Hub."""
    runner.secret(WORD, "pilot")
    words, env, given = [], {}, None
    if way == "flag":
        words = ["--password", WORD]
    elif way == "file":
        words = ["--password-file", runner.write("word", WORD + "\n")]
    elif way == "variable":
        env = {"IMGSYNC_PASSWORD": WORD}
    elif way == "stdin":
        words, given = ["--password-file", "-"], WORD
    elif way == "auth":
        words, env = ["--auth", runner.write("auth.json", {"docker.io": {"username": "pilot", "password": "${A_WORD}"}})], {"A_WORD": WORD}
    else:
        os.mkdir(os.path.join(runner.home, ".docker"))
        login = base64.b64encode(f"pilot:{WORD}".encode()).decode()
        runner.write(".docker/config.json", {"auths": {"https://index.docker.io/v1/": {"auth": login}}})
    command = [outside.program(runner), "sync", "gcr.io/guarded/a:v1", "--user", "pilot", *words]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=runner.home,
                               env=runner.environment(guarded.environment(env)))
    if given:
        process.stdin.write(given.encode())
    result = runner.finish(process, report=False)
    assert result.code == 0, result.stderr
    assert ("other users of this machine may see --password" in result.stderr) is (way == "flag")
    assert not any("Authorization" in each.headers for each in guarded.gcr.seen())


def test_a_wrong_password(runner, guarded):
    runner.secret("another-word", "pilot")
    result = runner.run([outside.program(runner), "sync", "gcr.io/guarded/a:v1", "--user", "pilot", "--retries", "0"],
                        env=guarded.environment({"IMGSYNC_PASSWORD": "another-word"}))
    assert result.code == 1


# --- Telegram -----------------------------------------------------------------------------------------------------------------

TOKEN = "1234567:not-the-token-of-a-bot"


@pytest.mark.parametrize("given", ("variable", "file"))
def test_the_report_for_telegram(runner, imgsync, world, user, namespace, given):
    """In imgsync's words, as it is printed, and after a run without any failure, too."""
    outside.stock(world.gcr, f"{namespace}/pause:3.2")
    token = ["--telegram-token-file", runner.write("token", TOKEN + "\n")] if given == "file" else []
    with Service((200, {}, {"ok": True})) as bot:
        result = imgsync("gcr", "--user", user, "--namespace", namespace, "--report", "--report-level", "3", "--telegram-group", "-100123",
                         "--telegram-api", bot.url(""), *token, env={} if token else {"IMGSYNC_TELEGRAM_TOKEN": TOKEN})
        assert result.code == 0, result.stderr
        assert [(each.method, each.path) for each in bot.sent] == [("POST", f"/bot{TOKEN}/sendMessage")]
        document = bot.sent[0].json
    assert document["chat_id"] == "-100123"
    assert f">> Sync Repo: {namespace}" in document["text"] and ">> Sync Success: 1" in document["text"]
    assert re.sub(r"\\([`\\])", r"\1", document["text"].removeprefix("```\n").removesuffix("\n```")) in result.stdout
    assert TOKEN not in result.stderr + result.stdout


@pytest.mark.parametrize("title", ("paid in $, or ${NOBODY_SETS_THIS}", "n" * 150, "$5 *a* `b`"), ids=("variables", "long", "markup"))
def test_any_title_for_telegram(imgsync, world, user, namespace, title):
    """The report that is sent has the title of the one that is printed, as it was given."""
    outside.stock(world.gcr, f"{namespace}/pause:3.2")
    with Service((200, {}, {"ok": True})) as bot:
        result = imgsync("gcr", "--user", user, "--namespace", namespace, "--report", "--report-name", title, "--telegram-group", "-100123",
                         "--telegram-api", bot.url(""), env={"IMGSYNC_TELEGRAM_TOKEN": TOKEN})
        assert result.code == 0, result.stderr
        text = re.sub(r"\\([`\\])", r"\1", bot.sent[0].json["text"])
    assert lines(result)["Sync Repo"] == title and f">> Sync Repo: {title}\n" in text


def test_a_bot_that_is_refused(imgsync, world, user, namespace):
    outside.stock(world.gcr, f"{namespace}/pause:3.2")
    with Service((401, {}, {"ok": False, "description": "Unauthorized"})) as bot:
        words = ["gcr", "--user", user, "--namespace", namespace, "--report", "--telegram-group", "@mirrors", "--telegram-api", bot.url("")]
        result = imgsync(*words, env={"IMGSYNC_TELEGRAM_TOKEN": TOKEN})
        assert result.code == 0 and "Unauthorized" in result.stderr and TOKEN not in result.stderr
        assert imgsync(*words, "--notify-required", env={"IMGSYNC_TELEGRAM_TOKEN": TOKEN}).code == 1
