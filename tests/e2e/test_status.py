"""What the server tells of itself: JSON as docs/schema/status.json says, figures as Prometheus reads them."""

import json
import re
import subprocess

import jsonschema
import pytest

from lib import exposition, need, schemas


@pytest.fixture(scope="module")
def schema():
    return schemas.load("status")


@pytest.fixture(scope="module", params=("busy", "fresh"))
def status(request):
    return json.loads(need.snapshot("status", *[request.param] if request.param == "fresh" else []))


@pytest.fixture(scope="module", params=("busy", "fresh"))
def metrics(request):
    return need.snapshot("metrics", *[request.param] if request.param == "fresh" else [])


def test_the_schema_is_one(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


def test_status_is_as_the_schema_says(schema, status):
    jsonschema.Draft202012Validator(schemas.closed(schema)).validate(status)


@pytest.mark.parametrize("spoil", (
    lambda status: status["queue"].pop("parked"),
    lambda status: status["queue"].update(parked=-1),
    lambda status: status.update(started="yesterday"),
    lambda status: status["entries"][0].update(state="lost"),
    lambda status: status["runs"][0].update(more=1),
), ids=("missing", "negative", "time", "word", "unknown"))
def test_the_schema_finds_a_fault(schema, spoil):
    status = json.loads(need.snapshot("status"))
    spoil(status)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schemas.closed(schema)).validate(status)


def test_metrics_are_well_formed(metrics):
    assert exposition.problems(metrics) == []


def test_metrics_follow_the_practice(metrics):
    """One prefix, counters in _total, no other unit than seconds and bytes."""
    for name, family in exposition.parse(metrics).items():
        assert name.startswith("image_syncer_")
        assert name.endswith("_total") == (family.kind == "counter")
        assert not re.search(r"_(milli|micro|kilo|mega|minutes|hours|days|kb|mb|ms)", name)
        assert family.help.endswith(".")


def test_a_label_has_few_values_and_no_name(metrics):
    for family in exposition.parse(metrics).values():
        for labels, _ in family.samples:
            assert set(labels) <= {"result", "state", "version"}
            assert all(re.fullmatch(r"[a-z_]+", value) for key, value in labels.items() if key != "version")


def test_both_tell_the_same():
    status, metrics = json.loads(need.snapshot("status")), exposition.parse(need.snapshot("metrics"))
    entries = {labels["state"]: value for labels, value in metrics["image_syncer_queue_entries"].samples}
    assert entries == {state: status["queue"][state] for state in entries}
    images = {labels["result"]: value for labels, value in metrics["image_syncer_images_total"].samples}
    assert images == {result: status["counters"]["images"][result] for result in images}
    assert metrics["image_syncer_run_seconds_total"].samples == [({}, status["counters"]["run_seconds"])]


@pytest.mark.parametrize("text", (
    "a 1\n",                                                        # no HELP, no TYPE
    "# TYPE a counter\n# TYPE a counter\na 1\n",
    "# HELP a b\n# TYPE a gauge\na 1",                              # the last line does not end
    "# HELP a b\n# TYPE a gauge\na{b=\"c\",} 1\n# TYPE d gauge\na 2\n",
    "# HELP a b\n# TYPE a gauge\na{b=c} 1\n",
    "# HELP a b\n# TYPE a gauge\na{b=\"\\x\"} 1\n",
    "# HELP a b\n# TYPE a gauge\na{b=\"c\"} one\n",
    "# HELP a b\n# TYPE a gauge\na{b=\"c\"} 1\na{b=\"c\"} 1\n",
    "# HELP a b\n# TYPE a gauge\n-a 1\n",
    "# HELP a b\n# TYPE a meter\na 1\n",
    "# HELP a b\n# TYPE a gauge\n",
))
def test_the_checker_finds_a_fault(text):
    assert exposition.problems(text)


def test_promtool_takes_them(metrics):
    done = subprocess.run([need.program("promtool"), "check", "metrics"], input=metrics, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
