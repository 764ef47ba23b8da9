"""The dashboards are those of dashboards.py, and show what is there."""

from __future__ import annotations

import json
import re
import runpy

import pytest
import yaml
from promql_parser import VectorSelector

from tests.deploy.promql import grouping, known, nodes, unknown
from tests.docs.pages import ROOT

GRAFANA = ROOT / "deploy/grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
PANELS = [
    pytest.param(panel, id=f"{file.stem}: {panel['title']}")
    for file in FILES
    for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]
]


def test_the_dashboards_are_written_from_the_code():
    dashboards = runpy.run_path(str(GRAFANA / "dashboards.py"))
    assert {file.stem for file in FILES} == set(dashboards["DASHBOARDS"])
    for file in FILES:
        assert file.read_text(encoding="utf-8") == dashboards["document"](file.stem), "make dashboards"


def expressions(panel):
    return [re.sub(r"\$__\w*(interval|range)", "5m", target["expr"]) for target in panel["targets"]]


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_asks_for_metrics_and_labels_that_are_there(panel):
    for expression in expressions(panel):
        assert unknown(expression) == []


@pytest.mark.parametrize("panel", PANELS)
def test_a_legend_names_labels_that_are_left(panel):
    for expression, target in zip(expressions(panel), panel["targets"], strict=True):
        names = [node.name for node in nodes(expression) if isinstance(node, VectorSelector)]
        left = grouping(expression) or set.union(*(known()[name] for name in names))
        assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= left


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_lies_in_the_grid_and_asks_the_provisioned_source(panel):
    place = panel["gridPos"]
    assert place["x"] + place["w"] <= 24
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    assert {target["datasource"]["uid"] for target in panel["targets"]} == {source["uid"]}


def test_panels_do_not_cover_each_other():
    for file in FILES:
        cells = [
            (x, y)
            for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]
            for place in [panel["gridPos"]]
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        assert len(cells) == len(set(cells))
