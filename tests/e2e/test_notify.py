"""Messages when a run is over: what each service is sent, what counts as delivered, who gets one, and what nobody gets to read."""

import base64
import hashlib
import hmac
import json
import signal
import socket
import threading
import urllib.parse

import pytest

from lib import forward, images, proxy, run
from lib.services import Service
from lib.step import Step

TOKEN = "1234567890:AAnot-a-real-token-of-any-bot"
KEY = "0f9d2c51-not-a-real-key-of-any-robot"
SIGNING = "SECnot-a-real-secret-to-sign-with"

# What each service answers to a message that it takes, and to one that it does not although it answers 200.
OK = {"telegram": {"ok": True, "result": {"message_id": 1}}, "slack": b"ok", "dingtalk": {"errcode": 0, "errmsg": "ok"},
      "feishu": {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"},
      "wecom": {"errcode": 0, "errmsg": "ok"}, "webhook": b"", "heartbeat": b"OK"}
REFUSED = {"telegram": {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"},
           "dingtalk": {"errcode": 310000, "errmsg": "keywords not in content"},
           "feishu": {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"},
           "wecom": {"errcode": 93000, "errmsg": "invalid webhook url"}}
PATHS = {"slack": f"/services/T0/B0/{KEY}", "dingtalk": f"/robot/send?access_token={KEY}", "feishu": f"/open-apis/bot/v2/hook/{KEY}",
         "wecom": f"/cgi-bin/webhook/send?key={KEY}", "webhook": f"/hooks/{KEY}", "heartbeat": f"/ping/{KEY}"}
KINDS = ("telegram", *PATHS)
TEXTS = tuple(kind for kind in KINDS if kind not in ("webhook", "heartbeat"))


@pytest.fixture
def services(request):
    """services(kind, script) starts a service of that kind for this test only."""
    started = []

    def start(kind, script=(), **more):
        made = Service((200, {}, OK[kind]), script, **more)
        made.__enter__()
        made.name = kind
        started.append(made)
        return made

    request.node.scripted = started
    yield start
    for each in started:
        each.__exit__()


class Way:
    """Runs between two registries in memory: the image v1 is there, others are not."""

    def __init__(self, runner, here, there):
        self.runner, self.here, self.there = runner, here, there
        here.push(images.image("notify"), "app", "v1")
        for secret in (TOKEN, KEY, SIGNING):
            runner.secret(secret)

    def rules(self, *tags):
        return {f"{self.here.host}/app:{tag}": f"{self.there.host}/app" for tag in tags or ("v1",)}

    def sync(self, *flags, tags=("v1",), env=None, rules=None):
        flags = ["--retries", "0", "--debug", *flags]
        return self.runner.sync(rules or self.rules(*tags), run.insecure(self.here, self.there), flags, env=env)


@pytest.fixture
def way(runner, here, there):
    return Way(runner, here, there)


def target(kind, service, more=""):
    """The value of --notify, and the variables it refers to."""
    if kind == "telegram":
        return f"telegram=${{WHERE}},chat=-1001234567890,api={service.url('')}{more}", {"WHERE": TOKEN}
    return f"{kind}=${{WHERE}}{more}", {"WHERE": service.url(PATHS[kind])}


def notify(way, kind, service, *flags, more="", tags=("v1",)):
    value, env = target(kind, service, more)
    return way.sync("--notify", value, *flags, tags=tags, env=env)


def text_of(kind, sent):
    document = sent.json
    return {"telegram": lambda: document["text"], "slack": lambda: document["text"], "feishu": lambda: document["content"]["text"],
            "dingtalk": lambda: document["text"]["content"], "wecom": lambda: document["text"]["content"]}[kind]()


# --- what is sent -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", TEXTS)
def test_failures_come_first(way, services, kind):
    service = services(kind)
    result = notify(way, kind, service, tags=("v1", "gone"))
    assert result.code == 1 and result.report["copied"] == 1
    sent, = service.sent
    assert sent.method == "POST" and sent.headers["Content-Type"].startswith("application/json")
    lines = text_of(kind, sent).strip("`\n").splitlines()
    assert lines[0] == "image-syncer: partial" and lines[1].startswith("2 images: 1 copied, 0 in sync, 1 failed")
    assert [line[0] for line in lines[3:]] == ["x", "+"] and "app:gone" in lines[3]
    assert sent.path == (f"/bot{TOKEN}/sendMessage" if kind == "telegram" else PATHS[kind])


def test_telegram(way, services):
    service = services("telegram")
    assert notify(way, "telegram", service, tags=("gone",)).code == 1
    document = service.sent[0].json
    assert set(document) == {"chat_id", "text", "parse_mode"}
    assert document["chat_id"] == "-1001234567890" and document["parse_mode"] == "MarkdownV2"
    assert document["text"].startswith("```\nimage-syncer: failure\n") and document["text"].endswith("\n```")


def test_telegram_in_parts(way, services):
    service = services("telegram")
    tags = [f"gone-{number:03}" for number in range(150)]
    result = notify(way, "telegram", service, tags=tags)
    assert result.code == 1 and result.report["failed"] == len(tags)
    texts = [each.json["text"] for each in service.sent]
    assert len(texts) == 4
    for number, text in enumerate(texts, 1):
        assert text.startswith(f"```\npart {number} of 4\n") and text.endswith("\n```")
        assert len(text.encode("utf-16-le")) // 2 <= 4096 + 8
    assert " more lines; the report has them: " + way.runner.report_path in texts[-1]
    assert "app:gone-000 " in texts[0] and not any("more lines" in text for text in texts[:-1])


def test_slack_escapes(way, services):
    service = services("slack")
    result = notify(way, "slack", service, more=",title=<night> & day", tags=("gone",))
    assert result.code == 1
    document = service.sent[0].json
    assert document["text"].startswith("&lt;night&gt; &amp; day: failure\n") and document["mrkdwn"] is False


def test_dingtalk_signs(way, services):
    service = services("dingtalk")
    value, env = target("dingtalk", service, ",secret=${SIGNING}")
    assert way.sync("--notify", value, tags=("gone",), env={**env, "SIGNING": SIGNING}).code == 1
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(service.sent[0].path).query)
    stamp, = query["timestamp"]
    assert len(stamp) == 13 and query["access_token"] == [KEY]
    wanted = hmac.new(SIGNING.encode(), f"{stamp}\n{SIGNING}".encode(), hashlib.sha256).digest()
    assert query["sign"] == [base64.b64encode(wanted).decode()]


def test_feishu_signs(way, services):
    service = services("feishu")
    value, env = target("feishu", service, ",secret=${SIGNING}")
    assert way.sync("--notify", value, tags=("gone",), env={**env, "SIGNING": SIGNING}).code == 1
    document = service.sent[0].json
    wanted = hmac.new(f"{document['timestamp']}\n{SIGNING}".encode(), b"", hashlib.sha256).digest()
    assert len(document["timestamp"]) == 10 and document["sign"] == base64.b64encode(wanted).decode()


@pytest.mark.parametrize("kind,limit", [("wecom", 2048), ("dingtalk", 19000), ("feishu", 19000)])
def test_long_messages_are_cut(way, services, kind, limit):
    service = services(kind)
    tags = [f"gone-{number:03}" for number in range(200)]
    assert notify(way, kind, service, tags=tags).code == 1
    text = text_of(kind, service.sent[0])
    assert limit - 700 < len(text.encode()) <= limit and len(service.sent[0].body) < 20000
    assert text.splitlines()[-1].startswith("... and ") and way.runner.report_path in text


@pytest.mark.parametrize("kind", ("dingtalk", "feishu"))
def test_quotes_that_a_registry_sends_count(way, services, kind):
    """Each of them takes two bytes of the request, which has its limit: what would be refused nobody gets to read."""
    service = services(kind)
    said = json.dumps({"errors": [{"code": "DENIED", "message": '"\\' * 200}]}).encode()
    way.here.hook = lambda request: (403, {}, said) if request.kind == "manifest" else None
    assert notify(way, kind, service, tags=[f"gone-{number:03}" for number in range(150)]).code == 1
    sent, = service.sent
    assert text_of(kind, sent).count('"') > 2000 and 17000 < len(sent.body) < 20000


def test_the_webhook_gets_the_report(way, services):
    service = services("webhook")
    value, env = target("webhook", service, ",secret=${SIGNING},on=always")
    for copied in (1, 0):
        result = way.sync("--notify", value, env={**env, "SIGNING": SIGNING})
        sent = service.sent[-1]
        assert sent.json == result.report and result.report["copied"] == copied
        assert sent.headers["X-Image-Syncer-Signature"] == "sha256=" + hmac.new(SIGNING.encode(), sent.body, hashlib.sha256).hexdigest()
    assert result.report["images"][0]["status"] == "skipped"


def test_the_webhook_gets_all_images_without_a_report(way, services, runner):
    service = services("webhook")
    value, env = target("webhook", service, ",on=always")
    for _ in range(2):
        arguments = runner.arguments(way.rules(), run.insecure(way.here, way.there), ["--notify", value], report=False)
        assert runner.run(arguments, env=env).code == 0
    first, second = (each.json for each in service.sent)
    assert [each["status"] for each in first["images"] + second["images"]] == ["copied", "skipped"]
    assert "X-Image-Syncer-Signature" not in service.sent[0].headers


# --- who gets one -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("when,counts", [(None, [0, 0, 1]), ("failure", [0, 0, 1]), ("change", [1, 0, 1]), ("always", [1, 1, 1])])
def test_when(way, services, when, counts):
    service = services("slack")
    flags = ["--notify-on", when] if when else []
    for tag, count in zip(("v1", "v1", "gone"), counts):
        before = len(service.sent)
        notify(way, "slack", service, *flags, tags=(tag,))
        assert len(service.sent) - before == count, tag


def test_a_target_has_its_own_when(way, services):
    first, second = services("slack"), services("wecom")
    result = way.sync("--notify", "slack=${A},on=always", "--notify", "wecom=${B}", "--notify-on", "change",
                      env={"A": first.url(PATHS["slack"]), "B": second.url(PATHS["wecom"])})
    assert (result.code, len(first.sent), len(second.sent)) == (0, 1, 1)
    way.sync("--notify", "slack=${A},on=always", "--notify", "wecom=${B}", "--notify-on", "change",
             env={"A": first.url(PATHS["slack"]), "B": second.url(PATHS["wecom"])})
    assert (len(first.sent), len(second.sent)) == (2, 1)


def test_a_dry_run_sends_only_always(way, services):
    failing, always, alive = services("slack"), services("slack"), services("heartbeat")
    result = way.sync("--dry-run", "--notify", "slack=${A},on=change", "--notify", "slack=${B},on=always", "--notify", "heartbeat=${C}",
                      env={"A": failing.url(PATHS["slack"]), "B": always.url(PATHS["slack"]), "C": alive.url(PATHS["heartbeat"])})
    assert (result.code, failing.sent, alive.sent) == (0, [], [])
    assert "dry run, nothing was written" in always.sent[0].json["text"]


def test_the_heartbeat_follows_good_runs_only(way, services):
    service = services("heartbeat")
    assert notify(way, "heartbeat", service, tags=("gone",)).code == 1
    assert service.sent == []
    assert notify(way, "heartbeat", service).code == 0 and notify(way, "heartbeat", service).code == 0
    assert [(each.method, each.path, each.body) for each in service.sent] == [("GET", PATHS["heartbeat"], b"")] * 2


def test_paths_are_not_logged(way, services):
    service = services("heartbeat")
    result = way.sync("--notify", "heartbeat=${WHERE}", env={"WHERE": service.url("/p1ng?q1=a")})
    assert result.code == 0 and service.sent[0].path == "/p1ng?q1=a"
    assert f"GET http://{service.host}/***: 200" in result.stderr
    assert "p1ng" not in result.stderr and "q1=a" not in result.stderr


def test_a_file_that_cannot_be_written_is_a_failure(way, services):
    service = services("slack")
    value, env = target("slack", service)

    result = way.sync("--notify", value, "--output-success-images", "/dev/full", env=env)
    assert result.code == 1
    assert service.sent[0].json["text"].startswith("image-syncer: failure, a file of the report could not be written\n")


# --- where targets are written ----------------------------------------------------------------------------------------------------

def test_in_the_rules(way, services):
    slack, telegram, webhook = services("slack"), services("telegram"), services("webhook")
    way.runner.write("token", TOKEN + "\n")
    way.runner.write("where", webhook.url(PATHS["webhook"]) + "\n")
    rules = "".join(f"{source}: {destination}\n" for source, destination in way.rules().items())
    text = f"""
notify:
  - slack: ${{SLACK}}
    on: always
    title: nightly mirror
  - telegram: file:token
    chat: -1001234567890
    api: {telegram.url("/")}
    on: change
  - webhook=file:where,on=always
{rules}"""
    result = way.sync(rules=text, env={"SLACK": slack.url(PATHS["slack"])})
    assert result.code == 0 and result.report["total"] == 1
    assert slack.sent[0].json["text"].startswith("nightly mirror: success\n")
    assert telegram.sent[0].path == f"/bot{TOKEN}/sendMessage" and webhook.sent[0].json == result.report


def test_in_the_file_of_old_releases(way, services, runner):
    service = services("slack")
    path = runner.write("config.json", {"auth": run.insecure(way.here, way.there), "images": way.rules(),
                                        "notify": [{"slack": "${WHERE}", "on": "always"}]})
    result = runner.run([runner.binary, "--config", path], env={"WHERE": service.url(PATHS["slack"])})
    assert result.code == 0 and len(service.sent) == 1


def test_in_the_file_of_kymas_tool(way, services, runner):
    service = services("slack")
    path = runner.write("kyma.yaml", f"""
targetRepoPrefix: {way.there.host}/
images:
  - source: {way.here.host}/app:v1
notify:
  slack: ${{WHERE}}
  on: always
""")
    auth = runner.write("auth.yaml", run.insecure(way.here, way.there))
    result = runner.run([runner.binary, "--images", path, "--auth", auth], env={"WHERE": service.url(PATHS["slack"])})
    assert result.code == 0 and len(service.sent) == 1, result.stderr


def test_with_a_rule_on_the_command_line(way, services, runner):
    service = services("slack")
    (source, destination), = way.rules().items()
    auth = runner.write("auth.yaml", run.insecure(way.here, way.there))
    result = runner.run([runner.binary, "--auth", auth, "--notify", "slack=${WHERE}", "--notify-on", "change", source, destination],
                        env={"WHERE": service.url(PATHS["slack"])})
    assert result.code == 0 and len(service.sent) == 1


def test_a_secret_in_the_arguments_is_worth_a_warning(way, services):
    service = services("slack")
    result = way.sync("--notify", "slack=" + service.url(PATHS["slack"]), tags=("gone",))
    assert result.code == 1 and len(service.sent) == 1
    assert "other users can see the command line" in result.stderr


def test_mistakes_send_nothing(way, services):
    service = services("slack")
    value, env = target("slack", service)
    result = way.sync("--notify", value, "--notify", "slack", "--notify-on", "never", env=env)
    assert result.code == 2 and service.sent == [] and way.here.seen() == []


# --- what is delivered ------------------------------------------------------------------------------------------------------------

def outcome(result, service, delivered):
    """The exit status is that of the run; a message that was not delivered is a warning."""
    assert ("not delivered" in result.stderr) is not delivered, result.stderr
    assert ("has the message" in result.stderr) is delivered
    return len(service.sent)


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_with_200(way, services, kind):
    service = services(kind, [(200, {}, REFUSED[kind])])
    result = notify(way, kind, service, "--notify-on", "always")
    assert result.code == 0 and outcome(result, service, False) == 1
    said = REFUSED[kind].get("description") or REFUSED[kind].get("errmsg") or REFUSED[kind]["msg"]
    assert said in result.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_refused_by_status(way, services, kind):
    service = services(kind, [(404, {}, b"no_service")])
    result = notify(way, kind, service, *([] if kind == "heartbeat" else ["--notify-on", "always"]))
    assert result.code == 0 and outcome(result, service, False) == 1
    assert "HTTP 404" in result.stderr


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", (500, 503))
def test_trouble_passes(way, services, kind, status):
    service = services(kind, [(status, {}, b"")])
    result = notify(way, kind, service, *([] if kind == "heartbeat" else ["--notify-on", "always"]))
    assert result.code == 0 and outcome(result, service, True) == 2
    assert service.sent[0].body == service.sent[1].body


@pytest.mark.parametrize("kind,answer", [
    ("telegram", (429, {}, {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 1}})),
    ("slack", (429, {"Retry-After": "1"}, b"")), ("webhook", (429, {"Retry-After": "1"}, b"")),
    ("wecom", (200, {}, {"errcode": -1, "errmsg": "system busy"})), ("dingtalk", (200, {}, {"errcode": -1, "errmsg": "system busy"})),
    ("feishu", (200, {}, {"code": 11232, "msg": "frequency limited"}))])
def test_a_pause_is_made(way, services, kind, answer):
    service = services(kind, [answer])
    result = notify(way, kind, service, "--notify-on", "always")
    assert result.code == 0 and outcome(result, service, True) == 2


def test_a_pause_that_is_too_long(way, services):
    answer = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 3600}}
    service = services("telegram", [(429, {}, answer)])
    result = notify(way, "telegram", service, "--notify-on", "always")
    assert result.code == 0 and outcome(result, service, False) == 1


