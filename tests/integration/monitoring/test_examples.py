"""The dashboard and the alert rules name metrics that exist, with labels that they have."""

import json
import re

import pytest
import yaml

from apps.coordination.counting import tally
from apps.monitoring.listening import count_call
from apps.monitoring.metrics import Installation
from apps.wechat.calls import Call
from tests.plugin import BASE_DIR

PLACE = BASE_DIR / "docs/monitoring"
PANELS = json.loads((PLACE / "grafana.json").read_text())["panels"]
RULES = yaml.safe_load((PLACE / "alerts.yml").read_text())["groups"][0]["rules"]
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


@pytest.fixture
def known(db):
    """The label names of every metric, by the names that queries use."""
    count_call(Call("/x", "0", "", 0.1))
    tally("codes", "wx1", "issued")
    return {
        family.name + suffix: set(getattr(family, "_labelnames", ()))
        for family in Installation().collect()
        for suffix in SUFFIXES[family.type]
    }


def expressions():
    return [target["expr"] for panel in PANELS for target in panel["targets"]] + [rule["expr"] for rule in RULES]


def test_every_metric_in_them_exists(known):
    used = {name for text in expressions() for name in re.findall(r"\bwxcode_\w+", text)}
    assert len(used) > 10
    assert used <= set(known)


def test_every_legend_and_summary_uses_labels_that_the_metric_has(known):
    pairs = [(target["expr"], target["legendFormat"]) for panel in PANELS for target in panel["targets"]]
    pairs += [(rule["expr"], rule["annotations"]["summary"]) for rule in RULES]
    for expression, text in pairs:
        names = set(re.findall(r"\bwxcode_\w+", expression))
        labels = set().union(*(known[name] for name in names))
        assert set(re.findall(r"\{\{ ?(?:\$labels\.)?(\w+) ?\}\}", text)) <= labels, text


def test_every_metric_is_explained(known):
    text = (PLACE / "README.md").read_text()
    missing = {name for name in known if re.sub(r"_(bucket|count|sum)$", "", name) not in text}
    assert not missing
