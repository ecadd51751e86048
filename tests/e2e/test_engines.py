"""What each engine of TLS reaches: registries that demand TLS 1.3, FIPS, kinds of certificates, and that we identify ourselves."""

import os
import subprocess

import pytest

from lib import images, need, run
from lib.registry import Registry

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
    ("pss", "RSA-PSS and Ed25519 in the image whose tag ends in -openssl"),
))
def test_a_registry_that_demands_what_is_modern(sync, certs, dst, at_target, repo, what, words):
    with registry_that(what, certs) as source:
        client = images.Client(source)
        picture = client.push(images.image(repo), repo, "v1")
        authority = certs.chain("pss CA") if what == "pss" else certs.ca
        result = sync({f"{source.host}/{repo}:v1": f"{dst.host}/{repo}"}, {source.host: {"ca": authority}, **run.insecure(dst)})
    if OPENSSL:
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
