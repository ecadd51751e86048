"""The images file of kyma's image-syncer, its options and its variables, against real registries."""

import base64
import json
import pathlib
import re

import pytest
import yaml

from lib import images, run
from lib.registry import Registry

KEY = '{"type": "service_account", "private_key": "not-a-real-one"}'
TOKEN = "ya29-not-a-real-token"
WRITES = ("POST", "PUT", "PATCH", "DELETE")


def writes(door):
    return [each.path for each in door.seen() if each.method in WRITES]


def kyma_file(runner, source, repo, entries, prefix=None, name="external-images.yaml"):
    """entries: (source behind the registry, more keys)."""
    lines = [f"targetRepoPrefix: {prefix}"] if prefix else []
    lines.append("images:")
    for image, more in entries:
        lines.append(f"  - source: {source.host}/{repo}{image}")
        lines += [f"    {key}: {value}" for key, value in more.items()]
    return runner.write(name, "\n".join(lines) + "\n")


def start(runner, *flags, env=None, auth=None, report=True):
    """The program with nothing but these; auth only says that plain http is fine."""
    runner._serial += 1
    command = [runner.binary, *flags]
    if auth:
        command += ["--auth", runner.write(f"auth-{runner._serial}.yaml", auth)]
    if report:
        command += ["--report", runner.report_path]
    return runner.run(command, env=env, report=report)


def name_of(source, repo):
    """What a source on a port is called below the prefix."""
    return f"{source.host.replace(':', '_')}/{repo}"


# -- what arrives, and that it stays ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("option", ("-i", "--images-file", "--images"))
def test_images_arrive_under_the_prefix(runner, src, dst, both, from_source, at_target, repo, option):
    single = from_source.push(images.image(f"{repo}/single", docker=True), repo, "v1")
    index = from_source.push(images.multi(f"{repo}/index", platforms=3), repo, "v2")
    pinned = from_source.push(images.image(f"{repo}/pinned"), repo)
    path = kyma_file(runner, src, repo, ((":v1", {"amd64Only": "true"}), (":v2", {"tag": "second", "amd64Only": "false"}),
                                         (f"@{pinned.digest}", {"tag": "1.32.0-v1"}),
                                         (f":v1@{single.digest}", {"tag": "both"})), prefix=f"{dst.host}/ext/")
    result = start(runner, option, path, auth=both)
    assert result.code == 0
    below = f"ext/{name_of(src, repo)}"
    assert at_target.closure(below, "v1") == images.expected(single)
    assert at_target.closure(below, "second") == images.expected(index), "amd64Only: false takes all of an index"
    assert at_target.closure(below, "1.32.0-v1") == images.expected(pinned)
    assert at_target.closure(below, "both") == images.expected(single)
    dst.clear()
    again = start(runner, option, path, auth=both)
    assert again.code == 0 and again.report["skipped"] == 4
    assert len(dst.seen()) == 4 and all(each.method == "HEAD" for each in dst.seen())


def test_amd64_only_changes_no_byte_and_lifts_what_is_required(runner, src, dst, both, from_source, at_target, repo):
    index = from_source.push(images.multi(f"{repo}/index", platforms=2), repo, "index")
    arm = from_source.push(images.image(f"{repo}/arm", architecture="arm"), repo, "arm")
    path = kyma_file(runner, src, repo, ((":index", {"amd64only": "true"}), (":arm", {"amd64Only": "true"}),
                                         (":arm", {"tag": "refused"})), prefix=f"{dst.host}/ext/")
    result = start(runner, "-i", path, "--require-platforms", "linux/amd64,linux/s390x", auth=both)
    below = f"ext/{name_of(src, repo)}"
    assert result.code == 1
    assert result.image(f"{dst.host}/{below}:refused")["reason"] == "platform-missing"
    assert at_target.closure(below, "index") == images.expected(index)
    assert at_target.closure(below, "arm") == images.expected(arm) and at_target.tags(below) == ["arm", "index"]


