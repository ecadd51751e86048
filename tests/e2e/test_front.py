"""The page of a running server in a real browser, with its login; and the server behind nginx with TLS, at the root and below a path.

PAGE_PICTURES=FOLDER keeps a picture of each page as it was at the end of its test.
"""

import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import tempfile

import pytest

from lib import browser, images, need, proxy, run
from lib.registry import free_port
from lib.serving import PASSWORD, USER, Serving, basic

pytestmark = pytest.mark.long
EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.github/examples/serve/nginx.conf")


@pytest.fixture
def serving(runner):
    made = Serving(runner)
    yield made
    made.stop()


@pytest.fixture
def server(serving, here, there):
    """It has brought v1, and failed to bring v2, which is not there yet. Nothing runs unless it is asked to."""
    here.push(images.image("front"), "team/app", "v1")
    server = serving.start(serving.config([(here.host, "team", there.host)], sync={"interval": "1000h", "immediate": True}),
                           run.insecure(here, there))
    for tag in "v1", "v2":
        assert server.hook(f"{here.host}/team/app", tag).status == 202
    server.until(lambda: [entry["attempts"] for entry in server.status()["entries"]] == [1], "a failure")
    assert ("team/app", "v1") in there.tags
    return server


@pytest.fixture(scope="module")
def chromium():
    with browser.Browser() as started:
        yield started


@pytest.fixture
def front(tmp_path, certs):
    """front(port, below): nginx with the directives of the example, before a server at that port. Its own port."""
    started, folder = [], tempfile.mkdtemp()

    def start(port, below="/"):
        own = free_port()
        with open(EXAMPLE, encoding="utf-8") as file:
            site = file.read()
        for old, new in (
            ("server unix:/run/image-syncer/hooks.sock;", f"server 127.0.0.1:{port};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{own} ssl;"), ("    listen [::]:443 ssl;\n", ""),
            ("/etc/nginx/tls/sync.example.com.crt", certs.chain()), ("/etc/nginx/tls/sync.example.com.key", certs.key()),
        ):
            assert site.count(old) == 1, old
            site = site.replace(old, new)
        if below != "/":        # as docs/serve.md says: the proxy removes the path
            assert len(re.findall(r"location /[^{]*\{[^}]*proxy_pass http://image-syncer;", site)) == 2
            site = re.sub(r"location /([^{]*\{[^}]*proxy_pass http://image-syncer);",
                          lambda found: f"location {below}{found[1]}/{'events/' if found[1].startswith('events') else ''};", site)
        paths = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(f"{folder}/nginx.conf", "w", encoding="utf-8") as file:
            file.write(f"daemon off; pid {folder}/pid; events {{}} http {{ access_log off; {paths}\n{site}\n}}")
        log = open(f"{folder}/log", "wb")
        process = subprocess.Popen([need.program("nginx"), "-p", folder, "-e", "stderr", "-c", f"{folder}/nginx.conf"], stdout=log, stderr=log)
        log.close()
        started.append(process)

        def up():
            with open(f"{folder}/log", encoding="utf-8") as file:
                assert process.poll() is None, file.read()
            try:
                return ask(certs, own, "GET", below + "healthz")[0] == 200
            except OSError:
                return False
        proxy.until(up, seconds=60, what="an answer through nginx")
        return own

    yield start
    for each in started:
        each.terminate()
        each.wait()
    shutil.rmtree(folder)


def ask(certs, port, method, path, body=None, **headers):
    """(status, headers, body) over TLS."""
    line = http.client.HTTPSConnection("localhost", port, timeout=60, context=certs.client_context())
    try:
        line.request(method, path, body if body is None or isinstance(body, bytes) else json.dumps(body), headers)
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        line.close()


def look(chromium, request, url, **more):
    page = chromium.page(login=(USER, PASSWORD), **more)
    page.open(url)
    page.until(lambda: page.text("#state") not in ("", "Asking the server"))
    return page


def end(page, request):
    if os.environ.get("PAGE_PICTURES"):
        page.screenshot(os.path.join(os.environ["PAGE_PICTURES"], f"{request.node.name}.png"))
    with page:
        assert page.faults == []


