"""The schemas in docs/schema, and every file in the cases here and in .github/examples: what `check` accepts, its schema takes, and a mistake of the kind
that a schema can know, it refuses.

What a schema cannot know: grammars of names and patterns, variables, other files, what another entry says, that JSON wants strings.
"""

import glob
import json
import os
import re
import subprocess

import jsonschema
import pytest
import yaml

from test_cases import HERE, PROGRAM, SECONDS, arguments, content, read_cases

ROOT = HERE.parents[1]
# The same files are read under the sanitizer by test_cases.py: here the faster program says what it makes of them.
RELEASE = os.path.abspath(os.environ.get("IMAGE_SYNCER_RELEASE") or PROGRAM)
# Messages about what every schema can know.
KNOWABLE = re.compile(r'unknown field|must be a string|without quotes$|is an empty list|: to is missing|: list is missing|source is missing|expected a '
                      r'mapping|must be overwrite, fail|must be skip, copy|latest (must|needs)|since must be|every and cron both|must be true, false or a '
                      r'mapping|key is missing|found (a string|a number|a list|true or false)|list of destinations of|is empty: give|allowed: leave out|'
                      r'write linux/amd64|write a name, as in|Expected a time|"expected a time|is (given|missing) without|reg must be a list|'
                      r'must be a whole number|must be a list of|two logins')
# Names that match in upper and lower case, and fields that are ignored with a warning: a schema for editors shows both.
PASSED_OVER = re.compile(r"is ignored|is not a field|faulty entr")


class Loader(yaml.SafeLoader):
    """YAML as the program reads it: the core schema of 1.2, with merge keys, and with yes, no, on and off."""
    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        """A name is a text, also where it could be a switch, as "on" could."""
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