def test_a_tag_that_is_no_longer_its_digest_is_warned_about(runner, src, dst, both, from_source, at_target, repo):
    old = from_source.push(images.image(f"{repo}/old"), repo, "v1")
    path = kyma_file(runner, src, repo, ((f":v1@{old.digest}", {}), (f":gone@{old.digest}", {})), prefix=f"{dst.host}/ext/")
    below = f"{dst.host}/ext/{name_of(src, repo)}"
    result = start(runner, "-i", path, auth=both)
    assert result.code == 0 and "warning" not in result.image(f"{below}:v1")
    assert "tag gone is no longer at the source" in result.image(f"{below}:gone")["warning"]
    new = from_source.push(images.image(f"{repo}/new"), repo, "v1")
    src.clear(), dst.clear()
    result = start(runner, "-i", path, auth=both)
    entry = result.image(f"{below}:v1")
    assert (result.code, entry["status"], entry["reason"]) == (0, "skipped", "in-sync")
    assert new.digest in entry["warning"] and old.digest in entry["warning"] and entry["warning"] in result.stderr
    assert (len(src.seen("HEAD", "manifest")), len(dst.seen())) == (2, 2)
    assert at_target.head(f"ext/{name_of(src, repo)}", "v1") == old.digest


def test_a_moved_tag_fails_alone(runner, src, dst, both, from_source, at_target, repo):
    """The original ends the run at the first one."""
    old = from_source.push(images.image(f"{repo}/old"), repo, "v1")
    path = kyma_file(runner, src, repo, ((":v1", {}), (":v2", {})), prefix=f"{dst.host}/ext/")
    assert start(runner, "-i", path, auth=both).code == 1, "v2 is not there yet"
    new = from_source.push(images.multi(f"{repo}/new", platforms=2), repo, "v1")
    second = from_source.push(images.image(f"{repo}/second"), repo, "v2")
    result = start(runner, "-i", path, auth=both)
    below = f"ext/{name_of(src, repo)}"
    entry = result.image(f"{dst.host}/{below}:v1")
    assert (result.code, entry["reason"]) == (1, "immutable")
    assert old.digest in entry["error"]["message"] and new.digest in entry["error"]["message"]
    assert at_target.head(below, "v1") == old.digest and at_target.closure(below, "v2") == images.expected(second)
    assert start(runner, "-i", path, "--on-change", "overwrite", auth=both).code == 0
    assert at_target.head(below, "v1") == new.digest


def test_an_image_has_its_own_policy_and_prefix(runner, src, dst, both, from_source, at_target, repo):
    for tag in ("a", "b"):
        from_source.push(images.image(f"{repo}/{tag}/old"), repo, tag)
    path = kyma_file(runner, src, repo, ((":a", {"on-change": "overwrite"}), (":b", {"on-change": "skip", "prefix": f"{dst.host}/own/"})),
                     prefix=f"{dst.host}/ext/")
    assert start(runner, "-i", path, auth=both).code == 0
    held = at_target.head(f"own/{name_of(src, repo)}", "b")
    moved = {tag: from_source.push(images.image(f"{repo}/{tag}/new"), repo, tag).digest for tag in ("a", "b")}
    result = start(runner, "-i", path, auth=both)
    assert (result.code, list(result.statuses().values())) == (0, ["copied", "skipped"])
    assert at_target.head(f"ext/{name_of(src, repo)}", "a") == moved["a"]
    assert at_target.head(f"own/{name_of(src, repo)}", "b") == held


def test_a_dry_run_is_a_gate(runner, src, dst, both, from_source, repo):
    """Pull request: exit 1 for what would not do, and no request that writes."""
    from_source.push(images.image(f"{repo}/one"), repo, "v1")
    path = kyma_file(runner, src, repo, ((":v1", {}),), prefix=f"{dst.host}/ext/")
    result = start(runner, "-i", path, "--dry-run", auth=both)
    assert (result.code, list(result.statuses().values()), writes(dst)) == (0, ["would-copy"], [])
    assert start(runner, "-i", path, auth=both).code == 0
    from_source.push(images.image(f"{repo}/two"), repo, "v1")
    dst.clear()
    result = start(runner, "-i", path, "--dry-run", auth=both)
    assert (result.code, result.report["images"][0]["reason"], writes(dst)) == (1, "immutable", [])


