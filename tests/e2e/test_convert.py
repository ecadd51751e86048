"""Files of other programs, given to --images as they are; `convert`; and what --mirror-config writes, read by those it is for.

What each form becomes is in tests/cases/foreign.txt, what the other programs do with the same files in test_peers_differential.py.
"""

import base64
import os
import subprocess
import tomllib

import pytest
import yaml

from lib import images, peers, proxy
from lib.run import insecure


@pytest.fixture
def stock(here):
    for repo, tag in (("team/a", "v1"), ("team/a", "v2"), ("team/b", "v1"), ("other/c", "latest")):
        here.push(images.image(f"convert/{repo}/{tag}"), repo, tag)
    return here


def run(runner, *command, code=0, env=None):
    result = runner.run([runner.binary, *command, "--report", runner.report_path], env=env, report=code == 0)
    assert result.code == code, result.stderr
    return result


def hosts(*servers):
    return f"--insecure={','.join(each.host for each in servers)}"


def test_regsync_with_logins_of_its_own(runner, registries, from_source, source, repo):
    """Each kind of login: a variable, a file, a text; the auth file counts more."""
    closed = registries(users={"robot": "pass$word"})
    from_source.push(images.image("regsync"), repo, "v1")
    path = runner.write("password", "pass$word\n")
    for secret, env in (("'{{env \"SECRET\"}}'", {"SECRET": "pass$word"}), (f"'{{{{file \"{path}\"}}}}'", {}), ("pass$word", {})):
        runner.secret("pass$word")
        file = runner.write("regsync.yml", f"""
creds:
  - {{registry: '{closed.host}', user: robot, pass: {secret}, tls: disabled}}
  - {{registry: '{source.host}', tls: disabled}}
sync:
  - {{source: '{source.host}/{repo}', target: '{closed.host}/{repo}/{len(env)}', type: repository}}
""")
        assert run(runner, "--images", file, "--force", env=env).report["failed"] == 0
    auth = runner.write("auth.yaml", {closed.host: {"username": "robot", "password": "wrong-one", "insecure": True}})
    file = runner.write("regsync.yml", f"""
creds:
  - {{registry: '{closed.host}', user: robot, pass: pass$word, tls: disabled}}
sync:
  - {{source: '{source.host}/{repo}', target: '{closed.host}/{repo}/x', type: repository}}
""")
    run(runner, "--images", file, "--auth", auth, "--retries", "0", hosts(source), code=1)


def test_files_of_passwords_in_an_auth_file(runner, sync, registries, from_source, source, repo):
    closed = registries(users={"robot": "from-a-file"})
    runner.secret("from-a-file")
    from_source.push(images.image("files"), repo, "v1")
    user, password = runner.write("user", "robot\n"), runner.write("password", "from-a-file\n\n")
    login = {closed.host: {"username-file": user, "password-file": password, "insecure": True}, source.host: {"insecure": True}}
    assert sync({f"{source.host}/{repo}:v1": f"{closed.host}/{repo}"}, login).code == 0
    both = {**login, closed.host: {**login[closed.host], "password": "x"}}
    result = sync({f"{source.host}/{repo}:v1": f"{closed.host}/{repo}"}, both, report=False)
    assert result.code == 2 and "password and password-file are two of one kind" in result.stderr
    missing = {**login, closed.host: {**login[closed.host], "password-file": "/nonexistent/file"}}
    result = sync({f"{source.host}/{repo}:v1": f"{closed.host}/{repo}"}, missing, report=False)
    assert result.code == 2 and "password-file: cannot open /nonexistent/file" in result.stderr


def test_lines_of_images(runner, stock, there):
    file = runner.write("images.txt", f"# all\n{stock.host}/team/a:v1\n--platform=linux/amd64 {stock.host}/team/b:v1 renamed:x\n{stock.host}/other/c\n")
    run(runner, "--images", file, "--to", f"{there.host}/m", hosts(stock, there))
    assert set(there.tags) == {("m/team/a", "v1"), ("m/renamed", "x"), ("m/other/c", "latest")}


def test_names_of_copies(runner, stock, there):
    file = runner.write("all.yaml", f"""
apiVersion: v1
kind: Pod
metadata: {{name: a}}
spec: {{containers: [{{image: '{stock.host}/team/a:v1'}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: b}}
spec: {{initContainers: [{{image: '{stock.host}/team/b:v1'}}]}}
""")
    run(runner, "--images", file, "--to", there.host, "--names", "{namespace}-{name}", hosts(stock, there))
    assert set(there.tags) == {("team-a", "v1"), ("team-b", "v1")}
    run(runner, "--list", runner.write("list", f"{stock.host}/team/a:v2\n"), "--to", there.host, "--names", "{name}", hosts(stock, there))
    assert ("a", "v2") in there.tags


