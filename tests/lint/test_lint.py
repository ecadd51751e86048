"""Every lint rule can fail: each is run on a small tree that is good, then on one with exactly one fault."""

import os
import re
import shutil
import subprocess

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
GOOD_C = '/* Why. */\n#include "base/good.h"\n\nint good_one(void)\n{\n\treturn 1;\n}\n'
GOOD_H = "/* What. */\n#pragma once\n\nint good_one(void);\n"
ACTION = """inputs:
  auth:
    description: who may
outputs:
  result:
    value: ${{ steps.sync.outputs.result }}
runs:
  using: composite
  steps:
    - id: sync
      run: exec sh "$GITHUB_ACTION_PATH/entrypoint.sh"
      env:
        INPUT_AUTH: ${{ inputs.auth }}
"""
TABLES = """<!-- inputs -->
| `auth` | who may |

<!-- outputs -->
| `result` | how it went |
"""
FIELDS = '/* Why. */\nstatic const struct field fields[] = {\n\t{"to", FIELDS_TEXT, "where the images go"},\n};\n'
TOLD = "<!-- fields: rules -->\n| `to` | a destination |\n"
PIN = "a" * 40
WORKFLOW = f"""permissions: {{}}
jobs:
  one:
    steps:
      - uses: actions/checkout@{PIN} # v7.0.1
      - uses: ./
      - name: with a variable
        env:
          TITLE: ${{{{ github.event.issue.title }}}}
        run: |
          echo "$TITLE"
"""
LOCK = f"# The lock.\none 1.0-1 1.0\n\t{'0' * 64} one_1.0-1.dsc\n"
ADVISORIES = """# Known

Checked: 2026-11-28

## one 1.0-1

| advisory | what | here |
| --- | --- | --- |
| CVE-2026-1000 | a crash | patched: one.patch |
| commit 0123abc | a leak | not compiled: no such thing |
"""
HELP = "Usage: image-syncer\n  --auth FILE  who may\n"


@pytest.fixture
def tree(tmp_path):
    """A tree every rule accepts. Its Makefile does nothing: the objects of "names" are made by the tests."""
    files = {
        "Makefile": "lint-objects:\n\t$(CHECK)\nbuild/image-syncer:\n",
        "LICENSE": "",
        "src/base/good.c": GOOD_C, "src/base/good.h": GOOD_H,
        "tests/unit/base/test_good.c": "", "tests/e2e/test_good.py": "", "tests/README.md": "`test_good.py`",
        "tests/fuzz/corpus/url/a-dot": ".", "tests/fuzz/corpus/url/86f7e437faa5": "a",
        "src/net/curly.c": '/* Why. */\n#include <curl/curl.h>\n\n#include "base/good.h"\n',
        "src/config/rules/good.h": GOOD_H, "src/config/rules/images_fields.c": FIELDS, "src/registry/good.h": GOOD_H,
        "src/config/options/options.def": '/* All. */\nOPTION_GROUP("Files")\nOPTION_TEXT(auth, "auth", 0, "FILE", "who may")\n',
        "src/image-syncer.1": '.It Fl Fl auth Ar file\n.\\" fields: rules\n.It Cm to\n',
        "src/deps/build.sh": "echo 1.2.5\n",
        "src/deps/packages": LOCK, "src/deps/ADVISORIES.md": ADVISORIES, "src/deps/one.patch": "",
        "Dockerfile": f"ARG BASE=debian@sha256:{'0' * 64}\nFROM $BASE AS build\nFROM scratch\n",
        "build/image-syncer": f"#!/bin/sh\ncat <<'EOF'\n{HELP}EOF\n",
        "action.yml": ACTION, "entrypoint.sh": "#!/bin/sh\nset -eu\n",
        ".github/workflows/good.yml": WORKFLOW,
        ".clang-format": open(os.path.join(HERE, "..", "..", ".clang-format"), encoding="utf-8").read(),
    }
    for folder, readme in (("docs", "README.md"), ("docs/zh", "README-zh_CN.md")):
        files |= {readme: "# Good\n", f"{folder}/flags.md": "| `--auth FILE` | who may |\n", f"{folder}/action.md": TABLES, f"{folder}/rules.md": TOLD}
    for name, text in files.items():
        put(tmp_path, name, text)
    (tmp_path / "build/image-syncer").chmod(0o755)
    return tmp_path


