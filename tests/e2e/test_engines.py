"""What each engine of TLS reaches: registries that demand TLS 1.3, FIPS, kinds of certificates, and that we identify ourselves."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading

import pytest

from lib import images, need, proxy, run
from lib.registry import Registry, free_port

OPENSSL = run.ENGINE == "openssl"
PSS = ("-sigopt", "rsa_padding_mode:pss")


def registry_that(what, certs):
    """A real registry with this demand."""
    if what == "fips":
        newer = need.installed("registries", "registry") or pytest.skip("needs distribution 3: run tests/e2e/install-registries.sh")
        return Registry(what, certs=certs, cert="rsa", program=newer, environment={"GODEBUG": "fips140=on"})
    if what == "pss":
        certs.authority("pss CA", key=["-newkey", "rsa:2048"], sign=PSS)
        certs.server("by pss", "pss CA", sign=PSS)
        return Registry(what, certs=certs, cert="by pss")
    if what == "ed25519":
        certs.server("edwards", "ca", key=["-newkey", "ed25519"])
        return Registry(what, certs=certs, cert="edwards")
    return Registry(what, certs=certs, demands={"minimumtls": "tls1.3"})


@pytest.mark.parametrize("what, words", (
    ("1.3", "127.0.0.1 offers only TLS 1.3 (use the image whose tag ends in -openssl"),
    ("fips", "extended master secret, as servers in FIPS mode do: use the image whose tag ends in -openssl"),
    ("ed25519", "for RSA-PSS and Ed25519 use the image whose tag ends in -openssl"),
    ("pss", None),
))
def test_a_registry_that_demands_what_is_modern(sync, certs, dst, at_target, repo, what, words):
    with registry_that(what, certs) as source:
        client = images.Client(source)
        picture = client.push(images.image(repo), repo, "v1")
        authority = certs.chain("pss CA") if what == "pss" else certs.ca
        result = sync({f"{source.host}/{repo}:v1": f"{dst.host}/{repo}"}, {source.host: {"ca": authority}, **run.insecure(dst)})
    if OPENSSL or not words:
        assert result.code == 0 and result.stderr.count("refused") == 0
        assert at_target.closure(repo, "v1") == images.expected(picture)
        return
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert (result.code, error["kind"], at_target.tags(repo)) == (1, "tls", [])
    assert words in error["message"]


@pytest.fixture(scope="module")
def strict(certs):
    """A registry that only talks to whom its authority has given a certificate."""
    authority = certs.authority("client CA")
    certs.server("me", "client CA", purpose="clientAuth")
    certs.alone("stranger")
    for name in ("me", "stranger"):
        os.chmod(certs.key(name), 0o600)
    with Registry("strict", certs=certs, demands={"clientcas": [authority]}, caller="me") as started:
        yield started


@pytest.mark.parametrize("who, words", ((None, "127.0.0.1 requires a client certificate"), ("stranger", "or refuses the one it was given")))
def test_who_has_no_certificate_is_told_so(sync, strict, certs, dst, at_target, repo, who, words):
    if who and not OPENSSL:
        pytest.skip("BearSSL takes no client certificates")
    mine = {"certificate": certs.chain(who), "key": certs.key(who)} if who else {}
    result = sync({f"{strict.host}/{repo}:v1": f"{dst.host}/{repo}"}, {strict.host: {"ca": certs.ca, **mine}, **run.insecure(dst)})
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert (result.code, error["kind"], at_target.tags(repo)) == (1, "tls", [])
    assert words in error["message"]
    assert ("certificate and key of this registry" if OPENSSL else "-openssl") in error["message"]


@contextlib.contextmanager
def nginx(certs, source, *directives, env=None):
    """nginx with TLS and these directives before the registry; its port."""
    folder, own = tempfile.mkdtemp(), free_port()
    paths = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(f"{folder}/nginx.conf", "w", encoding="ascii") as file:
        file.write(f"daemon off; pid {folder}/pid; events {{}} http {{ access_log off; {paths} server {{ listen 127.0.0.1:{own} ssl; "
                   f"ssl_certificate {certs.chain()}; ssl_certificate_key {certs.key()}; {' '.join(directives)} "
                   f"location / {{ proxy_pass http://{source.host}; proxy_set_header Host $http_host; }} }} }}")
    process = subprocess.Popen([need.program("nginx"), "-p", folder, "-e", "stderr", "-c", f"{folder}/nginx.conf"], env={**os.environ, **(env or {})})

    def up():
        assert process.poll() is None
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", own)) == 0
    try:
        proxy.until(up, seconds=60, what="a connection to nginx")
        yield own
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def approved(tmp_path_factory):
    """The environment of a program whose OpenSSL is in FIPS mode: its provider computes, and demands the extended master secret."""
    openssl, folder = need.program("openssl"), tmp_path_factory.mktemp("fips")
    said = subprocess.run([openssl, "version", "-m"], check=True, capture_output=True, text=True).stdout
    modules = os.environ.get("OPENSSL_MODULES") or re.search('"(.*)"', said).group(1)
    if not os.path.exists(f"{modules}/fips.so"):
        pytest.skip("needs OpenSSL's FIPS provider, which Debian has since release 13 (openssl-provider-fips)")
    subprocess.run([openssl, "fipsinstall", "-module", f"{modules}/fips.so", "-out", folder / "module.cnf"], check=True, capture_output=True)
    (folder / "openssl.cnf").write_text(
        "openssl_conf = init\n[init]\nproviders = providers\nalg_section = algorithms\n[algorithms]\ndefault_properties = fips=yes\n"
        "[providers]\nfips = fips_sect\nbase = base\n[base]\nactivate = 1\n"
        f"{(folder / 'module.cnf').read_text()}tls1-prf-ems-check = 1\n")
    return {"OPENSSL_CONF": str(folder / "openssl.cnf"), "OPENSSL_MODULES": modules}


@pytest.mark.parametrize("versions", ("TLSv1.2", "TLSv1.2 TLSv1.3"))
def test_a_server_with_openssls_fips_provider(sync, certs, source, approved, src, dst, at_target, repo, versions):
    picture = images.Client(src).push(images.image(repo), repo, "v1")
    with nginx(certs, source, f"ssl_protocols {versions};", env=approved) as port:
        host = f"127.0.0.1:{port}"
        result = sync({f"{host}/{repo}:v1": f"{dst.host}/{repo}"}, {host: {"ca": certs.ca}, **run.insecure(dst)})
    if OPENSSL:
        assert result.code == 0 and at_target.closure(repo, "v1") == images.expected(picture)
        return
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert (result.code, error["kind"], at_target.tags(repo)) == (1, "tls", [])
    assert "extended master secret, as servers in FIPS mode do: use the image whose tag ends in -openssl" in error["message"]


@pytest.fixture
def restless(certs):
    """A server of TLS 1.2 that answers the first request by another handshake; its port."""
    own = free_port()
    with subprocess.Popen([need.program("openssl"), "s_server", "-accept", f"127.0.0.1:{own}", "-tls1_2", "-cert", certs.chain(), "-key", certs.key()],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        def talk():
            for line in process.stdout:
                if line.startswith((b"GET /", b"HEAD /")):
                    process.stdin.write(b"r\n")        # renegotiate
                    process.stdin.flush()
        for line in process.stdout:
            if line == b"ACCEPT\n":
                break
        reader = threading.Thread(target=talk)
        reader.start()
        yield own
        process.kill()
        reader.join()


def test_renegotiation_is_refused(sync, restless, certs, dst, at_target, repo):
    host = f"127.0.0.1:{restless}"
    result = sync({f"{host}/{repo}:v1": f"{dst.host}/{repo}"}, {host: {"ca": certs.ca}, **run.insecure(dst)})
    error = result.image(f"{dst.host}/{repo}:v1")["error"]
    assert (result.code, error["kind"], at_target.tags(repo)) == (1, "tls", [])
    assert "127.0.0.1 demands another handshake on an open connection (renegotiation is not supported" in error["message"]


@pytest.fixture(scope="module")
def polite(certs, source, strict):
    """nginx that asks for a certificate, and refuses by a page of HTTP whoever has none; its port. strict: it makes the certificates."""
    del strict
    callers = certs.chain("client CA")
    with nginx(certs, source, f"ssl_verify_client on; ssl_client_certificate '{callers}';") as port:
        yield port


@pytest.mark.parametrize("who, page", ((None, "400 No required SSL certificate was sent"), ("stranger", "400 The SSL certificate error")))
def test_a_page_about_our_certificate_is_explained(sync, polite, certs, dst, at_target, repo, who, page):
    if who and not OPENSSL:
        pytest.skip("BearSSL takes no client certificates")
    mine = {"certificate": certs.chain(who), "key": certs.key(who)} if who else {}
    host = f"127.0.0.1:{polite}"
    result = sync({f"{host}/{repo}": {"to": f"{dst.host}/{repo}", "tags": ["v1", "v2"]}},
                  {host: {"ca": certs.ca, **mine}, **run.insecure(dst)})
    for tag in ("v1", "v2"):
        error = result.image(f"{dst.host}/{repo}:{tag}")["error"]
        assert (result.code, error["kind"], at_target.tags(repo)) == (1, "tls", [])
        assert f'HTTP 400 (page "{page}"): 127.0.0.1 requires a client certificate' in error["message"]
        assert "name yours as certificate and key of this registry" in error["message"]
        assert OPENSSL or "-openssl" in error["message"]


@pytest.mark.skipif(not OPENSSL, reason="BearSSL takes no client certificates")
def test_a_proxy_that_demands_a_certificate_gets_it(sync, polite, certs, src, dst, at_target, repo):
    picture, host = images.Client(src).push(images.image(repo), repo, "v1"), f"127.0.0.1:{polite}"
    result = sync({f"{host}/{repo}:v1": f"{dst.host}/{repo}"},
                  {host: {"ca": certs.ca, "certificate": certs.chain("me"), "key": certs.key("me")}, **run.insecure(dst)})
    assert result.code == 0 and at_target.closure(repo, "v1") == images.expected(picture)


@pytest.mark.parametrize("place", ("auth file", "certs.d"))
def test_a_client_certificate_opens_the_registry(sync, strict, certs, dst, at_target, repo, tmp_path, place):
    picture = images.Client(strict).push(images.image(repo), repo, "v1")
    entry, env = {"ca": certs.ca}, {}
    if place == "certs.d":
        folder = tmp_path / "containers" / "certs.d" / strict.host
        folder.mkdir(parents=True)
        for kind, path in (("cert", certs.chain("me")), ("key", certs.key("me"))):
            os.symlink(path, folder / f"client.{kind}")
        env = {"XDG_CONFIG_HOME": str(tmp_path)}
    else:
        entry |= {"certificate": certs.chain("me"), "key": certs.key("me")}
    result = sync({f"{strict.host}/{repo}:v1": f"{dst.host}/{repo}"}, {strict.host: entry, **run.insecure(dst)}, env=env)
    if OPENSSL:
        assert result.code == 0
        assert at_target.closure(repo, "v1") == images.expected(picture)
    else:
        assert result.code == (1 if place == "certs.d" else 2) and at_target.tags(repo) == []
        assert "client certificates are not supported: use the image whose tag ends in -openssl" in result.stderr


@pytest.mark.skipif(not OPENSSL, reason="BearSSL takes no client certificates")
def test_what_is_wrong_with_a_certificate_is_known_before_the_first_request(sync, strict, certs, dst, repo, tmp_path):
    os.chmod(certs.key("me"), 0o644)
    locked = tmp_path / "locked.key"
    subprocess.run([need.program("openssl"), "pkey", "-in", certs.key("me"), "-aes256", "-passout", "pass:word", "-out", locked], check=True)
    for certificate, key, words in (
        (certs.chain("me"), certs.key("stranger"), "does not belong to"),
        (certs.chain("me"), str(locked), "has a passphrase"),
        (certs.key("me"), certs.key("me"), "has no certificate in PEM"),
        (certs.chain("me"), certs.chain("me"), "has no private key in PEM"),
        (certs.chain("me"), str(tmp_path / "gone"), "cannot read"),
        (certs.chain("me"), certs.key("me"), "others can read this private key: chmod 600"),
    ):
        result = sync({f"{strict.host}/{repo}:v1": f"{dst.host}/{repo}"},
                      {strict.host: {"ca": certs.ca, "certificate": certificate, "key": key}, **run.insecure(dst)})
        assert words in result.stderr and result.code == (1 if "others can" in words else 2)
    os.chmod(certs.key("me"), 0o600)