def test_pulls_that_a_file_of_regsync_leaves_alone(runner, src, dst, from_source, repo):
    """ratelimit.min is --keep-pulls: a source with fewer pulls left is not read."""
    from_source.push(images.image("limited"), repo, "v1")
    src.rule("GET|HEAD", "/manifests/", proxy.Header("ratelimit-remaining", "50;w=21600"), times=None)
    for least, code in ((100, 1), (10, 0)):
        file = runner.write("regsync.yml", f"""
creds: [{{registry: '{src.host}', tls: disabled}}, {{registry: '{dst.host}', tls: disabled}}]
defaults: {{ratelimit: {{min: {least}}}}}
sync: [{{source: '{src.host}/{repo}:v1', target: '{dst.host}/{repo}:v1', type: image}}]
""")
        run(runner, "--images", file, "--retries", "0", code=code)


def test_what_was_converted_copies_the_same(runner, stock, there):
    file = runner.write("regsync.yml", f"""
creds: # who
  - {{registry: '{stock.host}', tls: disabled}}
  - {{registry: '{there.host}', tls: disabled}}
sync:
  - {{source: '{stock.host}/team/a', target: '{there.host}/one', type: repository, tags: {{allow: [v.], deny: [v2]}}}}
  - {{source: '{stock.host}/team/b:v1', target: '{there.host}/two', type: image}}
""")
    logins = os.path.join(runner.home, "logins.yaml")
    done = runner.run([runner.binary, "convert", file, "--auth-out", logins])
    assert done.code == 0 and os.stat(logins).st_mode & 0o777 == 0o600
    run(runner, "--images", runner.write("converted.yaml", done.stdout), "--auth", logins)
    assert set(there.tags) == {("one", "v1"), ("two", "latest")}
    assert run(runner, "--images", file).report["copied"] == 0


def test_a_password_is_in_nothing_that_convert_prints(runner):
    runner.secret("a-password-of-regsync")
    file = runner.write("regsync.yml", """
# a-password-of-regsync is the password
creds:
  - {registry: r.example.com, user: x, pass: a-password-of-regsync} # a-password-of-regsync
sync:
  - {source: a.example.com/a, target: r.example.com/a-password-of-regsync, type: image}
""")
    for more in ([], ["--to", "regsync"], ["--to", "skopeo"], ["--auth-out", "/dev/stdout"]):
        done = runner.run([runner.binary, "convert", file, *more])
        assert "a-password-of-regsync" not in done.stdout + done.stderr


@pytest.fixture
def mirrored(runner, source, target, from_source, at_target, repo):
    """A copy below another name, and the file that says so."""
    from_source.push(images.image("mirrored"), repo, "v1")

    def make(*options):
        rules = runner.write("images.yaml", f"{source.host}/{repo}: {target.host}/mirror/{repo}\n"
                                            f"{source.host}/{repo}:v1: {target.host}/renamed:x\n")
        auth = runner.write("auth.yaml", insecure(source, target))
        return run(runner, "--images", rules, "--auth", auth, *options)
    return make


def test_registries_conf(runner, mirrored, source, target, repo):
    path = os.path.join(runner.home, "mirrors.conf")
    mirrored("--mirror-config", path)
    with open(path, "rb") as file:
        written = tomllib.load(file)
    name = f"{source.host}/{repo}"
    assert written == {"registry": [{"prefix": name, "location": name, "mirror": [{"location": f"{target.host}/mirror/{repo}", "insecure": True}]}]}


def test_registries_conf_is_what_skopeo_reads(runner, mirrored, source, target, repo):
    program, missing = peers.find("skopeo")
    if missing:
        pytest.skip(missing)
    path = os.path.join(runner.home, "mirrors.conf")
    mirrored("--mirror-config", f"registries.conf={path}")
    # A name without a server: only the mirror can answer.
    with open(path, encoding="utf-8") as file:
        text = file.read().replace(source.host, "nobody.invalid")
    command = [program, "--insecure-policy", "--registries-conf", runner.write("nobody.conf", text), "inspect", "--raw", f"docker://nobody.invalid/{repo}:v1"]
    code, said = peers.run(runner, command)
    assert code == 0 and "schemaVersion" in said, said


