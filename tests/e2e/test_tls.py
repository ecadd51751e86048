"""https with a private CA, `insecure: true`, and what is said when neither fits."""

import pytest

from lib import forward, images, run
from lib.registry import Registry


@pytest.fixture(scope="module", params=("server", "rsa"), ids=("ecdsa", "rsa"))
def secure(request, certs):
    """A registry over https, its certificate signed by the private CA."""
    with Registry("secure", certs=certs, cert=request.param) as started:
        yield started


@pytest.fixture
def inside(secure):
    client = images.Client(secure)
    yield client
    client.close()


@pytest.mark.parametrize("name", ("127.0.0.1", "localhost"))
def test_a_private_ca_is_trusted_through_ssl_cert_file(sync, secure, inside, certs, repo, name):
    picture = inside.push(images.multi(repo, platforms=2), repo, "v1")
    host = f"{name}:{secure.port}"
    result = sync({f"{host}/{repo}:v1": f"{host}/{repo}/copy"}, env={"SSL_CERT_FILE": certs.ca})
    assert result.code == 0
    assert inside.closure(f"{repo}/copy", "v1") == images.expected(picture)


def test_https_source_to_http_target(sync, secure, inside, dst, at_target, certs, repo):
    picture = inside.push(images.image(repo), repo, "v1")
    result = sync({f"{secure.host}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(dst), env={"SSL_CERT_FILE": certs.ca})
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_http_source_to_https_target(sync, secure, inside, src, from_source, certs, repo):
    picture = from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{src.host}/{repo}:v1": f"{secure.host}/{repo}"}, run.insecure(src), env={"SSL_CERT_FILE": certs.ca})
    assert result.code == 0
    assert inside.closure(repo, "v1") == images.expected(picture)


def test_an_unknown_ca_is_refused(sync, secure, inside, dst, at_target, repo):
    inside.push(images.image(repo), repo, "v1")
    result = sync({f"{secure.host}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(dst))
    assert result.code == 1
    image = result.image(f"{dst.host}/{repo}:v1")
    assert image["status"] == "failed" and "certificate" in image["error"]["message"]
    assert "certificate" in result.stderr
    assert at_target.tags(repo) == []


def test_insecure_skips_the_verification(sync, secure, inside, dst, at_target, repo):
    picture = inside.push(images.image(repo), repo, "v1")
    result = sync({f"{secure.host}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(secure, dst))
    assert result.code == 0
    assert at_target.closure(repo, "v1") == images.expected(picture)


def test_insecure_is_per_registry(sync, secure, inside, registries, certs, repo):
    other = registries("other", certs=certs)
    inside.push(images.image(repo), repo, "v1")
    result = sync({f"{secure.host}/{repo}:v1": f"{other.host}/{repo}"}, run.insecure(secure))
    assert result.code == 1
    assert "certificate" in result.image(f"{other.host}/{repo}:v1")["error"]["message"]
    assert other.repositories() == []


def test_a_certificate_for_another_name_is_refused(sync, registries, certs, dst, at_target, repo):
    wrong = registries("wrong", certs=certs, cert="other")
    images.Client(wrong).push(images.image(repo), repo, "v1")
    for name in ("127.0.0.1", "localhost"):
        result = sync({f"{name}:{wrong.port}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(dst), env={"SSL_CERT_FILE": certs.ca})
        assert result.code == 1
        assert "certificate" in result.image(f"{dst.host}/{repo}:v1")["error"]["message"]
    assert at_target.tags(repo) == []


def test_an_expired_certificate_is_told_as_such(sync, registries, certs, dst, at_target, repo):
    old = registries("old", certs=certs, cert="expired")
    images.Client(old).push(images.image(repo), repo, "v1")
    result = sync({f"{old.host}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(dst), env={"SSL_CERT_FILE": certs.ca})
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert (result.code, error["kind"], at_target.tags(repo)) == (1, "tls", [])
    assert "expired" in error["message"] and "local clock" in error["message"] and old.host in error["message"]


@pytest.mark.parametrize("name, extension, reason", (
    ("Mail CA", "extendedKeyUsage=emailProtection", "extendedKeyUsage lacks serverAuth"),
    ("Elsewhere CA", "nameConstraints=permitted;DNS:example.org", "nameConstraints"),
), ids=("purpose", "names"))
def test_an_authority_for_other_things_vouches_for_no_registry(sync, registries, certs, dst, at_target, repo, name, extension, reason):
    certs.authority(name, extension, signer="ca")
    certs.server(f"by {name}", name)
    server = registries(name.split()[0].lower(), certs=certs, cert=f"by {name}")
    images.Client(server).push(images.image(repo), repo, "v1")
    host = f"localhost:{server.port}"
    result = sync({f"{host}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(dst), env={"SSL_CERT_FILE": certs.ca})
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert (result.code, error["kind"], at_target.tags(repo)) == (1, "tls", [])
    assert f"{name}, an authority above the certificate of localhost" in error["message"] and reason in error["message"]


@pytest.mark.parametrize("permitted, code", (("IP:127.0.0.1/255.255.255.255", 0), ("IP:10.0.0.0/255.0.0.0", 1)), ids=("within", "without"))
def test_what_a_trusted_root_says_about_itself_holds(sync, registries, certs, dst, at_target, repo, permitted, code):
    root = certs.authority(f"root {code}", f"nameConstraints=critical,permitted;{permitted}")
    certs.server(f"server {code}", f"root {code}", "IP:127.0.0.1")
    server = registries(f"limited-{code}", certs=certs, cert=f"server {code}")
    images.Client(server).push(images.image(repo), repo, "v1")
    result = sync({f"{server.host}/{repo}:v1": f"{dst.host}/{repo}"}, {server.host: {"ca": root}, **run.insecure(dst)})
    assert result.code == code
    assert at_target.tags(repo) == ([] if code else ["v1"])
    assert ("nameConstraints" in result.stderr) == bool(code)


def test_an_authority_that_cannot_be_used_is_named(sync, secure, inside, dst, at_target, certs, repo, tmp_path):
    weak = certs.authority("Weak CA", key=["-newkey", "rsa:1024"])
    both = tmp_path / "both.pem"
    both.write_bytes(open(weak, "rb").read() + open(certs.ca, "rb").read())
    inside.push(images.image(repo), repo, "v1")
    rules = {f"{secure.host}/{repo}:v1": f"{dst.host}/{repo}"}
    result = sync(rules, {secure.host: {"ca": str(both)}, **run.insecure(dst)})
    assert (result.code, at_target.tags(repo)) == (0, ["v1"])
    assert result.stderr.count("1 of 2 CA certificates cannot be used: number 1 (Weak CA) has an RSA key below 2048 bits") == 1
    result = sync(rules, {secure.host: {"ca": weak}, **run.insecure(dst)})
    assert result.code == 1
    assert "number 1 (Weak CA) has an RSA key below 2048 bits" in result.image(f"{dst.host}/{repo}:v1")["error"]["message"]


def test_a_self_signed_certificate_is_trusted_for_itself_alone(sync, registries, certs, dst, at_target, repo):
    certs.alone("alone")
    certs.server("below", "alone")
    for name, code in (("below", 1), ("alone", 0)):
        server = registries(name, certs=certs, cert=name)
        images.Client(server).push(images.image(repo), repo, "v1")
        result = sync({f"{server.host}/{repo}:v1": f"{dst.host}/{repo}"}, {server.host: {"ca": certs.chain("alone")}, **run.insecure(dst)})
        assert result.code == code
        assert at_target.tags(repo) == ([] if code else ["v1"])


def elsewhere(server):
    """An address of this machine that is none of loopback, though what listens there hears it."""
    return server.host.replace("127.0.0.1", "0.0.0.0")


def test_plain_http_needs_insecure(sync, src, dst, from_source, at_target, repo):
    from_source.push(images.image(repo), repo, "v1")
    result = sync({f"{elsewhere(src)}/{repo}:v1": f"{elsewhere(dst)}/{repo}"})
    assert result.code == 1
    assert "insecure" in result.image(f"{elsewhere(dst)}/{repo}:v1")["error"]["message"], "the message names the way out"
    assert src.seen() == [] and dst.seen() == [], "nothing goes over plain http"
    assert at_target.tags(repo) == []


def test_credentials_do_not_cross_plain_http_unasked(runner, registries, proxies, repo):
    locked = registries("locked", users={"robot": "right-word-7"})
    front = proxies(locked)
    password = runner.secret("right-word-7")
    result = runner.sync({f"{elsewhere(front)}/{repo}:v1": f"{elsewhere(front)}/{repo}:v2"},
                         {elsewhere(front): {"username": "robot", "password": password}})
    assert result.code == 1
    assert front.seen() == []


@pytest.mark.parametrize("name", ("127.0.0.1", "localhost"))
def test_plain_http_on_this_machine_needs_nothing(runner, registries, proxies, from_source, src, repo, name):
    locked = registries(f"open-{name}", users={"robot": "right-word-7"})
    front = proxies(locked)
    host = front.host.replace("127.0.0.1", name)
    from_source.push(images.image(repo), repo, "v1")
    password = runner.secret("right-word-7")
    result = runner.sync({f"{src.host.replace('127.0.0.1', name)}/{repo}:v1": f"{host}/{repo}"},
                         {host: {"username": "robot", "password": password}})
    assert result.code == 0 and front.writes()


def test_a_proxy_of_its_own_hears_no_plain_http(sync, src, dst, from_source, repo):
    from_source.push(images.image(repo), repo, "v1")
    relay = forward.ForwardProxy()
    try:
        result = sync({f"{src.host}/{repo}:v1": f"{dst.host}/{repo}"}, {dst.host: {"proxy": relay.url()}})
    finally:
        relay.stop()
    assert result.code == 1
    assert relay.targets and dst.seen() == []
