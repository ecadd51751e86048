"""The page of the server in a real browser: the page and the policy of the program, answers of a script.

PAGE_PICTURES=FOLDER keeps a picture of each page as it was at the end of its test.
"""

import base64
import collections
import copy
import hashlib
import http.server
import json
import os
import re
import subprocess
import threading

import pytest

from lib import browser, need

pytestmark = pytest.mark.long
PAGE_SH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/serve/page.sh")
HOSTILE = '<img src=x onerror="document.title=1">&amp;</td>${1}{{2}}'
LONG = "registry.example.com/" + "a-very-long-name-without-any-blank" * 6


class Site:
    """Serves the page below a path, and beside it what a test says: `status` is a document, an HTTP status, or None: no answer."""

    def __init__(self, path="/"):
        self.path = path
        self.status = json.loads(need.snapshot("status"))
        self.run = 202
        self.asked = collections.Counter()
        self.posts = []
        page, policy, site = need.snapshot("page").encode(), need.snapshot("policy"), self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, code, body=b"", kind="text/plain"):
                self.send_response(code)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                site.asked[self.path] += 1
                name = self.path.partition("?")[0].removeprefix(site.path)
                if name == "":
                    self.answer(200, page, "text/html; charset=utf-8")
                elif name != "status":
                    self.answer(404)
                elif site.status is None:
                    self.close_connection = True
                elif isinstance(site.status, int):
                    self.answer(site.status)
                else:
                    self.answer(200, json.dumps(site.status).encode(), "application/json")

            def do_POST(self):
                site.posts.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["Content-Length"] or 0))))
                self.answer(site.run)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.url = self.origin + path

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def chromium():
    with browser.Browser() as started:
        yield started


@pytest.fixture
def sites():
    made = []

    def start(**more):
        made.append(Site(**more))
        return made[-1]

    yield start
    for each in made:
        each.close()


@pytest.fixture
def site(sites):
    return sites()


@pytest.fixture
def shows(request, chromium):
    """shows(site, ...) opens its page, and returns it once an answer has been shown. In the end nothing may have gone wrong in it."""
    made = []

    def start(site, address=None, **more):
        page = chromium.page(**more)
        made.append(page)
        page.open(address or site.url)
        page.until(lambda: page.text("#state") not in ("", "Asking the server", "正在查询"))
        return page

    yield start
    for number, page in enumerate(made):
        if os.environ.get("PAGE_PICTURES"):
            page.screenshot(os.path.join(os.environ["PAGE_PICTURES"], f"{request.node.name}-{number}.png"))
        with page:
            assert page.faults == []


def again(page):
    """Lets the page ask at once, as it does when it comes into view."""
    page.run("document.dispatchEvent(new Event('visibilitychange'))")


def fresh():
    return json.loads(need.snapshot("status", "fresh"))


# -- The file itself ------------------------------------------------------------------------------------------------------------

def test_the_page_is_small():
    assert len(need.snapshot("page").encode()) < 30_000


