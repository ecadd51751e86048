"""Documents that the program writes, and the schemas in docs/schema that say what is in them."""

import copy
import functools
import json
import os

try:
    import jsonschema
except ImportError:          # the programs for other machines are tested where less is installed
    jsonschema = None

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "docs", "schema")


def load(name):
    with open(os.path.join(FOLDER, f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


def closed(schema):
    """The schema with nothing but what it names: a field that it does not describe is a mistake here, though not for others."""
    made = copy.deepcopy(schema)
    stack = [made]
    while stack:
        each = stack.pop()
        if each.get("type") == "object" and not isinstance(each.get("additionalProperties"), dict):
            each["additionalProperties"] = False
        stack += [value for value in each.values() if isinstance(value, dict)]
    return made


@functools.cache
def _validator(name):
    return jsonschema.Draft202012Validator(closed(load(name)))


def problems(name, document):
    """What is wrong with a document, as sentences."""
    if not jsonschema:
        return []
    return [f"{each.json_path}: {each.message}" for each in _validator(name).iter_errors(document)]