def test_trouble_that_stays(way, services):
    service = services("slack")
    service.usual = (500, {}, b"")
    result = notify(way, "slack", service, "--notify-on", "always")
    assert result.code == 0 and outcome(result, service, False) == 4


@pytest.mark.long
@pytest.mark.parametrize("seconds,delivered", [(12, True), (45, False)])
def test_thirty_seconds_are_enough(way, services, seconds, delivered):
    over = threading.Event()
    service = services("slack", [lambda: over.wait(seconds) or (200, {}, b"ok")])
    try:
        result = notify(way, "slack", service, "--notify-on", "always")
        assert result.code == 0 and outcome(result, service, delivered) == 1
    finally:
        over.set()


def test_something_else_answers(way, services):
    service = services("wecom", [(200, {}, b"<html><title>Sign in</title></html>")])
    result = notify(way, "wecom", service, "--notify-on", "always")
    assert result.code == 0 and outcome(result, service, False) == 1


def test_redirects_are_not_followed(way, services):
    other = services("slack")
    service = services("slack", [(302, {"Location": other.url("/elsewhere")}, b"")])
    result = notify(way, "slack", service, "--notify-on", "always")
    assert result.code == 0 and outcome(result, service, False) == 1 and other.sent == []


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize("flags,code", [([], 0), (["--notify-required"], 1)])
def test_nobody_listens(way, flags, code):
    env = {"WHERE": f"http://127.0.0.1:{unused_port()}/services/{KEY}"}
    result = way.sync("--notify", "slack=${WHERE}", "--notify-on", "always", *flags, env=env)
    assert result.code == code and "not delivered" in result.stderr and result.report["copied"] == 1