# -- logins, and the environment alone ------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def google(certs):
    """An https registry that knows the two users of Google's logins."""
    with Registry("google", users={"_json_key": KEY, "oauth2accesstoken": TOKEN}, certs=certs) as started:
        yield started


@pytest.fixture(scope="module")
def public(certs):
    """An https source for everybody."""
    with Registry("public", certs=certs) as started:
        yield started


@pytest.fixture
def published(public):
    client = images.Client(public)
    yield client
    client.close()


@pytest.fixture
def at_google(google):
    client = images.Client(google, lambda repo: "Basic " + base64.b64encode(f"_json_key:{KEY}".encode()).decode())
    yield client
    client.close()


def login(runner, kind):
    """(variables, flags) that log in."""
    runner.secret(KEY, "_json_key"), runner.secret(TOKEN, "oauth2accesstoken")
    key, token = runner.write("key.json", KEY + "\n"), runner.write("token", TOKEN + " \n")
    return {
        "key": ({}, ["-t", key]), "token": ({}, [f"--access-token={TOKEN}"]), "token file": ({}, ["--access-token-file", token]),
        "key variable": ({"SYNCER_TARGET_REPO_AUTH_KEY": key}, []), "token variable": ({"SYNCER_ACCESS_TOKEN": TOKEN}, []),
        "none": ({}, []), "wrong": ({}, ["-a", "another-token"]),
    }[kind]


@pytest.mark.parametrize("kind,code", (("key", 0), ("token", 0), ("token file", 0), ("key variable", 0), ("token variable", 0), ("none", 1),
                                       ("wrong", 1)))
def test_logins(runner, public, published, google, at_google, certs, repo, kind, code):
    picture = published.push(images.image(repo), repo, "v1")
    path = kyma_file(runner, public, repo, ((":v1", {}),), prefix=f"{google.host}/prod/ext/")
    env, flags = login(runner, kind)
    result = start(runner, "-i", path, "--debug", *flags, env={"SSL_CERT_FILE": certs.ca, **env})
    assert result.code == code
    below = f"prod/ext/{name_of(public, repo)}"
    if code == 0:
        assert at_google.closure(below, "v1") == images.expected(picture)
    else:
        assert result.report["images"][0]["error"]["kind"] == "denied" and at_google.tags(below) == []


def test_the_flag_wins_over_the_auth_file_and_keeps_its_settings(runner, public, published, google, at_google, certs, repo):
    picture = published.push(images.image(repo), repo, "v1")
    path = kyma_file(runner, public, repo, ((":v1", {}),), prefix=f"{google.host}/prod/ext/")
    _, flags = login(runner, "token")
    wrong = {"username": "somebody", "password": "else-entirely"}
    for key, settings in ((google.host, {"insecure": True}), (f"{google.host}/prod/ext", {"ca": certs.ca})):
        result = start(runner, "-i", path, *flags, auth={key: {**wrong, **settings}, public.host: {"insecure": True}})
        assert result.code == 0
    assert at_google.closure(f"prod/ext/{name_of(public, repo)}", "v1") == images.expected(picture)


def test_the_login_stays_below_the_prefix(runner, public, published, google, at_google, certs, repo):
    """A source at the same registry, but not below the prefix, is not asked with the target's login."""
    at_google.push(images.image(repo), f"other/{repo}", "v1")
    path = runner.write("images.yaml", f"targetRepoPrefix: {google.host}/prod/ext/\nimages:\n- source: {google.host}/other/{repo}:v1\n")
    env, flags = login(runner, "key")
    result = start(runner, "-i", path, *flags, env={"SSL_CERT_FILE": certs.ca, **env})
    assert result.code == 1 and result.report["images"][0]["error"]["message"].startswith("source")


def environment(runner, certs, path, prefix, **more):
    return {"SSL_CERT_FILE": certs.ca, "SYNCER_IMAGES_FILE": path, "SYNCER_TARGET_REPO_PREFIX": prefix, **more}


