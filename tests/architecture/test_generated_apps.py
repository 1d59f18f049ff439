"""The Zapier app and the n8n package are what `make apps` writes from the catalog, byte for byte."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from contracts.catalog import ACTIONS, OFFERED_TRIGGERS, Filter, LocalizedText
from contracts.catalog.model import Action, Trigger
from contracts.resources.schemas import Model, ShortText
from tools.apps.writing import files_in, files_of_apps, write_apps

DEPLOY: Final = Path(__file__).resolve().parents[2] / "deploy"
TRIGGERS: Final = list(OFFERED_TRIGGERS.values())


class ShipParcel(Model):
    """A parcel of a test catalog."""

    client_id: ShortText
    weight: int | None = None


def a_text(text: str) -> LocalizedText:
    return LocalizedText(text, text, text)


SHIPPED: Final = Trigger(
    key="parcel.shipped",
    title=a_text("Parcel shipped"),
    description=a_text("A parcel was shipped."),
    sample={"id": "p-1", "weight": 3},
    filters=(Filter("client_id", a_text("Client")),),
)
SHIP: Final = Action(
    "ship_parcel", "ours", a_text("Ship parcel"), a_text("Ships a parcel."), ShipParcel, {"id": "p-1"},
    "exactly_once", available=True,
)  # fmt: skip


def text_of(files: dict[str, bytes], path: str) -> str:
    return files[path].decode()


def test_every_file_of_the_apps_is_as_make_apps_writes_it(tmp_path: Path) -> None:
    written = write_apps(tmp_path, TRIGGERS, list(ACTIONS.values()))
    assert files_in(DEPLOY) == written
    differing = [path for path in written if (DEPLOY / path).read_bytes() != (tmp_path / path).read_bytes()]
    assert differing == [], "run make apps"


def test_what_the_catalog_does_not_have_any_more_goes(tmp_path: Path) -> None:
    write_apps(tmp_path, [*TRIGGERS, SHIPPED], list(ACTIONS.values()))
    write_apps(tmp_path, TRIGGERS, list(ACTIONS.values()))
    assert "zapier/triggers/parcel_shipped.js" not in files_in(tmp_path)


def test_a_trigger_of_a_test_catalog_appears_in_both_apps() -> None:
    files = files_of_apps([*TRIGGERS, SHIPPED], list(ACTIONS.values()))
    zapier = text_of(files, "zapier/triggers/parcel_shipped.js")
    assert "label: 'Parcel Shipped', description: 'Triggers when a parcel is shipped.'" in zapier
    assert "dynamic: 'clients.id.name'" in zapier
    assert "parcel_shipped: require('./parcel_shipped')" in text_of(files, "zapier/triggers/index.js")
    n8n = text_of(files, "n8n/nodes/LedgerwireTrigger/events.ts")
    assert "{ name: 'Parcel Shipped', value: 'parcel.shipped', description: 'A parcel was shipped' }" in n8n
    assert "displayOptions: { show: { event: ['parcel.shipped'] } }" in n8n


def test_an_action_of_a_test_catalog_appears_in_both_apps() -> None:
    files = files_of_apps(TRIGGERS, [*ACTIONS.values(), SHIP])
    zapier = text_of(files, "zapier/creates/ship_parcel.js")
    assert "label: 'Ship Parcel', description: 'Ships a parcel.'" in zapier
    assert "{ key: 'weight', label: 'Weight', type: 'integer' }" in zapier
    n8n = text_of(files, "n8n/nodes/Ledgerwire/actions.ts")
    assert "{ name: 'Parcel', value: 'parcel' }" in n8n
    assert "ship_parcel: [" in n8n
    assert "{ name: 'client_id', kind: 'value', required: true }" in n8n


@pytest.mark.parametrize("change", [{"available": False}, {"group": "flow"}])
def test_apps_leave_out_what_cannot_run_by_itself(change: dict[str, object]) -> None:
    left_out = replace(SHIP, **change)  # type: ignore[arg-type]  # the parametrized fields
    files = files_of_apps(TRIGGERS, [*ACTIONS.values(), left_out])
    assert "zapier/creates/ship_parcel.js" not in files


@pytest.mark.parametrize("app", ["zapier", "n8n"])
def test_locks_of_npm_name_no_registry_and_have_what_the_package_asks_for(app: str) -> None:
    lock = json.loads((DEPLOY / app / "package-lock.json").read_text())
    package = json.loads((DEPLOY / app / "package.json").read_text())
    assert [name for name, one in lock["packages"].items() if "resolved" in one] == []
    own = lock["packages"][""]
    for group in ("dependencies", "devDependencies"):
        assert own.get(group, {}) == package.get(group, {})
