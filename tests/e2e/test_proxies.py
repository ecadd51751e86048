"""Proxies of the environment: which requests go through them, and that their passwords stay where they are."""

import socket

import pytest

from lib import images, proxy, run
from test_login import forward  # noqa: F401  (a fixture)

ONCE = ["--retries", "0"]


def dead():
    """The address of a proxy nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return f"http://127.0.0.1:{one.getsockname()[1]}"


def variables(url, **more):
    return {"https_proxy": url, "http_proxy": url, **more}


@pytest.fixture
def near(registries, certs, repo):
    """An https registry with one image, for names that only a proxy knows."""
    held = registries("near", certs=certs)
    return held, images.Client(held).push(images.image(repo), repo, "v1")


def copy(runner, dst, repo, names, env, flags=ONCE):
    auth = {**run.insecure(dst), **{name: {"insecure": True} for name in names}}
    return runner.sync({f"{name}/{repo}:v1": f"{dst.host}/{repo}:{number}" for number, name in enumerate(names)}, auth, flags=flags, env=env)


def test_this_machine_is_reached_without(sync, src, dst, both, from_source, at_target, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, env=variables(dead()))
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_a_proxy_of_the_environment(runner, forward, near, dst, at_target, repo):  # noqa: F811
    held, picture = near
    word = "p@ss/w:rd #1%"
    for text in (word, "p%40ss%2Fw%3Ard%20%231%25"):
        runner.secret(text, "walker")
    way = forward({"near.test:443": held.port}, users={"walker": word})
    url = way.url("walker:p%40ss%2Fw%3Ard%20%231%25")
    result = copy(runner, dst, repo, ["near.test"], variables(url), flags=["--debug", *ONCE])
    assert result.code == 0
    assert at_target.closure(repo, "0") == images.expected(picture)
    assert set(way.targets) == {"near.test:443"} and not way.refused


@pytest.mark.parametrize("env", (
    lambda good, bad: {"https_proxy": good, "HTTPS_PROXY": bad}, lambda good, bad: {"https_proxy": "", "HTTPS_PROXY": good},
    lambda good, bad: {"ALL_PROXY": good}, lambda good, bad: {"all_proxy": good, "http_proxy": bad},
    lambda good, bad: {"HTTPS_PROXY": good.replace("http://", ""), "HTTP_PROXY": bad},
), ids=("lower-first", "empty", "all", "all-for-one", "no-scheme"))
def test_which_variable_counts(runner, forward, near, dst, at_target, repo, env):  # noqa: F811
    held, picture = near
    way = forward({"near.test:443": held.port})
    assert copy(runner, dst, repo, ["near.test"], env(way.url(), dead())).code == 0
    assert at_target.closure(repo, "0") == images.expected(picture)


def test_exceptions(runner, forward, near, dst, repo):  # noqa: F811
    """What is excepted is looked up by ourselves, and names of .test are none."""
    held, _ = near
    excepted = ("a.one.test", "one.test", "b.two.test", "port.test:8443", "10.11.12.13")
    proxied = ("onetest.test", "two.test", "port.test", "10.11.13.13")
    way = forward({f"{name if ':' in name else name + ':443'}": held.port for name in excepted + proxied})
    env = variables(way.url(), no_proxy="ONE.test., *.two.test,port.test:8443 ,10.11.12.0/24")
    result = copy(runner, dst, repo, [*proxied, *excepted[:4]], env)
    assert {name.rsplit(":", 1)[0] for name in way.targets} == set(proxied)
    statuses = result.statuses()
    assert [statuses[f"{dst.host}/{repo}:{n}"] for n in range(8)] == ["copied"] * 4 + ["failed"] * 4
    for n in range(4, 8):
        assert result.image(f"{dst.host}/{repo}:{n}")["error"]["kind"] == "unreachable"


@pytest.mark.parametrize("name", ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"))
@pytest.mark.parametrize("text", (
    "http://walker:{}@127.0.0.1:1/ ", "http://walker:{}@127.0.0.1:99999", "http://walker:{}#@127.0.0.1:1", "http://walker:{}?@127.0.0.1:1",
    "http://walker:{}/@127.0.0.1:1", "http://walker:{}@", "http://walker:{}@[::1", "http://walker:{}%@127.0.0.1:1", "gopher://walker:{}@h",
    "walker:{}@127.0.0.1:x", "http://walker:\x1f{}@h",
))
def test_a_proxy_that_cannot_be_read(runner, src, dst, both, from_source, repo, name, text):
    from_source.push(images.image(repo), repo, "v1")
    word = runner.secret("Canary-Word-7", "walker")
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--debug", "--log", "run.log"],
                         env={name: text.format(word)})
    assert result.code == 2 and result.report is None
    assert result.stderr.count(name) == 1
    assert src.seen() == [] and dst.seen() == []


@pytest.mark.parametrize("name", ("NO_PROXY", "no_proxy"))
def test_a_password_in_the_wrong_variable(runner, src, dst, both, from_source, repo, name):
    from_source.push(images.image(repo), repo, "v1")
    env = {name: f"http://walker:{runner.secret('Canary-Word-7', 'walker')}@proxy.test:3128", "https_proxy": dead(),
           "ALL_PROXY": f"nonsense:{runner.secret('Canary-Word-8')}@", "http_proxy": dead()}
    assert runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, both, flags=["--debug"], env=env).code == 0


def test_a_special_character_out_of_a_variable(runner, src, dst, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    auth = {**run.insecure(dst), src.host: {"insecure": True, "proxy": "http://walker:${PROXY_WORD}@127.0.0.1:1"}}
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth, flags=["--debug"],
                         env={"PROXY_WORD": runner.secret("Canary/Word-7", "walker")})
    assert result.code == 2
    assert "auth-1.yaml:" in result.stderr and "percent-encode" in result.stderr
    assert src.seen() == []


# -- what a server makes of a password ----------------------------------------------------------------------------------------

WORD = "Pa&ss<w>\"o'r/d +%\\\u00e4"
ECHOES = {
    "html": "Pa&amp;ss&lt;w&gt;&quot;o&#39;r/d +%\\\u00e4",
    "decimal": "Pa&#038;ss&#60;w&#62;&#34;o&#39;r&#47;d&#32;&#43;&#37;&#92;&#228;",
    "hexadecimal": "Pa&#x26;ss&#x3C;w&#x3e;&#x0022;o&#x27;r/d +%\\&auml;",
    "url": "Pa%26ss%3Cw%3E%22o%27r%2Fd%20%2B%25%5C%C3%A4",
    "lower": "Pa%26ss%3cw%3e%22o%27r%2fd%20%2b%25%5c%c3%a4",
    "form": "Pa%26ss%3Cw%3E%22o%27r%2Fd+%2B%25%5C%C3%A4",
    "twice": "Pa%2526ss%253Cw%253E%2522o%2527r%252Fd%2520%252B%2525%255C%25C3%25A4",
    "go": "Pa\\u0026ss\\u003cw\\u003e\\\"o'r/d +%\\\\\\u00e4",
    "capitals": "Pa\\u0026ss\\u003Cw\\u003E\\u0022o\\u0027r\\/d +%\\u005C\\u00E4",
}


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("kind", ("text", "json"))
def test_a_server_repeats_the_password(runner, src, dst, from_source, repo, echo, kind):
    """Nothing malicious: an error page that says what it did not like."""
    from_source.push(images.image(repo), repo, "v1")
    said = f"no such login {ECHOES[echo]}, sorry"
    body = said.encode() if kind == "text" else run.json.dumps({"errors": [{"code": "DENIED", "message": said}]}).encode()
    src.rule("*", "/manifests/", proxy.Status(403, body=body), times=None)
    auth = {**run.insecure(dst), src.host: {"username": "robot", "password": runner.secret(WORD), "insecure": True, "expandenv": False}}
    result = runner.sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, auth, flags=["--debug", "--log", "run.log", *ONCE])
    assert result.code == 1
    assert "no such login ***, sorry" in result.image(f"{dst.host}/{repo}:v1")["error"]["message"]
    assert "ss" not in result.stderr.replace("success", "").split("no such login", 1)[-1].split("sorry", 1)[0]