def test_one_of_two_is_required(way, services):
    service = services("slack")
    service.usual = (403, {}, b"")
    env = {"WHERE": service.url(PATHS["slack"])}
    assert way.sync("--notify", "slack=${WHERE},on=always", env=env).code == 0
    assert way.sync("--notify", "slack=${WHERE},on=always,required=true", env=env).code == 1
    assert way.sync("--notify", "slack=${WHERE},on=always,required=true", tags=("gone",), env=env).code == 1


@pytest.mark.concurrency
def test_targets_do_not_wait_for_each_other(way, services):
    done = threading.Event()
    slow = services("slack", [lambda: done.wait(60) and (200, {}, b"ok")])
    quick = services("wecom", [lambda: done.set() or (200, {}, OK["wecom"])])
    env = {"A": slow.url(PATHS["slack"]), "B": quick.url(PATHS["wecom"])}
    result = way.sync("--notify", "slack=${A},on=always", "--notify", "wecom=${B},on=always", env=env)
    assert result.code == 0 and len(slow.sent) == len(quick.sent) == 1


# --- ways there -------------------------------------------------------------------------------------------------------------------

def test_https(way, services, certs):
    service = services("slack", context=certs.server_context())
    value, env = target("slack", service)
    flags = ("--notify", value, "--notify-on", "always")
    result = way.sync(*flags, env={**env, "SSL_CERT_FILE": certs.ca})
    assert result.code == 0 and len(service.sent) == 1, result.stderr
    result = way.sync(*flags, env=env)
    assert result.code == 0 and len(service.sent) == 1 and "not delivered" in result.stderr


