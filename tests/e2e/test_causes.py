"""What several images have in common is said once, and what a stop leaves of the reasons."""

import re

from lib import images, run


def test_a_wrong_password_is_one_cause(sync, src, from_source, registries, repo):
    for number in range(12):
        from_source.push(images.image(repo), repo, f"v{number}")
    closed = registries("closed", users={"robot": "not-a-real-one"})
    auth = {**run.insecure(src), closed.host: {"username": "robot", "password": "not-the-real-one", "insecure": True}}
    result = sync({f"{src.host}/{repo}": f"{closed.host}/team/{repo}"}, auth)
    text = result.stderr[result.stderr.index("failed images:"):]
    assert result.code == 1 and result.report["failed"] == 12
    assert re.search(rf"^  x 12 images: {re.escape(closed.host)} refused the user name or password of \S+:\d+:\d+: HTTP 401", text, re.M), text
    assert text.count("refused the user name") == 1 and "      and 2 more\n" in text and "12 images failed" in text


def test_plain_http_is_named_with_the_line_to_add(sync, src, from_source, dst, repo):
    for number in range(3):
        from_source.push(images.image(repo), repo, f"v{number}")
    host = dst.host.replace("127.0.0.1", "0.0.0.0")         # no loopback address by its name, where plain http comes by itself
    result = sync({f"{src.host}/{repo}": f"{host}/{repo}"}, run.insecure(src))
    text = result.stderr[result.stderr.index("failed images:"):]
    assert f"write into the file of --auth: {host}: {{insecure: true}}" in text
    assert "  x 3 images: " in text and text.count("insecure: true") == 1


def test_an_own_authority_is_named_with_the_line_to_add(sync, registries, certs, dst, repo):
    secure = registries("secure-cause", certs=certs)
    images.Client(secure).push(images.image(repo), repo, "v1")
    result = sync({f"{secure.host}/{repo}:v1": f"{dst.host}/{repo}"}, run.insecure(dst))
    message = result.image(f"{dst.host}/{repo}:v1")["error"]["message"]
    assert "not signed by a trusted authority" in message and f"{secure.host}: {{ca: FILE}}" in message
