"""The dashboard and the alerts in .github/examples/monitoring: every figure they ask for is one that the server has."""

import json
import os
import re
import subprocess

import pytest
import yaml

from lib import exposition, need

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "..", "..", ".github", "examples", "monitoring")
METRIC = re.compile(r'\b(image_syncer_\w+)(?:\{([^}]*)\})?')
# Labels that Prometheus adds to whatever it reads.
ADDED = {"job", "instance"}


@pytest.fixture(scope="module")
def families():
    return exposition.parse(need.snapshot("metrics"))


def dashboard():
    with open(os.path.join(FOLDER, "dashboard.json"), encoding="utf-8") as file:
        return json.load(file)


def alerts():
    with open(os.path.join(FOLDER, "alerts.yaml"), encoding="utf-8") as file:
        return [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]


def expressions():
    """(where, expression as Prometheus gets it)"""
    for rule in alerts():
        yield rule["alert"], rule["expr"]
    made = dashboard()
    asked = [(panel["title"], target["expr"]) for panel in made["panels"] for target in panel["targets"]]
    asked += [(each["name"], each["expr"]) for each in made["annotations"]["list"]]
    for where, expression in asked:
        yield where, expression.replace("$__rate_interval", "5m").replace("$instance", ".*")


def missing(expression, families):
    """What an expression asks for that the server does not have."""
    for name, selector in METRIC.findall(expression):
        if name not in families:
            yield name
            continue
        for label, operator, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', selector):
            values = {labels.get(label) for labels, _ in families[name].samples}
            if label not in ADDED and (operator != "=" or value not in values):
                yield f"{name}{{{label}={value}}}"
    for labels in re.findall(r"\b(?:by|on|without|ignoring) \(([^)]*)\)", expression):
        for label in re.split(r", *", labels):
            if label not in ADDED | {"result", "state", "version"}:
                yield label


@pytest.mark.parametrize("expression", [pytest.param(text, id=where) for where, text in expressions()])
def test_every_figure_exists(families, expression):
    assert list(missing(expression, families)) == []


@pytest.mark.parametrize("expression", ("image_syncer_lost_total", 'image_syncer_queue_entries{state="lost"}', "sum by (image) (image_syncer_ready)"))
def test_a_figure_that_does_not_exist_is_found(families, expression):
    assert list(missing(expression, families))


def test_the_names_in_the_variables_exist(families):
    for variable in dashboard()["templating"]["list"]:
        assert list(missing(json.dumps(variable), families)) == []


def test_every_figure_is_shown_or_watched(families):
    used = {name for _, expression in expressions() for name, _ in METRIC.findall(expression)}
    assert set(families) - used == {"image_syncer_build_info"}       # the list of servers comes from it


def test_there_is_an_alert_for_what_matters():
    asked = " ".join(rule["expr"] for rule in alerts())
    for figure in ("up{", "record_writable", "oldest_entry_age", 'state="parked"', "last_success", 'result="denied"'):
        assert figure in asked
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"] and rule["annotations"]["description"].endswith(".")


def test_promtool_takes_the_alerts():
    done = subprocess.run([need.program("promtool"), "check", "rules", os.path.join(FOLDER, "alerts.yaml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_alerts_fire_when_they_should():
    done = subprocess.run([need.program("promtool"), "test", "rules", os.path.join(HERE, "alerts.yaml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_what_the_dashboard_asks(tmp_path):
    rules = [{"record": f"expression:{number}", "expr": text} for number, (_, text) in enumerate(expressions())]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    done = subprocess.run([need.program("promtool"), "check", "rules", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_panels_fit():
    """Each has its own number and place in a grid of 24 columns, and asks the chosen Prometheus."""
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24
        taken |= cells
        for each in (panel, *panel["targets"]):
            assert each["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