def test_through_a_proxy(way, services, certs):
    certs.server("hooks", "ca", "DNS:hooks.test")
    service = services("slack", context=certs.server_context("hooks"))
    through = forward.ForwardProxy({"hooks.test:443": service.port})
    try:
        result = way.sync("--notify", "slack=${WHERE}", "--notify-on", "always",
                          env={"WHERE": f"https://hooks.test{PATHS['slack']}", **through.environment(), "SSL_CERT_FILE": certs.ca})
    finally:
        through.stop()
    assert result.code == 0 and [each.path for each in service.sent] == [PATHS["slack"]], result.stderr
    assert through.targets == ["hooks.test:443"]


# --- runs that are stopped --------------------------------------------------------------------------------------------------------

@pytest.fixture
def stuck(way):
    """A registry that answers no more once an image is asked for."""
    over = threading.Event()
    way.here.hook = lambda request: over.wait(60) and None
    yield way
    over.set()


def begin(way, service, *flags):
    value, env = target("slack", service)
    arguments = way.runner.arguments(way.rules(), run.insecure(way.here, way.there), ["--notify", value, "--retries", "0", *flags])
    return way.runner.start(arguments, env)


@pytest.mark.concurrency
def test_a_run_that_is_stopped_tells(stuck, services):
    service = services("slack", [(503, {}, b"")])
    result = stuck.runner.stop(begin(stuck, service), stuck.here.seen, "a request")
    assert result.code == 143 and result.report["result"] == "cancelled"
    assert len(service.sent) == 2 and service.sent[0].json["text"].startswith("image-syncer: stopped by SIGTERM\n")


