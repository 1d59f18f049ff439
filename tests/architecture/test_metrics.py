"""Metrics are documented and stable; dashboards and alerts name those that exist, and each alert has its runbook."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import yaml
from prometheus_client import REGISTRY

import standalone.all_in_one

RULES: Final = Path("deploy/prometheus/ledgerwire.rules.yml")
RULES_TESTS: Final = Path("deploy/prometheus/tests/ledgerwire.test.yml")
DASHBOARD: Final = Path("deploy/grafana/ledgerwire.json")
PAGE: Final = Path("docs/operations/metrics.md")
RUNBOOK: Final = Path("docs/operations/runbook.md")
NAME: Final = re.compile(r"\bledgerwire_[a-z0-9_]+")


def ours() -> dict[str, str]:
    """Our metrics as they are shown, with their types."""
    assert standalone.all_in_one.PROGRAMS  # every module that counts something is loaded
    return {
        one.name + ("_total" if one.type == "counter" else ""): one.type
        for one in REGISTRY.collect()
        if one.name.startswith("ledgerwire_")
    }


def series() -> set[str]:
    """Every name that a query may use."""
    parts = ("_bucket", "_count", "_sum")
    return set(ours()) | {name + part for name, kind in ours().items() if kind == "histogram" for part in parts}


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def test_each_metric_is_on_the_page_and_nothing_else_is() -> None:
    rows = re.findall(r"^\| `(ledgerwire_\w+)` \| (\w+)", PAGE.read_text(), re.MULTILINE)
    assert dict(rows) == ours()


def test_each_metric_of_the_alerts_and_of_the_dashboard_exists() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    queries += [rule["expr"] for rule in rules()]
    named = {name for query in queries for name in NAME.findall(query)}
    assert named <= series() | recorded
    # What no screen shows need not be counted; the console and the commit's size are for a closer look.
    looked_at = {re.sub(r"_(bucket|count|sum)$", "", name) for name in named}
    assert ours().keys() - looked_at - {"ledgerwire_queue_age_seconds"} == {
        "ledgerwire_console_seconds",
        "ledgerwire_accept_group_size",
    }


def test_each_alert_has_its_paragraph_and_each_paragraph_its_alert() -> None:
    alerts = {rule["alert"]: rule for rule in rules() if "alert" in rule}
    assert re.findall(r"^## (\w+)$", RUNBOOK.read_text(), re.MULTILINE) == list(alerts)
    for name, rule in alerts.items():
        assert rule["annotations"]["runbook"] == f"{RUNBOOK}#{name.lower()}"


def test_the_rules_pass_their_own_tests_where_promtool_is() -> None:
    assert yaml.safe_load(RULES_TESTS.read_text())["rule_files"] == [f"../{RULES.name}"]
    if (promtool := shutil.which("promtool")) is not None:
        subprocess.run([promtool, "check", "rules", str(RULES)], check=True, timeout=60)
        subprocess.run([promtool, "test", "rules", str(RULES_TESTS)], check=True, timeout=60)