def runs_now(page, server, here, there):
    """What a person does: sees the failure, repairs its cause, presses the button, and sees that it is gone."""
    assert page.text("#state") == "Ready; some images fail"
    failure = page.text("#failing tbody")
    assert f"{here.host}/team/app:v2" in failure and "does not exist" in failure and there.host in failure
    here.push(images.image("front 2"), "team/app", "v2")
    page.run("document.querySelector('#run').click()")
    page.until(lambda: ("team/app", "v2") in there.tags)
    page.until(lambda: page.text("#state") == "Ready" and "Succeeded" in page.text("#runs tbody"))
    assert f"{here.host}/team/app:v2" not in page.text("#failing") and "Logins refused\n0" in page.text()
    status = server.status()
    assert status["entries"] == [] and re.match(r"\d+\.\d+\.\d+", status["program_version"])
    assert page.text("#about").startswith(f"image-syncer {status['program_version']}, ")


# -- the page -------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("width, dark", ((1280, False), (390, True)), ids=("screen", "phone"))
def test_a_failure_is_seen_and_run_now_repairs_it(request, chromium, server, here, there, width, dark):
    page = look(chromium, request, f"http://127.0.0.1:{server.port}/", width=width, dark=dark)
    runs_now(page, server, here, there)
    end(page, request)
    assert {method for method, _, _ in page.requests} == {"GET", "POST"}
    assert all(url.startswith(f"http://127.0.0.1:{server.port}/") for _, url, _ in page.requests)


def test_a_server_that_is_gone_is_seen(request, chromium, server):
    page = look(chromium, request, f"http://127.0.0.1:{server.port}/")
    assert server.stop().code == 0
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    page.until(lambda: page.text("#state") == "No answer from the server")
    assert "does not exist" in page.text("#failing tbody")
    page.faults = [each for each in page.faults if "ERR_CONNECTION_REFUSED" not in each]
    end(page, request)


# -- behind nginx ---------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("below", ("/", "/mirror/"), ids=("root", "path"))
def test_hooks_through_nginx(server, front, certs, here, there, below):
    port, kind = front(server.port, below), {"Content-Type": "application/json"}
    here.push(images.image("front 3"), "team/app", "v3")
    hook = {"name": f"{here.host}/team/app", "tag": "v3"}
    status, headers, _ = ask(certs, port, "POST", f"{below}images/sync/hook", hook, **kind)
    assert status == 401 and headers["WWW-Authenticate"].startswith("Basic realm=")
    status, _, body = ask(certs, port, "POST", f"{below}images/sync/hook", hook, Authorization=basic(), **kind)
    assert status == 202 and json.loads(body)["queued"] == 1
    server.until(lambda: ("team/app", "v3") in there.tags, "the copy")
    # What the server would refuse is refused before it, and the other way round.
    assert ask(certs, port, "POST", f"{below}images/sync/hook", b"x" * 70000, Authorization=basic(), **kind)[0] == 413
    assert ask(certs, port, "POST", f"{below}images/sync/hook", b"no JSON", Authorization=basic(), **kind)[0] == 400
    assert ask(certs, port, "POST", f"{below}events/harbor", b"{}", **kind)[0] == 401
    assert ask(certs, port, "POST", f"{below}images/sync/do", Authorization=basic(), **{"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert ask(certs, port, "GET", f"{below}readyz")[0] == 200


def test_many_hooks_through_nginx_are_slowed_not_lost(server, front, certs, here):
    """As many as the example lets through at once are queued; more get a 429, which a client may repeat."""
    port = front(server.port)
    line = http.client.HTTPSConnection("localhost", port, timeout=60, context=certs.client_context())
    queued = set()
    for number in range(40):
        tag = f"many-{number}"
        line.request("POST", "/images/sync/hook", json.dumps({"name": f"{here.host}/team/app", "tag": tag}),
                     {"Authorization": basic(), "Content-Type": "application/json"})
        answer = line.getresponse()
        answer.read()
        assert answer.status in (202, 429)
        if answer.status == 202:
            queued.add(tag)
    line.close()
    assert len(queued) > 20
    assert server.status()["counters"]["hooks"]["queued"] == len(queued) + 2


@pytest.mark.parametrize("below", ("/", "/mirror/"), ids=("root", "path"))
def test_the_page_through_nginx(request, chromium, server, front, here, there, below):
    """The browser names the origin of the proxy, below which the page asks for what it needs."""
    origin = f"https://localhost:{front(server.port, below)}"
    page = look(chromium, request, origin + below)
    runs_now(page, server, here, there)
    end(page, request)
    asked = {url.removeprefix(origin) for _, url, _ in page.requests}
    assert asked == {below, f"{below}status", f"{below}images/sync/do"}