for tag, pattern, first in (("merge", "<<", "<"), ("null", "~|null|Null|NULL|", "~nN\0"), ("bool", "true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF", "tTfFyYnNoO"),
                            ("int", "[-+]?[0-9]+", "-+0123456789"), ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789")):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), [*first.replace("\0", ""), *([""] if tag == "null" else [])])
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


def schema(name):
    with open(ROOT / "docs/schema" / f"{name}.json", encoding="utf-8") as file:
        return json.load(file)


NAMES = sorted(os.path.basename(path)[:-len(".json")] for path in glob.glob(str(ROOT / "docs/schema/*.json")))
VALIDATORS = {name: jsonschema.Draft202012Validator(schema(name)) for name in NAMES}


def is_foreign(document):
    """Of another program (src/config/foreign): nobody has a schema of ours for it."""
    if not isinstance(document, dict):
        return False
    registries = any(isinstance(value, dict) and {"images", "images-by-tag-regex", "images-by-semver"} & set(value) for value in document.values())
    return registries or any(isinstance(document.get(key), (list, dict)) for key in ("sync", "tasks", "services")) or "apiVersion" in document


def form(option, document):
    """The schema of a file, by the option that names it and its shape; None: there is none for it."""
    if option == "auth":
        return "auth"
    if option in ("images", "images-file", "i"):
        images = document.get("images") if isinstance(document, dict) else None
        is_kyma = isinstance(document, dict) and ("targetRepoPrefix" in document or
                                                  isinstance(images, list) and any(isinstance(each, dict) and "source" in each for each in images))
        return "kyma" if is_kyma else None if is_foreign(document) else "images"
    parts = {str(key).lower(): value for key, value in document.items()} if isinstance(document, dict) else {}
    is_server = "images" not in parts and any(isinstance(parts.get(key), dict) for key in ("app", "registry", "sync", "events"))
    return "sync" if is_server else None


def given(words):
    """(option, file) for each file that a command line names."""
    for word, following in zip(words, [*words[1:], ""]):
        if match := re.fullmatch(r"--?(auth|images|images-file|i|config|c)(?:=(.*))?", word):
            yield match[1], match[2] if match[2] is not None else following


def load(path):
    """The document, or None where its syntax is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return (True, json.loads(text)) if path.suffix == ".json" else (True, yaml.load(text, Loader))
    except (ValueError, yaml.YAMLError, RecursionError):
        return False, None


def check(folder, words, environment):
    """What `check` finds, by file; None where the command line itself is wrong."""
    environment = {"PATH": "", **environment, **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}}
    done = subprocess.run([RELEASE, "check", *words, "--format", "json"], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=SECONDS, check=False)
    assert done.returncode in (0, 2), done.stderr
    if not done.stdout.startswith("{"):     # a wrong command line, or the help
        return None
    found = {}
    report = json.loads(done.stdout)
    VALIDATORS["check"].validate(report)
    for each in report["findings"]:
        found.setdefault(each.get("file"), []).append((each["severity"], each["message"]))
    return found


def of_cases():
    for path in sorted(HERE.glob("*.txt")):
        for case in read_cases(path):
            words = arguments(case)
            if case.all("called") or words[:1] in (["gcr"], ["flannel"], ["sync"], ["convert"]) or "--images-format" in words or any(line.startswith(("INPUT_", "GITHUB_")) for line in case.lines("env") or []):
                continue
            yield pytest.param(case, [word for word in words if word not in ("serve", "check")], id=f"{path.stem}: {case.name}")


def compare(folder, words, environment):
    """The number of files that were compared."""
    found, compared = check(folder, words, environment), 0
    for option, name in given(words):
        loaded, document = load(folder / name) if found is not None and (folder / name).is_file() else (False, None)
        which = form(option, document) if loaded else None
        if not which:
            continue
        compared += 1
        messages = found.get(name, [])
        mistakes = [text for severity, text in messages if severity == "error"]
        if which == "sync" and any(key != key.lower() for key in document):
            continue    # names match in upper and lower case, of which a schema knows one
        refused = next(VALIDATORS[which].iter_errors(document), None)
        if not mistakes and not any(PASSED_OVER.search(text) for _, text in messages):
            assert refused is None, f"{name} is accepted, but not by {which}.json: {refused.message} at {refused.json_path}"
        knowable = [text for text in mistakes if KNOWABLE.search(text) and not (name.endswith(".json") and "must be a string" in text)]
        assert refused or not knowable, f"{which}.json takes {name}, but: {knowable}"
    return compared


@pytest.mark.parametrize("case, words", of_cases())
def test_a_case(case, words, tmp_path):
    for (name, *mode), lines in case.all("file"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content(lines), encoding="utf-8")
        path.chmod(int((mode or ["600"])[0], 8))
    if not compare(tmp_path, words, dict(line.split("=", 1) for line in case.lines("env") or [])):
        pytest.skip("no file that has a schema")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in read_cases(HERE / "request.txt")
                                  if any(name.startswith("policy.") for (name, *_), _ in case.all("file"))])
def test_a_policy(case):
    """What a request takes, the schema takes; a message about what it can know is one of its own."""
    name, lines = next((name, lines) for (name, *_), lines in case.all("file") if name.startswith("policy."))
    refused = next(VALIDATORS["policy"].iter_errors(yaml.load(content(lines), Loader)), None)
    said = "\n".join(line for stream, lines in [*case.all("stderr")] for line in lines)
    assert bool(refused) == bool(KNOWABLE.search(said) or "this is no policy" in said), refused


EXAMPLES = ROOT / ".github/examples"
MODELINE = "# yaml-language-server: $schema=https://raw.githubusercontent.com/OWNER/image-syncer/v1.0.0/docs/schema/{}.json\n"


@pytest.mark.parametrize("name", ("images", "auth", "sync"))
def test_an_example(name):
    """An editor that knows YAML finds the schema by the first line."""
    text = (EXAMPLES / "serve" / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith(MODELINE.format(name))
    VALIDATORS[name].validate(yaml.load(text, Loader))


def test_the_policy_of_the_example():
    text = (EXAMPLES / "policy.yaml").read_text(encoding="utf-8")
    assert text.startswith(MODELINE.format("policy"))
    VALIDATORS["policy"].validate(yaml.load(text, Loader))


@pytest.mark.parametrize("path", ("kubernetes/cronjob.yaml", "serve/deployment.yaml"))
def test_the_files_of_a_configmap(path):
    config = next(yaml.safe_load_all((EXAMPLES / path).read_text(encoding="utf-8")))
    for name, text in config["data"].items():
        VALIDATORS[name.removesuffix(".yaml")].validate(yaml.load(text, Loader))


@pytest.mark.parametrize("name, text", (
    ("images", "quay.io/a/b: {to: r.io/b, tagz: v1}"),
    ("images", "quay.io/a/b: {tags: v1}"),
    ("images", "- {list: images.txt}"),
    ("images", "{notify: {slack: x, wecom: y}}"),
    ("images", "quay.io/a/b: {to: r.io/b, on-change: never}"),
    ("kyma", "{targetRepoPrefix: r.io/x/, images: [{tag: v1}]}"),
    ("auth", "r.io: {username: a}"),
    ("auth", "r.io: {user: a, password: b}"),
    ("policy", "{to: r.io/b}"),
    ("policy", "{to: r.io/b, allow: '**', who: {user: a}}"),
    ("policy", "{to: r.io/b, allow: '**', max-images: 0}"),
    ("sync", "{app: {limits: {queue: many}}}"),
    ("sync", "{events: {habor: {secret: x}}}"),
))
def test_a_mistake_is_found(name, text):
    with pytest.raises(jsonschema.ValidationError):
        VALIDATORS[name].validate(yaml.load(text, Loader))


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one(name):
    jsonschema.Draft202012Validator.check_schema(schema(name))
