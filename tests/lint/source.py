"""What the lint scripts share: the C files of the tree, their text without comments and strings, and how to report."""

import glob
import re
import sys

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


def finish(problems):
    """Print the problems; the exit status tells whether there were any."""
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
