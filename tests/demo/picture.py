#!/usr/bin/python3
"""picture.py BINARY FILE: one run between two local registries in a pseudo terminal, drawn as a moving SVG.

Each frame is what the terminal showed at one moment of the run, colours included; nothing is drawn by hand. Viewers that do not want
movement see the last frame.
"""

import contextlib
import fcntl
import html
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from lib import images, need, registry, term  # noqa: E402

COLUMNS, ROWS = 96, 18
SECONDS = 90                   # a run that takes longer has failed
INTERVAL = 0.3                 # between two frames
LAST = 4.0                     # how long the last frame stays
PORTS = (5001, 5002)           # taken where they are free: short names are easier to read
WIDTH, HEIGHT, LEFT, TOP = 8.43, 19, 16, 44
COMMAND = ["image-syncer", "--auth", "auth.yaml", "--images", "images.yaml", "--limit-rate", "6M"]
COLOURS = {"31": "#f47067", "32": "#6bc46d", "33": "#daaa3f", "34": "#6cb6ff", "35": "#dcbdfb", "36": "#56d4dd"}
DIM, BOLD, PLAIN = "#768390", "#ffffff", "#cdd9e5"


class Coloured(term.Screen):
    """The screen of the tests, which also remembers the attributes of each cell."""

    def __init__(self, data, columns):
        self.cells, self._style = {}, ()
        super().__init__(data, columns)

    def _sequence(self, text, letter):
        if letter == "m":
            for number in (text or "0").split(";"):
                self._style = () if number in ("", "0") else (*self._style, number)
        super()._sequence(text, letter)

    def _put(self, character):
        super()._put(character)
        self.cells[self.row, self.column - 1] = self._style

    def runs(self, row):
        """(column, text, style) of each piece of a row that has one style."""
        text, begin = self.rows[row], 0
        for column in range(1, len(text) + 1):
            if column == len(text) or self.cells.get((row, column)) != self.cells.get((row, begin)):
                if text[begin:column].strip():
                    yield begin, text[begin:column], self.cells.get((row, begin), ())
                begin = column


def fill(source, target):
    """Everything is in the source; the target has one image already, and an older one of another."""
    base = images.layer("base", 6_000_000)
    pictures = {
        "team/app": {"1.4.0": images.multi("app", platforms=2, layers=3, size=4_000_000)},
        "team/web": {tag: images.image(f"web/{tag}", parts=[base, images.layer(f"web/{tag}", 3_000_000)])
                     for tag in ("2.0.0", "2.1.0", "2.1.1", "2.2.0")},
        "team/tools": {"v1": images.image("tools", parts=[base, images.layer("tools", 900_000)])},
    }
    with contextlib.closing(images.Client(source)) as client:
        for repo, tags in pictures.items():
            for tag, picture in tags.items():
                client.push(picture, repo, tag)
    with contextlib.closing(images.Client(target)) as client:
        client.push(pictures["team/web"]["2.1.0"], "mirror/web", "2.1.0")
        client.push(images.image("tools/old"), "mirror/tools", "stable")