@pytest.mark.concurrency
def test_a_run_that_is_late_tells(stuck, services):
    service = services("slack")
    result = stuck.runner.finish(begin(stuck, service, "--timeout", "2s"))
    assert result.code == 1
    assert service.sent[0].json["text"].startswith("image-syncer: stopped by the time limit\n")


@pytest.mark.concurrency
def test_a_stopped_run_does_not_wait_for_ever(stuck, services):
    over = threading.Event()
    service = services("slack", [lambda: over.wait(60) and (200, {}, b"ok")])
    try:
        result = stuck.runner.stop(begin(stuck, service), stuck.here.seen, "a request")
    finally:
        over.set()
    assert result.code == 143 and result.report["result"] == "cancelled" and "not delivered" in result.stderr


def test_a_second_signal_gives_up(stuck, services):
    over = threading.Event()
    service = services("slack", [lambda: over.wait(60) and (200, {}, b"ok")])
    process = begin(stuck, service)
    try:
        proxy.until(stuck.here.seen, seconds=60, what="a request")
        process.send_signal(signal.SIGTERM)
        proxy.until(lambda: service.sent, seconds=60, what="a message")
        process.send_signal(signal.SIGINT)
        assert stuck.runner.finish(process).code == 130
    finally:
        over.set()
        if process.poll() is None:
            process.kill()
            process.communicate()


# --- a step of an Action ----------------------------------------------------------------------------------------------------------

def test_inputs(way, services, runner):
    slack, wecom = services("slack"), services("wecom")
    step = Step(runner)
    inputs = {"images": json.dumps(way.rules(), indent=1), "auth": run.to_yaml(run.insecure(way.here, way.there)), "retries": "0"}
    wecom.usual = (200, {}, REFUSED["wecom"])
    inputs["notify"] = f"\n slack={slack.url(PATHS['slack'])},title=a, b\n\nwecom=${{WECOM}}\n"
    inputs["notify-on"] = "change"
    env = {"WECOM": wecom.url(PATHS["wecom"])}
    assert step.run(inputs, env).code == 0
    assert slack.sent[0].json["text"].startswith("a, b: success\n") and len(wecom.sent) == 1
    way.there.tags.clear()
    ended = step.run({**inputs, "notify-required": "true"}, env)
    assert ended.code == 1 and len(slack.sent) == 2
