"""The tests' own tools, tested: a harness that lies would make every other test worthless.

skopeo stands in for the program under test where a whole copy is needed.
"""

import http.client
import json
import subprocess

import pytest

from lib import images, need, proxy, run
from lib.term import Screen


def skopeo(source, target, *flags):
    command = [need.program("skopeo"), "--insecure-policy", "copy", "--all", "--preserve-digests", "--quiet",
               *flags, f"docker://{source}", f"docker://{target}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


PLAIN = ("--src-tls-verify=false", "--dest-tls-verify=false")


@pytest.mark.parametrize("kind", images.KINDS)
def test_a_registry_gives_back_what_was_pushed(from_source, repo, kind):
    picture = images.KINDS[kind](repo)
    from_source.push(picture, repo, "v1")
    assert from_source.closure(repo, "v1") == images.expected(picture)
    assert picture.digest == images.KINDS[kind](repo).digest, "the same seed must give the same bytes"


@pytest.mark.parametrize("https", (False, True), ids=("http", "https"))
def test_a_copy_through_two_proxies_is_exact(source, target, from_source, at_target, proxies, certs, repo, https):
    context = certs.server_context() if https else None
    src, dst = proxies(source, context), proxies(target, context)
    picture = from_source.push(images.multi(repo, platforms=2), repo, "v1")
    done = skopeo(f"{src.host}/{repo}:v1", f"{dst.host}/{repo}:v1", *PLAIN)
    assert done.returncode == 0, done.stderr
    assert at_target.closure(repo, "v1") == images.expected(picture)
    last = dst.writes()[-1]
    assert (last.method, last.status) == ("PUT", 201) and last.path.endswith("/manifests/v1")
    assert {each.kind for each in src.seen()} == {"ping", "manifest", "blob"}
    assert sum(each.sent for each in dst.uploads()) == picture.bytes()
    if not https:
        assert dst.strangers > 0, "skopeo tries https first"


def test_basic_credentials_are_wanted(registries, from_source, source, repo):
    locked = registries("locked", users={"robot": "right-word"})
    from_source.push(images.image(repo), repo, "v1")
    where = f"{locked.host}/{repo}:v1"
    assert skopeo(f"{source.host}/{repo}:v1", where, *PLAIN).returncode != 0
    assert skopeo(f"{source.host}/{repo}:v1", where, *PLAIN, "--dest-creds", "robot:wrong-word").returncode != 0
    done = skopeo(f"{source.host}/{repo}:v1", where, *PLAIN, "--dest-creds", "robot:right-word")
    assert done.returncode == 0, done.stderr


def test_tokens_are_wanted_and_refused_when_old(registries, token_servers, source, from_source, repo):
    server = token_servers(users={"robot": "right-word"}, anonymous=("pull",))
    guarded = registries("guarded", token=server)
    picture = from_source.push(images.image(repo), repo, "v1")
    where = f"{guarded.host}/{repo}:v1"
    assert skopeo(f"{source.host}/{repo}:v1", where, *PLAIN).returncode != 0, "anonymous must not push"
    done = skopeo(f"{source.host}/{repo}:v1", where, *PLAIN, "--dest-creds", "robot:right-word")
    assert done.returncode == 0, done.stderr
    record = server.asked(repo)[-1]
    assert (record.user, record.scopes, record.status) == ("robot", [f"repository:{repo}:pull,push"], 200)
    client = images.Client(guarded, server.bearer)
    assert client.closure(repo, "v1") == images.expected(picture)
    access = [{"type": "repository", "name": repo, "actions": ["pull"]}]
    for life, status in ((30, 200), (-2, 401)):
        token = server.mint(access, life=life)
        answer = images.Client(guarded).request("GET", f"/v2/{repo}/manifests/v1", headers={
            "Authorization": f"Bearer {token}", "Accept": images.ACCEPT})
        assert answer.status == status


def test_https_with_a_private_ca(registries, certs, repo):
    secure = registries("secure", certs=certs)
    images.Client(secure).push(images.image(repo), repo, "v1")
    trusted = http.client.HTTPSConnection("localhost", secure.port, context=certs.client_context())
    trusted.request("GET", "/v2/")
    assert trusted.getresponse().status == 200
    trusted.close()
    assert skopeo(f"{secure.host}/{repo}:v1", f"{secure.host}/{repo}:v2").returncode != 0, "nobody trusts this CA"


# -- the proxy, rule by rule --------------------------------------------------------------------------------------------------

@pytest.fixture
def pushed(from_source, repo):
    data = images.noise(repo, 300_000)
    from_source.push_blob(repo, data)
    return data, f"/v2/{repo}/blobs/{images.digest_of(data)}"


def get(server, path, method="GET", body=None):
    connection = server.connect(timeout=20)
    try:
        connection.request(method, path, body=body)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("https", (False, True), ids=("http", "https"))
def test_rules_break_what_they_name_and_nothing_else(source, proxies, certs, pushed, https):
    data, path = pushed
    front = proxies(source, certs.server_context() if https else None)
    broken = (ConnectionError, http.client.IncompleteRead, http.client.RemoteDisconnected, OSError)

    front.rule("GET", "/blobs/", proxy.Reset(), skip=1)
    assert get(front, path)[2] == data
    with pytest.raises(broken):
        get(front, path)
    assert get(front, path)[2] == data

    for action in (proxy.ResetResponse(1000), proxy.CutResponse(0), proxy.CutResponse(299_999)):
        front.rule("GET", "/blobs/", action)
        with pytest.raises(broken):
            get(front, path)
        assert front.seen()[-1].action is action

    front.rule("GET", "/blobs/", proxy.Flip(150_000))
    got = get(front, path)[2]
    assert [n for n in range(len(data)) if data[n] != got[n]] == [150_000]

    front.rule("*", "/blobs/", proxy.Status(429, {"Retry-After": "1"}, b"slow down"))
    status, headers, body = get(front, path)
    assert (status, headers["Retry-After"], body) == (429, "1", b"slow down")

    front.rule("HEAD", "/blobs/", proxy.Header("Docker-Content-Digest", "sha256:" + 64 * "0"))
    assert get(front, path, "HEAD")[1]["Docker-Content-Digest"].endswith("000")

    front.rule("GET", "/blobs/", proxy.Stall(100_000, 0.2))
    front.rule("GET", "/blobs/", proxy.Delay(0.2))
    assert get(front, path)[2] == data
    assert get(front, path)[2] == data
    assert front.counts() == {("GET", "blob"): 10, ("HEAD", "blob"): 1}


def test_rules_for_requests_with_a_body(source, proxies, from_source, repo):
    front = proxies(source)
    manifest = images.image(repo).root
    from_source.push(images.image(repo), repo)
    url = f"/v2/{repo}/manifests/v1"

    def put():
        connection = front.connect(timeout=20)
        try:
            connection.request("PUT", url, body=manifest.data, headers={"Content-Type": manifest.type})
            return connection.getresponse().status
        finally:
            connection.close()

    front.rule("PUT", "/manifests/", proxy.ResetRequest(10))
    with pytest.raises(OSError):
        put()
    assert from_source.head(repo, "v1") is None
    assert front.seen()[-1].sent == 10

    front.rule("PUT", "/manifests/", proxy.Swallow())
    with pytest.raises(OSError):
        put()
    assert from_source.head(repo, "v1") == manifest.digest, "a swallowed answer belongs to a request that was carried out"
    assert front.seen()[-1].status is None

    front.rule("PUT", "/manifests/", proxy.Status(503))
    assert put() == 503 and put() == 201


def test_one_connection_carries_many_requests(source, proxies, from_source, repo):
    front = proxies(source)
    client = images.Client(front)
    front.rule("PUT", "/manifests/v1", proxy.Status(503, {}, b"once"))
    picture = images.image(repo)
    with pytest.raises(AssertionError, match="503"):
        client.push(picture, repo, "v1")
    client.push(picture, repo, "v1", skip=picture.blobs)
    assert client.closure(repo, "v1") == images.expected(picture)
    client.close()
    assert front.connections == 1


def test_pages_of_tags(source, proxies, repo):
    front = proxies(source)
    for absolute in (False, True):
        front._rules.clear()
        proxy.paginate(front, repo, ["c", "a", "b"], 2, absolute)
        status, headers, body = get(front, f"/v2/{repo}/tags/list")
        assert (status, json.loads(body)["tags"]) == (200, ["a", "b"])
        assert headers["Link"].startswith(f"<http://{front.host}/v2/" if absolute else "</v2/")
        _, headers, body = get(front, f"/v2/{repo}/tags/list?last=b&n=2")
        assert json.loads(body)["tags"] == ["c"] and "Link" not in headers


# -- the rest -----------------------------------------------------------------------------------------------------------------

def test_the_screen_knows_a_clean_terminal_from_a_dirty_one():
    clean = Screen(b"\x1b[?25l one 1/2\r\n two\x1b[1A\r\x1b[J\x1b[32mdone\x1b[0m\r\n\x1b[?25h")
    assert clean.lines() == ["done"] and clean.unclean() == [] and clean.redraws >= 1
    dirty = Screen(b"\x1b[?25lhalf\x1b[31m")
    assert len(dirty.unclean()) == 4
    assert Screen(b"plain\r\nlines\r\n").redraws == 0


def test_the_runner_notices_secrets_signals_and_findings(tmp_path):
    runner = run.Runner("/bin/sh", tmp_path)
    hidden = runner.secret("not-for-print")
    assert runner.run(["/bin/sh", "-c", "echo fine"]).stdout == "fine\n"
    for script in (f"echo {hidden} >&2", f"echo {hidden} > run.log", "kill -SEGV $$", "exit 99", "echo 'x.c:1: runtime error: y' >&2"):
        with pytest.raises(AssertionError):
            runner.run(["/bin/sh", "-c", script])


def test_the_runner_writes_yaml_that_means_the_same():
    text = run.to_yaml({"a:v1,v2": ["b", "c"], "d@e": "f", "reg": {"insecure": True, "password": "p\"$x"}})
    assert text == '"a:v1,v2":\n  - "b"\n  - "c"\n"d@e": "f"\n"reg":\n  "insecure": true\n  "password": "p\\"$x"\n'
