"""A private certificate authority and the server certificates it signed, made by the openssl program."""

import os
import shutil
import ssl
import subprocess
import tempfile

from . import need

_EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
_AUTHORITY = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
_SERVERS = {
    # name: (key arguments, subject alternative names, who signs)
    "server": (_EC, "DNS:localhost,IP:127.0.0.1", "ca"),
    "rsa": (["-newkey", "rsa:2048"], "DNS:localhost,IP:127.0.0.1", "ca"),
    "world": (_EC, "DNS:index.docker.io,DNS:registry-1.docker.io,DNS:gcr.io,DNS:k8s.gcr.io,DNS:registry.k8s.io,DNS:quay.io,IP:127.0.0.1", "ca"),
    "other": (_EC, "DNS:registry.test,IP:127.0.0.2", "ca"),
}


def _openssl(*arguments):
    done = subprocess.run([need.program("openssl"), *arguments], capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.decode(errors='replace')}")
    return done.stdout


class Certs:
    """Lives in its own directory: `ca` is the file to trust, `key(name)` and `chain(name)` are a server's."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="e2e-certs-")
        self.ca = self._file("ca.pem")
        self.authority("ca", title="end-to-end test CA")
        for name, (key, names, signer) in _SERVERS.items():
            self._server(name, key, names, signer)
        self._expired("expired")

    def _file(self, name):
        return os.path.join(self.home, name)

    def authority(self, name, *extensions, title=None, key=None, signer=None, sign=()):
        """One more authority, by itself or by another one; its certificate is the file that is returned."""
        by = ("-CA", self._file(f"{signer}.pem"), "-CAkey", self._file(f"{signer}.key")) if signer else ()
        _openssl("req", "-x509", "-nodes", *(key or _EC), "-keyout", self._file(f"{name}.key"), "-out", self._file(f"{name}.pem"),
                 "-days", "30", "-subj", f"/CN={title or name}", *by, *sign,
                 *(argument for each in (*_AUTHORITY, *extensions) for argument in ("-addext", each)))
        return self._file(f"{name}.pem")

    def server(self, name, signer, names="DNS:localhost,IP:127.0.0.1", key=None, sign=(), purpose="serverAuth"):
        """The certificate of one more server, or client; the authority's is sent along."""
        self._server(name, key or _EC, names, signer, sign, purpose)
        with open(self._file(f"{signer}.pem"), encoding="ascii") as above, open(self.chain(name), "a", encoding="ascii") as chain:
            chain.write(above.read())

    def alone(self, name, names="DNS:localhost,IP:127.0.0.1"):
        """A self-signed certificate that is no authority."""
        _openssl("req", "-x509", "-nodes", *_EC, "-keyout", self.key(name), "-out", self.chain(name), "-days", "30",
                 "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:FALSE", "-addext", f"subjectAltName={names}")

    def _server(self, name, key, names, signer, sign=(), purpose="serverAuth"):
        request, extensions = self._file(f"{name}.csr"), self._file(f"{name}.ext")
        _openssl("req", "-nodes", *key, "-keyout", self.key(name), "-out", request, "-subj", f"/CN=end-to-end test {name}")
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n"
                       f"keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage={purpose}\n"
                       "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        _openssl("x509", "-req", "-in", request, "-CA", self._file(f"{signer}.pem"), "-CAkey", self._file(f"{signer}.key"),
                 "-CAcreateserial", "-days", "30", "-sha256", "-extfile", extensions, "-out", self.chain(name), *sign)

    def _expired(self, name):
        """One of 2020, for the key of "server": of openssl's programs it is "ca" that takes dates in every release."""
        settings = self._file("ca.cnf")
        with open(settings, "w", encoding="ascii") as file:
            file.write(f"[ca]\ndefault_ca=here\n[here]\nnew_certs_dir={self.home}\ndatabase={self._file('ca.index')}\nserial={self._file('ca.srl')}\n"
                       "default_md=sha256\nunique_subject=no\npolicy=any\n[any]\ncommonName=supplied\n")
        with open(self._file("ca.index"), "w", encoding="ascii"):
            pass
        _openssl("ca", "-batch", "-notext", "-config", settings, "-cert", self.ca, "-keyfile", self._file("ca.key"),
                 "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-extfile", self._file("server.ext"),
                 "-in", self._file("server.csr"), "-out", self.chain(name))
        shutil.copy(self.key(), self.key(name))

    def key(self, name="server"):
        return self._file(f"{name}.key")

    def chain(self, name="server"):
        return self._file(f"{name}.pem")

    def server_context(self, name="server"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain(name), self.key(name))
        return context

    def client_context(self):
        context = ssl.create_default_context(cafile=self.ca)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    def remove(self):
        shutil.rmtree(self.home, ignore_errors=True)


class SigningKey:
    """An RSA key with a self-signed certificate, for tokens. Signing is modular powers on the key's own numbers (RFC 8017, 5.1.2)."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="e2e-tokens-")
        self.certificate = os.path.join(self.home, "token.pem")
        key = os.path.join(self.home, "token.key")
        _openssl("req", "-x509", "-nodes", "-newkey", "rsa:2048", "-keyout", key, "-out", self.certificate,
                 "-days", "30", "-subj", "/CN=end-to-end test tokens")
        numbers = _integers(_openssl("rsa", "-in", key, "-traditional", "-outform", "DER"))
        self.modulus, self._primes, self._inverse = numbers[1], tuple(zip(numbers[4:6], numbers[6:8])), numbers[8]
        with open(self.certificate, encoding="ascii") as file:
            self.x5c = "".join(line.strip() for line in file if not line.startswith("-"))

    def sign(self, digest):
        """RSASSA-PKCS1-v1_5 over a SHA-256 digest (RFC 8017, 8.2)."""
        size = (self.modulus.bit_length() + 7) // 8
        info = bytes.fromhex("3031300d060960864801650304020105000420") + digest
        block = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
        number = int.from_bytes(block, "big")
        (p, _), (q, _) = self._primes
        first, second = (pow(number, exponent, prime) for prime, exponent in self._primes)
        return (second + (first - second) * self._inverse % p * q).to_bytes(size, "big")

    def remove(self):
        shutil.rmtree(self.home, ignore_errors=True)


def _integers(der):
    """The INTEGERs of one DER SEQUENCE."""
    def item(at):
        length, at = der[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(der[at:at + count], "big"), at + count
        return at, at + length

    numbers, (at, end) = [], item(0)
    while at < end:
        start, stop = item(at)
        numbers.append(int.from_bytes(der[start:stop], "big"))
        at = stop
    return numbers
