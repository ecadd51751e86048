"""Is a document what Kubernetes takes? Every key and every type, by the classes that its project generates from its API.

The classes (Debian's python3-kubernetes) know for each field its name in YAML, its type, and, in their setters, what must be
there and which words are allowed. Anything a class does not know is a problem.
"""

import re

from kubernetes import client

_PLAIN = {"str": str, "int": int, "bool": bool, "float": (int, float)}
_KINDS = {("v1", "ConfigMap"): client.V1ConfigMap, ("batch/v1", "CronJob"): client.V1CronJob, ("batch/v1", "Job"): client.V1Job,
          ("v1", "PersistentVolumeClaim"): client.V1PersistentVolumeClaim, ("v1", "Service"): client.V1Service,
          ("apps/v1", "Deployment"): client.V1Deployment}


def problems(document):
    """A list of sentences; empty when the document is good."""
    name = (document.get("apiVersion"), document.get("kind"))
    if name not in _KINDS:
        return [f"{name} is none of the kinds the examples use"]
    found = []
    _object(_KINDS[name], document, name[1], found)
    return found


def _object(kind, value, where, found):
    if not isinstance(value, dict):
        found.append(f"{where} is {value!r}, not a mapping")
        return
    fields = {yaml: field for field, yaml in kind.attribute_map.items()}
    for key in value:
        if key in fields:
            _value(kind.openapi_types[fields[key]], value[key], f"{where}.{key}", found)
        else:
            found.append(f"{where}.{key} does not exist")
    strict = client.Configuration()
    strict.client_side_validation = True
    try:
        kind(local_vars_configuration=strict, **{fields[key]: value[key] for key in value if key in fields})
    except ValueError as error:
        found.append(f"{where}: {error}")


def _value(kind, value, where, found):
    inner = re.fullmatch(r"(list|dict)[\[(](?:str, )?(.*)[\])]", kind)
    if inner and inner.group(1) == "list":
        if not isinstance(value, list):
            found.append(f"{where} is no list")
            return
        for number, each in enumerate(value):
            _value(inner.group(2), each, f"{where}[{number}]", found)
    elif inner:
        if not isinstance(value, dict):
            found.append(f"{where} is no mapping")
            return
        for key, each in value.items():
            _value(inner.group(2), each, f"{where}.{key}", found)
    elif kind in _PLAIN:
        if not isinstance(value, _PLAIN[kind]) or (isinstance(value, bool) and kind != "bool"):
            found.append(f"{where} is {value!r}, not {kind}")
    elif kind not in ("object", "datetime"):
        _object(getattr(client, kind), value, where, found)