def test_hosts_toml(runner, mirrored, source, target, repo):
    folder = os.path.join(runner.home, "certs.d")
    mirrored("--mirror-config", f"hosts.toml={folder}")
    with open(os.path.join(folder, source.host, "hosts.toml"), "rb") as file:
        written = tomllib.load(file)
    assert written == {"server": f"https://{source.host}", "host": {f"https://{target.host}/v2/mirror": {
        "capabilities": ["pull", "resolve"], "override_path": True, "skip_verify": True}}}


def test_openshift(runner, mirrored, source, target, repo):
    path = os.path.join(runner.home, "mirrors.yaml")
    mirrored("--mirror-config", path)
    with open(path, encoding="utf-8") as file:
        digests, tags = yaml.safe_load_all(file)
    entry = [{"source": f"{source.host}/{repo}", "mirrors": [f"{target.host}/mirror/{repo}"]}]
    assert (digests["kind"], digests["spec"]) == ("ImageDigestMirrorSet", {"imageDigestMirrors": entry})
    assert (tags["kind"], tags["spec"]) == ("ImageTagMirrorSet", {"imageTagMirrors": entry})


def test_a_mirror_config_has_all_rules_and_only_registries(runner):
    """Also those of the other shards. A folder of this machine is no mirror for others."""
    rules = runner.write("images.yaml", "a.invalid/a: r.invalid/a\na.invalid/b: r.invalid/b\nc.invalid/c: [r.invalid/c, s.invalid/c]\n"
                                        "oci:/srv/x: r.invalid/x\na.invalid/y: oci:/srv/y\na.invalid/z/*: oci-archive:/srv/z.tar\n")
    texts = []
    for shard in range(3):
        path = os.path.join(runner.home, f"mirrors{shard}.conf")
        runner.run([runner.binary, "--images", rules, "--shard", f"{shard}/3", "--mirror-config", path, "--dry-run", "--retries", "0"])
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    assert texts[0] == texts[1] == texts[2]
    written = tomllib.loads(texts[0])["registry"]
    assert [(each["prefix"], [mirror["location"] for mirror in each["mirror"]]) for each in written] == [
        ("a.invalid/a", ["r.invalid/a"]), ("a.invalid/b", ["r.invalid/b"]), ("c.invalid/c", ["r.invalid/c", "s.invalid/c"])]
    for line in ("# oci:/srv/x: it is no image of a registry", "# a.invalid/y: its copy is in no registry", "# a.invalid/z/*: its copy is in no registry"):
        assert line in texts[0].splitlines()


def test_a_mirror_config_that_cannot_be_written(runner):
    rules = runner.write("images.yaml", "a.example.com/a: b.example.com/a\n")
    for option, why in ((rules, "are the same file"), (f"{rules}/mirrors.conf", "--mirror-config"), ("mirrors.txt", "expected registries.conf=FILE"),
                        (f"hosts.toml={rules}/x", "cannot create the folder")):
        result = runner.run([runner.binary, "--images", rules, "--mirror-config", option])
        assert result.code == 2 and why in result.stderr, result.stderr
    assert subprocess.run(["test", "-s", rules], check=False).returncode == 0


def test_a_server_reads_the_file_of_a_password_again(runner, registries, from_source, source, repo):
    """It is watched and may be read like the auth file that names it."""
    closed = registries(users={"robot": "second-password"})
    runner.secret("second-password")
    from_source.push(images.image("again"), repo, "v1")
    password = runner.write("password", "first-password")
    auth = runner.write("auth.yaml", {closed.host: {"username": "robot", "password-file": password, "insecure": True}, source.host: {"insecure": True}})
    rules = runner.write("images.yaml", {f"{source.host}/{repo}:v1": f"{closed.host}/{repo}"})
    process = runner.start([runner.binary, "serve", "--images", rules, "--auth", auth, "--every", "1s", "--retries", "0"])
    client = images.Client(closed, lambda _: "Basic " + base64.b64encode(b"robot:second-password").decode())
    runner.write("password", "second-password")
    try:
        proxy.until(lambda: client.head(repo, "v1"))
    finally:
        client.close()
        process.terminate()
        runner.finish(process, report=False)


def test_lines_and_streams_as_the_text_of_an_input(runner):
    for text, found in (("--platform=linux/amd64 UPPER\nnginx", "input images:1:24: \"UPPER\""),
                        ("apiVersion: v1\nkind: Pod\nmetadata: {}\nspec: {containers: [{image: UPPER}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {}\n",
                         "input images:4:29: \"UPPER\"")):
        result = runner.run([runner.binary], env={"GITHUB_ACTIONS": "true", "INPUT_IMAGES": text, "INPUT_TO": "reg.test/mirror"})
        assert result.code == 2 and found in result.stderr, result.stderr