def test_the_environment_alone_says_everything(runner, public, published, google, at_google, certs, repo):
    picture = published.push(images.multi(repo, platforms=2), repo, "v1")
    path = kyma_file(runner, public, repo, ((":v1", {}),))
    env, _ = login(runner, "token variable")
    env.update(environment(runner, certs, path, f"{google.host}/prod/ext/"))
    result = start(runner, env={**env, "SYNCER_DRY_RUN": "true", "SYNCER_DEBUG": "1"}, report=False)
    below = f"prod/ext/{name_of(public, repo)}"
    assert result.code == 0 and at_google.tags(below) == []
    assert "dry run, nothing was written" in result.stderr and "level=debug" in result.stderr
    result = start(runner, env={**env, "SYNCER_DRY_RUN": "", "SYNCER_DEBUG": "F"}, report=False)
    assert result.code == 0 and at_google.closure(below, "v1") == images.expected(picture)
    assert "level=debug" not in result.stderr


@pytest.mark.parametrize("word", ("ja", "2", "enabled", "tru"))
def test_a_word_that_is_neither_true_nor_false_pushes_nothing(runner, src, dst, both, from_source, at_target, repo, word):
    from_source.push(images.image(repo), repo, "v1")
    path = kyma_file(runner, src, repo, ((":v1", {}),), prefix=f"{dst.host}/ext/")
    result = start(runner, "-i", path, auth=both, env={"SYNCER_DRY_RUN": word})
    assert result.code == 2 and f"SYNCER_DRY_RUN={word}: expected true or false" in result.stderr
    assert not src.seen() and not dst.seen()


def test_a_dry_run_by_variable_holds_for_other_rules_too(sync, src, dst, both, from_source, at_target, repo):
    from_source.push(images.image(repo), repo, "v1")
    rules = {f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}
    result = sync(rules, both, env={"SYNCER_DRY_RUN": "on", "SYNCER_IMAGES_FILE": "/no/such/file"})
    assert (result.code, result.report["would_copy"], at_target.tags(repo)) == (0, 1, [])
    assert sync(rules, both, flags=["--dry-run=false"], env={"SYNCER_DRY_RUN": "on"}).code == 0
    assert at_target.tags(repo) == ["v1"]


def test_the_same_file_in_json(runner, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    document = {"targetRepoPrefix": f"{dst.host}/ext/", "images": [{"source": f"{src.host}/{repo}:v1", "tag": "t"}]}
    path = runner.write("images.json", json.dumps(document))
    assert start(runner, "-i", path, auth=both).code == 0
    assert at_target.closure(f"ext/{name_of(src, repo)}", "t") == images.expected(picture)


# -- the workflow of docs/from-kyma.md ----------------------------------------------------------------------------------------------------

def workflow(name):
    """The example of the gate, as it stands there."""
    text = (pathlib.Path(__file__).parents[2] / name).read_text(encoding="utf-8")
    return re.search(r"```yaml\n(name: external images\n.*?)```", text, re.S).group(1)


def test_both_languages_have_the_same_workflow():
    assert workflow("docs/from-kyma.md") == workflow("docs/zh/from-kyma.md")


@pytest.mark.parametrize("event,arrives", (("pull_request", False), ("push", True)))
def test_the_workflow_is_a_gate(runner, public, published, google, at_google, certs, repo, event, arrives):
    """Its last step with what GitHub would put in; its inputs are the flags of the same names."""
    values = {"github.event_name != 'push'": str(event != "push").lower(), "steps.login.outputs.access_token": TOKEN}
    text = re.sub(r"\$\{\{ (.*?) \}\}", lambda found: values.get(found.group(1), ""), workflow("docs/from-kyma.md"))
    step = yaml.safe_load(text.replace("europe-docker.pkg.dev", google.host))["jobs"]["sync"]["steps"][-1]
    assert "/image-syncer@" in step["uses"]
    inputs = step["with"] | {"auth": runner.write("auth.yaml", step["with"]["auth"])}
    arguments = [f"--{name}={json.dumps(value) if isinstance(value, bool) else value}" for name, value in inputs.items()]
    published.push(images.multi(repo, platforms=2), repo, "v1")
    kyma_file(runner, public, repo, ((":v1", {}),))
    runner.secret(TOKEN, "oauth2accesstoken")
    result = start(runner, *arguments, env={"SSL_CERT_FILE": certs.ca, **step["env"]}, report=False)
    assert result.code == 0
    assert at_google.tags(f"example/prod/external/{name_of(public, repo)}") == (["v1"] if arrives else [])
