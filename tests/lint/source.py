"""What the lint scripts share: the C files of the tree, their text without comments and strings, and how to report."""

import glob
import re
import sys
import tokenize

_TOKEN = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)


# A layer is a folder of src/; a room is a folder of a layer, and has none itself.
C = ("src/*.[ch]", "src/*/*.[ch]", "src/*/*/*.[ch]")


def files(*patterns):
    return sorted(path for pattern in patterns for path in glob.glob(pattern))


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def code(path):
    """The text with comments and the insides of literals blanked; lines and columns stay where they are."""
    def blank(match):
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] + " " * (len(found) - 2) + found[0]
        return re.sub(r"[^\n]", " ", found)
    return _TOKEN.sub(blank, text(path))


def literals(path):
    """The strings of a file in C: the line where each begins, and its text, joined with those that follow it at once."""
    found, joined = text(path), []
    for match in _TOKEN.finditer(found):
        if match.group(0)[0] != '"':
            continue
        if joined and not found[joined[-1][2]:match.start()].strip():
            joined[-1][1:] = [joined[-1][1] + match.group(0)[1:-1], match.end()]
        else:
            joined.append([match.start(), match.group(0)[1:-1], match.end()])
    for start, words, _ in joined:
        yield found.count("\n", 0, start) + 1, words


def comments(path):
    """The comments of a file in C, Go, Python, shell or make, and the docstrings: the line where each begins, and its text."""
    found = text(path)
    if path.endswith((".c", ".h", ".def", ".go")):
        for match in _TOKEN.finditer(found):
            if match.group(0)[0] == "/":
                yield found.count("\n", 0, match.start()) + 1, match.group(0)
    elif path.endswith(".py") or re.match(r"#!.*python", found):
        yield from _python_comments(path)
    else:
        for number, line in enumerate(found.splitlines(), 1):
            comment = re.search(r"(?:^|\s)#.*", line)
            if comment:
                yield number, comment.group(0)


def _python_comments(path):
    beginning = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
    before = tokenize.ENCODING
    with open(path, "rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and before in beginning):
                yield token.start[0], token.string
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                before = token.type


def finish(problems):
    """Print the problems; the exit status tells whether there were any."""
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