def test_the_policy_names_the_one_style_and_the_one_script():
    page, policy = need.snapshot("page"), need.snapshot("policy")
    hashes = {}
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", page, re.S)
        hashes[tag] = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert policy == (f"default-src 'none'; script-src 'sha256-{hashes['script']}'; style-src 'sha256-{hashes['style']}'; connect-src 'self'; "
                      "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


@pytest.mark.parametrize("old, new", (
    ("<script>\n", "<script>\n</script>\n<script>\n"), ("</style>", "</style><!-- -->"), ("<style>", "<style media=print>"), ("<p ", "<p style='color: red' "),
    ("<button ", '<button onclick="run()" '), ('href="status"', 'href="javascript:run()"'), ("<script>", "<script src=x.js>"),
), ids=("two", "line", "attribute", "style", "handler", "address", "source"))
def test_a_page_that_the_policy_would_break_is_not_built(tmp_path, old, new):
    good = need.snapshot("page")
    for text, code in ((good, 0), (good.replace(old, new, 1), 1)):
        path = tmp_path / "page.html"
        path.write_text(text)
        done = subprocess.run([PAGE_SH, path], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert code == 0 or "page.sh: " in done.stderr


def test_every_text_is_there_in_both_languages():
    page = need.snapshot("page")
    texts = page[page.index("const TEXTS = {"):page.index("\n};")]
    keys = re.findall(r"(?:^\t|\], )(\w+): \[", texts, re.M)
    assert len(keys) == len(set(keys)) > 50
    used = set(re.findall(r'\bt\("(\w+)"', page)) | set(re.findall(r'data-t="(\w+)"', page))
    words = set(re.findall(r'"(\w+)"', page[page.index("\n};"):]))
    assert {key for key in keys if key not in used | words and not key.endswith("Hint")} == set()
    assert used <= set(keys)


# -- What it shows --------------------------------------------------------------------------------------------------------------

ENGLISH = ("Running", "Next run in", "Queue", "Pending\n14", "Parked\n1", "quay.io/team/web:2026-11-29", "→ registry.example.com/mirror",
           "no answer in 30 s", "in 3 min", "ghcr.io/team/tool:nightly: not found", "as the rules say", "Pending and running images (15)", "Run 12",
           "26 of 40 images; 5 copied, 1 failed, 734 MB", "Succeeded", "12 s", "11 min", "5.4 GB", "every 6h", "cron 17 3 * * *",
           "Logins refused\n4", "image-syncer 1.2.3, started 3 d ago")
CHINESE = ("正在运行", "下次运行", "队列", "待同步\n14", "已搁置\n1", "quay.io/team/web:2026-11-29", "no answer in 30 s", "3 分钟后", "由规则决定",
           "待同步和同步中的镜像 (15)", "第 12 次运行", "40 个镜像已处理 26 个；已复制 5，失败 1，734 MB", "成功", "12 秒", "每隔 6 小时",
           "拒绝的登录\n4", "启动于 3 天前")


@pytest.mark.parametrize("language, texts", (("en-US", ENGLISH), ("zh-CN", CHINESE), ("zh-TW", CHINESE), ("de-DE", ENGLISH)))
def test_a_busy_server(shows, site, language, texts):
    page = shows(site, language=language)
    seen = page.text()
    assert [text for text in texts if text not in seen] == []
    assert page.run("document.documentElement.lang") == ("zh-CN" if texts is CHINESE else "en")
    assert page.run("document.title") == texts[0] + " · image-syncer"
    if texts is CHINESE:
        assert not re.search(r"\b(Queue|Runs|Image|State|Copied|ago|in \d)\b", seen)
    else:
        assert not re.search(r"[\u4e00-\u9fff]", seen)


def test_times_are_relative_to_the_server_and_absolute_on_demand(shows, site):
    page = shows(site)
    moment = page.run("(t => [t.textContent, t.dateTime, t.title])([...document.querySelectorAll('#failing time')][0])")
    assert moment[:2] == ["in 3 min", "2026-11-29T11:03:10Z"]
    assert re.fullmatch(r"Nov 29, 2026, 11:03:10\sAM", moment[2])


def _ready():
    status = fresh()
    status["counters"]["hooks"]["queued"] = 1
    return status


@pytest.mark.parametrize("change, headline, text", (
    ({}, "Ready", "every image that a hook named is in sync"),
    ({"ready": False}, "Not ready", ""),
    ({"stopping": True}, "Stopping", "nothing new begins"),
    ({"configuration_error": "images.yaml:3:1: what is this"}, "Needs attention", "images.yaml:3:1: what is this"),
    ({"queue": {**fresh()["queue"], "writable": False}}, "Needs attention", "cannot be written"),
    ({"queue": {**fresh()["queue"], "parked": 1}}, "Ready; some images fail", "1 more is not shown"),
), ids=("ready", "unready", "stopping", "configuration", "record", "parked"))
def test_the_state_at_a_glance(shows, site, change, headline, text):
    site.status = {**_ready(), **change}
    page = shows(site)
    assert page.text("#state") == headline
    assert text in page.text()
    assert page.run("document.querySelector('#run').disabled") == (headline == "Stopping")


def test_a_server_without_hooks_says_what_to_send(shows, site):
    site.status = fresh()
    page = shows(site)
    command = page.text("#empty pre")
    assert command.split("\\\n")[0].strip() == f"curl -u USER {site.origin}/images/sync/hook"
    assert "-d name=quay.io/team/app -d tag=1.0.3" in command
    assert "No run yet." in page.text() and "No schedule." in page.text()


def test_hostile_names_are_text(shows, site):
    for entry in site.status["entries"]:
        entry.update(image=HOSTILE, destination=HOSTILE, error=HOSTILE, state=HOSTILE if entry["state"] == "pending" else entry["state"])
    site.status.update(configuration_error=HOSTILE, program_version=HOSTILE)
    site.status["jobs"][0].update(when=HOSTILE)
    for run in site.status["runs"]:
        run.update(what=HOSTILE)
    page = shows(site)
    assert page.text("#failing .name").startswith(HOSTILE)
    for selector in ("#problems pre", "#jobs tbody th", "#running p", "#about", "#failing .error:not(th)"):
        assert HOSTILE in page.text(selector), selector
    assert page.run("document.querySelectorAll('img, script').length") == 1      # our script
    assert set(site.asked) == {"/", "/status"}


# -- How it looks ---------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("language", ("en-US", "zh-CN"))
@pytest.mark.parametrize("width", (320, 390, 840))
def test_nothing_is_wider_than_the_screen(shows, site, language, width):
    site.status["entries"][1].update(image=LONG + ":1.0", destination=LONG, error=LONG)
    site.status["configuration_error"] = LONG
    page = shows(site, language=language, width=width)
    page.run("document.querySelector('details').open = true")
    assert page.run("document.documentElement.scrollWidth") <= width
    wide = page.run(f"[...document.querySelectorAll('body *:not(thead *)')].filter(e => e.getBoundingClientRect().right > {width} + 1).map(e => e.outerHTML.slice(0, 80))")
    assert wide == []


# The ratio of WCAG between each text and what is behind it.
CONTRAST = """(() => {
    const parse = text => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
    const back = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] !== 0) return c; } return [255, 255, 255]; };
    const found = [];
    for (const e of document.querySelectorAll("body *")) {
        if (!e.checkVisibility() || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
            continue;
        const [a, b] = [light(parse(getComputedStyle(e).color)), light(back(e))].sort((x, y) => y - x);
        found.push([(a + .05) / (b + .05), e.textContent.slice(0, 40), e.className]);
    }
    return found;
})()"""


@pytest.mark.parametrize("dark", (False, True), ids=("light", "dark"))
def test_every_text_can_be_read(shows, site, dark):
    site.status["configuration_error"] = "images.yaml:3:1: what is this"
    page = shows(site, dark=dark)
    page.run("document.querySelector('details').open = true")
    found = page.run(CONTRAST)
    assert len(found) > 80
    assert [each for each in found if each[0] < 4.5] == []
    red, green, blue = map(int, re.findall(r"\d+", page.run("getComputedStyle(document.body).backgroundColor")))
    assert (red + green + blue < 200) == dark


@pytest.mark.parametrize("width", (1280, 390))
def test_what_a_screen_reader_finds(shows, site, width):
    """Rows of a narrow screen are blocks, but still rows."""
    page = shows(site, width=width)
    tree = [node for node in page.ask("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    names = collections.defaultdict(list)
    for node in tree:
        names[node["role"]["value"]].append(node.get("name", {}).get("value", ""))
    assert set(names) >= {"banner", "main", "contentinfo", "heading", "status", "button", "table", "columnheader", "rowheader", "cell"}
    assert names["button"] == ["Run now"]
    assert {"Images that failed or have no route", "Runs", "Schedules"} <= set(names["table"])
    assert {"Image", "State", "Last error", "Next run"} <= set(names["columnheader"])
    assert names["progressbar" if "progressbar" in names else "progressIndicator"] == ["Run 12"]
    assert page.run("document.querySelectorAll('[aria-live], [role=status], [role=alert]').length") == 2


# -- What it does ---------------------------------------------------------------------------------------------------------------

def test_it_refreshes_itself(shows, site):
    page = shows(site)
    page.run("window.first = document.querySelector('#failing tr:nth-child(1)')")
    before = site.asked["/status"]
    site.status = copy.deepcopy(site.status)
    site.status["queue"]["pending"] = 15
    page.until(lambda: "Pending\n15" in page.text("#tiles"))
    assert site.asked["/status"] > before
    # What has not changed is left alone: a person may be selecting it.
    assert page.run("window.first === document.querySelector('#failing tr:nth-child(1)')")


def test_it_asks_seldom_while_nobody_looks(shows, site):
    page = shows(site)
    page.run("""(() => {
        const wait = window.setTimeout;
        window.waits = [];
        window.setTimeout = (call, ms) => { window.waits.push(ms); return wait(call, ms); };
        Object.defineProperty(document, "hidden", {get: () => window.away ?? true, configurable: true});
    })()""")
    page.until(lambda: 60000 in page.run("window.waits"))
    assert 4000 not in page.run("window.waits")
    page.run("window.away = false")
    again(page)
    page.until(lambda: 4000 in page.run("window.waits"))


def test_a_server_that_goes_away_is_said(shows, site):
    page = shows(site)
    for gone in (None, 502):
        there, site.status = site.status, gone
        again(page)
        page.until(lambda: page.text("#state") == "No answer from the server")
        assert "What you see is from" in page.text("#detail")
        assert "quay.io/team/web" in page.text("#failing")
        assert page.run("document.querySelector('#run').disabled")
        site.status = there
        again(page)
        page.until(lambda: page.text("#state") == "Running")


@pytest.mark.parametrize("body", ([], "no", {"now": 1}), ids=("list", "text", "shape"))
def test_an_answer_that_is_none(shows, site, body):
    """Something else may answer below the same address."""
    site.status = body
    page = shows(site)
    assert page.text("#state") == "No answer from the server"


def test_a_login_that_is_refused_is_said(shows, site):
    page = shows(site)
    site.status = 401
    again(page)
    page.until(lambda: page.text("#state") == "Login refused")


@pytest.mark.parametrize("run, busy, said", ((202, True, "One more run will follow."), (202, False, "A run begins."), (403, False, "Not accepted: 403")))
def test_run_now_by_keyboard(shows, site, run, busy, said):
    site.run = run
    if not busy:
        site.status["runs"] = site.status["runs"][1:]
    page = shows(site)
    page.key("Tab")
    assert page.run("document.activeElement.id") == "run"
    page.key("Enter")
    page.until(lambda: page.text("#said") == said)
    ((path, headers, body),) = site.posts
    assert (path, headers["X-Requested-With"], body) == ("/images/sync/do", "image-syncer", b"")
    assert headers["Origin"] == site.origin and headers["Sec-Fetch-Site"] == "same-origin"


def test_below_a_path_and_with_a_login_in_its_address(shows, sites):
    """A proxy may give the server a path. A request may not have a login in its address, though the page has one."""
    site = sites(path="/tools/sync/")
    page = shows(site, site.url.replace("//", "//ann:s3cret-word@") + "?x=1#y")
    assert page.text("#state") == "Running"
    site.status = fresh()
    page.until(lambda: "No hook has arrived yet" in page.text())
    assert f"{site.origin}/tools/sync/images/sync/hook" in page.text("#empty pre")
    assert "s3cret-word" not in page.run("document.documentElement.outerHTML")
    page.run("document.querySelector('#run').click()")
    page.until(lambda: site.posts)
    assert site.posts[0][0] == "/tools/sync/images/sync/do"


def test_it_asks_nobody_else(shows, site):
    page = shows(site)
    urls = {url for _, url, _ in page.requests if not url.startswith("data:")}
    assert urls == {site.url, site.url + "status"}


@pytest.mark.parametrize("evil", (
    "(e => { e.textContent = 'window.evil = 1'; document.body.append(e); })(document.createElement('script'))",
    "document.querySelector('#about').innerHTML = '<img src=x onerror=\"window.evil = 1\">'",
    "(e => { e.textContent = 'body { color: red }'; document.body.append(e); })(document.createElement('style'))",
    "(e => { e.src = 'https://example.invalid/x.js'; document.body.append(e); })(document.createElement('script'))",
    "fetch('http://127.0.0.1:1/').catch(() => {})",
), ids=("script", "handler", "style", "foreign", "request"))
def test_the_policy_is_in_force(chromium, site, evil):
    with chromium.page() as page:
        page.open(site.url)
        page.until(lambda: page.text("#state") == "Running")
        assert page.faults == []
        page.run(evil)
        page.until(lambda: page.faults)
        assert any("Content Security Policy" in each for each in page.faults)
        assert page.run("window.evil") is None