def write_files(home, source, target):
    here, there = (f"localhost:{each.port}" for each in (source, target))
    files = {
        "auth.yaml": f"{here}: {{insecure: true}}\n{there}: {{insecure: true}}\n",
        "images.yaml": (f"{here}/team/app:1.4.0: {there}/mirror/app\n"
                        f"{here}/team/web: {{to: {there}/mirror/web, semver: '>=2', latest: 3}}\n"
                        f"{here}/team/tools:v1: {there}/mirror/tools:stable\n"),
    }
    for name, text in files.items():
        with open(os.path.join(home, name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(os.path.join(home, name), 0o600)


def run(binary, home):
    """[(seconds since the start, all that was written by then)]"""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    env = {"HOME": home, "PATH": os.environ["PATH"], "TERM": "xterm-256color"}
    start, seen, frames = time.monotonic(), b"", []
    with subprocess.Popen([binary, *COMMAND[1:]], cwd=home, env=env, stdin=terminal, stdout=terminal, stderr=terminal,
                          start_new_session=True) as process:
        os.close(terminal)
        watch = signal.signal(signal.SIGALRM, lambda *_: process.kill())
        signal.alarm(SECONDS)
        with contextlib.suppress(OSError):       # EIO: nobody has the other end any more
            while more := os.read(main, 65536):
                seen += more
                frames.append((time.monotonic() - start, seen))
        signal.alarm(0)
        signal.signal(signal.SIGALRM, watch)
    os.close(main)
    if process.returncode != 0:
        raise RuntimeError(f"image-syncer ended with {process.returncode}: {seen.decode(errors='replace')}")
    return frames


def thinned(frames):
    """One frame for each interval, and the last: [(seconds it is shown, screen)]"""
    chosen, due = [], 0.0
    for number, (when, seen) in enumerate(frames):
        if when >= due or number == len(frames) - 1:
            chosen.append((when, Coloured(seen, COLUMNS)))
            due = when + INTERVAL
    ends = [when for when, _ in chosen[1:]] + [chosen[-1][0] + LAST]
    return [(end - begin, screen) for (begin, screen), end in zip(chosen, ends)]


def paint(style):
    colour = next((COLOURS[code] for code in style if code in COLOURS), DIM if "2" in style else BOLD if "1" in style else PLAIN)
    return f' fill="{colour}"' + (' font-weight="bold"' if "1" in style else "")


def text_at(column, line, text, more=""):
    return (f'<text x="{LEFT + column * WIDTH:.1f}" y="{TOP + line * HEIGHT}" textLength="{len(text) * WIDTH:.1f}"'
            f' xml:space="preserve"{more}>{html.escape(text)}</text>')


def rows_of(screen, rows):
    """Like a terminal, a picture shows the last rows."""
    first = max(0, len(screen.lines()) - rows)
    for row in range(first, len(screen.lines())):
        for column, text, style in screen.runs(row):
            text = text.rstrip()
            yield text_at(column, row - first + 1, text, paint(style))


def draw(frames):
    rows = min(ROWS, max(len(screen.lines()) for _, screen in frames))
    width, height = 2 * LEFT + COLUMNS * WIDTH, TOP + (rows + 1) * HEIGHT
    total = sum(shown for shown, _ in frames)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}"'
           ' font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="14">', "<style>"]
    begin = 0.0
    for number, (shown, _) in enumerate(frames):
        on, off = 100 * begin / total, 100 * (begin + shown) / total
        hidden = "" if on == 0 else f"0%,{on - 0.001:.3f}%{{visibility:hidden}}"
        over = "" if number == len(frames) - 1 else f"{off:.3f}%,100%{{visibility:hidden}}"
        out.append(f"@keyframes f{number}{{{hidden}{on:.3f}%,{off - 0.001:.3f}%{{visibility:visible}}{over}}}"
                   f"#f{number}{{visibility:hidden;animation:f{number} {total:.2f}s step-end infinite}}")
        begin += shown
    last = len(frames) - 1
    out += [f"@media (prefers-reduced-motion: reduce){{g{{animation:none!important}}#f{last}{{visibility:visible}}}}", "</style>",
            f'<rect width="100%" height="100%" rx="8" fill="#22272e"/>',
            *(f'<circle cx="{LEFT + 6 + 20 * n}" cy="18" r="6" fill="#444c56"/>' for n in range(3)),
            text_at(0, 0, "$ " + " ".join(COMMAND), f' fill="{BOLD}"')]
    for number, (_, screen) in enumerate(frames):
        out += [f'<g id="f{number}">', *rows_of(screen, rows), "</g>"]
    return "\n".join([*out, "</svg>"]) + "\n"


def free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def main():
    if len(sys.argv) != 3:
        print("usage: picture.py BINARY FILE", file=sys.stderr)
        return 2
    binary, path = map(os.path.abspath, sys.argv[1:])
    ports, any_port = [port for port in PORTS if free(port)], registry.free_port
    registry.free_port = lambda: ports.pop(0) if ports else any_port()
    home = tempfile.mkdtemp(prefix="picture-")
    try:
        with registry.Registry("picture-source") as source, registry.Registry("picture-target") as target:
            fill(source, target)
            write_files(home, source, target)
            drawn = draw(thinned(run(binary, home)))
    except need.Missing as problem:
        print(f"picture: {problem}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(home, ignore_errors=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