def put(tree, name, text):
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def lint(rule, tree, **env):
    return subprocess.run([os.path.join(HERE, rule)], cwd=tree, env={**os.environ, "MAKEFLAGS": "", **env},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


@pytest.mark.parametrize("rule", ["layers", "tests", "headers", "sizes", "words", "types", "references", "format", "options", "fields", "tree", "action", "pages", "workflows", "shell"])
def test_a_good_tree_passes(rule, tree):
    done = lint(rule, tree)
    assert done.returncode == 0, done.stdout
    assert done.stdout == ""


LONG = "\n".join(["/* Why. */"] + ["int x;"] * 500) + "\n"
LONG_FUNCTION = "/* Why. */\nint f(void)\n{\n" + "\tf();\n" * 59 + "}\n"
FAULTS = [
    ("layers", "src/base/bad.c", '/* */\n#include "net/curly.h"\n', "not a file under src/"),
    ("layers", "src/base/bad.h", '/* */\n#include "net/../base/good.h"\n', "not the path of a file from src/ on"),
    ("layers", "src/net/bad.c", '/* */\n#include "config/rules/good.h"\n', "net/ may not include config/"),
    ("layers", "src/config/auth/bad.c", '/* */\n#include "config/rules/good.h"\n', "config/auth/ may not include config/rules/"),
    ("layers", "src/config/auth/bad.c", "/* */\n#include <yaml.h>\n", "belongs to doc/"),
    ("layers", "src/config/odd/bad.c", "/* */\n", "config/odd/ is not a room"),
    ("layers", "src/config/rules/odd/bad.c", "/* */\n", "config/rules/odd/ is not a room"),
    ("layers", "src/net/bad.c", '/* */\n#include "config/options/options.def"\n', "net/ may not include config/"),
    ("layers", "src/registry/bad.c", "/* */\n#include <curl/curl.h>\n", "belongs to net/"),
    ("layers", "src/copy/bad.c", "/* */\n#include <bearssl_ssl.h>\n", "belongs to net/bearssl/"),
    ("layers", "src/oci/bad.c", "/* */\n#include <yaml.h>\n", "belongs to doc/"),
    ("layers", "src/oci/bad.c", "/* */\n# include <cjson/cJSON.h>\n", "belongs to doc/"),
    ("layers", "src/net/bad.c", "/* */\n#include <microhttpd.h>\n", "belongs to serve/"),
    ("layers", "src/odd/bad.c", "/* */\n", "not a layer"),
    ("tests", "tests/unit/test_bad.c", "", "not in the folder of a layer"),
    ("tests", "tests/unit/odd/test_bad.c", "", "src/odd/ does not exist"),
    ("tests", "tests/unit/base/bad.c", "", "not a test_*.c"),
    ("tests", "tests/unit/base/test_base_bad.c", "", "base is in the name"),
    ("tests", "tests/e2e/test_bad.py", "", "test_bad.py: tests/README.md does not say"),
    ("tests", "tests/README.md", "`test_good.py` `test_gone.py`", "there is no test_gone.py"),
    ("tests", "tests/fuzz/corpus/url/da39a3ee5e6b", "x", "should be called 11f6ad8ec52a"),
    ("tests", "tests/fuzz/corpus/url/da39a3ee5e6b4b0d3255bfef95601890afd80709", "", "should be called da39a3ee5e6b"),
    ("tests", "tests/fuzz/corpus/url/empty", "a", "86f7e437faa5 and empty are the same"),
    ("headers", "src/base/bad.h", "#pragma once\n", "without a comment"),
    ("headers", "src/base/bad.h", "/* What. */\nint x;\n", "no #pragma once"),
    ("headers", "src/base/bad.c", "int x;\n", "without a comment"),
    ("headers", "src/config/rules/bad.c", "int x;\n", "without a comment"),
    ("sizes", "src/base/bad.c", LONG, "501 lines"),
    ("sizes", "src/config/rules/bad.c", LONG, "501 lines"),
    ("sizes", "src/base/bad.c", LONG_FUNCTION, "function of 61 lines"),
    ("sizes", "src/base/bad.c", "/* " + "x" * 98 + " */\n", "104 columns"),
    ("sizes", "tests/unit/base/test_bad.c", "\t" * 13 + "\n", "104 columns"),
    ("words", "src/base/bad.c", "int f(void)\n{\n\tgoto out;\n}\n", "goto"),
    ("words", "src/net/bad.c", "void f(void)\n{\n\tfree(0);\n}\n", "free is for base/"),
    ("words", "src/net/bad.h", "\tstrcpy (a, b);\n", "strcpy"),
    ("words", "src/config/rules/bad.c", "void f(void)\n{\n\tfree(0);\n}\n", "free is for base/"),
    ("words", "src/net/bad.c", '/* anew */\nconst char *x = "more than that belongs "\n\t"into a file";\n', 'bad.c:2: a message says "belongs into"'),
    ("words", "src/net/bad.c", 'const char *x = "%d tasks failed";\n', "images"),
    ("types", "src/net/bad.c", "/* Why. */\nstruct one {\n};\nenum one { X };\n", "bad.c:4: one is also defined at src/net/bad.c:2"),
    ("references", "src/base/bad.c", "/* Why:\n * see notes.md 4. */\n", "bad.c:1: there is no notes.md"),
    ("references", "src/base/bad.h", "int x; // docs/gone says it\n", "bad.h:1: there is no docs/gone"),
    ("references", "src/base/bad.h", "/* What: README section\n * \"Gone\". */\n", "README.md has no section Gone"),
    ("references", "tests/e2e/test_good.py", 'x = 1\n\n\ndef f():\n    """As gone.md has it."""\n', "test_good.py:5: there is no gone.md"),
    ("references", "tests/stages", "#!/bin/sh\ntrue # as gone.md has it\n", "stages:2: there is no gone.md"),
    ("references", "src/README.md", "`base/gone.c` has it", "src/README.md:1: there is no base/gone.c"),
    ("references", "src/README.md", "\n`gone.c` has it", "src/README.md:2: there is no gone.c"),
    ("references", "src/README.md", "`struct gone`", "there is no struct gone"),
    ("references", "src/README.md", "`gone()`", "there is no gone()"),
    ("layers", "src/copy/bad.c", '/* */\n#include "registry/good.h"\n', "copy/ may not include registry/"),
    ("format", "src/base/bad.c", "int  f(void) {return 1;}\n", "make format"),
    ("format", "src/config/rules/bad.c", "int  f(void) {return 1;}\n", "make format"),
    ("format", "tests/unit/base/test_bad.c", "    int x;\n", "make format"),
    ("options", "src/config/options/options.def", 'OPTION_SWITCH(other, "other-one", 0, "help")\n', "--other-one is missing"),
    ("options", "src/config/options/options.def", 'OPTION_LIST(more, "more-of", 0, "A,...", "help")\n', "--more-of is missing"),
    ("options", "src/config/options/options.def", "\n", "no option"),
    ("options", "src/image-syncer.1", ".It Fl Fl auth\n.It Fl Fl extra\n", "--extra is not in"),
    ("options", "src/config/serve/serve_options.def", 'SERVE_TEXT(every, "every", "TIME", "help")\n', "serve --help: --every is missing"),
    ("options", "docs/flags.md", "nothing `--auth`\n", "docs/flags.md: --auth is missing"),
    ("options", "docs/zh/flags.md", "| `--auth`, `--other` |\n", "docs/zh/flags.md: --other is not in"),
    ("fields", "src/config/rules/images_fields.c", FIELDS.replace('"to"', '"too"'), "docs/rules.md: the fields of rules lack too"),
    ("fields", "src/config/rules/images_fields.c", FIELDS.replace('"to"', '"too"'), "image-syncer.1: to is not a field of rules"),
    ("fields", "src/config/rules/images_fields.c", FIELDS.replace(', "where the images go"', ""), "the field to says nothing about itself"),
    ("fields", "src/config/rules/images_fields.c", FIELDS.replace('"to"', "TO"), "a row of a table of fields cannot be read"),
    ("fields", "src/config/rules/images_fields.c", "/* Why. */\n", "no table of fields found"),
    ("fields", "src/config/serve/server_file.c", FIELDS.replace('"to"', '"app"'), "docs/serve.md: the fields of serve lack app"),
    ("fields", "src/config/rules/new_fields.c", FIELDS, "new_fields.c: tests/lint/fields does not know where"),
    ("fields", "src/image-syncer.1", '.\\" fields: rules\nNothing.\n.Ss OTHER\n.It Cm to\n', "image-syncer.1: the fields of rules lack to"),
    ("fields", "docs/rules.md", TOLD.replace("`to`", "`to`, `two`"), "docs/rules.md: two is not a field of rules"),
    ("fields", "docs/rules.md", "<!-- fields: rules -->\nNothing.\n## Next\n`to`\n", "docs/rules.md: the fields of rules lack to"),
    ("fields", "docs/zh/rules.md", "nothing\n", "docs/zh/rules.md: the fields of rules lack to"),
    ("action", "action.yml", ACTION.replace("  auth:", "  auht:"), "the option --auth has no input"),
    ("action", "action.yml", ACTION.replace("  auth:", "  auth:\n  other:"), "the input other is no option"),
    ("action", "action.yml", ACTION.replace("inputs.auth", "inputs.auht"), "env: INPUT_AUTH is"),
    ("action", "action.yml", re.sub(r"( *INPUT_AUTH: .*\n)", r"\1\1", ACTION), "INPUT_AUTH is given twice"),
    ("action", "action.yml", ACTION.replace("INPUT_AUTH", "INPUT_AUHT"), "env: INPUT_AUTH is None"),
    ("action", "action.yml", ACTION.replace("outputs.result", "outputs.status"), "the output result has"),
    ("action", "docs/action.md", TABLES.replace("`auth`", "`auht`"), "the table of inputs lacks auth"),
    ("action", "docs/action.md", TABLES.replace("`auth`", "`auht`"), "auht in the table of inputs is not in action.yml"),
    ("action", "docs/zh/action.md", "`--auth`\n", "docs/zh/action.md: the table of outputs lacks result"),
    ("pages", "docs/new.md", "# New\n", "docs/zh/new.md is missing"),
    ("pages", "docs/zh/new.md", "# New\n", "docs/new.md is missing"),
    ("pages", "docs/flags.md", "## More\n| `--auth` |\n", "docs/flags.md and docs/zh/flags.md differ in headings: ## at 1"),
    ("pages", "docs/zh/flags.md", "| `--auth FILE` |\n| two |\n", "docs/flags.md and docs/zh/flags.md differ in rows of tables: 1 at 1"),
    ("pages", "docs/zh/flags.md", "| `--auth FILE` |\n\n```sh\nrun\n```\n", "differ in blocks of code: nothing at 1"),
    ("pages", "docs/flags.md", "<!-- fields: x -->\n| `--auth` |\n", "differ in marks: <!-- fields: x --> at 1"),
    ("pages", "README.md", "# Good\n" * 251, "README.md: 251 lines, 250 are the limit"),
    ("workflows", ".github/workflows/bad.yml", WORKFLOW.replace(PIN, "v7"), "is not pinned"),
    ("workflows", ".github/workflows/bad.yml", WORKFLOW.replace(" # v7.0.1", ""), "which version"),
    ("workflows", ".github/workflows/bad.yml", WORKFLOW.replace("$TITLE", "${{ github.actor }}"), "bad.yml:11: an expression"),
    ("workflows", ".github/workflows/bad.yml", WORKFLOW + "      - run: echo ${{ github.actor }}\n", "bad.yml:12: an expression"),
    ("workflows", ".github/examples/bad.yml", WORKFLOW + "      - run: echo ${{ github.event.issue.title }}\n", "bad.yml:12: an expression"),
    ("workflows", ".github/examples/bad.yml", WORKFLOW + "        with:\n          script: |\n            say(`${{ github.event.issue.title }}`)\n", "bad.yml:14: an expression"),
    ("workflows", "docs/bad.md", "# A\n\n```yaml\nsteps:\n  - run: |\n      echo ${{ github.event.issue.body }}\n```\n", "bad.md:6: an expression"),
    ("workflows", ".github/workflows/bad.yml", WORKFLOW.replace("permissions: {}\n", ""), "no permissions"),
    ("shell", "entrypoint.sh", "#!/bin/sh\nif [ $1 = a ]; then echo $2; fi\n", "SC2086"),
    ("shell", "entrypoint.sh", "#!/bin/sh\n[[ a = b ]]\n", "SC3010"),
    ("shell", "entrypoint.sh", "#!/bin/sh\nfor\n", "dash cannot read it"),
    ("shell", "entrypoint.sh", "#!/bin/sh\n" + "true\n" * 89, "90 lines"),
    ("shell", "src/deps/build.sh", "#!/bin/sh\nfoo=1\n", "SC2034"),
    ("workflows", ".github/workflows/bad.yml", WORKFLOW + "    container: debian:trixie-slim\n", "debian:trixie-slim is not pinned"),
    ("workflows", ".github/workflows/bad.yml", WORKFLOW + "        image: registry:2@sha256:12\n", "registry:2@sha256:12 is not pinned"),
    ("workflows", "Dockerfile", "ARG BASE=debian:trixie-slim\nFROM $BASE\n", "Dockerfile:1: debian:trixie-slim is not pinned"),
    ("workflows", "Dockerfile", "FROM debian\n", "Dockerfile:1: debian is not pinned"),
    ("advisories", "src/deps/packages", LOCK.replace("1.0-1", "1.0-2"), "one is locked at 1.0-2, and the advisories were looked at for 1.0-1"),
    ("advisories", "src/deps/packages", LOCK + "two 2 1\n", "two is locked at 2, and the advisories were looked at for no version"),
    ("advisories", "src/deps/ADVISORIES.md", ADVISORIES + "## two 2\n", "two is not in the lock"),
    ("advisories", "src/deps/ADVISORIES.md", ADVISORIES.replace("Checked: 2026-11-28", "Checked lately"), "no line"),
    ("advisories", "src/deps/ADVISORIES.md", ADVISORIES.replace("11-28", "11-31"), "is no date"),
    ("advisories", "src/deps/ADVISORIES.md", ADVISORIES.replace("patched:", "fine"), "ADVISORIES.md:9: CVE-2026-1000: expected patched"),
    ("advisories", "src/deps/ADVISORIES.md", ADVISORIES.replace("one.patch", "two.patch"), "there is no src/deps/two.patch"),
    ("advisories", "src/deps/ADVISORIES.md", ADVISORIES + "| CVE-2026-1000 | again | not reached: x |\n", "is there twice"),
    ("advisories", "src/deps/ADVISORIES.md", ADVISORIES + "| a rumour | x | not reached: x |\n", "ADVISORIES.md:11: expected"),
    ("tree", "notes.txt", "", "notes.txt does not belong"),
    ("tree", "src/deps/fetch.sh", "curl http:" + "//mirror/debian\n", "network address"),
    ("tree", "src/deps/fetch.sh", "host=ftp.debian" + ".org\n", "network address"),
]


@pytest.mark.parametrize("rule,name,text,expected", FAULTS)
def test_a_fault_is_found(rule, name, text, expected, tree):
    put(tree, name, text)
    done = lint(rule, tree)
    assert done.returncode != 0, "the rule saw nothing"
    assert expected in done.stdout


def test_too_many_inputs(tree):
    for number in range(319):
        put(tree, f"tests/fuzz/corpus/url/number-{number}", str(number))
    done = lint("tests", tree)
    assert done.returncode != 0 and done.stdout.startswith("tests/fuzz/corpus: 321 inputs, the limit is 320")


def test_two_files_with_one_library(tree):
    put(tree, "src/doc/a.c", "/* */\n#include <cjson/cJSON.h>\n")
    assert lint("layers", tree).returncode == 0
    put(tree, "src/doc/b.c", "/* */\n#include <cjson/cJSON.h>\n")
    done = lint("layers", tree)
    assert done.returncode != 0 and "more than one file" in done.stdout


def test_words_ignores_comments_and_strings(tree):
    put(tree, "src/net/fine.c", '/* goto free( */\nconst char *x = "free(goto)"; // strcpy(\nvoid x_free(int);\n')
    done = lint("words", tree)
    assert done.returncode == 0, done.stdout


def test_flags_of_imgsync(tree):
    flags = 'FLAG_TEXT(user, "user", ALL, "USER", "who")\nFLAG_OLD(NUMBER, limit, "oldlimit", 20)\n'
    put(tree, "src/config/imgsync/flags.def", "/* All. */\n" + flags)
    put(tree, "src/imgsync.1", ".It Fl Fl extra\n.Fl Fl auth\n")
    for page in ("docs/imgsync.md", "docs/zh/imgsync.md"):
        put(tree, page, "`--user`\n")
    said = lint("options", tree).stdout
    assert said.splitlines() == [
        "imgsync --help: --user is missing", "src/imgsync.1: --oldlimit is missing", "src/imgsync.1: --user is missing",
        "src/imgsync.1: --extra is not in src/config/imgsync/flags.def", "docs/imgsync.md: --oldlimit is missing",
        "docs/zh/imgsync.md: --oldlimit is missing"]


def test_types_in_two_files(tree):
    put(tree, "src/base/a.c", "/* */\nstruct loop {\n};\n/* struct walk {} */\nstruct walk;\n")
    put(tree, "src/net/b.c", "/* */\nstruct walk {\n};\n")
    assert lint("types", tree).returncode == 0
    put(tree, "src/net/c.c", "/* */\nstruct loop\n{\n};\n")
    done = lint("types", tree)
    assert done.returncode != 0 and done.stdout == "src/net/c.c:2: loop is also defined at src/base/a.c:2\n"


def test_references_to_what_is_there(tree):
    put(tree, "README.md", "# Good\n\n## Certificates, and proxies\n")
    put(tree, "src/README.md", "")
    put(tree, "docs/tls.md", "")
    put(tree, "src/base/fine.c", '/* docs/tls.md, src/README.md, RFC 5280 section 4, README.md section "Certificates, and\n'
                                 ' * proxies". */\nconst char *x = "gone.md docs/gone";\n')
    put(tree, "src/fine.c", "/* See README.md beside this file. */\n")
    put(tree, "tests/e2e/test_good.py", "x = 'gone.md'  # docs/tls.md\n")
    done = lint("references", tree)
    assert done.returncode == 0, done.stdout


def test_names(tree):
    objects, sources = tree / "build/lint", ("base/good", "net/curly", "config/rules/roomy")
    (tree / "src/config/rules/images_fields.c").unlink()
    put(tree, "src/config/rules/roomy.c", "/* Why. */\nint roomy_x;\n")
    for source in sources:
        (objects / source).parent.mkdir(parents=True, exist_ok=True)
    put(tree, "src/net/curly.c", "/* Why. */\nint curly_x;\nstatic int y;\nint *curly(void);\nint *curly(void)\n{\n\treturn &y;\n}\n")

    def build():
        for source in sources:
            subprocess.run(["gcc", "-Isrc", "-c", "-o", str(objects / (source + ".o")), f"src/{source}.c"], cwd=tree, check=True)

    done = lint("names", tree)
    assert done.returncode != 0 and "missing or old" in done.stdout
    build()
    done = lint("names", tree)
    assert done.returncode == 0, done.stdout
    put(tree, "src/net/curly.c", "/* Why. */\nint curled;\n")
    build()
    done = lint("names", tree)
    assert done.returncode != 0 and "exports curled" in done.stdout
    put(tree, "src/config/rules/roomy.c", "/* Why. */\nint crowded;\n")
    build()
    assert "exports crowded" in lint("names", tree).stdout


def test_warnings_takes_the_compilers_word(tree):
    assert lint("warnings", tree, CHECK="true").returncode == 0
    assert lint("warnings", tree, CHECK="false").returncode != 0


def test_run_sums_up(tree):
    put(tree, "notes.txt", "")
    done = subprocess.run([os.path.join(HERE, "run"), "tree", "layers"], cwd=tree, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode != 0
    assert done.stdout.startswith("FAIL  tree\n") and "\nok    layers\n" in done.stdout
    assert done.stdout.endswith("lint: 1 passed, 1 failed\n")


def test_run_counts_what_was_skipped(tree):
    path = tree / "path"
    path.mkdir()
    for name in ("sh", "dirname", "sed"):
        (path / name).symlink_to(shutil.which(name))
    done = subprocess.run([os.path.join(HERE, "run"), "shell"], cwd=tree, env={"PATH": str(path)},
                          stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0 and done.stdout.startswith("skip  shell: shellcheck is not installed"), done.stdout
    assert done.stdout.endswith("lint: 0 passed, 0 failed, 1 skipped\n")


@pytest.mark.parametrize("rule,name,text", [
    ("actionlint", ".github/workflows/bad.yml", "on: push\njobs:\n  one:\n    runs-on: nowhere-latest\n    steps: [{run: a}]\n"),
    ("action-validator", "action.yml", "name: a\nruns: {using: composite, steps: [{run: a}]}\n"),
])
def test_other_peoples_tools(rule, name, text, tree):
    put(tree, ".github/workflows/good.yml", "on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: a}]\n")
    put(tree, "action.yml", "name: a\ndescription: b\nruns: {using: composite, steps: [{run: a, shell: sh}]}\n")
    done = lint(rule, tree)
    if done.returncode == 77:
        pytest.skip(done.stdout)
    assert done.returncode == 0, done.stdout
    put(tree, name, text)
    assert lint(rule, tree).returncode == 1
