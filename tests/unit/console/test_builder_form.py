"""The builder's form and an automation are the same thing in two forms; filters are rows of groups."""

from __future__ import annotations

from typing import Any

import pytest

from console import builder_form, faults, filter_rows
from console.api_client import FieldError
from console.i18n import translations
from contracts.catalog import ACTIONS

CATALOG = {key: action.public() for key, action in ACTIONS.items()}
BIG = {"where": "{{ trigger.data.total }}", "op": "gte", "value": "1000"}
EURO = {"where": "{{ trigger.data.currency }}", "op": "in", "value": ["EUR", "USD"]}
AUTOMATION: dict[str, Any] = {
    "name": "Big invoices", "trigger": {"key": "sale.posted", "filters": {"sale_type": ["sales_invoice"]}},
    "steps": [
        {"action": "filter", "input": {"any": [{"all": [BIG, EURO]}, BIG]}},
        {
            "action": "add_note", "input": {"client_id": "{{ trigger.data.client_id }}", "body": "Big"},
            "continue_on_error": True, "retry": {"attempts": 2, "schedule": ["5s"]},
        },
    ],
    "on_failure": {"notify": ["owner"]}, "concurrency": {"key": "{{ trigger.data.client_id }}", "limit": 2},
}  # fmt: skip


def test_an_automation_comes_back_from_its_form_as_it_was() -> None:
    assert builder_form.body_of(builder_form.texts_of(AUTOMATION), CATALOG) == AUTOMATION


def test_a_schedule_keeps_its_times_and_their_zone() -> None:
    trigger = {"key": "schedule", "filters": {}, "cron": "0 8 * * 1", "time_zone": "Europe/Riga"}
    given = AUTOMATION | {"trigger": trigger}
    assert builder_form.body_of(builder_form.texts_of(given), CATALOG)["trigger"] == trigger


@pytest.mark.parametrize(
    "condition",
    [BIG, {"all": [BIG, EURO]}, {"any": [BIG, EURO]}, {"where": "{{ trigger.data.email }}", "op": "exists"}],
)
def test_a_condition_comes_back_from_its_rows_as_it_was(condition: dict[str, Any]) -> None:
    groups = filter_rows.groups_of(condition)
    assert groups is not None
    assert filter_rows.condition_of(filter_rows.read(filter_rows.write(groups))) == condition


def test_a_condition_nested_deeper_than_rows_show_stays_json() -> None:
    assert filter_rows.groups_of({"not": BIG}) is None
    assert filter_rows.groups_of({"all": [{"any": [BIG]}]}) is None


def test_buttons_add_and_take_out_steps_and_rows() -> None:
    form = builder_form.texts_of(AUTOMATION)
    more = builder_form.changed(form | {"do": "row:0:1"})
    assert [len(group) for group in builder_form.rules_in(builder_form.steps_in(more)[0]) or []] == [2, 2]
    less = builder_form.changed(more | {"do": "unrow:0:0:1"})
    assert [len(group) for group in builder_form.rules_in(builder_form.steps_in(less)[0]) or []] == [1, 2]
    other = builder_form.changed(less | {"do": "group:0"})
    assert [len(group) for group in builder_form.rules_in(builder_form.steps_in(other)[0]) or []] == [1, 2, 1]
    swapped = builder_form.changed(form | {"do": "up:1"})
    assert [step["action"] for step in builder_form.steps_in(swapped)] == ["add_note", "filter"]
    assert builder_form.changed(form | {"do": "trigger:sale.paid"})["trigger.key"] == "sale.paid"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("steps[0].input.where", "steps[0].rule[0][0].where"),
        ("steps[1].input.any[2].all[1].value", "steps[1].rule[2][1].value"),
        ("steps[1].input.all[1].op", "steps[1].rule[0][1].op"),
        ("steps[1].action", "steps[1].action"),
    ],
)
def test_a_fault_of_a_condition_belongs_to_its_row(path: str, place: str) -> None:
    assert filter_rows.place_of_fault(path) == place


@pytest.mark.parametrize(
    ("fault", "locale", "said"),
    [
        (FieldError("lines[1].unit_price", "is required"), "fr", "Ligne 2, Prix : est obligatoire"),
        (FieldError("", "the plan's limit is reached", "quota_exceeded"), "es",
         "Se alcanzó el límite del plan. No se creó nada."),
        (FieldError("", "the plan has room for 2 clients", "quota_exceeded"), "en", "the plan has room for 2 clients"),
        (FieldError("vat_number", "must have at most 100 characters"), "es",
         "Número de IVA: debe tener como máximo 100 caracteres"),
    ],
)  # fmt: skip
def test_a_fault_is_a_sentence_in_the_persons_language(fault: FieldError, locale: str, said: str) -> None:
    shown = faults.sentence_of(fault, translations(locale).gettext, locale)
    assert shown == said
