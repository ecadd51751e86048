"""What the pages in docs/ show can be copied: links lead somewhere, files of a server are taken, the commands of a job send what they should."""

import glob
import http.server
import os
import re
import subprocess
import threading
import urllib.parse

import pytest
import yaml

from lib import need

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PAGES = [os.path.relpath(path, ROOT) for path in sorted(glob.glob(f"{ROOT}/docs/**/*.md", recursive=True) + glob.glob(f"{ROOT}/README*.md"))]
PAIRS = ["README.md", *(name for name in PAGES if re.fullmatch(r"docs/[\w-]+\.md", name))]


def chinese(name):
    return "README-zh_CN.md" if name == "README.md" else name.replace("docs/", "docs/zh/")


def text(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def blocks(name):
    """(language, content) of each block of code."""
    return re.findall(r"^ *```(\w+)\n(.*?)^ *```$", text(name), re.M | re.S)


def anchors(name):
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ +(.*?) *$", re.sub(r"^```.*?^```", "", text(name), flags=re.M | re.S), re.M)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\((?!https?:)([^)\s]*)\)", re.sub(r"^```.*?^```", "", text(name), flags=re.M | re.S)):
        path, _, anchor = target.partition("#")
        there = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
        assert os.path.exists(os.path.join(ROOT, there)), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("name", PAIRS)
def test_both_languages_show_the_same(name):
    def plain(content):
        return re.sub(r"#.*", "", content).replace("Asia/Shanghai", "Europe/Berlin").split()
    here, there = ([(language, plain(content)) for language, content in blocks(page)] for page in (name, chinese(name)))
    assert here == there


def servers():
    for name in PAIRS:
        for number, (language, content) in enumerate(blocks(name)):
            if language == "yaml" and re.search(r"^(app|registry|events):", content, re.M):
                yield pytest.param(content, id=f"{name} {number}")


@pytest.mark.parametrize("content", servers())
def test_the_file_of_a_server(tmp_path, content):
    """The program has no mistake to tell but one that is made on purpose, so it ends."""
    (tmp_path / "sync.yaml").write_text(content)
    (tmp_path / "images.yaml").write_text("a.example.com/b: c.example.com/b")
    names = {name: f"not-a-real-{name.lower()}" for name in re.findall(r"\$\{(\w+)\}", content)}
    done = subprocess.run([need.binary(), "serve", "-c", "sync.yaml", "--images", "images.yaml", "--every", "0s"], cwd=tmp_path,
                          env={"PATH": "", "HOME": str(tmp_path), **names}, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2 and "--every 0s: expected" in done.stderr and "sync.yaml" not in done.stderr, done.stderr


def files_of_a_sync():
    """Those that say their name, and all rules of the page about rules."""
    for name in PAGES:
        for number, (language, content) in enumerate(blocks(name)):
            kind = re.match(r"# (images|auth)\.yaml\n", content)
            if language == "yaml" and (kind or os.path.basename(name) == "rules.md"):
                yield pytest.param(kind.group(1) if kind else "images", content, id=f"{name} {number}")


@pytest.mark.parametrize("kind,content", files_of_a_sync())
def test_the_files_of_a_sync(tmp_path, kind, content):
    """They are read without a mistake; the one that is made on purpose ends the program before any request."""
    files = {"images": "a.example.com/b: c.example.com/b", "auth": "{}"} | {kind: content}
    for name, held in files.items():
        (tmp_path / f"{name}.yaml").write_text(held)
    for name in re.findall(r"list: (\S+\.txt)", content):
        (tmp_path / name).write_text("nginx:1.28\n")
    names = {name: f"not-a-real-{name.lower()}" for name in re.findall(r"\$\{(\w+)\}", content)}
    done = subprocess.run([need.binary(), "--auth", "auth.yaml", "--images", "images.yaml", "--timeout", "x"], cwd=tmp_path,
                          env={"PATH": "", "HOME": str(tmp_path), **names}, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2 and "--timeout" in done.stderr and ".yaml:" not in done.stderr, done.stderr


def jobs():
    for name in PAIRS:
        for number, (language, content) in enumerate(blocks(name)):
            if "curl" not in content or "printf" not in content or "/images/sync/hook" not in content:
                continue
            if language == "yaml":
                document = yaml.safe_load(content)
                content = document[0]["run"] if isinstance(document, list) else "\n".join(document["tell-the-mirror"]["script"])
            elif language == "groovy":
                content = re.search(r"'''(.*)'''", content, re.S).group(1).replace("\\\\", "\\")
            yield pytest.param(content, id=f"{name} {number}")


@pytest.mark.parametrize("script", jobs())
def test_the_command_of_a_job(tmp_path, script):
    """It sends login, name and tag; and curl's command line does not have the login."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):                                           # noqa: N802
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append((self.path, self.headers["Authorization"], urllib.parse.parse_qs(body)))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_):                                   # pylint: disable=arguments-differ
            pass

    curl = tmp_path / "curl"
    curl.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>{tmp_path}/arguments\nexec /usr/bin/env -i /usr/bin/curl "$@"\n')
    curl.chmod(0o755)
    token, image = "not-a-real-hook-token", "quay.io/team/app"
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOOK_TOKEN": token, "IMAGE": image, "CI_REGISTRY_IMAGE": image,
                       "TAG": "1.4.0", "CI_COMMIT_TAG": "1.4.0", "TAG_NAME": "1.4.0"}
        local = script.replace("https://sync.example.com", f"http://127.0.0.1:{server.server_port}")
        assert local != script
        done = subprocess.run(["sh", "-ec", local], env=environment, capture_output=True, text=True, check=False, timeout=120)
        server.shutdown()
    assert done.returncode == 0, done.stderr
    assert asked == [("/images/sync/hook", f"Bearer {token}", {"name": [image], "tag": ["1.4.0"]})]
    assert token not in (tmp_path / "arguments").read_text()
